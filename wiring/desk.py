"""The front desk: what every door does with a case. Open it, act on it, read it.

A request is entered in the intake register before its workflow is started, so that one which came while the server
was away is not lost: the next door that opens, or the worker, starts it.
"""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import AwareDatetime
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.common import Priority as TaskPriority
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from policy.case import GENERATION, Case, open_case
from policy.particulars import Receipt
from policy.request import Priority, Request
from policy.staffaction import StaffAction
from policy.verdict import Value
from wiring.correlation import bound, current
from wiring.encryption import check_key
from wiring.errors import TemporalError
from wiring.sending import (
    ANSWER_WITHIN,
    ActionError,
    ActionKept,
    CaseForgottenError,
    CasePausedError,
    NobodyAnswersError,
    Sender,
    keep,
    read_action,
)
from wiring.world import World
from workflows import CASES, workflow_id
from workflows.inspection import at_start, title
from workflows.messages import Opening
from workflows.second_opinion import SecondOpinionWorkflow

__all__ = [
    "ActionError",
    "ActionKept",
    "CaseForgottenError",
    "CasePausedError",
    "FrontDesk",
    "NobodyAnswersError",
    "Opened",
    "read_action",
    "register",
]

log = logging.getLogger(__name__)

URGENT, ORDINARY = 1, 3  # Temporal's priority keys, 1 (first) to 5


class Opened(Value):
    """What became of a submission."""

    case_number: str
    external_reference: str
    received_at: AwareDatetime
    is_new: bool
    same_content: bool


def register(world: World, request: Request, received_at: datetime) -> Opened:
    """One case number for one external reference, however often it is submitted. Raises RecordsError.

    The time of receipt is that of the first submission. ``FrontDesk.open_unstarted`` then starts the story.
    """
    place = world.register.reserve(request, received_at, current())
    return Opened(
        case_number=place.case_number,
        external_reference=request.external_reference,
        received_at=place.received_at,
        is_new=place.is_new,
        same_content=place.same_content,
    )


class FrontDesk:
    """Opens cases and acts on them, for the doors."""

    def __init__(self, client: Client, world: World) -> None:
        self._client = client
        self._world = world
        self._sender = Sender(client, world)

    async def open_unstarted(self) -> list[str]:
        """Starts the registered requests whose workflow was never started; their numbers. Raises TemporalError."""
        waiting = await asyncio.to_thread(self._world.register.unstarted)
        for number, request, received_at, correlation in waiting:
            with bound(correlation):
                await self._start(number, request, received_at)
                log.info("case.started", extra={"case": number})
        return [found.case_number for found in waiting]

    async def _start(self, number: str, request: Request, received_at: datetime) -> None:
        case = open_case(number, request, received_at)
        urgent = case.priority is not Priority.STANDARD or request.imminent_threat
        try:
            await self._client.start_workflow(
                SecondOpinionWorkflow.run,
                self._opening(number, request, received_at),
                id=workflow_id(number),
                task_queue=CASES,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                search_attributes=at_start(case),
                priority=TaskPriority(priority_key=URGENT if urgent else ORDINARY),
                static_summary=title(case),
            )
        except WorkflowAlreadyStartedError:
            pass  # it was started and has closed; the register had only missed to note it
        except (RPCError, RuntimeError) as trouble:
            raise TemporalError(
                f"{number} is registered but could not be started; run the same command again."
            ) from trouble
        await asyncio.to_thread(self._world.register.mark_started, number, datetime.now(UTC))

    def _opening(self, number: str, request: Request, received_at: datetime) -> Opening:
        return Opening(
            case_number=number,
            request=request,
            received_at=received_at,
            generation=GENERATION,
            trust=self._world.trust,
        )

    async def act(self, number: str, signal: str, body: Mapping[str, Any]) -> Receipt:
        """Keeps an action, sends it, and gives back the case's receipt; of a closed case the refusal that is recorded.

        Raises ActionError for an action that does not fit or a case that there is not, and ActionKept when nobody
        answers: then the action is delivered later, with the time at which it was received here.
        """
        action = await asyncio.to_thread(keep, self._world, number, signal, body)
        return await self.deliver(number, action)

    async def deliver(self, number: str, action: StaffAction) -> Receipt:
        """The case's answer to an action that is kept already. Raises ActionKept."""
        return await self._sender.deliver(number, action)

    async def deliver_kept(self) -> int:
        """Delivers the actions that nobody has answered yet; how many were answered. Raises RecordsError."""
        return await self._sender.deliver_kept()

    async def receipt(self, number: str, action_id: str) -> Receipt | None:
        """The answer that an action was given, None while there is none. Raises ActionError or KeyRingError."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await self._sender.handle(number).query(SecondOpinionWorkflow.receipt, action_id)
        except (RPCError, TimeoutError, WorkflowQueryFailedError, ValueError) as trouble:
            raise await self._explain(number, trouble) from trouble

    async def case(self, number: str) -> Case:
        """The whole case, from its workflow. Raises ActionError or KeyRingError."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await self._sender.handle(number).query(SecondOpinionWorkflow.whole_case)
        except (RPCError, TimeoutError, WorkflowQueryFailedError, ValueError) as trouble:
            raise await self._explain(number, trouble) from trouble

    async def _explain(self, number: str, trouble: Exception) -> ActionError:
        """What is said of it. Raises KeyRingError where the case's key is away or was destroyed."""
        if isinstance(trouble, RPCError) and trouble.status is RPCStatusCode.NOT_FOUND:
            request = await asyncio.to_thread(self._world.register.request_of, number)
            if request is None:
                return ActionError(f"There is no case {number}; list them with: second-opinion list")
            return CaseForgottenError(f"{number} is closed; nothing more can be done to it.")
        if isinstance(trouble, ValueError):  # the SDK's word for a status that it does not know
            return CasePausedError(f"{number} is paused in Temporal and answers nobody until that ends.")
        await check_key(self._client, workflow_id(number))  # a worker cannot read without it either
        return NobodyAnswersError(f"No worker answered for {number}; start one with: second-opinion worker")
