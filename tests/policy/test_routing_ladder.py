"""Whom the ladder proposes: the member's choice, language and travel, and why all others were passed over."""

from typing import Any

import pytest

from policy.actions import PlaceOpinion
from policy.request import Care, Request, Requester, RequesterKind
from policy.routing import FARTHEST_MILES, LADDER, Candidate, Proposal, Tier, propose
from tests.builders import CASE_MANAGER, MONDAY, a_member, a_professional, a_request

FREE, OTHER, THIRD, INVOLVED = "1992999882", "1992999890", "1992999908", "1992999874"
SPANISH = a_member(language="es")
SPECIALTY = a_request(member=SPANISH)
PRIMARY = a_request(
    care=Care.PRIMARY_CARE,
    specialty="family medicine",
    treating_provider=a_professional("1992999866", name="Dr. Ines Vega", specialty="family medicine"),
)


def a_candidate(npi: str = FREE, tier: Tier = Tier.PPG, name: str = "Dr. Lena Sato", **changes: Any) -> Candidate:
    of_professional = {k: changes.pop(k) for k in ("specialty", "organization") if k in changes}
    given_ = {"board_certified": True, "licence": "A77701"}
    return Candidate(professional=a_professional(npi, name=name, **of_professional), tier=tier, **{**given_, **changes})


def designating(npi: str, request: Request = SPECIALTY, **changes: Any) -> Request:
    return request.model_copy(update={"designated_professional": a_professional(npi), **changes})


def npis(proposal: Proposal, tier: Tier) -> list[str]:
    rung = next(r for r in proposal.rungs if r.tier is tier)
    return [one.candidate.professional.npi for one in rung.considered]


def reasons(proposal: Proposal, npi: str) -> tuple[str, ...]:
    everyone = (*(one for rung in proposal.rungs for one in rung.considered), *proposal.off_the_ladder)
    return next(one.reasons for one in everyone if one.candidate.professional.npi == npi)


# -- within a tier


def test_who_speaks_the_members_language_comes_before_who_is_nearer():
    near, speaking = a_candidate(FREE, distance_miles=1), a_candidate(OTHER, languages=("ES ",), distance_miles=9)

    proposal = propose(SPECIALTY, [near, speaking])

    assert proposal.chosen == speaking
    assert reasons(proposal, OTHER) == ()
    assert reasons(proposal, FREE) == ("Dr. Lena Sato speaks the member's language",)


def test_for_a_member_who_prefers_english_the_nearest_comes_first_and_an_unknown_distance_last():
    far, near, unknown = (a_candidate(FREE, distance_miles=9), a_candidate(OTHER, distance_miles=2), a_candidate(THIRD))

    proposal = propose(a_request(), [unknown, far, near])

    assert npis(proposal, Tier.PPG) == [OTHER, FREE, THIRD]
    assert reasons(proposal, FREE) == ("Dr. Lena Sato is nearer",)
    assert reasons(proposal, THIRD) == ("only Dr. Lena Sato's distance is known",)


def test_of_equals_the_lower_npi_comes_first_and_the_other_is_told_so():
    proposal = propose(SPECIALTY, [a_candidate(OTHER), a_candidate(FREE)])

    assert npis(proposal, Tier.PPG) == [FREE, OTHER]
    assert "comes first by NPI" in reasons(proposal, OTHER)[0]


def test_whom_the_member_designated_comes_before_language_and_distance():
    better = a_candidate(FREE, languages=("es",), distance_miles=1)
    chosen = a_candidate(OTHER, name="Dr. Ana Ruiz", distance_miles=40)

    proposal = propose(designating(OTHER), [better, chosen])

    assert proposal.chosen == chosen
    assert reasons(proposal, FREE) == ("the member chose Dr. Ana Ruiz",)


def test_a_designated_physician_who_does_not_qualify_is_passed_over_with_every_reason():
    unfit = a_candidate(OTHER, board_certified=False, licence="", accepts_patients=False)

    proposal = propose(designating(OTHER), [unfit, a_candidate(FREE)])

    assert proposal.chosen == a_candidate(FREE)
    assert reasons(proposal, OTHER) == (
        "the physician's licence is not on record",
        "the physician is not board-certified",
        "the physician accepts no patients",
    )


def test_the_same_candidate_twice_is_one():
    assert npis(propose(SPECIALTY, [a_candidate(), a_candidate()]), Tier.PPG) == [FREE]


# -- travel


@pytest.mark.parametrize(("miles", "near_enough"), [(15.0, True), (15.1, False), (None, True)])
def test_a_member_who_cannot_travel_is_sent_no_farther_than_the_limit(miles, near_enough):
    candidate = a_candidate(distance_miles=miles)

    proposal = propose(SPECIALTY, [candidate], member_can_travel=False)

    assert FARTHEST_MILES[Care.SPECIALTY] == 15.0
    assert proposal.chosen == (candidate if near_enough else None)
    assert propose(SPECIALTY, [candidate]).chosen == candidate


def test_a_tier_that_is_too_far_gives_way_to_a_wider_one_that_is_near():
    far, near = a_candidate(FREE, distance_miles=60), a_candidate(OTHER, Tier.OUT_OF_NETWORK, distance_miles=4)

    proposal = propose(SPECIALTY, [far, near], member_can_travel=False, farthest_miles=30)

    assert proposal.chosen == near
    assert proposal.passed_over == {
        Tier.PPG: "no eligible physician for orthopedic surgery in the PPG: 1 is too far away",
        Tier.PLAN: "no physician for orthopedic surgery is on record among the plan's contracted specialists",
    }


# -- tier by tier


