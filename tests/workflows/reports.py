"""A stage for committees' reports: a time-skipping server of its own, a worker in the sandbox, fakes behind ports."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.filing import FilingSteps
from activities.ledger import LedgerSteps
from activities.letters import LetterSteps
from activities.reports import ReportSteps
from policy.committee.actions import COMMITTEE_ACTIONS
from policy.committee.file import CommitteeFile
from policy.committee.order import ReportOrder
from policy.people import Actor
from policy.report.period import parsed
from policy.staffaction import StaffAction
from policy.trust import Trust
from tests.builders import a_request
from tests.fakes import (
    FakeCabinet,
    FakeCommitteeRecords,
    FakeLedger,
    FakeMailroom,
    FakeMhcFeed,
    FakePanel,
    FakeReportRenderer,
    FakeReportShelf,
    FakeReportSource,
    FakeRequests,
)
from tests.keys import a_converter
from wiring.temporal import Steps, running_workers, sandboxed
from workflows import CASES
from workflows.quarterly_report import QuarterlyReportWorkflow, ReportClosing, ReportOpening, report_workflow_id

CASE = "SO-2026-000007"


@dataclass
class Reports:
    """Where a test plays a report."""

    env: WorkflowEnvironment
    source: FakeReportSource = field(default_factory=FakeReportSource)
    shelf: FakeReportShelf = field(default_factory=FakeReportShelf)
    records: FakeCommitteeRecords = field(default_factory=FakeCommitteeRecords)
    requests: FakeRequests = field(default_factory=lambda: FakeRequests(**{CASE: a_request()}))
    mailroom: FakeMailroom = field(default_factory=FakeMailroom)
    handle: WorkflowHandle[QuarterlyReportWorkflow, ReportClosing] = field(init=False)
    sent: int = 0

    @property
    def steps(self) -> Steps:
        return Steps(
            LedgerSteps(FakeLedger(), FakePanel()),
            LetterSteps(self.mailroom),
            FilingSteps(FakeCabinet(), FakeMhcFeed()),
            reports=report_steps(self.source, self.shelf, self.records, self.requests, self.mailroom),
        )

    @property
    def stage(self) -> "Reports":
        """As a case in play has it."""
        return self

    async def now(self) -> datetime:
        return await self.env.get_current_time()

    async def ask_for(self, period: str = "2026-Q3", **changes: Any) -> ReportOrder:
        """A report is asked for."""
        order = ReportOrder(**{"period": parsed(period), "asked_at": await self.now(), **changes})
        self.handle = await self.env.client.start_workflow(
            QuarterlyReportWorkflow.run,
            ReportOpening(order=order),
            id=report_workflow_id(order.number),
            task_queue=CASES,
        )
        return order

    async def resume(self, file: CommitteeFile, *, is_set_going: bool = False) -> None:
        """The work goes on in a new run, as when its history has grown long, or when it was broken off."""
        await self.handle.terminate()
        opening = ReportOpening(order=file.order, resumed=file, is_set_going=is_set_going)
        self.handle = await self.env.client.start_workflow(
            QuarterlyReportWorkflow.run, opening, id=report_workflow_id(file.number), task_queue=CASES
        )

    async def does(self, actor: Actor, signal: str, **fields: Any) -> StaffAction:
        """A person acts, through the signal."""
        self.sent += 1
        given = {"action_id": f"a-{self.sent}", "actor": actor, "at": await self.now()}
        action = COMMITTEE_ACTIONS[signal].model_validate({**given, **fields})
        await self.handle.signal(signal, action)
        return action

    async def file(self) -> CommitteeFile:
        return await self.handle.query(QuarterlyReportWorkflow.whole_file)

    async def case(self) -> CommitteeFile:
        """As a case in play has it."""
        return await self.file()

    async def ready(self) -> CommitteeFile:
        """The file once its report is ready."""
        for _ in range(400):
            file = await self.file()
            if file.ready_at:
                break
            await asyncio.sleep(0.02)
        return file

    async def passes(self, days: int) -> CommitteeFile:
        """Days pass, half of one at a time; the file after them, with its letters sent."""
        for _ in range(days * 2):
            await self.env.sleep(timedelta(hours=12))
            await self.file()
        return await self.posted()

    async def posted(self) -> CommitteeFile:
        """The file once its letters have left."""
        for _ in range(200):
            file = await self.file()
            if not file.owed:
                break
            await asyncio.sleep(0.02)
        return file

    async def ends(self) -> ReportClosing:
        return await self.handle.result()


def report_steps(
    source: FakeReportSource,
    shelf: FakeReportShelf,
    records: FakeCommitteeRecords,
    requests: FakeRequests,
    mailroom: FakeMailroom,
) -> ReportSteps:
    """The steps, with fakes behind the ports."""
    return ReportSteps(
        source, FakeReportRenderer(), shelf, records, requests, mailroom, Trust, lambda: datetime.now(UTC)
    )


@asynccontextmanager
async def reports() -> AsyncIterator[Reports]:
    beside_python = Path(sys.executable).with_name("temporal-test-server")
    program = str(beside_python) if beside_python.exists() else shutil.which("temporal-test-server")
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=a_converter(), test_server_existing_path=program
    ) as env:
        stage = Reports(env)
        async with running_workers(env.client, stage.steps, runner=sandboxed(), max_cached_cases=0):
            yield stage
