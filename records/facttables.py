"""The table of what the committees' report counts of each case: a row that each transition writes anew. P12.

It is a projection, like the case's own row: made of the case, never the source of anything. ``report verify`` holds it
against the ledger.
"""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from policy.lifecycle import Outcome
from policy.particulars import Agreement, Basis, ChangedBecause
from policy.request import Care, LineOfBusiness, Priority, Purpose, RequesterKind
from policy.routing import Tier
from records.columns import AskedList, EndList, LeftList, Readable, ReasonList
from records.rowbase import Record, instant, words


class CaseFactRecord(Record, table=True):
    """One case, in short; ``revision`` is the number of the ledger line up to which the row has come."""

    __tablename__ = "case_facts"
    __table_args__ = (
        Index("ix_case_facts_received_at", "received_at"),
        Index("ix_case_facts_decided_at", "decided_at"),
        Index("ix_case_facts_reported_at", "reported_at"),
    )

    number: str = words(primary_key=True, foreign_key="cases.number")
    line: LineOfBusiness = Field(sa_type=Readable(LineOfBusiness))
    priority: Priority = Field(sa_type=Readable(Priority))
    care: Care = Field(sa_type=Readable(Care))
    specialty: str = words()
    organization: str = words()
    requester: RequesterKind = Field(sa_type=Readable(RequesterKind))
    purpose: Purpose = Field(sa_type=Readable(Purpose))
    reasons: tuple[str, ...] = Field(sa_type=ReasonList)
    prior_authorization: bool
    received_at: datetime = instant()
    withdrawn_at: datetime | None = instant()
    closed_at: datetime | None = instant()
    outcome: Outcome | None = Field(sa_type=Readable(Outcome))
    basis: Basis | None = Field(sa_type=Readable(Basis))
    physician: str = words()
    decided_at: datetime | None = instant()
    decided_late: bool
    extended: bool
    changed_at: datetime | None = instant()
    changed_outcome: Outcome | None = Field(sa_type=Readable(Outcome))
    changed_because: ChangedBecause | None = Field(sa_type=Readable(ChangedBecause))
    category: str = words()
    consulted_at: datetime | None = instant()
    consultant: str = words()
    recommends: bool | None
    information: str = Field(sa_type=AskedList)
    tier: Tier | None = Field(sa_type=Readable(Tier))
    left: str = Field(sa_type=LeftList)
    placed_at: datetime | None = instant()
    opinion_by: str = words()
    departed: bool
    ended: str = Field(sa_type=EndList)
    reported_at: datetime | None = instant()
    questioned: str = words()
    agreement: Agreement | None = Field(sa_type=Readable(Agreement))
    third_opened: bool
    third_of: str = words()
    third_sides_with: str = words()
    revision: int


FACTS = Record.metadata
