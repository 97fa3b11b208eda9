"""``second-opinion clocks``: which clocks run in given situations, by the rules alone. Policy 90.2.17, POL-4.

It needs neither server nor records, and imports neither: ten thousand situations take a second.
"""

import gc
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from policy.situations import Answer, as_json, clocks_of, read_situation
from policy.timeframes import spoken

DONE, BAD_INPUT = 0, 2
STANDARD_INPUT = "-"


class SituationsError(Exception):
    """A file of situations that cannot be read at all; the message says why."""


def run(source: str, *, as_json_text: bool) -> int:
    """Prints the clocks of each situation of a JSON file, or of standard input (``-``).

    The exit code is 2 when a situation has errors. Raises SituationsError when there is nothing to read.
    """
    situations = _read(source)
    gc.disable()  # one pass that makes no cycles: looking for some would take a third of its time
    errors = 0
    texts = _as_json_list if as_json_text else _as_lines
    try:
        for text, wrong in texts(map(_answer, situations)):
            errors += wrong
            sys.stdout.write(text)
    finally:
        gc.enable()
    return BAD_INPUT if errors else DONE


def _as_json_list(found: Iterable[Answer]) -> Iterable[tuple[str, int]]:
    yield "[", 0
    separator = ""
    for answer in found:
        yield separator + json.dumps(as_json(answer), ensure_ascii=False), len(answer.errors)
        separator = ",\n"
    yield "]\n", 0


def _as_lines(found: Iterable[Answer]) -> Iterable[tuple[str, int]]:
    for answer in found:
        yield "\n".join(_lines(answer)) + "\n", len(answer.errors)


def _answer(raw: Any) -> Answer:  # noqa: ANN401 - JSON
    situation = read_situation(raw)
    return situation if isinstance(situation, Answer) else clocks_of(situation)


def _lines(answer: Answer) -> Iterable[str]:
    yield answer.id
    for clock in as_json(answer)["clocks"]:
        mark = "*" if clock["governs"] else " "
        yield f" {mark} {clock['obligation'].replace('_', ' '):18} {clock['explanation']} [{clock['rule']}]"
    for clock in answer.clocks:
        if clock is answer.governing:
            yield f"   act by {spoken(clock.act_by)}"
    for error in answer.errors:
        yield f" ! {error.field}: {error.problem}"


def _read(source: str) -> list[Any]:
    name = "standard input" if source == STANDARD_INPUT else Path(source).name
    try:
        data = sys.stdin.buffer.read() if source == STANDARD_INPUT else Path(source).read_bytes()
        found = json.loads(data.decode("utf-8-sig"))
    except OSError as trouble:
        raise SituationsError(f"{source} cannot be read: {trouble.strerror}.") from trouble
    except UnicodeDecodeError as trouble:
        raise SituationsError(f"{name} is not UTF-8 text; save it as UTF-8.") from trouble
    except json.JSONDecodeError as trouble:
        where = f"line {trouble.lineno}, column {trouble.colno}"
        raise SituationsError(f"{name} is not JSON ({where}: {trouble.msg}); mend it there.") from trouble
    except RecursionError as trouble:
        raise SituationsError(f"{name} is nested too deeply for a list of situations.") from trouble
    if not isinstance(found, list):
        raise SituationsError(f'{name} must hold a JSON list of situations: [{{"id": …, "line": …, "events": […]}}]')
    return found
