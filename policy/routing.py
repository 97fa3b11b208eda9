"""Who gives the opinion: organization, PPG, plan, out of network. Policy 90.2.17, Procedure 6.a and 6.b; PUR."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

from pydantic import Field

from policy.clauses import Clause
from policy.eligibility import Eligibility, EligibilityTest, SpecialtyLikeness, likeness, opinion_eligibility
from policy.listing import COUNTED as COUNTED_AS_LISTED
from policy.listing import ListedResult, ListedTest
from policy.people import Professional
from policy.request import Care, Request, RequesterKind
from policy.verdict import Allowed, Refused, Value, Verdict


class Tier(StrEnum):
    """A rung of the ladder."""

    ORGANIZATION = "organization"
    NETWORK = "network"
    PPG = "ppg"
    PLAN = "plan"
    OUT_OF_NETWORK = "out_of_network"

    @property
    def is_the_organizations_own(self) -> bool:
        """Whether only physicians of the member's own organization stand on this rung (P6a, P6b)."""
        return self in (Tier.ORGANIZATION, Tier.PPG)

    @property
    def is_for_the_designated(self) -> bool:
        """Whether only the physician whom the member designated may stand on this rung (P6a)."""
        return self is Tier.NETWORK


class FeeArrangement(StrEnum):
    """Who bears the fee (P6b, P8): never the member."""

    PLAN_PAYS = "plan_pays"
    NEGOTIATED_FOR_PPG = "negotiated_for_ppg"
    LETTER_OF_AGREEMENT_PENDING = "letter_of_agreement_pending"
    AGREED = "agreed"


LADDER: dict[Care, tuple[Tier, ...]] = {
    # The policy says the member may designate from the same network; H&S 1383.15(e) says the same organization. So the
    # organization comes first, and the network only for the physician whom the member designated.
    Care.PRIMARY_CARE: (Tier.ORGANIZATION, Tier.NETWORK),
    Care.SPECIALTY: (Tier.PPG, Tier.PLAN, Tier.OUT_OF_NETWORK),
}


# Medi-Cal's distances, here for a member who cannot travel: W&I 14197 (specialists: Los Angeles and San Diego).
FARTHEST_MILES: dict[Care, float] = {Care.PRIMARY_CARE: 10.0, Care.SPECIALTY: 15.0}


class Unavailable(StrEnum):
    """Why a physician who qualifies is passed over none the less."""

    NOT_ACCEPTING = "not_accepting"
    TOO_FAR = "too_far"
    DECLINED = "declined"


Bar = EligibilityTest | ListedTest | Unavailable


class Candidate(Value):
    """A physician proposed for the opinion, with what the rules must know. Stands in recorded cases: it only grows."""

    professional: Professional
    tier: Tier
    board_certified: bool
    licence: str
    languages: tuple[str, ...] = Field((), description="ISO 639 codes")
    distance_miles: float | None = Field(None, ge=0, allow_inf_nan=False, description="from the member's address")
    accepts_patients: bool = True
    attests_no_conflict: bool | None = Field(None, description="none: not asked yet")


