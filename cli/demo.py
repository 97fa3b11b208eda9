"""The demonstration: a server, a worker, the example requests, and a cast who complete their tasks through signals.

Each intake file in ``examples/intake`` carries its own play: who does what, and how the case must stand in the end. An
interrupted demonstration goes on where it stopped: references, action ids and letters are the same.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field
from rich.progress import Progress
from rich.tree import Tree

from cli.browsing import portal, with_a_free_port
from cli.faxmachine import answering
from cli.house import DONE, REFUSED, server_address, staff
from cli.screen import complain, console, errors, outcome, table
from cli.serving import deliver_meanwhile, first_of, learn_search_attributes, stopped_by_signals
from policy.actions import ACTIONS
from policy.people import Actor
from policy.request import Request
from policy.third_opinion import number_of_third
from records import queries
from records.rows import CaseFile
from wiring.desk import ActionError, FrontDesk, register
from wiring.devserver import UI_PATH, embedded_server, running_server
from wiring.intake import IntakeError, read_intake_file
from wiring.intakedocuments import with_documents
from wiring.logs import set_up_logs
from wiring.settings import Settings
from wiring.telemetry import set_up_runtime
from wiring.temporal import connect, named_cluster, running_workers
from wiring.world import World, open_world
from workflows.inspection import SEARCH_ATTRIBUTES, words

EXAMPLES = Path(__file__).parent.parent / "examples" / "intake"
PATIENCE = 60.0  # seconds for one step; on two cores it takes a tenth of one


class Act(BaseModel):
    """One thing that one of the cast does: in the case itself, or in that of its third opinion."""

    actor: str
    signal: str
    in_third_opinion: bool = False
    fields: dict[str, Any] = Field(default_factory=dict)


class Expected(BaseModel):
    """How a case must stand in the end."""

    stage: str
    outcome: str | None = None
    category: str = ""
    open_tasks: list[str] = Field(default_factory=list)


class Play(BaseModel):
    """The play of one case, from its intake file."""

    about: str
    expected: Expected
    acts: list[Act] = Field(default_factory=list)


@dataclass(frozen=True)
class Scene:
    """One example: its file, its request and its play."""

    file: Path
    request: Request
    play: Play


@dataclass(frozen=True)
class Ended:
    """How a scene ended: the case as the records have it, and what differs from what its file says."""

    scene: Scene
    case: CaseFile | None
    differences: tuple[str, ...]


async def play(settings: Settings, *, once: bool, examples: Path | None) -> int:
    """Plays all scenes; with ``once`` the exit code says whether each ended as its file says, else it stays up."""
    set_up_logs(settings.log_format, level=logging.WARNING)  # this terminal is for reading, not for a log
    set_up_runtime()
    began = datetime.now(UTC)
    async with stopped_by_signals() as stopped, _stage(settings) as (desk, world, died, ui):
        scenes = _scenes(examples or EXAMPLES, world)
        console.print(f"[bold]Second Opinion[/]: {len(scenes)} requests, from intake to the filing cabinet")
        ended = await _interruptible(_play_all(scenes, desk, world, staff(settings)), stopped, died)
        _show(settings, world, ended)
        failed = [e for e in ended if e.differences]
        for scene in failed:
            complain(f"{scene.scene.file.name}: {'; '.join(scene.differences)}")
        took = (datetime.now(UTC) - began).total_seconds()
        console.print(f"{len(ended) - len(failed)} of {len(ended)} cases ended as their files say, in {took:.1f} s.")
        if not once:
            async with portal(with_a_free_port(settings), world) as address:
                _invite(settings, ui, address)
                await first_of(stopped.wait(), died, deliver_meanwhile(desk, stopped))
    return REFUSED if failed else DONE


@asynccontextmanager
async def _stage(settings: Settings) -> AsyncIterator[tuple[FrontDesk, World, "asyncio.Future[Exception]", str]]:
    """A server (the named cluster, the one that runs, or a new one), a worker, and the desk."""
    died: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
    async with AsyncExitStack() as stack:
        spool = settings.fax_spool or settings.home / "fax"
        if settings.fax_spool is None:  # a plan's own fax server answers in its own spool
            machine = asyncio.ensure_future(answering(spool))
            stack.callback(machine.cancel)
        world = open_world(settings.model_copy(update={"fax_spool": spool}))
        address, ui = server_address(settings), named_cluster() or ""
        if address is None and not ui:
            server = await stack.enter_async_context(embedded_server(settings, SEARCH_ATTRIBUTES))
            died = asyncio.ensure_future(server.died())
            stack.callback(died.cancel)
            address, ui = server.address.grpc, server.address.ui or ""
        elif address and (running := running_server(settings)):
            ui = running.ui or ""
        client = await connect(settings, address, records=world.records)
        await learn_search_attributes(client)
        await stack.enter_async_context(running_workers(client, world.steps))
        yield FrontDesk(client, world), world, died, ui


async def _interruptible(
    work: Any,  # noqa: ANN401 - a coroutine
    stopped: asyncio.Event,
    died: "asyncio.Future[Exception]",
) -> list[Ended]:
    """The work's result; ends early, as an interruption or an error, on Ctrl-C or when the server dies."""
    playing = asyncio.ensure_future(work)
    try:
        await first_of(asyncio.shield(playing), stopped.wait(), asyncio.shield(died))
    finally:
        if not playing.done():
            playing.cancel()
    if not playing.done() or playing.cancelled():
        raise KeyboardInterrupt
    return list(playing.result())


