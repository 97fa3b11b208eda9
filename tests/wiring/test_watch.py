"""The watcher, before the real server: a case that is stuck is told of, and its trouble ends with it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from records.database import open_records
from records.troubles import Troubles
from tests.ports import free_port
from tests.servers import a_server
from wiring.devserver import embedded_server
from wiring.observing import look_at, stuck_cases, temporal_drift
from wiring.settings import Settings
from wiring.temporal import connect
from wiring.watch import Watcher
from workflows import CASES
from workflows.inspection import SEARCH_ATTRIBUTES

CASE = "SO-2026-000042"


class Mood:
    is_broken = True


@workflow.defn(name="Moody")
class Moody:
    """Its tasks fail for as long as the mood is bad."""

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: not self._broken(), timeout=3600)

    def _broken(self) -> bool:
        if Mood.is_broken:
            raise ValueError("Ana María Núñez")
        return False


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    settings = Settings(home=tmp_path / "var", grpc_port=free_port(), ui_port=free_port(), synchronous="normal")
    async with a_server(settings) as server:
        yield await connect(settings, server.address.grpc)


@pytest.fixture
def records(tmp_path: Path):
    engine = open_records(f"sqlite:///{tmp_path / 'records.db'}")
    yield engine
    engine.dispose()


async def until(watcher: Watcher, troubles: Troubles, count: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert await watcher.look()
        if len(troubles.open()) == count:
            return
        await asyncio.sleep(0.5)
    raise AssertionError(f"{len(troubles.open())} troubles are open after {seconds} seconds, not {count}")


@pytest.mark.server
async def test_a_stuck_case_is_a_trouble_within_a_minute_and_ends_when_it_goes_on(client, records, caplog):
    caplog.set_level(logging.INFO, "wiring.watch")
    Mood.is_broken = True
    troubles, watcher = Troubles(records), Watcher(client, records, [CASES])
    worker = Worker(client, task_queue=CASES, workflows=[Moody], workflow_runner=UnsandboxedWorkflowRunner())
    async with worker:
        handle = await client.start_workflow("Moody", id=f"so-{CASE}", task_queue=CASES)
        await until(watcher, troubles, 1, 40)  # the watcher itself looks every 20 seconds
        (trouble,) = troubles.open()
        found = await stuck_cases(client, 10)
        Mood.is_broken = False
        await until(watcher, troubles, 0, 60)
        await handle.result()

    assert (trouble.case_number, trouble.code) == (CASE, "WorkflowWorkerUnhandledFailure")
    assert found == {CASE: "WorkflowWorkerUnhandledFailure"}
    assert "Núñez" not in trouble.text
    said = [(r.message, vars(r)["case"]) for r in caplog.records if r.name == "wiring.watch"]
    assert said == [("case.stuck", CASE), ("case.unstuck", CASE)]


@pytest.mark.server
async def test_queues_and_the_server_s_clock_can_be_seen(client):
    await client.start_workflow("Nobody", id="so-SO-2026-000043", task_queue=CASES)
    await asyncio.sleep(0.3)

    alone = await look_at(client, CASES, datetime.now(UTC))
    worker = Worker(
        client, task_queue=CASES, workflows=[Moody], activities=[], workflow_runner=UnsandboxedWorkflowRunner()
    )
    async with worker:
        await asyncio.sleep(0.3)
        drift = await temporal_drift(client)

    assert (alone.backlog, alone.pollers, alone.last_poll_age) == (1, 0, None)
    assert 0.2 < alone.backlog_age < 5
    assert drift is not None
    assert abs(drift) < 0.5


@pytest.mark.server
async def test_when_temporal_goes_away_the_watcher_says_so_once_and_ends_nothing(tmp_path, records, caplog):
    caplog.set_level(logging.INFO, "wiring.watch")
    settings = Settings(home=tmp_path / "var", grpc_port=free_port(), ui_port=free_port(), synchronous="normal")
    async with embedded_server(settings, SEARCH_ATTRIBUTES, ui=False) as server:
        watcher = Watcher(await connect(settings, server.address.grpc), records, [CASES])
        there = await watcher.look()
    watcher_looks = [await asyncio.wait_for(watcher.look(), 20) for _ in range(2)]
    async with embedded_server(settings, SEARCH_ATTRIBUTES, ui=False):
        back = await watcher.look()

    assert (there, watcher_looks, back) == (True, [False, False], True)
    assert [r.message for r in caplog.records if r.name == "wiring.watch"] == ["watch.temporal_away", "watch.back"]


async def test_a_fault_of_its_own_ends_neither_the_watcher_nor_the_worker(records, caplog):
    class Broken:
        def list_workflows(self, *_: object, **__: object) -> None:
            raise ZeroDivisionError

    stopped = asyncio.Event()
    watcher = Watcher(Broken(), records, [CASES])  # type: ignore[arg-type]
    watching = asyncio.ensure_future(watcher.watch(stopped, every=0.01))
    await asyncio.sleep(0.1)
    stopped.set()
    await watching

    assert len([r for r in caplog.records if r.message == "watch.failed"]) > 1
