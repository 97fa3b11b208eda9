"""Who prepared a case does not decide it, unless an administrator says so; what the law demands nobody can lift."""

from datetime import timedelta

import pytest

from policy.alarms import ring
from policy.case import Case
from policy.clauses import Clause
from policy.lifecycle import Outcome, Stage
from policy.people import Role
from policy.tasks import TaskKind, TaskState
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, INTAKE, MONDAY
from tests.policy.steps import (
    ADMINISTRATOR,
    APPROVAL,
    CASE_MANAGER_AND_CMO,
    DENIAL,
    DESIGNEE,
    SUPERVISOR,
    consultation,
    consulted,
    does,
    in_review,
    objection,
    opened,
    operates,
    pending,
    refusal,
    the_task,
)

BOTH = CASE_MANAGER_AND_CMO
PREPARED = (
    "who prepared the case as case manager cannot review or decide it (four eyes); an administrator can lift this"
)
STORM = "The only physician on duty during the storm."
HERS = does(opened(), BOTH, "confirm_completeness")


def lifted(case: Case, person: str = BOTH.id) -> Case:
    return operates(case, ADMINISTRATOR, "lift_exclusion", person=person, reason=STORM)


# -- who prepared the case


@pytest.mark.parametrize(
    ("signal", "fields"),
    [
        ("determine", APPROVAL),
        ("determine", DENIAL),
        ("refer_to_consultation", {"question": "Is the fusion reasonable?"}),
    ],
    ids=["approve", "deny", "refer"],
)
def test_who_confirmed_completeness_neither_decides_nor_refers_though_a_licensed_cmo(signal, fields):
    refused = refusal(HERS, BOTH, signal, **fields)

    assert (refused.reason, refused.clause, refused.fields[0].field) == (PREPARED, "P4", "actor.id")
    assert does(HERS, CMO, signal, **fields).tasks[1].ended_by == CMO.id


def test_who_confirmed_completeness_cannot_claim_the_physicians_task_and_nobody_can_give_it_to_them():
    refused = objection(HERS, BOTH, "claim_task")

    assigned = objection(HERS, SUPERVISOR, "assign_task", to=BOTH)
    asked = objection(HERS, SUPERVISOR, "nominate_task", nominees=[{"person": BOTH}])

    assert refused.reason == PREPARED
    assert assigned.reason == asked.reason == f"{BOTH.id}: {PREPARED}"
    assert (assigned.fields[0].field, asked.fields[0].field) == ("to.id", "nominees.0")


@pytest.mark.parametrize("did", ["asked the provider", "obtained the answer"])
def test_who_asked_for_information_or_obtained_it_has_prepared_the_case_too(did):
    asks, obtains = (BOTH, CASE_MANAGER) if did == "asked the provider" else (CASE_MANAGER, BOTH)
    case = does(opened(), asks, "request_information", items=["first_opinion_report"])
    answer = [{"item": "first_opinion_report", "text": "on record"}]
    case = does(case, obtains, "receive_information", information=answer)
    case = does(case, CASE_MANAGER, "confirm_completeness")

    assert refusal(case, BOTH, "determine", **APPROVAL).reason == PREPARED


def test_who_only_tried_to_reach_the_provider_may_decide():
    case = does(pending(), BOTH, "record_contact_attempt", channel="fax", reached=False)
    answer = [{"item": "test_results", "text": "on record"}]
    case = does(case, CASE_MANAGER, "receive_information", information=answer)
    case = does(case, CASE_MANAGER, "confirm_completeness")

    assert does(case, BOTH, "determine", **APPROVAL).outcome is Outcome.APPROVED


def test_who_prepared_the_case_cannot_be_its_consultant():
    both = CONSULTANT.model_copy(update={"roles": (Role.CASE_MANAGER, Role.CONSULTANT)})
    case = does(opened(), both, "confirm_completeness")
    case = does(case, CMO, "refer_to_consultation", question="Is the fusion reasonable?")

    refused = refusal(case, both, "submit_consultation", **consultation())

    assert refused.reason == PREPARED


