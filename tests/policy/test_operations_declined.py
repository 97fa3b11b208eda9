"""Who was asked for a task does not want it, or not any more: it is declined, given back, taken away."""

from datetime import date, datetime

import pytest

from policy.alarms import ring
from policy.case import Case
from policy.tasks import TaskState
from tests.builders import CONSULTANT, OTHER_CASE_MANAGER
from tests.policy.steps import (
    ADMINISTRATOR,
    HOUR,
    SECOND_CONSULTANT,
    SUPERVISOR,
    THIRD_CONSULTANT,
    next_hour,
    objection,
    operates,
    referred,
    the_task,
)


def told(case: Case, since: Case) -> list[tuple[str, str, str]]:
    return [(e.event, e.actor, e.text) for e in case.story if e.seq > since.seq]


def answer_by(case: Case) -> datetime:
    at = the_task(case).answer_by
    assert at is not None
    return at


WEDNESDAY = datetime.fromisoformat("2026-11-04T09:00:00-08:00")
TASK = the_task(referred()).id
TWO_ARE_ASKED = operates(
    referred(), SUPERVISOR, "nominate_task", nominees=[{"person": CONSULTANT}, {"person": SECOND_CONSULTANT}]
)
HIS = operates(TWO_ARE_ASKED, CONSULTANT, "claim_task")
ASKED_NEXT = ("task:nominated", "", f"{TASK}: {SECOND_CONSULTANT.id} is asked")
TO_THE_SUPERVISOR = ("task:escalated", "", f"{TASK}: nobody who was asked has taken it, to the supervisor")


def test_who_is_asked_declines_by_releasing_the_task_and_the_next_is_asked():
    declined = operates(TWO_ARE_ASKED, CONSULTANT, "release_task")

    assert told(declined, since=TWO_ARE_ASKED) == [
        ("task:passed-over", CONSULTANT.id, f"{TASK}: {CONSULTANT.id} declined"),
        ASKED_NEXT,
    ]
    assert the_task(declined).asked == SECOND_CONSULTANT.id


def test_who_claimed_the_task_and_gives_it_back_makes_room_for_the_next():
    released = operates(HIS, CONSULTANT, "release_task")

    assert told(released, since=HIS) == [
        ("task:passed-over", CONSULTANT.id, f"{TASK}: {CONSULTANT.id} no longer has it"),
        ASKED_NEXT,
    ]
    assert (the_task(released).asked, the_task(released).owner) == (SECOND_CONSULTANT.id, "")


@pytest.mark.parametrize("actor", [SECOND_CONSULTANT, OTHER_CASE_MANAGER], ids=lambda actor: actor.id)
def test_nobody_else_declines_for_who_is_asked(actor):
    refused = objection(TWO_ARE_ASKED, actor, "release_task")

    assert refused.reason == "only its owner or a supervisor can release a task"


def test_the_last_who_declines_leaves_the_task_to_the_supervisor_and_to_its_group():
    case = operates(TWO_ARE_ASKED, CONSULTANT, "release_task")

    after = operates(case, SECOND_CONSULTANT, "release_task")

    task = the_task(after)
    assert (task.state, task.asked, task.escalated) == (TaskState.READY, "", True)
    assert told(after, since=case)[1:] == [TO_THE_SUPERVISOR]
    assert the_task(operates(after, THIRD_CONSULTANT, "claim_task")).owner == THIRD_CONSULTANT.id


def test_who_is_asked_next_has_a_time_of_their_own_from_when_the_other_declined():
    at = next_hour(TWO_ARE_ASKED)

    declined = operates(TWO_ARE_ASKED, CONSULTANT, "release_task", at)

    assert the_task(declined).nominated_at == at
    assert answer_by(declined) > at


def test_who_may_not_own_the_task_any_more_when_another_declines_is_not_asked():
    until_tuesday = SECOND_CONSULTANT.model_copy(update={"licence_expires": date(2026, 11, 3)})
    nominees = [{"person": person} for person in (CONSULTANT, until_tuesday, THIRD_CONSULTANT)]
    case = operates(referred(), SUPERVISOR, "nominate_task", nominees=nominees)

    declined = operates(case, CONSULTANT, "release_task", WEDNESDAY)

    assert the_task(declined).asked == THIRD_CONSULTANT.id


def test_where_nobody_who_is_left_may_own_the_task_any_more_it_comes_before_the_supervisor():
    until_tuesday = SECOND_CONSULTANT.model_copy(update={"licence_expires": date(2026, 11, 3)})
    nominees = [{"person": CONSULTANT}, {"person": until_tuesday}]
    case = operates(referred(), SUPERVISOR, "nominate_task", nominees=nominees)

    declined = operates(case, CONSULTANT, "release_task", WEDNESDAY)

    assert told(declined, since=case)[1:] == [TO_THE_SUPERVISOR]
    assert (the_task(declined).asked, the_task(declined).escalated) == ("", True)


IN_CHARGE = pytest.mark.parametrize("actor", [SUPERVISOR, ADMINISTRATOR], ids=["supervisor", "administrator"])


@IN_CHARGE
def test_who_is_in_charge_takes_the_task_from_one_who_was_asked_and_the_story_names_both(actor):
    released = operates(HIS, actor, "release_task")

    assert told(released, since=HIS) == [
        ("task:passed-over", actor.id, f"{TASK}: {CONSULTANT.id} no longer has it"),
        ASKED_NEXT,
    ]
    assert (the_task(released).asked, the_task(released).owner) == (SECOND_CONSULTANT.id, "")


@IN_CHARGE
def test_who_is_in_charge_and_releases_a_task_for_which_somebody_is_asked_passes_that_person_over(actor):
    released = operates(TWO_ARE_ASKED, actor, "release_task")

    assert told(released, since=TWO_ARE_ASKED) == [
        ("task:passed-over", actor.id, f"{TASK}: {CONSULTANT.id} was passed over"),
        ASKED_NEXT,
    ]
    assert the_task(released).asked == SECOND_CONSULTANT.id


def test_what_one_who_was_asked_delegated_and_the_other_released_is_asked_of_the_next_with_a_time_of_their_own():
    case = operates(HIS, CONSULTANT, "delegate_task", to=THIRD_CONSULTANT)
    late = answer_by(TWO_ARE_ASKED) + HOUR

    released = operates(case, THIRD_CONSULTANT, "release_task", late)

    assert (the_task(released).asked, the_task(released).nominated_at) == (SECOND_CONSULTANT.id, late)
    assert answer_by(released) > late
    assert ring(released, late) == released
