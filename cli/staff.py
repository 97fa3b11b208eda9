"""``second-opinion staff``: who there is, how much each has to do, and who is away."""

from datetime import datetime
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.markup import escape

from cli.acting import person
from cli.house import DONE
from cli.house import staff as read_the_staff
from cli.options import Json
from cli.reassigning import tasks_of
from cli.screen import as_json, console, now, table, tasks_table
from policy.nomination import Absence, StaffMember
from policy.people import Actor
from policy.timeframes import spoken
from wiring.questions import AnswerError, moment
from wiring.settings import read_settings
from wiring.staff import staff_path
from wiring.world import World, open_world
from workflows.inspection import words

MOMENTS = "2026-11-24 09:00 (Los Angeles time), tomorrow 9:00, or in 2 days."

app = App(name="staff")


@app.default
def list_staff(*, json: Json = False) -> int:
    """List the staff: roles, open tasks and how many at most, and until when somebody is away."""
    settings = read_settings()
    read_the_staff(settings)  # says what is wrong with the staff file
    members = open_world(settings).panel.members()
    if json:
        as_json([_as_row(member) for member in members])
        return DONE
    table(
        "Staff",
        ("id", "name", "roles", "specialty", "open tasks", "away"),
        (
            (
                member.actor.id,
                escape(member.actor.name) or "-",
                ", ".join(words(role) for role in member.actor.roles),
                escape(member.actor.specialty) or "-",
                f"{member.load} of {member.capacity}" if member.capacity else str(member.load),
                "\n".join(in_words(absence) for absence in member.absences) or "-",
            )
            for member in members
        ),
        empty=f"Nobody is in {staff_path(settings)} yet.",
    )
    return DONE


@app.command
def away(
    who: str,
    *,
    since: Annotated[str, Parameter(name="--from", help=f"From when: {MOMENTS} Default: now.")] = "",
    until: Annotated[str, Parameter(help=f"Until when: {MOMENTS}")],
    substitute: Annotated[str, Parameter(help="Who stands in: an id of the staff file.")] = "",
) -> int:
    """Say that somebody is away, and who is asked for tasks meanwhile. Shows what the person has to do."""
    settings = read_settings()
    absent = person(settings, who)
    stands_in = person(settings, substitute) if substitute else None
    absence = read_absence(absent, since, until, stands_in, now())
    world = open_world(settings)
    world.panel.set_absence(who, absence)
    console.print(f"[green]{who} is away[/] {in_words(absence)}.", soft_wrap=True)
    _left_behind(world, who, substitute)
    return DONE


@app.command
def back(who: str) -> int:
    """Say that somebody is here again: nothing that was said about being away holds any more."""
    settings = read_settings()
    person(settings, who)
    panel = open_world(settings).panel
    if not any(member.absences for member in panel.members() if member.actor.id == who):
        console.print(f"{who} was not away.")
        return DONE
    panel.clear_absences(who)
    console.print(f"[green]{who} is here again[/] and is asked for tasks as before.", soft_wrap=True)
    return DONE


def read_absence(who: Actor, since: str, until: str, substitute: Actor | None, at: datetime) -> Absence:
    """An absence as it was typed. Raises AnswerError for one that is over, or that nobody could have."""
    start, end = moment(since, at) if since else at, moment(until, at)
    if end <= start:
        raise AnswerError(f"Until {spoken(end)} is before it begins; give a later time with --until.")
    if end <= at:
        raise AnswerError(f"{spoken(end)} has passed; give a time that lies ahead with --until.")
    if substitute and substitute.id == who.id:
        raise AnswerError(f"{who.id} cannot stand in for {who.id}; name another with --substitute, or nobody.")
    return Absence(since=start, until=end, substitute=substitute.id if substitute else "")


def in_words(absence: Absence) -> str:
    """When somebody is away, and who stands in."""
    begins = f"from {spoken(absence.since)} " if absence.since > now() else ""
    stands_in = f"; {absence.substitute} stands in" if absence.substitute else ""
    return f"{begins}until {spoken(absence.until)}{stands_in}"


def _left_behind(world: World, who: str, substitute: str) -> None:
    rows = tasks_of(world, who)
    tasks_table(rows, f"Tasks of {who}, due soonest first", empty=f"{who} has no open task.")
    if rows:
        to = substitute or "WHO"
        console.print(
            f"Give them to another with: second-opinion tasks reassign --from {who} --to {to} --as SUPERVISOR "
            "--reason REASON",
            soft_wrap=True,
        )


def _as_row(member: StaffMember) -> dict[str, Any]:
    actor, away_now = member.actor, member.absence(now())
    return {
        "id": actor.id,
        "name": actor.name,
        "roles": actor.roles,
        "specialty": actor.specialty,
        "load": member.load,
        "capacity": member.capacity,
        "last_turn": _iso(member.last_turn),
        "away_until": _iso(away_now.until if away_now else None),
        "absences": member.absences,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
