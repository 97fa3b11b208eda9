"""When a determination, a notice, a reply or a report falls due. Policy 90.2.17, Policy (POL-4); P&P 10.2.11.

Counting: clock hours are elapsed time in UTC, through weekends, holidays and changes of summer time (42 CFR 422.572).
Days are local days in Los Angeles; the day of receipt is day 0 (Gov. Code 6800); a day limit ends at 23:59:59. Calendar
days never roll over a weekend.
"""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache

from pydantic import AwareDatetime

from policy.calendar import (
    LOS_ANGELES,
    CalendarName,
    add_business_days,
    end_of_day,
    last_business_day_by,
    local_day,
)
from policy.edition import Edition
from policy.request import Priority
from policy.rule import Anchor, Circumstances, Decided, Extension, Obligation, Timeframe, Unit
from policy.verdict import Value

CLOSE_OF_BUSINESS = time(17)
ANCHORS = {
    Anchor.RECEIVED: "receipt",
    Anchor.INFORMATION_COMPLETE: "complete information",
    Anchor.INFORMATION_REQUESTED: "the request for information",
    Anchor.DECIDED: "the decision",
    Anchor.APPROVED: "the approval",
    Anchor.PLACED: "the placement",
    Anchor.PLACEMENT_ENDED: "the end of the earlier placement",
    Anchor.VISIT: "the visit",
    Anchor.VISIT_MISSED: "the missed visit",
    Anchor.ORAL_NOTICE: "the oral notice",
    Anchor.EXPEDITE_REFUSED: "the refusal to expedite",
}
DECISION_LIMITS = (Obligation.DECISION, Obligation.DECISION_OUTER)


class ClockState(StrEnum):
    """Where a clock stands."""

    RUNNING = "running"
    MET = "met"
    BREACHED = "breached"
    WAIVED = "waived"
    PAUSED = "paused_by_law"


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
    is_capped: bool = False
    extended_by: int = 0
    extension_note: str = ""
    extension_citation: str = ""

    @property
    def act_by(self) -> datetime:
        """When staff should be done: 17:00 on the last business day not after the due day; for hours, the due time.

        A limit in calendar days can also be read as so many times 24 hours; the earlier of the two counts here.
        """
        if self.unit is Unit.CLOCK_HOURS:
            return self.due_at
        day = last_business_day_by(local_day(self.due_at), self.calendar or CalendarName.STATE)
        close = min(self.due_at, datetime.combine(day, CLOSE_OF_BUSINESS, LOS_ANGELES).astimezone(UTC))
        if self.unit is Unit.CALENDAR_DAYS:
            close = min(close, self.anchored_at.astimezone(UTC) + timedelta(days=self.amount + self.extended_by))
        return max(self.anchored_at, close)

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
        if at <= self.due_at:  # also when the news of it came only after the due time
            return self.model_copy(update={"state": ClockState.MET, "ended_at": at, "cause": ""})
        return self.model_copy(update={"state": ClockState.BREACHED, "ended_at": at})

    def reopen(self, at: datetime, cause: str) -> "Clock":
        """What met the obligation counts no more, at ``at``: it stands again, until the same time as before."""
        if at <= self.due_at:
            return self.model_copy(update={"state": ClockState.RUNNING, "ended_at": None, "cause": ""})
        return self.model_copy(update={"state": ClockState.BREACHED, "ended_at": None, "cause": cause})

    def waive(self, at: datetime, cause: str) -> "Clock":
        """The obligation fell away at ``at`` (the request was withdrawn, say). What was breached stays breached."""
        if self.state is ClockState.BREACHED:
            return self.model_copy(update={"ended_at": at})
        return self.model_copy(update={"state": ClockState.WAIVED, "ended_at": at, "cause": cause})

    def pause(self, at: datetime, cause: str) -> "Clock":
        """The law holds the clock at ``at``; when its event comes again, another one runs afresh."""
        return self.model_copy(update={"state": ClockState.PAUSED, "ended_at": at, "cause": cause})

    def extend(self, days: int, citation: str, *, from_receipt: datetime | None = None) -> "Clock":
        """So many calendar days more, at the same hour in Los Angeles; or so many in all, counted from receipt."""
        if from_receipt is not None:
            longer = max(self.due_at, end_of_day(local_day(from_receipt) + timedelta(days=days)))
            note = f"extended to {days} calendar days in all"
        else:
            longer = (self.due_at.astimezone(LOS_ANGELES) + timedelta(days=days)).astimezone(UTC)
            note = f"and {days} calendar days more"
        extended = {"due_at": longer, "extended_by": days, "extension_note": note, "extension_citation": citation}
        return self.model_copy(update=extended)

    def no_earlier_than(self, instant: datetime, row: Extension) -> "Clock":
        """The clock beside one that was extended: it ends no earlier than that one."""
        if self.due_at >= instant:
            return self
        note = "moved with the extension of the other limit"
        moved = {"due_at": instant, "extended_by": row.days, "extension_note": note, "extension_citation": row.citation}
        return self.model_copy(update=moved)

    @property
    def span(self) -> str:
        """The limit as an adjective: ``5-business-day``."""
        return f"{self.amount}-{self.unit.replace('_', '-').removesuffix('s')}"

    @property
    def explanation(self) -> str:
        """The due time in a sentence with its citation, in Los Angeles time."""
        what = f"{self.amount} {self.unit.replace('_', ' ')}" if self.amount else "inside the decision limit, counted"
        if self.extended_by:
            what += f" {self.extension_note} ({self.extension_citation})"
        when = (
            spoken(self.anchored_at) if self.unit is Unit.CLOCK_HOURS else f"{local_day(self.anchored_at):%a %Y-%m-%d}"
        )
        anchor = f"{ANCHORS[self.anchor]} on {when}"
        if self.is_capped and self.amount:
            anchor += ", inside the decision limit"
        return f"due {spoken(self.due_at)}: {what} from {anchor} ({self.citation})"


