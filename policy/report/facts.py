"""What the committees' report counts of a case: one flat, frozen row, read off the case itself. Policy 90.2.17, P12.

No member is named, and nothing that anybody typed stands in it: codes, times, and the NPIs of professionals.
"""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from pydantic import AwareDatetime

from policy.case import Case
from policy.lifecycle import Outcome, Stage
from policy.opinion import OpinionEnd
from policy.particulars import Agreement, Basis, ChangedBecause, Determination, NoticeKind, Opinion
from policy.request import Care, Item, LineOfBusiness, Priority, Purpose, Reason, RequesterKind
from policy.routing import Tier
from policy.tasks import TaskKind
from policy.third_opinion import compare
from policy.timeframes import DECISION_LIMITS, ClockState
from policy.verdict import Value


class LeftBecause(StrEnum):
    """Why a rung of the ladder was left, as far as the sentence of the placement tells it without its words."""

    NOBODY_ON_RECORD = "nobody_on_record"
    NOBODY_ELIGIBLE = "nobody_eligible"
    MEMBERS_CHOICE = "members_choice"
    IN_WORDS = "in_words"


class LeftTier(Value):
    """A rung that was left, and why."""

    tier: Tier
    because: LeftBecause


class Asked(Value):
    """One request for information: which items, when, how often the provider was called, when all had come (P3)."""

    items: tuple[Item, ...]
    requested_at: AwareDatetime
    attempts: int = 0
    completed_at: AwareDatetime | None = None


DIFFER = (Agreement.DIFFER_ON_SURGERY, Agreement.DIFFER_OTHERWISE)


class CaseFact(Value):
    """One case, in short. Times are instants in UTC; what has not happened is None, what is not known is empty.

    ``decided_at``, ``outcome``, ``basis`` and ``physician`` are those of the FIRST determination, so that no later
    change moves a case out of a quarter that was reported; what became of it then is in ``changed_…``. ``physician``
    is the one who determined: NPI, or the account's name where none is known. ``questioned`` is the physician whose
    opinion was questioned. ``third_of`` is set for a third opinion's own case, which is no request of its own.
    """

    number: str
    line: LineOfBusiness
    priority: Priority
    care: Care
    specialty: str
    organization: str
    requester: RequesterKind
    purpose: Purpose
    reasons: tuple[Reason, ...]
    prior_authorization: bool
    received_at: AwareDatetime
    withdrawn_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None
    outcome: Outcome | None = None
    basis: Basis | None = None
    physician: str = ""
    decided_at: AwareDatetime | None = None
    decided_late: bool = False
    extended: bool = False
    changed_at: AwareDatetime | None = None
    changed_outcome: Outcome | None = None
    changed_because: ChangedBecause | None = None
    category: str = ""
    consulted_at: AwareDatetime | None = None
    consultant: str = ""
    recommends: bool | None = None
    information: tuple[Asked, ...] = ()
    tier: Tier | None = None
    left: tuple[LeftTier, ...] = ()
    placed_at: AwareDatetime | None = None
    opinion_by: str = ""
    departed: bool = False
    ended: tuple[OpinionEnd, ...] = ()
    reported_at: AwareDatetime | None = None
    questioned: str = ""
    agreement: Agreement | None = None
    third_opened: bool = False
    third_of: str = ""
    third_sides_with: str = ""

    @property
    def is_request(self) -> bool:
        """Whether it is a request of its own, and not the third opinion of one."""
        return not self.third_of

    @property
    def opinions_differ(self) -> bool:
        """Whether the first and the second opinion could be compared, and differ."""
        return self.agreement in DIFFER

    @property
    def ended_at(self) -> datetime | None:
        """When the request was answered: decided, or withdrawn."""
        return self.decided_at or self.withdrawn_at


class WatchedCase(NamedTuple):
    """As much of a ``CaseFact`` as trends look at, under the same names: two years of cases are read for them."""

    number: str
    line: LineOfBusiness
    priority: Priority
    specialty: str
    organization: str
    outcome: Outcome | None
    physician: str
    decided_at: datetime | None
    decided_late: bool
    reported_at: datetime | None
    questioned: str
    agreement: Agreement | None
    third_of: str

    @property
    def is_request(self) -> bool:
        """Whether it is a request of its own, and not the third opinion of one."""
        return not self.third_of

    @property
    def opinions_differ(self) -> bool:
        """Whether the first and the second opinion could be compared, and differ."""
        return self.agreement in DIFFER


