"""What counts is when a door received an action, however late a worker gets round to it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from policy.acting import act
from policy.alarms import next_alarm, ring
from policy.case import FIRST_GENERATION, Case, open_case
from policy.lifecycle import Outcome, Stage
from policy.people import Actor
from policy.request import LineOfBusiness
from policy.rule import Obligation
from policy.tasks import TaskKind, TaskState
from policy.timeframes import Clock, ClockState
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, MONDAY, a_report, a_request, action, plan_physician
from tests.policy.steps import (
    APPROVAL,
    DAY,
    DENIAL,
    HOUR,
    NUMBER,
    SECOND_CONSULTANT,
    SUPERVISOR,
    consultation,
    in_review,
    next_hour,
    opened,
    operates,
    pending,
    referred,
    the_task,
)

MINUTE = timedelta(minutes=1)
FRIDAY = MONDAY + 4 * DAY  # when the workers are back


def received(case: Case, *queue: tuple[Actor, str, datetime, dict[str, Any]], at: datetime = FRIDAY) -> Case:
    """The case after a queue of actions, received at their times and all processed at one."""
    for actor, signal, when, fields in queue:
        case = act(case, action(signal, actor, when, **fields), at)
    return case


def clock(case: Case, obligation: Obligation) -> Clock:
    return next(c for c in case.clocks if c.obligation is obligation)


# -- received in time, processed late


@pytest.mark.parametrize("decision", [APPROVAL, DENIAL], ids=["approved", "denied"])
def test_a_decision_received_before_it_was_due_heals_the_clock_whose_breach_was_recorded_meanwhile(decision):
    case = in_review(line=LineOfBusiness.COMMERCIAL)
    due = clock(case, Obligation.DECISION).due_at
    late = ring(case, due + HOUR)

    decided = act(late, action("determine", CMO, due - MINUTE, **decision), due + 2 * HOUR)

    assert clock(late, Obligation.DECISION).state is ClockState.BREACHED
    healed = clock(decided, Obligation.DECISION)
    assert (healed.state, healed.ended_at, healed.cause) == (ClockState.MET, due - MINUTE, "")
    assert decided.determination is not None
    assert decided.determination.at == due - MINUTE


def test_a_decision_received_after_it_was_due_heals_nothing():
    case = in_review(line=LineOfBusiness.COMMERCIAL)
    due = clock(case, Obligation.DECISION).due_at

    decided = act(ring(case, due + HOUR), action("determine", CMO, due + MINUTE, **APPROVAL), due + 2 * HOUR)

    assert clock(decided, Obligation.DECISION).state is ClockState.BREACHED


def test_once_it_is_known_that_the_decision_came_in_time_nobody_signs_that_the_request_has_expired():
    case = in_review()
    due = clock(case, Obligation.DECISION_OUTER).due_at
    expired = ring(case, due + HOUR)

    decided = act(
        expired, action("determine", CMO, clock(case, Obligation.DECISION).due_at, **APPROVAL), due + 2 * HOUR
    )

    assert expired.task(TaskKind.EXPIRED_DETERMINATION) is not None
    assert decided.outcome is Outcome.APPROVED
    assert {clock(decided, o).state for o in (Obligation.DECISION, Obligation.DECISION_OUTER)} == {ClockState.MET}
    assert [t.kind for t in decided.open_tasks] == [TaskKind.PLACEMENT]


def test_no_task_ends_before_it_was_opened():
    case = in_review()
    due = clock(case, Obligation.DECISION).due_at
    expired = ring(case, clock(case, Obligation.DECISION_OUTER).due_at + HOUR)

    decided = act(expired, action("determine", CMO, due, **APPROVAL), expired.story[-1].at)

    assert all(t.ended_at >= t.opened_at for t in decided.tasks if t.ended_at)


def test_an_answer_received_in_time_heals_the_clock_of_the_reply():
    case = pending()
    due = clock(case, Obligation.INFORMATION_REPLY).due_at
    answer = [{"item": "test_results", "text": "on record"}]

    after = act(
        ring(case, due + HOUR), action("receive_information", CASE_MANAGER, due, information=answer), due + 2 * HOUR
    )

    assert clock(after, Obligation.INFORMATION_REPLY).state is ClockState.MET


# -- a queue


QUEUE: tuple[tuple[Actor, str, datetime, dict[str, Any]], ...] = (
    (CASE_MANAGER, "confirm_completeness", MONDAY + HOUR, {}),
    (CMO, "refer_to_consultation", MONDAY + 2 * HOUR, {"question": "Is the fusion reasonable?"}),
    (CONSULTANT, "submit_consultation", MONDAY + 3 * HOUR, consultation()),
    (CMO, "determine", MONDAY + 4 * HOUR, APPROVAL),
    (CASE_MANAGER, "place_opinion", MONDAY + 5 * HOUR, plan_physician()),
    (CASE_MANAGER, "receive_report", MONDAY + 6 * HOUR, a_report()),
)


def test_what_was_received_while_the_workers_were_away_is_applied_in_order_as_if_they_had_been_there():
    late = received(opened(), *QUEUE)
    at_once = opened()
    for sent in QUEUE:
        at_once = received(at_once, sent, at=sent[2])

    assert late.refused_count == 0
    assert late.stage is Stage.FILING
    assert [(t.kind, t.opened_at, t.ended_at) for t in late.tasks] == [
        (t.kind, t.opened_at, t.ended_at) for t in at_once.tasks
    ]
    assert (late.clocks, late.determination, late.story) == (at_once.clocks, at_once.determination, at_once.story)


def test_each_task_of_the_queue_was_opened_when_the_action_before_it_was_received():
    case = received(opened(), *QUEUE)

    assert [t.opened_at for t in case.tasks] == [MONDAY + hour * HOUR for hour in range(6)]
    assert [t.ended_at for t in case.tasks] == [MONDAY + hour * HOUR for hour in range(1, 7)]


def test_the_answers_to_a_queue_say_when_they_were_given():
    case = received(opened(), *QUEUE)

    assert {r.at for r in case.receipts} == {FRIDAY}


def test_what_the_queue_did_to_a_task_is_told_at_the_time_of_the_door():
    case = opened()
    task = the_task(case).id

    after = received(
        case,
        (CASE_MANAGER, "claim_task", MONDAY + HOUR, {"task_id": task}),
        (CASE_MANAGER, "add_comment", MONDAY + 2 * HOUR, {"task_id": task, "text": "Called the clinic."}),
        (CASE_MANAGER, "release_task", MONDAY + 3 * HOUR, {"task_id": task}),
    )

    assert [e.at for e in after.story[-3:]] == [MONDAY + HOUR, MONDAY + 2 * HOUR, MONDAY + 3 * HOUR]
    assert the_task(after).comments[0].at == MONDAY + 2 * HOUR


def test_a_task_that_was_to_wake_while_the_workers_were_away_wakes_when_they_are_back():
    case = operates(opened(), CASE_MANAGER, "claim_task")
    fields = {"task_id": the_task(case).id, "until": MONDAY + DAY, "reason": "The clinic opens on Tuesday."}

    after = received(case, (CASE_MANAGER, "suspend_task", MONDAY + 2 * HOUR, fields))
    alarm = next_alarm(after)
    assert alarm is not None

    assert the_task(after).state is TaskState.SUSPENDED
    assert alarm.at <= FRIDAY
    assert the_task(ring(after, FRIDAY)).state is TaskState.RESERVED


def test_the_time_to_answer_runs_from_when_the_nomination_was_received():
    case = referred()
    nominees = [{"person": CONSULTANT}, {"person": SECOND_CONSULTANT}]
    fields = {"task_id": the_task(case).id, "nominees": nominees}

    after = received(case, (SUPERVISOR, "nominate_task", next_hour(case), fields))

    assert the_task(after).nominated_at == next_hour(case)


def test_whether_a_licence_holds_is_asked_for_the_day_on_which_the_door_received_the_action():
    until_tuesday = CMO.model_copy(update={"licence_expires": (MONDAY + DAY).date()})

    after = received(in_review(), (until_tuesday, "determine", MONDAY + DAY, APPROVAL))

    assert after.outcome is Outcome.APPROVED


# -- times that cannot be


@pytest.mark.parametrize(
    ("before", "may"),
    [
        pytest.param(timedelta(0), True, id="at its opening"),
        pytest.param(5 * MINUTE, True, id="as far before it as clocks may differ"),
        pytest.param(5 * MINUTE + timedelta(seconds=1), False, id="before it"),
    ],
)
def test_an_action_that_was_received_before_its_task_was_opened_is_refused(before, may):
    case = in_review()
    opened_at = the_task(case).opened_at

    after = act(case, action("determine", CMO, opened_at - before, **APPROVAL), next_hour(case))

    assert (after.determination is not None) is may
    assert may or after.refusals[-1].reason == "the time lies before the task was opened"


OPERATIONS = [
    ("claim_task", CASE_MANAGER, {}),
    ("assign_task", SUPERVISOR, {"to": CASE_MANAGER}),
    ("nominate_task", SUPERVISOR, {"nominees": [{"person": CASE_MANAGER}]}),
    ("suspend_task", SUPERVISOR, {"until": MONDAY + DAY, "reason": "Later."}),
    ("escalate_task", CASE_MANAGER, {"reason": "Nobody is free."}),
    ("skip_task", CASE_MANAGER, {"reason": "It came by mail."}),
    ("add_comment", CASE_MANAGER, {"text": "Called the clinic."}),
]


@pytest.mark.parametrize(("signal", "actor", "fields"), OPERATIONS, ids=[signal for signal, *_ in OPERATIONS])
def test_an_operation_that_was_received_before_its_task_was_opened_is_refused_too(signal, actor, fields):
    case = pending()
    task = the_task(case)
    early = action(signal, actor, task.opened_at - 6 * MINUTE, task_id=task.id, **fields)

    after = act(case, early, next_hour(case))

    assert after.refusals[-1].fields[0].field == "at"


@pytest.mark.parametrize("signal", ["claim_task", "confirm_completeness", "add_comment", "withdraw_request"])
@pytest.mark.parametrize("ahead", [5 * MINUTE + timedelta(seconds=1), 400 * DAY], ids=["minutes", "a year"])
def test_an_action_from_the_future_is_refused(signal, ahead):
    case = opened()
    fields = {
        "claim_task": {"task_id": the_task(case).id},
        "add_comment": {"text": "Called the clinic."},
        "withdraw_request": {"reason": "The member has decided."},
    }

    after = act(case, action(signal, CASE_MANAGER, MONDAY + HOUR + ahead, **fields.get(signal, {})), MONDAY + HOUR)

    assert after.refusals[-1].fields[0].field == "at"
    assert after.tasks == case.tasks


def test_a_door_whose_clock_is_a_little_ahead_is_heard_and_nothing_is_told_in_the_future():
    now = MONDAY + HOUR

    after = act(opened(), action("confirm_completeness", CASE_MANAGER, now + 5 * MINUTE), now)

    assert after.stage is Stage.PHYSICIAN_REVIEW
    assert max(e.at for e in after.story) == now
    assert the_task(after).opened_at == now


# -- the first generation


def test_in_a_case_of_the_first_generation_tasks_and_lines_have_the_time_of_the_worker_and_clocks_that_of_the_door():
    case = open_case(NUMBER, a_request(), MONDAY, generation=FIRST_GENERATION)

    after = received(case, (CASE_MANAGER, "confirm_completeness", MONDAY + HOUR, {}))
    decided = received(after, (CMO, "determine", FRIDAY, APPROVAL), at=FRIDAY + HOUR)

    assert the_task(after).opened_at == FRIDAY
    assert {e.at for e in after.story if e.seq > case.seq} == {FRIDAY}
    assert clock(decided, Obligation.DECISION).ended_at == FRIDAY
