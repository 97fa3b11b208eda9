"""What time does to a delegated decision, what the delegate is written, and how it is coded and filed. P9 to P11."""

from collections.abc import Iterator
from datetime import datetime

from policy.alarms import Alarm
from policy.calendar import local_day
from policy.clauses import Clause
from policy.coding import MhcRow
from policy.delegatecase import (
    ANSWER,
    CLOSING,
    Compliance,
    DelegatedCase,
    DelegatedState,
    unanswered,
)
from policy.delegatefindings import Finding, Result
from policy.dispatch import Delivery
from policy.edition import Category
from policy.filing import Annex, Packet
from policy.letter import Letter, Section
from policy.lifecycle import Outcome
from policy.particulars import Filing, Notice, NoticeEnd
from policy.plan import PLAN
from policy.reaching import office_routes
from policy.timeframes import Clock, ClockState, spoken

ROUTE = "delegated"
LIST, REMINDER, LAST = 1, 2, 3  # the letters to the delegate


# -- what time does


def next_alarm(case: DelegatedCase) -> Alarm | None:
    """When the case next wants attention: half of the delegate's time, its end, the end of the supervisor's."""
    clock = case.open_clock
    at = clock.next_alarm(_warns_at(case, clock)) if clock else None
    if clock is None or at is None:
        return None
    label = "The delegate's answer falls due" if clock.rule == ANSWER else "The file is closed as deficient"
    label = label if at == clock.due_at else "Remind the delegate"
    return Alarm(at=at, label=label, rule=f"{clock.rule}, {clock.citation}")


def ring(case: DelegatedCase, now: datetime) -> DelegatedCase:
    """All alarms up to ``now`` have rung: reminded, escalated to the supervisor, closed as deficient."""
    while (clock := case.open_clock) and (at := clock.next_alarm(_warns_at(case, clock))) and at <= now:
        case = _rung(case, clock, at, now)
    return case


def _warns_at(case: DelegatedCase, clock: Clock) -> tuple[float, ...]:
    return (case.edition.delegation.remind_at,) if clock.rule == ANSWER else ()


def _rung(case: DelegatedCase, clock: Clock, at: datetime, now: datetime) -> DelegatedCase:
    if at < clock.due_at:
        case = case.change_clock(clock.model_copy(update={"warnings": clock.warnings + 1}))
        case = case.tell(now, "clock:warned", "Half of the time for the delegate's answer has gone")
        return case.owe_letter(now, REMINDER)
    ended = {"state": ClockState.BREACHED, "cause": "the delegate has not answered", "ended_at": now}
    case = case.change_clock(clock.model_copy(update=ended))
    if clock.rule == CLOSING:
        return unanswered(case, now)
    case = case.but(escalated=True).tell(now, "delegated:escalated", "The delegate has not answered: to the supervisor")
    case = case.owe_letter(now, LAST)
    return case.start_clock(CLOSING, now, case.edition.delegation.closes_after_business_days)


# -- what the delegate is written


def compose(case: DelegatedCase, notice: Notice, now: datetime) -> Letter:
    """The letter that a notice owes: what was found, each with its dates and its rule, and until when to answer."""
    delegate = case.packet.delegate
    clock = case.open_clock
    about = (
        f"Your reference: {case.packet.external_reference}. Our file: {case.number}. "
        f"Decided {spoken(case.packet.decided_at)}, received here {spoken(case.received_at)}."
    )
    until = f"Please answer by {spoken(clock.due_at)}." if clock else "No answer is needed any more."
    return Letter(
        key=notice.key,
        kind=notice.kind,
        case_number=case.number,
        written_on=local_day(now),
        addressee=delegate.organization,
        address_lines=delegate.address.lines if delegate.address else ("Address not on file: deliver by fax",),
        subject=SUBJECTS.get(notice.ordinal, SUBJECTS[REMINDER]),
        salutation="To the utilization management department:",
        sections=(
            Section(paragraphs=(about,)),
            Section(heading="What we found", items=tuple(_item(f) for f in case.open_findings)),
            Section(heading="What we ask for", paragraphs=(WANTED, f"{until}{LAST_WORD if case.escalated else ''}")),
        ),
        signed_by=PLAN.department,
        routes=office_routes(case.edition.parameters, delegate.fax, delegate.address),
    )


SUBJECTS = {
    LIST: "Delegated second opinion: please complete your copy",
    REMINDER: "Reminder: your copy of a delegated second opinion",
    LAST: "Overdue: your copy of a delegated second opinion",
}
WANTED = (
    "Send what is missing. For what cannot be mended any more, tell us what you will do otherwise (corrective action). "
    "P&P 90.2.17, Procedure 10, asks for a copy of the request and of the medical record at the time of the decision."
)
LAST_WORD = " Your file is before our supervisor. Without an answer it is closed as deficient and counts in your score."


def _item(finding: Finding) -> str:
    return f"{finding.sentence}{f' [{finding.rule}]' if finding.rule else ''}"


