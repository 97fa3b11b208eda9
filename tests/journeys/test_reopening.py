"""A closed denial on the real server: a letter of it comes back, then a grievance overturns it; from the terminal."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import EXAMPLES, House

pytestmark = pytest.mark.server

REFERENCE = "17-denied-by-the-physician"
ACTS = json.loads((EXAMPLES / f"{REFERENCE}.json").read_text())["demonstration"]["acts"]
SURGEON = {"npi": "1992999098", "name": "Dr. Lena Sato", "specialty": "plastic surgery", "phone": "818-555-0114"}
PLACED = {
    "tier": "plan",
    "professional": SURGEON,
    "board_certified": True,
    "licence": "SYN-G2001",
    "passed_over": {"ppg": "none of that specialty"},
}
REPORT = {"findings": "The airway is narrow.", "recommendations": "Surgery is worth considering."}


@pytest.fixture
def denied(house: House) -> str:
    """The number of a case that was denied and is closed."""
    house.start_server()
    house.start_worker()
    started = house.door("starter.py", str(EXAMPLES / f"{REFERENCE}.json"), "--json")
    number: str = json.loads(started.stdout)["opened"][0]["case_number"]
    house.until_there(number)
    for act in ACTS:
        acts(house, number, act)
    house.call(number)
    house.until(number, stage="closed", outcome="denied")
    return number


def acts(house: House, case: str, act: dict[str, Any]) -> None:
    fields = {name: value for name, value in act["fields"].items() if name != "attachments"}
    done = house.act(case, act["signal"], act["actor"], **fields)
    assert done.returncode == 0, done.stdout + done.stderr


def packets(house: House, case: str) -> dict[str, bytes]:
    return {path.stem.rpartition(" — ")[2]: path.read_bytes() for path in cabinet(house).rglob(f"*{case}*.pdf")}


def cabinet(house: House) -> Path:
    return house.home / "cabinet"


def test_a_letter_that_came_back_reopens_the_case_until_somebody_has_called(house: House, denied: str):
    first = packets(house, denied)
    letter = next(n["key"] for n in house.answer("show", denied)["notices"] if n["recipient"] == "member")
    back = ("reopen", denied, "--because", "letter-returned", "--as", "cm.alvarez", "--reason", "moved")

    unknown = house.run(*back, "--letter", "denial/9")
    done = house.run(*back, "--letter", letter)
    house.until_task(denied, "telephone_notice")
    house.call(denied)
    house.until(denied, stage="closed", outcome="denied")

    assert unknown.returncode != 0
    assert letter in unknown.stderr
    assert done.returncode == 0, done.stderr
    now = packets(house, denied)
    assert set(now) == {denied, f"{denied} (2)"}
    assert now[denied] == first[denied]


def test_a_grievance_that_is_upheld_becomes_a_new_determination_beside_the_first(house: House, denied: str):
    why = ("--rationale", "The record sent later shows the need.")
    change = ("reopen", denied, "--because", "grievance", *why)

    by_the_same = house.run(*change, "--as", "md.haddad")
    by_another = house.run(*change, "--as", "md.chen")
    again = house.run(*change, "--as", "md.chen")
    house.call(denied)  # the provider, about the approval: by law
    for task, signal, fields in (("placement", "place_opinion", PLACED), ("obtain_report", "receive_report", REPORT)):
        house.until_task(denied, task)
        acts(house, denied, {"signal": signal, "actor": "cm.alvarez", "fields": fields})
    house.call(denied)  # the physician, of whom no address was entered
    closed = house.until(denied, stage="closed", outcome="approved")

    assert "four eyes" in by_the_same.stderr
    assert by_another.returncode == 0, by_another.stderr
    assert "an approval stands" in again.stderr
    assert {(n["kind"], n["recipient"]) for n in closed["notices"]} >= {("denial", "member"), ("approval", "member")}
    assert set(packets(house, denied)) == {denied, f"{denied} (2)"}
    feed = "".join(path.read_text() for path in (house.home / "mhc").rglob("*.csv"))
    rows = [line for line in feed.splitlines() if denied in line]
    assert ["denied" in row for row in rows] == [True, False]
