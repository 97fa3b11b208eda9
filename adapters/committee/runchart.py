"""A share over time: the quarters with their limits above, the months with their median beneath. P12."""

from itertools import groupby
from typing import Any

import altair as alt

from adapters.committee.drawing import (
    BLUE,
    DOT,
    FLAGGED,
    GAP,
    INK,
    LEAST_TOP,
    LOOKS,
    LOW,
    NAMED,
    QUIET,
    STEP,
    WIDTH,
    Box,
    End,
    a_line,
    beside,
    height_of,
    percent_axis,
    titled,
    values,
)
from adapters.committee.reading import amount, of_share
from policy.report.shape import OverTime, SeriesPoint, Standing

EMPTY = "Nothing was counted."


def over_time(chart: OverTime) -> Any:  # noqa: ANN401
    """The quarters with their limits above; the months with their median beneath."""
    box = _box_of_series(chart)
    y = alt.Y("percent:Q", title=None, scale=box.scale, axis=percent_axis())
    parts = (("quarter", _quarters(chart, y, box)), ("month", _months(chart, y, box)))
    drawn = [titled(alt.layer(*some), f"{chart.upward}, by {what}", WIDTH, LOW) for what, some in parts if some]
    if not drawn:
        return alt.Chart(values([{"text": EMPTY}])).mark_text(color=QUIET).encode(text="text:N")
    return alt.vconcat(*drawn, spacing=GAP)


def _box_of_series(chart: OverTime) -> Box:
    """From nothing, unless all lies far above it; then from a little below the lowest, so that change can be seen."""
    seen = [height_of(p.share) for p in (*chart.quarters, *chart.months) if p.share.of]
    seen += [float(edge) for p in chart.quarters if p.limits for edge in (p.limits.lower_998, p.limits.upper_998)]
    lowest, highest = min(seen, default=0.0), max((*seen, LEAST_TOP))
    room = max(LEAST_TOP, highest - lowest) / 4
    low = float(STEP * int((lowest - room) / STEP))
    return Box(low=low if lowest > highest / 2 else 0.0, top=min(100.0, highest + room), height=LOW)


def _quarters(chart: OverTime, y: alt.Y, box: Box) -> list[Any]:
    if not chart.quarters:
        return []
    x = _in_order([p.period for p in chart.quarters], every=1)
    limited = [p for p in chart.quarters if p.limits]
    drawn = []
    for name in ("upper_998", "lower_998"):
        rows = [{"period": p.period, "percent": float(getattr(p.limits, name))} for p in limited]
        drawn.append(a_line(rows, x, y, color=QUIET, strokeWidth=1, interpolate="step"))
    centre = height_of(chart.centre)
    drawn.append(a_line([{"period": p.period, "percent": centre} for p in chart.quarters], x, y, color=BLUE))
    drawn += _joined(list(chart.quarters), x, y)
    last = chart.quarters[-1]
    ends = [End(centre, f"Plan {of_share(chart.centre).main}", BLUE)]
    if last.limits:
        ends += [End(float(edge), "99.8 % limit", QUIET) for edge in (last.limits.upper_998, last.limits.lower_998)]
    drawn += beside(ends, {"period": last.period}, x, y, box)
    return drawn


def _months(chart: OverTime, y: alt.Y, box: Box) -> list[Any]:
    if not chart.months:
        return []
    x = _in_order([p.period for p in chart.months], every=3)
    drawn = []
    if chart.signals.median is not None:
        median = float(chart.signals.median)
        rows = [{"period": p.period, "percent": median} for p in chart.months]
        drawn.append(a_line(rows, x, y, color=BLUE, strokeDash=[4, 3]))
        end = End(median, f"Median {amount(chart.signals.median, ' %').main}", BLUE)
        drawn += beside([end], {"period": chart.months[-1].period}, x, y, box)
    return drawn + _joined(list(chart.months), x, y)


def _joined(points: list[SeriesPoint], x: alt.X, y: alt.Y) -> list[Any]:
    """Points joined by a thin line, which breaks where there was nothing to count; what stands out has its number."""
    drawn = []
    for is_something, some in groupby(points, key=lambda point: bool(point.share.of)):
        if is_something:
            rows = [{"period": p.period, "percent": height_of(p.share)} for p in some]
            drawn.append(a_line(rows, x, y, color=INK, strokeWidth=1.3))
    counted = [p for p in points if p.share.of]
    for outside in (False, True):
        rows = [_named(p) for p in counted if (p.standing in NAMED) is outside]
        look = LOOKS[Standing.FLAGGED] if outside else DOT
        if rows:
            drawn.append(alt.Chart(values(rows)).mark_point(opacity=1, **look).encode(x=x, y=y))
        if rows and outside:
            words = alt.Chart(values(rows)).mark_text(dy=16, color=FLAGGED, fontWeight="bold")
            drawn.append(words.encode(x=x, y=y, text="text:N"))
    return drawn


def _named(point: SeriesPoint) -> dict[str, object]:
    return {"period": point.period, "percent": height_of(point.share), "text": of_share(point.share).main}


def _in_order(periods: list[str], *, every: int) -> alt.X:
    labelled = periods[::every]
    axis = alt.Axis(values=labelled, labelAngle=0, labelOverlap=False)
    return alt.X("period:O", title=None, sort=periods, scale=alt.Scale(type="point", domain=periods), axis=axis)
