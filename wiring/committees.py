"""What the doors do with committees' reports: ask for one, act on it, read its file. Policy 90.2.17, Procedure 12.

An action that nobody answers is not kept: whoever sends it is told so, and sends it again under the same id.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from activities.ports import ReportRenderer, ReportShelf, ReportSource
from activities.reports import ReportSteps
from policy.committee.actions import COMMITTEE_ACTIONS, CommitteeStep, DecideAction
from policy.committee.file import CommitteeFile
from policy.committee.order import ReportOrder, may_be_ordered
from policy.complaints import FieldError
from policy.particulars import Receipt
from policy.report.period import Period
from policy.request import LineOfBusiness
from policy.staffaction import StaffAction
from policy.trust import TrustMode
from policy.verdict import Refused, Value
from records import committees
from records.committees import CommitteeReports
from wiring.sending import ANSWER_WITHIN, ActionError, fitting
from wiring.temporal import TemporalError
from wiring.world import World
from workflows import CASES
from workflows.quarterly_report import QuarterlyReportWorkflow, ReportClosing, ReportOpening, report_workflow_id

LONGEST_NUMBER = 40  # of an action's own field; a longer number (many lines) stands in its signed statement alone
Handle = WorkflowHandle[QuarterlyReportWorkflow, ReportClosing]


class Asked(Value):
    """What became of asking for a report. ``is_new`` is False where it was asked for before: it stays as it is."""

    number: str
    is_new: bool


def report_steps(world: World, source: ReportSource, renderer: ReportRenderer, shelf: ReportShelf) -> ReportSteps:
    """The steps of reports, with this world behind their ports."""
    return ReportSteps(
        source,
        renderer,
        shelf,
        CommitteeReports(world.records, world.anchorage.hear),
        world.register,
        world.mailroom,
        lambda: world.trust,
        lambda: datetime.now(UTC),
    )


def order_of(
    world: World,
    period: Period,
    lines: Sequence[LineOfBusiness] = (),
    *,
    asked_by: str,
    corrects: str = "",
    now: datetime | None = None,
) -> ReportOrder:
    """The order of a report: of the edition that there is, or with ``corrects`` (why) of the next one.

    Raises ActionError, with its field, for a period that is not over or a report that there is nothing to correct of.
    """
    latest = committees.latest_edition(world.records, period, lines)
    given: dict[str, Any] = {"period": period, "lines": tuple(lines), "asked_by": asked_by}
    given["asked_at"] = now or datetime.now(UTC)
    if corrects.strip():
        if latest is None or latest.ready_at is None:
            raise _unfit("corrects", "there is no finished report to correct; ask for it without a reason first")
        given |= {"edition": latest.edition + 1, "why": corrects.strip()}
    elif latest is not None:
        given |= {"edition": latest.edition, "why": latest.why}
    order = ReportOrder(**given)
    verdict = may_be_ordered(order)
    if isinstance(verdict, Refused):
        raise _unfit(verdict.field, verdict.reason)
    return order


def read_committee_action(signal: str, body: Mapping[str, Any]) -> CommitteeStep:
    """The action of a signal. Raises ActionError, with the errors by field, for one that does not fit."""
    return fitting(COMMITTEE_ACTIONS, signal, body)


class CommitteeDesk:
    """Begins reports and acts on them, for the doors."""

    def __init__(self, client: Client, world: World) -> None:
        self._client = client
        self._world = world

    async def start(self, order: ReportOrder) -> Asked:
        """Begins the report; one that is being made, or was finished, stays as it is. Raises TemporalError."""
        if await asyncio.to_thread(CommitteeReports(self._world.records).is_finished, order.number):
            return Asked(number=order.number, is_new=False)
        known = await asyncio.to_thread(committees.one, self._world.records, order.number)
        try:
            await self._client.start_workflow(
                QuarterlyReportWorkflow.run,
                ReportOpening(order=order, trust=self._world.trust),
                id=report_workflow_id(order.number),
                task_queue=CASES,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                static_summary=f"The committees' report of {order.number}"[:190],
            )
        except (RPCError, RuntimeError) as trouble:
            raise TemporalError(f"The report {order.number} could not be started; ask for it again.") from trouble
        return Asked(number=order.number, is_new=known is None)

    async def act(self, number: str, signal: str, body: Mapping[str, Any]) -> Receipt:
        """Sends an action, and gives back the report's receipt. Raises ActionError or TemporalError."""
        named = {"case_number": number} if len(number) <= LONGEST_NUMBER else {}
        action = read_committee_action(signal, {**body, **named, "at": datetime.now(UTC)})
        if isinstance(action, DecideAction):
            action = action.model_copy(update={"concerned": await asyncio.to_thread(self._concerned, action)})
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await self._ask(number, action)
        except (TimeoutError, WorkflowQueryFailedError) as slow:
            raise TemporalError(
                f"No worker answered for {number} within {ANSWER_WITHIN:.0f} seconds; start one, and send it again."
            ) from slow
        except RPCError as trouble:
            if trouble.status is not RPCStatusCode.NOT_FOUND:
                raise TemporalError(f"Temporal does not answer for {number}; send it again.") from trouble
        if given := await self._given_before(number, action.action_id):
            return given
        raise ActionError(await asyncio.to_thread(self._why_not, number))

    async def _given_before(self, number: str, action_id: str) -> Receipt | None:
        """What a report that is closed had answered, while Temporal keeps it: the action that closes it, sent twice."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await self._handle(number).query(QuarterlyReportWorkflow.receipt, action_id)
        except (TimeoutError, WorkflowQueryFailedError, RPCError):
            return None

    async def file(self, number: str) -> CommitteeFile:
        """The whole file, from its workflow. Raises RPCError."""
        return await self._handle(number).query(QuarterlyReportWorkflow.whole_file)

    async def _ask(self, number: str, action: CommitteeStep) -> Receipt:
        handle = self._handle(number)
        signed = await asyncio.to_thread(self._signed, number, action)
        await handle.signal(action.SIGNAL, signed.model_dump(mode="json", exclude_defaults=True))
        while True:
            receipt = await handle.query(QuarterlyReportWorkflow.receipt, action.action_id)
            if receipt is not None:
                return receipt
            await asyncio.sleep(0.05)

    def _handle(self, number: str) -> Handle:
        return self._client.get_workflow_handle_for(QuarterlyReportWorkflow.run, report_workflow_id(number))

    def _signed(self, number: str, action: CommitteeStep) -> StaffAction:
        world = self._world
        if world.trust_mode is TrustMode.OPEN:
            return action
        return world.vault.sign(action, number, lifetime=timedelta(hours=world.statement_hours))

    def _concerned(self, action: DecideAction) -> tuple[str, ...]:
        """The physicians of the case that it is about. Raises ActionError for a number that is none of ours."""
        if not action.about_case:
            return ()
        found = committees.physicians_of(self._world.records, action.about_case)
        if found is None:
            raise _unfit("about_case", f"{action.about_case} is no case of ours; give its number, as SO-2026-000007")
        return found

    def _why_not(self, number: str) -> str:
        found = committees.one(self._world.records, number)
        if found is None:
            return f"There is no report {number}. List them with: second-opinion committee list"
        if found.report.closed_at is None:
            return (
                f"The report {number} is not at work in Temporal; set it going with: second-opinion reconcile {number}"
            )
        return f"The report {number} is closed: everything that was decided on it has come to its end."


def _unfit(field: str, problem: str) -> ActionError:
    return ActionError(f"{field}: {problem}", (FieldError(field=field, problem=problem),))
