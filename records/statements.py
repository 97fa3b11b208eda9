"""The statements of the write side. Each is made once, so that SQLAlchemy compiles it once."""

from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Executable, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from records.tables import CASES, INTAKE, TABLES, TASKS

INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

CASE: BindParameter[str] = bindparam("case")

STORED = select(CASES.c.revision, CASES.c.next_due).where(CASES.c.number == CASE).with_for_update()
STANDING = update(CASES).where(CASES.c.number == CASE)
STARTED = (
    update(INTAKE).where(INTAKE.c.case_number == CASE, INTAKE.c.started_at.is_(None)).values(started_at=bindparam("at"))
)
OPEN_TASKS_DUE = (
    update(TASKS).where(TASKS.c.case_number == CASE, TASKS.c.ended_at.is_(None)).values(next_due=bindparam("due"))
)


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
