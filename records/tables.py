"""The tables: the register of submissions, the projections of each case, the ledger that only grows.

What the doors keep besides stands in ``doortables``, the directory of physicians in ``directorytables``,
what delegates decided in ``delegatedtables``, the keys of cases in ``keytables``, what is wrong with cases in
``troubletables``, what the committees' report counts in ``facttables``.
``migrations`` makes them; a test holds the two together. The ledger's triggers are in the migration alone.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Table
from sqlmodel import Field

from policy.channels import Attempt
from policy.complaints import FieldError
from policy.lifecycle import Outcome, Stage
from policy.particulars import NoticeEnd, NoticeKind, Recipient
from policy.people import Member, Role
from policy.request import LineOfBusiness, Priority, Request
from policy.rule import Obligation
from policy.tasks import TaskKind, TaskState
from policy.timeframes import ClockState
from records.chaintables import CHAINED
from records.columns import Attempts, FieldErrors, MemberJson, Readable, RequestJson, RoleList
from records.committeetables import COMMITTEES
from records.delegatedtables import DELEGATED
from records.directorytables import DIRECTORY
from records.doortables import DOORS
from records.facttables import FACTS
from records.keytables import KEYS
from records.rowbase import Record, came_later, case_key, instant, only, words
from records.troubletables import TROUBLE_TABLES


class NumberingRecord(Record, table=True):
    """The last case number that was given in a year (Los Angeles)."""

    __tablename__ = "numbering"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int


class IntakeRecord(Record, table=True):
    """A submission: whose it is by the sender's own number, and the case number that it was given."""

    __tablename__ = "intake"
    __table_args__ = (only("ix_intake_unstarted", "started_at IS NULL", "received_at"),)

    case_number: str = words(primary_key=True)
    external_reference: str = words(unique=True)
    digest: str = words()
    received_at: datetime = instant()
    started_at: datetime | None = instant()
    request: Request = Field(sa_type=RequestJson)
    correlation: str = words(default="", sa_column_kwargs=came_later("''"))


class CaseRecord(Record, table=True):
    """A case as it stands. ``revision`` is the number of the ledger line up to which the projections have come."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_external_reference", "external_reference"),
        Index("ix_cases_due", "next_due", "received_at", "number"),
        only("ix_cases_open_due", "closed_at IS NULL", "next_due", "received_at", "number"),
    )

    number: str = words(primary_key=True)
    external_reference: str = words()
    stage: Stage = Field(sa_type=Readable(Stage))
    outcome: Outcome | None = Field(sa_type=Readable(Outcome))
    line: LineOfBusiness = Field(sa_type=Readable(LineOfBusiness))
    priority: Priority = Field(sa_type=Readable(Priority))
    specialty: str = words()
    organization: str = words()
    member_family: str = words()
    member_given: str = words()
    received_at: datetime = instant()
    decision_due: datetime | None = instant()
    next_due: datetime | None = instant()
    next_due_rule: str = words()
    category: str = words()
    filing_path: str = words()
    filing_sha256: str = words()
    closed_at: datetime | None = instant()
    refused_count: int
    revision: int


ORDER = ("next_due", "priority", "case_number", "task_id")  # of a worklist, and so of the indexes that it walks along


class TaskRecord(Record, table=True):
    """A human task. ``next_due`` and ``due_rule`` are its own; ``comments`` is how many it has.

    ``revision`` is 0 where a task was recorded before there were any: to an action 0 means whichever stands.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        only("ix_tasks_open_due", "ended_at IS NULL", *ORDER, "roles", "owner", "asked"),
        only("ix_tasks_open_owner", "ended_at IS NULL", "owner", *ORDER, "roles", "asked"),
        only("ix_tasks_open_asked", "ended_at IS NULL", "asked"),
        only("ix_tasks_ended_owner", "ended_at IS NOT NULL", "owner", "ended_at"),
        only("ix_tasks_ended_by", "ended_at IS NOT NULL", "ended_by", "ended_at"),
    )

    case_number: str = case_key()
    task_id: str = words(primary_key=True)
    kind: TaskKind = Field(sa_type=Readable(TaskKind))
    title: str = words()
    clause: str = words()
    state: TaskState = Field(sa_type=Readable(TaskState))
    roles: tuple[Role, ...] = Field(sa_type=RoleList)
    owner: str = words()
    escalated: bool
    opened_at: datetime = instant()
    ended_at: datetime | None = instant()
    ended_by: str = words()
    next_due: datetime | None = instant()
    revision: int = Field(sa_column_kwargs=came_later("0"))
    priority: int = Field(sa_column_kwargs=came_later("5"))
    due_rule: str = words(sa_column_kwargs=came_later("''"))
    suspended_until: datetime | None = instant()
    delegated_by: str = words(sa_column_kwargs=came_later("''"))
    asked: str = words(sa_column_kwargs=came_later("''"))
    answer_by: datetime | None = instant()
    outcome: str = words(sa_column_kwargs=came_later("''"))
    comments: int = Field(sa_column_kwargs=came_later("0"))


