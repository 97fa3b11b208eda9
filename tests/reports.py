"""A report of the committees as the renderers get it: made-up figures, with everything that a report can hold."""

from datetime import UTC, date, datetime
from decimal import Decimal
from math import sqrt
from random import Random

from policy.clauses import Clause
from policy.report.period import Period, parsed
from policy.report.shape import (
    Basis,
    Cell,
    Column,
    CommitteeReport,
    Curve,
    Difference,
    Drill,
    EarlierAction,
    Flag,
    Funnel,
    FunnelPoint,
    Kind,
    Limits,
    OverTime,
    Reconciliation,
    Row,
    RunSignals,
    SeriesPoint,
    Share,
    Standing,
    Table,
    tenth,
)

AS_OF = datetime(2026, 10, 1, 15, 30, tzinfo=UTC)  # Thursday
OUTCOMES = "Requests and outcomes"
SPECIALTIES = ("cardiology", "dermatology", "neurosurgery", "oncology", "orthopedic surgery", "urology")
NASTY = ("=SUM(A1:A9)", "<b>Ortho & Söhne</b>", "+1 Medical Group", "Sierra Vista Independent Practice Association")


def a_report(
    period: str = "2026-Q3", *, units: int = 120, synthetic: bool = True, **changes: object
) -> CommitteeReport:
    """A whole report; ``units`` is how many providers stand in the funnel."""
    about = parsed(period)
    figures: dict[str, object] = {
        "period": about,
        "looked_back": Period(first=date(2024, 10, 1), last=about.last),
        "synthetic": synthetic,
        "as_of": AS_OF,
        "cases": 50_000,
        "delegated": 1_207,
        "tables": _tables(),
        "funnels": (a_funnel(about, units), a_funnel(about, 9, name="funnel-denied-by-ppg", title="Denied, by PPG")),
        "over_time": (over_time(), over_time("decided-in-time", "Decided in time", 94)),
        "flags": (a_flag(),),
        "comparisons": units + 9,
        "summary": (
            "50,000 requests were received, and 41,870 of them were decided in the period.",
            "One provider is flagged: of 1,210 first opinions 512 were followed by a second one that differs.",
        ),
        "reconciliation": a_reconciliation(),
        "earlier_actions": (an_earlier_action(),),
    }
    return CommitteeReport.model_validate(figures | changes)


def _tables() -> tuple[Table, ...]:
    return (by_specialty(), by_group(), times(), public_metrics(), nothing_there())


def by_specialty() -> Table:
    """Counts and shares, each with its cases."""
    counts = [4_210, 1_999, 12, 8_703, 30_001, 5_075]
    every = sum(counts)
    rows = [
        Row(
            id=name,
            label=name.capitalize(),
            cells=(
                Cell(count=count, drill=Drill(basis=Basis.RECEIVED, where=(("specialty", name),))),
                Cell(share=Share(part=count, of=every)),
            ),
        )
        for name, count in zip(SPECIALTIES, counts, strict=True)
    ]
    rows.append(
        Row(
            id="all",
            label="All",
            cells=(Cell(count=every), Cell(share=Share(part=every, of=every))),
            is_total=True,
        )
    )
    return Table(
        id="requests-by-specialty",
        section=OUTCOMES,
        title="Requests by specialty",
        label="Specialty",
        clause=Clause.P12,
        basis=Basis.RECEIVED,
        columns=(
            Column(id="received", title="Received", kind=Kind.COUNT),
            Column(id="share", title="Share of all", kind=Kind.SHARE),
        ),
        rows=tuple(rows),
        note="A request counts on the day it was received.",
    )


def by_group() -> Table:
    """Wide, with labels that must stay text."""
    numbers = Random(11)  # the same numbers in every run
    labels = (*NASTY, *(f"Group {n:02} Medical Associates" for n in range(1, 31)))
    columns = ("approved", "denied", "withdrawn", "overturned")

    def cells() -> tuple[Cell, ...]:
        of = numbers.randint(20, 4_000)
        return (Cell(count=of), *(Cell(share=Share(part=numbers.randint(0, of), of=of)) for _ in columns))

    return Table(
        id="outcomes-by-ppg",
        section=OUTCOMES,
        title="Outcomes by PPG",
        label="PPG or IPA of the treating provider",
        clause=Clause.P11,
        basis=Basis.ANSWERED,
        columns=(
            Column(id="answered", title="Answered", kind=Kind.COUNT),
            *(Column(id=name, title=f"{name.capitalize()}, of those decided", kind=Kind.SHARE) for name in columns),
        ),
        rows=tuple(Row(id=f"g{n}", label=label, cells=cells()) for n, label in enumerate(labels)),
    )


