"""The models of the actions only grow: what once fitted fits for ever, and means the same."""

import base64
import json
from datetime import date
from enum import StrEnum
from typing import Any, Literal

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, create_model

from policy.actions import ACTIONS
from tests.builders import CASE_MANAGER, MONDAY
from tests.histories.models import (
    FILE,
    HERE,
    Schema,
    actions_in,
    decodes,
    histories,
    models,
    record_models,
    tightened,
)

RECORDED = sorted(HERE.glob(f"*/{FILE}"))
HISTORIES = [history for folder in sorted(HERE.iterdir()) if folder.is_dir() for history in histories(folder)]
STRICT = ConfigDict(extra="forbid")


def named(file):
    return f"{file.parent.name}/{file.stem}"


# -- the models of today against those that were recorded


def test_the_models_of_the_first_version_are_recorded():
    recorded = json.loads((HERE / "2026-11" / FILE).read_text(encoding="utf-8"))["models"]

    assert len(recorded) == 17
    assert {"Attachment", "Information"} <= recorded["receive_information"]["$defs"].keys()


@pytest.mark.parametrize("file", RECORDED, ids=named)
def test_no_action_is_tighter_than_it_was_recorded(file):
    assert tightened(json.loads(file.read_text(encoding="utf-8"))["models"], models()) == []


@pytest.mark.parametrize("history", HISTORIES, ids=named)
def test_a_recorded_action_still_fits_unless_it_was_refused_then(history):
    beside = history.with_name(FILE)
    refused = json.loads(beside.read_text(encoding="utf-8"))["refused"] if beside.exists() else []

    assert [sent.place for sent in actions_in(history) if not decodes(sent) and sent.place not in refused] == []


def test_the_histories_hold_actions():
    assert sum(1 for history in HISTORIES for _ in actions_in(history)) >= 50


@pytest.mark.parametrize("signal", ACTIONS)
def test_the_example_of_an_action_decodes_as_json(signal):
    envelope = {"action_id": "a-1", "actor": CASE_MANAGER.model_dump(mode="json"), "at": MONDAY.isoformat()}

    assert ACTIONS[signal].model_validate_json(json.dumps({**envelope, **ACTIONS[signal].EXAMPLE}))


# -- what counts as tighter


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class OnlyRed(StrEnum):
    RED = "red"


class Part(BaseModel):
    model_config = STRICT

    size: int = Field(ge=1, le=9)


class SmallerPart(BaseModel):
    model_config = STRICT

    size: int = Field(ge=1, le=8)


class OpenPart(BaseModel):
    model_config = ConfigDict(extra="allow")

    size: int = Field(ge=1, le=9)


def text(**constraints: Any) -> tuple[Any, Any]:
    return str, Field(**constraints)


def schema(**fields: Any) -> dict[str, Schema]:
    """An action ``act`` with these fields."""
    return {"act": create_model("Act", __config__=STRICT, **fields).model_json_schema()}


