"""What the plan looks at in a delegate's copy, and what it finds. Policy 90.2.17, Procedure 10 (P10).

Every check is made and every result is kept, also of those that were passed: a score needs both. The clocks are those
of the plan's own cases, counted from the delegate's receipt, which is receipt. One cause gives one finding: where the
decision itself was late, a notice that must lie inside the decision's limit is not found late once more.
"""

from datetime import datetime

from policy.calendar import CalendarName, add_business_days, end_of_day, local_day
from policy.clauses import Clause
from policy.delegated import DeciderRole, DelegatedPacket, MemberMatch
from policy.delegatefindings import Check, Finding, Result, Settled
from policy.edition import Edition
from policy.request import Item
from policy.rule import Anchor, Obligation
from policy.timeframes import DECISION_LIMITS, Clock, clocks_from, governing, longer, spoken

COPY_RULE = "DEL-COPY"  # the plan's own figure, in the edition


def check(
    packet: DelegatedPacket, received_at: datetime, edition: Edition, match: MemberMatch = MemberMatch.UNKNOWN
) -> tuple[Finding, ...]:
    """Every check of a copy that came at ``received_at`` (UTC), in the order in which they are told to the delegate."""
    limit = _decision_limit(packet, edition)
    return (
        _decision(packet, limit),
        _extension(packet, edition),
        _pend_notice(packet, edition),
        _notice(packet, edition, limit, Obligation.PROVIDER_NOTICE),
        _notice(packet, edition, limit, Obligation.MEMBER_NOTICE),
        _copy(packet, received_at, edition),
        _record(packet, edition),
        _member(match),
        _authority(packet),
        _independence(packet),
        _reasons(packet, edition),
        _letter(packet, edition),
    )


def _passed(what: Check, sentence: str, **more: object) -> Finding:
    return Finding.model_validate({"check": what, "result": Result.PASSED, "sentence": sentence, **more})


def _failed(what: Check, sentence: str, **more: object) -> Finding:
    given = {"check": what, "result": Result.FAILED, "sentence": sentence, "settled": Settled.OPEN, **more}
    return Finding.model_validate(given)


def _not_asked(what: Check, sentence: str) -> Finding:
    return Finding(check=what, result=Result.NOT_ASKED, sentence=sentence)


# -- in time


def _started(packet: DelegatedPacket, edition: Edition, anchor: Anchor, at: datetime) -> tuple[Clock, ...]:
    return clocks_from(
        anchor,
        at,
        request=packet,
        priority=packet.priority,
        received_at=packet.received_by_delegate_at,
        edition=edition,
    )


def _decision_limit(packet: DelegatedPacket, edition: Edition) -> Clock:
    """The limit that governs the decision: the earliest, after a lawful extension, from the delegate's receipt."""
    received, complete = packet.received_by_delegate_at, packet.information_complete_at
    clocks = (
        *_started(packet, edition, Anchor.RECEIVED, received),
        *_started(packet, edition, Anchor.INFORMATION_COMPLETE, complete or received),
    )
    limits = tuple(c for c in clocks if c.obligation in DECISION_LIMITS)
    row = edition.extension_for(packet.line, packet.priority, local_day(received))
    if row and packet.extension and packet.extension.reason in row.reasons:
        limits = longer(limits, row, received if edition.extension_counts_from_receipt(packet.line) else None)
    found = governing(limits)
    if found is None:  # the door takes in no packet without one
        raise ValueError(f"no limit holds for a {packet.priority} decision on {packet.line}")
    return found


def _compared(what: Check, subject: str, at: datetime, clock: Clock) -> Finding:
    """What happened, beside what the clock demanded."""
    dates = {"citation": clock.citation, "rule": clock.rule, "due_at": clock.due_at, "happened_at": at}
    sentence = f"{subject} {spoken(at)}; {clock.explanation}"
    return _passed(what, sentence, **dates) if at <= clock.due_at else _failed(what, sentence, **dates)


def _decision(packet: DelegatedPacket, limit: Clock) -> Finding:
    return _compared(Check.DECISION_IN_TIME, "Decided", packet.decided_at, limit)


