"""Whose a task is, and in which order tasks are done: the worklists of people, beside those of roles."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from policy.people import Actor, Role
from policy.request import Priority
from policy.tasks import Comment, HumanTask, Nominee, TaskState
from records import queries
from records.ledger import CaseLedger
from tests.builders import CASE_MANAGER, CMO, MONDAY, OTHER_CASE_MANAGER, a_request
from tests.records.lives import Life

CASE_MANAGERS = [Role.CASE_MANAGER]
LATER = MONDAY + timedelta(days=2)  # Wednesday 2026-11-04


def a_life(number: int, **changes: Any) -> Life:
    return Life(f"SO-2026-{number:06}", a_request(external_reference=f"R{number}", **changes))


def with_task(life: Life, **changes: Any) -> Life:
    """The first task as it stands after something was done to it."""
    task = life.case.tasks[0].model_copy(update=changes)
    life.become(life.case.change_task(task).tell(life.now, "task:changed", "By a test"))
    return life


def planned(life: Life, **changes: Any) -> HumanTask:
    return life.case.tasks[0].model_copy(update=changes)


def told(ledger: CaseLedger, life: Life, task: HumanTask) -> None:
    """The ledger is told of the task as it is given."""
    life.become(life.case.tell(life.now, "task:changed", "By a test"))
    ledger.record(life.transitions[0])
    ledger.record(life.transitions[-1].model_copy(update={"tasks": (task,)}))


def asking(person: Actor, answer_by: datetime = LATER) -> dict[str, Any]:
    return {"nominees": (Nominee(person=person),), "nominated_at": MONDAY, "answer_by": answer_by}


def found_by(engine: Engine, **chosen: Any) -> str:
    return "".join(row.case_number[-1] for row in queries.tasks(engine, **chosen))


@pytest.fixture
def five(ledger: CaseLedger) -> None:
    """Tasks of case managers: nobody's, mine, another's, I am asked, another is asked. All due at the same time."""
    reserved = {"state": TaskState.RESERVED}
    lives = (
        a_life(1),
        with_task(a_life(2), owner=CASE_MANAGER.id, **reserved),
        with_task(a_life(3), owner=OTHER_CASE_MANAGER.id, **reserved),
        with_task(a_life(4), **asking(CASE_MANAGER)),
        with_task(a_life(5), **asking(OTHER_CASE_MANAGER)),
    )
    for life in lives:
        for transition in life.transitions:
            ledger.record(transition)


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        ({"whose": "mine"}, "24"),
        ({"whose": "mine", "roles": [Role.CMO]}, "24"),
        ({"whose": "group", "roles": CASE_MANAGERS}, "14"),
        ({"whose": "group", "roles": [Role.CMO]}, ""),
        ({"whose": "group"}, ""),
        ({"roles": CASE_MANAGERS}, "124"),
        ({"roles": CASE_MANAGERS, "case_number": "SO-2026-000002"}, "2"),
        ({"roles": CASE_MANAGERS, "limit": 1, "offset": 1}, "2"),
        ({}, "24"),
    ],
)
def test_a_person_sees_what_is_theirs_and_what_they_could_take(engine: Engine, chosen: dict[str, Any], numbers: str):
    assert found_by(engine, person=CASE_MANAGER.id, **chosen) == numbers


@pytest.mark.usefixtures("five")
def test_without_a_person_a_role_sees_all_its_tasks(engine: Engine):
    assert found_by(engine, roles=CASE_MANAGERS) == "12345"
    assert found_by(engine, roles=CASE_MANAGERS, owner=OTHER_CASE_MANAGER.id) == "3"


def test_what_is_due_at_the_same_time_is_done_by_priority(engine: Engine, ledger: CaseLedger):
    for number, due, priority in ((1, LATER, 5), (2, LATER, 0), (3, MONDAY, 8), (4, None, 0), (5, LATER, 3)):
        life = a_life(number)
        told(ledger, life, planned(life, due_at=due, priority=priority))

    assert found_by(engine) == "32514"


@pytest.fixture
def four(ledger: CaseLedger) -> None:
    """Plain; suspended; escalated; due on Tuesday."""
    plain = a_life(1)
    told(ledger, plain, planned(plain))
    suspended = a_life(2)
    told(ledger, suspended, planned(suspended, state=TaskState.SUSPENDED, suspended_until=LATER))
    escalated = a_life(3)
    told(ledger, escalated, planned(escalated, escalated=True))
    soon = a_life(4)
    told(ledger, soon, planned(soon, due_at=MONDAY + timedelta(days=1)))


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        ({}, "4123"),
        ({"include_suspended": False}, "413"),
        ({"escalated_only": True}, "3"),
        ({"due_before": MONDAY + timedelta(days=1)}, ""),
        ({"due_before": MONDAY + timedelta(days=1, seconds=1)}, "4"),
        ({"due_before": MONDAY + timedelta(days=100), "escalated_only": True, "roles": [Role.CASE_MANAGER]}, "3"),
    ],
)
def test_a_worklist_can_leave_out_what_is_not_wanted_now(engine: Engine, chosen: dict[str, Any], numbers: str):
    assert found_by(engine, **chosen) == numbers


def test_a_row_shows_what_was_done_to_the_task(engine: Engine, ledger: CaseLedger):
    life = a_life(1, priority=Priority.EXPEDITED)
    said = Comment(at=MONDAY, actor=CMO.id, text="Please hurry.")
    suspended = planned(
        life,
        state=TaskState.SUSPENDED,
        owner=CASE_MANAGER.id,
        delegated_by=OTHER_CASE_MANAGER.id,
        suspended_until=LATER,
        revision=7,
        comments=(said, said),
    )
    told(ledger, life, suspended)

    (row,) = queries.tasks(engine)

    expected = {
        "state": "suspended",
        "owner": CASE_MANAGER.id,
        "delegated_by": OTHER_CASE_MANAGER.id,
        "suspended_until": LATER,
        "revision": 7,
        "comments": 2,
        "priority": 1,
        "case_priority": "expedited",
        "asked": "",
        "answer_by": None,
        "outcome": "",
        "next_due": suspended.due_at,
        "next_due_rule": suspended.due_rule,
    }
    assert row.model_dump(include=set(expected)) == expected


def test_a_row_shows_who_is_asked_and_until_when(engine: Engine, ledger: CaseLedger):
    life = with_task(a_life(1), **asking(CASE_MANAGER))
    for transition in life.transitions:
        ledger.record(transition)

    (row,) = queries.tasks(engine)

    assert (row.asked, row.answer_by, row.owner) == (CASE_MANAGER.id, LATER, "")


def test_a_task_that_was_done_says_by_which_action(engine: Engine, ledger: CaseLedger):
    life = a_life(1)
    life.act("confirm_completeness", CASE_MANAGER)
    for transition in life.transitions:
        ledger.record(transition)

    done, waiting = queries.tasks(engine, open_only=False)

    assert (done.outcome, done.ended_by) == ("confirm_completeness", CASE_MANAGER.id)
    assert waiting.outcome == ""


def test_an_open_task_is_due_with_the_first_clock_that_it_serves(engine: Engine, ledger: CaseLedger):
    life = a_life(1)
    ledger.record(life.transitions[0])
    later = life.case.open_clocks[0].due_at + timedelta(days=30)
    moved = tuple(c.model_copy(update={"due_at": later}) for c in life.case.clocks)

    life.become(life.case.but(clocks=moved).tell(life.now, "clock:moved", "By a test", actor=CASE_MANAGER.id))
    ledger.record(life.transitions[-1])

    (kept,) = queries.tasks(engine)
    assert (kept.next_due, kept.next_due_rule) == (later, life.case.open_tasks[0].due_rule)


def test_a_letter_that_is_owed_does_not_hurry_a_task_that_does_not_send_it(engine: Engine, ledger: CaseLedger):
    life = a_life(1)
    life.act("confirm_completeness", CASE_MANAGER)
    life.act("determine", CMO, outcome="approved", rationale="Useful.")
    for transition in life.transitions:
        ledger.record(transition)

    (placement,) = queries.tasks(engine)
    (case,) = queries.cases(engine)
    assert (placement.next_due, placement.next_due_rule) == (life.case.open_tasks[0].due_at, "PLAN-PLACE")
    assert case.next_due
    assert placement.next_due
    assert case.next_due < placement.next_due
