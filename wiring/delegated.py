"""What the doors do with delegates' packets: take them in, act on them, pull a case up. Policy 90.2.17, Procedure 10.

As with requests, a packet is registered before its workflow is started, so that one which came while the server was
away is not lost: the next import, or the worker, starts it. An action on a delegated decision is not kept when nobody
answers: whoever sends it is told so, and sends it again under the same id.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.common import Priority as TaskPriority
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from policy.clauses import Clause
from policy.delegateacting import may_be_pulled_up, review_reference
from policy.delegateactions import DELEGATED_ACTIONS, DelegatedAction, NoteCorrectiveAction, PullUpCase
from policy.delegatecase import DelegatedCase, DelegatedState, receive_packet
from policy.delegated import DelegatedPacket
from policy.particulars import Receipt, StoryEntry
from policy.staffaction import StaffAction
from policy.trust import TrustMode
from policy.verdict import Allowed, Refused, Verdict
from records.delegated import one, packet_of
from records.delegatedledger import Registered, WaitingPacket
from records.rows import LedgerRow
from records.statements import FIRST_LATE
from wiring.errors import CaseShreddedError
from wiring.sending import ANSWER_WITHIN, ActionError, fitting
from wiring.temporal import TemporalError
from wiring.world import World
from workflows import CASES, workflow_id
from workflows.delegated import DelegatedClosing, DelegatedDecisionWorkflow, DelegatedOpening
from workflows.delegatedview import at_start, title
from workflows.inspection import words

AT_ONCE = 16  # workflows that are started side by side
PULLED_UP, NOTED = "delegated:pulled-up", "delegated:corrective-action"
BEHIND = 5  # Temporal's priority key: five hundred copies of what is decided stand behind every case that is not

Handle = WorkflowHandle[DelegatedDecisionWorkflow, DelegatedClosing]


def take_in(world: World, packets: Sequence[DelegatedPacket], received_at: datetime) -> tuple[Registered, ...]:
    """The packets' numbers: all are registered, or none where one was sent before with other content.

    Raises RecordsError. ``DelegationDesk.open_unstarted`` then starts their stories.
    """
    return world.packets.enter(packets, received_at)


def read_delegated_action(signal: str, body: Mapping[str, Any]) -> DelegatedAction:
    """The action of a signal. Raises ActionError, with the errors by field, for one that does not fit."""
    return fitting(DELEGATED_ACTIONS, signal, body)


class DelegationDesk:
    """Starts the stories of delegated decisions and acts on them, for the doors."""

    def __init__(self, client: Client, world: World) -> None:
        self._client = client
        self._world = world

    async def open_unstarted(self) -> list[str]:
        """Starts what is registered and was never started, oldest first; the numbers. Raises TemporalError."""
        waiting = await asyncio.to_thread(self._world.packets.unstarted)
        started: list[str] = []
        try:
            for begin in range(0, len(waiting), AT_ONCE):
                some = waiting[begin : begin + AT_ONCE]
                await asyncio.gather(*(self._start(packet) for packet in some))
                started += [packet.number for packet in some]
        finally:
            await asyncio.to_thread(self._world.packets.mark_started, started, datetime.now(UTC))
        return started

    async def act(self, number: str, signal: str, body: Mapping[str, Any]) -> Receipt:
        """Sends an action, and gives back the case's receipt. Raises ActionError or TemporalError."""
        action = read_delegated_action(signal, {**body, "case_number": number, "at": datetime.now(UTC)})
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await self._ask(number, action)
        except (TimeoutError, WorkflowQueryFailedError) as slow:
            raise TemporalError(
                f"No worker answered for {number} within {ANSWER_WITHIN:.0f} seconds; start one, and send it again."
            ) from slow
        except CaseShreddedError:  # only what is closed is shredded
            return await asyncio.to_thread(self._too_late, number, action)
        except RPCError as trouble:
            if trouble.status is not RPCStatusCode.NOT_FOUND:
                raise TemporalError(f"Temporal does not answer for {number}; send it again.") from trouble
        return await asyncio.to_thread(self._too_late, number, action)

    async def case(self, number: str) -> DelegatedCase:
        """The whole case, from its workflow. Raises RPCError."""
        return await self._handle(number).query(DelegatedDecisionWorkflow.whole_case)

    async def _start(self, waiting: WaitingPacket) -> None:
        case = receive_packet(waiting.number, waiting.packet, waiting.received_at, match=waiting.match)
        opening = DelegatedOpening(
            number=waiting.number,
            packet=waiting.packet,
            received_at=waiting.received_at,
            match=waiting.match,
            trust=self._world.trust,
        )
        try:
            await self._client.start_workflow(
                DelegatedDecisionWorkflow.run,
                opening,
                id=workflow_id(waiting.number),
                task_queue=CASES,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                search_attributes=at_start(case),
                priority=TaskPriority(priority_key=BEHIND),
                static_summary=title(case),
            )
        except WorkflowAlreadyStartedError:
            pass  # it was started and has closed; the register had only missed to note it
        except (RPCError, RuntimeError) as trouble:
            raise TemporalError(
                f"{waiting.number} is registered but could not be started; run the same command again."
            ) from trouble

    async def _ask(self, number: str, action: DelegatedAction) -> Receipt:
        handle = self._handle(number)
        signed = await asyncio.to_thread(self._signed, number, action)
        await handle.signal(action.SIGNAL, signed.model_dump(mode="json", exclude_defaults=True))
        while True:
            receipt = await handle.query(DelegatedDecisionWorkflow.receipt, action.action_id)
            if receipt is not None:
                return receipt
            await asyncio.sleep(0.05)

    def _handle(self, number: str) -> Handle:
        return self._client.get_workflow_handle_for(DelegatedDecisionWorkflow.run, workflow_id(number))

    def _signed(self, number: str, action: DelegatedAction) -> StaffAction:
        world = self._world
        if world.trust_mode is TrustMode.OPEN:
            return action
        return world.vault.sign(action, number, lifetime=timedelta(hours=world.statement_hours))

    def _too_late(self, number: str, action: DelegatedAction) -> Receipt:
        """The case is closed. It can still be pulled up, and what the delegate will do otherwise still be noted."""
        found, packet = one(self._world.records, number), packet_of(self._world.records, number)
        if found is None or packet is None:
            raise ActionError(f"There is no delegated decision {number}; list them with: second-opinion delegated list")
        if found.case.state is not DelegatedState.CLOSED:
            raise TemporalError(f"{number} has not begun yet; start a worker, and send it again.")
        if any(_is_told(action, line) for line in found.ledger):
            return _receipt(action)  # it was sent before, and is done once
        verdict = _late(action, packet, is_pulled_up=bool(found.case.pulled_up_as))
        if isinstance(verdict, Refused):
            return _receipt(action, verdict)
        if isinstance(action, PullUpCase):
            case_number = self._world.reviews.enter(packet.as_request(review_reference(number)))
            text = f"{action.reason} (the plan reviews it itself, as {case_number})"
            entry = _entry(action, PULLED_UP, text)
            self._world.delegated.add_late(number, entry, pulled_up_as=case_number)
        elif isinstance(action, NoteCorrectiveAction):
            self._world.delegated.add_late(number, _entry(action, NOTED, action.text))
        return _receipt(action)


