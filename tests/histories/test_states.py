"""What counts as a difference between a recorded state and the state after a replay."""

from typing import Any

import pytest

from policy.acting import act
from policy.answering import refuse_unreadable
from policy.case import open_case
from tests.builders import CASE_MANAGER, MONDAY, a_request, action
from tests.histories.states import differences, state

RECORDED: dict[str, Any] = {
    "stage": "filing",
    "refused_count": 1,
    "tasks": [{"id": "a", "owner": ""}, {"id": "b", "owner": "cm"}],
}


def test_a_state_does_not_differ_from_itself():
    assert differences(RECORDED, RECORDED) == []


def test_a_field_that_was_added_is_no_difference():
    now = {**RECORDED, "revision": 3, "tasks": [{**task, "skipped": False} for task in RECORDED["tasks"]]}

    assert differences(RECORDED, now) == []


def test_a_field_that_is_gone_is_a_difference():
    now = {**RECORDED, "tasks": [{"id": "a", "owner": ""}, {"id": "b"}]}

    assert differences(RECORDED, now) == ["tasks[1].owner: recorded 'cm', now missing"]


def test_a_value_that_changed_is_a_difference_and_its_path_is_named():
    now = {**RECORDED, "tasks": [{"id": "a", "owner": ""}, {"id": "b", "owner": ""}]}

    assert differences(RECORDED, now) == ["tasks[1].owner: recorded 'cm', now ''"]


def test_a_shorter_list_is_a_difference_and_what_is_left_of_it_is_compared():
    now = {**RECORDED, "tasks": [{"id": "b", "owner": ""}]}

    found = differences(RECORDED, now)

    assert found == ["tasks: recorded 2 items, now 1", "tasks[0].id: recorded 'a', now 'b'"]


def test_a_longer_list_is_a_difference():
    now = {**RECORDED, "tasks": [*RECORDED["tasks"], {"id": "c", "owner": ""}]}

    assert differences(RECORDED, now) == ["tasks: recorded 2 items, now 3"]


@pytest.mark.parametrize("now", [True, "1", 1.0, None, [1], {"1": 1}])
def test_a_value_of_another_type_is_a_difference(now):
    assert differences({"refused_count": 1}, {"refused_count": now}) == [f"refused_count: recorded 1, now {now!r}"]


def test_a_state_leaves_out_the_digests_of_receipts_and_refusals_and_nothing_else():
    case = open_case("SO-2026-000001", a_request(), MONDAY)
    case = act(case, action("add_comment", CASE_MANAGER, MONDAY, text="Spoke to the clinic."), MONDAY)
    case = refuse_unreadable(case, "determine", "not an object", MONDAY, digest="abc")

    left_out = differences(case.model_dump(mode="json"), state(case))

    assert [line.split(":")[0] for line in left_out] == ["receipts[0].digest", "refusals[0].digest"]
