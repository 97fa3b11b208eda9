"""What time does to a case: warnings, reminders, escalation, breach. Policy 90.2.17, POL-4, P3 and P7."""

from collections.abc import Iterator
from datetime import datetime

from policy.case import FIRST_GENERATION, Case
from policy.nomination import next_asked, reminder_at
from policy.particulars import NoticeKind, Recipient
from policy.reaching import opinion_ordinal
from policy.rule import Anchor, Obligation
from policy.tasks import HumanTask, TaskKind
from policy.timeframes import DECISION_LIMITS, Clock, ClockState
from policy.verdict import Value
from policy.visiting import expired, expires_at

WHAT_FALLS_DUE = {
    Obligation.DECISION: "the determination",
    Obligation.DECISION_OUTER: "the determination, by its other limit",
    Obligation.PEND_NOTICE: "the pend notice",
    Obligation.PROVIDER_NOTICE: "the notice to the provider",
    Obligation.MEMBER_NOTICE: "the notice to the member",
    Obligation.OPINION_RENDERED: "the urgent second opinion",
    Obligation.INFORMATION_REPLY: "the provider's information",
    Obligation.PLACEMENT: "the placement of the opinion",
    Obligation.CONSULTATION_REPORT: "the consultation report",
    Obligation.APPOINTMENT: "the appointment with the opinion physician",
    Obligation.EXTENSION: "the notice of the extension",
    Obligation.ORAL_CONFIRMATION: "the letter that confirms what was told",
}

TASKS_OF = {
    Obligation.INFORMATION_REPLY: (TaskKind.OBTAIN_INFORMATION,),
    Obligation.PLACEMENT: (TaskKind.PLACEMENT,),
    Obligation.CONSULTATION_REPORT: (TaskKind.OBTAIN_REPORT,),
    Obligation.APPOINTMENT: (TaskKind.PLACEMENT, TaskKind.OBTAIN_REPORT),
    # A letter that is on its way is nobody's task; one that needs a call is.
    Obligation.PROVIDER_NOTICE: (TaskKind.TELEPHONE_NOTICE,),
    Obligation.MEMBER_NOTICE: (TaskKind.TELEPHONE_NOTICE,),
}


class Alarm(Value):
    """When the case next wants attention, and in plain words why; ``rule`` is the clock's, with its citation."""

    at: datetime
    label: str
    rule: str = ""


def next_alarm(case: Case) -> Alarm | None:
    """The earliest of all: a clock's warning or end, a task's reminder or resumption, an authorization's end."""
    found = (_alarm_of_clocks(case), _alarm_of_tasks(case), _alarm_of_authorization(case))
    return min((alarm for alarm in found if alarm), key=lambda alarm: alarm.at, default=None)


def _alarm_of_clocks(case: Case) -> Alarm | None:
    warn_at = case.edition.parameters.warn_at
    ringing = ((clock.next_alarm(warn_at), clock) for clock in case.clocks)
    at, clock = min(
        ((at, clock) for at, clock in ringing if at is not None), key=lambda r: (r[0], r[1].id), default=(None, None)
    )
    if at is None or clock is None:
        return None
    what = WHAT_FALLS_DUE[clock.obligation].capitalize()
    label = f"{what} falls due" if at == clock.due_at else f"Warning before: {what}"
    return Alarm(at=at, label=label, rule=f"{clock.rule}, {clock.citation}")


def _alarm_of_tasks(case: Case) -> Alarm | None:
    ringing = (alarm for task in case.open_tasks for alarm in _alarms_of(task))
    return min(ringing, key=lambda alarm: (alarm.at, alarm.label), default=None)


def _alarm_of_authorization(case: Case) -> Alarm | None:
    at = expires_at(case)
    return Alarm(at=at, label="The authorization of the opinion expires") if at else None


def _alarms_of(task: HumanTask) -> Iterator[Alarm]:
    if task.suspended_until:
        yield Alarm(at=task.suspended_until, label=f"Resume: {task.title}")
    if remind_at := reminder_at(task):
        yield Alarm(at=remind_at, label=f"Remind who is asked: {task.title}")
    elif task.asked and task.answer_by:
        yield Alarm(at=task.answer_by, label=f"Ask the next: {task.title}")


