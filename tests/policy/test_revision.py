"""Whoever says which revision they saw is told when it is no longer the latest; 0 means whichever stands."""

import pytest

from policy.alarms import ring
from policy.case import Case
from policy.lifecycle import Stage
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, MONDAY, OTHER_CASE_MANAGER
from tests.policy.steps import (
    APPROVAL,
    DAY,
    DESIGNEE,
    SECOND_CONSULTANT,
    SUPERVISOR,
    attempts,
    does,
    in_review,
    objection,
    opened,
    operates,
    referred,
    refusal,
    the_task,
)

CLAIMED = operates(opened(), CASE_MANAGER, "claim_task")  # revision 2
TUESDAY = "2026-11-03T09:00:00-08:00"


def revision(case: Case) -> int:
    return the_task(case).revision


# -- of a task


def test_a_new_task_has_the_first_revision():
    assert revision(opened()) == revision(in_review()) == 1


@pytest.mark.parametrize("given", ["whichever", "the latest"])
def test_who_names_the_latest_revision_or_none_is_heard(given):
    seen = {"whichever": 0, "the latest": revision(CLAIMED)}[given]

    assert does(CLAIMED, CASE_MANAGER, "confirm_completeness", revision=seen).stage is Stage.PHYSICIAN_REVIEW


@pytest.mark.parametrize("seen", [1, 3, 99], ids=["an older one", "one that is still to come", "one far ahead"])
def test_who_names_another_revision_is_told_that_the_task_has_changed_and_who_has_it(seen):
    refused = refusal(CLAIMED, CASE_MANAGER, "confirm_completeness", revision=seen)

    task = the_task(CLAIMED).id
    assert refused.reason == (
        f"you acted on an older version of {task} (now revision 2, with cm.alvarez); look again and send it anew"
    )
    assert (refused.clause, refused.fields[0].field) == ("P2", "revision")


def test_of_a_task_that_nobody_has_the_refusal_names_the_revision_only():
    released = operates(CLAIMED, CASE_MANAGER, "release_task")

    refused = objection(released, CASE_MANAGER, "claim_task", revision=1)

    assert refused.reason == (
        f"you acted on an older version of {the_task(released).id} (now revision 3); look again and send it anew"
    )


def test_of_two_who_claim_what_both_of_them_saw_open_only_the_first_has_it():
    case = operates(opened(), CASE_MANAGER, "claim_task", revision=1)

    refused = objection(case, OTHER_CASE_MANAGER, "claim_task", revision=1)

    assert the_task(case).owner == CASE_MANAGER.id
    assert "with cm.alvarez" in refused.reason


@pytest.mark.parametrize(
    ("signal", "fields"),
    [
        ("claim_task", {}),
        ("release_task", {}),
        ("assign_task", {"to": OTHER_CASE_MANAGER}),
        ("delegate_task", {"to": OTHER_CASE_MANAGER}),
        ("return_task", {}),
        ("suspend_task", {"until": TUESDAY, "reason": "Later."}),
        ("resume_task", {}),
        ("save_draft", {"draft": "{}"}),
        ("skip_task", {"reason": "Not needed."}),
        ("escalate_task", {"reason": "Nobody is free."}),
        ("nominate_task", {"nominees": [{"person": OTHER_CASE_MANAGER}]}),
        ("lift_exclusion", {"person": CMO.id, "reason": "The only physician on duty."}),
        ("add_comment", {"text": "Called the clinic."}),
    ],
)
def test_every_action_that_names_a_task_is_about_the_revision_of_that_task(signal, fields):
    refused = objection(CLAIMED, SUPERVISOR, signal, revision=1, **fields)

    assert refused.fields[0].field == "revision"


