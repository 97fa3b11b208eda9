"""Every staff action is applied, or becomes a refusal with its reasons; none is lost, and none is applied twice."""

from datetime import datetime, timedelta

import pytest

from policy.acting import HANDLERS, act
from policy.actions import ACTIONS
from policy.answering import refuse_unreadable
from policy.calendar import LAST_YEAR, LOS_ANGELES
from policy.case import Case
from policy.complaints import FieldError
from policy.lifecycle import Stage
from policy.reopening import REOPENING
from policy.rule import Obligation
from policy.staffaction import StaffAction
from policy.storied import REFUSALS_KEPT
from policy.timeframes import ClockState
from tests.builders import CASE_MANAGER, CMO, INTAKE, MONDAY, OTHER_CASE_MANAGER, a_report, action
from tests.policy.steps import (
    APPROVAL,
    DAY,
    DENIAL,
    HOUR,
    NUMBER,
    approved,
    attempts,
    consultation,
    denied,
    does,
    finished,
    in_review,
    next_hour,
    opened,
    pending,
    placed,
    refusal,
)

NOW = MONDAY + HOUR
EXAMPLE_IDS = sorted(ACTIONS)


def confirm(action_id: str = "a-1", **changes: object) -> StaffAction:
    return action("confirm_completeness", CASE_MANAGER, NOW, action_id=action_id, **changes)


def comment(action_id: str, text: str) -> StaffAction:
    return action("add_comment", CASE_MANAGER, NOW, action_id=action_id, text=text)


# -- receipts


def test_every_kind_of_action_has_its_handler():
    assert set(HANDLERS) == set(ACTIONS.values())


def test_an_applied_action_has_a_receipt():
    case = act(opened(), confirm("a-1"), NOW)

    receipt = case.receipt("a-1")
    assert receipt is not None
    assert (receipt.accepted, receipt.action, receipt.at, receipt.reason) == (True, "confirm_completeness", NOW, "")
    assert receipt.digest


def test_a_refused_action_has_a_receipt_with_its_reason_and_stands_in_the_story():
    case = act(opened(), action("determine", CMO, NOW, action_id="a-1", **APPROVAL), NOW)

    receipt = case.receipt("a-1")
    assert receipt is not None
    assert not receipt.accepted
    assert receipt.reason == case.refusals[-1].reason
    assert receipt.clause == "P5"
    assert case.refused_count == 1
    assert case.story[-1].text == f"determine: {receipt.reason}"
    assert case.story[-1].actor == CMO.id


def test_an_action_that_nobody_has_sent_has_no_receipt():
    assert opened().receipt("a-1") is None


def test_the_same_action_twice_is_applied_once():
    once = act(opened(), comment("a-1", "Called the clinic."), NOW)

    twice = act(once, comment("a-1", "Called the clinic."), NOW + DAY)

    assert twice == once


def test_a_door_that_tries_again_may_stamp_another_time():
    once = act(opened(), comment("a-1", "Called the clinic."), NOW)
    again = comment("a-1", "Called the clinic.").model_copy(update={"at": NOW + HOUR})

    assert act(once, again, NOW + 2 * HOUR) == once


def test_a_refused_action_is_answered_the_same_when_it_is_repeated():
    refused = act(opened(), action("determine", CMO, NOW, action_id="a-1", **APPROVAL), NOW)
    in_time = act(refused, confirm("a-2"), NOW)

    again = act(in_time, action("determine", CMO, NOW, action_id="a-1", **APPROVAL), NOW + HOUR)

    assert again == in_time


@pytest.mark.parametrize("reuse", ["other content", "another kind", "another actor"])
def test_an_action_id_with_other_content_is_refused_and_the_first_answer_stands(reuse):
    once = act(opened(), comment("a-1", "Called the clinic."), NOW)
    second = {
        "other content": comment("a-1", "Called the hospital."),
        "another kind": confirm("a-1"),
        "another actor": comment("a-1", "Called the clinic.").model_copy(update={"actor": OTHER_CASE_MANAGER}),
    }[reuse]

    after = act(once, second, NOW)

    assert after.receipts == once.receipts
    assert after.stage is once.stage
    assert after.refusals[-1].fields[0].field == "action_id"


def test_something_unreadable_becomes_a_refusal_of_which_only_size_and_digest_are_kept():
    fields = (FieldError(field="items", problem="Field required"),)

    case = refuse_unreadable(
        opened(), "request_information", "does not fit", NOW, fields=fields, action_id="a-1", size=17, digest="ab"
    )

    refused, receipt = case.refusals[-1], case.receipt("a-1")
    assert (refused.size, refused.digest, refused.fields) == (17, "ab", fields)
    assert receipt is not None
    assert (receipt.accepted, receipt.reason) == (False, "does not fit")
    assert case.refused_count == 1


def test_something_unreadable_under_a_known_id_leaves_the_first_receipt_alone():
    once = act(opened(), confirm("a-1"), NOW)

    after = refuse_unreadable(once, "x" * 500, "unknown", NOW, action_id="a-1")

    assert after.receipts == once.receipts
    assert len(after.refusals[-1].action) == 100


def test_refusals_are_counted_for_ever_and_kept_up_to_a_bound():
    case = opened()

    for _ in range(REFUSALS_KEPT + 3):
        case = refuse_unreadable(case, "nonsense", "unknown", NOW)

    assert (len(case.refusals), case.refused_count) == (REFUSALS_KEPT, REFUSALS_KEPT + 3)
    assert case.receipts == ()


