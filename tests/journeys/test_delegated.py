"""Five hundred delegated packets in one file: exactly the forty findings, and a score per PPG. Procedure 10 (P10).

Through the real doors, as processes of their own, with the real server, worker, records, letters and cabinet.
"""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from policy.delegatefindings import Check, Result
from records.database import open_records
from records.delegated import one
from tests.adapters.samples import a_pdf
from tests.delegates import DELEGATES, planted
from tests.journeys.conftest import House

pytestmark = pytest.mark.server

CLOSE_WITHIN = 300  # seconds, on two busy cores


def all_of(house: House, done: int) -> list[dict[str, Any]]:
    """Every packet, once ``done`` are closed and the letters of the others have left."""
    for _ in range(CLOSE_WITHIN):
        rows: list[dict[str, Any]] = house.answer("delegated", "list", "--limit", "1000")
        if sum(row["state"] == "closed" for row in rows) == done and all(row["state"] != "received" for row in rows):
            return rows
        time.sleep(1)
    raise AssertionError(f"never closed {done}: {[row['state'] for row in rows]}")


def failed(house: House, number: str) -> list[Check]:
    """What was found in one packet, from the records."""
    engine = open_records(f"sqlite:///{house.home / 'records.db'}")
    file = one(engine, number)
    engine.dispose()
    assert file
    assert [finding.code for finding in file.findings] == list(Check)  # those that were passed are kept, too
    return [finding.code for finding in file.findings if finding.result is Result.FAILED]


def staff_settle_them(house: House, numbers: dict[Check, str], closed: str, folder: Path) -> None:
    """Through the commands: supplemented, noted, waived, pulled up; where nothing is open any more a case closes."""
    as_supervisor = ("--as", "sv.okafor")
    record = str(folder / "record.pdf")
    assert (
        house.run(
            "delegated", "supplement", numbers[Check.RECORD_COMPLETE], "--as", "cm.alvarez", "--record", record
        ).returncode
        == 0
    )
    told = ("--check", "decider_may_decide", "--text", "Denials go to a physician.")
    assert (
        house.run("delegated", "note", numbers[Check.DECIDER_MAY_DECIDE], "--as", "cm.alvarez", *told).returncode == 0
    )
    waived = ("copy_in_time", "--reason", "Our gateway was down.")
    assert house.run("delegated", "waive", numbers[Check.COPY_IN_TIME], *waived, "--as", "cm.alvarez").returncode == 1
    assert house.run("delegated", "waive", numbers[Check.COPY_IN_TIME], *waived, *as_supervisor).returncode == 0
    for number in (closed, numbers[Check.LETTER_COMPLETE]):  # one that is closed, and one that is open
        assert house.run("delegated", "pull-up", number, "--reason", "A sample.", *as_supervisor).returncode == 0
        file = house.answer("delegated", "show", number)
        assert file["case"]["pulled_up_as"].startswith("SO-")
        assert house.run("delegated", "pull-up", number, "--reason", "Again.", *as_supervisor).returncode == 1
    for what in (Check.RECORD_COMPLETE, Check.DECIDER_MAY_DECIDE, Check.COPY_IN_TIME):
        until_closed(house, numbers[what])


def until_closed(house: House, number: str) -> None:
    for _ in range(60):
        if house.answer("delegated", "show", number)["case"]["state"] == "closed":
            return
        time.sleep(0.5)
    raise AssertionError(f"{number} never closed")


def test_five_hundred_packets_give_exactly_the_forty_findings_and_a_score_per_ppg(house: House, tmp_path, capsys):
    plan = planted(datetime.now(UTC))
    file = tmp_path / "packets.jsonl"
    file.write_text(plan.text, encoding="utf-8")
    for name in ("record.pdf", "letter.pdf"):
        (tmp_path / name).write_bytes(a_pdf(title=name))
    house.start_server()
    house.start_worker()

    began = time.monotonic()
    taken = house.answer("delegated", "import", str(file))["taken_in"]
    imported = time.monotonic()
    rows = all_of(house, done=460)
    ended = time.monotonic()
    with capsys.disabled():
        started, filed = imported - began, ended - imported
        sys.stdout.write(f"\n500 packets registered and started in {started:.1f} s, filed {filed:.1f} s later\n")

    assert len(taken) == len(rows) == 500
    found = {row["external_reference"]: row for row in rows if row["faults"]}
    assert found.keys() == plan.faults.keys()
    assert {reference: failed(house, row["number"]) for reference, row in found.items()} == {
        reference: [fault] for reference, fault in plan.faults.items()
    }
    scores = {score["delegate"]: score for score in house.answer("delegated", "score")}
    assert list(scores) == list(DELEGATES)
    for delegate, score in scores.items():
        faults = sum(found[reference]["delegate"] == delegate for reference in plan.faults)
        assert (score["packets"]["n"], score["packets"]["passed"]) == (100, 100 - faults)
    assert sum(part["n"] - part["passed"] for s in scores.values() for part in s["parts"].values()) == 40
    again = house.answer("delegated", "import", str(file))["taken_in"]
    assert [packet["number"] for packet in again] == [packet["number"] for packet in taken]
    assert not any(packet["is_new"] for packet in again)
    by_fault = {fault: found[reference]["number"] for reference, fault in plan.faults.items()}
    staff_settle_them(house, by_fault, next(row["number"] for row in rows if row["state"] == "closed"), tmp_path)
    verified = json.loads(house.run("cabinet", "verify", "--json").stdout)
    assert (verified["packets"], verified["findings"]) == (463, [])
    assert len(list((house.home / "outbox").glob("DD-*/*delegated_copy_request-1-delegate.pdf"))) == 40
