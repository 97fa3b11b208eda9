"""Completing a task: ``second-opinion task complete``, by JSON, or by the form (``cli/taskform.py``)."""

import re
from pathlib import Path
from typing import Any

from cli.acting import answer, attached, fields_of, person, send
from cli.asking import about, agreed, at_a_terminal, wanted
from cli.forms import Asker, FormLeft, TerminalAsker
from cli.taskform import Work, about_task, complete_by_form
from cli.tasks import find_task, place
from policy.actions import ACTIONS
from policy.people import Actor
from policy.tasks import TaskKind
from records.rows import TaskRow
from wiring.questions import AnswerError
from wiring.settings import Settings
from wiring.world import open_world

TASK_ID = re.compile(r"[Tt]\d+")


async def complete(
    settings: Settings,
    case: str,
    given: tuple[str, ...],
    *,
    actor: str,
    data: str | None,
    attach: tuple[Path, ...],
    yes: bool,
    json: bool,
) -> int:
    """Completes a task and prints the case's answer. ``given`` names the task, the action, both or neither."""
    task, signal = told_apart(given)
    fields = None if data is None else fields_of(data)
    world, who = open_world(settings), person(settings, actor)
    row = find_task(world, case, task, who, lambda row, who: _can_complete(row, who, signal))
    work = Work(settings, world, who, row, the_ways(row, signal), attached(world, attach), yes)
    asker = TerminalAsker() if at_a_terminal() and not json else None
    if fields is not None:
        return await _by_json(work, fields, asker, json=json)
    if asker is None:
        raise AnswerError("\n".join((f"{_only_way(work)} for {place(row)} needs --data.", *wanted(_only_way(work)))))
    return await complete_by_form(work, asker)


def told_apart(given: tuple[str, ...]) -> tuple[str, str]:
    """The task and the action among the words that were given; empty for what was not. Raises AnswerError."""
    tasks = [word.upper() for word in given if TASK_ID.fullmatch(word)]
    signals = [word for word in given if not TASK_ID.fullmatch(word)]
    if len(tasks) > 1 or len(signals) > 1:
        raise AnswerError("Give at most one task, as T2, and one action, as determine.")
    return next(iter(tasks), ""), next(iter(signals), "")


def ways_to_complete(kind: TaskKind) -> tuple[str, ...]:
    """The actions that a task of a kind waits for."""
    return tuple(name for name, model in ACTIONS.items() if model.TASK is kind)


def the_ways(row: TaskRow, signal: str) -> tuple[str, ...]:
    """The action that was named, or all that there are. Raises AnswerError for one that does not complete the task."""
    ways = ways_to_complete(row.kind)
    if signal and signal not in ways:
        wrong = f"{signal} does not complete {place(row)} ({row.title}). What does:"
        raise AnswerError("\n".join((wrong, *about(ways))))
    return (signal,) if signal else ways


def _can_complete(row: TaskRow, who: Actor, signal: str) -> bool:
    if signal:
        return signal in ways_to_complete(row.kind)
    return who.has(*row.roles) and (row.owner or row.asked) in ("", who.id)


def _only_way(work: Work) -> str:
    """The one action that completes the task. Raises AnswerError where several do."""
    if len(work.ways) == 1:
        return work.ways[0]
    several = f"{place(work.row)} ({work.row.title}) can be completed in several ways; name one:"
    raise AnswerError("\n".join((several, *about(work.ways))))


async def _by_json(work: Work, given: dict[str, Any], asker: Asker | None, *, json: bool) -> int:
    """By what was given in full: a terminal is asked about a denial, and about nothing else."""
    signal, fields = _only_way(work), given | work.documents
    if asker is not None and not work.yes and not agreed(asker, work.title(signal), signal, fields, yes=True):
        raise FormLeft(fields)
    row, body = work.row, {**about_task(work, signal), "revision": work.row.revision, **fields}
    receipt = await send(work.settings, work.world, row.case_number, signal, body, actor=work.who.id)
    return answer(receipt, place(row), json=json)
