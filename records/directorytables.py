"""The tables of the directory: its dated versions, the physicians of each, by what they are found, what was refused."""

from datetime import date, datetime

from sqlalchemy import Date
from sqlmodel import Field

from policy.directory import Physician
from records.columns import PhysicianJson
from records.rowbase import Record, instant, words


class DirectoryVersionRecord(Record, table=True):
    """One import of a directory. Nothing of it is changed afterwards."""

    __tablename__ = "directory_versions"

    id: str = words(primary_key=True)
    label: str = words()
    source: str = words()
    in_force_from: date = Field(sa_type=Date)
    imported_at: datetime = instant()
    count: int
    digest: str = words()


class DirectoryPhysicianRecord(Record, table=True):
    """A physician of a version."""

    __tablename__ = "directory_physicians"

    version: str = words(primary_key=True, foreign_key="directory_versions.id")
    npi: str = words(primary_key=True)
    physician: Physician = Field(sa_type=PhysicianJson)


class DirectoryTermRecord(Record, table=True):
    """By what a physician of a version is found: ``kind`` is specialty, organization or language."""

    __tablename__ = "directory_terms"

    version: str = words(primary_key=True, foreign_key="directory_versions.id")
    kind: str = words(primary_key=True)
    term: str = words(primary_key=True)
    npi: str = words(primary_key=True)


class DirectoryReportRecord(Record, table=True):
    """What became of a version's files: how they are made, how many rows were refused, what was left out (JSON)."""

    __tablename__ = "directory_reports"

    version: str = words(primary_key=True, foreign_key="directory_versions.id")
    kind: str = words()
    places: int
    left_out: str = words()


class DirectoryRefusalRecord(Record, table=True):
    """One fault of a row or resource that was refused, in the order of the files."""

    __tablename__ = "directory_refusals"

    version: str = words(primary_key=True, foreign_key="directory_versions.id")
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    place: str = words()
    npi: str = words()
    field: str = words()
    problem: str = words()


DIRECTORY = Record.metadata
