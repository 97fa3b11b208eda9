"""From the placement to the visit: appointment, visit, agreement about the fee, longer validity. Procedure 6.b, 7, 8.

The law wants a visit offered within a time (28 CCR 1300.67.2.2); the report is counted from the visit, once one is
planned or has been.
"""

from datetime import datetime

from policy.calendar import end_of_day, local_day
from policy.case import WITH_CHANNELS, Case
from policy.clauses import Clause
from policy.dispatch import recall
from policy.opinion import Appointment, AppointmentState, FeeAgreement
from policy.particulars import Opinion
from policy.placement import authorize
from policy.placementactions import ExtendAuthorization, RecordAppointment, RecordFeeAgreement, RecordVisit
from policy.routing import FeeArrangement
from policy.rule import Anchor, Obligation
from policy.tasks import TaskKind
from policy.timeframes import Clock, ClockState, spoken
from policy.verdict import Refused

NOTHING_PLACED = Refused(reason="no opinion is placed", clause=Clause.P6B)


def appoint(case: Case, action: RecordAppointment, now: datetime) -> Case | Refused:
    """The member has an appointment, or another one than before; it must lie within the authorization (P7, P8)."""
    opinion = case.current_opinion
    if opinion is None:
        return NOTHING_PLACED
    verdict = _can_be_appointed(opinion, action)
    if isinstance(verdict, Refused):
        return verdict
    earlier, planned = opinion.appointments, opinion.appointment
    if planned:
        moved = planned.model_copy(update={"state": AppointmentState.MOVED, "why": action.why})
        earlier = (*earlier[:-1], moved)
    made = Appointment(
        at=action.when,
        recorded_at=action.at,
        recorded_by=action.actor.id,
        longer_wait_by=action.longer_wait_by,
        longer_wait_why=action.longer_wait_why,
    )
    case = _changed(case, opinion.model_copy(update={"appointments": (*earlier, made)}))
    event, word = ("appointment:moved", "moved to") if planned else ("appointment:made", "made for")
    case = case.tell(
        now, event, f"The appointment is {word} {spoken(action.when)}", actor=action.actor.id, clause=Clause.P7
    )
    return _report_counts_from(_offered(case, made, now), action.when, action.at, "counted from the visit")


def visit(case: Case, action: RecordVisit, now: datetime) -> Case | Refused:
    """The member was seen, and the report counts from then; or did not come, and needs another appointment (P7)."""
    opinion = case.current_opinion
    if opinion is None:
        return NOTHING_PLACED
    planned = opinion.appointment
    if not action.kept:
        return _missed(case, opinion, action, now)
    when = action.when or (planned.at if planned else None)
    if when is None:
        return Refused(reason="no appointment is on record; say when the visit was", clause=Clause.P7, field="when")
    if when > action.at:
        return Refused(reason="the visit lies in the future", clause=Clause.P7, field="when")
    if local_day(when) < local_day(opinion.placed_at):
        reason = "the visit lies before the day on which the opinion was placed"
        return Refused(reason=reason, clause=Clause.P7, field="when")
    seen = Appointment(
        at=when, state=AppointmentState.KEPT, recorded_at=action.at, recorded_by=action.actor.id, why=action.why
    )
    earlier = opinion.appointments[:-1] if planned else opinion.appointments
    case = _changed(case, opinion.model_copy(update={"appointments": (*earlier, seen)}))
    text = f"The member was seen on {spoken(when)}"
    case = case.tell(now, "visit:kept", text, actor=action.actor.id, clause=Clause.P7)
    return _report_counts_from(_was_seen(case, when), when, action.at, "counted from the visit")


def agree_fee(case: Case, action: RecordFeeAgreement, now: datetime) -> Case | Refused:
    """The letter of agreement that was pending is signed: the fee is agreed, and never the member's (P6b, P8)."""
    opinion = case.current_opinion
    if opinion is None:
        return NOTHING_PLACED
    if opinion.fee is not FeeArrangement.LETTER_OF_AGREEMENT_PENDING:
        reason = f"no letter of agreement is pending: {opinion.fee.replace('_', ' ')}"
        return Refused(reason=reason, clause=Clause.P8)
    if action.signed_on > local_day(action.at):
        return Refused(reason="the day of signing lies in the future", clause=Clause.P8, field="signed_on")
    signed = FeeAgreement(reference=action.reference, signed_on=action.signed_on, recorded_by=action.actor.id)
    case = _changed(case, opinion.model_copy(update={"fee": FeeArrangement.AGREED, "agreement": signed}))
    text = f"The letter of agreement was signed on {signed.signed_on}: {signed.reference}"
    return case.tell(now, "fee:agreed", text, actor=action.actor.id, clause=Clause.P8)


def extend(case: Case, action: ExtendAuthorization, now: datetime) -> Case | Refused:
    """The authorization holds for longer; physician and member get it anew, and the earlier letters are void (P8)."""
    opinion = case.current_opinion
    if opinion is None or opinion.authorization is None:
        return Refused(reason="no opinion with an authorization is placed", clause=Clause.P8)
    held = opinion.authorization
    if action.until <= max(held.valid_until, local_day(action.at)):
        reason = f"it is valid until {held.valid_until}; name a later day, which lies ahead"
        return Refused(reason=reason, clause=Clause.P8, field="until")
    why = f"from {held.valid_until} to {action.until}: {action.reason}"
    longer = {"valid_until": action.until, "extended": (*held.extended, why), "expiry_told": False}
    held = held.model_copy(update=longer)
    case = _changed(case, opinion.model_copy(update={"authorization": held}))
    text = f"{held.number} is valid until {held.valid_until}"
    case = case.tell(now, "authorization:extended", text, actor=action.actor.id, clause=Clause.P8)
    return authorize(recall(case, opinion.ordinal, "the authorization was extended", now), opinion.ordinal, now)


