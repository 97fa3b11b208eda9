"""Where finished reports are kept: each in a folder of its own, written once and never changed. Policy 90.2.17, P12.

A correction is a new edition beside the first. A report is there when its list of files is, which is written last; what
a killed writer left is completed by whoever puts the same report again.
"""

import hashlib
from collections.abc import Mapping

from pydantic import AwareDatetime, ValidationError

from adapters.committee.reading import DATA, data_of
from adapters.shelf import AdapterError, WriteOnce
from policy.committee.order import report_number
from policy.report.period import Period
from policy.report.shape import CommitteeReport
from policy.request import LineOfBusiness
from policy.verdict import Value

LIST = "stored.json"


class Stored(Value):
    """A report that is kept. ``slug`` is its number; ``digest`` is the SHA-256 of its data.

    ``files`` are their names with their digests.
    """

    id: str
    slug: str
    period: Period
    lines: tuple[LineOfBusiness, ...] = ()
    edition: int
    synthetic: bool
    released: bool
    as_of: AwareDatetime
    flags: int
    digest: str
    files: tuple[tuple[str, str], ...]


class ReportShelf:
    """The finished reports. Safe for threads, processes and machines, as its shelf is."""

    def __init__(self, shelf: WriteOnce) -> None:
        self._shelf = shelf

    def put(self, report: CommitteeReport, files: Mapping[str, bytes]) -> Stored:
        """Keep a report with its files; the same report again changes nothing.

        Raises AdapterError when another report lies under its id (it needs a new edition), or nothing can be written.
        """
        folder, data = slug_of(report), data_of(report)
        if self._shelf.put(f"{folder}/{DATA}", data) != data:
            raise AdapterError(
                f"The report {report.id} is kept already, with other figures, and is never changed: "
                "make a new edition that names what it corrects."
            )
        lies = {name: self._shelf.put(f"{folder}/{name}", files[name]) for name in sorted(files) if name != DATA}
        stored = _stored(report, {DATA: data, **lies})
        self._shelf.put(f"{folder}/{LIST}", stored.model_dump_json(indent=1).encode())
        return stored

    def listed(self) -> tuple[Stored, ...]:
        """Every finished report, the latest period first, of each the latest edition first. Raises AdapterError."""
        names = self._shelf.names(f"*/{LIST}")
        found = [_read(data) for data in self._shelf.get_all(names) if data is not None]
        return tuple(sorted(found, key=lambda one: (one.period.last, one.period.first, one.slug), reverse=True))

    def find(self, report: str) -> Stored | None:
        """A finished report by its slug. Raises AdapterError."""
        data = self._shelf.get(f"{report}/{LIST}")
        return None if data is None else _read(data)

    def get(self, report: str, file: str) -> bytes:
        """A file of a report, by the report's slug. Raises KeyError where there is none, else AdapterError."""
        stored = self.find(report)
        digest = dict(stored.files).get(file) if stored else None
        data = self._shelf.get(f"{report}/{file}") if digest else None
        if data is None:
            raise KeyError(f"{report}: {file}")
        if hashlib.sha256(data).hexdigest() != digest:
            raise AdapterError(f"The file {file} of the report {report} is not what was kept; look at it in a backup.")
        return data

    def report(self, report: str) -> CommitteeReport:
        """A finished report as its one value. Raises KeyError where there is none, else AdapterError."""
        try:
            return CommitteeReport.model_validate_json(self.get(report, DATA))
        except ValidationError:
            raise AdapterError(f"The data of the report {report} cannot be read by this version.") from None


def slug_of(report: CommitteeReport) -> str:
    """Its number, by which the committees' work knows it, too; it is fit for a path: ``2026-Q3-medi-cal-e2``."""
    return report_number(report.period, report.lines, report.edition)


def _stored(report: CommitteeReport, files: Mapping[str, bytes]) -> Stored:
    digests = tuple((name, hashlib.sha256(files[name]).hexdigest()) for name in sorted(files))
    return Stored(
        id=report.id,
        slug=slug_of(report),
        period=report.period,
        lines=report.lines,
        edition=report.edition,
        synthetic=report.synthetic,
        released=report.released,
        as_of=report.as_of,
        flags=len(report.flags),
        digest=dict(digests)[DATA],
        files=digests,
    )


def _read(data: bytes) -> Stored:
    try:
        return Stored.model_validate_json(data)
    except ValidationError:
        raise AdapterError("The list of a finished report cannot be read; look at it in a backup.") from None
