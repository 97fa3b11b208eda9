"""Who is kept from a task, and whether a person may own it: the rules themselves, as every operation asks them."""

from datetime import date, timedelta

import pytest

from policy.case import Case
from policy.duties import DETERMINING, PREPARING, exclusions, holds_a_licence, is_certified, may_own
from policy.people import Role
from policy.tasks import DEFINITIONS, Exclusion, HumanTask, TaskKind, TaskState
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, MONDAY, a_first_opinion, a_professional, a_request
from tests.policy.steps import (
    CASE_MANAGER_AND_CMO,
    DESIGNEE,
    HOUR,
    SECOND_CONSULTANT,
    consultation,
    consulted,
    does,
    in_review,
    opened,
    pending,
    referred,
    the_task,
)

DAY_OF_RECEIPT = date(2026, 11, 2)  # Monday
QUESTIONED, ALSO = "1992999890", "1992999908"
TREATING, PCP = a_request().treating_provider.npi, a_request().pcp.npi
WORK_OF_A_CASE_MANAGER = tuple(k for k in TaskKind if DEFINITIONS[k].potential_owners == (Role.CASE_MANAGER,))
REVIEWING = (*DETERMINING, TaskKind.CONSULTATIVE_REVIEW)


def shut_out(case: Case, kind: TaskKind) -> dict[str, str]:
    """Who is kept from a kind of task, and under which clause."""
    return {e.who: e.clause for e in exclusions(case, kind)}


def a_task(kind: TaskKind, *excluded: Exclusion, lifted: tuple[str, ...] = ()) -> HumanTask:
    return HumanTask(id="task", kind=kind, opened_at=MONDAY, excluded=excluded, lifted=lifted)


# -- who is excluded


@pytest.mark.parametrize("kind", WORK_OF_A_CASE_MANAGER)
def test_the_work_of_a_case_manager_excludes_nobody(kind):
    assert exclusions(consulted(), kind) == ()


@pytest.mark.parametrize("kind", REVIEWING)
def test_everybody_around_the_member_is_kept_from_review_and_decision_by_npi(kind):
    request = a_request(
        first_opinion=a_first_opinion().model_copy(update={"professional": a_professional(QUESTIONED)}),
        also_involved=(a_professional(ALSO),),
    )

    assert shut_out(opened(request), kind) == dict.fromkeys((TREATING, PCP, QUESTIONED, ALSO), "PUR")


@pytest.mark.parametrize("kind", DETERMINING)
def test_the_consultant_is_kept_from_the_decision_by_account_and_by_npi(kind):
    found = shut_out(consulted(), kind)

    assert (found[CONSULTANT.id], found[CONSULTANT.npi]) == ("P5", "P5")


def test_a_consultant_who_has_not_answered_yet_is_kept_from_nothing():
    assert CONSULTANT.id not in shut_out(referred(), TaskKind.PHYSICIAN_REVIEW)


def test_who_refers_a_case_is_kept_from_its_consultation_and_from_no_decision():
    case = referred()

    assert shut_out(case, TaskKind.CONSULTATIVE_REVIEW)[CMO.id] == "P5"
    assert CMO.id not in shut_out(consulted(), TaskKind.PHYSICIAN_REVIEW)


@pytest.mark.parametrize("kind", REVIEWING)
def test_who_prepared_the_case_is_named_once_however_often_they_did(kind):
    case = does(opened(), CASE_MANAGER, "request_information", items=["first_opinion_report"])
    answer = [{"item": "first_opinion_report", "text": "on record"}]
    case = does(case, CASE_MANAGER, "receive_information", information=answer)
    case = does(case, CASE_MANAGER, "confirm_completeness")

    own = [(e.who, e.clause) for e in exclusions(case, kind) if not e.by_law]

    assert own == [(CASE_MANAGER.id, "P4")]


@pytest.mark.parametrize("kind", PREPARING)
@pytest.mark.parametrize("state", [TaskState.OBSOLETE, TaskState.EXITED, TaskState.RESERVED])
def test_only_who_completed_the_preparation_has_prepared_the_case(kind, state):
    task = a_task(kind).model_copy(update={"state": state, "owner": CASE_MANAGER.id, "ended_by": CASE_MANAGER.id})

    assert CASE_MANAGER.id not in shut_out(opened().but(tasks=(task,)), TaskKind.PHYSICIAN_REVIEW)


def test_a_task_knows_whom_it_excludes_from_the_moment_it_is_opened():
    task = the_task(in_review())

    assert task.excluded == exclusions(in_review(), TaskKind.PHYSICIAN_REVIEW)
    assert {e.who for e in task.excluded} == {TREATING, PCP, CASE_MANAGER.id}


def test_a_task_that_is_done_keeps_whom_it_excluded_then():
    case = referred()

    assert {e.who for e in case.tasks[1].excluded} == {TREATING, PCP, CASE_MANAGER.id}


