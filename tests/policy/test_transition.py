"""What changed between two values of a case: all of it, and each time under a higher revision."""

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import pytest

from policy.alarms import ring
from policy.case import FIRST_GENERATION, Case, open_case
from policy.coding import code
from policy.filing import closed, filed
from policy.storied import STORY_KEPT
from policy.third_opinion import lost
from policy.transition import Transition, between, newly_opened
from tests.builders import (
    CASE_MANAGER,
    CMO,
    CONSULTANT,
    MONDAY,
    a_first_opinion,
    a_report,
    a_request,
    an_incomplete_request,
    plan_physician,
)
from tests.policy.steps import (
    APPROVAL,
    DAY,
    DENIAL,
    NUMBER,
    SUPERVISOR,
    a_filing,
    attempts,
    consultation,
    letters_left,
    next_hour,
    opened,
    withdrawn,
)

Step = Callable[[Case], Case]
REPORT = {"name": "report.pdf", "sha256": "ef" * 32, "size": 120_000}
MRI = {"name": "mri.pdf", "sha256": "12" * 32, "size": 90_000}


def does(actor: Any, signal: str, **fields: Any) -> Step:
    return lambda case: attempts(case, actor, signal, **fields)


def waits(days: float) -> Step:
    return lambda case: ring(case, next_hour(case) + days * DAY)


def files(case: Case) -> Case:
    return filed(case, a_filing(next_hour(case)), next_hour(case))


END: tuple[Step, ...] = (letters_left, lambda c: code(c, next_hour(c)), files, lambda c: closed(c, next_hour(c)))
SHORT = (
    opened(),
    does(CASE_MANAGER, "claim_task", task_id="T1"),
    does(CASE_MANAGER, "confirm_completeness"),
    does(CMO, "determine", **DENIAL),
    *END,
)
LONG = (
    opened(an_incomplete_request("test_results", line="medicare_advantage", first_opinion=a_first_opinion())),  # type: ignore[arg-type]
    does(CASE_MANAGER, "request_information", items=["test_results"]),
    letters_left,
    waits(2),
    does(CMO, "determine", **APPROVAL),  # refused
    does(CASE_MANAGER, "receive_information", information=[{"item": "test_results", "attachment": MRI}]),
    does(CASE_MANAGER, "confirm_completeness"),
    does(CMO, "expedite_request", reason="Waiting could harm."),
    does(CMO, "refer_to_consultation", question="Is it reasonable?"),
    waits(9),
    does(CONSULTANT, "submit_consultation", **consultation()),
    does(CMO, "determine", **APPROVAL),
    letters_left,
    does(CASE_MANAGER, "place_opinion", **plan_physician("1992999882")),
    waits(40),
    does(CASE_MANAGER, "receive_report", **a_report(recommends=False, attachments=[REPORT])),
    lambda c: lost(c, "it was terminated", next_hour(c)),
    does(SUPERVISOR, "take_up_third_opinion"),
    does(CASE_MANAGER, "place_opinion", **plan_physician("1992999890")),
    does(CASE_MANAGER, "receive_report", **a_report(recommends=True)),
    *END,
)
WITHDRAWN = (withdrawn(), *END)
LIVES = pytest.mark.parametrize("life", [SHORT, LONG, WITHDRAWN], ids=["short", "long", "withdrawn"])


def values(life: tuple[Any, ...]) -> list[Case]:
    """All values of a case, from the first to the closed one."""
    first, *steps = life
    lived = [first]
    for step in steps:
        lived.append(step(lived[-1]))
    return lived


def told(cases: list[Case]) -> list[Transition]:
    """The transitions of a life, each from the value before."""
    before: Iterable[Case | None] = [None, *cases[:-1]]
    return [between(b, after, next_hour(after)) for b, after in zip(before, cases, strict=True)]


@LIVES
def test_the_changed_rows_in_their_order_rebuild_the_final_case(life):
    cases = values(life)
    final = cases[-1]

    transitions = told(cases)

    assert tuple({t.id: t for x in transitions for t in x.tasks}.values()) == final.tasks
    assert tuple({c.id: c for x in transitions for c in x.clocks}.values()) == final.clocks
    assert tuple({n.key: n for x in transitions for n in x.notices}.values()) == final.notices
    assert tuple(e for x in transitions for e in x.entries) == final.story


