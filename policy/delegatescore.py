"""How well a delegate keeps the plan's terms: a score with its parts, over time. Policy 90.2.17, Procedure 10 (P10).

What counts is how the copy came: a finding that was mended later still counts, one that was waived does not. The marks
are the edition's (CalOptima GG.1619: pass 95 percent, sanctions possible under 80). Rates are parts of one.
"""

from datetime import datetime
from enum import StrEnum
from math import sqrt

from policy.calendar import local_day
from policy.delegatefindings import Finding, Part, Result
from policy.delegation import Delegation
from policy.verdict import Value

Z = 1.959964  # 95 percent, two-sided


class Period(StrEnum):
    """By which stretches of time a score is given; the day of the decision in Los Angeles counts."""

    MONTH = "month"
    QUARTER = "quarter"


class Standing(StrEnum):
    """Where a rate lies between the marks."""

    PASSES = "passes"
    BELOW = "below the pass mark"
    SANCTIONABLE = "sanctions possible"


class Rate(Value):
    """So many of so many, with Wilson's 95 percent interval: of few packets a rate says little."""

    n: int
    passed: int

    @property
    def rate(self) -> float | None:
        """The part that passed; None of none."""
        return self.passed / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's score interval; None of none."""
        if not self.n:
            return None
        part, square = self.passed / self.n, Z * Z / self.n
        middle = part + square / 2
        half = Z * sqrt(part * (1 - part) / self.n + square / (4 * self.n))
        return max((middle - half) / (1 + square), 0.0), min((middle + half) / (1 + square), 1.0)

    def __add__(self, other: "Rate") -> "Rate":
        return Rate(n=self.n + other.n, passed=self.passed + other.passed)


NOTHING = Rate(n=0, passed=0)


class Measured(Value):
    """What is counted of some packets of one delegate in one month (``2026-11``): whole packets, and their checks."""

    delegate: str
    month: str
    packets: Rate
    parts: dict[Part, Rate]


class Score(Value):
    """A delegate's score: ``packets`` without a fault, and each part's checks. ``period`` is empty for all time."""

    delegate: str
    period: str
    packets: Rate
    parts: dict[Part, Rate]

    def standing(self, terms: Delegation) -> Standing:
        """Where the part of faultless packets lies between the marks."""
        rate = self.packets.rate
        if rate is None or rate >= terms.pass_mark:
            return Standing.PASSES
        return Standing.SANCTIONABLE if rate < terms.sanction_mark else Standing.BELOW


def month_of(decided_at: datetime) -> str:
    """The month in which a decision counts: ``2026-11``."""
    return f"{local_day(decided_at):%Y-%m}"


def measured(delegate: str, decided_at: datetime, findings: tuple[Finding, ...]) -> Measured:
    """One packet, counted."""
    parts: dict[Part, Rate] = {}
    for finding in findings:
        if finding.result is not Result.NOT_ASKED:
            one = Rate(n=1, passed=int(not finding.counts_against))
            parts[finding.part] = parts.get(finding.part, NOTHING) + one
    whole = Rate(n=1, passed=int(not any(f.counts_against for f in findings)))
    return Measured(delegate=delegate, month=month_of(decided_at), packets=whole, parts=parts)


def scores(counted: tuple[Measured, ...], by: Period | None = None) -> tuple[Score, ...]:
    """A score per delegate, and per period when asked; by name, then by time."""
    found: dict[tuple[str, str], Score] = {}
    for one in counted:
        key = (one.delegate, _period(one.month, by))
        before = found.get(key) or Score(delegate=key[0], period=key[1], packets=NOTHING, parts={})
        parts = {part: before.parts.get(part, NOTHING) + one.parts.get(part, NOTHING) for part in Part}
        found[key] = before.model_copy(update={"packets": before.packets + one.packets, "parts": parts})
    return tuple(found[key] for key in sorted(found))


def _period(month: str, by: Period | None) -> str:
    if by is None:
        return ""
    year, number = month.split("-")
    return month if by is Period.MONTH else f"{year}-Q{(int(number) + 2) // 3}"
