"""The worklists of the portal: a page of tasks and how many there are, what the tabs count, a page of cases.

Every function asks the records a fixed number of times, however many rows there are, and raises RecordsError when they
cannot be used. What a supervisor counts stands in ``oversight``.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any, Self, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, and_, exists, func, or_, select, true

from policy.attention import URGENT_PRIORITIES, Attention
from policy.edition import EDITIONS
from policy.eligibility import SpecialtyLikeness, likeness
from policy.lifecycle import Outcome, Stage
from policy.people import Role
from policy.request import LineOfBusiness, Priority
from policy.search import folded, is_called
from policy.tasks import IN_CHARGE, MOST_URGENT, TaskKind, TaskState
from policy.timeframes import ClockState
from policy.verdict import Value
from records.database import reading
from records.queries import NAMES, TASK_COLUMNS
from records.rows import CaseRow, TaskRow
from records.tables import CASES, CLOCKS, ORDER, TASKS, TROUBLES
from records.troubletables import TroubleKind

PAGE = 50
LAST_WARNING = len(EDITIONS[-1].parameters.warn_at)  # of every edition, a test holds
MOST_FOUND = 500  # members of a name; who finds more types more of the name

R = TypeVar("R", bound=Value)
Conditions = Iterator[ColumnElement[bool]]
IS_OPEN = TASKS.c.ended_at.is_(None)


class Whose(StrEnum):
    """The tabs of the worklist."""

    MINE = "mine"
    GROUP = "group"
    ALL = "all"


class Viewer(Value):
    """Who looks at a worklist: the account, its roles, and a consultant's specialty."""

    person: str
    roles: tuple[Role, ...]
    specialty: str = ""


class TaskFilter(Value):
    """What of a worklist is shown; what is not given chooses nothing. ``text``: a case number or an own reference."""

    line: LineOfBusiness | None = None
    kind: TaskKind | None = None
    priority: Priority | None = None
    role: Role | None = None
    due_from: datetime | None = None
    due_before: datetime | None = None
    escalated_only: bool = False
    with_suspended: bool = True
    text: str = ""


class CaseFilter(Value):
    """Which cases are shown. ``overdue_at`` keeps the open ones with a clock that ended before.

    ``due_before`` keeps those whose next obligation is due before. ``ppg`` is the name of a physician organization, as
    the request has it; ``stuck`` keeps those whose workflow fails.
    """

    stage: Stage | None = None
    outcome: Outcome | None = None
    line: LineOfBusiness | None = None
    is_open: bool | None = None
    overdue_at: datetime | None = None
    due_before: datetime | None = None
    attention: Attention | None = None
    stuck: bool = False
    ppg: str = ""
    text: str = ""

    def and_also(self, other: Self) -> Self:
        """This filter, and what the other one says besides; where both speak of the same, the other one counts."""
        said = {name: getattr(other, name) for name in type(self).model_fields}
        silent = type(self)()
        return self.model_copy(update={name: v for name, v in said.items() if v != getattr(silent, name)})


class TaskPage(Value):
    """A page of a worklist, and how many tasks are on all of its pages; ``counts`` are the tabs', unfiltered."""

    rows: tuple[TaskRow, ...]
    total: int
    counts: dict[Whose, int]


class CasePage(Value):
    """A page of cases, and how many are on all pages."""

    rows: tuple[CaseRow, ...]
    total: int


def worklist(
    engine: Engine, viewer: Viewer, whose: Whose, chosen: TaskFilter, *, tabs: Iterable[Whose] = Whose, offset: int = 0
) -> TaskPage:
    """A page of the tasks of a tab, due soonest first, then by priority; and the counts of the given tabs."""
    with reading(engine) as connection:
        like = _like(connection, viewer)
        counts = {tab: _count(connection, IS_OPEN, *_of(viewer, tab, like)) for tab in tabs}
        wanted = (IS_OPEN, *_of(viewer, whose, like), *_tasks_with(chosen))
        is_all = whose in counts and chosen == TaskFilter()
        total = counts[whose] if is_all else _count(connection, *wanted, of_cases=_asks_about_cases(chosen))
        rows = _task_rows(connection, wanted, offset) if total > offset else ()
    return TaskPage(rows=rows, total=total, counts=counts)


