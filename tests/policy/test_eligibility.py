"""Each test of a physician alone and together, the table of like specialties, and that every result is kept."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.eligibility import (
    GROUPS,
    Eligibility,
    EligibilityTest,
    SpecialtyLikeness,
    likeness,
    opinion_eligibility,
    reviewer_eligibility,
)
from policy.people import Actor
from policy.request import Care, Request
from policy.routing import Candidate, Tier, may_give_opinion
from policy.verdict import Allowed
from tests.builders import CONSULTANT, a_member, a_professional, a_request

FREE = "1992999882"
MONDAY = date(2026, 11, 2)
REVIEWER_TESTS = frozenset(EligibilityTest) - {EligibilityTest.IN_TIER}
OPINION_TESTS = frozenset(EligibilityTest) - {EligibilityTest.DID_NOT_REFER}
SPECIALTY = a_request()
PRIMARY = a_request(
    care=Care.PRIMARY_CARE,
    specialty="family medicine",
    treating_provider=a_professional("1992999866", name="Dr. Ines Vega", specialty="family medicine"),
)
SAME, EQUIVALENT, OTHER = SpecialtyLikeness


def a_candidate(tier: Tier = Tier.PPG, npi: str = FREE, **changes: Any) -> Candidate:
    of_professional = {k: changes.pop(k) for k in ("specialty", "organization") if k in changes}
    given_ = {"board_certified": True, "licence": "A77701", "attests_no_conflict": True}
    return Candidate(professional=a_professional(npi, **of_professional), tier=tier, **{**given_, **changes})


def a_reviewer(**changes: Any) -> Actor:
    return Actor.model_validate({**CONSULTANT.model_dump(), **changes})


def failed(eligibility: Eligibility) -> list[EligibilityTest]:
    return [result.test for result in eligibility.failed]


def result_of(eligibility: Eligibility, test: EligibilityTest) -> str:
    return next(r.reason for r in eligibility.results if r.test is test)


# -- like specialties


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Orthopedic  Surgery", " orthopedic surgery", SAME),
        ("orthopaedic surgery", "Orthopedics", SAME),
        ("ENT", "otolaryngology", SAME),
        ("hematology", "oncology", EQUIVALENT),
        ("Hematology and Oncology", "medical oncology", EQUIVALENT),
        ("ENT", "head and neck surgery", EQUIVALENT),
        ("internal medicine", "family practice", EQUIVALENT),
        ("internal medicine", "pediatrics", OTHER),
        ("orthopedic surgery", "neurosurgery", OTHER),
        ("interventional cardiology", "cardiology", OTHER),
        ("falconry", "Falconry", SAME),
        ("falconry", "cardiology", OTHER),
        ("falconry", "heraldry", OTHER),
    ],
)
def test_two_specialties_are_the_same_equivalent_or_neither_in_both_directions(one, other, expected):
    assert likeness(one, other) is expected
    assert likeness(other, one) is expected


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: " = ".join((group.likeness, *group.names)))
def test_every_row_says_why_and_makes_each_of_its_names_like_each_other(group):
    assert group.reason
    assert group.citation
    for one in group.names:
        for other in group.names:
            assert likeness(one, other) is (SAME if one == other else group.likeness)


def test_no_name_stands_for_two_specialties():
    names = [name for group in GROUPS if group.likeness is SAME for name in group.names]

    assert len(names) == len(set(names))


@given(st.text(max_size=30), st.text(max_size=30))
def test_likeness_goes_both_ways_and_everything_is_the_same_as_itself(one, other):
    assert likeness(one, other) is likeness(other, one)
    assert likeness(one, f"  {one} ") is SAME


# -- who may give the opinion

Failure = tuple[dict[str, Any], str, str]  # what is changed, and the clause and field that the refusal names

OPINION_FAILURES: dict[EligibilityTest, Failure] = {
    EligibilityTest.LICENSED: ({"licence": "  "}, "PUR", "licence"),
    EligibilityTest.NOT_INVOLVED: ({"npi": "1992999874"}, "PUR", "professional.npi"),
    EligibilityTest.SPECIALTY: ({"specialty": "neurosurgery"}, "P6b", "professional.specialty"),
    EligibilityTest.BOARD_CERTIFIED: ({"board_certified": False}, "P6b", "board_certified"),
    EligibilityTest.IN_TIER: ({"organization": "Birch IPA"}, "P6b", "professional.organization"),
    EligibilityTest.NO_CONFLICT: ({"attests_no_conflict": False}, "POL-3", "attests_no_conflict"),
}


@pytest.mark.parametrize(("test", "failure"), OPINION_FAILURES.items())
def test_one_failed_test_of_an_opinion_is_named_and_every_result_is_kept(test, failure):
    changes, clause, field = failure

    eligibility = opinion_eligibility(a_candidate(**changes), SPECIALTY)

    assert not eligibility
    assert failed(eligibility) == [test]
    assert {r.test for r in eligibility.results} == OPINION_TESTS
    refused = eligibility.verdict
    assert not refused
    assert (refused.clause, refused.field) == (clause, field)


def test_who_passes_all_is_allowed_and_every_result_is_kept():
    eligibility = opinion_eligibility(a_candidate(), SPECIALTY)

    assert eligibility
    assert eligibility.verdict == Allowed()
    assert eligibility.failed == ()
    assert {r.test for r in eligibility.results} == OPINION_TESTS


@given(st.sets(st.sampled_from(sorted(OPINION_FAILURES))))
def test_no_failure_hides_another_and_the_verdict_is_the_first(tests):
    changes: dict[str, Any] = {}
    for test in tests:
        changes |= OPINION_FAILURES[test][0]
    candidate = a_candidate(**changes)

    eligibility = opinion_eligibility(candidate, SPECIALTY)

    assert set(failed(eligibility)) == tests
    assert bool(eligibility) is not bool(tests)
    assert may_give_opinion(candidate, SPECIALTY, frozenset()) == eligibility.verdict
    assert eligibility.verdict == next(
        (opinion_eligibility(a_candidate(**OPINION_FAILURES[t][0]), SPECIALTY).verdict for t in failed(eligibility)),
        Allowed(),
    )


def test_an_earlier_opinion_counts_as_involvement():
    assert failed(opinion_eligibility(a_candidate(), SPECIALTY, frozenset({FREE}))) == [EligibilityTest.NOT_INVOLVED]


def test_no_attestation_is_no_objection_and_says_so():
    eligibility = opinion_eligibility(a_candidate(attests_no_conflict=None), SPECIALTY)

    assert eligibility
    assert result_of(eligibility, EligibilityTest.NO_CONFLICT) == "no attestation was given"


def test_primary_care_asks_for_no_board_certification_and_the_result_says_so():
    colleague = a_candidate(Tier.ORGANIZATION, specialty="family medicine", board_certified=False)

    eligibility = opinion_eligibility(colleague, PRIMARY)

    assert eligibility
    assert "no board certification" in result_of(eligibility, EligibilityTest.BOARD_CERTIFIED)


@pytest.mark.parametrize(("own", "asked"), [("hematology", "oncology"), ("oncology", "hematology")])
def test_an_equivalent_specialist_may_give_the_opinion_unless_the_policys_narrower_reading_is_asked_for(own, asked):
    request, candidate = a_request(specialty=asked), a_candidate(specialty=own)

    by_law = opinion_eligibility(candidate, request)
    by_policy = opinion_eligibility(candidate, request, equivalent_specialty_allowed=False)

    assert by_law
    assert "H&S 1383.15(f)" in result_of(by_law, EligibilityTest.SPECIALTY)
    assert failed(by_policy) == [EligibilityTest.SPECIALTY]


def of_age(age: int, **changes: Any) -> Request:
    """A request for primary care of a member who has the age since today, Monday 2026-11-02."""
    member = a_member(birth_date=MONDAY.replace(year=MONDAY.year - age))
    return PRIMARY.model_copy(update={"member": member, **changes})


@pytest.mark.parametrize(
    ("own", "age", "in_scope"),
    [
        ("internal medicine", 18, True),
        ("internal medicine", 17, False),
        ("pediatrics", 17, True),
        ("pediatrics", 18, False),
        ("general practice", 17, True),
        ("general practice", 18, True),
    ],
)
def test_an_equivalent_of_family_medicine_keeps_to_the_ages_that_it_treats(own, age, in_scope):
    candidate = a_candidate(Tier.ORGANIZATION, specialty=own)

    eligibility = opinion_eligibility(candidate, of_age(age), on=MONDAY)

    assert failed(eligibility) == ([] if in_scope else [EligibilityTest.IN_SCOPE])
    assert may_give_opinion(candidate, of_age(age), frozenset(), MONDAY) == eligibility.verdict


def test_a_physician_of_the_requested_specialty_itself_is_in_scope_at_every_age():
    assert opinion_eligibility(a_candidate(Tier.ORGANIZATION, specialty="family medicine"), of_age(3), on=MONDAY)


def test_without_a_day_the_limits_of_age_are_not_tested():
    assert opinion_eligibility(a_candidate(Tier.ORGANIZATION, specialty="internal medicine"), of_age(3))


def test_equivalents_of_primary_care_do_not_count_for_specialty_care():
    request = a_request(specialty="internal medicine")

    eligibility = opinion_eligibility(a_candidate(specialty="family medicine"), request, on=MONDAY)

    assert failed(eligibility) == [EligibilityTest.IN_SCOPE]
    assert "primary care of adults" in eligibility.failed[0].reason
    assert (eligibility.failed[0].clause, eligibility.failed[0].field) == ("PUR", "professional.specialty")


# -- who may review

REVIEWER_FAILURES: dict[EligibilityTest, Failure] = {
    EligibilityTest.LICENSED: ({"licence": " "}, "H&S 1367.01(e)", "actor.licence"),
    EligibilityTest.SPECIALTY: ({"specialty": "neurosurgery"}, "P5", "actor.specialty"),
    EligibilityTest.BOARD_CERTIFIED: ({"board_certified": False}, "POL-3", "actor.board_certified"),
    EligibilityTest.NOT_INVOLVED: ({"npi": "1992999874"}, "PUR", "actor.npi"),
    EligibilityTest.DID_NOT_REFER: ({"id": "md.chen"}, "P5", "actor.id"),
}


@pytest.mark.parametrize(("test", "failure"), REVIEWER_FAILURES.items())
def test_one_failed_test_of_a_reviewer_is_named_and_every_result_is_kept(test, failure):
    changes, clause, field = failure

    eligibility = reviewer_eligibility(a_reviewer(**changes), SPECIALTY, frozenset({"md.chen"}))

    assert failed(eligibility) == [test]
    assert {r.test for r in eligibility.results} == REVIEWER_TESTS
    refused = eligibility.verdict
    assert not refused
    assert (refused.clause, refused.field) == (clause, field)


def test_all_that_stands_against_a_reviewer_is_kept_together_in_the_order_of_naming():
    changes = {name: value for failure in REVIEWER_FAILURES.values() for name, value in failure[0].items()}

    eligibility = reviewer_eligibility(
        a_reviewer(**changes), SPECIALTY, frozenset({"md.chen"}), attests_no_conflict=False
    )

    assert failed(eligibility) == [*REVIEWER_FAILURES, EligibilityTest.NO_CONFLICT]


@pytest.mark.parametrize(("attests", "passes"), [(None, True), (True, True), (False, False)])
def test_a_reviewer_who_attests_a_conflict_is_not_eligible(attests, passes):
    eligibility = reviewer_eligibility(CONSULTANT, SPECIALTY, attests_no_conflict=attests)

    assert bool(eligibility) is passes
    assert failed(eligibility) == ([] if passes else [EligibilityTest.NO_CONFLICT])


@pytest.mark.parametrize(
    ("npi", "reason"), [(SPECIALTY.pcp.npi, "involved in the case"), ("", "without an NPI nobody can tell")]
)
def test_neither_the_pcp_nor_a_physician_without_an_npi_may_review(npi, reason):
    eligibility = reviewer_eligibility(a_reviewer(npi=npi), SPECIALTY)

    assert failed(eligibility) == [EligibilityTest.NOT_INVOLVED]
    assert reason in eligibility.failed[0].reason


def test_a_reviewer_is_of_the_same_specialty_and_an_equivalent_counts_only_when_told_so():
    request, reviewer = a_request(specialty="oncology"), a_reviewer(specialty="hematology")

    assert failed(reviewer_eligibility(reviewer, request)) == [EligibilityTest.SPECIALTY]
    assert reviewer_eligibility(reviewer, request, equivalent_specialty_allowed=True)


def test_an_equivalent_reviewer_is_held_to_the_scope_too():
    reviewer = a_reviewer(specialty="internal medicine")

    eligibility = reviewer_eligibility(reviewer, of_age(5), equivalent_specialty_allowed=True, on=MONDAY)

    assert failed(eligibility) == [EligibilityTest.IN_SCOPE]
    assert eligibility.failed[0].field == "actor.specialty"
