"""``second-opinion tasks``: what waits for people, as lists that can be watched; and many tasks given at once."""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from types import FrameType
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter
from sqlalchemy import Engine

from cli.options import DONE, Count, Flag, Json, Reason, To, Who, records
from cli.screen import as_json, console, json_line, now, tasks_table
from policy.committee.time import Lateness
from policy.people import Actor, Role
from policy.tasks import IN_CHARGE
from records import committees, queries
from records.rows import TaskRow
from wiring.questions import AnswerError
from wiring.settings import read_settings
from wiring.staff import read_staff, staff_path
from workflows.inspection import words

EVERY = 2.0  # seconds between two looks

Whose = Literal["mine", "group", "all"]
Lists = dict[Whose, list[TaskRow]]

app = App(name="tasks")


@dataclass(frozen=True)
class Wanted:
    """Which tasks are asked for."""

    person: Actor | None
    whose: tuple[Whose, ...]
    role: Role | None
    owner: str | None
    case: str | None
    escalated: bool
    limit: int


@app.default
def list_tasks(
    *,
    actor: Annotated[
        str | None, Parameter(name=["--as", "--actor"], help="Whose list: an id of the staff file.")
    ] = None,
    mine: Annotated[bool, Flag] = False,
    group: Annotated[bool, Flag] = False,
    all: Annotated[bool, Flag] = False,  # noqa: A002 - the word a person types
    role: Role | None = None,
    owner: str | None = None,
    case: str | None = None,
    escalated: Annotated[bool, Flag] = False,
    limit: Count = 50,
    watch: Annotated[bool, Flag] = False,
    json: Json = False,
) -> int:
    """List what waits for people, due soonest first. With --as: what is yours, then what waits for your group.

    Parameters
    ----------
    mine
        Only what the person has, or is asked for.
    group
        Only what nobody has, and the person may do.
    all
        Everybody's.
    role
        Only what people of that role may do.
    owner
        Only what that person has claimed.
    case
        Only of that case: its number, or the external reference of its request.
    escalated
        Only what is before the supervisor.
    watch
        Look again every two seconds until Ctrl-C, and print what has changed.
    """
    engine, person = records(), _person(actor) if actor else None
    number = (queries.find_number(engine, case) or case) if case else None
    whose = chosen(person, mine=mine, group=group, everybodys=all)
    wanted = Wanted(person, whose, role, owner, number, escalated, limit)
    if watch:
        return keep_watching(lambda: look(engine, wanted), lambda lists: _text(lists, wanted, json=json), _stopping())
    lists = look(engine, wanted)
    as_json(plain(lists)) if json else _print(lists, wanted)
    if person and not json and "mine" in whose:
        _say_what_committees_decided(engine, person.id)
    return DONE


@app.command
async def reassign(
    *,
    giver: Annotated[str, Parameter(name="--from", help="Whose tasks: an id.")],
    to: To,
    actor: Who,
    reason: Reason,
    role: Annotated[Role | None, Parameter(help="Only those for that role.")] = None,
    json: Json = False,
) -> int:
    """Assign each open task of one person to another. For supervisors; exit code 1 when one was refused."""
    from cli.reassigning import reassign as reassigned

    return await reassigned(read_settings(), giver, to, actor=actor, role=role, reason=reason, json=json)


def _person(actor: str) -> Actor:
    """A member of the staff. Raises SettingsError or ActionError."""
    staff = read_staff(staff_path(read_settings()))
    if actor in staff:
        return staff[actor].actor
    from cli.acting import person  # takes longer to import than everything else here

    return person(read_settings(), actor)


def chosen(person: Actor | None, *, mine: bool, group: bool, everybodys: bool) -> tuple[Whose, ...]:
    """The lists that are asked for. Raises AnswerError."""
    asked: dict[Whose, bool] = {"mine": mine, "group": group, "all": everybodys}
    whose = tuple(name for name, wanted in asked.items() if wanted)
    if len(whose) > 1:
        raise AnswerError("Choose one of --mine, --group and --all.")
    if person is None and whose in (("mine",), ("group",)):
        raise AnswerError(f"Whose? Add --as WHO to --{whose[0]}.")
    return whose or (("mine", "group") if person else ("all",))


