"""Who is appropriately qualified, the ladder from the nearest tier to the widest, and what holds of any proposal."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.people import Professional
from policy.request import Care, Request, Requester, RequesterKind
from policy.routing import (
    FARTHEST_MILES,
    LADDER,
    Candidate,
    Tier,
    clause_for,
    ladder_was_kept,
    may_give_opinion,
    propose,
    same_specialty,
)
from tests.builders import a_first_opinion, a_member, a_professional, a_request

FREE, OTHER = "1992999882", "1992999890"
NOBODY: frozenset[str] = frozenset()

SPECIALTY = a_request()
PRIMARY = a_request(
    care=Care.PRIMARY_CARE,
    specialty="family medicine",
    treating_provider=a_professional("1992999866", name="Dr. Ines Vega", specialty="family medicine"),
)


def a_candidate(professional: Professional | None = None, tier: Tier = Tier.PLAN, **changes: Any) -> Candidate:
    given = {"board_certified": True, "licence": "A77701"}
    return Candidate(professional=professional or a_professional(FREE), tier=tier, **{**given, **changes})


@pytest.mark.parametrize("tier", [Tier.PPG, Tier.PLAN, Tier.OUT_OF_NETWORK])
def test_a_qualified_uninvolved_specialist_may_give_the_opinion_on_every_tier(tier):
    assert may_give_opinion(a_candidate(tier=tier), SPECIALTY, NOBODY)


@pytest.mark.parametrize(
    ("candidate", "clause", "field"),
    [
        pytest.param(a_candidate(licence="  "), "PUR", "licence", id="no licence"),
        pytest.param(
            a_candidate(a_professional(FREE, specialty="cardiology")), "P6b", "professional.specialty", id="specialty"
        ),
        pytest.param(a_candidate(board_certified=False), "P6b", "board_certified", id="not board-certified"),
        pytest.param(
            a_candidate(a_professional(FREE, organization="Birch IPA"), Tier.PPG),
            "P6b",
            "professional.organization",
            id="not of the PPG",
        ),
    ],
)
def test_a_candidate_who_fails_a_test_is_refused_and_the_test_is_named(candidate, clause, field):
    refused = may_give_opinion(candidate, SPECIALTY, NOBODY)

    assert not refused
    assert (refused.clause, refused.field) == (clause, field)


@pytest.mark.parametrize("part", ["treating provider", "first opinion", "also involved", "earlier opinion"])
def test_whoever_was_involved_or_gave_an_earlier_opinion_is_refused(part):
    first = a_first_opinion().model_copy(update={"professional": a_professional(FREE)})
    request = {
        "treating provider": a_request(treating_provider=a_professional(FREE)),
        "first opinion": a_request(first_opinion=first),
        "also involved": a_request(also_involved=(a_professional(OTHER), a_professional(FREE))),
    }.get(part, SPECIALTY)
    already_gave = frozenset({FREE}) if part == "earlier opinion" else NOBODY

    refused = may_give_opinion(a_candidate(), request, already_gave)

    assert not refused
    assert (refused.clause, refused.field) == ("PUR", "professional.npi")


def test_primary_care_needs_no_board_certification():
    colleague = a_professional(FREE, specialty="family medicine")

    assert may_give_opinion(a_candidate(colleague, Tier.ORGANIZATION, board_certified=False), PRIMARY, NOBODY)


def test_primary_care_stays_in_the_organization():
    outsider = a_professional(FREE, specialty="family medicine", organization="Birch IPA")

    refused = may_give_opinion(a_candidate(outsider, Tier.ORGANIZATION), PRIMARY, NOBODY)

    assert not refused
    assert (refused.clause, refused.field) == ("P6a", "professional.organization")


def test_the_organization_is_the_pcps_when_the_treating_provider_has_none():
    request = a_request(treating_provider=a_professional(organization=""))

    assert may_give_opinion(a_candidate(tier=Tier.PPG), request, NOBODY)


def test_beyond_the_organization_only_the_physician_whom_the_member_designated():
    chosen = a_professional(FREE, specialty="family medicine", organization="Birch IPA")
    another = a_professional(OTHER, specialty="family medicine", organization="Birch IPA")
    request = PRIMARY.model_copy(update={"designated_professional": chosen})

    refusals = [
        may_give_opinion(a_candidate(another, Tier.NETWORK), request, NOBODY),
        may_give_opinion(a_candidate(chosen, Tier.NETWORK), PRIMARY, NOBODY),
    ]

    assert may_give_opinion(a_candidate(chosen, Tier.NETWORK), request, NOBODY)
    assert not any(refusals)
    assert {(r.clause, r.field) for r in refusals if not r} == {("P6a", "professional.npi")}


# -- the ladder


@pytest.mark.parametrize(
    ("request_", "tier"),
    [
        pytest.param(request, tier, id=f"{request.care} to {tier}")
        for request in (SPECIALTY, PRIMARY)
        for tier in Tier
        if tier not in LADDER[request.care]
    ],
)
def test_a_tier_of_the_other_ladder_is_refused(request_: Request, tier):
    refused = ladder_was_kept(tier, dict.fromkeys(Tier, "none"), request_)

    assert not refused
    assert (refused.clause, refused.field) == (clause_for(request_), "tier")


@pytest.mark.parametrize("request_", [SPECIALTY, PRIMARY], ids=["specialty", "primary care"])
def test_the_nearest_tier_needs_no_reason_and_a_wider_one_a_reason_for_each_tier_before_it(request_: Request):
    ladder = LADDER[request_.care]

    for rung, tier in enumerate(ladder):
        nearer = ladder[:rung]

        assert ladder_was_kept(tier, dict.fromkeys(nearer, "none available"), request_)
        for left_out in nearer:
            reasons = {t: " " if t is left_out else "none available" for t in nearer}
            refused = ladder_was_kept(tier, reasons, request_)

            assert not refused
            assert (refused.clause, refused.field) == (clause_for(request_), f"passed_over.{left_out}")


def test_the_first_tier_without_a_reason_is_named():
    refused = ladder_was_kept(Tier.OUT_OF_NETWORK, {}, SPECIALTY)

    assert not refused
    assert refused.reason == "say why no physician of tier ppg was chosen"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Orthopedic Surgery", "orthopedic  surgery", True),
        ("cardiology", "cardiology ", True),
        ("cardiology", "cardiac surgery", False),
    ],
)
def test_specialties_are_compared_whatever_case_and_blanks(one, other, same):
    assert same_specialty(one, other) is same


# -- what is proposed, whatever the candidates

NPIS = (FREE, OTHER, "1992999908", "1992999874", "1992999866")
PROFESSIONALS = st.builds(
    Professional,
    npi=st.sampled_from(NPIS),
    name=st.just("Dr. Ana Ruiz"),
    specialty=st.sampled_from(("orthopedic surgery", "orthopedics", "family medicine", "internal medicine")),
    organization=st.sampled_from(("Alder IPA", "Birch IPA")),
)
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        professional=PROFESSIONALS,
        tier=st.sampled_from(Tier),
        board_certified=st.booleans(),
        licence=st.sampled_from(("A1", "A1", "")),
        languages=st.sampled_from(((), ("es",), ("en", "hy"))),
        distance_miles=st.none() | st.sampled_from((0.0, 5.0, 12.0, 80.0)),
        accepts_patients=st.booleans(),
        attests_no_conflict=st.none() | st.booleans(),
    ),
    max_size=8,
)
REQUESTS = st.builds(
    lambda request, npi, kind: request.model_copy(
        update={
            "designated_professional": npi and a_professional(npi),
            "member": a_member(language="es"),
            "requester": Requester(kind=kind, name=a_member().name),
        }
    ),
    st.sampled_from((SPECIALTY, PRIMARY)),
    st.none() | st.sampled_from(NPIS),
    st.sampled_from(RequesterKind),
)


def can_be_chosen(candidate: Candidate, request: Request, *, travels: bool) -> bool:
    near = travels or (candidate.distance_miles or 0) <= FARTHEST_MILES[request.care]
    return bool(may_give_opinion(candidate, request, NOBODY)) and candidate.accepts_patients and near


@given(REQUESTS, CANDIDATES, st.booleans())
def test_nobody_ineligible_is_ever_chosen_and_the_ladder_is_always_kept(request_, candidates, travels):
    proposal = propose(request_, candidates, member_can_travel=travels)

    able = [c for c in candidates if can_be_chosen(c, request_, travels=travels) and c.tier in LADDER[request_.care]]
    assert (proposal.chosen is not None) is bool(able)
    if proposal.chosen:
        assert proposal.chosen in able
        assert ladder_was_kept(proposal.chosen.tier, proposal.passed_over, request_)
        ladder = LADDER[request_.care]
        assert set(proposal.passed_over) == set(ladder[: ladder.index(proposal.chosen.tier)])


@given(REQUESTS, CANDIDATES, st.booleans(), st.booleans())
def test_no_nearer_tier_with_an_eligible_physician_is_skipped_unless_the_member_chose(request_, candidates, go, honour):
    proposal = propose(request_, candidates, member_can_travel=go, honour_choice_across_tiers=honour)

    for tier in proposal.passed_over:
        if any(can_be_chosen(c, request_, travels=go) for c in candidates if c.tier is tier):
            assert honour
            assert proposal.chosen is not None
            assert proposal.chosen.professional.npi == request_.designated_professional.npi
            assert proposal.passed_over[tier].startswith("the member chose ")


@given(REQUESTS, CANDIDATES, st.randoms(use_true_random=False))
def test_the_order_in_which_candidates_are_given_makes_no_difference(request_, candidates, random):
    shuffled = list(candidates)
    random.shuffle(shuffled)

    assert propose(request_, shuffled) == propose(request_, candidates)


@given(REQUESTS, CANDIDATES)
def test_every_candidate_is_kept_and_all_but_the_chosen_one_have_a_reason(request_, candidates):
    proposal = propose(request_, candidates)

    everyone = [*(one for rung in proposal.rungs for one in rung.considered), *proposal.off_the_ladder]
    assert {one.candidate for one in everyone} == set(candidates)
    assert len(everyone) == len(set(candidates))
    for one in everyone:
        assert bool(one.reasons) is (one.candidate != proposal.chosen)
        assert all(reason.strip() for reason in one.reasons)
