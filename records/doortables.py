"""The tables of the doors: actions on their way, absences, programs' tokens, saved views of a work list."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from policy.people import Role
from records.columns import Readable
from records.rowbase import Record, came_later, instant, words


class KeptActionRecord(Record, table=True):
    """An action that a door has received and no case has answered yet; ``body`` is its JSON.

    ``correlation`` is the id that its door gave to all that follows from it.
    """

    __tablename__ = "kept_actions"
    __table_args__ = (Index("ix_kept_actions_received_at", "received_at", "action_id"),)

    case_number: str = words(primary_key=True)
    action_id: str = words(primary_key=True)
    digest: str = words(primary_key=True)
    signal: str = words()
    body: str = words()
    received_at: datetime = instant()
    correlation: str = words(default="", sa_column_kwargs=came_later("''"))


class AbsenceRecord(Record, table=True):
    """When a member of the staff is away, both times included, and who stands in (a staff id; empty: nobody)."""

    __tablename__ = "absences"

    person: str = words(primary_key=True)
    since: datetime = instant(primary_key=True)
    until: datetime = instant()
    substitute: str = words()


class ApiTokenRecord(Record, table=True):
    """A token with which a program comes to the portal's API: its digest, never the token itself."""

    __tablename__ = "api_tokens"

    id: str = words(primary_key=True)
    name: str = words()
    role: Role = Field(sa_type=Readable(Role))
    token_hash: str = words()
    created_at: datetime = instant()
    expires_at: datetime = instant()
    revoked_at: datetime | None = instant()
    last_used_at: datetime | None = instant()


class ApiKeyRecord(Record, table=True):
    """What a program sent under an idempotency key, by digest; the key itself may be anything, and is not kept."""

    __tablename__ = "api_keys"

    token_id: str = words(primary_key=True, foreign_key="api_tokens.id")
    key_hash: str = words(primary_key=True)
    digest: str = words()
    claimed_at: datetime = instant()


class SavedViewRecord(Record, table=True):
    """A worklist's filters under a name that a person gave them; ``query`` is the query string of the page."""

    __tablename__ = "saved_views"

    person: str = words(primary_key=True)
    name: str = words(primary_key=True)
    query: str = words()


DOORS = Record.metadata
