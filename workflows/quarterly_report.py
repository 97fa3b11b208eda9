"""One report to the committees, from its figures to the end of everything that they decide on it. Procedure 12."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities.reports import ReportSteps
from policy.calendar import local_day
from policy.committee.acting import act
from policy.committee.actions import (
    COMMITTEE_ACTIONS,
    COMMITTEE_FIELDS,
    AcceptReport,
    CommitteeStep,
    CompleteAction,
    DecideAction,
    DiscussReport,
    HandOverAction,
    NoteFollowUp,
    PostponeAction,
    PresentReport,
    WithdrawAction,
)
from policy.committee.decided import DecidedAction
from policy.committee.file import CommitteeFile, Made, Making, begin, closed, finished, gathered, reconciled
from policy.committee.intervening import report_cancelled
from policy.committee.letters import OwedLetter
from policy.committee.order import ReportOrder
from policy.committee.time import next_alarm, ring, sent, undeliverable
from policy.committee.transition import between
from policy.particulars import Receipt, RefusedAction
from policy.report.period import quarter_before, report_day
from policy.trust import Trust
from policy.verdict import Value
from workflows import CASES, LETTERS
from workflows.carrying import EFFECT, LONGEST_HISTORY, RECORDING, Cancellation
from workflows.deadline import Deadline
from workflows.receiving import UNKNOWN, read, refuse_signal, taken
from workflows.reportview import details
from workflows.signatures import check
from workflows.staff import door

# Figures of a hundred thousand cases take seconds, a slow database or disk hours; a step that is silent is begun anew.
MAKING: dict[str, Any] = {
    "task_queue": LETTERS,
    "start_to_close_timeout": timedelta(hours=4),
    "heartbeat_timeout": timedelta(minutes=1),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=5)),
}


class ReportOpening(Value):
    """A report that is asked for. ``resumed`` is its file as an earlier run of its workflow left it.

    ``is_set_going`` says that this run was broken off, so that nobody knows what of it the records were told.
    """

    order: ReportOrder
    trust: Trust = Trust()
    resumed: CommitteeFile | None = None
    is_set_going: bool = False

    @property
    def recorded(self) -> CommitteeFile | None:
        """The file as the records have it; None where they are told all of it (anew)."""
        return None if self.is_set_going else self.resumed

    @property
    def file(self) -> CommitteeFile:
        """The file that the workflow begins, or goes on, with."""
        return self.resumed or begin(self.order, self.order.asked_at, self.trust)


class ReportClosing(Value):
    """How the work on a report ended. ``was_finished``: it was made before, and nothing was done to it."""

    number: str
    digest: str = ""
    actions: int = 0
    was_finished: bool = False


def report_workflow_id(number: str) -> str:
    """The id of a report's workflow: ``report-2026-Q3``; it says nothing about a person."""
    return f"report-{number}"


