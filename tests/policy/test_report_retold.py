"""The ledger alone tells of a case what the case says of itself."""

from typing import Any

import pytest

from policy.calendar import local_day
from policy.case import Case
from policy.report.facts import fact_of
from policy.report.retold import Retold, Told, retold
from policy.request import LineOfBusiness
from policy.third_opinion import brought_home, lost, own_case, taken_in
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, a_first_opinion, a_report, a_request, plan_physician
from tests.policy.steps import (
    DENIAL,
    DESIGNEE,
    SUPERVISOR,
    consultation,
    denied,
    differing,
    does,
    finished,
    next_hour,
    opened,
)
from tests.records.lives import a_long_life, a_short_life


def of(case: Case) -> Retold:
    return retold(case.number, (Told(line.at, line.event, line.text, line.actor) for line in case.story))


def placed(**changes) -> Case:
    case = does(opened(a_request(**changes)), CASE_MANAGER, "confirm_completeness")
    case = does(case, CMO, "determine", outcome="approved", rationale="R1.")
    return does(case, CASE_MANAGER, "place_opinion", **plan_physician())


def compared(*, second: bool) -> Case:
    line = LineOfBusiness.MEDICARE_ADVANTAGE
    case = placed(line=line, first_opinion=a_first_opinion(recommends=True))
    return does(case, CASE_MANAGER, "receive_report", **a_report(recommends=second))


def declined() -> Case:
    return does(placed(), CASE_MANAGER, "decline_placement", how="declined", reason="No time.")


def withdrawn() -> Case:
    return does(opened(), CASE_MANAGER, "withdraw_request", reason="Decided.")


def expedited_and_consulted_against() -> Case:
    case = does(opened(), CMO, "expedite_request", reason="Pain grows.")
    case = does(case, CASE_MANAGER, "confirm_completeness")
    case = does(case, CMO, "refer_to_consultation", question="Is it useful?")
    case = does(case, CONSULTANT, "submit_consultation", **consultation(recommends=False))
    return does(case, CMO, "determine", **DENIAL)


def with_its_third_opinion() -> Case:
    case = differing()
    third = does(own_case(case), CASE_MANAGER, "place_opinion", **plan_physician("1992999890"))
    third = does(third, CASE_MANAGER, "receive_report", **a_report(recommends=True))
    return taken_in(case, brought_home(third), next_hour(third))


def whose_third_opinion_was_lost_and_is_taken_up() -> Case:
    case = differing()
    case = lost(case, "it was terminated", next_hour(case))
    return does(case, SUPERVISOR, "take_up_third_opinion")


def reopened(outcome: str = "approved") -> Case:
    case = finished(denied())
    changed: dict[str, Any] = {
        "outcome": outcome,
        "because": "grievance",
        "rationale": "The record sent later shows the need.",
    }
    return does(case, DESIGNEE, "change_determination", **changed)


def reopened_placed_and_closed() -> Case:
    case = does(reopened(), CASE_MANAGER, "place_opinion", **plan_physician())
    return finished(does(case, CASE_MANAGER, "receive_report", **a_report()))


LIVES = {
    "denied": lambda: a_short_life().case,
    "long": lambda: a_long_life().case,
    "placed": placed,
    "agree": lambda: compared(second=True),
    "differ": lambda: compared(second=False),
    "declined": declined,
    "withdrawn": withdrawn,
    "expedited": expedited_and_consulted_against,
    "third opinion": with_its_third_opinion,
    "third opinion lost": whose_third_opinion_was_lost_and_is_taken_up,
    "reopened": reopened,
    "reopened, placed, closed": reopened_placed_and_closed,
}


@pytest.mark.parametrize("life", LIVES)
def test_the_ledger_tells_what_the_fact_says(life):
    case = LIVES[life]()
    told, fact = of(case), fact_of(case)

    codes = ("line", "priority", "specialty", "requester", "outcome", "category", "tier", "agreement")
    assert {c: getattr(told, c) for c in codes} == {c: str(getattr(fact, c) or "") for c in codes}
    assert told.received_on == local_day(fact.received_at)
    assert (told.decided_late, told.third_opened, told.ended) == (fact.decided_late, fact.third_opened, fact.ended)
    assert (told.departed, told.changed_outcome) == (fact.departed, fact.changed_outcome or "")
    assert told.recommends == ("" if fact.recommends is None else str(fact.recommends))
    times = ("decided_at", "withdrawn_at", "consulted_at", "placed_at", "reported_at")
    assert {t: getattr(told, t) for t in times} == {t: getattr(fact, t) for t in times}
    assert [items for _, items in told.asked] == [asked.items for asked in fact.information]
    assert told.decided_by == (case.determinations[0].physician.id if case.determinations else "")


def test_a_second_determination_moves_nothing_of_the_first():
    before, after = of(finished(denied())), of(reopened_placed_and_closed())

    same = ("outcome", "decided_at", "decided_by", "decided_late", "received_on")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    assert after.changed_outcome == "approved"


def test_the_ledger_of_a_third_opinions_own_case_begins_with_no_request():
    third = own_case(differing())

    told = of(third)

    assert (told.is_request, told.third_of) == (False, third.third_opinion_of)
    assert not fact_of(third).is_request


def test_what_stands_in_no_line_is_nothing():
    assert not retold("SO-2026-000001", ()).is_request
