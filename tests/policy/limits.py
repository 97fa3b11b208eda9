"""Rows, clocks and limits: arrangements for the tests of how time is counted."""

from datetime import date, datetime
from typing import Any

from policy.calendar import LOS_ANGELES, CalendarName
from policy.edition import EDITIONS
from policy.request import Priority
from policy.rule import Anchor, Obligation, Timeframe, Unit
from policy.timeframes import Clock, clocks_from, due
from tests.builders import a_request

EDITION = EDITIONS[-1]
WARN_AT = (0.5, 0.8)

MONDAY = datetime(2026, 11, 2, 10, 0, tzinfo=LOS_ANGELES)  # Monday 2026-11-02
SATURDAY = datetime(2026, 11, 7, 10, 0, tzinfo=LOS_ANGELES)  # Saturday 2026-11-07


def a_row(amount: int, unit: Unit, calendar: CalendarName | None = None, *, capped: bool = False) -> Timeframe:
    return Timeframe.model_validate(
        {
            "id": "ROW",
            "lines": ["medi_cal"],
            "priorities": ["standard"],
            "from": date(2000, 1, 1),
            "obligation": "decision",
            "anchor": "received",
            "amount": amount,
            "unit": unit,
            "calendar": calendar,
            "inside_decision_limit": capped,
            "citation": "H&S 1367.01(h)(1)",
            "source": "a test",
        }
    )


def started(
    anchor: Anchor,
    at: datetime,
    *,
    priority: Priority = Priority.STANDARD,
    limit: datetime | None = None,
    received: datetime | None = None,
    **changes: Any,
) -> dict[Obligation, Clock]:
    """The clocks that an event starts, by obligation."""
    request = a_request(priority=priority, **changes)
    received_at = received or at
    rows: dict[str, Any] = {"request": request, "priority": priority, "received_at": received_at, "edition": EDITION}
    return {c.obligation: c for c in clocks_from(anchor, at, decision_limit=limit, **rows)}


def a_clock(amount: int = 7, unit: Unit = Unit.CALENDAR_DAYS, at: datetime = MONDAY) -> Clock:
    row = a_row(amount, unit, CalendarName.STATE if unit is Unit.BUSINESS_DAYS else None)
    return Clock(
        id="decision:ROW",
        obligation=row.obligation,
        rule=row.id,
        citation=row.citation,
        anchor=row.anchor,
        anchored_at=at,
        amount=amount,
        unit=unit,
        calendar=row.calendar,
        due_at=due(at, row),
    )