def expires_at(case: Case) -> datetime | None:
    """When the authorization ends that nobody has been told of yet; None where none is waited on (UTC)."""
    opinion = case.current_opinion
    held = opinion.authorization if opinion and opinion.report is None and opinion.visited is None else None
    return end_of_day(held.valid_until) if held and not held.expiry_told else None


def expired(case: Case, now: datetime) -> Case:
    """The authorization has ended before the member was seen: told once, and its task goes before the supervisor."""
    opinion = case.current_opinion
    if opinion is None or opinion.authorization is None:
        return case
    told = opinion.authorization.model_copy(update={"expiry_told": True})
    case = _changed(case, opinion.model_copy(update={"authorization": told}))
    case = case.tell(now, "authorization:expired", f"{told.number} ended on {told.valid_until}", clause=Clause.P8)
    task = case.task(TaskKind.OBTAIN_REPORT)
    if task is None or task.escalated:
        return case
    case = case.change_task(task.model_copy(update={"escalated": True}))
    return case.tell(now, "task:escalated", f"{task.id}: {task.title}, to the supervisor")


def _can_be_appointed(opinion: Opinion, action: RecordAppointment) -> Refused | None:
    day, held = local_day(action.when), opinion.authorization
    if action.when < opinion.placed_at:
        return Refused(reason="the appointment lies before the placement", clause=Clause.P7, field="when")
    if held and not held.holds_on(day):
        reason = f"{held.number} is valid until {held.valid_until}; extend it first"
        return Refused(reason=reason, clause=Clause.P8, field="when")
    if opinion.visited:
        return Refused(reason="the member has been seen already", clause=Clause.P7)
    if bool(action.longer_wait_by.strip()) is not bool(action.longer_wait_why.strip()):
        field = "longer_wait_why" if action.longer_wait_by.strip() else "longer_wait_by"
        reason = "a longer wait needs the licensed professional who noted that it does no harm, and what was noted"
        return Refused(reason=reason, clause="H&S 1367.03(a)(5)(H)", field=field)
    return None


def _missed(case: Case, opinion: Opinion, action: RecordVisit, now: datetime) -> Case | Refused:
    planned = opinion.appointment
    if planned is None:
        return Refused(reason="no appointment is on record that could be missed", clause=Clause.P7, field="kept")
    if planned.at > action.at:
        reason = "the appointment lies ahead; record another one when it is moved"
        return Refused(reason=reason, clause=Clause.P7, field="kept")
    missed = planned.model_copy(update={"state": AppointmentState.MISSED, "why": action.why})
    case = _changed(case, opinion.model_copy(update={"appointments": (*opinion.appointments[:-1], missed)}))
    text = f"The appointment on {spoken(planned.at)} was missed"
    case = case.tell(now, "visit:missed", text, actor=action.actor.id, clause=Clause.P7)
    if case.generation < WITH_CHANNELS:
        return case
    case = case.waive_clocks(action.at, "the visit was missed", Obligation.CONSULTATION_REPORT)
    return case.start_clocks(Anchor.VISIT_MISSED, action.at)


def _offered(case: Case, made: Appointment, now: datetime) -> Case:
    """The limit of the law is met by a visit inside it; a later one needs the note that the wait does no harm."""
    for clock in _waiting(case):
        if made.at <= clock.due_at or clock.state is ClockState.BREACHED:
            case = case.end_clocks(made.recorded_at, Obligation.APPOINTMENT)
        elif made.longer_wait_by:
            why = f"a longer wait does no harm, noted by {made.longer_wait_by} (H&S 1367.03(a)(5)(H))"
            case = case.waive_clocks(made.recorded_at, why, Obligation.APPOINTMENT)
            case = case.tell(now, "appointment:later", f"Later than {clock.rule}: {why}", clause=clock.rule)
        else:
            late = f"Later than {clock.rule}, and nobody noted that the wait does no harm: the limit stands"
            case = case.tell(now, "appointment:later", late, clause=clock.rule)
    return case


def _was_seen(case: Case, when: datetime) -> Case:
    return case.end_clocks(when, Obligation.APPOINTMENT)


def _waiting(case: Case) -> tuple[Clock, ...]:
    return tuple(c for c in case.open_clocks if c.obligation is Obligation.APPOINTMENT)


def _report_counts_from(case: Case, when: datetime, at: datetime, cause: str) -> Case:
    """The clock of the report counts from the visit, planned or past: what counted before falls away."""
    before = [c for c in case.open_clocks if c.obligation is Obligation.CONSULTATION_REPORT]
    if any(c.anchor is Anchor.VISIT and c.anchored_at == when for c in before):
        return case
    if case.generation < WITH_CHANNELS:
        return case  # it has no such row: its clock from the placement goes on
    case = case.waive_clocks(at, cause, Obligation.CONSULTATION_REPORT)
    return case.start_clocks(Anchor.VISIT, when, told_at=at)


def _changed(case: Case, opinion: Opinion) -> Case:
    return case.but(opinions=(*case.opinions[:-1], opinion))