TIGHTER = {
    "a shorter text": (text(max_length=9), text(max_length=8), "act.x: maxLength is 8, was 9"),
    "a text that was as long as you like": (text(), text(max_length=8), "act.x: maxLength is 8, was none"),
    "a text that was empty": (text(), text(min_length=1), "act.x: minLength is 1, was none"),
    "a pattern where there was none": (text(), text(pattern="^a+$"), "act.x: pattern is '^a+$', was 'none'"),
    "another pattern": (text(pattern="^a*$"), text(pattern="^a+$"), "act.x: pattern is '^a+$', was '^a*$'"),
    "a word less": (text(pattern="^(red|green)$"), text(pattern="^red$"), "act.x: 'green' is no longer taken"),
    "a value less": ((Colour, ...), (OnlyRed, ...), "act.x: 'green' is no longer taken"),
    "a literal less": ((Literal["a", "b"], ...), (Literal["a"], ...), "act.x: 'b' is no longer taken"),
    "a choice where any text did": (text(), (Colour, ...), "act.x: 'anything else' is no longer taken"),
    "a text too short for a value": ((Colour, ...), text(max_length=4), "act.x: 'green' is no longer taken"),
    "a higher least": ((int, Field(ge=0)), (int, Field(ge=1)), "act.x: minimum is 1, was 0"),
    "a lower most": ((int, Field(lt=9)), (int, Field(lt=8)), "act.x: exclusiveMaximum is 8, was 9"),
    "steps": ((int, ...), (int, Field(multiple_of=5)), "act.x: multipleOf is 5, was 'none'"),
    "another type": ((int, ...), (str, ...), "act.x: the type is string, was integer"),
    "whole numbers only": ((float, ...), (int, ...), "act.x: the type is integer, was number"),
    "a type where anything did": ((Any, ...), (str, ...), "act.x: the type is string, was any"),
    "a date where a text did": ((str, ...), (date, ...), "act.x: format is 'date', was 'none'"),
    "a moment where a date did": ((date, ...), (AwareDatetime, ...), "act.x: format is 'date-time', was 'date'"),
    "null no longer": ((str | None, ...), (str, ...), "act.x: the type is string, was null"),
    "fewer in a list": (
        (list[str], Field(max_length=9)),
        (list[str], Field(max_length=8)),
        "act.x: maxItems is 8, was 9",
    ),
    "none in a list no longer": (
        (list[str], ...),
        (list[str], Field(min_length=1)),
        "act.x: minItems is 1, was none",
    ),
    "what is in a list": (
        (list[Colour], ...),
        (list[OnlyRed], ...),
        "act.x.(items): 'green' is no longer taken",
    ),
    "what is in a list of anything": ((list[Any], ...), (list[str], ...), "act.x.(items): the type is string, was any"),
    "what is under a name": (
        (dict[str, float], ...),
        (dict[str, int], ...),
        "act.x.(additionalProperties): the type is integer, was number",
    ),
    "the names": (
        (dict[str, int], ...),
        (dict[Colour, int], ...),
        "act.x.(propertyNames): 'anything else' is no longer taken",
    ),
    "a part": ((Part, ...), (SmallerPart, ...), "act.x.size: maximum is 8, was 9"),
    "a part that may be null": ((Part | None, None), (SmallerPart | None, None), "act.x.size: maximum is 8, was 9"),
    "a part in a list": ((list[Part], ...), (list[SmallerPart], ...), "act.x.(items).size: maximum is 8, was 9"),
    "unknown fields": ((OpenPart, ...), (Part, ...), "act.x: additionalProperties are no longer taken"),
    "must be given": ((str, ""), (str, ...), "act.x: must now be given"),
    "another default": ((str, "a"), (str, "b"), "act.x: the default is 'b', was 'a'"),
}


@pytest.mark.parametrize("kind", TIGHTER)
def test_each_kind_of_tightening_is_found(kind):
    before, after, found = TIGHTER[kind]

    assert found in tightened(schema(x=before), schema(x=after))


def test_what_cannot_be_compared_is_not_passed_over():
    pair = {"x": {"type": "array", "prefixItems": [{"$ref": "#/$defs/Part"}]}}  # Part may be another one after

    assert tightened(pair, pair) == ["x: prefixItems is something that tests/histories/models.py cannot compare yet"]


def test_what_vanishes_is_found():
    two = schema(x=(str, ...), y=(str, ""))

    assert tightened(two, {}) == ["act: the action is gone"]
    assert tightened(two, schema(x=(str, ...))) == ["act.y: the field is gone"]
    assert tightened(schema(x=(str, ...)), schema(x=(str, ...), y=(str, ...))) == [
        "act.y: a new field without a default"
    ]


