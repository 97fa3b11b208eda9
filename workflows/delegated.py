"""One decision that was made at an IPA, from its copy's receipt to its filing. Policy 90.2.17, Procedure 10."""

import asyncio
from collections.abc import Sequence
from typing import Any

from pydantic import AwareDatetime
from temporalio import workflow
from temporalio.common import RawValue, SearchAttributeKey

from activities.delegation import DelegationSteps, Review
from activities.filing import FilingSteps
from activities.letters import LetterSteps
from policy.delegateacting import act, review_reference, under_review
from policy.delegateactions import (
    DELEGATED_ACTIONS,
    DELEGATED_FIELDS,
    DelegatedAction,
    NoteCorrectiveAction,
    PullUpCase,
    SupplementCopy,
    WaiveFinding,
)
from policy.delegatecase import Compliance, DelegatedCase, DelegatedState, receive_packet
from policy.delegated import DelegatedPacket, MemberMatch
from policy.delegatelife import closed, code, compose, mhc_row, next_alarm, packet_of, ring, sent
from policy.delegatetransition import between
from policy.filing import DRAWER
from policy.intervening import delegated_cancelled
from policy.particulars import Notice, Receipt, RefusedAction
from policy.trust import Trust
from policy.verdict import Value
from workflows.carrying import EFFECT, LONGEST_HISTORY, RECORDING, Cancellation
from workflows.deadline import Deadline
from workflows.delegatedview import attributes, details
from workflows.inspection import changes
from workflows.naming import FOR_REVIEW, mailed, recorded
from workflows.receiving import UNKNOWN, read, refuse_signal, taken
from workflows.signatures import check
from workflows.staff import door


class DelegatedOpening(Value):
    """A packet at the door: its number, when the plan received it, and what was known of the member.

    ``resumed`` is the case as an earlier run of its workflow left it; ``is_set_going`` says that this run was broken
    off, so that nobody knows what of it the records were told.
    """

    number: str
    packet: DelegatedPacket
    received_at: AwareDatetime
    match: MemberMatch = MemberMatch.UNKNOWN
    trust: Trust = Trust()
    resumed: DelegatedCase | None = None
    is_set_going: bool = False

    @property
    def recorded(self) -> DelegatedCase | None:
        """The case as the records have it; None where they are told all of it (anew)."""
        return None if self.is_set_going else self.resumed

    @property
    def case(self) -> DelegatedCase:
        """The case that the workflow begins, or goes on, with."""
        return self.resumed or receive_packet(
            self.number, self.packet, self.received_at, match=self.match, trust=self.trust
        )


class DelegatedClosing(Value):
    """How a delegated decision ended at the plan."""

    number: str
    compliance: Compliance
    category: str
    filed: str
    pulled_up_as: str = ""


