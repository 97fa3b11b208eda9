"""The tables of committees' reports: where each stands with its figures, what was decided on it, every line. P12.

What committees decided is in a table of its own, and not among the cases' tasks: those belong to a case, and this to a
report. The triggers that keep the lines append-only, and a finished report as it is, are in the migration alone.
"""

from datetime import date, datetime

from sqlalchemy import Date, Index
from sqlmodel import Field

from policy.committee.decided import ActionKind
from policy.committee.file import CommitteeFile, Making, ReportState
from policy.contents import Committee
from policy.report.shape import CommitteeReport
from policy.tasks import TaskState
from records.columns import FileJson, Readable, ReportJson
from records.rowbase import Record, instant, words


class CommitteeReportRecord(Record, table=True):
    """A report. ``report`` holds its figures from when they were gathered; from ``ready_at`` on nothing changes them.

    ``lines`` and the committees are separated by blanks; no line means all lines of business. ``agrees`` is unknown
    while no second count was made. ``revision`` is the number of the line up to which the row has come.
    """

    __tablename__ = "committee_reports"
    __table_args__ = (Index("ix_committee_reports_last_day", "last_day", "number"),)

    number: str = words(primary_key=True)
    first_day: date = Field(sa_type=Date)
    last_day: date = Field(sa_type=Date)
    lines: str = words()
    edition: int
    corrects: str = words()
    why: str = words()
    difference: str = words()
    asked_by: str = words()
    asked_at: datetime = instant()
    state: ReportState = Field(sa_type=Readable(ReportState))
    making: Making = Field(sa_type=Readable(Making))
    cases: int
    delegated: int
    flags: int
    agrees: bool | None
    presented: str = words()
    accepted: str = words()
    open_actions: int
    next_due: datetime | None = instant()
    digest: str = words()
    files: str = words()
    report: CommitteeReport | None = Field(sa_type=ReportJson)
    ready_at: datetime | None = instant()
    closed_at: datetime | None = instant()
    refused_count: int
    revision: int


class CommitteeActionRecord(Record, table=True):
    """One decision of a committee, and how it stands. ``told`` is what became of its letter; empty where none goes."""

    __tablename__ = "committee_actions"
    __table_args__ = (Index("ix_committee_actions_owner", "owner", "due"),)

    number: str = words(primary_key=True, foreign_key="committee_reports.number")
    id: str = words(primary_key=True)
    kind: ActionKind = Field(sa_type=Readable(ActionKind))
    committee: Committee = Field(sa_type=Readable(Committee))
    flag: str = words()
    about_case: str = words()
    concern: str = words()
    owner: str = words()
    due: date | None = Field(sa_type=Date)
    state: TaskState = Field(sa_type=Readable(TaskState))
    reminded: bool
    escalated: bool
    told: str = words()
    decided_at: datetime = instant()
    decided_by: str = words()
    ended_at: datetime | None = instant()
    ended_by: str = words()
    outcome: str = words()


class CommitteeLineRecord(Record, table=True):
    """One line of what happened. Triggers refuse to change or delete it."""

    __tablename__ = "committee_lines"

    number: str = words(primary_key=True, foreign_key="committee_reports.number")
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = instant()
    event: str = words()
    text: str = words()
    actor: str = words()
    clause: str = words()
    unsigned: bool


class CommitteeFileRecord(Record, table=True):
    """A report's file whole, as its workflow told it last: what a new run goes on from."""

    __tablename__ = "committee_files"

    number: str = words(primary_key=True, foreign_key="committee_reports.number")
    file: CommitteeFile = Field(sa_type=FileJson)


COMMITTEES = Record.metadata
