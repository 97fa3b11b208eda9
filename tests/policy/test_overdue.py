"""The time has gone: what is not done is breached, with its cause, and goes to the supervisor; nothing signs itself."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.alarms import ring
from policy.case import FIRST_GENERATION, Case, open_case
from policy.request import LineOfBusiness
from policy.rule import Obligation
from policy.tasks import TaskKind
from policy.timeframes import ClockState, spoken
from tests.builders import CASE_MANAGER, CMO, MONDAY, a_request
from tests.policy.steps import (
    DAY,
    HOUR,
    approved,
    denied,
    does,
    in_review,
    next_hour,
    opened,
    pending,
    placed,
)

MONDAY_2022 = datetime.fromisoformat("2022-03-07T10:15-08:00")
RECEIVED = {line: MONDAY_2022 if line is LineOfBusiness.CMC else MONDAY for line in LineOfBusiness}
DEEMED = {LineOfBusiness.CMC, LineOfBusiness.MEDI_CAL, LineOfBusiness.MEDICARE_ADVANTAGE, LineOfBusiness.D_SNP}


def events(case: Case, since: Case) -> list[str]:
    return [f"{e.event}: {e.text}" for e in case.story if e.seq > since.seq]


def test_what_is_due_and_not_done_is_breached_with_its_cause_and_goes_to_the_supervisor():
    case = in_review(line=LineOfBusiness.COMMERCIAL)

    after = ring(case, MONDAY + 30 * DAY)

    (decision,) = after.clocks
    assert (decision.state, decision.cause) == (ClockState.BREACHED, "waiting for: Decide on medical necessity")
    assert decision.is_open
    assert [t.escalated for t in after.open_tasks] == [True]
    assert events(after, since=case)[-3:] == [
        "clock:warned: 80% of the time for the determination has gone",
        "task:escalated: T2: Decide on medical necessity, to the supervisor",
        "clock:breached: Overdue: the determination",
    ]


def test_a_task_that_was_opened_after_the_last_warning_goes_to_the_supervisor_when_the_time_has_gone():
    warned = ring(opened(line=LineOfBusiness.COMMERCIAL), MONDAY + 6.5 * DAY)
    case = does(warned, CASE_MANAGER, "confirm_completeness")

    after = ring(case, MONDAY + 30 * DAY)

    assert [t.escalated for t in case.tasks] == [True, False]
    assert [t.escalated for t in after.open_tasks] == [True]
    assert events(after, since=case) == [
        "clock:breached: Overdue: the determination",
        "task:escalated: T2: Decide on medical necessity, to the supervisor",
    ]


def test_in_a_case_of_the_first_generation_only_a_breach_goes_to_the_supervisor():
    case = open_case("SO-2026-000001", a_request(line=LineOfBusiness.COMMERCIAL), MONDAY, generation=FIRST_GENERATION)

    warned = ring(case, MONDAY + 6.5 * DAY)
    breached = ring(warned, MONDAY + 30 * DAY)

    assert [t.escalated for t in warned.open_tasks] == [False]
    assert [t.escalated for t in breached.open_tasks] == [True]


def test_only_the_task_that_the_clock_waits_for_is_escalated():
    case = approved()

    after = ring(case, next_hour(case) + 2 * DAY)
    later = ring(case, next_hour(case) + 10 * DAY)

    assert [c.obligation for c in later.clocks if c.state is ClockState.BREACHED] == [
        Obligation.PROVIDER_NOTICE,
        Obligation.MEMBER_NOTICE,
        Obligation.PLACEMENT,
    ]
    assert {c.obligation for c in after.clocks if c.state is ClockState.BREACHED} == {Obligation.PROVIDER_NOTICE}
    assert [t.escalated for t in after.open_tasks] == [False]
    assert [t.escalated for t in later.open_tasks] == [True]
    assert [e.event for e in later.story].count("task:escalated") == 1
    assert after.seq < later.seq


@pytest.mark.parametrize("reached", [opened, pending, in_review, approved, placed], ids=lambda life: life.__name__)
def test_an_urgent_opinion_that_is_overdue_goes_to_the_supervisor_whatever_task_is_open(reached):
    case = reached(imminent_threat=True)

    (task,) = case.open_tasks
    after = ring(case, MONDAY + 73 * HOUR)

    breached = {c.obligation for c in after.clocks if c.state is ClockState.BREACHED}
    assert Obligation.OPINION_RENDERED in breached
    assert breached <= {Obligation.OPINION_RENDERED, Obligation.PROVIDER_NOTICE, Obligation.MEMBER_NOTICE}
    assert [(t.id, t.escalated) for t in after.open_tasks] == [(task.id, True)]


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


@pytest.mark.parametrize("all_at_once", [True, False], ids=["all at once", "day by day"])
def test_a_request_has_expired_only_when_no_limit_counted_from_it_runs_any_more(all_at_once):
    thursday = datetime.fromisoformat("2025-11-20T13:00-08:00")
    case = in_review(received=thursday)
    tuesday, thursday_night = (
        datetime.fromisoformat(t) for t in ("2025-12-02T09:00-08:00", "2025-12-04T23:59:59-08:00")
    )

    late = ring(case, tuesday)
    on_time = ring(late, thursday_night - timedelta(seconds=1))
    expired = ring(case if all_at_once else on_time, thursday_night)

    breached = [(c.obligation, spoken(c.due_at)) for c in late.clocks if c.state is ClockState.BREACHED]
    assert breached == [(Obligation.DECISION, "Mon 2025-12-01 23:59 PST")]
    assert late.task(TaskKind.EXPIRED_DETERMINATION) is None
    assert on_time.task(TaskKind.EXPIRED_DETERMINATION) is None
    assert expired.task(TaskKind.EXPIRED_DETERMINATION) is not None


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
