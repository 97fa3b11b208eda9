"""What time does to a case: it warns, reminds, escalates and records; it never decides."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.alarms import WHAT_FALLS_DUE, next_alarm, ring
from policy.case import Case
from policy.edition import Obligation
from policy.particulars import NoticeKind
from policy.request import LineOfBusiness
from policy.tasks import TaskKind
from policy.timeframes import ClockState, spoken
from tests.builders import CASE_MANAGER, CMO, MONDAY, a_report
from tests.policy.steps import (
    DAY,
    HOUR,
    approved,
    denied,
    does,
    finished,
    in_review,
    letters_left,
    next_hour,
    opened,
    pending,
    placed,
    withdrawn,
)

MONDAY_2022 = datetime.fromisoformat("2022-03-07T10:15-08:00")
RECEIVED = {line: MONDAY_2022 if line is LineOfBusiness.CMC else MONDAY for line in LineOfBusiness}
DEEMED = {LineOfBusiness.CMC, LineOfBusiness.MEDI_CAL, LineOfBusiness.MEDICARE_ADVANTAGE, LineOfBusiness.D_SNP}


def events(case: Case, since: Case) -> list[str]:
    return [f"{e.event}: {e.text}" for e in case.story if e.seq > since.seq]


def a_72_hour_case() -> Case:
    """Expedited: 72 hours from Monday 2026-11-02 10:00 PST."""
    return opened(priority="expedited")


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
            ],
            id="at four fifths",
        ),
    ],
)
def test_a_clock_warns_at_half_and_at_four_fifths_of_its_time(hours, told):
    case = a_72_hour_case()

    after = ring(case, MONDAY + hours * HOUR)

    assert events(after, since=case) == told


def test_what_has_rung_does_not_ring_again():
    case = ring(a_72_hour_case(), MONDAY + 40 * HOUR)

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


def test_the_next_alarm_says_in_plain_words_what_it_is_about():
    case = a_72_hour_case()

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


# -- the end of the time


def test_what_is_due_and_not_done_is_breached_with_its_cause_and_goes_to_the_supervisor():
    case = in_review(line=LineOfBusiness.COMMERCIAL)

    after = ring(case, MONDAY + 30 * DAY)

    (decision,) = after.clocks
    assert (decision.state, decision.cause) == (ClockState.BREACHED, "waiting for: Decide on medical necessity")
    assert decision.is_open
    assert [t.escalated for t in after.open_tasks] == [True]
    assert events(after, since=case)[-2:] == [
        "clock:breached: Overdue: the determination",
        "task:escalated: T2: Decide on medical necessity, to the supervisor",
    ]


def test_only_the_task_that_the_clock_waits_for_is_escalated():
    case = approved()

    after = ring(case, next_hour(case) + 2 * DAY)
    later = ring(case, next_hour(case) + 10 * DAY)

    assert [c.obligation for c in later.clocks if c.state is ClockState.BREACHED] == [
        Obligation.PROVIDER_NOTICE,
        Obligation.MEMBER_NOTICE,
        Obligation.PLACEMENT,
    ]
    assert [t.escalated for t in later.open_tasks] == [True]
    assert [e.event for e in later.story].count("task:escalated") == 1
    assert after.seq < later.seq


def test_letters_that_have_not_left_are_named_as_the_cause():
    case = denied()

    after = ring(case, next_hour(case) + 5 * DAY)

    notices = [c for c in after.clocks if c.obligation in (Obligation.PROVIDER_NOTICE, Obligation.MEMBER_NOTICE)]
    assert {c.cause for c in notices} == {"letters had not left"}


@pytest.mark.parametrize("line", LineOfBusiness)
@pytest.mark.parametrize("priority", ["standard", "expedited"])
def test_an_expired_request_waits_for_a_physicians_signature_only_where_the_law_deems_it_denied(line, priority):
    received = RECEIVED[line]
    case = opened(line=line, priority=priority, at=received)

    after = ring(case, received + 30 * DAY)

    expired = [t for t in after.open_tasks if t.kind is TaskKind.EXPIRED_DETERMINATION]
    assert len(expired) == (1 if line in DEEMED else 0)
    assert any(c.state is ClockState.BREACHED for c in after.clocks)


def test_a_decision_that_was_made_in_time_opens_no_task_for_an_expired_one():
    case = approved()

    after = ring(case, next_hour(case) + 30 * DAY)

    assert after.task(TaskKind.EXPIRED_DETERMINATION) is None


def test_the_physician_may_still_decide_otherwise_after_the_time_has_gone():
    case = ring(in_review(), MONDAY + 8 * DAY)

    decided = does(case, CMO, "determine", outcome="approved", rationale="Reason R1 applies.")

    assert decided.task(TaskKind.EXPIRED_DETERMINATION) is None
    assert {c.state for c in decided.clocks if c.obligation is Obligation.DECISION_OUTER} == {ClockState.BREACHED}


@pytest.mark.parametrize("line", LineOfBusiness)
@pytest.mark.parametrize("reached", [opened, in_review], ids=["opened", "in review"])
@given(days=st.integers(0, 4000))
def test_nothing_signs_itself_however_long_it_waits(line, reached, days):
    received = RECEIVED[line]
    case = reached(line=line, received=received) if reached is in_review else opened(line=line, at=received)

    after = ring(case, received + days * DAY)

    assert after.determination is None
    assert after.outcome is None
    assert after.stage is case.stage
    assert after.notices == case.notices
    assert {t.id for t in case.open_tasks} <= {t.id for t in after.open_tasks}


def test_a_clock_without_any_time_is_overdue_at_once():
    late = in_review(line=LineOfBusiness.D_SNP)
    case = does(late, CMO, "determine", at=MONDAY + 20 * DAY, outcome="approved", rationale="Late.")

    after = ring(case, MONDAY + 20 * DAY + timedelta(seconds=1))

    notices = [c for c in after.clocks if c.obligation in (Obligation.PROVIDER_NOTICE, Obligation.MEMBER_NOTICE)]
    assert {c.state for c in notices} == {ClockState.BREACHED}
