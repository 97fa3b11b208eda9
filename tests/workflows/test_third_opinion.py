"""A third opinion in a case of its own: opened, worked on, brought home, called off, lost; with skipped time."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from temporalio.api.enums.v1 import EventType, ParentClosePolicy

from policy.lifecycle import Outcome, Stage
from policy.particulars import Agreement
from policy.request import LineOfBusiness
from policy.tasks import TaskKind
from tests.builders import CASE_MANAGER, CMO, a_first_opinion, a_report, a_request, plan_physician
from tests.policy.steps import SUPERVISOR
from tests.workflows.conftest import Played, a_stage
from tests.workflows.conftest import Stage as Theatre
from wiring.temporal import build_replayer
from workflows import workflow_id

ADVANTAGE = LineOfBusiness.MEDICARE_ADVANTAGE
BEGUN = EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED
NUMBER, THIRD = "SO-2026-000001", "SO-2026-000001-3"


@pytest.fixture
async def stage() -> AsyncIterator[Theatre]:
    """Two cases are in play at once, and both are kept; afterwards the history of each is replayed from its beginning.

    Without room for both, the SDK's core evicts the one whose local activity is under way when a task of the other
    comes ("Eviction requested while local activities are still in flight"), and that task only ends with its time,
    after ten seconds. A worker of ours has room for a thousand.
    """
    async with a_stage(max_cached_cases=10) as played:
        yield played
        for number in (NUMBER, THIRD):
            if played.ledger.lines(number):
                history = await played.env.client.get_workflow_handle(workflow_id(number)).fetch_history()
                await build_replayer(converter=played.env.client.data_converter).replay_workflow(history)


async def differing(stage: Theatre) -> Played:
    """A Medicare case whose second physician advises against the surgery."""
    played = await stage.open(a_request(line=ADVANTAGE, first_opinion=a_first_opinion(recommends=True)))
    await played.does(CASE_MANAGER, "confirm_completeness")
    await played.does(CMO, "determine", outcome="approved", rationale="Reason R1 applies.")
    await played.does(CASE_MANAGER, "place_opinion", **plan_physician("1992999882"))
    await played.does(CASE_MANAGER, "receive_report", **a_report(recommends=False))
    return played


async def third_of(stage: Theatre) -> Played:
    """The third opinion's own case, once it has begun."""
    for _ in range(100):
        if stage.ledger.lines(THIRD):
            break
        await asyncio.sleep(0.02)
    return Played(stage, stage.env.client.get_workflow_handle(workflow_id(THIRD)))


async def until(played: Played, stage: Stage, kind: TaskKind | None = None) -> None:
    for _ in range(1000):
        case = await played.case()
        if case.stage is stage and (kind is None or case.task(kind)):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(case.stage)


async def test_a_medicare_case_ends_with_all_reports_in_one_packet_and_the_coverage_in_the_members_letter(stage):
    played = await differing(stage)
    third = await third_of(stage)
    at_first = await third.case()

    await third.does(CASE_MANAGER, "place_opinion", **plan_physician("1992999890"))
    await third.does(CASE_MANAGER, "receive_report", **a_report(recommends=False))
    closing = await played.ends()

    packet = stage.cabinet.packets[closing.case_number]
    assert closing.outcome is Outcome.APPROVED
    assert [t.kind for t in at_first.open_tasks] == [TaskKind.PLACEMENT]
    assert [o.ordinal for o in packet.opinions] == [2, 3]
    assert packet.request.first_opinion is not None
    assert packet.comparison.result is Agreement.DIFFER_ON_SURGERY
    assert list(stage.cabinet.packets) == [NUMBER]
    assert len(stage.mhc.rows) == 1
    (letter,) = (x for x in stage.mailroom.letters.values() if x.kind == "third_opinion")
    assert letter.key.startswith(THIRD)
    assert "not covered" in " ".join(p for s in letter.sections for p in s.paragraphs)
    assert f"{THIRD}-third_opinion" in " ".join(packet.letters)
    assert stage.ledger.events(THIRD)[-1] == "case:closed"
    assert stage.ledger.events(NUMBER)[-3:] == ["case:coded", "case:filed", "case:closed"]


async def test_the_case_waits_without_task_or_clock_of_the_third_opinion(stage):
    played = await differing(stage)
    third = await (await third_of(stage)).case()

    case = await played.case()

    assert case.stage is Stage.THIRD_OPINION
    assert case.open_tasks == ()
    assert not {c.obligation for c in case.open_clocks} & {c.obligation for c in third.open_clocks}


async def test_a_third_opinion_whose_case_was_cancelled_is_taken_up_by_a_supervisor(stage):
    played = await differing(stage)
    third = await third_of(stage)

    await third.handle.cancel()
    await until(played, Stage.THIRD_OPINION, TaskKind.THIRD_OPINION_LOST)
    (task,) = (await played.case()).open_tasks
    await played.does(SUPERVISOR, "take_up_third_opinion")
    await played.does(CASE_MANAGER, "place_opinion", **plan_physician("1992999890"))
    await played.does(CASE_MANAGER, "receive_report", **a_report(recommends=False))
    closing = await played.ends()

    assert task.escalated
    assert task.note == "it was cancelled"
    assert stage.ledger.given_up[THIRD].why == "it was cancelled"
    assert [o.ordinal for o in stage.cabinet.packets[closing.case_number].opinions] == [2, 3]


async def test_a_third_opinion_that_is_called_off_leaves_the_work_lists(stage):
    await differing(stage)
    third = await third_of(stage)

    await third.handle.cancel()
    for _ in range(1000):
        if stage.ledger.events(THIRD)[-1] == "third-opinion:called-off":
            break
        await asyncio.sleep(0.02)

    assert stage.ledger.events(THIRD)[-1] == "third-opinion:called-off"
    assert stage.ledger.open_task(THIRD) is None


async def test_the_end_of_the_case_asks_its_third_opinion_to_end_too(stage):
    played = await differing(stage)
    await third_of(stage)

    begun = [e for e in (await played.handle.fetch_history()).events if e.event_type == BEGUN]

    (asked,) = (e.start_child_workflow_execution_initiated_event_attributes for e in begun)
    assert asked.workflow_id == workflow_id(THIRD)
    assert asked.parent_close_policy == ParentClosePolicy.PARENT_CLOSE_POLICY_REQUEST_CANCEL


async def test_a_line_without_the_rule_says_why_no_third_opinion_opened(stage):
    request = a_request(line=LineOfBusiness.COMMERCIAL, first_opinion=a_first_opinion(recommends=True))
    played = await stage.open(request)
    await played.does(CASE_MANAGER, "confirm_completeness")
    await played.does(CMO, "determine", outcome="approved", rationale="Reason R1 applies.")
    await played.does(CASE_MANAGER, "place_opinion", **plan_physician())

    await played.does(CASE_MANAGER, "receive_report", **a_report(recommends=False))
    closing = await played.ends()

    packet = stage.cabinet.packets[closing.case_number]
    assert "does not cover this line" in packet.no_third
    assert "third-opinion:not-opened" in stage.ledger.events(closing.case_number)
