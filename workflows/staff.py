"""The doors of a case for staff: one named signal per kind of action, one update for all, and the queries.

The description of each is shown as the form in the Temporal UI. Every handler takes the raw payload, so that a body
that does not fit is a recorded refusal; a typed handler would drop it without a trace.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from temporalio import workflow
from temporalio.common import RawValue

from policy import actions, lateractions, letteractions, placementactions, taskactions
from policy.case import Case
from policy.particulars import Receipt, RefusedAction
from policy.staffaction import StaffAction
from policy.tasks import HumanTask
from workflows.receiving import UNKNOWN, receive, receive_update, refuse_signal

ENVELOPE: dict[str, Any] = {
    "action_id": "any id of your own; the same one twice is applied once",
    "actor": {"id": "cm.alvarez", "roles": ["case_manager"]},
    "at": "2026-11-23T09:00:00-08:00",
}


def how_to(action: type[StaffAction]) -> str:
    """What a signal does, its clause, and an example of its body."""
    return f"{action.ABOUT} ({action.CLAUSE}) Example: {json.dumps({**ENVELOPE, **action.EXAMPLE})}"


HOW_TO_UPDATE = (
    "Act and get the answer at once: a signal's body with its name in the field action. Example: "
    + json.dumps({"action": "claim_task", **ENVELOPE, "task_id": "T1"})
)


class KeepsCase(Protocol):
    """A workflow that keeps a case."""

    case: Case


def _door(action: type[StaffAction]) -> Callable[[KeepsCase, RawValue], None]:
    """The signal of an action. The SDK takes ``self`` for an argument of the signal once it is annotated."""

    @workflow.signal(name=action.SIGNAL, description=how_to(action))
    def door(self, body: RawValue) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        self.case = receive(self.case, action.SIGNAL, body.payload, workflow.payload_converter(), workflow.now())

    return door


class StaffDoors:
    """Signals, the update and the queries of a case. The workflow keeps ``case`` and obeys it."""

    case: Case

    # -- on a task as such
    claim_task = _door(taskactions.ClaimTask)
    release_task = _door(taskactions.ReleaseTask)
    assign_task = _door(taskactions.AssignTask)
    delegate_task = _door(taskactions.DelegateTask)
    return_task = _door(taskactions.ReturnTask)
    suspend_task = _door(taskactions.SuspendTask)
    resume_task = _door(taskactions.ResumeTask)
    save_draft = _door(taskactions.SaveDraft)
    skip_task = _door(taskactions.SkipTask)
    escalate_task = _door(taskactions.EscalateTask)
    nominate_task = _door(taskactions.NominateTask)
    lift_exclusion = _door(taskactions.LiftExclusion)
    # -- what completes a task
    confirm_completeness = _door(actions.ConfirmCompleteness)
    request_information = _door(actions.RequestInformation)
    record_contact_attempt = _door(actions.RecordContactAttempt)
    receive_information = _door(actions.ReceiveInformation)
    refer_to_consultation = _door(actions.ReferToConsultation)
    submit_consultation = _door(actions.SubmitConsultation)
    determine = _door(actions.Determine)
    sign_expired_determination = _door(actions.SignExpiredDetermination)
    place_opinion = _door(actions.PlaceOpinion)
    receive_report = _door(actions.ReceiveReport)
    record_appointment = _door(placementactions.RecordAppointment)
    record_visit = _door(placementactions.RecordVisit)
    decline_placement = _door(placementactions.DeclinePlacement)
    change_physician = _door(placementactions.ChangePhysician)
    extend_authorization = _door(placementactions.ExtendAuthorization)
    record_fee_agreement = _door(placementactions.RecordFeeAgreement)
    # -- on a letter
    record_call = _door(letteractions.RecordCall)
    report_returned_letter = _door(letteractions.ReportReturnedLetter)
    reissue_letter = _door(letteractions.ReissueLetter)
    # -- on the case as such
    add_comment = _door(actions.AddComment)
    withdraw_request = _door(actions.WithdrawRequest)
    expedite_request = _door(actions.ExpediteRequest)
    refuse_expedite = _door(actions.RefuseExpedite)
    extend_decision = _door(actions.ExtendDecision)
    # -- when the decision stands
    change_determination = _door(lateractions.ChangeDetermination)
    take_up_third_opinion = _door(lateractions.TakeUpThirdOpinion)

    @workflow.signal(dynamic=True, description="Anything else is refused, and the refusal recorded.")
    def unknown(self, name: str, _args: Sequence[RawValue]) -> None:
        """A signal that nobody knows."""
        self.refuse(name, UNKNOWN)

    def refuse(self, signal: str, reason: str) -> None:
        """Remember that a signal was refused (for the guard)."""
        self.case = refuse_signal(self.case, signal, reason, workflow.now())

    @workflow.update(description=HOW_TO_UPDATE)
    def act(self, body: RawValue) -> Receipt:
        """The same actions as the signals, for callers who want the answer at once. Refusals are answers too."""
        now, converter = workflow.now(), workflow.payload_converter()
        self.case, receipt = receive_update(self.case, body.payload, converter, now)
        return receipt

    @workflow.query(name="case", description="The whole case: stage, tasks, clocks, story, refusals.")
    def whole_case(self) -> Case:
        """The case as it stands."""
        return self.case

    @workflow.query(description="What waits for people.")
    def open_tasks(self) -> tuple[HumanTask, ...]:
        """The open human tasks."""
        return self.case.open_tasks

    @workflow.query(description="What was refused, and why; the latest last.")
    def refused_actions(self) -> tuple[RefusedAction, ...]:
        """The actions that could not be applied."""
        return self.case.refusals

    @workflow.query(description="The answer that an action was given, by its action_id; null while there is none.")
    def receipt(self, action_id: str) -> Receipt | None:
        """The receipt of an action."""
        return self.case.receipt(action_id)
