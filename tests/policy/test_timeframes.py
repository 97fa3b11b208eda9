"""How limits are counted, and what a clock says of itself."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.calendar import LOS_ANGELES, CalendarName, local_day
from policy.edition import EDITIONS, Anchor, Obligation, Timeframe, Unit
from policy.request import LineOfBusiness, Priority
from policy.timeframes import Clock, ClockState, clocks_from, due, governing, spoken
from tests.builders import a_request
from tests.policy.steps import DAY, HOUR

EDITION = EDITIONS[-1]
STANDARD = Priority.STANDARD
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
    priority: Priority = STANDARD,
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


# -- a clock


def test_staff_act_by_17_00_on_the_last_business_day_that_is_not_after_the_due_day():
    due_on_a_saturday = a_clock(7, at=SATURDAY)

    assert spoken(due_on_a_saturday.act_by) == "Fri 2026-11-13 17:00 PST"
    assert spoken(a_clock(5, Unit.BUSINESS_DAYS).act_by) == "Mon 2026-11-09 17:00 PST"


def test_staff_have_all_of_an_hour_limit_and_are_never_asked_to_act_before_the_clock_started():
    hours, saturday_for_one_day = a_clock(72, Unit.CLOCK_HOURS), a_clock(1, at=SATURDAY)

    assert hours.act_by == hours.due_at
    assert saturday_for_one_day.act_by == SATURDAY


def test_the_explanation_is_a_sentence_with_amount_anchor_and_citation():
    clock = started(Anchor.RECEIVED, MONDAY)[Obligation.DECISION_OUTER]

    assert clock.explanation == (
        "due Mon 2026-11-09 23:59 PST: 7 calendar days from received on Mon 2026-11-02 10:00 PST (42 CFR 438.210(d)(1))"
    )


def test_the_explanation_of_a_limit_without_an_amount_names_the_decision_limit():
    clocks = started(Anchor.DECIDED, MONDAY, line=LineOfBusiness.D_SNP, limit=MONDAY + DAY)

    assert "the decision limit itself" in clocks[Obligation.MEMBER_NOTICE].explanation


def test_a_clock_ends_as_met_until_its_due_second_and_as_breached_after_it():
    clock = a_clock()

    assert clock.end(clock.due_at).state is ClockState.MET
    assert clock.end(clock.due_at + timedelta(seconds=1)).state is ClockState.BREACHED
    assert not clock.end(MONDAY).is_open


def test_a_waived_clock_knows_when_and_why_and_rings_no_more():
    clock = a_clock().waive(MONDAY + HOUR, "withdrawn")

    assert (clock.state, clock.ended_at, clock.cause) == (ClockState.WAIVED, MONDAY + HOUR, "withdrawn")
    assert clock.next_alarm(WARN_AT) is None


def test_a_clock_rings_at_half_at_four_fifths_and_at_its_end_and_then_no_more():
    clock = a_clock(100, Unit.CLOCK_HOURS)

    rings = [clock.model_copy(update={"warnings": n}).next_alarm(WARN_AT) for n in range(3)]
    breached = clock.model_copy(update={"state": ClockState.BREACHED, "warnings": 2})

    assert rings == [MONDAY.astimezone(UTC) + n * HOUR for n in (50, 80, 100)]
    assert breached.next_alarm(WARN_AT) is None
    assert breached.is_open


def test_the_governing_clock_is_the_open_one_that_is_due_first():
    soon, late, ended = a_clock(2), a_clock(9), a_clock(1).end(MONDAY)

    assert governing((late, ended, soon)) == soon
    assert governing((late, soon), Obligation.PLACEMENT) is None


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
