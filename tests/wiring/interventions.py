"""A house on the real server, with a worker in this process, and the plain ``temporal`` command of an operator."""

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHandle

from policy.case import Case
from policy.people import Actor
from policy.request import Request
from records import queries
from records.rows import CaseFile
from records.troubles import Trouble, TroubleKind, Troubles
from tests.builders import a_request
from tests.ports import free_port
from tests.servers import a_server
from wiring.desk import FrontDesk, register
from wiring.reconciling import Reconciled, Reconciler
from wiring.settings import Settings
from wiring.temporal import connect, running_workers
from wiring.world import World, open_world
from workflows import workflow_id
from workflows.messages import Closing
from workflows.second_opinion import SecondOpinionWorkflow

BESIDE_PYTHON = Path(sys.executable).with_name("temporal")
TEMPORAL = str(BESIDE_PYTHON) if BESIDE_PYTHON.exists() else str(shutil.which("temporal"))


@dataclass
class Theatre:
    """Where cases are played, and operators intervene."""

    settings: Settings
    world: World
    client: Client
    address: str

    @property
    def desk(self) -> FrontDesk:
        return FrontDesk(self.client, self.world)

    async def open(self, reference: str, request: Request | None = None) -> str:
        """A case, once the records have it."""
        asked = (request or a_request()).model_copy(update={"external_reference": reference})
        number = register(self.world, asked, datetime.now(UTC)).case_number
        await self.desk.open_unstarted()
        await self.until(number, lambda file: file.case.revision > 0)
        return number

    async def does(self, number: str, actor: Actor, signal: str, **fields: Any) -> None:
        """Somebody acts at a door; the case agrees."""
        body = {"action_id": f"{signal}-{datetime.now(UTC).timestamp()}", "actor": actor, **fields}
        receipt = await self.desk.act(number, signal, body)
        assert receipt.accepted, receipt.reason

    def file(self, number: str) -> CaseFile | None:
        """What the records hold."""
        return queries.case(self.world.records, number)

    async def until(self, number: str, wanted: Callable[[CaseFile], bool], seconds: float = 20) -> CaseFile:
        """The records, once they are as wanted."""
        for _ in range(int(seconds / 0.1)):
            found = self.file(number)
            if found is not None and wanted(found):
                return found
            await asyncio.sleep(0.1)
        raise AssertionError(f"{number} never came so far: {found.case if found else None}")

    async def case(self, number: str) -> Case:
        """The case as its workflow has it."""
        handle: WorkflowHandle[SecondOpinionWorkflow, Closing] = self.client.get_workflow_handle_for(
            SecondOpinionWorkflow.run, workflow_id(number)
        )
        return await handle.query(SecondOpinionWorkflow.whole_case)

    async def temporal(self, *words: str, number: str = "", fails: bool = False) -> str:
        """The plain command of an operator; what it says."""
        named = ("--workflow-id", workflow_id(number)) if number else ()
        process = await asyncio.create_subprocess_exec(
            TEMPORAL,
            *words,
            *named,
            "--address",
            self.address,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert (process.returncode != 0) is fails, said.decode()
        return said.decode()

    async def events(self, number: str) -> list[dict[str, Any]]:
        shown = await self.temporal("workflow", "show", "--output", "json", number=number)
        events: list[dict[str, Any]] = json.loads(shown)["events"]
        return events

    async def reconcile(self, *numbers: str, dry_run: bool = False) -> Reconciled:
        return await Reconciler(self.client, self.world, grace=1.0).run(numbers, dry_run=dry_run)

    def troubles(self, kind: TroubleKind) -> dict[str, Trouble]:
        return {trouble.case_number: trouble for trouble in Troubles(self.world.records).open(kind)}

    def letters(self) -> list[str]:
        """The letters in the outbox, by file."""
        return sorted(path.name for path in (self.settings.home / "outbox").rglob("*.pdf"))


@asynccontextmanager
async def a_theatre(home: Path, *, is_worked: bool = True) -> AsyncIterator[Theatre]:
    """A server and a worker of its own."""
    settings = Settings(home=home, grpc_port=free_port(), ui_port=free_port(), synchronous="normal")
    async with a_server(settings) as server:
        world = open_world(settings)
        client = await connect(settings, server.address.grpc, records=world.records)
        theatre = Theatre(settings, world, client, server.address.grpc)
        if not is_worked:
            yield theatre
            return
        async with running_workers(client, world.steps):
            yield theatre
