"""Trends: funnel plots per provider, PPG and specialty; shares over time; what of it the committees should see. P12.

A point is flagged when it lies above the exact 99.8 percent limit around what the rest of the plan makes one expect,
and when so many events by chance stay unlikely after Holm's correction for every comparison of the report.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache
from math import sqrt
from typing import Any, Generic, NamedTuple, TypeVar

from policy.report.delegates import DelegatedFact
from policy.report.period import Period, looking_back, month_of, parsed, quarter_of_month
from policy.report.shape import (
    Curve,
    Drill,
    Flag,
    Funnel,
    FunnelPoint,
    Limits,
    OverTime,
    RunSignals,
    SeriesPoint,
    Share,
    Standing,
    tenth,
)
from reporting.measures import CASE_EVENTS, CASE_UNITS, DELEGATED_EVENTS, DELEGATED_UNITS, AnyCase, Event, Unit
from reporting.statistics import (
    LEVEL,
    SHIFT,
    TREND,
    Stratum,
    as_many,
    funnel_limit,
    holm,
    overdispersion,
    run_chart,
    tempered,
)

F = TypeVar("F")
QUARTERS_OF_A_FUNNEL, QUARTERS_OVER_TIME = 4, 8
FEWEST = 20  # cases of a unit, and of the rest, below which nobody is judged
CURVE = (5, 10, 15, 20, 30, 40, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1000, 1500, 2000, 3000, 5000, 10_000)
PERCENT = 100
Pair = list[int]  # how many, and how many of them had the event


class Charts(NamedTuple):
    """All that was seen of trends."""

    funnels: tuple[Funnel, ...]
    over_time: tuple[OverTime, ...]
    flags: tuple[Flag, ...]
    comparisons: int


class _Point(NamedTuple):
    """A unit in a funnel, before all p-values are known."""

    unit: str
    n: int
    events: int
    expected: float | None
    p_value: float | None


class Counted(Generic[F]):
    """Events by unit and stratum, within ``year``, and by month, within ``looked_back``."""

    def __init__(
        self, events: tuple[Event[F], ...], units: tuple[Unit[F], ...], year: Period, looked_back: Period
    ) -> None:
        self._events, self._year, self._looked_back = {event.id: event for event in events}, year, looked_back
        self._units = {event.id: [unit for unit in units if unit.event == event.id] for event in events}
        self.months: dict[str, dict[str, Pair]] = {event.id: defaultdict(lambda: [0, 0]) for event in events}
        self.cells: dict[str, dict[tuple[str, tuple[str, ...]], Pair]] = {
            f"{unit.event}-by-{unit.by}": defaultdict(lambda: [0, 0]) for unit in units
        }

    def see(self, fact: F) -> None:
        """One case."""
        for event in self._events.values():
            at = event.counts_at(fact)
            if at is None or not self._looked_back.holds(at):  # one that was decided in time may be reported later
                continue
            happened = event.happened(fact)
            pairs = [self.months[event.id][month_of(at)]]
            if self._year.holds(at):
                named = ((unit, unit.of(fact)) for unit in self._units[event.id])
                pairs += [
                    self.cells[f"{unit.event}-by-{unit.by}"][name, unit.stratum(fact)] for unit, name in named if name
                ]
            for pair in pairs:
                pair[0] += 1
                pair[1] += happened


class Trends:
    """Counts what it sees, and draws what is to be seen in it. The order of what is seen does not matter."""

    def __init__(self, period: Period) -> None:
        self.period = period
        self.year = looking_back(period, QUARTERS_OF_A_FUNNEL)
        self.looked_back = looking_back(period, QUARTERS_OVER_TIME)
        self._cases = Counted(CASE_EVENTS, CASE_UNITS, self.year, self.looked_back)
        self._delegated = Counted(DELEGATED_EVENTS, DELEGATED_UNITS, self.year, self.looked_back)

    def see(self, facts: Iterable[AnyCase]) -> None:
        """Cases of the time that is looked back at."""
        for fact in facts:
            self._cases.see(fact)

    def see_delegated(self, facts: Iterable[DelegatedFact]) -> None:
        """Delegated decisions of the time that is looked back at."""
        for fact in facts:
            self._delegated.see(fact)

    def charts(self) -> Charts:
        """The charts, with flags after the correction for every comparison in them."""
        drawn = [*self._funnels(self._cases, CASE_EVENTS, CASE_UNITS)]
        drawn += self._funnels(self._delegated, DELEGATED_EVENTS, DELEGATED_UNITS)
        series = [self._series(e, self._cases.months[e.id]) for e in CASE_EVENTS]
        series += [self._series(e, self._delegated.months[e.id]) for e in DELEGATED_EVENTS]
        asked = [p.p_value for funnel in drawn for p in funnel.points if p.p_value is not None]
        asked += [one.p_value for one in series if one.p_value is not None]
        adjusted = iter(holm(asked))
        funnels = tuple(
            _finished(one, [next(adjusted) if p.p_value is not None else None for p in one.points], len(asked))
            for one in drawn
        )
        last = self.period.last
        times = tuple(_told(one, next(adjusted) if one.p_value is not None else None, last) for one in series)
        flags = (*(flag for _, found in funnels for flag in found), *(flag for _, flag in times if flag))
        return Charts(tuple(f for f, _ in funnels), tuple(t for t, _ in times), flags, len(asked))

    def _funnels(self, counted: Counted[F], events: tuple[Event[F], ...], units: tuple[Unit[F], ...]) -> list["_Drawn"]:
        named = {event.id: event for event in events}
        return [
            _drawn(self.year, named[unit.event], unit, counted.cells[f"{unit.event}-by-{unit.by}"]) for unit in units
        ]

    def _series(self, event: Event[Any], months: dict[str, Pair]) -> "_Series":
        first, last = f"{self.looked_back.first:%Y-%m}", f"{self.looked_back.last:%Y-%m}"
        mine = {month: pair for month, pair in sorted(months.items()) if first <= month <= last}
        quarters: dict[str, Pair] = {}
        for month, (n, events) in mine.items():
            pair = quarters.setdefault(quarter_of_month(month), [0, 0])
            pair[0] += n
            pair[1] += events
        n, events = (sum(pair[i] for pair in mine.values()) for i in (0, 1))
        here_n, here_events = quarters.get(quarter_of_month(last), [0, 0])
        stratum = Stratum(here_n, here_events, n - here_n, events - here_events)
        judged = min(here_n, n - here_n) >= FEWEST
        return _Series(event, mine, quarters, stratum, as_many([stratum]) if judged else None)


class _Drawn(NamedTuple):
    """A funnel, before all p-values are known."""

    period: Period
    event: Event[Any]
    unit: Unit[Any]
    points: list[_Point]
    n: int
    events: int
    phi: float


class _Series(NamedTuple):
    """A share over time, before all p-values are known; ``now`` is the last quarter against the others."""

    event: Event[Any]
    months: dict[str, Pair]
    quarters: dict[str, Pair]
    now: Stratum
    p_value: float | None


def _drawn(
    period: Period, event: Event[Any], unit: Unit[Any], cells: dict[tuple[str, tuple[str, ...]], Pair]
) -> _Drawn:
    whole: dict[tuple[str, ...], Pair] = defaultdict(lambda: [0, 0])
    by_unit: dict[str, list[tuple[tuple[str, ...], Pair]]] = defaultdict(list)
    for (name, stratum), pair in sorted(cells.items()):
        whole[stratum][0] += pair[0]
        whole[stratum][1] += pair[1]
        by_unit[name].append((stratum, pair))
    points = [_point(name, mine, whole) for name, mine in by_unit.items()]
    judged = [p for p in points if p.expected is not None and p.p_value is not None and 0 < p.expected < 1]
    phi = overdispersion([_z(p) for p in judged])
    points = [p._replace(p_value=tempered(p.p_value, phi)) if p.p_value is not None else p for p in points]
    n, events = (sum(pair[i] for pair in whole.values()) for i in (0, 1))
    return _Drawn(period, event, unit, points, n, events, phi)


def _point(name: str, mine: list[tuple[tuple[str, ...], Pair]], whole: dict[tuple[str, ...], Pair]) -> _Point:
    """A unit against the rest of the plan, stratum by stratum. Where a stratum is the unit's alone, it says nothing."""
    strata = [Stratum(n, k, whole[s][0] - n, whole[s][1] - k) for s, (n, k) in mine]
    n, events = sum(s.n for s in strata), sum(s.events for s in strata)
    shared = [s for s in strata if s.rest_n]
    compared, rest = sum(s.n for s in shared), sum(s.rest_n for s in shared)
    if compared < FEWEST or rest < FEWEST:
        return _Point(name, n, events, None, None)
    expected = sum(s.n * s.rest_events / s.rest_n for s in shared) / compared
    return _Point(name, n, events, expected, as_many(shared))


