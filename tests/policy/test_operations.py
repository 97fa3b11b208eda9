"""What people do to a task as such: who may, who may not, and who may claim one."""

from datetime import datetime
from typing import Any

import pytest

from policy.case import FIRST_GENERATION, Case, open_case
from policy.people import Actor
from policy.tasks import TaskState
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, INTAKE, MONDAY, OTHER_CASE_MANAGER, a_request
from tests.policy.steps import (
    ADMINISTRATOR,
    APPROVAL,
    HOUR,
    NUMBER,
    SECOND_CONSULTANT,
    SUPERVISOR,
    attempts,
    in_review,
    objection,
    opened,
    operates,
    pending,
    referred,
    refusal,
    the_task,
)

EVENING: dict[str, Any] = {"until": "2026-11-02T20:00:00-08:00", "reason": "The clinic calls back."}  # Monday
NOMINATION = {"nominees": [{"person": OTHER_CASE_MANAGER}]}
LIFT = {"person": CMO.id, "reason": "The only physician on duty."}

READY = opened()
CLAIMED = operates(READY, CASE_MANAGER, "claim_task")
SUSPENDED = operates(CLAIMED, CASE_MANAGER, "suspend_task", **EVENING)
HERS = operates(READY, OTHER_CASE_MANAGER, "claim_task")
DELEGATED = operates(HERS, OTHER_CASE_MANAGER, "delegate_task", to=CASE_MANAGER)

# Of each operation: a case, what is sent, and for each of these people the field that a refusal names; "" for who may.
PEOPLE = (CASE_MANAGER, OTHER_CASE_MANAGER, CMO, SUPERVISOR, ADMINISTRATOR, INTAKE)  # the first one has the task
MAY, NOT_YOU, NO_ROLE = "", "actor.id", "actor.roles"
OPERATIONS: list[tuple[str, Case, dict[str, Any], tuple[str, ...]]] = [
    ("claim_task", CLAIMED, {}, (MAY, NOT_YOU, NO_ROLE, NO_ROLE, NO_ROLE, NO_ROLE)),
    ("release_task", CLAIMED, {}, (MAY, NOT_YOU, NOT_YOU, MAY, MAY, NOT_YOU)),
    ("assign_task", CLAIMED, {"to": OTHER_CASE_MANAGER}, (NO_ROLE, NO_ROLE, NO_ROLE, MAY, MAY, NO_ROLE)),
    ("delegate_task", CLAIMED, {"to": OTHER_CASE_MANAGER}, (MAY, NOT_YOU, NOT_YOU, NOT_YOU, NOT_YOU, NOT_YOU)),
    ("return_task", DELEGATED, {}, (MAY, NOT_YOU, NOT_YOU, NOT_YOU, NOT_YOU, NOT_YOU)),
    ("suspend_task", CLAIMED, EVENING, (MAY, NOT_YOU, NO_ROLE, MAY, MAY, NO_ROLE)),
    ("resume_task", SUSPENDED, {}, (MAY, NOT_YOU, NO_ROLE, MAY, MAY, NO_ROLE)),
    ("save_draft", CLAIMED, {"draft": "{}"}, (MAY, NOT_YOU, NO_ROLE, NO_ROLE, NO_ROLE, NO_ROLE)),
    ("escalate_task", CLAIMED, {"reason": "Nobody is free."}, (MAY, MAY, MAY, MAY, MAY, NO_ROLE)),
    ("nominate_task", READY, NOMINATION, (MAY, MAY, MAY, MAY, MAY, NO_ROLE)),
    ("skip_task", pending(), {"reason": "It came by mail."}, (MAY, MAY, NO_ROLE, MAY, MAY, NO_ROLE)),
    ("lift_exclusion", READY, LIFT, (NO_ROLE, NO_ROLE, NO_ROLE, NO_ROLE, "person", NO_ROLE)),
]
BY_WHOM = [
    pytest.param(signal, case, fields, actor, why, id=f"{signal}, {actor.id}")
    for signal, case, fields, answers in OPERATIONS
    for actor, why in zip(PEOPLE, answers, strict=True)
]


