"""The table of the keys that encrypt cases, each wrapped by a key of the plan: worth nothing without that one."""

from datetime import datetime

from sqlalchemy import Index

from records.rowbase import Record, instant, words


class CaseKeyRecord(Record, table=True):
    """The key of one workflow, in base64; empty once it is destroyed, and then never made anew."""

    __tablename__ = "case_keys"
    __table_args__ = (Index("ix_case_keys_plan_key", "plan_key", "key_id"),)

    key_id: str = words(primary_key=True)
    workflow_id: str = words(unique=True)
    plan_key: str = words()
    wrapped: str = words()
    made_at: datetime = instant()
    destroyed_at: datetime | None = instant()


KEYS = Record.metadata
