"""Clauses that no single rule carries out alone: held here from one end to the other (POL-2, P7, P8, P12)."""

from datetime import UTC, datetime

import pytest

from policy.acting import act
from policy.case import Case, open_case
from policy.clauses import Clause
from policy.coding import Quarter, reporting_quarter
from policy.particulars import NoticeKind, Recipient
from policy.people import Role
from policy.request import LineOfBusiness
from tests.builders import CASE_MANAGER, CMO, MONDAY, a_report, a_request, action, hours, plan_physician
from tests.policy.letters import COST, composed


def a_complete_case(line: LineOfBusiness = LineOfBusiness.MEDI_CAL) -> Case:
    case = open_case("SO-2026-000001", a_request(line=line), MONDAY)
    return act(case, action("confirm_completeness", CASE_MANAGER, MONDAY + hours(1)), MONDAY + hours(1))


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.CMO, Role.PHYSICIAN_DESIGNEE}))
def test_nobody_but_the_cmo_or_a_physician_designee_determines(role):
    other = CMO.model_copy(update={"roles": (role,)})
    decision = action("determine", other, MONDAY + hours(2), outcome="approved", rationale="R1 applies.")

    case = act(a_complete_case(), decision, MONDAY + hours(2))

    assert case.determination is None, Clause.POL_2


@pytest.mark.parametrize("line", sorted(set(LineOfBusiness) - {LineOfBusiness.CMC}))
def test_every_letter_that_authorizes_an_opinion_says_what_it_costs_the_member(line):
    case = a_complete_case(line)
    for signal, actor, fields in (
        ("determine", CMO, {"outcome": "approved", "rationale": "R1 applies."}),
        ("place_opinion", CASE_MANAGER, plan_physician()),
    ):
        case = act(case, action(signal, actor, MONDAY + hours(2), **fields), MONDAY + hours(2))

    letters = [composed(case, notice, MONDAY + hours(2)) for notice in case.planned_notices]

    assert len(letters) == 4
    for letter in letters:
        assert COST[line] in letter.model_dump_json(), Clause.P8


def test_the_report_goes_to_the_pcp_the_member_and_the_treating_provider():
    case = a_complete_case()
    for signal, actor, fields in (
        ("determine", CMO, {"outcome": "approved", "rationale": "R1 applies."}),
        ("place_opinion", CASE_MANAGER, plan_physician()),
        ("receive_report", CASE_MANAGER, a_report()),
    ):
        case = act(case, action(signal, actor, MONDAY + hours(2), **fields), MONDAY + hours(2))

    readers = {n.recipient for n in case.planned_notices if n.kind is NoticeKind.REPORT_COPY}

    assert readers == {Recipient.PCP, Recipient.MEMBER, Recipient.PROVIDER}, Clause.P7


@pytest.mark.parametrize(
    ("decided", "quarter"),
    [
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "2026-Q4"),  # Thursday 2026-12-31 15:30 PST
        (datetime(2027, 1, 1, 7, 59, tzinfo=UTC), "2026-Q4"),  # Thursday 2026-12-31 23:59 PST
        (datetime(2027, 1, 1, 8, 0, tzinfo=UTC), "2027-Q1"),  # Friday 2027-01-01 00:00 PST
        (datetime(2026, 7, 1, 12, 0, tzinfo=UTC), "2026-Q3"),  # Wednesday 2026-07-01 05:00 PDT
    ],
)
def test_a_case_counts_in_the_quarter_of_its_determination_in_los_angeles(decided, quarter):
    decision = action("determine", CMO, MONDAY + hours(2), outcome="approved", rationale="R1 applies.")
    case = act(a_complete_case(), decision, MONDAY + hours(2))
    assert case.determination
    case = case.but(determination=case.determination.model_copy(update={"at": decided}))

    found = reporting_quarter(case)

    assert isinstance(found, Quarter)
    assert found.name == quarter, Clause.P12


def test_an_undecided_case_counts_in_no_quarter():
    assert reporting_quarter(a_complete_case()) is None
