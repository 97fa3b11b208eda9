"""Business days and ends of days, in America/Los_Angeles, from the closed days that we own (``closed-days.toml``)."""

import tomllib
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
SATURDAY = 5


class CalendarName(StrEnum):
    """Whose closed days count: CalHR's for the state lines, the federal ones for commercial lines."""

    STATE = "state"
    FEDERAL = "federal"


class CalendarEndError(Exception):
    """A due day lies beyond the last year of the table; ``closed-days.toml`` needs its next years."""


def _read() -> dict[CalendarName, frozenset[date]]:
    table = tomllib.loads(files("policy").joinpath("editions/closed-days.toml").read_text(encoding="utf-8"))
    return {name: frozenset(date.fromisoformat(day) for day in table[name]) for name in CalendarName}


CLOSED_DAYS = _read()
LAST_YEAR = min(max(day.year for day in days) for days in CLOSED_DAYS.values())


@lru_cache(maxsize=4096)
def local_day(instant: datetime) -> date:
    """The day in Los Angeles on which an instant falls (Gov. Code 6806: a day runs from midnight to midnight)."""
    return instant.astimezone(LOS_ANGELES).date()


@lru_cache(maxsize=4096)
def end_of_day(day: date) -> datetime:
    """23:59:59 of a day in Los Angeles, in UTC: no source names an earlier hour for a day limit."""
    return datetime.combine(day, time(23, 59, 59), LOS_ANGELES).astimezone(UTC)


def is_business_day(day: date, calendar: CalendarName) -> bool:
    """Whether the plan works on a day: Monday to Friday, except the calendar's closed days."""
    return day.weekday() < SATURDAY and day not in CLOSED_DAYS[calendar]


@lru_cache(maxsize=4096)
def add_business_days(day: date, amount: int, calendar: CalendarName) -> date:
    """The day that lies ``amount`` business days after ``day``, which itself is day 0 (Gov. Code 6800).

    Raises CalendarEndError when the table of closed days does not reach that far.
    """
    while amount > 0:
        day += timedelta(days=1)
        if day.year > LAST_YEAR:
            raise CalendarEndError(f"closed-days.toml ends with {LAST_YEAR}: add {day.year}")
        amount -= is_business_day(day, calendar)
    return day


def last_business_day_by(day: date, calendar: CalendarName) -> date:
    """The last business day that is not after ``day``."""
    while not is_business_day(day, calendar):
        day -= timedelta(days=1)
    return day