def _z(point: _Point) -> float:
    rate = point.expected or 0.0
    return (point.events - point.n * rate) / sqrt(point.n * rate * (1 - rate))


def _finished(drawn: _Drawn, adjusted: list[float | None], comparisons: int) -> tuple[Funnel, list[Flag]]:
    event, unit = drawn.event, drawn.unit
    name = f"{event.id}-by-{unit.by}"
    points, flags = [], []
    for point, corrected in zip(drawn.points, adjusted, strict=True):
        shown = _shown(drawn, point, corrected)
        points.append(shown)
        if shown.standing is Standing.FLAGGED:
            flags.append(_flag(name, drawn, shown, comparisons))
    centre = drawn.events / drawn.n if drawn.n else 0.0
    largest = max((p.n for p in drawn.points), default=0)
    shapes = [n for n in CURVE if n < largest] + ([largest] if largest else [])
    funnel = Funnel(
        id=name,
        section=event.section,
        title=f"{event.title} by {unit.unit}",
        clause=event.clause,
        unit=unit.unit,
        across="Cases",
        upward=event.upward,
        period=drawn.period,
        centre=Share(part=drawn.events, of=drawn.n),
        adjusted_for=unit.adjusted_for,
        overdispersion=_rounded(drawn.phi, 2),
        points=tuple(sorted(points, key=lambda p: p.label.casefold())),
        curves=tuple(Curve(of=n, limits=limits(centre, n)) for n in shapes),
        comparisons=sum(p.p_value is not None for p in drawn.points),
        summary=_funnel_summary(drawn, points),
    )
    return funnel, flags


