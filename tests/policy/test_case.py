"""A case as a value: how it opens, what can be read off it, and the small steps."""

from datetime import datetime

import pytest

from policy.case import STORY_SIZE, Case
from policy.lifecycle import Stage
from policy.particulars import NoticeKind, Recipient
from policy.request import Item, LineOfBusiness, Priority
from policy.rule import Anchor, Obligation
from policy.storied import STORY_KEPT
from policy.tasks import TaskKind
from policy.timeframes import ClockState
from tests.builders import MONDAY, a_member, an_incomplete_request
from tests.policy.steps import DAY, HOUR, NUMBER, approved, denied, finished, opened, pending, reported


@pytest.mark.parametrize("priority", ["standard", "expedited", "retrospective"])
@pytest.mark.parametrize("lacking", [(), (Item.TEST_RESULTS,)], ids=["complete", "incomplete"])
def test_every_request_gives_the_case_manager_a_task(priority, lacking):
    case = opened(an_incomplete_request(*lacking, priority=priority))

    assert case.stage is Stage.COMPLETENESS_REVIEW
    assert [(t.id, t.kind) for t in case.open_tasks] == [("T1", TaskKind.COMPLETENESS_REVIEW)]
    assert case.story[0].text == f"medi_cal request, {priority}, for orthopedic surgery, from the member"
    assert case.story[0].clause == "P1"


def test_a_complete_request_runs_against_both_limits_from_receipt():
    case = opened()

    assert {(c.obligation, c.anchor) for c in case.open_clocks} == {
        (Obligation.DECISION, Anchor.INFORMATION_COMPLETE),
        (Obligation.DECISION_OUTER, Anchor.RECEIVED),
    }
    assert {c.anchored_at for c in case.open_clocks} == {MONDAY}


def test_an_incomplete_request_runs_against_the_outer_limit_and_that_of_the_pend_notice():
    case = opened(an_incomplete_request(Item.TEST_RESULTS))

    assert {c.obligation for c in case.open_clocks} == {Obligation.DECISION_OUTER, Obligation.PEND_NOTICE}


def test_a_clock_that_starts_is_explained_in_the_story():
    explained = [e.text for e in opened().story if e.event == "clock:started"]

    assert explained[0] == (
        "decision_outer: due Mon 2026-11-09 23:59 PST: 7 calendar days from receipt on Mon 2026-11-02 "
        "(42 CFR 438.210(d)(1))"
    )


def test_receipt_by_a_delegate_is_the_receipt_of_the_case():
    saturday = MONDAY - 2 * DAY

    case = opened(received_by_delegate_at=saturday)

    assert case.received_at == saturday
    assert {c.anchored_at for c in case.clocks} == {saturday}
    assert case.story[0].at == MONDAY


def test_a_case_is_bound_to_its_edition_by_name():
    assert opened().edition.id == opened().edition_id == "2021-03"


def test_the_governing_clock_is_the_one_that_is_due_first():
    governing = opened(imminent_threat=True).governing_clock

    assert governing is not None
    assert governing.obligation is Obligation.OPINION_RENDERED


def test_a_closed_case_has_no_governing_clock():
    assert finished(denied()).governing_clock is None


def test_the_decision_limit_is_known_after_the_decision_too_and_never_a_waived_one():
    wednesday = datetime.fromisoformat("2026-11-25T11:00-08:00")
    case = opened(at=wednesday)

    waived = case.waive_clocks(wednesday + HOUR, "a test", Obligation.DECISION_OUTER)

    assert case.decision_limit == datetime.fromisoformat("2026-12-02T23:59:59-08:00")
    assert waived.decision_limit == datetime.fromisoformat("2026-12-04T23:59:59-08:00")
    assert denied().decision_limit == opened().decision_limit
    assert opened(an_incomplete_request(Item.DIAGNOSIS, line=LineOfBusiness.COMMERCIAL)).decision_limit is None


def test_what_a_case_has_is_its_information_and_what_the_member_gave():
    case = opened(an_incomplete_request(Item.TEST_RESULTS, member=a_member(phone="")))

    assert case.supplied == {Item.MEMBER_ADDRESS, Item.DIAGNOSIS, Item.CLINICAL_HISTORY, Item.TREATMENT_PLAN}


def test_a_step_leaves_the_value_before_it_as_it_was():
    case = opened()

    after = case.tell(MONDAY, "case:commented", "One more line.")

    assert (case.seq, len(case.story)) == (after.seq - 1, len(after.story) - 1)


