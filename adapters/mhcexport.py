"""The feed to MHC again, for the days that are asked for, and whether the daily files are whole. Procedure 11.

An export is made of the daily files alone, so the same days give the same bytes for as long as no row joins them. Its
control totals travel beside it, not in it: every line of the CSV stays a row.
"""

import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from adapters.mhc import MhcFolder, as_csv, key_of
from adapters.shelf import unusable
from policy.coding import MhcRow
from policy.verdict import Value

TOTALS = ".totals.json"  # what the name of the file with the totals ends with


class Totals(Value):
    """The control totals of an export: what its receiver counts again. The rows are originals and corrections."""

    since: date
    until: date
    rows: int
    categories: dict[str, int]
    sha256: str
    originals: int
    corrections: int

    @property
    def text(self) -> str:
        """The totals as the file beside the export holds them."""
        return json.dumps(self.model_dump(mode="json"), indent=2) + "\n"


class Export(Value):
    """The rows of some days as one CSV, with its control totals."""

    content: bytes
    totals: Totals


class DailyFile(Value):
    """One daily file: what is in it, corrections included, and what should be.

    ``missing`` rows were given to the feed and are not in it; ``unknown`` ones are in it more than once, or were never
    given to it for that day.
    """

    day: date
    file: str
    rows: int
    categories: dict[str, int]
    given: int
    missing: int
    unknown: int
    corrections: int

    @property
    def agrees(self) -> bool:
        """Whether the file holds just the rows that were given to the feed for its day."""
        return not self.missing and not self.unknown


def export(feed: MhcFolder, since: date, until: date) -> Export:
    """The rows of the days from ``since`` to ``until``, both included. Raises AdapterError."""
    rows = tuple(row for day in feed.days() if since <= day <= until for row in feed.rows(day))
    content = as_csv(rows)
    totals = Totals(
        since=since,
        until=until,
        rows=len(rows),
        categories=_by_category(rows),
        sha256=hashlib.sha256(content).hexdigest(),
        originals=len(rows) - _corrections(rows),
        corrections=_corrections(rows),
    )
    return Export(content=content, totals=totals)


def daily_files(feed: MhcFolder) -> tuple[DailyFile, ...]:
    """Every day that has a file, or should have one, in their order. Raises AdapterError."""
    # The files are read before the list of what they should hold. A row is listed before it is written, so one that
    # joins meanwhile can at worst be missing for a moment, and never be taken for unknown.
    rows = {day: feed.rows(day) for day in feed.days()}
    given: dict[date, set[str]] = {}
    for key, day in feed.given().items():
        given.setdefault(day, set()).add(key)
    return tuple(_compared(day, rows.get(day, ()), given.get(day, set())) for day in sorted({*given, *rows}))


def save(made: Export, file: Path) -> Path:
    """Writes an export, and its totals beside it; says where the totals lie. Each file appears whole or not at all.

    Raises AdapterError when the folder cannot be used.
    """
    beside = file.with_name(file.name + TOTALS)
    _replace(file, made.content)
    _replace(beside, made.totals.text.encode())
    return beside


def _compared(day: date, rows: tuple[MhcRow, ...], given: set[str]) -> DailyFile:
    keys = Counter(key_of(row.row_id) for row in rows)
    return DailyFile(
        day=day,
        file=f"mhc-{day.isoformat()}.csv",
        rows=len(rows),
        categories=_by_category(rows),
        given=len(given),
        missing=len(given - set(keys)),
        unknown=sum(count - (key in given) for key, count in keys.items()),
        corrections=_corrections(rows),
    )


def _corrections(rows: Iterable[MhcRow]) -> int:
    return sum(bool(row.corrects) for row in rows)


def _by_category(rows: Iterable[MhcRow]) -> dict[str, int]:
    return dict(sorted(Counter(row.category for row in rows).items()))


def _replace(file: Path, data: bytes) -> None:
    try:
        descriptor, neighbour = tempfile.mkstemp(prefix=".unfinished-", dir=file.parent)
        try:
            with os.fdopen(descriptor, "wb") as writing:
                writing.write(data)
                writing.flush()
                os.fsync(writing.fileno())
            Path(neighbour).replace(file)
        finally:
            Path(neighbour).unlink(missing_ok=True)
    except OSError as trouble:
        raise unusable(file.parent, "written to", trouble) from None