# -- time


@pytest.mark.parametrize("ahead", [timedelta(minutes=5, seconds=1), timedelta(days=365 * 100)])
def test_a_time_in_the_future_is_refused(ahead):
    after = act(opened(), action("confirm_completeness", CASE_MANAGER, NOW + ahead), NOW)

    assert after.refusals[-1].fields[0].field == "at"
    assert after.stage is Stage.COMPLETENESS_REVIEW


def test_a_clock_that_is_a_little_ahead_counts_as_now():
    case = in_review()
    now = next_hour(case)

    decided = act(case, action("determine", CMO, now + timedelta(minutes=5), **APPROVAL), now)

    assert decided.determination is not None
    assert decided.determination.at == now


def test_a_time_before_the_task_was_opened_is_refused():
    case = in_review()

    refused = act(case, action("determine", CMO, MONDAY - HOUR, **APPROVAL), next_hour(case)).refusals[-1]

    assert refused.fields[0].field == "at"
    assert "before the task was opened" in refused.reason


def test_an_action_without_a_task_may_not_lie_before_receipt():
    refused = act(opened(), action("add_comment", CASE_MANAGER, MONDAY - HOUR, text="Early."), NOW).refusals[-1]

    assert refused.fields[0].field == "at"


def test_what_counts_for_a_clock_is_when_the_door_received_the_action():
    case = in_review(line="commercial")
    (decision,) = case.clocks
    in_time, too_late = decision.due_at, decision.due_at + DAY

    decided = act(case, action("determine", CMO, in_time, **APPROVAL), too_late)

    ended = next(c for c in decided.clocks if c.obligation is Obligation.DECISION)
    assert (ended.state, ended.ended_at) == (ClockState.MET, in_time)


@pytest.mark.parametrize("decision", [DENIAL, APPROVAL], ids=["denied", "approved"])
def test_an_action_whose_clocks_would_run_beyond_the_table_of_closed_days_is_refused(decision):
    received = datetime(LAST_YEAR, 12, 20, 10, tzinfo=LOS_ANGELES)
    case = in_review(received=received)

    refused = refusal(case, CMO, "determine", at=received.replace(day=31), **decision)

    assert refused.reason == f"closed-days.toml ends with {LAST_YEAR}: add {LAST_YEAR + 1}"
    assert refused.clause == "POL-4"


# -- which case, which task


def test_an_action_for_another_case_is_refused():
    refused = refusal(opened(), CASE_MANAGER, "confirm_completeness", case_number="SO-2026-999999")

    assert refused.fields[0].field == "case_number"


@pytest.mark.parametrize("number", ["", NUMBER])
def test_an_action_names_its_own_case_or_none(number):
    assert does(opened(), CASE_MANAGER, "confirm_completeness", case_number=number).stage is Stage.PHYSICIAN_REVIEW


@pytest.mark.parametrize("signal", [s for s in EXAMPLE_IDS if ACTIONS[s] not in REOPENING])
def test_a_closed_case_takes_no_action_but_those_that_reopen_it(signal):
    case = finished(denied())

    refused = refusal(case, CASE_MANAGER, signal, **ACTIONS[signal].EXAMPLE)

    assert refused.reason == "the case is closed"


@pytest.mark.parametrize(
    ("case", "signal"),
    [
        pytest.param(opened(), "determine", id="nothing to decide yet"),
        pytest.param(opened(), "receive_information", id="nothing was asked"),
        pytest.param(in_review(), "confirm_completeness", id="already complete"),
        pytest.param(in_review(), "submit_consultation", id="nothing was referred"),
        pytest.param(pending(), "place_opinion", id="nothing is approved"),
        pytest.param(approved(), "receive_report", id="nothing is placed"),
        pytest.param(placed(), "sign_expired_determination", id="nothing expired"),
    ],
)
def test_an_action_that_nobody_waits_for_is_refused_and_what_the_case_waits_for_is_named(case: Case, signal):
    refused = refusal(case, CASE_MANAGER, signal, **ACTIONS[signal].EXAMPLE)

    assert refused.clause == ACTIONS[signal].CLAUSE
    assert f"the case waits for: {case.open_tasks[0].kind}" in refused.reason


def test_once_nothing_is_waited_for_a_refusal_says_so():
    assert "waits for: nothing" in refusal(denied(), CASE_MANAGER, "receive_report", **a_report()).reason


# -- what is told


def test_a_comment_stands_in_the_story_under_its_authors_name():
    case = does(opened(), INTAKE, "add_comment", text="The member will call tomorrow.")

    last = case.story[-1]
    assert (last.event, last.text, last.actor) == ("case:commented", "The member will call tomorrow.", INTAKE.id)


def test_a_refusal_names_who_acted_and_under_which_clause():
    refused = refusal(in_review(), CASE_MANAGER, "determine", **APPROVAL)

    assert (refused.actor, refused.clause, refused.action) == (CASE_MANAGER.id, "P4", "determine")
    assert refused.reason == "this task is for a cmo or physician designee"


def test_one_refused_action_does_not_hinder_the_next():
    case = attempts(in_review(), CASE_MANAGER, "submit_consultation", **consultation())

    assert does(case, CMO, "determine", **APPROVAL).stage is Stage.PLACEMENT
