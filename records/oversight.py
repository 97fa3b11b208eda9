"""What a supervisor counts: how much there is, who has it, which clocks are in danger, what was breached and refused.

Nothing here names a member. Every function raises RecordsError when the records cannot be used.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, case, func, select

from policy.people import Role
from policy.timeframes import ClockState
from policy.verdict import Value
from records.database import reading
from records.rows import ClockRow, RefusalRow
from records.tables import CASES, CLOCKS, KEPT, REFUSALS, TASKS

LATEST = 20
IS_OPEN = TASKS.c.ended_at.is_(None)


class Tally(Value):
    """The numbers of the tiles. ``due_today`` counts what is overdue as well; ``at_risk`` does not."""

    open_cases: int
    open_tasks: int
    due_today: int
    at_risk: int
    overdue: int
    escalated: int
    refused_today: int
    kept: int


class RoleLoad(Value):
    """The open tasks of a group of roles: how many, overdue, and which nobody has."""

    roles: tuple[Role, ...]
    open: int
    overdue: int
    nobodys: int


class PersonLoad(Value):
    """The open tasks that a person has, those of them that are overdue, and those that the person is asked for."""

    person: str
    open: int
    overdue: int
    asked: int


class Oversight(Value):
    """All that the supervisor's page shows of the records, seen at one moment."""

    tally: Tally
    by_role: tuple[RoleLoad, ...]
    by_person: tuple[PersonLoad, ...]
    at_risk: tuple[ClockRow, ...]
    breaches: tuple[ClockRow, ...]
    refusals: tuple[RefusalRow, ...]


def oversight(engine: Engine, now: datetime, *, soon: datetime, today: tuple[datetime, datetime]) -> Oversight:
    """What a supervisor sees ``now``. ``soon``: due before is at risk. ``today``: the day in Los Angeles."""
    with reading(engine) as connection:
        return Oversight(
            tally=_tally(connection, now, soon, today),
            by_role=_by_role(connection, now),
            by_person=_by_person(connection, now),
            at_risk=_clocks(connection, *_endangered(now, soon), order=CLOCKS.c.due_at.asc()),
            breaches=_clocks(connection, CLOCKS.c.state == ClockState.BREACHED, order=CLOCKS.c.due_at.desc()),
            refusals=_refusals(connection),
        )


def _endangered(now: datetime, soon: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        CLOCKS.c.ended_at.is_(None),
        CLOCKS.c.state == ClockState.RUNNING,
        CLOCKS.c.due_at >= now,
        CLOCKS.c.due_at < soon,
    )


def _tally(connection: Connection, now: datetime, soon: datetime, today: tuple[datetime, datetime]) -> Tally:
    due = TASKS.c.next_due
    of_tasks = connection.execute(
        select(
            func.count().label("open_tasks"),
            _how_many(due < today[1]).label("due_today"),
            _how_many((due >= now) & (due < soon)).label("at_risk"),
            _how_many(due < now).label("overdue"),
        ).where(IS_OPEN)
    ).mappings()
    escalated = select(func.count()).select_from(TASKS).where(IS_OPEN, TASKS.c.escalated.is_(True))
    refused = select(func.count()).select_from(REFUSALS).where(REFUSALS.c.at >= today[0], REFUSALS.c.at < today[1])
    return Tally(
        **of_tasks.one(),
        open_cases=_number(connection, select(func.count()).select_from(CASES).where(CASES.c.closed_at.is_(None))),
        escalated=_number(connection, escalated),
        refused_today=_number(connection, refused),
        kept=_number(connection, select(func.count()).select_from(KEPT)),
    )


def _by_role(connection: Connection, now: datetime) -> tuple[RoleLoad, ...]:
    overdue, nobodys = _how_many(TASKS.c.next_due < now), _how_many(TASKS.c.owner == "")
    grouped = select(TASKS.c.roles, func.count(), overdue, nobodys).where(IS_OPEN).group_by(TASKS.c.roles)
    rows = connection.execute(grouped.order_by(func.count().desc(), TASKS.c.roles))
    return tuple(RoleLoad(roles=roles, open=count, overdue=late, nobodys=free) for roles, count, late, free in rows)


def _by_person(connection: Connection, now: datetime) -> tuple[PersonLoad, ...]:
    """Two walks, each along an index of its own: what people have, and what they are asked for."""
    owner, asked = TASKS.c.owner, TASKS.c.asked
    had = select(owner, func.count(), _how_many(TASKS.c.next_due < now)).where(IS_OPEN, owner != "").group_by(owner)
    of_asked = select(asked, func.count()).where(IS_OPEN, asked != "").group_by(asked)
    have = {person: (count, late) for person, count, late in connection.execute(had)}
    asks = {row.asked: int(row[1]) for row in connection.execute(of_asked)}
    loads = (
        PersonLoad(
            person=person,
            open=have.get(person, (0, 0))[0],
            overdue=have.get(person, (0, 0))[1],
            asked=asks.get(person, 0),
        )
        for person in have.keys() | asks.keys()
    )
    return tuple(sorted(loads, key=lambda load: (-load.open, -load.asked, load.person)))


def _clocks(connection: Connection, *wanted: ColumnElement[bool], order: Any) -> tuple[ClockRow, ...]:  # noqa: ANN401
    listed = select(CLOCKS).where(*wanted).order_by(order, CLOCKS.c.case_number).limit(LATEST)
    return tuple(ClockRow.model_validate(dict(row)) for row in connection.execute(listed).mappings())


def _refusals(connection: Connection) -> tuple[RefusalRow, ...]:
    newest: Iterable[Any] = (REFUSALS.c[name].desc() for name in ("at", "case_number", "seq"))
    rows = connection.execute(select(REFUSALS).order_by(*newest).limit(LATEST)).mappings()
    return tuple(RefusalRow.model_validate(dict(row)) for row in rows)


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _number(connection: Connection, counted: Select[Any]) -> int:
    return int(connection.execute(counted).scalar_one())
