"""The tables of what delegates decided: the register of their packets with where each stands, every check, every line.

The triggers that keep the lines append-only are in the migration alone. Policy 90.2.17, Procedure 10.
"""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from policy.delegatecase import Compliance, DelegatedState
from policy.delegated import DelegatedPacket, DelegateOutcome, MemberMatch
from policy.delegatefindings import Check, Part, Result, Settled, Severity
from policy.request import LineOfBusiness, Priority
from records.columns import PacketJson, Readable
from records.rowbase import Record, instant, only, words


class DelegatedNumberingRecord(Record, table=True):
    """The last number that was given in a year (Los Angeles)."""

    __tablename__ = "delegated_numbering"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int


class DelegatedCaseRecord(Record, table=True):
    """A packet as it was registered, and where it stands. ``faults`` is how many findings count against the delegate.

    ``revision`` is the number of the line up to which the row has come; 0 until its story has recorded it.
    """

    __tablename__ = "delegated_cases"
    __table_args__ = (
        UniqueConstraint("delegate", "external_reference", name="uq_delegated_cases_delegate_external_reference"),
        Index("ix_delegated_cases_decided_at", "decided_at", "number"),
        Index("ix_delegated_cases_member_id", "member_id"),
        only("ix_delegated_cases_unstarted", "started_at IS NULL", "received_at"),
    )

    number: str = words(primary_key=True)
    delegate: str = words()
    external_reference: str = words()
    digest: str = words()
    received_at: datetime = instant()
    started_at: datetime | None = instant()
    packet: DelegatedPacket = Field(sa_type=PacketJson)
    line: LineOfBusiness = Field(sa_type=Readable(LineOfBusiness))
    priority: Priority = Field(sa_type=Readable(Priority))
    specialty: str = words()
    outcome: DelegateOutcome = Field(sa_type=Readable(DelegateOutcome))
    decided_at: datetime = instant()
    month: str = words()
    member_id: str = words()
    birth_date: str = words()
    member_family: str = words()
    member_given: str = words()
    match: MemberMatch = Field(sa_type=Readable(MemberMatch))
    state: DelegatedState = Field(sa_type=Readable(DelegatedState))
    compliance: Compliance | None = Field(sa_type=Readable(Compliance))
    faults: int
    open_findings: int
    escalated: bool
    next_due: datetime | None = instant()
    category: str = words()
    pulled_up_as: str = words()
    filing_path: str = words()
    filing_sha256: str = words()
    closed_at: datetime | None = instant()
    refused_count: int
    revision: int


class DelegatedFindingRecord(Record, table=True):
    """One check of a packet, passed or not; ``counts`` is true where it lowers the delegate's score."""

    __tablename__ = "delegated_findings"

    number: str = words(primary_key=True, foreign_key="delegated_cases.number")
    code: Check = Field(primary_key=True, sa_type=Readable(Check))
    part: Part = Field(sa_type=Readable(Part))
    severity: Severity = Field(sa_type=Readable(Severity))
    result: Result = Field(sa_type=Readable(Result))
    counts: bool
    settled: Settled | None = Field(sa_type=Readable(Settled))
    sentence: str = words()
    citation: str = words()
    rule: str = words()
    due_at: datetime | None = instant()
    happened_at: datetime | None = instant()
    settled_at: datetime | None = instant()
    settled_by: str = words()
    settled_why: str = words()


class DelegatedLineRecord(Record, table=True):
    """One line of what happened. Triggers refuse to change or delete it."""

    __tablename__ = "delegated_lines"

    number: str = words(primary_key=True, foreign_key="delegated_cases.number")
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = instant()
    event: str = words()
    text: str = words()
    actor: str = words()
    clause: str = words()
    unsigned: bool


DELEGATED = Record.metadata
