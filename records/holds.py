"""Legal holds: placed on a case, lifted again, and never taken out of the records. Procedure 9 (P9)."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, bindparam, func, select, update

from policy.verdict import Value
from records.database import reading, writing
from records.errors import RecordsError
from records.statements import INSERTS, STORED
from records.tables import LEGAL_HOLDS

HOLD = (LEGAL_HOLDS.c.case_number == bindparam("case"), LEGAL_HOLDS.c.number == bindparam("hold"))
STANDS = LEGAL_HOLDS.c.lifted_at.is_(None)
IN_ORDER = (LEGAL_HOLDS.c.case_number, LEGAL_HOLDS.c.number)
LAST = select(func.coalesce(func.max(LEGAL_HOLDS.c.number), 0)).where(LEGAL_HOLDS.c.case_number == bindparam("case"))
LIFTED = (
    update(LEGAL_HOLDS)
    .where(*HOLD, STANDS)
    .values(lifted_at=bindparam("at"), lifted_by=bindparam("by"), lifted_because=bindparam("because"))
)


class LegalHold(Value):
    """A hold; ``number`` counts a case's holds from 1, ``lifted_at`` is None as long as it stands."""

    case_number: str
    number: int
    placed_at: datetime
    placed_by: str
    reason: str
    lifted_at: datetime | None = None
    lifted_by: str = ""
    lifted_because: str = ""


class LegalHolds:
    """Places and lifts holds. Every method raises RecordsError when the records cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = INSERTS[engine.dialect.name]

    def place(self, case_number: str, *, at: datetime, by: str, reason: str) -> LegalHold:
        """One more hold on a case. Raises RecordsError for a case that is not in the records."""
        with writing(self._engine) as connection:
            if connection.execute(STORED, {"case": case_number}).first() is None:  # locks it: numbers come in turn
                raise RecordsError(f"Case {case_number} is not in the records: it cannot be held.")
            number = connection.execute(LAST, {"case": case_number}).scalar_one() + 1
            hold = LegalHold(case_number=case_number, number=number, placed_at=at, placed_by=by, reason=reason)
            connection.execute(self._insert(LEGAL_HOLDS).values(**hold.model_dump()))
        return hold

    def lift(self, case_number: str, number: int, *, at: datetime, by: str, because: str) -> bool:
        """A hold stands no longer; False when there is none of that number, or it was lifted before."""
        given = {"case": case_number, "hold": number, "at": at, "by": by, "because": because}
        with writing(self._engine) as connection:
            return connection.execute(LIFTED, given).rowcount == 1

    def of(self, case_number: str) -> list[LegalHold]:
        """All holds of a case, those that were lifted included, in the order of their numbers."""
        with reading(self._engine) as connection:
            return _held(connection, [LEGAL_HOLDS.c.case_number == case_number])

    def standing(self) -> dict[str, list[LegalHold]]:
        """The holds that stand, by case."""
        with reading(self._engine) as connection:
            found: dict[str, list[LegalHold]] = {}
            for hold in _held(connection, [STANDS]):
                found.setdefault(hold.case_number, []).append(hold)
            return found


def _held(connection: Connection, conditions: Iterable[ColumnElement[bool]]) -> list[LegalHold]:
    chosen = select(LEGAL_HOLDS).where(*conditions).order_by(*IN_ORDER)
    return [LegalHold.model_validate(dict(row)) for row in connection.execute(chosen).mappings()]
