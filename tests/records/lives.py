"""Whole lives of cases through the rules, with every transition that they tell the ledger."""

from datetime import timedelta
from typing import Any

from policy.acting import act
from policy.alarms import ring
from policy.case import Case, open_case
from policy.coding import code
from policy.dispatch import sent
from policy.filing import closed, filed
from policy.particulars import Filing
from policy.people import Actor
from policy.request import Item, Request
from policy.transition import Transition, between
from tests.builders import (
    CASE_MANAGER,
    CMO,
    CONSULTANT,
    MONDAY,
    a_report,
    a_request,
    action,
    an_incomplete_request,
    plan_physician,
)
from tests.policy.steps import delivery

HOUR = timedelta(hours=1)


class Life:
    """A case that goes its way, one hour between two steps, from Monday 2026-11-02 10:00 PST on."""

    def __init__(self, number: str = "SO-2026-000001", request: Request | None = None) -> None:
        self.now = MONDAY
        self.case = open_case(number, request or a_request(), MONDAY)
        self.cases: list[Case] = [self.case]
        self.transitions: list[Transition] = [between(None, self.case, self.now)]

    def act(self, signal: str, actor: Actor, **fields: Any) -> None:
        """A staff action; it must not be refused."""
        refused_before = self.case.refused_count
        self.now += HOUR
        self.become(act(self.case, action(signal, actor, self.now, **fields), self.now))
        assert self.case.refused_count == refused_before, self.case.refusals

    def be_refused(self) -> None:
        """An action that nobody may do now."""
        self.now += HOUR
        self.become(act(self.case, action("submit_consultation", CONSULTANT, self.now, **CONSULTATION), self.now))

    def send_letters(self) -> None:
        """All letters that are owed leave."""
        self.now += HOUR
        deliveries = tuple(delivery(notice, at=self.now) for notice in self.case.planned_notices)
        self.become(sent(self.case, deliveries, self.now))

    def wait(self, how_long: timedelta) -> None:
        """Time passes, and the alarms ring."""
        self.now += how_long
        self.become(ring(self.case, self.now))

    def close(self) -> None:
        """Coded, filed, closed."""
        path = f"Prior Authorizations/2026/11/2026-11-02/Núñez, Ana María — {self.case.number}.pdf"
        self.become(code(self.case, self.now))
        self.become(filed(self.case, Filing(path=path, sha256="cd" * 32, pages=7, filed_at=self.now), self.now))
        self.become(closed(self.case, self.now))

    def become(self, after: Case) -> None:
        """The next value, and the transition to it."""
        self.transitions.append(between(self.case, after, self.now))
        self.case = after
        self.cases.append(after)


CONSULTATION = {
    "findings": "Stenosis.",
    "recommends_second_opinion": True,
    "rationale": "Surgery is not urgent.",
    "attests_no_conflict": True,
}
REPORT = {"name": "report.pdf", "sha256": "ef" * 32, "size": 120_000}


def a_short_life(number: str = "SO-2026-000001", **changes: Any) -> Life:
    """Received, complete, denied."""
    life = Life(number, a_request(**changes))
    life.act("claim_task", CASE_MANAGER, task_id="T1")
    life.act("confirm_completeness", CASE_MANAGER)
    life.act("determine", CMO, outcome="denied", rationale="Not needed.", criteria="MCG 4.2")
    life.send_letters()
    life.close()
    return life


def a_long_life(number: str = "SO-2026-000001") -> Life:
    """Incomplete, asked for, overdue, refused once, consulted, approved, placed, reported, filed."""
    life = Life(number, an_incomplete_request(Item.TEST_RESULTS, external_reference="REF-9"))
    life.act("request_information", CASE_MANAGER, items=[Item.TEST_RESULTS])
    life.send_letters()
    life.be_refused()
    life.wait(timedelta(days=10))
    life.act(
        "receive_information",
        CASE_MANAGER,
        information=[{"item": "test_results", "attachment": {"name": "mri.pdf", "sha256": "12" * 32, "size": 90_000}}],
    )
    life.act("confirm_completeness", CASE_MANAGER)
    life.act("refer_to_consultation", CMO, question="Is a second opinion useful?")
    life.act("submit_consultation", CONSULTANT, **CONSULTATION)
    life.act("determine", CMO, outcome="approved", rationale="As recommended.")
    life.send_letters()
    life.act("place_opinion", CASE_MANAGER, **plan_physician())
    life.act("receive_report", CASE_MANAGER, **a_report(attachments=[REPORT]))
    life.send_letters()
    life.close()
    return life
