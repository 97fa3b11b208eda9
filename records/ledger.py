"""The write side of a case: one transaction for each transition, safe to repeat and safe out of order."""

from sqlalchemy import Connection, Engine, Table

from policy.clauses import Clause
from policy.particulars import RefusedAction, StoryEntry
from policy.transition import GivenUp, Transition
from records import chain, projections
from records.chain import Heard, late_number, recording, unheard
from records.errors import RecordsError
from records.projections import Row
from records.statements import (
    CLOCKS_STOPPED,
    FACT_CLOSED,
    GIVEN_UP,
    ONE_MORE_REFUSED,
    SAME_LATE,
    STANDING,
    STARTED,
    STORED,
    TASKS_EXITED,
    inserting,
)
from records.tables import CASE_FACTS, CASE_MEMBERS, CASES, CLOCKS, DOCUMENTS, LEDGER, NOTICES, REFUSALS, TASKS


class CaseLedger:
    """The ledger of every case, and the tables that are projected from it."""

    def __init__(self, engine: Engine, heard: Heard = unheard) -> None:
        """``heard`` is told, after each transaction, how far it has moved the chain of its case."""
        self._engine = engine
        self._heard = heard

    def record(self, transition: Transition) -> None:
        """Append the lines and update the rows, in one transaction.

        Idempotent on (case, seq): a line that is there is left alone, and the rows follow only a revision newer than
        theirs. Raises RecordsError when the case's first transition was never recorded, or the records cannot be used.
        """
        with recording(self._engine, self._heard) as (connection, heads):
            revision = _opened(connection, transition)
            if transition.revision > revision:
                _project(connection, transition)
                if revision and transition.request is not None:
                    _take_off(connection, transition)
            _write(connection, REFUSALS, projections.refusals(transition), change=False)
            heads += chain.append(connection, LEDGER, projections.lines(transition))

    def refuse_late(self, case_number: str, refused: RefusedAction) -> int:
        """Record what a door refuses because the case is closed; gives back the number of the ledger's line.

        The lines are numbered from ``FIRST_LATE`` on, whatever ``refused.seq`` says. An action that has an id is
        recorded once: sent again with the same content it writes nothing, and is given the first number. Raises
        RecordsError for a case that is not in the records.
        """
        with recording(self._engine, self._heard) as (connection, heads):
            if connection.execute(STORED, {"case": case_number}).first() is None:
                raise RecordsError(f"Case {case_number} is not in the records: nothing can be refused of it.")
            earlier = _refused_before(connection, case_number, refused)
            if earlier is not None:
                return earlier
            refused = refused.model_copy(update={"seq": late_number(connection, LEDGER, case_number)})
            _write(connection, REFUSALS, [projections.refusal(case_number, refused)], change=False)
            heads += chain.append(connection, LEDGER, [projections.line_of(case_number, refused)])
            connection.execute(ONE_MORE_REFUSED, {"case": case_number})
            return refused.seq

    def give_up(self, given_up: GivenUp) -> None:
        """Close a case whose own story ended before its time: no task of it stands on a list, no clock of it runs.

        What was breached stays breached. The line that says so is numbered as late refusals are; what the story itself
        would still record changes no row any more. A case that is closed, or that nobody recorded, is left alone.
        """
        number = given_up.case_number
        with recording(self._engine, self._heard) as (connection, heads):
            if connection.execute(STORED, {"case": number}).first() is None:
                return
            if connection.execute(GIVEN_UP, {"case": number, "at": given_up.at}).rowcount == 0:
                return
            connection.execute(FACT_CLOSED, {"case": number, "at": given_up.at})
            connection.execute(TASKS_EXITED, {"case": number, "at": given_up.at})
            connection.execute(CLOCKS_STOPPED, {"case": number, "at": given_up.at, "why": given_up.why})
            text = f"Ended before its time: {given_up.why}"
            entry = StoryEntry(
                seq=late_number(connection, LEDGER, number),
                at=given_up.at,
                event="case:given-up",
                text=text,
                clause=Clause.T1,
            )
            heads += chain.append(connection, LEDGER, [projections.line(number, entry)])


def _opened(connection: Connection, transition: Transition) -> int:
    """The stored revision. The case's row is locked, and made if this is its first transition."""
    number = transition.case_number
    stored = connection.execute(STORED, {"case": number}).scalar()
    if stored is None and transition.request is not None:
        # Revision 0: what follows is the same for a new case as for an old one.
        row = projections.opening(transition, transition.request) | {"revision": 0}
        _write(connection, CASES, [row], change=False)
        connection.execute(STARTED, {"case": number, "at": transition.at})
        stored = connection.execute(STORED, {"case": number}).scalar()
    if stored is None:
        raise RecordsError(
            f"Case {number} is not in the records: its first transition must be recorded before revision "
            f"{transition.revision}."
        )
    return int(stored)


def _project(connection: Connection, transition: Transition) -> None:
    standing = projections.standing(transition)
    refused = standing.pop("refused_count")
    connection.execute(STANDING, {"case": transition.case_number, "refused": refused, **standing})
    _write(connection, CLOCKS, projections.clocks(transition))
    _write(connection, TASKS, projections.tasks(transition))
    _write(connection, NOTICES, projections.notices(transition))
    _write(connection, DOCUMENTS, projections.documents(transition))
    _write(connection, CASE_FACTS, projections.facts(transition))
    _write(connection, CASE_MEMBERS, projections.members(transition))


def _take_off(connection: Connection, transition: Transition) -> None:
    """A case that was set going anew tells all that it has: what else is open of it in the rows is so no more."""
    number, at = transition.case_number, transition.at
    of = {"case": number, "at": at, "why": "its workflow was set going anew"}
    connection.execute(TASKS_EXITED.where(TASKS.c.task_id.not_in([t.id for t in transition.tasks])), of)
    connection.execute(CLOCKS_STOPPED.where(CLOCKS.c.clock_id.not_in([c.id for c in transition.clocks])), of)


def _refused_before(connection: Connection, case_number: str, refused: RefusedAction) -> int | None:
    """The line of the same late action; None for one that is new, or has no id by which it could be known again."""
    if not refused.action_id:
        return None
    asked = {"case": case_number, "action_id": refused.action_id, "digest": refused.digest}
    seq: int | None = connection.execute(SAME_LATE, asked).scalar()
    return seq


def _write(connection: Connection, table: Table, rows: list[Row], *, change: bool = True) -> None:
    """Insert; a row that is there is changed, or left alone."""
    if rows:
        connection.execute(inserting(connection.dialect.name, table.name, change=change), rows)
