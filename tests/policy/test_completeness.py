"""What a referral must carry, what is asked for, and what an answer completes."""

from datetime import timedelta

import pytest

from policy.acting import act
from policy.case import Case
from policy.completeness import missing, outstanding
from policy.lifecycle import Stage
from policy.particulars import NoticeKind, Recipient
from policy.request import Item, LineOfBusiness
from policy.rule import Obligation
from policy.tasks import TaskKind
from policy.timeframes import ClockState
from tests.builders import ADDRESS, CASE_MANAGER, MONDAY, a_member, action, an_incomplete_request
from tests.policy.steps import HOUR, attempts, does, next_hour, opened, pending, refusal


def text(*items: Item) -> list[dict[str, str]]:
    return [{"item": item.value, "text": "on record"} for item in items]


def clocks(case: Case, obligation: Obligation) -> list[ClockState]:
    return [c.state for c in case.clocks if c.obligation is obligation]


def test_a_complete_request_lacks_nothing():
    assert missing(opened()) == ()


@pytest.mark.parametrize("item", [Item.DIAGNOSIS, Item.CLINICAL_HISTORY, Item.TREATMENT_PLAN, Item.TEST_RESULTS])
def test_each_clinical_item_of_the_checklist_is_missed(item):
    case = opened(an_incomplete_request(item))

    assert missing(case) == (item,)


@pytest.mark.parametrize(
    ("changes", "item"),
    [
        pytest.param({"address": None}, Item.MEMBER_ADDRESS, id="no address"),
        pytest.param({"phone": ""}, Item.MEMBER_PHONE, id="no telephone"),
        pytest.param({"phone": "   "}, Item.MEMBER_PHONE, id="a blank telephone"),
    ],
)
def test_each_demographic_item_of_the_checklist_is_missed(changes, item):
    case = opened(member=a_member(**changes))

    assert missing(case) == (item,)


def test_what_is_missing_is_named_in_the_order_of_the_checklist():
    case = opened(an_incomplete_request(Item.TEST_RESULTS, Item.DIAGNOSIS, member=a_member(address=None)))

    assert missing(case) == (Item.MEMBER_ADDRESS, Item.DIAGNOSIS, Item.TEST_RESULTS)


def test_a_complete_referral_goes_to_the_physician():
    case = does(opened(), CASE_MANAGER, "confirm_completeness")

    assert case.stage is Stage.PHYSICIAN_REVIEW
    assert [t.kind for t in case.open_tasks] == [TaskKind.PHYSICIAN_REVIEW]


def test_an_incomplete_referral_cannot_be_confirmed_and_the_refusal_names_each_missing_item():
    case = opened(an_incomplete_request(Item.TEST_RESULTS, Item.DIAGNOSIS))

    refused = refusal(case, CASE_MANAGER, "confirm_completeness")

    assert refused.reason == "still missing: diagnosis, test_results"
    assert (refused.clause, refused.fields[0].field) == ("P2", "information")


def test_asking_for_information_writes_to_provider_and_member_and_starts_the_clock_of_the_reply():
    case = pending(Item.TEST_RESULTS, Item.TREATMENT_PLAN)

    assert case.stage is Stage.INFORMATION_REQUESTED
    assert [(n.kind, n.recipient) for n in case.planned_notices] == [
        (NoticeKind.INFORMATION_REQUEST, Recipient.PROVIDER),
        (NoticeKind.PEND, Recipient.MEMBER),
    ]
    assert clocks(case, Obligation.INFORMATION_REPLY) == [ClockState.RUNNING]
    assert [(t.kind, t.note) for t in case.open_tasks] == [
        (TaskKind.OBTAIN_INFORMATION, "test_results, treatment_plan")
    ]


def test_what_is_on_file_is_not_asked_for():
    refused = refusal(opened(), CASE_MANAGER, "request_information", items=["diagnosis", "first_opinion_report"])

    assert refused.reason == "already on file: diagnosis"
    assert (refused.clause, refused.fields[0].field) == ("P3", "items")


@pytest.mark.parametrize("named", [["test_results"], ["treatment_plan", "test_results"]])
def test_an_item_that_is_named_twice_is_not_asked_for(named):
    case = opened(an_incomplete_request(Item.TEST_RESULTS, Item.TREATMENT_PLAN))

    refused = refusal(case, CASE_MANAGER, "request_information", items=[*named, "test_results"])

    assert refused.reason == "an item is named twice"
    assert (refused.clause, refused.fields[0].field) == ("P3", "items")


def test_an_item_beyond_the_checklist_can_be_asked_for():
    case = does(opened(), CASE_MANAGER, "request_information", items=["first_opinion_report"])

    assert outstanding(case) == (Item.FIRST_OPINION_REPORT,)


def test_each_attempt_to_reach_the_provider_is_counted_and_told():
    case = pending()

    for channel, reached in (("telephone", False), ("fax", True)):
        case = does(case, CASE_MANAGER, "record_contact_attempt", channel=channel, reached=reached)

    assert case.information_requests[-1].attempts == 2
    assert [e.text for e in case.story[-2:]] == ["Provider not reached by telephone", "Provider reached by fax"]


def test_a_partial_answer_keeps_the_request_open_and_names_what_is_left():
    case = pending(Item.TEST_RESULTS, Item.TREATMENT_PLAN)

    after = does(case, CASE_MANAGER, "receive_information", information=text(Item.TEST_RESULTS))

    assert after.stage is Stage.INFORMATION_REQUESTED
    assert outstanding(after) == (Item.TREATMENT_PLAN,)
    assert after.story[-1].text == "Still outstanding: treatment_plan"
    assert clocks(after, Obligation.INFORMATION_REPLY) == [ClockState.RUNNING]


