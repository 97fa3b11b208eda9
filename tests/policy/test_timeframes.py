"""How limits are counted, and which rows hold."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.calendar import LOS_ANGELES, CalendarName, local_day
from policy.request import LineOfBusiness, Priority
from policy.rule import Anchor, Obligation, Unit
from policy.timeframes import due, spoken
from tests.policy.limits import EDITION, MONDAY, SATURDAY, a_row, started
from tests.policy.steps import DAY, HOUR

# -- counting


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param("2026-03-07T10:00-08:00", "2026-03-10T11:00-07:00", id="summer time begins Sunday 2026-03-08"),
        pytest.param("2026-10-31T10:00-07:00", "2026-11-03T09:00-08:00", id="summer time ends Sunday 2026-11-01"),
    ],
)
def test_hours_are_elapsed_time_across_a_change_of_summer_time(start, end):
    end_of_72_hours = due(datetime.fromisoformat(start), a_row(72, Unit.CLOCK_HOURS))

    assert end_of_72_hours == datetime.fromisoformat(end)
    assert end_of_72_hours - datetime.fromisoformat(start) == timedelta(hours=72)


def test_hours_are_elapsed_time_even_for_a_time_told_in_local_time():
    saturday = datetime(2026, 10, 31, 10, 0, tzinfo=LOS_ANGELES)

    end = due(saturday, a_row(24, Unit.CLOCK_HOURS))

    assert end.astimezone(UTC) - saturday.astimezone(UTC) == DAY
    assert spoken(end) == "Sun 2026-11-01 09:00 PST"


def test_calendar_days_never_roll_over_a_weekend_or_a_holiday():
    on_a_saturday = due(SATURDAY, a_row(7, Unit.CALENDAR_DAYS))
    on_thanksgiving = due(datetime(2026, 11, 19, 9, tzinfo=LOS_ANGELES), a_row(7, Unit.CALENDAR_DAYS))

    assert spoken(on_a_saturday) == "Sat 2026-11-14 23:59 PST"
    assert spoken(on_thanksgiving) == "Thu 2026-11-26 23:59 PST"


def test_a_day_limit_ends_at_23_59_59_in_los_angeles():
    end = due(MONDAY, a_row(5, Unit.BUSINESS_DAYS, CalendarName.STATE))

    assert end.astimezone(LOS_ANGELES) == datetime(2026, 11, 9, 23, 59, 59, tzinfo=LOS_ANGELES)


def test_business_days_follow_the_calendar_of_their_row():
    monday_before_thanksgiving = datetime(2026, 11, 23, 9, tzinfo=LOS_ANGELES)

    state = due(monday_before_thanksgiving, a_row(5, Unit.BUSINESS_DAYS, CalendarName.STATE))
    federal = due(monday_before_thanksgiving, a_row(5, Unit.BUSINESS_DAYS, CalendarName.FEDERAL))

    assert spoken(state) == "Wed 2026-12-02 23:59 PST"
    assert spoken(federal) == "Tue 2026-12-01 23:59 PST"


# -- which rows hold


@pytest.mark.parametrize(
    ("received", "rule", "days"),
    [
        pytest.param("2025-12-31T23:59-08:00", "MCAL-STD-A", 14, id="Wednesday 2025-12-31, one minute before"),
        pytest.param("2026-01-01T00:00-08:00", "MCAL-STD-B", 7, id="Thursday 2026-01-01, from midnight"),
    ],
)
def test_medi_cal_has_14_days_until_the_end_of_2025_and_7_from_then_on(received, rule, days):
    at = datetime.fromisoformat(received)

    outer = started(Anchor.RECEIVED, at)[Obligation.DECISION_OUTER]

    assert outer.rule == rule
    assert local_day(outer.due_at) == local_day(at) + timedelta(days=days)


def test_the_rows_are_those_of_the_day_of_receipt_whatever_day_the_event_is():
    tuesday, friday_next_year = "2025-12-30T16:00-08:00", "2026-01-02T10:00-08:00"

    event, received = datetime.fromisoformat(friday_next_year), datetime.fromisoformat(tuesday)
    clocks = started(Anchor.INFORMATION_COMPLETE, event, received=received)

    assert clocks[Obligation.DECISION].rule == "MCAL-STD-A"


def test_an_advantage_item_without_prior_authorization_keeps_14_days():
    line = LineOfBusiness.MEDICARE_ADVANTAGE

    clock = started(Anchor.RECEIVED, MONDAY, line=line, requires_prior_authorization=False)[Obligation.DECISION]

    assert clock.rule == "MA-STD-NPA"
    assert spoken(clock.due_at) == "Mon 2026-11-16 23:59 PST"


def test_an_imminent_threat_starts_the_72_hours_of_the_urgent_opinion():
    urgent = started(Anchor.RECEIVED, MONDAY, imminent_threat=True)[Obligation.OPINION_RENDERED]

    assert urgent.due_at == MONDAY.astimezone(UTC) + timedelta(hours=72)
    assert Obligation.OPINION_RENDERED not in started(Anchor.RECEIVED, MONDAY)


# -- notices inside the decision limit


@pytest.mark.parametrize("line", [LineOfBusiness.MEDICARE_ADVANTAGE, LineOfBusiness.D_SNP])
def test_on_medicare_lines_a_notice_is_due_when_the_decision_is(line):
    limit = MONDAY + 7 * DAY

    clocks = started(Anchor.DECIDED, MONDAY + DAY, line=line, limit=limit)

    assert clocks[Obligation.PROVIDER_NOTICE].due_at == limit
    assert clocks[Obligation.MEMBER_NOTICE].due_at == limit


@pytest.mark.parametrize(
    ("hours_left", "expected_hours"), [pytest.param(100, 24, id="far away"), pytest.param(3, 3, id="near")]
)
def test_cal_mediconnect_takes_the_earlier_of_24_hours_and_the_decision_limit(hours_left, expected_hours):
    monday = datetime(2022, 3, 7, 10, 15, tzinfo=LOS_ANGELES)

    clocks = started(Anchor.DECIDED, monday, line=LineOfBusiness.CMC, limit=monday + hours_left * HOUR)

    assert clocks[Obligation.PROVIDER_NOTICE].due_at == monday + expected_hours * HOUR


@pytest.mark.parametrize("line", [LineOfBusiness.MEDICARE_ADVANTAGE, LineOfBusiness.D_SNP])
def test_a_cap_that_has_passed_never_puts_the_due_time_before_the_decision(line):
    limit = MONDAY - DAY

    clocks = started(Anchor.DECIDED, MONDAY, line=line, limit=limit)

    assert {c.due_at for c in clocks.values()} == {MONDAY}


def test_state_lines_keep_their_own_notice_times_whatever_the_decision_limit():
    clocks = started(Anchor.DECIDED, MONDAY, limit=MONDAY + HOUR)

    assert clocks[Obligation.PROVIDER_NOTICE].due_at == MONDAY + DAY
    assert spoken(clocks[Obligation.MEMBER_NOTICE].due_at) == "Wed 2026-11-04 23:59 PST"


TUESDAY_2019 = datetime(2019, 1, 1, tzinfo=UTC)
instants = st.integers(0, 11 * 365 * 24 * 60).map(lambda minutes: TUESDAY_2019 + timedelta(minutes=minutes))


@given(instants, st.sampled_from([r for r in EDITION.timeframe if r.amount]))
def test_no_limit_ends_before_it_starts(at, row):
    assert due(at, row) >= at


@given(
    instants,
    st.sampled_from(LineOfBusiness),
    st.sampled_from(Priority),
    st.sampled_from(Anchor),
    st.none() | st.integers(-500, 500),
)
def test_no_clock_is_due_before_its_anchor_whatever_the_decision_limit(at, line, priority, anchor, limit_hours):
    limit = None if limit_hours is None else at + limit_hours * HOUR

    clocks = started(anchor, at, line=line, priority=priority, limit=limit).values()

    assert all(c.due_at >= at and c.act_by >= at for c in clocks)