def _late(action: DelegatedAction, packet: DelegatedPacket, *, is_pulled_up: bool) -> Verdict:
    if not action.actor.has(*action.ROLES):
        roles = ", ".join(words(role) for role in action.ROLES)
        return Refused(reason=f"only for: {roles}", clause=Clause.P10, field="actor.roles")
    if isinstance(action, PullUpCase):
        return may_be_pulled_up(packet, is_pulled_up, action.at)
    if isinstance(action, NoteCorrectiveAction) and not action.checks:
        return Allowed()
    return Refused(reason="the case is closed; it can be pulled up, and a note be added", clause=Clause.P10)


def _is_told(action: DelegatedAction, line: LedgerRow) -> bool:
    """Whether a late line tells this very action: a form that is sent twice (a double click) is one."""
    if line.seq < FIRST_LATE or line.actor != action.actor.id:
        return False
    if isinstance(action, PullUpCase):
        return line.event == PULLED_UP and line.text.startswith(f"{action.reason} (")
    return isinstance(action, NoteCorrectiveAction) and line.event == NOTED and line.text == action.text


def _entry(action: DelegatedAction, event: str, text: str) -> StoryEntry:
    return StoryEntry(seq=0, at=action.at, event=event, text=text, actor=action.actor.id, clause=Clause.P10)


def _receipt(action: DelegatedAction, why: Refused | None = None) -> Receipt:
    return Receipt(
        action_id=action.action_id,
        action=action.SIGNAL,
        accepted=why is None,
        at=action.at,
        digest=action.digest("at"),
        reason=why.reason if why else "",
        clause=why.clause if why else "",
    )