class ClockRecord(Record, table=True):
    """An obligation that ran or runs, with its citation and its explanation."""

    __tablename__ = "clocks"
    __table_args__ = (
        only("ix_clocks_standing", "ended_at IS NULL", "due_at"),
        only("ix_clocks_breached", "state = 'breached'", "due_at"),
    )

    case_number: str = case_key()
    clock_id: str = words(primary_key=True)
    anchored_at: datetime = instant(primary_key=True)
    obligation: Obligation = Field(sa_type=Readable(Obligation))
    rule: str = words()
    citation: str = words()
    due_at: datetime = instant()
    act_by: datetime = instant()
    state: ClockState = Field(sa_type=Readable(ClockState))
    warnings: int
    ended_at: datetime | None = instant()
    cause: str = words()
    explanation: str = words()


class NoticeRecord(Record, table=True):
    """A letter that is owed, has left, or counts no more."""

    __tablename__ = "notices"

    case_number: str = case_key()
    key: str = words(primary_key=True)
    kind: NoticeKind = Field(sa_type=Readable(NoticeKind))
    recipient: Recipient = Field(sa_type=Readable(Recipient))
    planned_at: datetime = instant()
    sent_at: datetime | None = instant()
    document: str = words()
    sha256: str = words()
    attempts: tuple[Attempt, ...] = Field(sa_type=Attempts, sa_column_kwargs=came_later("'[]'"))
    ended_as: NoticeEnd | None = Field(sa_type=Readable(NoticeEnd))
    ended_at: datetime | None = instant()
    ended_why: str = words(sa_column_kwargs=came_later("''"))


class DocumentRecord(Record, table=True):
    """A document of the case; ``size`` in bytes. The bytes lie in the document store, by digest."""

    __tablename__ = "documents"

    case_number: str = case_key()
    sha256: str = words(primary_key=True)
    name: str = words()
    size: int = Field(sa_type=BigInteger)
    media_type: str = words()


class LedgerRecord(Record, table=True):
    """One line of what happened. Triggers refuse to change or delete it."""

    __tablename__ = "ledger"

    case_number: str = case_key()
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = instant()
    event: str = words()
    text: str = words()
    actor: str = words()
    clause: str = words()
    unsigned: bool = Field(sa_column_kwargs=came_later("false"))


class RefusalRecord(Record, table=True):
    """An action that was refused. ``seq`` is the ledger's line that tells it; ``size`` in bytes, of what was sent."""

    __tablename__ = "refusals"
    __table_args__ = (Index("ix_refusals_at", "at", "case_number", "seq"),)

    case_number: str = case_key()
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = instant()
    action: str = words()
    action_id: str = words()
    actor: str = words()
    reason: str = words()
    clause: str = words()
    fields: tuple[FieldError, ...] = Field(sa_type=FieldErrors)
    size: int = Field(sa_type=BigInteger)
    digest: str = words()


class CaseMemberRecord(Record, table=True):
    """The member of a case, as the case reaches him now; a row only where that is, or was, not what was received."""

    __tablename__ = "case_members"

    case_number: str = case_key()
    told_at: datetime = instant()
    member: Member = Field(sa_type=MemberJson)


class LegalHoldRecord(Record, table=True):
    """What keeps a case's packet and records beyond their time. A case has as many as there are matters."""

    __tablename__ = "legal_holds"

    case_number: str = case_key()
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    placed_at: datetime = instant()
    placed_by: str = words()
    reason: str = words()
    lifted_at: datetime | None = instant()
    lifted_by: str = words()
    lifted_because: str = words()


TABLES: dict[str, Table] = {
    **DOORS.tables,
    **DIRECTORY.tables,
    **DELEGATED.tables,
    **CHAINED.tables,
    **KEYS.tables,
    **TROUBLE_TABLES.tables,
    **FACTS.tables,
    **COMMITTEES.tables,
}
NUMBERING = TABLES["numbering"]
INTAKE = TABLES["intake"]
KEPT = TABLES["kept_actions"]
CASES = TABLES["cases"]
TASKS = TABLES["tasks"]
CLOCKS = TABLES["clocks"]
NOTICES = TABLES["notices"]
DOCUMENTS = TABLES["documents"]
LEDGER = TABLES["ledger"]
REFUSALS = TABLES["refusals"]
ABSENCES = TABLES["absences"]
SAVED_VIEWS = TABLES["saved_views"]
API_TOKENS = TABLES["api_tokens"]
API_KEYS = TABLES["api_keys"]
CASE_MEMBERS = TABLES["case_members"]
LEGAL_HOLDS = TABLES["legal_holds"]
DIRECTORY_VERSIONS = TABLES["directory_versions"]
DIRECTORY_PHYSICIANS = TABLES["directory_physicians"]
DIRECTORY_TERMS = TABLES["directory_terms"]
DIRECTORY_REPORTS = TABLES["directory_reports"]
DIRECTORY_REFUSALS = TABLES["directory_refusals"]
DELEGATED_NUMBERING = TABLES["delegated_numbering"]
DELEGATED_CASES = TABLES["delegated_cases"]
DELEGATED_FINDINGS = TABLES["delegated_findings"]
TROUBLES = TABLES["troubles"]
DELEGATED_LINES = TABLES["delegated_lines"]
LINKS = TABLES["links"]
CASE_KEYS = TABLES["case_keys"]
CASE_FACTS = TABLES["case_facts"]
COMMITTEE_REPORTS = TABLES["committee_reports"]
COMMITTEE_ACTIONS = TABLES["committee_actions"]
COMMITTEE_LINES = TABLES["committee_lines"]
COMMITTEE_FILES = TABLES["committee_files"]