@pytest.mark.parametrize(("signal", "case", "fields", "actor", "why"), BY_WHOM)
def test_each_operation_is_for_some_people_and_is_refused_to_the_others(signal, case, fields, actor, why):
    after = attempts(case, actor, signal, task_id=the_task(case).id, **fields)

    named = [f.field for r in after.refusals for f in r.fields]
    assert named == ([why] if why else [])


@pytest.mark.parametrize("signal", [signal for signal, *_ in OPERATIONS])
@pytest.mark.parametrize("which", ["done", "unknown"])
def test_on_a_task_that_is_not_open_an_operation_is_refused_to_everybody_without_repeating_what_was_typed(
    signal, which
):
    case = in_review()
    task_id = {"done": case.tasks[0].id, "unknown": "Zzyzx"}[which]
    fields = next(fields for name, _, fields, _ in OPERATIONS if name == signal)

    for actor in PEOPLE:
        refused = refusal(case, actor, signal, task_id=task_id, **fields)
        assert (refused.reason, refused.fields[0].field) == ("no open task of this id", "task_id")
        assert "Zzyzx" not in case.model_dump_json()


@pytest.mark.parametrize(
    ("signal", "event"),
    [
        ("claim_task", "task:claimed"),
        ("release_task", "task:released"),
        ("assign_task", "task:assigned"),
        ("delegate_task", "task:delegated"),
        ("return_task", "task:returned"),
        ("suspend_task", "task:suspended"),
        ("resume_task", "task:resumed"),
        ("escalate_task", "task:escalated"),
        ("nominate_task", "task:nominated"),
        ("skip_task", "task:skipped"),
    ],
)
def test_what_was_done_to_a_task_stands_in_the_story_under_the_name_of_who_did_it(signal, event):
    case, fields, answers = next((c, fields, who) for name, c, fields, who in OPERATIONS if name == signal)
    actor = PEOPLE[answers.index(MAY)]

    after = operates(case, actor, signal, **fields)

    by_people = [(e.event, e.actor) for e in after.story if e.seq > case.seq and e.actor]
    assert by_people == [(event, actor.id)]
    first = after.story[case.seq]
    assert first.text.startswith(f"{the_task(case).id}: ")


# -- claim


def test_who_claims_a_task_has_it_and_its_revision_rises():
    case = operates(opened(), CASE_MANAGER, "claim_task")

    task = the_task(case)
    assert (task.state, task.owner, task.revision) == (TaskState.RESERVED, CASE_MANAGER.id, 2)
    assert case.story[-1].text == f"{task.id}: Review the referral for completeness"


def test_who_has_a_task_may_claim_it_again_and_it_stays_as_it_is():
    assert operates(CLAIMED, CASE_MANAGER, "claim_task").tasks == CLAIMED.tasks


def test_who_was_given_a_task_and_claims_it_can_still_return_it():
    again = operates(DELEGATED, CASE_MANAGER, "claim_task")

    assert the_task(operates(again, CASE_MANAGER, "return_task")).owner == OTHER_CASE_MANAGER.id


def test_who_claims_a_task_that_was_put_aside_takes_it_up():
    aside = operates(READY, SUPERVISOR, "suspend_task", **EVENING)

    taken = the_task(operates(aside, CASE_MANAGER, "claim_task"))

    assert (taken.state, taken.owner, taken.suspended_until) == (TaskState.RESERVED, CASE_MANAGER.id, None)


# -- who may own the consultative review