WIDER = {
    "the same": (text(min_length=1, max_length=9), text(min_length=1, max_length=9)),
    "a longer text": (text(max_length=8), text(max_length=9)),
    "a text as long as you like": (text(max_length=8, min_length=1), text()),
    "any text": (text(pattern="^a+$"), text()),
    "a word more": (text(pattern="^red$"), text(pattern="^(red|green)$")),
    "words as a list of values": (text(pattern="^(red|green)$"), (Colour, ...)),
    "values as words": ((Colour, ...), text(pattern="^(red|green|blue)$")),
    "any text that matches, for values": ((Colour, ...), text(pattern="^[a-z]+$", min_length=1, max_length=5)),
    "a value more": ((OnlyRed, ...), (Colour, ...)),
    "a lower least": ((int, Field(ge=1)), (int, Field(ge=0))),
    "a higher most": ((int, Field(le=8)), (int, Field(le=9))),
    "every number": ((int, Field(multiple_of=5)), (float, ...)),
    "anything": ((str, ...), (Any, ...)),
    "or null": ((str, ...), (str | None, ...)),
    "or another type": ((str | int, ...), (int | str | None, ...)),
    "more in a list": ((list[str], Field(min_length=1, max_length=8)), (list[str], Field(max_length=9))),
    "more kinds in a list": ((list[OnlyRed], ...), (list[Colour], ...)),
    "more names": ((dict[OnlyRed, int], ...), (dict[str, float], ...)),
    "a larger part": ((SmallerPart, ...), (Part, ...)),
    "a larger part that may be null": ((SmallerPart, ...), (Part | None, ...)),
    "unknown fields": ((Part, ...), (OpenPart, ...)),
    "need not be given": ((str, ...), (str, "")),
    "another description": ((str, Field(description="one")), (str, Field(description="another", title="X"))),
}


@pytest.mark.parametrize("kind", WIDER)
def test_each_kind_of_loosening_is_allowed(kind):
    before, after = WIDER[kind]

    assert tightened(schema(x=before), schema(x=after)) == []


def test_growing_is_allowed():
    grown = {**schema(x=(str, ...), y=(str, ""), z=(Part | None, None)), "another": {}}

    assert tightened(schema(x=(str, ...)), grown) == []


# -- what is recorded


def signalled(name: str, *bodies: bytes) -> dict[str, Any]:
    payloads = [{"data": base64.b64encode(body).decode()} for body in bodies]
    return {
        "eventId": "7",
        "workflowExecutionSignaledEventAttributes": {"signalName": name, "input": {"payloads": payloads}},
    }


def updated(body: bytes) -> dict[str, Any]:
    payload = {"data": base64.b64encode(body).decode()}
    request = {"acceptedRequest": {"input": {"name": "act", "args": {"payloads": [payload]}}}}
    return {"eventId": "9", "workflowExecutionUpdateAcceptedEventAttributes": request}


FITS = {"action_id": "a-1", "actor": {"id": "cm", "roles": ["case_manager"]}, "at": "2026-11-23T09:00:00Z", "text": "x"}


def test_a_folder_is_recorded_once_with_what_did_not_fit(tmp_path):
    fits = json.dumps(FITS).encode()
    as_update = json.dumps({**FITS, "action": "add_comment"}).encode()
    for name, event in {
        "fits": signalled("add_comment", fits),
        "fits-as-update": updated(as_update),
        "no-json": signalled("add_comment", b"{"),
        "two": signalled("add_comment", fits, fits),
        "none": signalled("add_comment"),
        "unknown": signalled("abracadabra", fits),
        "nameless-update": updated(fits),
    }.items():
        (tmp_path / f"{name}.json").write_text(json.dumps({"events": [event]}), encoding="utf-8")

    recorded = json.loads(record_models(tmp_path).read_text(encoding="utf-8"))

    assert recorded["models"] == models()
    assert recorded["refused"] == ["nameless-update:9", "no-json:7", "none:7", "two:7", "unknown:7"]
    with pytest.raises(FileExistsError):
        record_models(tmp_path)
