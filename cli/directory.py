"""The directory of physicians at a terminal: ``second-opinion directory import``, ``list``, ``find``, ``show``."""

import csv
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.markup import escape
from rich.progress import Progress

from cli.options import BAD_INPUT, DONE, REFUSED, Count, Flag, Json, records
from cli.screen import as_json, complain, console, errors, now, table
from policy.calendar import local_day
from policy.directory import DirectoryVersion, Physician
from policy.distance import Point, middle_of
from policy.standing import miles_from
from policy.taxonomy import alike
from policy.timeframes import spoken
from records.directory import DirectoryRecords
from wiring.directories import DirectoryFileError, Format, Reading, import_directory, read_directory

SHOWN = 20  # refused entries at the terminal; --report writes all

app = App(name="directory")

Version = Annotated[str, Parameter(help="Which version, as 2026-11-23-1. Default: the one in force today.")]


@app.command(name="import")
def import_(
    file: Path,
    *,
    roster: Annotated[Path | None, Parameter(help="The plan's own roster beside it, a CSV.")] = None,
    format: Annotated[Format | None, Parameter(help="Default: told by how the file begins.")] = None,  # noqa: A002
    label: Annotated[str, Parameter(help="A name for people. Default: the names of the files.")] = "",
    since: Annotated[date | None, Parameter(name="--from", help="In force from this day on. Default: today.")] = None,
    report: Annotated[Path | None, Parameter(help="Write everything that was refused into this CSV.")] = None,
    dry_run: Annotated[bool, Flag] = False,
    json: Json = False,
) -> int:
    """Import a directory: a new version of what was sound, and a report of what was refused and why.

    Parameters
    ----------
    file
        Physicians: a CSV in the layout of NPPES, or a FHIR Plan-Net Bundle (docs/directory.md).
    dry_run
        Read and report, and import nothing.
    """
    with Progress(console=errors, transient=True) as progress:
        progress.add_task("Reading", total=None)
        reading = read_directory(file, roster=roster, format_=format)
    if report:
        _write(reading, report)
    version, is_new = None, False
    if not dry_run:
        version, is_new = import_directory(
            DirectoryRecords(records()), reading, label=label, in_force_from=since or local_day(now()), at=now()
        )
    if json:
        as_json(_as_row(reading, version, is_new=is_new))
    else:
        _tell(reading, version, is_new=is_new)
    return REFUSED if reading.report.refused else DONE


@app.command(name="list")
def list_(*, json: Json = False) -> int:
    """List the versions, and which one is in force today."""
    directory = DirectoryRecords(records())
    versions, today = directory.versions(), directory.in_force_on(local_day(now()))
    if json:
        as_json([{**v.model_dump(mode="json"), "in_force": v == today} for v in versions])
        return DONE
    table(
        "Versions of the directory, newest first",
        ("version", "label", "physicians", "in force from", "imported", ""),
        (
            (
                version.id,
                escape(version.label),
                str(version.count),
                str(version.in_force_from),
                spoken(version.imported_at),
                "[green]in force[/]" if version == today else "",
            )
            for version in versions
        ),
        empty="There is no directory yet; import one with: second-opinion directory import FILE",
    )
    return DONE


@app.command
def find(
    *,
    specialty: Annotated[str, Parameter(help="The specialty; those equivalent to it are found, too.")] = "",
    organization: Annotated[str, Parameter(help="The PPG, IPA or group.")] = "",
    language: Annotated[str, Parameter(help="An ISO 639 code, as es.")] = "",
    near: Annotated[str, Parameter(help="A ZIP code: the nearest first.")] = "",
    version: Version = "",
    limit: Count = 50,
    json: Json = False,
) -> int:
    """Find physicians in the directory."""
    here = middle_of(near) if near else None
    if near and here is None:
        complain("--near is no ZIP code of the table; leave it out, or name one nearby that is.")
        return BAD_INPUT
    directory, found = _version(version)
    if found is None:
        return REFUSED
    people = directory.find(
        found.id,
        specialties=alike(specialty) if specialty else (),
        organization=organization,
        language=language,
        limit=None if here else limit,
    )
    people = sorted(people, key=lambda one: _miles(one, here))[:limit] if here else people
    if json:
        as_json([{**p.model_dump(mode="json"), "miles": miles_from(p, here) if here else None} for p in people])
        return DONE
    table(
        f"Directory {found.id}",
        ("npi", "name", "specialties", "organizations", "where", "languages", *(("miles",) if here else ())),
        ((*_row(one), *((_in_miles(one, here),) if here else ())) for one in people),
        empty="Nobody in the directory fits; ask for less.",
    )
    return DONE