def _extension(packet: DelegatedPacket, edition: Edition) -> Finding:
    taken = packet.extension
    if taken is None:
        return _not_asked(Check.EXTENSION_LAWFUL, "No extension was taken")
    row = edition.extension_for(packet.line, packet.priority, local_day(packet.received_by_delegate_at))
    if row is None or taken.reason not in row.reasons:
        reason = taken.reason.replace("_", " ")
        return _failed(
            Check.EXTENSION_LAWFUL,
            f"Extended because of {reason}, which is no lawful reason for this line and priority",
            citation=row.citation if row else "",
            rule=row.id if row else "",
        )
    within = _decision_limit(packet.model_copy(update={"extension": None}), edition)
    return _compared(Check.EXTENSION_LAWFUL, "The member was told of the extension", taken.notified_at, within)


def _pend_notice(packet: DelegatedPacket, edition: Edition) -> Finding:
    """Where the delegate waited for information, both parties were told so in time (H&S 1367.01(h)(5))."""
    complete, received = packet.information_complete_at, packet.received_by_delegate_at
    clock = next((c for c in _started(packet, edition, Anchor.RECEIVED, received) if _is_pend(c)), None)
    if complete is None or clock is None or complete <= clock.due_at:
        return _not_asked(Check.PEND_NOTICE_IN_TIME, "The information was complete before a pend notice fell due")
    if packet.pend_notice_at is None:
        sentence = f"Information was waited for, and no pend notice is on record; {clock.explanation}"
        return _failed(
            Check.PEND_NOTICE_IN_TIME, sentence, citation=clock.citation, rule=clock.rule, due_at=clock.due_at
        )
    return _compared(Check.PEND_NOTICE_IN_TIME, "The pend notice left", packet.pend_notice_at, clock)


def _is_pend(clock: Clock) -> bool:
    return clock.obligation is Obligation.PEND_NOTICE


NOTICES = {
    Obligation.PROVIDER_NOTICE: (Check.PROVIDER_NOTICE_IN_TIME, "provider"),
    Obligation.MEMBER_NOTICE: (Check.MEMBER_NOTICE_IN_TIME, "member"),
}


def _notice(packet: DelegatedPacket, edition: Edition, limit: Clock, obligation: Obligation) -> Finding:
    what, whom = NOTICES[obligation]
    given = packet.provider_notice if what is Check.PROVIDER_NOTICE_IN_TIME else packet.member_notice
    in_time = packet.decided_at <= limit.due_at
    clocks = clocks_from(
        Anchor.DECIDED,
        packet.decided_at,
        request=packet,
        priority=packet.priority,
        received_at=packet.received_by_delegate_at,
        edition=edition,
        decision_limit=limit.due_at if in_time else None,
        outcome=packet.outcome.decided,
    )
    clock = governing(clocks, obligation)
    if clock is None:
        return _not_asked(what, f"No rule asks for a notice to the {whom}")
    if given is None:
        sentence = f"No notice to the {whom} is on record; {clock.explanation}"
        return _failed(what, sentence, citation=clock.citation, rule=clock.rule, due_at=clock.due_at)
    if not in_time and not clock.amount:
        return _not_asked(what, f"The notice to the {whom} had to lie inside the decision's limit, which had passed")
    return _compared(what, f"The {whom} was told by {given.channel}", given.at, clock)


def _copy(packet: DelegatedPacket, received_at: datetime, edition: Edition) -> Finding:
    days = edition.delegation.copy_within_business_days
    due_at = end_of_day(add_business_days(local_day(packet.decided_at), days, CalendarName.STATE))
    sentence = (
        f"The copy came {spoken(received_at)}; due {spoken(due_at)}: {days} business days from the decision, the "
        f"plan's own figure for the time of the decision ({Clause.P10})"
    )
    dates = {"citation": Clause.P10, "rule": COPY_RULE, "due_at": due_at, "happened_at": received_at}
    return (
        _passed(Check.COPY_IN_TIME, sentence, **dates)
        if received_at <= due_at
        else _failed(Check.COPY_IN_TIME, sentence, **dates)
    )


# -- complete


def _record(packet: DelegatedPacket, edition: Edition) -> Finding:
    member = packet.member
    demographic = {Item.MEMBER_ADDRESS: member.address, Item.MEMBER_PHONE: member.phone.strip()}
    here = {item for item, has in demographic.items() if has} | {i.item for i in packet.information}
    lacking = [c.label for c in edition.checklist if c.item not in here]
    lacking += [] if packet.record_attachment else ["The medical record"]
    if lacking:
        return _failed(
            Check.RECORD_COMPLETE, f"The copy lacks: {'; '.join(lacking)}", citation=f"{Clause.P2}; {Clause.P10}"
        )
    return _passed(
        Check.RECORD_COMPLETE, "The request and the medical record are complete", citation=f"{Clause.P2}; {Clause.P10}"
    )


