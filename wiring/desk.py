"""The front desk: what every door does with a case. Open it, act on it, read it.

A request is entered in the intake register before its workflow is started, so that one which came while the server
was away is not lost: the next door that opens, or the worker, starts it.
"""

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import AwareDatetime, ValidationError
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.common import Priority as TaskPriority
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from policy.actions import ACTIONS, StaffAction
from policy.case import Case, open_case
from policy.complaints import FieldError, field_errors
from policy.particulars import Receipt
from policy.request import Priority, Request
from policy.verdict import Value
from wiring.temporal import TemporalError
from wiring.world import World
from workflows import CASES, workflow_id
from workflows.inspection import at_start, words
from workflows.messages import Closing, Opening
from workflows.second_opinion import SecondOpinionWorkflow

CASE_NUMBER = re.compile(r"SO-\d{4}-\d{6,}")
ANSWER_WITHIN = 15.0  # seconds; a worker that was just killed can cost 10 of them (sticky queue)
URGENT, ORDINARY = 1, 3  # Temporal's priority keys, 1 (first) to 5

Handle = WorkflowHandle[SecondOpinionWorkflow, Closing]


class ActionError(Exception):
    """An action that was not sent, or got no answer; the message says why and how to mend it."""

    def __init__(self, message: str, fields: tuple[FieldError, ...] = ()) -> None:
        super().__init__(message)
        self.fields = fields


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
    place = world.register.reserve(request, received_at)
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

    async def open_unstarted(self) -> list[str]:
        """Starts the registered requests whose workflow was never started; their numbers. Raises TemporalError."""
        waiting = await asyncio.to_thread(self._world.register.unstarted)
        for number, request, received_at in waiting:
            await self._start(number, request, received_at)
        return [number for number, _, _ in waiting]

    async def _start(self, number: str, request: Request, received_at: datetime) -> None:
        case = open_case(number, request, received_at)
        urgent = case.priority is not Priority.STANDARD or request.imminent_threat
        try:
            await self._client.start_workflow(
                SecondOpinionWorkflow.run,
                Opening(case_number=number, request=request, received_at=received_at),
                id=workflow_id(number),
                task_queue=CASES,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                search_attributes=at_start(case),
                priority=TaskPriority(priority_key=URGENT if urgent else ORDINARY),
                static_summary=f"{number}: {words(request.line)}, {words(case.priority)}, {request.specialty}"[:190],
            )
        except WorkflowAlreadyStartedError:
            pass  # it was started and has closed; the register had only missed to note it
        except (RPCError, RuntimeError) as trouble:
            raise TemporalError(
                f"{number} is registered but could not be started; run the same command again."
            ) from trouble
        await asyncio.to_thread(self._world.register.mark_started, number, datetime.now(UTC))

    async def act(self, number: str, signal: str, body: Mapping[str, Any]) -> Receipt:
        """Sends an action as its signal, and gives back the case's receipt. ``at`` is stamped here if it is absent.

        Raises ActionError for an action that does not fit, for a case that is closed or unknown, and when no worker
        answers in time; then the action is not lost: the same ``action_id`` can be sent again, or asked for later.
        """
        action = read_action(signal, {"at": datetime.now(UTC), "case_number": number, **body})
        handle = self._handle(number)
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await handle.signal(signal, action)
                return await self._receipt(handle, action.action_id)
        except TimeoutError as slow:
            raise ActionError(
                f"Sent to {number}, but no worker answered within {ANSWER_WITHIN:.0f} seconds. The action is kept; "
                "start a worker (second-opinion worker), then look at the case."
            ) from slow
        except RPCError as trouble:
            raise await self._explain(number, trouble) from trouble

    async def receipt(self, number: str, action_id: str) -> Receipt | None:
        """The answer that an action was given, None while there is none. Raises ActionError."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await self._handle(number).query(SecondOpinionWorkflow.receipt, action_id)
        except (RPCError, TimeoutError, WorkflowQueryFailedError) as trouble:
            raise await self._explain(number, trouble) from trouble

    async def case(self, number: str) -> Case:
        """The whole case, from its workflow. Raises ActionError."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await self._handle(number).query(SecondOpinionWorkflow.whole_case)
        except (RPCError, TimeoutError, WorkflowQueryFailedError) as trouble:
            raise await self._explain(number, trouble) from trouble

    async def _receipt(self, handle: Handle, action_id: str) -> Receipt:
        while True:
            found = await handle.query(SecondOpinionWorkflow.receipt, action_id)
            if found is not None:
                return found
            await asyncio.sleep(0.05)

    def _handle(self, number: str) -> Handle:
        if not CASE_NUMBER.fullmatch(number):
            raise ActionError("A case number looks like SO-2026-000001; list them with: second-opinion list")
        return self._client.get_workflow_handle_for(SecondOpinionWorkflow.run, workflow_id(number))

    async def _explain(self, number: str, trouble: Exception) -> ActionError:
        if isinstance(trouble, RPCError) and trouble.status is RPCStatusCode.NOT_FOUND:
            request = await asyncio.to_thread(self._world.register.request_of, number)
            if request is None:
                return ActionError(f"There is no case {number}; list them with: second-opinion list")
            return ActionError(f"{number} is closed; nothing more can be done to it.")
        return ActionError(f"No worker answered for {number}; start one with: second-opinion worker")


def read_action(signal: str, body: Mapping[str, Any]) -> StaffAction:
    """The action of a signal. Raises ActionError, with the errors by field, for one that does not fit."""
    model = ACTIONS.get(signal)
    if model is None:
        raise ActionError(f"There is no action {signal!r}. The actions are: {', '.join(ACTIONS)}.")
    try:
        return model.model_validate(dict(body))
    except ValidationError as error:
        fields = field_errors(error)
        raise ActionError(
            f"{signal} does not fit: {'; '.join(f'{f.field}: {f.problem}' for f in fields)}", fields
        ) from None
