"""The form in front of an action: asked at a terminal, looked at by the rules, and sent only when somebody says so."""

import json
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cli.answers import manner, read_answer, yes_or_no
from cli.forms import ENVELOPE_FIELDS, LEAVING, Asker, FormLeft, confirm, fill
from cli.screen import now
from policy.actions import ACTIONS, SignExpiredDetermination
from policy.particulars import Receipt
from policy.people import Actor
from policy.staffaction import StaffAction
from wiring.questions import AnswerError, Kind, Shape, asked_of, plain, shape_of

FOR_THE_DOOR = ENVELOPE_FIELDS - {"task_id"}  # who acts on a case, not on a task, says which task is meant
FINAL_WORD = "deny"

Objects = Callable[[Mapping[str, Any]], Receipt | None]


def at_a_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty()


def ask_for(
    model: type[StaffAction],
    asker: Asker,
    title: str,
    *,
    known: Mapping[str, Any] = {},
    skip: frozenset[str] = ENVELOPE_FIELDS,
    people: Mapping[str, Actor] = {},
    objects: Objects = lambda _: None,
    yes: bool = False,
) -> dict[str, Any]:
    """An action's fields, once they are right and somebody has agreed to send them. Raises FormLeft.

    ``objects`` looks at them before they are sent: what it names is asked again.
    """
    fields = fill(model, asker, known=known, skip=skip, people=people)
    while (objection := objects(fields)) is not None:
        asker.say("\n".join(in_words(objection)))
        again = _asked_again(model, objection, skip)
        if not again:  # nothing that could be entered would mend it
            raise FormLeft(fields)
        fields = fill(model, asker, known=fields, skip=frozenset(model.model_fields) - again, people=people)
    if not agreed(asker, title, model.SIGNAL, fields, yes=yes):
        raise FormLeft(fields)
    return fields


def _asked_again(model: type[StaffAction], objection: Receipt, skip: frozenset[str]) -> frozenset[str]:
    """The fields that an objection names; all when it names none."""
    asked = frozenset(model.model_fields) - skip
    named = frozenset(error.field.partition(".")[0] for error in objection.fields)
    return named & asked if named else asked


def agreed(asker: Asker, title: str, signal: str, fields: Mapping[str, Any], *, yes: bool) -> bool:
    """Whether to send it. A denial wants its word typed, whatever was said beforehand. Raises FormLeft."""
    final = is_final(signal, fields)
    return (yes and not final) or confirm(asker, title, fields, irrevocable=final, word=FINAL_WORD)


def is_final(signal: str, fields: Mapping[str, Any]) -> bool:
    """Whether this denies a request: nobody can take that back."""
    return signal == SignExpiredDetermination.SIGNAL or fields.get("outcome") == "denied"


def agrees(asker: Asker, question: str, *, default: bool) -> bool:
    """Yes or no; leaving is no."""
    try:
        while typed := asker.ask(f"{question} [{'Y/n' if default else 'y/N'}]").strip():
            try:
                return yes_or_no(typed)
            except AnswerError as problem:
                asker.say(str(problem))
    except LEAVING:
        return False
    return default


def choose_way(asker: Asker, ways: tuple[str, ...]) -> str:
    """One of several actions. Raises FormLeft."""
    shape = Shape(kind=Kind.CHOICE, codes=ways)
    asker.say("\n".join(about(ways)))
    while True:
        try:
            return str(read_answer(shape, asker.ask(f"Which? {manner(shape)}").strip(), now(), {}))
        except AnswerError as problem:
            asker.say(str(problem))
        except LEAVING as left:
            raise FormLeft({}) from left


def about(ways: tuple[str, ...]) -> Iterator[str]:
    """What each of some actions does, a line for each."""
    return (f"  {name}: {ACTIONS[name].ABOUT}" for name in ways)


def wanted(signal: str) -> Iterator[str]:
    """An action's fields and an example, a line for each, for who gives them as JSON."""
    model = ACTIONS[signal]
    yield "Its fields:"
    for name, field in asked_of(model).items():
        if name not in ENVELOPE_FIELDS:
            codes = shape_of(field).codes
            needed = "needed" if field.is_required() else "may be left out"
            choices = f"; of: {', '.join(codes)}" if codes else ""
            yield f"  {name} ({needed}): {field.description or plain(name).lower()}{choices}"
    yield f"For example: --data {shlex.quote(json.dumps(model.EXAMPLE, ensure_ascii=False))}"


def in_words(refused: Receipt) -> Iterator[str]:
    """Why an action was refused: the sentence, then a line for each field."""
    yield f"{refused.reason}{f' ({refused.clause})' if refused.clause else ''}."
    yield from (f"  {error.field}: {error.problem}" for error in refused.fields)
