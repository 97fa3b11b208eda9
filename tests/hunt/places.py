"""Every place that is no home of health information, as bytes: what Temporal keeps and answers, logs, numbers."""

import asyncio
import base64
import gzip
import re
import shutil
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.enums.v1 import TaskQueueType, WorkflowExecutionStatus
from temporalio.api.query.v1 import WorkflowQuery
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    DescribeWorkflowExecutionRequest,
    GetWorkflowExecutionHistoryRequest,
    ListWorkersRequest,
    ListWorkflowExecutionsRequest,
    QueryWorkflowRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

BESIDE_PYTHON = Path(sys.executable).with_name("temporal")
TEMPORAL = str(BESIDE_PYTHON) if BESIDE_PYTHON.exists() else str(shutil.which("temporal"))
ASKED = (
    *("__temporal_workflow_metadata", "__stack_trace", "__enhanced_stack_trace"),
    *("case", "open_tasks", "refused_actions", "receipt", "nothing"),
)
BASE64 = re.compile(rb'"([A-Za-z0-9+/]{8,}={0,2})"')
SOME = 4  # cases that are asked for in more ways than one: each costs a process, or a replay
Piece = tuple[str, bytes]


def plainly(address: str, *words: str) -> bytes:
    """What the plain ``temporal`` command says, without a key of ours."""
    done = subprocess.run([TEMPORAL, *words, "--address", address], capture_output=True, timeout=60, check=False)
    return done.stdout + done.stderr


def decoded(text: bytes) -> bytes:
    """With everything in it that is base64 beside it, decoded."""
    found = (one for one in BASE64.findall(text) if len(one) % 4 == 0)
    return text + b" ".join(base64.b64decode(one) for one in found)


def is_open(run: Any) -> bool:
    """Whether a run goes on."""
    return bool(run.status == WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING)


class Temporal:
    """What can be asked of the server by whoever reaches it; a client without a codec, and the plain command."""

    def __init__(self, client: Client, address: str) -> None:
        self._service = client.workflow_service
        self._space = client.namespace
        self._address = address

    async def executions(self) -> list[Message]:
        """Every run, as visibility has it."""
        asked = ListWorkflowExecutionsRequest(namespace=self._space, page_size=1000)
        return list((await self._service.list_workflow_executions(asked)).executions)

    async def history(self, of: Any) -> Message:
        """One run's, whole."""
        asked = GetWorkflowExecutionHistoryRequest(namespace=self._space, execution=of.execution)
        got = await self._service.get_workflow_execution_history(asked)
        assert not got.next_page_token
        return got.history

    async def pieces(self) -> AsyncIterator[Piece]:
        """All that it keeps and answers, in pieces, each with the name of its place."""
        runs: list[Any] = await self.executions()
        assert len(runs) > 20
        for run in runs:
            history = await self.history(run)
            yield "histories", history.SerializeToString() + str(history).encode()
            asked = DescribeWorkflowExecutionRequest(namespace=self._space, execution=run.execution)
            described = await self._service.describe_workflow_execution(asked)
            yield "descriptions", described.SerializeToString()
            yield "visibility", run.SerializeToString()
        async for piece in self._answers(runs):
            yield piece
        for queue in sorted({run.task_queue for run in runs}):
            for kind in (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY):
                named = TaskQueue(name=queue)
                of = DescribeTaskQueueRequest(
                    namespace=self._space, task_queue=named, task_queue_type=kind, report_stats=True
                )
                yield "task queues", (await self._service.describe_task_queue(of)).SerializeToString()
        workers = await self._service.list_workers(ListWorkersRequest(namespace=self._space))
        space = await self._service.describe_namespace(DescribeNamespaceRequest(namespace=self._space))
        yield "workers and namespace", workers.SerializeToString() + space.SerializeToString()
        for piece in await asyncio.to_thread(self._commanded, runs):
            yield piece

    async def _answers(self, runs: list[Any]) -> AsyncIterator[Piece]:
        """Queries as they pass over the wire, whoever asks; also those that fail."""
        closed = [run for run in runs if not is_open(run)][:SOME]
        for run in runs:
            if run.execution.workflow_id.startswith("so-") and (is_open(run) or run in closed):
                for answer in await asyncio.gather(*(self._answer(run.execution, kind) for kind in ASKED)):
                    yield "query answers", answer

    async def _answer(self, of: WorkflowExecution, kind: str) -> bytes:
        given = [Payload(metadata={"encoding": b"json/plain"}, data=b"{}")] if kind == "receipt" else []
        query = WorkflowQuery(query_type=kind, query_args=Payloads(payloads=given))
        asked = QueryWorkflowRequest(namespace=self._space, execution=of, query=query)
        try:
            return (await self._service.query_workflow(asked)).SerializeToString()
        except RPCError as trouble:
            return trouble.message.encode() + trouble.raw_grpc_status

    def _commanded(self, runs: list[Any]) -> list[Piece]:
        def run(what: str, of: Any) -> tuple[str, ...]:
            return ("workflow", what, "-w", of.execution.workflow_id, "-r", of.execution.run_id)

        open_ones, closed = [one for one in runs if is_open(one)], [one for one in runs if not is_open(one)]
        queues = sorted({one.task_queue for one in runs})
        lists = [
            ("workflow", "list", "-o", "json", "--limit", "1000"),
            ("workflow", "count", "--query", "GROUP BY ExecutionStatus"),
            ("operator", "search-attribute", "list", "-o", "json"),
            *(("task-queue", "describe", "-t", queue, "-o", "json") for queue in queues),
            ("worker", "list", "-o", "json"),
        ]
        asked = [run(what, one) for one in open_ones[:2] for what in ("describe", "metadata", "stack")]
        commands = {
            "plain command: show": [(*run("show", one), "-o", "json") for one in (*open_ones[:SOME], *closed[:SOME])],
            "plain command: lists": lists,
            "plain command: queries": asked,
        }
        told = [(place, words) for place, some in commands.items() for words in some]
        with ThreadPoolExecutor(3) as hands:
            said = hands.map(lambda each: plainly(self._address, *each[1]), told)
            return [(place, decoded(text)) for (place, _), text in zip(told, said, strict=True)]


# -- files


def database(file: Path, backup: Path) -> Iterator[Piece]:
    """The server's database as it lies there, each of its values, and a backup of it, also packed."""
    for part in sorted(file.parent.glob(f"{file.name}*")):
        yield "database", part.read_bytes()
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as live, closing(sqlite3.connect(backup)) as copy:
        live.backup(copy)
        yield "database, by value", b"\n".join(_values(copy))
    yield "backup", backup.read_bytes()
    yield "packed backup", gzip.compress(backup.read_bytes(), 1)


def _values(connection: sqlite3.Connection) -> Iterator[bytes]:
    """What lies on two pages of the file is whole here."""
    connection.text_factory = bytes
    tables = [name.decode() for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        for row in connection.execute(f'SELECT * FROM "{table}"'):
            for value in row:
                yield value if isinstance(value, bytes) else str(value).encode()


def left_over(home: Path, homes_of_phi: set[str]) -> Iterator[Piece]:
    """The names and the contents of everything in the home folder that is no home of health information.

    The database of the server is a place of its own.
    """
    for file in sorted(home.rglob("*")):
        inside = file.relative_to(home)
        if inside.parts[0] not in homes_of_phi and not inside.name.startswith("temporal.db"):
            yield "names of files", str(inside).encode()
            if file.is_file():
                yield "other files", file.read_bytes()


def page(address: str) -> bytes:
    """A page of numbers."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=20) as answer:
        got: bytes = answer.read()
    return got