def _scenes(folder: Path, world: World) -> list[Scene]:
    """The examples that have a play. Raises IntakeError for a file that cannot be read."""
    scenes = []
    for file in sorted(folder.glob("*.json")):
        reading = read_intake_file(file, received_at=datetime.now(UTC), store=world.documents.put)
        if reading.errors:
            raise IntakeError(f"{file.name}: {reading.errors[0].field}: {reading.errors[0].problem}")
        scenes += [Scene(file, s.request, Play(**s.demonstration)) for s in reading.submissions if s.demonstration]
    if not scenes:
        raise IntakeError(f"{folder} holds no intake file with a demonstration.")
    return scenes


async def _play_all(scenes: Sequence[Scene], desk: FrontDesk, world: World, cast: dict[str, Actor]) -> list[Ended]:
    opened = [register(world, scene.request, datetime.now(UTC)).case_number for scene in scenes]
    await desk.open_unstarted()
    with Progress(console=errors, transient=True) as progress:
        bars = [progress.add_task(scene.file.stem, total=len(scene.play.acts) + 1) for scene in scenes]
        played = [
            _play_one(scene, case, desk, world, cast, partial(progress.advance, bar))
            for scene, case, bar in zip(scenes, opened, bars, strict=True)
        ]
        return list(await asyncio.gather(*played))


async def _play_one(
    scene: Scene, number: str, desk: FrontDesk, world: World, cast: dict[str, Actor], advance: Callable[[], None]
) -> Ended:
    for count, act in enumerate(scene.play.acts, 1):
        trouble = await _perform(scene, act, count, number, desk, world, cast)
        advance()
        if trouble:
            case = await asyncio.to_thread(queries.case, world.records, number)
            return Ended(
                scene, case, (f"act {count}, {act.signal}: {trouble}", *_differences(case, scene.play.expected))
            )
    case = await _settled(world, number, scene.play.expected)
    advance()
    return Ended(scene, case, _differences(case, scene.play.expected))


async def _perform(
    scene: Scene, act: Act, number: int, case: str, desk: FrontDesk, world: World, cast: dict[str, Actor]
) -> str:
    """One act, once its task is on a work list; what went wrong, or nothing. One that was done before is left alone."""
    action_id = f"demonstration-{scene.request.external_reference}-{number}"
    case = number_of_third(case) if act.in_third_opinion else case
    if act.in_third_opinion:
        await _has_begun(world, case)
    found = await asyncio.to_thread(queries.case, world.records, case)
    if found and found.case.closed_at:
        return ""
    earlier = await desk.receipt(case, action_id)
    if earlier is None:
        await _on_a_work_list(world, case, act)
        fields = with_documents(act.fields, folder=scene.file.parent, store=world.documents.put)
        body = {**fields, "actor": cast[act.actor].model_dump(mode="json"), "action_id": action_id}
        try:
            earlier = await desk.act(case, act.signal, body)
        except ActionError as trouble:
            return str(trouble)
    return "" if earlier.accepted else earlier.reason