def test_a_tier_without_an_eligible_physician_says_how_many_failed_at_what():
    ppg = [
        a_candidate(INVOLVED),
        a_candidate("1992999833"),
        a_candidate(OTHER, board_certified=False),
    ]
    request = a_request(also_involved=(a_professional("1992999833"),))

    proposal = propose(request, [*ppg, a_candidate(FREE, Tier.PLAN)])

    assert proposal.chosen == a_candidate(FREE, Tier.PLAN)
    sentence = proposal.passed_over[Tier.PPG]
    assert sentence.startswith("no eligible physician for orthopedic surgery in the PPG: ")
    assert set(sentence.split(": ")[1].split(", ")) == {"2 were involved", "1 is not board-certified"}


def test_candidates_of_wider_tiers_are_told_who_comes_first():
    proposal = propose(SPECIALTY, [a_candidate(FREE), a_candidate(OTHER, Tier.PLAN)])

    assert proposal.passed_over == {}
    assert reasons(proposal, OTHER) == ("Dr. Lena Sato, of the nearer tier ppg, comes first",)


def test_when_nobody_is_eligible_nobody_is_chosen_and_every_tier_says_why():
    proposal = propose(SPECIALTY, [a_candidate(INVOLVED)])

    assert proposal.chosen is None
    assert set(proposal.passed_over) == set(LADDER[Care.SPECIALTY])
    assert reasons(proposal, INVOLVED)


def test_a_candidate_of_the_other_ladder_is_kept_with_the_reason_and_never_chosen():
    proposal = propose(SPECIALTY, [a_candidate(tier=Tier.NETWORK)])

    assert proposal.chosen is None
    assert reasons(proposal, FREE)[0] == "specialty does not go to tier network"


def test_who_gave_an_earlier_opinion_is_passed_over():
    assert propose(SPECIALTY, [a_candidate()], already_gave=frozenset({FREE})).chosen is None


def test_an_equivalent_specialist_is_proposed_unless_the_policys_narrower_reading_is_asked_for():
    request, candidate = a_request(specialty="oncology"), a_candidate(specialty="hematology")

    assert propose(request, [candidate]).chosen == candidate
    assert propose(request, [candidate], equivalent_specialty_allowed=False).chosen is None


def test_without_a_designation_primary_care_does_not_leave_the_organization():
    outsider = a_candidate(tier=Tier.NETWORK, specialty="family medicine", organization="Birch IPA")

    proposal = propose(PRIMARY, [outsider])

    assert proposal.chosen is None
    assert proposal.passed_over[Tier.NETWORK] == "the member chose nobody in the network"


# -- the member's choice in a wider tier

PPG, WIDER = a_candidate(FREE), a_candidate(OTHER, Tier.PLAN, name="Dr. Ana Ruiz")
COLLEAGUE = a_candidate(FREE, Tier.ORGANIZATION, specialty="family medicine")
OUTSIDER = a_candidate(OTHER, Tier.NETWORK, name="Dr. Ana Ruiz", specialty="family medicine", organization="Birch IPA")


@pytest.mark.parametrize(
    ("request_", "near", "wider"),
    [
        pytest.param(designating(OTHER), PPG, WIDER, id="specialty"),
        pytest.param(designating(OTHER, PRIMARY), COLLEAGUE, OUTSIDER, id="primary care"),
    ],
)
def test_the_members_choice_within_the_network_is_the_reason_for_passing_over_a_nearer_tier(request_, near, wider):
    proposal = propose(request_, [near, wider])

    assert proposal.chosen == wider
    assert proposal.passed_over[near.tier].startswith(f"the member chose Dr. Ana Ruiz of tier {wider.tier}, before 1 ")
    assert reasons(proposal, FREE) == ("the member chose Dr. Ana Ruiz",)
    assert propose(request_, [near, wider], honour_choice_across_tiers=False).chosen == near


def test_a_choice_out_of_network_does_not_skip_a_nearer_tier():
    assert propose(designating(OTHER), [PPG, a_candidate(OTHER, Tier.OUT_OF_NETWORK)]).chosen == PPG


@pytest.mark.parametrize("kind", RequesterKind)
def test_the_choice_skips_a_tier_only_when_the_enrollee_asks(kind):
    enrollee = kind in (RequesterKind.MEMBER, RequesterKind.AUTHORIZED_REPRESENTATIVE)
    request = designating(OTHER, requester=Requester(kind=kind, name=SPANISH.name))

    assert propose(request, [PPG, WIDER]).chosen == (WIDER if enrollee else PPG)


def test_a_nearer_tier_with_nobody_eligible_is_not_blamed_on_the_members_choice():
    proposal = propose(designating(OTHER), [a_candidate(INVOLVED), WIDER])

    assert proposal.passed_over[Tier.PPG].endswith("in the PPG: 1 was involved")


def test_a_proposal_can_be_placed_as_it_stands():
    proposal = propose(designating(OTHER), [PPG, WIDER])

    assert proposal.chosen is not None
    action = PlaceOpinion(
        action_id="a",
        actor=CASE_MANAGER,
        at=MONDAY,
        tier=proposal.chosen.tier,
        professional=proposal.chosen.professional,
        licence=proposal.chosen.licence,
        passed_over=proposal.passed_over,
    )
    assert action.passed_over == proposal.passed_over


def test_a_candidate_recorded_before_the_newer_fields_still_reads():
    recorded = {"professional": a_professional(FREE).model_dump(), "tier": "ppg", "board_certified": True}

    candidate = Candidate.model_validate({**recorded, "licence": "A1"})

    assert (candidate.languages, candidate.distance_miles, candidate.accepts_patients) == ((), None, True)
