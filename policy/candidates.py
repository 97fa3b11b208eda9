"""Candidates for an opinion out of the directory, rung by rung, each with its tests. Policy 90.2.17, P6.a, P6.b; PUR.

Which physician stands on which rung, and with what, is read off the directory in ``standing``. Who qualifies is decided
in ``eligibility``, whom the ladder leads to in ``routing``. A person places the opinion, not this value.
"""

from collections.abc import Iterable
from datetime import date

from policy.directory import Physician
from policy.eligibility import TestResult
from policy.listing import ListedResult
from policy.request import Care, Request
from policy.routing import FARTHEST_MILES, Candidate, Considered, Rung, Tier, is_designated, propose, speaks
from policy.standing import Standing, address_of, comes_into_question, home_of, standing_of
from policy.taxonomy import alike
from policy.verdict import Value

SILENT_ON_72_HOURS = (
    "Imminent threat: no directory says who can see the member within 72 hours; ask each office before the placement."
)


class Proposed(Value):
    """One candidate as a person sees it: the tests, the distance in words, the member's language and wish."""

    considered: Considered
    is_the_members_wish: bool
    speaks_the_members_language: bool
    distance: str
    notes: tuple[str, ...] = ()

    @property
    def candidate(self) -> Candidate:
        """The physician as a placement wants it."""
        return self.considered.candidate

    @property
    def can_be_chosen(self) -> bool:
        """Whether every test was passed and nothing else stands in the way."""
        return self.considered.can_be_chosen

    @property
    def tests(self) -> tuple[TestResult | ListedResult, ...]:
        """Every test that was made, passed or failed."""
        return (*self.considered.eligibility.results, *self.considered.as_listed)


class ProposedRung(Value):
    """One tier with its candidates, those who can be chosen first; why it was passed over, where it was."""

    tier: Tier
    proposed: tuple[Proposed, ...]
    passed_over: str = ""

    @property
    def eligible(self) -> int:
        """How many of its candidates can be chosen."""
        return sum(one.can_be_chosen for one in self.proposed)


class Proposal(Value):
    """Whom the ladder leads to on a day, by one version of the directory, and why nobody before.

    ``directory_version`` is its id. ``wish`` says what became of the member's choice; empty where there is none.
    """

    directory_version: str
    on: date
    care: Care
    specialty: str
    chosen: Proposed | None
    rungs: tuple[ProposedRung, ...]
    wish: str = ""
    notes: tuple[str, ...] = ()

    @property
    def passed_over(self) -> dict[Tier, str]:
        """The reason for each tier that was passed over, as ``PlaceOpinion.passed_over`` wants it."""
        return {rung.tier: rung.passed_over for rung in self.rungs if rung.passed_over}


def wanted_specialties(request: Request) -> frozenset[str]:
    """The names, in small letters, of the specialties whose physicians come into question."""
    return alike(request.specialty)


def candidates(
    request: Request,
    physicians: Iterable[Physician],
    on_day: date,
    *,
    directory_version: str = "",
    already_gave: frozenset[str] = frozenset(),
    network_is_open: bool = True,
    equivalent_specialty_allowed: bool = True,
    member_can_travel: bool = True,
    declined: frozenset[str] = frozenset(),
) -> Proposal:
    """The proposal for a request, on a day (Los Angeles), from the physicians of one version of the directory.

    ``already_gave``: NPIs of who gave an earlier opinion in the case, reviewed or decided it; the PCP is always among
    them. ``declined``: NPIs of those who declined this very opinion.
    ``network_is_open`` is the edition's choice for primary care (P6a). A member who cannot travel, by the request or by
    ``member_can_travel``, is sent no farther than the distances of ``routing`` (H&S 1383.15(g)). A physician of another
    specialty is left out, unless the member designated that one. On a rung: who can be chosen first; then whom the
    member designated, who speaks the member's language, the nearest, the lower NPI.
    """
    travels = member_can_travel and request.able_to_travel is not False
    every = (standing_of(p, request, on_day) for p in physicians if comes_into_question(p, request))
    standings = {
        one.candidate.professional.npi: one
        for one in every
        if network_is_open or one.candidate.tier is not Tier.NETWORK
    }
    ladder = propose(
        request,
        [one.candidate for one in standings.values()],
        already_gave=already_gave | {request.pcp.npi},
        member_can_travel=travels,
        equivalent_specialty_allowed=equivalent_specialty_allowed,
        declined=declined,
        as_listed={npi: one.tests for npi, one in standings.items()},
        on=on_day,
    )
    rungs = tuple(
        ProposedRung(
            tier=rung.tier,
            proposed=_in_order(_shown(rung, request), request, standings),
            passed_over=rung.passed_over,
        )
        for rung in ladder.rungs
    )
    seen = [one for rung in rungs for one in rung.proposed]
    seen += _in_order(ladder.off_the_ladder, request, standings)
    return Proposal(
        directory_version=directory_version,
        on=on_day,
        care=request.care,
        specialty=request.specialty,
        chosen=next((one for one in seen if one.candidate == ladder.chosen), None),
        rungs=rungs,
        wish=_wish(request, seen, ladder.chosen),
        notes=_notes(request, travels=travels),
    )


def _shown(rung: Rung, request: Request) -> Iterable[Considered]:
    """Where only the designated physician may stand, all others of the network would say nothing to anybody."""
    if not rung.tier.is_for_the_designated:
        return rung.considered
    return (one for one in rung.considered if is_designated(one.candidate, request))


def _in_order(
    considered: Iterable[Considered], request: Request, standings: dict[str, Standing]
) -> tuple[Proposed, ...]:
    """Those who can be chosen first; the order among them is the ladder's."""
    return tuple(
        Proposed(
            considered=one,
            is_the_members_wish=is_designated(one.candidate, request),
            speaks_the_members_language=speaks(one.candidate, request),
            distance=standings[one.candidate.professional.npi].distance,
            notes=standings[one.candidate.professional.npi].silences,
        )
        for one in sorted(considered, key=lambda one: not one.can_be_chosen)
    )


def _wish(request: Request, seen: Iterable[Proposed], chosen: Candidate | None) -> str:
    wanted = request.designated_professional
    if wanted is None:
        return ""
    found = next((one for one in seen if one.is_the_members_wish), None)
    if found is None:
        return f"The member designated {wanted.name}, whom no rung of this proposal lists; look the NPI up."
    if found.candidate == chosen:
        return f"The member designated {wanted.name}, who is proposed."
    return f"The member designated {wanted.name}, who is not proposed: {'; '.join(found.considered.reasons)}."


def _notes(request: Request, *, travels: bool) -> tuple[str, ...]:
    unknown = (
        "The member's ZIP code is not in the table" if address_of(request) else "No address of the member is on record"
    )
    near = f"The member cannot travel: nobody farther than {FARTHEST_MILES[request.care]:g} miles is proposed."
    notes = {
        SILENT_ON_72_HOURS: request.imminent_threat,
        near: not travels,
        f"{unknown}: no distance is known.": home_of(request) is None,
    }
    return tuple(note for note, holds in notes.items() if holds)
