"""A report outlives its worker and its server, killed while it is made and while its letter goes out. Procedure 12."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from policy.committee.file import Stored
from policy.dispatch import Delivery
from policy.letter import Letter
from policy.report.shape import CommitteeReport
from records.committees import CommitteeReports
from tests.fakes import FakeReportRenderer, FakeReportShelf
from tests.ports import free_port
from tests.wiring.interventions import Theatre, a_theatre
from tests.wiring.sittings import NUMBER, Sitting
from wiring.committees import report_steps
from wiring.devserver import EmbeddedServer, embedded_server
from wiring.settings import PREFIX, Settings
from wiring.temporal import connect, running_workers
from wiring.world import open_world
from workflows import quarterly_report
from workflows.inspection import SEARCH_ATTRIBUTES

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[2]
ONCE = [
    "report:asked-for",
    "report:gathered",
    "report:reconciled",
    "report:ready",
    "report:presented",
    "report:presented",
    "action:decided",
    "notice:sent",
    "report:discussed",
    "report:accepted",
    "report:discussed",
    "report:accepted",
    "action:completed",
    "report:closed",
]


async def a_worker(settings: Settings, moment: str) -> asyncio.subprocess.Process:
    """A worker of real parts that dies at that moment."""
    given = {
        f"{PREFIX}HOME": str(settings.home),
        f"{PREFIX}GRPC_PORT": str(settings.grpc_port),
        f"{PREFIX}UI_PORT": str(settings.ui_port),
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "TEMPORAL_"))}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.journeys.dying_worker", moment),
        cwd=ROOT,
        env={**others, **given},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def died(worker: asyncio.subprocess.Process) -> int | None:
    async with asyncio.timeout(60):
        return await worker.wait()


async def test_workers_that_die_after_each_effect_make_nothing_twice_and_lose_nothing(tmp_path: Path):
    async with a_theatre(tmp_path / "var", is_worked=False) as theatre:
        sitting, reports = Sitting(theatre, flag=""), CommitteeReports(theatre.world.records)
        await sitting.begin()
        ends = [await died(await a_worker(theatre.settings, "gathered"))]
        first = reports.report(NUMBER)
        ends.append(await died(await a_worker(theatre.settings, "stored")))
        poster = await a_worker(theatre.settings, "posted")
        await sitting.presented_and_decided()
        ends.append(await died(poster))
        letters = sitting.letters()
        last = await a_worker(theatre.settings, "never")
        try:
            await sitting.until(lambda found: found.actions[0].told == "provider told")
            closed = await sitting.goes_on_to_its_end()
        finally:
            last.kill()
            await last.wait()

        assert ends == [-signal.SIGKILL] * 3
        assert first
        finished = reports.report(NUMBER)
        assert finished
        assert finished.as_of == first.as_of  # counted once, before the first worker died
        assert [line.event for line in closed.ledger] == ONCE
        assert len(letters) == 1
        assert sitting.letters() == letters
        assert len(list(theatre.settings.home.glob("reports/*/report.json"))) == 1


class HeldUp:
    """Something that is reached, and then waits until it may go on."""

    def __init__(self) -> None:
        self.is_reached, self.may_go = Event(), Event()

    def wait(self) -> None:
        self.is_reached.set()
        assert self.may_go.wait(60)

    async def reached(self) -> None:
        assert await asyncio.to_thread(self.is_reached.wait, 60)


class HeldUpShelf(FakeReportShelf):
    """A shelf on which a report is being put."""

    def __init__(self, held_up: HeldUp) -> None:
        super().__init__()
        self._held_up = held_up

    def put(self, report: CommitteeReport, files: object) -> Stored:
        self._held_up.wait()
        return super().put(report, files)  # type: ignore[arg-type]


class HeldUpMailroom:
    """A mailroom in which a letter is on its way out: it has left, and nobody was told yet."""

    def __init__(self, theatre: Theatre, held_up: HeldUp) -> None:
        self._mailroom = theatre.world.mailroom
        self._held_up = held_up

    def post(self, letter: Letter) -> Delivery:
        delivery = self._mailroom.post(letter)
        self._held_up.wait()
        return delivery


@asynccontextmanager
async def a_server(settings: Settings) -> AsyncIterator[EmbeddedServer]:
    """A server that is there until it is killed."""
    async with embedded_server(settings, SEARCH_ATTRIBUTES, ui=False) as server:
        yield server


async def test_servers_that_die_while_it_is_made_and_while_a_letter_goes_out_take_nothing_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(quarterly_report.MAKING, "heartbeat_timeout", timedelta(seconds=15))
    settings = Settings(home=tmp_path / "var", grpc_port=free_port(), ui_port=free_port(), synchronous="normal")
    setting, posting = HeldUp(), HeldUp()
    async with AsyncExitStack() as stack:
        async with a_server(settings) as server:
            world = open_world(settings)
            client = await connect(settings, server.address.grpc, records=world.records)
            theatre = Theatre(settings, world, client, server.address.grpc)
            sitting = Sitting(theatre, shelf=HeldUpShelf(setting))
            reached = replace(world, mailroom=HeldUpMailroom(theatre, posting))  # type: ignore[arg-type]
            reports = report_steps(reached, sitting.source, FakeReportRenderer(), sitting.shelf)
            await stack.enter_async_context(running_workers(client, replace(world.steps, reports=reports)))
            await sitting.begin()
            await setting.reached()
            await kill(server)
        async with a_server(settings) as server:
            setting.may_go.set()
            await sitting.presented_and_decided()
            await posting.reached()
            await kill(server)
        async with a_server(settings):
            posting.may_go.set()
            await sitting.until(lambda found: found.actions[0].told == "provider told")
            closed = await sitting.goes_on_to_its_end()
            await stack.aclose()

    assert [line.event for line in closed.ledger] == ONCE
    assert (sitting.source.gathered, len(sitting.shelf.reports), len(sitting.letters())) == (1, 1, 1)


async def kill(server: EmbeddedServer) -> None:
    os.kill(server.pid, signal.SIGKILL)
    await server.died()
