"""What a staff action does to a case: every action is applied, or becomes a refusal with its reasons; none is lost.

The same pure functions serve the workflow, the doors (to ask beforehand) and the tests.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from policy import (
    completeness,
    determination,
    dispatch,
    operations,
    placement,
    reopening,
    speed,
    third_opinion,
    visiting,
    withdrawal,
)
from policy.actions import (
    AddComment,
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
    RequestInformation,
    SignExpiredDetermination,
    SubmitConsultation,
    WithdrawRequest,
)
from policy.answering import receipt_of, refusal_of
from policy.calendar import CalendarEndError, local_day
from policy.case import FIRST_GENERATION, Case
from policy.clauses import Clause
from policy.duties import may_own
from policy.lateractions import ChangeDetermination, TakeUpThirdOpinion
from policy.letteractions import RecordCall, ReissueLetter, ReportReturnedLetter
from policy.lifecycle import Stage
from policy.nomination import asked_anew
from policy.placementactions import (
    ChangePhysician,
    DeclinePlacement,
    ExtendAuthorization,
    RecordAppointment,
    RecordFeeAgreement,
    RecordVisit,
)
from policy.staffaction import StaffAction
from policy.taskactions import (
    AssignTask,
    ClaimTask,
    DelegateTask,
    EscalateTask,
    LiftExclusion,
    NominateTask,
    ReleaseTask,
    ResumeTask,
    ReturnTask,
    SaveDraft,
    SkipTask,
    SuspendTask,
    TaskAction,
)
from policy.tasks import Comment, HumanTask
from policy.trust import UNSIGNED, Proof, is_superseded, is_to_be_marked, may_be_believed
from policy.verdict import Allowed, Refused, Verdict, first_refusal

REUSED_ID = "this action_id was used before, with other content; send a new one"

Handler = Callable[[Case, Any, datetime], Case | Refused]


def act(case: Case, action: StaffAction, now: datetime, proof: Proof = UNSIGNED) -> Case:
    """The case after an action: applied, with a receipt, or refused, with the reasons.

    ``now`` is the time of the story; ``action.at`` is when a door received the action, and is what counts: for clocks,
    for the tasks that it opens, for its line in the story, however late a worker gets round to it. The same action
    twice changes nothing; another one under the same ``action_id`` is refused.
    """
    digest = action.digest("at")
    earlier = case.receipt(action.action_id)
    if earlier is not None and (earlier.accepted or not is_superseded(case.trust, proof, earlier.signed)):
        return case if digest.startswith(earlier.digest or "-") else _refuse_reused_id(case, action, now, digest)
    believed = may_be_believed(case.trust, proof)
    if isinstance(believed, Refused):
        return _refuse(case, action, believed, now, digest, proof)
    action = action.model_copy(update={"at": min(action.at, now)}) if _is_plausible(case, action, now) else action
    verdict = _may_act(case, action, now)
    result = verdict if isinstance(verdict, Refused) else _carried_out(case, action, now)
    if isinstance(result, Refused):
        return _refuse(case, action, result, now, digest, proof)
    result = _finished(case, result, action, marked=is_to_be_marked(case.trust, proof))
    return result.remember(receipt_of(action, now, digest, proof))


def _carried_out(case: Case, action: StaffAction, now: datetime) -> Case | Refused:
    when = now if case.generation == FIRST_GENERATION else action.at
    try:
        return HANDLERS[type(action)](case, action, when)
    except CalendarEndError as end:
        return Refused(reason=str(end), clause=Clause.POL_4)


def _finished(before: Case, after: Case, action: StaffAction, *, marked: bool) -> Case:
    """What the action completed says by which signal; who is asked for a task is still one who may have it."""
    open_before = {task.id for task in before.open_tasks}
    for task in after.tasks:
        if task.id in open_before and task.ended_by == action.actor.id and not task.outcome:
            done = {"outcome": action.SIGNAL, "ended_by_npi": action.actor.npi}
            after = after.change_task(task.model_copy(update=done))
    after = asked_anew(after, action.at)
    return _marked(before, after) if marked else after


def _marked(before: Case, after: Case) -> Case:
    """What nobody signed for is marked in the story."""
    told = (e.model_copy(update={"unsigned": True}) if e.seq > before.seq and e.actor else e for e in after.story)
    return after.but(story=tuple(told))


def _may_act(case: Case, action: StaffAction, now: datetime) -> Verdict:
    named = _named_task(case, action)
    if isinstance(named, Refused):
        return named
    return first_refusal(
        _is_for_this_case(case, action),
        _has_a_sound_time(case, action, named, now),
        _has_a_task(case, action, named),
        _has_seen_the_latest(case, action, named),
    )


def _is_for_this_case(case: Case, action: StaffAction) -> Verdict:
    if action.case_number not in ("", case.number):
        return Refused(reason=f"this action names another case than {case.number}", field="case_number")
    if case.stage is Stage.CLOSED and not reopening.reopens(case, action):
        return Refused(reason="the case is closed")
    return Allowed()


def _named_task(case: Case, action: StaffAction) -> HumanTask | Refused | None:
    """The open task that the action is about, if it is about one."""
    task_id = action.task_id if isinstance(action, TaskAction | AddComment | RecordCall) else ""
    if action.TASK is not None and not task_id:
        return case.task(action.TASK)
    if not task_id or case.stage is Stage.CLOSED:
        return None
    return case.task_with(task_id) or Refused(reason="no open task of this id", field="task_id")


def _has_seen_the_latest(case: Case, action: StaffAction, task: HumanTask | None) -> Verdict:
    """Whoever says which revision they saw is told when it is no longer the latest."""
    stands = task.revision if task else case.seq
    if action.revision in (0, stands):
        return Allowed()
    what = f"{task.id} (now revision {stands}{f', with {task.owner}' if task.owner else ''})" if task else "the case"
    reason = f"you acted on an older version of {what}; look again and send it anew"
    return Refused(reason=reason, clause=action.CLAUSE, field="revision")


def _skew(case: Case) -> timedelta:
    return timedelta(minutes=case.edition.parameters.clock_skew_minutes)


def _is_plausible(case: Case, action: StaffAction, now: datetime) -> bool:
    return action.at <= now + _skew(case)


def _has_a_sound_time(case: Case, action: StaffAction, named: HumanTask | None, now: datetime) -> Verdict:
    if not _is_plausible(case, action, now):
        return Refused(reason="the time lies in the future; send the time at which the door received it", field="at")
    task = named if action.TASK or case.generation != FIRST_GENERATION else None
    since = task.opened_at if task else case.received_at
    if action.at < since - _skew(case):
        return Refused(reason="the time lies before the task was opened", field="at")
    return Allowed()


def _has_a_task(case: Case, action: StaffAction, task: HumanTask | None) -> Verdict:
    if action.TASK is None:
        return Allowed()
    if task is None or task.kind is not action.TASK:
        waiting = ", ".join(t.kind for t in case.open_tasks) or "nothing"
        return Refused(reason=f"no {action.TASK} task is open; the case waits for: {waiting}", clause=action.CLAUSE)
    verdict = task.may_be_worked_by(action.actor)
    if case.generation == FIRST_GENERATION:
        return verdict
    return first_refusal(verdict, may_own(case, task, action.actor, local_day(action.at)))


def _refuse(case: Case, action: StaffAction, why: Refused, now: datetime, digest: str, proof: Proof) -> Case:
    receipt = receipt_of(action, now, digest, proof, why)
    refused = case.remember(receipt).keep_refusal(refusal_of(action, why, now, digest))
    return _marked(case, refused) if is_to_be_marked(case.trust, proof) else refused


def _refuse_reused_id(case: Case, action: StaffAction, now: datetime, digest: str) -> Case:
    why = Refused(reason=REUSED_ID, field="action_id")
    return case.keep_refusal(refusal_of(action, why, now, digest))


def _comment(case: Case, action: AddComment, now: datetime) -> Case | Refused:
    task = case.task_with(action.task_id) if action.task_id else None
    if task is not None:
        case = case.change_task(task.commented(Comment(at=now, actor=action.actor.id, text=action.text)))
    return case.tell(now, "case:commented", action.text, actor=action.actor.id)


HANDLERS: dict[type[StaffAction], Handler] = {
    ClaimTask: operations.claim,
    ReleaseTask: operations.release,
    AssignTask: operations.assign,
    DelegateTask: operations.delegate,
    ReturnTask: operations.give_back,
    SuspendTask: operations.suspend,
    ResumeTask: operations.resume,
    SaveDraft: operations.save_draft,
    SkipTask: operations.skip,
    EscalateTask: operations.escalate,
    NominateTask: operations.nominate,
    LiftExclusion: operations.lift_exclusion,
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
    RecordAppointment: visiting.appoint,
    RecordVisit: visiting.visit,
    DeclinePlacement: placement.decline,
    ChangePhysician: placement.change,
    ExtendAuthorization: visiting.extend,
    RecordFeeAgreement: visiting.agree_fee,
    WithdrawRequest: withdrawal.withdraw,
    ExpediteRequest: speed.expedite,
    RefuseExpedite: speed.refuse_expedite,
    ExtendDecision: speed.extend,
    RecordCall: dispatch.call,
    ReportReturnedLetter: dispatch.returned,
    ReissueLetter: dispatch.reissue,
    ChangeDetermination: reopening.change,
    TakeUpThirdOpinion: third_opinion.take_up,
}
