"""Whether an action was truly sent by whom it says: a case may require a proof, mark its lack, or take every word."""

import pytest

from policy.acting import act
from policy.answering import refuse_unreadable
from policy.case import Case, open_case
from policy.lifecycle import Stage
from policy.particulars import Receipt
from policy.people import Actor
from policy.receipts import KEPT_WHOLE
from policy.staffaction import StaffAction
from policy.trust import UNSIGNED, Proof, Trust, TrustMode, is_to_be_marked, may_be_believed
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, MONDAY, OTHER_CASE_MANAGER, a_request, action
from tests.policy.steps import APPROVAL, HOUR, NUMBER, SECOND_CONSULTANT, SUPERVISOR, the_task

NOW = MONDAY + HOUR
SIGNED = Proof(is_signed=True)
FORGED = Proof(is_signed=False, problem="its signature is not valid")
ROOT = "MCowBQYDK2VwAyEA"


def opened(mode: TrustMode) -> Case:
    return open_case(NUMBER, a_request(), MONDAY, trust=Trust(mode=mode, roots=(ROOT,)))


def confirm(actor: Actor = CASE_MANAGER, **fields: object) -> StaffAction:
    return action("confirm_completeness", actor, NOW, action_id="confirm-1", **fields)


def unsigned_lines(case: Case) -> list[tuple[str, str]]:
    return [(e.event, e.actor) for e in case.story if e.unsigned]


# -- require


@pytest.mark.parametrize("proof", [UNSIGNED, FORGED], ids=["no statement", "a wrong one"])
def test_where_a_proof_is_required_what_nobody_signed_for_is_refused_and_says_why(proof):
    case = act(opened(TrustMode.REQUIRE), confirm(), NOW, proof)

    refused, told = case.refusals[-1], case.story[-1]
    assert case.stage is Stage.COMPLETENESS_REVIEW
    assert refused.reason == f"this case takes signed actions only: {proof.problem}"
    assert refused.fields[0].field == "signed_statement"
    assert (told.event, case.refused_count) == ("action:refused", 1)


@pytest.mark.parametrize("note", ["", "sent by somebody else"], ids=["a copy of it", "something else"])
def test_with_an_unsigned_action_nobody_can_use_up_the_id_of_the_true_sender(note):
    case = act(opened(TrustMode.REQUIRE), confirm(note=note), NOW, FORGED)

    after = act(case, confirm(), NOW, SIGNED)

    forged, receipt = case.receipt("confirm-1"), after.receipt("confirm-1")
    assert forged is None or (forged.accepted, forged.signed) == (False, False)
    assert receipt is not None
    assert (receipt.accepted, receipt.signed) == (True, True)
    assert after.stage is Stage.PHYSICIAN_REVIEW
    assert after.tasks[0].ended_by == CASE_MANAGER.id


def test_where_a_proof_is_required_a_signed_action_is_judged_as_any_other():
    case = act(opened(TrustMode.REQUIRE), confirm(CMO), NOW, SIGNED)

    receipt = case.receipt("confirm-1")
    assert receipt is not None
    assert (receipt.accepted, receipt.reason) == (False, "this task is for a case manager")


def test_an_unsigned_action_cannot_shadow_the_answer_to_a_signed_one():
    signed = act(opened(TrustMode.REQUIRE), confirm(), NOW, SIGNED)

    after = act(signed, confirm(OTHER_CASE_MANAGER), NOW, FORGED)

    assert after.receipts == signed.receipts
    assert after.stage is signed.stage


def test_a_signed_action_that_is_delivered_twice_is_applied_once():
    once = act(opened(TrustMode.REQUIRE), confirm(), NOW, SIGNED)

    assert act(once, confirm(), NOW + HOUR, SIGNED) == once


def test_an_unsigned_action_that_is_delivered_twice_is_refused_as_before():
    once = act(opened(TrustMode.REQUIRE), confirm(), NOW, FORGED)

    twice = act(once, confirm(), NOW + HOUR, FORGED)

    assert twice.stage is Stage.COMPLETENESS_REVIEW


def test_a_signed_action_that_was_refused_is_answered_the_same_when_it_is_delivered_again():
    early = action("determine", CMO, NOW, action_id="determine-1", **APPROVAL)
    refused = act(opened(TrustMode.REQUIRE), early, NOW, SIGNED)
    in_review = act(refused, confirm(), NOW, SIGNED)

    again = act(in_review, early, NOW + HOUR, SIGNED)

    assert again == in_review


def test_a_signed_action_of_long_ago_that_is_delivered_again_is_not_applied_once_more():
    first = action("add_comment", CASE_MANAGER, NOW, action_id="first", text="Called the clinic.")
    case = act(opened(TrustMode.REQUIRE), first, NOW, SIGNED)
    for number in range(KEPT_WHOLE):
        case = case.remember(Receipt(action_id=f"call-{number}", action="add_comment", accepted=True, at=NOW))

    again = act(case, first, NOW + HOUR, SIGNED)

    assert again == case


