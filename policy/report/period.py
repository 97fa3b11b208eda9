"""What a report is about: days in Los Angeles, from the first to the last, both inclusive. Policy 90.2.17, P12."""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Self

from pydantic import model_validator

from policy.calendar import LOS_ANGELES, CalendarName, is_business_day, local_day
from policy.verdict import Value

QUARTER = re.compile(r"(\d{4})-?[Qq]([1-4])")
MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
YEAR = re.compile(r"(\d{4})")
DAYS = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")
WRITTEN = "2026-Q3, 2026, 2026-10 or 2026-07-01..2026-09-30"
MONTHS, QUARTERS = 12, 4
DAY = timedelta(days=1)


class Period(Value):
    """A stretch of whole days in Los Angeles."""

    first: date
    last: date

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.last < self.first:
            raise ValueError("the last day lies before the first; write the earlier day first")
        return self

    @property
    def name(self) -> str:
        """As people write it: ``2026-Q3``, ``2026``, ``2026-10``, or both days."""
        for named in (self._year_name, self._quarter_name, self._month_name):
            if parsed(named).days == self.days:
                return named
        return f"{self.first}..{self.last}"

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day."""
        return self.first, self.last

    @property
    def begins(self) -> datetime:
        """The first instant of it: midnight in Los Angeles, in UTC."""
        return _midnight(self.first)

    @property
    def ends(self) -> datetime:
        """The first instant after it, in UTC."""
        return _midnight(self.last + DAY)

    def holds(self, instant: datetime | None) -> bool:
        """Whether something happened in it; what has not happened has not."""
        return instant is not None and _midnight(self.first) <= instant < _midnight(self.last + DAY)

    @property
    def _year_name(self) -> str:
        return f"{self.first:%Y}"

    @property
    def _quarter_name(self) -> str:
        return quarter_of(self.first)

    @property
    def _month_name(self) -> str:
        return f"{self.first:%Y-%m}"


@lru_cache(maxsize=1024)
def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), LOS_ANGELES).astimezone(UTC)


def parsed(text: str) -> Period:
    """The period that a person writes. Raises ValueError with how it is written."""
    said = text.strip()
    try:
        if found := QUARTER.fullmatch(said):
            year, number = int(found[1]), int(found[2])
            return Period(first=date(year, 3 * number - 2, 1), last=_end_of_month(year, 3 * number))
        if found := MONTH.fullmatch(said):
            return Period(first=date(int(found[1]), int(found[2]), 1), last=_end_of_month(int(found[1]), int(found[2])))
        if found := YEAR.fullmatch(said):
            return Period(first=date(int(found[1]), 1, 1), last=date(int(found[1]), 12, 31))
        if found := DAYS.fullmatch(said):
            first, last = date.fromisoformat(found[1]), date.fromisoformat(found[2])
            if first <= last:
                return Period(first=first, last=last)
    except ValueError:
        pass
    raise ValueError(f"{said or 'an empty period'} is no period; write {WRITTEN}")


def quarter_of(day: date) -> str:
    """The quarter of a day: ``2026-Q4``."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def month_of(instant: datetime) -> str:
    """The month in Los Angeles in which an instant lies: ``2026-11``."""
    return f"{local_day(instant):%Y-%m}"


def quarter_of_month(month: str) -> str:
    """The quarter of a month: ``2026-11`` lies in ``2026-Q4``."""
    return f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}"


def looking_back(period: Period, quarters: int) -> Period:
    """The period with as many whole quarters as make ``quarters`` in all, its last one the quarter of its last day."""
    end = period.last.year * QUARTERS + (period.last.month - 1) // 3
    start = end - quarters + 1
    first = date(start // QUARTERS, start % QUARTERS * 3 + 1, 1)
    return Period(first=min(first, period.first), last=period.last)


def quarter_before(day: date) -> Period:
    """The whole quarter before the one of a day: what is reported on the first business day after it."""
    first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    return parsed(quarter_of(first - timedelta(days=1)))


def report_day(period: Period, calendar: CalendarName = CalendarName.STATE) -> date:
    """The first business day after the period."""
    day = period.last + timedelta(days=1)
    while not is_business_day(day, calendar):
        day += timedelta(days=1)
    return day


def _end_of_month(year: int, month: int) -> date:
    after = date(year + month // MONTHS, month % MONTHS + 1, 1)
    return after - timedelta(days=1)
