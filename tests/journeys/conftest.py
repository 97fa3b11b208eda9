"""Journeys go through the real doors, as processes of their own, with the real server and a house of their own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.journeys import warm
from tests.journeys.warm import ROOT, WarmProcess
from tests.ports import free_port

EXAMPLES = ROOT / "examples" / "intake"
COMMAND = ("-c", "from cli.main import main; main()")  # what the script ``second-opinion`` is


@dataclass
class House:
    """A home folder with ports of its own, and the processes that were started in it.

    Its programs start warm, see there. In a ``cold`` house each door is opened as everybody's is the first time.
    """

    home: Path
    environment: dict[str, str]
    cold: bool = False
    processes: list[subprocess.Popen[str] | WarmProcess] = field(default_factory=list)
    opened: set[tuple[str, ...]] = field(default_factory=set)

    def run(self, *words: str, stdin: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
        """A ``second-opinion`` command, to its end."""
        return self.door(*COMMAND, *words, stdin=stdin, **changes)

    def door(self, *words: str, stdin: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
        """``starter.py`` or ``worker.py``, to its end."""
        environment = {**self.environment, **changes}
        if not self._is_cold(words):
            return warm.run(words, environment, stdin=stdin)
        command = [sys.executable, *words]
        return subprocess.run(
            command, cwd=ROOT, env=environment, input=stdin, capture_output=True, text=True, timeout=120, check=False
        )

    def answer(self, *words: str) -> Any:
        """The JSON answer of a command that must succeed."""
        ended = self.run(*words, "--json")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def looks(self, case: str) -> Iterator[dict[str, Any]]:
        """What the records have of a case, again and again, for as long as a loaded machine may need; always warm."""
        until = time.monotonic() + 120
        while time.monotonic() < until:
            ended = warm.run((*COMMAND, "show", case, "--json"), self.environment)
            if ended.returncode == 0:
                yield json.loads(ended.stdout)
            time.sleep(0.1)

    def start(self, *command: str, until: str) -> subprocess.Popen[str] | WarmProcess:
        """A door that stays up; returns when it has said ``until``."""
        process = self._begun(command)
        self.processes.append(process)
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if until in line:  # the rest is read, too: a door that fills its pipe stands still
                Thread(target=process.stdout.read, daemon=True).start()
                return process
        raise AssertionError(f"{command} ended before it said {until!r}: {said}")

    def _is_cold(self, words: tuple[str, ...]) -> bool:
        """Whether a door is to be opened cold: a file, or a command by its name, for the first time."""
        door = words[:3] if words[0] == "-c" else words[:1]
        is_first = door not in self.opened
        self.opened.add(door)
        return self.cold and is_first

    def _begun(self, command: tuple[str, ...]) -> subprocess.Popen[str] | WarmProcess:
        if not self._is_cold(command):
            return warm.start(command, self.environment)
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def start_server(self) -> subprocess.Popen[str] | WarmProcess:
        return self.start(*COMMAND, "server", until="Ctrl-C")

    def start_worker(self, *words: str) -> subprocess.Popen[str] | WarmProcess:
        return self.start("worker.py", *words, until="Working on")

    def act(self, case: str, signal_name: str, actor: str, **fields: Any) -> subprocess.CompletedProcess[str]:
        return self.run("act", case, signal_name, "--as", actor, "--data", json.dumps(fields))

    def call(self, case: str) -> None:
        """No fax is set up here: who cannot be told by post alone, or has no address, is told by telephone."""
        for found in self.looks(case):
            if any(task["kind"] == "telephone_notice" and not task["ended_at"] for task in found["tasks"]):
                break
        said = {"reached": True, "spoke_with": "the clinic's nurse", "said": "Decided; the letter is in the post."}
        called = self.act(case, "record_call", "cm.alvarez", **said)
        assert called.returncode == 0, called.stderr

    def until(self, case: str, **wanted: Any) -> dict[str, Any]:
        """The case's record, once the given columns have the given values."""
        found: dict[str, Any] = {"case": None}
        for found in self.looks(case):
            if all(found["case"][name] == value for name, value in wanted.items()):
                return found
        raise AssertionError(f"{case} never came to {wanted}: {found['case']}")

    def until_there(self, case: str) -> None:
        """Returns once the records have the case."""
        self.until(case)

    def until_task(self, case: str, kind: str) -> dict[str, Any]:
        """The open task of a kind, once there is one."""
        for found in self.looks(case):
            for task in found["tasks"]:
                if task["kind"] == kind and task["ended_at"] is None:
                    open_one: dict[str, Any] = task
                    return open_one
        raise AssertionError(f"{case} never had the task {kind}")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with a_house(tmp_path / "var") as made:
        yield made


@contextmanager
def a_house(home: Path, *, cold: bool = False) -> Iterator[House]:
    """A house while the block lasts; its processes end with it."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "SECOND_OPINION_"))},
        "SECOND_OPINION_HOME": str(home),
        "SECOND_OPINION_GRPC_PORT": str(free_port()),
        "SECOND_OPINION_UI_PORT": str(free_port()),
        "SECOND_OPINION_SYNCHRONOUS": "normal",
        "PYTHONUNBUFFERED": "1",
    }
    made = House(home, environment, cold)
    try:
        yield made
    finally:
        for process in reversed(made.processes):
            process.kill()  # asked to stop they take seconds, and nobody looks any more; Temporal's dies with ours
        for process in made.processes:
            process.wait()
            if process.stdout:
                process.stdout.close()
