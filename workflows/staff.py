"""The doors of a case for staff: one named signal per kind of action, and the queries.

The description of each signal is shown as the form in the Temporal UI. Every handler takes the raw payload, so that a
body that does not fit is a recorded refusal; a typed handler would drop it without a trace.
"""

import json
from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

from policy.acting import refuse_unreadable
from policy.actions import (
    ACTIONS,
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
from policy.case import Case
from policy.particulars import Receipt
from policy.tasks import HumanTask
from workflows.messages import receive

ENVELOPE = {
    "action_id": "any id of your own; the same one twice is applied once",
    "actor": {"id": "cm.alvarez", "roles": ["case_manager"]},
    "at": "2026-11-23T09:00:00-08:00",
}


def how_to(action: type[StaffAction]) -> str:
    """What a signal does, its clause, and an example of its body."""
    return f"{action.ABOUT} ({action.CLAUSE}) Example: {json.dumps({**ENVELOPE, **action.EXAMPLE})}"


class StaffDoors:
    """Signals and queries of a case. The workflow keeps ``case`` and obeys it."""

    case: Case

    def _receive(self, action: type[StaffAction], body: RawValue) -> None:
        self.case = receive(self.case, action.SIGNAL, body.payload, workflow.payload_converter(), workflow.now())

    def refuse(self, signal: str, reason: str) -> None:
        """Remember that a signal was refused (for the guard)."""
        self.case = refuse_unreadable(self.case, signal, reason, workflow.now())

    @workflow.signal(name=ClaimTask.SIGNAL, description=how_to(ClaimTask))
    def claim_task(self, body: RawValue) -> None:
        """See ClaimTask."""
        self._receive(ClaimTask, body)

    @workflow.signal(name=ReleaseTask.SIGNAL, description=how_to(ReleaseTask))
    def release_task(self, body: RawValue) -> None:
        """See ReleaseTask."""
        self._receive(ReleaseTask, body)

    @workflow.signal(name=AddComment.SIGNAL, description=how_to(AddComment))
    def add_comment(self, body: RawValue) -> None:
        """See AddComment."""
        self._receive(AddComment, body)

    @workflow.signal(name=ConfirmCompleteness.SIGNAL, description=how_to(ConfirmCompleteness))
    def confirm_completeness(self, body: RawValue) -> None:
        """See ConfirmCompleteness (P2)."""
        self._receive(ConfirmCompleteness, body)

    @workflow.signal(name=RequestInformation.SIGNAL, description=how_to(RequestInformation))
    def request_information(self, body: RawValue) -> None:
        """See RequestInformation (P3)."""
        self._receive(RequestInformation, body)

    @workflow.signal(name=RecordContactAttempt.SIGNAL, description=how_to(RecordContactAttempt))
    def record_contact_attempt(self, body: RawValue) -> None:
        """See RecordContactAttempt (P3)."""
        self._receive(RecordContactAttempt, body)

    @workflow.signal(name=ReceiveInformation.SIGNAL, description=how_to(ReceiveInformation))
    def receive_information(self, body: RawValue) -> None:
        """See ReceiveInformation (P3)."""
        self._receive(ReceiveInformation, body)

    @workflow.signal(name=ReferToConsultation.SIGNAL, description=how_to(ReferToConsultation))
    def refer_to_consultation(self, body: RawValue) -> None:
        """See ReferToConsultation (P5)."""
        self._receive(ReferToConsultation, body)

    @workflow.signal(name=SubmitConsultation.SIGNAL, description=how_to(SubmitConsultation))
    def submit_consultation(self, body: RawValue) -> None:
        """See SubmitConsultation (P5)."""
        self._receive(SubmitConsultation, body)

    @workflow.signal(name=Determine.SIGNAL, description=how_to(Determine))
    def determine(self, body: RawValue) -> None:
        """See Determine (P5, P6)."""
        self._receive(Determine, body)

    @workflow.signal(name=SignExpiredDetermination.SIGNAL, description=how_to(SignExpiredDetermination))
    def sign_expired_determination(self, body: RawValue) -> None:
        """See SignExpiredDetermination (POL-4)."""
        self._receive(SignExpiredDetermination, body)

    @workflow.signal(name=PlaceOpinion.SIGNAL, description=how_to(PlaceOpinion))
    def place_opinion(self, body: RawValue) -> None:
        """See PlaceOpinion (P6a, P6b)."""
        self._receive(PlaceOpinion, body)

    @workflow.signal(name=ReceiveReport.SIGNAL, description=how_to(ReceiveReport))
    def receive_report(self, body: RawValue) -> None:
        """See ReceiveReport (P7)."""
        self._receive(ReceiveReport, body)

    @workflow.signal(name=WithdrawRequest.SIGNAL, description=how_to(WithdrawRequest))
    def withdraw_request(self, body: RawValue) -> None:
        """See WithdrawRequest (POL-1)."""
        self._receive(WithdrawRequest, body)

    @workflow.signal(name=ExpediteRequest.SIGNAL, description=how_to(ExpediteRequest))
    def expedite_request(self, body: RawValue) -> None:
        """See ExpediteRequest (POL-4)."""
        self._receive(ExpediteRequest, body)

    @workflow.signal(name=RefuseExpedite.SIGNAL, description=how_to(RefuseExpedite))
    def refuse_expedite(self, body: RawValue) -> None:
        """See RefuseExpedite (POL-4)."""
        self._receive(RefuseExpedite, body)

    @workflow.signal(name=ExtendDecision.SIGNAL, description=how_to(ExtendDecision))
    def extend_decision(self, body: RawValue) -> None:
        """See ExtendDecision (POL-4)."""
        self._receive(ExtendDecision, body)

    @workflow.signal(dynamic=True, description="Anything else is refused, and the refusal recorded.")
    def unknown(self, name: str, _args: Sequence[RawValue]) -> None:
        """A signal that nobody knows."""
        self.refuse(name, f"no such action; the actions are: {', '.join(ACTIONS)}")

    @workflow.query(name="case", description="The whole case: stage, tasks, clocks, story, refusals.")
    def whole_case(self) -> Case:
        """The case as it stands."""
        return self.case

    @workflow.query(description="What waits for people.")
    def open_tasks(self) -> tuple[HumanTask, ...]:
        """The open human tasks."""
        return self.case.open_tasks

    @workflow.query(description="The answer that an action was given, by its action_id; null while there is none.")
    def receipt(self, action_id: str) -> Receipt | None:
        """The receipt of an action."""
        return self.case.receipt(action_id)
