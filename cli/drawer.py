"""The register of the drawer as plain text: pages that a printer takes, 80 columns wide. Procedure 9 (P9)."""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import groupby

from rich.cells import cell_len, chop_cells

from adapters.cabinet import RegisterLine

WIDE = 80
NAME, CASE = 48, 22  # columns of a line; the pages have what is left


def register_pages(lines: Iterable[RegisterLine], first: date | None, last: date | None) -> Iterator[str]:
    """The register line by line, a heading for each day, in the order given: date, then alphabet."""
    yield "PRIOR AUTHORIZATIONS: REGISTER OF PACKETS"
    yield between(first, last)
    count = pages = 0
    for day, filed in groupby(lines, key=lambda line: line.filed_on):
        of_day = list(filed)
        yield ""
        yield f"{day:%A} {day}   ({_many(len(of_day), 'packet')})"
        yield "-" * WIDE
        for line in of_day:
            yield from _entry(line)
        count, pages = count + len(of_day), pages + sum(line.filing.pages for line in of_day)
    yield ""
    yield f"{_many(count, 'packet')}, {_many(pages, 'page')}." if count else "No packet was filed in that time."


def span_of(first: date | None, last: date | None, day: date | None, month: str) -> tuple[date | None, date | None]:
    """The first and the last day that are meant. Raises ValueError, a sentence, for days that cannot be."""
    if sum((bool(first or last), day is not None, bool(month))) > 1:
        raise ValueError("Give --day, or --month, or --from and --to; not several of them.")
    if first and last and last < first:
        raise ValueError(f"{last} is before {first}; give the earlier day with --from.")
    if day:
        return day, day
    if month:
        try:
            begins = datetime.strptime(month, "%Y-%m").date()  # noqa: DTZ007 - a month has no time zone
        except ValueError:
            raise ValueError("Give --month as 2026-11.") from None
        return begins, begins.replace(day=monthrange(begins.year, begins.month)[1])
    return first, last


def _entry(line: RegisterLine) -> Iterator[str]:
    """One packet; a name that is too long goes on beneath, whole."""
    name = "".join(c if c.isprintable() else "_" for c in line.name)
    head, *rest = chop_cells(name, NAME - 2) or [""]
    filler = "." * (NAME - 1 - cell_len(head))
    number, *more = chop_cells(line.case_number, CASE) or [""]
    yield f"{head} {filler} {number:<{CASE}}{line.filing.pages:>{WIDE - NAME - CASE - 4}} p."
    yield from (f"  {part}" for part in (*rest, *more))


def between(first: date | None, last: date | None) -> str:
    """Which days of filing, in words."""
    if first and first == last:
        return f"Filed on {first}, by date and alphabet"
    if first and last:
        return f"Filed from {first} to {last}, by date and alphabet"
    since = f"Filed from {first} on" if first else f"Filed up to {last}" if last else "All that is filed"
    return f"{since}, by date and alphabet"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
