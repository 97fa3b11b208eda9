"""The feed to MHC: one CSV file for each day of decision, one row for each coded case. Policy 90.2.17, Procedure 11.

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
from datetime import UTC, date, datetime
from pathlib import Path

from adapters.shelf import Shelf, sync_folder, unusable
from policy.calendar import local_day
from policy.coding import MhcRow

FIELDS = tuple(MhcRow.model_fields)  # row_id comes first
# What spreadsheets take for the beginning of a formula, in both widths. The apostrophes before it are part of the
# pattern so that reading can take exactly one away again.
FORMULA = re.compile(r"'*\s*[=+\-@\t\r＝＋－＠]")
PLACES = ".places"  # for each row the day of its file


class MhcFolder:
    """The feed as a folder: ``mhc-YYYY-MM-DD.csv``, by the day of the decision in Los Angeles; times are ISO in UTC."""

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

    def rows(self, day: date) -> tuple[MhcRow, ...]:
        """The rows of one day of decision, in the order in which they came. Raises AdapterError as ``append`` does."""
        written = self._shelf.get(self._path(day).name) or b""
        whole = written[: written.rfind(b"\n") + 1].decode()
        return tuple(
            MhcRow.model_validate({field: _as_it_was(text) for field, text in row.items()})
            for row in csv.DictReader(io.StringIO(whole))
        )

    def _day_of(self, row: MhcRow) -> date:
        """The day of the row's file. The first one given holds, so that a row can never be in two files."""
        key = hashlib.sha256(row.row_id.encode()).hexdigest()
        wanted = local_day(row.decided_at).isoformat()
        return date.fromisoformat(self._shelf.put(f"{PLACES}/{key}", wanted.encode()).decode())

    def _path(self, day: date) -> Path:
        return self._shelf.path_of(f"mhc-{day.isoformat()}.csv")


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
        file.write(_line(_harmless(getattr(row, field)) for field in FIELDS))


def _line(values: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(values)
    return line.getvalue().encode()


def _harmless(value: str | datetime) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    text = " ".join(value.splitlines())  # a row is one line
    return f"'{text}" if FORMULA.match(text) else text


def _as_it_was(text: str) -> str:
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text
