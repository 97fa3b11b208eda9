"""A funnel plot: the number of cases to the right, the share upward, and the limits that a point is judged by. P12."""

from typing import Any

import altair as alt

from adapters.committee.drawing import (
    ABREAST,
    APART,
    BLUE,
    FLAGGED,
    HEADROOM,
    HEIGHT,
    INK,
    LEAST_TOP,
    LOOKS,
    NAMED,
    QUIET,
    WIDTH,
    Box,
    End,
    a_line,
    beside,
    count_axis,
    height_of,
    percent_axis,
    titled,
    values,
)
from adapters.committee.reading import of_share
from policy.report.shape import Funnel, FunnelPoint, Standing


def funnel(chart: Funnel) -> Any:  # noqa: ANN401
    shown = [point for point in chart.points if point.share.of]
    right = max((*(p.share.of for p in shown), *(c.of for c in chart.curves)), default=1)
    top = _top(chart, shown)
    x = alt.X("of:Q", title=chart.across, scale=alt.Scale(domain=[0, right], nice=False), axis=count_axis())
    y = alt.Y("percent:Q", title=None, scale=alt.Scale(domain=[0, top], nice=False), axis=percent_axis())
    box = Box(low=0.0, top=top, height=HEIGHT)
    layers = [*_limits(chart, x, y), _centre(chart, right, x, y), *_points(shown, x, y)]
    layers += beside(_ends(chart), {"of": right}, x, y, box)
    layers += _labels(shown, right, box, x, y)
    return titled(alt.layer(*layers), chart.upward, WIDTH, HEIGHT)


def _top(chart: Funnel, shown: list[FunnelPoint]) -> float:
    """How high the drawing goes: above every point and the limits of all but the smallest units."""
    highest = max((height_of(p.share) for p in shown), default=0.0)
    curves = sorted(chart.curves, key=lambda curve: curve.of)
    limits = float(curves[len(curves) // 4].limits.upper_998) if curves else 0.0
    return min(100.0, max(highest, limits, height_of(chart.centre), LEAST_TOP) * HEADROOM)


LINES: dict[str, list[int]] = {"lower_998": [], "upper_998": [], "lower_95": [4, 3], "upper_95": [4, 3]}
"""The limits, and how each is dashed."""


def _limits(chart: Funnel, x: alt.X, y: alt.Y) -> list[Any]:
    curves = sorted(chart.curves, key=lambda curve: curve.of)
    if not curves:
        return []
    drawn = []
    for name, dash in LINES.items():
        rows: list[dict[str, object]] = [{"of": c.of, "percent": float(getattr(c.limits, name))} for c in curves]
        line = alt.Chart(values(rows)).mark_line(
            color=QUIET, strokeWidth=1, strokeDash=dash, interpolate="monotone", clip=True
        )
        drawn.append(line.encode(x=x, y=y))
    return drawn


def _ends(chart: Funnel) -> list[End]:
    """What is written where the lines end, at the right."""
    said = [End(height_of(chart.centre), f"Plan {of_share(chart.centre).main}", BLUE)]
    if chart.curves:
        last = max(chart.curves, key=lambda curve: curve.of).limits
        said += [
            End(float(last.upper_998), "99.8 % limit", QUIET),
            End(float(last.upper_95), "95 % limit", QUIET),
            End(float(last.lower_95), "95 % limit", QUIET),
            End(float(last.lower_998), "99.8 % limit", QUIET),
        ]
    return said


def _centre(chart: Funnel, right: int, x: alt.X, y: alt.Y) -> Any:  # noqa: ANN401
    percent = height_of(chart.centre)
    return a_line([{"of": 0, "percent": percent}, {"of": right, "percent": percent}], x, y, color=BLUE)


def _points(shown: list[FunnelPoint], x: alt.X, y: alt.Y) -> list[Any]:
    drawn = []
    for standing, look in LOOKS.items():
        rows: list[dict[str, object]] = [
            {"of": p.share.of, "percent": height_of(p.share)} for p in shown if p.standing is standing
        ]
        if rows:
            drawn.append(alt.Chart(values(rows)).mark_point(opacity=1, **look).encode(x=x, y=y))
    return drawn


def _labels(shown: list[FunnelPoint], right: int, box: Box, x: alt.X, y: alt.Y) -> list[Any]:
    """Names beside the points that stand out; where two would overlap, the lower one is moved down."""
    drawn, taken = [], list[tuple[float, float]]()
    for point in sorted((p for p in shown if p.standing in NAMED), key=lambda p: -height_of(p.share)):
        across, is_right = WIDTH * point.share.of / right, point.share.of > right * 2 / 3
        down = box.down(height_of(point.share))
        place = down
        while any(abs(place - other) < APART and abs(across - there) < ABREAST for there, other in taken):
            place += APART
        taken.append((across, place))
        rows: list[dict[str, object]] = [{"of": point.share.of, "percent": height_of(point.share), "text": point.label}]
        mark = alt.Chart(values(rows)).mark_text(
            align="right" if is_right else "left",
            dx=-9 if is_right else 9,
            dy=round(place - down, 1),
            baseline="middle",
            color=FLAGGED if point.standing is Standing.FLAGGED else INK,
            fontWeight="bold" if point.standing is Standing.FLAGGED else "normal",
        )
        drawn.append(mark.encode(x=x, y=y, text="text:N"))
    return drawn
