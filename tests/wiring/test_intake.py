"""The door for intake files: what becomes a request, and what is refused and can be mended."""

import csv
import json
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.request import Information, Item, Reason, Request
from tests.builders import a_member, a_request
from tests.wiring.intakes import ROW, raw, read, sheet
from wiring.intake import IntakeError, write_rejected


def test_one_json_object_is_one_request():
    reading = read(json.dumps(raw()))

    assert [s.request for s in reading.submissions] == [a_request()]
    assert reading.errors == ()


def test_a_json_list_is_read_in_its_order_and_numbered_by_place():
    reading = read(json.dumps([raw(), raw(external_reference="REF-2")]))

    assert [(s.row, s.request.external_reference) for s in reading.submissions] == [(1, "REF-1"), (2, "REF-2")]


def test_json_lines_are_numbered_by_line_and_blank_lines_do_not_matter():
    lines = [json.dumps(raw()), "", json.dumps(raw(external_reference="REF-2"))]

    reading = read("\r\n".join(lines), "intake.jsonl")

    assert [(s.row, s.request.external_reference) for s in reading.submissions] == [(1, "REF-1"), (3, "REF-2")]


def test_a_csv_row_has_dotted_columns_items_of_information_and_reasons_divided_by_semicolons():
    reading = read(sheet(ROW), "intake.csv")

    (only,) = reading.submissions
    assert only.row == 2
    assert only.request.member.name.full == "Ana María Núñez"
    assert only.request.reasons == (Reason.R1, Reason.R3)
    assert only.request.information == (Information(item=Item.DIAGNOSIS, text="lumbar stenosis"),)
    assert only.request.imminent_threat is False


def test_a_blank_cell_is_an_absent_field():
    reading = read(sheet({**ROW, "treating_provider.name": " "}), "intake.csv")

    assert [e.field for e in reading.errors] == ["treating_provider.name"]
    assert read(sheet(ROW), "intake.csv").submissions[0].request.also_involved == ()


def test_a_csv_file_can_name_others_who_were_involved():
    row = {**ROW, "also_involved.0.npi": "1992999908", "also_involved.0.name": "Dr. Diaz"}
    row["also_involved.0.specialty"] = "neurology"

    reading = read(sheet(row), "intake.csv")

    assert reading.submissions[0].request.also_involved[0].npi == "1992999908"


@pytest.mark.parametrize("form", [{"lineterminator": "\n"}, {"lineterminator": "\r\n"}, {"quoting": csv.QUOTE_ALL}])
def test_line_ends_and_quotes_do_not_matter_in_csv(form):
    reading = read(sheet({**ROW, "specialty": "orthopedic surgery"}, **form), "intake.csv")

    assert len(reading.submissions) == 1


def test_rows_of_blank_cells_are_no_requests():
    blank = dict.fromkeys(ROW, "")

    reading = read(sheet(blank, ROW, blank), "intake.csv")

    assert [s.row for s in reading.submissions] == [3]
    assert reading.errors == ()


@pytest.mark.parametrize("text", [json.dumps(raw()), json.dumps([raw()]), sheet(ROW)], ids=["object", "list", "csv"])
def test_standard_input_and_a_byte_order_mark_are_read_by_how_the_text_begins(text):
    assert len(read("\ufeff" + text, "standard input").submissions) == 1


def test_names_in_any_script_come_through_composed_and_without_blanks_around():
    decomposed = " Nu\u0301n\u0303ez "

    member = a_member().model_dump(mode="json") | {"name": {"family": decomposed, "given": "王小明"}}
    reading = read(json.dumps(raw(member=member), ensure_ascii=False))

    assert reading.submissions[0].request.member.name.full == "王小明 Núñez"


def test_a_demonstration_is_set_aside():
    (only,) = read(json.dumps(raw(demonstration={"about": "One."}))).submissions

    assert only.demonstration == {"about": "One."}
    assert only.request == a_request()


def test_thousands_of_rows_take_seconds():
    text = sheet(*({**ROW, "external_reference": f"REF-{n}"} for n in range(2_000)))

    began = time.perf_counter()
    reading = read(text, "intake.csv")

    assert len(reading.submissions) == 2_000
    assert time.perf_counter() - began < 5  # about one second, so that ten thousand take a few


# -- what Python would drop or invent


def test_a_key_that_is_given_twice_is_an_error_at_any_depth():
    text = (
        json.dumps(raw())
        .replace('"line":', '"line": "d_snp", "line":')
        .replace('"family":', '"family": "X", "family":')
    )

    reading = read(text)

    assert {e.field for e in reading.errors} == {"line", "requester.name.family", "member.name.family"}
    assert {e.problem for e in reading.errors} == {"is given more than once; keep one"}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5_000])
