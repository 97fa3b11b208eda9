"""The embedded Temporal server, for real: how it starts, whom it refuses, and what a kill costs."""

import asyncio
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, WorkflowExecutionStatus

from wiring.devserver import EmbeddedServer, ServerError, embedded_server, running_server
from wiring.searchattributes import VALUE_TYPES
from wiring.settings import Settings

pytestmark = pytest.mark.server

ATTRIBUTES = {"CaseState": "Keyword", "CaseDue": "Datetime", "CaseCodes": "KeywordList"}
TYPES = {name: VALUE_TYPES[kind] for name, kind in ATTRIBUTES.items()}
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux for what only Linux has")

SERVE_UNTIL_STOPPED = """
import asyncio, signal, sys
from pathlib import Path
from wiring.devserver import embedded_server
from wiring.settings import Settings

async def serve(home, grpc_port, ui_port):
    settings = Settings(home=Path(home), grpc_port=grpc_port, ui_port=ui_port, synchronous="normal")
    async with embedded_server(settings, {}, ui=False) as server:
        died = asyncio.create_task(server.died())
        print(server.pid, flush=True)
        try:
            await asyncio.Event().wait()
        finally:  # for longer than a server takes to stop
            stopped, _ = await asyncio.wait([died], timeout=1.5)
            print("server gone" if stopped else "server still there", flush=True)

# What a shell starts in its background is deaf to Ctrl-C, and so are its children: hear it again.
signal.signal(signal.SIGINT, signal.default_int_handler)
asyncio.run(serve(*sys.argv[1:]))
"""


def free_port() -> int:
    """One outside the range that outgoing connections are given, so that nothing takes it before the server does."""
    while True:
        port = random.randint(20_000, 30_000)
        if is_free(port):
            return port


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def holder(settings: Settings) -> int:
    """The process named in the lock."""
    pid: int = json.loads((settings.home / "temporal.lock").read_text())["pid"]
    return pid


