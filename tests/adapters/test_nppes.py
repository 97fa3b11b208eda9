"""Physicians from CSV in the layout of NPPES, and from the plan's roster: what is taken, what is refused and why."""

from datetime import date

import pytest

from adapters import nppes
from adapters.directoryfiles import DirectoryFileError, Report
from adapters.nppes import read_nppes
from adapters.roster import COLUMNS, Roster, read_roster
from policy.directory import Affiliation, BoardCertification, Licence, ListedSpecialty
from tests.adapters.listings import a_row, from_nppes, only_problem, problems, written
from tests.demonstration_directory import NPPES_COLUMNS
from tests.policy.physicians import an_npi


def test_a_row_becomes_a_physician_of_whom_nothing_is_guessed(tmp_path):
    (one,), report = from_nppes(tmp_path, a_row())

    assert one.npi == an_npi(1)
    assert one.name == "Dr. Ada Testwood"
    assert one.specialties == (ListedSpecialty(name="orthopedic surgery", code="207X00000X", primary=True),)
    assert one.licences == (Licence(state="CA", number="SYN-1"),)
    (place,) = one.locations
    assert place.address.postal_code == "90031-1234"
    assert place.phone == "323-555-0101"
    assert place.accepts_patients is None
    assert (one.affiliations, one.certifications, one.languages) == ((), (), ())
    assert report.refused == []


def test_the_roster_adds_up_what_nppes_does_not_know(tmp_path):
    npi = an_npi(1)
    roster = [
        {"npi": npi, "organization": "Alder IPA", "network": "IN", "contracted": "no", "affiliated_from": "01/31/2020",
         "languages": "es; hy", "accepting": "yes", "licence_expires": "2031-05-31", "specialty": "hand surgery"},
        {"npi": npi, "organization": "Golden Poppy", "network": "in", "contracted": "yes", "languages": "es",
         "board": "American Board of Orthopaedic Surgery", "certified_in": "orthopedic surgery",
         "certified_until": "2032-12-31", "excluded_from": "2030-01-01", "listed_until": "2029-12-31"},
    ]  # fmt: skip

    (one,), report = from_nppes(tmp_path, a_row(), roster=roster)

    assert one.affiliations == (
        Affiliation(organization="Alder IPA", in_network=True, since=date(2020, 1, 31)),
        Affiliation(organization="Golden Poppy", in_network=True, contracted=True),
    )
    assert one.certifications == (
        BoardCertification(
            board="American Board of Orthopaedic Surgery", specialty="orthopedic surgery", until=date(2032, 12, 31)
        ),
    )
    assert [s.name for s in one.specialties] == ["orthopedic surgery", "hand surgery"]
    assert one.languages == ("es", "hy")
    assert one.locations[0].accepts_patients is True
    assert one.licences[0].expires == date(2031, 5, 31)
    assert (one.until, one.excluded_since) == (date(2029, 12, 31), date(2030, 1, 1))
    assert report.refused == []


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"NPI": "2992900012"}, "NPI", "the last one a check digit"),
        ({"NPI": ""}, "NPI", "the last one a check digit"),
        ({"type": "3"}, nppes.TYPE, "neither 1 (a person) nor 2"),
        ({"type": ""}, nppes.TYPE, "neither 1 (a person) nor 2"),
        ({"deactivated": "03/15/2026"}, nppes.DEACTIVATED, "take the row out"),
        ({"deactivated": "03/15/2026", "reactivated": "03/01/2026"}, nppes.DEACTIVATED, "take the row out"),
        ({"deactivated": "soon"}, nppes.DEACTIVATED, "write it as 2026-11-23"),
        ({"last": ""}, nppes.LAST, "is empty; give the legal name"),
        ({"last": "=1+1"}, nppes.LAST, "begins as a formula does"),
        ({"line1": "@SUM(A1)"}, nppes.LINE1, "begins as a formula does"),
        ({"first": "A\x00da"}, nppes.FIRST, "holds a control character"),
        ({"first": "A\nda"}, nppes.FIRST, "holds a control character"),
        ({"zip": "9003"}, nppes.ZIP, "give its five or nine digits"),
        ({"state": "California"}, nppes.STATE, "two letters, as CA"),
        ({"city": ""}, nppes.CITY, "is empty; give where members are seen"),
        ({"country": "MX"}, nppes.COUNTRY, "lies outside the United States"),
        ({"taxonomy": "20ZZZ0000X"}, nppes.TAXONOMY.format(1), "20ZZZ0000X is in no row"),
        ({"taxonomy": "surgeon"}, nppes.TAXONOMY.format(1), "is no taxonomy code"),
        ({"taxonomy": ""}, nppes.TAXONOMY.format(1), "is no taxonomy code"),
        ({"number_state": "CAL"}, nppes.NUMBER_STATE.format(1), "match pattern"),
    ],
)
def test_a_row_that_is_not_sound_is_refused_with_line_field_and_how_to_mend_it(tmp_path, changes, field, says):
    physicians, report = from_nppes(tmp_path, a_row(2), a_row(1, **changes), a_row(3))

    assert [one.npi for one in physicians] == [an_npi(2), an_npi(3)]
    refused = only_problem(report)
    assert refused.field == field
    assert says in refused.problem
    assert refused.place.startswith("line ")


