"""The schedule of the quarterly report, on the real server: made once, moved by people, triggered, caught up. P12."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import Client, ScheduleBackfill, ScheduleOverlapPolicy, WorkflowHandle
from temporalio.service import RPCError

from activities.filing import FilingSteps
from activities.ledger import LedgerSteps
from activities.letters import LetterSteps
from policy.calendar import local_day
from policy.report.period import quarter_before, report_day
from tests.fakes import (
    FakeCabinet,
    FakeCommitteeRecords,
    FakeLedger,
    FakeMailroom,
    FakeMhcFeed,
    FakePanel,
    FakeReportShelf,
    FakeReportSource,
    FakeRequests,
)
from tests.ports import free_port
from tests.workflows.reports import report_steps
from wiring.devserver import embedded_server
from wiring.reportday import CATCH_UP, REPORTS, report_days, see_to
from wiring.settings import Settings
from wiring.temporal import Steps, connect, running_workers
from workflows.inspection import SEARCH_ATTRIBUTES
from workflows.quarterly_report import QuarterlyReportWorkflow, ReportClosing, report_workflow_id

pytestmark = pytest.mark.server


async def _ready(client: Client, number: str) -> str:
    handle: WorkflowHandle[QuarterlyReportWorkflow, ReportClosing] = client.get_workflow_handle_for(
        QuarterlyReportWorkflow.run, report_workflow_id(number)
    )
    for _ in range(300):
        try:
            progress = await handle.query(QuarterlyReportWorkflow.progress)
            if progress["state"] == "ready":
                return str(progress["state"])
        except RPCError:  # it has not begun yet
            pass
        await asyncio.sleep(0.1)
    raise AssertionError("no report was begun")


async def test_the_report_begins_by_schedule_once_however_often_it_fires_and_people_may_pause_it(tmp_path: Path):
    settings = Settings(home=tmp_path / "var", grpc_port=free_port(), ui_port=free_port(), synchronous="normal")
    source = FakeReportSource()
    reports = report_steps(source, FakeReportShelf(), FakeCommitteeRecords(), FakeRequests(), FakeMailroom())
    steps = Steps(
        LedgerSteps(FakeLedger(), FakePanel()),
        LetterSteps(FakeMailroom()),
        FilingSteps(FakeCabinet(), FakeMhcFeed()),
        reports=reports,
    )
    today = local_day(datetime.now(UTC))
    period = quarter_before(today)
    if today < report_day(period):
        pytest.skip("this quarter's first business day has not come")
    async with embedded_server(settings, SEARCH_ATTRIBUTES, ui=False) as server:
        client = await connect(settings, server.address.grpc)
        made = [await see_to(client, {REPORTS: report_days()}) for _ in range(2)]
        handle = client.get_schedule_handle(REPORTS)
        await handle.pause(note="holiday")
        await see_to(client, {REPORTS: report_days()})
        paused = (await handle.describe()).schedule.state.paused
        await handle.unpause()
        async with running_workers(client, steps):
            await handle.trigger()
            state = await _ready(client, period.name)
            first = datetime(report_day(period).year, report_day(period).month, 1, tzinfo=UTC)
            week = ScheduleBackfill(
                start_at=first, end_at=first + timedelta(days=8), overlap=ScheduleOverlapPolicy.BUFFER_ALL
            )
            await handle.backfill(week)  # as the days that were missed while the server was away
            for _ in range(200):
                told = await handle.describe()
                if told.info.num_actions >= 8 and not told.info.running_actions:
                    break
                await asyncio.sleep(0.1)

    assert made == [[REPORTS], []]
    assert paused
    assert state == "ready"
    assert told.info.num_actions == 8
    assert source.gathered == 1
    assert told.schedule.policy.catchup_window == CATCH_UP
    upcoming = [at.astimezone(ZoneInfo("America/Los_Angeles")) for at in told.info.next_action_times]
    assert {(at.hour, at.minute) for at in upcoming} == {(6, 0)}
    assert {at.day for at in upcoming} <= set(range(1, 8))
    assert {at.month for at in upcoming} <= {1, 4, 7, 10}
