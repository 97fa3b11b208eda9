"""A stage for the story: each test has its own time-skipping server, a worker in the sandbox, fakes behind ports."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.filing import FilingSteps
from activities.ledger import LedgerSteps
from activities.letters import LetterSteps
from policy.case import GENERATION, Case
from policy.nomination import StaffMember
from policy.people import Actor
from policy.request import Request
from policy.staffaction import StaffAction
from tests.builders import CONSULTANT, a_request, action
from tests.fakes import FakeCabinet, FakeLedger, FakeMailroom, FakeMhcFeed, FakePanel
from tests.keys import a_converter
from wiring.temporal import Steps, running_workers, sandboxed
from workflows import CASES, workflow_id
from workflows.inspection import SEARCH_ATTRIBUTES
from workflows.messages import Closing, Opening
from workflows.second_opinion import SecondOpinionWorkflow

TYPES = {
    "Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "KeywordList": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
    "Datetime": IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
}


@dataclass
class Stage:
    """Where a test plays a case."""

    env: WorkflowEnvironment
    ledger: FakeLedger = field(default_factory=FakeLedger)
    panel: FakePanel = field(default_factory=lambda: FakePanel(StaffMember(actor=CONSULTANT)))
    mailroom: FakeMailroom = field(default_factory=FakeMailroom)
    cabinet: FakeCabinet = field(default_factory=FakeCabinet)
    mhc: FakeMhcFeed = field(default_factory=FakeMhcFeed)
    opened: int = 0

    @property
    def steps(self) -> Steps:
        return Steps(
            LedgerSteps(self.ledger, self.panel), LetterSteps(self.mailroom), FilingSteps(self.cabinet, self.mhc)
        )

    async def now(self) -> datetime:
        return await self.env.get_current_time()

    async def open(self, request: Request | None = None) -> "Played":
        """A case, opened now."""
        self.opened += 1
        number = f"SO-2026-{self.opened:06}"
        asked, now = request or a_request(), await self.now()
        opening = Opening(case_number=number, request=asked, received_at=now, generation=GENERATION)
        handle: WorkflowHandle[SecondOpinionWorkflow, Closing] = await self.env.client.start_workflow(
            SecondOpinionWorkflow.run, opening, id=workflow_id(number), task_queue=CASES
        )
        return Played(self, handle)


@dataclass
class Played:
    """A case in play."""

    stage: Stage
    handle: WorkflowHandle[SecondOpinionWorkflow, Closing]

    async def does(self, actor: Actor, signal: str, **fields: Any) -> StaffAction:
        """A member of staff acts, through the signal."""
        at = fields.pop("at", None) or await self.stage.now()
        act = action(signal, actor, at, **fields)
        await self.handle.signal(signal, act)
        return act

    async def case(self) -> Case:
        """The case as the workflow has it."""
        return await self.handle.query(SecondOpinionWorkflow.whole_case)

    async def recorded(self) -> FakeLedger:
        """The ledger, once it has the last line of the case's story."""
        for _ in range(100):
            case = await self.case()
            if case.seq in self.stage.ledger.lines(case.number):
                break
            await asyncio.sleep(0.02)
        return self.stage.ledger

    async def passes(self, time: timedelta) -> Case:
        """Time passes, in steps that let the story keep up; the case after it, with its letters sent."""
        steps = max(time // timedelta(hours=12), 1) if time < timedelta(days=50) else 50
        for _ in range(steps):
            await self.stage.env.sleep(time / steps)
            await self.case()
        for _ in range(100):
            case = await self.case()
            if not case.planned_notices:
                break
            await asyncio.sleep(0.02)
        return case

    async def ends(self) -> Closing:
        """How the case ends; skips what time is left."""
        return await self.handle.result()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """Nothing is cached: each task of the story replays all that was before it."""
    async with a_stage() as played:
        yield played


def server_program() -> str | None:
    """The time-skipping server's program: beside Python, or on PATH."""
    beside_python = Path(sys.executable).with_name("temporal-test-server")
    return str(beside_python) if beside_python.exists() else shutil.which("temporal-test-server")


@asynccontextmanager
async def a_stage(*, max_cached_cases: int = 0) -> AsyncIterator[Stage]:
    """A server of its own, a worker, fakes behind the ports."""
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=a_converter(), test_server_existing_path=server_program()
    ) as env:
        await env.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=env.client.namespace,
                search_attributes={name: TYPES[kind] for name, kind in SEARCH_ATTRIBUTES.items()},
            )
        )
        played = Stage(env)
        async with running_workers(env.client, played.steps, runner=sandboxed(), max_cached_cases=max_cached_cases):
            yield played
