"""The page of the actions: what it says of every field is so, and its commands survive a shell."""

import json
import re
import shlex
from typing import Any

import pytest
from pydantic import TypeAdapter

from policy.actionbook import MEANINGS, WORDS, actionbook, example, in_words, signal_command, update_command
from policy.actions import ACTIONS
from policy.people import Actor
from policy.staffaction import StaffAction
from policy.tasks import DEFINITIONS, HumanTask
from tests.builders import MONDAY

BOOK = actionbook()
SECTIONS = dict(re.findall(r"^###+ (\w+)\n(.*?)(?=^##|\Z)", BOOK, re.MULTILINE | re.DOTALL))
MODELS: list[type[StaffAction]] = [StaffAction, *ACTIONS.values()]
SCHEMAS = {model.__name__: model.model_json_schema() for model in MODELS}
PARTS: dict[str, Any] = {name: part for schema in SCHEMAS.values() for name, part in schema["$defs"].items()}
every_action = pytest.mark.parametrize("signal", ACTIONS)


def fields(text: str) -> list[str]:
    """The fields of the table in a section."""
    return re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)


@every_action
def test_an_action_has_its_own_fields_and_those_of_every_action_stand_once(signal):
    own = [name for name in ACTIONS[signal].model_fields if name not in StaffAction.model_fields]

    assert fields(SECTIONS[signal]) == own
    assert ACTIONS[signal].ABOUT in SECTIONS[signal]
    assert f"](#{signal})" in BOOK


def test_the_envelope_stands_before_the_actions():
    envelope = BOOK.partition("## What every action carries")[2].partition("###")[0]

    assert fields(envelope) == list(StaffAction.model_fields)


@pytest.mark.parametrize("name", sorted(name for name, part in PARTS.items() if "properties" in part))
def test_every_part_is_explained(name):
    assert fields(SECTIONS[name]) == list(PARTS[name]["properties"])


def test_every_link_leads_to_a_heading():
    headings = {heading.lower() for heading in re.findall(r"^#+ (.+)$", BOOK, re.MULTILINE)}

    assert set(re.findall(r"\]\(#([^)]+)\)", BOOK)) <= headings


@pytest.mark.parametrize("name", sorted(MEANINGS))
def test_a_meaning_is_given_only_where_the_model_says_none(name):
    model, _, field = name.partition(".")

    assert "description" not in {**PARTS, **SCHEMAS}[model]["properties"][field]


def test_no_pattern_is_shown_to_people():
    assert "matching `" not in BOOK
    assert WORDS.keys() <= set(re.findall(r'"pattern": "([^"]+)"', json.dumps([*PARTS.values(), *SCHEMAS.values()])))


@every_action
def test_the_command_of_an_action_survives_a_shell(signal):
    model = ACTIONS[signal]

    as_signal, as_update = shlex.split(signal_command(model)), shlex.split(update_command(model))

    assert as_signal[:-1] == [
        *("temporal", "workflow", "signal", "--workflow-id", "so-SO-2026-000001"),
        *("--name", signal, "--input"),
    ]
    assert as_update[:-1] == [
        *("temporal", "workflow", "update", "execute", "--workflow-id", "so-SO-2026-000001"),
        *("--name", "act", "--input"),
    ]
    assert json.loads(as_signal[-1]) == example(model)
    assert json.loads(as_update[-1]) == {"action": signal, **example(model)}


@every_action
def test_an_example_is_sent_by_one_who_may_work_on_the_task(signal):
    model, actor = ACTIONS[signal], Actor.model_validate(example(ACTIONS[signal])["actor"])

    if model.TASK:
        task = HumanTask(id="T1", kind=model.TASK, opened_at=MONDAY)
        assert task.may_be_worked_by(actor)
        owners = " or ".join(role.replace("_", " ") for role in DEFINITIONS[model.TASK].potential_owners)
        assert owners.replace("cmo", "CMO") in BOOK.partition(f"`{model.TASK}` (")[2].partition("\n")[0]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "minLength": 1, "maxLength": 5_000}, "text, 1 to 5,000 characters"),
        ({"type": "string", "maxLength": 40}, "text, up to 40 characters"),
        ({"type": "string", "minLength": 2}, "text, at least 2 characters"),
        (
            {"type": "string", "minLength": 2, "maxLength": 2, "pattern": "^[A-Z]{2}$"},
            "text, 2 characters: capital letters",
        ),
        ({"type": "string", "pattern": "^(approved|denied)$"}, "one of: approved, denied"),
        ({"type": "string", "pattern": "^application/pdf$"}, "always application/pdf"),
        ({"type": "string", "pattern": "^x+$"}, "text: matching `^x+$`"),
        ({"type": "string", "format": "date-time"}, "moment with offset"),
        ({"type": "string", "format": "date"}, "day, as 2026-11-23"),
        ({"type": "boolean"}, "true or false"),
        ({"type": "number"}, "number"),
        ({"type": "integer", "minimum": 0}, "whole number, 0 or more"),
        ({"type": "integer", "minimum": 1, "maximum": 9_000}, "whole number, 1 to 9,000"),
        ({"type": "array", "items": {"type": "string"}}, "list; each text"),
        (
            {"type": "array", "items": {"$ref": "#/$defs/Hue"}, "minItems": 1},
            "list of at least 1; each one of: red, green",
        ),
        ({"type": "array", "items": {"$ref": "#/$defs/Part"}, "maxItems": 9}, "list of up to 9; each [Part](#part)"),
        ({"anyOf": [{"$ref": "#/$defs/Part"}, {"type": "null"}]}, "[Part](#part), or null"),
        (
            {"type": "object", "propertyNames": {"$ref": "#/$defs/Hue"}, "additionalProperties": {"type": "string"}},
            "object; each name one of: red, green; each value text",
        ),
        ({}, "anything"),
    ],
)
def test_what_fits_is_said_in_plain_words(schema, words):
    assert in_words(schema, {"Hue": {"enum": ["red", "green"]}, "Part": {"type": "object"}}) == words


def test_whole_numbers_without_a_least_are_said_too():
    assert in_words(TypeAdapter(int).json_schema(), {}) == "whole number"
