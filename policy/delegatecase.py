"""A delegated decision as a frozen value, from the copy's receipt to its filing, and the steps that make the next one.

What staff actions do to it is in ``delegateacting``, what time does to it in ``delegatelife``. Policy 90.2.17, P10.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self

from pydantic import AwareDatetime

from policy.calendar import CalendarName, add_business_days, end_of_day, local_day
from policy.clauses import Clause
from policy.delegatechecks import check
from policy.delegated import DelegatedPacket, MemberMatch
from policy.delegatefindings import Finding, Result, Settled
from policy.edition import Edition, edition_named, edition_on
from policy.particulars import Filing, Notice, NoticeKind, Recipient
from policy.rule import Anchor, Obligation, Unit
from policy.storied import Storied
from policy.timeframes import Clock, spoken
from policy.trust import Trust
from policy.verdict import Value

ANSWER, CLOSING = "DEL-ANSWER", "DEL-CLOSE"  # the plan's own figures, in the edition


class DelegatedState(StrEnum):
    """Where a delegated decision stands at the plan."""

    RECEIVED = "received"
    DEFICIENT = "deficient"
    COMPLETE = "complete"
    CLOSED = "closed"


class Compliance(StrEnum):
    """How it ended: nothing was found, everything found was settled, or something stayed unanswered."""

    COMPLIANT = "compliant"
    SETTLED = "settled"
    DEFICIENT = "deficient"


class CorrectiveNote(Value):
    """What the delegate will do otherwise, as staff noted it."""

    at: AwareDatetime
    by: str
    text: str


class PulledUp(Value):
    """The plan reviews the request itself: who asked for it and why, and the case that it became."""

    at: AwareDatetime
    by: str
    reason: str
    case_number: str = ""


class DelegatedCase(Storied):
    """One delegated decision. ``findings`` holds every check, those that were passed among them."""

    CLAUSE: ClassVar[str] = Clause.P10

    number: str
    generation: int = 1
    trust: Trust = Trust()
    edition_id: str
    packet: DelegatedPacket
    received_at: AwareDatetime
    match: MemberMatch = MemberMatch.UNKNOWN
    state: DelegatedState = DelegatedState.RECEIVED
    compliance: Compliance | None = None
    findings: tuple[Finding, ...] = ()
    clocks: tuple[Clock, ...] = ()
    notices: tuple[Notice, ...] = ()
    notes: tuple[CorrectiveNote, ...] = ()
    escalated: bool = False
    pulled_up: PulledUp | None = None
    category: str = ""
    filing: Filing | None = None
    closed_at: AwareDatetime | None = None

    @property
    def edition(self) -> Edition:
        """The edition that the case is bound to: the one in force when the delegate received the request."""
        return edition_named(self.edition_id)

    @property
    def failed(self) -> tuple[Finding, ...]:
        """What was found wrong, whatever became of it."""
        return tuple(f for f in self.findings if f.result is Result.FAILED)

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """What was found wrong and waits for an answer."""
        return tuple(f for f in self.findings if f.is_open)

    @property
    def open_clock(self) -> Clock | None:
        """The time that runs for the delegate's answer."""
        return next((c for c in self.clocks if c.is_open), None)

    @property
    def planned_notices(self) -> tuple[Notice, ...]:
        """Letters that are owed and have not left."""
        return tuple(n for n in self.notices if n.is_owed)

    @property
    def owes_review(self) -> bool:
        """Whether it was pulled up, and the plan's own case is not open yet."""
        return self.pulled_up is not None and not self.pulled_up.case_number

    @property
    def may_be_filed(self) -> bool:
        """Whether nothing is open any more (P9)."""
        return self.state is DelegatedState.COMPLETE and not self.planned_notices and not self.owes_review

    # -- small steps; each gives back the next value

    def owe_letter(self, at: datetime, ordinal: int) -> Self:
        """A letter to the delegate is owed: the list of what was found (1), a reminder (2), the last word (3)."""
        kind, to = NoticeKind.DELEGATED_COPY_REQUEST, Recipient.DELEGATE
        key = f"{self.number}/{kind}/{ordinal}/{to}"
        if key in {n.key for n in self.notices}:
            return self
        return self.but(
            notices=(*self.notices, Notice(key=key, kind=kind, recipient=to, ordinal=ordinal, planned_at=at))
        )

    def start_clock(self, rule: str, at: datetime, days: int) -> Self:
        """So many business days for the delegate's answer."""
        clock = answer_clock(rule, at, days)
        text = f"The delegate's answer: {clock.explanation}"
        return self.but(clocks=(*self.clocks, clock)).tell(at, "clock:started", text)

    def change_clock(self, changed: Clock) -> Self:
        """One clock replaced by its next value."""
        return self.but(clocks=tuple(changed if c.id == changed.id else c for c in self.clocks))

    def change_findings(self, changed: Iterable[Finding]) -> Self:
        """Some findings replaced by their next values."""
        new = {f.check: f for f in changed}
        return self.but(findings=tuple(new.get(f.check, f) for f in self.findings))

    def settled(self, at: datetime) -> Self:
        """When nothing is open any more the case is complete, and the delegate's time ends."""
        if self.open_findings or self.state is not DelegatedState.DEFICIENT:
            return self
        clock = self.open_clock
        case = self.change_clock(clock.end(at)) if clock else self
        case = case.but(state=DelegatedState.COMPLETE, compliance=Compliance.SETTLED)
        return case.tell(at, "delegated:complete", "Everything that was found is settled")


