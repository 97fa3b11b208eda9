"""How long each who is asked has to answer, and who is asked at once when a task is opened."""

from typing import Any

import pytest

from policy.case import Case
from policy.nomination import MOST_ASKED, Absence, StaffMember, ask_in_turn, nominated, reminder_at
from policy.people import Actor
from policy.tasks import Nominee, TaskKind
from tests.builders import CONSULTANT
from tests.policy.steps import (
    DAY,
    HOUR,
    SECOND_CONSULTANT,
    THIRD_CONSULTANT,
    next_hour,
    opened,
    operates,
    referred,
    the_task,
)

REFERRED = referred()
NOW = next_hour(REFERRED)
HEART = CONSULTANT.model_copy(update={"id": "md.heart", "npi": "1992999056", "specialty": "cardiology"})
AWAY = Absence(since=NOW, until=NOW + DAY)


def member(actor: Actor = CONSULTANT, **given: Any) -> StaffMember:
    return StaffMember(actor=actor, **given)


# -- how long each has to answer


@pytest.mark.parametrize(
    ("left", "patience"),
    [
        pytest.param(40 * DAY, 48 * HOUR, id="at most two days"),
        pytest.param(8 * DAY, 48 * HOUR, id="a quarter that is just two days"),
        pytest.param(4 * DAY, 24 * HOUR, id="a quarter of the time left"),
        pytest.param(4 * HOUR, HOUR, id="a quarter that is just an hour"),
        pytest.param(2 * HOUR, HOUR, id="at least an hour"),
        pytest.param(-9 * DAY, HOUR, id="an hour when it is overdue"),
    ],
)
def test_a_nominee_has_a_quarter_of_the_time_left_at_most_two_days_and_at_least_an_hour(left, patience):
    task = the_task(REFERRED).model_copy(update={"due_at": NOW + left})

    after = the_task(nominated(REFERRED, task, (Nominee(person=CONSULTANT),), NOW))

    assert after.answer_by == NOW + patience
    assert reminder_at(after) == NOW + patience / 2


def test_where_nothing_is_due_a_nominee_has_two_days():
    task = the_task(REFERRED).model_copy(update={"due_at": None})

    after = nominated(REFERRED, task, (Nominee(person=CONSULTANT),), NOW)

    assert the_task(after).answer_by == NOW + 48 * HOUR


def test_who_is_not_asked_is_not_reminded():
    claimed = the_task(operates(asks_two(), CONSULTANT, "claim_task"))

    assert reminder_at(the_task(REFERRED)) is None
    assert reminder_at(claimed) is None


def asks_two() -> Case:
    nominees = (Nominee(person=CONSULTANT), Nominee(person=SECOND_CONSULTANT))
    return nominated(REFERRED, the_task(REFERRED), nominees, NOW)


# -- asked by themselves, when the task is opened


def test_the_right_people_are_asked_when_a_task_is_opened():
    case = ask_in_turn(REFERRED, TaskKind.CONSULTATIVE_REVIEW, (member(SECOND_CONSULTANT, load=1), member()), NOW)

    assert [n.person.id for n in the_task(case).nominees] == [CONSULTANT.id, SECOND_CONSULTANT.id]
    told = case.story[-1]
    assert (told.event, told.actor) == ("task:nominated", "")
    assert told.text.endswith(f"{CONSULTANT.id} is asked (orthopedic surgery, 0 open tasks, no turn yet)")


def test_no_more_are_asked_than_a_nomination_by_hand_may_name():
    staff = tuple(
        member(CONSULTANT.model_copy(update={"id": f"md.{number:02}", "npi": f"19930000{number:02}"}))
        for number in range(MOST_ASKED + 5)
    )

    case = ask_in_turn(REFERRED, TaskKind.CONSULTATIVE_REVIEW, staff, NOW)

    assert [n.person.id for n in the_task(case).nominees] == [f"md.{number:02}" for number in range(MOST_ASKED)]


def test_with_nobody_to_ask_the_task_comes_before_the_supervisor_and_the_story_says_why():
    case = ask_in_turn(
        REFERRED, TaskKind.CONSULTATIVE_REVIEW, (member(HEART), member(CONSULTANT, absences=(AWAY,))), NOW
    )

    assert (the_task(case).escalated, the_task(case).nominees) == (True, ())
    assert case.story[-1].text == (
        f"{the_task(case).id}: nobody on the panel can be asked (md.heart: the consultant's specialty must be "
        "orthopedic surgery; md.osei: out of office: nobody stands in), to the supervisor"
    )


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(operates(REFERRED, CONSULTANT, "claim_task"), id="somebody has it"),
        pytest.param(asks_two(), id="somebody is asked"),
        pytest.param(opened(), id="it is not open"),
    ],
)
def test_nobody_is_asked_for_a_task_that_does_not_wait_for_anybody(case):
    assert ask_in_turn(case, TaskKind.CONSULTATIVE_REVIEW, (member(THIRD_CONSULTANT),), NOW) == case
