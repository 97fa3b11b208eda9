"""Many tasks at once: each open task of one person is assigned to another."""

from typing import Any
from uuid import uuid4

from rich.markup import escape

from cli.acting import person
from cli.house import DONE, NOT_AVAILABLE, REFUSED, desk_of
from cli.screen import as_json, complain, console
from cli.tasks import MANY
from policy.people import Actor, Role
from policy.verdict import Value
from records import queries
from records.rows import TaskRow
from wiring.desk import FrontDesk
from wiring.questions import AnswerError
from wiring.sending import ActionError, ActionKept
from wiring.settings import Settings
from wiring.world import World, open_world


class Result(Value):
    """What became of one task: assigned, refused, or (None) kept until somebody answers."""

    case_number: str
    task_id: str
    accepted: bool | None
    reason: str = ""


async def reassign(
    settings: Settings, giver: str, to: str, *, actor: str, role: Role | None, reason: str, json: bool
) -> int:
    """Assigns what one person has or is asked for to another, a line for each, and a summary.

    Where no worker answers the rest is left alone. Raises TemporalError before anything is sent.
    """
    if giver == to:
        raise AnswerError(f"{giver} has these tasks already; name another with --to.")
    who, receiver, world = person(settings, actor), person(settings, to), open_world(settings)
    desk = await desk_of(settings, world)
    rows = tasks_of(world, giver, role)
    results: list[Result] = []
    for row in rows:
        results.append(await _assigned(desk, row, {"actor": who, "to": receiver, "reason": reason}))
        if not json:
            _say(results[-1], row, to)
        if results[-1].accepted is None:
            break
    if json:
        as_json(results)
    else:
        console.print(summary(results, len(rows), giver, to), soft_wrap=True)
    return exit_code_of(results)


def tasks_of(world: World, giver: str, role: Role | None = None) -> list[TaskRow]:
    """What a person has or is asked for, due soonest first."""
    rows = queries.tasks(world.records, person=giver, whose="mine", limit=MANY)
    return [row for row in rows if role is None or role in row.roles]


async def _assigned(desk: FrontDesk, row: TaskRow, fields: dict[str, Actor | str]) -> Result:
    """One task assigned as it was seen in the list: what has changed since is refused."""
    body = {"action_id": str(uuid4()), "task_id": row.task_id, "revision": row.revision, **fields}
    place: dict[str, Any] = {"case_number": row.case_number, "task_id": row.task_id}
    try:
        receipt = await desk.act(row.case_number, "assign_task", body)
    except ActionKept as kept:
        return Result(**place, accepted=None, reason=str(kept))
    except ActionError as trouble:
        return Result(**place, accepted=False, reason=str(trouble))
    why = f"{receipt.reason} ({receipt.clause})" if receipt.clause else receipt.reason
    return Result(**place, accepted=receipt.accepted, reason=why)


def _say(result: Result, row: TaskRow, to: str) -> None:
    name = f"{row.case_number} {row.task_id}"
    if result.accepted:
        console.print(f"[green]{name}[/]  {escape(row.title)}: assigned to {to}", soft_wrap=True)
    else:
        refused = "refused: " if result.accepted is False else ""
        complain(f"{name}  {row.title}: {refused}{result.reason}")


def summary(results: list[Result], count: int, giver: str, to: str) -> str:
    """What became of them all, in a sentence or two."""
    if not count:
        return f"[dim]{giver} has no open task to give.[/]"
    done, refused = (sum(r.accepted is said for r in results) for said in (True, False))
    kept, left = sum(r.accepted is None for r in results), count - len(results)
    parts = [f"{done} of {count} task{'' if count == 1 else 's'} assigned to {to}"]
    parts += [
        f"{number} {what}" for number, what in ((refused, "refused"), (kept, "kept"), (left, "not sent")) if number
    ]
    return f"{'; '.join(parts)}."


def exit_code_of(results: list[Result]) -> int:
    """Whether all were assigned, some were kept, or some were refused."""
    if any(result.accepted is False for result in results):
        return REFUSED
    return NOT_AVAILABLE if any(result.accepted is None for result in results) else DONE
