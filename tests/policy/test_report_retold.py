"""The ledger alone tells of a case what the case says of itself."""

import pytest

from policy.calendar import local_day
from policy.case import Case
from policy.report.facts import fact_of
from policy.report.retold import Retold, Told, retold
from policy.request import LineOfBusiness
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, a_first_opinion, a_report, a_request, plan_physician
from tests.policy.steps import DENIAL, consultation, does, opened
from tests.records.lives import a_long_life, a_short_life


def of(case: Case) -> Retold:
    return retold(case.number, (Told(line.at, line.event, line.text) for line in case.story))


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


LIVES = {
    "denied": lambda: a_short_life().case,
    "long": lambda: a_long_life().case,
    "placed": placed,
    "agree": lambda: compared(second=True),
    "differ": lambda: compared(second=False),
    "declined": declined,
    "withdrawn": withdrawn,
    "expedited": expedited_and_consulted_against,
}


@pytest.mark.parametrize("life", LIVES)
def test_the_ledger_tells_what_the_fact_says(life):
    case = LIVES[life]()
    told, fact = of(case), fact_of(case)

    codes = ("line", "priority", "specialty", "requester", "outcome", "category", "tier", "agreement")
    assert {c: getattr(told, c) for c in codes} == {c: str(getattr(fact, c) or "") for c in codes}
    assert told.received_on == local_day(fact.received_at)
    assert (told.decided_late, told.third_opened, told.ended) == (fact.decided_late, fact.third_opened, len(fact.ended))
    assert told.recommends == ("" if fact.recommends is None else str(fact.recommends))
    times = ("decided_at", "withdrawn_at", "consulted_at", "placed_at", "reported_at")
    assert {t: getattr(told, t) for t in times} == {t: getattr(fact, t) for t in times}
    assert [items for _, items in told.asked] == [len(asked.items) for asked in fact.information]


def test_what_stands_in_no_line_is_nothing():
    assert not retold("SO-2026-000001", ()).is_request