LAST_DAY = {"licence_expires": "2026-11-02", "certified_until": "2026-11-02"}  # Monday
INELIGIBLE = [
    pytest.param({"specialty": "cardiology"}, "P5", "specialty", id="another specialty"),
    pytest.param({"board_certified": False}, "POL-3", "board_certified", id="not board-certified"),
    pytest.param({"licence": ""}, "H&S 1367.01(e)", "licence", id="no licence"),
    pytest.param({"licence_expires": "2026-11-01"}, "H&S 1367.01(e)", "licence_expires", id="licence ended yesterday"),
    pytest.param({"certified_until": "2026-11-01"}, "POL-3", "certified_until", id="certificate ended yesterday"),
    pytest.param({"npi": a_request().treating_provider.npi}, "PUR", "npi", id="treats the member"),
    pytest.param({"npi": a_request().pcp.npi}, "PUR", "npi", id="the PCP"),
    pytest.param({"npi": ""}, "PUR", "npi", id="without an NPI"),
    pytest.param({"id": CMO.id}, "P5", "id", id="referred the case"),
    pytest.param({"id": CASE_MANAGER.id}, "P4", "id", id="prepared the case"),
    pytest.param({"roles": ["cmo"]}, "P5", "roles", id="no consultant"),
]


def a_consultant(**changes: Any) -> Actor:
    """A consultant with other credentials, read anew so that a day may be given as a text."""
    return Actor.model_validate({**CONSULTANT.model_dump(), **LAST_DAY, **changes})


@pytest.mark.parametrize(("changes", "clause", "field"), INELIGIBLE)
def test_a_consultant_who_may_not_review_the_case_cannot_claim_the_task(changes, clause, field):
    refused = objection(referred(), a_consultant(**changes), "claim_task")

    assert (refused.clause, refused.fields[0].field) == (clause, f"actor.{field}")


@pytest.mark.parametrize(("changes", "clause", "field"), INELIGIBLE)
@pytest.mark.parametrize("way", ["assign_task", "delegate_task"])
def test_the_task_cannot_be_given_to_such_a_consultant_either_and_the_refusal_names_the_person(
    way, changes, clause, field
):
    case = operates(referred(), SECOND_CONSULTANT, "claim_task")
    giver = {"assign_task": SUPERVISOR, "delegate_task": SECOND_CONSULTANT}[way]
    wrong = a_consultant(**changes)

    refused = objection(case, giver, way, to=wrong)

    assert (refused.clause, refused.fields[0].field) == (clause, f"to.{field}")
    assert refused.reason.startswith(f"{wrong.id}: ")


@pytest.mark.parametrize(
    ("at", "owner"),
    [
        pytest.param("2026-11-02T23:59:00-08:00", CONSULTANT.id, id="Monday 2026-11-02, before midnight"),
        pytest.param("2026-11-03T00:01:00-08:00", "", id="Tuesday 2026-11-03, after midnight"),
    ],
)
def test_licence_and_certificate_hold_to_the_end_of_their_last_day_in_los_angeles(at, owner):
    case = referred()

    after = attempts(case, a_consultant(), "claim_task", datetime.fromisoformat(at), task_id=the_task(case).id)

    assert the_task(after).owner == owner


def test_who_claimed_a_task_cannot_complete_it_once_the_licence_has_ended():
    physician = CMO.model_copy(update={"licence_expires": MONDAY.date()})
    case = operates(in_review(), physician, "claim_task")

    refused = refusal(case, physician, "determine", MONDAY + 24 * HOUR, **APPROVAL)

    assert refused.reason == "the licence ended on 2026-11-02; renew it in the staff file"


def test_in_a_case_of_the_first_generation_nobodys_credentials_are_asked_for_before_the_work_is_done():
    case = open_case(NUMBER, a_request(), MONDAY, generation=FIRST_GENERATION)
    case = attempts(case, CASE_MANAGER, "confirm_completeness")
    case = attempts(case, CMO, "refer_to_consultation", question="Is it reasonable?")

    claimed = operates(case, a_consultant(specialty="cardiology"), "claim_task")

    assert the_task(claimed).owner == CONSULTANT.id
