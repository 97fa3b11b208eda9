"""The feed to MHC again: the same bytes for the same days, with totals that its receiver can count. Procedure 11."""

import csv
import hashlib
import io
import json
from datetime import date
from pathlib import Path

import pytest

from adapters.mhc import FIELDS, MhcFolder
from adapters.mhcexport import daily_files, export, save
from adapters.shelf import AdapterError
from policy.coding import MhcRow
from tests.adapters.samples import NUMBER
from tests.adapters.test_mhc import (
    FILE,
    MONDAY,
    MONDAY_EVENING,
    TUESDAY,
    a_correction,
    a_file_from_before,
    a_row,
)

WEDNESDAY = date(2026, 11, 4)
HEADER = ",".join(f'"{field}"' for field in FIELDS) + "\n"


@pytest.fixture
def feed(tmp_path: Path) -> MhcFolder:
    """Two rows of Monday and one of Tuesday."""
    feed = MhcFolder(tmp_path / "mhc")
    feed.append(a_row(row_id="SO-1/1"))
    feed.append(a_row(row_id="SO-3/1", decided_at=MONDAY_EVENING.replace(day=4), category="SO-A-SP-PLAN"))
    feed.append(a_row(row_id="SO-2/1", organization="=1+1"))
    return feed


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_an_export_holds_the_rows_of_its_days_in_their_order_under_one_header(feed: MhcFolder) -> None:
    made = export(feed, MONDAY, TUESDAY)

    assert [row["row_id"] for row in read(made.content)] == ["SO-1/1", "SO-2/1", "SO-3/1"]
    assert made.content.count(b'"row_id"') == 1


def test_one_day_again_is_the_file_of_that_day(feed: MhcFolder) -> None:
    assert export(feed, MONDAY, MONDAY).content == (feed.folder / FILE).read_bytes()


def test_the_same_days_give_the_same_bytes_whatever_came_for_other_days(feed: MhcFolder) -> None:
    first = export(feed, MONDAY, MONDAY)

    feed.append(a_row(row_id="SO-9/1", decided_at=MONDAY_EVENING.replace(day=4)))
    feed.append(a_row(row_id="SO-1/1"))

    assert export(MhcFolder(feed.folder), MONDAY, MONDAY) == first


def test_the_totals_count_rows_and_categories_and_give_the_digest(feed: MhcFolder) -> None:
    made = export(feed, MONDAY, TUESDAY)

    assert made.totals.rows == 3
    assert made.totals.categories == {"SO-A-SP-PLAN": 1, "SO-D-PHYS": 2}
    assert made.totals.sha256 == hashlib.sha256(made.content).hexdigest()


def test_an_export_holds_the_rows_and_their_corrections_and_counts_both(feed: MhcFolder) -> None:
    feed.append(a_correction())

    made = export(feed, MONDAY, TUESDAY)

    assert [row["row_id"] for row in read(made.content)][-1] == f"{NUMBER}/2"
    assert (made.totals.rows, made.totals.originals, made.totals.corrections) == (4, 3, 1)
    assert made.totals.categories == {"SO-A-SP-PLAN": 2, "SO-D-PHYS": 2}
    assert [(file.rows, file.corrections, file.agrees) for file in daily_files(feed)] == [(2, 0, True), (2, 1, True)]