def test_a_number_that_json_does_not_have_is_an_error(number):
    reading = read(json.dumps(raw(demonstration={"n": 0})).replace('"n": 0', f'"n": {number}'))

    assert [e.field for e in reading.errors] == ["demonstration.n"]


def test_a_row_that_is_nested_deeply_is_an_error_of_the_row():
    reading = read(
        json.dumps([raw(demonstration={"n": json.loads("[" * 100 + "]" * 100)}), raw(external_reference="B")])
    )

    assert [s.row for s in reading.submissions] == [2]
    assert "is nested too deeply" in reading.errors[0].problem


# -- the same reference twice


def test_the_same_request_twice_is_one_submission():
    again = raw() | {"priority": "standard"}  # a default, written out

    reading = read(json.dumps([raw(), again]))

    assert [s.row for s in reading.submissions] == [1]
    assert reading.errors == ()


def test_the_same_reference_with_other_content_is_an_error_that_names_both_rows():
    reading = read(json.dumps([raw(), raw(external_reference="B"), raw(specialty="neurology")]))

    assert [s.row for s in reading.submissions] == [2]
    assert [(e.row, e.field) for e in reading.errors] == [(1, "external_reference"), (3, "external_reference")]
    assert "row 3, with other content" in reading.errors[0].problem
    assert "row 1, with other content" in reading.errors[1].problem


# -- refused rows


def test_refused_rows_can_be_mended_in_their_file_and_read_again(tmp_path):
    reading = read(
        json.dumps([raw(), raw(external_reference="B", line="x"), raw(external_reference="C", care="")], indent=2)
    )

    path = write_rejected(reading, tmp_path / "intake.json")
    first, second = path.read_text(encoding="utf-8").splitlines()
    mended = read(first.replace('"x"', '"d_snp"') + "\n" + second, path.name)

    assert path.name == "intake.json.refused.jsonl"
    assert json.loads(first)["row"] == 2
    assert json.loads(first)["errors"][0]["field"] == "line"
    assert [s.request.line for s in mended.submissions] == ["d_snp"]
    assert [(e.row, e.field) for e in mended.errors] == [(2, "care")]


def test_a_refused_row_is_kept_as_it_came_even_with_a_key_given_twice(tmp_path):
    twice = json.dumps(raw(reason_text="a  b")).replace('"line":', '"line": "d_snp",\n "line":')
    path = write_rejected(read(twice), tmp_path / "intake.json")

    again = write_rejected(read(path.read_text(encoding="utf-8"), path.name), path)

    for written in (path, again):
        assert '"request": {"external_reference": "REF-1", "line": "d_snp", "line": "medi_cal"' in written.read_text()
        assert '"a  b"' in written.read_text()


def test_an_earlier_file_of_refused_rows_is_never_overwritten(tmp_path):
    reading = read(json.dumps(raw(line="x")))

    paths = [write_rejected(reading, tmp_path / "intake.csv") for _ in range(2)]
    paths.append(write_rejected(reading, paths[1]))

    assert [p.name for p in paths] == [f"intake.csv.refused{n}.jsonl" for n in ("", "-2", "-3")]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in paths)


def test_a_folder_that_takes_no_file_is_told_in_one_sentence(tmp_path):
    with pytest.raises(IntakeError, match=r"cannot be written to .*; make room"):
        write_rejected(read(json.dumps(raw(line="x"))), tmp_path / "away" / "intake.json")


# -- anything at all

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(sorted(Request.model_fields)), inner),
    max_leaves=12,
)
CHANGED = st.dictionaries(st.sampled_from([*Request.model_fields, "demonstration"]), JSON).map(lambda c: raw() | c)
CELL = st.text() | st.sampled_from([*ROW, *ROW.values()])
TEXT = (
    st.text()
    | JSON.map(json.dumps)
    | st.lists(CHANGED, max_size=3).map(json.dumps)
    | st.tuples(CHANGED.map(json.dumps), st.integers(0, 900)).map(lambda cut: cut[0][: cut[1]])
    | st.lists(st.lists(CELL, max_size=5), max_size=4).map(lambda rows: "\n".join(",".join(row) for row in rows))
)


@settings(max_examples=150, deadline=None)
@given(text=TEXT, name=st.sampled_from(["a.json", "a.jsonl", "a.csv", "standard input"]))
def test_no_text_whatsoever_does_more_than_be_refused(text, name):
    with suppress(IntakeError):
        reading = read(text, name)

        assert all(e.field and e.problem for e in reading.errors)