async def _has_begun(world: World, case: str) -> None:
    """A third opinion's own case stands in the records once it has begun."""
    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(queries.case, world.records, case) is None:  # noqa: ASYNC110 - records tell nobody
            await asyncio.sleep(0.02)


async def _on_a_work_list(world: World, case: str, act: Act) -> None:
    kind = ACTIONS[act.signal].TASK
    async with asyncio.timeout(PATIENCE):
        while True:
            rows = await asyncio.to_thread(queries.tasks, world.records, case_number=case)
            if any(kind in (None, row.kind) for row in rows):
                return
            await asyncio.sleep(0.02)


async def _settled(world: World, number: str, expected: Expected) -> CaseFile | None:
    """The case once it stands as expected and its letters have left; or as it is when patience ends."""
    case = None
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while asyncio.get_running_loop().time() < deadline:
        case = await asyncio.to_thread(queries.case, world.records, number)
        if case and not _differences(case, expected) and not any(n.is_owed for n in case.notices):
            break
        await asyncio.sleep(0.05)
    return case


def _differences(found: CaseFile | None, expected: Expected) -> tuple[str, ...]:
    if found is None:
        return ("the records have no such case",)
    case = found.case
    here = {
        "stage": str(case.stage),
        "outcome": str(case.outcome) if case.outcome else None,
        "category": case.category,
        "open_tasks": sorted(str(t.kind) for t in found.tasks if t.ended_at is None),
    }
    wanted = {**expected.model_dump(), "open_tasks": sorted(expected.open_tasks)}
    return tuple(f"{name} is {here[name]}, should be {wanted[name]}" for name in wanted if here[name] != wanted[name])


def _show(settings: Settings, world: World, ended: Sequence[Ended]) -> None:
    table(
        "Cases",
        ("case", "example", "stage", "outcome", "category", "waits for"),
        (
            (
                e.case.case.number,
                e.scene.file.stem.replace("-", " "),
                words(e.case.case.stage),
                outcome(e.case.case.outcome),
                e.case.case.category or "-",
                ", ".join(words(t.kind) for t in e.case.tasks if t.ended_at is None) or "-",
            )
            for e in ended
            if e.case
        ),
        empty="No case was opened.",
    )
    console.print(_cabinet(world))
    letters = sum(1 for e in ended if e.case for n in e.case.notices if n.sent_at)
    console.print(f"Letters          {letters}, in {world.outbox.place}")
    console.print(f"Feed to MHC      {settings.mhc_folder}")
    if settings.plan_keys_file.exists():
        console.print(f"Plan key         {settings.plan_keys_file}: what Temporal keeps is encrypted by it")
    console.print(f"Records          {settings.home / 'records.db' if not settings.database_url else 'PostgreSQL'}")


def _cabinet(world: World) -> Tree:
    """The filing cabinet as a tree, in its own order."""
    root = Tree(f"[bold]The filing cabinet[/], {world.cabinet.place}")
    folders: dict[str, Tree] = {}
    for line in world.cabinet.register():
        path = Path(line.filing.path)
        parent = root
        for depth in range(1, len(path.parts)):
            key = "/".join(path.parts[:depth])
            parent = folders.setdefault(key, folders.get(key) or parent.add(path.parts[depth - 1]))
        parent.add(path.name)
    return root


def _invite(settings: Settings, ui: str, portal_address: str) -> None:
    console.print(f"[bold]Portal           {portal_address}[/]  (sign in as anybody of the cast)")
    home = f"SECOND_OPINION_HOME={settings.home} " if str(settings.home) != "var" else ""
    if named_cluster():
        console.print(f"Temporal UI      {ui}")
    else:
        console.print(f"Temporal UI      {portal_address}{UI_PATH}/  (as sv.okafor; at {ui} it is ciphertext)")
    console.print(f"Reports          {portal_address}/reports  (of two years of made-up cases: make report)")
    console.print(f"Work list        {home}second-opinion tasks")
    console.print(f"One case         {home}second-opinion show SO-…")
    console.print("[dim]Everything stays up until Ctrl-C.[/]")
