"""The report as it may leave the plan: small numbers are taken out, so that nobody is known by them. P12.

Cells of fewer than 11 are suppressed (CMS's cell-size policy), and so is a second one where a total would give the
first one away. Inside the plan the committees see all.
"""

from collections.abc import Iterable

from policy.report.shape import Cell, CommitteeReport, Funnel, OverTime, Row, SeriesPoint, Share, Table

SMALLEST = 11
GONE = Cell(suppressed=True)


def released(report: CommitteeReport) -> CommitteeReport:
    """The report without small numbers, drill-downs, names of cases, and points that few cases stand behind.

    A flag leaves with its chart's point, when that can be shown.
    """
    funnels = tuple(_funnel(one) for one in report.funnels)
    over_time = tuple(_over_time(one) for one in report.over_time)
    left = {(chart.id, point.id) for chart in funnels for point in chart.points}
    left |= {(chart.id, point.period) for chart in over_time for point in chart.quarters}
    result = report.reconciliation
    return report.model_copy(
        update={
            "released": True,
            "tables": tuple(_table(one) for one in report.tables),
            "funnels": funnels,
            "over_time": over_time,
            "flags": tuple(f.model_copy(update={"drill": None}) for f in report.flags if (f.chart, f.unit) in left),
            "summary": (),  # its numbers stand in the tables, where they are there at all
            "reconciliation": result.model_copy(update={"differences": ()}) if result else None,
        }
    )


def _table(table: Table) -> Table:
    """A column's small numbers; where just one is gone and the total is shown, the next smallest goes, too."""
    columns = range(len(table.columns))
    gone = {(row, column) for row, one in enumerate(table.rows) for column in columns if _is_small(one.cells[column])}
    for column in columns:
        hidden = [row for row, c in gone if c == column]
        if len(hidden) == 1 and any(row.is_total for row in table.rows):
            shown = [(_size(one.cells[column]), row) for row, one in enumerate(table.rows) if row not in hidden]
            rest = [(size, row) for size, row in shown if size and not table.rows[row].is_total]
            if rest:
                gone.add((min(rest)[1], column))
    # A share or a stretch of time tells of how many it is made: with its row's first number they go together.
    rows = [_row(one, {column for row, column in gone if row == index}) for index, one in enumerate(table.rows)]
    return table.model_copy(update={"rows": tuple(rows)})


def _row(row: Row, gone: set[int]) -> Row:
    if 0 in gone:
        return row.model_copy(update={"cells": (GONE,) * len(row.cells)})
    cells = (GONE if i in gone else cell.model_copy(update={"drill": None}) for i, cell in enumerate(row.cells))
    return row.model_copy(update={"cells": tuple(cells)})


def _size(cell: Cell) -> int:
    return cell.share.part if cell.share else cell.count or 0


def _is_small(cell: Cell) -> bool:
    if cell.share:
        return any(0 < number < SMALLEST for number in (cell.share.part, cell.share.of - cell.share.part))
    return cell.count is not None and 0 < cell.count < SMALLEST


def _can_be_shown(share: Share) -> bool:
    return not any(0 < number < SMALLEST for number in (share.part, share.of - share.part, share.of))


def _funnel(chart: Funnel) -> Funnel:
    points = (p.model_copy(update={"drill": None}) for p in chart.points if _can_be_shown(p.share))
    return chart.model_copy(update={"points": tuple(points), "summary": ""})


def _over_time(chart: OverTime) -> OverTime:
    def kept(points: Iterable[SeriesPoint]) -> tuple[SeriesPoint, ...]:
        return tuple(point for point in points if _can_be_shown(point.share))

    return chart.model_copy(update={"quarters": kept(chart.quarters), "months": kept(chart.months)})
