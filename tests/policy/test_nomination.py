"""Who is asked for a task, in which order and why; and who is passed over, and why."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.nomination import Absence, StaffMember, propose
from policy.people import Actor
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, MONDAY
from tests.policy.steps import (
    DAY,
    SECOND_CONSULTANT,
    THIRD_CONSULTANT,
    next_hour,
    opened,
    referred,
    the_task,
)

REFERRED = referred()
NOW = next_hour(REFERRED)
HEART = CONSULTANT.model_copy(update={"id": "md.heart", "npi": "1992999056", "specialty": "cardiology"})
ALL_DAY = Absence(since=NOW - DAY, until=NOW + DAY)


def member(actor: Actor = CONSULTANT, **given: Any) -> StaffMember:
    return StaffMember(actor=actor, **given)


def away(actor: Actor, substitute: str = "", **given: Any) -> StaffMember:
    return member(actor, absences=(ALL_DAY.model_copy(update={"substitute": substitute}),), **given)


def asked(*staff: StaffMember) -> list[str]:
    """Whom the proposal names, in order."""
    return [n.person.id for n in propose(REFERRED, the_task(REFERRED), staff, NOW).nominees]


def passed_over(*staff: StaffMember) -> dict[str, str]:
    """Whom the proposal passes over, and why."""
    return {p.person: p.reason for p in propose(REFERRED, the_task(REFERRED), staff, NOW).passed_over}


# -- who, and in which order


def test_who_has_the_fewest_open_tasks_is_asked_first():
    staff = (member(CONSULTANT, load=2), member(SECOND_CONSULTANT, load=0), member(THIRD_CONSULTANT, load=1))

    assert asked(*staff) == [SECOND_CONSULTANT.id, THIRD_CONSULTANT.id, CONSULTANT.id]


def test_of_two_with_the_same_load_who_had_a_turn_longest_ago_or_never_is_asked_first():
    staff = (
        member(CONSULTANT, last_turn=NOW - DAY),
        member(SECOND_CONSULTANT, last_turn=NOW - 3 * DAY),
        member(THIRD_CONSULTANT),
    )

    assert asked(*staff) == [THIRD_CONSULTANT.id, SECOND_CONSULTANT.id, CONSULTANT.id]


@pytest.mark.parametrize("staff", list(permutations((CONSULTANT, SECOND_CONSULTANT, THIRD_CONSULTANT))))
def test_with_nothing_between_them_the_order_is_that_of_their_ids_however_they_are_listed(staff):
    assert asked(*map(member, staff)) == [CONSULTANT.id, SECOND_CONSULTANT.id, THIRD_CONSULTANT.id]


loads = st.integers(0, 3)
turns = st.none() | st.sampled_from([NOW - days * DAY for days in range(1, 4)])
people = st.sampled_from([CONSULTANT, SECOND_CONSULTANT, THIRD_CONSULTANT, HEART, CASE_MANAGER])
panels = st.lists(
    st.builds(StaffMember, actor=people, load=loads, capacity=loads, last_turn=turns),
    unique_by=lambda found: found.actor.id,
)


@given(panels, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_how_the_staff_is_listed(panel, random):
    shuffled = random.sample(panel, len(panel))

    assert asked(*shuffled) == asked(*panel)
    assert passed_over(*shuffled) == passed_over(*panel)


@given(panels)
def test_everybody_of_the_right_role_is_either_asked_or_passed_over_with_a_reason(panel):
    consultants = {m.actor.id for m in panel if m.actor is not CASE_MANAGER}

    named, passed = set(asked(*panel)), passed_over(*panel)

    assert named | set(passed) == consultants
    assert named.isdisjoint(passed)
    assert all(passed.values())


def test_each_nominee_is_named_with_the_reasons_of_the_place():
    staff = (member(CONSULTANT, load=1, last_turn=MONDAY - 3 * DAY), member(SECOND_CONSULTANT, load=2))

    nominees = propose(REFERRED, the_task(REFERRED), staff, NOW).nominees

    assert [n.reason for n in nominees] == [
        "orthopedic surgery, 1 open task, last turn 2026-10-30",
        "orthopedic surgery, 2 open tasks, no turn yet",
    ]


def test_a_reason_without_a_specialty_names_none():
    case = opened()

    (nominee,) = propose(case, the_task(case), (member(CASE_MANAGER), member(CMO)), NOW).nominees

    assert (nominee.person, nominee.reason) == (CASE_MANAGER, "0 open tasks, no turn yet")


# -- who is passed over


def test_who_could_not_own_the_task_is_passed_over_and_told_why():
    staff = (member(HEART), member(CONSULTANT.model_copy(update={"id": CMO.id})), member(SECOND_CONSULTANT))

    assert asked(*staff) == [SECOND_CONSULTANT.id]
    assert passed_over(*staff) == {
        HEART.id: "the consultant's specialty must be orthopedic surgery",
        CMO.id: "who refers a case cannot be its consultant",
    }


def test_who_has_no_role_for_the_task_is_not_mentioned():
    staff = (member(CASE_MANAGER), member(CMO))

    assert (asked(*staff), passed_over(*staff)) == ([], {})


@pytest.mark.parametrize(
    ("load", "capacity", "may"),
    [
        pytest.param(2, 3, True, id="one more fits"),
        pytest.param(3, 3, False, id="as many as can be taken"),
        pytest.param(4, 3, False, id="more than can be taken"),
        pytest.param(99, 0, True, id="no limit"),
    ],
)
def test_who_has_as_many_tasks_as_can_be_taken_is_passed_over(load, capacity, may):
    staff = member(CONSULTANT, load=load, capacity=capacity)

    assert asked(staff) == ([CONSULTANT.id] if may else [])
    assert may or passed_over(staff)[CONSULTANT.id] == f"has {load} open tasks, as many as can be taken"


# -- out of office


@pytest.mark.parametrize(
    ("at", "is_away"),
    [
        pytest.param(ALL_DAY.since - timedelta(seconds=1), False, id="before"),
        pytest.param(ALL_DAY.since, True, id="from its first moment"),
        pytest.param(ALL_DAY.until, True, id="to its last moment"),
        pytest.param(ALL_DAY.until + timedelta(seconds=1), False, id="after"),
    ],
)
def test_an_absence_holds_with_both_its_ends(at: datetime, is_away):
    staff = (away(CONSULTANT),)

    proposal = propose(REFERRED, the_task(REFERRED), staff, at)

    assert bool(proposal.nominees) is not is_away


def test_without_a_substitute_who_is_away_is_passed_over():
    assert passed_over(away(CONSULTANT)) == {CONSULTANT.id: "out of office: nobody stands in"}


def test_a_substitute_is_asked_at_the_place_of_their_own_load():
    staff = (
        away(CONSULTANT, SECOND_CONSULTANT.id, load=0),
        member(SECOND_CONSULTANT, load=5),
        member(THIRD_CONSULTANT),
    )

    proposal = propose(REFERRED, the_task(REFERRED), staff, NOW)

    assert [n.person.id for n in proposal.nominees] == [THIRD_CONSULTANT.id, SECOND_CONSULTANT.id]
    assert proposal.nominees[1].reason.startswith(f"stands in for {CONSULTANT.id}, orthopedic surgery, 5 open tasks")


def test_a_substitute_is_asked_once_however_many_are_away():
    staff = (
        away(CONSULTANT, THIRD_CONSULTANT.id),
        away(SECOND_CONSULTANT, THIRD_CONSULTANT.id),
        member(THIRD_CONSULTANT),
    )

    assert asked(*staff) == [THIRD_CONSULTANT.id]
    assert passed_over(*staff) == {}


@pytest.mark.parametrize(
    "substitute",
    [
        pytest.param((away(SECOND_CONSULTANT),), id="is away too"),
        pytest.param((away(SECOND_CONSULTANT, THIRD_CONSULTANT.id),), id="is away too and has a substitute"),
        pytest.param((), id="is not of the staff"),
    ],
)
def test_a_substitute_who_is_not_there_stands_in_for_nobody(substitute):
    staff = (away(CONSULTANT, SECOND_CONSULTANT.id), *substitute)

    assert CONSULTANT.id not in asked(*staff)
    assert passed_over(*staff)[CONSULTANT.id] == "out of office: nobody stands in"


def test_a_substitute_who_could_not_own_the_task_is_not_asked_and_both_are_passed_over():
    staff = (away(CONSULTANT, HEART.id), member(HEART))

    assert asked(*staff) == []
    assert set(passed_over(*staff)) == {CONSULTANT.id, HEART.id}
