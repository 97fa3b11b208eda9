"""Situations whose due times were worked out by hand (``situations.toml``), each against the rules. POL-4."""

import re
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from policy.calendar import LOS_ANGELES
from policy.situations import Answer, Situation, as_json, clocks_of, read_situation

CASES: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("situations.toml").read_text("utf-8"))["case"]
ABOUT_THE_CASE = {"given", "expect", "errors", "absent", "why"}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WORKED = (
    "W01 W03 W05 W07 W09 W11 W13 W15a W15b W17 W19a W19b W19c W21a W21b W21c W21d W23 W25a W25b W27a W27b W27c "
    "W29a W29b W29c W31a W31a-d-snp W31b W31b-d-snp W33a W33b W35a W35b W37 W39a W39a-commercial W41"
)

each_case = pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])


def answered(case: dict[str, Any]) -> dict[str, Any]:
    """What the rules say about a case, as JSON."""
    read = read_situation({key: value for key, value in case.items() if key not in ABOUT_THE_CASE})
    answer = clocks_of(read) if isinstance(read, Situation) else read
    assert isinstance(answer, Answer)
    return as_json(answer)


def mistakes(case: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Where the rules and the hand disagree, each in a line."""
    clocks = {clock["obligation"]: clock for clock in found["clocks"]}
    wrong = [f"{name}: expected none" for name in case.get("absent", ()) if name in clocks]
    if len(clocks) != len(found["clocks"]):
        wrong.append(f"two clocks for one obligation: {[c['obligation'] for c in found['clocks']]}")
    for expected in case.get("expect", ()):
        clock = clocks.get(expected["obligation"], {})
        for key, value in expected.items():
            if clock.get(key) != value:
                wrong.append(f"{expected['obligation']}.{key}: expected {value}, found {clock.get(key)}")
    return wrong


@each_case
def test_a_situation_has_the_clocks_that_the_hand_worked_out(case):
    found = answered(case)

    wrong = mistakes(case, found)
    fields, expected_fields = [e["field"] for e in found["errors"]], [e["field"] for e in case.get("errors", ())]
    if fields != expected_fields:
        wrong.append(f"errors: expected {expected_fields}, found {found['errors']}")
    assert not wrong, f"{case['given']}\n  " + "\n  ".join(wrong) + f"\n  because: {case['why']}"


@each_case
def test_a_case_says_what_must_come_out_and_why(case):
    assert case["why"]
    assert bool(case.get("expect")) != bool(case.get("errors"))


@each_case
def test_every_weekday_that_a_case_names_is_right(case):
    named = re.findall(r"(\w+) (\d{4}-\d\d-\d\d)", case["given"])

    assert named
    assert [(WEEKDAYS[date.fromisoformat(day).weekday()], day) for _, day in named] == named


@each_case
def test_every_day_on_which_something_happens_is_named_in_words(case):
    named = set(re.findall(r"\d{4}-\d\d-\d\d", case["given"]))

    times = [datetime.fromisoformat(event["at"]) for event in case["events"]]
    days = {f"{t.astimezone(LOS_ANGELES) if t.tzinfo else t:%Y-%m-%d}" for t in times}

    assert days <= named


def test_every_worked_example_is_there_and_no_case_is_there_twice():
    ids = [case["id"] for case in CASES]

    assert " ".join(name for name in ids if re.match(r"W\d", name)) == WORKED
    assert len(set(ids)) == len(ids)


def test_the_cases_exercise_every_rule_that_can_start_a_clock_here():
    named = {clock["rule"] for case in CASES for clock in answered(case)["clocks"]}

    assert {rule for case in CASES for rule in (e.get("rule") for e in case.get("expect", ())) if rule} == named
