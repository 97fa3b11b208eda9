"""The disaster drill: backed up while cases run, everything destroyed, restored; cases go on, nothing is torn."""

import json
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.builders import CASE_MANAGER, a_professional, a_report, plan_physician
from tests.journeys.conftest import EXAMPLES, House

pytestmark = pytest.mark.server

WAITING = "12-waits-for-the-physician.json"


def open_many(house: House, tmp_path: Path, *names: str) -> list[str]:
    request = json.loads((EXAMPLES / WAITING).read_text(encoding="utf-8"))
    file = tmp_path / f"requests-{names[0]}.json"
    file.write_text(json.dumps([{**request, "external_reference": name} for name in names]), encoding="utf-8")
    opened = house.door("starter.py", str(file), "--json")
    assert opened.returncode == 0, opened.stderr
    return [case["case_number"] for case in json.loads(opened.stdout)["opened"]]


def stop(house: House) -> None:
    for process in reversed(house.processes):
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def until_it_is_there(file: Path) -> None:
    """A worker anchors what is recorded within seconds."""
    last = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < last, f"{file} was never written"
        time.sleep(0.1)


def to_the_end(house: House, case: str) -> None:
    approved = house.act(case, "determine", "md.chen", outcome="approved", rationale="Reason R1 applies.")
    assert approved.returncode == 0, approved.stderr
    physician = a_professional("1992999882", specialty="endocrinology", organization="Plan Specialists")
    placed = house.act(
        case, "place_opinion", CASE_MANAGER.id, **plan_physician(professional=physician.model_dump(mode="json"))
    )
    assert placed.returncode == 0, placed.stderr
    reported = house.act(case, "receive_report", CASE_MANAGER.id, **a_report())
    assert reported.returncode == 0, reported.stderr
    house.call(case)
    house.until(case, stage="closed", outcome="approved")


def test_cases_that_ran_while_the_backup_was_made_go_on_after_everything_was_destroyed_and_restored(
    house: House, tmp_path: Path
):
    backup, keys = tmp_path / "backup", tmp_path / "keys"
    house.start_server()
    house.start_worker()
    first, second = open_many(house, tmp_path, "DRILL-1", "DRILL-2")
    for case in (first, second):
        house.until_there(case)
        assert house.act(case, "confirm_completeness", CASE_MANAGER.id).returncode == 0
    to_the_end(house, first)

    until_it_is_there(house.home / "anchors" / "anchor.log")

    # ... a backup, while requests come in
    busy = threading.Thread(target=open_many, args=(house, tmp_path, *(f"BUSY-{n}" for n in range(30))))
    busy.start()
    saved = house.answer("backup", "--to", str(backup), "--keys", str(keys))
    busy.join()
    again = house.run("backup", "--to", str(backup))

    # ... the disaster
    stop(house)
    shutil.rmtree(house.home)
    verified = house.run("restore", "--from", str(backup), "--keys", str(keys), "--dry-run")
    nothing_yet = house.home.exists()
    restored = house.run("restore", "--from", str(backup), "--keys", str(keys))
    twice = house.run("restore", "--from", str(backup), "--keys", str(keys))

    # ... and life goes on
    house.start_server()
    house.start_worker()
    to_the_end(house, second)
    third = open_many(house, tmp_path, "AFTER-1")[0]
    house.until_there(third)
    chain = house.run("audit", "verify")
    cabinet = house.run("cabinet", "verify")
    rows = house.answer("list", "--limit", "100")

    assert saved["held_ms"] < 10_000
    assert {item["path"] for item in saved["files"]} >= {"records.db", "temporal.db", "anchors/anchor.log"}
    assert not [item["path"] for item in saved["files"] if "keys" in item["path"] or item["path"].endswith(".pem")]
    assert (again.returncode, "is not empty" in again.stderr) == (1, True)
    assert (verified.returncode, nothing_yet) == (0, False), verified.stderr
    assert restored.returncode == 0, restored.stderr
    assert (twice.returncode, "Nothing is overwritten" in twice.stderr) == (1, True)
    assert chain.returncode == 0, chain.stdout + chain.stderr
    assert cabinet.returncode == 0, cabinet.stdout + cabinet.stderr
    numbers = [row["number"] for row in rows]
    assert len(numbers) == len(set(numbers)) >= 3
