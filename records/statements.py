"""The statements of the write side. Each is made once, so that SQLAlchemy compiles it once."""

from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Executable, Integer, bindparam, case, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from policy.lifecycle import Stage
from policy.tasks import TaskState
from policy.timeframes import ClockState
from records.tables import ABSENCES, CASE_FACTS, CASES, CLOCKS, INTAKE, REFUSALS, TABLES, TASKS

INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

CASE: BindParameter[str] = bindparam("case")

# The lines that a door writes, of what came when the case was closed and its story over. The story counts its own lines
# from 1 and may be told again, by a reset of its workflow: so high up they never take a number of its own.
FIRST_LATE = 1_000_001

STORED = select(CASES.c.revision).where(CASES.c.number == CASE).with_for_update()
LATE = (REFUSALS.c.case_number == CASE, REFUSALS.c.seq >= FIRST_LATE)
SAME_LATE = select(REFUSALS.c.seq).where(
    *LATE, REFUSALS.c.action_id == bindparam("action_id"), REFUSALS.c.digest == bindparam("digest")
)
ONE_MORE_REFUSED = update(CASES).where(CASES.c.number == CASE).values(refused_count=CASES.c.refused_count + 1)
# The story knows how many actions it has refused, and nothing of those that came late.
STANDING = (
    update(CASES)
    .where(CASES.c.number == CASE)
    .values(
        refused_count=bindparam("refused", type_=Integer)
        + select(func.count()).select_from(REFUSALS).where(*LATE).scalar_subquery()
    )
)
# A case that is given up: what its own story may still try to record is older than this, and changes nothing.
GIVEN_UP = (
    update(CASES)
    .where(CASES.c.number == CASE, CASES.c.closed_at.is_(None))
    .values(
        stage=Stage.CLOSED,
        closed_at=bindparam("at"),
        decision_due=None,
        next_due=None,
        next_due_rule="",
        revision=FIRST_LATE,
    )
)
FACT_CLOSED = (
    update(CASE_FACTS).where(CASE_FACTS.c.number == CASE).values(closed_at=bindparam("at"), revision=FIRST_LATE)
)
TASKS_EXITED = (
    update(TASKS)
    .where(TASKS.c.case_number == CASE, TASKS.c.ended_at.is_(None))
    .values(state=TaskState.EXITED, ended_at=bindparam("at"), suspended_until=None, asked="", answer_by=None)
)
CLOCKS_STOPPED = (
    update(CLOCKS)
    .where(CLOCKS.c.case_number == CASE, CLOCKS.c.ended_at.is_(None))
    .values(
        state=case((CLOCKS.c.state == ClockState.BREACHED, CLOCKS.c.state), else_=ClockState.WAIVED),
        ended_at=bindparam("at"),
        cause=case((CLOCKS.c.state == ClockState.BREACHED, CLOCKS.c.cause), else_=bindparam("why")),
    )
)
STARTED = (
    update(INTAKE).where(INTAKE.c.case_number == CASE, INTAKE.c.started_at.is_(None)).values(started_at=bindparam("at"))
)
PRESENT_AGAIN = delete(ABSENCES).where(ABSENCES.c.person == bindparam("of"))


@cache
def inserting(dialect: str, table: str, *, change: bool) -> Executable:
    """Insert rows of a table; a row that is there is changed, or left alone."""
    statement = INSERTS[dialect](TABLES[table])
    if not change:
        left_alone: Executable = statement.on_conflict_do_nothing()
        return left_alone
    key = TABLES[table].primary_key.columns
    values = {c.name: statement.excluded[c.name] for c in TABLES[table].columns if not c.primary_key}
    changed: Executable = statement.on_conflict_do_update(index_elements=list(key), set_=values)
    return changed
