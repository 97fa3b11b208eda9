"""An operator cancels, terminates, resets and deletes cases; one command leaves no difference."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.journeys.conftest import EXAMPLES, House
from tests.wiring.interventions import TEMPORAL
from workflows import workflow_id

pytestmark = pytest.mark.server

STAGES = {
    "10-waits-for-completeness-review": "completeness_review",
    "12-waits-for-the-physician": "physician_review",
    "16-waits-for-the-report": "consultation_report",
}


def temporal(house: House, case: str, *words: str) -> None:
    address = f"127.0.0.1:{house.environment['SECOND_OPINION_GRPC_PORT']}"
    command = [TEMPORAL, "workflow", *words, "--workflow-id", workflow_id(case), "--address", address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def played(house: House, example: str, reference: str, folder: Path) -> str:
    """A case of the demonstration, as far as its cast takes it."""
    request = json.loads((EXAMPLES / f"{example}.json").read_text(encoding="utf-8"))
    file = folder / f"{reference}.json"
    file.write_text(json.dumps({**request, "external_reference": reference}), encoding="utf-8")
    opened = house.door("starter.py", str(file), "--json")
    number: str = json.loads(opened.stdout)["opened"][0]["case_number"]
    house.until_there(number)
    for act in request["demonstration"]["acts"]:
        fields = {name: value for name, value in act["fields"].items() if name != "attachments"}
        done = house.act(number, act["signal"], act["actor"], **fields)
        assert done.returncode == 0, done.stderr
    house.until(number, stage=STAGES[example])
    return number


def letters(house: House) -> list[str]:
    return sorted(path.name for path in (house.home / "outbox").rglob("*.pdf"))


def test_after_any_intervention_one_command_leaves_no_difference_and_every_letter_left_once(house: House, tmp_path):
    house.start_server()
    house.start_worker()
    does = {
        ("10-waits-for-completeness-review", "terminated"): ("terminate", "--reason", "a mistake"),
        ("16-waits-for-the-report", "terminated"): ("terminate", "--reason", "a mistake"),
        ("16-waits-for-the-report", "reset"): ("reset", "--type", "FirstWorkflowTask", "--reason", "a try"),
        ("12-waits-for-the-physician", "set-back"): (
            *("reset", "--type", "FirstWorkflowTask", "--reapply-exclude", "All", "--reason", "a try"),
        ),
    }
    cases = {which: played(house, which[0], "-".join(which), tmp_path) for which in does}
    withdrawn = played(house, "12-waits-for-the-physician", "cancelled", tmp_path)
    deleted = played(house, "12-waits-for-the-physician", "deleted", tmp_path)
    sent = letters(house)
    for which, number in cases.items():
        temporal(house, number, *does[which])
    temporal(house, withdrawn, "cancel")
    temporal(house, deleted, "delete", "--yes")
    house.until(withdrawn, stage="closed", outcome="withdrawn")

    dry = house.run("reconcile", "--dry-run")
    done = house.run("reconcile")
    again = house.run("reconcile", "--json")

    assert dry.returncode == 1, dry.stdout
    assert all(number in dry.stdout for number in (*cases.values(), deleted))
    assert done.returncode == 0, done.stdout + done.stderr
    assert again.returncode == 0, again.stdout
    assert json.loads(again.stdout)["settled"] == []
    for (example, _), number in cases.items():
        house.until(number, stage=STAGES[example])
    assert set(sent) <= set(letters(house))
    assert [name for name in letters(house) if name not in sent and withdrawn not in name] == []
    assert house.run("audit", "verify").returncode == 0
    troubles = house.answer("supervise")
    assert [(t["case_number"], t["kind"]) for t in troubles] == [(deleted, "lost")]

    # ... and they go on
    number = cases["12-waits-for-the-physician", "set-back"]
    act = {"outcome": "denied", "rationale": "No reason applies.", "criteria": "Plan guideline 12"}
    assert house.act(number, "determine", "md.chen", **act).returncode == 0
    house.until(number, outcome="denied")
