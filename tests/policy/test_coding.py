"""Every decided case gets exactly one category."""

from datetime import timedelta
from itertools import product

import pytest

from policy.case import Case
from policy.coding import CorrectionReason, category, code, correction, mhc_row
from policy.edition import EDITIONS
from policy.lifecycle import Outcome
from policy.particulars import Basis, Opinion
from policy.request import Care
from policy.routing import LADDER, Candidate, FeeArrangement, Tier
from policy.verdict import Refused
from tests.builders import CASE_MANAGER, a_professional, a_request, plan_physician
from tests.policy.steps import approved, denied, does, next_hour, opened, placed, reported, third, withdrawn

DENIED_CODES = {
    Basis.PHYSICIAN_REVIEW: "SO-D-PHYS",
    Basis.CONSULTATION: "SO-D-CONS",
    Basis.EXPIRED: "SO-D-EXP",
}
DECIDED = [
    *(
        pytest.param(Outcome.APPROVED, basis, care, tier, id=f"approved, {basis}, {care}, {tier}")
        for basis, care in product((Basis.PHYSICIAN_REVIEW, Basis.CONSULTATION), Care)
        for tier in LADDER[care]
    ),
    *(
        pytest.param(Outcome.DENIED, basis, care, None, id=f"denied, {basis}, {care}")
        for basis, care in product(DENIED_CODES, Care)
    ),
]
APPROVED_CODES = {
    Tier.ORGANIZATION: "SO-A-PC-ORG",
    Tier.NETWORK: "SO-A-PC-NET",
    Tier.PPG: "SO-A-SP-PPG",
    Tier.PLAN: "SO-A-SP-PLAN",
    Tier.OUT_OF_NETWORK: "SO-A-SP-OON",
}


def an_opinion(case: Case, tier: Tier) -> Opinion:
    candidate = Candidate(professional=a_professional("1992999882"), tier=tier, board_certified=True, licence="A1")
    return Opinion(
        ordinal=2,
        candidate=candidate,
        fee=FeeArrangement.PLAN_PAYS,
        passed_over={},
        placed_at=next_hour(case),
        placed_by=CASE_MANAGER.id,
    )


def a_decided_case(outcome: Outcome, basis: Basis, care: Care, tier: Tier | None) -> Case:
    case = approved() if outcome is Outcome.APPROVED else denied()
    assert case.determination is not None
    made = case.determination.model_copy(update={"basis": basis})
    opinions = (an_opinion(case, tier),) if tier else ()
    return case.but(request=a_request(care=care), determination=made, opinions=opinions)


@pytest.mark.parametrize(("outcome", "basis", "care", "tier"), DECIDED)
def test_exactly_one_category_fits_every_decided_case(outcome, basis, care, tier):
    case = a_decided_case(outcome, basis, care, tier)

    fitting = [
        row
        for row in case.edition.category
        if row.outcome == outcome and row.basis in ("", basis) and row.route in ("", tier)
    ]
    assert fitting == [category(case)]
    assert fitting[0].code == (APPROVED_CODES[tier] if tier else DENIED_CODES[basis])


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda e: e.id)
def test_every_category_has_a_code_of_its_own_and_is_given_to_some_case(edition):
    given = {category(a_decided_case(*param.values)) for param in DECIDED}  # type: ignore[arg-type]

    assert len({row.code for row in edition.category}) == len(edition.category)
    assert given == {row for row in edition.category if row.route != "delegated"}  # those are in test_delegatelife


def test_an_approved_case_is_coded_by_its_second_opinion_and_not_by_its_third():
    out_of_network = plan_physician("1992999890", tier="out_of_network", passed_over={"ppg": "none", "plan": "none"})

    placed_third = does(third(), CASE_MANAGER, "place_opinion", **out_of_network)

    found = category(placed_third)
    assert found is not None
    assert found.code == "SO-A-SP-PLAN"


