"""Who is qualified to review or to give an opinion, and was not involved. Policy 90.2.17: PUR, POL-3, P5, P6.a, P6.b.

Every test is run and every result is kept: none stops at the first failure, so that all can be shown to a person.
"""

import tomllib
from datetime import date
from enum import StrEnum
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from policy.clauses import Clause
from policy.people import Actor
from policy.request import Care, Request
from policy.verdict import Allowed, Refused, Value, Verdict

if TYPE_CHECKING:
    from policy.routing import Candidate  # routing builds on this module; a case is made of its candidates

OF_AGE = 18


class SpecialtyLikeness(StrEnum):
    """How near two specialties are. An equivalent one counts only where the rule accepts it."""

    SAME = "same"
    EQUIVALENT = "equivalent"
    OTHER = "other"


class SpecialtyGroup(Value):
    """A row of ``specialties.toml``: names of one specialty, or specialties that may stand for each other, and why."""

    likeness: Literal[SpecialtyLikeness.SAME, SpecialtyLikeness.EQUIVALENT]
    names: tuple[str, ...] = Field(min_length=2)
    reason: str = Field(min_length=1)
    citation: str = Field(min_length=1)
    care: Care | None = None
    patients: Literal["adults", "children"] | None = None

    def covers(self, request: Request, on: date | None) -> bool:
        """Whether the row counts for this kind of care and, on a day, for a member of this age."""
        if self.care not in (None, request.care):
            return False
        if self.patients is None or on is None:
            return True
        born = request.member.birth_date
        age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
        return (age >= OF_AGE) is (self.patients == "adults")

    @property
    def limit(self) -> str:
        """To what the row is limited, in words."""
        return " of ".join(filter(None, (self.care and self.care.replace("_", " "), self.patients)))


class EligibilityTest(StrEnum):
    """What is asked of a physician. Each result in ``Eligibility.results`` answers one."""

    LICENSED = "licensed"
    IN_SCOPE = "in_scope"
    SPECIALTY = "specialty"
    BOARD_CERTIFIED = "board_certified"
    NOT_INVOLVED = "not_involved"
    DID_NOT_REFER = "did_not_refer"
    IN_TIER = "in_tier"
    NO_CONFLICT = "no_conflict"


class TestResult(Value):
    """One test's answer: what failed, or how it was passed where that needs a word; its clause, and where it lies."""

    test: EligibilityTest
    passed: bool
    reason: str = ""
    clause: str
    field: str


class Eligibility(Value):
    """All the tests of one physician. Truthy when every one was passed."""

    results: tuple[TestResult, ...]

    def __bool__(self) -> bool:
        return not self.failed

    @property
    def failed(self) -> tuple[TestResult, ...]:
        """The tests that were not passed, in the order in which they are named to a person."""
        return tuple(r for r in self.results if not r.passed)

    @property
    def verdict(self) -> Verdict:
        """Allowed, or the first objection."""
        first = next(iter(self.failed), None)
        return Refused(reason=first.reason, clause=first.clause, field=first.field) if first else Allowed()


Test = EligibilityTest


def _objection(reason: str, clause: str, field: str) -> Refused:
    return Refused(reason=reason, clause=clause, field=field)


# What a test says to who fails it, where the words are always the same.
TO_A_REVIEWER: dict[EligibilityTest, Refused] = {
    Test.LICENSED: _objection("only a licensed physician may do this", "H&S 1367.01(e)", "actor.licence"),
    Test.BOARD_CERTIFIED: _objection("a consultant must be board-certified", Clause.POL_3, "actor.board_certified"),
    Test.NOT_INVOLVED: _objection("a professional involved in the case cannot review it", Clause.PUR, "actor.npi"),
    Test.DID_NOT_REFER: _objection("who refers a case cannot be its consultant", Clause.P5, "actor.id"),
    Test.NO_CONFLICT: _objection(
        "a consultant with a conflict of interest cannot review this case; release the task",
        Clause.POL_3,
        "attests_no_conflict",
    ),
}
WITHOUT_NPI = _objection("without an NPI nobody can tell whether the physician was involved", Clause.PUR, "actor.npi")
TO_AN_OPINION: dict[EligibilityTest, Refused] = {
    Test.LICENSED: _objection("the physician's licence is not on record", Clause.PUR, "licence"),
    Test.NOT_INVOLVED: _objection(
        "the physician was involved in the treatment or gave an earlier opinion", Clause.PUR, "professional.npi"
    ),
    Test.BOARD_CERTIFIED: _objection("the physician is not board-certified", Clause.P6B, "board_certified"),
    Test.NO_CONFLICT: _objection(
        "a physician with a conflict of interest cannot give this opinion", Clause.POL_3, "attests_no_conflict"
    ),
}


