"""Python programs that start warm: in processes of their own, forked from one that has imported our modules before.

``python -c …`` and ``python worker.py`` spend more than a second in ``import`` before they do anything, and a journey
is made of dozens of them. Here such a program gets everything that the operating system gives to one (its own process
and signals, descriptors, environment, folder, exit code) and runs the same lines; only the modules are there already.
What a cold start is like, ``test_doors`` tries.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import IO

ROOT = Path(__file__).parents[2]
# What of the environment is settled while a module is imported is the same for all, as where no one is at a terminal.
OURS = ("TEMPORAL_", "SECOND_OPINION_", "COLUMNS", "LINES")
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # a process with threads must not be forked
one_at_a_time = Lock()


class WarmProcess:
    """A program that runs: what of ``subprocess.Popen`` the journeys use."""

    def __init__(self, pid: int, answer: IO[bytes], stdout: IO[str] | None) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None
        self._answer = answer

    def poll(self) -> int | None:
        """The exit code, once it has ended; minus the signal's number where one ended it."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code. Raises ``subprocess.TimeoutExpired``."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return code

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._answer], [], [], timeout)[0]:
            self.returncode = int(self._answer.readline())
            self._answer.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(words: Sequence[str], environment: Mapping[str, str], stdout: IO[bytes] | None = None) -> WarmProcess:
    """Starts ``python WORDS…`` warm; all that it says goes to ``stdout``, or is to be read as ``process.stdout``."""
    with Path(os.devnull).open("rb") as nothing:
        if stdout is not None:
            return _start(words, environment, (nothing.fileno(), stdout.fileno(), stdout.fileno()))
        reading, writing = os.pipe()
        try:
            process = _start(words, environment, (nothing.fileno(), writing, writing))
        finally:
            os.close(writing)
    process.stdout = os.fdopen(reading, encoding="utf-8")  # whoever stops the process closes it
    return process


def run(
    words: Sequence[str], environment: Mapping[str, str], *, stdin: str = "", timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Runs ``python WORDS…`` warm, to its end. Raises ``subprocess.TimeoutExpired``."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
        given.write(stdin.encode())
        given.seek(0)
        process = _start(words, environment, (given.fileno(), said.fileno(), complained.fileno()))
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        return subprocess.CompletedProcess(["python", *words], code, _all_of(said), _all_of(complained))


def _all_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _start(words: Sequence[str], environment: Mapping[str, str], standard: tuple[int, int, int]) -> WarmProcess:
    asked = {"words": list(words), "environment": dict(environment), "folder": str(ROOT)}
    reading, writing = os.pipe()
    answer = os.fdopen(reading, "rb", buffering=0)  # closed when the process has ended
    try:
        with tempfile.TemporaryFile("w", encoding="utf-8") as request:
            json.dump(asked, request)
            request.flush()
            request.seek(0)
            with one_at_a_time:
                socket.send_fds(_nursery(), [b"!"], [request.fileno(), writing, *standard])
    finally:
        os.close(writing)
    return WarmProcess(int(answer.readline()), answer, None)


@cache
def _nursery() -> socket.socket:
    """The way to this process's own nursery, which ends with this process."""
    ours, its = socket.socketpair()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    with its:
        nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.nursery"],
            cwd=ROOT,
            env=environment | ONE_THREAD,
            stdin=its.fileno(),
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def close() -> None:
        ours.close()
        nursery.wait()

    atexit.register(close)
    return ours
