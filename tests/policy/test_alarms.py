"""What time does to a case: it warns, reminds, escalates and records; it never decides."""

import pytest

from policy.alarms import WHAT_FALLS_DUE, next_alarm, ring
from policy.case import Case
from policy.particulars import NoticeKind
from policy.request import LineOfBusiness
from policy.rule import Anchor, Obligation
from policy.timeframes import spoken
from tests.builders import CASE_MANAGER, MONDAY, a_report
from tests.policy.steps import (
    DAY,
    HOUR,
    denied,
    does,
    finished,
    letters_left,
    next_hour,
    opened,
    pending,
    placed,
    withdrawn,
)


def events(case: Case, since: Case) -> list[str]:
    return [f"{e.event}: {e.text}" for e in case.story if e.seq > since.seq]


def a_72_hour_case(line: LineOfBusiness = LineOfBusiness.MEDICARE_ADVANTAGE) -> Case:
    """Expedited: 72 hours from Monday 2026-11-02 10:00 PST, a single limit unless the line is a state one."""
    return opened(line=line, priority="expedited")


# -- warnings


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        pytest.param(35.9, [], id="before half of the time"),
        pytest.param(36, ["clock:warned: 50% of the time for the determination has gone"], id="at half"),
        pytest.param(57.5, ["clock:warned: 50% of the time for the determination has gone"], id="before four fifths"),
        pytest.param(
            57.6,
            [
                "clock:warned: 50% of the time for the determination has gone",
                "clock:warned: 80% of the time for the determination has gone",
                "task:escalated: T1: Review the referral for completeness, to the supervisor",
            ],
            id="at four fifths",
        ),
    ],
)
def test_a_clock_warns_at_half_and_at_four_fifths_of_its_time(hours, told):
    case = a_72_hour_case()

    after = ring(case, MONDAY + hours * HOUR)

    assert events(after, since=case) == told


def test_expedited_medi_cal_has_two_limits_and_each_of_them_warns():
    case = a_72_hour_case(LineOfBusiness.MEDI_CAL)

    at_half, at_four_fifths = ring(case, MONDAY + 36 * HOUR), ring(case, MONDAY + 57.6 * HOUR)

    limits = [(c.obligation, c.rule, c.anchor, c.due_at) for c in case.clocks]
    assert limits == [
        (Obligation.DECISION, "MCAL-EXP", Anchor.RECEIVED, MONDAY + 72 * HOUR),
        (Obligation.DECISION_OUTER, "KK-URG", Anchor.INFORMATION_COMPLETE, MONDAY + 72 * HOUR),
    ]
    assert events(at_half, since=case) == [
        f"clock:warned: 50% of the time for {WHAT_FALLS_DUE[obligation]} has gone" for obligation, *_ in limits
    ]
    assert [c.warnings for c in at_half.clocks] == [1, 1]
    assert [c.warnings for c in at_four_fifths.clocks] == [2, 2]


@pytest.mark.parametrize("line", [LineOfBusiness.MEDICARE_ADVANTAGE, LineOfBusiness.MEDI_CAL])
def test_what_has_rung_does_not_ring_again(line):
    case = ring(a_72_hour_case(line), MONDAY + 40 * HOUR)

    assert ring(case, MONDAY + 41 * HOUR) == case
    assert ring(overdue := ring(case, MONDAY + 90 * HOUR), MONDAY + 91 * HOUR) == overdue


def test_ringing_step_by_step_and_all_at_once_come_to_the_same():
    case = a_72_hour_case()

    at_once = ring(case, MONDAY + 4 * DAY)
    step_by_step = case
    while (alarm := next_alarm(step_by_step)) is not None and alarm.at <= MONDAY + 4 * DAY:
        step_by_step = ring(step_by_step, alarm.at)

    assert [e.event for e in step_by_step.story] == [e.event for e in at_once.story]
    assert step_by_step.clocks == at_once.clocks


def test_two_limits_ring_all_at_once_as_they_do_step_by_step_but_for_the_order():
    case = at_once = step_by_step = a_72_hour_case(LineOfBusiness.MEDI_CAL)

    at_once = ring(case, MONDAY + 4 * DAY)
    while (alarm := next_alarm(step_by_step)) is not None and alarm.at <= MONDAY + 4 * DAY:
        step_by_step = ring(step_by_step, alarm.at)

    assert sorted(events(step_by_step, since=case)) == sorted(events(at_once, since=case))
    assert step_by_step.clocks == at_once.clocks
    assert [(t.kind, t.escalated) for t in step_by_step.tasks] == [(t.kind, t.escalated) for t in at_once.tasks]


def test_the_next_alarm_says_in_plain_words_what_it_is_about():
    case = a_72_hour_case(LineOfBusiness.MEDI_CAL)

    first, last = next_alarm(case), next_alarm(ring(case, MONDAY + 60 * HOUR))

    assert first is not None
    assert last is not None
    assert (spoken(first.at), first.label) == ("Tue 2026-11-03 22:00 PST", "Warning before: The determination")
    assert (spoken(last.at), last.label) == ("Thu 2026-11-05 10:00 PST", "The determination falls due")


def test_the_earliest_alarm_of_all_clocks_is_next():
    case = opened(imminent_threat=True)

    alarm = next_alarm(case)

    assert alarm is not None
    assert alarm.label == "Warning before: The urgent second opinion"


@pytest.mark.parametrize(
    "case", [finished(denied()), withdrawn(), letters_left(denied())], ids=["closed", "withdrawn", "all letters left"]
)
def test_a_case_that_waits_for_nothing_has_no_alarm(case):
    assert next_alarm(case) is None
    assert ring(case, next_hour(case) + 400 * DAY) == case


def test_every_obligation_has_its_words():
    assert set(WHAT_FALLS_DUE) == set(Obligation)


# -- reminders


@pytest.mark.parametrize(
    ("case", "kind", "days"),
    [
        pytest.param(pending(), NoticeKind.INFORMATION_REMINDER, 3, id="information"),
        pytest.param(placed(), NoticeKind.REPORT_REMINDER, 30, id="report"),
    ],
)
def test_whom_we_wait_for_is_reminded_twice_before_the_time_is_gone(case, kind, days):
    half = next_hour(case) + days * DAY * 0.6

    after_half, after_all = ring(case, half), ring(case, next_hour(case) + 2 * days * DAY)

    assert [n.kind for n in after_half.notices].count(kind) == 1
    assert [n.kind for n in after_all.notices].count(kind) == 2
    assert len({n.key for n in after_all.notices}) == len(after_all.notices)


def test_nobody_is_reminded_of_what_has_come():
    case = does(placed(), CASE_MANAGER, "receive_report", **a_report())

    after = ring(case, next_hour(case) + 60 * DAY)

    assert NoticeKind.REPORT_REMINDER not in {n.kind for n in after.notices}
