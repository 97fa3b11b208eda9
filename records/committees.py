"""Committees' reports in the records: figures kept until a report is finished, what was decided, lists. Policy P12."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, or_, select, update

from policy.calendar import local_day
from policy.committee.decided import ActionKind, DecidedAction
from policy.committee.file import CommitteeFile, Making, ReportState
from policy.committee.order import ReportOrder
from policy.committee.time import Lateness, lateness
from policy.committee.transition import CommitteeTransition, between
from policy.contents import Committee
from policy.report.period import Period
from policy.report.shape import CommitteeReport, EarlierAction
from policy.request import LineOfBusiness
from policy.tasks import TaskState
from policy.verdict import Value
from records import chain
from records.chain import Heard, recording, unheard
from records.database import reading, writing
from records.errors import RecordsError
from records.rows import LedgerRow
from records.statements import inserting
from records.tables import CASE_FACTS, COMMITTEE_ACTIONS, COMMITTEE_FILES, COMMITTEE_LINES, COMMITTEE_REPORTS

Row = dict[str, Any]
SHOWN_AGAIN = timedelta(days=366)  # an action that has ended stands in reports of a year
REPORTS, ACTIONS = COMMITTEE_REPORTS.c, COMMITTEE_ACTIONS.c
LISTED = [column for column in REPORTS if column.name not in ("report", "revision")]


class ReportRow(Value):
    """A report as it stands, without its figures."""

    number: str
    first_day: date
    last_day: date
    lines: str
    edition: int
    corrects: str
    why: str
    difference: str
    asked_by: str
    asked_at: datetime
    state: ReportState
    making: Making
    cases: int
    delegated: int
    flags: int
    agrees: bool | None
    presented: str
    accepted: str
    open_actions: int
    next_due: datetime | None
    digest: str
    files: str
    ready_at: datetime | None
    closed_at: datetime | None
    refused_count: int

    @property
    def period(self) -> Period:
        """What it is about."""
        return Period(first=self.first_day, last=self.last_day)

    @property
    def about(self) -> tuple[LineOfBusiness, ...]:
        """The lines of business that it is about; none: all of them."""
        return tuple(LineOfBusiness(line) for line in self.lines.split())

    def lateness(self, now: datetime) -> Lateness:
        """How the action stands that is due first."""
        return lateness(local_day(self.next_due) if self.next_due else None, now)


class ActionRow(Value):
    """A decision of a committee as it stands."""

    number: str
    id: str
    kind: ActionKind
    committee: Committee
    flag: str
    about_case: str
    concern: str
    owner: str
    due: date | None
    state: TaskState
    reminded: bool
    escalated: bool
    told: str
    decided_at: datetime
    decided_by: str
    ended_at: datetime | None
    ended_by: str
    outcome: str

    def lateness(self, now: datetime) -> Lateness:
        """How it stands to its last day; of one that has ended nothing is late."""
        return lateness(self.due if self.ended_at is None else None, now)


class ReportFile(Value):
    """All that the records hold of a report but its figures."""

    report: ReportRow
    actions: tuple[ActionRow, ...]
    ledger: tuple[LedgerRow, ...]


class CommitteeReports:
    """The write side, and what the making of a report asks. Every method raises RecordsError."""

    def __init__(self, engine: Engine, heard: Heard = unheard) -> None:
        """``heard`` is told, after each transaction, how far it has moved the chain of its report."""
        self._engine = engine
        self._heard = heard

    def record(self, transition: CommitteeTransition) -> None:
        """Append the lines and update the rows, in one transaction. Idempotent on (number, revision)."""
        number = transition.number
        with recording(self._engine, self._heard) as (connection, heads):
            _see_to(connection, transition.order)
            revision = connection.execute(_locked(REPORTS.revision, number)).scalar_one()
            if transition.revision > revision:
                _stand(connection, transition)
            lines = [{"number": number, **entry.model_dump()} for entry in transition.entries]
            heads += chain.append(connection, COMMITTEE_LINES, lines)

    def report(self, number: str) -> CommitteeReport | None:
        """A report's figures, finished or on their way; None when nothing was gathered."""
        with reading(self._engine) as connection:
            found = connection.execute(select(REPORTS.report).where(REPORTS.number == number)).scalar()
        return found if isinstance(found, CommitteeReport) else None

    def keep(self, number: str, report: CommitteeReport) -> CommitteeReport:
        """Keep the figures of a report that is being made; those of a finished one stay, and are given back."""
        with writing(self._engine) as connection:
            row = connection.execute(_locked(REPORTS.ready_at, number)).first()
            if row is None:
                raise RecordsError(f"The report {number} is not in the records: its first line must be recorded first.")
            if row.ready_at is None:
                connection.execute(update(COMMITTEE_REPORTS).where(REPORTS.number == number).values(report=report))
                return report
        return self.report(number) or report

    def is_finished(self, number: str) -> bool:
        """Whether a report of that number was finished."""
        with reading(self._engine) as connection:
            asked = select(REPORTS.ready_at).where(REPORTS.number == number)
            return connection.execute(asked).scalar() is not None

    def earlier(self, number: str, period: Period) -> tuple[EarlierAction, ...]:
        """What was decided on the reports before this one: all that is open, and what has ended since a year."""
        lately = or_(ACTIONS.ended_at.is_(None), ACTIONS.ended_at >= period.ends - SHOWN_AGAIN)
        asked = _actions(REPORTS.last_day <= period.last, ACTIONS.number != number, lately)
        with reading(self._engine) as connection:
            rows = connection.execute(asked).mappings()
            return tuple(_earlier(ActionRow.model_validate(dict(row))) for row in rows)


