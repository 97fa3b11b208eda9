"""A stage for delegated decisions: a time-skipping server of its own, a worker in the sandbox, fakes behind ports."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.delegation import DelegationSteps
from activities.filing import FilingSteps
from activities.ledger import LedgerSteps
from activities.letters import LetterSteps
from policy.delegateactions import DELEGATED_ACTIONS
from policy.delegatecase import DelegatedCase
from policy.delegated import DelegatedPacket, NoticeGiven
from policy.people import Actor
from policy.staffaction import StaffAction
from tests.delegates import a_packet
from tests.fakes import (
    FakeCabinet,
    FakeDelegatedLedger,
    FakeIntake,
    FakeLedger,
    FakeMailroom,
    FakeMhcFeed,
    FakePanel,
)
from tests.keys import a_converter
from tests.workflows.conftest import TYPES
from wiring.temporal import Steps, running_workers, sandboxed
from workflows import CASES, workflow_id
from workflows.delegated import DelegatedClosing, DelegatedDecisionWorkflow, DelegatedOpening
from workflows.inspection import SEARCH_ATTRIBUTES

NUMBER = "DD-2026-000001"


@dataclass
class Delegations:
    """Where a test plays a delegated decision."""

    env: WorkflowEnvironment
    ledger: FakeDelegatedLedger = field(default_factory=FakeDelegatedLedger)
    intake: FakeIntake = field(default_factory=FakeIntake)
    mailroom: FakeMailroom = field(default_factory=FakeMailroom)
    cabinet: FakeCabinet = field(default_factory=FakeCabinet)
    mhc: FakeMhcFeed = field(default_factory=FakeMhcFeed)
    handle: WorkflowHandle[DelegatedDecisionWorkflow, DelegatedClosing] = field(init=False)
    sent: int = 0

    @property
    def steps(self) -> Steps:
        return Steps(
            LedgerSteps(FakeLedger(), FakePanel()),
            LetterSteps(self.mailroom),
            FilingSteps(self.cabinet, self.mhc),
            DelegationSteps(self.ledger, self.intake),
        )

    @property
    def stage(self) -> "Delegations":
        """As a case in play has it."""
        return self

    async def now(self) -> datetime:
        return await self.env.get_current_time()

    async def receive(self, **changes: Any) -> DelegatedPacket:
        """A packet that was decided an hour ago comes in now, spoilt as a test wants it."""
        now = await self.now()
        decided = now - timedelta(hours=1)
        given = {
            "received_by_delegate_at": decided - timedelta(hours=20),
            "decided_at": decided,
            "provider_notice": NoticeGiven(at=decided),
            "member_notice": NoticeGiven(at=decided),
        }
        packet = a_packet(**{**given, **changes})
        opening = DelegatedOpening(number=NUMBER, packet=packet, received_at=now)
        self.handle = await self.env.client.start_workflow(  # this one skips time while its end is waited for
            DelegatedDecisionWorkflow.run, opening, id=workflow_id(NUMBER), task_queue=CASES
        )
        return packet

    async def resume(self, case: DelegatedCase) -> None:
        """The case goes on in a new run, as when its history has grown long."""
        await self.handle.terminate()
        opening = DelegatedOpening(number=NUMBER, packet=case.packet, received_at=case.received_at, resumed=case)
        self.handle = await self.env.client.start_workflow(
            DelegatedDecisionWorkflow.run, opening, id=workflow_id(NUMBER), task_queue=CASES
        )

    async def does(self, actor: Actor, signal: str, **fields: Any) -> StaffAction:
        """A member of staff acts, through the signal."""
        self.sent += 1
        given = {"action_id": f"a-{self.sent}", "actor": actor, "at": await self.now()}
        action = DELEGATED_ACTIONS[signal].model_validate({**given, **fields})
        await self.handle.signal(signal, action)
        return action

    async def case(self) -> DelegatedCase:
        return await self.handle.query(DelegatedDecisionWorkflow.whole_case)

    async def passes(self, days: int) -> DelegatedCase:
        """Days pass, half of one at a time; the case after them, with its letters sent."""
        for _ in range(days * 2):
            await self.env.sleep(timedelta(hours=12))
            await self.case()
        return await self.posted()

    async def posted(self) -> DelegatedCase:
        """The case once its letters have left."""
        for _ in range(200):
            case = await self.case()
            if not case.planned_notices:
                break
            await asyncio.sleep(0.02)
        return case

    async def ends(self) -> DelegatedClosing:
        return await self.handle.result()


@asynccontextmanager
async def delegations() -> AsyncIterator[Delegations]:
    beside_python = Path(sys.executable).with_name("temporal-test-server")
    program = str(beside_python) if beside_python.exists() else shutil.which("temporal-test-server")
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=a_converter(), test_server_existing_path=program
    ) as env:
        await env.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=env.client.namespace,
                search_attributes={name: TYPES[kind] for name, kind in SEARCH_ATTRIBUTES.items()},
            )
        )
        stage = Delegations(env)
        async with running_workers(env.client, stage.steps, runner=sandboxed(), max_cached_cases=0):
            yield stage
