"""``second-opinion directory`` and ``candidates``: imported, refused, found, proposed."""

import csv
import json
from pathlib import Path

import pytest

from cli.main import run
from cli.screen import now
from policy.calendar import local_day
from tests.adapters.listings import a_row, written
from tests.demonstration_directory import FOLDER, NPPES_COLUMNS
from tests.policy.physicians import an_npi

INTAKE = Path(__file__).parents[2] / "examples" / "intake"
PHYSICIANS, ROSTER, BUNDLE, FAULTY = (
    str(FOLDER / name) for name in ("physicians.csv", "roster.csv", "plan-net.json", "with-errors.csv")
)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SECOND_OPINION_HOME", str(tmp_path / "var"))
    return tmp_path


@pytest.fixture
def ask(capsys):
    def asked(*words):
        code = run(list(words))
        said = capsys.readouterr()
        return code, " ".join((said.out + said.err).split())

    return asked


@pytest.fixture
def answer(capsys):
    def answered(*words, code=0):
        assert run([*words, "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return answered


@pytest.fixture
def directory(ask):
    assert ask("directory", "import", PHYSICIANS, "--roster", ROSTER)[0] == 0
    return f"{local_day(now())}-1"


def test_the_demonstrations_directory_is_imported_once(ask, answer):
    first = answer("directory", "import", PHYSICIANS, "--roster", ROSTER, "--label", "Demonstration")
    code, again = ask("directory", "import", PHYSICIANS, "--roster", ROSTER)

    assert (first["format"], first["sound"], first["refused"], first["is_new"]) == ("nppes", 327, [], True)
    assert first["version"]["label"] == "Demonstration"
    assert code == 0
    assert "holds the same already; nothing was changed" in again
    assert [one["in_force"] for one in answer("directory", "list")] == [True]


def test_a_bundle_is_imported_too(answer):
    found = answer("directory", "import", BUNDLE)

    assert (found["format"], found["sound"], found["refused"]) == ("plan-net", 16, [])


def test_what_is_not_sound_is_reported_and_the_rest_imported(ask, home):
    code, said = ask("directory", "import", FAULTY, "--report", str(home / "refused.csv"))

    assert code == 1
    assert "line 3 (NPI 299290" in said
    assert "Left out: 1 organizations (entity type 2)." in said
    assert "Physicians sound: 1; refused: 6." in said
    with (home / "refused.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["place"] for row in rows] == [f"line {n}" for n in range(3, 9)]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_a_dry_run_imports_nothing(ask):
    code, said = ask("directory", "import", FAULTY, "--dry-run")

    assert code == 1
    assert "Nothing was imported: this was a dry run." in said
    assert ask("directory", "list") == (
        0,
        "There is no directory yet; import one with: second-opinion directory import FILE",
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("import", "none.csv"), "none.csv cannot be read: no such file"),
        (("import", str(INTAKE / "many.csv")), "lacks the column NPI"),
        (("import", str(INTAKE / "01-approved-at-once.json")), "is not JSON at line 1"),
        (("import", FAULTY, "--report", FAULTY), "The report cannot be written"),
        (("import", FAULTY, "--from", "soon"), ""),
    ],
)
def test_a_file_that_cannot_be_used_is_bad_input(ask, words, says):
    code, said = ask("directory", *words)

    assert code == 2
    assert says in said


def test_many_refusals_are_counted_at_the_terminal_and_all_told_in_json(ask, answer, home):
    rows = [a_row(n, zip="1") for n in range(1, 31)] + [a_row(31)]
    file = str(written(home / "physicians.csv", NPPES_COLUMNS, rows))

    assert "and 10 more; --report FILE writes all of them." in ask("directory", "import", file, "--dry-run")[1]
    assert len(answer("directory", "import", file, "--dry-run", code=1)["refused"]) == 30


def test_a_version_can_be_dated_ahead(answer, directory):
    answer("directory", "import", BUNDLE, "--from", "2099-01-01")

    assert [(one["id"], one["in_force"]) for one in answer("directory", "list")] == [
        ("2099-01-01-1", False),
        (directory, True),
    ]
    assert len(answer("directory", "find", "--version", "2099-01-01-1")) == 16


def test_physicians_are_found_the_nearest_first(ask, answer, directory):
    found = answer("directory", "find", "--specialty", "Nephrology", "--near", "92395", "--limit", "3")

    assert len(found) == 3
    assert [one["miles"] for one in found] == sorted(one["miles"] for one in found)
    assert all(one["specialties"][0]["name"] == "nephrology" for one in found)
    code, said = ask("directory", "find", "--organization", "desert oak medical group", "--specialty", "nephrology")
    assert code == 0
    assert f"Directory {directory}" in said
    assert "Dr. Patrick Obi" in said
    assert "Dr. Patrick Obi" in ask("directory", "find", "--specialty", "nephrology", "--near", "92392")[1]


@pytest.mark.usefixtures("directory")
def test_what_is_not_there_is_said(ask):
    assert ask("directory", "find", "--language", "xx") == (0, "Nobody in the directory fits; ask for less.")
    assert ask("directory", "find", "--near", "10001")[0] == 2
    assert ask("directory", "find", "--version", "x")[1].startswith("There is no directory x. List them with")
    assert ask("directory", "show", an_npi(999))[0] == 1


def test_without_a_directory_nothing_is_found_or_shown(ask):
    assert ask("directory", "find")[1].startswith("No directory is in force.")
    assert ask("directory", "show", an_npi(1))[0] == 1


def test_a_physician_is_shown_with_all_that_is_known(ask, answer, directory):
    code, said = ask("directory", "show", "1992999262")

    assert code == 0
    assert "Dr. Ezra Feldman, NPI 1992999262" in said
    assert "certificate: ophthalmology, American Board of Ophthalmology" in said
    assert "Pacific Crest University Eye Clinic, not in the network" in said
    assert "San Francisco, CA 94143" in said
    assert answer("directory", "show", "1992999262")["version"] == directory


# -- candidates


def registered(ask, name):
    ask("open", str(INTAKE / name))  # no server runs: it is registered, and starts when a worker does


def test_a_case_has_its_candidates_rung_by_rung(ask, answer, directory):
    registered(ask, "15-waits-for-placement.json")

    code, said = ask("candidates", "EXAMPLE-15")
    found = answer("candidates", "EXAMPLE-15")

    assert code == 0
    assert "ppg: 0 of 1 can be chosen" in said
    assert "Passed over: no eligible physician for nephrology in the PPG: 1 was involved." in said
    assert "A person places the opinion." in said
    assert "Nobody answered for the case: the request as it was registered counts" in said
    assert found["directory_version"] == directory
    assert found["proposed"]["tier"] == "plan"
    assert found["proposed"]["can_be_chosen"] is True
    assert found["passed_over"] == {"ppg": "no eligible physician for nephrology in the PPG: 1 was involved"}
    assert [rung["tier"] for rung in found["rungs"]] == ["ppg", "plan", "out_of_network"]
    assert found["proposed"] in found["rungs"][1]["candidates"]
    assert "and " in ask("candidates", "EXAMPLE-15", "--limit", "1")[1]


@pytest.mark.usefixtures("directory")
def test_no_name_of_the_member_is_shown(ask):
    registered(ask, "15-waits-for-placement.json")

    assert "Bradford" not in ask("candidates", "EXAMPLE-15")[1]


def test_without_a_case_or_a_directory_the_reason_is_said(ask):
    registered(ask, "15-waits-for-placement.json")

    assert ask("candidates", "SO-2020-000001")[0] == 1
    code, said = ask("candidates", "EXAMPLE-15")
    assert (code, said) == (1, "No directory is in force; import one with: second-opinion directory import FILE")


def test_a_candidate_who_is_picked_becomes_the_fields_of_a_placement(ask, directory):
    registered(ask, "15-waits-for-placement.json")

    code, said = ask("candidates", "EXAMPLE-15", "--pick", "2992902355")

    fields, _ = json.JSONDecoder().raw_decode(said[said.index("{") :])
    assert code == 0
    assert (fields["tier"], fields["professional"]["name"]) == ("plan", "Dr. Quan Samplewell")
    assert (fields["proposed_npi"], fields["directory_version"]) == ("2992902355", directory)
    assert "Place it with: second-opinion task complete" in said


@pytest.mark.usefixtures("directory")
def test_another_than_the_proposed_one_is_picked_with_a_reason_and_who_cannot_be_chosen_is_not(ask):
    registered(ask, "15-waits-for-placement.json")

    other, barred = (
        ask("candidates", "EXAMPLE-15", "--pick", "2992902363"),
        ask("candidates", "EXAMPLE-15", "--pick", "1992999445"),
    )

    assert (other[0], "add departure_reason" in other[1]) == (0, True)
    assert (barred[0], "Dr. Patrick Obi cannot be chosen: " in barred[1]) == (1, True)
