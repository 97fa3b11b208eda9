"""The plain ``temporal`` command, which nobody here wrote, carries a case to its end; nothing it sends harms it."""

import asyncio
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory

from tests.builders import CASE_MANAGER, CMO, INTAKE, a_professional, a_report, plan_physician
from tests.failedtasks import failed_tasks
from tests.journeys.conftest import EXAMPLES, House
from wiring.settings import Settings
from wiring.temporal import connect

pytestmark = pytest.mark.server

BESIDE_PYTHON = Path(sys.executable).with_name("temporal")
TEMPORAL = str(BESIDE_PYTHON) if BESIDE_PYTHON.exists() else shutil.which("temporal")
STRANGER = {"id": "nobody.knows", "roles": ["auditor"]}


def minutes(count: int) -> str:
    return (datetime.now(UTC) + timedelta(minutes=count)).isoformat()


@dataclass
class Command:
    """The ``temporal`` command, pointed at one case."""

    house: House
    case: str

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        address = f"127.0.0.1:{self.house.environment['SECOND_OPINION_GRPC_PORT']}"
        command = [str(TEMPORAL), "workflow", *words, "--workflow-id", f"so-{self.case}", "--address", address]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def signal(self, name: str, *words: str) -> None:
        sent = self("signal", "--name", name, *words)
        assert sent.returncode == 0, sent.stderr

    def sends(self, name: str, actor: Any, **fields: Any) -> dict[str, Any]:
        """A whole body, as docs/actions.md shows it."""
        who = actor if isinstance(actor, dict) else actor.model_dump(mode="json", exclude_defaults=True)
        body = {"action_id": f"{name}-{datetime.now(UTC).timestamp()}", "actor": who, "at": minutes(0), **fields}
        self.signal(name, "--input", json.dumps(body))
        return body

    def query(self, kind: str, *words: Any) -> Any:
        """What the case answers, read by a client that has its key: to the plain command it is ciphertext."""
        return asyncio.run(self._asked(kind, words))

    async def _asked(self, kind: str, words: tuple[Any, ...]) -> Any:
        given = self.house.environment
        settings = Settings(home=self.house.home, grpc_port=int(given["SECOND_OPINION_GRPC_PORT"]))
        handle = (await connect(settings)).get_workflow_handle(f"so-{self.case}")
        return await handle.query(kind, args=words)

    def events(self) -> list[dict[str, Any]]:
        shown = self("show", "--output", "json")
        events: list[dict[str, Any]] = json.loads(shown.stdout)["events"]
        return events


@pytest.fixture
def command(house: House, tmp_path: Path) -> Command:
    request = json.loads((EXAMPLES / "12-waits-for-the-physician.json").read_text(encoding="utf-8"))
    file = tmp_path / "request.json"
    file.write_text(json.dumps({**request, "external_reference": "PLAIN-1"}), encoding="utf-8")
    house.start_server()
    house.start_worker()
    opened = house.door("starter.py", str(file), "--json")
    return Command(house, json.loads(opened.stdout)["opened"][0]["case_number"])


def test_whatever_the_plain_command_sends_is_applied_once_or_a_visible_refusal_and_the_case_goes_to_its_end(
    command: Command, tmp_path: Path
):
    large = tmp_path / "large.json"
    large.write_text(json.dumps({"action_id": "large", "text": "a" * 1_900_000}), encoding="utf-8")
    body = {"action_id": "x", "actor": CMO.model_dump(mode="json"), "at": minutes(0)}

    command.signal("determine")
    command.signal("determine", "--input", "{}", "--input", "{}")
    command.signal("determine", "--input", "null")
    command.signal("determine", "--input", json.dumps({"action_id": 7, "actor": "me", "at": "soon"}))
    command.signal("approve_everything", "--input", json.dumps(body))
    command.signal("determine", "--input-file", str(large))
    command.signal("determine", "--input", json.dumps({**body, "outcome": "approved", "rationale": "Yes.", "extra": 1}))
    command.sends("confirm_completeness", CASE_MANAGER, at=minutes(-60 * 24 * 300))
    command.sends("confirm_completeness", CASE_MANAGER, at=minutes(60))
    command.sends("confirm_completeness", STRANGER)
    refused = command.query("refused_actions")
    same = {**body, "action_id": "same", "actor": INTAKE.model_dump(mode="json"), "text": "The member called."}
    with ThreadPoolExecutor(20) as hands:
        list(hands.map(lambda _: command.signal("add_comment", "--input", json.dumps(same)), range(100)))
    case = command.query("case")

    assert [r["reason"].split(";")[0].split(":")[0] for r in refused] == [
        "a signal takes one JSON object, this had 0",
        "a signal takes one JSON object, this had 2",
        "(whole)",
        "action_id",
        "no such action",
        "larger than 64 KB",
        "(unknown)",
        "the time lies before the task was opened",
        "the time lies in the future",
        "this task is for a case manager",
    ]
    assert [e["event"] for e in case["story"]].count("case:commented") == 1
    assert command.query("receipt", "same")["accepted"]

    # ... from open to closed
    command.sends("confirm_completeness", CASE_MANAGER)
    command.sends("determine", CMO, outcome="approved", rationale="Reason R1 applies.")
    physician = a_professional("1992999882", specialty="endocrinology", organization="Plan Specialists")
    command.sends("place_opinion", CASE_MANAGER, **plan_physician(professional=physician.model_dump(mode="json")))
    command.sends("receive_report", CASE_MANAGER, **a_report())
    command.house.call(command.case)
    closed = command.house.until(command.case, stage="closed", outcome="approved")
    late = command("signal", "--name", "add_comment", "--input", json.dumps({**same, "action_id": "late"}))
    events = command.events()

    assert closed["case"]["refused_count"] == len(refused)
    assert (late.returncode, "already completed" in late.stderr) == (1, True)
    assert failed_tasks(WorkflowHistory.from_json(command.case, {"events": events}).events) == []