def cases(
    engine: Engine, chosen: CaseFilter, *, with_names: bool = False, offset: int = 0, limit: int = PAGE
) -> CasePage:
    """A page of cases, due soonest first, then by receipt. Names are left out unless ``with_names``."""
    with reading(engine) as connection:
        return _case_page(connection, tuple(_cases_with(chosen)), offset, with_names=with_names, limit=limit)


def cases_of_member(engine: Engine, name: str, *, offset: int = 0) -> CasePage:
    """The cases of members in whose name each word of ``name`` begins a word, whatever its case and accents.

    The names are read one by one: no database folds a name as people do. At most 500 cases are found.
    """
    every = select(CASES.c.number, CASES.c.member_given, CASES.c.member_family).order_by(CASES.c.received_at.desc())
    with reading(engine) as connection:
        rows = connection.execute(every) if folded(name).split() else ()
        numbers = [row.number for row in rows if is_called(f"{row.member_given} {row.member_family}", name)]
        return _case_page(connection, (CASES.c.number.in_(numbers[:MOST_FOUND]),), offset, with_names=True)


def _of(viewer: Viewer, whose: Whose, like: tuple[str, ...]) -> Conditions:
    """Whose tasks. What is escalated is the group's of those who are in charge, too."""
    match whose:
        case Whose.MINE:
            yield or_(TASKS.c.owner == viewer.person, TASKS.c.asked == viewer.person)
        case Whose.GROUP:
            free = and_(TASKS.c.owner == "", TASKS.c.asked.in_(("", viewer.person)), _for_roles(viewer.roles))
            offered = and_(free, _reviewable(viewer, like))
            yield or_(offered, TASKS.c.escalated.is_(True)) if set(IN_CHARGE) & set(viewer.roles) else offered


def _for_roles(roles: Iterable[Role]) -> ColumnElement[bool]:
    return or_(False, *(TASKS.c.roles.contains(f",{role},", autoescape=True) for role in roles))


def _reviewable(viewer: Viewer, like: tuple[str, ...]) -> ColumnElement[bool]:
    """A consultant is not offered what the own specialty cannot review (P5)."""
    if Role.CONSULTANT not in viewer.roles:
        return true()
    case = CASES.alias()
    own = exists().where(case.c.number == TASKS.c.case_number, case.c.specialty.in_(like))
    return or_(TASKS.c.kind != TaskKind.CONSULTATIVE_REVIEW, own)


def _like(connection: Connection, viewer: Viewer) -> tuple[str, ...]:
    """The specialties, as cases spell them, that are the viewer's own."""
    if Role.CONSULTANT not in viewer.roles:
        return ()
    spelt = connection.execute(select(CASES.c.specialty).distinct()).scalars()
    return tuple(s for s in spelt if likeness(viewer.specialty, s) is SpecialtyLikeness.SAME)


def _tasks_with(chosen: TaskFilter) -> Conditions:
    in_cases = {CASES.c.line: chosen.line, CASES.c.priority: chosen.priority}
    yield from (column == value for column, value in in_cases.items() if value is not None)
    if chosen.kind is not None:
        yield TASKS.c.kind == chosen.kind
    if chosen.role is not None:
        yield _for_roles([chosen.role])
    if chosen.due_from is not None:
        yield TASKS.c.next_due >= chosen.due_from
    if chosen.due_before is not None:
        yield TASKS.c.next_due < chosen.due_before
    if chosen.escalated_only:
        yield TASKS.c.escalated.is_(True)
    if not chosen.with_suspended:
        yield TASKS.c.state != TaskState.SUSPENDED
    if chosen.text:  # the cases first: few are found, and the tasks of each by the key
        yield TASKS.c.case_number.in_(select(CASES.c.number).where(_called(chosen.text)).correlate(None))