@workflow.defn
class DelegatedDecisionWorkflow:
    """The life of one delegated decision: checked at once, chased while something is open, then coded and filed."""

    supplement_copy = door(SupplementCopy)
    note_corrective_action = door(NoteCorrectiveAction)
    waive_finding = door(WaiveFinding)
    pull_up_case = door(PullUpCase)

    @workflow.init
    def __init__(self, opening: DelegatedOpening) -> None:
        self._opening = opening
        self.case: DelegatedCase = opening.case
        self._recorded: DelegatedCase | None = opening.recorded
        self._shown: dict[SearchAttributeKey[Any], Any] = attributes(self.case)
        self._deadline = Deadline()
        self._mail: asyncio.Task[None] | None = None

    @workflow.run
    async def run(self, opening: DelegatedOpening) -> DelegatedClosing:  # noqa: ARG002 - consumed by __init__
        """The procedure; who cancels its workflow is refused, and what was under way is asked for again."""
        cancellation = Cancellation()
        while True:
            try:
                return await self._story()
            except BaseException as trouble:
                if not cancellation.came_by(trouble):
                    raise
                self.case = delegated_cancelled(self.case, workflow.now())

    async def _story(self) -> DelegatedClosing:
        """Checked, listed to the delegate and chased; then coded (P11), filed (P9) and closed."""
        while self.case.state is not DelegatedState.CLOSED:
            await self._record()
            self._send_what_is_owed()
            await self._open_the_plans_own_case()
            self._show()
            if self.case.may_be_filed:
                break
            self._deadline.move(next_alarm(self.case))
            await self._begin_afresh_when_the_history_is_long()
            await workflow.wait_condition(
                lambda: self._has_news or self._deadline.has_rung or self.case.may_be_filed or self._may_send
            )
            if self._deadline.has_rung:
                self.case = ring(self.case, workflow.now())
        if self.case.state is not DelegatedState.CLOSED:
            await self._code_and_file()
        else:  # cancelled at the very end, or closed before this run began
            await self._record()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._closing()

    # -- what people send

    def receive(self, signal: str, body: RawValue) -> None:
        """The one payload of a signal: applied, or refused."""
        found = read(signal, body.payload, workflow.payload_converter(), DELEGATED_ACTIONS, DELEGATED_FIELDS)
        self.case = taken(self.case, signal, body.payload, found, workflow.now(), self._after)

    def _after(self, action: DelegatedAction) -> DelegatedCase:
        now = workflow.now()
        return act(self.case, action, now, check(action, self.case.number, self.case.trust, now))

    @workflow.signal(dynamic=True, description="Anything else is refused, and the refusal recorded.")
    def unknown(self, name: str, _args: Sequence[RawValue]) -> None:
        """A signal that nobody knows."""
        self.refuse(name, UNKNOWN)

    def refuse(self, signal: str, reason: str) -> None:
        """Remember that a signal was refused (for the guard)."""
        self.case = refuse_signal(self.case, signal, reason, workflow.now())

    @workflow.query(name="case", description="The whole case: packet, findings, clocks, story, refusals.")
    def whole_case(self) -> DelegatedCase:
        """The case as it stands."""
        return self.case

    @workflow.query(description="What was refused, and why; the latest last.")
    def refused_actions(self) -> tuple[RefusedAction, ...]:
        """The actions that could not be applied."""
        return self.case.refusals

    @workflow.query(description="The answer that an action was given, by its action_id; null while there is none.")
    def receipt(self, action_id: str) -> Receipt | None:
        """The receipt of an action."""
        return self.case.receipt(action_id)

    # -- what is carried out

    @property
    def _has_news(self) -> bool:
        return self._recorded is None or self.case.seq != self._recorded.seq

    @property
    def _may_send(self) -> bool:
        return bool(self.case.planned_notices) and (self._mail is None or self._mail.done())

    async def _record(self) -> None:
        while self._has_news:
            now = self.case
            transition = between(self._recorded, now, workflow.now())
            await workflow.execute_local_activity_method(
                DelegationSteps.record_delegated, transition, summary=recorded(transition), **RECORDING
            )
            self._recorded = now
            self.case = self.case.trimmed(now.seq)

    def _send_what_is_owed(self) -> None:
        """Letters go out beside the story: a printer that is away for a day holds nobody up."""
        if self._may_send:
            self._mail = asyncio.create_task(self._send(self.case.planned_notices))

    async def _send(self, owed: tuple[Notice, ...]) -> None:
        letters = tuple(compose(self.case, notice, workflow.now()) for notice in owed)
        deliveries = await workflow.execute_activity_method(
            LetterSteps.notify_parties, letters, summary=mailed(letters), **EFFECT
        )
        self.case = sent(self.case, deliveries, workflow.now())

    async def _open_the_plans_own_case(self) -> None:
        """The request of a case that was pulled up becomes a case; asked twice, it is the same one."""
        while self.case.owes_review:
            request = self.case.packet.as_request(review_reference(self.case.number))
            review = Review(number=self.case.number, request=request)
            number = await workflow.execute_local_activity_method(
                DelegationSteps.open_for_review, review, summary=FOR_REVIEW, **RECORDING
            )
            self.case = under_review(self.case, number, workflow.now())
            await self._record()

    async def _code_and_file(self) -> None:
        """The category goes to MHC and the packet into the cabinet."""
        if not self.case.category:  # it may have been coded when its workflow was cancelled
            self.case = code(self.case, workflow.now())
        row = mhc_row(self.case)
        await workflow.execute_activity_method(
            FilingSteps.send_to_mhc, row, summary=f"Code the case in MHC: {row.category}", **EFFECT
        )
        await self._open_the_plans_own_case()
        packet = packet_of(self.case, workflow.now())
        filed = await workflow.execute_activity_method(
            FilingSteps.file_packet, packet, summary=f"File under {DRAWER}", **EFFECT
        )
        await self._open_the_plans_own_case()  # somebody may have asked for it while it was being filed
        self.case = closed(self.case, filed, workflow.now())
        await self._record()
        self._show()
        self._deadline.move(None)

    async def _begin_afresh_when_the_history_is_long(self) -> None:
        """The case goes on in a new run, whole, once it is recorded and its letters have left."""
        info = workflow.info()
        posting = self._mail is not None and not self._mail.done()
        is_urgent = info.get_current_history_length() > LONGEST_HISTORY
        if not (is_urgent or (info.is_continue_as_new_suggested() and not posting)):
            return
        await workflow.wait_condition(workflow.all_handlers_finished)
        if not self._has_news:
            workflow.continue_as_new(self._opening.model_copy(update={"resumed": self.case, "is_set_going": False}))

    def _show(self) -> None:
        current = attributes(self.case)
        if updates := changes(self._shown, current):
            workflow.upsert_search_attributes(updates)
            self._shown = current
        workflow.set_current_details(details(self.case, workflow.now()))

    def _closing(self) -> DelegatedClosing:
        case = self.case
        return DelegatedClosing(
            number=case.number,
            compliance=case.compliance or Compliance.COMPLIANT,
            category=case.category,
            filed=case.filing.path if case.filing else "",
            pulled_up_as=case.pulled_up.case_number if case.pulled_up else "",
        )
