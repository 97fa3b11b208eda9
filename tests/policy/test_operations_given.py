"""A task goes from one person to another: released, assigned, delegated, returned; or before the supervisor."""

import pytest

from policy.clauses import Clause
from policy.lifecycle import Stage
from policy.tasks import TaskState
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, OTHER_CASE_MANAGER
from tests.policy.steps import (
    ADMINISTRATOR,
    APPROVAL,
    DESIGNEE,
    SECOND_CONSULTANT,
    SUPERVISOR,
    does,
    in_review,
    objection,
    opened,
    operates,
    referred,
    refusal,
    the_task,
)

CLAIMED = operates(opened(), CASE_MANAGER, "claim_task")
DELEGATED = operates(CLAIMED, CASE_MANAGER, "delegate_task", to=OTHER_CASE_MANAGER, reason="Out this afternoon.")
IN_CHARGE = pytest.mark.parametrize("actor", [SUPERVISOR, ADMINISTRATOR], ids=["supervisor", "administrator"])


# -- release


def test_a_released_task_is_open_to_its_group_again():
    task = the_task(operates(DELEGATED, OTHER_CASE_MANAGER, "release_task"))

    assert (task.state, task.owner, task.delegated_by) == (TaskState.READY, "", "")
    assert task.revision == the_task(DELEGATED).revision + 1


# -- assign


@IN_CHARGE
@pytest.mark.parametrize("case", [opened(), CLAIMED], ids=["nobody has it", "another has it"])
def test_who_is_in_charge_gives_a_task_to_a_person_whoever_has_it(case, actor):
    given = operates(case, actor, "assign_task", to=OTHER_CASE_MANAGER, reason="Balances the load.")

    task = the_task(given)
    assert (task.state, task.owner) == (TaskState.RESERVED, OTHER_CASE_MANAGER.id)
    assert task.revision == the_task(case).revision + 1
    told = given.story[-1]
    assert (told.event, told.actor) == ("task:assigned", actor.id)
    assert told.text == (
        f"{task.id}: Review the referral for completeness: to {OTHER_CASE_MANAGER.id}: Balances the load."
    )


def test_who_had_the_task_before_it_was_assigned_to_another_does_not_have_it_any_more():
    given = operates(CLAIMED, SUPERVISOR, "assign_task", to=OTHER_CASE_MANAGER)

    refused = refusal(given, CASE_MANAGER, "confirm_completeness")

    assert refused.reason == "cm.brown has claimed this task; it must be released first"
    assert does(given, OTHER_CASE_MANAGER, "confirm_completeness").stage is Stage.PHYSICIAN_REVIEW


def test_an_assigned_task_cannot_be_returned():
    given = operates(CLAIMED, SUPERVISOR, "assign_task", to=OTHER_CASE_MANAGER)

    refused = objection(given, OTHER_CASE_MANAGER, "return_task")

    assert (refused.reason, refused.fields[0].field) == (
        "this task was not delegated; release it instead",
        "task_id",
    )


def test_a_task_cannot_be_assigned_to_somebody_of_another_role():
    refused = objection(opened(), SUPERVISOR, "assign_task", to=CMO)

    assert refused.reason == "md.chen: this task is for a case manager"
    assert (refused.clause, refused.fields[0].field) == ("P2", "to.roles")


def test_who_was_asked_for_a_task_is_asked_no_more_once_it_was_assigned_to_another():
    asked = operates(referred(), SUPERVISOR, "nominate_task", nominees=[{"person": CONSULTANT}])

    task = the_task(operates(asked, SUPERVISOR, "assign_task", to=SECOND_CONSULTANT))

    assert (task.owner, task.asked, task.nominees, task.answer_by) == (SECOND_CONSULTANT.id, "", (), None)


# -- delegate and return


def test_the_owner_delegates_a_task_and_the_story_tells_to_whom_and_why():
    task, told = the_task(DELEGATED), DELEGATED.story[-1]

    assert (task.owner, task.delegated_by, task.state) == (OTHER_CASE_MANAGER.id, CASE_MANAGER.id, TaskState.RESERVED)
    assert (told.event, told.actor) == ("task:delegated", CASE_MANAGER.id)
    assert told.text == (
        f"{task.id}: Review the referral for completeness: to {OTHER_CASE_MANAGER.id}: Out this afternoon."
    )


def test_a_delegated_task_is_done_by_who_has_it_now_and_not_by_who_delegated_it():
    refused = refusal(DELEGATED, CASE_MANAGER, "confirm_completeness")

    done = does(DELEGATED, OTHER_CASE_MANAGER, "confirm_completeness")

    assert refused.fields[0].field == "actor.id"
    assert (done.tasks[0].ended_by, done.tasks[0].owner) == (OTHER_CASE_MANAGER.id, OTHER_CASE_MANAGER.id)


def test_a_task_that_nobody_has_must_be_claimed_before_it_is_delegated():
    refused = objection(opened(), CASE_MANAGER, "delegate_task", to=OTHER_CASE_MANAGER)

    assert refused.reason == "only its owner can delegate a task; claim it first"


def test_a_task_cannot_be_delegated_to_oneself():
    refused = objection(CLAIMED, CASE_MANAGER, "delegate_task", to=CASE_MANAGER)

    assert (refused.reason, refused.fields[0].field) == ("a task cannot be delegated to oneself", "to.id")


def test_a_returned_task_is_with_who_delegated_it_and_cannot_be_returned_once_more():
    returned = operates(DELEGATED, OTHER_CASE_MANAGER, "return_task", reason="Needs someone who knows the clinic.")

    task, told = the_task(returned), returned.story[-1]
    assert (task.state, task.owner, task.delegated_by) == (TaskState.RESERVED, CASE_MANAGER.id, "")
    assert told.text == (
        f"{task.id}: Review the referral for completeness: to {CASE_MANAGER.id}: Needs someone who knows the clinic."
    )
    assert objection(returned, CASE_MANAGER, "return_task").fields[0].field == "task_id"


def test_what_was_delegated_twice_goes_back_one_step_only():
    case = operates(in_review(), CMO, "claim_task")
    third = DESIGNEE.model_copy(update={"id": "md.novak", "npi": "1992999031"})

    case = operates(case, CMO, "delegate_task", to=DESIGNEE)
    case = operates(case, DESIGNEE, "delegate_task", to=third)
    back = operates(case, third, "return_task")

    assert (the_task(back).owner, the_task(back).delegated_by) == (DESIGNEE.id, "")
    assert does(back, DESIGNEE, "determine", **APPROVAL).stage is Stage.PLACEMENT


# -- escalate


def test_an_escalated_task_stands_before_the_supervisor_and_stays_with_its_owner():
    case = operates(CLAIMED, CASE_MANAGER, "escalate_task", reason="The clinic does not answer.")

    task, told = the_task(case), case.story[-1]
    assert (task.escalated, task.owner, task.revision) == (True, CASE_MANAGER.id, the_task(CLAIMED).revision + 1)
    assert told.text == f"{task.id}: Review the referral for completeness: The clinic does not answer."


def test_a_consultant_who_could_own_a_task_may_escalate_it_and_other_people_may_not():
    case = operates(referred(), CONSULTANT, "escalate_task", reason="The imaging cannot be read.")

    refused = objection(opened(), CONSULTANT, "escalate_task", reason="The imaging cannot be read.")

    assert the_task(case).escalated
    assert (refused.clause, refused.fields[0].field) == (Clause.P1, "actor.roles")
