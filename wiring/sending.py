"""How a door's action reaches its case: kept, signed, sent as its signal, answered with a receipt.

An action is kept in the records before anybody is asked, with the time at which the door received it, which is the time
that counts. So what came while the server or the workers were away is not lost: a worker delivers it later.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

from pydantic import ValidationError
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from policy.acting import REUSED_ID
from policy.actions import ACTIONS
from policy.case import Case
from policy.complaints import FieldError, field_errors
from policy.particulars import Receipt, RefusedAction
from policy.reopening import REOPENING, reopens
from policy.staffaction import LARGEST_ACTION, StaffAction
from policy.trust import TrustMode
from wiring.correlation import bound, current
from wiring.encryption import check_key
from wiring.errors import CaseShreddedError, KeyRingError, TemporalError
from wiring.world import World
from workflows import CASES, workflow_id
from workflows.inspection import at_start, title
from workflows.messages import Closing, Opening
from workflows.second_opinion import SecondOpinionWorkflow

CASE_NUMBER = re.compile(r"SO-\d{4}-\d{6,}(-3)?")
ANSWER_WITHIN = 15.0  # seconds; a worker that was just killed can cost 10 of them (sticky queue)
KEPT = "Kept for {number}: Temporal does not answer now. It is delivered with the time at which you sent it."
CLOSED = "the case is closed; nothing more can be done to it"
PAUSED = (
    "Kept for {number}: its workflow is paused. It is carried out, with the time at which you sent it, when that ends."
)
LOCKED = "Kept for {number}, to be delivered with the time at which you sent it. {why}"
SHREDDED = (
    "the case is closed, and its history was shredded, so it cannot be reopened; its packet and its ledger are there "
    "to read: open a new request that names it"
)
FORGOTTEN = (
    "the case is closed, and Temporal keeps it no longer, so it cannot be reopened; its packet and its ledger are "
    "there to read: open a new request that names it"
)

log = logging.getLogger(__name__)

AnyAction = TypeVar("AnyAction", bound=StaffAction)
Handle = WorkflowHandle[SecondOpinionWorkflow, Closing]


class ActionError(Exception):
    """An action that does not fit, or that a case does not answer; the message says why and how to mend it."""

    def __init__(self, message: str, fields: tuple[FieldError, ...] = ()) -> None:
        super().__init__(message)
        self.fields = fields


class CaseForgottenError(ActionError):
    """A case of which Temporal keeps nothing any more, or which has not begun."""


class CasePausedError(ActionError):
    """A case whose workflow is paused."""


class NobodyAnswersError(ActionError):
    """No server or no worker answered for a case."""


class Delivers(Protocol):
    """Who brings a kept action to its case."""

    async def deliver(self, number: str, action: StaffAction) -> Receipt:
        """The case's answer."""


class ActionKept(Exception):  # noqa: N818 - no error: the action is safe
    """An action that is kept and not yet delivered; the message says what it waits for."""


def read_action(signal: str, body: Mapping[str, Any]) -> StaffAction:
    """The action of a signal. Raises ActionError, with the errors by field, for one that does not fit."""
    action = fitting(ACTIONS, signal, body)
    if len(action.model_dump_json()) > LARGEST_ACTION:
        raise ActionError(f"{signal} is larger than {LARGEST_ACTION // 1024} KB; attach documents instead.")
    return action


def fitting(models: Mapping[str, type[AnyAction]], signal: str, body: Mapping[str, Any]) -> AnyAction:
    """The action of a signal, of those that a kind of file knows. Raises ActionError, with the errors by field."""
    model = models.get(signal)
    if model is None:
        raise ActionError(f"There is no action {signal!r}. The actions are: {', '.join(models)}.")
    try:
        return model.model_validate(dict(body))
    except ValidationError as error:
        fields = field_errors(error)
        told = "; ".join(f"{f.field}: {f.problem}" for f in fields)
        raise ActionError(f"{signal} does not fit: {told}", fields) from None


def keep(world: World, number: str, signal: str, body: Mapping[str, Any]) -> StaffAction:
    """An action, received now and kept until it is answered. Raises ActionError or RecordsError.

    The same action sent again, while it is kept, has the time of the first.
    """
    _is_a_number(number)
    action = read_action(signal, {**body, "case_number": number, "at": datetime.now(UTC)})
    if world.register.request_of(number) is None:
        raise ActionError(f"There is no case {number}; list them with: second-opinion list")
    return world.kept.keep(number, action, current())


