"""Intake files of one good request, to be spoilt by a test."""

import csv
import io
import json
from typing import Any

from policy.request import Attachment
from tests.builders import MONDAY, a_request
from wiring.intake import Reading, read_intake


def no_store(name: str, data: bytes) -> Attachment:
    raise AssertionError(f"nothing is to be stored, but {name} was, {len(data)} bytes")


def read(text: str, name: str = "intake.json") -> Reading:
    return read_intake(text, name=name, received_at=MONDAY, folder=None, store=no_store)


def raw(**changes: Any) -> dict[str, Any]:
    """A good request as JSON, with some fields changed, and without those that are changed to ``...``."""
    given = {**a_request().model_dump(mode="json", exclude_defaults=True), **changes}
    return {name: value for name, value in given.items() if value is not ...}


def told(value: Any) -> dict[str, str]:
    """What is told about one bad row, by field."""
    reading = read(json.dumps(value))
    assert reading.submissions == ()
    assert len(reading.rejected) == 1
    return {e.field: e.problem for e in reading.errors}


ROW = {
    "external_reference": "REF-1",
    "line": "medi_cal",
    "imminent_threat": "No",
    "requester.kind": "member",
    "requester.name.family": "Núñez",
    "requester.name.given": "Ana María",
    "purpose": "before_surgery",
    "reasons": "R1; R3",
    "care": "specialty",
    "specialty": "orthopedic surgery",
    "member.member_id": "M-0001",
    "member.name.family": "Núñez",
    "member.name.given": "Ana María",
    "member.birth_date": "1961-05-04",
    "member.address.line1": "12 Alder Street",
    "member.address.city": "Los Angeles",
    "member.address.state": "CA",
    "member.address.postal_code": "90012",
    "pcp.npi": "1992999866",
    "pcp.name": "Dr. Ines Vega",
    "pcp.specialty": "family medicine",
    "treating_provider.npi": "1992999874",
    "treating_provider.name": "Dr. Tom Reed",
    "treating_provider.specialty": "orthopedic surgery",
    "also_involved.0.npi": "",
    "also_involved.0.name": "",
    "also_involved.0.specialty": "",
    "information.diagnosis": "lumbar stenosis",
    "information.test_results": "",
}


def sheet(*rows: dict[str, str], header: list[str] | None = None, **form: Any) -> str:
    """A CSV file."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, **form)
    writer.writerow(header or list(ROW))
    writer.writerows(row.values() for row in rows)
    return out.getvalue()
