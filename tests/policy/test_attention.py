"""Why a case wants attention: urgent, at risk by the last warning of a clock, breached; and time left, in words."""

from datetime import timedelta

import pytest

from policy.alarms import ring
from policy.attention import Attention, attention, left
from policy.request import LineOfBusiness, Priority
from policy.timeframes import ClockState
from tests.builders import MONDAY
from tests.policy.steps import denied, finished, opened

# A Medicare decision due 7 calendar days after Monday 2026-11-02: half has gone on Friday, 80 percent on Sunday noon.
FRIDAY, SUNDAY, TUESDAY = (MONDAY + timedelta(days=days) for days in (4, 6.5, 8))


@pytest.mark.parametrize(
    ("at", "expected"), [(FRIDAY, ()), (SUNDAY, (Attention.AT_RISK,)), (TUESDAY, (Attention.BREACHED,))]
)
def test_a_case_is_at_risk_from_the_last_warning_until_it_is_breached(at, expected):
    case = ring(opened(line=LineOfBusiness.MEDICARE_ADVANTAGE), at)

    assert attention(case) == expected


@pytest.mark.parametrize("priority", [Priority.EXPEDITED, Priority.URGENT_CONCURRENT])
def test_what_is_decided_in_hours_is_urgent_while_it_is_open(priority):
    case = opened(priority=priority)

    assert attention(case) == (Attention.URGENT,)
    assert attention(case.but(closed_at=MONDAY)) == ()


def test_an_imminent_threat_is_urgent_whatever_the_priority():
    assert attention(opened(imminent_threat=True)) == (Attention.URGENT,)


def test_a_breach_stays_when_the_case_is_closed():
    case = finished(denied())
    clock = case.clocks[0].model_copy(update={"state": ClockState.BREACHED})

    assert attention(case) == ()
    assert attention(case.change_clock(clock)) == (Attention.BREACHED,)


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0.01, "in 1 minute"),
        (0.5, "in 30 minutes"),
        (1, "in 1 hour"),
        (47, "in 47 hours"),
        (47.9, "in 48 hours"),
        (71.9, "in 2 days"),
        (-3, "overdue by 3 hours"),
        (-72, "overdue by 3 days"),
    ],
)
def test_the_time_that_is_left_is_told_in_words(hours, words):
    assert left(MONDAY + timedelta(hours=hours), MONDAY) == words
