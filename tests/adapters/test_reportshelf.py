"""Finished reports are kept as they are, for good. Policy 90.2.17, P12."""

from pathlib import Path

import pytest

from adapters.committee.reading import DATA, PAPER, data_of
from adapters.committee.reportshelf import ReportShelf, slug_of
from adapters.shelf import AdapterError, Shelf
from policy.request import LineOfBusiness
from tests.reports import a_report

FILES = {PAPER: b"%PDF-1.7", "charts/a.svg": b"<svg/>"}
REPORT = a_report(funnels=(), over_time=())


@pytest.fixture
def shelf(tmp_path: Path) -> ReportShelf:
    return ReportShelf(Shelf(tmp_path / "reports"))


def test_what_is_put_is_found_by_id_and_by_slug_as_it_was(shelf: ReportShelf):
    stored = shelf.put(REPORT, FILES)

    assert shelf.find(stored.slug) == stored
    assert shelf.report(REPORT.id) == REPORT
    assert shelf.get(stored.slug, "charts/a.svg") == b"<svg/>"
    assert [name for name, _ in stored.files] == ["charts/a.svg", DATA, PAPER]


def test_the_same_report_put_again_changes_nothing(shelf: ReportShelf):
    first = shelf.put(REPORT, FILES)

    again = shelf.put(REPORT, {PAPER: b"set anew by a later version"})

    assert again.digest == first.digest
    assert shelf.find(first.slug) == first
    assert shelf.get(REPORT.id, PAPER) == b"%PDF-1.7"


def test_other_figures_under_the_same_id_are_refused_and_need_a_new_edition(shelf: ReportShelf):
    shelf.put(REPORT, FILES)

    with pytest.raises(AdapterError, match="make a new edition"):
        shelf.put(REPORT.model_copy(update={"cases": 1}), FILES)
    corrected = REPORT.model_copy(update={"cases": 1, "edition": 2, "corrects": REPORT.id, "difference": "cases"})
    shelf.put(corrected, FILES)

    assert [stored.edition for stored in shelf.listed()] == [2, 1]
    assert shelf.report(REPORT.id) == REPORT


def test_what_a_killed_writer_left_is_no_report_and_is_completed(shelf: ReportShelf, tmp_path: Path):
    Shelf(tmp_path / "reports").put(f"{slug_of(REPORT)}/{DATA}", data_of(REPORT))

    left = shelf.listed(), shelf.find(slug_of(REPORT))
    shelf.put(REPORT, FILES)

    assert left == ((), None)
    assert [stored.id for stored in shelf.listed()] == [REPORT.id]


def test_the_latest_period_is_listed_first(shelf: ReportShelf):
    for period in ("2026-Q1", "2026-Q3", "2026-Q2"):
        shelf.put(a_report(period, funnels=(), over_time=()), FILES)

    assert [stored.id for stored in shelf.listed()] == ["2026-Q3", "2026-Q2", "2026-Q1"]


def test_a_file_that_was_altered_is_not_handed_out(shelf: ReportShelf, tmp_path: Path):
    shelf.put(REPORT, FILES)
    (tmp_path / "reports" / "2026-Q3" / PAPER).write_bytes(b"another")

    with pytest.raises(AdapterError, match="not what was kept"):
        shelf.get(REPORT.id, PAPER)


@pytest.mark.parametrize("name", ["2026-Q9", "..", "../2026-Q3", "2026-Q3/.."])
def test_what_is_not_there_is_not_found(shelf: ReportShelf, name: str):
    shelf.put(REPORT, FILES)

    assert shelf.find("2026-Q9") is None
    with pytest.raises((KeyError, AdapterError)):
        shelf.get(name, PAPER)


@pytest.mark.parametrize(
    ("report", "slug"),
    [
        (a_report("2026-Q3", lines=(LineOfBusiness.CMC, LineOfBusiness.MEDI_CAL)), "2026-Q3-cmc-medi-cal"),
        (a_report("2026-07-02..2026-07-20", edition=2), "2026-07-02-to-2026-07-20-e2"),
    ],
    ids=["lines", "days"],
)
def test_a_report_lies_under_its_number(report, slug):
    assert slug_of(report) == slug
