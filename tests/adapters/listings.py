"""Small files of a directory, made for one test each."""

import csv
import json
from pathlib import Path
from typing import Any

from adapters import nppes
from adapters.directoryfiles import Report
from adapters.nppes import read_nppes
from adapters.plannet import read_plan_net
from adapters.roster import COLUMNS, Roster, read_roster
from policy.directory import Physician, RefusedEntry
from tests.demonstration_directory import NPPES_COLUMNS
from tests.policy.physicians import an_npi

Row = dict[str, str]
SYSTEMS = {"nucc": "http://nucc.org/provider-taxonomy", "npi": "http://hl7.org/fhir/sid/us-npi"}
PLAN_NET = "http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition"


def a_row(number: int = 1, **changes: str) -> Row:
    """A sound row of NPPES; changes by the names of the constants in ``adapters.nppes``, in small letters."""
    row = {
        "NPI": an_npi(number), nppes.TYPE: "1", nppes.LAST: "TESTWOOD", nppes.FIRST: "ADA",
        nppes.LINE1: "100 Synthetic Way", nppes.CITY: "Los Angeles", nppes.STATE: "CA", nppes.ZIP: "900311234",
        nppes.PHONE: "3235550101", nppes.TAXONOMY.format(1): "207X00000X", nppes.NUMBER.format(1): "SYN-1",
        nppes.NUMBER_STATE.format(1): "CA", nppes.PRIMARY.format(1): "Y",
    }  # fmt: skip
    names = {name: value for name, value in vars(nppes).items() if name.isupper() and isinstance(value, str)}
    return row | {names.get(name.upper(), name).format(1): value for name, value in changes.items()}


def written(path: Path, columns: tuple[str, ...], rows: list[Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def from_nppes(folder: Path, *rows: Row, roster: list[Row] | None = None) -> tuple[list[Physician], Report]:
    """What is read of rows, with those of a roster beside them."""
    report = Report()
    known = read_roster(written(folder / "roster.csv", COLUMNS, roster), report) if roster is not None else Roster()
    file = written(folder / "physicians.csv", NPPES_COLUMNS, list(rows))
    return list(read_nppes(file, known, report)), report


def problems(report: Report) -> list[tuple[str, str, str]]:
    return [(one.place, one.field, one.problem) for one in report.refused]


def only_problem(report: Report) -> RefusedEntry:
    (one,) = report.refused
    return one


def from_bundle(folder: Path, *resources: Any, **changes: Any) -> tuple[list[Physician], Report]:
    """What is read of a Bundle of resources."""
    report, file = Report(), folder / "bundle.json"
    entries = [{"fullUrl": f"urn:uuid:{place}", "resource": resource} for place, resource in enumerate(resources)]
    file.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries, **changes}))
    return list(read_plan_net(file, Roster(), report)), report


def concept(code: str, system: str = SYSTEMS["nucc"]) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def extension(name: str, **parts: Any) -> dict[str, Any]:
    return {"url": f"{PLAN_NET}/{name}", **parts}


def a_practitioner(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Practitioner", "id": f"p{number}", "active": True,
        "identifier": [{"system": SYSTEMS["npi"], "value": an_npi(number)}],
        "name": [{"use": "official", "family": "Testwood", "given": ["Ada", "B."]}],
        **changes,
    }  # fmt: skip


def a_role(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "PractitionerRole", "id": f"r{number}", "active": True,
        "practitioner": {"reference": f"Practitioner/p{number}"}, "specialty": [concept("207X00000X")], **changes,
    }  # fmt: skip


def an_organization(key: str, name: str, kind: str = "prvgrp") -> dict[str, Any]:
    return {"resourceType": "Organization", "id": key, "name": name, "type": [concept(kind, "types")]}


def a_location(key: str = "l1", **changes: Any) -> dict[str, Any]:
    address = {"line": ["100 Synthetic Way"], "city": "Los Angeles", "state": "CA", "postalCode": "90031"}
    return {"resourceType": "Location", "id": key, "status": "active", "address": address, **changes}
