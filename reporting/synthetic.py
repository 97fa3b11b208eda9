"""Two years of made-up cases with three planted effects, to try the committees' report on. Nobody in them exists. P12.

The same seed gives the same cases. The effects: a physician who denies too much, a PPG whose copies come late, a
specialty whose opinions disagree; everything else is alike, but for chance. What is made up says so: references begin
with ``SYNTHETIC``, names are numbers, and NPIs begin with 9, as none that is given out does.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple, TypeVar

from policy.delegated import DelegateOutcome
from policy.delegatefindings import Part
from policy.lifecycle import Outcome
from policy.particulars import Agreement, Basis
from policy.report.delegates import DelegatedFact
from policy.report.facts import Asked, CaseFact, LeftBecause, LeftTier
from policy.report.period import Period, parsed, quarter_of
from policy.request import Care, Item, LineOfBusiness, Priority, Purpose, Reason, RequesterKind
from policy.routing import LADDER, Tier

T = TypeVar("T")
MARK = "SYNTHETIC"
SPECIALTIES = (
    "orthopedic surgery",
    "neurosurgery",
    "cardiology",
    "general surgery",
    "medical oncology",
    "gastroenterology",
    "urology",
    "ophthalmology",
    "family medicine",
)
PRIMARY = "family medicine"
PPGS = tuple(f"{name} IPA (synthetic)" for name in ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gum", "Hazel"))
DECIDERS, SURGEONS_EACH = 12, 4
LINES = (
    (LineOfBusiness.CMC, 35),
    (LineOfBusiness.MEDI_CAL, 35),
    (LineOfBusiness.D_SNP, 10),
    (LineOfBusiness.MEDICARE_ADVANTAGE, 10),
    (LineOfBusiness.COMMERCIAL, 10),
)
PRIORITIES = ((Priority.STANDARD, 85), (Priority.EXPEDITED, 15))
REQUESTERS = (
    (RequesterKind.MEMBER, 55),
    (RequesterKind.TREATING_SPECIALIST, 22),
    (RequesterKind.PCP, 15),
    (RequesterKind.AUTHORIZED_REPRESENTATIVE, 8),
)
REASONS = ((Reason.R1, 40), (Reason.R2, 20), (Reason.R3, 15), (Reason.R4, 15), (Reason.R5, 10))
ASKABLE = (Item.TEST_RESULTS, Item.CLINICAL_HISTORY, Item.TREATMENT_PLAN)
THIRDS = (LineOfBusiness.CMC, LineOfBusiness.D_SNP, LineOfBusiness.MEDICARE_ADVANTAGE)
WITHDRAWN, INCOMPLETE, CONSULTED, DENIED, LATE, COMPARABLE, DISAGREES = 0.04, 0.22, 0.15, 0.18, 0.03, 0.8, 0.24
FAULTS = {Part.DECISION: 0.03, Part.NOTICES: 0.04, Part.COPY: 0.05, Part.RECORD: 0.06, Part.AUTHORITY: 0.01}
DENIER_DENIES, LATE_COPIES, SPECIALTY_DISAGREES = 0.42, 0.35, 0.52
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class Planted(NamedTuple):
    """Where the three effects were planted; empty where there is none."""

    physician: str = ""
    delegate: str = ""
    specialty: str = ""


class Made(NamedTuple):
    """How much is made, and of what: whole quarters up to ``last``, so many cases and delegated decisions in each."""

    seed: int = 1
    last: str = "2026-Q3"
    quarters: int = 8
    cases: int = 750
    delegated: int = 300
    with_effects: bool = True

    @property
    def periods(self) -> list[Period]:
        """The quarters, oldest first."""
        found = [parsed(self.last)]
        while len(found) < self.quarters:
            found.append(parsed(quarter_of(found[-1].first - DAY)))
        return found[::-1]

    @property
    def planted(self) -> Planted:
        """Where the effects are: another place with another seed."""
        if not self.with_effects:
            return Planted()
        rng = Random(f"{self.seed} planted")  # noqa: S311 - nothing secret
        return Planted(rng.choice(deciders()), rng.choice(PPGS), rng.choice(SPECIALTIES[:-1]))


def deciders() -> tuple[str, ...]:
    """The physicians who determine."""
    return tuple(f"90000000{n:02}" for n in range(1, DECIDERS + 1))


def surgeons(specialty: str) -> tuple[str, ...]:
    """The physicians of a specialty whose opinions are questioned."""
    place = SPECIALTIES.index(specialty) + 1
    return tuple(f"91{place:04}{n:04}" for n in range(1, SURGEONS_EACH + 1))


def cases(made: Made) -> Iterator[CaseFact]:
    """The cases, in the order of receipt within each quarter; numbered by the year of receipt."""
    counts: dict[int, int] = {}
    planted = made.planted
    for period in made.periods:
        rng = Random(f"{made.seed} cases {period.name}")  # noqa: S311
        for at in _moments(rng, period, made.cases):
            counts[period.first.year] = counts.get(period.first.year, 0) + 1
            yield _case(rng, f"SO-{period.first.year}-{counts[period.first.year]:06}", at, planted)


def delegated(made: Made) -> Iterator[DelegatedFact]:
    """The delegates' decisions."""
    counts: dict[int, int] = {}
    planted = made.planted
    for period in made.periods:
        rng = Random(f"{made.seed} delegated {period.name}")  # noqa: S311
        for at in _moments(rng, period, made.delegated):
            counts[period.first.year] = counts.get(period.first.year, 0) + 1
            yield _packet(rng, f"DD-{period.first.year}-{counts[period.first.year]:06}", at, planted)


