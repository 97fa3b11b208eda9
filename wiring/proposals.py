"""The proposal for a case, as every door shows it: the ladder's candidates, from the directory in force. P6.a, P6.b."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from policy.calendar import local_day
from policy.candidates import Proposal, Proposed, candidates, wanted_specialties
from policy.case import Case
from policy.directory import Physician
from policy.edition import edition_on
from policy.opinion import ConsideredInShort
from policy.placement import declined, took_part
from policy.request import Request
from policy.routing import LADDER, UNAVAILABLE, FeeArrangement, Tier
from policy.verdict import Refused
from wiring.world import World

SHOWN_OF_A_RUNG, MOST_REASONS, LONGEST_REASON = 15, 5, 300  # an action has to stay small (64 KB)
NO_DIRECTORY = "No directory is in force; import one with: second-opinion directory import FILE"


def proposal_for(
    world: World, case_number: str, *, at: datetime, case: Case | None = None, version: str = ""
) -> Proposal | Refused:
    """Whom the ladder leads to in a case, at a time; or why nothing can be proposed. Raises RecordsError.

    ``case``: the case as it stands, where the door has it. Without it the request as it was registered counts, and
    nobody is known who reviewed, decided or gave an opinion meanwhile: the placement itself still refuses them.
    ``version`` names a version of the directory; without it the one in force on the day counts.
    """
    request = case.request if case else world.register.request_of(case_number)
    if request is None:
        return Refused(reason=f"There is no case {case_number}; list them with: second-opinion list", field="case")
    day = local_day(at)
    found = world.directory.version(version) if version else world.directory.in_force_on(day)
    if found is None:
        missing = f"There is no directory {version}; list them with: second-opinion directory list"
        return Refused(reason=missing if version else NO_DIRECTORY, field="directory")
    parameters = (case.edition if case else edition_on(day)).parameters
    return candidates(
        request,
        _in_question(world, found.id, request),
        day,
        directory_version=found.id,
        already_gave=took_part(case) if case else frozenset(),
        declined=declined(case) if case else frozenset(),
        network_is_open=parameters.primary_care_network_designation,
        equivalent_specialty_allowed=parameters.equivalent_specialty_for_opinions,
    )


def _in_question(world: World, version: str, request: Request) -> list[Physician]:
    """Those of the specialty or an equivalent one, and whom the member designated."""
    found = world.directory.find(version, specialties=wanted_specialties(request))
    designated = request.designated_professional
    wish = world.directory.physician(version, designated.npi) if designated else None
    return [*found, *([wish] if wish and wish not in found else [])]


def placement_of(proposal: Proposal, npi: str) -> dict[str, Any] | Refused:
    """The fields of ``place_opinion`` for one of the candidates, as far as the directory knows them.

    The reasons for the tiers before are the proposal's own; of a tier that has an eligible physician a person says why
    nobody there was chosen. Refused for who stands in no rung, or cannot be chosen.
    """
    picked = next((one for one in _everybody(proposal) if one.candidate.professional.npi == npi), None)
    if picked is None:
        return Refused(reason=f"No rung of the proposal has a physician with the NPI {npi}.", field="pick")
    if not picked.can_be_chosen:
        return Refused(reason=f"{picked.candidate.professional.name} cannot be chosen: {_why(picked)}.", field="pick")
    candidate, ladder = picked.candidate, LADDER[proposal.care]
    nearer = ladder[: ladder.index(candidate.tier)]
    given: dict[str, Any] = {
        "tier": candidate.tier.value,
        "professional": candidate.professional.model_dump(mode="json", exclude_defaults=True),
        "board_certified": candidate.board_certified,
        "licence": candidate.licence,
        "fee": _fee(candidate.tier).value,
        "passed_over": {tier.value: why for tier, why in proposal.passed_over.items() if tier in nearer},
        "wish": proposal.wish,
        "attests_no_conflict": candidate.attests_no_conflict,
        **found_out(proposal, npi),
    }
    return {name: value for name, value in given.items() if value not in (None, "", {}, [])}


def found_out(proposal: Proposal, npi: str) -> dict[str, Any]:
    """What a door knows of a placement without asking: who stood in the proposal, what the directory says of one."""
    led_to = proposal.chosen.candidate.professional.npi if proposal.chosen else ""
    known: dict[str, Any] = {
        "directory_version": proposal.directory_version,
        "proposed_npi": led_to,
        "considered": [one.model_dump(mode="json") for one in _in_short(proposal, npi)],
    }
    picked = next((one.candidate for one in _everybody(proposal) if one.candidate.professional.npi == npi), None)
    if picked is None:
        return known
    return {**known, "languages": list(picked.languages), "distance_miles": picked.distance_miles}


def _fee(tier: Tier) -> FeeArrangement:
    """What is usual on a tier (P6b): nobody out of network is seen without a letter of agreement."""
    out = tier is Tier.OUT_OF_NETWORK
    return FeeArrangement.LETTER_OF_AGREEMENT_PENDING if out else FeeArrangement.PLAN_PAYS


def _everybody(proposal: Proposal) -> Iterator[Proposed]:
    return (one for rung in proposal.rungs for one in rung.proposed)


def _in_short(proposal: Proposal, npi: str) -> Iterator[ConsideredInShort]:
    """The first of each rung, those who can be chosen before the others, and whoever was picked."""
    for rung in proposal.rungs:
        for place, one in enumerate(rung.proposed):
            who = one.candidate.professional
            if place < SHOWN_OF_A_RUNG or who.npi == npi:
                yield ConsideredInShort(
                    npi=who.npi,
                    name=who.name[:200],
                    tier=rung.tier,
                    passed=one.can_be_chosen,
                    reasons=tuple(reason[:LONGEST_REASON] for reason in one.considered.reasons[:MOST_REASONS]),
                )


def _why(one: Proposed) -> str:
    failed = [test.reason for test in one.tests if not test.passed]
    return "; ".join([*failed, *(UNAVAILABLE[bar] for bar in one.considered.unavailable)])
