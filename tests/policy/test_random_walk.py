"""Ten thousand actions in a row, by many people and in many cases, and by case managers in one that never ends."""

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from policy.alarms import ring
from policy.case import Case
from policy.receipts import KEPT_WHOLE
from policy.request import Item
from tests.builders import an_incomplete_request
from tests.policy.wandering import Walk

ACTIONS = 10_000
seeds = st.integers(0, 2**32 - 1)
as_it_comes = settings(
    deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)

WAYS = (
    *[Walk.somebody_works] * 30,
    *[Walk.a_task_is_handled] * 20,
    *[Walk.somebody_else_does_it] * 12,
    *[Walk.anybody_does_anything] * 6,
    *[Walk.an_old_action_comes_again] * 5,
    *[Walk.somebody_saw_another_version] * 4,
    *[Walk.a_time_is_wrong] * 4,
    *[Walk.time_passes] * 12,
    *[Walk.letters_leave] * 12,
    *[Walk.the_case_is_filed] * 5,
    *[Walk.its_third_opinion_comes_home_or_is_lost] * 5,
)


def survives_json(case: Case) -> bool:
    return Case.model_validate_json(case.model_dump_json()) == case


@given(seeds)
@settings(as_it_comes, max_examples=3)
def test_ten_thousand_actions_in_many_cases_leave_every_case_whole(seed):
    walk = Walk(seed)

    while walk.actions < ACTIONS:
        way = walk.random.choice(WAYS)
        way(walk)
        if walk.random.random() < 0.01:
            assert survives_json(walk.case)

    assert walk.closed > 100


CIRCLES = (*[Walk.a_case_manager_goes_round_in_circles] * 20, Walk.an_old_action_comes_again, Walk.letters_leave)


@given(seeds)
@settings(as_it_comes, max_examples=2)
def test_ten_thousand_actions_in_one_case_leave_it_whole_and_each_of_them_has_its_answer(seed):
    walk = Walk(seed)
    walk.begins(an_incomplete_request(Item.TEST_RESULTS))

    while walk.actions < ACTIONS:
        way = walk.random.choice(CIRCLES)
        way(walk)
        if walk.actions % 1000 == 0:
            assert survives_json(walk.case)
            walk.becomes(ring(walk.case, walk.now))

    case = walk.case
    assert case.outcome is None
    assert (len(case.receipts), len(case.older_receipts)) == (KEPT_WHOLE, len(walk.answered) - KEPT_WHOLE)
    assert all(answer_to(case, action_id) is accepted for action_id, (_, accepted) in [*walk.answered.items()][::10])
    assert len(case.model_dump_json(include={"receipts", "older_receipts"})) < 640_000


def answer_to(case: Case, action_id: str) -> bool | None:
    """Whether an action was applied; None when nobody knows."""
    receipt = case.receipt(action_id)
    return receipt.accepted if receipt else None
