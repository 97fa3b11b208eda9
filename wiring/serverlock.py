"""Which Temporal server runs on a home folder: a lock that lasts exactly as long as that server does.

Two servers on one database file would both start without complaint and ruin each other, so the first one holds
``home/temporal.lock``. The lock is inherited by the server's process: it stays held even if the Python that started
the server dies first, and no crash ever leaves it behind.
"""

import asyncio
import fcntl
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wiring.settings import PREFIX, Settings

LOCK = "temporal.lock"
PATIENCE_SECONDS = 0.5  # a reader holds the lock for an instant, and a holder writes its name an instant after locking


class ServerError(Exception):
    """The embedded Temporal server cannot run or has ended; the message says why and how to mend it."""


@dataclass(frozen=True)
class ServerAddress:
    """Where an embedded server answers: ``host:port`` for clients, the UI's URL if it has one, and the namespace."""

    grpc: str
    ui: str | None
    namespace: str


class ServerLock:
    """The lock of one home, held; ``descriptor`` is the open file that the server's process is to inherit."""

    def __init__(self, descriptor: int, home: Path, address: ServerAddress) -> None:
        self.descriptor = descriptor
        self._home = home
        self._address = address

    def name_holder(self, pid: int) -> None:
        """Writes who holds the lock, for those who are refused it. Raises ServerError if the disk is full."""
        try:
            os.ftruncate(self.descriptor, 0)
            os.pwrite(self.descriptor, json.dumps({"pid": pid, **asdict(self._address)}).encode(), 0)
        except OSError as error:
            raise unusable(self._home, error) from error


@asynccontextmanager
async def server_lock(home: Path, address: ServerAddress) -> AsyncIterator[ServerLock]:
    """Holds the lock of ``home``. Raises ServerError, naming process and address, if a server already runs there."""
    try:
        descriptor = os.open(home / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise unusable(home, error) from error
    try:
        await _acquire(descriptor, home)
        lock = ServerLock(descriptor, home, address)
        lock.name_holder(os.getpid())
        yield lock
    finally:
        os.close(descriptor)  # which unlocks it, unless a server that outlives us still has it open


def running_server(settings: Settings) -> ServerAddress | None:
    """Where a server of this home runs, or is about to; None when none does. Raises ServerError if it cannot tell."""
    home = settings.home.absolute()
    try:
        descriptor = os.open(home / LOCK, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ServerError(f"Cannot tell whether a Temporal server runs on {home}: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(descriptor, home)[1]
    else:
        return None
    finally:
        os.close(descriptor)


def unusable(home: Path, error: OSError) -> ServerError:
    """The sentence for a folder that cannot be written: read-only, full, or not a folder at all."""
    return ServerError(
        f"The folder {home} cannot be written ({error.strerror}): make room or give access there, "
        f"or name another folder with {PREFIX}HOME."
    )


async def _acquire(descriptor: int, home: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                pid, address = _holder(descriptor, home)
                raise ServerError(
                    f"A Temporal server already runs on {home}: process {pid}, at {address.grpc}. "
                    f"Stop that one first, or name another folder with {PREFIX}HOME."
                ) from None
        except OSError as error:
            raise unusable(home, error) from error
        else:
            return
        await asyncio.sleep(0.02)


def _holder(descriptor: int, home: Path) -> tuple[int, ServerAddress]:
    """The process and the address written in a lock that somebody holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with suppress(ValueError, KeyError):
            holder: dict[str, Any] = json.loads(os.pread(descriptor, 4096, 0))
            return holder["pid"], ServerAddress(holder["grpc"], holder["ui"], holder["namespace"])
        time.sleep(0.02)
    raise ServerError(f"The lock {home / LOCK} is held, but does not say by whom: end the process that holds it.")
