"""The tables: the register of submissions, the projections of each case, and the ledger that only grows.

``migrations`` makes them; a test holds the two together. The ledger's triggers are in the migration alone.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, MetaData, Table, text
from sqlmodel import Field, SQLModel

from policy.lifecycle import Outcome, Stage
from policy.particulars import NoticeKind, Recipient
from policy.people import Role
from policy.request import LineOfBusiness, Priority, Request
from policy.rule import Obligation
from policy.tasks import TaskKind, TaskState
from policy.timeframes import ClockState
from records.columns import PlainText, Readable, RequestJson, RoleList, UtcDateTime

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Record(SQLModel):
    """A row of one of our tables."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMES)


def _words(**options: Any) -> Any:  # noqa: ANN401 - as sqlmodel's own Field
    return Field(sa_type=PlainText, **options)


def _instant(**options: Any) -> Any:  # noqa: ANN401
    return Field(sa_type=UtcDateTime, **options)


def _case_key() -> Any:  # noqa: ANN401
    return _words(primary_key=True, foreign_key="cases.number")


def _only(name: str, condition: str, *columns: str) -> Index:
    """An index of a part of the rows, alike on both engines."""
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


class NumberingRecord(Record, table=True):
    """The last case number that was given in a year (Los Angeles)."""

    __tablename__ = "numbering"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int


class IntakeRecord(Record, table=True):
    """A submission: whose it is by the sender's own number, and the case number that it was given."""

    __tablename__ = "intake"
    __table_args__ = (_only("ix_intake_unstarted", "started_at IS NULL", "received_at"),)

    case_number: str = _words(primary_key=True)
    external_reference: str = _words(unique=True)
    digest: str = _words()
    received_at: datetime = _instant()
    started_at: datetime | None = _instant()
    request: Request = Field(sa_type=RequestJson)


class CaseRecord(Record, table=True):
    """A case as it stands. ``revision`` is the number of the ledger line up to which the projections have come."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_external_reference", "external_reference"),
        Index("ix_cases_due", "next_due", "received_at", "number"),
        _only("ix_cases_open_due", "closed_at IS NULL", "next_due", "received_at", "number"),
    )

    number: str = _words(primary_key=True)
    external_reference: str = _words()
    stage: Stage = Field(sa_type=Readable(Stage))
    outcome: Outcome | None = Field(sa_type=Readable(Outcome))
    line: LineOfBusiness = Field(sa_type=Readable(LineOfBusiness))
    priority: Priority = Field(sa_type=Readable(Priority))
    specialty: str = _words()
    organization: str = _words()
    member_family: str = _words()
    member_given: str = _words()
    received_at: datetime = _instant()
    decision_due: datetime | None = _instant()
    next_due: datetime | None = _instant()
    next_due_rule: str = _words()
    category: str = _words()
    filing_path: str = _words()
    filing_sha256: str = _words()
    closed_at: datetime | None = _instant()
    refused_count: int
    revision: int


class TaskRecord(Record, table=True):
    """A human task. ``next_due`` is the case's, repeated here while the task is open: a worklist is one index walk."""

    __tablename__ = "tasks"
    __table_args__ = (
        _only("ix_tasks_open_due", "ended_at IS NULL", "next_due", "case_number", "task_id", "roles"),
        _only("ix_tasks_open_owner", "ended_at IS NULL", "owner", "next_due"),
    )

    case_number: str = _case_key()
    task_id: str = _words(primary_key=True)
    kind: TaskKind = Field(sa_type=Readable(TaskKind))
    title: str = _words()
    clause: str = _words()
    state: TaskState = Field(sa_type=Readable(TaskState))
    roles: tuple[Role, ...] = Field(sa_type=RoleList)
    owner: str = _words()
    escalated: bool
    opened_at: datetime = _instant()
    ended_at: datetime | None = _instant()
    ended_by: str = _words()
    next_due: datetime | None = _instant()


class ClockRecord(Record, table=True):
    """An obligation that ran or runs, with its citation and its explanation."""

    __tablename__ = "clocks"

    case_number: str = _case_key()
    clock_id: str = _words(primary_key=True)
    anchored_at: datetime = _instant(primary_key=True)
    obligation: Obligation = Field(sa_type=Readable(Obligation))
    rule: str = _words()
    citation: str = _words()
    due_at: datetime = _instant()
    act_by: datetime = _instant()
    state: ClockState = Field(sa_type=Readable(ClockState))
    warnings: int
    ended_at: datetime | None = _instant()
    cause: str = _words()
    explanation: str = _words()


class NoticeRecord(Record, table=True):
    """A letter that is owed, or has left."""

    __tablename__ = "notices"

    case_number: str = _case_key()
    key: str = _words(primary_key=True)
    kind: NoticeKind = Field(sa_type=Readable(NoticeKind))
    recipient: Recipient = Field(sa_type=Readable(Recipient))
    planned_at: datetime = _instant()
    sent_at: datetime | None = _instant()
    document: str = _words()
    sha256: str = _words()


class DocumentRecord(Record, table=True):
    """A document of the case; ``size`` in bytes. The bytes lie in the document store, by digest."""

    __tablename__ = "documents"

    case_number: str = _case_key()
    sha256: str = _words(primary_key=True)
    name: str = _words()
    size: int = Field(sa_type=BigInteger)
    media_type: str = _words()


class LedgerRecord(Record, table=True):
    """One line of what happened. Triggers refuse to change or delete it."""

    __tablename__ = "ledger"

    case_number: str = _case_key()
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = _instant()
    event: str = _words()
    text: str = _words()
    actor: str = _words()
    clause: str = _words()


TABLES: dict[str, Table] = dict(Record.metadata.tables)
NUMBERING = TABLES["numbering"]
INTAKE = TABLES["intake"]
CASES = TABLES["cases"]
TASKS = TABLES["tasks"]
CLOCKS = TABLES["clocks"]
NOTICES = TABLES["notices"]
DOCUMENTS = TABLES["documents"]
LEDGER = TABLES["ledger"]