# -- whom an exclusion means


def test_an_exclusion_means_an_account_or_an_npi():
    by_account, by_npi = (Exclusion(who=who, reason="is out", clause="PUR") for who in (CMO.id, CMO.npi))

    assert by_account.keeps_out(CMO)
    assert by_npi.keeps_out(CMO.model_copy(update={"id": "md.another"}))
    assert not by_account.keeps_out(DESIGNEE)


@pytest.mark.parametrize(("by_law", "keeps"), [(True, True), (False, False)], ids=["by law", "the plan's own"])
def test_only_the_plans_own_rule_is_lifted(by_law, keeps):
    bar = Exclusion(who=CMO.id, reason="is out", clause="P4", by_law=by_law)

    assert (a_task(TaskKind.PHYSICIAN_REVIEW, bar, lifted=(CMO.id,)).bars(CMO) is bar) is keeps


def test_a_refusal_says_whether_an_administrator_could_help():
    own = Exclusion(who=CMO.id, reason="is out", clause="P4", by_law=False)
    law = own.model_copy(update={"by_law": True})
    case = in_review()

    reasons = [
        may_own(case, a_task(TaskKind.PHYSICIAN_REVIEW, bar), CMO, DAY_OF_RECEIPT).model_dump()["reason"]
        for bar in (own, law)
    ]

    assert reasons == ["is out; an administrator can lift this", "is out"]


# -- credentials


@pytest.mark.parametrize(
    ("ends", "holds"),
    [(None, True), (DAY_OF_RECEIPT, True), (DAY_OF_RECEIPT - timedelta(days=1), False)],
    ids=["nobody knows", "today", "yesterday"],
)
def test_credentials_hold_to_their_last_day(ends, holds):
    actor = CONSULTANT.model_copy(update={"licence_expires": ends, "certified_until": ends})

    assert bool(holds_a_licence(actor, DAY_OF_RECEIPT)) is holds
    assert bool(is_certified(actor, DAY_OF_RECEIPT)) is holds


@pytest.mark.parametrize("licence", ["", "  "])
def test_a_blank_licence_is_none(licence):
    verdict = holds_a_licence(CMO.model_copy(update={"licence": licence}), DAY_OF_RECEIPT)

    assert not verdict
    assert (verdict.clause, verdict.field) == ("H&S 1367.01(e)", "actor.licence")


@pytest.mark.parametrize("kind", WORK_OF_A_CASE_MANAGER)
def test_a_case_manager_needs_no_licence(kind):
    assert may_own(opened(), a_task(kind), CASE_MANAGER, DAY_OF_RECEIPT)


@pytest.mark.parametrize("kind", DETERMINING)
def test_a_physician_who_decides_needs_role_licence_and_npi_but_no_board_certification(kind):
    case, task = in_review(), a_task(kind)
    lacking: list[tuple[dict[str, object], str]] = [
        ({"roles": (Role.CONSULTANT,)}, "actor.roles"),
        ({"licence": ""}, "actor.licence"),
        ({"licence_expires": DAY_OF_RECEIPT - timedelta(days=1)}, "actor.licence_expires"),
        ({"npi": ""}, "actor.npi"),
    ]

    refused = [may_own(case, task, CMO.model_copy(update=changes), DAY_OF_RECEIPT) for changes, _ in lacking]

    assert [verdict.model_dump().get("field") for verdict in refused] == [field for _, field in lacking]
    assert may_own(case, task, CMO, DAY_OF_RECEIPT)
    assert not CMO.board_certified


def test_the_consultants_conflict_of_interest_is_asked_for_only_with_the_review():
    case = referred()

    assert may_own(case, the_task(case), SECOND_CONSULTANT, DAY_OF_RECEIPT)


def test_a_person_of_two_roles_may_own_what_either_of_them_may():
    case = pending()

    assert may_own(case, the_task(case), CASE_MANAGER_AND_CMO, DAY_OF_RECEIPT)
    assert may_own(case, a_task(TaskKind.PHYSICIAN_REVIEW), CASE_MANAGER_AND_CMO, DAY_OF_RECEIPT)


def test_what_a_case_learns_of_its_people_shuts_them_out_of_the_tasks_that_are_open_already():
    late = in_review().open_task(TaskKind.EXPIRED_DETERMINATION, MONDAY + HOUR)
    both = CONSULTANT.model_copy(update={"roles": (Role.CONSULTANT, Role.CMO)})
    before = late.task(TaskKind.EXPIRED_DETERMINATION)
    assert before is not None

    late = does(late, CMO, "refer_to_consultation", question="Is the fusion reasonable?")
    late = does(late, both, "submit_consultation", **consultation())

    after = late.task(TaskKind.EXPIRED_DETERMINATION)
    assert after is not None
    assert before.bars(both) is None
    assert after.bars(both) is not None
