"""A task that is not needed is skipped, where the edition allows it; the case goes on from where it should."""

from datetime import timedelta

import pytest

from policy.case import Case
from policy.lifecycle import Outcome, Stage
from policy.particulars import Basis
from policy.people import Actor
from policy.request import Item, LineOfBusiness
from policy.rule import Obligation
from policy.tasks import DEFINITIONS, TaskKind, TaskState
from policy.timeframes import ClockState
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, INTAKE, MONDAY, OTHER_CASE_MANAGER, a_report, plan_physician
from tests.policy.steps import (
    ADMINISTRATOR,
    APPROVAL,
    DENIAL,
    DESIGNEE,
    SUPERVISOR,
    approved,
    attempts,
    consultation,
    does,
    finished,
    in_review,
    objection,
    opened,
    operates,
    pending,
    placed,
    referred,
    refusal,
    the_task,
)

REASON = "The provider has sent everything by another way."


def asked_for_more(**changes) -> Case:
    """Complete by the checklist; the case manager has asked for something beyond it."""
    return does(opened(**changes), CASE_MANAGER, "request_information", items=[Item.FIRST_OPINION_REPORT])


def skips(case: Case, actor: Actor) -> Case:
    return operates(case, actor, "skip_task", reason=REASON)


# -- which kinds, and by whom


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        pytest.param(opened(), TaskKind.COMPLETENESS_REVIEW, id="completeness review"),
        pytest.param(in_review(), TaskKind.PHYSICIAN_REVIEW, id="physician review"),
        pytest.param(approved(), TaskKind.PLACEMENT, id="placement"),
        pytest.param(placed(), TaskKind.OBTAIN_REPORT, id="report"),
    ],
)
@pytest.mark.parametrize("actor", [CASE_MANAGER, CMO, SUPERVISOR, ADMINISTRATOR], ids=lambda actor: actor.roles[0])
def test_what_is_the_procedure_itself_cannot_be_skipped_by_anybody(case, kind, actor):
    refused = objection(case, actor, "skip_task", reason=REASON)

    assert refused.reason == f"this task cannot be skipped: {DEFINITIONS[kind].title}"
    assert (refused.clause, refused.fields[0].field) == (the_task(case).definition.clause, "task_id")


def test_the_signature_under_an_expired_request_cannot_be_skipped():
    case = in_review().open_task(TaskKind.EXPIRED_DETERMINATION, MONDAY)
    task = case.task(TaskKind.EXPIRED_DETERMINATION)
    assert task is not None

    refused = refusal(case, SUPERVISOR, "skip_task", task_id=task.id, reason=REASON)

    assert refused.reason == "this task cannot be skipped: Sign the denial of an expired request today"


@pytest.mark.parametrize(
    ("case", "may"),
    [
        pytest.param(pending(), (CASE_MANAGER, OTHER_CASE_MANAGER, SUPERVISOR, ADMINISTRATOR), id="information"),
        pytest.param(referred(), (CMO, DESIGNEE, SUPERVISOR, ADMINISTRATOR), id="consultation"),
    ],
)
@pytest.mark.parametrize(
    "actor",
    [CASE_MANAGER, OTHER_CASE_MANAGER, CMO, DESIGNEE, SUPERVISOR, ADMINISTRATOR, CONSULTANT, INTAKE],
    ids=lambda actor: actor.id,
)
def test_a_skip_is_for_the_roles_that_the_kind_names(case, may, actor):
    after = attempts(case, actor, "skip_task", task_id=the_task(case).id, reason=REASON)

    named = [f.field for r in after.refusals for f in r.fields]
    assert named == ([] if actor in may else ["actor.roles"])


HIS = operates(pending(), CASE_MANAGER, "claim_task")
ANOTHER_IS_ASKED = operates(pending(), SUPERVISOR, "nominate_task", nominees=[{"person": CASE_MANAGER}])


@pytest.mark.parametrize("case", [HIS, ANOTHER_IS_ASKED], ids=["claimed", "asked"])
@pytest.mark.parametrize(
    ("actor", "may"),
    [(CASE_MANAGER, True), (OTHER_CASE_MANAGER, False), (SUPERVISOR, True), (ADMINISTRATOR, True)],
    ids=["whose it is", "another", "supervisor", "administrator"],
)
def test_what_another_has_or_is_asked_for_is_skipped_by_who_is_in_charge_only(case, actor, may):
    after = attempts(case, actor, "skip_task", task_id=the_task(case).id, reason=REASON)

    assert [f.field for r in after.refusals for f in r.fields] == ([] if may else ["actor.id"])


