"""What an operator's intervention in Temporal means for a case. Policy (POL-1)."""

import pytest

from policy.delegatecase import receive_packet
from policy.filing import may_file
from policy.intervening import (
    CAUSE,
    DELEGATED,
    TOO_LATE,
    cancelled,
    delegated_cancelled,
    delegated_set_going,
    set_going,
)
from policy.lifecycle import Outcome, Stage
from policy.tasks import TaskKind
from policy.third_opinion import brought_home, own_case
from policy.transition import between
from tests.builders import CASE_MANAGER, MONDAY, a_report, plan_physician
from tests.delegates import COPIED, a_packet
from tests.policy.steps import (
    DAY,
    approved,
    denied,
    differing,
    does,
    in_review,
    letters_left,
    opened,
    pending,
    placed,
    referred,
    reported,
)

UNDECIDED = {"at first": opened(), "asked": pending(), "in review": in_review(), "referred": referred()}
DECIDED = {"approved": approved(), "denied": denied(), "placed": placed(), "reported": reported()}
LATER = MONDAY + DAY


@pytest.mark.parametrize("reached", UNDECIDED)
def test_cancelling_a_request_that_is_not_decided_withdraws_it_with_letters_and_a_stated_cause(reached):
    case = cancelled(UNDECIDED[reached], LATER)

    assert (case.outcome, case.stage) == (Outcome.WITHDRAWN, Stage.FILING)
    assert (case.open_tasks, case.open_clocks) == ((), ())
    assert {n.recipient for n in case.planned_notices if n.kind == "withdrawal"} == {"provider", "member"}
    assert any(line.text == CAUSE for line in case.story)
    assert may_file(letters_left(case))


@pytest.mark.parametrize("reached", DECIDED)
def test_cancelling_a_decided_request_is_a_recorded_refusal_and_changes_nothing_else(reached):
    before = DECIDED[reached]

    case = cancelled(before, LATER)

    assert (case.refusals[-1].action, case.refusals[-1].reason) == ("cancel", TOO_LATE)
    assert case.refused_count == before.refused_count + 1
    assert (case.stage, case.outcome, case.tasks, case.clocks) == (
        before.stage,
        before.outcome,
        before.tasks,
        before.clocks,
    )


def test_a_request_is_withdrawn_once_however_often_it_is_cancelled():
    twice = cancelled(cancelled(opened(), LATER), LATER)

    assert [line.text for line in twice.story].count(CAUSE) == 1
    assert twice.refusals[-1].reason == TOO_LATE
    assert len(twice.planned_notices) == 2


def test_what_a_delegate_decided_cannot_be_cancelled():
    before = receive_packet("DD-2026-000001", a_packet(), COPIED)

    case = delegated_cancelled(before, COPIED)

    assert case.refusals[-1].reason == DELEGATED
    assert (case.state, case.findings) == (before.state, before.findings)


@pytest.mark.parametrize("recorded", [0, 7, 500])
def test_a_case_that_is_set_going_tells_its_story_on_after_whatever_the_ledger_has(recorded):
    before = placed()

    case = set_going(before, recorded, "Its workflow was terminated; it goes on.", LATER)

    told = between(before, case, LATER)
    assert case.seq == max(before.seq, recorded) + 1
    assert [line.event for line in told.entries] == ["case:set-going"]
    assert (case.stage, case.tasks, case.clocks) == (before.stage, before.tasks, before.clocks)


def test_a_delegates_decision_that_is_set_going_does_so_too():
    before = receive_packet("DD-2026-000001", a_packet(), COPIED)

    assert delegated_set_going(before, 40, "It goes on.", COPIED).seq == 41


def test_a_third_opinion_that_was_under_way_is_taken_up_by_a_supervisor():
    case = set_going(differing(), 0, "It goes on.", LATER)

    assert case.task(TaskKind.THIRD_OPINION_LOST) is not None
    again = set_going(case, 0, "It goes on.", LATER)
    assert len([t for t in again.open_tasks if t.kind is TaskKind.THIRD_OPINION_LOST]) == 1


def test_a_third_opinion_that_was_given_meanwhile_comes_home():
    waiting = differing()
    third = does(own_case(waiting), CASE_MANAGER, "place_opinion", **plan_physician("1992999890"))
    third = does(third, CASE_MANAGER, "receive_report", **a_report())

    case = set_going(waiting, 0, "It goes on.", LATER, brought_home(third))

    assert case.stage is Stage.FILING
    assert [o.ordinal for o in case.opinions] == [2, 3]
    assert case.task(TaskKind.THIRD_OPINION_LOST) is None
