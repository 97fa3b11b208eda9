"""A report before the committees by forms, on the real server: asked for, presented, decided, followed. P12."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from policy.calendar import local_day
from portal.pages import now
from tests.committees import FLAG, QM, UM
from tests.fakes import FakeReportRenderer, FakeReportShelf, FakeReportSource
from tests.portal.conftest import Portal
from tests.portal.filling import filled
from wiring.committees import report_steps
from wiring.devserver import embedded_server
from wiring.temporal import connect, running_workers
from workflows.inspection import SEARCH_ATTRIBUTES

HOME = "/reports/2026-Q3/committee"


@pytest.fixture
async def worked(portal: Portal) -> AsyncIterator[Portal]:
    reports = report_steps(portal.world, FakeReportSource(), FakeReportRenderer(), FakeReportShelf())
    steps = replace(portal.world.steps, reports=reports)
    async with embedded_server(portal.settings, SEARCH_ATTRIBUTES, ui=False) as server:
        client = await connect(portal.settings, server.address.grpc)
        async with running_workers(client, steps):
            yield portal


class Person:
    """A person at a browser."""

    def __init__(self, portal: Portal, who: str) -> None:
        self.browser = portal.as_(who)

    def sees(self, *some: str) -> str:
        """The page, once it says so."""
        for _ in range(150):
            page = str(self.browser.get(HOME).text)
            if all(one in page for one in some):
                return page
            time.sleep(0.1)
        raise AssertionError(f"never said {some}: {page}")

    def does(self, signal: str, about: str = "", **typed: Any) -> Any:
        """Fills in a form and sends it twice, as a double click does."""
        action = f"{HOME}/do/{signal}"
        sent = filled(self.browser.get(f"{action}?{about}").text, action, **typed)
        answer = self.browser.post(action, data=sent)
        again = self.browser.post(action, data=sent)
        if answer.status_code == 303:
            assert again.status_code == 303, again.text
        return answer


def carried_out(portal: Portal) -> None:
    chair, supervisor, clerk = Person(portal, "co.grant"), Person(portal, "sv.okafor"), Person(portal, "cm.alvarez")

    early = supervisor.browser.post("/committee", data={"period": "2099-Q1"})
    for _ in range(2):
        asked = supervisor.browser.post("/committee", data={"period": "2026-Q3"})
    supervisor.sees("Dr. Lund", ">ready<")
    met = {"met_on": local_day(now()).isoformat()}
    for committee in (UM, QM):
        assert supervisor.does("present_report", committee=committee, **met).status_code == 303
    refused = chair.does("accept_report", committee=UM)
    no_owner = chair.does(
        "decide_action", f"flag={FLAG}", committee=QM, kind="focused_review", concern="Late.", due="2026-12-18"
    )
    decided = chair.does(
        "decide_action",
        f"flag={FLAG}",
        committee=QM,
        kind="focused_review",
        concern="Late.",
        owner="cm.alvarez",
        due="2026-12-18",
    )
    for committee in (UM, QM):
        assert supervisor.does("discuss_report", committee=committee, notes="One physician is late.").status_code == 303
        assert chair.does("accept_report", committee=committee).status_code == 303
    listed = clerk.browser.get("/committee").text
    done = clerk.does("complete_action", "action=A1", outcome="Ten cases came in time.")
    page = clerk.sees("Ten cases came in time.", ">closed<")

    assert early.status_code == 422
    assert "2099-Q1 is not over" in early.text
    assert (asked.status_code, asked.headers["location"]) == (303, HOME)
    assert refused.status_code == 409
    assert "is accepted once it was discussed" in refused.text
    assert (no_owner.status_code, "say who does it" in no_owner.text) == (409, True)
    assert [decided.status_code, done.status_code] == [303, 303]
    assert "2026-Q3 A1" in listed
    assert page.count("A1: focused review") == 1


@pytest.mark.server
async def test_a_report_is_asked_for_presented_decided_on_and_followed_to_its_end(worked: Portal):
    await asyncio.to_thread(carried_out, worked)


def test_without_a_server_nothing_is_done_and_what_was_entered_stays(portal: Portal):
    answer = portal.as_("sv.okafor").post("/committee", data={"period": "2026-Q3", "line": "medi_cal"})

    assert answer.status_code == 503
    assert 'value="2026-Q3"' in answer.text
    assert "not running" in answer.text