@workflow.defn
class QuarterlyReportWorkflow:
    """The life of one report: made, presented, discussed, accepted; then every action that was decided, to its end."""

    present_report = door(PresentReport)
    discuss_report = door(DiscussReport)
    accept_report = door(AcceptReport)
    decide_action = door(DecideAction)
    note_follow_up = door(NoteFollowUp)
    complete_action = door(CompleteAction)
    hand_over_action = door(HandOverAction)
    postpone_action = door(PostponeAction)
    withdraw_action = door(WithdrawAction)

    @workflow.init
    def __init__(self, opening: ReportOpening) -> None:
        self._opening = opening
        self.file: CommitteeFile = opening.file
        self._recorded: CommitteeFile | None = opening.recorded
        self._deadline = Deadline()
        self._mail: asyncio.Task[None] | None = None

    @workflow.run
    async def run(self, opening: ReportOpening) -> ReportClosing:
        """The report's life; who cancels its workflow is refused, and what was under way is asked for again."""
        cancellation = Cancellation()
        while True:
            try:
                return await self._story(is_new=opening.resumed is None)
            except BaseException as trouble:
                if not cancellation.came_by(trouble):
                    raise
                self.file = report_cancelled(self.file, workflow.now())

    async def _story(self, *, is_new: bool) -> ReportClosing:
        """Made once, then in the committees' hands; it ends when everything that they decided has ended."""
        if is_new and self._recorded is None and await self._was_finished():
            return ReportClosing(number=self.file.number, was_finished=True)
        if self.file.ready_at is None:
            await self._make()
        while self.file.closed_at is None:
            await self._record()
            self._send_what_is_owed()
            self._show()
            if self.file.may_be_closed:
                break
            self._deadline.move(next_alarm(self.file))
            await self._begin_afresh_when_the_history_is_long()
            await workflow.wait_condition(
                lambda: self._has_news or self._deadline.has_rung or self.file.may_be_closed or self._may_send
            )
            if self._deadline.has_rung:
                self.file = ring(self.file, workflow.now())
        if self.file.closed_at is None:  # it may have been closed when its workflow was cancelled
            self.file = closed(self.file, workflow.now())
        await self._record()
        self._show()
        self._deadline.move(None)
        await workflow.wait_condition(workflow.all_handlers_finished)
        digest = self.file.made.digest if self.file.made else ""
        return ReportClosing(number=self.file.number, digest=digest, actions=len(self.file.actions))

    # -- how it is made

    async def _was_finished(self) -> bool:
        """Made before, in a workflow that Temporal no longer keeps: then it stays as it is."""
        return await workflow.execute_local_activity_method(
            ReportSteps.report_is_finished, self.file.number, **RECORDING
        )

    async def _make(self) -> None:
        """From the step that it had come to: what was done before the work was broken off is not told twice."""
        if self.file.making is Making.GATHERING:
            await self._step(self._asked(ReportSteps.gather_report, "Gather the figures"), gathered)
        if self.file.making is Making.RECONCILING:
            await self._step(self._asked(ReportSteps.reconcile_report, "Count them a second time"), reconciled)
        await self._step(self._asked(ReportSteps.render_report, "Set and store the files"), finished)

    def _asked(self, step: Any, summary: str) -> Callable[[], Awaitable[Made]]:  # noqa: ANN401 - a method of the steps
        return lambda: workflow.execute_activity_method(step, self.file.order, summary=summary, **MAKING)

    async def _step(
        self, asked: Callable[[], Awaitable[Made]], then: Callable[[CommitteeFile, Made, Any], CommitteeFile]
    ) -> None:
        await self._record()
        self._show()
        made = await asked()
        self.file = then(self.file, made, workflow.now())

    # -- what people send

    def receive(self, signal: str, body: RawValue) -> None:
        """The one payload of a signal: applied, or refused."""
        found = read(signal, body.payload, workflow.payload_converter(), COMMITTEE_ACTIONS, COMMITTEE_FIELDS)
        self.file = taken(self.file, signal, body.payload, found, workflow.now(), self._after)

    def _after(self, action: CommitteeStep) -> CommitteeFile:
        now = workflow.now()
        return act(self.file, action, now, check(action, self.file.number, self.file.trust, now))

    @workflow.signal(dynamic=True, description="Anything else is refused, and the refusal recorded.")
    def unknown(self, name: str, _args: Sequence[RawValue]) -> None:
        """A signal that nobody knows."""
        self.refuse(name, UNKNOWN)

    def refuse(self, signal: str, reason: str) -> None:
        """Remember that a signal was refused (for the guard)."""
        self.file = refuse_signal(self.file, signal, reason, workflow.now())

    @workflow.query(name="file", description="The report's file: how far it is, hearings, actions, story, refusals.")
    def whole_file(self) -> CommitteeFile:
        """The file as it stands."""
        return self.file

    @workflow.query(description="How far the report is, and how many cases it counts.")
    def progress(self) -> dict[str, str | int]:
        """The step that it is at, in words."""
        made = self.file.made
        counted = {"cases": made.cases, "delegated": made.delegated} if made else {}
        return {"state": self.file.state.value, "making": self.file.making.value, **counted}

    @workflow.query(description="What was refused, and why; the latest last.")
    def refused_actions(self) -> tuple[RefusedAction, ...]:
        """The actions that could not be applied."""
        return self.file.refusals

    @workflow.query(description="The answer that an action was given, by its action_id; null while there is none.")
    def receipt(self, action_id: str) -> Receipt | None:
        """The receipt of an action."""
        return self.file.receipt(action_id)

    # -- what is carried out

    @property
    def _has_news(self) -> bool:
        return self._recorded is None or self.file.seq != self._recorded.seq

    @property
    def _may_send(self) -> bool:
        return bool(self.file.owed) and (self._mail is None or self._mail.done())

    async def _record(self) -> None:
        while self._has_news:
            now = self.file
            transition = between(self._recorded, now, workflow.now())
            await workflow.execute_local_activity_method(ReportSteps.record_committee, transition, **RECORDING)
            self._recorded = now
            self.file = self.file.trimmed(now.seq)

    def _send_what_is_owed(self) -> None:
        """Letters go out beside the story: a printer that is away for a day holds nobody up."""
        if self._may_send:
            self._mail = asyncio.create_task(self._send(self.file.owed))

    async def _send(self, owed: tuple[DecidedAction, ...]) -> None:
        letters = tuple(OwedLetter(report=self.file.number, action=action) for action in owed)
        written = await workflow.execute_activity_method(
            ReportSteps.write_for_committee, letters, summary="Write what the committee decided", **EFFECT
        )
        for name, why in written.unmade.items():
            self.file = undeliverable(self.file, name, why, workflow.now())
        self.file = sent(self.file, written.deliveries, workflow.now())

    async def _begin_afresh_when_the_history_is_long(self) -> None:
        """The work goes on in a new run, whole, once it is recorded and its letters have left."""
        info = workflow.info()
        posting = self._mail is not None and not self._mail.done()
        is_urgent = info.get_current_history_length() > LONGEST_HISTORY
        if not (is_urgent or (info.is_continue_as_new_suggested() and not posting)):
            return
        await workflow.wait_condition(workflow.all_handlers_finished)
        if not self._has_news:
            workflow.continue_as_new(self._opening.model_copy(update={"resumed": self.file, "is_set_going": False}))

    def _show(self) -> None:
        workflow.set_current_details(details(self.file, workflow.now()))


@workflow.defn
class ReportDayWorkflow:
    """What the schedule begins each morning of a quarter's first days: on the first business day, the report.

    On a later day it finds the report there, and does nothing: so a day that was missed is made good by the next.
    """

    @workflow.run
    async def run(self) -> str:
        """The number of the report that was begun, or why none was."""
        today = local_day(workflow.now())
        period = quarter_before(today)
        if today < report_day(period):
            return f"{today} is before the first business day of the quarter"
        order = ReportOrder(period=period, asked_at=workflow.now())
        finished = await workflow.execute_local_activity_method(
            ReportSteps.report_is_finished, order.number, **RECORDING
        )
        if finished:
            return f"{order.number} is there"
        trust = await workflow.execute_local_activity_method(ReportSteps.report_terms, **RECORDING)
        try:
            await workflow.start_child_workflow(
                QuarterlyReportWorkflow.run,
                ReportOpening(order=order, trust=trust),
                id=report_workflow_id(order.number),
                task_queue=CASES,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                static_summary=f"The committees' report of {order.number}",
            )
        except WorkflowAlreadyStartedError:
            return f"{order.number} is being made"
        return order.number
