"""The update ``act``: the same actions as the signals, with the answer at once."""

from typing import Any

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError

from policy.acting import HANDLERS
from policy.actions import AddComment
from policy.lifecycle import Stage
from policy.particulars import Receipt
from tests.builders import CASE_MANAGER, CMO, action
from workflows.second_opinion import SecondOpinionWorkflow


async def asked(played: Any, signal: str, actor: Any, **fields: Any) -> Receipt:
    """The answer to an action that is sent as an update."""
    at = fields.pop("at", None) or await played.stage.now()
    sent = action(signal, actor, at, **fields)
    return await told(played.handle, {"action": signal, **sent.model_dump(mode="json")})


async def told(handle: WorkflowHandle[Any, Any], body: Any) -> Receipt:
    answer: Receipt = await handle.execute_update("act", body, result_type=Receipt)
    return answer


async def test_an_action_is_applied_and_answered_at_once(stage):
    played = await stage.open()

    receipt = await asked(played, "confirm_completeness", CASE_MANAGER)

    assert (receipt.accepted, receipt.action) == (True, "confirm_completeness")
    case = await played.case()
    assert case.stage is Stage.PHYSICIAN_REVIEW
    assert case.receipt(receipt.action_id) == receipt


async def test_a_refusal_is_an_answer_too_and_is_kept(stage):
    played = await stage.open()

    receipt = await asked(played, "confirm_completeness", CMO)

    assert (receipt.accepted, receipt.reason) == (False, "this task is for a case manager")
    assert (await played.case()).refusals[0].reason == receipt.reason


async def test_the_same_action_by_signal_and_by_update_is_applied_once_with_one_answer(stage):
    played = await stage.open()
    sent = await played.does(CASE_MANAGER, "claim_task", task_id="T1")

    receipt = await told(played.handle, {"action": "claim_task", **sent.model_dump(mode="json")})

    case = await played.case()
    assert case.receipts == (receipt,)
    assert [e.event for e in case.story].count("task:claimed") == 1


async def test_an_action_id_that_comes_back_with_other_content_is_answered_with_the_refusal(stage):
    played = await stage.open()
    sent = await played.does(CASE_MANAGER, "claim_task", task_id="T1")

    receipt = await told(played.handle, {"action": "claim_task", **sent.model_dump(mode="json"), "task_id": "T9"})

    assert (receipt.accepted, receipt.fields[0].field) == (False, "action_id")


BAD: dict[str, tuple[Any, str, str]] = {
    "null": (None, "act", "not a JSON object that fits act"),
    "a text": ("determine", "act", "not a JSON object that fits act"),
    "a list": ([1], "act", "not a JSON object that fits act"),
    "no action": ({"action_id": "x"}, "act", "action: no such action"),
    "an action nobody knows": ({"action": "approve_everything"}, "act", "action: no such action"),
    "an action that is no text": ({"action": 7}, "act", "action: no such action"),
    "no body": ({"action": "determine"}, "determine", "action_id: Field required"),
    "an unknown field": (
        {
            "action": "claim_task",
            "action_id": "x",
            "actor": {"id": "cm", "roles": ["case_manager"]},
            "at": "2026-11-02T10:00:00Z",
            "task_id": "T1",
            "patient": "Zzyzx",
        },
        "claim_task",
        "(unknown): Extra inputs are not permitted",
    ),
    "a hundred kilobytes": ({"action": "add_comment", "text": "a" * 100_000}, "act", "larger than 64 KB"),
}


@pytest.mark.parametrize("bad", BAD)
async def test_what_does_not_fit_is_answered_with_the_reason_and_harms_nothing(stage, bad):
    body, name, reason = BAD[bad]
    played = await stage.open()

    receipt = await told(played.handle, body)

    case = await played.case()
    assert (receipt.accepted, receipt.action) == (False, name)
    assert receipt.reason.startswith(reason)
    assert (case.refused_count, len(case.refusals[0].digest)) == (1, 64)
    assert "Zzyzx" not in case.model_dump_json()
    assert (await asked(played, "confirm_completeness", CASE_MANAGER)).accepted


async def test_a_draft_that_is_nested_thousands_deep_is_refused_and_wedges_nothing(stage):
    played = await stage.open()

    receipt = await asked(played, "save_draft", CASE_MANAGER, task_id="T1", draft="[" * 20_000)

    assert (receipt.accepted, receipt.fields[0].field) == (False, "draft")
    assert (await asked(played, "confirm_completeness", CASE_MANAGER)).accepted


async def test_an_update_that_our_own_code_stumbles_over_fails_for_its_sender_alone(stage, monkeypatch):
    played = await stage.open()

    def stumble(*_):
        raise KeyError("Zzyzx")

    monkeypatch.setitem(HANDLERS, AddComment, stumble)
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await asked(played, "add_comment", CASE_MANAGER, text="Hello.")

    case = await played.case()
    assert "Zzyzx" not in f"{failed.value.__cause__} {case.model_dump_json()}"
    assert (case.refused_count, case.refusals[0].reason) == (1, "KeyError")
    assert (await asked(played, "confirm_completeness", CASE_MANAGER)).accepted


def test_the_update_and_the_signals_have_their_forms_in_the_temporal_ui():
    description = SecondOpinionWorkflow.act._defn.description

    assert description is not None
    assert '"action": "claim_task"' in description
