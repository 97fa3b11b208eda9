"""The statistics give what published worked examples give."""

from fractions import Fraction
from itertools import accumulate
from math import ceil, comb

import pytest
from scipy.stats import binom, false_discovery_control, fisher_exact, hypergeom

from reporting.statistics import (
    EXPECTED_RUNS,
    Stratum,
    as_many,
    clopper_pearson,
    funnel_limit,
    holm,
    overdispersion,
    run_chart,
    tempered,
)


@pytest.mark.parametrize(
    ("events", "n", "interval"),
    # Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 5 (Clopper and Pearson, exact)
    [
        (81, 263, (0.2527, 0.3676)),
        (15, 148, (0.0578, 0.1617)),
        (0, 20, (0.0000, 0.1684)),
        (1, 29, (0.0009, 0.1776)),
    ],
)
def test_the_exact_interval_is_that_of_newcombes_table(events, n, interval):
    assert clopper_pearson(events, n) == pytest.approx(interval, abs=0.00005)


def test_of_none_the_exact_interval_is_all_and_of_all_it_ends_at_one():
    assert clopper_pearson(0, 0) == (0.0, 1.0)
    assert clopper_pearson(20, 20) == pytest.approx((0.8316, 1.0), abs=0.00005)


@pytest.mark.parametrize("part", [0.001, 0.025, 0.975, 0.999])
@pytest.mark.parametrize(("share", "n"), [(0.03, 40), (0.18, 75), (0.18, 400), (0.5, 20)])
def test_a_funnel_limit_follows_spiegelhalters_formula(share, n, part):
    # Statistics in Medicine 24:1185-1202 (2005), appendix A.1.1, written out with exact sums.
    cdf = list(accumulate(comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1)))
    r = next(r for r in range(n + 1) if cdf[r] > part)
    before = cdf[r - 1] if r else 0.0
    wanted = (r - (cdf[r] - part) / (cdf[r] - before)) / n

    assert funnel_limit(share, n, part) == pytest.approx(min(1, max(0, wanted)), abs=1e-6)


def test_a_funnel_limit_is_passed_as_seldom_as_it_says():
    first_outside = ceil(funnel_limit(0.2, 200, 0.999) * 200)

    assert binom.sf(first_outside, 200, 0.2) <= 0.001 <= binom.sf(first_outside - 1, 200, 0.2)


def test_the_lady_tasting_tea():
    # Fisher 1935, The Design of Experiments, chapter II: all four by chance once in 70, three or four 17 times.
    assert as_many([Stratum(n=4, events=4, rest_n=4, rest_events=0)]) == pytest.approx(1 / 70)
    assert as_many([Stratum(n=4, events=3, rest_n=4, rest_events=1)]) == pytest.approx(17 / 70)


# Mantel 1963 (penicillin in rabbits; R's mantelhaen.test, Rabbits): immediate and delayed, cured and died, by dose.
RABBITS = [(0, 6, 0, 5), (3, 3, 0, 6), (6, 0, 2, 4), (5, 1, 6, 0), (2, 0, 5, 0)]


def test_several_strata_are_tested_as_one_exactly():
    # Agresti, Categorical Data Analysis, and R give 0.0399 two-sided for these; here by enumeration, one-sided.
    strata = [Stratum(n=a + b, events=a, rest_n=c + d, rest_events=c) for a, b, c, d in RABBITS]
    ways = {0: Fraction(1)}
    for a, b, c, d in RABBITS:
        n, rest, cured = a + b, c + d, a + c
        whole = comb(n + rest, cured)
        here = {
            k: Fraction(comb(n, k) * comb(rest, cured - k), whole)
            for k in range(max(0, cured - rest), min(n, cured) + 1)
        }
        sums: dict[int, Fraction] = {}
        for so_far, p in ways.items():
            for k, q in here.items():
                sums[so_far + k] = sums.get(so_far + k, Fraction(0)) + p * q
        ways = sums
    seen = sum(a for a, *_ in RABBITS)

    assert as_many(strata) == pytest.approx(float(sum(p for k, p in ways.items() if k >= seen)))
    assert as_many(strata) == pytest.approx(0.0200, abs=0.0005)