def _moments(rng: Random, period: Period, count: int) -> list[datetime]:
    """Whole seconds of the period, early enough that decisions mostly fall into it, in their order."""
    seconds = int((period.ends - period.begins).total_seconds())
    return sorted(period.begins + timedelta(seconds=rng.randrange(seconds)) for _ in range(count))


def _case(rng: Random, number: str, at: datetime, planted: Planted) -> CaseFact:
    specialty, priority = rng.choice(SPECIALTIES), _pick(rng, PRIORITIES)
    told: dict[str, Any] = {
        "number": number,
        "line": _pick(rng, LINES),
        "priority": priority,
        "care": Care.PRIMARY_CARE if specialty == PRIMARY else Care.SPECIALTY,
        "specialty": specialty,
        "organization": rng.choice(PPGS),
        "requester": _pick(rng, REQUESTERS),
        "purpose": rng.choice(tuple(Purpose)),
        "reasons": tuple(dict.fromkeys(_pick(rng, REASONS) for _ in range(rng.choice((1, 1, 2))))),
        "prior_authorization": True,
        "received_at": at,
        "questioned": rng.choice(surgeons(specialty)),
    }
    ready = at + HOUR * rng.uniform(2, 20)
    if rng.random() < INCOMPLETE:
        came = ready + HOUR * rng.uniform(5, 50)
        items = tuple(sorted(rng.sample(ASKABLE, rng.choice((1, 1, 2)))))
        told["information"] = (Asked(items=items, requested_at=_whole(ready), completed_at=_whole(came)),)
        ready = came
    if rng.random() < WITHDRAWN:
        return _fact(told, withdrawn_at=ready + HOUR, closed_at=ready + HOUR * 3)
    return _decided(rng, told, ready, planted)


def _decided(rng: Random, told: dict[str, Any], ready: datetime, planted: Planted) -> CaseFact:
    physician, late = rng.choice(deciders()), rng.random() < LATE
    denies = rng.random() < (DENIER_DENIES if physician == planted.physician else DENIED)
    basis, wait = Basis.PHYSICIAN_REVIEW, rng.uniform(1, 20)
    if rng.random() < CONSULTED:
        basis = Basis.CONSULTATION
        told |= {"consulted_at": _whole(ready + HOUR), "consultant": rng.choice(surgeons(told["specialty"]))}
        told |= {"recommends": not denies}
    expedited = told["priority"] is Priority.EXPEDITED
    limit = timedelta(hours=72) if expedited else timedelta(days=7)
    at = told["received_at"] + limit + HOUR * rng.uniform(2, 48) if late else ready + HOUR * wait
    told |= {"physician": physician, "basis": basis, "decided_at": at, "decided_late": late}
    if denies:
        category = "SO-D-CONS" if basis is Basis.CONSULTATION else "SO-D-PHYS"
        return _fact(told, outcome=Outcome.DENIED, category=category, closed_at=at + DAY * 2)
    told["outcome"] = Outcome.APPROVED
    return _placed(rng, told, at, planted)


