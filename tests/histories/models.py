"""The models of the actions as they were recorded, and what would tighten them: what once fitted fits for ever.

``python -m tests.histories.models FOLDER`` writes today's models into a folder of histories. A folder that has them
keeps them; ``tests/policy/test_models_grow.py`` holds the present models to those of every folder.

A JSON schema does not show what a validator of ours demands. The recorded actions themselves are decoded for that.
"""

import base64
import json
import math
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from policy.actions import ACTIONS
from policy.staffaction import StaffAction

HERE = Path(__file__).parent
FILE = "models.json"

Schema = dict[str, Any]
Actions = Mapping[str, type[StaffAction]]

WORDS = {"title", "description", "examples", "deprecated", "$defs"}  # say nothing about what fits
AT_LEAST = dict.fromkeys(("minLength", "minItems", "minProperties"), 0.0)
AT_LEAST |= dict.fromkeys(("minimum", "exclusiveMinimum"), -math.inf)
AT_MOST = dict.fromkeys(("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum"), math.inf)
INSIDE: dict[str, Schema] = {"items": {}, "additionalProperties": {}, "propertyNames": {"type": "string"}}
TREATED = {"$ref", "anyOf", "default", "enum", "properties", "required", "type", *AT_LEAST, *AT_MOST, *INSIDE, *WORDS}
CHOICE = re.compile(r"\^(?:\(([\w/-]+(?:\|[\w/-]+)+)\)|([\w/-]+))\$")  # a pattern that only lists words


class Sent(NamedTuple):
    """An action as a history holds it. ``place`` is the history's name and the number of the event."""

    place: str
    name: str
    body: bytes


def models(actions: Actions = ACTIONS) -> dict[str, Schema]:
    """The JSON schema of every action, by name."""
    return {name: model.model_json_schema() for name, model in actions.items()}


def decodes(sent: Sent, actions: Actions = ACTIONS) -> bool:
    """Whether it fits the present model of its name."""
    try:
        actions[sent.name].model_validate_json(sent.body)
    except (KeyError, ValidationError):
        return False
    return True


def actions_in(history: Path) -> Iterator[Sent]:
    """Every action of a history, whether it came as a signal or as the update ``act``."""
    for event in json.loads(history.read_text(encoding="utf-8"))["events"]:
        place = f"{history.stem}:{event['eventId']}"
        signal = event.get("workflowExecutionSignaledEventAttributes")
        update = event.get("workflowExecutionUpdateAcceptedEventAttributes", {}).get("acceptedRequest", {}).get("input")
        if signal:
            yield Sent(place, signal["signalName"], _only_payload(signal.get("input", {})))
        if update and update.get("name") == "act":
            yield _as_action(place, _only_payload(update.get("args", {})))


def histories(folder: Path) -> list[Path]:
    """The histories in a folder."""
    return sorted(file for file in folder.glob("*.json") if file.name != FILE)


def record_models(folder: Path, actions: Actions = ACTIONS) -> Path:
    """Writes the present models beside the histories of a folder, with the places of what does not fit them.

    What did not fit when it was recorded was refused then, and need not fit later. Raises FileExistsError.
    """
    refused = [
        sent.place for history in histories(folder) for sent in actions_in(history) if not decodes(sent, actions)
    ]
    text = json.dumps({"models": models(actions), "refused": refused}, indent=1, sort_keys=True)
    with (folder / FILE).open("x", encoding="utf-8") as file:
        file.write(text + "\n")
    return folder / FILE


def tightened(before: dict[str, Schema], after: dict[str, Schema]) -> list[str]:
    """What fitted the models before and does not fit, or means something else, after; empty when they only grew."""
    gone = [f"{name}: the action is gone" for name in before if name not in after]
    kept = [name for name in before if name in after]
    return [*gone, *(found for name in kept for found in _Comparison(before[name], after[name]).all(name))]


