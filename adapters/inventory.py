"""The inventory of the cabinet: what should lie there against what does. It reads, and never mends (P9)."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import PurePosixPath
from typing import NamedTuple

from adapters.binder import count_pages
from adapters.cabinet import FilingCabinet, RegisterLine, key_of
from adapters.shelf import AdapterError
from policy.verdict import Value


class Difference(StrEnum):
    """What can be wrong with a packet."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    ALTERED = "altered"
    PAGES = "pages"
    UNREGISTERED = "unregistered"
    REGISTER = "register"
    UNRECORDED = "unrecorded"
    INCOMPLETE = "incomplete"


FURTHER = re.compile(r" \((\d+)\)\.pdf$")  # how the name of a further packet ends

Differences = Iterator[tuple[Difference, str]]


class Recorded(NamedTuple):
    """What the records say of a packet: whose it is, where it lies, the SHA-256 of its file."""

    case_number: str
    path: str
    sha256: str


class Finding(Value):
    """One thing that is not as it should be. ``path`` names the member; ``says`` does not."""

    case_number: str
    difference: Difference
    path: str
    says: str

    @property
    def folder(self) -> str:
        """Where to look, without the name of the file, which is the member's."""
        return str(PurePosixPath(self.path).parent)


NOBODYS = Finding(
    case_number="",
    difference=Difference.UNREGISTERED,
    path="",
    says="a line of the register is damaged, and belongs to no case of the records",
)


class Inventory(Value):
    """How many packets were compared, what was found, and which were filed with a page in a damaged part's place.

    The last is no finding: it stands in the packet itself since it was filed, and nothing can mend it.
    """

    packets: int
    findings: tuple[Finding, ...]
    incomplete: tuple[Finding, ...] = ()


def take(cabinet: FilingCabinet, recorded: Callable[[], Iterable[Recorded]]) -> Inventory:
    """Compare every recorded packet with its file and its line of the register, and every file with the records.

    Cases may be filed meanwhile. Raises AdapterError when the cabinet cannot be read, and whatever ``recorded`` does.
    """
    lying = cabinet.packets()  # first: whatever is filed from here on has its row by the time the rows are read, or
    rows = list(recorded())  # is not among the files
    entries = cabinet.entries()
    rows += _earlier(rows, entries)
    findings = [finding for row in rows for finding in _compared(cabinet, row, entries)]
    findings += _without_a_row(cabinet, lying, rows, entries)
    strange = entries.keys() - {_key(row) for row in rows}
    findings += [NOBODYS for key in sorted(strange) if entries[key] is None]
    incomplete = [_incomplete(line) for line in entries.values() if line is not None and line.unreadable]
    return Inventory(packets=len(rows), findings=tuple(findings), incomplete=tuple(incomplete))


def _earlier(rows: list[Recorded], entries: dict[str, RegisterLine | None]) -> list[Recorded]:
    """The packets of cases that were filed again: the records keep the latest, the register all."""
    latest = {row.case_number: row.path for row in rows}
    known = (line for line in entries.values() if line is not None and line.case_number in latest)
    numbers = {line.case_number: line.number for line in known if line.filing.path == latest[line.case_number]}
    return [
        Recorded(line.case_number, line.filing.path, line.filing.sha256)
        for line in entries.values()
        if line is not None and line.number < numbers.get(line.case_number, 1)
    ]


def _key(row: Recorded) -> str:
    """The name of a packet's line in the register; a further packet says its number at the end of its name."""
    number = FURTHER.search(row.path)
    return key_of(row.case_number, int(number[1]) if number else 1)


def _incomplete(line: RegisterLine) -> Finding:
    which = ", ".join(digest[:12] or "a letter" for digest in line.unreadable)
    says = f"filed with a page in the place of {len(line.unreadable)} that could not be read ({which})"
    return Finding(case_number=line.case_number, difference=Difference.INCOMPLETE, path=line.filing.path, says=says)


def _compared(cabinet: FilingCabinet, row: Recorded, entries: dict[str, RegisterLine | None]) -> Iterator[Finding]:
    key = _key(row)
    line = entries.get(key)
    for difference, says in (*_registered(row, line, damaged=key in entries), *_lies(cabinet, row, line)):
        yield Finding(case_number=row.case_number, difference=difference, path=row.path, says=says)


def _registered(row: Recorded, line: RegisterLine | None, *, damaged: bool) -> Differences:
    if line is None:
        yield Difference.UNREGISTERED, f"its line of the register is {'damaged' if damaged else 'missing'}"
    elif (line.filing.path, line.filing.sha256) != (row.path, row.sha256):
        yield Difference.REGISTER, "the register and the records do not say the same of it"


def _lies(cabinet: FilingCabinet, row: Recorded, line: RegisterLine | None) -> Differences:
    try:
        data = cabinet.bytes_of(row.path)
    except AdapterError:
        yield Difference.UNREADABLE, "the file cannot be read"
        return
    if data is None:
        yield Difference.MISSING, "the file is missing"
        return
    if hashlib.sha256(data).hexdigest() != row.sha256:
        yield Difference.ALTERED, "the file is not the one that was filed: its digest differs"
    pages = _pages(data)
    if pages is None:
        yield Difference.UNREADABLE, "the file cannot be opened as a PDF"
    elif line is not None and pages != line.filing.pages:
        yield Difference.PAGES, f"the file has {pages} pages, the register says {line.filing.pages}"


def _without_a_row(
    cabinet: FilingCabinet, lying: list[str], rows: list[Recorded], entries: dict[str, RegisterLine | None]
) -> Iterator[Finding]:
    known = {row.path for row in rows}
    registered = {line.filing.path: line for line in entries.values() if line is not None}
    for path in lying:
        if path not in known:
            number = registered[path].case_number if path in registered else ""
            says = "in the register, but not in the records" if number else "neither in the register nor in the records"
            yield Finding(case_number=number, difference=Difference.UNRECORDED, path=path, says=says)
    for path, line in registered.items():
        # Asked of the disk, not of the list: it may have been filed since the list was made.
        if path not in known and path not in lying and _is_gone(cabinet, path):
            says = "in the register, but neither in the records nor in the drawer"
            yield Finding(case_number=line.case_number, difference=Difference.MISSING, path=path, says=says)


def _is_gone(cabinet: FilingCabinet, path: str) -> bool:
    try:
        return cabinet.bytes_of(path) is None
    except AdapterError:
        return True


def _pages(data: bytes) -> int | None:
    try:
        return count_pages(data)
    except Exception:  # noqa: BLE001 - a damaged file can fail in any way; all of them mean the same
        return None
