"""What time does to a case: warnings, reminders, escalation, breach. Policy 90.2.17, POL-4, P3 and P7."""

from datetime import datetime

from policy.case import Case
from policy.particulars import NoticeKind, Recipient
from policy.rule import Anchor, Obligation
from policy.tasks import TaskKind
from policy.timeframes import DECISION_LIMITS, Clock, ClockState
from policy.verdict import Value

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
    Obligation.EXTENSION: "the notice of the extension",
    Obligation.ORAL_CONFIRMATION: "the letter that confirms what was told",
}

TASKS_OF = {
    Obligation.INFORMATION_REPLY: (TaskKind.OBTAIN_INFORMATION,),
    Obligation.PLACEMENT: (TaskKind.PLACEMENT,),
    Obligation.CONSULTATION_REPORT: (TaskKind.OBTAIN_REPORT,),
    Obligation.PROVIDER_NOTICE: (),  # a letter that has not left is nobody's task; the story says so
    Obligation.MEMBER_NOTICE: (),
}


class Alarm(Value):
    """When the case next wants attention, and in plain words why."""

    at: datetime
    label: str


def next_alarm(case: Case) -> Alarm | None:
    """The earliest warning or end among the running clocks."""
    warn_at = case.edition.parameters.warn_at
    ringing = ((clock.next_alarm(warn_at), clock) for clock in case.clocks)
    at, clock = min(
        ((at, clock) for at, clock in ringing if at is not None), key=lambda r: (r[0], r[1].id), default=(None, None)
    )
    if at is None or clock is None:
        return None
    what = WHAT_FALLS_DUE[clock.obligation].capitalize()
    return Alarm(at=at, label=f"{what} falls due" if at == clock.due_at else f"Warning before: {what}")


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
    return case


def _warn(case: Case, clock: Clock, now: datetime) -> Case:
    """Half or most of the time has gone: a line in the story, and a reminder to whom we wait for."""
    gone = f"{case.edition.parameters.warn_at[clock.warnings - 1]:.0%}"
    case = case.tell(now, "clock:warned", f"{gone} of the time for {WHAT_FALLS_DUE[clock.obligation]} has gone")
    if clock.obligation is Obligation.INFORMATION_REPLY:
        ordinal = len(case.information_requests) * 10 + clock.warnings
        return case.plan_notice(NoticeKind.INFORMATION_REMINDER, now, Recipient.PROVIDER, ordinal=ordinal)
    if clock.obligation is Obligation.CONSULTATION_REPORT and case.current_opinion:
        ordinal = case.current_opinion.ordinal * 10 + clock.warnings
        return case.plan_notice(NoticeKind.REPORT_REMINDER, now, Recipient.OPINION_PHYSICIAN, ordinal=ordinal)
    return case


def _breach(case: Case, clock: Clock, now: datetime) -> Case:
    """The time has gone: recorded with its cause, and escalated to the supervisor."""
    case = case.tell(now, "clock:breached", f"Overdue: {WHAT_FALLS_DUE[clock.obligation]}", clause=clock.rule)
    kinds = TASKS_OF.get(clock.obligation)
    for task in case.open_tasks:
        if task.kind is TaskKind.EXPIRED_DETERMINATION:
            continue  # it was opened by a breach, this very day
        if (kinds is None or task.kind in kinds) and not task.escalated:
            case = case.change_task(task.model_copy(update={"escalated": True}))
            case = case.tell(now, "task:escalated", f"{task.id}: {task.title}, to the supervisor")
    if clock.obligation in DECISION_LIMITS:
        return _expired(case, now)
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
