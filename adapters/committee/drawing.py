"""What the report's charts are drawn with: a few fixed colours, marks told by shape, words where a line ends. P12.

A page can put its own colours in the place of these (dark, print). A flag is told by shape, size and words before it is
told by colour.
"""

from functools import cache
from typing import Any, NamedTuple

import altair as alt
import vl_convert

from adapters.typesetter import FONTS
from policy.report.shape import Share, Standing

INK, QUIET, HAIRLINE, BLUE, FLAGGED, PAPER = "#16202b", "#55606c", "#b9c4cf", "#0b4a7f", "#a83a00", "#ffffff"
COLOURS = (INK, QUIET, HAIRLINE, BLUE, FLAGGED, PAPER)
WIDTH, HEIGHT, LOW, GAP = 600, 330, 170, 34  # in points of the drawing
FONT = "Noto Serif"
DOT = {"shape": "circle", "size": 20, "filled": True, "fill": INK}
NAMED = (Standing.FLAGGED, Standing.OUTSIDE_998)
APART, ABREAST = 13, 130  # a label's height and width
HEADROOM, LEAST_TOP, STEP = 1.12, 5.0, 5
VERSION = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])


LOOKS: dict[Standing, dict[str, Any]] = {
    Standing.TOO_FEW: {"shape": "circle", "size": 16, "filled": False, "stroke": HAIRLINE, "strokeWidth": 1},
    Standing.INSIDE: {"shape": "circle", "size": 18, "filled": True, "fill": QUIET, "fillOpacity": 0.75},
    Standing.OUTSIDE_95: {"shape": "circle", "size": 24, "filled": False, "stroke": INK, "strokeWidth": 1.2},
    Standing.OUTSIDE_998: {"shape": "triangle-up", "size": 60, "filled": False, "stroke": INK, "strokeWidth": 1.4},
    Standing.FLAGGED: {
        "shape": "diamond",
        "size": 120,
        "filled": True,
        "fill": FLAGGED,
        "stroke": PAPER,
        "strokeWidth": 1,
    },
}
"""How each is drawn, the quietest first, so that the loud ones lie on top."""


class End(NamedTuple):
    """What is written where a line ends."""

    percent: float
    text: str
    colour: str


class Box(NamedTuple):
    """What the vertical axis of a drawing reaches from and to, in percent, and how high it is."""

    low: float
    top: float
    height: int

    def down(self, percent: float) -> float:
        """How far below the upper edge a percentage lies."""
        return self.height * (self.top - percent) / (self.top - self.low)

    @property
    def scale(self) -> alt.Scale:
        """The same for Altair."""
        return alt.Scale(domain=[self.low, self.top], nice=False, zero=False)


def converted(drawn: Any) -> str:  # noqa: ANN401 - Altair's charts of every kind
    _know_the_font()
    made = drawn.configure(
        background="transparent",
        font=FONT,
        padding=4,
        axis=alt.AxisConfig(
            domainColor=QUIET,
            tickColor=QUIET,
            tickSize=4,
            grid=False,
            labelColor=QUIET,
            titleColor=INK,
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
            labelFont=FONT,
            titleFont=FONT,
        ),
        view=alt.ViewConfig(stroke=None),
        text=alt.MarkConfig(font=FONT, fontSize=11),
        title=alt.TitleConfig(font=FONT, fontSize=11, fontWeight="normal", color=INK, anchor="start"),
    )
    svg: str = vl_convert.vegalite_to_svg(made.to_dict(), vl_version=VERSION)
    return svg


@cache
def _know_the_font() -> None:
    """The widths of words are measured with it: with the machine's own the bytes would differ between machines."""
    vl_convert.register_font_directory(str(FONTS))


def values(rows: list[dict[str, object]]) -> alt.Data:
    data: alt.Data = alt.Data(values=rows)  # type: ignore[no-untyped-call]
    return data


def beside(ends: list[End], where: dict[str, object], x: alt.X, y: alt.Y, box: Box) -> list[Any]:
    """Words to the right of where lines end: the middle one in place, the others moved out until all can be read."""
    ordered = sorted(ends, key=lambda end: -end.percent)
    places = [box.down(end.percent) for end in ordered]
    middle = next((n for n, end in enumerate(ordered) if end.colour == BLUE), 0)
    for n in range(middle - 1, -1, -1):
        places[n] = min(places[n], places[n + 1] - APART)
    for n in range(middle + 1, len(places)):
        places[n] = max(places[n], places[n - 1] + APART)
    drawn = []
    for end, place in zip(ordered, places, strict=True):
        rows: list[dict[str, object]] = [{**where, "percent": end.percent, "text": end.text}]
        moved = round(place - box.down(end.percent), 1)
        mark = alt.Chart(values(rows)).mark_text(align="left", dx=7, dy=moved, color=end.colour, baseline="middle")
        drawn.append(mark.encode(x=x, y=y, text="text:N"))
    return drawn


def a_line(rows: list[dict[str, Any]], x: alt.X, y: alt.Y, **look: Any) -> Any:  # noqa: ANN401
    return alt.Chart(values(rows)).mark_line(**{"strokeWidth": 1.2} | look).encode(x=x, y=y)


def titled(drawn: Any, upward: str, width: int, height: int) -> Any:  # noqa: ANN401
    """The heading of the vertical axis stands above it, to be read without turning one's head."""
    return drawn.properties(width=width, height=height, title=alt.TitleParams(upward, offset=10))


def count_axis() -> alt.Axis:
    return alt.Axis(tickCount=6, format=",d", titlePadding=8)


def percent_axis() -> alt.Axis:
    return alt.Axis(tickCount=5, labelExpr="format(datum.value, '~g') + ' %'")


def height_of(share: Share) -> float:
    """Where a share lies in the drawing; what is written beside it is the report's own."""
    return float(100 * share.part / share.of) if share.of else 0.0
