"""The statistics of trends: exact limits, exact tests, a correction for many comparisons, the rules of a run chart.

The distributions are SciPy's; what is here chooses among them and says so. Probabilities are floats until shown. Each
is checked against published worked examples in tests/reporting/test_statistics.py.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from math import ceil, sqrt
from typing import Any, NamedTuple

import numpy as np
from scipy.special import betaln
from scipy.stats import beta, binom, norm

LEVEL = 0.05  # how often anything at all is flagged by chance, of the whole report
WINSORIZED = 0.1  # of the units at each end, where overdispersion is estimated
FEWEST_UNITS = 5  # from which on overdispersion is estimated at all
SHIFT, TREND = 6, 5  # points in a row: Perla, Provost, Murray 2011
EXPECTED_RUNS = {  # useful points: fewest and most runs to be expected by chance (Swed and Eisenhart 1943)
    10: (3, 9),
    11: (3, 10),
    12: (3, 11),
    13: (4, 11),
    14: (4, 12),
    15: (5, 12),
    16: (5, 13),
    17: (5, 13),
    18: (6, 14),
    19: (6, 15),
    20: (6, 16),
    21: (7, 16),
    22: (7, 17),
    23: (7, 17),
    24: (8, 18),
    25: (8, 18),
}


class Stratum(NamedTuple):
    """A unit's cases of one kind, and the rest's: how many, and how many of them had the event."""

    n: int
    events: int
    rest_n: int
    rest_events: int


class Runs(NamedTuple):
    """What a run chart shows; ``expected`` is None where there are too few or too many points for the table."""

    median: float | None
    useful: int
    longest: int
    longest_trend: int
    runs: int
    expected: tuple[int, int] | None


def clopper_pearson(events: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """The exact confidence interval of a share (Clopper and Pearson 1934), in parts of one; of none it is all."""
    if n == 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    lower = float(beta.ppf(tail, events, n - events + 1)) if events else 0.0
    upper = float(beta.ppf(1 - tail, events + 1, n - events)) if events < n else 1.0
    return lower, upper


@lru_cache(maxsize=65536)
def funnel_limit(share: float, n: int, part: float) -> float:
    """Where ``part`` of all shares of ``n`` cases lie below by chance: the exact binomial limit, interpolated.

    Spiegelhalter 2005, appendix A.1.1: r is the smallest number with P(R <= r) > part; the limit is (r - a) / n, where
    a = (P(R <= r) - part) / P(R = r). Never below none nor above all.
    """
    if n == 0:
        return 1.0 if part > 1 / 2 else 0.0
    r = int(binom.ppf(part, n, share))
    at = float(binom.pmf(r, n, share))
    a = (float(binom.cdf(r, n, share)) - part) / at if at else 0.0
    return min(1.0, max(0.0, (r - a) / n))


def as_many(strata: Iterable[Stratum]) -> float:
    """The probability of as many events or more in the unit, were it like the rest in each stratum: exact, one-sided.

    Fisher's test where there is one stratum, the exact conditional test of Cochran, Mantel and Haenszel where there are
    several. It takes the uncertainty of the rest as well as the unit's, and is not a mid-p: conservative.
    """
    weights, seen, lowest = np.ones(1), 0, 0
    for one in strata:
        every, marked = one.n + one.rest_n, one.events + one.rest_events
        first, last = max(0, marked - one.rest_n), min(one.n, marked)
        weights = np.convolve(weights, _hypergeometric(np.arange(first, last + 1), every, marked, one.n))
        lowest += first
        seen += one.events
    return float(min(1.0, max(0.0, weights[max(0, seen - lowest) :].sum())))


def _hypergeometric(seen: Any, every: int, marked: int, drawn: int) -> Any:  # noqa: ANN401 - NumPy's arrays
    """The probability of each number seen. By logarithms of the beta function: SciPy's own takes milliseconds."""
    rest = every - marked
    good = betaln(marked + 1, 1) - betaln(seen + 1, marked - seen + 1)
    bad = betaln(rest + 1, 1) - betaln(drawn - seen + 1, rest - drawn + seen + 1)
    return np.exp(good + bad - betaln(every + 1, 1) + betaln(drawn + 1, every - drawn + 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values after Holm's correction (1979): at most 5 in 100 reports flag anything by chance at a level of 0.05.

    In the order in which they came.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, highest = [1.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def overdispersion(z_scores: Sequence[float]) -> float:
    """How much more units differ than by chance: the mean square of their z-scores, winsorized (Spiegelhalter 2005).

    1 where it is no more than chance may make it (1 + 2 * sqrt(2 / units)), and of fewer than five units. At least one
    unit at each end is winsorized, so that the very unit that stands out does not excuse itself.
    """
    count = len(z_scores)
    if count < FEWEST_UNITS:
        return 1.0
    ordered, cut = sorted(z_scores), ceil(count * WINSORIZED)
    low, high = ordered[cut], ordered[count - 1 - cut]
    phi = sum(min(max(z, low), high) ** 2 for z in ordered) / count
    return phi if phi > 1 + 2 * sqrt(2 / count) else 1.0


def tempered(p_value: float, phi: float) -> float:
    """A one-sided p-value where units differ more than by chance: its z-score is divided by the square root of phi."""
    if phi <= 1 or p_value >= 1 / 2:
        return p_value
    return float(norm.sf(norm.isf(max(p_value, 1e-300)) / sqrt(phi)))


def run_chart(shares: Sequence[float]) -> Runs:
    """The rules of a run chart around the median: points on it are not useful, and two alike are no trend."""
    if not shares:
        return Runs(None, 0, 0, 0, 0, None)
    middle = float(np.median(shares))
    sides = [share > middle for share in shares if share != middle]
    lengths, runs = [0], 0
    for index, side in enumerate(sides):
        same = index > 0 and sides[index - 1] is side
        lengths.append(lengths[-1] + 1 if same else 1)
        runs += not same
    return Runs(middle, len(sides), max(lengths), _longest_trend(shares), runs, EXPECTED_RUNS.get(len(sides)))


def _longest_trend(shares: Sequence[float]) -> int:
    """The most points in a row that go one way; a point like the one before neither adds nor ends."""
    best = length = 1
    way = 0
    for before, here in pairwise(shares):
        if here == before:
            continue
        now = 1 if here > before else -1
        length = length + 1 if now == way else 2
        way = now
        best = max(best, length)
    return best