def times() -> Table:
    """Amounts, a text, a cell with nothing, and one that was withheld."""
    return Table(
        id="time-to-decision",
        section="Timeliness",
        title="Time to the decision",
        label="Priority",
        clause=Clause.P4,
        basis=Basis.DECIDED,
        columns=(
            Column(id="median", title="Median, hours", kind=Kind.HOURS),
            Column(id="days", title="Business days", kind=Kind.DAYS),
            Column(id="late", title="Late", kind=Kind.COUNT),
            Column(id="rule", title="Rule", kind=Kind.TEXT),
        ),
        rows=(
            Row(
                id="standard",
                label="Standard",
                cells=(
                    Cell(amount=Decimal("1234.5")),
                    Cell(amount=Decimal("3.5")),
                    Cell(suppressed=True),
                    Cell(text="@risk"),
                ),
            ),
            Row(
                id="expedited",
                label="Expedited",
                cells=(Cell(amount=Decimal("31.0")), Cell(), Cell(count=0), Cell(text="see the case")),
            ),
        ),
    )


def public_metrics() -> Table:
    """A share in a column of text."""
    return Table(
        id="cms-0057",
        section="Public metrics",
        title="Prior authorization: what is published",
        label="Metric",
        clause="42 CFR 422.122(c)",
        basis=Basis.DECIDED,
        columns=(Column(id="medi-cal", title="Medi-Cal", kind=Kind.TEXT),),
        rows=(
            Row(id="2", label="(2) Approved", cells=(_worded(Share(part=17, of=23)),)),
            Row(id="7", label="(7) Denied", cells=(_worded(Share(part=0, of=0)),)),
            Row(id="8", label="(8) Average; median", cells=(Cell(text="41.2; 30.0"),)),
        ),
    )


def nothing_there() -> Table:
    """A table that has no row this time."""
    return Table(
        id="third-opinions",
        section="Third opinions",
        title="Third opinions",
        label="Specialty",
        clause=Clause.T1,
        basis=Basis.COMPARED,
        columns=(Column(id="opened", title="Opened", kind=Kind.COUNT),),
        rows=(),
    )


def _worded(share: Share) -> Cell:
    return Cell(share=share, text=share.words)


def limits(centre: float, of: int) -> Limits:
    """By the normal approximation: good enough to look at."""
    spread = sqrt(centre * (100 - centre) / of)

    def edge(z: float) -> Decimal:
        return tenth(Decimal(min(100.0, max(0.0, centre + z * spread))))

    return Limits(lower_95=edge(-1.96), upper_95=edge(1.96), lower_998=edge(-3.09), upper_998=edge(3.09))


def a_funnel(
    period: Period, units: int, *, name: str = "funnel-differing", title: str = "Opinions that differ"
) -> Funnel:
    """Most points inside, a few outside, one flagged, some too few to judge."""
    numbers, centre = Random(units), 18.0
    points = [_point(numbers, n, centre) for n in range(units - 3)]
    largest = max(point.share.of for point in points)
    points += [
        _special("1992999001", Share(part=141, of=309), Standing.FLAGGED, "0.0001"),
        _special("1992999002", Share(part=46, of=150), Standing.OUTSIDE_998, "0.0609"),
        _special("1992999003", Share(part=3, of=4), Standing.TOO_FEW, None),
    ]
    sizes = sorted({5, 8, 12, 18, 26, 38, 55, 80, 115, 165, 240, 345, 500, largest})
    return Funnel(
        id=name,
        section="Physicians and groups",
        title=title,
        clause=Clause.P12,
        unit="physician",
        across="Opinions compared",
        upward="Differ, percent",
        period=period,
        centre=Share(part=1_800, of=10_000),
        adjusted_for="specialty and line of business",
        overdispersion=Decimal("1.3"),
        points=tuple(points),
        curves=tuple(Curve(of=of, limits=limits(centre, of)) for of in sizes),
        comparisons=units,
        summary=f"Of {units} physicians one is flagged: NPI 1992999001, whose opinions differ in 141 of 309 (45.6 %).",
    )