def ring(case: Case, now: datetime) -> Case:
    """All alarms up to ``now`` have rung: each clock has warned, and what is due and not done is breached."""
    warn_at = case.edition.parameters.warn_at
    for clock in case.clocks:
        current = clock
        while (at := current.next_alarm(warn_at)) is not None and at <= now:
            if current.warnings < len(warn_at):
                current = current.model_copy(update={"warnings": current.warnings + 1})
                case = _warn(case.change_clock(current), current, now)
            else:
                current = current.model_copy(update={"state": ClockState.BREACHED, "cause": _cause(case)})
                case = _breach(case.change_clock(current), current, now)
    for task in case.open_tasks:
        case = _ring_for(case, task, now)
    ends = expires_at(case)
    return expired(case, now) if ends and ends <= now else case


def _ring_for(case: Case, task: HumanTask, now: datetime) -> Case:
    """A task that was put aside comes back; who is asked and does not answer is reminded, then passed over."""
    if task.suspended_until and task.suspended_until <= now:
        task = task.resumed()
        case = case.change_task(task).tell(now, "task:resumed", f"{task.id}: {task.title}")
    remind_at = reminder_at(task)
    if remind_at and remind_at <= now:
        task = task.model_copy(update={"reminded": True})
        case = case.change_task(task).tell(now, "task:reminded", f"{task.id}: {task.asked} has not answered")
    if task.asked and task.answer_by and task.answer_by <= now:
        return next_asked(case, task, now, "has not answered")
    return case


def _warn(case: Case, clock: Clock, now: datetime) -> Case:
    """Half or most of the time has gone: a line in the story, and a reminder to whom we wait for."""
    gone = f"{case.edition.parameters.warn_at[clock.warnings - 1]:.0%}"
    case = case.tell(now, "clock:warned", f"{gone} of the time for {WHAT_FALLS_DUE[clock.obligation]} has gone")
    if clock.warnings == len(case.edition.parameters.warn_at) and case.generation != FIRST_GENERATION:
        case = _escalate(case, clock, now)
    if clock.obligation is Obligation.INFORMATION_REPLY:
        ordinal = len(case.information_requests) * 10 + clock.warnings
        return case.plan_notice(NoticeKind.INFORMATION_REMINDER, now, Recipient.PROVIDER, ordinal=ordinal)
    if clock.obligation is Obligation.CONSULTATION_REPORT and case.current_opinion:
        ordinal = _next_reminder(case, case.current_opinion.ordinal)
        return case.plan_notice(NoticeKind.REPORT_REMINDER, now, Recipient.OPINION_PHYSICIAN, ordinal=ordinal)
    return case


def _next_reminder(case: Case, opinion: int) -> int:
    """The opinion's digit and the number of the reminder, counted over all clocks of its report: 21, 22, … 210."""
    sent = {n.ordinal for n in case.notices if n.kind is NoticeKind.REPORT_REMINDER and opinion_ordinal(n) == opinion}
    return int(f"{opinion}{len(sent) + 1}")


def _breach(case: Case, clock: Clock, now: datetime) -> Case:
    """The time has gone: recorded with its cause, and escalated to the supervisor."""
    case = case.tell(now, "clock:breached", f"Overdue: {WHAT_FALLS_DUE[clock.obligation]}", clause=clock.rule)
    case = _escalate(case, clock, now)
    if clock.obligation in DECISION_LIMITS:
        return _expired(case, now)
    return case


def _escalate(case: Case, clock: Clock, now: datetime) -> Case:
    """The tasks that the clock waits for come before the supervisor, once."""
    kinds = TASKS_OF.get(clock.obligation)
    for task in case.open_tasks:
        if task.kind is TaskKind.EXPIRED_DETERMINATION:
            continue  # it was opened by a breach, this very day
        if (kinds is None or task.kind in kinds) and not task.escalated:
            case = case.change_task(task.model_copy(update={"escalated": True}))
            case = case.tell(now, "task:escalated", f"{task.id}: {task.title}, to the supervisor")
    return case


def _expired(case: Case, now: datetime) -> Case:
    """Where expiry counts as a denial a physician must sign it that day. Nothing signs itself (H&S 1367.01(k))."""
    rule = case.edition.deemed_denial
    limits = [c for c in case.clocks if c.obligation in DECISION_LIMITS and c.anchor is Anchor.RECEIVED]
    if any(c.state is ClockState.RUNNING for c in limits):
        return case  # the state's limit has passed; the law's own expiry is counted from the request
    if case.request.line not in rule.lines or case.determination or case.task(TaskKind.EXPIRED_DETERMINATION):
        return case
    return case.open_task(TaskKind.EXPIRED_DETERMINATION, now, note=rule.citation)


def _cause(case: Case) -> str:
    """What the case was waiting for when the time ran out."""
    waiting = [t.title for t in case.open_tasks if t.kind is not TaskKind.EXPIRED_DETERMINATION]
    return f"waiting for: {'; '.join(waiting)}" if waiting else "letters had not left"