def listed(engine: Engine, *, limit: int = 100) -> list[ReportRow]:
    """The reports, the latest period first, its latest edition first."""
    order = (REPORTS.last_day.desc(), REPORTS.first_day, REPORTS.lines, REPORTS.edition.desc())
    with reading(engine) as connection:
        rows = connection.execute(select(*LISTED).order_by(*order).limit(limit)).mappings()
        return [ReportRow.model_validate(dict(row)) for row in rows]


def one(engine: Engine, number: str) -> ReportFile | None:
    """All of one report but its figures, seen at one moment; None for a number that was never given."""
    lines = COMMITTEE_LINES.c
    story = select(lines.number.label("case_number"), *(c for c in lines if c.name != "number"))
    with reading(engine) as connection:
        row = connection.execute(select(*LISTED).where(REPORTS.number == number)).mappings().first()
        if row is None:
            return None
        decided = connection.execute(_actions(ACTIONS.number == number)).mappings().all()
        told = connection.execute(story.where(lines.number == number).order_by(lines.seq)).mappings().all()
    return ReportFile(
        report=ReportRow.model_validate(dict(row)),
        actions=tuple(ActionRow.model_validate(dict(action)) for action in decided),
        ledger=tuple(LedgerRow.model_validate(dict(line)) for line in told),
    )


def brought_up_to(found: ReportFile, file: CommitteeFile, at: datetime) -> ReportFile:
    """The same with what its workflow has done and has not told the records yet, a moment after somebody acted."""
    now, told = between(None, file, at), found.ledger[-1].seq if found.ledger else 0
    known = {name: value for name, value in _values(now).items() if name in ReportRow.model_fields}
    lately = (entry.model_dump() for entry in now.entries if entry.seq > told)
    return ReportFile(
        report=found.report.model_copy(update=known),
        actions=tuple(ActionRow.model_validate(_action(now.number, action)) for action in now.actions),
        ledger=(*found.ledger, *(LedgerRow(case_number=now.number, **entry) for entry in lately)),
    )


def overdue(engine: Engine, now: datetime) -> int:
    """How many open actions have passed their last day in Los Angeles."""
    late = select(func.count()).where(ACTIONS.ended_at.is_(None), ACTIONS.due < local_day(now))
    with reading(engine) as connection:
        return int(connection.execute(late).scalar_one())


def file_of(engine: Engine, number: str) -> CommitteeFile | None:
    """A report's file whole, as it was told last; None where none was."""
    files = COMMITTEE_FILES.c
    with reading(engine) as connection:
        found = connection.execute(select(files.file).where(files.number == number)).scalar()
    return found if isinstance(found, CommitteeFile) else None


def editions(engine: Engine, period: Period, lines: Sequence[LineOfBusiness]) -> list[ReportRow]:
    """Every edition of a report, the last one first."""
    same = (REPORTS.first_day == period.first, REPORTS.last_day == period.last, REPORTS.lines == _lines(lines))
    with reading(engine) as connection:
        rows = connection.execute(select(*LISTED).where(*same).order_by(REPORTS.edition.desc())).mappings()
        return [ReportRow.model_validate(dict(row)) for row in rows]


def latest_edition(engine: Engine, period: Period, lines: Sequence[LineOfBusiness]) -> ReportRow | None:
    """The last edition of a report; None when there is none."""
    return next(iter(editions(engine, period, lines)), None)


def work(engine: Engine, *, owner: str = "", limit: int = 200) -> list[ActionRow]:
    """What committees decided and is open, what is due soonest first; of one owner, or of all."""
    wanted = [ACTIONS.ended_at.is_(None), *([ACTIONS.owner == owner] if owner else [])]
    with reading(engine) as connection:
        rows = connection.execute(_actions(*wanted, by_due=True).limit(limit)).mappings()
        return [ActionRow.model_validate(dict(row)) for row in rows]


