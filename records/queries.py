"""The read side: worklists, lists of cases, and one case with all that is known of it. Nothing here writes.

Every function raises RecordsError when the records cannot be used.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, and_, func, or_, select

from policy.lifecycle import Outcome, Stage
from policy.people import Role
from policy.request import LineOfBusiness
from policy.tasks import TaskState
from policy.verdict import Value
from records.database import reading
from records.rows import CaseFile, CaseRow, ClockRow, DocumentRow, LedgerRow, NoticeRow, RefusalRow, TaskRow
from records.tables import CASES, CLOCKS, DOCUMENTS, INTAKE, LEDGER, NOTICES, ORDER, REFUSALS, TASKS

R = TypeVar("R", bound=Value)
Conditions = Iterator[ColumnElement[bool]]

NAMES = ("member_family", "member_given", "filing_path")  # the packet's file is named after the member
TASK_COLUMNS = (
    *(column for column in TASKS.c if column.name != "due_rule"),
    TASKS.c.due_rule.label("next_due_rule"),
    CASES.c.priority.label("case_priority"),
    *(CASES.c[name] for name in ("line", "specialty", "stage")),
)


def cases(
    engine: Engine,
    *,
    stage: Stage | None = None,
    outcome: Outcome | None = None,
    line: LineOfBusiness | None = None,
    open_only: bool = False,
    overdue_at: datetime | None = None,
    limit: int = 50,
    offset: int = 0,
    with_names: bool = False,
) -> list[CaseRow]:
    """Cases, due soonest first, then by receipt. ``overdue_at`` keeps the open ones with a clock that ended before.

    Members' names are left out unless ``with_names``.
    """
    columns = (column for column in CASES.c if with_names or column.name not in NAMES)
    chosen = select(*columns).where(*_cases_with(stage, outcome, line, open_only=open_only, overdue_at=overdue_at))
    listed = chosen.order_by(CASES.c.next_due.nulls_last(), CASES.c.received_at, CASES.c.number)
    with reading(engine) as connection:
        return _rows(connection, listed.limit(limit).offset(offset), CaseRow)


def count_cases(
    engine: Engine,
    *,
    stage: Stage | None = None,
    outcome: Outcome | None = None,
    line: LineOfBusiness | None = None,
    open_only: bool = False,
    overdue_at: datetime | None = None,
) -> int:
    """How many cases ``cases`` would find without a limit."""
    chosen = _cases_with(stage, outcome, line, open_only=open_only, overdue_at=overdue_at)
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(CASES).where(*chosen)).scalar_one()


def tasks(
    engine: Engine,
    *,
    roles: Iterable[Role] | None = None,
    owner: str | None = None,
    case_number: str | None = None,
    person: str | None = None,
    whose: Literal["mine", "group"] | None = None,
    open_only: bool = True,
    include_suspended: bool = True,
    escalated_only: bool = False,
    due_before: datetime | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[TaskRow]:
    """A worklist: tasks that one of ``roles`` may do, or that ``owner`` has, due soonest first, then by priority.

    With a ``person`` (a staff id) it is that person's: what the person has or is asked for ("mine"), and of what one of
    ``roles`` may do what nobody has, unless another is asked for it ("group"); ``whose`` chooses one of the two. No
    member is named.
    """
    some = (
        (TASKS.c.owner, owner),
        (TASKS.c.case_number, case_number),
        (TASKS.c.escalated, True if escalated_only else None),
    )
    chosen = _tasks().where(
        *(column == value for column, value in some if value is not None),
        *_for(roles, person, whose),
        *_waiting(open_only=open_only, include_suspended=include_suspended, due_before=due_before),
    )
    listed = chosen.order_by(TASKS.c.next_due.nulls_last(), *(TASKS.c[name] for name in ORDER[1:]))
    with reading(engine) as connection:
        return _rows(connection, listed.limit(limit).offset(offset), TaskRow)


def case(engine: Engine, number: str) -> CaseFile | None:
    """All that the records hold of one case, the member's name included; None for a number without a case."""
    tasks_of = _tasks().where(TASKS.c.case_number == number).order_by(TASKS.c.opened_at, TASKS.c.task_id)
    with reading(engine) as connection:
        found = _rows(connection, select(CASES).where(CASES.c.number == number), CaseRow)
        if not found:
            return None
        return CaseFile(
            case=found[0],
            tasks=tuple(_rows(connection, tasks_of, TaskRow)),
            clocks=_of(connection, CLOCKS, number, ClockRow, "anchored_at", "due_at", "clock_id"),
            notices=_of(connection, NOTICES, number, NoticeRow, "planned_at", "key"),
            documents=_of(connection, DOCUMENTS, number, DocumentRow, "name", "sha256"),
            ledger=_of(connection, LEDGER, number, LedgerRow, "seq"),
            refusals=_of(connection, REFUSALS, number, RefusalRow, "seq"),
        )