def _shown(drawn: _Drawn, point: _Point, adjusted: float | None) -> FunnelPoint:
    unit = drawn.unit
    share = Share(part=point.events, of=point.n)
    where = ((unit.field, point.unit), *drawn.event.where)
    drill = Drill(basis=drawn.event.basis, where=where, period=drawn.period)
    known = {"id": point.unit, "label": unit.label.format(point.unit), "share": share, "drill": drill}
    if point.expected is None or point.p_value is None or adjusted is None:
        return FunnelPoint(**known, expected=None, limits=None, standing=Standing.TOO_FEW)
    return FunnelPoint(
        **known,
        expected=_percent(point.expected),
        limits=limits(point.expected, point.n),
        p_value=_p(point.p_value),
        adjusted=_p(adjusted),
        standing=_standing(point, adjusted),
    )


def _standing(point: _Point, adjusted: float) -> Standing:
    rate, seen = point.expected or 0.0, point.events / point.n
    if seen > funnel_limit(rate, point.n, 0.999):
        return Standing.FLAGGED if adjusted <= LEVEL else Standing.OUTSIDE_998
    if seen < funnel_limit(rate, point.n, 0.001):
        return Standing.OUTSIDE_998
    inside = funnel_limit(rate, point.n, 0.025) <= seen <= funnel_limit(rate, point.n, 0.975)
    return Standing.INSIDE if inside else Standing.OUTSIDE_95


