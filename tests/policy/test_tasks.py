"""Human tasks: who may work on them, how they are claimed and released, and what stands behind each kind."""

import pytest

from policy.clauses import Clause
from policy.lifecycle import Stage
from policy.people import Actor, Role
from policy.request import LineOfBusiness, Priority
from policy.tasks import DEFINITIONS, HumanTask, TaskKind, TaskState
from tests.builders import CASE_MANAGER, CMO, INTAKE, MONDAY, OTHER_CASE_MANAGER
from tests.policy.steps import APPROVAL, SUPERVISOR, attempts, does, in_review, opened, refusal, the_task

OWNERS = {
    TaskKind.COMPLETENESS_REVIEW: {Role.CASE_MANAGER},
    TaskKind.OBTAIN_INFORMATION: {Role.CASE_MANAGER},
    TaskKind.PHYSICIAN_REVIEW: {Role.CMO, Role.PHYSICIAN_DESIGNEE},
    TaskKind.CONSULTATIVE_REVIEW: {Role.CONSULTANT},
    TaskKind.EXPIRED_DETERMINATION: {Role.CMO, Role.PHYSICIAN_DESIGNEE},
    TaskKind.PLACEMENT: {Role.CASE_MANAGER},
    TaskKind.OBTAIN_REPORT: {Role.CASE_MANAGER},
    TaskKind.TELEPHONE_NOTICE: {Role.CASE_MANAGER},
    TaskKind.THIRD_OPINION_LOST: {Role.SUPERVISOR, Role.ADMINISTRATOR},
}


def a_task(kind: TaskKind = TaskKind.PLACEMENT, note: str = "") -> HumanTask:
    return HumanTask(id="T1", kind=kind, note=note, opened_at=MONDAY)


@pytest.mark.parametrize("kind", TaskKind)
@pytest.mark.parametrize("role", Role)
def test_a_task_is_for_its_potential_owners_and_for_nobody_else(kind, role):
    verdict = a_task(kind).may_be_worked_by(Actor(id="x", roles=(role,)))

    assert bool(verdict) is (role in OWNERS[kind])
    if not verdict:
        assert (verdict.field, verdict.clause) == ("actor.roles", DEFINITIONS[kind].clause)


def test_one_role_of_several_is_enough():
    both = Actor(id="x", roles=(Role.SUPERVISOR, Role.CASE_MANAGER))

    assert a_task().may_be_worked_by(both)


@pytest.mark.parametrize("kind", TaskKind)
def test_every_kind_has_a_title_and_a_clause(kind):
    assert a_task(kind).title == DEFINITIONS[kind].title
    assert isinstance(DEFINITIONS[kind].clause, Clause)


def test_a_note_stands_behind_the_title():
    assert a_task(note="third opinion").title == "Place the opinion with a qualified physician (third opinion)"


@pytest.mark.parametrize(
    ("state", "is_open"),
    [
        (TaskState.READY, True),
        (TaskState.RESERVED, True),
        (TaskState.SUSPENDED, True),
        (TaskState.COMPLETED, False),
        (TaskState.OBSOLETE, False),
        (TaskState.EXITED, False),
    ],
)
def test_a_task_is_open_until_it_is_completed_or_no_longer_needed(state, is_open):
    assert a_task().model_copy(update={"state": state}).is_open is is_open


# -- what follows from the case


@pytest.mark.parametrize(
    ("changes", "priority"),
    [
        pytest.param({}, 5, id="standard"),
        pytest.param({"priority": Priority.EXPEDITED}, 1, id="expedited"),
        pytest.param({"line": LineOfBusiness.COMMERCIAL, "priority": Priority.CONCURRENT}, 3, id="concurrent"),
        pytest.param({"line": LineOfBusiness.COMMERCIAL, "priority": Priority.URGENT_CONCURRENT}, 1, id="urgent"),
        pytest.param({"line": LineOfBusiness.COMMERCIAL, "priority": Priority.RETROSPECTIVE}, 8, id="retrospective"),
        pytest.param({"imminent_threat": True}, 0, id="imminent threat"),
        pytest.param({"imminent_threat": True, "priority": Priority.EXPEDITED}, 0, id="expedited, imminent threat"),
    ],
)
def test_the_priority_of_a_task_is_that_of_its_case_and_an_imminent_threat_comes_first(changes, priority):
    assert the_task(opened(**changes)).priority == priority


def test_a_task_is_due_with_the_first_of_the_clocks_that_it_serves_and_names_the_rule():
    case = opened()

    task = the_task(case)

    first = min(case.open_clocks, key=lambda clock: clock.due_at)
    assert (task.due_at, task.due_rule) == (first.due_at, first.rule)


