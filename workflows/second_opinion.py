"""One request from receipt to filing. Policy 90.2.17, Procedure 1 to 11, and the third opinion; it reads like them."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ChildWorkflowError, FailureError

from activities.filing import FilingSteps
from activities.ledger import LedgerSteps
from policy import filing
from policy.case import WITH_REOPENING
from policy.coding import category, code, latest_row
from policy.intervening import cancelled
from policy.lifecycle import Outcome, Stage
from policy.tasks import TaskKind
from policy.third_opinion import lost, own_case, taken_in
from policy.transition import GivenUp
from workflows import workflow_id
from workflows.carrying import EFFECT, RECORDING, Cancellation, CarriesOut
from workflows.inspection import at_start, title, words
from workflows.messages import Closing, Opening, ThirdOpening
from workflows.naming import given_up
from workflows.third_opinion import ThirdOpinionWorkflow

REOPENED_FOR = timedelta(minutes=5)  # for the action that reopens a case: it comes with the start itself
NOT_REOPENED = "Close again: no action that reopens the case has come"


@workflow.defn
class SecondOpinionWorkflow(CarriesOut):
    """The life of one second-opinion request.

    People act on the case through signals at any time; the pure functions of ``policy`` say what becomes of it. The
    story below waits for what must have happened next, and carries out what the case owes meanwhile: lines in the
    ledger, letters, warnings.
    """

    @workflow.init
    def __init__(self, opening: Opening) -> None:
        super().__init__(opening.case, opening.recorded)
        self._opening = opening
        self._third: asyncio.Task[None] | None = None

    @workflow.run
    async def run(self, opening: Opening) -> Closing:  # noqa: ARG002 - consumed by __init__
        """The procedure, whatever happens to its workflow.

        Who cancels that withdraws the request, or is refused. What was under way is asked for again: each step is done
        once, however often it is asked for.
        """
        cancellation = Cancellation()
        while True:
            try:
                return await self._story()
            except BaseException as trouble:
                if not cancellation.came_by(trouble):
                    raise
                self.case = cancelled(self.case, workflow.now())

    async def _story(self) -> Closing:
        """The procedure; of a case that was closed, from where the action that reopens it leads."""
        if self.case.stage is Stage.CLOSED:
            await self._case_is_reopened()
        while self.case.stage is not Stage.CLOSED:
            await self._procedure()
            await workflow.wait_condition(workflow.all_handlers_finished)
        return self._closing()

    async def _procedure(self) -> None:
        """Stage by stage."""
        await self._information_is_complete()
        await self._request_is_determined()
        await self._parties_are_notified()
        await self._opinion_is_given()
        await self._case_is_filed_and_coded()

    async def _case_is_reopened(self) -> None:
        """A denial that is changed, a letter that came back. What does not reopen the case is refused, and recorded."""
        try:
            await workflow.wait_condition(lambda: self._has_news, timeout=REOPENED_FOR, timeout_summary=NOT_REOPENED)
        except TimeoutError:
            return
        await self._record()
        self._show()

    async def _information_is_complete(self) -> None:
        """Procedure 1 to 3: the case manager reviews, and asks the provider for what is missing."""
        gathering = (Stage.COMPLETENESS_REVIEW, Stage.INFORMATION_REQUESTED)
        await self._until(lambda case: case.stage not in gathering)

    async def _request_is_determined(self) -> None:
        """Procedure 4 to 6: the CMO or designee decides, after a consultative review if need be."""
        await self._until(lambda case: not case.is_before_determination)

    async def _parties_are_notified(self) -> None:
        """Procedure 5: both parties are told; on to the placement, whose task is already open, meanwhile."""
        await self._until(lambda case: not case.planned_notices)

    async def _opinion_is_given(self) -> None:
        """Procedure 6.a to 8, and the third opinion: placed with a physician, reported, shared."""
        await self._until(lambda case: case.stage is Stage.FILING and bool(filing.may_file(case)))

    async def _case_is_filed_and_coded(self) -> None:
        """Procedure 9 and 11: nothing is open any more; the category goes to MHC and the packet into the cabinet.

        What happens while the packet is bound (a letter comes back, a denial is changed) keeps the case open; it is
        then filed again, in a further packet.
        """
        if category(self.case) is not None:
            self.case = code(self.case, workflow.now())
            row = latest_row(self.case, workflow.now())
            await workflow.execute_activity_method(
                FilingSteps.send_to_mhc, row, summary=f"Code the case in MHC: {row.category}", **EFFECT
            )
            if self.case.generation >= WITH_REOPENING and not self._is_ready:
                return
        packet = filing.packet(self.case, workflow.now())
        filed = await workflow.execute_activity_method(
            FilingSteps.file_packet, packet, summary=f"File under {filing.DRAWER}", **EFFECT
        )
        self.case = filing.filed(self.case, filed, workflow.now())
        if self.case.generation >= WITH_REOPENING and not self._is_ready:
            return
        self.case = filing.closed(self.case, workflow.now())
        await self._record()
        self._show()
        self._deadline.move(None)

    @property
    def _is_ready(self) -> bool:
        return self.case.stage is Stage.FILING and bool(filing.may_file(self.case))

    # -- the third opinion

    def _attend(self) -> None:
        """A third opinion begins at once in a case of its own, whatever letters are still under way here."""
        waits = self.case.stage is Stage.THIRD_OPINION and self.case.task(TaskKind.THIRD_OPINION_LOST) is None
        if waits and self._third is None:
            self._third = asyncio.create_task(self._third_opinion_is_given())

    async def _third_opinion_is_given(self) -> None:
        """Third Opinion 1 and 2: its report comes home; if its own case ends before, a supervisor takes it up here.

        What was open there leaves the work lists first: one that was terminated could not say so itself.

        When this case is ended from outside, the other is asked to end, too: what nobody waits for, nobody should do.
        """
        third = own_case(self.case)
        try:
            given = await workflow.execute_child_workflow(
                ThirdOpinionWorkflow.run,
                ThirdOpening(case=third),
                id=workflow_id(third.number),
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                parent_close_policy=workflow.ParentClosePolicy.REQUEST_CANCEL,
                search_attributes=at_start(third),
                static_summary=title(third, "third opinion"),
            )
        except FailureError as trouble:
            why = _how_it_ended(trouble)
            ended = GivenUp(case_number=third.number, at=workflow.now(), why=why)
            await workflow.execute_local_activity_method(
                LedgerSteps.give_up, ended, summary=given_up(third.number), **RECORDING
            )
            self.case = lost(self.case, why, workflow.now())
        else:
            self.case = taken_in(self.case, given, workflow.now())

    @property
    def _is_awaited(self) -> bool:
        """Only the run that began the third opinion's case is told of its end."""
        return self._third is not None and not self._third.done()

    # -- where a run begins and ends

    def _opening_anew(self) -> Opening:
        return self._opening.model_copy(update={"resumed": self.case, "is_set_going": False})

    def _closing(self) -> Closing:
        case = self.case
        return Closing(
            case_number=case.number,
            outcome=case.outcome or Outcome.WITHDRAWN,
            category=case.category,
            filed=case.filing.path if case.filing else "",
        )


def _how_it_ended(trouble: FailureError) -> str:
    """In words, by the kind of failure: its own text may hold what was typed."""
    cause = trouble.cause if isinstance(trouble, ChildWorkflowError) and trouble.cause else trouble
    return words(ENDS.get(type(cause).__name__, "it failed"))


ENDS = {
    "TerminatedError": "it was terminated",
    "CancelledError": "it was cancelled",
    "TimeoutError": "its time ran out",
    "WorkflowAlreadyStartedError": "its number was in use",
}