def test_with_something_unreadable_nobody_can_use_it_up_either():
    case = refuse_unreadable(
        opened(TrustMode.REQUIRE), "confirm_completeness", "does not fit", NOW, action_id="confirm-1"
    )

    after = act(case, confirm(), NOW, SIGNED)

    assert after.stage is Stage.PHYSICIAN_REVIEW
    receipt = after.receipt("confirm-1")
    assert receipt is not None
    assert receipt.accepted


@pytest.mark.parametrize("mode", [TrustMode.OPEN, TrustMode.FLAG])
def test_where_none_is_required_something_unreadable_has_its_receipt(mode):
    case = refuse_unreadable(opened(mode), "confirm_completeness", "does not fit", NOW, action_id="confirm-1")

    receipt = case.receipt("confirm-1")
    assert receipt is not None
    assert not receipt.accepted


# -- flag


def test_where_it_is_marked_an_unsigned_action_is_applied_and_its_lines_are_marked():
    case = act(opened(TrustMode.FLAG), confirm(), NOW)

    receipt = case.receipt("confirm-1")
    assert receipt is not None
    assert (receipt.accepted, receipt.signed) == (True, False)
    assert case.stage is Stage.PHYSICIAN_REVIEW
    assert unsigned_lines(case) == [("information:complete", CASE_MANAGER.id)]


def test_where_it_is_marked_a_signed_action_is_not():
    case = act(opened(TrustMode.FLAG), confirm(), NOW, SIGNED)

    assert unsigned_lines(case) == []


def test_only_the_lines_of_the_unsigned_action_are_marked():
    case = act(opened(TrustMode.FLAG), action("add_comment", CASE_MANAGER, NOW, text="Signed."), NOW, SIGNED)
    case = act(case, action("add_comment", CASE_MANAGER, NOW, text="Unsigned."), NOW)
    case = act(case, action("add_comment", CASE_MANAGER, NOW, text="Signed again."), NOW, SIGNED)

    assert [e.text for e in case.story if e.unsigned] == ["Unsigned."]


def asked(mode: TrustMode) -> Case:
    """Two consultants are asked; all of it was signed."""
    case = act(opened(mode), confirm(), NOW, SIGNED)
    case = act(case, action("refer_to_consultation", CMO, NOW, question="Is the fusion reasonable?"), NOW, SIGNED)
    nominees = [{"person": CONSULTANT}, {"person": SECOND_CONSULTANT}]
    task_id = the_task(case).id
    return act(case, action("nominate_task", SUPERVISOR, NOW, task_id=task_id, nominees=nominees), NOW, SIGNED)


def test_where_it_is_marked_an_unsigned_refusal_to_take_a_task_is_marked_too():
    case = asked(TrustMode.FLAG)

    declined = act(case, action("release_task", CONSULTANT, NOW, task_id=the_task(case).id), NOW)

    assert unsigned_lines(declined) == [("task:passed-over", CONSULTANT.id)]


def test_where_it_is_marked_the_refusal_of_an_unsigned_action_is_marked_too():
    case = act(opened(TrustMode.FLAG), confirm(CMO), NOW)

    assert unsigned_lines(case) == [("action:refused", CMO.id)]


# -- open


@pytest.mark.parametrize("proof", [UNSIGNED, FORGED, SIGNED], ids=["no statement", "a wrong one", "signed"])
def test_an_open_case_takes_everybodys_word_and_marks_nothing(proof):
    case = act(opened(TrustMode.OPEN), confirm(), NOW, proof)

    receipt = case.receipt("confirm-1")
    assert receipt is not None
    assert (receipt.accepted, receipt.signed) == (True, proof.is_signed)
    assert unsigned_lines(case) == []


def test_a_case_is_open_unless_it_was_told_otherwise():
    case = open_case(NUMBER, a_request(), MONDAY)

    assert case.trust == Trust(mode=TrustMode.OPEN, roots=())


# -- the rules themselves, and what a statement changes


@pytest.mark.parametrize("mode", TrustMode)
@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
def test_only_one_choice_refuses_and_only_one_marks(mode, signed):
    proof = Proof(is_signed=signed, problem="" if signed else "it carries none")
    trust = Trust(mode=mode)

    assert bool(may_be_believed(trust, proof)) is (signed or mode is not TrustMode.REQUIRE)
    assert is_to_be_marked(trust, proof) is (not signed and mode is TrustMode.FLAG)


def test_a_case_keeps_its_choice_and_its_roots_for_its_whole_life():
    case = act(opened(TrustMode.FLAG), confirm(), NOW)

    again = Case.model_validate_json(case.model_dump_json())

    assert again.trust == Trust(mode=TrustMode.FLAG, roots=(ROOT,))
    assert unsigned_lines(again) == unsigned_lines(case)


def test_the_same_action_under_another_statement_is_the_same_action():
    once = act(opened(TrustMode.REQUIRE), confirm(signed_statement="first"), NOW, SIGNED)

    assert act(once, confirm(signed_statement="second"), NOW, SIGNED) == once
