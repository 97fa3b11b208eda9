"""What a person is offered to do with a case: only what this person may, now, as far as can be told beforehand.

The case itself decides again when the action comes.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from policy.actions import ACTIONS
from policy.calendar import local_day
from policy.case import FIRST_GENERATION, WITH_REOPENING, Case
from policy.duties import may_own
from policy.lateractions import ChangeDetermination
from policy.letteractions import ReissueLetter, ReportReturnedLetter
from policy.lifecycle import BEFORE_DETERMINATION, Outcome, Stage
from policy.operations import NOMINATORS
from policy.particulars import Notice
from policy.people import Actor, Role
from policy.request import Priority
from policy.staffaction import StaffAction
from policy.taskactions import ClaimTask, ReleaseTask, ResumeTask, SaveDraft
from policy.tasks import IN_CHARGE, HumanTask, Nominee, TaskState
from policy.verdict import Allowed, Refused, Value, Verdict, first_refusal
from portal.access import may_do
from portal.pages import now
from records.rows import CaseRow, NoticeRow, TaskRow

ENVELOPE = frozenset(StaffAction.model_fields) | {"task_id"}
LABELS = {
    "claim_task": "Claim", "release_task": "Release", "assign_task": "Assign", "delegate_task": "Delegate",
    "return_task": "Return", "suspend_task": "Suspend", "resume_task": "Resume", "skip_task": "Skip",
    "escalate_task": "Escalate", "nominate_task": "Nominate", "lift_exclusion": "Lift an exclusion",
    "add_comment": "Comment", "confirm_completeness": "Confirm that it is complete",
    "request_information": "Ask for information", "record_contact_attempt": "Record a contact attempt",
    "receive_information": "Record what arrived", "refer_to_consultation": "Refer to a specialist",
    "submit_consultation": "Submit the review", "determine": "Approve or deny",
    "sign_expired_determination": "Sign the denial", "place_opinion": "Place the opinion",
    "receive_report": "Record the report", "record_appointment": "Record an appointment",
    "record_visit": "Record the visit", "decline_placement": "The physician declines",
    "change_physician": "The member wants another", "extend_authorization": "Extend the authorization",
    "record_fee_agreement": "Record the letter of agreement", "withdraw_request": "Withdraw the request",
    "record_call": "Record a call", "report_returned_letter": "It came back", "reissue_letter": "Void and send anew",
    "expedite_request": "Expedite", "refuse_expedite": "Refuse to expedite", "extend_decision": "Extend the decision",
    "change_determination": "Change the determination", "take_up_third_opinion": "Take up the third opinion",
}  # fmt: skip
CONFIRMED = (  # nothing of this can be undone
    "determine", "sign_expired_determination", "withdraw_request", "place_opinion", "skip_task", "confirm_completeness",
    "expedite_request", "refuse_expedite", "extend_decision", "report_returned_letter", "reissue_letter",
    "decline_placement", "change_physician", "change_determination",
)  # fmt: skip
AT_ONCE = (ClaimTask.SIGNAL, ReleaseTask.SIGNAL, ResumeTask.SIGNAL)  # nothing is to be entered


class Offered(Value):
    """An action that is offered."""

    signal: str

    @property
    def model(self) -> type[StaffAction]:
        """The action's model."""
        return ACTIONS[self.signal]

    @property
    def label(self) -> str:
        """What stands on its button."""
        return LABELS.get(self.signal) or self.signal.replace("_", " ").capitalize()

    @property
    def about(self) -> str:
        """What it does, in a sentence."""
        return self.model.ABOUT

    @property
    def skip(self) -> frozenset[str]:
        """The fields that its form does not ask for."""
        return ENVELOPE

    @property
    def asks_first(self) -> bool:
        """Whether it is sent only after a page that shows what will happen."""
        return self.signal in CONFIRMED

    @property
    def is_at_once(self) -> bool:
        """Whether a press of its button is all there is to do."""
        return self.signal in AT_ONCE