def answer_clock(rule: str, at: datetime, days: int) -> Clock:
    """A clock of the plan's own: business days from the list of what was found."""
    return Clock(
        id=f"{Obligation.INFORMATION_REPLY}:{rule}",
        obligation=Obligation.INFORMATION_REPLY,
        rule=rule,
        citation=Clause.P10,
        anchor=Anchor.INFORMATION_REQUESTED,
        anchored_at=at,
        amount=days,
        unit=Unit.BUSINESS_DAYS,
        calendar=CalendarName.STATE,
        due_at=end_of_day(add_business_days(local_day(at), days, CalendarName.STATE)),
    )


def receive_packet(
    number: str,
    packet: DelegatedPacket,
    received_at: datetime,
    *,
    match: MemberMatch = MemberMatch.UNKNOWN,
    trust: Trust = Trust(),  # noqa: B008 - a frozen value
) -> DelegatedCase:
    """A delegate's copy has come and is checked: complete, or its deficiencies are listed to the delegate.

    ``received_at`` is the plan's own receipt of the copy, taken at the door. Raises CalendarEndError for times beyond
    the table of closed days.
    """
    edition = edition_on(local_day(packet.anchor(received_at)))
    case = DelegatedCase(
        number=number,
        trust=trust,
        edition_id=edition.id,
        packet=packet,
        received_at=received_at,
        match=match,
        findings=check(packet, received_at, edition, match),
    )
    case = case.tell(
        received_at,
        "delegated:received",
        f"{packet.line}, {packet.priority}: {packet.outcome} by {packet.delegate.organization} "
        f"{spoken(packet.decided_at)}; the copy came {spoken(received_at)}",
    )
    for finding in case.failed:
        case = case.tell(received_at, "delegated:found", f"{finding.check}: {finding.sentence}")
    if not case.failed:
        case = case.but(state=DelegatedState.COMPLETE, compliance=Compliance.COMPLIANT)
        return case.tell(received_at, "delegated:complete", "Nothing was found")
    case = case.but(state=DelegatedState.DEFICIENT).owe_letter(received_at, 1)
    return case.start_clock(ANSWER, received_at, edition.delegation.answer_within_business_days)


def unanswered(case: DelegatedCase, at: datetime) -> DelegatedCase:
    """The time has gone twice: closed as deficient, with what stayed open. Nothing of the care is decided by it."""
    left = [f.model_copy(update={"settled": Settled.UNANSWERED, "settled_at": at}) for f in case.open_findings]
    case = case.change_findings(left).but(state=DelegatedState.COMPLETE, compliance=Compliance.DEFICIENT)
    return case.tell(at, "delegated:unanswered", f"Closed with {len(left)} findings unanswered")
