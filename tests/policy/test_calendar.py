"""Business days and ends of days in Los Angeles, from the closed days that the plan owns."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from policy.calendar import (
    CLOSED_DAYS,
    LAST_YEAR,
    LOS_ANGELES,
    CalendarEndError,
    CalendarName,
    add_business_days,
    end_of_day,
    is_business_day,
    last_business_day_by,
    local_day,
)

STATE, FEDERAL = CalendarName.STATE, CalendarName.FEDERAL
FIRST_DAY, LAST_DAY = date(2019, 1, 1), date(LAST_YEAR, 10, 31)

days = st.dates(FIRST_DAY, LAST_DAY)
amounts = st.integers(0, 30)
calendars = st.sampled_from(CalendarName)


@pytest.mark.parametrize("calendar", CalendarName)
@pytest.mark.parametrize(
    "day", [date(2026, 11, 21), date(2026, 11, 22), date(2026, 7, 4)], ids=["Saturday", "Sunday", "Saturday July 4"]
)
def test_no_weekend_day_is_a_business_day(day, calendar):
    assert not is_business_day(day, calendar)


@pytest.mark.parametrize("calendar", CalendarName)
def test_an_ordinary_wednesday_is_a_business_day(calendar):
    wednesday = date(2026, 11, 18)

    assert is_business_day(wednesday, calendar)


@pytest.mark.parametrize(
    ("day", "state_works", "federal_works"),
    [
        pytest.param(date(2026, 11, 26), False, False, id="Thanksgiving, Thursday 2026-11-26"),
        pytest.param(date(2026, 11, 27), False, True, id="the day after Thanksgiving, Friday 2026-11-27"),
        pytest.param(date(2026, 3, 31), False, True, id="Farmworkers Day, Tuesday 2026-03-31"),
        pytest.param(date(2026, 6, 19), True, False, id="Juneteenth, Friday 2026-06-19"),
        pytest.param(date(2022, 6, 20), True, False, id="Juneteenth observed, Monday 2022-06-20"),
        pytest.param(date(2026, 10, 12), True, False, id="Columbus Day, Monday 2026-10-12"),
        pytest.param(date(2026, 7, 3), True, False, id="July 4 on a Saturday: Friday 2026-07-03"),
        pytest.param(date(2027, 7, 5), False, False, id="July 4 on a Sunday: Monday 2027-07-05"),
        pytest.param(date(2028, 11, 10), False, False, id="Veterans Day on a Saturday: Friday 2028-11-10"),
        pytest.param(date(2027, 12, 31), True, False, id="New Year on a Saturday: Friday 2027-12-31"),
    ],
)
def test_a_closed_day_is_closed_on_its_own_calendar_only(day, state_works, federal_works):
    assert is_business_day(day, STATE) is state_works
    assert is_business_day(day, FEDERAL) is federal_works


@pytest.mark.parametrize("calendar", CalendarName)
def test_the_table_holds_every_year_and_no_day_that_is_closed_anyway(calendar):
    closed = CLOSED_DAYS[calendar]

    assert {day.year for day in closed} == set(range(2019, LAST_YEAR + 1))
    assert [day for day in closed if day.weekday() >= 5] == []
    assert all(9 <= sum(day.year == year for day in closed) <= 12 for year in range(2019, LAST_YEAR + 1))


def test_the_table_reaches_the_end_of_next_year():
    next_year = datetime.now(tz=LOS_ANGELES).year + 1

    assert next_year <= LAST_YEAR, f"add {next_year} to policy/editions/closed-days.toml"


def test_a_day_beyond_the_table_is_an_error_that_names_the_year_to_add():
    last_monday = date(LAST_YEAR, 12, 30)

    with pytest.raises(CalendarEndError, match=str(LAST_YEAR + 1)):
        add_business_days(last_monday, 5, STATE)


def test_the_day_of_receipt_is_day_0():
    monday = date(2026, 11, 2)

    assert add_business_days(monday, 0, STATE) == monday
    assert add_business_days(monday, 1, STATE) == date(2026, 11, 3)
    assert add_business_days(monday, 5, STATE) == date(2026, 11, 9)


def test_receipt_on_a_closed_day_is_still_day_0():
    saturday = date(2026, 2, 14)

    assert add_business_days(saturday, 5, STATE) == date(2026, 2, 23)


def test_the_two_calendars_count_differently_over_thanksgiving():
    thursday_a_week_before = date(2025, 11, 20)

    assert add_business_days(thursday_a_week_before, 5, STATE) == date(2025, 12, 1)
    assert add_business_days(thursday_a_week_before, 5, FEDERAL) == date(2025, 11, 28)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        pytest.param("2026-05-22T06:59:59+00:00", date(2026, 5, 21), id="Thursday 2026-05-21 23:59:59 PDT"),
        pytest.param("2026-05-22T07:00:00+00:00", date(2026, 5, 22), id="Friday 2026-05-22 00:00 PDT"),
        pytest.param("2026-12-31T23:30:00-08:00", date(2026, 12, 31), id="Thursday 2026-12-31 23:30 PST"),
        pytest.param("2026-11-02T05:00:00+14:00", date(2026, 11, 1), id="Sunday 2026-11-01, told from Kiritimati"),
    ],
)
def test_a_day_runs_from_midnight_to_midnight_in_los_angeles(instant, day):
    assert local_day(datetime.fromisoformat(instant)) == day


@pytest.mark.parametrize(
    ("day", "end"),
    [
        pytest.param(date(2026, 11, 2), "2026-11-02T23:59:59-08:00", id="winter, Monday 2026-11-02"),
        pytest.param(date(2026, 7, 6), "2026-07-06T23:59:59-07:00", id="summer, Monday 2026-07-06"),
        pytest.param(date(2026, 3, 8), "2026-03-08T23:59:59-07:00", id="summer time begins, Sunday 2026-03-08"),
        pytest.param(date(2026, 11, 1), "2026-11-01T23:59:59-08:00", id="summer time ends, Sunday 2026-11-01"),
    ],
)
def test_a_day_ends_at_23_59_59_in_los_angeles_and_is_kept_in_utc(day, end):
    ends = end_of_day(day)

    assert ends == datetime.fromisoformat(end)
    assert ends.tzinfo is UTC


def test_the_last_business_day_by_a_sunday_is_the_friday_before():
    sunday, friday = date(2026, 3, 1), date(2026, 2, 27)

    assert last_business_day_by(sunday, STATE) == friday
    assert last_business_day_by(friday, STATE) == friday


def test_the_last_business_day_by_the_day_after_thanksgiving_depends_on_the_calendar():
    friday = date(2026, 11, 27)

    assert last_business_day_by(friday, STATE) == date(2026, 11, 25)
    assert last_business_day_by(friday, FEDERAL) == friday


@given(days, st.integers(1, 30), calendars)
def test_a_business_day_limit_ends_on_a_business_day_after_exactly_so_many(day, amount, calendar):
    end = add_business_days(day, amount, calendar)

    between = [day + timedelta(days=n) for n in range(1, (end - day).days + 1)]
    assert is_business_day(end, calendar)
    assert sum(is_business_day(d, calendar) for d in between) == amount


@given(days, amounts, calendars)
def test_closed_days_never_make_a_limit_end_earlier(day, amount, calendar):
    weekdays = (d for n in range(1, 60) if (d := day + timedelta(days=n)).weekday() < 5)
    without_closed_days = [day, *weekdays][amount]

    assert add_business_days(day, amount, calendar) >= without_closed_days


@given(days, amounts, st.permutations(list(CalendarName)))
def test_the_calendar_with_more_closed_days_never_ends_earlier(day, amount, two):
    fewer, more = two
    window = {day + timedelta(days=n) for n in range(1, 60)}
    assume(CLOSED_DAYS[fewer] & window <= CLOSED_DAYS[more] & window)

    assert add_business_days(day, amount, more) >= add_business_days(day, amount, fewer)


@given(days, st.integers(0, 40), amounts, calendars)
def test_a_later_receipt_never_ends_earlier(day, days_later, amount, calendar):
    later = min(day + timedelta(days=days_later), LAST_DAY)

    assert add_business_days(later, amount, calendar) >= add_business_days(day, amount, calendar)
