"""The directory's physicians on the ladder: which rung, which tests, which order, and why a rung was passed over."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.candidates import SILENT_ON_72_HOURS, Proposal, candidates
from policy.directory import Affiliation, BoardCertification, Licence, ListedSpecialty, Physician
from policy.people import Contact
from policy.request import Care, Request, Requester, RequesterKind
from policy.routing import LADDER, Tier, ladder_was_kept, propose
from tests.builders import ADDRESS, a_member, a_professional, a_request
from tests.policy.physicians import ALDER, BIRCH, POPPY, UNIVERSITY, a_physician, a_place, an_npi

DAY = date(2026, 11, 23)  # a Monday
REQUEST = a_request()
PRIMARY = a_request(
    care=Care.PRIMARY_CARE,
    specialty="family medicine",
    treating_provider=a_professional("1992999866", name="Dr. Ines Vega", specialty="family medicine"),
)


def npis(proposal: Proposal, tier: Tier) -> list[str]:
    rung = next(r for r in proposal.rungs if r.tier is tier)
    return [one.candidate.professional.npi for one in rung.proposed]


def proposed(*physicians: Physician, request: Request = REQUEST, **changes: Any) -> Proposal:
    return candidates(request, physicians, DAY, directory_version="2026-11-23-1", **changes)


def only_one(proposal: Proposal) -> Any:
    (one,) = (one for rung in proposal.rungs for one in rung.proposed)
    return one


def failed(physician: Physician, request: Request = REQUEST) -> list[str]:
    one = only_one(proposed(physician, request=request))
    return [test.test.value for test in one.tests if not test.passed] + [b.value for b in one.considered.unavailable]


# -- which rung


@pytest.mark.parametrize(
    ("affiliations", "tier", "organization"),
    [
        ((ALDER,), Tier.PPG, "Alder IPA"),
        ((POPPY, Affiliation(organization="ALDER  ipa")), Tier.PPG, "Alder IPA"),
        ((POPPY,), Tier.PLAN, "Golden Poppy Specialists"),
        ((BIRCH, POPPY), Tier.PLAN, "Golden Poppy Specialists"),
        ((BIRCH,), Tier.PLAN, "Birch IPA"),
        ((UNIVERSITY,), Tier.OUT_OF_NETWORK, "Mission Oak University Hospital"),
        ((), Tier.OUT_OF_NETWORK, ""),
        ((ALDER.model_copy(update={"until": date(2026, 11, 22)}),), Tier.OUT_OF_NETWORK, ""),
        ((ALDER.model_copy(update={"since": date(2026, 11, 24)}), POPPY), Tier.PLAN, "Golden Poppy Specialists"),
    ],
)
def test_a_specialist_stands_on_the_nearest_rung_of_the_affiliations_in_force(affiliations, tier, organization):
    one = only_one(proposed(a_physician(affiliations=affiliations)))

    assert (one.candidate.tier, one.candidate.professional.organization) == (tier, organization)
    assert one.can_be_chosen


def test_without_a_known_organization_nobody_stands_in_the_ppg():
    blank = {"treating_provider": a_professional(organization=""), "pcp": a_professional("1992999866", organization="")}

    proposal = proposed(a_physician(affiliations=()), request=a_request(**blank))

    assert npis(proposal, Tier.PPG) == []
    assert npis(proposal, Tier.OUT_OF_NETWORK) == [an_npi(1)]


def test_primary_care_stays_in_the_organization_and_the_network_is_for_the_designated_physician():
    own, other = (a_physician(n, "family medicine", affiliations=(a,)) for n, a in ((1, ALDER), (2, BIRCH)))
    wish = PRIMARY.model_copy(update={"designated_professional": a_professional(other.npi)})

    without, with_wish = proposed(own, other, request=PRIMARY), proposed(own, other, request=wish)

    assert (npis(without, Tier.ORGANIZATION), npis(without, Tier.NETWORK)) == ([own.npi], [])
    assert npis(with_wish, Tier.NETWORK) == [other.npi]
    assert with_wish.chosen
    assert with_wish.chosen.candidate.professional.npi == other.npi
    assert proposed(own, other, request=wish, network_is_open=False).chosen.candidate.professional.npi == own.npi  # type: ignore[union-attr]


# -- the tests


@pytest.mark.parametrize(
    ("changes", "tests"),
    [
        ({}, []),
        ({"licences": ()}, ["licensed", "licence_in_force"]),
        ({"licences": (Licence(state="NV", number="SYN-1"),)}, ["licensed", "licence_in_force"]),
        ({"licences": (Licence(state="CA", number="SYN-1", expires=date(2026, 11, 22)),)}, ["licence_in_force"]),
        ({"licences": (Licence(state="CA", number="SYN-1", expires=DAY),)}, []),
        ({"certifications": ()}, ["board_certified"]),
        ({"certifications": (BoardCertification(board="B", specialty="cardiology"),)}, ["board_certified"]),
        (
            {"certifications": (BoardCertification(board="B", specialty="orthopaedics", until=date(2026, 11, 1)),)},
            ["board_certified"],
        ),
        ({"until": date(2026, 11, 22)}, ["in_force"]),
        ({"since": date(2026, 11, 24)}, ["in_force"]),
        ({"excluded_since": DAY}, ["not_excluded"]),
        ({"excluded_since": date(2026, 11, 24)}, []),
        ({"locations": (a_place(accepts_patients=False),)}, ["not_accepting"]),
        ({"locations": (a_place(accepts_patients=False), a_place("90802"))}, []),
        ({"locations": (a_place(accepts_patients=None),)}, []),
        ({"npi": "1992999874"}, ["not_involved"]),
        ({"npi": "1992999866"}, ["not_involved"]),
    ],
)
def test_each_test_is_made_on_the_day_and_named_where_it_fails(changes, tests):
    assert failed(a_physician(**changes)) == tests


def test_who_gave_an_opinion_or_decided_in_the_case_is_not_independent():
    proposal = proposed(a_physician(), already_gave=frozenset({an_npi(1)}))

    assert proposal.chosen is None
    assert proposal.rungs[0].passed_over == "no eligible physician for orthopedic surgery in the PPG: 1 was involved"


def test_an_equivalent_specialty_comes_into_question_and_another_one_does_not():
    request = a_request(specialty="medical oncology")
    hematologist = a_physician(1, "hematology")
    surgeon = a_physician(2, "orthopedic surgery")

    proposal = proposed(hematologist, surgeon, request=request)

    assert only_one(proposal).candidate.professional.npi == hematologist.npi
    assert "accepted as equivalent" in " ".join(test.reason for test in only_one(proposal).tests)
    assert not proposed(hematologist, request=request, equivalent_specialty_allowed=False).chosen


def test_of_several_specialties_the_one_that_is_asked_for_counts_with_its_own_certificate():
    several = (ListedSpecialty(name="internal medicine", primary=True), ListedSpecialty(name="orthopaedics"))

    one = only_one(proposed(a_physician(specialties=several)))

    assert one.candidate.professional.specialty == "orthopaedics"
    assert one.can_be_chosen


def test_what_the_directory_does_not_say_is_said():
    silent = a_physician(
        licences=(Licence(state="CA", number="SYN-1"),), locations=(a_place("10001", accepts_patients=None),)
    )

    one = only_one(proposed(silent))

    assert one.distance == "distance unknown: ZIP code 10001 is not in the table"
    assert one.notes == ("Whether patients are accepted is not on record; ask the office.",)
    assert "the last day of the licence is not on record" in [test.reason for test in one.tests]
    assert only_one(proposed(a_physician(locations=()))).distance == "distance unknown: no address on record"


def test_for_an_urgent_opinion_the_proposal_says_that_the_offices_are_to_be_asked():
    assert proposed(request=a_request(imminent_threat=True)).notes == (SILENT_ON_72_HOURS,)
    assert proposed().notes == ()


# -- distance, language, wish


def test_the_nearest_place_that_accepts_patients_counts_and_its_own_position_before_its_zip_code():
    places = (a_place("90802"), a_place("91101"), a_place("90031", accepts_patients=False))

    near = only_one(proposed(a_physician(locations=places)))
    by_position = only_one(proposed(a_physician(locations=(a_place("90802", latitude=34.06, longitude=-118.24),))))

    assert near.candidate.professional.address.postal_code == "91101"
    assert near.distance == "about 8.4 miles"
    assert by_position.candidate.distance_miles == 0
    assert by_position.distance == "under a mile"


@pytest.mark.parametrize(
    ("member", "note"),
    [
        (a_member(address=None), "No address of the member is on record: no distance is known."),
        (
            a_member(address=ADDRESS.model_copy(update={"postal_code": "10001"})),
            "The member's ZIP code is not in the table: no distance is known.",
        ),
    ],
)
def test_without_a_place_of_the_member_no_distance_is_known_and_nobody_is_ruled_out(member, note):
    proposal = proposed(a_physician(), request=a_request(member=member))

    assert proposal.notes == (note,)
    assert proposal.chosen
    assert proposal.chosen.distance == "distance unknown: where the member lives is not known"


def test_the_distance_is_counted_from_where_the_member_wants_to_be_reached():
    elsewhere = Contact(address=ADDRESS.model_copy(update={"postal_code": "90802"}))

    one = only_one(
        proposed(a_physician(locations=(a_place("90802"),)), request=a_request(member=a_member(confidential=elsewhere)))
    )

    assert one.candidate.distance_miles == 0


@pytest.mark.parametrize(("travels", "chosen"), [(False, False), (True, True), (None, True)])
def test_who_cannot_travel_is_proposed_nobody_far_away(travels, chosen):
    far = a_physician(1, locations=(a_place("92395"),))  # Victorville, some seventy miles away
    request = a_request(able_to_travel=travels)

    proposal = proposed(far, request=request)

    assert (proposal.chosen is not None) is chosen
    assert any("cannot travel" in note for note in proposal.notes) is not chosen
    assert ("too far away" in " ".join(proposal.passed_over.values())) is not chosen


def test_on_a_rung_come_the_eligible_then_the_wish_then_language_then_distance_then_the_lower_npi():
    request = a_request(member=a_member(language="es"), designated_professional=a_professional(an_npi(6)))
    people = [
        a_physician(1, languages=("es",), locations=(a_place("90012"),), certifications=()),
        a_physician(2, locations=(a_place("90012"),)),
        a_physician(3, locations=(a_place("91101"),)),
        a_physician(5, locations=(a_place("91101"),)),
        a_physician(4, languages=("es",), locations=(a_place("90802"),)),
        a_physician(6, locations=(a_place("94143"),)),
    ]

    proposal = proposed(*people, request=request)

    assert npis(proposal, Tier.PPG) == [an_npi(n) for n in (6, 4, 2, 3, 5, 1)]
    assert [one.speaks_the_members_language for one in proposal.rungs[0].proposed] == [
        False,
        True,
        False,
        False,
        False,
        True,
    ]
    assert proposal.wish == "The member designated Dr. Tom Reed, who is proposed."


def test_a_wish_that_cannot_be_met_is_answered():
    wished = a_request(designated_professional=a_professional(an_npi(7), name="Dr. Ana Ruiz"))

    unlisted = proposed(a_physician(1), request=wished)
    of_another_specialty = proposed(a_physician(1), a_physician(7, "cardiology"), request=wished)

    assert unlisted.wish.startswith("The member designated Dr. Ana Ruiz, whom no rung of this proposal lists")
    assert of_another_specialty.wish == (
        "The member designated Dr. Ana Ruiz, who is not proposed: the physician's specialty is not orthopedic surgery."
    )


# -- passed over


def test_a_rung_that_is_passed_over_says_how_many_failed_at_what_as_a_placement_wants_it():
    ended = (Licence(state="CA", number="SYN-1", expires=date(2026, 6, 30)),)
    people = [
        a_physician(1, certifications=()),
        a_physician(2, licences=ended),
        a_physician(3, licences=ended),
        a_physician(4, excluded_since=date(2026, 1, 1)),
        a_physician(5, until=date(2026, 1, 1)),
        a_physician(6, affiliations=(UNIVERSITY,)),
    ]

    proposal = proposed(*people)

    assert proposal.chosen
    assert proposal.chosen.candidate.tier is Tier.OUT_OF_NETWORK
    assert ladder_was_kept(Tier.OUT_OF_NETWORK, proposal.passed_over, REQUEST)
    sentence = proposal.passed_over[Tier.PPG]
    assert set(sentence.removeprefix("no eligible physician for orthopedic surgery in the PPG: ").split(", ")) == {
        "1 is not board-certified",
        "2 have no licence in force",
        "1 is excluded from federal programs",
        "1 is not listed on the day",
    }
    assert proposal.passed_over[Tier.PLAN] == (
        "no physician for orthopedic surgery is on record among the plan's contracted specialists"
    )


# -- whatever the directory holds

SPECIALTIES = ("orthopedic surgery", "orthopaedics", "neurosurgery", "family medicine")
PHYSICIANS = st.lists(
    st.builds(
        a_physician,
        st.integers(1, 40),
        st.sampled_from(SPECIALTIES),
        affiliations=st.lists(st.sampled_from((ALDER, BIRCH, POPPY, UNIVERSITY)), max_size=2).map(tuple),
        licences=st.sampled_from(
            ((), (Licence(state="CA", number="A", expires=date(2026, 1, 1)),), (Licence(state="CA", number="B"),))
        ),
        certifications=st.sampled_from(((), (BoardCertification(board="B", specialty="orthopedics"),))),
        locations=st.lists(
            st.sampled_from((a_place(), a_place("90802"), a_place("10001"), a_place(accepts_patients=False))),
            max_size=2,
        ).map(tuple),
        languages=st.sampled_from(((), ("es",))),
        until=st.none() | st.just(date(2026, 10, 1)),
        excluded_since=st.none() | st.just(date(2026, 10, 1)),
    ),
    max_size=9,
    unique_by=lambda physician: physician.npi,
)
REQUESTS = st.builds(
    lambda request, npi, kind: request.model_copy(
        update={
            "designated_professional": npi and a_professional(npi),
            "requester": Requester(kind=kind, name=a_member().name),
            "member": a_member(language="es"),
        }
    ),
    st.sampled_from((REQUEST, PRIMARY)),
    st.none() | st.integers(1, 40).map(an_npi),
    st.sampled_from(RequesterKind),
)


@given(REQUESTS, PHYSICIANS)
def test_the_ladder_is_kept_and_nobody_who_failed_a_test_is_ever_proposed(request_, physicians):
    proposal = candidates(request_, physicians, DAY)

    assert [rung.tier for rung in proposal.rungs] == list(LADDER[request_.care])
    if proposal.chosen:
        assert all(test.passed for test in proposal.chosen.tests)
        assert not proposal.chosen.considered.unavailable
        assert ladder_was_kept(proposal.chosen.candidate.tier, proposal.passed_over, request_)
    else:
        assert not any(rung.eligible for rung in proposal.rungs)
        assert set(proposal.passed_over) == set(LADDER[request_.care])


@given(REQUESTS, PHYSICIANS)
def test_nobody_who_cannot_be_chosen_stands_above_somebody_who_can(request_, physicians):
    for rung in candidates(request_, physicians, DAY).rungs:
        can = [one.can_be_chosen for one in rung.proposed]

        assert can == sorted(can, reverse=True)


@given(REQUESTS, PHYSICIANS, st.randoms(use_true_random=False))
def test_the_order_of_the_directory_makes_no_difference(request_, physicians, random):
    shuffled = list(physicians)
    random.shuffle(shuffled)

    assert candidates(request_, shuffled, DAY) == candidates(request_, physicians, DAY)


@given(REQUESTS, PHYSICIANS)
def test_the_ladder_itself_would_choose_the_same_from_the_same_candidates(request_, physicians):
    proposal = candidates(request_, physicians, DAY)

    fit = [one.candidate for rung in proposal.rungs for one in rung.proposed if one.can_be_chosen]
    again = propose(request_, fit, already_gave=frozenset({request_.pcp.npi}), on=DAY)
    assert again.chosen == (proposal.chosen and proposal.chosen.candidate)