def sent(case: DelegatedCase, deliveries: tuple[Delivery, ...], now: datetime) -> DelegatedCase:
    """The case after letters left."""
    proofs = {d.key: d for d in deliveries}
    for notice in case.planned_notices:
        if proof := proofs.get(notice.key):
            lies = {"document": proof.document, "sha256": proof.sha256, "attempts": proof.attempts}
            ended = {"ended_as": NoticeEnd.UNDELIVERABLE, "ended_at": now, "ended_why": "no channel took it"}
            changed = notice.model_copy(update=lies | (ended if proof.is_undeliverable else {"sent_at": now}))
            case = case.but(notices=tuple(changed if n.key == notice.key else n for n in case.notices))
            how = NoticeEnd.UNDELIVERABLE if proof.is_undeliverable else "sent"
            case = case.tell(now, f"notice:{how}", f"{notice.kind} to the {notice.recipient}")
    return case


# -- how it is coded and filed


def category(case: DelegatedCase) -> Category:
    """The one category of a delegated decision (P11). Raises ValueError when the edition has none."""
    fits = (r for r in case.edition.category if r.route == ROUTE and r.outcome == case.packet.outcome)
    found = next(fits, None)
    if found is None:
        raise ValueError(f"edition {case.edition_id} has no category for what a delegate {case.packet.outcome}")
    return found


def code(case: DelegatedCase, now: datetime) -> DelegatedCase:
    """The case with its category (P11)."""
    found = category(case)
    return case.but(category=found.code).tell(now, "delegated:coded", f"{found.code}: {found.label}")


def outcome(case: DelegatedCase) -> Outcome:
    """As the plan counts it: a modification is a denial."""
    return Outcome.DENIED if case.packet.outcome.is_adverse else Outcome.APPROVED


def mhc_row(case: DelegatedCase) -> MhcRow:
    """The row that MHC gets, from the delegate's receipt to the delegate's decision."""
    packet = case.packet
    return MhcRow(
        row_id=f"{case.number}/1",
        case_number=case.number,
        category=case.category,
        outcome=outcome(case),
        line=packet.line,
        specialty=packet.specialty,
        organization=packet.delegate.organization,
        received_at=packet.received_by_delegate_at,
        decided_at=packet.decided_at,
    )


def packet_of(case: DelegatedCase, now: datetime) -> Packet:
    """What is filed: the request, what the delegate made of it, what the plan found, and every document."""
    packet = case.packet
    return Packet(
        case_number=case.number,
        edition_title=case.edition.title,
        filed_on=local_day(now),
        filed_at=now,
        received_at=case.received_at,
        request=packet.as_request(packet.external_reference),
        priority=packet.priority,
        information=packet.information,
        outcome=outcome(case),
        consultations=(),
        determination=None,
        opinions=(),
        category=case.category,
        letters=tuple(n.document for n in case.notices if n.document),
        attachments=packet.attachments,
        annexes=tuple(_annexes(case)),
    )


def _annexes(case: DelegatedCase) -> Iterator[Annex]:
    packet, decider = case.packet, case.packet.decider
    who = ", ".join(filter(None, (decider.name, decider.specialty, f"licence {decider.licence or 'not stated'}")))
    given = {
        "Delegate": packet.delegate.organization,
        "Received by the delegate": spoken(packet.received_by_delegate_at),
        "Decided": spoken(packet.decided_at),
        "Outcome": packet.outcome.capitalize(),
        "Decided by": f"{who} ({packet.decider.role.replace('_', '-')})",
        "Provider told": spoken(packet.provider_notice.at) if packet.provider_notice else "not on record",
        "Member told": spoken(packet.member_notice.at) if packet.member_notice else "not on record",
        "Pulled up as": case.pulled_up.case_number if case.pulled_up else "",
    }
    texts = {"Rationale": packet.rationale, "Criteria": packet.criteria}
    yield Annex(
        heading="Decision of the delegate",
        clause="Procedure 10",
        fields=tuple((label, text) for label, text in given.items() if text),
        texts=tuple((label, text) for label, text in texts.items() if text),
    )
    made = tuple((_words(f), f.sentence) for f in case.findings if f.result is not Result.NOT_ASKED)
    yield Annex(heading="Checks of the plan", clause="Procedure 10", texts=made)
    if case.notes:
        notes = tuple((f"{spoken(n.at)}, {n.by}", n.text) for n in case.notes)
        yield Annex(heading="Corrective action", clause="Procedure 10", texts=notes)


def _words(finding: Finding) -> str:
    how = f"{finding.result}{f', {finding.settled}' if finding.settled else ''}"
    return f"{finding.check.replace('_', ' ').capitalize()}: {how}"


def closed(case: DelegatedCase, filing: Filing, now: datetime) -> DelegatedCase:
    """Filed (P9) and closed."""
    case = case.but(filing=filing, state=DelegatedState.CLOSED, closed_at=now)
    case = case.tell(now, "delegated:filed", f"Filed: {filing.pages} pages")
    ended = case.compliance or Compliance.COMPLIANT
    return case.tell(now, "delegated:closed", f"Closed: {ended} ({Clause.P10})")
