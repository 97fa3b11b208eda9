"""The committees' report of a period, compiled from the records: figures, trends, flags. Policy 90.2.17, P12."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine

from policy.report.figures import Figures
from policy.report.period import Period, looking_back
from policy.report.shape import CommitteeReport, Table
from policy.report.tally import TOTAL
from policy.request import LineOfBusiness
from records.casefacts import snapshot
from reporting.trends import QUARTERS_OVER_TIME, Trends


def compiled(engine: Engine, period: Period, as_of: datetime, lines: Sequence[LineOfBusiness] = ()) -> CommitteeReport:
    """The report as the records stand at one moment, ``as_of``. The same records give the same report.

    It is not reconciled yet: ``wiring.reportverify`` derives its counts a second time. Raises RecordsError.
    """
    figures, trends = Figures(period, as_of), Trends(period)
    looked_back = looking_back(period, QUARTERS_OVER_TIME)
    with snapshot(engine) as facts:
        figures.see(facts.cases(period, lines))
        figures.see_clocks(facts.clocks(period, lines))
        figures.see_delegated(facts.delegated(period, lines))
        trends.see(facts.watched(looked_back, lines))
        trends.see_delegated(facts.delegated(looked_back, lines))
        synthetic = facts.is_synthetic(looked_back)
    return assembled(figures.tables(), trends, as_of, tuple(lines), synthetic=synthetic)


def assembled(
    tables: tuple[Table, ...],
    trends: Trends,
    as_of: datetime,
    lines: tuple[LineOfBusiness, ...] = (),
    *,
    synthetic: bool = False,
) -> CommitteeReport:
    """The report of what was counted."""
    charts, named = trends.charts(), {table.id: table for table in tables}
    received = named["requests-by-line"].cell(TOTAL, "received").count or 0
    delegated = named["delegated-outcomes"].cell(TOTAL, "decided").count or 0
    return CommitteeReport(
        period=trends.period,
        looked_back=trends.looked_back,
        lines=lines,
        synthetic=synthetic,
        as_of=as_of,
        cases=received,
        delegated=delegated,
        tables=tables,
        funnels=charts.funnels,
        over_time=charts.over_time,
        flags=charts.flags,
        comparisons=charts.comparisons,
        summary=_summary(trends.period, named, len(charts.flags), charts.comparisons),
    )


def _summary(period: Period, tables: dict[str, Table], flags: int, comparisons: int) -> tuple[str, ...]:
    """The report in a few sentences; every number of them stands in a table."""
    outcomes, times = tables["outcomes-by-line"], tables["decision-times"]
    received = tables["requests-by-line"].cell(TOTAL, "received").count
    answered, withdrawn = (outcomes.cell(TOTAL, column) for column in ("answered", "withdrawn"))
    approved, denied = (outcomes.cell(TOTAL, column).share for column in ("approved", "denied"))
    in_time, median = times.cell(TOTAL, "in-time").share, times.cell(TOTAL, "median").amount
    gone = withdrawn.share.part if withdrawn.share else 0
    said = [
        f"{period.name}: {received:,} requests were received; {answered.count:,} were answered, {gone:,} withdrawn."
    ]
    if approved and denied and in_time:
        said.append(f"Approved {approved.words}, denied {denied.words}.")
        said.append(f"Decided in time {in_time.words}; the median time from receipt was {median or 0} hours.")
    what = "1 point is" if flags == 1 else f"{flags or 'no'} points are"
    said.append(f"Of {comparisons} comparisons {what} flagged for the committees to look at.")
    return tuple(said)
