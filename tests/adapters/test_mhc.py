"""The feed to MHC: once per row, safe in a spreadsheet, whole after a kill. Procedure 11."""

import csv
import fcntl
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.mhc import FIELDS, FIELDS_BEFORE, MhcFolder
from adapters.shelf import AdapterError
from policy.coding import MhcRow, mhc_row
from tests.adapters.samples import NUMBER, ROOT, a_denied_case, files_in

MONDAY_EVENING = datetime(2026, 11, 3, 7, 30, tzinfo=UTC)  # Monday 2026-11-02 23:30 PST
MONDAY, TUESDAY = date(2026, 11, 2), date(2026, 11, 3)
FILE = "mhc-2026-11-02.csv"


def a_row(**changes: Any) -> MhcRow:
    return mhc_row(a_denied_case()).model_copy(update=changes)


def a_correction(**changes: Any) -> MhcRow:
    """Made on Tuesday 2026-11-03, 10:00 PST."""
    told = {"row_id": f"{NUMBER}/2", "sequence": 2, "corrects": f"{NUMBER}/1", "reason": "reopened"}
    made = {"corrected_at": datetime(2026, 11, 3, 18, tzinfo=UTC), "category": "SO-A-SP-PLAN", "outcome": "approved"}
    return a_row(**{**told, **made, **changes})


def a_file_from_before() -> str:
    """A daily file as it was written before there were corrections."""
    return (
        '"row_id","case_number","category","outcome","line","specialty","organization","received_at","decided_at"\n'
        '"SO-1/1","SO-1","SO-D-PHYS","denied","medi_cal","orthopedic surgery","Alder IPA",'
        '"2026-11-02T18:00:00Z","2026-11-02T20:00:00Z"\n'
    )


def test_a_row_is_quoted_with_its_header_and_times_in_utc(tmp_path: Path) -> None:
    MhcFolder(tmp_path).append(a_row())

    assert (tmp_path / FILE).read_text() == (
        '"row_id","case_number","category","outcome","line","specialty","organization","received_at","decided_at",'
        '"sequence","corrects","reason","corrected_at"\n'
        f'"{NUMBER}/1","{NUMBER}","SO-D-PHYS","denied","medi_cal","orthopedic surgery","Alder IPA",'
        '"2026-11-02T18:00:00Z","2026-11-02T20:00:00Z","1","","",""\n'
    )


def test_a_correction_is_a_row_of_the_day_on_which_it_was_made_and_the_old_row_stays(tmp_path: Path) -> None:
    feed = MhcFolder(tmp_path)
    feed.append(a_row())
    before = (tmp_path / FILE).read_bytes()

    for _ in range(2):
        feed.append(a_correction())

    assert files_in(tmp_path) == [FILE, "mhc-2026-11-03.csv"]
    assert (tmp_path / FILE).read_bytes() == before
    assert feed.rows(TUESDAY) == (a_correction(),)
    assert (
        (tmp_path / "mhc-2026-11-03.csv").read_text().endswith(f'"2","{NUMBER}/1","reopened","2026-11-03T18:00:00Z"\n')
    )


def test_a_correction_on_the_day_of_the_decision_stands_under_the_row_that_it_corrects(tmp_path: Path) -> None:
    feed = MhcFolder(tmp_path)
    feed.append(a_row())

    feed.append(a_correction(corrected_at=MONDAY_EVENING))

    assert [row.row_id for row in feed.rows(MONDAY)] == [f"{NUMBER}/1", f"{NUMBER}/2"]


def test_a_reader_of_the_columns_that_were_before_finds_them_where_they_were(tmp_path: Path) -> None:
    feed = MhcFolder(tmp_path)

    feed.append(a_correction())

    with (tmp_path / "mhc-2026-11-03.csv").open(newline="") as file:
        header, row = csv.reader(file)
    assert tuple(header[: len(FIELDS_BEFORE)]) == FIELDS_BEFORE
    assert row[:3] == [f"{NUMBER}/2", NUMBER, "SO-A-SP-PLAN"]


def test_a_file_that_was_begun_before_there_were_corrections_keeps_its_columns(tmp_path: Path) -> None:
    old = a_file_from_before()
    (tmp_path / FILE).write_text(old)
    feed = MhcFolder(tmp_path)

    feed.append(a_row(row_id="SO-2/1", case_number="SO-2"))
    feed.append(a_correction(corrected_at=MONDAY_EVENING))

    assert (tmp_path / FILE).read_text().splitlines() == [
        *old.splitlines(),
        old.splitlines()[1].replace("SO-1", "SO-2"),
    ]
    assert [row.row_id for row in feed.rows(MONDAY)] == ["SO-1/1", "SO-2/1"]
    assert [row.row_id for row in feed.rows(TUESDAY)] == [f"{NUMBER}/2"]  # the next day's file has a place for it


def test_rows_come_back_in_their_order(tmp_path: Path) -> None:
    feed = MhcFolder(tmp_path)
    rows = tuple(a_row(row_id=f"SO-{n}/1") for n in range(5))

    for row in rows:
        feed.append(row)

    assert feed.rows(MONDAY) == rows
    assert feed.rows(TUESDAY) == ()


def test_the_day_of_a_file_is_the_day_in_los_angeles(tmp_path: Path) -> None:
    MhcFolder(tmp_path).append(a_row(decided_at=MONDAY_EVENING))

    assert files_in(tmp_path) == [FILE]