def test_who_prepared_the_case_cannot_sign_that_it_has_expired():
    late = ring(HERS, MONDAY + timedelta(days=8))
    expired = late.task(TaskKind.EXPIRED_DETERMINATION)
    assert expired is not None

    refused = refusal(late, BOTH, "sign_expired_determination", statement="The time has passed.")

    assert refused.reason == PREPARED
    assert does(late, CMO, "sign_expired_determination", statement="The time has passed.").outcome is Outcome.DENIED


def test_who_prepared_the_case_may_go_on_as_its_case_manager():
    case = does(HERS, CMO, "determine", **APPROVAL)

    assert the_task(operates(case, BOTH, "claim_task")).owner == BOTH.id


# -- what an administrator lifts


def test_an_administrator_lets_who_prepared_the_case_decide_it_and_the_reason_stands_in_the_story():
    case = lifted(HERS)

    decided = does(operates(case, BOTH, "claim_task"), BOTH, "determine", **APPROVAL)

    task, told = the_task(case), case.story[-1]
    assert decided.outcome is Outcome.APPROVED
    assert (told.event, told.actor) == ("task:exclusion-lifted", ADMINISTRATOR.id)
    assert told.text == f"{task.id}: Decide on medical necessity: for {BOTH.id}: {STORM}"
    assert (task.lifted, task.revision) == ((BOTH.id,), the_task(HERS).revision + 1)


def test_what_was_lifted_for_one_person_is_lifted_for_no_other():
    answer = [{"item": "first_opinion_report", "text": "on record"}]
    other = BOTH.model_copy(update={"id": "md.other", "npi": "1992999049"})
    case = does(opened(), other, "request_information", items=["first_opinion_report"])
    case = does(case, other, "receive_information", information=answer)
    case = lifted(does(case, BOTH, "confirm_completeness"))

    assert refusal(case, other, "determine", **APPROVAL).reason == PREPARED
    assert does(case, BOTH, "determine", **APPROVAL).stage is Stage.PLACEMENT


def test_what_was_lifted_for_one_task_is_not_lifted_for_the_next():
    case = does(lifted(HERS), CMO, "refer_to_consultation", question="Is the fusion reasonable?")
    case = does(case, CONSULTANT, "submit_consultation", **consultation())

    assert refusal(case, BOTH, "determine", **APPROVAL).reason == PREPARED


@pytest.mark.parametrize("actor", [SUPERVISOR, CMO, BOTH, CASE_MANAGER, INTAKE], ids=lambda actor: actor.id)
def test_nobody_but_an_administrator_lifts_anything(actor):
    refused = objection(HERS, actor, "lift_exclusion", person=BOTH.id, reason=STORM)

    assert (refused.reason, refused.fields[0].field) == ("only an administrator can lift an exclusion", "actor.roles")


@pytest.mark.parametrize(
    ("case", "person"),
    [
        pytest.param(HERS, CMO.id, id="nothing excludes the person"),
        pytest.param(HERS, "nobody", id="nobody knows the person"),
        pytest.param(lifted(HERS), BOTH.id, id="it is lifted already"),
        pytest.param(opened(), BOTH.id, id="the task excludes nobody"),
    ],
)
def test_where_nothing_can_be_lifted_a_lift_is_refused(case, person):
    refused = objection(case, ADMINISTRATOR, "lift_exclusion", person=person, reason=STORM)

    assert refused.reason == "nothing that could be lifted excludes this person"
    assert (refused.clause, refused.fields[0].field) == (Clause.P1, "person")


# -- what nobody lifts


def test_that_the_consultant_determines_cannot_be_lifted():
    case = consulted()

    refused = objection(case, ADMINISTRATOR, "lift_exclusion", person=CONSULTANT.id, reason=STORM)

    assert refused.reason == "this cannot be lifted: the consultant cannot also determine"
    assert (refused.clause, refused.fields[0].field) == ("P5", "person")


def test_that_who_referred_the_case_is_its_consultant_cannot_be_lifted():
    case = does(in_review(), CMO, "refer_to_consultation", question="Is the fusion reasonable?")

    refused = objection(case, ADMINISTRATOR, "lift_exclusion", person=CMO.id, reason=STORM)

    assert refused.reason == "this cannot be lifted: who refers a case cannot be its consultant"


