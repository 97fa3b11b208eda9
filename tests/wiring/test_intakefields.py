"""What a person is told about a field: where it is, what is wrong, and how to mend it."""

import json

import pytest

from policy.people import Address, Contact
from tests.builders import a_member, a_professional
from tests.wiring.intakes import ROW, raw, read, sheet, told
from wiring.intake import IntakeError
from wiring.intakefields import COLUMNS, PATHS, expected

FERN_COURT = Address(line1="900 Fern Court", city="Pasadena", state="CA", postal_code="91101")


def a_wish(**changes):
    return {"member": a_member().model_dump(mode="json", exclude_defaults=True) | changes}


@pytest.mark.parametrize(
    ("changes", "field", "what", "mend"),
    [
        ({"external_reference": ...}, "external_reference", "is missing", "such as REF-2026-0042"),
        ({"external_reference": "  "}, "external_reference", "is blank", "such as REF-2026-0042"),
        ({"external_reference": 17}, "external_reference", "is no text", "such as REF-2026-0042"),
        ({"line": "medical"}, "line", "is none of the choices", "cmc, medi_cal, d_snp, medicare_advantage, commercial"),
        ({"line": None}, "line", "is none of the choices", "medi_cal"),
        ({"imminent_threat": "true"}, "imminent_threat", "is neither true nor false", "true or false, or leave it out"),
        ({"reasons": []}, "reasons", "is empty", "at least one of: R1, R2"),
        ({"reasons": "R1"}, "reasons", "is no list", "at least one of: R1, R2"),
        ({"reasons": ["R9"]}, "reasons.0", "is none of the choices", "one of: R1, R2"),
        ({"reasons": ["R1", "R1"]}, "(whole)", "'reasons' names the same reason twice", ""),
        ({"reasons": ["RX"]}, "(whole)", "reason RX (other) needs a 'reason_text'", ""),
        ({"reason_text": "a" * 5_001}, "reason_text", "is longer than 5000 characters", "shorten it"),
        ({"member": ...}, "member", "is missing", "give member.member_id, member.name.family, member.name.given"),
        ({"member": "Ana"}, "member", "is no object", "give member.member_id"),
        ({"pcp": {"npi": "12", "name": "V", "specialty": "x"}}, "pcp.npi", "has another form", "ten digits"),
        (
            {"also_involved": [{"name": "A", "specialty": "b"}]},
            "also_involved.0.npi",
            "is missing",
            "ten digits of the NPI",
        ),
        ({"information": [{"item": "x", "text": "y"}]}, "information.0.item", "is none of the choices", "diagnosis"),
        ({"information": [{"item": "diagnosis"}]}, "information.0", "needs a 'text'", "an 'attachment'"),
        (
            {"received_by_delegate_at": "2026-10-30"},
            "received_by_delegate_at",
            "is no time",
            "2026-01-15T09:00:00-08:00",
        ),
        ({"received_by_delegate_at": "2026-10-30T09:00"}, "received_by_delegate_at", "has no zone", "-08:00"),
        ({"received_by_delegate_at": "1793000000"}, "received_by_delegate_at", "begin with a date", "2026-01-15"),
        ({"received_by_delegate_at": "2027-01-01T00:00:00Z"}, "received_by_delegate_at", "lies in the future", "give"),
        (a_wish(letters_by="email"), "member.letters_by", "there is no e-mail address", "or choose post"),
        (a_wish(letters_by="fax"), "member.letters_by", "is none of the choices", "one of: post, email"),
        (a_wish(large_print="20"), "member.large_print", "is neither true nor false", "true or false"),
        (a_wish(email="ana at home"), "member.email", "has another form", "such as ana@example.org"),
        (a_wish(language="Spanish"), "member.language", "has another form", "such as en or es"),
        (a_wish(confidential={}), "member.confidential", "is empty; give its 'address'", "leave the whole of it out"),
        (a_wish(confidential="12 Elm"), "member.confidential", "is no object", "one of address, phone and email"),
        (a_wish(confidential={"email": "x"}), "member.confidential.email", "has another form", "ana@example.org"),
        ({"line": "cmc"}, "line", "took its last requests on 2022-12-31", ""),
        ({"line": "d_snp", "priority": "retrospective"}, "priority", "has no time limit", ""),
        ({"demonstration": "no"}, "demonstration", "is no object", "leave it out"),
        ({"specialty": "a\u0000b"}, "specialty", "holds a character that cannot be kept", "type the text again"),
        ({"specialty": "a\ud800b"}, "specialty", "holds a character that cannot be kept", "type the text again"),
    ],
)
def test_an_error_names_the_field_what_is_wrong_and_how_to_mend_it(changes, field, what, mend):
    found = told(raw(**changes))

    assert list(found) == [field]
    assert what in found[field]
    assert mend in found[field]


@pytest.mark.parametrize("typed", ["05/04/1961", "19610504", "1961-5-4", "1961-02-30", "", 19610504.0])
def test_a_date_of_birth_that_is_no_date_is_never_guessed(typed):
    found = told(raw(member=a_member().model_dump(mode="json") | {"birth_date": typed}))

    assert list(found) == ["member.birth_date"]
    assert "YYYY-MM-DD, such as 1961-05-04" in found["member.birth_date"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("priorty", "priority"),
        ("Line", "line"),
        ("dob", "member.birth_date"),
        ("last_name", "requester.name.family"),
        ("line_of_business", "line"),
        ("treatingprovider", "treating_provider"),
        ("email_address", "member.email"),
        ("preferred_language", "member.language"),
        ("large_type", "member.large_print"),
        ("fax_number", "pcp.fax"),
    ],
)
def test_a_field_that_nobody_knows_comes_with_the_one_that_was_meant(typed, meant):
    assert told(raw(**{typed: "x"})) == {typed: f"is no field; did you mean {meant}?"}


