"""When a determination, a notice, a reply or a report falls due. Policy 90.2.17, Policy (POL-4); P&P 10.2.11.

Counting: clock hours are elapsed time in UTC, through weekends, holidays and changes of summer time (42 CFR 422.572).
Days are local days in Los Angeles; the day of receipt is day 0 (Gov. Code 6800); a day limit ends at 23:59:59. Calendar
days never roll over a weekend.
"""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from pydantic import AwareDatetime

from policy.calendar import (
    LOS_ANGELES,
    CalendarName,
    add_business_days,
    end_of_day,
    last_business_day_by,
    local_day,
)
from policy.edition import Anchor, Edition, Obligation, Timeframe, Unit
from policy.request import Priority, Request
from policy.verdict import Value

CLOSE_OF_BUSINESS = time(17)
DECISION_LIMITS = (Obligation.DECISION, Obligation.DECISION_OUTER)


class ClockState(StrEnum):
    """Where a clock stands."""

    RUNNING = "running"
    MET = "met"
    BREACHED = "breached"
    WAIVED = "waived"


class Clock(Value):
    """One obligation that runs: which rule, from when, until when, and how it ended."""

    id: str
    obligation: Obligation
    rule: str
    citation: str
    anchor: Anchor
    anchored_at: AwareDatetime
    amount: int
    unit: Unit
    calendar: CalendarName | None = None
    due_at: AwareDatetime
    state: ClockState = ClockState.RUNNING
    warnings: int = 0
    ended_at: AwareDatetime | None = None
    cause: str = ""

    @property
    def act_by(self) -> datetime:
        """When staff should be done: 17:00 on the last business day not after the due day; for hours, the due time."""
        if self.unit is Unit.CLOCK_HOURS:
            return self.due_at
        day = last_business_day_by(local_day(self.due_at), self.calendar or CalendarName.STATE)
        return max(self.anchored_at, datetime.combine(day, CLOSE_OF_BUSINESS, LOS_ANGELES).astimezone(UTC))

    @property
    def is_open(self) -> bool:
        """Whether the obligation still stands: running, or breached and not yet done."""
        return self.ended_at is None

    def next_alarm(self, warn_at: tuple[float, ...]) -> datetime | None:
        """When the clock next wants attention: its next warning, then its end; None once it has rung out."""
        if self.state is not ClockState.RUNNING:
            return None
        if self.warnings < len(warn_at):
            return self.anchored_at + (self.due_at - self.anchored_at) * warn_at[self.warnings]
        return self.due_at

    def end(self, at: datetime) -> "Clock":
        """The obligation was carried out at ``at``: in time, or too late."""
        in_time = at <= self.due_at
        return self.model_copy(update={"state": ClockState.MET if in_time else ClockState.BREACHED, "ended_at": at})

    def waive(self, at: datetime, cause: str) -> "Clock":
        """The obligation fell away at ``at`` (the request was withdrawn, say)."""
        return self.model_copy(update={"state": ClockState.WAIVED, "ended_at": at, "cause": cause})

    @property
    def explanation(self) -> str:
        """The due time in a sentence with its citation, in Los Angeles time."""
        what = f"{self.amount} {self.unit.replace('_', ' ')}" if self.amount else "the decision limit itself, counted"
        anchor = f"{self.anchor.replace('_', ' ')} on {spoken(self.anchored_at)}"
        return f"due {spoken(self.due_at)}: {what} from {anchor} ({self.citation})"


def spoken(instant: datetime) -> str:
    """An instant as staff read it: ``Fri 2026-11-27 23:59 PST``."""
    return f"{instant.astimezone(LOS_ANGELES):%a %Y-%m-%d %H:%M %Z}"


def due(anchored_at: datetime, row: Timeframe) -> datetime:
    """The end of a limit in UTC, counted from ``anchored_at`` by the row's amount, unit and calendar."""
    match row.unit:
        case Unit.CLOCK_HOURS:
            return anchored_at.astimezone(UTC) + timedelta(hours=row.amount)
        case Unit.CALENDAR_DAYS:
            return end_of_day(local_day(anchored_at) + timedelta(days=row.amount))
        case Unit.BUSINESS_DAYS:
            calendar = row.calendar or CalendarName.STATE
            return end_of_day(add_business_days(local_day(anchored_at), row.amount, calendar))


def clocks_from(
    anchor: Anchor,
    at: datetime,
    *,
    request: Request,
    priority: Priority,
    received_at: datetime,
    edition: Edition,
    decision_limit: datetime | None = None,
) -> tuple[Clock, ...]:
    """The clocks that an event starts. The rows are those in force on the day of receipt, whatever day the event is.

    ``decision_limit`` caps the notices of Medicare lines and of Cal MediConnect; a cap never precedes its anchor.
    """
    rows = edition.timeframes(request, priority, local_day(received_at))
    return tuple(_clock(row, at, decision_limit) for row in rows if row.anchor is anchor)


def _due_within(row: Timeframe, at: datetime, decision_limit: datetime | None) -> datetime:
    limits = [due(at, row)] if row.amount else []
    if row.inside_decision_limit and decision_limit:
        limits.append(decision_limit)
    return max(at, min(limits, default=at))


def _clock(row: Timeframe, at: datetime, decision_limit: datetime | None) -> Clock:
    return Clock(
        id=f"{row.obligation}:{row.id}",
        obligation=row.obligation,
        rule=row.id,
        citation=row.citation,
        anchor=row.anchor,
        anchored_at=at,
        amount=row.amount,
        unit=row.unit,
        calendar=row.calendar,
        due_at=_due_within(row, at, decision_limit),
    )


def governing(clocks: tuple[Clock, ...], *obligations: Obligation) -> Clock | None:
    """The open clock that is due first, of the given obligations or of all."""
    standing = (c for c in clocks if c.is_open and (not obligations or c.obligation in obligations))
    return min(standing, key=lambda c: (c.due_at, c.id), default=None)
