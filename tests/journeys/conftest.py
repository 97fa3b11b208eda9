"""Journeys go through the real doors, as processes of their own, with the real server and a house of their own."""

import json
import os
import signal
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

from tests.ports import free_port

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "intake"


@dataclass
class House:
    """A home folder with ports of its own, and the processes that were started in it."""

    home: Path
    environment: dict[str, str]
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def run(self, *words: str, stdin: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
        """A ``second-opinion`` command, to its end."""
        return self._run([sys.executable, "-c", "from cli.main import main; main()", *words], stdin, changes)

    def door(self, file: str, *words: str, stdin: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
        """``starter.py`` or ``worker.py``, to its end."""
        return self._run([sys.executable, file, *words], stdin, changes)

    def _run(self, command: list[str], stdin: str, changes: dict[str, str]) -> subprocess.CompletedProcess[str]:
        environment = {**self.environment, **changes}
        return subprocess.run(
            command, cwd=ROOT, env=environment, input=stdin, capture_output=True, text=True, timeout=120, check=False
        )

    def answer(self, *words: str) -> Any:
        """The JSON answer of a command that must succeed."""
        ended = self.run(*words, "--json")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def start(self, *command: str, until: str) -> subprocess.Popen[str]:
        """A door that stays up; returns when it has said ``until``."""
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.processes.append(process)
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if until in line:  # the rest is read, too: a door that fills its pipe stands still
                Thread(target=process.stdout.read, daemon=True).start()
                return process
        raise AssertionError(f"{command} ended before it said {until!r}: {said}")

    def start_server(self) -> subprocess.Popen[str]:
        return self.start("-c", "from cli.main import main; main()", "server", until="Ctrl-C")

    def start_worker(self, *words: str) -> subprocess.Popen[str]:
        return self.start("worker.py", *words, until="Working on")

    def act(self, case: str, signal_name: str, actor: str, **fields: Any) -> subprocess.CompletedProcess[str]:
        return self.run("act", case, signal_name, "--as", actor, "--data", json.dumps(fields))

    def call(self, case: str) -> None:
        """No fax is set up here: who cannot be told by post alone, or has no address, is told by telephone."""
        for _ in range(100):
            tasks = self.answer("show", case)["tasks"]
            if any(task["kind"] == "telephone_notice" and not task["ended_at"] for task in tasks):
                break
            time.sleep(0.2)
        said = {"reached": True, "spoke_with": "the clinic's nurse", "said": "Decided; the letter is in the post."}
        called = self.act(case, "record_call", "cm.alvarez", **said)
        assert called.returncode == 0, called.stderr

    def until(self, case: str, **wanted: Any) -> dict[str, Any]:
        """The case's record, once the given columns have the given values."""
        for _ in range(60):
            found: dict[str, Any] = self.answer("show", case)
            if all(found["case"][name] == value for name, value in wanted.items()):
                return found
            time.sleep(0.2)
        raise AssertionError(f"{case} never came to {wanted}: {found['case']}")

    def until_there(self, case: str) -> None:
        """Returns once the records have the case."""
        for _ in range(60):
            if self.run("show", case, "--json").returncode == 0:
                return
            time.sleep(0.2)
        raise AssertionError(f"{case} never came")

    def until_task(self, case: str, kind: str) -> dict[str, Any]:
        """The open task of a kind, once there is one."""
        for _ in range(60):
            for task in self.answer("show", case)["tasks"]:
                if task["kind"] == kind and task["ended_at"] is None:
                    found: dict[str, Any] = task
                    return found
            time.sleep(0.2)
        raise AssertionError(f"{case} never had the task {kind}")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with a_house(tmp_path / "var") as made:
        yield made


@contextmanager
def a_house(home: Path) -> Iterator[House]:
    """A house while the block lasts; its processes end with it."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "SECOND_OPINION_"))},
        "SECOND_OPINION_HOME": str(home),
        "SECOND_OPINION_GRPC_PORT": str(free_port()),
        "SECOND_OPINION_UI_PORT": str(free_port()),
        "SECOND_OPINION_SYNCHRONOUS": "normal",
        "PYTHONUNBUFFERED": "1",
    }
    made = House(home, environment)
    try:
        yield made
    finally:
        for process in reversed(made.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in made.processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()
