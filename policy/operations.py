"""What people do to a task as such, in WS-HumanTask's words: every operation is decided here, and nowhere else.

Each function answers with the next case, or with the reason why not. Completing a task is done by the action that the
task waits for (``acting``); the same separation of duties holds there.
"""

from collections.abc import Callable
from datetime import date, datetime

from policy.calendar import local_day
from policy.case import FIRST_GENERATION, Case
from policy.clauses import Clause
from policy.completeness import without_information
from policy.determination import without_consultation
from policy.dispatch import without_a_call
from policy.duties import may_decide, may_own
from policy.nomination import next_asked, nominated
from policy.people import Actor, Role
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
from policy.tasks import IN_CHARGE, PHYSICIANS, HumanTask, TaskKind, TaskState, fields_of_draft
from policy.verdict import Allowed, Refused, Verdict, first_refusal

NOMINATORS = (*IN_CHARGE, *PHYSICIANS, Role.CASE_MANAGER)


def claim(case: Case, action: ClaimTask, now: datetime) -> Case | Refused:
    """The actor takes the task: a potential owner whom nothing excludes, or the one who is asked."""
    task = _open(case, action)
    verdict = first_refusal(task.may_be_worked_by(action.actor), _may_own(case, task, action.actor, action))
    if isinstance(verdict, Refused):
        return verdict
    taken = task.owned_by(action.actor.id, delegator=task.delegator if task.owner else None)
    return _told(case, taken, action, now, "claimed")


def release(case: Case, action: ReleaseTask, now: datetime) -> Case | Refused:
    """The owner, or who is in charge, gives the task back; when people were asked for it, the next of them is."""
    task, actor = _open(case, action), action.actor
    is_the_owners = task.owner == actor.id or (bool(task.asked) and task.asked == actor.id)
    if not is_the_owners and not actor.has(*_in_charge(case)):
        return Refused(reason="only its owner or a supervisor can release a task", clause=Clause.P1, field="actor.id")
    if task.asked:
        return next_asked(case, task, now, "declined" if is_the_owners else "was passed over", by=actor.id)
    if task.nominees:
        why = f"handed it on, and {actor.id} released it" if task.delegator else "no longer has it"
        return next_asked(case, task.released(), now, why, by=actor.id)
    return _told(case, task.released(), action, now, "released")


def assign(case: Case, action: AssignTask, now: datetime) -> Case | Refused:
    """Who is in charge gives the task to a person who may own it, whoever has it now."""
    task = _open(case, action)
    verdict = first_refusal(_is_in_charge(action.actor), _may_be_given(case, task, action.to, action))
    if isinstance(verdict, Refused):
        return verdict
    given = task.owned_by(action.to.id).model_copy(update={"nominees": (), "answer_by": None})
    return _told(case, given, action, now, f"assigned to {action.to.id}", action.reason)


def delegate(case: Case, action: DelegateTask, now: datetime) -> Case | Refused:
    """The owner hands the task on, to a person who may own it and can return it."""
    task = _open(case, action)
    verdict = first_refusal(_is_owner(task, action.actor, "delegate"), _may_be_given(case, task, action.to, action))
    if isinstance(verdict, Refused):
        return verdict
    if action.to.id == action.actor.id:
        return Refused(reason="a task cannot be delegated to oneself", clause=Clause.P1, field="to.id")
    given = task.owned_by(action.to.id, delegator=action.actor)
    return _told(case, given, action, now, f"delegated to {action.to.id}", action.reason)


def give_back(case: Case, action: ReturnTask, now: datetime) -> Case | Refused:
    """A delegated task goes back to who delegated it."""
    task = _open(case, action)
    verdict = _is_owner(task, action.actor, "return")
    if isinstance(verdict, Refused):
        return verdict
    if task.delegator is None:
        return Refused(reason="this task was not delegated; release it instead", clause=Clause.P1, field="task_id")
    verdict = may_own(case, task, task.delegator, local_day(action.at))
    if isinstance(verdict, Refused):
        reason = f"{task.delegated_by} can no longer have it ({verdict.reason}); release it instead"
        return Refused(reason=reason, clause=verdict.clause, field="task_id")
    back = task.owned_by(task.delegated_by)
    return _told(case, back, action, now, f"returned to {task.delegated_by}", action.reason)


