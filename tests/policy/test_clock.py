"""What a clock says of itself, when it rings, and how it ends."""

from datetime import UTC, datetime, timedelta

import pytest

from policy.request import LineOfBusiness, Priority
from policy.rule import Anchor, Obligation, Unit
from policy.timeframes import ANCHORS, ClockState, governing, spoken
from tests.policy.limits import MONDAY, SATURDAY, WARN_AT, a_clock, started
from tests.policy.steps import DAY, HOUR


def test_staff_act_by_17_00_on_the_last_business_day_that_is_not_after_the_due_day():
    due_on_a_saturday = a_clock(7, at=SATURDAY)

    assert spoken(due_on_a_saturday.act_by) == "Fri 2026-11-13 17:00 PST"
    assert spoken(a_clock(5, Unit.BUSINESS_DAYS).act_by) == "Mon 2026-11-09 17:00 PST"


@pytest.mark.parametrize(
    ("received", "act_by"),
    [
        pytest.param("2026-11-02T10:00-08:00", "Mon 2026-11-09 10:00 PST", id="7 times 24 hours end before 17:00"),
        pytest.param("2026-11-02T18:30-08:00", "Mon 2026-11-09 17:00 PST", id="7 times 24 hours end after 17:00"),
        pytest.param("2026-11-07T10:00-08:00", "Fri 2026-11-13 17:00 PST", id="due on a Saturday"),
        pytest.param("2026-10-30T19:00+00:00", "Fri 2026-11-06 11:00 PST", id="over the end of summer time"),
    ],
)
def test_a_limit_in_calendar_days_may_also_be_read_as_so_many_times_24_hours(received, act_by):
    assert spoken(a_clock(7, at=datetime.fromisoformat(received)).act_by) == act_by


def test_an_extension_counts_for_those_hours_too():
    longer = a_clock(7).extend(14, "42 CFR 438.210(d)(1)")

    assert spoken(longer.act_by) == "Mon 2026-11-23 10:00 PST"


def test_a_limit_in_business_days_has_no_such_reading():
    assert spoken(a_clock(5, Unit.BUSINESS_DAYS).act_by) == "Mon 2026-11-09 17:00 PST"


def test_staff_have_all_of_an_hour_limit_and_are_never_asked_to_act_before_the_clock_started():
    hours, saturday_for_one_day = a_clock(72, Unit.CLOCK_HOURS), a_clock(1, at=SATURDAY)

    assert hours.act_by == hours.due_at
    assert saturday_for_one_day.act_by == SATURDAY


def test_the_explanation_is_a_sentence_with_amount_anchor_and_citation():
    clock = started(Anchor.RECEIVED, MONDAY)[Obligation.DECISION_OUTER]

    assert clock.explanation == (
        "due Mon 2026-11-09 23:59 PST: 7 calendar days from receipt on Mon 2026-11-02 (42 CFR 438.210(d)(1))"
    )


def test_the_explanation_of_clock_hours_gives_the_hour_from_which_they_are_counted():
    clocks = started(Anchor.INFORMATION_COMPLETE, MONDAY, line=LineOfBusiness.COMMERCIAL, priority=Priority.EXPEDITED)

    assert clocks[Obligation.DECISION].explanation == (
        "due Thu 2026-11-05 10:00 PST: 72 clock hours from complete information on Mon 2026-11-02 10:00 PST "
        "(H&S 1367.01(h)(2))"
    )


@pytest.mark.parametrize("anchor", Anchor)
def test_the_explanation_names_every_anchor_in_words(anchor):
    clock = a_clock().model_copy(update={"anchor": anchor})

    assert f"7 calendar days from {ANCHORS[anchor]} on Mon 2026-11-02 (" in clock.explanation
    assert "_" not in ANCHORS[anchor]


def test_the_explanation_of_an_extended_clock_says_by_how_much_and_by_which_rule():
    longer = a_clock().extend(14, "42 CFR 438.210(d)(1)")

    assert longer.explanation == (
        "due Mon 2026-11-23 23:59 PST: 7 calendar days and 14 calendar days more (42 CFR 438.210(d)(1)) "
        "from receipt on Mon 2026-11-02 (H&S 1367.01(h)(1))"
    )


def test_the_explanation_of_a_limit_without_an_amount_names_the_decision_limit():
    clocks = started(Anchor.DECIDED, MONDAY, line=LineOfBusiness.D_SNP, limit=MONDAY + DAY)

    assert clocks[Obligation.MEMBER_NOTICE].explanation == (
        "due Tue 2026-11-03 10:00 PST: inside the decision limit, counted from the decision on Mon 2026-11-02 "
        "10:00 PST (42 CFR 422.568(b)(1))"
    )


def test_a_clock_ends_as_met_until_its_due_second_and_as_breached_after_it():
    clock = a_clock()

    assert clock.end(clock.due_at).state is ClockState.MET
    assert clock.end(clock.due_at + timedelta(seconds=1)).state is ClockState.BREACHED
    assert not clock.end(MONDAY).is_open


def test_a_waived_clock_knows_when_and_why_and_rings_no_more():
    clock = a_clock().waive(MONDAY + HOUR, "withdrawn")

    assert (clock.state, clock.ended_at, clock.cause) == (ClockState.WAIVED, MONDAY + HOUR, "withdrawn")
    assert clock.next_alarm(WARN_AT) is None


BREACHED = {"state": ClockState.BREACHED, "cause": "waiting for: Decide on medical necessity"}


def test_what_was_breached_stays_breached_with_its_cause_when_the_obligation_falls_away():
    late = a_clock().model_copy(update=BREACHED)

    ended = late.waive(MONDAY + 30 * DAY, "withdrawn")

    assert ended == late.model_copy(update={"ended_at": MONDAY + 30 * DAY})
    assert not ended.is_open


def test_what_turns_out_to_have_been_done_in_time_is_met_and_has_no_cause_any_more():
    late = a_clock().model_copy(update=BREACHED)

    in_time, too_late = late.end(late.due_at), late.end(late.due_at + HOUR)

    assert (in_time.state, in_time.cause, in_time.ended_at) == (ClockState.MET, "", late.due_at)
    assert (too_late.state, too_late.cause) == (ClockState.BREACHED, BREACHED["cause"])


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