@pytest.mark.parametrize("involved", ["treating_provider", "pcp"])
def test_that_an_involved_professional_decides_cannot_be_lifted_by_npi_either(involved):
    case = in_review()
    npi = getattr(case.request, involved).npi

    refused = objection(case, ADMINISTRATOR, "lift_exclusion", person=npi, reason=STORM)

    assert refused.reason == "this cannot be lifted: a professional involved in the case cannot review it"


def test_a_lift_of_the_plans_own_rule_lifts_no_rule_of_law():
    involved = BOTH.model_copy(update={"npi": in_review().request.pcp.npi})
    case = lifted(does(opened(), involved, "confirm_completeness"), involved.id)

    refused = refusal(case, involved, "determine", **APPROVAL)

    assert refused.reason == "a professional involved in the case cannot review it"
    assert (refused.clause, refused.fields[0].field) == ("PUR", "actor.npi")


@pytest.mark.parametrize("role", [Role.CMO, Role.PHYSICIAN_DESIGNEE])
def test_the_consultant_cannot_determine_under_another_account_with_the_same_npi(role):
    other_account = CONSULTANT.model_copy(update={"id": "md.osei.2", "roles": (role,)})
    case = consulted()

    claimed = objection(case, other_account, "claim_task")
    decided = refusal(case, other_account, "determine", **APPROVAL)

    assert claimed.reason == decided.reason == "the consultant cannot also determine"
    assert (decided.clause, decided.fields[0].field) == ("P5", "actor.npi")
    assert does(case, DESIGNEE, "determine", **APPROVAL).outcome is Outcome.APPROVED


def test_who_decides_does_not_complete_a_task_from_which_they_are_excluded():
    late = ring(HERS, MONDAY + timedelta(days=8))
    review, expired = late.task(TaskKind.PHYSICIAN_REVIEW), late.task(TaskKind.EXPIRED_DETERMINATION)
    assert review is not None
    assert expired is not None
    case = does(late, ADMINISTRATOR, "lift_exclusion", task_id=review.id, person=BOTH.id, reason=STORM)

    decided = does(case, BOTH, "determine", **DENIAL)

    ended = next(t for t in decided.tasks if t.id == expired.id)
    named = next(t for t in decided.tasks if t.id == review.id)
    assert (named.state, named.ended_by, named.outcome) == (TaskState.COMPLETED, BOTH.id, "determine")
    assert (ended.state, ended.ended_by, ended.outcome) == (TaskState.EXITED, "", "")


def test_a_task_is_not_returned_to_one_who_is_excluded_from_it_by_now():
    late = ring(opened(), MONDAY + timedelta(days=8))
    expired = late.task(TaskKind.EXPIRED_DETERMINATION)
    assert expired is not None
    case = does(late, BOTH, "claim_task", task_id=expired.id)
    case = does(case, BOTH, "delegate_task", task_id=expired.id, to=DESIGNEE)
    case = does(case, BOTH, "confirm_completeness")

    refused = refusal(case, DESIGNEE, "return_task", task_id=expired.id)

    assert refused.reason == f"{BOTH.id} can no longer have it ({PREPARED}); release it instead"
    assert (refused.clause, refused.fields[0].field) == ("P4", "task_id")


def test_nobody_is_asked_for_a_task_from_which_they_are_excluded_by_now():
    late = ring(opened(), MONDAY + timedelta(days=8))
    expired = late.task(TaskKind.EXPIRED_DETERMINATION)
    assert expired is not None
    nominees = [{"person": BOTH}, {"person": DESIGNEE}]
    asked = does(late, SUPERVISOR, "nominate_task", task_id=expired.id, nominees=nominees)

    case = does(asked, BOTH, "confirm_completeness")

    task = case.task_with(expired.id)
    assert task is not None
    assert task.asked == DESIGNEE.id
    told = [e.text for e in case.story if e.event == "task:passed-over"]
    assert told == [f"{expired.id}: {BOTH.id} can no longer have it"]


def test_who_prepared_the_case_cannot_decide_it_under_another_account_with_the_same_npi():
    other_account = BOTH.model_copy(update={"id": "md.adeyemi.2", "roles": (Role.CMO,)})

    refused = refusal(HERS, other_account, "determine", **APPROVAL)

    assert (refused.reason, refused.fields[0].field) == (PREPARED, "actor.npi")