def likeness(one: str, other: str) -> SpecialtyLikeness:
    """Whether two specialties are the same, equivalent (H&S 1383.15(f)) or neither, whatever case and blanks.

    A specialty that the table lacks is the same as itself and like no other.
    """
    if _named(one) == _named(other):
        return SpecialtyLikeness.SAME
    return SpecialtyLikeness.EQUIVALENT if _equating(one, other) else SpecialtyLikeness.OTHER


def reviewer_eligibility(
    actor: Actor,
    request: Request,
    referred_by: frozenset[str] = frozenset(),
    *,
    attests_no_conflict: bool | None = None,
    equivalent_specialty_allowed: bool = False,
    on: date | None = None,
) -> Eligibility:
    """Whether staff may give the consultative review (P5, POL-3, PUR). ``referred_by``: ids of those who asked for it.

    The policy asks for "a physician within the same specialty as the one being requested" (P5); the law's "same or
    equivalent" (H&S 1383.15(f)) is about the opinion, so an equivalent specialty counts only when told so.
    """
    wrong = f"the consultant's specialty must be {request.specialty}"
    objections = {
        **TO_A_REVIEWER,
        **({} if actor.npi else {Test.NOT_INVOLVED: WITHOUT_NPI}),
        Test.SPECIALTY: _objection(wrong, Clause.P5, "actor.specialty"),
        Test.IN_SCOPE: _out_of_scope(actor.specialty, request, "actor.specialty"),
    }
    passed = {
        Test.LICENSED: bool(actor.licence.strip()),
        Test.SPECIALTY: _accepted(actor.specialty, request, equivalent=equivalent_specialty_allowed),
        Test.BOARD_CERTIFIED: actor.board_certified,
        Test.NOT_INVOLVED: bool(actor.npi) and actor.npi not in request.involved | {request.pcp.npi},
        Test.DID_NOT_REFER: actor.id not in referred_by,
        Test.IN_SCOPE: _in_scope(actor.specialty, request, on),
        Test.NO_CONFLICT: attests_no_conflict is not False,
    }
    return _answers(passed, objections, _how(actor.specialty, request, on, attests=attests_no_conflict))


def opinion_eligibility(
    candidate: "Candidate",
    request: Request,
    already_gave: frozenset[str] = frozenset(),
    *,
    equivalent_specialty_allowed: bool = True,
    on: date | None = None,
) -> Eligibility:
    """Whether a physician may give the opinion (PUR, P6a, P6b). ``already_gave``: NPIs of earlier opinions in the case.

    P6b asks for "a Board Certified Physician of the same specialty"; H&S 1383.15(f) lets the member have one "of the
    same or equivalent specialty". The law's wider reading is the default. P6a asks for "an appropriately qualified
    primary care physician", and so takes the same default. ``on`` is the day on which the member's age counts; without
    it, what an equivalence says about ages is not tested.
    """
    who, primary = candidate.professional, request.care is Care.PRIMARY_CARE
    clause = Clause.P6A if primary else Clause.P6B
    wrong = f"the physician's specialty is not {request.specialty}"
    out_of_tier = _out_of_tier(candidate, request, clause)
    objections = {
        **TO_AN_OPINION,
        Test.SPECIALTY: _objection(wrong, clause, "professional.specialty"),
        Test.IN_TIER: _objection("", clause, "tier") if out_of_tier is None else out_of_tier,
        Test.IN_SCOPE: _out_of_scope(who.specialty, request, "professional.specialty"),
    }
    passed = {
        Test.LICENSED: bool(candidate.licence.strip()),
        Test.NOT_INVOLVED: who.npi not in request.involved | already_gave,
        Test.SPECIALTY: _accepted(who.specialty, request, equivalent=equivalent_specialty_allowed),
        Test.BOARD_CERTIFIED: candidate.board_certified or primary,
        Test.IN_TIER: out_of_tier is None,
        Test.IN_SCOPE: _in_scope(who.specialty, request, on),
        Test.NO_CONFLICT: candidate.attests_no_conflict is not False,
    }
    how = _how(who.specialty, request, on, attests=candidate.attests_no_conflict)
    if primary and not candidate.board_certified:
        how[Test.BOARD_CERTIFIED] = "primary care asks for no board certification"
    return _answers(passed, objections, how)