def suspend(case: Case, action: SuspendTask, now: datetime) -> Case | Refused:
    """Put aside until a time that lies ahead, and not after the task is due. No clock stops (H&S 1367.01(k))."""
    task = _open(case, action)
    verdict = first_refusal(_has_it_or_may(task, action.actor), _is_a_time_to_wake(task, action, now))
    if isinstance(verdict, Refused):
        return verdict
    return _told(case, task.suspended(action.until), action, now, "suspended", action.reason)


def resume(case: Case, action: ResumeTask, now: datetime) -> Case | Refused:
    """Taken up again before its time."""
    task = _open(case, action)
    verdict = _has_it_or_may(task, action.actor)
    if isinstance(verdict, Refused):
        return verdict
    if task.state is not TaskState.SUSPENDED:
        return Refused(reason="this task is not suspended", clause=Clause.P1, field="task_id")
    return _told(case, task.resumed(), action, now, "resumed")


def save_draft(case: Case, action: SaveDraft, now: datetime) -> Case | Refused:  # noqa: ARG001 - as all of them
    """What was entered so far is kept with the task. It is no news: the story does not tell it, no revision rises."""
    task = _open(case, action)
    verdict = first_refusal(task.may_be_worked_by(action.actor), _is_an_object(action.draft))
    if isinstance(verdict, Refused):
        return verdict
    return case.change_task(task.model_copy(update={"draft": action.draft}))


def skip(case: Case, action: SkipTask, now: datetime) -> Case | Refused:
    """The task is not needed. Only kinds that the edition names, and only by the roles of their definition."""
    task = _open(case, action)
    verdict = _may_skip(case, task, action.actor, local_day(action.at))
    if isinstance(verdict, Refused):
        return verdict
    case = case.change_task(task.ended(TaskState.OBSOLETE, now, action.actor.id))
    text = f"{task.id}: {task.title}: {action.reason}"
    case = case.tell(now, "task:skipped", text, actor=action.actor.id, clause=task.definition.clause)
    return AFTER_A_SKIP[task.kind](case, task, now)


def escalate(case: Case, action: EscalateTask, now: datetime) -> Case | Refused:
    """Before the supervisor, by who works on it or could, and the physicians."""
    task = _open(case, action)
    if not action.actor.has(*task.definition.potential_owners, *NOMINATORS):
        return Refused(reason="only who works on tasks can escalate one", clause=Clause.P1, field="actor.roles")
    return _told(case, task.changed(escalated=True), action, now, "escalated", action.reason)


def nominate(case: Case, action: NominateTask, now: datetime) -> Case | Refused:
    """People are asked in order. Each must be able to own the task; nobody may have it already."""
    task = _open(case, action)
    if not action.actor.has(*NOMINATORS):
        return Refused(reason="only who hands out work can nominate", clause=Clause.P1, field="actor.roles")
    if task.owner:
        return Refused(
            reason=f"{task.owner} has claimed this task; release it first", clause=Clause.P1, field="task_id"
        )
    people = [nominee.person.id for nominee in action.nominees]
    if len(set(people)) < len(people):
        return Refused(reason="a person is named twice", clause=Clause.P1, field="nominees")
    for place, nominee in enumerate(action.nominees):
        verdict = _may_own(case, task, nominee.person, action)
        if isinstance(verdict, Refused):
            reason = f"{nominee.person.id}: {verdict.reason}"
            return Refused(reason=reason, clause=verdict.clause, field=f"nominees.{place}")
    return nominated(case, task, action.nominees, now, by=action.actor.id, reason=action.reason)


def lift_exclusion(case: Case, action: LiftExclusion, now: datetime) -> Case | Refused:
    """An administrator lets one person work in spite of the plan's own rule. What the law demands stands."""
    task = _open(case, action)
    if not action.actor.has(Role.ADMINISTRATOR):
        return Refused(reason="only an administrator can lift an exclusion", clause=Clause.P1, field="actor.roles")
    barred = [e for e in task.excluded if e.who == action.person]
    if not barred or action.person in task.lifted:
        return Refused(reason="nothing that could be lifted excludes this person", clause=Clause.P1, field="person")
    if all(e.by_law for e in barred):
        reason = f"this cannot be lifted: {barred[0].reason}"
        return Refused(reason=reason, clause=barred[0].clause, field="person")
    lifted = task.changed(lifted=(*task.lifted, action.person))
    return _told(case, lifted, action, now, f"exclusion-lifted for {action.person}", action.reason)