def fact_of(case: Case) -> CaseFact:
    """The case as the report counts it; the same case gives the same row."""
    request, first = case.request, next(iter(case.determinations), None)
    second = next((o for o in case.standing_opinions if o.ordinal == _own_ordinal(case)), None)
    consulted = next((c for c in case.consultations if c.reviewer), None)
    limits = [c for c in case.clocks if c.obligation in DECISION_LIMITS]
    return CaseFact(
        number=case.number,
        line=request.line,
        priority=case.priority,
        care=request.care,
        specialty=request.specialty,
        organization=request.treating_provider.organization,
        requester=request.requester.kind,
        purpose=request.purpose,
        reasons=request.reasons,
        prior_authorization=request.requires_prior_authorization,
        received_at=case.received_at,
        withdrawn_at=next((n.planned_at for n in case.notices if n.kind is NoticeKind.WITHDRAWAL), None),
        closed_at=case.closed_at,
        **_decided(first),
        decided_late=any(c.state is ClockState.BREACHED for c in limits),
        extended=any(c.extended_by for c in limits),
        **_changed(case),
        category=case.category,
        consulted_at=consulted.referred_at if consulted else None,
        consultant=(consulted.reviewer.npi or consulted.reviewer.id) if consulted and consulted.reviewer else "",
        recommends=consulted.recommends if consulted else None,
        information=tuple(
            Asked(items=i.items, requested_at=i.requested_at, attempts=i.attempts, completed_at=i.completed_at)
            for i in case.information_requests
        ),
        **_placed(case, second),
        questioned=_questioned(case),
        agreement=case.comparison.result if case.comparison else None,
        third_opened=_third_opened(case),
        third_of=case.third_opinion_of,
        third_sides_with=_sides(case),
    )


def left_because(why: str) -> LeftBecause:
    """The code of the sentence with which a rung was left: those of a proposal are known, others are in words."""
    said = why.strip().casefold()
    if said.startswith("no physician for ") and " is on record " in said:
        return LeftBecause.NOBODY_ON_RECORD
    if said.startswith("no eligible physician for "):
        return LeftBecause.NOBODY_ELIGIBLE
    if said.startswith("the member chose "):
        return LeftBecause.MEMBERS_CHOICE
    return LeftBecause.IN_WORDS


THIRD = 3


def _own_ordinal(case: Case) -> int:
    """Which opinion a case is about: the second, and a third opinion's own case the third."""
    return THIRD if case.third_opinion_of else THIRD - 1


def _decided(made: Determination | None) -> dict[str, object]:
    if made is None:
        return {}
    by = made.physician.npi or made.physician.id
    return {"outcome": made.outcome, "basis": made.basis, "physician": by, "decided_at": made.at}


def _changed(case: Case) -> dict[str, object]:
    made = case.determination
    if made is None or not case.earlier_determinations:
        return {}
    return {"changed_at": made.at, "changed_outcome": made.outcome, "changed_because": made.changed_because}


def _placed(case: Case, opinion: Opinion | None) -> dict[str, object]:
    own = [o for o in case.opinions if o.ordinal == _own_ordinal(case)]
    ended = tuple(o.ended_as for o in own if o.ended_as)
    if opinion is None:
        return {"ended": ended}
    left = tuple(LeftTier(tier=tier, because=left_because(why)) for tier, why in opinion.passed_over.items())
    return {
        "tier": opinion.candidate.tier,
        "left": left,
        "placed_at": opinion.placed_at,
        "opinion_by": opinion.candidate.professional.npi,
        "departed": bool(opinion.departure_reason),
        "ended": ended,
        "reported_at": opinion.report.received_at if opinion.report else None,
    }


def _questioned(case: Case) -> str:
    first = case.first_opinion
    return first.professional.npi if first else case.request.treating_provider.npi


def _third_opened(case: Case) -> bool:
    """Whether a third opinion was opened, and nothing that became of it since takes that back.

    It has a case of its own, or is to be placed here: so in cases of earlier generations, and where it was taken up.
    """
    if case.stage is Stage.THIRD_OPINION or any(o.ordinal == THIRD for o in case.opinions):
        return True
    return any(task.kind is TaskKind.PLACEMENT and task.note == "third opinion" for task in case.tasks)


def _third(case: Case) -> Opinion | None:
    return next((o for o in case.standing_opinions if o.ordinal == THIRD), None)


def _sides(case: Case) -> str:
    """With which opinion the third one agrees about surgery: ``first``, ``second``, or neither (empty)."""
    third, second = _third(case), next((o for o in case.standing_opinions if o.ordinal == THIRD - 1), None)
    if third is None or third.report is None or second is None or second.report is None:
        return ""
    said, first = third.report.recommendation, case.first_opinion
    if compare(second.report.recommendation, said).result is Agreement.AGREE:
        return "second"
    agrees = first is not None and compare(first.recommendation, said).result is Agreement.AGREE
    return "first" if agrees else ""
