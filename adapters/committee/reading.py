"""What a report's values are called and how a number is written: once, so that page, paper and spreadsheet agree. P12.

Nothing is counted here: every digit is one of the report's own.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Protocol, TypeVar

from policy.calendar import local_day
from policy.report.period import Period
from policy.report.shape import (
    Basis,
    Cell,
    CommitteeReport,
    Funnel,
    FunnelPoint,
    Kind,
    Limits,
    OverTime,
    Reconciliation,
    RunSignals,
    SeriesPoint,
    Share,
    Standing,
    Table,
)
from policy.report.words import words
from policy.verdict import Value

TITLE = "Second opinions: report to the committees"
READERS = "Utilization Management and Quality Management Committees"
SYNTHETIC = "Synthetic: made-up cases, no real member"
DRAFT = "Draft, compiled on demand: not held against the ledger, and kept nowhere"
WITHHELD = "withheld"
WHY_WITHHELD = "Withheld: of 1 to 10, or next to such a number, so that nobody can be recognized."
NOTHING = "–"
CHARTS = "charts/"
PAGE, PAPER, SPREADSHEET, DATA = "report.html", "report.pdf", "report.xlsx", "report.json"
DEFINITIONS = "docs/report-definitions.md"
BASES = {
    Basis.RECEIVED: "by the day on which the request was received",
    Basis.ANSWERED: "by the day on which the request was decided or withdrawn",
    Basis.DECIDED: "by the day of the first determination",
    Basis.PLACED: "by the day on which the opinion was placed",
    Basis.REPORTED: "by the day on which the report of the opinion came",
    Basis.COMPARED: "by the day on which the two opinions could be compared",
    Basis.CONSULTED: "by the day on which the consultant was asked",
    Basis.ASKED: "by the day on which information was asked for",
    Basis.DUE: "by the day on which it was due",
    Basis.DELEGATED: "by the day of the delegate’s decision",
}
NUMERIC = (Kind.COUNT, Kind.SHARE, Kind.HOURS, Kind.DAYS, Kind.NUMBER)


class Told(Value):
    """A cell to read: the number, and beneath it what it is a part of."""

    main: str
    under: str = ""


class Listing(Value):
    """Rows of plain text under headings: what stands behind a chart, or what is known of the reconciliation."""

    label: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Told, ...]], ...]


def told(cell: Cell) -> Told:
    """A cell: ``15.0 %`` with ``12 of 80`` beneath, ``1,234``, ``3.5``, words, or a dash for nothing."""
    if cell.suppressed:
        return Told(main=WITHHELD)
    if cell.share is not None:
        return of_share(cell.share)
    if cell.count is not None:
        return Told(main=f"{cell.count:,}")
    return amount(cell.amount) if cell.amount is not None else Told(main=cell.text or NOTHING)


def of_share(share: Share) -> Told:
    """A share: its percent, and its parts beneath; of nothing there is no percent."""
    percent = share.percent
    return Told(main=NOTHING if percent is None else f"{percent} %", under=f"{share.part:,} of {share.of:,}")


def amount(number: Decimal | None, unit: str = "") -> Told:
    """A decimal as it was rounded when it was made."""
    return Told(main=NOTHING if number is None else f"{number:,f}{unit}")


def data_of(report: CommitteeReport) -> bytes:
    """The report's one value as JSON, from which all else can be made again."""
    return report.model_dump_json(indent=1).encode() + b"\n"


def spelled(day: date) -> str:
    """``September 30, 2026``."""
    return f"{day:%B} {day.day}, {day.year}"


def span(period: Period) -> str:
    """``July 1, 2026 to September 30, 2026``."""
    return f"{spelled(period.first)} to {spelled(period.last)}"


def marks_of(report: CommitteeReport) -> tuple[str, ...]:
    """What stands on every page of it, so that nobody takes it for what it is not."""
    marks = ((DRAFT, report.draft), (SYNTHETIC, report.synthetic))
    return tuple(mark for mark, stands in marks if stands)


def lines_of(report: CommitteeReport) -> str:
    """The lines of business that it is about."""
    return ", ".join(words(line) for line in report.lines) or "All lines of business"


def about(report: CommitteeReport) -> tuple[tuple[str, str], ...]:
    """What a report is, in pairs of label and words."""
    said = [
        ("Period", f"{report.period.name}: {span(report.period)}"),
        ("Lines of business", lines_of(report)),
        ("Trends look back to", spelled(report.looked_back.first)),
        ("Cases counted", f"{report.cases:,}, and {report.delegated:,} decisions of delegates"),
        ("Records read on", spelled(local_day(report.as_of))),
        ("Edition", "none: a draft" if report.draft else str(report.edition)),
    ]
    if report.corrects:
        said.append(("Corrects", f"{report.corrects}: {report.difference}"))
    return tuple(said)


def dated(report: CommitteeReport) -> date:
    """The day that stands on it: the day in Los Angeles on which the records were read."""
    return local_day(report.as_of)


class _HasSection(Protocol):
    @property
    def section(self) -> str: ...


Part = TypeVar("Part", bound=_HasSection)


def by_section(parts: Iterable[Part]) -> tuple[tuple[str, tuple[Part, ...]], ...]:
    """Parts under the headings of their sections, each heading once, in the order in which they first come."""
    given = list(parts)
    order = {section: place for place, section in enumerate(dict.fromkeys(part.section for part in given))}
    ordered = sorted(given, key=lambda part: order[part.section])
    return tuple((section, tuple(some)) for section, some in groupby(ordered, key=lambda part: part.section))


def charts_of(report: CommitteeReport) -> tuple[Funnel | OverTime, ...]:
    """Every chart, in the order in which they are read."""
    return (*report.funnels, *report.over_time)


