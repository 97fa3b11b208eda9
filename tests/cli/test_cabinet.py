"""``second-opinion cabinet``: the drawer against the records, where a packet lies, and the printed register."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len

from adapters.shelf import Shelf
from cli.main import run
from tests.adapters.samples import a_pdf, text_of
from tests.builders import MONDAY
from tests.cli.drawers import Drawer

ONE, TWO = "SO-2026-000001", "SO-2026-000002"
FOLDER = "Prior Authorizations/2026/11/2026-11-02"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SECOND_OPINION_HOME", str(tmp_path / "var"))
    return tmp_path


@pytest.fixture
def drawer():
    return Drawer()


@pytest.fixture
def ask(capsys):
    def asked(*words):
        code = run(["cabinet", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return asked


@pytest.fixture
def findings(ask):
    def found(*words):
        code, out, _ = ask("verify", "--json", *words)
        listed = json.loads(out)["findings"]
        assert code == (1 if listed else 0)
        return [(finding["case_number"], finding["difference"]) for finding in listed]

    return found


# -- verify


def test_a_cabinet_as_it_was_filed_is_in_order(drawer, ask):
    drawer.file(ONE)
    drawer.file(TWO, family="Obrien")
    drawer.open_case("SO-2026-000003")

    code, out, err = ask("verify")

    assert (code, err) == (0, "")
    assert "2 packets compared: every one lies where it was filed" in " ".join(out.split())


def test_an_empty_cabinet_is_in_order_and_is_not_made(ask, home):
    code, out, _ = ask("verify")

    assert code == 0
    assert "No packet is filed yet, and nothing lies in the cabinet." in out
    assert not (home / "var" / "cabinet").exists()


def test_a_missing_packet_is_found(drawer, findings):
    drawer.path(drawer.file(ONE)).unlink()
    drawer.file(TWO)

    assert findings() == [(ONE, "missing")]


def test_an_altered_packet_is_found_by_its_digest_and_its_pages(drawer, findings):
    drawer.path(drawer.file(ONE)).write_bytes(a_pdf(1))
    with drawer.path(drawer.file(TWO)).open("ab") as file:
        file.write(b"%")  # one byte behind the end: as many pages as before

    assert findings() == [(ONE, "altered"), (ONE, "pages"), (TWO, "altered")]


def test_a_file_that_is_no_pdf_any_more_is_found(drawer, findings):
    drawer.path(drawer.file(ONE)).write_bytes(b"not a PDF")

    assert findings() == [(ONE, "altered"), (ONE, "unreadable")]


def test_a_packet_that_cannot_be_read_is_a_finding_and_stops_nothing(drawer, findings):
    path = drawer.path(drawer.file(ONE))
    path.unlink()
    path.mkdir()
    drawer.path(drawer.file(TWO)).unlink()

    assert findings() == [(ONE, "unreadable"), (TWO, "missing")]


def test_what_lies_there_without_a_row_is_found_and_what_the_cabinet_keeps_for_itself_is_not(drawer, findings):
    drawer.file(ONE)
    Shelf(Path(drawer.world.cabinet.place)).put(f"{FOLDER}/Doe, Jo — SO-9.pdf", a_pdf(1))
    (Path(drawer.world.cabinet.place) / FOLDER / ".unfinished-x").write_bytes(b"half")

    assert findings() == [("", "unrecorded")]


def test_a_packet_in_the_register_that_the_records_do_not_know_is_found_with_its_number(drawer, home, findings):
    drawer.file(ONE)
    gone = drawer.path(drawer.file(TWO))
    for leftover in (home / "var").glob("records.db*"):
        leftover.unlink()  # as if other records had been put in place
    Drawer()

    lying = findings()
    gone.unlink()

    assert sorted(lying) == [(ONE, "unrecorded"), (TWO, "unrecorded")]
    assert sorted(findings()) == [(ONE, "unrecorded"), (TWO, "missing")]


def test_a_line_of_the_register_that_is_missing_damaged_or_different_is_found(drawer, findings):
    drawer.line(drawer.file(ONE)).unlink()
    drawer.line(drawer.file(TWO)).write_text("{")
    other = drawer.file("SO-2026-000003")
    line = drawer.line(other)
    line.write_text(line.read_text().replace(other.filing.sha256, "0" * 64))

    assert findings() == [(ONE, "unregistered"), (TWO, "unregistered"), ("SO-2026-000003", "register")]


def test_what_is_said_of_a_difference_tells_what_to_do_and_names_nobody_unless_asked(drawer, ask):
    drawer.path(drawer.file(ONE)).unlink()

    code, out, err = ask("verify")
    _, as_json, _ = ask("verify", "--json")
    _, named, _ = ask("verify", "--names")

    assert code == 1
    assert ONE in out
    assert "the file is missing" in out
    assert FOLDER in out
    assert "Bring back what is missing or altered from a backup" in err
    assert "Núñez" not in out + err + as_json
    assert "Núñez, Ana" in named


def test_a_packet_with_a_page_in_the_place_of_a_damaged_letter_is_named_and_is_no_difference(drawer, ask):
    case = drawer.file(ONE, damage=True)
    digest = next(notice.sha256 for notice in case.notices)

    code, out, _ = ask("verify")
    _, as_json, _ = ask("verify", "--json")

    assert code == 0
    assert f"{ONE} was filed with a page in the place of 1 that could not be read ({digest[:12]})." in out
    assert [row["difference"] for row in json.loads(as_json)["incomplete"]] == ["incomplete"]
    assert "Núñez" not in out + as_json


def test_a_case_that_cannot_be_filed_says_what_is_missing_and_its_page_that_nothing_is_open(drawer, ask, capsys):
    case = drawer.open_case(ONE)
    letter = drawer.world.outbox.path_of(case.notices[0].document)
    kept = letter.read_bytes()
    letter.unlink()

    code, _, err = ask("verify")
    _, as_json, _ = ask("verify", "--json")
    letter.write_bytes(kept)

    assert code == 1
    assert f"{ONE} cannot be filed. Of its letters and documents are missing: 1 ({case.notices[0].sha256[:12]})." in err
    assert json.loads(as_json)["waiting"] == [{"case_number": ONE, "missing": [case.notices[0].sha256]}]
    assert ask("verify")[0] == 0
    run(["show", ONE])
    assert "Nothing is open any more: it is being filed." in " ".join(capsys.readouterr().out.split())


def test_a_case_whose_letters_have_not_left_lists_them_on_its_page(drawer, capsys):
    drawer.open_case(ONE, letters=False)

    run(["show", ONE])

    said = " ".join(capsys.readouterr().out.split())
    assert "Before it can be filed: letter: denial to the member has not left" in said
    assert "letter: denial to the provider has not left Clocks" in said


# -- find


@pytest.mark.parametrize("text", [ONE, ONE.lower(), f"REF-{ONE}", "Núñez", "nunez", "NUN"])
def test_a_packet_is_found_by_number_reference_or_how_the_family_name_begins(drawer, ask, text):
    drawer.file(ONE)
    drawer.file(TWO, family="Obrien")

    code, out, err = ask("find", text, "--json")

    assert (code, err) == (0, "")
    assert json.loads(out) == [
        {"case": ONE, "external_reference": f"REF-{ONE}", "stage": "closed", "filed": True, "folder": FOLDER}
    ]


def test_where_a_packet_lies_names_the_member_only_when_asked(drawer, ask):
    path = drawer.path(drawer.file(ONE))

    _, out, _ = ask("find", ONE)
    _, named, _ = ask("find", ONE, "--names")
    _, as_json, _ = ask("find", ONE, "--names", "--json")

    assert FOLDER in out
    assert "Núñez" not in out
    assert "Núñez, Ana" in named
    assert json.loads(as_json)[0]["path"] == str(path)


@pytest.mark.parametrize("text", ["SO-2026-009999", "Smith", "", "-", "%", "_" * 500])
def test_what_is_not_there_is_said_in_a_sentence(drawer, ask, text):
    drawer.file(ONE)

    code, _, err = ask("find", "--", text)

    assert code == 1
    assert "No case has that number or reference" in err


def test_a_case_whose_packet_is_not_filed_yet_says_so(drawer, ask):
    drawer.open_case(ONE)

    code, out, err = ask("find", ONE)

    assert code == 1
    assert "not filed yet" in out
    assert "a packet is filed when its case ends" in err


# -- print


def test_the_register_is_printed_by_date_and_alphabet_within_eighty_columns(drawer, ask):
    pages = drawer.file(ONE, family="Obrien").filing.pages
    drawer.file(TWO)
    drawer.file("SO-2026-000003", family="Ångström", at=MONDAY + timedelta(days=1))
    drawer.file("SO-2026-000004", family="王" * 90, at=MONDAY + timedelta(days=1))
    drawer.file("SO-2026-000005", family="X\x1b[31mY", at=MONDAY + timedelta(days=1))

    code, out, _ = ask("print")

    lines = out.splitlines()
    places = [next(n for n, line in enumerate(lines) if word in line) for word in (TWO, ONE, "000003", "000004")]
    assert code == 0
    assert places[:3] == sorted(places[:3])
    assert max(map(cell_len, lines)) <= 80
    assert "Monday 2026-11-02   (2 packets)" in lines
    assert "Tuesday 2026-11-03   (3 packets)" in lines
    assert next(line for line in lines if ONE in line).startswith("Obrien, Ana ...")
    assert next(line for line in lines if ONE in line).endswith(f" {pages} p.")
    assert "".join(out.split()).count("王") == 90
    assert "\x1b" not in out
    assert lines[-1].startswith("5 packets, ")


def test_the_register_is_printed_from_a_day_to_a_day(drawer, ask):
    for day, number in enumerate((ONE, TWO, "SO-2026-000003")):
        drawer.file(number, at=MONDAY + timedelta(days=day))

    tuesday = ask("print", "--from", "2026-11-03", "--to", "2026-11-03")[1]
    nothing = ask("print", "--from", "2026-12-01")[1]

    assert TWO in tuesday
    assert ONE not in tuesday
    assert "SO-2026-000003" not in tuesday
    assert "Filed on 2026-11-03, by date and alphabet" in tuesday
    assert "No packet was filed in that time." in nothing


def test_a_damaged_line_of_the_register_is_counted_and_the_others_are_printed(drawer, ask, findings):
    drawer.file(ONE)
    drawer.line(drawer.file(TWO)).write_text("{")
    Shelf(Path(drawer.world.cabinet.place)).put(f".register/2026-11-02/{'0' * 64}.json", b"")

    code, out, err = ask("print")

    assert code == 1
    assert ONE in out
    assert TWO not in out
    assert "damaged, and lack above: 2." in err
    assert findings() == [(TWO, "unregistered"), ("", "unregistered")]


def test_the_register_of_a_day_or_a_month_is_printed(drawer, ask):
    for days, number in enumerate((ONE, TWO)):
        drawer.file(number, at=MONDAY + timedelta(days=days))
    drawer.file("SO-2026-000003", at=MONDAY + timedelta(days=28))  # Monday 2026-11-30
    drawer.file("SO-2026-000004", at=MONDAY + timedelta(days=29))

    tuesday = ask("print", "--day", "2026-11-03")[1]
    november = ask("print", "--month", "2026-11")[1]

    assert (ONE in tuesday, TWO in tuesday) == (False, True)
    assert [number in november for number in (ONE, TWO, "SO-2026-000003", "SO-2026-000004")] == [True] * 3 + [False]


def test_the_register_is_an_accessible_pdf_by_date_and_alphabet_with_numbered_pages(drawer, ask, tmp_path):
    drawer.file(ONE, family="Obrien")
    drawer.file(TWO)
    drawer.file("SO-2026-000003", family="Ångström", at=MONDAY + timedelta(days=1))
    file = tmp_path / "register.pdf"

    code, out, err = ask("print", "--pdf", str(file), "--month", "2026-11")
    again, _, refused = ask("print", "--pdf", str(file))

    text = text_of(file)
    order = [text.index(words) for words in ("Monday, November 2", TWO, ONE, "Tuesday, November 3", "SO-2026-000003")]
    assert (code, err) == (0, "")
    assert "it names the members" in " ".join(out.split())
    assert order == sorted(order)
    assert "Núñez, Ana" in text
    assert "Page 1 of 1" in text
    assert b"<pdfuaid:part>1</pdfuaid:part>" in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    assert (again, "File exists" in refused) == (2, True)


@pytest.mark.parametrize("words", [("--day", "2026-11-03", "--month", "2026-11"), ("--month", "November")])
def test_days_and_months_that_cannot_be_are_refused(ask, words):
    code, _, err = ask("print", *words)

    assert code == 2
    assert "--month" in err


@pytest.mark.parametrize("words", [("--from", "soon"), ("--from", "2026-11-03", "--to", "2026-11-02")])
def test_days_that_cannot_be_are_refused(ask, words):
    code, _, err = ask("print", *words)

    assert code == 2
    assert err