def test_every_problem_of_a_row_is_told_at_once_and_nothing_that_was_typed(tmp_path):
    _, report = from_nppes(tmp_path, a_row(1, last="=cmd|' /C calc'!A0", line1="-2+3+secret", first="+Ada"))

    assert {one.field for one in report.refused} == {nppes.LAST, nppes.LINE1, nppes.FIRST}
    assert not any(word in str(report.refused) for word in ("cmd", "secret", "calc"))


def test_an_npi_that_was_reactivated_counts_again(tmp_path):
    physicians, report = from_nppes(tmp_path, a_row(deactivated="03/15/2024", reactivated="04/01/2024"))

    assert (len(physicians), report.refused) == (1, [])


def test_organizations_and_other_professions_are_left_out_and_counted(tmp_path):
    physicians, report = from_nppes(
        tmp_path, a_row(1, type="2", last="", first=""), a_row(2, taxonomy="363L00000X"), a_row(3)
    )

    assert [one.npi for one in physicians] == [an_npi(3)]
    assert dict(report.left_out) == {
        "organizations (entity type 2)": 1,
        "not physicians, by their taxonomy codes": 1,
    }


def test_the_second_row_of_an_npi_is_refused_and_the_first_one_named(tmp_path):
    physicians, report = from_nppes(tmp_path, a_row(), a_row(last="OTHERWOOD"))

    assert [one.name for one in physicians] == ["Dr. Ada Testwood"]
    assert problems(report) == [("line 3", "NPI", "stands in line 2 already; keep one")]


def test_every_code_of_a_row_counts_and_each_licence_once(tmp_path):
    extra = {
        nppes.TAXONOMY.format(2): "363L00000X", nppes.TAXONOMY.format(3): "207R00000X",
        nppes.NUMBER.format(3): "SYN-1", nppes.NUMBER_STATE.format(3): "CA",
        nppes.NUMBER.format(4): "SYN-9", nppes.NUMBER_STATE.format(4): "nv",
    }  # fmt: skip
    row = {**a_row(), **extra}
    file = written(tmp_path / "wide.csv", tuple(row), [row])

    (one,) = read_nppes(file, Roster(), Report())

    assert [s.name for s in one.specialties] == ["orthopedic surgery", "internal medicine"]
    assert [(x.state, x.number) for x in one.licences] == [("CA", "SYN-1"), ("NV", "SYN-9")]


def test_names_in_mixed_letters_stay_as_they_are_and_composed(tmp_path):
    (one,), _ = from_nppes(tmp_path, a_row(last="de la Fuente-O\u2019Brien", first="Ine\u0301s", middle="M."))

    assert one.name == "Dr. Inés M. de la Fuente-O\u2019Brien"


# -- the file itself


def test_a_byte_order_mark_crlf_and_blank_lines_do_no_harm(tmp_path):
    file = written(tmp_path / "physicians.csv", NPPES_COLUMNS, [a_row()])
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes() + b"\r\n\r\n")

    assert len(list(read_nppes(file, Roster(), Report()))) == 1