def _named(unit: Unit[Any], label: str) -> str:
    """``The physician NPI 9000000011, whose opinion was questioned,``, as a sentence begins."""
    what, _, which = unit.unit.partition(" ")
    return f"The {what} {label}" + (f", {which}," if which else "")


def _flag(chart: str, drawn: _Drawn, point: FunnelPoint, comparisons: int) -> Flag:
    said = drawn.event.verb.format(share=point.share.words)
    adjusted = f", adjusted for {drawn.unit.adjusted_for}" if drawn.unit.adjusted_for else ""
    sentence = (
        f"{_named(drawn.unit, point.label)} {said} from {drawn.period.first} to {drawn.period.last}; the rest "
        f"of the plan makes one expect {point.expected} %{adjusted}. As many or more would come by chance with a "
        f"probability of {_spoken(point.p_value)}; after the correction for all {comparisons} comparisons of this "
        f"report it is {_spoken(point.adjusted)}. A flag is a question, not a finding: look at the cases."
    )
    return Flag(
        id=f"{chart}: {point.id}",
        chart=chart,
        unit=point.id,
        label=point.label,
        share=point.share,
        expected=point.expected or Decimal(0),
        p_value=point.p_value or Decimal(0),
        adjusted=point.adjusted or Decimal(0),
        sentence=sentence,
        drill=point.drill,
    )


def _funnel_summary(drawn: _Drawn, points: list[FunnelPoint]) -> str:
    flagged = sorted(p.label for p in points if p.standing is Standing.FLAGGED)
    few = sum(p.standing is Standing.TOO_FEW for p in points)
    whole = Share(part=drawn.events, of=drawn.n)
    said = f"{drawn.event.upward}: {whole.words} in all. {len(points)} compared by {drawn.unit.unit}"
    said += f", {few} of them with too few cases to judge (below {FEWEST})." if few else "."
    said += f" Flagged: {', '.join(flagged)}." if flagged else " None is flagged."
    if drawn.phi > 1:
        said += f" They differ more than by chance alone ({_rounded(drawn.phi, 2)}); the tests allow for it."
    return said


def _told(series: _Series, adjusted: float | None, until: date) -> tuple[OverTime, Flag | None]:
    event = series.event
    n, events = (sum(pair[i] for pair in series.quarters.values()) for i in (0, 1))
    centre, whole = (events / n if n else 0.0), Share(part=events, of=n)
    quarters = tuple(_in_time(name, pair, centre) for name, pair in sorted(series.quarters.items()))
    seen = [pair for pair in series.months.values() if pair[0]]
    found = run_chart([k / of for of, k in seen])
    signals = RunSignals(
        points=len(seen),
        useful=found.useful,
        median=_percent(found.median) if found.median is not None else None,
        longest=found.longest,
        shift=found.longest >= SHIFT,
        longest_trend=found.longest_trend,
        trend=found.longest_trend >= TREND,
        runs=found.runs,
        expected_runs=found.expected,
        too_few=found.expected is not None and found.runs < found.expected[0],
        too_many=found.expected is not None and found.runs > found.expected[1],
    )
    flag = _rise(series, quarters, adjusted, until)
    if flag is not None:
        quarters = (*quarters[:-1], quarters[-1].model_copy(update={"standing": Standing.FLAGGED}))
    chart = OverTime(
        id=f"{event.id}-over-time",
        section=event.section,
        title=f"{event.title} over time",
        clause=event.clause,
        upward=event.upward,
        centre=whole,
        quarters=quarters,
        months=tuple(SeriesPoint(period=month, share=Share(part=k, of=of)) for month, (of, k) in series.months.items()),
        signals=signals,
        summary=_time_summary(event, whole, quarters, signals),
    )
    return chart, flag


