"""A directory's files become a version: read, refused row by row, imported in one transaction."""

from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from adapters.directoryfiles import DirectoryFileError, Report, unreadable
from adapters.nppes import read_nppes
from adapters.plannet import read_plan_net
from adapters.roster import Roster, read_roster
from policy.directory import ImportReport, Physician
from records.directory import DirectoryRecords, Imported, Prepared, prepare

__all__ = ["DirectoryFileError", "Format", "Reading", "import_directory", "read_directory"]

BEGINNING = 4096  # bytes, of which the first that is no blank tells JSON from CSV


class Format(StrEnum):
    """What a directory's file is made as."""

    NPPES = "nppes"
    PLAN_NET = "plan-net"


class Reading(NamedTuple):
    """What files hold: the sound physicians, ready to be imported, and the report of the others."""

    prepared: Prepared
    report: Report
    kind: Format
    source: str

    @property
    def sound(self) -> int:
        """How many physicians are sound."""
        return len(self.prepared.rows)


def read_directory(file: Path, *, roster: Path | None = None, format_: Format | None = None) -> Reading:
    """The physicians of a file, with the plan's roster beside it. Raises DirectoryFileError.

    Without a format it is told by how the file begins: JSON is Plan-Net, anything else NPPES.
    """
    report = Report()
    known = read_roster(roster, report) if roster else Roster()
    kind = format_ or _told_by(file)
    read = read_nppes if kind is Format.NPPES else read_plan_net
    physicians: Iterator[Physician] = read(file, known, report)
    source = " with ".join(path.name for path in (file, roster) if path)
    return Reading(prepare(physicians), report, kind, source)


def import_directory(
    records: DirectoryRecords, reading: Reading, *, label: str, in_force_from: date, at: datetime
) -> Imported:
    """The version that holds what was sound. Raises DirectoryFileError when nothing was, RecordsError."""
    if not reading.sound:
        raise DirectoryFileError(f"{reading.source} has no physician who could be listed; nothing was imported.")
    report = ImportReport(
        kind=reading.kind, refused=tuple(reading.report.refused), left_out=dict(reading.report.left_out)
    )
    return records.import_version(
        reading.prepared,
        label=label or reading.source,
        source=reading.source,
        in_force_from=in_force_from,
        at=at,
        report=report,
    )


def _told_by(file: Path) -> Format:
    try:
        with file.open("rb") as opened:
            beginning = opened.read(BEGINNING)
    except OSError as trouble:
        raise unreadable(file, trouble) from None
    return Format.PLAN_NET if beginning.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") else Format.NPPES