def _answers(
    passed: dict[EligibilityTest, bool], objections: dict[EligibilityTest, Refused], how: dict[EligibilityTest, str]
) -> Eligibility:
    return Eligibility(
        results=tuple(
            TestResult(
                test=test,
                passed=ok,
                reason=how.get(test, "") if ok else objections[test].reason,
                clause=objections[test].clause,
                field=objections[test].field,
            )
            for test, ok in passed.items()
        )
    )


def _accepted(specialty: str, request: Request, *, equivalent: bool) -> bool:
    like = likeness(specialty, request.specialty)
    return like is SpecialtyLikeness.SAME or (equivalent and like is SpecialtyLikeness.EQUIVALENT)


def _in_scope(specialty: str, request: Request, on: date | None) -> bool:
    """An equivalent may hold only for a kind of care or for an age. Of the same specialty nothing more is asked."""
    if likeness(specialty, request.specialty) is not SpecialtyLikeness.EQUIVALENT:
        return True
    return any(group.covers(request, on) for group in _equating(specialty, request.specialty))


def _out_of_scope(specialty: str, request: Request, field: str) -> Refused:
    limits = "; ".join(group.limit for group in _equating(specialty, request.specialty))
    reason = f"{specialty} may stand for {request.specialty} only within its scope: {limits}"
    return _objection(reason, Clause.PUR, field)


def _out_of_tier(candidate: "Candidate", request: Request, clause: Clause) -> Refused | None:
    who, designated = candidate.professional, request.designated_professional
    own = request.treating_provider.organization or request.pcp.organization
    if candidate.tier.is_the_organizations_own and who.organization != own:
        return _objection(f"the physician is not of the organization {own!r}", clause, "professional.organization")
    if candidate.tier.is_for_the_designated and (not designated or designated.npi != who.npi):
        return _objection(
            "beyond the organization, primary care goes only to the physician whom the member designated",
            Clause.P6A,
            "professional.npi",
        )
    return None


def _how(specialty: str, request: Request, on: date | None, *, attests: bool | None) -> dict[EligibilityTest, str]:
    how = {} if attests is not None else {Test.NO_CONFLICT: "no attestation was given"}
    if likeness(specialty, request.specialty) is SpecialtyLikeness.EQUIVALENT:
        groups = _equating(specialty, request.specialty)
        group = next((g for g in groups if g.covers(request, on)), groups[0])
        why = f"{group.reason} ({group.citation})"
        how[Test.SPECIALTY] = f"{specialty} is accepted as equivalent to {request.specialty}: {why}"
    return how


def _spelt(name: str) -> str:
    return " ".join(name.casefold().split())


def _named(specialty: str) -> str:
    """The one name under which a specialty stands in the table, or its own when the table lacks it."""
    return NAMES.get(_spelt(specialty), _spelt(specialty))


def _equating(one: str, other: str) -> tuple[SpecialtyGroup, ...]:
    pair = {_named(one), _named(other)}
    return tuple(g for g in EQUIVALENTS if len(pair) > 1 and pair <= {_named(name) for name in g.names})


def _read() -> tuple[SpecialtyGroup, ...]:
    table = tomllib.loads(files("policy").joinpath("editions/specialties.toml").read_text(encoding="utf-8"))
    return tuple(SpecialtyGroup.model_validate(row) for row in table["group"])


GROUPS = _read()
NAMES = {_spelt(name): _spelt(g.names[0]) for g in GROUPS if g.likeness is SpecialtyLikeness.SAME for name in g.names}
EQUIVALENTS = tuple(g for g in GROUPS if g.likeness is SpecialtyLikeness.EQUIVALENT)