class TaskSeen(Value):
    """An open task with what this person can do to it; ``barred`` says why its form is not among that."""

    task: HumanTask
    offers: tuple[Offered, ...]
    ways: tuple[Offered, ...]
    barred: str = ""


def task_of(row: TaskRow) -> HumanTask:
    """A task as the records tell it; its comments, its draft and who is excluded only its case knows."""
    made = HumanTask(
        id=row.task_id,
        kind=row.kind,
        state=row.state,
        owner=row.owner,
        escalated=row.escalated,
        opened_at=row.opened_at,
        revision=row.revision,
        priority=row.priority,
        due_at=row.next_due,
        due_rule=row.next_due_rule,
        suspended_until=row.suspended_until,
        delegated_by=row.delegated_by,
        nominees=(Nominee(person=Actor(id=row.asked, roles=row.roles)),) if row.asked else (),
        answer_by=row.answer_by,
    )
    note = row.title.removeprefix(made.title).strip().removeprefix("(").removesuffix(")")
    return made.model_copy(update={"note": note})


def offered(actor: Actor, tasks: tuple[HumanTask, ...], case: Case | None) -> tuple[TaskSeen, ...]:
    """The open tasks with what this person can do to each."""
    return tuple(_seen(actor, task, case) for task in tasks)


def _seen(actor: Actor, task: HumanTask, case: Case | None) -> TaskSeen:
    able = may_complete(actor, task, case)
    signals = [s for s, fits in FITS.items() if may_do(actor, s) and fits(task, actor)]
    if not able and "claim_task" in signals:
        signals.remove("claim_task")
    ways = [s for s, model in ACTIONS.items() if model.TASK is task.kind and able]
    barred = able.reason if isinstance(able, Refused) and actor.has(*task.definition.potential_owners) else ""
    return TaskSeen(
        task=task,
        offers=tuple(Offered(signal=s) for s in signals),
        ways=tuple(Offered(signal=s) for s in ways),
        barred=barred,
    )


def may_complete(actor: Actor, task: HumanTask, case: Case | None, at: datetime | None = None) -> Verdict:
    """Whether a person may do a task at all, as far as it can be told without the live case."""
    knows = case is not None and case.generation != FIRST_GENERATION
    own = may_own(case, task, actor, local_day(at or now())) if case and knows else Allowed()
    return first_refusal(task.may_be_worked_by(actor), own)


def on_the_case(actor: Actor, case: Case | CaseRow) -> tuple[Offered, ...]:
    """What this person can do to the case, whatever task is open."""
    changes = (
        (ChangeDetermination.SIGNAL,) if _can_be_changed(case) and may_do(actor, ChangeDetermination.SIGNAL) else ()
    )
    if case.stage is Stage.CLOSED:
        return tuple(Offered(signal=s) for s in changes)
    early = case.stage in BEFORE_DETERMINATION
    standard = case.priority is Priority.STANDARD
    fits = {
        "add_comment": True,
        "expedite_request": early and standard,
        "refuse_expedite": early and standard,
        "extend_decision": early,
        "withdraw_request": early,
    }
    others = (s for s, now_ in fits.items() if now_ and may_do(actor, s))
    return tuple(Offered(signal=s) for s in (*others, *changes))


def _can_be_changed(case: Case | CaseRow) -> bool:
    """Whether a determination can be changed: a denial that waits to be filed, or is closed and still in Temporal."""
    if isinstance(case, Case) and case.generation < WITH_REOPENING:
        return False
    return case.outcome is Outcome.DENIED and case.stage in (Stage.FILING, Stage.CLOSED)


def on_a_letter(actor: Actor, letter: Notice | NoticeRow, case: Case | CaseRow) -> tuple[Offered, ...]:
    """What this person can do about a letter: nothing once it counts no more; of a closed case's, that it came back."""
    if letter.ended_as is not None:
        return ()
    closed = case.stage is Stage.CLOSED
    old = isinstance(case, Case) and (case.generation < WITH_REOPENING or bool(case.third_opinion_of))
    came_back = letter.sent_at is not None and not (closed and old)
    fits = {ReportReturnedLetter.SIGNAL: came_back, ReissueLetter.SIGNAL: not closed}
    return tuple(Offered(signal=s) for s, now_ in fits.items() if now_ and may_do(actor, s))


