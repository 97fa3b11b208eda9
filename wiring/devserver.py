"""The embedded Temporal server: one program, one database file, this machine only.

It is the development server of Temporal's own command-line program, started, watched and stopped by the command that
needs it. Everything it writes lies in ``settings.home``: ``temporal.db`` (with ``-wal`` and ``-shm``, which are parts
of the database while they exist), ``temporal.log`` and ``temporal.lock``. It asks nobody for a password, so it listens
on loopback only; a real cluster is named in Temporal's own environment configuration.
"""

import os
import shutil
import socket
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from wiring.namespace import keep_histories
from wiring.searchattributes import add_search_attributes
from wiring.serverlock import ServerAddress, ServerError, running_server, server_lock, unusable
from wiring.serverprocess import (
    DATABASE,
    HOST,
    NAMESPACE,
    Launch,
    ServerCrashError,
    ServerProcess,
    find_program,
    server_process,
)
from wiring.settings import PREFIX, Settings

__all__ = [
    "CODEC_PATH",
    "UI_PATH",
    "EmbeddedServer",
    "ServerAddress",
    "ServerError",
    "embedded_server",
    "running_server",
]

UI_PATH = "/temporal"  # of the UI, on its own port and in the portal
CODEC_PATH = "/codec"  # of the codec server, in the portal
NURSERY = "temporal.creating"  # where a database lies until it is complete
STARTS = 3  # of a server that panics before it answers
ROOM_BYTES = 64 * 1024 * 1024  # on a full disk the server does not fail: it hangs


class EmbeddedServer:
    """A running server: its ``address``, its ``pid``, and a way to learn that it has died."""

    def __init__(self, address: ServerAddress, process: ServerProcess) -> None:
        self.address = address
        self._process = process

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    async def died(self) -> ServerError:
        """Waits until the server has ended, and returns (does not raise) what to tell the user about it."""
        return await self._process.ended()


@asynccontextmanager
async def embedded_server(
    settings: Settings, search_attributes: Mapping[str, str], *, ui: bool = True
) -> AsyncIterator[EmbeddedServer]:
    """Runs the server of ``settings.home`` while the block lasts; it is healthy when the block begins.

    ``search_attributes`` maps names to types ("Keyword", "KeywordList", "Datetime", "Text", "Int", "Double", "Bool");
    those that the database lacks are added. Raises ServerError, with a sentence that a person can act upon, when the
    program, the folder or a port cannot be used, another server has the folder, or this one is not healthy in 30 s.
    """
    home = settings.home.absolute()
    program = find_program(settings)
    _prepare(home)
    grpc = f"{HOST}:{settings.grpc_port}"
    address = ServerAddress(grpc, f"http://{HOST}:{settings.ui_port}{UI_PATH}" if ui else None, NAMESPACE)
    async with server_lock(home, address) as lock:
        _check_ports(settings, ui=ui)
        launch = Launch(program, settings.synchronous, search_attributes, lock)
        ports = ["--port", str(settings.grpc_port), *(_ui(settings) if ui else ["--headless"])]
        async with AsyncExitStack() as running:
            process, client = await _started(running, launch, home, ports, grpc)
            try:
                await keep_histories(client, settings.retention_days)
                await add_search_attributes(client, search_attributes)
            except RPCError as error:
                raise ServerError(f"The Temporal server at {grpc} refuses its settings: {error.message}.") from error
            yield EmbeddedServer(address, process)


async def _started(
    running: AsyncExitStack, launch: Launch, home: Path, ports: list[str], grpc: str
) -> tuple[ServerProcess, Client]:
    """A server that answers, which ends with ``running``.

    For its inner services the server looks for free ports, and takes them a little later; when another program was
    quicker it panics. It has served nobody then, so it is started again.
    """
    for starts_left in reversed(range(STARTS)):
        try:
            if _lacks_database(home):
                await _create_database(launch, home)
            process = await running.enter_async_context(server_process(launch, home, ports))
            return process, await process.healthy(grpc)
        except ServerCrashError:
            if not starts_left:
                raise
    raise AssertionError  # the last start has returned or raised


def _ui(settings: Settings) -> list[str]:
    """The UI's port, and its path and codec server as they are where the portal shows it: on one origin with both.

    On its own port there is no such codec server, so that whoever reaches it there sees ciphertext.
    """
    return ["--ui-port", str(settings.ui_port), "--ui-public-path", UI_PATH, "--ui-codec-endpoint", CODEC_PATH]


def _prepare(home: Path) -> None:
    """Makes the folder, and proves before anything else is tried that it can be written and has room."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home) as probe:
            probe.write(bytes(4096))
        free = shutil.disk_usage(home).free
    except OSError as error:
        raise unusable(home, error) from error
    if free < ROOM_BYTES:
        raise ServerError(
            f"The disk of {home} has {free >> 20} MB left, and the Temporal server wants {ROOM_BYTES >> 20}: "
            f"make room there, or name another folder with {PREFIX}HOME."
        )


def _check_ports(settings: Settings, *, ui: bool) -> None:
    ports = {f"{PREFIX}GRPC_PORT": settings.grpc_port}
    if ui:
        ports[f"{PREFIX}UI_PORT"] = settings.ui_port
    if len(set(ports.values())) < len(ports):
        raise ServerError(f"{' and '.join(ports)} are both {settings.ui_port}: change one of them.")
    for variable, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                raise ServerError(
                    f"Port {port} cannot be used ({error.strerror}): end what uses it, or set {variable} to a free one."
                ) from error


def _lacks_database(home: Path) -> bool:
    """Whether this is a first start. Clears away what a killed first start left; never touches a finished database."""
    try:
        if os.path.lexists(home / NURSERY):
            shutil.rmtree(home / NURSERY)
    except OSError as error:
        raise unusable(home, error) from error
    if os.path.lexists(home / DATABASE):
        return False
    wal = home / f"{DATABASE}-wal"
    if wal.exists():  # SQLite would pour it into the new database
        raise ServerError(f"{wal} is there but its {DATABASE} is not: put that back, or move this away to start anew.")
    return True


async def _create_database(launch: Launch, home: Path) -> None:
    """Makes the database where nobody looks for it, and moves it into place when it is complete.

    A server that is killed while it makes its tables leaves a database that can never start again: it makes them only
    if there is no file yet, and not in one transaction.
    """
    nursery = home / NURSERY
    try:
        nursery.mkdir()
        port = _free_port()  # one that no client knows
        async with server_process(launch, nursery, ["--port", str(port), "--headless"]) as process:
            await process.healthy(f"{HOST}:{port}")
            await process.kill()  # once the tables are there this costs nothing, and a polite stop 1.3 seconds
        _check_complete(nursery / DATABASE)
        (nursery / DATABASE).rename(home / DATABASE)
        _sync_folder(home)
        shutil.rmtree(nursery)
    except OSError as error:
        raise unusable(home, error) from error


def _check_complete(database: Path) -> None:
    """Brings what the write-ahead log holds into the one file. Raises ServerError if the file is not sound then."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            verdict, *_ = connection.execute("PRAGMA quick_check").fetchone()
    except sqlite3.Error as error:
        raise ServerError(f"The new database of the Temporal server is not sound ({error}): start again.") from error
    if busy or verdict != "ok":
        raise ServerError(f"The new database of the Temporal server is not sound ({verdict}): start again.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _sync_folder(folder: Path) -> None:
    """Makes a rename survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