async def send(
    world: World, desk_of: Callable[[], Awaitable[Delivers]], number: str, signal: str, body: Mapping[str, Any]
) -> Receipt:
    """Keeps an action before anybody is asked, then sends it; the case's answer. Raises ActionError or RecordsError.

    Raises ActionKept when Temporal or a worker is away (``desk_of`` raises TemporalError): it is delivered later.
    """
    action = await asyncio.to_thread(keep, world, number, signal, body)
    try:
        desk = await desk_of()
    except TemporalError as trouble:
        raise ActionKept(KEPT.format(number=number)) from trouble
    return await desk.deliver(number, action)


class Sender:
    """Delivers actions to their cases."""

    def __init__(self, client: Client, world: World) -> None:
        self._client = client
        self._world = world

    async def deliver(self, number: str, action: StaffAction) -> Receipt:
        """The case's answer to a kept action. Raises ActionKept when none came; the action is delivered later."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                receipt = await self._ask(number, action)
        except CaseShreddedError:
            receipt = await self._of_one_that_does_not_run(number, action)
        except KeyRingError as locked:
            raise ActionKept(LOCKED.format(number=number, why=locked)) from None
        except ValueError as unknown:  # the SDK's word for a status that it does not know: paused
            raise ActionKept(PAUSED.format(number=number)) from unknown
        except (TimeoutError, WorkflowQueryFailedError) as slow:
            await self._explain_by_its_key(number)
            raise ActionKept(
                f"Kept for {number}, but no worker answered within {ANSWER_WITHIN:.0f} seconds. It is delivered with "
                "the time at which you sent it; start a worker (second-opinion worker), then look at the case."
            ) from slow
        except (RPCError, RuntimeError) as trouble:
            if not (isinstance(trouble, RPCError) and trouble.status is RPCStatusCode.NOT_FOUND):
                raise ActionKept(KEPT.format(number=number)) from trouble
            receipt = await self._of_one_that_does_not_run(number, action)
        log.info("action.answered", extra={"case": number, "action": action.SIGNAL, "accepted": receipt.accepted})
        await asyncio.to_thread(self._world.kept.forget, number, action)
        return receipt

    async def _explain_by_its_key(self, number: str) -> None:
        """Raises ActionKept where a worker cannot answer because nobody can read the case now."""
        try:
            await check_key(self._client, workflow_id(number))
        except KeyRingError as locked:
            raise ActionKept(LOCKED.format(number=number, why=locked)) from None

    async def _of_one_that_does_not_run(self, number: str, action: StaffAction) -> Receipt:
        """The answer where no workflow runs. Raises ActionKept as ``deliver`` does."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await self._too_late(number, action)
        except KeyRingError as locked:
            raise ActionKept(LOCKED.format(number=number, why=locked)) from None
        except (TimeoutError, WorkflowQueryFailedError, RPCError, RuntimeError) as trouble:
            raise ActionKept(KEPT.format(number=number)) from trouble

    async def deliver_kept(self) -> int:
        """Delivers what is kept, in the order in which it came; how many were answered. Raises RecordsError."""
        answered = 0
        for number, action, correlation in await asyncio.to_thread(self._world.kept.waiting):
            try:
                with bound(correlation):
                    await self.deliver(number, action)
            except ActionKept:
                continue
            answered += 1
        return answered

    def handle(self, number: str) -> Handle:
        """The workflow of a case. Raises ActionError for what is no case number."""
        _is_a_number(number)
        return self._client.get_workflow_handle_for(SecondOpinionWorkflow.run, workflow_id(number))

    async def _ask(self, number: str, action: StaffAction) -> Receipt:
        """By the signal of its name, so that the case's history reads as the procedure; then for its receipt."""
        handle = self.handle(number)
        signed = await asyncio.to_thread(self._signed, number, action)
        await handle.signal(action.SIGNAL, signed.model_dump(mode="json", exclude_defaults=True))
        return await self._receipt(number, action)

    async def _receipt(self, number: str, action: StaffAction) -> Receipt:
        """The case's answer, as soon as there is one."""
        handle = self.handle(number)
        while True:
            receipt = await handle.query(SecondOpinionWorkflow.receipt, action.action_id)
            if receipt is not None:
                return receipt if _answers(receipt, action) else _used_before(action)
            await asyncio.sleep(0.05)

    def _signed(self, number: str, action: StaffAction) -> StaffAction:
        world = self._world
        if world.trust_mode is TrustMode.OPEN:
            return action
        return world.vault.sign(action, number, lifetime=timedelta(hours=world.statement_hours))

    async def _too_late(self, number: str, action: StaffAction) -> Receipt:
        """No workflow runs: the case has not begun, was answered before, or is closed, which the ledger then tells."""
        if any(waiting.case_number == number for waiting in await asyncio.to_thread(self._world.register.unstarted)):
            raise ActionKept(f"Kept for {number}, which has not begun yet; start a worker: second-opinion worker")
        key = await asyncio.to_thread(self._world.case_keys.of_workflow, workflow_id(number))
        if key and key.destroyed_at:  # another process may still have it in memory, and would answer
            return await self._refused_late(number, action, SHREDDED)
        earlier = await self._answered_before(number, action)
        if earlier is not None:
            return earlier
        why = CLOSED
        if isinstance(action, REOPENING):
            ended = await self._as_it_ended(number)
            if ended is not None and reopens(ended, action):
                return await self._reopened(ended, action)
            why = FORGOTTEN if ended is None else CLOSED
        return await self._refused_late(number, action, why)

    async def _refused_late(self, number: str, action: StaffAction, why: str) -> Receipt:
        refused = RefusedAction(
            at=action.at,
            action=action.SIGNAL,
            action_id=action.action_id,
            actor=action.actor.id,
            reason=why,
            digest=action.digest("at"),
        )
        await asyncio.to_thread(self._world.ledger.refuse_late, number, refused)
        return _refused(action, why)

    async def _as_it_ended(self, number: str) -> Case | None:
        """A closed case, as long as Temporal keeps its history; None once that is forgotten."""
        try:
            return await self.handle(number).query(SecondOpinionWorkflow.whole_case)
        except RPCError as trouble:
            if trouble.status is RPCStatusCode.NOT_FOUND:
                return None
            raise

    async def _reopened(self, ended: Case, action: StaffAction) -> Receipt:
        """A new run of the closed case's workflow, begun by the action itself: both or neither, however often tried.

        Whoever comes second finds the run that the first one began; the same action twice is applied once.
        """
        signed = await asyncio.to_thread(self._signed, ended.number, action)
        opening = Opening(
            case_number=ended.number,
            request=ended.request,
            received_at=ended.received_at,
            generation=ended.generation,
            trust=ended.trust,
            resumed=ended,
        )
        await self._client.start_workflow(
            SecondOpinionWorkflow.run,
            opening,
            id=workflow_id(ended.number),
            task_queue=CASES,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=at_start(ended),
            static_summary=title(ended, "reopened"),
            start_signal=action.SIGNAL,
            start_signal_args=[signed.model_dump(mode="json", exclude_defaults=True)],
        )
        return await self._receipt(ended.number, action)

    async def _answered_before(self, number: str, action: StaffAction) -> Receipt | None:
        """What the case answered while it was open, as long as its history is kept."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                found = await self.handle(number).query(SecondOpinionWorkflow.receipt, action.action_id)
        except (RPCError, TimeoutError, WorkflowQueryFailedError):
            return None
        return found if found and _answers(found, action) else None


def _is_a_number(number: str) -> None:
    if not CASE_NUMBER.fullmatch(number):
        raise ActionError("A case number looks like SO-2026-000001; list them with: second-opinion list")


def _answers(receipt: Receipt, action: StaffAction) -> bool:
    return action.digest("at").startswith(receipt.digest or "-")


def _used_before(action: StaffAction) -> Receipt:
    return _refused(action, REUSED_ID, FieldError(field="action_id", problem=REUSED_ID))


def _refused(action: StaffAction, why: str, *fields: FieldError) -> Receipt:
    return Receipt(
        action_id=action.action_id, action=action.SIGNAL, accepted=False, at=action.at, reason=why, fields=fields
    )
