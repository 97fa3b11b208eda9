"""A case that lives through thousands of actions goes on in new runs of its workflow, and loses nothing."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle

from activities.filing import FilingSteps
from activities.ledger import LedgerSteps
from activities.letters import LetterSteps
from policy.case import GENERATION, Case
from policy.lifecycle import Outcome
from policy.nomination import StaffMember
from policy.particulars import Receipt
from policy.people import Actor
from policy.staffaction import StaffAction
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, OTHER_CASE_MANAGER, a_request, action
from tests.failedtasks import failed_tasks
from tests.fakes import FakeCabinet, FakeLedger, FakeMailroom, FakeMhcFeed, FakePanel
from tests.ports import free_port
from tests.servers import a_server
from wiring.settings import Settings
from wiring.temporal import Steps, connect, running_workers
from workflows import CASES, workflow_id
from workflows.messages import Closing, Opening
from workflows.second_opinion import SecondOpinionWorkflow

pytestmark = pytest.mark.server

NUMBER = "SO-2026-000001"
THOUSANDS = 5_000
AT_ONCE = 100


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    settings = Settings(home=tmp_path, grpc_port=free_port(), ui_port=free_port(), synchronous="normal")
    async with a_server(settings) as server:
        yield await connect(settings, server.address.grpc)


def an_action(number: int) -> StaffAction:
    """Claims, releases, comments, and now and then one that is refused."""
    who: Actor = (CASE_MANAGER, OTHER_CASE_MANAGER)[number % 2]
    now = datetime.now(UTC)
    if number % 5 == 0:
        return action("claim_task", who, now, task_id="T1")
    if number % 5 == 1:
        return action("release_task", who, now, task_id="T1")
    return action("add_comment", who, now, text=f"The {number}th remark.", task_id="T1")


async def drive(handle: WorkflowHandle[Any, Any], actions: list[StaffAction]) -> None:
    for start in range(0, len(actions), AT_ONCE):
        await asyncio.gather(*(handle.signal(a.SIGNAL, a) for a in actions[start : start + AT_ONCE]))


@dataclass
class Long:
    """A case in play on the real server, and what the ledger and the post have seen of it."""

    client: Client
    ledger: FakeLedger
    mailroom: FakeMailroom
    cabinet: FakeCabinet

    @property
    def handle(self) -> WorkflowHandle[SecondOpinionWorkflow, Closing]:
        return self.client.get_workflow_handle_for(SecondOpinionWorkflow.run, workflow_id(NUMBER))

    async def does(self, who: Actor, signal: str, **fields: Any) -> None:
        sent = action(signal, who, datetime.now(UTC), **fields)
        body = {"action": signal, **sent.model_dump(mode="json")}
        receipt = await self.handle.execute_update("act", body, result_type=Receipt)
        assert receipt.accepted, receipt.reason

    async def failures(self, run_id: str) -> list[str]:
        """Why workflow tasks of a run failed. That a signal came while one was closing a run is no failure of ours."""
        history = await self.client.get_workflow_handle(workflow_id(NUMBER), run_id=run_id).fetch_history()
        return [why for why in failed_tasks(history.events) if not why.endswith("_UNHANDLED_COMMAND")]


@pytest.fixture
async def long(client: Client) -> AsyncIterator[Long]:
    played = Long(client, FakeLedger(), FakeMailroom(), FakeCabinet())
    ledger = LedgerSteps(played.ledger, FakePanel(StaffMember(actor=CONSULTANT)))
    steps = Steps(ledger, LetterSteps(played.mailroom), FilingSteps(played.cabinet, FakeMhcFeed()))
    async with running_workers(client, steps):
        yield played


async def test_thousands_of_actions_into_one_case_lose_nothing(long: Long):
    opening = Opening(case_number=NUMBER, request=a_request(), received_at=datetime.now(UTC), generation=GENERATION)
    first = await long.client.start_workflow(
        SecondOpinionWorkflow.run, opening, id=workflow_id(NUMBER), task_queue=CASES
    )
    actions = [an_action(number) for number in range(THOUSANDS)]

    await drive(first, actions)
    await first.signal("add_comment", actions[2])  # long ago; it is known all the same
    case = await long.handle.query(SecondOpinionWorkflow.whole_case)
    now = await long.handle.describe()

    assert now.run_id != first.first_execution_run_id
    assert all(case.receipt(sent.action_id) for sent in actions)
    assert len(case.receipts) + len(case.older_receipts) == THOUSANDS
    assert case.refused_count == sum(1 for sent in actions if not _answer(case, sent).accepted) > 0
    assert [*long.ledger.lines(NUMBER)] == [*range(1, case.seq + 1)]
    for run_id in (first.first_execution_run_id, now.run_id):
        assert await long.failures(run_id or "") == []

    # ... and the case goes on to its end
    if case.open_tasks[0].owner == OTHER_CASE_MANAGER.id:
        await long.does(OTHER_CASE_MANAGER, "release_task", task_id="T1")
    await long.does(CASE_MANAGER, "confirm_completeness")
    await long.does(CMO, "determine", outcome="denied", rationale="Not needed.", criteria="P&P 90.2.17")
    closing = await long.handle.result()
    assert (closing.case_number, closing.outcome) == (NUMBER, Outcome.DENIED)
    assert long.mailroom.sent() == ["denial to provider", "denial to member"]


def _answer(case: Case, sent: StaffAction) -> Receipt:
    receipt = case.receipt(sent.action_id)
    assert receipt is not None
    return receipt
