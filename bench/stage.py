"""Where both kinds of case are played: the same server, the same process, waves of human actions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import count, zip_longest
from pathlib import Path
from time import perf_counter
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.ledger import LedgerSteps
from activities.ports import Ledger
from bench.bare import ACTIONS, QUEUE, BareSteps, BareWorkflow, on_wait
from bench.scripts import STRAIGHTFORWARD, Step, request
from policy.case import GENERATION, open_case
from policy.particulars import Notice
from policy.tasks import HumanTask
from policy.transition import GivenUp, Transition
from records.ledger import CaseLedger
from wiring.devserver import embedded_server
from wiring.settings import Settings
from wiring.temporal import connect, running_workers
from wiring.world import World, open_world
from workflows import CASES, workflow_id
from workflows.inspection import SEARCH_ATTRIBUTES, at_start
from workflows.messages import Opening
from workflows.second_opinion import SecondOpinionWorkflow

Handle = WorkflowHandle[Any, Any]


@dataclass
class WatchedLedger:
    """The real ledger, and beside it what every case waits for."""

    ledger: Ledger
    tasks: dict[str, dict[str, HumanTask]] = field(default_factory=dict)
    notices: dict[str, dict[str, Notice]] = field(default_factory=dict)
    bell: "Bell" = field(default_factory=lambda: Bell())

    def record(self, transition: Transition) -> None:
        """Records, then tells whoever waits for the case."""
        self.ledger.record(transition)
        self.bell.ring(transition.case_number, partial(self._note, transition))

    def give_up(self, given_up: GivenUp) -> None:
        """As the real one; nobody waits for such a case."""
        self.ledger.give_up(given_up)

    def _note(self, transition: Transition) -> None:
        self.tasks.setdefault(transition.case_number, {}).update({t.id: t for t in transition.tasks})
        self.notices.setdefault(transition.case_number, {}).update({n.key: n for n in transition.notices})

    def waits_for(self, case: str, step: Step) -> bool:
        """Whether the case's letters have left and the task of the next step is open."""
        sent = all(n.sent_at for n in self.notices.get(case, {}).values())
        return sent and any(t.is_open and t.kind is step.task for t in self.tasks.get(case, {}).values())


class Bell:
    """Wakes who waits for a case, from any thread, without polling."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._rung: dict[str, asyncio.Event] = {}

    def ring(self, case: str, change: Callable[[], None]) -> None:
        """Makes a change in the loop's own thread, and wakes who waits for the case."""

        def wake() -> None:
            change()
            self._event(case).set()

        self._loop.call_soon_threadsafe(wake)

    async def until(self, case: str, reached: Callable[[], bool]) -> None:
        """Waits until a case has come to where it should."""
        event = self._event(case)
        async with asyncio.timeout(120):
            while not reached():
                event.clear()
                await event.wait()

    def _event(self, case: str) -> asyncio.Event:
        return self._rung.setdefault(case, asyncio.Event())


@dataclass
class Stage:
    """The server, the world and the counters."""

    client: Client
    world: World
    ledger: WatchedLedger
    group: int
    bare: dict[str, list[str]] = field(default_factory=dict)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def ours(self, cases: int, script: Sequence[Step] = STRAIGHTFORWARD) -> tuple[float, list[Handle]]:
        """Seconds that the cases took, and their handles. All take each step before any takes the next."""
        began = perf_counter()
        numbers = [f"SO-2026-{next(self.numbers):06}" for _ in range(cases)]
        complete = script[0].signal != "request_information"
        handles: dict[str, Handle] = {}

        async def begin(number: str) -> None:
            handles[number] = await self._open(number, complete=complete)
            await self.ledger.bell.until(number, partial(self.ledger.waits_for, number, script[0]))

        async def take(step: Step, following: Step | None, number: str) -> None:
            await handles[number].signal(step.signal, step.action(number))
            if following:
                await self.ledger.bell.until(number, partial(self.ledger.waits_for, number, following))
            else:
                await handles[number].result()

        await self._in_groups(begin, numbers)
        for step, following in zip_longest(script, script[1:]):
            await self._in_groups(partial(take, step, following), numbers)
        return perf_counter() - began, [handles[number] for number in numbers]

    async def bares(self, cases: int) -> tuple[float, list[Handle]]:
        """The same for the bare workflow."""
        began = perf_counter()
        ids = [f"bare-{next(self.numbers):06}" for _ in range(cases)]
        handles: dict[str, Handle] = {}

        async def begin(case: str) -> None:
            handles[case] = await self.client.start_workflow(BareWorkflow.run, id=case, task_queue=QUEUE)
            await self.ledger.bell.until(case, partial(self._bare_waits_for, case, ACTIONS[0]))

        async def take(action: str, following: str | None, case: str) -> None:
            await handles[case].signal(BareWorkflow.act, action)
            if following:
                await self.ledger.bell.until(case, partial(self._bare_waits_for, case, following))
            else:
                await handles[case].result()

        await self._in_groups(begin, ids)
        for action, following in zip_longest(ACTIONS, ACTIONS[1:]):
            await self._in_groups(partial(take, action, following), ids)
        return perf_counter() - began, [handles[case] for case in ids]

    async def _in_groups(self, step: Callable[[str], Awaitable[None]], cases: Sequence[str]) -> None:
        """One step of every case, a group at a time: with a cache of a group's size every step wakes a cold case."""
        for first in range(0, len(cases), self.group):
            await asyncio.gather(*(step(case) for case in cases[first : first + self.group]))

    def _bare_waits_for(self, case: str, action: str) -> bool:
        return action in self.bare.get(case, ())

    async def _open(self, number: str, *, complete: bool) -> Handle:
        now = datetime.now(UTC)
        asked = request(int(number[-6:]), complete=complete)
        return await self.client.start_workflow(
            SecondOpinionWorkflow.run,
            Opening(case_number=number, request=asked, received_at=now, generation=GENERATION),
            id=workflow_id(number),
            task_queue=CASES,
            search_attributes=at_start(open_case(number, asked, now)),
        )


@asynccontextmanager
async def open_stage(home: Path, settings: Settings) -> AsyncIterator[Callable[[int], Any]]:
    """A server and a world in a folder of their own; gives stages with a worker cache and groups of a given size."""
    settings = settings.model_copy(update={"home": home, "synchronous": "full"})
    world = open_world(settings)
    ledger = WatchedLedger(CaseLedger(world.records))
    async with embedded_server(settings, SEARCH_ATTRIBUTES, ui=False) as server:
        client = await connect(settings, server.address.grpc, records=world.records)
        numbers = count(1)

        @asynccontextmanager
        async def stage(cached: int) -> AsyncIterator[Stage]:
            played = Stage(client, world, ledger, group=cached, numbers=numbers)

            def tell(case: str, action: str) -> None:
                ledger.bell.ring(case, lambda: played.bare.setdefault(case, []).append(action))

            on_wait[:] = [tell]
            steps = replace(world.steps, ledger=LedgerSteps(ledger, world.panel))
            bare = Worker(
                client,
                task_queue=QUEUE,
                workflows=[BareWorkflow],
                activities=[BareSteps().bare_step],
                workflow_runner=UnsandboxedWorkflowRunner(),
                max_cached_workflows=cached,
            )
            async with bare, running_workers(client, steps, max_cached_cases=cached):
                yield played

        yield stage
