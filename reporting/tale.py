"""A made-up case told as the records would hold it: its request, the lines of its ledger, its clocks. P12.

The lines are in the words in which the rules tell a case (a test holds the two together), so that a made-up case can be
audited, reconciled and drilled into as any other.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from policy.clauses import Clause
from policy.delegated import Decider, DeciderRole, Delegate, DelegatedPacket
from policy.delegatefindings import Check, Finding, Part, Result, Settled
from policy.lifecycle import Outcome
from policy.particulars import Agreement, StoryEntry
from policy.people import Member, PersonName, Professional
from policy.report.clocks import ClockFact
from policy.report.delegates import DelegatedFact
from policy.report.facts import CaseFact
from policy.request import Care, LineOfBusiness, Priority, Purpose, Reason, Request, Requester, RequesterKind
from policy.rule import Obligation
from policy.timeframes import ClockState, spoken
from reporting.synthetic import MARK

Said = tuple[datetime, str, str, str, Clause]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WHO = "synthetic"
BORN = date(1960, 1, 1)
AGREEMENTS = {
    Agreement.AGREE: "the two recommendations agree",
    Agreement.DIFFER_ON_SURGERY: "one recommends the surgery or other major procedure, the other does not",
    Agreement.DIFFER_OTHERWISE: "neither surgery nor another major procedure",
    Agreement.NOT_COMPARABLE: "they speak of different procedures",
}
CHECKS = {
    Part.DECISION: Check.DECISION_IN_TIME,
    Part.NOTICES: Check.MEMBER_NOTICE_IN_TIME,
    Part.COPY: Check.COPY_IN_TIME,
    Part.RECORD: Check.RECORD_COMPLETE,
    Part.AUTHORITY: Check.DECIDER_MAY_DECIDE,
    Part.LETTER: Check.LETTER_COMPLETE,
}


def reference(number: str) -> str:
    """The reference of a made-up request, which says that it is one."""
    return f"{MARK}-{number}"


def request_of(fact: CaseFact) -> Request:
    """The request of a made-up case."""
    name = PersonName(family=MARK.capitalize(), given=f"Member {fact.number[-6:]}")
    treating = _professional(fact.questioned, fact.specialty, fact.organization)
    return Request(
        external_reference=reference(fact.number),
        line=fact.line,
        priority=fact.priority,
        requester=Requester(kind=fact.requester, name=name),
        purpose=fact.purpose,
        reasons=fact.reasons,
        reason_text=MARK,
        care=fact.care,
        specialty=fact.specialty,
        member=_member(fact.number, name),
        pcp=_professional("9300000001", "family medicine", fact.organization),
        treating_provider=treating,
    )


def packet_of(fact: DelegatedFact) -> DelegatedPacket:
    """The packet of a made-up delegated decision."""
    name = PersonName(family=MARK.capitalize(), given=f"Member {fact.number[-6:]}")
    decider = Decider(name=f"Synthetic physician {fact.decider}", role=DeciderRole.PHYSICIAN, npi=fact.decider)
    return DelegatedPacket(
        external_reference=reference(fact.number),
        line=fact.line,
        priority=Priority(fact.priority),
        requester=Requester(kind=RequesterKind.MEMBER, name=name),
        purpose=Purpose.TREATMENT_OPTIONS,
        reasons=(Reason.R1,),
        care=Care.SPECIALTY,
        specialty=fact.specialty,
        member=_member(fact.number, name),
        pcp=_professional("9300000001", "family medicine", fact.delegate),
        treating_provider=_professional("9300000002", fact.specialty, fact.delegate),
        received_by_delegate_at=fact.received_at,
        delegate=Delegate(organization=fact.delegate),
        decided_at=fact.decided_at,
        outcome=fact.outcome,
        decider=decider,
        rationale=MARK,
        criteria=MARK,
    )


def findings_of(fact: DelegatedFact) -> tuple[Finding, ...]:
    """One check for each part that was looked at."""
    return tuple(
        Finding(
            check=CHECKS[part],
            result=Result.FAILED if part in fact.faults else Result.PASSED,
            sentence=f"{MARK}: made up",
            settled=Settled.UNANSWERED if part in fact.faults else None,
            settled_at=fact.copied_at + 30 * DAY if part in fact.faults else None,
        )
        for part in fact.parts
    )


def _member(number: str, name: PersonName) -> Member:
    return Member(member_id=f"{MARK}-{number}", name=name, birth_date=BORN)


def _professional(npi: str, specialty: str, organization: str) -> Professional:
    return Professional(npi=npi, name=f"Synthetic physician {npi}", specialty=specialty, organization=organization)


def lines_of(fact: CaseFact) -> tuple[StoryEntry, ...]:
    """The ledger of a made-up case, in the order of time."""
    told = sorted(_told(fact), key=lambda said: said[0])
    return tuple(
        StoryEntry(seq=seq, at=at, event=event, text=text, actor=actor, clause=clause)
        for seq, (at, event, text, actor, clause) in enumerate(told, 1)
    )


def _told(fact: CaseFact) -> Iterator[Said]:
    text = f"{fact.line} request, {fact.priority}, for {fact.specialty}, from the {fact.requester}"
    yield fact.received_at, "request:received", text, "", Clause.P1
    for asked in fact.information:
        items = ", ".join(asked.items)
        yield asked.requested_at, "information:requested", f"Asked the provider for {items}", WHO, Clause.P3
        if asked.completed_at:
            yield asked.completed_at, "information:received", f"Received {items}", WHO, Clause.P3
    if fact.withdrawn_at:
        yield fact.withdrawn_at, "request:withdrawn", "Withdrawn by the requester", WHO, Clause.POL_1
    if fact.consulted_at and fact.recommends is not None:
        advice = "recommends" if fact.recommends else "does not recommend"
        yield fact.consulted_at, "consultation:referred", "Referred to consultative review", fact.physician, Clause.P5
        yield (
            fact.consulted_at,
            "consultation:given",
            f"The consultant {advice} the opinion",
            fact.consultant,
            Clause.P5,
        )
    if fact.decided_at:
        yield fact.decided_at, f"determination:{fact.outcome}", f"Decided: {fact.outcome}", fact.physician, Clause.P5
        state, how = ("breached", "too late") if fact.decided_late else ("met", "in time")
        yield fact.decided_at, f"clock:{state}", f"decision: {how}", "", Clause.POL_4
    yield from _opinion(fact)
    if fact.closed_at:
        if fact.category:
            yield fact.closed_at, "case:coded", f"{fact.category}: {MARK}", "", Clause.P11
        yield fact.closed_at, "case:closed", f"Closed: {fact.outcome or Outcome.WITHDRAWN}", "", Clause.P9


def _opinion(fact: CaseFact) -> Iterator[Said]:
    if fact.placed_at:
        clause = Clause.P6A if fact.care is Care.PRIMARY_CARE else Clause.P6B
        yield fact.placed_at, "opinion:placed", f"The second opinion is placed: {fact.tier}", WHO, clause
    if fact.reported_at and fact.agreement:
        yield fact.reported_at, "report:received", "The report of the second opinion", WHO, Clause.P7
        text = f"The first and the second opinion: {AGREEMENTS[fact.agreement]}"
        yield fact.reported_at, "opinions:compared", text, "", Clause.T1
    if fact.reported_at and fact.third_opened:
        yield fact.reported_at, "third-opinion:opened", f"{MARK}: a third opinion", "", Clause.T1


def delegated_lines_of(fact: DelegatedFact) -> tuple[StoryEntry, ...]:
    """The ledger of a made-up delegated decision."""
    text = (
        f"{fact.line}, {fact.priority}: {fact.outcome} by {fact.delegate} {spoken(fact.decided_at)}; the copy came "
        f"{spoken(fact.copied_at)}"
    )
    told = [("delegated:received", text)]
    told += [("delegated:found", f"{CHECKS[part]}: {MARK}: made up") for part in fact.faults]
    told += [("delegated:coded", f"{fact.category}: {MARK}"), ("delegated:closed", f"Closed ({Clause.P10})")]
    return tuple(
        StoryEntry(seq=seq, at=fact.copied_at, event=event, text=said, clause=Clause.P10)
        for seq, (event, said) in enumerate(told, 1)
    )


def clocks_of(fact: CaseFact) -> Iterator[ClockFact]:
    """The clocks of a made-up case that ended."""
    if fact.decided_at is None:
        return
    start, end = fact.received_at, fact.decided_at
    limit = 72 * HOUR if fact.priority is Priority.EXPEDITED else 7 * DAY
    due = min(start + limit, end - HOUR) if fact.decided_late else max(start + limit, end)
    yield _clock(fact, Obligation.DECISION, start, due, end, late=fact.decided_late)
    yield _clock(fact, Obligation.PROVIDER_NOTICE, end, end + 24 * HOUR, end + 3 * HOUR)
    yield _clock(fact, Obligation.MEMBER_NOTICE, end, end + 2 * DAY, end + 20 * HOUR)
    if fact.placed_at and fact.reported_at:
        due = fact.placed_at + 30 * DAY
        late = fact.reported_at > due
        yield _clock(fact, Obligation.CONSULTATION_REPORT, fact.placed_at, due, fact.reported_at, late=late)


def _clock(
    fact: CaseFact, obligation: Obligation, start: datetime, due: datetime, end: datetime, *, late: bool = False
) -> ClockFact:
    return ClockFact(
        case_number=fact.number,
        line=LineOfBusiness(fact.line),
        obligation=obligation,
        rule=MARK,
        state=ClockState.BREACHED if late else ClockState.MET,
        anchored_at=start,
        due_at=due,
        ended_at=end,
        cause="waiting for: people (synthetic)" if late else "",
    )
