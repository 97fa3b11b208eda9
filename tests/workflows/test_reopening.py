"""A closed case is reopened: a new run of its workflow, begun by the action itself, through the door; skipped time."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle

from policy.lifecycle import Outcome, Stage
from policy.particulars import Receipt
from policy.people import Actor
from policy.trust import TrustMode
from tests.builders import ADDRESS, CASE_MANAGER, CMO, a_report, action, plan_physician
from tests.keys import FakeKeyStore
from tests.policy.steps import DENIAL, DESIGNEE, SUPERVISOR
from tests.workflows.conftest import Played
from tests.workflows.conftest import Stage as Theatre
from wiring.sending import Sender
from workflows import workflow_id
from workflows.messages import Closing
from workflows.second_opinion import SecondOpinionWorkflow

OVERTURNED = {"because": "grievance", "outcome": "approved", "rationale": "The record sent later shows the need."}
BY_IMR = {"because": "imr", "outcome": "approved", "rationale": "The review found it necessary.", "reference": "MN26-7"}


class World:
    """What of the world a sender asks: nothing waits to begin; late refusals are kept."""

    trust_mode = TrustMode.OPEN

    def __init__(self) -> None:
        self.register = self.kept = self.ledger = self
        self.case_keys = FakeKeyStore()
        self.late: list[str] = []

    def unstarted(self) -> list[object]:
        return []

    def forget(self, *_: object) -> None:
        """Answered."""

    def refuse_late(self, _number: str, refused) -> int:
        self.late.append(refused.reason)
        return 1


async def sends(stage: Theatre, actor: Actor, signal: str, action_id: str = "", **fields) -> Receipt:
    """Through the door that every other door uses."""
    act = action(signal, actor, await stage.now(), **fields)
    act = act.model_copy(update={"action_id": action_id or str(uuid4()), "case_number": "SO-2026-000001"})
    stage.world = World()  # type: ignore[attr-defined]
    return await Sender(stage.env.client, stage.world).deliver("SO-2026-000001", act)  # type: ignore[attr-defined]


async def closed_denial(stage: Theatre) -> Played:
    played = await stage.open()
    await played.does(CASE_MANAGER, "confirm_completeness")
    await played.does(CMO, "determine", **DENIAL)
    await is_closed(played)
    return played


async def is_closed(played: Played) -> None:
    """Waits for the end without skipping time: the skipping would go on for years once nothing is left to wait for."""
    for _ in range(200):
        if (await played.handle.fetch_history()).events[
            -1
        ].event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it does not end")


def the_latest_run(stage: Theatre) -> Played:
    found: WorkflowHandle[SecondOpinionWorkflow, Closing] = stage.env.client.get_workflow_handle_for(
        SecondOpinionWorkflow.run, workflow_id("SO-2026-000001")
    )
    return Played(stage, found)


@pytest.mark.parametrize(("actor", "fields"), [(DESIGNEE, OVERTURNED), (SUPERVISOR, BY_IMR)], ids=["grievance", "imr"])
async def test_a_denial_is_overturned_placed_reported_and_filed_a_second_time(stage, actor, fields):
    await closed_denial(stage)

    receipt = await sends(stage, actor, "change_determination", **fields)
    again = the_latest_run(stage)
    await again.does(CASE_MANAGER, "place_opinion", **plan_physician())
    await again.does(CASE_MANAGER, "receive_report", **a_report())
    closing = await again.ends()

    case = await again.case()
    events = stage.ledger.events(case.number)
    assert receipt.accepted
    assert (closing.outcome, closing.category) == (Outcome.APPROVED, "SO-A-SP-PLAN")
    assert closing.filed.endswith("(2).pdf")
    assert [f.path.endswith("(2).pdf") for f in case.earlier_filings] == [False]
    assert list(stage.mhc.rows) == ["SO-2026-000001/1", "SO-2026-000001/2"]
    assert [events.count(e) for e in ("case:closed", "case:filed", "determination:changed")] == [2, 2, 1]
    assert stage.mailroom.sent().count("denial to member") == 1
    assert stage.mailroom.sent().count("approval to member") == 1


async def test_the_same_action_twice_reopens_a_case_once(stage):
    await closed_denial(stage)

    first = await sends(stage, DESIGNEE, "change_determination", "once", **OVERTURNED)
    second = await sends(stage, DESIGNEE, "change_determination", "once", **OVERTURNED)

    case = await the_latest_run(stage).case()
    assert first.accepted
    assert second.accepted
    assert len(case.determinations) == 2


async def test_what_does_not_reopen_a_case_is_refused_recorded_and_leaves_it_closed(stage):
    await closed_denial(stage)

    receipt = await sends(stage, CMO, "change_determination", **OVERTURNED)
    again = the_latest_run(stage)
    closing = await again.ends()

    assert not receipt.accepted
    assert "who decided before" in receipt.reason
    assert closing.outcome is Outcome.DENIED
    assert (await again.case()).stage is Stage.CLOSED
    assert stage.ledger.events("SO-2026-000001")[-1] == "action:refused"


async def test_other_actions_on_a_closed_case_start_nothing(stage):
    played = await closed_denial(stage)
    before = len((await played.handle.fetch_history()).events)

    receipt = await sends(stage, CASE_MANAGER, "add_comment", text="One more thing.")

    assert not receipt.accepted
    assert stage.world.late == ["the case is closed; nothing more can be done to it"]
    assert len((await the_latest_run(stage).handle.fetch_history()).events) == before


async def test_a_letter_that_comes_back_after_closing_leaves_again_and_the_case_is_filed_again(stage):
    await closed_denial(stage)
    key = "SO-2026-000001/denial/1/member"
    back: dict[str, Any] = {"letter_key": key, "reason": "Moved.", "address": ADDRESS.model_dump()}

    receipt = await sends(stage, CASE_MANAGER, "report_returned_letter", **back)
    again = the_latest_run(stage)
    await is_closed(again)

    case = await again.case()
    assert receipt.accepted
    assert f"{key}/2" in stage.mailroom.letters
    assert case.filing is not None
    assert case.filing.path.endswith("(2).pdf")
    assert list(stage.mhc.rows) == ["SO-2026-000001/1"]
