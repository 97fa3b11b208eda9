"""Records the history of every example, played on the real server through the real doors: ``make histories``.

A history that is here stays: add new ones in a folder of their own (the present one is ``2026-11``), so that replay
tests hold the story to all the kinds of case that may still be running.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from cli import demo
from records import queries
from records.database import open_records
from tests.ports import free_port
from wiring.devserver import embedded_server
from wiring.settings import Settings
from wiring.temporal import connect
from workflows import workflow_id
from workflows.inspection import SEARCH_ATTRIBUTES

FOLDER = Path(__file__).parent / "2026-11"


async def record(into: Path) -> int:
    """Plays the demonstration in a folder of its own, and writes each case's history down."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), grpc_port=free_port(), ui_port=free_port(), synchronous="normal")
        if await demo.play(settings, once=True, examples=None):
            return 1
        rows = queries.cases(open_records(settings.records_url), limit=100)
        async with embedded_server(settings, SEARCH_ATTRIBUTES, ui=False) as server:
            client = await connect(settings, server.address.grpc)
            for row in rows:
                history = await client.get_workflow_handle(workflow_id(row.number)).fetch_history()
                (into / f"{row.external_reference.lower()}.json").write_text(history.to_json(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    sys.exit(asyncio.run(record(FOLDER)))
