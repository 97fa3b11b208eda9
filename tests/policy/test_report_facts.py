"""What the report counts of a case is read off the case, and names nobody."""

import json

import pytest

from policy.lifecycle import Outcome
from policy.opinion import OpinionEnd
from policy.particulars import Agreement, Basis
from policy.report.facts import CaseFact, LeftBecause, LeftTier, fact_of, left_because
from policy.request import Item, LineOfBusiness, RequesterKind
from policy.routing import Tier
from policy.third_opinion import lost
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, a_first_opinion, a_report, a_request, plan_physician
from tests.policy.steps import SUPERVISOR, differing, does, next_hour, opened
from tests.records.lives import a_long_life, a_short_life


def test_a_denied_case_is_told_with_its_physician_and_its_time():
    case = a_short_life().case
    fact = fact_of(case)

    assert case.determination
    assert (fact.line, fact.requester, fact.organization) == (
        LineOfBusiness.MEDI_CAL,
        RequesterKind.MEMBER,
        "Alder IPA",
    )
    assert (fact.outcome, fact.basis, fact.physician) == (Outcome.DENIED, Basis.PHYSICIAN_REVIEW, CMO.npi)
    assert fact.decided_at == case.determination.at
    assert fact.category == "SO-D-PHYS"


def test_a_long_life_tells_what_was_asked_who_advised_and_where_the_opinion_went():
    fact = fact_of(a_long_life().case)

    assert [asked.items for asked in fact.information] == [(Item.TEST_RESULTS,)]
    assert (fact.recommends, fact.consultant) == (True, CONSULTANT.npi)
    assert (fact.tier, fact.left) == (Tier.PLAN, (LeftTier(tier=Tier.PPG, because=LeftBecause.IN_WORDS),))
    assert fact.decided_late is True
    assert fact.reported_at is not None


def test_a_fact_holds_nothing_that_anybody_typed_and_no_member():
    said = fact_of(a_long_life().case).model_dump_json()

    assert not [word for word in ("Núñez", "Ana", "M-0001", "Stenosis", "involved", "As recommended") if word in said]


def test_two_opinions_that_were_compared_are_told_with_the_physician_who_is_questioned():
    case = opened(a_request(first_opinion=a_first_opinion(recommends=True)))
    case = does(case, CASE_MANAGER, "confirm_completeness")
    case = does(case, CMO, "determine", outcome="approved", rationale="R1.")
    case = does(case, CASE_MANAGER, "place_opinion", **plan_physician())
    case = does(case, CASE_MANAGER, "receive_report", **a_report(recommends=False))

    fact = fact_of(case)

    assert (fact.agreement, fact.questioned) == (Agreement.DIFFER_ON_SURGERY, "1992999874")


def test_a_placement_that_was_declined_is_counted_and_is_no_placement():
    case = does(opened(), CASE_MANAGER, "confirm_completeness")
    case = does(case, CMO, "determine", outcome="approved", rationale="R1.")
    case = does(case, CASE_MANAGER, "place_opinion", **plan_physician())
    case = does(case, CASE_MANAGER, "decline_placement", how="declined", reason="No time.")

    fact = fact_of(case)

    assert (fact.ended, fact.tier, fact.placed_at) == ((OpinionEnd.DECLINED,), None, None)


@pytest.mark.parametrize(
    ("why", "code"),
    [
        ("no physician for orthopedic surgery is on record in the PPG", LeftBecause.NOBODY_ON_RECORD),
        ("no eligible physician for orthopedic surgery in the PPG: 2 were involved", LeftBecause.NOBODY_ELIGIBLE),
        ("the member chose Dr. Sato of tier plan, before 2 eligible physicians in the PPG", LeftBecause.MEMBERS_CHOICE),
        ("Mrs. Doe fears the first clinic", LeftBecause.IN_WORDS),
    ],
)
def test_why_a_rung_was_left_is_a_code(why, code):
    assert left_because(why) is code


def test_a_fact_that_was_told_before_fields_were_added_still_fits():
    whole = json.loads(fact_of(a_short_life().case).model_dump_json())
    needed = {name for name, field in CaseFact.model_fields.items() if field.is_required()}

    assert CaseFact.model_validate({name: value for name, value in whole.items() if name in needed})


def test_a_third_opinion_that_was_opened_stays_one_whatever_becomes_of_it():
    opened_so = differing()
    gone = lost(opened_so, "it was terminated", next_hour(opened_so))
    taken_up = does(gone, SUPERVISOR, "take_up_third_opinion")
    placed_here = does(taken_up, CASE_MANAGER, "place_opinion", **plan_physician("1992999890"))
    declined = does(placed_here, CASE_MANAGER, "decline_placement", how="declined", reason="No time.")

    assert all(fact_of(case).third_opened for case in (opened_so, gone, taken_up, placed_here, declined))
    assert not fact_of(a_long_life().case).third_opened
