"""The write side of a case: one transaction for each transition, safe to repeat and safe out of order."""

from datetime import datetime

from sqlalchemy import Connection, Engine, Table

from policy.transition import Transition
from records import projections
from records.database import writing
from records.errors import RecordsError
from records.projections import Row
from records.statements import OPEN_TASKS_DUE, STANDING, STARTED, STORED, inserting
from records.tables import CASES, CLOCKS, DOCUMENTS, LEDGER, NOTICES, TASKS


class CaseLedger:
    """The ledger of every case, and the tables that are projected from it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, transition: Transition) -> None:
        """Append the lines and update the rows, in one transaction.

        Idempotent on (case, seq): a line that is there is left alone, and the rows follow only a revision newer than
        theirs. Raises RecordsError when the case's first transition was never recorded, or the records cannot be used.
        """
        with writing(self._engine) as connection:
            revision, due = _opened(connection, transition)
            if transition.revision > revision:
                _project(connection, transition, due_before=due)
            _write(connection, LEDGER, projections.lines(transition), change=False)


def _opened(connection: Connection, transition: Transition) -> tuple[int, datetime | None]:
    """The stored revision and due time. The case's row is locked, and made if this is its first transition."""
    number = transition.case_number
    stored = connection.execute(STORED, {"case": number}).first()
    if stored is None and transition.request is not None:
        # Revision 0: what follows is the same for a new case as for an old one.
        row = projections.opening(transition, transition.request) | {"revision": 0}
        _write(connection, CASES, [row], change=False)
        connection.execute(STARTED, {"case": number, "at": transition.at})
        stored = connection.execute(STORED, {"case": number}).first()
    if stored is None:
        raise RecordsError(
            f"Case {number} is not in the records: its first transition must be recorded before revision "
            f"{transition.revision}."
        )
    return stored.revision, stored.next_due


def _project(connection: Connection, transition: Transition, due_before: datetime | None) -> None:
    number = transition.case_number
    connection.execute(STANDING, {"case": number, **projections.standing(transition)})
    if transition.next_due != due_before:
        connection.execute(OPEN_TASKS_DUE, {"case": number, "due": transition.next_due})
    _write(connection, CLOCKS, projections.clocks(transition))
    _write(connection, TASKS, projections.tasks(transition))
    _write(connection, NOTICES, projections.notices(transition))
    _write(connection, DOCUMENTS, projections.documents(transition))


def _write(connection: Connection, table: Table, rows: list[Row], *, change: bool = True) -> None:
    """Insert; a row that is there is changed, or left alone."""
    if rows:
        connection.execute(inserting(connection.dialect.name, table.name, change=change), rows)
