"""One task at the terminal: which one is meant, and what WS-HumanTask lets people do to it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.markup import escape

from cli.acting import answer, no_case, person, send
from cli.asking import agrees, at_a_terminal
from cli.forms import TerminalAsker
from cli.house import BAD_INPUT, INTERRUPTED, REFUSED, desk_of
from cli.screen import as_json, complain, now, table
from policy.nomination import MOST_ASKED, Proposal, propose
from policy.people import Actor
from policy.tasks import TaskState
from records import queries
from records.rows import TaskRow
from wiring.sending import ActionError
from wiring.settings import Settings
from wiring.world import World, open_world
from workflows.inspection import words

MANY = 10_000  # more open tasks than one person or one case ever has

Fits = Callable[[TaskRow, Actor], bool]

FITS: dict[str, Fits] = {
    "claim_task": lambda task, who: not task.owner and task.asked in ("", who.id) and who.has(*task.roles),
    "release_task": lambda task, who: who.id in (task.owner, task.asked),
    "delegate_task": lambda task, who: task.owner == who.id,
    "return_task": lambda task, who: task.owner == who.id and bool(task.delegated_by),
    "suspend_task": lambda task, _: task.state is not TaskState.SUSPENDED,
    "resume_task": lambda task, _: task.state is TaskState.SUSPENDED,
    "nominate_task": lambda task, _: not task.owner,
}


async def operate(
    settings: Settings,
    signal: str,
    case: str,
    task: str,
    fields: Mapping[str, Any],
    *,
    actor: str,
    done: str,
    json: bool,
) -> int:
    """Does something to the task that is meant; prints the case's answer. The fields name people by their ids."""
    world, who = open_world(settings), person(settings, actor)
    given = {name: with_people(settings, name, value) for name, value in fields.items()}
    row = find_task(world, case, task, who, FITS.get(signal, lambda *_: True))
    receipt = await send(settings, world, row.case_number, signal, {"task_id": row.task_id, **given}, actor=actor)
    return answer(receipt, place(row), json=json, done=f"{place(row)} {done}")


def with_people(settings: Settings, name: str, value: Any) -> Any:  # noqa: ANN401 - a field of an action
    """A field with the people in the place of their ids. Raises ActionError."""
    if name == "to":
        return person(settings, value)
    return [{"person": person(settings, one)} for one in value] if name == "nominees" else value


def find_task(world: World, case: str, task: str, who: Actor, fits: Fits) -> TaskRow:
    """The open task of a case that is meant. Raises ActionError, listing those that are open."""
    number = queries.find_number(world.records, case)
    if number is None:
        raise ActionError(no_case(case))
    rows = queries.tasks(world.records, case_number=number, limit=MANY)
    return choose(rows, number, task, lambda row: fits(row, who))


def choose(rows: Sequence[TaskRow], number: str, task: str, fits: Callable[[TaskRow], bool]) -> TaskRow:
    """The task of an id; without one the only task that fits, or the only one there is. Raises ActionError."""
    named = [row for row in rows if row.task_id == task.upper()]
    fitting = [row for row in rows if fits(row)]
    found = named if task else fitting if len(fitting) == 1 else rows
    if len(found) == 1:
        return found[0]
    if not rows:
        raise ActionError(f"{number} has no open task. Look at it with: second-opinion show {number}")
    wrong = f"{task} is no open task of {number}." if task else f"{number} has several open tasks; say which."
    raise ActionError("\n".join((f"{wrong} Open now:", *map(_in_short, rows))))


def _in_short(row: TaskRow) -> str:
    return f"  {row.task_id}  {row.title} ({row.owner or ' or '.join(words(role) for role in row.roles)})"


def place(row: TaskRow) -> str:
    """A task as it is named to people: ``T2 of SO-2026-000001``."""
    return f"{row.task_id} of {row.case_number}"


async def nominate(settings: Settings, case: str, task: str, *, actor: str, reason: str, yes: bool, json: bool) -> int:
    """Shows whom the panel would ask, in which order and why, and who is passed over; asks them once that is agreed."""
    world, who = open_world(settings), person(settings, actor)
    row = find_task(world, case, task, who, FITS["nominate_task"])
    found, revision = await _proposed(settings, world, row)
    if json and not yes:
        as_json(found)
    elif not json:
        _show(found, row)
    stopped = _is_stopped(found, row, yes=yes, asks=at_a_terminal() and not json)
    if stopped is not None:
        return stopped
    fields = {"task_id": row.task_id, "nominees": found.nominees, "reason": reason, "revision": revision}
    receipt = await send(settings, world, row.case_number, "nominate_task", fields, actor=actor)
    return answer(receipt, place(row), json=json, done=f"{found.nominees[0].person.id} is asked for {place(row)}.")


async def _proposed(settings: Settings, world: World, row: TaskRow) -> tuple[Proposal, int]:
    """Who is to be asked, and the revision of the task for which that was found."""
    desk = await desk_of(settings, world)
    case = await desk.case(row.case_number)
    task = case.task_with(row.task_id)
    if task is None:
        raise ActionError(f"{place(row)} is no longer open. Look at it with: second-opinion show {row.case_number}")
    found = propose(case, task, world.panel.members(), now())
    return found.model_copy(update={"nominees": found.nominees[:MOST_ASKED]}), task.revision


def _show(found: Proposal, row: TaskRow) -> None:
    title = f"Who would be asked for {place(row)}, in this order"
    asked = ((str(n), one.person.id, escape(one.reason)) for n, one in enumerate(found.nominees, 1))
    table(title, ("#", "who", "why"), asked, empty=f"Nobody on the panel can be asked for {place(row)}.")
    if found.passed_over:
        passed = ((one.person, escape(one.reason)) for one in found.passed_over)
        table("Passed over", ("who", "why"), passed, empty="")


def _is_stopped(found: Proposal, row: TaskRow, *, yes: bool, asks: bool) -> int | None:
    """The exit code when nobody is to be asked, or nobody has agreed to it."""
    if not found.nominees:
        complain(f"Nobody can be asked for {place(row)}. A supervisor can assign it, or it can be escalated.")
        return REFUSED
    if yes or (asks and agrees(TerminalAsker(), "Ask them, in this order?", default=False)):
        return None
    complain("Nothing was sent." if asks else "Nothing was sent. Ask these people with --yes, or others with --to.")
    return INTERRUPTED if asks else BAD_INPUT