def test_what_moves_the_limit_moves_the_task_and_its_priority_and_is_no_revision():
    case = opened()

    expedited = does(case, CMO, "expedite_request", reason="It cannot wait.")

    before, after = the_task(case), the_task(expedited)
    assert before.due_at is not None
    assert after.due_at is not None
    assert after.due_at < before.due_at
    assert (before.priority, after.priority) == (5, 1)
    assert after.revision == before.revision
    assert not after.differs_from(before)


def test_a_task_that_is_done_keeps_the_time_at_which_it_was_due():
    reviewed = in_review().tasks[0]

    decided = does(in_review(), CMO, "determine", **APPROVAL)

    assert (decided.tasks[0].due_at, decided.tasks[0].priority) == (reviewed.due_at, reviewed.priority)


def test_a_completed_task_says_by_which_action():
    case = does(in_review(), CMO, "determine", **APPROVAL)

    assert [(t.outcome, t.ended_by) for t in case.tasks] == [
        ("confirm_completeness", CASE_MANAGER.id),
        ("determine", CMO.id),
        ("", ""),
    ]


# -- claim and release


def test_a_claimed_task_is_its_owners_and_nobody_else_works_on_it():
    case = does(opened(), CASE_MANAGER, "claim_task", task_id="T1")

    refused = refusal(case, OTHER_CASE_MANAGER, "confirm_completeness")

    assert (case.tasks[0].state, case.tasks[0].owner) == (TaskState.RESERVED, CASE_MANAGER.id)
    assert refused.reason == "cm.alvarez has claimed this task; it must be released first"
    assert (refused.clause, refused.fields[0].field) == ("P2", "actor.id")
    assert does(case, CASE_MANAGER, "confirm_completeness").stage is Stage.PHYSICIAN_REVIEW


def test_a_claimed_task_cannot_be_claimed_by_another_and_may_be_claimed_again_by_its_owner():
    case = does(opened(), CASE_MANAGER, "claim_task", task_id="T1")

    refusal(case, OTHER_CASE_MANAGER, "claim_task", task_id="T1")

    assert does(case, CASE_MANAGER, "claim_task", task_id="T1").tasks == case.tasks


@pytest.mark.parametrize("actor", [CMO, INTAKE, SUPERVISOR], ids=lambda a: a.roles[0])
def test_only_a_potential_owner_claims_a_task(actor: Actor):
    refused = refusal(opened(), actor, "claim_task", task_id="T1")

    assert refused.reason == "this task is for a case manager"


@pytest.mark.parametrize("actor", [CASE_MANAGER, SUPERVISOR], ids=["its owner", "a supervisor"])
def test_its_owner_or_a_supervisor_releases_a_task(actor: Actor):
    case = does(opened(), CASE_MANAGER, "claim_task", task_id="T1")

    released = does(case, actor, "release_task", task_id="T1")

    assert (released.tasks[0].state, released.tasks[0].owner) == (TaskState.READY, "")
    assert does(released, OTHER_CASE_MANAGER, "confirm_completeness").stage is Stage.PHYSICIAN_REVIEW


@pytest.mark.parametrize("actor", [OTHER_CASE_MANAGER, CMO], ids=lambda a: a.roles[0])
def test_nobody_else_releases_it(actor: Actor):
    case = does(opened(), CASE_MANAGER, "claim_task", task_id="T1")

    refused = refusal(case, actor, "release_task", task_id="T1")

    assert (refused.clause, refused.fields[0].field) == (Clause.P1, "actor.id")


@pytest.mark.parametrize("signal", ["claim_task", "release_task"])
@pytest.mark.parametrize("task_id", ["T2", "T99"], ids=["not yet", "never"])
def test_a_task_that_is_not_open_can_be_neither_claimed_nor_released(signal, task_id):
    assert refusal(opened(), CASE_MANAGER, signal, task_id=task_id).fields[0].field == "task_id"


@pytest.mark.parametrize("signal", ["claim_task", "release_task"])
def test_an_unknown_task_is_refused_without_its_id(signal):
    typed = "Zzyzx-Qvortrup"
    case = attempts(opened(), CASE_MANAGER, signal, task_id=typed)

    assert (case.refused_count, case.refusals[-1].reason) == (1, "no open task of this id")
    assert typed not in case.model_dump_json()


def test_a_task_that_is_done_cannot_be_claimed():
    assert refusal(in_review(), CASE_MANAGER, "claim_task", task_id="T1").fields[0].field == "task_id"
