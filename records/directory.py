"""The directory of physicians in the records: dated versions, each imported in one transaction and never changed."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from hashlib import sha256
from itertools import islice
from json import dumps, loads
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Select, Table, func, insert, select, text

from policy.directory import DirectoryVersion, ImportReport, Physician, RefusedEntry
from policy.taxonomy import spelt
from records.database import reading, writing
from records.tables import (
    DIRECTORY_PHYSICIANS,
    DIRECTORY_REFUSALS,
    DIRECTORY_REPORTS,
    DIRECTORY_TERMS,
    DIRECTORY_VERSIONS,
)

BATCH = 5_000  # rows that are handed to the database at once
# Numbers of a day are given in turn; SQLite has one writer anyway.
ONE_IMPORT_AT_A_TIME = text("LOCK TABLE directory_versions IN SHARE ROW EXCLUSIVE MODE")
NEWEST_FIRST = (
    DIRECTORY_VERSIONS.c.in_force_from.desc(),
    DIRECTORY_VERSIONS.c.imported_at.desc(),
    func.length(DIRECTORY_VERSIONS.c.id).desc(),
    DIRECTORY_VERSIONS.c.id.desc(),
)


class Imported(NamedTuple):
    """The version that an import led to; ``is_new`` is False when the directory held the same already."""

    version: DirectoryVersion
    is_new: bool


class Prepared(NamedTuple):
    """Physicians as rows, made before the transaction begins, with the digest of them all, in any order."""

    rows: dict[str, str]
    terms: list[tuple[str, str, str]]
    digest: str


def prepare(physicians: Iterable[Physician]) -> Prepared:
    """The rows of a version. Of two physicians with one NPI, which no reader gives, the last one stands."""
    rows: dict[str, str] = {}
    terms: dict[tuple[str, str, str], None] = {}
    for physician in physicians:
        rows[physician.npi] = physician.model_dump_json(exclude_defaults=True)
        terms |= dict.fromkeys(_terms(physician))
    digests = sorted(sha256(row.encode()).digest() for row in rows.values())
    return Prepared(rows, list(terms), sha256(b"".join(digests)).hexdigest())


class DirectoryRecords:
    """Imports and finds. Every method raises RecordsError when the records cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def import_version(
        self,
        prepared: Prepared,
        *,
        label: str,
        source: str,
        in_force_from: date,
        at: datetime,
        report: ImportReport | None = None,
    ) -> Imported:
        """A new version with the report of its import, in force from a day (Los Angeles) on: whole, or not at all.

        When the version in force on that day holds the same, that one is given back: to import twice does no harm.
        """
        with writing(self._engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(ONE_IMPORT_AT_A_TIME)
            before = _in_force(connection, in_force_from)
            if before and before.digest == prepared.digest:
                return Imported(before, is_new=False)
            same_day = select(func.count()).where(DIRECTORY_VERSIONS.c.in_force_from == in_force_from)
            version = DirectoryVersion(
                id=f"{in_force_from}-{connection.execute(same_day).scalar_one() + 1}",
                label=label,
                source=source,
                in_force_from=in_force_from,
                imported_at=at,
                count=len(prepared.rows),
                digest=prepared.digest,
            )
            connection.execute(insert(DIRECTORY_VERSIONS), version.model_dump())
            rows = ({"version": version.id, "npi": npi, "physician": row} for npi, row in prepared.rows.items())
            terms = ({"version": version.id, "kind": k, "term": t, "npi": npi} for k, t, npi in prepared.terms)
            _insert_all(connection, DIRECTORY_PHYSICIANS, rows)
            _insert_all(connection, DIRECTORY_TERMS, terms)
            if report:
                _insert_report(connection, version.id, report)
        return Imported(version, is_new=True)

    def versions(self) -> list[DirectoryVersion]:
        """All versions, the newest day first."""
        with reading(self._engine) as connection:
            return _versions(connection, select(DIRECTORY_VERSIONS).order_by(*NEWEST_FIRST))

    def version(self, version: str) -> DirectoryVersion | None:
        """The version of that id; None where there is none."""
        with reading(self._engine) as connection:
            found = _versions(connection, select(DIRECTORY_VERSIONS).where(DIRECTORY_VERSIONS.c.id == version))
        return found[0] if found else None

    def report(self, version: str) -> ImportReport | None:
        """What became of the files of a version; None for one that was imported before reports were kept."""
        refusals = DIRECTORY_REFUSALS.c
        columns = (refusals.place, refusals.npi, refusals.field, refusals.problem)
        chosen = select(*columns).where(refusals.version == version).order_by(refusals.seq)
        with reading(self._engine) as connection:
            whole = connection.execute(select(DIRECTORY_REPORTS).where(DIRECTORY_REPORTS.c.version == version)).first()
            if whole is None:
                return None
            refused = [RefusedEntry.model_validate(dict(row)) for row in connection.execute(chosen).mappings()]
        return ImportReport(kind=whole.kind, refused=tuple(refused), left_out=loads(whole.left_out))

    def refused_places(self) -> dict[str, int]:
        """By version, how many rows or resources its import refused; a version without a report is left out."""
        with reading(self._engine) as connection:
            chosen = select(DIRECTORY_REPORTS.c.version, DIRECTORY_REPORTS.c.places)
            return {row.version: int(row.places) for row in connection.execute(chosen)}

    def in_force_on(self, day: date) -> DirectoryVersion | None:
        """The version in force on a day (Los Angeles): of those that began, the latest; None before the first."""
        with reading(self._engine) as connection:
            return _in_force(connection, day)

    def physician(self, version: str, npi: str) -> Physician | None:
        """The physician of that NPI in a version; None where there is none."""
        chosen = select(DIRECTORY_PHYSICIANS.c.physician).where(
            DIRECTORY_PHYSICIANS.c.version == version, DIRECTORY_PHYSICIANS.c.npi == npi
        )
        with reading(self._engine) as connection:
            found = connection.execute(chosen).scalar()
        return found if isinstance(found, Physician) else None

    def find(
        self,
        version: str,
        *,
        specialties: Iterable[str] = (),
        organization: str = "",
        organizations: Iterable[str] = (),
        language: str = "",
        limit: int | None = None,
    ) -> list[Physician]:
        """The physicians of a version who are of one of the specialties, of the organization, and speak the language.

        What is left out asks for nothing. By NPI. ``organizations`` are several names, of which one is enough.
        """
        people = DIRECTORY_PHYSICIANS.c
        chosen = select(people.physician).where(people.version == version).order_by(people.npi).limit(limit)
        for kind, wanted in (
            ("specialty", [spelt(name) for name in specialties]),
            ("organization", [spelt(name) for name in (*organizations, *([organization] if organization else []))]),
            ("language", [spelt(language)] if language else []),
        ):
            if wanted:
                chosen = chosen.where(people.npi.in_(_npis(version, kind, wanted)))
        with reading(self._engine) as connection:
            return [physician for (physician,) in connection.execute(chosen)]

    def terms(self, version: str, kind: str) -> list[str]:
        """What there is to find by: every specialty, organization or language of a version, in small letters."""
        chosen = select(DIRECTORY_TERMS.c.term).where(
            DIRECTORY_TERMS.c.version == version, DIRECTORY_TERMS.c.kind == kind
        )
        with reading(self._engine) as connection:
            return [term for (term,) in connection.execute(chosen.distinct().order_by(DIRECTORY_TERMS.c.term))]


def _insert_report(connection: Connection, version: str, report: ImportReport) -> None:
    whole = {"version": version, "kind": report.kind, "places": report.places, "left_out": dumps(report.left_out)}
    connection.execute(insert(DIRECTORY_REPORTS), whole)
    rows = ({"version": version, "seq": seq, **one.model_dump()} for seq, one in enumerate(report.refused, 1))
    _insert_all(connection, DIRECTORY_REFUSALS, rows)


def _terms(physician: Physician) -> Iterator[tuple[str, str, str]]:
    for kind, terms in (
        ("specialty", (s.name for s in physician.specialties)),
        ("organization", (a.organization for a in physician.affiliations if a.organization)),
        ("language", physician.languages),
    ):
        for term in terms:
            yield kind, spelt(term), physician.npi


def _npis(version: str, kind: str, wanted: list[str]) -> "Select[str]":
    terms = DIRECTORY_TERMS.c
    return select(terms.npi).where(terms.version == version, terms.kind == kind, terms.term.in_(wanted))


def _in_force(connection: Connection, day: date) -> DirectoryVersion | None:
    began = select(DIRECTORY_VERSIONS).where(DIRECTORY_VERSIONS.c.in_force_from <= day)
    found = _versions(connection, began.order_by(*NEWEST_FIRST).limit(1))
    return found[0] if found else None


def _versions(connection: Connection, statement: "Select[str]") -> list[DirectoryVersion]:
    return [DirectoryVersion.model_validate(dict(row)) for row in connection.execute(statement).mappings()]


def _insert_all(connection: Connection, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    while batch := list(islice(rows, BATCH)):
        connection.execute(insert(table), batch)
