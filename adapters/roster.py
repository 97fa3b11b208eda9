"""The plan's own roster: what NPPES does not know of a physician. One row for each affiliation or certificate.

The columns are those of ``COLUMNS``; ``docs/directory.md`` describes them. Several rows of one NPI add up; where they
contradict each other the later one is refused. Who has a refused row is not imported, as half would be missing.
"""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from adapters.directoryfiles import DirectoryFileError, Header, Problems, Report, a_day, csv_rows, made
from policy.directory import Affiliation, BoardCertification, Physician, is_npi

COLUMNS = (
    "npi", "organization", "network", "contracted", "affiliated_from", "affiliated_until", "specialty", "board",
    "certified_in", "certified_from", "certified_until", "languages", "accepting", "licence_expires", "listed_from",
    "listed_until", "excluded_from",
)  # fmt: skip
ONCE = ("accepting", "licence_expires", "listed_from", "listed_until", "excluded_from")
CHOICES = {"network": ("in", "out"), "contracted": ("yes", "no"), "accepting": ("yes", "no")}


@dataclass
class RosterEntry:
    """All that the roster says of one physician."""

    affiliations: list[Affiliation] = field(default_factory=list)
    certifications: list[BoardCertification] = field(default_factory=list)
    specialties: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    once: dict[str, str] = field(default_factory=dict)
    days: dict[str, date] = field(default_factory=dict)

    @property
    def accepting(self) -> bool | None:
        """Whether patients are accepted; None where the roster does not say."""
        said = self.once.get("accepting")
        return said == "yes" if said else None


@dataclass
class Roster:
    """The entries by NPI, and the NPIs of which a row was refused."""

    entries: dict[str, RosterEntry] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    lines: dict[str, int] = field(default_factory=dict)


def read_roster(path: Path, report: Report) -> Roster:
    """The roster of a file; what is refused goes into the report. Raises DirectoryFileError."""
    rows, roster = csv_rows(path), Roster()
    header = Header(path, next(rows, (0, []))[1], needed=("npi",), read=COLUMNS)
    unknown = [name for name in header.names if name not in COLUMNS]
    if unknown:
        raise DirectoryFileError(f"{path.name} has a column that no roster has; its columns are {', '.join(COLUMNS)}.")
    for line, cells in rows:
        if any(cells):
            _take_in(line, cells, header, roster, report)
    return roster


def with_roster(listing: dict[str, Any], entry: RosterEntry, problems: Problems) -> Physician | None:
    """The physician of a listing (the fields of a Physician) and of what the roster adds to it."""
    added: dict[str, list[Any]] = {
        "affiliations": entry.affiliations,
        "certifications": entry.certifications,
        "languages": entry.languages,
    }
    together = {name: tuple(dict.fromkeys((*listing.get(name, ()), *more))) for name, more in added.items()}
    given = {
        **listing,
        **together,
        "since": entry.days.get("listed_from"),
        "until": entry.days.get("listed_until"),
        "excluded_since": entry.days.get("excluded_from"),
    }
    return made(Physician, problems, {"(whole)": "listed_until"}, **given)


def _take_in(line: int, cells: list[str], header: Header, roster: Roster, report: Report) -> None:
    problems: Problems = []
    row = header.row(cells, problems)
    npi = row.get("npi", "")
    if not problems and not is_npi(npi):
        problems.append(("npi", "is no NPI (the check digit does not fit); look it up in NPPES"))
    entry = roster.entries.setdefault(npi, RosterEntry())
    _choose(row, problems)
    found = _read(row, problems)
    problems += [(name, "contradicts an earlier row of this NPI; keep one") for name in _contradicted(row, entry)]
    if problems:
        report.refuse(f"roster line {line}", npi, problems)
        roster.broken.add(npi)
        return
    roster.lines.setdefault(npi, line)
    affiliation, certification = found
    entry.affiliations += [affiliation] if affiliation and affiliation not in entry.affiliations else []
    entry.certifications += [certification] if certification and certification not in entry.certifications else []
    entry.specialties += (
        [row["specialty"]] if row.get("specialty") and row["specialty"] not in entry.specialties else []
    )
    entry.languages = list(dict.fromkeys((*entry.languages, *_languages(row))))
    entry.once |= {name: row[name] for name in ONCE if name in row}
    entry.days |= {name: day for name in ONCE[1:] if (day := a_day(row.get(name, ""), name, problems))}


def _choose(row: dict[str, str], problems: Problems) -> None:
    for name, choices in CHOICES.items():
        row[name] = row.get(name, "").casefold()
        if row[name] and row[name] not in choices:
            problems.append((name, f"is neither {' nor '.join(choices)}"))
        if not row[name]:
            del row[name]


def _read(row: dict[str, str], problems: Problems) -> tuple[Affiliation | None, BoardCertification | None]:
    days = {name: a_day(row.get(name, ""), name, problems) for name in COLUMNS if name.endswith(("_from", "_until"))}
    a_day(row.get("licence_expires", ""), "licence_expires", problems)
    affiliation = certification = None
    if row.keys() & {"organization", "network", "contracted"}:
        affiliation = made(
            Affiliation,
            problems,
            {"since": "affiliated_from", "until": "affiliated_until", "(whole)": "affiliated_until"},
            organization=row.get("organization", ""),
            in_network=row.get("network") == "in",
            contracted=row.get("contracted") == "yes",
            since=days["affiliated_from"],
            until=days["affiliated_until"],
        )
    if row.keys() & {"board", "certified_in"}:
        certification = made(
            BoardCertification,
            problems,
            {"specialty": "certified_in", "(whole)": "certified_until"},
            board=row.get("board", ""),
            specialty=row.get("certified_in", ""),
            since=days["certified_from"],
            until=days["certified_until"],
        )
    _check_languages(row, problems)
    return affiliation, certification


def _languages(row: dict[str, str]) -> list[str]:
    return [code.strip().casefold() for code in row.get("languages", "").split(";") if code.strip()]


def _check_languages(row: dict[str, str], problems: Problems) -> None:
    if any(not (code.isascii() and code.isalpha() and len(code) in (2, 3)) for code in _languages(row)):
        problems.append(("languages", "holds what is no ISO 639 code; give codes as es;hy"))


def _contradicted(row: dict[str, str], entry: RosterEntry) -> list[str]:
    return [name for name in ONCE if name in row and entry.once.get(name, row[name]) != row[name]]