@lru_cache(maxsize=4096)
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
    request: Circumstances,
    priority: Priority,
    received_at: datetime,
    edition: Edition,
    decision_limit: datetime | None = None,
    outcome: Decided | None = None,
    generation: int | None = None,
) -> tuple[Clock, ...]:
    """The clocks that an event starts. The rows are those in force on the day of receipt, whatever day the event is.

    ``decision_limit`` caps what must be done inside the decision limit, and so do the decision clocks that the same
    event starts; a cap never precedes its anchor. ``outcome`` chooses between limits that depend on it.
    ``generation`` is the case's: a row that came later is not for it.
    """
    day = local_day(received_at)
    rows = [row for row in edition.timeframes(request, priority, day) if row.anchor is anchor]
    rows = [row for row in rows if generation is None or row.since_generation <= generation]
    rows = [row for row in rows if outcome is None or not row.outcomes or outcome in row.outcomes]
    limits = [due(at, row) for row in rows if row.obligation in DECISION_LIMITS]
    cap = min([*limits, *filter(None, (decision_limit,))], default=None)
    return tuple(_clock(row, at, cap) for row in rows)


def _clock(row: Timeframe, at: datetime, decision_limit: datetime | None) -> Clock:
    own = due(at, row) if row.amount else None
    cap = decision_limit if row.inside_decision_limit else None
    ends = max(at, min(filter(None, (own, cap)), default=at))
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
        due_at=ends,
        is_capped=own is not None and ends != own,
    )


def longer(clocks: tuple[Clock, ...], row: Extension, from_receipt: datetime | None) -> tuple[Clock, ...]:
    """The limits after a lawful extension. It moves the one that is counted from the request.

    One that is counted from the information then ends no earlier, or it would make the extension useless.
    """
    moved = {
        c.id: c.extend(row.days, row.citation, from_receipt=from_receipt) for c in clocks if c.anchor is Anchor.RECEIVED
    }
    latest = max((c.due_at for c in moved.values()), default=None)
    return tuple(moved.get(c.id) or (c.no_earlier_than(latest, row) if latest else c) for c in clocks)


def governing(clocks: tuple[Clock, ...], *obligations: Obligation) -> Clock | None:
    """The open clock that is due first, of the given obligations or of all."""
    standing = (c for c in clocks if c.is_open and (not obligations or c.obligation in obligations))
    return min(standing, key=lambda c: (c.due_at, c.id), default=None)
