"""People are asked for a task in order; who does not answer is reminded, then passed over; then the supervisor."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from policy.alarms import next_alarm, ring
from policy.case import Case
from policy.lifecycle import Stage
from policy.people import Actor
from policy.tasks import TaskState
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, OTHER_CASE_MANAGER, a_request
from tests.policy.steps import (
    DAY,
    DESIGNEE,
    HOUR,
    SECOND_CONSULTANT,
    SUPERVISOR,
    THIRD_CONSULTANT,
    consultation,
    does,
    next_hour,
    objection,
    opened,
    operates,
    referred,
    refusal,
    the_task,
)

SAME_SPECIALTY = "same specialty, no open task"


def asks(case: Case, *people: Actor, at: datetime | None = None, by: Actor = SUPERVISOR) -> Case:
    nominees = [{"person": person, "reason": SAME_SPECIALTY} for person in people]
    return operates(case, by, "nominate_task", at, nominees=nominees)


def answer_by(case: Case) -> datetime:
    at = the_task(case).answer_by
    assert at is not None
    return at


def events(case: Case, since: Case) -> list[str]:
    return [f"{e.event}: {e.text}" for e in case.story if e.seq > since.seq]


REFERRED = referred()
TASK = the_task(REFERRED).id
TWO_ARE_ASKED = asks(REFERRED, CONSULTANT, SECOND_CONSULTANT)


# -- asked


def test_the_first_of_the_nominees_is_asked_and_the_story_says_why():
    task, told = the_task(TWO_ARE_ASKED), TWO_ARE_ASKED.story[-1]

    assert (task.asked, task.owner, task.state) == (CONSULTANT.id, "", TaskState.READY)
    assert [n.person for n in task.nominees] == [CONSULTANT, SECOND_CONSULTANT]
    assert (told.event, told.actor, told.clause) == ("task:nominated", SUPERVISOR.id, "P5")
    assert told.text == f"{TASK}: {CONSULTANT.id} is asked ({SAME_SPECIALTY})"
    assert task.revision == the_task(REFERRED).revision + 1


def test_without_a_reason_the_story_names_the_person_only():
    case = operates(REFERRED, SUPERVISOR, "nominate_task", nominees=[{"person": CONSULTANT}])

    assert case.story[-1].text == f"{TASK}: {CONSULTANT.id} is asked"


def test_why_these_people_are_asked_stands_behind_why_this_one_is():
    nominees = [{"person": CONSULTANT, "reason": SAME_SPECIALTY}]

    case = operates(REFERRED, SUPERVISOR, "nominate_task", nominees=nominees, reason="Both know the clinic.")

    assert case.story[-1].text == f"{TASK}: {CONSULTANT.id} is asked ({SAME_SPECIALTY}; Both know the clinic.)"


def test_who_is_asked_claims_the_task_and_does_it():
    case = operates(TWO_ARE_ASKED, CONSULTANT, "claim_task")

    assert (the_task(case).owner, the_task(case).asked) == (CONSULTANT.id, "")
    assert does(case, CONSULTANT, "submit_consultation", **consultation()).stage is Stage.PHYSICIAN_REVIEW


def test_who_is_asked_may_do_the_task_without_claiming_it():
    case = does(TWO_ARE_ASKED, CONSULTANT, "submit_consultation", **consultation())

    assert (case.tasks[2].ended_by, case.tasks[2].nominees, case.tasks[2].answer_by) == (CONSULTANT.id, (), None)


@pytest.mark.parametrize("signal", ["claim_task", "save_draft", "suspend_task"])
@pytest.mark.parametrize("another", [SECOND_CONSULTANT, THIRD_CONSULTANT], ids=["whose turn comes later", "not asked"])
def test_while_one_is_asked_another_cannot_take_the_task(signal, another):
    tuesday = "2026-11-03T09:00:00-08:00"
    fields: dict[str, dict[str, Any]] = {
        "suspend_task": {"until": tuesday, "reason": "Later."},
        "save_draft": {"draft": "{}"},
    }

    refused = objection(TWO_ARE_ASKED, another, signal, **fields.get(signal, {}))

    assert refused.reason == f"{CONSULTANT.id} is asked for this task; a supervisor can assign it to another"
    assert (refused.clause, refused.fields[0].field) == ("P5", "actor.id")


def test_while_one_is_asked_another_cannot_do_the_task():
    refused = refusal(TWO_ARE_ASKED, SECOND_CONSULTANT, "submit_consultation", **consultation())

    assert refused.fields[0].field == "actor.id"


@pytest.mark.parametrize("by", [CASE_MANAGER, CMO, DESIGNEE], ids=["case manager", "CMO", "designee"])
def test_who_hands_out_work_may_nominate_and_may_ask_somebody_else_instead(by):
    case = asks(TWO_ARE_ASKED, THIRD_CONSULTANT, by=by)

    assert [n.person.id for n in the_task(case).nominees] == [THIRD_CONSULTANT.id]


# -- no answer


def test_who_is_asked_has_a_quarter_of_the_time_that_is_left_and_is_reminded_after_half_of_that():
    asked_at = TWO_ARE_ASKED.story[-1].at
    due = the_task(TWO_ARE_ASKED).due_at
    assert due is not None
    reminder = next_alarm(TWO_ARE_ASKED)
    assert reminder is not None

    reminded = ring(TWO_ARE_ASKED, reminder.at)

    assert answer_by(TWO_ARE_ASKED) - asked_at == (due - asked_at) / 4
    assert reminder.at == asked_at + (due - asked_at) / 8
    assert reminder.label == "Remind who is asked: Review as a specialist and recommend (orthopedic surgery)"
    assert events(reminded, since=TWO_ARE_ASKED) == [f"task:reminded: {TASK}: {CONSULTANT.id} has not answered"]
    assert the_task(reminded).asked == CONSULTANT.id
    assert ring(reminded, reminder.at + timedelta(minutes=1)) == reminded


def test_who_does_not_answer_is_passed_over_and_the_next_is_asked_with_a_time_of_their_own():
    reminded = ring(TWO_ARE_ASKED, answer_by(TWO_ARE_ASKED) - timedelta(seconds=1))
    alarm = next_alarm(reminded)
    assert alarm is not None

    after = ring(reminded, alarm.at)

    assert (alarm.at, alarm.label.partition(":")[0]) == (answer_by(TWO_ARE_ASKED), "Ask the next")
    assert events(after, since=reminded) == [
        f"task:passed-over: {TASK}: {CONSULTANT.id} has not answered",
        f"task:nominated: {TASK}: {SECOND_CONSULTANT.id} is asked ({SAME_SPECIALTY})",
    ]
    assert (the_task(after).asked, the_task(after).reminded) == (SECOND_CONSULTANT.id, False)
    assert the_task(after).nominated_at == alarm.at
    assert answer_by(after) > alarm.at
    assert the_task(operates(after, SECOND_CONSULTANT, "claim_task")).owner == SECOND_CONSULTANT.id


def test_who_was_passed_over_cannot_claim_the_task_any_more():
    after = ring(TWO_ARE_ASKED, answer_by(TWO_ARE_ASKED))

    refused = objection(after, CONSULTANT, "claim_task")

    assert refused.reason.startswith(f"{SECOND_CONSULTANT.id} is asked for this task")


def test_when_nobody_who_was_asked_has_answered_the_task_comes_before_the_supervisor_and_is_open_to_its_group():
    one = asks(REFERRED, CONSULTANT)

    after = ring(one, answer_by(one))

    task = the_task(after)
    assert (task.escalated, task.asked, task.nominees, task.answer_by) == (True, "", (), None)
    assert events(after, since=one)[-2:] == [
        f"task:passed-over: {TASK}: {CONSULTANT.id} has not answered",
        f"task:escalated: {TASK}: nobody who was asked has taken it, to the supervisor",
    ]
    assert the_task(operates(after, THIRD_CONSULTANT, "claim_task")).owner == THIRD_CONSULTANT.id


def test_who_has_claimed_the_task_is_neither_reminded_nor_passed_over():
    case = operates(TWO_ARE_ASKED, CONSULTANT, "claim_task")

    after = ring(case, answer_by(TWO_ARE_ASKED) + HOUR)

    assert the_task(after).owner == CONSULTANT.id
    assert {"task:reminded", "task:passed-over"}.isdisjoint(e.event for e in after.story)


def test_a_whole_list_of_people_is_asked_one_after_the_other():
    case = asks(REFERRED, CONSULTANT, SECOND_CONSULTANT, THIRD_CONSULTANT)

    for person in (CONSULTANT, SECOND_CONSULTANT, THIRD_CONSULTANT):
        assert the_task(case).asked == person.id
        case = ring(case, answer_by(case))

    assert the_task(case).escalated
    assert [e.event for e in case.story].count("task:passed-over") == 3


def test_whoever_may_not_own_the_task_any_more_when_their_turn_comes_is_not_asked():
    until_tuesday = SECOND_CONSULTANT.model_copy(update={"licence_expires": date(2026, 11, 3)})
    case = asks(REFERRED, CONSULTANT, until_tuesday, THIRD_CONSULTANT)

    after = ring(case, answer_by(case))  # Wednesday

    assert the_task(after).asked == THIRD_CONSULTANT.id


def test_a_task_that_was_put_aside_and_for_which_people_are_asked_is_not_put_aside_any_more():
    aside = operates(REFERRED, SUPERVISOR, "suspend_task", until=next_hour(REFERRED) + DAY, reason="Next week.")

    task = the_task(asks(aside, CONSULTANT))

    assert (task.state, task.suspended_until) == (TaskState.READY, None)


# -- refused nominations


def test_nobody_is_asked_for_a_task_that_somebody_has():
    claimed = operates(REFERRED, CONSULTANT, "claim_task")

    refused = objection(claimed, SUPERVISOR, "nominate_task", nominees=[{"person": SECOND_CONSULTANT}])

    assert refused.reason == f"{CONSULTANT.id} has claimed this task; release it first"
    assert refused.fields[0].field == "task_id"


def test_nobody_is_named_twice():
    nominees = [{"person": CONSULTANT}, {"person": SECOND_CONSULTANT}, {"person": CONSULTANT, "reason": "again"}]

    refused = objection(REFERRED, SUPERVISOR, "nominate_task", nominees=nominees)

    assert (refused.reason, refused.fields[0].field) == ("a person is named twice", "nominees")


@pytest.mark.parametrize(
    ("changes", "clause"),
    [
        pytest.param({"specialty": "cardiology"}, "P5", id="another specialty"),
        pytest.param({"board_certified": False}, "POL-3", id="not board-certified"),
        pytest.param({"npi": a_request().treating_provider.npi}, "PUR", id="treats the member"),
        pytest.param({"id": CMO.id}, "P5", id="referred the case"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_whoever_could_not_own_the_task_is_named_by_place_and_nobody_is_asked(changes, clause, place):
    wrong = THIRD_CONSULTANT.model_copy(update=changes)
    people = [CONSULTANT, SECOND_CONSULTANT]
    people.insert(place, wrong)

    refused = objection(REFERRED, SUPERVISOR, "nominate_task", nominees=[{"person": p} for p in people])

    assert (refused.clause, refused.fields[0].field) == (clause, f"nominees.{place}")
    assert refused.reason.startswith(f"{wrong.id}: ")


def test_case_managers_can_be_asked_for_their_work_too():
    case = asks(opened(), OTHER_CASE_MANAGER, at=next_hour(opened()))

    assert the_task(case).asked == OTHER_CASE_MANAGER.id
    assert answer_by(case) - case.story[-1].at <= 2 * DAY
