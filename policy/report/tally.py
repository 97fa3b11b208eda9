"""Counting for the tables: numbers by row and column, and stretches of time, with little memory. P12."""

from array import array
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from policy.calendar import CalendarName, is_business_day, local_day
from policy.report.shape import Basis, Cell, Column, Drill, Kind, Row, Share, tenth
from policy.report.words import words

HOUR = 3600
TOTAL = "all"
Where = tuple[tuple[str, str], ...]


class Spans:
    """Stretches of time in whole seconds: how many, median, mean, 90th percentile."""

    def __init__(self) -> None:
        self._seconds = array("q")

    def add(self, start: datetime, end: datetime) -> None:
        """One more; none is shorter than nothing."""
        self._seconds.append(max(0, int((end - start).total_seconds())))

    def __len__(self) -> int:
        return len(self._seconds)

    def median(self) -> Decimal | None:
        """In hours: the middle one, or halfway between the two in the middle."""
        return _hours(middle(sorted(self._seconds)))

    def mean(self) -> Decimal | None:
        """In hours."""
        return _hours(Decimal(sum(self._seconds)) / len(self)) if self._seconds else None

    def percentile(self, part: int) -> Decimal | None:
        """In hours: the smallest one that at least ``part`` percent do not exceed (nearest rank)."""
        if not self._seconds:
            return None
        return _hours(Decimal(sorted(self._seconds)[-(-len(self) * part // 100) - 1]))

    def cells(self) -> tuple[Cell, Cell, Cell]:
        """Median, mean, 90th percentile."""
        return Cell(amount=self.median()), Cell(amount=self.mean()), Cell(amount=self.percentile(90))


HOURS = (
    Column(id="median", title="Median, hours", kind=Kind.HOURS),
    Column(id="mean", title="Mean, hours", kind=Kind.HOURS),
    Column(id="p90", title="90th percentile, hours", kind=Kind.HOURS),
)


class Numbers:
    """How many, by row and column."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._rows: dict[str, str] = {}

    def add(self, codes: Iterable[object], column: str) -> None:
        """One more in a column, in the rows of these codes and in the row of all."""
        self.one(TOTAL, "All", column)
        for code in codes:
            row = str(code)
            self.one(row, self._rows.get(row) or words(code), column)

    def one(self, row: str, label: str, column: str) -> None:
        """One more in a cell."""
        self._rows.setdefault(row, label)
        self._counts[row, column] += 1

    def of(self, row: str, column: str) -> int:
        """How many there are in a cell."""
        return self._counts[row, column]

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The rows but that of all, by their labels: ids and labels."""
        named = ((row, label) for row, label in self._rows.items() if row != TOTAL)
        return sorted(named, key=lambda one: (one[1].casefold(), one[0]))


def number(count: int, drill: Drill | None = None) -> Cell:
    """A count; nothing is listed of none."""
    return Cell(count=count, drill=drill if count else None)


def share(part: int, of: int, drill: Drill | None = None) -> Cell:
    """So many of so many."""
    return Cell(share=Share(part=part, of=of), drill=drill if part else None)


def drill(basis: Basis, *where: tuple[str, object]) -> Drill:
    """How the cases of a cell are listed."""
    return Drill(basis=basis, where=tuple((name, str(value)) for name, value in where))


def total(cells: tuple[Cell, ...]) -> Row:
    """The row of all."""
    return Row(id=TOTAL, label="All", cells=cells, is_total=True)


def middle(ordered: list[int]) -> Decimal | None:
    """The median of what is in order; None of nothing."""
    if not ordered:
        return None
    half = len(ordered) // 2
    return Decimal(ordered[half]) if len(ordered) % 2 else Decimal(ordered[half - 1] + ordered[half]) / 2


@lru_cache(maxsize=8192)
def business_days(start: datetime, end: datetime) -> int:
    """Business days of the state's calendar after the day of ``start`` up to that of ``end`` (day 0 is the start's)."""
    first, last = local_day(start), local_day(end)
    days = (first.fromordinal(n) for n in range(first.toordinal() + 1, last.toordinal() + 1))
    return sum(is_business_day(day, CalendarName.STATE) for day in days)


def _hours(seconds: Decimal | None) -> Decimal | None:
    return None if seconds is None else tenth(seconds / HOUR)
