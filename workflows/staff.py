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


class Receives(Protocol):
    """A workflow that people act on."""

    def receive(self, signal: str, body: RawValue) -> None:
        """The one payload of a signal: applied, or refused."""


def door(action: type[StaffAction]) -> Callable[[Receives, RawValue], None]:
    """The signal of an action. The SDK takes ``self`` for an argument of the signal once it is annotated."""

    @workflow.signal(name=action.SIGNAL, description=how_to(action))
    def handler(self, body: RawValue) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        self.receive(action.SIGNAL, body)

    return handler


class StaffDoors:
    """Signals, the update and the queries of a case. The workflow keeps ``case`` and obeys it."""

    case: Case

    # -- on a task as such
    claim_task = door(taskactions.ClaimTask)
    release_task = door(taskactions.ReleaseTask)
    assign_task = door(taskactions.AssignTask)
    delegate_task = door(taskactions.DelegateTask)
    return_task = door(taskactions.ReturnTask)
    suspend_task = door(taskactions.SuspendTask)
    resume_task = door(taskactions.ResumeTask)
    save_draft = door(taskactions.SaveDraft)
    skip_task = door(taskactions.SkipTask)
    escalate_task = door(taskactions.EscalateTask)
    nominate_task = door(taskactions.NominateTask)
    lift_exclusion = door(taskactions.LiftExclusion)
    # -- what completes a task
    confirm_completeness = door(actions.ConfirmCompleteness)
    request_information = door(actions.RequestInformation)
    record_contact_attempt = door(actions.RecordContactAttempt)
    receive_information = door(actions.ReceiveInformation)
    refer_to_consultation = door(actions.ReferToConsultation)
    submit_consultation = door(actions.SubmitConsultation)
    determine = door(actions.Determine)
    sign_expired_determination = door(actions.SignExpiredDetermination)
    place_opinion = door(actions.PlaceOpinion)
    receive_report = door(actions.ReceiveReport)
    record_appointment = door(placementactions.RecordAppointment)
    record_visit = door(placementactions.RecordVisit)
    decline_placement = door(placementactions.DeclinePlacement)
    change_physician = door(placementactions.ChangePhysician)
    extend_authorization = door(placementactions.ExtendAuthorization)
    record_fee_agreement = door(placementactions.RecordFeeAgreement)
    # -- on a letter
    record_call = door(letteractions.RecordCall)
    report_returned_letter = door(letteractions.ReportReturnedLetter)
    reissue_letter = door(letteractions.ReissueLetter)
    # -- on the case as such
    add_comment = door(actions.AddComment)
    withdraw_request = door(actions.WithdrawRequest)
    expedite_request = door(actions.ExpediteRequest)
    refuse_expedite = door(actions.RefuseExpedite)
    extend_decision = door(actions.ExtendDecision)
    # -- when the decision stands
    change_determination = door(lateractions.ChangeDetermination)
    take_up_third_opinion = door(lateractions.TakeUpThirdOpinion)

    def receive(self, signal: str, body: RawValue) -> None:
        """The one payload of a signal: applied, or refused."""
        self.case = receive(self.case, signal, body.payload, workflow.payload_converter(), workflow.now())

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