@LIVES
def test_every_change_has_a_higher_revision(life):
    cases = values(life)

    changed = [after for before, after in pairwise(cases) if after != before]

    assert all(after.seq > before.seq for before, after in pairwise([cases[0], *changed]))


@LIVES
def test_the_last_transition_says_how_the_case_ended(life):
    cases = values(life)
    final, last = cases[-1], told(cases)[-1]

    assert (last.stage, last.outcome, last.category) == (final.stage, final.outcome, final.category)
    assert (last.filing, last.closed_at, last.refused_count) == (final.filing, final.closed_at, final.refused_count)
    assert (last.decision_due, last.next_due, last.next_due_rule) == (None, None, "")


@LIVES
def test_one_transition_over_a_whole_life_tells_the_same_as_all_of_them(life):
    final = values(life)[-1]

    whole = between(None, final, next_hour(final))

    assert (whole.tasks, whole.clocks, whole.notices) == (final.tasks, final.clocks, final.notices)
    assert whole.entries == final.story


def test_the_request_is_given_in_the_first_transition_only():
    first, *later = told(values(LONG))

    assert first.request is not None
    assert {t.request for t in later} == {None}


def test_each_document_is_told_once():
    names = [d.name for t in told(values(LONG)) for d in t.documents]

    assert names == ["mri.pdf", "report.pdf"]


def test_a_value_that_has_not_changed_tells_nothing():
    case = opened()

    same = between(case, case, next_hour(case))

    assert same.revision == case.seq
    assert (same.entries, same.tasks, same.clocks, same.notices, same.documents) == ((), (), (), (), ())


def test_what_is_due_next_and_when_the_decision_is_due_are_those_of_the_open_clocks():
    case = opened(imminent_threat=True)

    first = between(None, case, next_hour(case))

    assert first.decision_due == case.decision_limit
    assert first.next_due_rule == "KK-2OP-URG"
    assert first.next_due is not None
    assert first.decision_due is not None
    assert first.next_due < first.decision_due


def test_a_trimmed_story_loses_nothing_that_was_not_recorded():
    case = opened()
    for number in range(250):
        case = attempts(case, CASE_MANAGER, "add_comment", text=f"Comment {number}")

    recorded = case.story[20].seq
    kept = case.trimmed(recorded)

    assert case.seq - recorded > STORY_KEPT
    assert [e.seq for e in kept.story] == list(range(recorded + 1, case.seq + 1))
    assert between(case.but(seq=recorded), kept, next_hour(case)).entries == tuple(
        e for e in case.story if e.seq > recorded
    )


# -- what is put before people


def test_a_task_is_put_before_people_when_it_is_opened_and_not_again_when_it_is_changed():
    case = opened()
    claimed = attempts(case, CASE_MANAGER, "claim_task", task_id=case.tasks[0].id)
    confirmed = attempts(claimed, CASE_MANAGER, "confirm_completeness")

    assert newly_opened(None, case) == case.open_tasks
    assert newly_opened(case, case) == newly_opened(case, claimed) == ()
    assert newly_opened(claimed, confirmed) == confirmed.open_tasks


def test_a_task_that_was_opened_and_ended_between_two_records_is_put_before_nobody():
    case = opened()
    confirmed = attempts(case, CASE_MANAGER, "confirm_completeness")
    denied = attempts(confirmed, CMO, "determine", **DENIAL)

    assert newly_opened(case, denied) == ()


def test_in_a_case_of_the_first_generation_a_task_that_people_change_is_put_before_them_again():
    case = open_case(NUMBER, a_request(), MONDAY, generation=FIRST_GENERATION)
    claimed = attempts(case, CASE_MANAGER, "claim_task", task_id=case.tasks[0].id)
    commented = attempts(case, CASE_MANAGER, "add_comment", text="Called the clinic.")

    assert newly_opened(case, claimed) == claimed.open_tasks
    assert newly_opened(case, commented) == ()


def test_what_follows_from_the_case_alone_puts_no_task_before_people_again_in_either_generation():
    first = open_case(NUMBER, a_request(), MONDAY, generation=FIRST_GENERATION)

    for case in (first, opened()):
        expedited = attempts(case, CMO, "expedite_request", reason="It cannot wait.")
        assert expedited.open_tasks != case.open_tasks
        assert newly_opened(case, expedited) == ()
