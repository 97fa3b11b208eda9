"""Who gives the opinion: organization, PPG, plan, out of network. Policy 90.2.17, Procedure 6.a and 6.b; PUR."""

from enum import StrEnum

from policy.clauses import Clause
from policy.people import Professional
from policy.request import Care, Request
from policy.verdict import Allowed, Refused, Value, Verdict, first_refusal


class Tier(StrEnum):
    """A rung of the ladder."""

    ORGANIZATION = "organization"
    NETWORK = "network"
    PPG = "ppg"
    PLAN = "plan"
    OUT_OF_NETWORK = "out_of_network"


class FeeArrangement(StrEnum):
    """Who bears the fee (P6b, P8): never the member."""

    PLAN_PAYS = "plan_pays"
    NEGOTIATED_FOR_PPG = "negotiated_for_ppg"
    LETTER_OF_AGREEMENT_PENDING = "letter_of_agreement_pending"


LADDER: dict[Care, tuple[Tier, ...]] = {
    # The policy says the member may designate from the same network; H&S 1383.15(e) says the same organization. So the
    # organization comes first, and the network only for the physician whom the member designated.
    Care.PRIMARY_CARE: (Tier.ORGANIZATION, Tier.NETWORK),
    Care.SPECIALTY: (Tier.PPG, Tier.PLAN, Tier.OUT_OF_NETWORK),
}


class Candidate(Value):
    """A physician proposed for the opinion, with what the rules must know."""

    professional: Professional
    tier: Tier
    board_certified: bool
    licence: str


def may_give_opinion(candidate: Candidate, request: Request, already_gave: frozenset[str]) -> Verdict:
    """Whether the physician is appropriately qualified and was not involved (PUR), naming the first test that fails.

    ``already_gave`` holds the NPIs of those who gave an earlier opinion in this case.
    """
    return first_refusal(
        _is_licensed(candidate),
        _was_not_involved(candidate, request.involved | already_gave),
        _has_the_specialty(candidate, request),
        _is_board_certified(candidate, request),
        _is_in_the_tier(candidate, request),
    )


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
    """Whether two specialties have the same name, whatever the spelling of case and blanks."""
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


def _is_licensed(candidate: Candidate) -> Verdict:
    if candidate.licence.strip():
        return Allowed()
    return Refused(reason="the physician's licence is not on record", clause=Clause.PUR, field="licence")


def _was_not_involved(candidate: Candidate, involved: frozenset[str]) -> Verdict:
    if candidate.professional.npi not in involved:
        return Allowed()
    return Refused(
        reason="the physician was involved in the treatment or gave an earlier opinion",
        clause=Clause.PUR,
        field="professional.npi",
    )


def _has_the_specialty(candidate: Candidate, request: Request) -> Verdict:
    if same_specialty(candidate.professional.specialty, request.specialty):
        return Allowed()
    return Refused(
        reason=f"the physician's specialty is not {request.specialty}",
        clause=clause_for(request),
        field="professional.specialty",
    )


def _is_board_certified(candidate: Candidate, request: Request) -> Verdict:
    if candidate.board_certified or request.care is Care.PRIMARY_CARE:
        return Allowed()
    return Refused(reason="the physician is not board-certified", clause=Clause.P6B, field="board_certified")


def _is_in_the_tier(candidate: Candidate, request: Request) -> Verdict:
    own = request.treating_provider.organization or request.pcp.organization
    if candidate.tier in (Tier.ORGANIZATION, Tier.PPG) and candidate.professional.organization != own:
        return Refused(
            reason=f"the physician is not of the organization {own!r}",
            clause=clause_for(request),
            field="professional.organization",
        )
    designated = request.designated_professional
    if candidate.tier is Tier.NETWORK and (not designated or designated.npi != candidate.professional.npi):
        return Refused(
            reason="beyond the organization, primary care goes only to the physician whom the member designated",
            clause=Clause.P6A,
            field="professional.npi",
        )
    return Allowed()