def refusals(engine: Engine, case_number: str | None = None, *, limit: int = 50, offset: int = 0) -> list[RefusalRow]:
    """What was refused in a case, or in all of them, newest first."""
    chosen = select(REFUSALS) if case_number is None else select(REFUSALS).where(REFUSALS.c.case_number == case_number)
    newest = (REFUSALS.c[name].desc() for name in ("at", "case_number", "seq"))
    with reading(engine) as connection:
        return _rows(connection, chosen.order_by(*newest).limit(limit).offset(offset), RefusalRow)


def find_number(engine: Engine, text: str) -> str | None:
    """The case number that a case number or an external reference stands for; None for neither."""
    wanted = text.strip()
    candidates = (
        (INTAKE.c.case_number, INTAKE.c.case_number.in_((wanted, wanted.upper()))),
        (CASES.c.number, CASES.c.number.in_((wanted, wanted.upper()))),
        (INTAKE.c.case_number, INTAKE.c.external_reference == wanted),
        (CASES.c.number, CASES.c.external_reference == wanted),
    )
    with reading(engine) as connection:
        found = (connection.execute(select(number).where(fits).limit(1)).scalar() for number, fits in candidates)
        return next((number for number in found if number), None)


def _cases_with(
    stage: Stage | None,
    outcome: Outcome | None,
    line: LineOfBusiness | None,
    *,
    open_only: bool,
    overdue_at: datetime | None,
) -> Conditions:
    for column, value in ((CASES.c.stage, stage), (CASES.c.outcome, outcome), (CASES.c.line, line)):
        if value is not None:
            yield column == value
    if overdue_at is not None:
        yield CASES.c.next_due < overdue_at
    if open_only or overdue_at is not None:
        yield CASES.c.closed_at.is_(None)


def _for(roles: Iterable[Role] | None, person: str | None, whose: Literal["mine", "group"] | None) -> Conditions:
    """Whom the tasks are for: the roles, or the person with the roles."""
    with_roles = or_(False, *(TASKS.c.roles.contains(f",{role},", autoescape=True) for role in roles or ()))
    if person is None:
        if roles is not None:
            yield with_roles
        return
    mine = or_(TASKS.c.owner == person, TASKS.c.asked == person)
    group = and_(TASKS.c.owner == "", TASKS.c.asked.in_(("", person)), with_roles)
    yield {"mine": mine, "group": group, None: or_(mine, group)}[whose]


def _waiting(*, open_only: bool, include_suspended: bool, due_before: datetime | None) -> Conditions:
    if open_only:
        yield TASKS.c.ended_at.is_(None)
    if not include_suspended:
        yield TASKS.c.state != TaskState.SUSPENDED
    if due_before is not None:
        yield TASKS.c.next_due < due_before


def _tasks() -> Select[Any]:
    return select(*TASK_COLUMNS).join(CASES, CASES.c.number == TASKS.c.case_number)


def _of(connection: Connection, table: Table, number: str, kind: type[R], *order: str) -> tuple[R, ...]:
    statement = select(table).where(table.c.case_number == number).order_by(*(table.c[name] for name in order))
    return tuple(_rows(connection, statement, kind))


def _rows(connection: Connection, statement: Select[Any], kind: type[R]) -> list[R]:
    return [kind.model_validate(dict(row)) for row in connection.execute(statement).mappings()]
