"""The schedule of the quarterly report, on the real server: made once, moved by people, triggered, caught up. P12."""

import asyncio
import os
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleBackfill,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    ScheduleRange,
    WorkflowHandle,
)
from temporalio.service import RPCError

from activities.filing import FilingSteps
from activities.ledger import LedgerSteps
from activities.letters import LetterSteps
from cli.serving import schedule
from policy.calendar import LOS_ANGELES, local_day
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
from tests.wiring.interventions import a_theatre
from tests.workflows.reports import report_steps
from wiring.devserver import embedded_server
from wiring.reportday import CATCH_UP, REPORTS, report_days, see_to
from wiring.settings import Settings
from wiring.temporal import Steps, connect, running_workers
from workflows import CASES
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


def moved(at: datetime) -> Schedule:
    """The schedule of the reports, moved to one second; everything else of it as a worker makes it."""
    local = at.astimezone(LOS_ANGELES)
    day = ScheduleCalendarSpec(
        second=(ScheduleRange(local.second),),
        minute=(ScheduleRange(local.minute),),
        hour=(ScheduleRange(local.hour),),
        day_of_month=(ScheduleRange(local.day),),
        month=(ScheduleRange(local.month),),
        year=(ScheduleRange(local.year),),
    )
    schedule = report_days()
    return replace(schedule, spec=replace(schedule.spec, calendars=[day]))


def parts(source: FakeReportSource) -> Steps:
    return Steps(
        LedgerSteps(FakeLedger(), FakePanel()),
        LetterSteps(FakeMailroom()),
        FilingSteps(FakeCabinet(), FakeMhcFeed()),
        reports=report_steps(source, FakeReportShelf(), FakeCommitteeRecords(), FakeRequests(), FakeMailroom()),
    )


async def test_a_time_that_passed_while_the_server_was_away_is_made_good_once_it_is_back(tmp_path: Path):
    settings = Settings(home=tmp_path / "var", grpc_port=free_port(), ui_port=free_port(), synchronous="normal")
    source, period = FakeReportSource(), quarter_before(local_day(datetime.now(UTC)))
    if local_day(datetime.now(UTC)) < report_day(period):
        pytest.skip("this quarter's first business day has not come")
    async with embedded_server(settings, SEARCH_ATTRIBUTES, ui=False) as server:
        client = await connect(settings, server.address.grpc)
        at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=6)
        await see_to(client, {REPORTS: moved(at)})
        before = await client.get_schedule_handle(REPORTS).describe()
        assert before.info.next_action_times == [at]
        os.kill(server.pid, signal.SIGKILL)
        await server.died()
    away = datetime.now(UTC)
    await asyncio.sleep((at - away).total_seconds() + 2)

    async with embedded_server(settings, SEARCH_ATTRIBUTES, ui=False) as server:
        client = await connect(settings, server.address.grpc)
        back = datetime.now(UTC)
        async with running_workers(client, parts(source)):
            state = await _ready(client, period.name)
        told = await client.get_schedule_handle(REPORTS).describe()

    assert away < at < back
    assert (state, source.gathered) == ("ready", 1)
    assert (before.info.num_actions, told.info.num_actions, told.info.num_actions_missed_catchup_window) == (0, 1, 0)
    (action,) = told.info.recent_actions
    assert action.scheduled_at == at
    assert action.started_at >= back - timedelta(seconds=5)


async def test_the_server_holds_the_schedule_as_the_policy_wants_it(tmp_path: Path):
    async with a_theatre(tmp_path / "var", is_worked=False) as theatre:
        await schedule(theatre.client)  # as a worker does when it starts
        told = (await theatre.client.get_schedule_handle(REPORTS).describe()).schedule

    (days,) = told.spec.calendars
    assert told.spec.time_zone_name == "America/Los_Angeles"
    assert [month for of in days.month for month in range(of.start, max(of.start, of.end) + 1)] == [1, 4, 7, 10]
    assert [(of.start, of.end) for of in days.day_of_month] == [(1, 7)]
    assert [(of.start, max(of.end, of.start)) for of in days.hour] == [(6, 6)]
    assert [[(of.start, max(of.end, of.start)) for of in unit] for unit in (days.minute, days.second)] == [[(0, 0)]] * 2
    assert not days.year
    assert [(of.start, of.end) for of in days.day_of_week] in ([], [(0, 6)])
    assert told.policy.catchup_window == timedelta(days=14)
    assert told.policy.overlap is ScheduleOverlapPolicy.BUFFER_ONE
    assert not told.policy.pause_on_failure
    assert not told.state.paused
    assert isinstance(told.action, ScheduleActionStartWorkflow)
    assert (told.action.workflow, told.action.task_queue) == ("ReportDayWorkflow", CASES)


async def test_the_report_begins_by_schedule_once_however_often_it_fires_and_people_may_pause_it(tmp_path: Path):
    settings = Settings(home=tmp_path / "var", grpc_port=free_port(), ui_port=free_port(), synchronous="normal")
    source = FakeReportSource()
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
        async with running_workers(client, parts(source)):
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
    upcoming = [at.astimezone(LOS_ANGELES) for at in told.info.next_action_times]
    assert {(at.hour, at.minute) for at in upcoming} == {(6, 0)}
    assert {at.day for at in upcoming} <= set(range(1, 8))
    assert {at.month for at in upcoming} <= {1, 4, 7, 10}
