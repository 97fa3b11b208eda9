"""Our closed days against a public library. It decides nothing: it is asked only so that a difference is seen."""

from collections.abc import Mapping
from datetime import date

import holidays
import pytest

from policy.calendar import CLOSED_DAYS, SATURDAY, CalendarName

YEARS = range(2019, 2031)

OBSERVANCE = "Government Code 6700 or the library names it; CalHR gives no day off"
SATURDAYS = "CalHR moves a Saturday holiday to Friday for Veterans Day only"
LIBRARY_ONLY = {
    **dict.fromkeys(("2019-02-15", "2022-02-15", "2023-02-15", "2024-02-15", "2028-02-15"), OBSERVANCE),  # Anthony
    **dict.fromkeys(("2029-02-15", "2030-02-15"), OBSERVANCE),  # Susan B. Anthony Day
    **dict.fromkeys(("2021-06-18", "2022-06-20", "2023-06-19", "2024-06-19", "2025-06-19"), OBSERVANCE),  # Juneteenth
    **dict.fromkeys(("2026-06-19", "2027-06-18", "2028-06-19", "2029-06-19", "2030-06-19"), OBSERVANCE),  # Juneteenth
    **dict.fromkeys(("2027-10-29", "2028-10-17", "2029-11-05"), OBSERVANCE),  # Diwali, AB 268 (2025)
    **dict.fromkeys(("2020-07-03", "2026-07-03"), SATURDAYS),  # Independence Day
    **dict.fromkeys(("2021-12-24", "2027-12-24"), SATURDAYS),  # Christmas Day
    **dict.fromkeys(("2021-12-31", "2027-12-31"), SATURDAYS),  # New Year's Day
}


def weekdays(found: Mapping[date, str]) -> dict[str, str]:
    """The days off that fall on a weekday, in our years, with the library's name for each."""
    return {day.isoformat(): name for day, name in found.items() if day.weekday() < SATURDAY and day.year in YEARS}


def ours(calendar: CalendarName) -> set[str]:
    return {day.isoformat() for day in CLOSED_DAYS[calendar]}


def test_our_federal_days_are_those_of_the_library():
    library = weekdays(holidays.country_holidays("US", years=YEARS))

    days = ours(CalendarName.FEDERAL)

    assert sorted(days - set(library)) == []
    assert {day: name for day, name in library.items() if day not in days} == {}


def test_our_state_days_differ_from_the_library_only_where_we_know_why():
    library = weekdays(holidays.country_holidays("US", subdiv="CA", years=YEARS))

    days = ours(CalendarName.STATE)

    assert sorted(days - set(library)) == []
    assert sorted(set(library) - days) == sorted(LIBRARY_ONLY)


@pytest.mark.parametrize("calendar", CalendarName)
def test_no_closed_day_is_a_weekend_day_and_every_year_has_its_days(calendar):
    days = CLOSED_DAYS[calendar]

    assert all(day.weekday() < SATURDAY for day in days)
    assert {day.year for day in days} == set(YEARS)


def test_juneteenth_is_no_federal_holiday_before_the_law_of_june_2021():
    juneteenths = {day.year for day in CLOSED_DAYS[CalendarName.FEDERAL] if (day.month, 17 < day.day < 21) == (6, True)}

    assert min(juneteenths) == 2021
