"""Every figure of the report is defined on its page, and the page defines no other."""

import re
from pathlib import Path

import pytest

from policy.report.period import parsed
from policy.report.shape import Cell, CommitteeReport, Kind
from reporting.measures import CASE_EVENTS, CASE_UNITS, DELEGATED_EVENTS, DELEGATED_UNITS
from reporting.synthetic import Made
from tests.reporting.made import compiled_of

PAGE = (Path(__file__).parents[1] / "docs" / "report-definitions.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.documents


@pytest.fixture(scope="module")
def report() -> CommitteeReport:
    return compiled_of(Made(cases=120, delegated=60))


def test_every_figure_is_defined_and_no_other(report):
    defined = set(re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE, re.MULTILINE)) | {"cms-0057"}
    shown = [one.id for one in (*report.tables, *report.funnels, *report.over_time)]

    assert defined == set(shown)
    assert len(shown) == len(set(shown))
    assert "`cms-0057`" in PAGE


def test_every_trend_that_is_watched_has_its_chart(report):
    units = {f"{u.event}-by-{u.by}" for u in CASE_UNITS} | {f"{u.event}-by-{u.by}" for u in DELEGATED_UNITS}
    events = {f"{e.id}-over-time" for e in CASE_EVENTS} | {f"{e.id}-over-time" for e in DELEGATED_EVENTS}

    assert ({f.id for f in report.funnels}, {o.id for o in report.over_time}) == (units, events)


def test_every_cell_holds_what_its_column_says(report):
    for table in report.tables:
        for row in table.rows:
            assert len(row.cells) == len(table.columns), table.id
            for column, cell in zip(table.columns, row.cells, strict=True):
                assert _fits(column.kind, cell), (table.id, row.id, column.id)
        assert len({row.id for row in table.rows}) == len(table.rows), table.id


def _fits(kind: Kind, cell: Cell) -> bool:
    if kind is Kind.COUNT:
        return cell.count is not None and cell.share is None and cell.amount is None
    if kind is Kind.SHARE:
        return cell.share is not None and cell.share.part <= cell.share.of
    return cell.count is None


def test_the_report_is_read_back_as_it_was_written(report):
    assert CommitteeReport.model_validate_json(report.model_dump_json()) == report
    assert report.period == parsed("2026-Q3")
