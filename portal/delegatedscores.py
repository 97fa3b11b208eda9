"""How well each IPA or PPG keeps the plan's terms: the score with its parts, and over time. Policy 90.2.17, P10.

The figures are those of ``second-opinion delegated score``: what was mended later still counts, what was waived not.
"""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from policy.delegatefindings import Part
from policy.delegatescore import Period, Rate, Score, Standing, scores
from policy.edition import EDITIONS
from policy.verdict import Value
from portal.access import Room
from portal.pages import page
from portal.session import Visit, entering
from portal.worklists import LONGEST_TEXT, one_of
from records import delegated

router = APIRouter(include_in_schema=False)
Reading = Annotated[Visit, entering(Room.DELEGATED)]

WIDTH, HEIGHT, MARGIN = 280, 64, 6  # of a line over time, in the units of its drawing
LONGEST_LINE = 24  # periods
STYLES = {Standing.PASSES: "good", Standing.BELOW: "warn", Standing.SANCTIONABLE: "bad"}


class Line(Value):
    """A delegate's faultless packets over time, drawn: points of the line, and the heights of the two marks."""

    delegate: str
    periods: tuple[str, ...]
    points: tuple[tuple[float, float], ...]
    pass_at: float
    sanction_at: float

    @property
    def path(self) -> str:
        """As an SVG polyline wants it."""
        return " ".join(f"{x:g},{y:g}" for x, y in self.points)


@router.get("/delegated/scores")
def score_page(visit: Reading, delegate: str = "", by: str = "") -> Response:
    """The scores, of all delegates or of one; by month or by quarter when asked."""
    records, period = visit.house.world.records, one_of(Period, by)
    counted = delegated.counted(records, delegate=delegate[:LONGEST_TEXT])
    terms = EDITIONS[-1].delegation
    found = scores(counted, period)
    return page(
        visit,
        "delegated_scores.html",
        scores=[(score, score.standing(terms), STYLES[score.standing(terms)]) for score in found],
        lines=lines(found, terms.pass_mark, terms.sanction_mark) if period else (),
        parts=tuple(Part),
        terms=terms,
        chosen=delegate,
        by=period or "",
        periods=Period,
        delegates=delegated.delegates(records),
        as_choices=lambda names: {name: name for name in names},
        told=told,
        interval=spread,
        size=(WIDTH, HEIGHT),
    )


def told(rate: Rate) -> str:
    """A rate as the terminal tells it: ``92.0% (23/25)``."""
    return "–" if rate.rate is None else f"{rate.rate:.1%} ({rate.passed}/{rate.n})"


def spread(rate: Rate) -> str:
    """Its 95 percent interval: ``75%–98%``."""
    return "–".join(f"{edge:.0%}" for edge in rate.interval or ()) or "–"


def lines(found: tuple[Score, ...], pass_mark: float, sanction_mark: float) -> tuple[Line, ...]:
    """A line for each delegate with at least two periods; a period without a packet has no point."""
    by_delegate: dict[str, list[Score]] = {}
    for score in found:
        if score.packets.n:
            by_delegate.setdefault(score.delegate, []).append(score)
    return tuple(
        Line(
            delegate=delegate,
            periods=tuple(s.period for s in some[-LONGEST_LINE:]),
            points=_points(some[-LONGEST_LINE:]),
            pass_at=_height(pass_mark),
            sanction_at=_height(sanction_mark),
        )
        for delegate, some in by_delegate.items()
        if len(some) > 1
    )


def _points(some: list[Score]) -> tuple[tuple[float, float], ...]:
    step = (WIDTH - 2 * MARGIN) / (len(some) - 1)
    return tuple((round(MARGIN + place * step, 1), _height(s.packets.rate or 0.0)) for place, s in enumerate(some))


def _height(rate: float) -> float:
    return round(HEIGHT - MARGIN - rate * (HEIGHT - 2 * MARGIN), 1)
