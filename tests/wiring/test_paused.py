"""Paused workflows: refused by the embedded server; where a cluster has pauses on, nothing of ours breaks."""

import asyncio
from pathlib import Path

import pytest

from policy.lifecycle import Stage
from records.troubles import TroubleKind
from tests.builders import CASE_MANAGER
from tests.wiring.interventions import a_theatre
from wiring import serverprocess
from wiring.checks import Health
from wiring.checktemporal import look_at_temporal
from wiring.comparing import Kind, RunStatus
from wiring.desk import ActionError, ActionKept
from wiring.executions import newest_run, paused, runs
from wiring.watch import Watcher
from workflows import QUEUES

pytestmark = pytest.mark.server


async def test_the_embedded_server_refuses_to_pause_a_case(tmp_path: Path):
    async with a_theatre(tmp_path / "var") as theatre:
        number = await theatre.open("P-1")

        said = await theatre.temporal("workflow", "pause", "--reason", "holiday", number=number, fails=True)

        assert "not enabled" in said
        assert await paused(theatre.client) == []


async def test_where_a_cluster_pauses_a_case_it_is_a_trouble_until_it_goes_on_and_what_is_done_meanwhile_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(serverprocess.DYNAMIC_CONFIG, "frontend.WorkflowPauseEnabled", "true")
    async with a_theatre(tmp_path / "var") as theatre:
        number, other = await theatre.open("P-1"), await theatre.open("P-2")
        await theatre.temporal("workflow", "pause", "--reason", "holiday", number=number)
        await asyncio.sleep(1)

        run = await newest_run(theatre.client, number)
        listed = {
            run.number: run.status async for run in runs(theatre.client, "WorkflowType = 'SecondOpinionWorkflow'")
        }
        found = await theatre.reconcile()
        looked = await Watcher(theatre.client, theatre.world.records, tuple(QUEUES.values())).look()
        checks = await look_at_temporal(theatre.settings, (await theatre.until(other, bool)).case.received_at)
        with pytest.raises(ActionKept, match="paused"):
            await theatre.desk.act(
                number, "confirm_completeness", {"action_id": "while-paused", "actor": CASE_MANAGER.model_dump()}
            )
        with pytest.raises(ActionError, match="paused"):
            await theatre.desk.case(number)

        assert run is not None
        assert run.status is RunStatus.PAUSED
        assert listed == {number: RunStatus.PAUSED, other: RunStatus.RUNNING}
        assert [(one.number, one.kind, one.is_left) for one in found.settled] == [(number, Kind.PAUSED, True)]
        assert looked
        assert set(theatre.troubles(TroubleKind.PAUSED)) == {number}
        assert theatre.troubles(TroubleKind.DIFFERS) == {}
        (check,) = (check for check in checks if check.name == "paused cases")
        assert (check.health, number in check.seen) == (Health.WARNING, True)

        await theatre.temporal("workflow", "unpause", "--reason", "back", number=number)
        await asyncio.sleep(1)
        await theatre.desk.deliver_kept()
        again = await theatre.reconcile()

        assert again.settled == ()
        assert theatre.troubles(TroubleKind.PAUSED) == {}
        await theatre.until(number, lambda file: file.case.stage is Stage.PHYSICIAN_REVIEW)
