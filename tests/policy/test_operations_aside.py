"""A task is put aside and comes back, and a draft is kept with it; no clock stops meanwhile."""

from datetime import datetime, timedelta

import pytest

from policy.alarms import next_alarm, ring
from policy.case import Case
from policy.lifecycle import Stage
from policy.request import LineOfBusiness
from policy.tasks import TaskState
from policy.transition import between
from tests.builders import CASE_MANAGER, CMO, MONDAY
from tests.policy.steps import (
    APPROVAL,
    DAY,
    DESIGNEE,
    HOUR,
    SUPERVISOR,
    does,
    in_review,
    next_hour,
    objection,
    opened,
    operates,
    the_task,
)

CLAIMED = operates(opened(), CASE_MANAGER, "claim_task")
TUESDAY = datetime.fromisoformat("2026-11-03T09:00:00-08:00")
WHY = "The clinic opens on Tuesday."
DRAFT = '{"rationale": "Elective surgery"}'


def put_aside(case: Case = CLAIMED, until: datetime = TUESDAY) -> Case:
    return operates(case, CASE_MANAGER, "suspend_task", until=until, reason=WHY)


def due(case: Case) -> datetime:
    at = the_task(case).due_at
    assert at is not None
    return at


# -- suspend and resume


def test_a_suspended_task_keeps_its_owner_and_its_place_in_the_story():
    case = put_aside()

    task = the_task(case)
    assert (task.state, task.owner, task.suspended_until) == (TaskState.SUSPENDED, CASE_MANAGER.id, TUESDAY)
    assert task.is_open
    assert case.story[-1].text == f"{task.id}: Review the referral for completeness: {WHY}"


def test_a_task_is_put_aside_until_the_moment_it_is_due_and_no_longer():
    on_time = put_aside(until=due(CLAIMED))

    refused = objection(CLAIMED, CASE_MANAGER, "suspend_task", until=due(CLAIMED) + timedelta(seconds=1), reason=WHY)

    assert the_task(on_time).suspended_until == due(CLAIMED)
    assert refused.reason == "the task would wake only after it is due; no clock stops meanwhile"
    assert (refused.clause, refused.fields[0].field) == (the_task(CLAIMED).due_rule, "until")


@pytest.mark.parametrize("ahead", [timedelta(0), -HOUR], ids=["now", "an hour ago"])
def test_a_task_is_put_aside_only_until_a_time_that_lies_ahead(ahead):
    now = next_hour(CLAIMED)

    refused = objection(CLAIMED, CASE_MANAGER, "suspend_task", now, until=now + ahead, reason=WHY)

    assert (refused.reason, refused.fields[0].field) == ("give a time that lies ahead", "until")


def test_an_overdue_task_cannot_be_put_aside_at_all():
    late = due(CLAIMED) + HOUR

    refused = objection(CLAIMED, CASE_MANAGER, "suspend_task", late, until=late + HOUR, reason=WHY)

    assert refused.fields[0].field == "until"


def test_a_suspended_task_wakes_by_itself_at_its_time():
    case = put_aside()
    alarm = next_alarm(case)
    assert alarm is not None

    before, after = ring(case, TUESDAY - timedelta(seconds=1)), ring(case, alarm.at)

    assert (alarm.at, alarm.label) == (TUESDAY, "Resume: Review the referral for completeness")
    assert before == case
    task, told = the_task(after), after.story[-1]
    assert (task.state, task.owner, task.suspended_until) == (TaskState.RESERVED, CASE_MANAGER.id, None)
    assert (told.event, told.text) == ("task:resumed", f"{task.id}: Review the referral for completeness")


def test_a_suspended_task_that_nobody_has_wakes_open_to_its_group():
    case = operates(opened(), SUPERVISOR, "suspend_task", until=TUESDAY, reason=WHY)

    assert the_task(ring(case, TUESDAY)).state is TaskState.READY


def test_a_task_wakes_once():
    woken = ring(put_aside(), TUESDAY)

    assert ring(woken, TUESDAY + timedelta(minutes=1)) == woken


def test_a_task_that_was_put_aside_wakes_when_it_is_due_though_that_comes_earlier_by_now():
    case = put_aside(until=due(CLAIMED))

    hurried = does(case, CMO, "expedite_request", reason="It cannot wait.")

    assert due(hurried) < due(case)
    assert the_task(hurried).suspended_until == due(hurried)
    assert ring(hurried, due(hurried)).tasks[0].state is TaskState.RESERVED


def test_a_task_that_was_put_aside_wakes_at_its_time_though_it_is_due_later_by_now():
    case = put_aside()

    extended = does(case, CMO, "extend_decision", reason="expert_consultation", explanation=WHY)

    assert due(extended) > due(case)
    assert the_task(extended).suspended_until == TUESDAY


