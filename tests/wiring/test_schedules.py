"""The nightly reconciliation is scheduled once, can be seen, and mends by itself; no key and no name goes into it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from temporalio.client import ScheduleActionExecutionStartWorkflow

from activities.upkeep import Tally, UpkeepSteps
from tests.wiring.interventions import a_theatre
from wiring.checks import Health
from wiring.checktemporal import look_at_temporal
from wiring.reportday import see_to
from wiring.schedules import RECONCILE, Upkeep, nightly
from wiring.temporal import running_workers

pytestmark = pytest.mark.server


async def test_a_schedule_reconciles_every_night_and_people_may_move_it(tmp_path: Path):
    async with a_theatre(tmp_path / "var", is_worked=False) as theatre:
        client, world = theatre.client, theatre.world
        before = await _check(theatre)
        await see_to(client, {RECONCILE: nightly()})
        handle = client.get_schedule_handle(RECONCILE)
        await handle.pause(note="holiday")
        paused = await _check(theatre)
        await see_to(client, {RECONCILE: nightly()})
        still = (await handle.describe()).schedule.state.paused
        await handle.unpause()
        after = await _check(theatre)
        steps = replace(world.steps, upkeep=UpkeepSteps(Upkeep(client, world)))
        async with running_workers(client, steps):
            number = await theatre.open("N-1")
            await theatre.temporal("workflow", "terminate", number=number)
            await handle.trigger()
            await theatre.until(number, lambda f: any(line.event == "case:set-going" for line in f.ledger), seconds=40)
            told = await handle.describe()
            begun = told.info.recent_actions[-1].action
            assert isinstance(begun, ScheduleActionExecutionStartWorkflow)
            run = client.get_workflow_handle(begun.workflow_id, result_type=Tally)
            tally = await run.result()

        (first, *_) = told.info.next_action_times
        assert (first.astimezone(ZoneInfo("America/Los_Angeles")).hour, first.minute) == (2, 30)
        assert tally == Tally(cases=1, mended=1, left=0)
        assert still
        assert [check.health for check in (before, paused, after)] == [Health.WARNING, Health.WARNING, Health.OK]
        with world.records.connect() as connection:
            keys = connection.execute(text("SELECT workflow_id FROM case_keys")).scalars().all()
        assert sorted(keys) == ["(shared)", f"so-{number}"]


async def _check(theatre):
    checks = await look_at_temporal(theatre.settings, datetime.now(UTC))
    return next(check for check in checks if check.name == "schedules")
