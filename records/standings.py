"""Where every case stands by the records, as far as Temporal must agree with it. Every function raises RecordsError.

Besides cases: delegates' decisions, and reports before the committees.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Table, func, literal, null, select

from policy.tasks import TaskKind
from policy.verdict import Value
from records.database import reading
from records.statements import FIRST_LATE
from records.tables import (
    CASES,
    COMMITTEE_LINES,
    COMMITTEE_REPORTS,
    DELEGATED_CASES,
    DELEGATED_LINES,
    INTAKE,
    LEDGER,
    NOTICES,
    TASKS,
)

AT_ONCE = 1000  # cases in one question
KINDS = (CASES, DELEGATED_CASES, COMMITTEE_REPORTS)
LINES = (
    (LEDGER, LEDGER.c.case_number),
    (DELEGATED_LINES, DELEGATED_LINES.c.number),
    (COMMITTEE_LINES, COMMITTEE_LINES.c.number),
)


class Standing(Value):
    """A case by the records: whether it is open, where, and up to which line of its ledger. 0: none was recorded."""

    number: str
    is_open: bool
    revision: int
    stage: str = ""


class Told(Value):
    """One line of a ledger, as far as a story can be held against it."""

    at: datetime
    event: str


def open_standings(engine: Engine) -> Iterator[Standing]:
    """Every case, delegate's decision and report that has begun and is open, in portions that fit any memory."""
    yield from _all(engine, CASES, CASES.c.number, CASES.c.closed_at.is_(None))
    unrecorded = (
        INTAKE.c.started_at.is_not(None) & ~select(CASES).where(CASES.c.number == INTAKE.c.case_number).exists()
    )
    yield from _all(engine, INTAKE, INTAKE.c.case_number, unrecorded)
    begun = DELEGATED_CASES.c.started_at.is_not(None) & DELEGATED_CASES.c.closed_at.is_(None)
    yield from _all(engine, DELEGATED_CASES, DELEGATED_CASES.c.number, begun)
    yield from _all(engine, COMMITTEE_REPORTS, COMMITTEE_REPORTS.c.number, COMMITTEE_REPORTS.c.closed_at.is_(None))


def count_open(engine: Engine) -> int:
    """About how many ``open_standings`` gives: to say how far one has come."""
    with reading(engine) as connection:
        counts = (select(func.count()).select_from(table).where(table.c.closed_at.is_(None)) for table in KINDS)
        return sum(int(connection.execute(count).scalar_one()) for count in counts)


def standing_of(engine: Engine, number: str) -> Standing | None:
    """One case; None where the records know nothing of it, or it was never started."""
    with reading(engine) as connection:
        for table in KINDS:
            found = connection.execute(_columns(table, table.c.number).where(table.c.number == number)).first()
            if found:
                return _standing(*found)
        begun = select(INTAKE.c.case_number).where(INTAKE.c.case_number == number, INTAKE.c.started_at.is_not(None))
        return Standing(number=number, is_open=True, revision=0) if connection.execute(begun).first() else None


def told(engine: Engine, number: str, first: int) -> dict[int, Told]:
    """The lines that the ledger has of a case's own story, from ``first`` on, by number."""
    found: dict[int, Told] = {}
    with reading(engine) as connection:
        for table, key in LINES:
            lines = select(table.c.seq, table.c.at, table.c.event).where(
                key == number, table.c.seq >= first, table.c.seq < FIRST_LATE
            )
            found |= {row.seq: Told(at=row.at, event=row.event) for row in connection.execute(lines)}
    return found


def letters_left(engine: Engine, number: str) -> int:
    """How many letters of a case have left."""
    left = select(func.count()).where(NOTICES.c.case_number == number, NOTICES.c.sent_at.is_not(None))
    with reading(engine) as connection:
        return int(connection.execute(left).scalar_one())


def is_taken_up(engine: Engine, number: str) -> bool:
    """Whether the case that a third opinion belongs to knows that it has ended: a task of it, or it waits no more."""
    waits = select(CASES.c.stage).where(CASES.c.number == number, CASES.c.stage == "third_opinion")
    task = select(TASKS.c.task_id).where(
        TASKS.c.case_number == number, TASKS.c.kind == TaskKind.THIRD_OPINION_LOST, TASKS.c.ended_at.is_(None)
    )
    with reading(engine) as connection:
        return connection.execute(waits).first() is None or connection.execute(task).first() is not None


def _all(engine: Engine, table: Table, key: Any, chosen: ColumnElement[bool]) -> Iterator[Standing]:  # noqa: ANN401
    after = ""
    while True:
        asked = _columns(table, key).where(chosen, key > after).order_by(key).limit(AT_ONCE)
        with reading(engine) as connection:
            some = [_standing(*row) for row in connection.execute(asked)]
        yield from some
        if len(some) < AT_ONCE:
            return
        after = some[-1].number


def _columns(table: Table, key: Any) -> Any:  # noqa: ANN401 - a column; SQLAlchemy's select
    if table is INTAKE:
        return select(key, literal(0), null(), literal(""))
    state = table.c.stage if table is CASES else table.c.state
    return select(key, table.c.revision, table.c.closed_at, state)


def _standing(number: str, revision: int, closed_at: datetime | None, stage: object) -> Standing:
    return Standing(number=number, is_open=closed_at is None, revision=int(revision), stage=str(stage or ""))