def _point(numbers: Random, index: int, centre: float) -> FunnelPoint:
    of = int(5 + 490 * numbers.random() ** 3)
    spread = sqrt(centre * (100 - centre) / of)
    part = max(0, min(of, round(of * (centre + numbers.gauss(0, 1) * spread) / 100)))
    found = limits(centre, of)
    percent = Decimal(100 * part) / of
    outside = not found.lower_95 <= percent <= found.upper_95
    return FunnelPoint(
        id=f"19930{index:05}",
        label=f"NPI 19930{index:05}",
        share=Share(part=part, of=of),
        expected=Decimal("18.0"),
        limits=found,
        p_value=Decimal("0.0312") if outside else Decimal("0.4420"),
        adjusted=Decimal("0.7105"),
        standing=Standing.OUTSIDE_95 if outside else Standing.INSIDE,
    )


def _special(npi: str, share: Share, standing: Standing, adjusted: str | None) -> FunnelPoint:
    return FunnelPoint(
        id=npi,
        label=f"NPI {npi}",
        share=share,
        expected=Decimal("18.4") if adjusted else None,
        limits=limits(18.0, share.of) if adjusted else None,
        p_value=Decimal("0.00001") if adjusted else None,
        adjusted=Decimal(adjusted) if adjusted else None,
        standing=standing,
        drill=Drill(basis=Basis.COMPARED, where=(("questioned", npi),)),
    )


def over_time(name: str = "overturned-over-time", title: str = "Denials overturned", centre: int = 18) -> OverTime:
    """Eight quarters and twenty-four months; one quarter stands out, and one month has nothing."""
    numbers = Random(centre)
    quarters = [f"{year}-Q{q}" for year, q in [(2024, 4), *((2025, q) for q in (1, 2, 3, 4)), (2026, 1), (2026, 2)]]
    months = [f"{2024 + (9 + n) // 12}-{(9 + n) % 12 + 1:02}" for n in range(24)]

    def a_share(of: int) -> Share:
        return Share(part=min(of, max(0, round(of * (centre + numbers.gauss(0, 2)) / 100))), of=of)

    ordinary = tuple(
        SeriesPoint(period=quarter, share=a_share(1_000 + 90 * n), limits=limits(centre, 1_000 + 90 * n))
        for n, quarter in enumerate(quarters)
    )
    striking = SeriesPoint(
        period="2026-Q3",
        share=Share(part=round(1_700 * (centre - 5) / 100), of=1_700),
        limits=limits(centre, 1_700),
        standing=Standing.OUTSIDE_998,
    )
    return OverTime(
        id=name,
        section="Over time",
        title=title,
        clause=Clause.P12,
        upward="Percent",
        centre=Share(part=centre * 100, of=10_000),
        quarters=(*ordinary, striking),
        months=tuple(
            SeriesPoint(period=month, share=Share(part=0, of=0) if n == 5 else a_share(400 + n))
            for n, month in enumerate(months)
        ),
        signals=RunSignals(
            points=23,
            useful=23,
            median=Decimal(centre) + Decimal("0.1"),
            longest=7,
            shift=True,
            longest_trend=3,
            trend=False,
            runs=9,
            expected_runs=(8, 16),
            too_few=False,
            too_many=False,
        ),
        summary=f"{title}: {centre}.0 % over eight quarters; 2026-Q3 lies below the 99.8 percent limits. By month: a "
        "shift, 7 months in a row on one side of the median.",
    )


def a_flag() -> Flag:
    """What the committees should look at."""
    return Flag(
        id="funnel-differing/1992999001",
        chart="funnel-differing",
        unit="1992999001",
        label="NPI 1992999001",
        share=Share(part=141, of=309),
        expected=Decimal("18.4"),
        p_value=Decimal("0.00001"),
        adjusted=Decimal("0.0001"),
        sentence="NPI 1992999001: of 309 opinions compared 141 differ (45.6 %), against 18.4 % expected of such cases "
        "(adjusted p 0.0001).",
        drill=Drill(basis=Basis.COMPARED, where=(("questioned", "1992999001"),)),
    )


def a_reconciliation() -> Reconciliation:
    """One difference among fifty thousand."""
    difference = Difference(
        case_number="SO-2026-000017",
        field="outcome",
        report_says="approved",
        source="the ledger",
        source_says="denied",
    )
    return Reconciliation(
        done_at=AS_OF,
        cases=50_000,
        delegated=1_207,
        counts_compared=311,
        from_temporal=12,
        temporal_cases=14,
        no_longer_retained=2,
        not_derived=("whole tables: Public metrics", "Times (Median, hours)"),
        differences=(difference,),
        difference_count=1,
    )


def an_earlier_action() -> EarlierAction:
    """From the quarter before."""
    return EarlierAction(
        report="2026-Q2",
        action="Talk with the group about its peer review",
        owner="md.chen",
        due=date(2026, 9, 15),
        state="done",
    )
