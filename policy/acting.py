"""What a staff action does to a case: every action is applied, or becomes a refusal with its reasons; none is lost.

The same pure functions serve the workflow, the doors (to ask beforehand) and the tests.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from policy import completeness, determination, placement, speed, withdrawal
from policy.actions import (
    AddComment,
    ClaimTask,
    ConfirmCompleteness,
    Determine,
    ExpediteRequest,
    ExtendDecision,
    PlaceOpinion,
    ReceiveInformation,
    ReceiveReport,
    RecordContactAttempt,
    ReferToConsultation,
    RefuseExpedite,
    ReleaseTask,
    RequestInformation,
    SignExpiredDetermination,
    StaffAction,
    SubmitConsultation,
    WithdrawRequest,
)
from policy.calendar import CalendarEndError
from policy.case import REFUSALS_KEPT, Case
from policy.clauses import Clause
from policy.complaints import FieldError
from policy.lifecycle import Stage
from policy.particulars import Receipt, RefusedAction
from policy.people import Role
from policy.tasks import HumanTask
from policy.verdict import Allowed, Refused, Verdict, first_refusal

Handler = Callable[[Case, Any, datetime], Case | Refused]


def act(case: Case, action: StaffAction, now: datetime) -> Case:
    """The case after an action: applied, with a receipt, or refused, with the reasons.

    ``now`` is the time of the story, ``action.at`` the time at which a door received the action: it is what counts for
    a clock. The same action twice changes nothing; another one under the same ``action_id`` is refused.
    """
    digest = _digest(action)
    earlier = case.receipt(action.action_id)
    if earlier is not None:
        return case if earlier.digest == digest else _refuse_reused_id(case, action, now, digest)
    action = action.model_copy(update={"at": min(action.at, now)}) if _is_plausible(case, action, now) else action
    verdict = _may_act(case, action, now)
    result = verdict if isinstance(verdict, Refused) else _carried_out(case, action, now)
    if isinstance(result, Refused):
        return _refuse(case, action, result, now, digest)
    receipt = Receipt(action_id=action.action_id, action=action.SIGNAL, accepted=True, at=now, digest=digest)
    return result.but(receipts=(*result.receipts, receipt))


def _carried_out(case: Case, action: StaffAction, now: datetime) -> Case | Refused:
    try:
        return HANDLERS[type(action)](case, action, now)
    except CalendarEndError as end:
        return Refused(reason=str(end), clause=Clause.POL_4)


def refuse_unreadable(
    case: Case,
    name: str,
    reason: str,
    now: datetime,
    *,
    fields: tuple[FieldError, ...] = (),
    action_id: str = "",
    size: int = 0,
    digest: str = "",
) -> Case:
    """The case after something that is no action: a signal that nobody knows, or a body that does not fit."""
    refused = RefusedAction(
        at=now, action=name[:100], action_id=action_id, reason=reason, fields=fields, size=size, digest=digest
    )
    case = _remember(case, refused)
    if action_id and case.receipt(action_id) is None:
        receipt = Receipt(
            action_id=action_id, action=name[:100], accepted=False, at=now, digest=digest, reason=reason, fields=fields
        )
        case = case.but(receipts=(*case.receipts, receipt))
    return case


def _digest(action: StaffAction) -> str:
    """What the action asks for, without the time: a door that tries again may stamp another."""
    return hashlib.sha256(f"{action.SIGNAL} {action.model_dump_json(exclude={'at'})}".encode()).hexdigest()


def _may_act(case: Case, action: StaffAction, now: datetime) -> Verdict:
    return first_refusal(
        _is_for_this_case(case, action), _has_a_sound_time(case, action, now), _has_a_task(case, action)
    )


def _is_for_this_case(case: Case, action: StaffAction) -> Verdict:
    if action.case_number not in ("", case.number):
        return Refused(reason=f"this action names another case than {case.number}", field="case_number")
    if case.stage is Stage.CLOSED:
        return Refused(reason="the case is closed")
    return Allowed()


def _skew(case: Case) -> timedelta:
    return timedelta(minutes=case.edition.parameters.clock_skew_minutes)


def _is_plausible(case: Case, action: StaffAction, now: datetime) -> bool:
    return action.at <= now + _skew(case)


def _has_a_sound_time(case: Case, action: StaffAction, now: datetime) -> Verdict:
    if not _is_plausible(case, action, now):
        return Refused(reason="the time lies in the future; send the time at which the door received it", field="at")
    task = case.task(action.TASK) if action.TASK else None
    since = task.opened_at if task else case.received_at
    if action.at < since - _skew(case):
        return Refused(reason="the time lies before the task was opened", field="at")
    return Allowed()


def _has_a_task(case: Case, action: StaffAction) -> Verdict:
    if action.TASK is None:
        return Allowed()
    task = case.task(action.TASK)
    if task is None:
        waiting = ", ".join(t.kind for t in case.open_tasks) or "nothing"
        return Refused(reason=f"no {action.TASK} task is open; the case waits for: {waiting}", clause=action.CLAUSE)
    return task.may_be_worked_by(action.actor)


def _refuse(case: Case, action: StaffAction, why: Refused, now: datetime, digest: str) -> Case:
    receipt = Receipt(
        action_id=action.action_id,
        action=action.SIGNAL,
        accepted=False,
        at=now,
        digest=digest,
        reason=why.reason,
        clause=why.clause,
        fields=_fields(why),
    )
    return _remember(case.but(receipts=(*case.receipts, receipt)), _refusal(action, why, now, digest))


def _fields(why: Refused) -> tuple[FieldError, ...]:
    return (FieldError(field=why.field, problem=why.reason),) if why.field else ()


def _refuse_reused_id(case: Case, action: StaffAction, now: datetime, digest: str) -> Case:
    why = Refused(reason="this action_id was used before, with other content; send a new one", field="action_id")
    return _remember(case, _refusal(action, why, now, digest))


def _refusal(action: StaffAction, why: Refused, now: datetime, digest: str) -> RefusedAction:
    return RefusedAction(
        at=now,
        action=action.SIGNAL,
        action_id=action.action_id,
        actor=action.actor.id,
        reason=why.reason,
        clause=why.clause,
        fields=_fields(why),
        digest=digest,
    )


def _remember(case: Case, refused: RefusedAction) -> Case:
    case = case.but(refusals=(*case.refusals, refused)[-REFUSALS_KEPT:], refused_count=case.refused_count + 1)
    text = f"{refused.action}: {refused.reason}"
    return case.tell(refused.at, "action:refused", text, actor=refused.actor, clause=refused.clause)


# -- actions on tasks as such


def _named_task(case: Case, task_id: str) -> HumanTask | Refused:
    found = next((t for t in case.open_tasks if t.id == task_id), None)
    return found or Refused(reason="no open task of this id", field="task_id")


def _claim(case: Case, action: ClaimTask, now: datetime) -> Case | Refused:
    task = _named_task(case, action.task_id)
    if isinstance(task, Refused):
        return task
    verdict = task.may_be_worked_by(action.actor)
    if isinstance(verdict, Refused):
        return verdict
    case = case.change_task(task.claim(action.actor))
    return case.tell(now, "task:claimed", f"{task.id}: {task.title}", actor=action.actor.id)


def _release(case: Case, action: ReleaseTask, now: datetime) -> Case | Refused:
    task = _named_task(case, action.task_id)
    if isinstance(task, Refused):
        return task
    if task.owner != action.actor.id and not action.actor.has(Role.SUPERVISOR):
        return Refused(reason="only its owner or a supervisor can release a task", clause=Clause.P1, field="actor.id")
    case = case.change_task(task.release())
    return case.tell(now, "task:released", f"{task.id}: {task.title}", actor=action.actor.id)


def _comment(case: Case, action: AddComment, now: datetime) -> Case | Refused:
    return case.tell(now, "case:commented", action.text, actor=action.actor.id)


HANDLERS: dict[type[StaffAction], Handler] = {
    ClaimTask: _claim,
    ReleaseTask: _release,
    AddComment: _comment,
    ConfirmCompleteness: completeness.confirm,
    RequestInformation: completeness.request,
    RecordContactAttempt: completeness.attempt,
    ReceiveInformation: completeness.receive,
    ReferToConsultation: determination.refer,
    SubmitConsultation: determination.consult,
    Determine: determination.determine,
    SignExpiredDetermination: determination.sign_expired,
    PlaceOpinion: placement.place,
    ReceiveReport: placement.receive_report,
    WithdrawRequest: withdrawal.withdraw,
    ExpediteRequest: speed.expedite,
    RefuseExpedite: speed.refuse_expedite,
    ExtendDecision: speed.extend,
}
