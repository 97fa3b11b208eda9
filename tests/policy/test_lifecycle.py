"""The table of the life cycle: every stage is reached, and a closed case stays closed."""

from itertools import product

import pytest

from policy.lifecycle import BEFORE_DETERMINATION, MOVES, Stage, may_move
from tests.builders import CASE_MANAGER
from tests.policy.steps import (
    approved,
    consulted,
    denied,
    finished,
    next_hour,
    opened,
    pending,
    placed,
    referred,
    refusal,
    reported,
)


def reachable_from(start: Stage) -> set[Stage]:
    found, edge = {start}, [start]
    while edge:
        fresh = [there for there in MOVES[edge.pop()] if there not in found]
        found.update(fresh)
        edge.extend(fresh)
    return found


def test_every_stage_is_reached_from_receipt():
    assert reachable_from(Stage.COMPLETENESS_REVIEW) == set(Stage)


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_has_its_line_in_the_table_and_a_way_to_the_end(stage):
    assert stage in MOVES
    assert Stage.CLOSED in reachable_from(stage)


def test_a_closed_case_goes_on_only_by_being_reopened():
    assert set(MOVES[Stage.CLOSED]) == {Stage.PLACEMENT, Stage.FILING}


def test_nothing_leads_back_before_the_determination():
    assert reachable_from(Stage.PLACEMENT).isdisjoint(BEFORE_DETERMINATION)


@pytest.mark.parametrize(("here", "there"), [*product(Stage, Stage)])
def test_a_move_is_allowed_exactly_when_it_stands_in_the_table(here, there):
    verdict = may_move(here, there)

    assert bool(verdict) is (there in MOVES[here])
    if not verdict:
        assert verdict.reason == f"a case in {here} cannot go to {there}"


@pytest.mark.parametrize(
    ("brought", "stage"),
    [
        (opened, Stage.COMPLETENESS_REVIEW),
        (pending, Stage.INFORMATION_REQUESTED),
        (consulted, Stage.PHYSICIAN_REVIEW),
        (referred, Stage.CONSULTATIVE_REVIEW),
        (approved, Stage.PLACEMENT),
        (placed, Stage.CONSULTATION_REPORT),
        (reported, Stage.FILING),
        (denied, Stage.FILING),
    ],
)
def test_actions_bring_a_case_to_every_stage(brought, stage):
    assert brought().stage is stage


def test_a_case_cannot_be_moved_where_the_table_does_not_lead():
    with pytest.raises(ValueError, match="cannot go to closed"):
        opened().move(Stage.CLOSED)


def test_a_closed_case_is_final_but_for_what_reopens_it():
    case = finished(denied())

    refused = refusal(case, CASE_MANAGER, "add_comment", text="One more thing.")

    assert refused.reason == "the case is closed"
    assert case.closed_at is not None
    assert case.closed_at < next_hour(case)
    assert case.open_clocks == ()
    with pytest.raises(ValueError, match="a case in closed cannot go to"):
        case.move(Stage.PHYSICIAN_REVIEW)
