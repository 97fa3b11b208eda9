"""What runs until it is stopped: the embedded server, and the worker."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from datetime import UTC, datetime

from temporalio.client import Client
from temporalio.service import RPCError

from activities.upkeep import UpkeepSteps
from adapters.shelf import AdapterError
from cli.house import DONE, quiet_logs, server_address
from cli.screen import console
from records.errors import RecordsError
from wiring.anchoring import catch_up
from wiring.delegated import DelegationDesk
from wiring.desk import FrontDesk
from wiring.devserver import UI_PATH, ServerError, embedded_server
from wiring.keys import VaultError
from wiring.logs import set_up_logs
from wiring.reportday import REPORTS, report_days, see_to
from wiring.reportmaking import report_making
from wiring.schedules import RECONCILE, Upkeep, nightly
from wiring.searchattributes import add_search_attributes
from wiring.settings import Settings
from wiring.telemetry import WorkerMetrics, set_up_runtime
from wiring.temporal import TemporalError, connect, named_cluster, running_workers
from wiring.watch import Watcher
from wiring.world import World, open_world
from workflows import QUEUES
from workflows.inspection import SEARCH_ATTRIBUTES

DELIVER_EVERY = 10.0  # seconds
CATCH_UP_EVERY = 600.0  # seconds: a chain that nobody has anchored waits no longer than this
log = logging.getLogger(__name__)


async def run_server(settings: Settings) -> int:
    """The embedded server, until Ctrl-C. Raises ServerError."""
    if named_cluster():
        raise ServerError(
            f"Temporal's environment names a cluster ({named_cluster()}); the embedded server is not needed."
        )
    quiet_logs(settings)
    async with stopped_by_signals() as stopped, embedded_server(settings, SEARCH_ATTRIBUTES) as server:
        console.print(f"Temporal server  {server.address.grpc}\nTemporal UI      {server.address.ui}")
        console.print(
            f"[dim]What it has of cases is ciphertext there; in the portal, at {UI_PATH}/, it can be read.[/]"
        )
        console.print("[dim]Ctrl-C stops it; cases go on when it starts again.[/]")
        await first_of(stopped.wait(), server.died())
    return DONE


async def run_worker(settings: Settings, queue: str) -> int:
    """The worker of one task queue or of all, until Ctrl-C or SIGTERM; what is under way is finished first."""
    set_up_logs(settings.log_format)
    metrics = WorkerMetrics(set_up_runtime(settings.worker_metrics).metric_meter)
    world = open_world(settings)
    client = await connect(settings, server_address(settings), records=world.records)
    await learn_search_attributes(client)
    await schedule(client)
    steps = replace(world.steps, upkeep=UpkeepSteps(Upkeep(client, world)), reports=report_making(world))
    queues = tuple(QUEUES.values()) if queue == "all" else (QUEUES[queue],)
    async with (
        stopped_by_signals() as stopped,
        anchoring(world),
        running_workers(client, steps, queues, max_cached_cases=settings.max_cached_cases),
    ):
        console.print(f"Working on {', '.join(queues)} at {client.service_client.config.target_host}. Ctrl-C stops.")
        watching = asyncio.create_task(Watcher(client, world.records, queues, metrics).watch(stopped))
        await deliver_meanwhile(FrontDesk(client, world), stopped, DelegationDesk(client, world))
        watching.cancel()  # who stops a worker does not wait for a look that hangs
        console.print("[dim]Finishing what is under way.[/]")
    return DONE


async def deliver_meanwhile(desk: FrontDesk, stopped: asyncio.Event, delegation: DelegationDesk | None = None) -> None:
    """Starts requests and delivers actions that a door received, now and every while, until we are to stop."""
    while not stopped.is_set():
        try:
            started, delivered = len(await desk.open_unstarted()), await desk.deliver_kept()
            if started:
                console.print(f"Started {started} registered requests that had been waiting for the server.")
            if delegation and (packets := len(await delegation.open_unstarted())):
                console.print(f"Started {packets} delegates' packets that had been waiting for the server.")
            if delivered:
                console.print(f"Delivered {delivered} actions that had been waiting.")
        except (RecordsError, TemporalError) as trouble:
            log.warning("doors.wait", extra={"told": trouble})
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), DELIVER_EVERY)


@contextlib.asynccontextmanager
async def anchoring(world: World) -> AsyncIterator[None]:
    """Anchors what others left, now and every while; at the end, all that this process has recorded."""

    async def catch_up_meanwhile() -> None:
        while True:
            try:
                await asyncio.to_thread(catch_up, world.records, world.anchorage.anchors, datetime.now(UTC))
            except (RecordsError, AdapterError, VaultError) as trouble:
                log.warning("audit.not_anchored", extra={"told": trouble})
            await asyncio.sleep(CATCH_UP_EVERY)

    meanwhile = asyncio.create_task(catch_up_meanwhile())
    try:
        yield
    finally:
        meanwhile.cancel()
        try:
            await asyncio.to_thread(world.anchorage.flush)
        except (AdapterError, VaultError) as trouble:
            log.warning("audit.not_anchored", extra={"told": trouble})


async def learn_search_attributes(client: Client) -> None:
    """A cluster learns the search attributes that it lacks. Raises ServerError where it does not let us add them."""
    try:
        await add_search_attributes(client, SEARCH_ATTRIBUTES)
    except RPCError as trouble:
        names = ", ".join(f"{name} ({kind})" for name, kind in SEARCH_ATTRIBUTES.items())
        raise ServerError(
            f"The cluster does not let us add search attributes ({trouble.message}); ask its operator for: {names}."
        ) from trouble


async def schedule(client: Client) -> None:
    """The nightly reconciliation and the quarterly report; where a cluster refuses, the commands do the same."""
    try:
        await see_to(client, {RECONCILE: nightly(), REPORTS: report_days()})
    except RPCError as trouble:
        log.warning("schedule.not_made", extra={"problem": trouble.status.name})


@contextlib.asynccontextmanager
async def stopped_by_signals() -> AsyncIterator[asyncio.Event]:
    """An event that Ctrl-C or SIGTERM sets; a second Ctrl-C interrupts as usual."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()

    def stop() -> None:
        if stopped.is_set() and task:
            task.cancel()
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        yield stopped
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def first_of(*waits: Awaitable[object]) -> None:
    """Waits for the first; an error that it returns or raises is raised."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            result = task.result()
            if isinstance(result, Exception):
                raise result
    finally:
        for task in tasks:
            task.cancel()
