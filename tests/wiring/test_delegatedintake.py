"""Files of delegates' packets: JSON, JSON lines or CSV, every error by row and field, nothing guessed. Procedure 10."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from policy.delegatechecks import check
from policy.delegated import DelegatedPacket, may_be_taken
from policy.delegatefindings import Check, Result
from policy.edition import EDITIONS
from policy.request import Attachment
from tests.adapters.samples import a_pdf
from tests.delegates import COPIED, RECORD, a_packet
from wiring.intake import Reading, Wanted, read_intake, read_intake_file

PACKETS = Wanted(model=DelegatedPacket, judge=may_be_taken)


def raw(**changes: Any) -> dict[str, Any]:
    """A good packet as JSON, with some fields changed, and without those that are changed to ``...``."""
    given = {**a_packet().model_dump(mode="json", exclude_defaults=True), **changes}
    return {name: value for name, value in given.items() if value is not ...}


def stored(name: str, data: bytes) -> Attachment:
    return Attachment(name=name, sha256="3" * 64, size=len(data))


def read(text: str, folder: Path | None = None) -> Reading:
    return read_intake(text, name="packets", received_at=COPIED, folder=folder, store=stored, wanted=PACKETS)


def told(**changes: Any) -> dict[str, str]:
    """What is told about one bad packet, by field."""
    return {error.field: error.problem for error in read(json.dumps(raw(**changes))).errors}


def test_a_packet_comes_as_it_was_sent():
    (submission,) = read(json.dumps(raw())).submissions

    assert submission.request == a_packet()


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"decided_at": ...}, "decided_at", "is missing; give date, time and zone"),
        ({"decided_at": "20261104"}, "decided_at", "does not begin with a date"),
        ({"received_by_delegate_at": ...}, "received_by_delegate_at", "is missing"),
        ({"outcome": "maybe"}, "outcome", "is none of the choices; give one of: approved, denied, modified"),
        ({"delegate": {}}, "delegate.organization", "is missing; give the physician organization"),
        ({"decider": {"role": "physician"}}, "decider.name", "is missing; give the name of who decided"),
        ({"letter_elements": ["love"]}, "letter_elements.0", "is none of the choices; give one of: reasons"),
        ({"decidedat": "2026-11-04"}, "decidedat", "is no field; did you mean decided_at?"),
        ({"member_notice": {"at": "2026-11-04T01:00:00Z"}}, "member_notice.at", "lies before the decision"),
        ({"decided_at": "2026-12-24T09:00:00-08:00"}, "decided_at", "lies in the future"),
        ({"decider": {"name": "Dr. A", "role": "physician", "npi": "12"}}, "decider.npi", "has another form"),
    ],
)
def test_an_error_names_its_field_and_how_to_mend_it(changes, field, words):
    assert words in told(**changes)[field]


def test_a_request_alone_is_no_packet():
    needed = ("delegate", "decided_at", "outcome", "decider", "received_by_delegate_at")

    assert set(told(**dict.fromkeys(needed, ...))) == set(needed)


def test_the_same_packet_twice_is_one_and_two_that_differ_are_an_error_of_both():
    same = read("\n".join(json.dumps(raw()) for _ in range(2)))
    differ = read("\n".join(json.dumps(raw(rationale=why)) for why in ("One.", "Another.")))
    birch = read("\n".join(json.dumps(raw(delegate={"organization": who})) for who in ("Alder IPA", "Birch IPA")))

    assert len(same.submissions) == 1
    assert [(e.row, e.field) for e in differ.errors] == [(1, "external_reference"), (2, "external_reference")]
    assert len(birch.submissions) == 2


def test_documents_beside_the_file_are_taken_in(tmp_path: Path):
    (tmp_path / "record.pdf").write_bytes(a_pdf())
    row = raw(record_attachment={"path": "record.pdf"}, letter_attachment={"path": "elsewhere.pdf"})

    whole = read(json.dumps(raw(record_attachment={"path": "record.pdf"})), tmp_path).submissions[0].request
    lacking = read(json.dumps(row), tmp_path).errors

    assert isinstance(whole, DelegatedPacket)
    assert whole.record_attachment
    assert whole.record_attachment.sha256 == "3" * 64
    assert [e.field for e in lacking] == ["letter_attachment"]


def flat(value: dict[str, Any], before: str = "") -> dict[str, str]:
    """A packet as the cells of a CSV row."""
    cells: dict[str, str] = {}
    for name, part in value.items():
        if isinstance(part, dict):
            cells |= flat(part, f"{before}{name}.")
        elif name == "information":
            cells |= {f"information.{item['item']}": item["text"] for item in part}
        else:
            cells[before + name] = "; ".join(part) if isinstance(part, list) else str(part)
    return cells


def sheet(*rows: dict[str, str]) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def test_a_csv_file_says_the_same_as_json(tmp_path: Path):
    (tmp_path / "record.pdf").write_bytes(a_pdf())
    row = raw(record_attachment={"path": "record.pdf"}, letter_attachment=..., outcome="approved")

    (by_csv,) = read(sheet(flat(row)), tmp_path).submissions
    (by_json,) = read(json.dumps(row), tmp_path).submissions

    assert by_csv.request == by_json.request


def test_a_csv_file_names_its_errors_by_row_and_column():
    row = flat(raw(record_attachment=..., letter_attachment=...))
    bad = row | {"external_reference": "B", "letter_elements": "reasons; love", "decider.role": "wizard"}

    reading = read(sheet(row, bad))

    assert [(e.row, e.field) for e in reading.errors] == [(3, "decider.role"), (3, "letter_elements")]
    assert (
        read(sheet({**row, "decider.lisence": "A"})).errors[0].problem == "is no field; did you mean decider.licence?"
    )


def test_the_sample_file_holds_one_faultless_packet_and_two_with_a_finding_each():
    sample = Path(__file__).parents[2] / "examples" / "delegated" / "packets.json"
    friday = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)  # Friday 2026-11-20 17:30 PST, the day of the decisions

    reading = read_intake_file(sample, received_at=friday, store=stored, wanted=PACKETS)

    assert reading.errors == ()
    found = {}
    for packet in (submission.request for submission in reading.submissions):
        assert isinstance(packet, DelegatedPacket)
        findings = check(packet, friday, EDITIONS[-1])
        found[packet.external_reference] = [f.check for f in findings if f.result is Result.FAILED]
    assert found == {
        "ALDER-2026-0101": [],
        "ALDER-2026-0102": [Check.RECORD_COMPLETE],
        "BIRCH-2026-0033": [Check.DECIDER_MAY_DECIDE],
    }


def test_an_attachment_that_is_stored_already_is_given_by_its_digest():
    (submission,) = read(json.dumps(raw(record_attachment=RECORD.model_dump()))).submissions

    assert isinstance(submission.request, DelegatedPacket)
    assert submission.request.record_attachment == RECORD