class _Comparison:
    """Two schemas with their own definitions, so that a definition may change its name."""

    def __init__(self, before: Schema, after: Schema) -> None:
        self.before, self.after = before, after

    def all(self, path: str) -> list[str]:
        """Everything that is tighter after."""
        return list(self._narrower(path, self.before, self.after))

    def _narrower(self, path: str, before: Schema, after: Schema) -> Iterator[str]:
        before, after = _resolved(before, self.before), _resolved(after, self.after)
        yield from _default(path, before, after)
        if "anyOf" in before or "anyOf" in after:
            yield from self._options(path, before, after)
        elif "enum" in before and "enum" not in after:
            yield from _values(path, before["enum"], after)
        else:
            yield from _own(path, before, after)
            yield from self._inside(path, before, after)
            yield from self._fields(path, before, after)

    def _options(self, path: str, before: Schema, after: Schema) -> Iterator[str]:
        """Each thing that could be given before must fit one of those that can be given after."""
        choices = after.get("anyOf", [after])
        for option in before.get("anyOf", [before]):
            found = [list(self._narrower(path, _without_default(option), _without_default(c))) for c in choices]
            if all(found):
                yield from min(found, key=len)

    def _inside(self, path: str, before: Schema, after: Schema) -> Iterator[str]:
        for word, anything in INSIDE.items():
            was, now = before.get(word, True), after.get(word, True)
            if was is False or now is True:
                continue
            if now is False:
                yield f"{path}: {word} are no longer taken"
            else:
                yield from self._narrower(f"{path}.({word})", anything if was is True else was, now)

    def _fields(self, path: str, before: Schema, after: Schema) -> Iterator[str]:
        had, has = before.get("properties", {}), after.get("properties", {})
        yield from (f"{path}.{name}: the field is gone" for name in had if name not in has)
        for name in sorted(set(after.get("required", ())) - set(before.get("required", ()))):
            yield f"{path}.{name}: {'must now be given' if name in had else 'a new field without a default'}"
        for name in (name for name in had if name in has):
            yield from self._narrower(f"{path}.{name}", had[name], has[name])


def _resolved(schema: Schema, whole: Schema) -> Schema:
    """The schema with the definition that it refers to, and with a pattern or a constant that lists words as a list."""
    if "$ref" in schema:
        definition = whole["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        schema = {**_resolved(definition, whole), **{k: v for k, v in schema.items() if k != "$ref"}}
    if "const" in schema:
        schema = {**{k: v for k, v in schema.items() if k != "const"}, "enum": [schema["const"]]}
    listed = CHOICE.fullmatch(schema.get("pattern", ""))
    if listed:
        words = (listed[1] or listed[2]).split("|")
        schema = {**{k: v for k, v in schema.items() if k != "pattern"}, "enum": words}
    return schema


def _without_default(schema: Schema) -> Schema:
    return {word: value for word, value in schema.items() if word != "default"}


def _default(path: str, before: Schema, after: Schema) -> Iterator[str]:
    """What was recorded without the field would mean something else."""
    if "default" in before and "default" in after and before["default"] != after["default"]:
        yield f"{path}: the default is {after['default']!r}, was {before['default']!r}"


def _own(path: str, before: Schema, after: Schema) -> Iterator[str]:
    """What stands in the schema itself, and not inside it."""
    was, now = before.get("type"), after.get("type")
    if now is not None and now != was and (was, now) != ("integer", "number"):
        yield f"{path}: the type is {now}, was {was or 'any'}"
    yield from _bounds(path, before, after)
    if "enum" in after:
        gone = [value for value in before.get("enum", ["anything else"]) if value not in after["enum"]]
        yield from (f"{path}: {value!r} is no longer taken" for value in gone)
    for word in sorted(after.keys() - TREATED):  # pattern, format, what we do not know: any change may be tighter
        if after[word] != before.get(word):
            yield f"{path}: {word} is {after[word]!r}, was {before.get(word, 'none')!r}"
        elif isinstance(after[word], dict | list):  # a definition that it refers to may have changed
            yield f"{path}: {word} is something that tests/histories/models.py cannot compare yet"


def _bounds(path: str, before: Schema, after: Schema) -> Iterator[str]:
    for word, unbounded in (AT_LEAST | AT_MOST).items():
        was, now = before.get(word, unbounded), after.get(word, unbounded)
        if now > was if word in AT_LEAST else now < was:
            yield f"{path}: {word} is {now}, was {before.get(word, 'none')}"


def _values(path: str, values: list[Any], after: Schema) -> Iterator[str]:
    """Values that were listed before must each fit what is taken after. Only texts are listed in our models."""
    fits = after.get("type") in (None, "string") and after.keys() <= TREATED | {"pattern"}
    for value in values:
        long_enough = after.get("minLength", 0) <= len(value) <= after.get("maxLength", math.inf)
        if not (fits and long_enough and re.search(after.get("pattern", ""), value)):
            yield f"{path}: {value!r} is no longer taken"


def _only_payload(given: dict[str, Any]) -> bytes:
    payloads = given.get("payloads", [])
    return base64.b64decode(payloads[0].get("data", "")) if len(payloads) == 1 else b""


def _as_action(place: str, body: bytes) -> Sent:
    """The update's one JSON object: an action's fields, and its name as ``action``."""
    try:
        fields = dict(json.loads(body))
        name = str(fields.pop("action"))
    except (ValueError, TypeError, KeyError):
        return Sent(place, "", body)
    return Sent(place, name, json.dumps(fields).encode())


if __name__ == "__main__":
    print(record_models(HERE / sys.argv[1]))  # noqa: T201 - for the person who records