class Considered(Value):
    """One candidate with every test's result, and why the choice passed over (P6a, P6b). No reasons: the one chosen."""

    candidate: Candidate
    eligibility: Eligibility
    as_listed: tuple[ListedResult, ...] = ()
    unavailable: tuple[Unavailable, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def can_be_chosen(self) -> bool:
        """Whether the candidate qualifies and is within the member's reach."""
        return not self.bars

    @property
    def bars(self) -> tuple[Bar, ...]:
        """The tests that failed, and what else stands in the way."""
        listed = (result.test for result in self.as_listed if not result.passed)
        return (*(result.test for result in self.eligibility.failed), *listed, *self.unavailable)


class Rung(Value):
    """One tier with its candidates in the order of preference, and the sentence why it was passed over, if it was."""

    tier: Tier
    considered: tuple[Considered, ...]
    passed_over: str = ""


class Proposal(Value):
    """Whom the ladder leads to, and why not to anybody before. A person places the opinion, not this value."""

    chosen: Candidate | None
    rungs: tuple[Rung, ...]
    off_the_ladder: tuple[Considered, ...] = ()

    @property
    def passed_over(self) -> dict[Tier, str]:
        """The reason for each tier nearer than the chosen one, as a placement wants it; for all, when nobody is."""
        return {rung.tier: rung.passed_over for rung in self.rungs if rung.passed_over}


def may_give_opinion(
    candidate: Candidate, request: Request, already_gave: frozenset[str], on: date | None = None
) -> Verdict:
    """Whether the physician is appropriately qualified and was not involved (PUR), naming the first test that fails.

    ``already_gave`` holds the NPIs of those who gave an earlier opinion in this case; ``on`` is the day of placing.
    """
    return opinion_eligibility(candidate, request, already_gave, on=on).verdict


def ladder_was_kept(tier: Tier, passed_over: dict[Tier, str], request: Request) -> Verdict:
    """Whether the tier belongs to this kind of care, and each nearer tier was passed over with a reason."""
    ladder, clause = LADDER[request.care], clause_for(request)
    if tier not in ladder:
        choices = ", ".join(ladder)
        return Refused(reason=f"{request.care} goes to one of: {choices}", clause=clause, field="tier")
    for nearer in ladder[: ladder.index(tier)]:
        if not passed_over.get(nearer, "").strip():
            return Refused(
                reason=f"say why no physician of tier {nearer} was chosen",
                clause=clause,
                field=f"passed_over.{nearer}",
            )
    return Allowed()


def clause_for(request: Request) -> Clause:
    """P6a for primary care, P6b for specialty care."""
    return Clause.P6A if request.care is Care.PRIMARY_CARE else Clause.P6B


def same_specialty(one: str, other: str) -> bool:
    """Whether two specialties are the same, under one name or two, whatever the spelling of case and blanks."""
    return likeness(one, other) is SpecialtyLikeness.SAME


def propose(
    request: Request,
    candidates: Iterable[Candidate],
    *,
    already_gave: frozenset[str] = frozenset(),
    member_can_travel: bool = True,
    farthest_miles: float | None = None,
    honour_choice_across_tiers: bool = True,
    equivalent_specialty_allowed: bool = True,
    as_listed: Mapping[str, tuple[ListedResult, ...]] | None = None,
    declined: frozenset[str] = frozenset(),
    on: date | None = None,
) -> Proposal:
    """Tier by tier, the first physician who qualifies and is within reach (P6a, P6b), and why each other is not.

    Within a tier: whom the member designated, then who speaks the member's language, then the nearest, then by NPI.
    The policy's order of tiers stays, with one exception, which ``honour_choice_across_tiers`` can switch off: when it
    is the enrollee who asks, H&S 1383.15(f) gives any specialist of the network whom the enrollee chooses, and P6a one
    "of their choice from the same network" (H&S 1383.15(e): of the organization); the choice then stands as the reason
    for the tiers before it. ``member_can_travel`` is H&S 1383.15(g): who cannot is sent no farther than
    ``farthest_miles``; an unknown distance comes last, and rules nobody out. ``as_listed``: by NPI, what a directory's
    own tests said of a physician. ``declined``: NPIs of those who declined this opinion, or have no time.
    """
    limit = FARTHEST_MILES[request.care] if farthest_miles is None else farthest_miles
    in_order = sorted(dict.fromkeys(candidates), key=lambda c: (*_preference(c, request), c.model_dump_json()))
    looked_at = tuple(
        Considered(
            candidate=candidate,
            eligibility=opinion_eligibility(
                candidate, request, already_gave, equivalent_specialty_allowed=equivalent_specialty_allowed, on=on
            ),
            as_listed=(as_listed or {}).get(candidate.professional.npi, ()),
            unavailable=_unavailable(candidate, None if member_can_travel else limit, declined),
        )
        for candidate in in_order
    )
    chosen = _choice(looked_at, request, across_tiers=honour_choice_across_tiers)
    told = tuple(one.model_copy(update={"reasons": _reasons(one, chosen, request)}) for one in looked_at)
    ladder = LADDER[request.care]
    return Proposal(
        chosen=chosen,
        rungs=tuple(_rung(tier, told, chosen, request) for tier in ladder),
        off_the_ladder=tuple(one for one in told if one.candidate.tier not in ladder),
    )


def _unavailable(candidate: Candidate, limit: float | None, declined: frozenset[str]) -> tuple[Unavailable, ...]:
    bars = {
        Unavailable.NOT_ACCEPTING: not candidate.accepts_patients,
        Unavailable.TOO_FAR: limit is not None and (candidate.distance_miles or 0) > limit,
        Unavailable.DECLINED: candidate.professional.npi in declined,
    }
    return tuple(bar for bar, stands in bars.items() if stands)


def _rung(tier: Tier, told: tuple[Considered, ...], chosen: Candidate | None, request: Request) -> Rung:
    ladder, here = LADDER[request.care], tuple(one for one in told if one.candidate.tier is tier)
    is_nearer = chosen is None or ladder.index(tier) < ladder.index(chosen.tier)
    return Rung(
        tier=tier, considered=here, passed_over=_why_passed_over(tier, here, chosen, request) if is_nearer else ""
    )


def is_designated(candidate: Candidate, request: Request) -> bool:
    """Whether the member designated this physician."""
    designated = request.designated_professional
    return designated is not None and designated.npi == candidate.professional.npi


def speaks(candidate: Candidate, request: Request) -> bool:
    """Whether the physician speaks the member's language.

    English is left out of physicians' lists; every one licensed here is taken to speak it.
    """
    language = request.member.language
    return language == "en" or language in (spoken.strip().casefold() for spoken in candidate.languages)


def _preference(candidate: Candidate, request: Request) -> tuple[bool, bool, float, str]:
    miles = float("inf") if candidate.distance_miles is None else candidate.distance_miles
    return not is_designated(candidate, request), not speaks(candidate, request), miles, candidate.professional.npi


def _choice(looked_at: tuple[Considered, ...], request: Request, *, across_tiers: bool) -> Candidate | None:
    ladder = LADDER[request.care]
    fit = [one.candidate for one in looked_at if one.can_be_chosen and one.candidate.tier in ladder]
    fit.sort(key=lambda candidate: ladder.index(candidate.tier))
    enrollee = request.requester.kind in (RequesterKind.MEMBER, RequesterKind.AUTHORIZED_REPRESENTATIVE)
    wanted = (c for c in fit if is_designated(c, request) and c.tier is not Tier.OUT_OF_NETWORK)
    picked = next(wanted, None) if across_tiers and enrollee else None
    return picked or next(iter(fit), None)


def _reasons(one: Considered, chosen: Candidate | None, request: Request) -> tuple[str, ...]:
    if one.candidate == chosen:
        return ()
    failed = (*(r.reason for r in one.eligibility.failed), *(r.reason for r in one.as_listed if not r.passed))
    bars = (*failed, *(UNAVAILABLE[bar] for bar in one.unavailable))
    if one.candidate.tier not in LADDER[request.care]:
        return (f"{request.care} does not go to tier {one.candidate.tier}", *bars)
    if bars or chosen is None:
        return bars
    return (_why_later(one.candidate, chosen, request),)


def _why_later(candidate: Candidate, chosen: Candidate, request: Request) -> str:
    name, ladder = chosen.professional.name, LADDER[request.care]
    if ladder.index(chosen.tier) < ladder.index(candidate.tier):
        return f"{name}, of the nearer tier {chosen.tier}, comes first"
    if is_designated(chosen, request):
        return f"the member chose {name}"
    if speaks(chosen, request) and not speaks(candidate, request):
        return f"{name} speaks the member's language"
    if chosen.distance_miles != candidate.distance_miles:
        return f"{name} is nearer" if candidate.distance_miles is not None else f"only {name}'s distance is known"
    return f"no reason sets {name} apart, who comes first by NPI"


def _why_passed_over(tier: Tier, here: tuple[Considered, ...], chosen: Candidate | None, request: Request) -> str:
    able = sum(one.can_be_chosen for one in here)
    if chosen and able:
        count = f"{able} eligible {'physician' if able == 1 else 'physicians'}"
        return f"the member chose {chosen.professional.name} of tier {chosen.tier}, before {count} {WHERE[tier]}"
    if not here:
        return f"no physician for {request.specialty} is on record {WHERE[tier]}"
    if tier.is_for_the_designated and not any(is_designated(one.candidate, request) for one in here):
        return f"the member chose nobody {WHERE[tier]}"
    bars = Counter(one.bars[0] for one in here)
    counts = ", ".join(f"{amount} {_counted(bar)[amount > 1]}" for bar, amount in bars.items())
    return f"no eligible physician for {request.specialty} {WHERE[tier]}: {counts}"


def _counted(bar: Bar) -> tuple[str, str]:
    """What is said of one, and of several, whom it keeps out."""
    return COUNTED_AS_LISTED[bar] if isinstance(bar, ListedTest) else COUNTED[bar]


WHERE: dict[Tier, str] = {
    Tier.ORGANIZATION: "in the physician organization",
    Tier.NETWORK: "in the network",
    Tier.PPG: "in the PPG",
    Tier.PLAN: "among the plan's contracted specialists",
    Tier.OUT_OF_NETWORK: "out of network",
}
UNAVAILABLE: dict[Unavailable, str] = {
    Unavailable.NOT_ACCEPTING: "the physician accepts no patients",
    Unavailable.TOO_FAR: "the physician is too far away for a member who cannot travel",
    Unavailable.DECLINED: "the physician declined, or cannot see the member in time",
}
COUNTED: dict[EligibilityTest | Unavailable, tuple[str, str]] = {
    EligibilityTest.LICENSED: ("has no licence on record", "have no licence on record"),
    EligibilityTest.NOT_INVOLVED: ("was involved", "were involved"),
    EligibilityTest.SPECIALTY: ("is of another specialty", "are of another specialty"),
    EligibilityTest.BOARD_CERTIFIED: ("is not board-certified", "are not board-certified"),
    EligibilityTest.IN_TIER: ("is of another organization", "are of another organization"),
    EligibilityTest.IN_SCOPE: ("would be out of scope", "would be out of scope"),
    EligibilityTest.NO_CONFLICT: ("has a conflict of interest", "have a conflict of interest"),
    Unavailable.NOT_ACCEPTING: ("accepts no patients", "accept no patients"),
    Unavailable.TOO_FAR: ("is too far away", "are too far away"),
    Unavailable.DECLINED: ("declined or has no time", "declined or have no time"),
}