REVIEW = operates(in_review(), CMO, "claim_task")
RAISED = [
    pytest.param(lambda: operates(in_review(), CMO, "claim_task"), 2, id="claimed"),
    pytest.param(lambda: operates(REVIEW, CMO, "release_task"), 3, id="released"),
    pytest.param(lambda: operates(REVIEW, SUPERVISOR, "assign_task", to=DESIGNEE), 3, id="assigned"),
    pytest.param(lambda: operates(REVIEW, CMO, "delegate_task", to=DESIGNEE), 3, id="delegated"),
    pytest.param(lambda: operates(REVIEW, CMO, "suspend_task", until=TUESDAY, reason="Later."), 3, id="suspended"),
    pytest.param(lambda: operates(REVIEW, CMO, "escalate_task", reason="Help."), 3, id="escalated"),
    pytest.param(lambda: operates(REVIEW, CMO, "claim_task"), 2, id="claimed again"),
    pytest.param(lambda: operates(REVIEW, CMO, "save_draft", draft="{}"), 2, id="drafted"),
    pytest.param(lambda: operates(REVIEW, DESIGNEE, "add_comment", text="Seen."), 2, id="commented"),
    pytest.param(lambda: attempts(REVIEW, DESIGNEE, "determine", **APPROVAL), 2, id="refused"),
    pytest.param(lambda: ring(REVIEW, MONDAY + 60 * DAY), 2, id="warned and escalated by time"),
]


@pytest.mark.parametrize(("after", "expected"), RAISED)
def test_the_revision_of_a_task_rises_with_what_people_do_to_it_and_with_nothing_else(after, expected):
    case = after()

    task = case.task_with(the_task(REVIEW).id)
    assert task.revision == expected


def test_it_rises_when_another_person_is_asked_so_that_who_was_asked_before_looks_again():
    nominees = [{"person": CONSULTANT}, {"person": SECOND_CONSULTANT}]
    asked = operates(referred(), SUPERVISOR, "nominate_task", nominees=nominees)
    answer_by = the_task(asked).answer_by
    assert answer_by is not None

    assert revision(ring(asked, answer_by)) == revision(asked) + 1


def test_a_task_that_is_done_has_the_revision_of_its_end():
    done = does(REVIEW, CMO, "determine", **APPROVAL).tasks[1]

    assert done.revision == revision(REVIEW) + 1


# -- of the case, for what is about no task


def test_what_is_about_no_task_is_about_the_case_and_its_latest_line():
    case = opened()

    for seen in (0, case.seq):
        after = does(case, CMO, "expedite_request", reason="It cannot wait.", revision=seen)
        assert after.priority == "expedited"


@pytest.mark.parametrize(
    ("actor", "signal", "fields"),
    [
        (CMO, "expedite_request", {"reason": "It cannot wait."}),
        (CMO, "refuse_expedite", {"reason": "It can wait."}),
        (CMO, "extend_decision", {"reason": "noncontract_evidence", "explanation": "A report is to come."}),
        (CASE_MANAGER, "withdraw_request", {"reason": "The member has decided."}),
        (CASE_MANAGER, "add_comment", {"text": "Called the clinic."}),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_what_was_sent_before_the_latest_line_of_the_case_was_seen_is_refused(actor, signal, fields):
    case = does(opened(), CASE_MANAGER, "add_comment", text="The member called.")

    refused = refusal(case, actor, signal, revision=case.seq - 1, **fields)

    assert refused.reason == "you acted on an older version of the case; look again and send it anew"
    assert refused.fields[0].field == "revision"


def test_a_refused_revision_is_answered_the_same_when_it_is_repeated_and_heard_under_a_new_id():
    case = attempts(CLAIMED, CASE_MANAGER, "confirm_completeness", revision=1, action_id="first")

    again = attempts(case, CASE_MANAGER, "confirm_completeness", revision=1, action_id="first")
    anew = does(case, CASE_MANAGER, "confirm_completeness", revision=2, action_id="second")

    assert again == case
    assert anew.stage is Stage.PHYSICIAN_REVIEW


def test_the_same_action_with_another_revision_is_another_action():
    case = attempts(CLAIMED, CASE_MANAGER, "confirm_completeness", revision=1, action_id="first")

    after = attempts(case, CASE_MANAGER, "confirm_completeness", revision=2, action_id="first")

    assert after.refusals[-1].fields[0].field == "action_id"
    assert after.stage is Stage.COMPLETENESS_REVIEW