@pytest.mark.parametrize("undecided", [opened, withdrawn, approved], ids=["undecided", "withdrawn", "not yet placed"])
def test_a_case_that_is_not_decided_and_placed_has_no_category(undecided):
    case = undecided()

    assert category(case) is None
    assert code(case, next_hour(case)) == case


def test_coding_is_told_in_the_story():
    case = denied()
    now = next_hour(case)

    coded = code(case, now)

    assert (coded.category, coded.coded_at) == ("SO-D-PHYS", now)
    assert coded.story[-1].text == "SO-D-PHYS: Denied by the CMO or designee"
    assert coded.story[-1].clause == "P11"


def test_the_row_for_mhc_is_the_same_however_often_it_is_made():
    case = reported()
    coded = code(case, next_hour(case))

    row = mhc_row(coded)

    assert row == mhc_row(coded)
    assert (row.row_id, row.category, row.outcome) == (f"{case.number}/1", "SO-A-SP-PLAN", "approved")
    assert case.determination is not None
    assert (row.received_at, row.decided_at) == (case.received_at, case.determination.at)


def test_the_row_for_mhc_carries_nothing_of_the_member():
    case = code(denied(), next_hour(denied()))

    text = mhc_row(case).model_dump_json()

    member = case.request.member
    assert all(part not in text for part in (member.name.family, member.name.given, member.member_id, member.phone))


@pytest.mark.parametrize("uncoded", [opened, withdrawn, denied, placed])
def test_a_case_without_a_category_has_no_row_in_mhc(uncoded):
    with pytest.raises(ValueError, match="only a decided and coded case"):
        mhc_row(uncoded())


def coded_anew(**changes):
    """A denied case that MHC has a row of, the case as it is after something changed, and the row."""
    case = code(denied(), next_hour(denied()))
    return case, case.but(**changes), mhc_row(case)


def test_a_correction_is_the_next_row_of_its_case_and_names_the_row_it_corrects():
    case, changed, first = coded_anew(category="SO-D-CONS")
    now = next_hour(case)

    row = correction(changed, first, CorrectionReason.CODING_ERROR, now)

    assert row == correction(changed, first, CorrectionReason.CODING_ERROR, now)
    assert not isinstance(row, Refused)
    assert (row.row_id, row.sequence, row.corrects) == (f"{case.number}/2", 2, f"{case.number}/1")
    assert (row.category, row.reason, row.corrected_at) == ("SO-D-CONS", "coding_error", now)
    assert (first.sequence, first.corrects, first.corrected_at) == (1, "", None)


def test_a_correction_of_a_correction_counts_on():
    case, changed, first = coded_anew(category="SO-D-CONS")
    second = correction(changed, first, CorrectionReason.CODING_ERROR, next_hour(case))
    assert not isinstance(second, Refused)

    third = correction(case, second, CorrectionReason.REOPENED, next_hour(case))

    assert not isinstance(third, Refused)
    assert (third.row_id, third.corrects, third.category) == (f"{case.number}/3", second.row_id, first.category)


def test_a_correction_that_would_change_nothing_is_refused():
    case, _, first = coded_anew()

    refused = correction(case, first, CorrectionReason.DATA_ERROR, next_hour(case))

    assert isinstance(refused, Refused)
    assert (refused.reason, refused.clause) == ("MHC has this row already: nothing in it has changed.", "P11")


def test_the_row_of_another_case_is_never_corrected():
    case, changed, first = coded_anew(category="SO-D-CONS")
    strange = first.model_copy(update={"case_number": "SO-2026-000999"})

    with pytest.raises(ValueError, match="its own case"):
        correction(changed, strange, CorrectionReason.CODING_ERROR, next_hour(case))


def test_the_day_of_a_row_is_that_of_its_decision_and_of_a_correction_that_of_the_correction():
    case, changed, first = coded_anew(category="SO-D-CONS")
    assert case.determination is not None
    later = case.determination.at + timedelta(days=9)

    row = correction(changed, first, CorrectionReason.REOPENED, later)

    assert not isinstance(row, Refused)
    assert (row.day - first.day).days == 9
