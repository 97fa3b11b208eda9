"""The three planted effects are flagged, and nothing else is."""

from datetime import date

import pytest

from policy.lifecycle import Outcome
from policy.particulars import Agreement
from policy.report.delegates import DelegatedFact
from policy.report.drill import stands_behind, stands_behind_delegated
from policy.report.facts import CaseFact
from policy.report.period import Period, parsed
from policy.report.shape import Standing
from reporting.synthetic import Made, cases, delegated
from reporting.trends import FEWEST, Charts, Trends

SEEDS = range(1, 11)


def charts_of(made: Made) -> Charts:
    trends = Trends(parsed(made.last))
    trends.see(cases(made))
    trends.see_delegated(delegated(made))
    return trends.charts()


def test_over_ten_seeds_each_planted_effect_is_flagged_and_at_most_one_flag_is_false():
    false = []
    for seed in SEEDS:
        made = Made(seed=seed)
        planted = made.planted
        wanted = {
            f"denials-by-physician: {planted.physician}",
            f"late-copies-by-delegate: {planted.delegate}",
            f"disagreement-by-specialty: {planted.specialty}",
        }
        found = {flag.id for flag in charts_of(made).flags}
        assert wanted <= found, seed
        false += sorted(found - wanted)

    assert len(false) <= 1, false


def test_where_nothing_is_planted_ten_seeds_flag_at_most_one():
    found = [flag.id for seed in SEEDS for flag in charts_of(Made(seed=seed, with_effects=False)).flags]

    assert len(found) <= 1, found


def test_a_flag_says_what_was_seen_against_what_and_how_sure():
    made = Made(seed=1)
    charts = charts_of(made)
    flag = next(flag for flag in charts.flags if flag.chart == "denials-by-physician")

    assert flag.share.words in flag.sentence
    assert f"makes one expect {flag.expected} %, adjusted for line and specialty" in flag.sentence
    assert f"all {charts.comparisons} comparisons" in flag.sentence
    assert "from 2025-10-01 to 2026-09-30" in flag.sentence
    assert flag.drill
    assert ("physician", made.planted.physician) in flag.drill.where


def risen(seed: int) -> tuple[list[CaseFact], list[DelegatedFact]]:
    """With twice as many denials and disagreements in the last quarter as anybody would expect."""
    made = Made(seed=seed)
    period = parsed(made.last)

    def worse(fact: CaseFact, place: int) -> CaseFact:
        changed: dict[str, object] = {}
        if fact.decided_at and period.holds(fact.decided_at) and place % 3 == 0:
            changed["outcome"] = Outcome.DENIED
        if fact.reported_at and period.holds(fact.reported_at) and fact.agreement and place % 2 == 0:
            changed["agreement"] = Agreement.DIFFER_OTHERWISE
        return fact.model_copy(update=changed)

    return [worse(fact, place) for place, fact in enumerate(cases(made))], list(delegated(made))


@pytest.mark.parametrize("last_day", ["2026-09-30", "2026-09-11"])
def test_a_drill_down_of_every_flag_and_point_has_as_many_cases_as_were_counted(last_day):
    facts, packets = risen(5)
    period = Period(first=date(2026, 7, 1), last=date.fromisoformat(last_day))
    trends = Trends(period)
    trends.see(facts)
    trends.see_delegated(packets)
    charts = trends.charts()

    wrong = []
    points = [
        (f"{chart.id} {point.id}", point.drill, point.share) for chart in charts.funnels for point in chart.points
    ]
    for name, drill, share in [*points, *((flag.id, flag.drill, flag.share) for flag in charts.flags)]:
        assert drill
        behind = sum(stands_behind(fact, drill, period) for fact in facts)
        behind += sum(stands_behind_delegated(packet, drill, period) for packet in packets)
        if behind != share.part:
            wrong.append((name, drill, share, behind))

    assert wrong == []
    assert {flag.chart for flag in charts.flags} >= {"denials-over-time", "disagreement-over-time"}


def test_what_is_flagged_lies_outside_the_limits_that_are_drawn():
    for chart in charts_of(Made(seed=2)).funnels:
        for point in chart.points:
            if point.standing is Standing.FLAGGED:
                assert point.limits
                assert point.share.percent
                assert point.share.percent > point.limits.upper_998


def test_nobody_is_judged_by_few_cases():
    charts = charts_of(Made(seed=3, cases=40, delegated=20))

    few = [p for chart in charts.funnels for p in chart.points if p.share.of < FEWEST]
    assert few
    assert {p.standing for p in few} == {Standing.TOO_FEW}
    assert {p.p_value for p in few} == {None}


def test_the_same_cases_in_another_order_give_the_same_charts():
    made = Made(seed=4, cases=150)
    period = parsed(made.last)
    one, other = Trends(period), Trends(period)
    one.see(cases(made))
    other.see(reversed(list(cases(made))))

    assert one.charts() == other.charts()


def test_nothing_seen_is_nothing_flagged():
    charts = Trends(parsed("2026-Q3")).charts()

    assert (charts.flags, charts.comparisons) == ((), 0)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_gives_the_same_cases_and_another_one_others(seed):
    made = Made(seed=seed, cases=20, quarters=2)

    assert list(cases(made)) == list(cases(made))
    assert list(cases(made)) != list(cases(made._replace(seed=seed + 1)))
    assert len(list(cases(made))) == 40
