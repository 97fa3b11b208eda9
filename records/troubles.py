"""Troubles of cases that the cases themselves cannot tell: a supervisor's tasks, outside of the case.

A watcher says what it finds; what it finds no longer has ended by itself. People acknowledge a trouble (somebody looks
after it) and end one by hand. Every function raises RecordsError.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, func, select, update

from policy.people import Actor
from policy.tasks import IN_CHARGE
from policy.verdict import Allowed, Refused, Value, Verdict
from records.database import reading, writing
from records.statements import INSERTS
from records.tables import TROUBLES
from records.troubletables import TroubleKind

__all__ = ["Found", "Sweep", "Trouble", "TroubleKind", "TroubleState", "Troubles"]

LONGEST_NOTE = 500
IS_OPEN = TROUBLES.c.ended_at.is_(None)


class TroubleState(StrEnum):
    """Where a trouble stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    ENDED = "ended"


class Found(Value):
    """What is wrong with a case: a code, and a sentence for people that names nobody."""

    code: str
    text: str


class Trouble(Value):
    """A trouble as it stands. ``ended_by`` is empty where it has passed by itself; times are UTC."""

    kind: TroubleKind
    case_number: str
    found_at: datetime
    code: str
    text: str
    acknowledged_at: datetime | None
    acknowledged_by: str
    ended_at: datetime | None
    ended_by: str
    note: str

    @property
    def state(self) -> TroubleState:
        """Open, in somebody's hands, or over."""
        if self.ended_at:
            return TroubleState.ENDED
        return TroubleState.ACKNOWLEDGED if self.acknowledged_at else TroubleState.OPEN


class Sweep(Value):
    """What a look around has changed: the numbers of the cases whose trouble began, and has ended."""

    opened: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()


class Troubles:
    """The troubles of all cases."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def observe(self, kind: TroubleKind, found: Mapping[str, Found], at: datetime, *, is_all: bool = True) -> Sweep:
        """Whoever looked found these, by case number. Any number of watchers may say so at once, and as often.

        ``is_all``: nobody else has this trouble, so that every other open one of the kind ends. False where the list
        broke off, or only some cases were looked at.
        """
        with reading(self._engine) as connection:
            known = _open(connection, kind)
        if found.keys() <= known and not (is_all and known - found.keys()):
            return Sweep()  # as a rule nothing has changed, and nobody need wait for the one who writes
        with writing(self._engine) as connection:
            known = _open(connection, kind)
            new, over = sorted(found.keys() - known), sorted(known - found.keys()) if is_all else []
            for number in new:
                self._begin(connection, kind, number, found[number], at)
            for number in over:
                connection.execute(_of(kind, number).values(ended_at=at))
        return Sweep(opened=tuple(new), ended=tuple(over))

    def acknowledge(self, kind: TroubleKind, case_number: str, actor: Actor, at: datetime, note: str = "") -> Verdict:
        """Somebody in charge looks after it. Again by another: the last one has it."""
        values = {"acknowledged_at": at, "acknowledged_by": actor.id}
        return self._settle(kind, case_number, actor, note, values)

    def end(self, kind: TroubleKind, case_number: str, actor: Actor, at: datetime, note: str = "") -> Verdict:
        """Somebody in charge says that it is over. Is it not, then the next look around finds it anew."""
        return self._settle(kind, case_number, actor, note, {"ended_at": at, "ended_by": actor.id})

    def open(self, kind: TroubleKind | None = None, limit: int = 100) -> tuple[Trouble, ...]:
        """What is not over, the oldest first."""
        wanted = select(TROUBLES).where(IS_OPEN).order_by(TROUBLES.c.found_at, TROUBLES.c.case_number).limit(limit)
        return self._read(wanted.where(TROUBLES.c.kind == kind) if kind else wanted)

    def history(self, limit: int = 100) -> tuple[Trouble, ...]:
        """All there were, the newest first."""
        return self._read(select(TROUBLES).order_by(TROUBLES.c.found_at.desc(), TROUBLES.c.case_number).limit(limit))

    def count(self) -> dict[TroubleKind, int]:
        """How many are not over, by kind; none where there is none."""
        wanted = select(TROUBLES.c.kind, func.count()).where(IS_OPEN).group_by(TROUBLES.c.kind)
        with reading(self._engine) as connection:
            counted = {kind: int(count) for kind, count in connection.execute(wanted)}
        return {kind: counted.get(kind, 0) for kind in TroubleKind}

    def _begin(self, connection: Connection, kind: TroubleKind, number: str, what: Found, at: datetime) -> None:
        row = {
            "kind": kind,
            "case_number": number,
            "found_at": at,
            **what.model_dump(),
            **dict.fromkeys(("acknowledged_by", "ended_by", "note"), ""),
        }
        connection.execute(INSERTS[connection.dialect.name](TROUBLES).on_conflict_do_nothing(), [row])

    def _settle(
        self, kind: TroubleKind, case_number: str, actor: Actor, note: str, values: Mapping[str, Any]
    ) -> Verdict:
        if not actor.has(*IN_CHARGE):
            roles = " or ".join(role.value.replace("_", " ") for role in IN_CHARGE)
            return Refused(reason=f"only for: {roles}", field="actor.roles")
        if len(note) > LONGEST_NOTE:
            return Refused(reason=f"a note has at most {LONGEST_NOTE} characters", field="note")
        given = {**values, "note": note} if note else values
        with writing(self._engine) as connection:
            changed = connection.execute(_of(kind, case_number).values(**given)).rowcount
        return Allowed() if changed else Refused(reason=f"{case_number} has no open trouble of the kind {kind}")

    def _read(self, wanted: Any) -> tuple[Trouble, ...]:  # noqa: ANN401 - SQLAlchemy's select
        with reading(self._engine) as connection:
            return tuple(Trouble.model_validate(dict(row)) for row in connection.execute(wanted).mappings())


def _open(connection: Connection, kind: TroubleKind) -> set[str]:
    wanted = select(TROUBLES.c.case_number).where(IS_OPEN, TROUBLES.c.kind == kind)
    return set(connection.execute(wanted).scalars())


def _of(kind: TroubleKind, case_number: str) -> Any:  # noqa: ANN401 - SQLAlchemy's update
    return update(TROUBLES).where(IS_OPEN, TROUBLES.c.kind == kind, TROUBLES.c.case_number == case_number)