def _cases_with(chosen: CaseFilter) -> Conditions:
    some = {CASES.c.stage: chosen.stage, CASES.c.outcome: chosen.outcome, CASES.c.line: chosen.line}
    yield from (column == value for column, value in some.items() if value is not None)
    if chosen.is_open is not None:
        yield CASES.c.closed_at.is_(None) if chosen.is_open else CASES.c.closed_at.is_not(None)
    if chosen.overdue_at is not None:
        yield and_(CASES.c.closed_at.is_(None), CASES.c.next_due < chosen.overdue_at)
    if chosen.due_before is not None:
        yield CASES.c.next_due < chosen.due_before
    if chosen.attention is not None:
        yield _wants(chosen.attention)
    if chosen.stuck:
        yield _has(TROUBLES, TROUBLES.c.kind == TroubleKind.STUCK, TROUBLES.c.ended_at.is_(None))
    if chosen.ppg:
        yield CASES.c.organization == chosen.ppg
    if chosen.text:
        yield _called(chosen.text)


def _wants(attention: Attention) -> ColumnElement[bool]:
    """What ``policy.attention`` says of a case, asked of its rows. Each case has a task, which has its urgency."""
    match attention:
        case Attention.AT_RISK:
            running = (CLOCKS.c.ended_at.is_(None), CLOCKS.c.state == ClockState.RUNNING)
            return _has(CLOCKS, *running, CLOCKS.c.warnings >= LAST_WARNING)
        case Attention.BREACHED:
            return _has(CLOCKS, CLOCKS.c.state == ClockState.BREACHED)
        case Attention.URGENT:
            threatened = _has(TASKS, TASKS.c.priority == MOST_URGENT)
            return and_(CASES.c.closed_at.is_(None), or_(CASES.c.priority.in_(URGENT_PRIORITIES), threatened))


def _has(rows: Table, *wanted: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(rows.c.case_number == CASES.c.number, *wanted).correlate(CASES)


def _called(text: str) -> ColumnElement[bool]:
    """A piece of the case's own number, or of the sender's."""
    number = CASES.c.number.contains(text.upper(), autoescape=True)
    return or_(number, CASES.c.external_reference.icontains(text, autoescape=True))


def _asks_about_cases(chosen: TaskFilter) -> bool:
    return bool(chosen.line or chosen.priority)


def _count(connection: Connection, *wanted: ColumnElement[bool], of_cases: bool = False) -> int:
    """Joined with the cases only where they are asked about: the index alone can count the rest."""
    tables = TASKS.join(CASES, CASES.c.number == TASKS.c.case_number) if of_cases else TASKS
    return connection.execute(select(func.count()).select_from(tables).where(*wanted)).scalar_one()


def _task_rows(connection: Connection, wanted: Iterable[ColumnElement[bool]], offset: int) -> tuple[TaskRow, ...]:
    listed = select(*TASK_COLUMNS).join(CASES, CASES.c.number == TASKS.c.case_number).where(*wanted)
    order = (TASKS.c.next_due.nulls_last(), *(TASKS.c[name] for name in ORDER[1:]))
    return _rows(connection, listed.order_by(*order), offset, TaskRow)


def _case_page(
    connection: Connection,
    wanted: tuple[ColumnElement[bool], ...],
    offset: int,
    *,
    with_names: bool,
    limit: int = PAGE,
) -> CasePage:
    total = connection.execute(select(func.count()).select_from(CASES).where(*wanted)).scalar_one()
    columns = (column for column in CASES.c if with_names or column.name not in NAMES)
    listed = select(*columns).where(*wanted)
    order = (CASES.c.next_due.nulls_last(), CASES.c.received_at, CASES.c.number)
    return CasePage(rows=_rows(connection, listed.order_by(*order), offset, CaseRow, limit), total=total)


def _rows(connection: Connection, listed: Select[Any], offset: int, kind: type[R], limit: int = PAGE) -> tuple[R, ...]:
    found = connection.execute(listed.limit(limit).offset(offset)).mappings()
    return tuple(kind.model_validate(dict(row)) for row in found)
