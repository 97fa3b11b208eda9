"""Writes lines into a ledger and chains them, in one transaction; tells how far each chain has come, once committed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, Integer, Table, bindparam, func, literal, select, union_all

from policy.chain import Head, How, Line, continued
from records.database import writing
from records.errors import RecordsError
from records.statements import CASE, FIRST_LATE, STORED, inserting
from records.tables import COMMITTEE_LINES, COMMITTEE_REPORTS, DELEGATED_CASES, DELEGATED_LINES, LEDGER, LINKS, TABLES

Row = dict[str, Any]
Heard = Callable[[Head], None]

NEWEST = select(LINKS.c.position, LINKS.c.hash).where(LINKS.c.case_number == CASE)
SAID = ("event", "text", "actor", "clause")
LOCKS = (
    (LEDGER, STORED),
    (DELEGATED_LINES, select(DELEGATED_CASES.c.revision).where(DELEGATED_CASES.c.number == CASE).with_for_update()),
    (
        COMMITTEE_LINES,
        select(COMMITTEE_REPORTS.c.revision).where(COMMITTEE_REPORTS.c.number == CASE).with_for_update(),
    ),
)
HEAD = NEWEST.order_by(LINKS.c.position.desc()).limit(1)


def unheard(head: Head) -> None:
    """For who asks for no anchor."""


@contextmanager
def recording(engine: Engine, heard: Heard) -> Iterator[tuple[Connection, list[Head]]]:
    """A transaction with the heads of the chains that it moves on; ``heard`` is told them when it is committed."""
    heads: list[Head] = []
    with writing(engine) as connection:
        yield connection, heads
    for head in heads:
        heard(head)


def append(connection: Connection, ledger: Table, rows: list[Row], how: How = How.RECORDED) -> list[Head]:
    """Write lines of one case and chain those that are new; gives back the new head, or nothing.

    A line that is there is left alone. The caller holds the lock of the case's row, so that nobody chains beside us; if
    somebody did, the position that is taken would refuse the second one.
    """
    if not rows:
        return []
    number = rows[0][key_of(ledger)]
    seqs = [row["seq"] for row in rows]
    asked = {"case": number, "first": min(seqs), "last": max(seqs)}
    stands = connection.execute(_stands(ledger.name), asked).all()
    there = {row.seq for row in stands if row.position == 0}
    head = next((Head(number, row.position, row.hash) for row in stands if row.position), None)
    new = [row for row in sorted(rows, key=lambda row: row["seq"]) if row["seq"] not in there]
    if not new:
        return []
    connection.execute(inserting(connection.dialect.name, ledger.name, change=False), new)
    return [_link(connection, number, head, [_line(ledger, row) for row in new], how)]


def late_number(connection: Connection, ledger: Table, case_number: str) -> int:
    """The number of the next line that is not the story's own."""
    of_case = (ledger.c[key_of(ledger)] == case_number, ledger.c.seq >= FIRST_LATE)
    last: int | None = connection.execute(select(func.max(ledger.c.seq)).where(*of_case)).scalar()
    return FIRST_LATE if last is None else last + 1


def adopt(engine: Engine, case_number: str, heard: Heard = unheard) -> int:
    """Chain the lines of a case that are in no link: a worker of an older version wrote them. Gives back how many.

    They stay known as adopted. Raises RecordsError for a case without a line.
    """
    asked = {"case": case_number}
    with recording(engine, heard) as (connection, heads):
        ledger = next((table for table, lock in LOCKS if connection.execute(lock, asked).first()), None)
        if ledger is None:
            raise RecordsError(f"Case {case_number} is not in the records.")
        linked = select(LINKS.c.seq).where(LINKS.c.case_number == CASE)
        loose = select(*ledger.c).where(ledger.c[key_of(ledger)] == CASE, ledger.c.seq.not_in(linked))
        found = connection.execute(loose.order_by(ledger.c.seq), asked).mappings()
        lines = [_line(ledger, dict(row)) for row in found]
        if lines:
            newest = connection.execute(HEAD, asked).first()
            head = Head(case_number, newest.position, newest.hash) if newest else None
            heads.append(_link(connection, case_number, head, lines, How.ADOPTED))
    return len(lines)


def _link(connection: Connection, number: str, head: Head | None, lines: list[Line], how: How) -> Head:
    links = continued(number, head, lines, how)
    connection.execute(LINKS.insert(), [{"case_number": number, **link._asdict()} for link in links])
    return Head(number, links[-1].position, links[-1].hash)


def _line(ledger: Table, row: Row) -> Line:
    """The line as the database will hold it."""
    event, text, actor, clause = (str(row[name]).replace("\x00", "\ufffd") for name in SAID)
    return Line(row[key_of(ledger)], row["seq"], row["at"], event, text, actor, clause, bool(row["unsigned"]))


def key_of(ledger: Table) -> str:
    """What the column with the case number is called."""
    return "case_number" if ledger is LEDGER else "number"


@cache
def _stands(name: str) -> Any:  # noqa: ANN401 - a compound select
    """In one question: which of the lines are there (position 0), and the newest link."""
    ledger = TABLES[name]
    some = ledger.c.seq.between(bindparam("first", type_=Integer), bindparam("last", type_=Integer))
    known = select(ledger.c.seq, literal(0).label("position"), literal("").label("hash"))
    newest = HEAD.with_only_columns(literal(0).label("seq"), LINKS.c.position, LINKS.c.hash).subquery()
    return union_all(known.where(ledger.c[key_of(ledger)] == CASE, some), select(newest))
