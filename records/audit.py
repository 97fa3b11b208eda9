"""Reads the ledgers with their chains, case after case, in one view of the records; heads of chains. Writes nothing.

What somebody put into the database is read as it lies there: a value that is none of ours must not stop an audit.
Every function raises RecordsError.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Engine,
    Integer,
    LargeBinary,
    Select,
    Table,
    and_,
    cast,
    func,
    select,
    type_coerce,
    union,
)

from policy.chain import Head, Line, Link
from records.database import reading
from records.tables import CASES, COMMITTEE_LINES, COMMITTEE_REPORTS, DELEGATED_CASES, DELEGATED_LINES, LEDGER, LINKS

AT_ONCE = 100  # cases

NUMBERS = union(
    select(CASES.c.number).where(CASES.c.revision > 0),
    select(DELEGATED_CASES.c.number).where(DELEGATED_CASES.c.revision > 0),
    select(COMMITTEE_REPORTS.c.number).where(COMMITTEE_REPORTS.c.revision > 0),
    select(LEDGER.c.case_number).distinct(),
    select(DELEGATED_LINES.c.number).distinct(),
    select(COMMITTEE_LINES.c.number).distinct(),
    select(LINKS.c.case_number).distinct(),
)


class Chain(NamedTuple):
    """All that the records hold of one case's ledger: its lines by number, its links by position."""

    case_number: str
    lines: list[Line]
    links: list[Link]


def chains(engine: Engine, numbers: Iterable[str] | None = None, also: Iterable[str] = ()) -> Iterator[Chain]:
    """The chains of some cases, or of all there are (and of those in ``also``), by number; a few at a time."""
    with reading(engine) as connection:
        wanted = set(numbers) if numbers is not None else {*also, *connection.execute(NUMBERS).scalars()}
        ordered = sorted(wanted)
        for start in range(0, len(ordered), AT_ONCE):
            yield from _some(connection, ordered[start : start + AT_ONCE])


def heads(engine: Engine, beyond: dict[str, int]) -> list[Head]:
    """The newest link of each case whose chain is longer than ``beyond`` says, by case number."""
    top = select(LINKS.c.case_number, func.max(LINKS.c.position).label("position")).group_by(LINKS.c.case_number)
    newest = top.subquery()
    joined = and_(LINKS.c.case_number == newest.c.case_number, LINKS.c.position == newest.c.position)
    found = select(LINKS.c.case_number, LINKS.c.position, LINKS.c.hash).join(newest, joined)
    with reading(engine) as connection:
        rows = connection.execute(found.order_by(LINKS.c.case_number))
        return [Head(*row) for row in rows if row.position > beyond.get(row.case_number, 0)]


def _some(connection: Connection, numbers: Sequence[str]) -> Iterator[Chain]:
    lines: dict[str, list[Line]] = defaultdict(list)
    links: dict[str, list[Link]] = defaultdict(list)
    for ledger in (LEDGER, DELEGATED_LINES, COMMITTEE_LINES):
        for row in connection.execute(_raw(connection, ledger, numbers)):
            lines[row[0]].append(_line(row))
    for row in connection.execute(_links(connection, numbers)):
        position, seq, *said = row[1:]
        links[row[0]].append(Link(_count(position), _count(seq), *(_text(one) or "" for one in said)))
    for number in numbers:
        yield Chain(number, lines[number], links[number])


def _links(connection: Connection, numbers: Sequence[str]) -> Select[Any]:
    number, position, seq, *said = LINKS.c
    columns = (number, position, seq, *_as_it_lies(connection, said))
    return select(*columns).where(number.in_(numbers)).order_by(number, position)


def _raw(connection: Connection, ledger: Table, numbers: Sequence[str]) -> Select[Any]:
    key, seq, *said, unsigned = ledger.c
    flag = type_coerce(unsigned, Integer) if connection.dialect.name == "sqlite" else unsigned
    return select(key, seq, *_as_it_lies(connection, said), flag).where(key.in_(numbers)).order_by(key, seq)


def _as_it_lies(connection: Connection, columns: list[Any]) -> list[Any]:
    """SQLite keeps whatever it is given in any column: there text and times come as their bytes."""
    if connection.dialect.name == "sqlite":
        return [cast(column, LargeBinary) for column in columns]
    return columns


def _line(row: Any) -> Line:  # noqa: ANN401 - a row of any ledger
    number, seq, at, *said, unsigned = row
    if not isinstance(at, datetime):
        at = _instant(_text(at))
    if not isinstance(unsigned, bool):
        unsigned = bool(unsigned) if unsigned in (0, 1) else None
    event, text, actor, clause = map(_text, said)
    return Line(number, _count(seq), at, event, text, actor, clause, unsigned)


def _count(stored: Any) -> int:  # noqa: ANN401
    """A number; -1 for what is none, and fits nothing."""
    return stored if isinstance(stored, int) else -1


def _text(stored: Any) -> str | None:  # noqa: ANN401
    if not isinstance(stored, bytes):
        return stored if isinstance(stored, str) else None
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return None


def _instant(stored: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(stored or "")
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