def behind(chart: Funnel | OverTime) -> tuple[Listing, ...]:
    """The table alternatives of a chart: every number that is drawn."""
    return _behind_funnel(chart) if isinstance(chart, Funnel) else _behind_series(chart)


def caption_of(chart: Funnel | OverTime, listing: Listing) -> str:
    """What stands above a table of numbers behind a chart: ``Denials over time: quarter``, ``Denials by PPG: PPG``."""
    label = listing.label
    return f"{chart.title}: {label if label[:2].isupper() else label[:1].lower() + label[1:]}"


def capital(words: str) -> str:
    """With a capital at its beginning, and all else as it was."""
    return words[:1].upper() + words[1:]


def beneath(chart: Funnel | OverTime) -> str:
    """What stands under a chart: what it is adjusted for, the plan's share, the clause."""
    plan = of_share(chart.centre)
    said = f"Plan: {plan.main} ({plan.under}). {chart.clause}"
    if isinstance(chart, OverTime):
        return said
    judged = f"Adjusted for {chart.adjusted_for}: each is judged by limits of its own, and the curves are the plan's."
    spread = f"Overdispersion {chart.overdispersion}; {chart.comparisons:,} comparisons."
    return f"{judged if chart.adjusted_for else 'Not adjusted.'} {spread} {said}"


def withholds(table: Table) -> bool:
    """Whether something was taken out of a table."""
    return any(cell.suppressed for row in table.rows for cell in row.cells)


def within(limits: Limits | None, *, wide: bool) -> Told:
    """The 99.8 percent limits (``wide``) or the 95 percent ones: ``12.0 to 24.0 %``."""
    if limits is None:
        return Told(main=NOTHING)
    low, high = (limits.lower_998, limits.upper_998) if wide else (limits.lower_95, limits.upper_95)
    return Told(main=f"{low} to {high} %")


def _behind_funnel(chart: Funnel) -> tuple[Listing, ...]:
    headings = (chart.upward, "Expected", "95 % limits", "99.8 % limits", "p", "Adjusted p", "Standing")
    ordered = sorted(chart.points, key=striking_first)
    points = Listing(label=capital(chart.unit), headings=headings, rows=tuple((p.label, _point(p)) for p in ordered))
    curves = Listing(
        label=f"Limits at: {chart.across.lower()}",
        headings=("95 % limits", "99.8 % limits"),
        rows=tuple((f"{c.of:,}", (within(c.limits, wide=False), within(c.limits, wide=True))) for c in chart.curves),
    )
    return points, curves


STRIKING = (Standing.FLAGGED, Standing.OUTSIDE_998, Standing.OUTSIDE_95, Standing.INSIDE, Standing.TOO_FEW)


def striking_first(point: FunnelPoint) -> tuple[int, str, str]:
    """The order in which the units of a funnel are listed."""
    return STRIKING.index(point.standing), point.label.casefold(), point.id


def _point(point: FunnelPoint) -> tuple[Told, ...]:
    return (
        of_share(point.share),
        amount(point.expected, " %"),
        within(point.limits, wide=False),
        within(point.limits, wide=True),
        amount(point.p_value),
        amount(point.adjusted),
        Told(main=str(point.standing)),
    )


def _behind_series(chart: OverTime) -> tuple[Listing, ...]:
    headings = (chart.upward, "95 % limits", "99.8 % limits", "Standing")
    quarters = Listing(label="Quarter", headings=headings, rows=tuple((p.period, _quarter(p)) for p in chart.quarters))
    months = Listing(
        label="Month", headings=(chart.upward,), rows=tuple((p.period, (of_share(p.share),)) for p in chart.months)
    )
    signals = Listing(label="Run chart", headings=("Found",), rows=signals_of(chart.signals))
    return quarters, months, signals


def _quarter(point: SeriesPoint) -> tuple[Told, ...]:
    standing = Told(main=str(point.standing))
    return of_share(point.share), within(point.limits, wide=False), within(point.limits, wide=True), standing


def signals_of(found: RunSignals) -> tuple[tuple[str, tuple[Told, ...]], ...]:
    """What the rules of a run chart found, in rows."""
    expected = f"{found.expected_runs[0]} to {found.expected_runs[1]}" if found.expected_runs else NOTHING
    said = (
        ("Months with something to count", str(found.points)),
        ("Of these not on the median", str(found.useful)),
        ("Median", amount(found.median, " %").main),
        ("Longest run on one side of it", f"{found.longest}{': a shift' if found.shift else ''}"),
        ("Longest trend", f"{found.longest_trend}{': a trend' if found.trend else ''}"),
        ("Runs", f"{found.runs}{_amiss(found)}"),
        ("Runs to be expected by chance", expected),
    )
    return tuple((label, (Told(main=text),)) for label, text in said)


def reconciled(done: Reconciliation) -> tuple[tuple[str, str], ...]:
    """What was counted a second time, in pairs of label and words."""
    said = [
        ("Done on", spelled(local_day(done.done_at))),
        ("Cases derived again", f"{done.cases:,}"),
        ("Delegated decisions derived again", f"{done.delegated:,}"),
        ("Counts compared", f"{done.counts_compared:,}"),
        ("Compared with Temporal", done.asked_of_temporal or NOTHING),
        ("Differences", f"{done.difference_count:,}"),
    ]
    if done.not_derived:
        said.append(("Not derived a second time", ". ".join(_capital(what) for what in done.not_derived) + "."))
    return tuple(said)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _amiss(found: RunSignals) -> str:
    return ": too few" if found.too_few else ": too many" if found.too_many else ""
