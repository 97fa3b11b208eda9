"""Whatever a signal brings, it becomes a recorded refusal; the case stays running, and no workflow task fails."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus

from policy.lifecycle import Stage
from policy.request import Item
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, an_incomplete_request, plan_physician
from tests.failedtasks import failed_tasks
from workflows.second_opinion import SecondOpinionWorkflow

JSON = {"encoding": b"json/plain"}


def body(data: bytes, encoding: bytes = b"json/plain") -> Payload:
    return Payload(metadata={"encoding": encoding}, data=data)


BAD = {
    "no argument": [],
    "two arguments": [body(b"{}"), body(b"{}")],
    "null": [body(b"null")],
    "binary null": [body(b"", b"binary/null")],
    "bytes": [body(b"\x00\xff", b"binary/plain")],
    "an unknown encoding": [body(b"zzz", b"binary/strange")],
    "no encoding at all": [Payload(data=b"{}")],
    "no JSON": [body(b"{not json")],
    "a list": [body(b"[1, 2]")],
    "an empty object": [body(b"{}")],
    "wrong types": [body(b'{"action_id": 7, "actor": "me", "at": "soon"}')],
    "an unknown field": [
        body(
            b'{"action_id": "x", "actor": {"id": "cm", "roles": ["case_manager"]},'
            b' "at": "2026-11-02T10:00:00Z", "surprise": 1}'
        )
    ],
    "a hundred kilobytes": [body(b'{"note": "' + b"a" * 100_000 + b'"}')],
}


async def send(played: Any, signal: str, payloads: list[Payload]) -> None:
    client = played.stage.env.client
    await client.workflow_service.signal_workflow_execution(
        SignalWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=played.handle.id),
            signal_name=signal,
            input=Payloads(payloads=payloads),
        )
    )


async def failed(played: Any) -> list[str]:
    """Why workflow tasks failed."""
    return failed_tasks([event async for event in played.handle.fetch_history_events()])


@pytest.mark.parametrize("what", BAD)
async def test_a_body_that_does_not_fit_is_a_recorded_refusal(stage, what):
    played = await stage.open()

    await send(played, "confirm_completeness", BAD[what])
    case = await played.case()

    assert case.stage is Stage.COMPLETENESS_REVIEW
    assert [r.action for r in case.refusals] == ["confirm_completeness"]
    assert case.refusals[0].reason
    assert "action:refused" in (await played.recorded()).events(case.number)
    assert (await played.handle.describe()).status is WorkflowExecutionStatus.RUNNING
    assert await failed(played) == []


async def test_a_signal_that_nobody_knows_is_refused_and_says_where_the_actions_are_listed(stage):
    played = await stage.open()

    await send(played, "approve_everything", [body(b"{}")])
    case = await played.case()

    assert case.refusals[0].action == "approve_everything"
    assert "docs/actions.md lists them" in case.refusals[0].reason


async def test_a_refused_body_leaves_nothing_of_what_was_typed(stage):
    played = await stage.open()

    await send(played, "withdraw_request", [body(b'{"reason": ["Jane Doe, HIV"], "Jane Doe": 1}')])
    case = await played.case()

    refusal = case.refusals[0]
    assert refusal.size > 0
    assert len(refusal.digest) == 64
    assert "HIV" not in case.model_dump_json()
    assert "Jane" not in case.model_dump_json()


async def test_the_same_action_a_hundred_times_is_applied_once(stage):
    played = await stage.open()
    act = await played.does(CASE_MANAGER, "add_comment", text="Called the clinic.")

    for _ in range(100):
        await played.handle.signal("add_comment", act)
    case = await played.case()

    assert [e.event for e in case.story].count("case:commented") == 1
    assert case.refused_count == 0


async def test_an_action_id_that_comes_back_with_other_content_is_refused(stage):
    played = await stage.open()
    act = await played.does(CASE_MANAGER, "add_comment", text="Called the clinic.")

    await played.handle.signal("add_comment", act.model_copy(update={"text": "Never called."}))
    case = await played.case()

    assert "used before" in case.refusals[0].reason


async def test_every_action_gets_a_receipt_with_its_answer(stage):
    played = await stage.open()

    done = await played.does(CASE_MANAGER, "confirm_completeness")
    refused = await played.does(CASE_MANAGER, "determine", outcome="approved", rationale="I may not.")
    receipts = [await played.handle.query(SecondOpinionWorkflow.receipt, a.action_id) for a in (done, refused)]

    assert [r.accepted for r in receipts if r] == [True, False]
    assert await played.handle.query(SecondOpinionWorkflow.receipt, "never sent") is None


@pytest.mark.parametrize("days", [-1000, 1000])
async def test_an_action_from_another_time_is_refused(stage, days):
    played = await stage.open()

    await played.does(CASE_MANAGER, "confirm_completeness", at=await stage.now() + timedelta(days=days))
    case = await played.case()

    assert case.refusals[0].fields[0].field == "at"


async def test_an_action_at_the_wrong_moment_is_refused_and_says_what_the_case_waits_for(stage):
    played = await stage.open()

    await played.does(CASE_MANAGER, "place_opinion", **plan_physician())
    case = await played.case()

    assert "waits for: completeness_review" in case.refusals[0].reason


async def test_an_action_meant_for_another_case_is_refused(stage):
    played = await stage.open()

    await played.does(CASE_MANAGER, "confirm_completeness", case_number="SO-2020-000009")
    case = await played.case()

    assert case.refusals[0].fields[0].field == "case_number"


async def test_an_incomplete_referral_cannot_be_confirmed(stage):
    played = await stage.open(an_incomplete_request(Item.TEST_RESULTS))

    await played.does(CASE_MANAGER, "confirm_completeness")
    case = await played.case()

    assert case.refusals[0].clause == "P2"


async def test_a_case_manager_never_determines_and_a_consultant_never_either(stage):
    played = await stage.open()
    await played.does(CASE_MANAGER, "confirm_completeness")

    for actor in (CASE_MANAGER, CONSULTANT):
        await played.does(actor, "determine", outcome="approved", rationale="Why not.")
    await played.does(CMO.model_copy(update={"licence": ""}), "determine", outcome="approved", rationale="Why not.")
    case = await played.case()

    assert case.determination is None
    assert case.refused_count == 3


async def test_a_flood_of_bad_signals_keeps_the_last_hundred_and_counts_them_all(stage):
    played = await stage.open()

    for _ in range(130):
        await send(played, "determine", [body(b"{}")])
    case = await played.case()

    assert case.refused_count == 130
    assert len(case.refusals) == 100
    assert stage.ledger.events(case.number).count("action:refused") == 130
