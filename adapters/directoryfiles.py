"""What every file of a directory has in common: how it is opened, what of it is refused, what is left out and counted.

A file that cannot be read as such is a DirectoryFileError. A row or a resource that is not sound is a RefusedEntry, and
nothing of it is taken; no message shows what stands in the file, except a code that looks like one.
"""

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from policy.complaints import field_errors
from policy.directory import RefusedEntry
from policy.verdict import Value

V = TypeVar("V", bound=Value)

UNKEEPABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # what a spreadsheet would take for a formula
UTF16 = (b"\xff\xfe", b"\xfe\xff")


class DirectoryFileError(Exception):
    """A file of a directory cannot be read at all; one sentence that says how to mend it."""


@dataclass
class Report:
    """What became of what was not taken: refused, with reasons; or left out, as it is not for a directory."""

    refused: list[RefusedEntry] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def refuse(self, place: str, npi: str, problems: list[tuple[str, str]]) -> None:
        """A row or resource is refused, for every problem at once."""
        shown = npi if re.fullmatch("[0-9]{10}", npi) else ""
        self.refused += [RefusedEntry(place=place, npi=shown, field=name, problem=why) for name, why in problems]


Problems = list[tuple[str, str]]


def csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The records of a CSV file with their line numbers, the header first, read as they are asked for.

    A byte that is not UTF-8 stays in its cell as half a character, which ``kept`` refuses: one row is to blame, not the
    file. Raises DirectoryFileError.
    """
    try:
        with path.open("rb") as beginning:
            if beginning.read(2) in UTF16:
                raise DirectoryFileError(f"{path.name} is UTF-16; save it as UTF-8 (in Excel: CSV UTF-8).")
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            reader = csv.reader(file, strict=True)
            try:
                for record in reader:
                    yield reader.line_num, record
            except csv.Error as trouble:
                raise DirectoryFileError(
                    f"{path.name} is not CSV at line {reader.line_num}: {trouble}; mend the quotes there."
                ) from None
    except OSError as trouble:
        raise unreadable(path, trouble) from None


def unreadable(path: Path, trouble: OSError) -> DirectoryFileError:
    """The sentence about a file that cannot be read."""
    why = (trouble.strerror or "unknown error").lower()
    return DirectoryFileError(f"{path} cannot be read: {why}; check its name and who may read it.")


class Header:
    """The columns of a CSV file by name, of which only those in ``read`` are looked at.

    Raises DirectoryFileError for one that is missing or given twice.
    """

    def __init__(self, path: Path, names: list[str], *, needed: Iterable[str], read: Iterable[str]) -> None:
        self.names = [name.strip() for name in names]
        wanted = frozenset(read)
        self.places = [(name, place) for place, name in enumerate(self.names) if name in wanted]
        missing = [name for name in needed if name not in self.names]
        twice = [name for name, times in Counter(self.names).items() if times > 1]
        if missing:
            listed = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
            raise DirectoryFileError(
                f"{path.name} lacks the column {listed}; give the names of docs/directory.md, separated by commas."
            )
        if twice:
            raise DirectoryFileError(f"{path.name} has a column twice ({twice[0] or 'without a name'}); keep one.")

    def row(self, cells: list[str], problems: Problems) -> dict[str, str]:
        """The cells that are not empty, by column; what cannot be kept is a problem."""
        if len(cells) != len(self.names):
            problems.append(("(whole)", f"has {len(cells)} cells, the header has {len(self.names)}; mend the commas"))
            return {}
        return {name: kept(cells[place], name, problems) for name, place in self.places if cells[place].strip()}


def kept(text: str, name: str, problems: Problems) -> str:
    """A text as it can be kept and exported again; otherwise a problem of its field."""
    text = text.strip()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if not text.isprintable() and UNKEEPABLE.search(text):
        problems.append((name, "holds a control character or is not UTF-8; type it again, save as UTF-8"))
        return ""
    if text.startswith(FORMULA) and not re.fullmatch(r"[+-]?[0-9 ().-]+", text):
        problems.append((name, "begins as a formula does (= + - @); take that character out"))
        return ""
    return text


def a_day(text: str, name: str, problems: Problems) -> date | None:
    """A day, as 2026-11-23 or 11/23/2026; None for an empty text, or, with a problem, for any other."""
    if not text:
        return None
    for form in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    problems.append((name, "is no day; write it as 2026-11-23"))
    return None


def made(kind: type[V], problems: Problems, columns: dict[str, str], **given: Any) -> V | None:  # noqa: ANN401
    """A value of that kind, or None with its problems, each under the name that its field has in the file."""
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        problems += [(columns.get(e.field, columns.get("", e.field)), e.problem) for e in field_errors(error)]
        return None
