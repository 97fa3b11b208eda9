"""``second-opinion mhc``: the daily files and their totals, and the rows of some days again. Procedure 11."""

import hashlib
import json

import pytest

from adapters.mhc import MhcFolder
from cli.main import run
from tests.adapters.test_mhc import FILE, a_row


@pytest.fixture(autouse=True)
def feed(tmp_path, monkeypatch):
    """Two rows of Monday, 2026-11-02."""
    monkeypatch.setenv("SECOND_OPINION_HOME", str(tmp_path))
    monkeypatch.delenv("SECOND_OPINION_MHC_FEED", raising=False)
    feed = MhcFolder(tmp_path / "mhc")
    feed.append(a_row(row_id="SO-1/1"))
    feed.append(a_row(row_id="SO-2/1"))
    return feed


def ask(capsys, *words):
    code = run(["mhc", *words])
    return code, capsys.readouterr()


def test_the_list_shows_days_rows_and_that_the_totals_agree(capsys):
    code, said = ask(capsys, "list")

    assert code == 0
    assert "2026-11-02" in said.out
    assert "SO-D-PHYS 2" in said.out
    assert "agree" in said.out


def test_the_list_for_programs_says_all_that_was_counted(capsys, feed):
    code, said = ask(capsys, "list", "--json")

    assert code == 0
    assert json.loads(said.out) == {
        "folder": str(feed.folder),
        "files": [
            {
                "day": "2026-11-02",
                "file": FILE,
                "rows": 2,
                "categories": {"SO-D-PHYS": 2},
                "given": 2,
                "missing": 0,
                "unknown": 0,
                "corrections": 0,
                "agrees": True,
            }
        ],
    }


def test_totals_that_do_not_agree_are_said_and_end_with_1(capsys, feed):
    (feed.folder / FILE).unlink()

    code, said = ask(capsys, "list")

    assert code == 1
    assert "2 missing" in said.out


def test_an_empty_feed_is_said_in_a_sentence(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("SECOND_OPINION_MHC_FEED", str(tmp_path / "none"))

    code, said = ask(capsys, "list")

    assert code == 0
    assert "There is no daily file in" in said.out


def test_an_export_to_standard_output_is_the_csv_alone_and_the_totals_go_beside_it(capsys, feed):
    code, said = ask(capsys, "export", "--since", "2026-11-02", "--until", "2026-11-02")

    daily = (feed.folder / FILE).read_bytes()
    assert code == 0
    assert said.out.encode() == daily
    assert (
        f"2 rows (SO-D-PHYS 2) from 2026-11-02 to 2026-11-02, SHA-256 {hashlib.sha256(daily).hexdigest()}." in said.err
    )


def test_an_export_to_a_file_has_its_totals_beside_it(capsys, tmp_path):
    file = tmp_path / "again.csv"

    code, said = ask(capsys, "export", "--since", "2026-11-01", "--until", "2026-11-30", "--to", str(file), "--json")

    answer = json.loads(said.out)
    assert code == 0
    assert answer["totals"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert json.loads((tmp_path / "again.csv.totals.json").read_text()) == answer["totals"]
    assert answer["totals_file"] == f"{file}.totals.json"


def test_without_a_last_day_it_is_today_and_json_carries_the_content(capsys):
    code, said = ask(capsys, "export", "--since", "2026-11-02", "--json")

    answer = json.loads(said.out)
    assert code == 0
    assert answer["totals"]["until"] >= "2026-11-02"
    assert answer["content"].count("\n") == 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--since", "Monday"], "--since Monday is not a day: write it as 2026-11-02."),
        (["--since", "2026-11-02", "--until", "2026-11-31"], "--until 2026-11-31 is not a day"),
        (["--since", "2026-11-02", "--until", "2026-11-01"], "The last day, 2026-11-01, is before the first"),
    ],
)
def test_days_that_cannot_be_are_one_sentence(capsys, words, sentence):
    code, said = ask(capsys, "export", *words)

    assert code == 2
    assert sentence in said.err
    assert said.out == ""


def test_an_export_never_lies_among_the_daily_files(capsys, feed):
    before = (feed.folder / FILE).read_bytes()

    code, said = ask(
        capsys, "export", "--since", "2026-11-03", "--until", "2026-11-03", "--to", str(feed.folder / FILE)
    )

    assert code == 2
    assert "that is the place of the daily files" in said.err
    assert (feed.folder / FILE).read_bytes() == before


def test_a_place_that_is_not_there_ends_with_3(capsys, tmp_path):
    code, said = ask(capsys, "export", "--since", "2026-11-02", "--to", str(tmp_path / "nowhere" / "x.csv"))

    assert code == 3
    assert "cannot be written to" in said.err