def test_rows_from_before_there_were_corrections_are_exported_with_all_columns(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(a_file_from_before())

    made = export(MhcFolder(tmp_path), MONDAY, MONDAY)

    assert made.content.decode().splitlines()[0] + "\n" == HEADER
    assert [(row["row_id"], row["sequence"], row["corrects"]) for row in read(made.content)] == [("SO-1/1", "1", "")]


def test_what_begins_like_a_formula_is_as_harmless_as_in_the_daily_file(feed: MhcFolder) -> None:
    assert [row["organization"] for row in read(export(feed, MONDAY, MONDAY).content)] == ["Alder IPA", "'=1+1"]


def test_days_without_rows_give_the_header_and_totals_of_nothing(feed: MhcFolder) -> None:
    made = export(feed, WEDNESDAY, WEDNESDAY)

    assert made.content.decode() == HEADER
    assert (made.totals.rows, made.totals.categories) == (0, {})


def test_a_saved_export_has_its_totals_beside_it_however_often_it_is_saved(feed: MhcFolder, tmp_path: Path) -> None:
    made = export(feed, MONDAY, TUESDAY)
    file = tmp_path / "november.csv"

    beside = [save(made, file) for _ in range(2)][-1]

    assert file.read_bytes() == made.content
    assert json.loads(beside.read_text()) == made.totals.model_dump(mode="json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mhc", "november.csv", "november.csv.totals.json"]


def test_a_place_that_cannot_be_written_to_is_one_sentence(feed: MhcFolder, tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match=r"^The folder .*/nowhere cannot be written to: No such file or dir"):
        save(export(feed, MONDAY, MONDAY), tmp_path / "nowhere" / "x.csv")


def test_daily_files_that_hold_what_was_given_agree(feed: MhcFolder) -> None:
    files = daily_files(feed)

    assert [(file.day, file.rows, file.given, file.agrees) for file in files] == [
        (MONDAY, 2, 2, True),
        (TUESDAY, 1, 1, True),
    ]
    assert files[0].categories == {"SO-D-PHYS": 2}


def test_a_feed_without_any_file_has_no_daily_files(tmp_path: Path) -> None:
    assert daily_files(MhcFolder(tmp_path / "mhc")) == ()


def test_a_row_that_was_taken_out_is_missing(feed: MhcFolder) -> None:
    lines = (feed.folder / FILE).read_bytes().splitlines(keepends=True)
    (feed.folder / FILE).write_bytes(b"".join(lines[:-1]))

    monday = daily_files(feed)[0]

    assert (monday.rows, monday.given, monday.missing, monday.unknown, monday.agrees) == (1, 2, 1, 0, False)


def test_a_whole_file_that_was_taken_away_is_still_listed(feed: MhcFolder) -> None:
    (feed.folder / FILE).unlink()

    assert [(file.day, file.missing) for file in daily_files(feed)] == [(MONDAY, 2), (TUESDAY, 0)]


@pytest.mark.parametrize("stranger", ["SO-1/1", "SO-77/1"], ids=["doubled", "never given"])
def test_a_row_that_is_doubled_or_was_never_given_is_unknown(feed: MhcFolder, stranger: str) -> None:
    line = (feed.folder / FILE).read_text().splitlines()[1].replace("SO-1/1", stranger)
    with (feed.folder / FILE).open("a") as file:
        file.write(line + "\n")

    monday = daily_files(feed)[0]

    assert (monday.missing, monday.unknown, monday.agrees) == (0, 1, False)


@pytest.mark.parametrize(
    "damage",
    ["Ana Núñez,1\n", HEADER + '"SO-1/1"\n', HEADER + '"SO-1/1\n', HEADER + "\udcff\n"],
    ids=["header", "short", "quote", "bytes"],
)
def test_a_damaged_file_is_one_sentence_that_repeats_nothing_of_it(feed: MhcFolder, damage: str) -> None:
    (feed.folder / FILE).write_bytes(damage.encode(errors="surrogateescape"))

    with pytest.raises(AdapterError, match=r"^The file .*2026-11-02\.csv is damaged: not every line is a row of"):
        export(feed, MONDAY, MONDAY)


def test_a_damaged_place_is_one_sentence(feed: MhcFolder) -> None:
    next((feed.folder / ".places").iterdir()).write_text("someday")

    with pytest.raises(AdapterError, match=r"is damaged: it holds no day\.$"):
        daily_files(feed)


def test_every_row_that_is_exported_reads_as_the_row_that_was_given(feed: MhcFolder) -> None:
    first = read(export(feed, MONDAY, MONDAY).content)[0]

    assert MhcRow.model_validate({column: value for column, value in first.items() if value}) == a_row(row_id="SO-1/1")