def test_the_same_row_twice_is_there_once(tmp_path: Path) -> None:
    MhcFolder(tmp_path).append(a_row())

    MhcFolder(tmp_path).append(a_row(category="OTHER"))

    assert MhcFolder(tmp_path).rows(MONDAY) == (a_row(),)


def test_the_same_row_on_another_day_is_there_once(tmp_path: Path) -> None:
    feed = MhcFolder(tmp_path)
    feed.append(a_row())

    feed.append(a_row(decided_at=MONDAY_EVENING + timedelta(days=1)))

    assert files_in(tmp_path) == [FILE]
    assert feed.rows(MONDAY) == (a_row(),)


def test_a_row_whose_number_begins_another_is_not_taken_for_it(tmp_path: Path) -> None:
    feed = MhcFolder(tmp_path)

    for number in ("SO-11/1", "SO-1/1", "SO-11/11", "1"):
        feed.append(a_row(row_id=number, case_number="SO-1/1"))

    assert [row.row_id for row in feed.rows(MONDAY)] == ["SO-11/1", "SO-1/1", "SO-11/11", "1"]


def test_eight_threads_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    feed = MhcFolder(tmp_path)
    numbers = [f"SO-{n % 20}/1" for n in range(80)]

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: feed.append(a_row(row_id=number)), numbers))

    assert sorted(row.row_id for row in feed.rows(MONDAY)) == sorted(set(numbers))


def test_a_row_waits_until_another_writer_is_done(tmp_path: Path) -> None:
    feed = MhcFolder(tmp_path)
    feed.append(a_row())

    with ThreadPoolExecutor(1) as threads:
        with (tmp_path / FILE).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            writing = threads.submit(feed.append, a_row(row_id="SO-2/1"))
            with pytest.raises(TimeoutError):
                writing.result(timeout=0.2)
        writing.result(timeout=10)

    assert len(feed.rows(MONDAY)) == 2


def test_two_processes_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from adapters.mhc import MhcFolder
from tests.adapters.test_mhc import a_row
sys.stdin.read()
for n in range(20):
    MhcFolder(Path(sys.argv[1])).append(a_row(row_id=f"SO-{n}/1"))
"""
    run = [sys.executable, "-c", script, str(tmp_path)]
    both = [subprocess.Popen(run, stdin=subprocess.PIPE, cwd=ROOT, text=True) for _ in range(2)]

    assert [process.communicate("go") and process.returncode for process in both] == [0, 0]

    assert sorted(row.row_id for row in MhcFolder(tmp_path).rows(MONDAY)) == sorted(f"SO-{n}/1" for n in range(20))


def test_wherever_a_kill_tore_the_file_the_same_row_again_mends_it(tmp_path: Path) -> None:
    feed = MhcFolder(tmp_path)
    feed.append(a_row(row_id="SO-1/1"))
    feed.append(a_row(row_id="SO-2/1"))
    whole = (tmp_path / FILE).read_bytes()

    for length in range(len(whole) + 1):
        (tmp_path / FILE).write_bytes(whole[:length])
        feed.append(a_row(row_id="SO-1/1"))
        feed.append(a_row(row_id="SO-2/1"))

        assert (tmp_path / FILE).read_bytes() == whole


def test_a_torn_last_row_is_not_read(tmp_path: Path) -> None:
    feed = MhcFolder(tmp_path)
    feed.append(a_row())
    with (tmp_path / FILE).open("a") as file:
        file.write('"SO-2/1","SO-2","SO-')

    assert feed.rows(MONDAY) == (a_row(),)


@pytest.mark.parametrize(
    "typed",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "  =1",
        "\n=1",
        "'=1",
        "＝1",
        '=HYPERLINK("http://x","y")',
        "''-1",
    ],
)
def test_nothing_that_was_typed_begins_like_a_formula(tmp_path: Path, typed: str) -> None:
    feed = MhcFolder(tmp_path)

    feed.append(a_row(organization=typed))

    with (tmp_path / FILE).open(newline="") as file:
        [row] = csv.DictReader(file)
    assert row["organization"].startswith("'")
    assert feed.rows(MONDAY)[0].organization.strip() == typed.strip()


@given(typed=st.text(max_size=20))
@settings(max_examples=60, deadline=None)
def test_any_text_comes_back_as_it_went_in_but_for_its_line_ends(
    tmp_path_factory: pytest.TempPathFactory, typed: str
) -> None:
    feed = MhcFolder(tmp_path_factory.mktemp("mhc"))

    feed.append(a_row(organization=typed))

    assert feed.rows(MONDAY)[0].organization == " ".join(typed.splitlines())


def test_the_id_of_the_row_comes_first() -> None:
    assert FIELDS[0] == "row_id"  # a repeated row is found by how its line begins


def test_a_feed_that_cannot_be_written_to_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "mhc" / FILE).mkdir(parents=True)

    with pytest.raises(AdapterError, match=r"^The folder .*/file/mhc cannot be written to: Not a directory.$"):
        MhcFolder(tmp_path / "file" / "mhc").append(a_row())
    with pytest.raises(AdapterError, match=r"^The folder .*/mhc cannot be written to: Is a directory.$"):
        MhcFolder(tmp_path / "mhc").append(a_row())