@contextmanager
def serving(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    """Another Python that runs the server of these settings, in the middle of doing so."""
    arguments = [str(settings.home), str(settings.grpc_port), str(settings.ui_port)]
    command = [sys.executable, "-c", SERVE_UNTIL_STOPPED, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as python:
        assert python.stdout is not None
        assert python.stdout.readline().strip().isdigit()
        try:
            yield python
        finally:
            with suppress(ProcessLookupError):
                os.killpg(python.pid, signal.SIGKILL)


def listeners(pid: int) -> list[tuple[str, int]]:
    """The addresses, as Linux writes them, and ports on which a process listens."""
    sockets = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
    tables = [Path(f"/proc/{pid}/net/{table}").read_text() for table in ("tcp", "tcp6")]
    rows = [line.split() for table in tables for line in table.splitlines()[1:]]
    addresses = [row[1].split(":") for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]
    return [(host, int(port, 16)) for host, port in addresses]


def ask(port: int) -> str:
    """What the API answers to a browser at this port."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/api/v1/namespaces", timeout=5) as response:
            return f"{response.status}"
    except HTTPError as error:
        with error:
            return f"{error.code} {error.read().decode()}"
    except OSError:
        return "no HTTP here"


async def search_attributes(client: Client) -> dict[str, int]:
    listing = ListSearchAttributesRequest(namespace="default")
    return dict((await client.operator_service.list_search_attributes(listing)).custom_attributes)


async def connected(server: EmbeddedServer) -> Client:
    return await Client.connect(server.address.grpc, namespace=server.address.namespace)


async def freed(settings: Settings) -> None:
    """Waits until no server has this home."""
    for _ in range(250):
        if running_server(settings) is None and is_free(settings.grpc_port):
            return
        await asyncio.sleep(0.02)
    pytest.fail("a server is still there after 5 seconds")


async def end(server: EmbeddedServer) -> None:
    """Ends it in no time, where the polite 1.3 seconds are not the point."""
    os.kill(server.pid, signal.SIGKILL)
    await server.died()


async def killed_while_starting(settings: Settings, seconds: float) -> None:
    """Starts a server and kills its process that long after the first file of a database came to be."""

    async def start() -> None:
        async with embedded_server(settings, ATTRIBUTES, ui=False) as server:
            await server.died()

    starting = asyncio.create_task(start())
    while not any(settings.home.rglob("temporal.db")):  # noqa: ASYNC110 - another process makes it
        await asyncio.sleep(0.001)
    await asyncio.sleep(seconds)
    while not starting.done():
        pid = holder(settings)
        assert pid != os.getpid()
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.01)
    with suppress(ServerError):
        await starting


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "var", grpc_port=free_port(), ui_port=free_port(), synchronous="normal")


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[EmbeddedServer]:
    async with embedded_server(settings, ATTRIBUTES) as running:
        yield running


async def test_a_first_start_answers_with_write_ahead_log_retention_and_search_attributes(
    server: EmbeddedServer, settings: Settings
) -> None:
    client = await connected(server)
    about = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="default"))
    with closing(sqlite3.connect(settings.home / "temporal.db")) as connection:
        journal = connection.execute("PRAGMA journal_mode").fetchone()

    assert about.config.workflow_execution_retention_ttl.ToTimedelta() == timedelta(days=90)
    assert await search_attributes(client) == TYPES
    assert journal == ("wal",)
    assert not (settings.home / "temporal.creating").exists()


async def test_a_second_server_on_the_same_home_is_refused_and_told_of_the_first(
    server: EmbeddedServer, settings: Settings
) -> None:
    elsewhere = settings.model_copy(update={"grpc_port": free_port(), "ui_port": free_port()})

    with pytest.raises(ServerError, match=rf"process {server.pid}, at {server.address.grpc}\.") as refusal:
        async with embedded_server(elsewhere, ATTRIBUTES):
            pytest.fail("two servers on one database")

    assert str(settings.home) in str(refusal.value)
    assert running_server(elsewhere) == server.address


@LINUX
async def test_no_page_in_a_browser_can_use_the_api_and_nothing_listens_beyond_this_machine(
    server: EmbeddedServer, settings: Settings
) -> None:
    listening = listeners(server.pid)
    api = [await asyncio.to_thread(ask, port) for _, port in listening if port != settings.ui_port]

    assert {host for host, _ in listening} == {"0100007F"}  # 127.0.0.1
    assert settings.ui_port in {port for _, port in listening}
    assert any("403 " in answer and "Host not allowed" in answer for answer in api)
    assert not any(answer.startswith("200") for answer in api)


async def test_a_later_start_adds_what_search_attributes_are_new_and_refuses_a_changed_type(settings: Settings) -> None:
    async with embedded_server(settings, {"CaseState": "Keyword"}, ui=False) as first:
        assert first.address.ui is None
        await end(first)

    async with embedded_server(settings, ATTRIBUTES, ui=False) as second:
        known = await search_attributes(await connected(second))
        await end(second)

    with pytest.raises(ServerError, match="CaseState as Keyword, not as Int"):
        async with embedded_server(settings, {"CaseState": "Int"}, ui=False):
            pytest.fail("a search attribute changed its type")
    assert known == TYPES


async def test_a_server_killed_says_so_and_keeps_its_workflows_for_the_next_start(settings: Settings) -> None:
    async with embedded_server(settings, ATTRIBUTES) as server:
        client = await connected(server)
        await client.start_workflow("Waiting", id="case-1", task_queue="nobody-works-here")
        os.kill(server.pid, signal.SIGKILL)
        death = await server.died()
    (settings.home / "temporal.creating").mkdir()
    (settings.home / "temporal.creating" / "temporal.db").touch()

    async with embedded_server(settings, ATTRIBUTES) as server:
        client = await connected(server)
        waiting = await client.get_workflow_handle("case-1").describe()

    assert "has ended (exit code -9)" in str(death)
    assert waiting.status is WorkflowExecutionStatus.RUNNING
    assert not (settings.home / "temporal.creating").exists()


async def test_a_first_start_killed_at_any_moment_starts_the_next_time(settings: Settings) -> None:
    for attempt in range(8):
        fresh = settings.model_copy(update={"home": settings.home / str(attempt), "synchronous": "full"})

        await killed_while_starting(fresh, random.uniform(0, 0.04))  # it makes its tables for 40 ms

        async with embedded_server(fresh, ATTRIBUTES, ui=False) as server:
            assert running_server(fresh) == server.address
            await end(server)
        assert not (fresh.home / "temporal.creating").exists()


async def test_stopping_leaves_no_process_and_no_port(settings: Settings) -> None:
    async with embedded_server(settings, ATTRIBUTES) as server:
        assert not is_free(settings.grpc_port)
        assert not is_free(settings.ui_port)

    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)
    assert is_free(settings.grpc_port)
    assert is_free(settings.ui_port)
    assert running_server(settings) is None


async def test_ctrl_c_stops_the_server_after_everything_else(settings: Settings) -> None:
    with serving(settings) as python:
        os.killpg(python.pid, signal.SIGINT)
        said, _ = await asyncio.to_thread(python.communicate, timeout=30)

    assert said.strip() == "server still there"
    assert running_server(settings) is None
    assert is_free(settings.grpc_port)


@LINUX
async def test_a_parent_killed_takes_the_server_with_it(settings: Settings) -> None:
    with serving(settings) as python:
        assert running_server(settings) is not None

        python.kill()

        await freed(settings)
