"""The table of what went wrong with cases, and needs somebody in charge."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, text
from sqlmodel import Field

from records.columns import Readable
from records.rowbase import Record, instant, words

OPEN = text("ended_at IS NULL")


class TroubleKind(StrEnum):
    """What can be wrong with a case as such. A new kind needs no migration."""

    STUCK = "stuck"  # its workflow's tasks fail, so that nothing done to it is carried out
    PAUSED = "paused"  # its workflow is paused, with the same effect
    DIFFERS = "differs"  # the records and Temporal do not agree about it, and software could not mend that
    LOST = "lost"  # Temporal lost what it was, and it was begun anew from its request: no look around ends this


class TroubleRecord(Record, table=True):
    """A trouble of a case, found by the system: one is open for each kind and case.

    ``case_number`` is no foreign key: what is wrong may be that the records have no such case. ``code`` is what the
    system says of it, ``text`` the same for people; neither names a person. ``ended_by`` is empty where the trouble
    has passed by itself.
    """

    __tablename__ = "troubles"
    __table_args__ = (
        Index("ix_troubles_open", "kind", "case_number", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
    )

    kind: TroubleKind = Field(primary_key=True, sa_type=Readable(TroubleKind))
    case_number: str = words(primary_key=True)
    found_at: datetime = instant(primary_key=True)
    code: str = words()
    text: str = words()
    acknowledged_at: datetime | None = instant()
    acknowledged_by: str = words()
    ended_at: datetime | None = instant()
    ended_by: str = words()
    note: str = words()


TROUBLE_TABLES = Record.metadata