def _in_time(name: str, pair: Pair, centre: float) -> SeriesPoint:
    n, events = pair
    share = Share(part=events, of=n)
    if n < FEWEST:
        return SeriesPoint(period=name, share=share, standing=Standing.TOO_FEW)
    standing = _standing(_Point(name, n, events, centre, None), 1.0)
    return SeriesPoint(period=name, share=share, limits=limits(centre, n), standing=standing)


def _rise(series: _Series, quarters: tuple[SeriesPoint, ...], adjusted: float | None, until: date) -> Flag | None:
    """The period's own quarter, when it lies above the limits; earlier ones were reported before.

    A period that ends within a quarter has that quarter ``until`` its last day.
    """
    now, p_value = series.now, series.p_value
    if p_value is None or adjusted is None or adjusted > LEVEL or not quarters:
        return None
    rest = now.rest_events / now.rest_n
    if now.events / now.n <= funnel_limit(rest, now.n, 0.999):
        return None
    event, last = series.event, quarters[-1]
    counted = Period(first=parsed(last.period).first, last=until)
    name = f"{event.id}-over-time"
    sentence = (
        f"{event.title} in {last.period}: {last.share.words}; the other quarters since {quarters[0].period} make one "
        f"expect {_percent(rest)} %. As many or more would come by chance with a probability of "
        f"{_spoken(_p(p_value))}; after the correction for all comparisons of this report it is "
        f"{_spoken(_p(adjusted))}."
    )
    return Flag(
        id=f"{name}: {last.period}",
        chart=name,
        unit=last.period,
        label=last.period,
        share=last.share,
        expected=_percent(rest),
        p_value=_p(p_value),
        adjusted=_p(adjusted),
        sentence=sentence,
        drill=Drill(basis=event.basis, where=event.where, period=counted),
    )


def _time_summary(event: Event[Any], whole: Share, quarters: tuple[SeriesPoint, ...], signals: RunSignals) -> str:
    said = [f"{event.upward}: {whole.words} over {len(quarters)} quarters."]
    outside = [q.period for q in quarters if q.standing in (Standing.OUTSIDE_998, Standing.FLAGGED)]
    said.append(
        f"Outside the 99.8 percent limits: {', '.join(outside)}."
        if outside
        else "No quarter lies outside the 99.8 percent limits."
    )
    found = {
        f"a shift ({signals.longest} months in a row on one side of the median)": signals.shift,
        f"a trend ({signals.longest_trend} months in a row going one way)": signals.trend,
        f"too few runs ({signals.runs})": signals.too_few,
        f"too many runs ({signals.runs})": signals.too_many,
    }
    shown = [what for what, holds in found.items() if holds]
    said.append(
        f"By month the run chart shows {' and '.join(shown)}." if shown else "By month the run chart shows chance."
    )
    return " ".join(said)


@cache
def limits(share: float, n: int) -> Limits:
    """The exact limits around a share for a number of cases, in percent."""
    lower_95, upper_95, lower_998, upper_998 = (
        _percent(funnel_limit(share, n, part)) for part in (0.025, 0.975, 0.001, 0.999)
    )
    return Limits(lower_95=lower_95, upper_95=upper_95, lower_998=lower_998, upper_998=upper_998)


def _percent(part: float) -> Decimal:
    return tenth(Decimal(repr(round(part * PERCENT, 6))))


def _rounded(number: float, digits: int) -> Decimal:
    return Decimal(f"{number:.{digits}f}")


def _p(p_value: float) -> Decimal:
    """Three digits: what differs beyond them differs by the machine."""
    return Decimal(f"{p_value:.2e}")


def _spoken(p_value: Decimal | None) -> str:
    if p_value is None:
        return "unknown"
    return "less than 1 in 1,000,000" if p_value < Decimal("1e-6") else f"{p_value:.2g}"