def test_the_physician_recalls_the_question_though_the_consultant_has_claimed_it():
    case = operates(referred(), CONSULTANT, "claim_task")

    assert skips(case, DESIGNEE).stage is Stage.PHYSICIAN_REVIEW


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"licence": ""}, "licence", id="no licence"),
        pytest.param({"licence_expires": MONDAY.date() - timedelta(days=1)}, "licence_expires", id="ended yesterday"),
        pytest.param({"npi": ""}, "npi", id="without an NPI"),
        pytest.param({"npi": referred().request.treating_provider.npi}, "npi", id="treats the member"),
    ],
)
def test_a_physician_who_may_not_decide_recalls_no_question_either(changes, field):
    refused = objection(referred(), CMO.model_copy(update=changes), "skip_task", reason=REASON)

    assert refused.fields[0].field == f"actor.{field}"


# -- what a skip leads to


def test_a_skipped_task_is_obsolete_and_the_story_tells_by_whom_and_why():
    before = pending()
    task = the_task(before)

    case = skips(before, CASE_MANAGER)

    skipped = case.tasks[-2]
    assert (skipped.id, skipped.state, skipped.ended_by) == (task.id, TaskState.OBSOLETE, CASE_MANAGER.id)
    assert (skipped.outcome, skipped.is_open) == ("skip_task", False)
    told = next(e for e in case.story if e.event == "task:skipped")
    assert (told.actor, told.clause, told.text) == (CASE_MANAGER.id, "P3", f"{task.id}: {task.title}: {REASON}")


def test_after_a_skipped_request_for_information_the_case_is_with_the_case_manager_and_nobody_is_waited_for():
    case = skips(pending(), CASE_MANAGER)

    assert case.stage is Stage.COMPLETENESS_REVIEW
    assert the_task(case).kind is TaskKind.COMPLETENESS_REVIEW
    assert {c.state for c in case.clocks if c.obligation is Obligation.INFORMATION_REPLY} == {ClockState.WAIVED}


def test_a_referral_that_still_lacks_an_item_is_not_complete_because_the_request_was_skipped():
    case = skips(pending(Item.TEST_RESULTS), CASE_MANAGER)

    refused = refusal(case, CASE_MANAGER, "confirm_completeness")
    again = does(case, CASE_MANAGER, "request_information", items=[Item.TEST_RESULTS])

    assert refused.reason == "still missing: test_results"
    assert again.stage is Stage.INFORMATION_REQUESTED
    assert [r.ordinal for r in again.information_requests] == [1, 2]


def test_after_a_skipped_consultation_the_physician_decides_without_it():
    case = skips(referred(), CMO)

    assert case.stage is Stage.PHYSICIAN_REVIEW
    assert (the_task(case).kind, the_task(case).note) == (TaskKind.PHYSICIAN_REVIEW, "consultation withdrawn")
    decided = does(case, CMO, "determine", **DENIAL)
    assert decided.determination is not None
    assert decided.determination.basis is Basis.PHYSICIAN_REVIEW


def test_after_a_skipped_consultation_another_may_be_asked_for():
    again = does(skips(referred(), CMO), CMO, "refer_to_consultation", question="Is the fusion reasonable now?")

    given = does(again, CONSULTANT, "submit_consultation", **consultation(recommends=False))

    assert [c.recommends for c in given.consultations] == [False]
    assert does(given, CMO, "determine", **DENIAL).outcome is Outcome.DENIED


@pytest.mark.parametrize("line", [LineOfBusiness.MEDI_CAL, LineOfBusiness.COMMERCIAL])
def test_after_both_skips_the_case_can_be_brought_to_its_end(line):
    case = skips(asked_for_more(line=line), CASE_MANAGER)
    case = does(case, CASE_MANAGER, "confirm_completeness")
    case = does(case, CMO, "refer_to_consultation", question="Is the fusion reasonable?")
    case = does(skips(case, CMO), CMO, "determine", **APPROVAL)
    case = does(case, CASE_MANAGER, "place_opinion", **plan_physician())
    case = does(case, CASE_MANAGER, "receive_report", **a_report())

    assert finished(case).stage is Stage.CLOSED
    assert {c.state for c in finished(case).clocks} <= {ClockState.MET, ClockState.PAUSED, ClockState.WAIVED}


def test_once_nothing_is_waited_for_any_more_the_time_for_the_decision_runs_again():
    case = asked_for_more(line=LineOfBusiness.COMMERCIAL)

    skipped = skips(case, CASE_MANAGER)

    assert ClockState.RUNNING in {c.state for c in skipped.clocks if c.obligation is Obligation.DECISION}
