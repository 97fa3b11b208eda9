"""The staff as the one who hands out work sees them: who there is, their open tasks, their last turn, who is away.

Who there is comes from outside (a staff file); how much each has comes from the tasks on record. Every method raises
RecordsError when the records cannot be used.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    Select,
    bindparam,
    func,
    literal,
    select,
    union_all,
)

from policy.eligibility import SpecialtyLikeness, likeness
from policy.nomination import Absence, StaffMember
from policy.people import Actor
from policy.tasks import HumanTask, TaskKind
from records.database import reading, writing
from records.statements import PRESENT_AGAIN, inserting
from records.tables import ABSENCES, TASKS

MOST = 50  # candidates for one task: they travel through the story, and no more than 20 are asked
NEVER = datetime.min.replace(tzinfo=UTC)

PEOPLE: BindParameter[list[str]] = bindparam("people", expanding=True)


def _work(person: ColumnElement[str], turn: ColumnElement[datetime], *, is_open: bool) -> "Select[str, int, datetime]":
    """How many tasks count for each person, and when the latest came or went: in one walk along an index."""
    load = func.count() if is_open else literal(0, Integer)
    ended = TASKS.c.ended_at.is_(None) if is_open else TASKS.c.ended_at.is_not(None)
    return (
        select(person.label("person"), load.label("load"), func.max(turn).label("turn"))
        .where(ended, person.in_(PEOPLE))
        .group_by(person)
    )


WORK = union_all(
    _work(TASKS.c.owner, TASKS.c.opened_at, is_open=True),
    _work(TASKS.c.asked, TASKS.c.opened_at, is_open=True),
    _work(TASKS.c.owner, TASKS.c.ended_at, is_open=False),
    _work(TASKS.c.ended_by, TASKS.c.ended_at, is_open=False),
).subquery()
LOADS = select(WORK.c.person, func.sum(WORK.c.load).label("load"), func.max(WORK.c.turn).label("turn")).group_by(
    WORK.c.person
)
AWAY = select(ABSENCES).where(ABSENCES.c.until >= bindparam("now")).order_by(ABSENCES.c.person, ABSENCES.c.since)


class Load(NamedTuple):
    """What a person has to do, and when the last task was given to or left the person."""

    open_tasks: int = 0
    last_turn: datetime | None = None


Staff = tuple[tuple[Actor, int], ...]
Known = dict[str, tuple[Actor, int]]  # by id


class StaffPanel:
    """The panel of those who can be asked: the given staff, each with how many open tasks at most (0: no limit)."""

    def __init__(self, engine: Engine, staff: Callable[[], Staff], clock: Callable[[], datetime]) -> None:
        """``staff`` is asked each time: whoever is taken on, or off, counts at once."""
        self._engine = engine
        self._given = staff
        self._clock = clock

    def _staff(self) -> Known:
        return {actor.id: (actor, capacity) for actor, capacity in self._given()}

    def members(self) -> tuple[StaffMember, ...]:
        """All the staff, in the order in which they were given, with absences that are not over."""
        staff = self._staff()
        with reading(self._engine) as connection:
            absences = _absences(connection, self._clock())
            return tuple(_seen(connection, staff, staff, absences).values())

    def candidates(self, task: HumanTask) -> tuple[StaffMember, ...]:
        """Those with a role for the task and, for a consultative review, its specialty; and who stands in for them.

        Whose turn it is comes first: the fewest open tasks, then the longest ago, then by id. At most 50.
        """
        staff = self._staff()
        able = [actor.id for actor, _ in staff.values() if _is_wanted(task, actor)]
        with reading(self._engine) as connection:
            absences = _absences(connection, self._clock())
            seen = _seen(connection, staff, _with_substitutes(staff, able, absences), absences)
        in_turn = sorted(able, key=lambda person: _turn(seen[person]))
        people = dict.fromkeys(_with_substitutes(staff, in_turn, absences))
        return tuple(seen[person] for person in islice(people, MOST))

    def set_absence(self, person: str, absence: Absence) -> None:
        """A person is away. One that begins at the same time replaces what was said before."""
        row = {"person": person, **absence.model_dump()}
        with writing(self._engine) as connection:
            connection.execute(inserting(connection.dialect.name, ABSENCES.name, change=True), row)

    def clear_absences(self, person: str) -> None:
        """A person is here: nothing that was said about absences holds any more."""
        with writing(self._engine) as connection:
            connection.execute(PRESENT_AGAIN, {"of": person})


def _with_substitutes(staff: Known, people: Iterable[str], absences: dict[str, list[Absence]]) -> Iterator[str]:
    for person in people:
        yield person
        yield from (a.substitute for a in absences.get(person, ()) if a.substitute in staff)


def _seen(
    connection: Connection, staff: Known, people: Iterable[str], absences: dict[str, list[Absence]]
) -> dict[str, StaffMember]:
    wanted = list(dict.fromkeys(people))
    loads = {row.person: Load(int(row.load), row.turn) for row in connection.execute(LOADS, {"people": wanted})}
    return {who: _member(*staff[who], loads.get(who, Load()), absences.get(who, [])) for who in wanted}


def _member(actor: Actor, capacity: int, load: Load, absences: list[Absence]) -> StaffMember:
    return StaffMember(
        actor=actor,
        load=load.open_tasks,
        capacity=capacity,
        last_turn=load.last_turn,
        absences=tuple(absences),
    )


def _is_wanted(task: HumanTask, actor: Actor) -> bool:
    """A consultative review's note is the specialty that it asks for."""
    if not task.is_for(actor):
        return False
    return (
        task.kind is not TaskKind.CONSULTATIVE_REVIEW or likeness(actor.specialty, task.note) is SpecialtyLikeness.SAME
    )


def _turn(member: StaffMember) -> tuple[int, datetime, str]:
    return member.load, member.last_turn or NEVER, member.actor.id


def _absences(connection: Connection, now: datetime) -> dict[str, list[Absence]]:
    """What is not over, by person, the earliest first."""
    found: dict[str, list[Absence]] = {}
    for row in connection.execute(AWAY, {"now": now}):
        absence = Absence(since=row.since, until=row.until, substitute=row.substitute)
        found.setdefault(row.person, []).append(absence)
    return found