def test_tasks_are_numbered_through_the_life_of_a_case():
    assert [t.id for t in reported().tasks] == ["T1", "T2", "T3", "T4"]


def test_a_letter_that_is_owed_already_is_not_owed_twice():
    case = denied()

    again = case.plan_notice(NoticeKind.DENIAL, MONDAY, Recipient.PROVIDER, Recipient.MEMBER)

    assert again == case
    assert case.notices[0].key == f"{NUMBER}/denial/1/provider"


def test_a_clock_is_known_by_its_obligation_and_its_rule():
    assert [c.id for c in opened().clocks] == ["decision_outer:MCAL-STD-B", "decision:MCAL-STD-B"]
    assert all(c.id == f"{c.obligation}:{c.rule}" for c in approved().clocks)


def test_a_rule_that_runs_again_in_a_case_is_numbered_and_changed_by_its_id_alone():
    case = opened()
    for _ in range(2):
        case = case.start_clocks(Anchor.INFORMATION_REQUESTED, MONDAY).start_clocks(Anchor.PLACED, MONDAY)
    case = case.start_clocks(Anchor.PLACED, MONDAY)
    again = next(c for c in case.clocks if c.id == "consultation_report:PLAN-REPORT#2")

    after = case.change_clock(again.model_copy(update={"warnings": 1}))

    assert [c.id for c in case.clocks[2:]] == [
        "information_reply:PLAN-INFO",
        "consultation_report:PLAN-REPORT",
        "information_reply:PLAN-INFO#2",
        "consultation_report:PLAN-REPORT#2",
        "consultation_report:PLAN-REPORT#3",
    ]
    assert [c.id for c in after.clocks if c not in case.clocks] == [again.id]
    assert len({c.id for c in case.clocks}) == len(case.clocks)


def test_ending_a_clock_touches_no_other_and_no_ended_one():
    case = approved()

    once = case.end_clocks(MONDAY + 3 * HOUR, Obligation.PROVIDER_NOTICE)
    twice = once.end_clocks(MONDAY + 90 * DAY, Obligation.PROVIDER_NOTICE)

    changed = [c for c in once.clocks if c not in case.clocks]
    assert [(c.obligation, c.state) for c in changed] == [(Obligation.PROVIDER_NOTICE, ClockState.MET)]
    assert twice == once


def test_waiving_without_naming_an_obligation_waives_all_that_still_run():
    case = approved().waive_clocks(MONDAY + 3 * HOUR, "closed")

    assert case.open_clocks == ()
    assert {c.state for c in case.clocks} == {ClockState.MET, ClockState.WAIVED}


@pytest.mark.parametrize("life", [opened, pending, approved, reported], ids=lambda life: life.__name__)
def test_a_case_survives_json(life):
    case = life()

    assert Case.model_validate_json(case.model_dump_json()) == case


def test_a_story_is_trimmed_to_its_latest_lines_once_the_rest_is_recorded():
    case = opened()
    for number in range(STORY_KEPT + 50):
        case = case.tell(MONDAY, "case:commented", f"Comment {number}")

    trimmed = case.trimmed(case.seq)

    assert trimmed.story == case.story[-STORY_KEPT:]
    assert trimmed.seq == case.seq
    assert opened().trimmed(0) == opened()


def test_a_story_of_long_lines_is_trimmed_to_what_a_case_may_carry():
    case = opened()
    for number in range(30):
        case = case.tell(MONDAY, "case:commented", f"{number:05}" * 1_000)

    trimmed = case.trimmed(case.seq)

    assert trimmed.story == case.story[-STORY_SIZE // 5_000 :]
    assert sum(len(entry.text) for entry in trimmed.story) == STORY_SIZE


@pytest.mark.parametrize("text", ["short", "long" * 1_000], ids=["more lines", "more characters"])
def test_what_is_not_recorded_is_never_trimmed_however_much_it_is_and_all_else_is_then(text):
    case = opened()
    for _ in range(STORY_KEPT + 50):
        case = case.tell(MONDAY, "case:commented", text)

    assert case.trimmed(0) == case
    assert [e.seq for e in case.trimmed(40).story] == list(range(41, case.seq + 1))


def test_an_upgraded_priority_is_the_cases_and_the_requests_stays():
    case = opened().but(priority=Priority.EXPEDITED)

    assert (case.priority, case.request.priority) == (Priority.EXPEDITED, Priority.STANDARD)
