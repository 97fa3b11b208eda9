"""Records the history of every example, played on the real server through the real doors, and the state it ends in.

``make histories FOLDER=2027-03`` begins a folder of that name; without a name the newest one is recorded anew. A
history that is here stays, so that replay tests hold the story to all the kinds of case that may still be running. What
Temporal keeps encrypted is written in clear: the key of a recorded case is not kept, and all its people are made up.
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHistory
from temporalio.converter import PayloadCodec

from cli import demo
from policy.third_opinion import belongs_to
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

FOLDER = Path(__file__).parent / "2026-11-reopening"


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
                name = row.external_reference.lower() + ("-third" if belongs_to(row.number) else "")
                file = into / f"{name}.json"
                in_clear = await decrypted(history, client.data_converter.payload_codec)
                file.write_text(in_clear.to_json(), encoding="utf-8")
                await record_state(file)
    return 0


async def decrypted(history: WorkflowHistory, codec: PayloadCodec | None) -> WorkflowHistory:
    """The same history, each payload in clear."""
    if codec is None:
        return history
    whole = History(events=history.events)
    found = list(payloads(whole))
    for payload, clear in zip(found, await codec.decode(found), strict=True):
        payload.CopyFrom(clear)
    return WorkflowHistory(history.workflow_id, list(whole.events))


def payloads(message: Message) -> Iterator[Payload]:
    """Every payload in a message, however deep it lies."""
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            inner = [one for one in value.values() if isinstance(one, Message)]
        else:
            inner = list(value) if field.is_repeated else [value]
        for one in inner:
            yield from payloads(one)


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