@app.command
def show(npi: str, *, version: Version = "", json: Json = False) -> int:
    """Show all that the directory says of one physician."""
    directory, found = _version(version)
    if found is None:
        return REFUSED
    physician = directory.physician(found.id, npi.strip())
    if physician is None:
        complain(f"No physician of that NPI is in the directory {found.id}.")
        return REFUSED
    if json:
        as_json({"version": found.id, **physician.model_dump(mode="json")})
        return DONE
    console.print(f"[bold]{escape(physician.name)}[/], NPI {physician.npi}, directory {found.id}", soft_wrap=True)
    for name, value in _lines(physician):
        console.print(f"  {name}: {escape(value)}", soft_wrap=True)
    return DONE


def _version(version: str) -> tuple[DirectoryRecords, DirectoryVersion | None]:
    """The version that is meant; None, with a sentence said, where there is none."""
    directory = DirectoryRecords(records())
    found = directory.version(version) if version else directory.in_force_on(local_day(now()))
    if found is None:
        what = f"There is no directory {version}" if version else "No directory is in force"
        complain(f"{what}. List them with: second-opinion directory list")
    return directory, found


def _write(reading: Reading, target: Path) -> None:
    """All refused entries as a CSV. No cell holds what stands in the file, so none can hold a formula."""
    try:
        with target.open("x", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("place", "npi", "field", "problem"))
            writer.writerows((one.place, one.npi, one.field, one.problem) for one in reading.report.refused)
    except OSError as trouble:
        why = (trouble.strerror or "unknown error").lower()
        raise DirectoryFileError(f"The report cannot be written to {target}: {why}; name another file.") from None


def _tell(reading: Reading, version: DirectoryVersion | None, *, is_new: bool) -> None:
    for one in reading.report.refused[:SHOWN]:
        whose = f" (NPI {one.npi})" if one.npi else ""
        errors.print(f"{escape(one.place)}{whose}  [bold]{escape(one.field)}[/] {escape(one.problem)}", soft_wrap=True)
    left = len(reading.report.refused) - SHOWN
    if left > 0:
        errors.print(f"and {left} more; --report FILE writes all of them.")
    for what, count in sorted(reading.report.left_out.items()):
        console.print(f"Left out: {count} {what}.")
    places = len({one.place for one in reading.report.refused})
    figures = f"sound: {reading.sound}; refused: {places}"
    if version is None:
        console.print(f"Nothing was imported: this was a dry run. Physicians {figures}.", soft_wrap=True)
    elif is_new:
        console.print(
            f"[green]Directory {version.id}[/] is in force from {version.in_force_from} on. Physicians {figures}."
        )
    else:
        console.print(
            f"Directory {version.id} holds the same already; nothing was changed. Physicians {figures}.", soft_wrap=True
        )


def _as_row(reading: Reading, version: DirectoryVersion | None, *, is_new: bool) -> dict[str, Any]:
    return {
        "format": reading.kind,
        "sound": reading.sound,
        "refused": reading.report.refused,
        "left_out": dict(reading.report.left_out),
        "version": version,
        "is_new": is_new,
    }


def _row(physician: Physician) -> tuple[str, ...]:
    return (
        physician.npi,
        escape(physician.name),
        escape(", ".join(s.name for s in physician.specialties)),
        escape(", ".join(a.organization for a in physician.affiliations if a.organization)) or "-",
        escape("; ".join(f"{x.address.city} {x.address.postal_code[:5]}" for x in physician.locations)) or "-",
        " ".join(physician.languages) or "-",
    )


def _miles(physician: Physician, here: Point | None) -> float:
    miles = miles_from(physician, here) if here else None
    return float("inf") if miles is None else miles


def _in_miles(physician: Physician, here: Point | None) -> str:
    miles = miles_from(physician, here) if here else None
    return "unknown" if miles is None else f"{miles:g}"


def _lines(physician: Physician) -> list[tuple[str, str]]:
    found = [("specialty", f"{s.name} {s.code}".strip()) for s in physician.specialties]
    found += [("certificate", f"{c.specialty}, {c.board}{_days(c.since, c.until)}") for c in physician.certifications]
    found += [("licence", f"{x.state} {x.number}{_days(None, x.expires)}") for x in physician.licences]
    found += [
        (
            "works with",
            f"{a.organization or 'no organization'}, {'in' if a.in_network else 'not in'} the network"
            f"{', contracted with the plan' if a.contracted else ''}{_days(a.since, a.until)}",
        )
        for a in physician.affiliations
    ]
    for place in physician.locations:
        accepting = {True: "accepts patients", False: "accepts no patients", None: "accepting patients: not on record"}
        numbers = "".join(
            f", {name} {number}" for name, number in (("phone", place.phone), ("fax", place.fax)) if number
        )
        found.append(("seen at", f"{', '.join(place.address.lines)}{numbers}; {accepting[place.accepts_patients]}"))
    found += [("languages", " ".join(physician.languages))] if physician.languages else []
    found += (
        [("listed", _days(physician.since, physician.until).strip(", "))] if physician.since or physician.until else []
    )
    return found + ([("excluded since", str(physician.excluded_since))] if physician.excluded_since else [])


def _days(since: date | None, until: date | None) -> str:
    return "".join(f", {word} {day}" for word, day in (("from", since), ("until", until)) if day)
