"""Records the history of every example, played on the real server through the real doors, and the state it ends in.

``make histories FOLDER=2027-03`` begins a folder of that name; without a name the newest one is recorded anew. A
history that is here stays, so that replay tests hold the story to all the kinds of case that may still be running.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from cli import demo
from records import queries
from records.database import open_records
from tests.histories.replaying import recorded_history, replayed
from tests.histories.states import write_state
from tests.ports import free_port
from wiring.devserver import embedded_server
from wiring.settings import Settings
from wiring.temporal import connect
from workflows import workflow_id
from workflows.inspection import SEARCH_ATTRIBUTES

FOLDER = Path(__file__).parent / "2026-11-letters"


async def record(into: Path) -> int:
    """Plays the demonstration in a folder of its own, and writes each case's history and state down."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), grpc_port=free_port(), ui_port=free_port(), synchronous="normal")
        if await demo.play(settings, once=True, examples=None):
            return 1
        rows = queries.cases(open_records(settings.records_url), limit=100)
        async with embedded_server(settings, SEARCH_ATTRIBUTES, ui=False) as server:
            client = await connect(settings, server.address.grpc)
            for row in rows:
                history = await client.get_workflow_handle(workflow_id(row.number)).fetch_history()
                file = into / f"{row.external_reference.lower()}.json"
                file.write_text(history.to_json(), encoding="utf-8")
                await record_state(file)
    return 0


async def record_state(file: Path) -> None:
    """Writes down the case in which a history ends, as the story of today has it. Raises what the replay raised."""
    failure, case = await replayed(recorded_history(file))
    if failure is not None:
        raise failure
    if case is None:
        raise ValueError(f"{file} starts no case.")
    write_state(file, case)


if __name__ == "__main__":
    folder = FOLDER.with_name(sys.argv[1]) if sys.argv[1:] else FOLDER
    folder.mkdir(exist_ok=True)
    sys.exit(asyncio.run(record(folder)))
