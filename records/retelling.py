"""The ledgers read line by line for a second derivation of the report's counts: the lines, and no projection. P12.

Every function raises RecordsError when the records cannot be used.
"""

import re
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import ColumnElement, Engine, select

from policy.report.facts import CaseFact
from policy.report.retold import Retold, Told, retold
from records.casefacts import FIELDS
from records.database import reading
from records.tables import CASE_FACTS, CASES, DELEGATED_LINES, LEDGER

AT_ONCE = 5000  # lines
ROW = ("outcome", "line", "priority", "specialty", "organization", "category")
PACKET = re.compile(
    r"(\w+), (\w+): (\w+) by (.+) \w{3} (\d{4}-\d{2}-\d{2}) \d{2}:\d{2} \w+; the copy came .*", re.DOTALL
)


class Both(NamedTuple):
    """A case by its fact, its own row, and its ledger; None for what is not there."""

    number: str
    fact: CaseFact | None
    row: dict[str, str] | None
    told: Retold | None


class DelegatedTold(NamedTuple):
    """A delegated decision, as the first line of its ledger tells it."""

    number: str
    line: str
    delegate: str
    outcome: str
    decided_on: date


def cases(engine: Engine) -> Iterator[Both]:
    """Every case, side by side, in the order of the numbers. One moment of the records; little of them at a time."""
    plain = engine.dialect.name == "postgresql"  # which orders by the words of a language, else
    facts = select(*(CASE_FACTS.c[name] for name in FIELDS)).order_by(_ordered(CASE_FACTS.c.number, plain=plain))
    rows = select(CASES.c.number, *(CASES.c[name] for name in ROW)).order_by(_ordered(CASES.c.number, plain=plain))
    lines = select(*(LEDGER.c[name] for name in ("case_number", "at", "event", "text")))
    lines = lines.where(LEDGER.c.event.in_(EVENTS))
    lines = lines.order_by(_ordered(LEDGER.c.case_number, plain=plain), LEDGER.c.seq)
    with reading(engine) as connection:
        streamed = {"yield_per": AT_ONCE}
        found = connection.execute(facts, execution_options=streamed).mappings()
        of_facts = ((row["number"], CaseFact.model_construct(**row)) for row in found)
        of_rows = ((row[0], _row(row)) for row in connection.execute(rows, execution_options=streamed))
        told = groupby(connection.execute(lines, execution_options=streamed), key=itemgetter(0))
        of_lines = ((number, retold(number, (Told(*line[1:]) for line in its))) for number, its in told)
        yield from _side_by_side(of_facts, of_rows, of_lines)


# What the second derivation reads; most lines of a ledger are about tasks, letters and warnings.
EVENTS = (
    *("request:received", "request:expedited", "request:withdrawn", "determination:approved", "determination:denied"),
    *("determination:changed", "consultation:referred", "consultation:given", "information:requested"),
    *("opinion:placed", "opinion:declined", "opinion:not_in_time", "opinion:changed_by_member", "report:received"),
    *("opinions:compared", "third-opinion:opened", "clock:started", "clock:breached", "clock:met", "case:coded"),
)


def delegated(engine: Engine) -> Iterator[DelegatedTold]:
    """Every delegated decision, by the first line of its ledger."""
    lines = select(DELEGATED_LINES.c.number, DELEGATED_LINES.c.text)
    first = lines.where(DELEGATED_LINES.c.event == "delegated:received").order_by(DELEGATED_LINES.c.number)
    with reading(engine) as connection:
        for number, text in connection.execute(first, execution_options={"yield_per": AT_ONCE}):
            if found := PACKET.fullmatch(text):
                line, _, outcome, delegate, day = found.groups()
                yield DelegatedTold(number, line, delegate, outcome, date.fromisoformat(day))


def _ordered(number: ColumnElement[str], *, plain: bool) -> ColumnElement[str]:
    return number.collate("C") if plain else number


def _row(row: object) -> dict[str, str]:
    return {name: str(getattr(row, name) or "") for name in ROW}


def _side_by_side(
    facts: Iterator[tuple[str, CaseFact]],
    rows: Iterator[tuple[str, dict[str, str]]],
    told: Iterator[tuple[str, Retold]],
) -> Iterator[Both]:
    """Three lists in the order of their numbers become one: none of them is ever held whole."""
    fact, row, line = next(facts, None), next(rows, None), next(told, None)
    while fact or row or line:
        number = min(one[0] for one in (fact, row, line) if one)
        here = [one[1] if one and one[0] == number else None for one in (fact, row, line)]
        yield Both(number, *here)  # type: ignore[arg-type]
        fact = next(facts, None) if fact and fact[0] == number else fact
        row = next(rows, None) if row and row[0] == number else row
        line = next(told, None) if line and line[0] == number else line