def _open(case: Case, action: TaskAction) -> HumanTask:
    """The task that the action names; ``acting`` has seen that it is open."""
    task = case.task_with(action.task_id)
    if task is None:
        raise LookupError(action.task_id)
    return task


def _may_own(case: Case, task: HumanTask, person: Actor, action: TaskAction) -> Verdict:
    if case.generation == FIRST_GENERATION:
        return Allowed()
    return may_own(case, task, person, local_day(action.at))


def _may_be_given(case: Case, task: HumanTask, person: Actor, action: TaskAction) -> Verdict:
    verdict = may_own(case, task, person, local_day(action.at))
    if isinstance(verdict, Refused):
        field = verdict.field.replace("actor.", "to.", 1)
        return Refused(reason=f"{person.id}: {verdict.reason}", clause=verdict.clause, field=field)
    return verdict


def _in_charge(case: Case) -> tuple[Role, ...]:
    return (Role.SUPERVISOR,) if case.generation == FIRST_GENERATION else IN_CHARGE


def _is_in_charge(actor: Actor) -> Verdict:
    if actor.has(*IN_CHARGE):
        return Allowed()
    return Refused(reason="only a supervisor can do this", clause=Clause.P1, field="actor.roles")


def _is_owner(task: HumanTask, actor: Actor, doing: str) -> Verdict:
    if task.owner == actor.id:
        return Allowed()
    return Refused(reason=f"only its owner can {doing} a task; claim it first", clause=Clause.P1, field="actor.id")


def _has_it_or_may(task: HumanTask, actor: Actor) -> Verdict:
    return Allowed() if actor.has(*IN_CHARGE) else task.may_be_worked_by(actor)


def _may_skip(case: Case, task: HumanTask, actor: Actor, on: date) -> Verdict:
    clause = task.definition.clause
    if task.kind not in case.edition.parameters.may_be_skipped:
        return Refused(reason=f"this task cannot be skipped: {task.definition.title}", clause=clause, field="task_id")
    if not actor.has(*task.definition.skipped_by):
        roles = " or ".join(role.replace("_", " ") for role in task.definition.skipped_by)
        return Refused(reason=f"only a {roles} can skip it", clause=clause, field="actor.roles")
    if actor.has(*IN_CHARGE):
        return Allowed()
    recalls = set(PHYSICIANS) & set(task.definition.skipped_by)
    return may_decide(case, actor, on) if actor.has(*recalls) else task.may_be_worked_by(actor)


def _is_a_time_to_wake(task: HumanTask, action: SuspendTask, now: datetime) -> Verdict:
    if action.until <= now:
        return Refused(reason="give a time that lies ahead", clause=Clause.P1, field="until")
    if task.due_at is not None and action.until > task.due_at:
        reason = "the task would wake only after it is due; no clock stops meanwhile"
        return Refused(reason=reason, clause=task.due_rule, field="until")
    return Allowed()


def _is_an_object(draft: str) -> Verdict:
    if fields_of_draft(draft) is not None:
        return Allowed()
    return Refused(reason="a draft is a JSON object of the form's fields", clause=Clause.P1, field="draft")


def _told(case: Case, task: HumanTask, action: TaskAction, now: datetime, done: str, why: str = "") -> Case:
    """The task replaced, and a line in the story: ``task:claimed``, ``task:assigned`` and so on."""
    what, _, whom = done.partition(" ")
    text = ": ".join(filter(None, (task.id, task.title, whom, why)))
    return case.change_task(task).tell(now, f"task:{what}", text, actor=action.actor.id)


AFTER_A_SKIP: dict[TaskKind, Callable[[Case, HumanTask, datetime], Case]] = {
    TaskKind.CONSULTATIVE_REVIEW: without_consultation,
    TaskKind.OBTAIN_INFORMATION: without_information,
    TaskKind.TELEPHONE_NOTICE: without_a_call,
}
