"""What a case, or report, was when its history was recorded, and in what it differs now."""

import json
from pathlib import Path
from typing import Any

from policy.storied import Storied

# How an action is told from another under the same id is the story's own affair: its recipe may change.
RECIPES: dict[str, Any] = {"receipts": {"__all__": {"digest"}}, "refusals": {"__all__": {"digest"}}}


def state(case: Storied) -> dict[str, Any]:
    """All that a case, or a report's file, knows, as JSON, but for the digests."""
    return case.model_dump(mode="json", exclude=RECIPES)


def state_file(history: Path) -> Path:
    """Where the state that belongs to a history lies."""
    return history.parent / "states" / history.name


def write_state(history: Path, case: Storied) -> None:
    """Writes the state down beside its history."""
    file = state_file(history)
    file.parent.mkdir(exist_ok=True)
    text = json.dumps(state(case), indent=2, sort_keys=True, ensure_ascii=False)
    file.write_text(f"{text}\n", encoding="utf-8")


def differences(recorded: Any, now: Any, path: str = "") -> list[str]:
    """What was recorded and is not so now, each with its path. What was added is no difference: models only grow."""
    if type(recorded) is not type(now):  # an int is no bool, and 1 is not "1"
        return [_said(path, recorded, repr(now))]
    if isinstance(recorded, dict):
        return _differences_of_objects(recorded, now, path)
    if isinstance(recorded, list):
        return _differences_of_lists(recorded, now, path)
    return [] if recorded == now else [_said(path, recorded, repr(now))]


def _differences_of_objects(recorded: dict[str, Any], now: dict[str, Any], path: str) -> list[str]:
    found = []
    for key, value in recorded.items():
        inner = f"{path}.{key}" if path else key
        found += differences(value, now[key], inner) if key in now else [_said(inner, value, "missing")]
    return found


def _differences_of_lists(recorded: list[Any], now: list[Any], path: str) -> list[str]:
    lengths = [] if len(recorded) == len(now) else [f"{path}: recorded {len(recorded)} items, now {len(now)}"]
    pairs = enumerate(zip(recorded, now, strict=False))
    return lengths + [line for n, (old, new) in pairs for line in differences(old, new, f"{path}[{n}]")]


def _said(path: str, recorded: object, now: str) -> str:
    return f"{path}: recorded {recorded!r}, now {now}"
