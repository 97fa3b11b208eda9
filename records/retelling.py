"""The ledgers read line by line for a second derivation of the report's counts: the lines, and no projection. P12.

Every function raises RecordsError when the records cannot be used.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    ColumnElement,
    CompoundSelect,
    Connection,
    Engine,
    Select,
    Table,
    or_,
    select,
    type_coerce,
    union,
)

from policy.report.delegateretold import EVENTS as DELEGATED_EVENTS
from policy.report.delegateretold import RetoldDelegated, retold_delegated
from policy.report.delegates import DelegatedFact
from policy.report.facts import CaseFact
from policy.report.period import Period
from policy.report.retold import EVENTS, Came, Retold, Told, retold
from records.casefacts import FIELDS, TIMES, Facts
from records.database import reading
from records.tables import CASE_FACTS, CASES, DELEGATED_LINES, INTAKE, LEDGER

Row = Sequence[Any]
Numbers = Select[Any] | CompoundSelect[Any]
AT_ONCE = 5000  # lines
LINE = ("at", "event", "text", "actor")
ROW = ("outcome", "line", "priority", "specialty", "organization", "category")
REQUEST = type_coerce(INTAKE.c.request, JSON)
CAME = (
    REQUEST["purpose"].as_string().label("purpose"),
    REQUEST["reasons"].label("reasons"),
    REQUEST[("treating_provider", "organization")].as_string().label("organization"),
    REQUEST[("first_opinion", "professional", "npi")].as_string().label("first"),
    REQUEST[("treating_provider", "npi")].as_string().label("treating"),
)


class Both(NamedTuple):
    """A case by its fact, its own row, its request and its ledger; None for what is not there."""

    number: str
    fact: CaseFact | None
    row: dict[str, str] | None
    came: Came | None
    told: Retold | None

    @property
    def is_request(self) -> bool:
        """Whether it is a request by what its ledger says; where it has none, by its fact."""
        return self.told.is_request if self.told else bool(self.fact and self.fact.is_request)


class BothDelegated(NamedTuple):
    """A delegated decision by its rows and by its lines; None for what is not there."""

    number: str
    fact: DelegatedFact | None
    told: RetoldDelegated | None


def cases(engine: Engine, since: datetime) -> Iterator[Both]:
    """The cases of which their ledger or their fact tells anything since then, whole, in the order of the numbers.

    One moment of the records, and little of them at a time; what was over before is not read.
    """
    lately = _lately(since)
    with reading(engine) as connection:
        facts = _rows(connection, lately, CASE_FACTS.c.number, *(CASE_FACTS.c[name] for name in FIELDS[1:]))
        of_facts = ((row[0], CaseFact.model_construct(**dict(zip(FIELDS, row, strict=True)))) for row in facts)
        rows = _rows(connection, lately, CASES.c.number, *(CASES.c[name] for name in ROW))
        of_rows = ((row[0], {name: str(value or "") for name, value in zip(ROW, row[1:], strict=True)}) for row in rows)
        of_requests = ((row[0], _came(*row[1:])) for row in _rows(connection, lately, INTAKE.c.case_number, *CAME))
        told = _lines(connection, lately, LEDGER, LEDGER.c.case_number, EVENTS)
        of_lines = ((number, retold(number, lines)) for number, lines in told)
        for number, (fact, row, came, lines) in _side_by_side(of_facts, of_rows, of_requests, of_lines):
            if fact or row or lines:  # a request whose story has not begun is no case yet
                yield Both(number, fact, row, came, lines)


def delegated(engine: Engine, period: Period) -> Iterator[BothDelegated]:
    """The decisions of which lines tell anything since the period began, beside the rows of those made in it."""
    with reading(engine) as connection:
        of_facts = ((fact.number, fact) for fact in Facts(connection).delegated(period))
        lines = DELEGATED_LINES.c
        lately = select(lines.number).where(lines.at >= period.begins)
        told = _lines(connection, lately, DELEGATED_LINES, lines.number, DELEGATED_EVENTS)
        of_lines = ((number, retold_delegated(number, lines)) for number, lines in told)
        for number, (fact, lines) in _side_by_side(of_facts, of_lines):
            yield BothDelegated(number, fact, lines)


def _lately(since: datetime) -> CompoundSelect[Any]:
    """The numbers of the cases that are looked at: what one of the two sides hides the other one shows."""
    facts = CASE_FACTS.c
    told = select(LEDGER.c.case_number).where(LEDGER.c.at >= since)
    counted = select(facts.number).where(or_(*(facts[name] >= since for name in TIMES)))
    return union(told, counted)


def _rows(
    connection: Connection, lately: Numbers, number: ColumnElement[str], *columns: ColumnElement[Any]
) -> Iterator[Row]:
    """The rows of a table in the order of their numbers."""
    wanted = select(number, *columns).where(number.in_(lately)).order_by(_ordered(connection, number))
    return iter(connection.execute(wanted, execution_options={"yield_per": AT_ONCE}))


def _lines(
    connection: Connection, lately: Numbers, table: Table, number: ColumnElement[str], events: Iterable[str]
) -> Iterator[tuple[str, Iterator[Told]]]:
    """The lines that tell something of what is counted, number by number, in their order."""
    wanted = select(number, *(table.c[name] for name in LINE)).where(table.c.event.in_(events), number.in_(lately))
    wanted = wanted.order_by(_ordered(connection, number), table.c.seq)
    found = connection.execute(wanted, execution_options={"yield_per": AT_ONCE})
    for of, lines in groupby(found, key=itemgetter(0)):
        yield of, (Told(*line[1:]) for line in lines)


def _ordered(connection: Connection, number: ColumnElement[str]) -> ColumnElement[str]:
    """By the characters alone; PostgreSQL orders by the words of a language, else."""
    return number.collate("C") if connection.dialect.name == "postgresql" else number


def _came(
    purpose: str | None, reasons: Sequence[str] | None, organization: str | None, first: str | None, treating: str
) -> Came:
    """What the request says; the physician of the first opinion is questioned, else the one who treats."""
    return Came(purpose or "", tuple(reasons or ()), organization or "", first or treating or "")


def _side_by_side(*lists: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, list[Any]]]:
    """Lists in the order of their numbers become one, with None for what is not there: none is ever held whole."""
    heads = [next(one, None) for one in lists]
    while any(heads):
        number = min(head[0] for head in heads if head)
        yield number, [head[1] if head and head[0] == number else None for head in heads]
        heads = [
            next(one, None) if head and head[0] == number else head for one, head in zip(lists, heads, strict=True)
        ]
