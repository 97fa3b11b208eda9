"""Who read a case's history in clear: a line in the ledger of that case, once for a while of looking."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, Table, bindparam, select

from policy.chain import Head
from policy.particulars import StoryEntry
from records import chain
from records.chain import LOCKS, Heard, key_of, late_number, recording, unheard
from records.tables import DELEGATED_LINES, LEDGER

READ = "history:read"
TEXT = "The history that Temporal keeps of this case was read in clear"
WHILE = timedelta(minutes=5)  # what one person reads of one case in that time is one line: a page is many requests


READ_LATELY = {
    ledger.name: select(ledger.c.seq)
    .where(ledger.c[key_of(ledger)] == bindparam("case"), ledger.c.event == READ, ledger.c.actor == bindparam("by"))
    .where(ledger.c.at > bindparam("since"))
    .limit(1)
    for ledger in (LEDGER, DELEGATED_LINES)
}


class HistoryReadings:
    """Writes those lines. They are a door's, numbered as late refusals are: the story's own lines stay as they are."""

    def __init__(self, engine: Engine, heard: Heard = unheard) -> None:
        """``heard`` is told how far a line has moved the chain of its case."""
        self._engine = engine
        self._heard = heard

    def note(self, numbers: set[str], *, by: str, at: datetime) -> set[str]:
        """Somebody reads these cases now; gives back which of them are cases at all, of either kind.

        Who read the same case in the five minutes before has a line already. Raises RecordsError.
        """
        found = set()
        with recording(self._engine, self._heard) as (connection, heads):
            for number in sorted(
                numbers
            ):  # in one order, so that two who read the same cases never wait for each other
                ledger = _ledger_of(connection, number)
                if ledger is not None:
                    found.add(number)
                    heads += _told(connection, ledger, number, by, at)
        return found


def _ledger_of(connection: Connection, number: str) -> Table | None:
    """The ledger of the case, whose row is locked then."""
    return next((table for table, lock in LOCKS if connection.execute(lock, {"case": number}).first()), None)


def _told(connection: Connection, ledger: Table, number: str, by: str, at: datetime) -> list[Head]:
    lately = connection.execute(READ_LATELY[ledger.name], {"case": number, "by": by, "since": at - WHILE}).first()
    if lately:
        return []
    entry = StoryEntry(seq=late_number(connection, ledger, number), at=at, event=READ, text=TEXT, actor=by)
    return chain.append(connection, ledger, [{key_of(ledger): number, **entry.model_dump()}])