def test_a_field_like_no_other_comes_with_all_that_can_stand_there():
    pcp = a_professional().model_dump(mode="json")

    found = told(raw(pcp={**pcp, "shoe_size": "9"}))

    assert found["pcp.shoe_size"].endswith("give one of: npi, name, specialty, organization, address, phone, fax")


@pytest.mark.parametrize("path", PATHS)
def test_of_every_field_it_can_be_told_what_belongs_there(path):
    assert len(expected(tuple(path.split(".")))) > 5


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_leads_to_a_field(column):
    reading = read(sheet({column: "x"}, header=[column]), "intake.csv")

    assert [e.problem for e in reading.errors if "is no field" in e.problem] == []


def test_no_message_shows_what_was_typed():
    secret = "HIVpositive"
    broken = dict.fromkeys(raw(), secret) | {secret + " !": secret, "member": {"name": secret, "phone": [secret]}}

    reading = read(json.dumps([broken, secret, raw(reasons=[secret], care=secret, information=[{"item": secret}])]))

    assert len(reading.errors) == 17
    assert secret not in "".join(f"{e.field} {e.problem}" for e in reading.errors)


def test_every_error_of_every_row_is_found_and_good_rows_stay_good():
    rows = [raw(), raw(external_reference="B", line="x", care="y"), raw(external_reference="C", specialty="")]

    reading = read(json.dumps(rows))

    assert [s.row for s in reading.submissions] == [1]
    assert [(e.row, e.field) for e in reading.errors] == [(2, "line"), (2, "care"), (3, "specialty")]


def test_of_very_many_errors_in_one_row_the_first_are_told_and_the_others_counted():
    found = read(json.dumps(raw(**{f"field_{n}": n for n in range(500)}))).errors

    assert len(found) == 51
    assert found[-1].problem == "has 450 errors more; mend these first, and read it again"


@pytest.mark.parametrize("row", [[], "text", 5, None, True, [raw()]])
def test_a_row_that_is_no_object_is_an_error(row):
    assert told([row]) == {"(whole)": "is no object; give each request as one object with its fields"}


# -- columns


def test_unknown_and_double_columns_are_errors_of_the_header_and_no_row_is_read():
    header = [*ROW, "line", "zip", "Diagnosis ?", "member.birthdate"]

    reading = read(sheet(ROW, header=header), "intake.csv")

    assert {e.row for e in reading.errors} == {1}
    assert (reading.submissions, reading.rejected) == ((), ())
    assert [(e.field, e.problem) for e in reading.errors] == [
        ("line", f"is the name of column 2 and of column {len(ROW) + 1}; keep one of the two"),
        ("zip", "is no field; did you mean member.address.postal_code?"),
        (f"column_{len(ROW) + 3}", "is no field; take the column out, or name it by a field's path, such as "
         "member.name.family"),
        ("member.birthdate", "is no field; did you mean member.birth_date?"),
    ]  # fmt: skip


def test_how_a_member_wants_letters_stands_in_columns_of_a_csv_file():
    wanted = {
        "member.language": "es",
        "member.email": "ana@example.org",
        "member.letters_by": "email",
        "member.large_print": "Yes",
        "member.confidential.address.line1": "900 Fern Court",
        "member.confidential.address.city": "Pasadena",
        "member.confidential.address.state": "CA",
        "member.confidential.address.postal_code": "91101",
        "member.confidential.email": "reach.me@example.org",
        "pcp.fax": "213-555-0102",
    }

    reading = read(sheet({**ROW, **wanted}, header=[*ROW, *wanted]), "intake.csv")

    assert reading.errors == ()
    member = reading.submissions[0].request.member
    assert (member.language, member.letters_by, member.large_print) == ("es", "email", True)
    assert member.confidential == Contact(address=FERN_COURT, email="reach.me@example.org")
    assert reading.submissions[0].request.pcp.fax == "213-555-0102"


def test_blank_cells_of_a_confidential_contact_are_no_contact():
    blank = {"member.confidential.phone": "", "member.letters_by": "", "member.large_print": ""}

    reading = read(sheet({**ROW, **blank}, header=[*ROW, *blank]), "intake.csv")

    assert reading.submissions[0].request.member.confidential is None


def test_a_row_with_more_cells_than_the_header_is_an_error_and_keeps_them():
    reading = read(sheet({**ROW, "": "", "more": "secret"}), "intake.csv")

    assert [e.field for e in reading.errors] == [f"column_{len(ROW) + 2}"]
    assert "take the cell out" in reading.errors[0].problem
    assert json.loads(reading.rejected[0].raw)[f"column_{len(ROW) + 2}"] == "secret"


def test_an_error_of_a_csv_row_names_the_column():
    row = {**ROW, "reasons": "R1;R9", "information.diagnosis": "x" * 20_001}

    reading = read(sheet(row), "intake.csv")

    assert [(e.row, e.field) for e in reading.errors] == [(2, "reasons"), (2, "information.diagnosis")]


def test_a_file_without_a_header_is_told_so_without_showing_its_first_row():
    with pytest.raises(IntakeError, match="names no field in its first row") as trouble:
        read("Núñez,Ana,1961-05-04\n", "intake.csv")

    assert "Ana" not in str(trouble.value)