def _actions(*wanted: ColumnElement[bool], by_due: bool = False) -> Any:  # noqa: ANN401 - a select
    joined = select(*ACTIONS).join(COMMITTEE_REPORTS, REPORTS.number == ACTIONS.number).where(and_(*wanted))
    first = (ACTIONS.due,) if by_due else (REPORTS.last_day, ACTIONS.number)
    return joined.order_by(*first, ACTIONS.decided_at, ACTIONS.number, ACTIONS.id)


def _earlier(row: ActionRow) -> EarlierAction:
    what = row.kind.replace("_", " ")
    return EarlierAction(
        report=row.number,
        action=f"{row.id}: {what}" + (f": {row.concern}" if row.concern else ""),
        owner=row.owner,
        due=row.due,
        state="overdue" if row.escalated and row.ended_at is None else _state(row),
    )


def _state(row: ActionRow) -> str:
    words = {TaskState.RESERVED: "open", TaskState.OBSOLETE: "withdrawn"}.get(row.state, row.state.value)
    return f"{words}: {row.outcome}" if row.outcome else words


def _locked(column: Any, number: str) -> Any:  # noqa: ANN401 - a column, and a select of it
    return select(column).where(REPORTS.number == number).with_for_update()


def _see_to(connection: Connection, order: ReportOrder) -> None:
    """The row of a report that is asked for, once."""
    row: Row = {
        "number": order.number,
        "first_day": order.period.first,
        "last_day": order.period.last,
        "lines": _lines(order.lines),
        "edition": order.edition,
        "corrects": order.corrects,
        "why": order.why,
        "difference": "",
        "asked_by": order.asked_by,
        "asked_at": order.asked_at,
        "state": ReportState.DRAFTED,
        "making": Making.GATHERING,
        **dict.fromkeys(("cases", "delegated", "flags", "open_actions", "refused_count", "revision"), 0),
        **dict.fromkeys(("agrees", "next_due", "report", "ready_at", "closed_at")),
        **dict.fromkeys(("presented", "accepted", "digest", "files"), ""),
    }
    connection.execute(inserting(connection.dialect.name, COMMITTEE_REPORTS.name, change=False), [row])


def _stand(connection: Connection, transition: CommitteeTransition) -> None:
    connection.execute(
        update(COMMITTEE_REPORTS).where(REPORTS.number == transition.number).values(**_values(transition))
    )
    if transition.file is not None:
        whole = {"number": transition.number, "file": transition.file}
        connection.execute(inserting(connection.dialect.name, COMMITTEE_FILES.name, change=True), [whole])
    rows = [_action(transition.number, action) for action in transition.actions]
    if rows:
        connection.execute(inserting(connection.dialect.name, COMMITTEE_ACTIONS.name, change=True), rows)


def _values(transition: CommitteeTransition) -> Row:
    """Where a report stands, by the columns of its row."""
    same = ("state", "making", "open_actions", "next_due", "ready_at", "closed_at", "refused_count", "revision")
    values: Row = {name: getattr(transition, name) for name in same}
    values |= {"presented": " ".join(transition.presented), "accepted": " ".join(transition.accepted)}
    if made := transition.made:
        values |= {name: getattr(made, name) for name in ("cases", "delegated", "agrees", "difference", "digest")}
        values |= {"flags": len(made.flags), "files": " ".join(made.files)}
    return values


def _action(number: str, action: DecidedAction) -> Row:
    same = ("id", "kind", "committee", "flag", "about_case", "concern", "due", "state", "reminded", "escalated")
    ended = ("decided_at", "decided_by", "ended_at", "ended_by", "outcome")
    return {
        "number": number,
        **{name: getattr(action, name) for name in (*same, *ended)},
        "owner": action.owner.id if action.owner else "",
        "told": _told(action),
    }


def _told(action: DecidedAction) -> str:
    if action.notice is None:
        return ""
    if action.notice.sent_at:
        return f"{action.notice.recipient} told"
    return action.notice.ended_as.value if action.notice.ended_as else "letter on its way"


def _lines(lines: Sequence[LineOfBusiness]) -> str:
    return " ".join(line.value for line in LineOfBusiness if line in lines)


def physicians_of(engine: Engine, case_number: str) -> tuple[str, ...] | None:
    """Who of a case must not decide about it: NPI, or account, of each physician; None for an unknown number."""
    facts = CASE_FACTS.c
    asked = select(facts.physician, facts.consultant, facts.opinion_by, facts.questioned)
    with reading(engine) as connection:
        row = connection.execute(asked.where(facts.number == case_number)).first()
    return tuple(sorted({who for who in row if who})) if row else None
