"""The keys of cases, wrapped: kept once per workflow, found by their id, wrapped anew, destroyed for good."""

from datetime import datetime

from sqlalchemy import Connection, Engine, Table, bindparam, func, select, update

from policy.chain import Head
from policy.clauses import Clause
from policy.particulars import StoryEntry
from policy.retention import may_be_shredded
from policy.third_opinion import belongs_to
from policy.verdict import Refused, Value
from records import chain, projections
from records.chain import LOCKS, Heard, late_number, recording, unheard
from records.database import reading, writing
from records.statements import inserting
from records.tables import CASE_KEYS, CASES, DELEGATED_CASES, LEDGER, LEGAL_HOLDS

STANDS = CASE_KEYS.c.destroyed_at.is_(None)
OF_WORKFLOW = select(CASE_KEYS).where(CASE_KEYS.c.workflow_id == bindparam("workflow"))
BY_ID = select(CASE_KEYS).where(CASE_KEYS.c.key_id == bindparam("key"))
WRAPPED_BY_OTHERS = (
    select(CASE_KEYS)
    .where(STANDS, CASE_KEYS.c.plan_key != bindparam("active"), CASE_KEYS.c.key_id > bindparam("after"))
    .order_by(CASE_KEYS.c.key_id)
)
# Whoever destroyed the key meanwhile, or wrapped it anew, is not overwritten.
WRAPPED_ANEW = (
    update(CASE_KEYS)
    .where(CASE_KEYS.c.key_id == bindparam("key"), CASE_KEYS.c.wrapped == bindparam("was"), STANDS)
    .values(plan_key=bindparam("by"), wrapped=bindparam("now"))
)
DESTROYED = (
    update(CASE_KEYS)
    .where(CASE_KEYS.c.workflow_id == bindparam("workflow"), STANDS)
    .values(wrapped="", destroyed_at=bindparam("at"))
)


class WrappedKey(Value):
    """The key of one workflow as it is kept: ``wrapped`` in base64, by the plan key of that id.

    ``destroyed_at`` is when it was destroyed; ``wrapped`` is empty then.
    """

    key_id: str
    workflow_id: str
    plan_key: str
    wrapped: str
    made_at: datetime
    destroyed_at: datetime | None = None


class CaseKeyRecords:
    """The table of wrapped keys. Every method raises RecordsError."""

    def __init__(self, engine: Engine, heard: Heard = unheard) -> None:
        """``heard`` is told how far a shredding has moved the chain of its case."""
        self._engine = engine
        self._heard = heard

    def keep(self, new: WrappedKey) -> WrappedKey:
        """The key of a workflow: this one, or the one that another process kept first."""
        with writing(self._engine) as connection:
            connection.execute(inserting(connection.dialect.name, CASE_KEYS.name, change=False), [new.model_dump()])
            found = connection.execute(OF_WORKFLOW, {"workflow": new.workflow_id}).mappings().one()
        return WrappedKey(**found)

    def of_workflow(self, workflow_id: str) -> WrappedKey | None:
        """The key that a workflow has, also one that was destroyed."""
        with reading(self._engine) as connection:
            found = connection.execute(OF_WORKFLOW, {"workflow": workflow_id}).mappings().first()
        return WrappedKey(**found) if found else None

    def by_id(self, key_id: str) -> WrappedKey | None:
        """The key of that id, also one that was destroyed."""
        with reading(self._engine) as connection:
            found = connection.execute(BY_ID, {"key": key_id}).mappings().first()
        return WrappedKey(**found) if found else None

    def count(self) -> dict[str, int]:
        """How many keys each plan key has wrapped; those that were destroyed do not count."""
        counted = select(CASE_KEYS.c.plan_key, func.count()).where(STANDS).group_by(CASE_KEYS.c.plan_key)
        with reading(self._engine) as connection:
            return {plan_key: int(number) for plan_key, number in connection.execute(counted)}

    def wrapped_by_others(self, active: str, *, after: str, limit: int) -> list[WrappedKey]:
        """Keys that another plan key than the active one has wrapped, by id from ``after`` on."""
        with reading(self._engine) as connection:
            rows = connection.execute(WRAPPED_BY_OTHERS.limit(limit), {"active": active, "after": after}).mappings()
            return [WrappedKey(**row) for row in rows]

    def wrap_anew(self, changes: list[tuple[WrappedKey, str, str]]) -> int:
        """Keys with the plan key that wraps them now, and how; how many were changed. In one transaction."""
        with writing(self._engine) as connection:
            return sum(
                connection.execute(
                    WRAPPED_ANEW, {"key": old.key_id, "was": old.wrapped, "by": plan_key, "now": wrapped}
                ).rowcount
                for old, plan_key, wrapped in changes
            )

    def shred(self, number: str, workflows: tuple[str, ...], *, at: datetime, by: str, reason: str) -> int | Refused:
        """Destroys the keys of a closed case's workflows, with a line in its ledger; how many there were.

        ``number`` is that of a case or of a delegated decision. Refused while it is open or a hold stands, looked at in
        the same transaction; 0 when no key is left, and then nothing is written.
        """
        with recording(self._engine, self._heard) as (connection, heads):
            # Whoever reopens, holds or pulls it up waits meanwhile.
            locked = (table for table, lock in LOCKS if connection.execute(lock, {"case": number}).first())
            ledger = next(locked, LEDGER)
            closed, holds = _case(connection, number) if ledger is LEDGER else _delegated(connection, number)
            verdict = may_be_shredded(is_closed=closed, holds=holds)
            if isinstance(verdict, Refused):
                return verdict
            destroyed = sum(connection.execute(DESTROYED, {"workflow": w, "at": at}).rowcount for w in workflows)
            if destroyed:
                text = f"The key of the case's history was destroyed; nobody can read that history again: {reason}"
                entry = StoryEntry(seq=0, at=at, event="case:shredded", text=text, actor=by, clause=Clause.P9)
                heads += _tell(connection, ledger, number, entry)
        return destroyed


def _case(connection: Connection, number: str) -> tuple[bool, int]:
    """Whether a case is closed, and the third opinion's own case with it; how many holds stand."""
    stages = select(CASES.c.number, CASES.c.closed_at).where(CASES.c.number.startswith(number, autoescape=True))
    own = [row.closed_at for row in connection.execute(stages) if number in (row.number, belongs_to(row.number))]
    return bool(own) and None not in own, _holds(connection, number)


def _delegated(connection: Connection, number: str) -> tuple[bool, int]:
    """Whether a delegated decision is closed; how many holds stand on the case that the plan made of it."""
    columns = (DELEGATED_CASES.c.closed_at, DELEGATED_CASES.c.pulled_up_as)
    row = connection.execute(select(*columns).where(DELEGATED_CASES.c.number == number)).one()
    return row.closed_at is not None, _holds(connection, row.pulled_up_as)


def _holds(connection: Connection, case_number: str) -> int:
    stand = select(func.count()).where(LEGAL_HOLDS.c.case_number == case_number, LEGAL_HOLDS.c.lifted_at.is_(None))
    return int(connection.execute(stand).scalar_one())


def _tell(connection: Connection, ledger: Table, number: str, entry: StoryEntry) -> list[Head]:
    """A line that is not the story's own, numbered as late refusals are, and chained as every line."""
    entry = entry.model_copy(update={"seq": late_number(connection, ledger, number)})
    row = projections.line(number, entry) if ledger is LEDGER else {"number": number, **entry.model_dump()}
    return chain.append(connection, ledger, [row])
