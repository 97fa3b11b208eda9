"""The worklist with the real server and a worker: what one does from it is answered by the case."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.portal.conftest import Portal
from tests.portal.test_worklists import said, shown_task
from tests.servers import a_server
from wiring.temporal import connect, running_workers

pytestmark = pytest.mark.server


@pytest.fixture
async def worked(portal: Portal) -> AsyncIterator[Portal]:
    """The portal with the real server and a worker; its registered cases are begun anew there."""
    async with a_server(portal.settings) as server:
        client = await connect(portal.settings, server.address.grpc)
        async with running_workers(client, portal.world.steps):
            yield portal


async def test_a_claim_is_answered_by_its_case_and_a_refusal_is_shown_in_its_words(worked: Portal):
    """One after the other: claimed, claimed by another from an old list, handed out with one refusal."""
    worked.begin("live", ago=timedelta(0))
    begun = worked.front.portal
    assert begun is not None
    desk = await asyncio.to_thread(begun.call, worked.house.desk)
    await asyncio.to_thread(begun.call, desk.open_unstarted)
    mine, theirs, boss = (worked.as_(who) for who in ("cm.alvarez", "cm.brown", "sv.okafor"))
    form = shown_task(worked, "live")

    claimed = await asyncio.to_thread(mine.post, "/tasks/claim", data=form)
    late = await asyncio.to_thread(theirs.post, "/tasks/claim", data=form)
    data = {"task": f"{worked.numbers['live']}/T1/2", "reason": "Balances.", "back": "tab=all"}
    handed = await asyncio.to_thread(boss.post, "/tasks/reassign", data={**data, "to": "cm.brown"})
    refused = await asyncio.to_thread(boss.post, "/tasks/reassign", data={**data, "to": "md.chen"})

    assert said(mine, claimed) == f"good: T1 of {worked.numbers['live']} is yours."
    assert said(theirs, late).startswith("bad: ")
    assert "1 of 1 task handed out to Lee Brown." in handed.text
    assert "0 of 1 task handed out to Dr. Mei Chen. 1 refused." in refused.text
    assert worked.world.kept.waiting() == []