@pytest.mark.parametrize("line", LineOfBusiness)
def test_no_clock_stops_while_a_task_is_put_aside(line):
    received = MONDAY if line is not LineOfBusiness.CMC else datetime.fromisoformat("2022-03-07T10:15-08:00")
    case = operates(opened(line=line, at=received), CASE_MANAGER, "claim_task")

    aside = put_aside(case, due(case))

    assert aside.clocks == case.clocks
    late_anyway, late = ring(case, due(case) + DAY), ring(aside, due(case) + DAY)
    assert [(c.id, c.state, c.warnings) for c in late.clocks] == [
        (c.id, c.state, c.warnings) for c in late_anyway.clocks
    ]


def test_its_owner_takes_a_suspended_task_up_before_its_time():
    case = operates(put_aside(), CASE_MANAGER, "resume_task")

    task = the_task(case)
    assert (task.state, task.owner, task.suspended_until) == (TaskState.RESERVED, CASE_MANAGER.id, None)
    assert case.story[-1].event == "task:resumed"


@pytest.mark.parametrize("case", [opened(), CLAIMED], ids=["ready", "claimed"])
def test_what_was_not_put_aside_cannot_be_taken_up(case):
    refused = objection(case, CASE_MANAGER, "resume_task")

    assert (refused.reason, refused.fields[0].field) == ("this task is not suspended", "task_id")


def test_a_suspended_task_may_be_done_without_waiting():
    assert does(put_aside(), CASE_MANAGER, "confirm_completeness").stage is Stage.PHYSICIAN_REVIEW


# -- drafts


def drafted() -> Case:
    case = operates(in_review(), CMO, "claim_task")
    return operates(case, CMO, "save_draft", draft=DRAFT)


def test_a_draft_is_kept_with_the_task_and_tells_no_line_and_raises_no_revision():
    before = operates(in_review(), CMO, "claim_task")

    after = operates(before, CMO, "save_draft", draft=DRAFT)

    assert the_task(after) == the_task(before).model_copy(update={"draft": DRAFT})
    assert (after.story, after.seq, after.refused_count) == (before.story, before.seq, 0)
    assert len(after.receipts) == len(before.receipts) + 1


def test_what_a_draft_changes_is_its_task_alone():
    before = operates(in_review(), CMO, "claim_task")
    after = operates(before, CMO, "save_draft", draft=DRAFT)

    told = between(before, after, next_hour(after))

    assert [t.draft for t in told.tasks] == [DRAFT]
    assert (told.entries, told.clocks, told.notices, told.documents) == ((), (), (), ())


@pytest.mark.parametrize(
    "move",
    [
        pytest.param(lambda c: operates(c, CMO, "delegate_task", to=DESIGNEE), id="delegated"),
        pytest.param(lambda c: operates(c, CMO, "release_task"), id="released"),
        pytest.param(lambda c: operates(c, SUPERVISOR, "assign_task", to=DESIGNEE), id="assigned"),
        pytest.param(lambda c: operates(c, CMO, "suspend_task", until=TUESDAY, reason=WHY), id="put aside"),
        pytest.param(lambda c: operates(c, CMO, "escalate_task", reason=WHY), id="escalated"),
    ],
)
def test_a_draft_survives_whatever_becomes_of_the_task_before_it_is_done(move):
    assert the_task(move(drafted())).draft == DRAFT


def test_a_draft_vanishes_when_the_task_is_completed():
    case = does(drafted(), CMO, "determine", **APPROVAL)

    assert {t.draft for t in case.tasks} == {""}


def test_a_draft_vanishes_when_the_request_is_withdrawn():
    case = does(drafted(), CASE_MANAGER, "withdraw_request", reason="The member has decided.")

    assert {t.draft for t in case.tasks} == {""}


def test_a_draft_may_be_replaced_and_taken_away():
    case = operates(drafted(), CMO, "save_draft", draft='{"rationale": "Urgent surgery"}')
    empty = operates(case, CMO, "save_draft", draft="")

    assert the_task(case).draft == '{"rationale": "Urgent surgery"}'
    assert the_task(empty).draft == ""


@pytest.mark.parametrize("draft", ["Elective", "[]", "[{}]", "1", "null", '"text"', '{"rationale": ', "{} {}"])
def test_a_draft_that_is_no_json_object_is_refused_and_never_repeated(draft):
    refused = objection(in_review(), CMO, "save_draft", draft=draft)

    assert refused.reason == "a draft is a JSON object of the form's fields"
    assert refused.fields[0].field == "draft"