def _member(match: MemberMatch) -> Finding:
    if match is MemberMatch.CONFLICT:
        sentence = "An earlier request has the same member number with another date of birth or family name"
        return _failed(Check.MEMBER_AGREES, sentence, citation=Clause.P2)
    how = "agrees with an earlier request" if match is MemberMatch.MATCHED else "was not known before"
    return _passed(Check.MEMBER_AGREES, f"The member {how}", citation=Clause.P2)


# -- by whom


def _authority(packet: DelegatedPacket) -> Finding:
    """A denial only by a licensed physician; an approval also by others, a non-clinical one by stated criteria."""
    decider, role = packet.decider, packet.decider.role
    adverse = packet.outcome.is_adverse
    citation = "H&S 1367.01(e); CalOptima GG.1508 III.H.4"
    if adverse and role is not DeciderRole.PHYSICIAN:
        who = role.replace("_", "-")
        return _failed(
            Check.DECIDER_MAY_DECIDE,
            f"{packet.outcome.capitalize()} by a {who} decider: a physician must",
            citation=citation,
        )
    if role is not DeciderRole.NON_CLINICAL and not decider.licence.strip():
        return _failed(Check.DECIDER_MAY_DECIDE, "The decider's licence is not stated", citation=citation)
    if role is DeciderRole.NON_CLINICAL and not packet.criteria.strip():
        sentence = "Approved by non-clinical staff, and no explicit criteria are stated"
        return _failed(Check.DECIDER_MAY_DECIDE, sentence, citation=citation)
    return _passed(
        Check.DECIDER_MAY_DECIDE, f"Decided by a {role.replace('_', '-')} decider who may", citation=citation
    )


def _independence(packet: DelegatedPacket) -> Finding:
    decider = packet.decider
    if decider.role is DeciderRole.NON_CLINICAL:
        return _not_asked(Check.DECIDER_NOT_INVOLVED, "Non-clinical staff treat nobody")
    if not decider.npi:
        sentence = "Without the decider's NPI nobody can tell whether the decider was involved in the treatment"
        return _failed(Check.DECIDER_NOT_INVOLVED, sentence, citation=Clause.PUR)
    if decider.npi in packet.involved:
        return _failed(Check.DECIDER_NOT_INVOLVED, "The decider is involved in the treatment", citation=Clause.PUR)
    return _passed(Check.DECIDER_NOT_INVOLVED, "The decider is not involved in the treatment", citation=Clause.PUR)


# -- in which words


def _reasons(packet: DelegatedPacket, edition: Edition) -> Finding:
    if not packet.outcome.is_adverse:
        return _not_asked(Check.REASONS_GIVEN, "An approval gives no reasons")
    lacking = [name for name, text in (("rationale", packet.rationale), ("criteria", packet.criteria)) if not text]
    citation = edition.delegation.letter_citation
    if lacking:
        return _failed(Check.REASONS_GIVEN, f"The decision states no {' and no '.join(lacking)}", citation=citation)
    return _passed(Check.REASONS_GIVEN, "The decision states its rationale and its criteria", citation=citation)


def _letter(packet: DelegatedPacket, edition: Edition) -> Finding:
    """A letter of denial or modification: its elements as declared, or the letter itself for a person to read."""
    if not packet.outcome.is_adverse:
        return _not_asked(Check.LETTER_COMPLETE, "An approval needs no letter of denial")
    citation = edition.delegation.letter_citation
    declared = set(packet.letter_elements)
    lacking = [e.replace("_", " ") for e in edition.delegation.letter[packet.line] if e not in declared]
    if packet.letter_attachment is None:
        return _failed(Check.LETTER_COMPLETE, "The letter to the member is not with the copy", citation=citation)
    if declared and lacking:
        return _failed(Check.LETTER_COMPLETE, f"The letter lacks, as declared: {', '.join(lacking)}", citation=citation)
    how = "with every element declared" if declared else "its elements are not declared"
    return _passed(Check.LETTER_COMPLETE, f"The letter to the member is with the copy, {how}", citation=citation)
