"""Who may be asked for a case, with the real server and a worker: as the case itself has it."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.portal.conftest import Portal
from tests.servers import a_server
from wiring.temporal import connect, running_workers

pytestmark = pytest.mark.server


@pytest.fixture
async def worked(portal: Portal) -> AsyncIterator[Portal]:
    async with a_server(portal.settings) as server:
        client = await connect(portal.settings, server.address.grpc)
        async with running_workers(client, portal.world.steps):
            yield portal


async def test_a_case_says_who_may_be_asked_for_its_tasks_and_for_a_review_that_is_not_open_yet(worked: Portal):
    worked.begin("live", ago=timedelta(0))
    begun = worked.front.portal
    assert begun is not None
    desk = await asyncio.to_thread(begun.call, worked.house.desk)
    await asyncio.to_thread(begun.call, desk.open_unstarted)
    number, browser = worked.numbers["live"], worked.as_("md.chen")

    page = (await asyncio.to_thread(browser.get, "/panel", params={"case": "REF-live"})).text

    cards = re.findall(r'<div class="card asked">\s*<h3>(.*?)</h3>(.*?)</div>', page, re.DOTALL)
    told = {title.removeprefix(f"{number}, "): re.findall(r"<code>([\w.]+)</code>", who) for title, who in cards}
    assert told == {
        "T1: Review the referral for completeness": ["cm.brown", "cm.alvarez"],
        "not open yet: Review as a specialist and recommend (orthopedic surgery)": [
            "md.osei",
            "md.lindqvist",
            "md.rao",
            "md.weiss",
        ],
    }
    assert "<code>md.rao</code>: the consultant" in page