def is_final(signal: str, body: dict[str, Any]) -> bool:
    """Whether this denies a request: nobody can take that back."""
    return signal == "sign_expired_determination" or body.get("outcome") == Outcome.DENIED


def _has(task: HumanTask, actor: Actor) -> bool:
    return task.owner == actor.id


def _has_or_may(task: HumanTask, actor: Actor) -> bool:
    return actor.has(*IN_CHARGE) or bool(task.may_be_worked_by(actor))


def _may_release(task: HumanTask, actor: Actor) -> bool:
    return actor.id in (task.owner, task.asked) or (bool(task.owner) and actor.has(*IN_CHARGE))


FITS: dict[str, Callable[[HumanTask, Actor], bool]] = {
    "claim_task": lambda task, actor: not task.owner and bool(task.may_be_worked_by(actor)),
    "release_task": _may_release,
    "delegate_task": _has,
    "return_task": lambda task, actor: _has(task, actor) and bool(task.delegated_by),
    "suspend_task": lambda task, actor: task.state is not TaskState.SUSPENDED and _has_or_may(task, actor),
    "resume_task": lambda task, actor: task.state is TaskState.SUSPENDED and _has_or_may(task, actor),
    "assign_task": lambda _, actor: actor.has(*IN_CHARGE),
    "nominate_task": lambda task, actor: not task.owner and actor.has(*NOMINATORS),
    "escalate_task": lambda task, actor: (
        not task.escalated and actor.has(*task.definition.potential_owners, *NOMINATORS)
    ),
    "skip_task": lambda task, actor: actor.has(*task.definition.skipped_by),
    "lift_exclusion": lambda task, actor: actor.has(Role.ADMINISTRATOR) and any(not e.by_law for e in task.excluded),
    "add_comment": lambda _task, _actor: True,
}
DRAFT = SaveDraft.SIGNAL
DONE = {
    "claim_task": "{task} is yours",
    "release_task": "{task} is back with its group",
    "assign_task": "{task} is assigned",
    "delegate_task": "{task} is handed on; it can be returned to you",
    "return_task": "{task} is returned",
    "suspend_task": "{task} is put aside, and comes back by itself; no clock stops",
    "resume_task": "{task} is taken up again",
    "skip_task": "{task} is skipped",
    "escalate_task": "{task} is before the supervisor",
    "nominate_task": "they are asked for {task}, one after the other",
    "lift_exclusion": "the exclusion is lifted for this task",
    "add_comment": "your comment is part of the story",
    "confirm_completeness": "the referral is complete and goes to the CMO or designee",
    "request_information": "the provider and the member are written to",
    "record_contact_attempt": "the attempt is on record",
    "receive_information": "what arrived is on record",
    "refer_to_consultation": "a specialist of the requested specialty is asked",
    "submit_consultation": "your review of {number} goes back to the physician",
    "determine": "the request is approved",
    "place_opinion": "the opinion is placed; the physician and the member are written to",
    "receive_report": "what came is on record; a complete report is shared",
    "record_appointment": "the appointment is on record",
    "record_visit": "it is on record; the report counts from the visit",
    "decline_placement": "the authorization is void; place the opinion with the next on the ladder",
    "change_physician": "the authorization is void; place the opinion with another physician",
    "extend_authorization": "the authorization is extended; the physician and the member get it anew",
    "record_fee_agreement": "the fee is agreed",
    "withdraw_request": "the request is withdrawn; both parties are written to",
    "expedite_request": "the request is expedited",
    "refuse_expedite": "the standard time holds; the member is written to",
    "change_determination": "the determination is changed; both parties are written to",
    "take_up_third_opinion": "the third opinion goes on here; it is to be placed",
    "extend_decision": "the time for the decision is extended; both parties are written to",
}