CATEGORY = {
    Tier.ORGANIZATION: "SO-A-PC-ORG",
    Tier.NETWORK: "SO-A-PC-NET",
    Tier.PPG: "SO-A-SP-PPG",
    Tier.PLAN: "SO-A-SP-PLAN",
    Tier.OUT_OF_NETWORK: "SO-A-SP-OON",
}


def _placed(rng: Random, told: dict[str, Any], at: datetime, planted: Planted) -> CaseFact:
    ladder = LADDER[told["care"]]
    step = min(rng.choices((0, 1, 2), (50, 40, 10))[0], len(ladder) - 1)
    why = (LeftBecause.NOBODY_ON_RECORD, LeftBecause.NOBODY_ELIGIBLE, LeftBecause.MEMBERS_CHOICE)
    placed, reported = at + DAY * rng.uniform(0.5, 3), at + DAY * rng.uniform(6, 30)
    told |= {
        "tier": ladder[step],
        "left": tuple(LeftTier(tier=tier, because=rng.choice(why)) for tier in ladder[:step]),
        "placed_at": placed,
        "opinion_by": f"92{rng.randrange(40):08}",
        "reported_at": reported,
        "category": CATEGORY[ladder[step]],
    }
    if rng.random() >= COMPARABLE:
        return _fact(told, agreement=Agreement.NOT_COMPARABLE, closed_at=reported + DAY * 2)
    disagrees = SPECIALTY_DISAGREES if told["specialty"] == planted.specialty else DISAGREES
    if rng.random() >= disagrees:
        return _fact(told, agreement=Agreement.AGREE, closed_at=reported + DAY * 2)
    on_surgery = rng.random() < 1 / 2
    agreement = Agreement.DIFFER_ON_SURGERY if on_surgery else Agreement.DIFFER_OTHERWISE
    third = on_surgery and told["line"] in THIRDS
    side = rng.choice(("first", "second")) if third else ""
    closed = reported + DAY * (10 if third else 2)
    return _fact(told, agreement=agreement, third_opened=third, third_sides_with=side, closed_at=closed)


def _fact(told: dict[str, Any], **more: Any) -> CaseFact:  # noqa: ANN401 - as pydantic's own
    said = {name: _whole(value) if isinstance(value, datetime) else value for name, value in (told | more).items()}
    return CaseFact(**said)


def _whole(at: datetime) -> datetime:
    """Without a part of a second."""
    return at.replace(microsecond=0)


def _packet(rng: Random, number: str, at: datetime, planted: Planted) -> DelegatedFact:
    delegate = rng.choice(PPGS)
    received = at - DAY * rng.uniform(1, 4)
    rates = FAULTS | ({Part.COPY: LATE_COPIES} if delegate == planted.delegate else {})
    faults = tuple(part for part, rate in rates.items() if rng.random() < rate)
    late_copy = Part.COPY in faults
    outcomes = ((DelegateOutcome.APPROVED, 82), (DelegateOutcome.DENIED, 15), (DelegateOutcome.MODIFIED, 3))
    outcome = _pick(rng, outcomes)
    return DelegatedFact(
        number=number,
        delegate=delegate,
        line=_pick(rng, LINES),
        priority=_pick(rng, PRIORITIES),
        specialty=rng.choice(SPECIALTIES),
        received_at=_whole(received),
        decided_at=at,
        copied_at=_whole(at + (DAY * rng.uniform(3, 9) if late_copy else HOUR * rng.uniform(0.2, 6))),
        outcome=outcome,
        decider=rng.choice(deciders()),
        category={"approved": "SO-A-DEL", "denied": "SO-D-DEL", "modified": "SO-M-DEL"}[outcome],
        parts=(*rates, Part.LETTER) if outcome.is_adverse else tuple(rates),
        faults=faults,
    )


def _pick(rng: Random, weighted: Sequence[tuple[T, int]]) -> T:
    return rng.choices([one for one, _ in weighted], [weight for _, weight in weighted])[0]