@pytest.mark.parametrize("table", [(97, 240, 512, 2621), (0, 30, 3, 500), (9, 25, 60, 4000), (4000, 9000, 4100, 9100)])
def test_one_stratum_is_fishers_test(table):
    events, n, rest_events, rest_n = table
    given = [[events, n - events], [rest_events, rest_n - rest_events]]

    assert as_many([Stratum(n, events, rest_n, rest_events)]) == pytest.approx(
        fisher_exact(given, alternative="greater").pvalue, rel=1e-6
    )
    assert as_many([Stratum(n, events, rest_n, rest_events)]) == pytest.approx(
        hypergeom.sf(events - 1, n + rest_n, events + rest_events, n), rel=1e-6
    )


# Benjamini and Hochberg 1995, Journal of the Royal Statistical Society B 57:289-300, section 4: thrombolysis
BENJAMINI = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528]
BENJAMINI += [0.7590, 1.0000]


def test_holms_correction_keeps_three_of_benjamini_and_hochbergs_fifteen_and_theirs_four():
    assert sum(p <= 0.05 for p in holm(BENJAMINI)) == 3
    assert sum(p <= 0.05 for p in false_discovery_control(BENJAMINI)) == 4


def test_holms_correction_keeps_the_order_in_which_they_came():
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([]) == []


def test_units_that_differ_by_chance_alone_are_not_overdispersed_and_one_outlier_excuses_nobody():
    ordinary = [-1.2, -0.8, -0.3, 0.1, 0.4, 0.9, 1.1]

    assert overdispersion(ordinary) == 1.0
    assert overdispersion([*ordinary[:-1], 9.0]) == 1.0
    assert overdispersion([-5.0, -4.0, 4.5, 5.0, -4.2, 4.8]) > 10
    assert overdispersion([9.0, -9.0]) == 1.0


def test_a_p_value_is_tempered_by_overdispersion():
    assert tempered(0.001, 1.0) == 0.001
    assert tempered(0.00135, 9.0) == pytest.approx(0.1587, abs=0.0005)  # three standard deviations become one


def test_the_runs_to_be_expected_are_those_that_chance_gives():
    # Swed and Eisenhart 1943: outside the limits in at most 5 of 100, 2.5 at each end, n/2 on each side.
    for useful, (fewest, most) in EXPECTED_RUNS.items():
        above, below = useful // 2, useful - useful // 2
        chances = {r: _runs(r, above, below) for r in range(2, useful + 1)}
        assert sum(p for r, p in chances.items() if r < fewest) <= 0.05
        assert sum(p for r, p in chances.items() if r > most) <= 0.05


def _runs(r: int, above: int, below: int) -> float:
    half = r // 2
    if r % 2 == 0:
        ways = 2 * comb(above - 1, half - 1) * comb(below - 1, half - 1)
    else:
        ways = comb(above - 1, half) * comb(below - 1, half - 1) + comb(above - 1, half - 1) * comb(below - 1, half)
    return ways / comb(above + below, above)


def test_a_shift_a_trend_and_runs_are_counted_as_perla_provost_and_murray_count_them():
    # BMJ Quality and Safety 20:46-51 (2011): points on the median do not count, equal points are one for a trend.
    found = run_chart([1, 2, 3, 4, 4, 5, 9, 9, 9, 8, 8, 8])

    assert (found.median, found.useful, found.longest, found.runs) == (6.5, 12, 6, 2)
    assert found.longest_trend == 6
    assert found.expected == (3, 11)
    assert run_chart([3.0, 3.0]).useful == 0
    assert run_chart([]).median is None