def look(engine: Engine, wanted: Wanted) -> Lists:
    """The lists as they are now, each by due time."""
    return {whose: _list(engine, wanted, whose) for whose in wanted.whose}


def _list(engine: Engine, wanted: Wanted, whose: Whose) -> list[TaskRow]:
    common: dict[str, Any] = {
        "owner": wanted.owner,
        "case_number": wanted.case,
        "escalated_only": wanted.escalated,
        "limit": wanted.limit,
    }
    person, role = wanted.person, wanted.role
    if person is None or whose == "all":
        return queries.tasks(engine, roles=[role] if role else None, **common)
    roles = [one for one in person.roles if role in (None, one)]
    rows = queries.tasks(engine, person=person.id, roles=roles, whose=whose, **common)
    beside = "mine" in wanted.whose  # what one is asked for waits for the group as well, and is not shown twice
    return [
        row
        for row in rows
        if (role is None or role in row.roles) and not (whose == "group" and beside and row.asked == person.id)
    ]


def plain(lists: Lists) -> list[TaskRow] | Lists:
    """As programs get it: one list as a list, several by name."""
    return next(iter(lists.values())) if len(lists) == 1 else lists


def _print(lists: Lists, wanted: Wanted) -> None:
    for whose, rows in lists.items():
        title, empty = heading(whose, wanted.person, claimable=bool(lists.get("group")))
        tasks_table(rows, f"{title}, due soonest first", empty=empty)


def _say_what_committees_decided(engine: Engine, person: str) -> None:
    """That is a list of its own, because it belongs to reports and not to cases: here stands that there is some."""
    rows = committees.work(engine, owner=person)
    if not rows:
        return
    late = [row.lateness(now()) for row in rows]
    marks = [f"{late.count(mark)} {mark}" for mark in (Lateness.OVERDUE, Lateness.SOON) if mark in late]
    decided = f"{len(rows)} of what committees decided {'is' if len(rows) == 1 else 'are'} {person}'s"
    said = ", ".join([decided, *marks])
    console.print(f"{said}: second-opinion committee work --owner {person}", soft_wrap=True)


def heading(whose: Whose, person: Actor | None, *, claimable: bool) -> tuple[str, str]:
    """The title of a list, and the sentence that stands there when it is empty."""
    if person is None or whose == "all":
        return "Tasks", "Nothing waits for anybody."
    roles = " or ".join(words(role) for role in person.roles)
    if whose == "mine":
        claim = f" Take one with: second-opinion task claim CASE TASK --as {person.id}" if claimable else ""
        return f"Tasks of {person.id}", f"{person.id} has no task.{claim}"
    escalated = " What is escalated: second-opinion tasks --escalated" if person.has(*IN_CHARGE) else ""
    return f"Tasks that wait for the group ({roles})", f"Nothing waits for the group ({roles}).{escalated}"


def keep_watching(look: Callable[[], Lists], text: Callable[[Lists], str], stopped: Event, every: float = EVERY) -> int:
    """Looks again and again until it is stopped, and prints what there is when it has changed.

    A terminal is drawn anew also when only the words differ: a task has become overdue.
    """
    seen: Lists | None = None
    printed = ""
    while not stopped.is_set():
        lists = look()
        drawn = text(lists)
        if drawn != printed and (console.is_terminal or lists != seen) and not _put(drawn):
            break
        seen, printed = lists, drawn
        stopped.wait(every)
    return DONE


def _put(drawn: str) -> bool:
    """Whether somebody still reads it."""
    try:
        console.clear()  # does nothing where there is no terminal
        sys.stdout.write(drawn)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left in the buffer goes nowhere
        return False
    return True


def _text(lists: Lists, wanted: Wanted, *, json: bool) -> str:
    if json:
        return json_line(plain(lists))
    with console.capture() as captured:
        _print(lists, wanted)
        console.print("[dim]Watching; Ctrl-C ends it.[/]" if console.is_terminal else "")
    return captured.get()


def _stopping() -> Event:
    """Set by Ctrl-C or SIGTERM; a second one interrupts as usual."""
    stopped = Event()

    def stop(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.default_int_handler)
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return stopped