def test_an_answer_that_brings_something_else_keeps_the_request_open():
    case = pending(Item.TEST_RESULTS)

    after = does(case, CASE_MANAGER, "receive_information", information=text(Item.FIRST_OPINION_REPORT))

    assert outstanding(after) == (Item.TEST_RESULTS,)


def test_a_full_answer_ends_the_clock_of_the_reply_and_starts_that_of_the_decision_when_it_came():
    case = pending(Item.TEST_RESULTS)
    came, told = next_hour(case), next_hour(case) + timedelta(minutes=50)

    after = act(case, action("receive_information", CASE_MANAGER, came, information=text(Item.TEST_RESULTS)), told)

    decision = next(c for c in after.clocks if c.obligation is Obligation.DECISION)
    assert after.stage is Stage.COMPLETENESS_REVIEW
    assert clocks(after, Obligation.INFORMATION_REPLY) == [ClockState.MET]
    assert decision.anchored_at == came
    assert after.information_requests[-1].completed_at == came
    assert [(t.kind, t.opened_at) for t in after.open_tasks] == [(TaskKind.COMPLETENESS_REVIEW, came)]


def test_an_answer_to_all_that_was_asked_starts_no_decision_clock_while_something_else_is_missing():
    case = opened(an_incomplete_request(Item.TEST_RESULTS, Item.DIAGNOSIS))
    case = does(case, CASE_MANAGER, "request_information", items=[Item.TEST_RESULTS])

    after = does(case, CASE_MANAGER, "receive_information", information=text(Item.TEST_RESULTS))

    assert after.stage is Stage.COMPLETENESS_REVIEW
    assert missing(after) == (Item.DIAGNOSIS,)
    assert clocks(after, Obligation.DECISION) == []


def test_the_pend_notice_falls_away_when_the_information_is_complete():
    case = pending(Item.TEST_RESULTS)

    after = does(case, CASE_MANAGER, "receive_information", information=text(Item.TEST_RESULTS))

    assert clocks(case, Obligation.PEND_NOTICE) == [ClockState.RUNNING]
    assert clocks(after, Obligation.PEND_NOTICE) == [ClockState.WAIVED]


def test_the_clocks_that_wait_for_information_start_only_once():
    case = pending(Item.TEST_RESULTS)
    case = does(case, CASE_MANAGER, "receive_information", information=text(Item.TEST_RESULTS))

    case = does(case, CASE_MANAGER, "confirm_completeness")

    assert clocks(case, Obligation.DECISION) == [ClockState.RUNNING]


def test_a_request_that_is_complete_at_receipt_is_counted_from_receipt_however_late_it_is_reviewed():
    case = opened()

    after = does(case, CASE_MANAGER, "confirm_completeness", at=MONDAY + 30 * HOUR)

    decision = next(c for c in after.clocks if c.obligation is Obligation.DECISION)
    assert decision.anchored_at == MONDAY
    assert clocks(after, Obligation.PEND_NOTICE) == []


def test_an_address_that_comes_later_completes_the_referral():
    case = pending(Item.MEMBER_ADDRESS, member=a_member(address=None))
    answer = [{"item": "member_address", "address": ADDRESS.model_dump()}]

    after = does(case, CASE_MANAGER, "receive_information", information=answer)

    assert missing(after) == ()


def test_information_can_be_asked_for_a_second_time():
    case = pending(Item.TEST_RESULTS, line=LineOfBusiness.COMMERCIAL)
    case = does(case, CASE_MANAGER, "receive_information", information=text(Item.TEST_RESULTS))

    case = does(case, CASE_MANAGER, "request_information", items=["first_opinion_report"])

    assert [r.ordinal for r in case.information_requests] == [1, 2]
    assert [n.ordinal for n in case.notices] == [1, 1, 2, 2]
    assert outstanding(case) == (Item.FIRST_OPINION_REPORT,)


def test_two_requests_for_information_at_one_moment_have_clocks_of_their_own():
    first = pending(Item.TEST_RESULTS)
    now = next_hour(first) - HOUR  # when it was asked for

    answered = does(first, CASE_MANAGER, "receive_information", at=now, information=text(Item.TEST_RESULTS))
    again = does(answered, CASE_MANAGER, "request_information", at=now, items=["first_opinion_report"])
    done = does(again, CASE_MANAGER, "receive_information", information=text(Item.FIRST_OPINION_REPORT))

    replies = [(c.id, c.anchored_at) for c in again.clocks if c.obligation is Obligation.INFORMATION_REPLY]
    assert replies == [("information_reply:PLAN-INFO", now), ("information_reply:PLAN-INFO#2", now)]
    assert clocks(again, Obligation.INFORMATION_REPLY) == [ClockState.MET, ClockState.RUNNING]
    assert [c.ended_at for c in done.clocks if c.obligation is Obligation.INFORMATION_REPLY] == [now, next_hour(again)]


@pytest.mark.parametrize("signal", ["receive_information", "record_contact_attempt"])
def test_information_that_nobody_asked_for_is_refused(signal):
    fields = {"receive_information": {"information": text(Item.TEST_RESULTS)}}
    given = fields.get(signal, {"channel": "fax", "reached": True})

    after = attempts(opened(), CASE_MANAGER, signal, **given)

    assert after.refusals[-1].clause == "P3"
    assert "the case waits for: completeness_review" in after.refusals[-1].reason
