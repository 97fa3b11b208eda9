"""Cancelling the workflow of a case: withdrawn for cause, or a recorded refusal; never lost, never stuck."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType

from policy.delegatecase import DelegatedState
from policy.intervening import CAUSE, DELEGATED, TOO_LATE
from policy.lifecycle import Outcome, Stage
from tests.builders import CASE_MANAGER, CMO, a_report, plan_physician
from tests.histories.replaying import replayed
from tests.workflows.conftest import Played, server_program
from tests.workflows.delegations import NUMBER, delegations
from tests.workflows.test_bad_signals import failed
from wiring.temporal import build_replayer

pytestmark = pytest.mark.skipif(server_program() is None, reason="needs the time-skipping server")


async def replays(played: Played) -> bool:
    replayer = build_replayer(converter=played.stage.env.client.data_converter)
    result = await replayer.replay_workflow(await played.handle.fetch_history(), raise_on_replay_failure=False)
    return result.replay_failure is None


async def refused(played: Played) -> None:
    for _ in range(300):
        if any(r.action == "cancel" for r in (await played.case()).refusals):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("never refused")


async def test_cancelling_an_undecided_request_withdraws_it_and_closes_it_as_any_other_withdrawal(stage):
    played = await stage.open()
    await played.case()

    await played.handle.cancel()
    closing = await played.ends()

    lines = {e.text for t in stage.ledger.transitions for e in t.entries}
    assert closing.outcome is Outcome.WITHDRAWN
    assert CAUSE in lines
    assert sorted(x for x in stage.mailroom.sent() if x.startswith("withdrawal")) == [
        "withdrawal to member",
        "withdrawal to provider",
    ]
    assert list(stage.cabinet.packets) == [closing.case_number]
    assert stage.ledger.events(closing.case_number)[-1] == "case:closed"
    assert await replays(played)


async def test_a_request_that_is_cancelled_before_its_first_step_is_withdrawn(stage):
    played = await stage.open()

    await played.handle.cancel()

    assert (await played.ends()).outcome is Outcome.WITHDRAWN
    assert await replays(played)


async def test_cancelling_a_decided_request_is_refused_and_the_case_goes_to_its_end(stage):
    played = await stage.open()
    await played.does(CASE_MANAGER, "confirm_completeness")
    await played.does(CMO, "determine", outcome="approved", rationale="Reason R1 applies.")

    await played.handle.cancel()
    await refused(played)
    await played.does(CASE_MANAGER, "place_opinion", **plan_physician())
    await played.does(CASE_MANAGER, "receive_report", **a_report())
    closing = await played.ends()

    assert closing.outcome is Outcome.APPROVED
    assert "action:refused" in stage.ledger.events(closing.case_number)
    assert await replays(played)
    assert await failed(played) == []


async def test_a_worker_that_lets_go_of_a_case_that_was_cancelled_is_no_second_cancel(stage):
    played = await stage.open()
    await played.does(CASE_MANAGER, "confirm_completeness")
    await played.does(CMO, "determine", outcome="approved", rationale="Reason R1 applies.")
    await played.handle.cancel()
    await refused(played)

    failure, case = await replayed(await played.handle.fetch_history(), played.stage.env.client.data_converter)

    assert failure is None
    assert case is not None
    assert [r.action for r in case.refusals] == ["cancel"]


async def test_a_cancel_while_letters_are_under_way_does_not_send_one_twice_or_lose_one(stage):
    stage.mailroom.failures = 3
    played = await stage.open()
    await played.does(CASE_MANAGER, "confirm_completeness")
    await played.does(CMO, "determine", outcome="denied", rationale="No reason applies.", criteria="Guideline 12")

    await played.handle.cancel()
    closing = await played.ends()

    assert closing.outcome is Outcome.DENIED
    assert sorted(stage.mailroom.sent()) == sorted(set(stage.mailroom.sent()))
    assert len(stage.mailroom.sent()) >= 2
    assert len(stage.mhc.rows) == 1
    assert await replays(played)


async def test_a_cancel_while_the_records_are_away_waits_for_them_and_loses_no_line(stage):
    stage.ledger.failures = 4
    played = await stage.open()

    await played.handle.cancel()
    closing = await played.ends()

    lines = stage.ledger.lines(closing.case_number)
    assert closing.outcome is Outcome.WITHDRAWN
    assert lines == list(range(1, len(lines) + 1))
    assert await replays(played)


async def test_a_cancel_while_the_packet_is_bound_is_refused_and_the_packet_is_filed_once(stage):
    bound = asyncio.Event()
    file = stage.cabinet.file
    loop = asyncio.get_running_loop()

    def slowly(packet):
        loop.call_soon_threadsafe(bound.set)
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.5), loop).result()
        return file(packet)

    stage.cabinet.file = slowly
    played = await stage.open()
    await played.does(CASE_MANAGER, "confirm_completeness")
    await played.does(CMO, "determine", outcome="denied", rationale="No reason applies.", criteria="Guideline 12")
    async with asyncio.timeout(60):
        while not bound.is_set():
            await stage.env.sleep(timedelta(seconds=30))

    await played.handle.cancel()
    closing = await played.ends()

    events = stage.ledger.events(closing.case_number)
    assert closing.outcome is Outcome.DENIED
    assert [events.count(event) for event in ("case:coded", "case:filed", "case:closed")] == [1, 1, 1]
    assert len(stage.cabinet.packets) == 1
    assert await replays(played)


async def test_a_request_that_is_cancelled_twice_is_withdrawn_once(stage):
    stage.mailroom.failures = 2
    played = await stage.open()
    await played.case()

    await played.handle.cancel()
    await played.handle.cancel()
    closing = await played.ends()

    assert closing.outcome is Outcome.WITHDRAWN
    assert stage.ledger.events(closing.case_number).count("request:withdrawn") == 1
    assert await replays(played)


async def test_a_delegates_decision_that_is_cancelled_goes_on():
    async with delegations() as stage:
        await stage.receive(record_attachment=None)
        await stage.posted()

        await stage.handle.cancel()
        case = await stage.passes(days=5)
        closing = await stage.ends()

        assert case.refusals[-1].reason == DELEGATED
        assert closing.filed
        assert stage.ledger.events(NUMBER)[-1] == "delegated:closed"
        assert stage.ledger.events(NUMBER).count("delegated:coded") == 1
        assert (await stage.handle.query("case"))["state"] == DelegatedState.CLOSED


async def test_the_reason_that_was_typed_is_not_copied(stage):
    played = await stage.open()
    await played.does(CASE_MANAGER, "confirm_completeness")
    await played.does(CMO, "determine", outcome="approved", rationale="Reason R1 applies.")

    await played.handle.cancel(reason="Jane Doe has diabetes")
    await refused(played)
    case = await played.case()

    assert case.refusals[-1].reason == TOO_LATE
    assert "Jane" not in case.model_dump_json()
    begun = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED
    assert any(e.event_type == begun for e in (await played.handle.fetch_history()).events)
    assert case.stage is Stage.PLACEMENT