def test_a_row_with_bytes_of_another_encoding_is_refused_alone(tmp_path):
    file = written(tmp_path / "physicians.csv", NPPES_COLUMNS, [a_row(1, last="Núñez"), a_row(2)])
    file.write_bytes(file.read_bytes().replace("ú".encode(), "ú".encode("latin-1")))
    report = Report()

    physicians = list(read_nppes(file, Roster(), report))

    assert [one.npi for one in physicians] == [an_npi(2)]
    assert "is not UTF-8" in only_problem(report).problem


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "lacks the column NPI, Entity Type Code"),
        (b"NPI;Entity Type Code\n1;2\n", "separated by commas"),
        ("NPI,x\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        (b'NPI,"x\n1,2\n', "is not CSV at line"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_a_sentence(tmp_path, content, says):
    file = tmp_path / "physicians.csv"
    file.write_bytes(content)

    with pytest.raises(DirectoryFileError, match=says):
        list(read_nppes(file, Roster(), Report()))


def test_a_column_that_stands_twice_a_folder_and_no_file_are_told(tmp_path):
    twice = written(tmp_path / "twice.csv", (*NPPES_COLUMNS, "x"), [a_row()])
    twice.write_text(twice.read_text().replace(",x\n", ",NPI\n", 1))

    with pytest.raises(DirectoryFileError, match=r"has a column twice \(NPI\)"):
        list(read_nppes(twice, Roster(), Report()))
    for file in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(DirectoryFileError, match="cannot be read"):
            list(read_nppes(file, Roster(), Report()))


def test_a_row_with_too_many_or_too_few_cells_is_refused(tmp_path):
    file = written(tmp_path / "physicians.csv", NPPES_COLUMNS, [a_row()])
    file.write_text(file.read_text() + f"{an_npi(2)},1\n" + f"{an_npi(3)}" + ",1" * len(NPPES_COLUMNS) + "\n")
    report = Report()

    assert len(list(read_nppes(file, Roster(), report))) == 1
    width = len(NPPES_COLUMNS)
    assert [one.problem.split(";")[0] for one in report.refused] == [
        f"has 2 cells, the header has {width}",
        f"has {width + 1} cells, the header has {width}",
    ]


# -- the roster


@pytest.mark.parametrize(
    ("row", "field", "says"),
    [
        ({"network": "maybe"}, "network", "is neither in nor out"),
        ({"contracted": "1"}, "contracted", "is neither yes nor no"),
        ({"languages": "Spanish"}, "languages", "no ISO 639 code"),
        ({"licence_expires": "31.5.2030"}, "licence_expires", "write it as 2026-11-23"),
        ({"organization": "X", "affiliated_from": "2026-02-01", "affiliated_until": "2026-01-01"}, "affiliated_until",
         "ends before it begins"),
        ({"board": "American Board"}, "certified_in", "at least 1 character"),
        ({"organization": '=HYPERLINK("http://example.org")'}, "organization", "begins as a formula does"),
        ({"accepting": "no"}, "accepting", "contradicts an earlier row of this NPI"),
    ],
)  # fmt: skip
def test_who_has_a_refused_row_in_the_roster_is_not_imported_by_halves(tmp_path, row, field, says):
    npi = an_npi(1)

    physicians, report = from_nppes(tmp_path, a_row(1), roster=[{"npi": npi, "accepting": "yes"}, {"npi": npi, **row}])

    assert physicians == []
    in_roster, in_file = report.refused
    assert (in_roster.place, in_roster.npi, in_roster.field) == ("roster line 3", npi, field)
    assert says in in_roster.problem
    assert (in_file.place, in_file.field) == ("line 2", "(roster)")


def test_a_roster_row_without_a_physician_or_with_a_wrong_npi_is_told(tmp_path):
    roster = [{"npi": an_npi(9), "accepting": "yes"}, {"npi": "12", "accepting": "yes"}]

    physicians, report = from_nppes(tmp_path, a_row(1), roster=roster)

    assert len(physicians) == 1
    assert [(one.place, one.field) for one in report.refused] == [("roster line 3", "npi"), ("roster line 2", "npi")]


def test_a_roster_with_a_column_that_none_has_is_refused_with_those_there_are(tmp_path):
    file = written(tmp_path / "roster.csv", ("npi", "organisation"), [{"npi": an_npi(1)}])

    with pytest.raises(DirectoryFileError, match="its columns are npi, organization, network"):
        read_roster(file, Report())
    assert read_roster(written(file, COLUMNS, []), Report()).entries == {}
