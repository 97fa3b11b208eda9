"""The feed to MHC: a CSV file a day, one row for each coded case and each correction. Policy 90.2.17, Procedure 11.

Whoever opens the file in a spreadsheet must not run what somebody typed, so a text that begins like a formula gets an
apostrophe. A row is written under a lock, as one line; what a kill left of one is cut off before the next.
"""

import csv
import fcntl
import hashlib
import io
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from adapters.shelf import AdapterError, Shelf, sync_folder, unusable
from policy.coding import MhcRow

FIELDS = tuple(MhcRow.model_fields)  # row_id comes first; columns only join at the end
FIELDS_BEFORE = FIELDS[: FIELDS.index("sequence")]  # a file that was begun before there were corrections keeps them
STATED = {name for name, field in MhcRow.model_fields.items() if field.annotation is str}  # an empty text is a value
# What spreadsheets take for the beginning of a formula, in both widths. The apostrophes before it are part of the
# pattern so that reading can take exactly one away again.
FORMULA = re.compile(r"'*\s*[=+\-@\t\r＝＋－＠]")
PLACES = ".places"  # for each row the day of its file
PLACE = re.compile(rf"{re.escape(PLACES)}/[0-9a-f]{{64}}")
DAILY = re.compile(r"mhc-(\d{4}-\d\d-\d\d)\.csv")


class MhcFolder:
    """The feed as a folder: ``mhc-YYYY-MM-DD.csv``, by the row's day in Los Angeles; times are ISO in UTC."""

    def __init__(self, folder: Path) -> None:
        self._shelf = Shelf(folder)

    def append(self, row: MhcRow) -> None:
        """Append one row, once per ``row.row_id``. Raises AdapterError when the folder cannot be used."""
        day = self._day_of(row)
        try:
            with _locked(self._path(day)) as file:
                _append_once(file, row)
        except OSError as trouble:
            raise unusable(self._shelf.folder, "written to", trouble) from None

    @property
    def folder(self) -> Path:
        """Where the daily files lie."""
        return self._shelf.folder

    def days(self) -> tuple[date, ...]:
        """The days that have a file, in their order. Raises AdapterError as ``append`` does."""
        found = (DAILY.fullmatch(name) for name in self._shelf.names("mhc-*.csv"))
        return tuple(sorted(date.fromisoformat(name[1]) for name in found if name))

    def rows(self, day: date) -> tuple[MhcRow, ...]:
        """The rows of one day, in the order in which they came.

        Raises AdapterError as ``append`` does, and for a file that is not the feed's any more.
        """
        written = self._shelf.get(self._path(day).name) or b""
        try:
            return tuple(_read(written[: written.rfind(b"\n") + 1].decode()))
        except (ValueError, csv.Error):  # its words would be those of the file
            raise AdapterError(f"The file {self._path(day)} is damaged: not every line is a row of the feed.") from None

    def given(self) -> dict[str, date]:
        """For each row that was given to the feed the day of its file, by the digest of its id: the control totals.

        It is written before the row itself. Raises AdapterError as ``append`` does.
        """
        names = (name for name in self._shelf.names(f"{PLACES}/*") if PLACE.fullmatch(name))
        return {name.removeprefix(f"{PLACES}/"): self._place(name) for name in names}

    def _place(self, name: str) -> date:
        try:
            return date.fromisoformat((self._shelf.get(name) or b"").decode())
        except ValueError:
            raise AdapterError(f"The file {self._shelf.path_of(name)} is damaged: it holds no day.") from None

    def _day_of(self, row: MhcRow) -> date:
        """The day of the row's file. The first one given holds, so that a row can never be in two files."""
        wanted = row.day
        while row.corrects and self._was_begun_before(wanted):  # its columns have no place for a correction
            wanted += timedelta(days=1)
        name = f"{PLACES}/{key_of(row.row_id)}"
        return date.fromisoformat(self._shelf.put(name, wanted.isoformat().encode()).decode())

    def _was_begun_before(self, day: date) -> bool:
        return _columns_of(self._shelf.get(self._path(day).name) or b"") == FIELDS_BEFORE

    def _path(self, day: date) -> Path:
        return self._shelf.path_of(f"mhc-{day.isoformat()}.csv")


def key_of(row_id: str) -> str:
    """The digest under which a row's place is kept."""
    return hashlib.sha256(row_id.encode()).hexdigest()


def as_csv(rows: Iterable[MhcRow]) -> bytes:
    """Rows as the daily files hold them: the header, then a line for each, harmless in a spreadsheet."""
    return b"".join((_line(FIELDS), *map(_row_line, rows)))


@contextmanager
def _locked(path: Path) -> Iterator[io.BufferedRandom]:
    """The file, open for nobody else, and safe on the disk at the end."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
        file.flush()
        os.fsync(file.fileno())
        sync_folder(path.parent)


def _append_once(file: io.BufferedRandom, row: MhcRow) -> None:
    whole = file.read()
    whole = whole[: whole.rfind(b"\n") + 1]
    file.seek(len(whole))
    file.truncate()
    begins = _line([_harmless(row.row_id)]).rstrip(b"\n") + b","
    if not whole:
        file.write(_line(FIELDS))
    if b"\n" + begins not in whole:
        file.write(_row_line(row, _columns_of(whole)))


def _columns_of(whole: bytes) -> tuple[str, ...]:
    return FIELDS_BEFORE if whole.startswith(_line(FIELDS_BEFORE)) else FIELDS


def _row_line(row: MhcRow, columns: tuple[str, ...] = FIELDS) -> bytes:
    return _line(_harmless(getattr(row, column)) for column in columns)


def _read(whole: str) -> Iterator[MhcRow]:
    lines = csv.reader(io.StringIO(whole), strict=True)
    columns = tuple(next(lines, FIELDS))
    if columns not in (FIELDS, FIELDS_BEFORE):
        raise ValueError("another header")
    for line in lines:
        values = dict(zip(columns, map(_as_it_was, line), strict=True))
        yield MhcRow.model_validate({column: value for column, value in values.items() if value or column in STATED})


def _line(values: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(values)
    return line.getvalue().encode()


def _harmless(value: str | int | datetime | None) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    text = " ".join(str("" if value is None else value).splitlines())  # a row is one line
    return f"'{text}" if FORMULA.match(text) else text


def _as_it_was(text: str) -> str:
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text
