"""A case whose workflow was ended or reset from outside is set going again, in a new run, from where it stood.

Nothing is done twice: letters, packets and rows for MHC have keys that know no run. Nothing is lost: of all runs the
one goes on whose story is the ledger's and has come furthest, and what other runs were sent and that one had not
answered is sent to the new one. Two who mend at once set going one run.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import TerminateWorkflowExecutionRequest
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from policy.case import Case
from policy.committee.file import CommitteeFile
from policy.delegatecase import DelegatedCase
from policy.lifecycle import Stage
from policy.third_opinion import ThirdGiven, number_of_third
from policy.transition import GivenUp
from records.standings import Standing, letters_left, standing_of, told
from wiring.comparing import Difference, Kind, Run, RunStatus, compare_stories, contradicts
from wiring.errors import TemporalError
from wiring.executions import WITHIN, newest_run, runs_of, workflow_of
from wiring.sending import ANSWER_WITHIN
from wiring.stories import story_of
from wiring.world import World
from workflows import workflow_id
from workflows.third_opinion import ThirdOpinionWorkflow

MOST_RUNS = 10  # of one case that are asked where they stood, the newest first
UNSEEN = "no worker answers for it; start one (second-opinion worker), then reconcile again"
SIGNALLED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
UPDATED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
log = logging.getLogger(__name__)

AnyCase = Case | DelegatedCase | CommitteeFile


class MendError(Exception):
    """A difference that could not be mended now; the message says why, and what to do."""


class Mended(NamedTuple):
    """What was done about a difference, in a sentence; what is lost, if anything is, for a supervisor.

    ``beyond``: the line of its ledger after which the case tells that it goes on.
    """

    done: str
    lost: str = ""
    beyond: int = -1


class _Stood(NamedTuple):
    """Where a run stood."""

    run: Run
    case: AnyCase


class Mender:
    """Mends what differs, case by case."""

    def __init__(self, client: Client, world: World) -> None:
        self._client = client
        self._world = world

    async def where_it_stands(self, standing: Standing, run: Run) -> Difference | None:
        """What differs between the ledger and the story that a running case tells. Raises MendError, RecordsError."""
        case = await self._case(run)
        ledger = await self._ledger(case)
        return compare_stories(standing, case.seq, case.story, ledger)

    async def mend(self, difference: Difference, now: datetime) -> Mended:
        """Sets the case going again. Raises MendError, RecordsError, RPCError."""
        number = difference.number
        standing = await asyncio.to_thread(standing_of, self._world.records, number)
        if standing is None:
            raise MendError("the records do not know it; look who started it, and terminate it if nobody needs it")
        stood = [s async for s in self._stood(number)]
        base = await self._furthest(stood)
        if base is None:
            return await self._begun_anew(standing, now)
        if base.run.status is RunStatus.COMPLETED and standing.is_open and base.case.closed_at:
            why = "Its workflow had ended; what the records lacked of it was told to them"
        else:
            why = f"Its workflow was {_word(difference, base.run)}: it goes on in a new run from where it stood"
        third = await self._third_opinion(base.case)
        await self._end(stood)
        started = await self._start(base.case, standing.revision, f"{why}.", now, third)
        sent, late = await self._send_again(base, stood) if started else (0, 0)
        again = f"; {sent} that it had not answered {'was' if sent == 1 else 'were'} sent again" if sent else ""
        lost = f"It is closed, as before it was reset; {late} actions that came to it since are to be done again."
        return Mended(f"{why}{again}.", lost if late else "", standing.revision)

    async def call_off(self, number: str) -> Mended:
        """A third opinion's own case that the records have closed, and whose workflow runs, is called off."""
        await self._client.get_workflow_handle(workflow_id(number)).cancel()
        return Mended("Its own workflow, which nobody waits for, was cancelled.")

    async def give_up(self, number: str, why: str, now: datetime) -> Mended:
        """A third opinion's own case whose workflow has ended leaves the lists; its case has it taken up."""
        await asyncio.to_thread(self._world.ledger.give_up, GivenUp(case_number=number, at=now, why=why))
        return Mended("What was open of it has left the lists.")

    # -- where it stood

    async def _stood(self, number: str) -> AsyncIterator[_Stood]:
        """The runs that can still tell where they stood. Raises MendError where there are some and none can now."""
        runs = (await self._runs(number))[:MOST_RUNS]
        told_by, silent = 0, ""
        for run in runs:
            try:
                case = await self._case(run)
            except MendError as trouble:
                silent = str(trouble)
                continue
            told_by += 1
            yield _Stood(run, case)
        if silent and not told_by:
            raise MendError(silent)

    async def _runs(self, number: str) -> list[Run]:
        """By the list, which lags behind by moments, and by the store itself."""
        found = await runs_of(self._client, number)
        newest = await newest_run(self._client, number)
        if newest is not None and newest.run_id not in {run.run_id for run in found}:
            found.insert(0, newest)
        return [newest if newest and run.run_id == newest.run_id else run for run in found]

    async def _case(self, run: Run) -> AnyCase:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await story_of(self._world, run.number).of_run(self._client, run.number, run.run_id)
        except TemporalError as locked:
            raise MendError(str(locked)) from None
        except WorkflowQueryFailedError as trouble:
            raise MendError("its history cannot be read by this version's worker, whose log says why") from trouble
        except (TimeoutError, ValueError) as trouble:
            raise MendError(UNSEEN) from trouble
        except RPCError as trouble:
            if trouble.status is RPCStatusCode.UNAVAILABLE:
                raise
            raise MendError(UNSEEN) from trouble

    async def _ledger(self, case: AnyCase) -> Any:  # noqa: ANN401 - lines by number
        first = case.story[0].seq if case.story else 0
        return await asyncio.to_thread(told, self._world.records, case.number, first)

    async def _furthest(self, stood: list[_Stood]) -> _Stood | None:
        """The run whose story is the ledger's and has come furthest; of equals, the newest."""
        best: tuple[tuple[bool, int], _Stood] | None = None
        for one in stood:
            ledger = await self._ledger(one.case)
            rank = (not any(contradicts(line, ledger) for line in one.case.story), one.case.seq)
            if best is None or rank > best[0]:
                best = (rank, one)
        return best[1] if best else None

    # -- going on

    async def _end(self, stood: list[_Stood]) -> None:
        """The run that goes on otherwise than the ledger ends. That it has ended by itself is as good."""
        for one in stood:
            if one.run.status.is_open:
                asked = TerminateWorkflowExecutionRequest(
                    namespace=self._client.namespace,
                    workflow_execution=WorkflowExecution(
                        workflow_id=workflow_of(one.run.number), run_id=one.run.run_id
                    ),
                    reason="second-opinion reconcile: the case goes on in another run",
                )
                try:
                    await self._client.workflow_service.terminate_workflow_execution(asked, timeout=WITHIN)
                except RPCError as trouble:
                    if trouble.status is not RPCStatusCode.NOT_FOUND:
                        raise

    async def _start(self, case: AnyCase, recorded: int, why: str, now: datetime, third: ThirdGiven | None) -> bool:
        """Whether it was this call that set it going."""
        story: Any = story_of(self._world, case.number)
        try:
            await story.start(self._client, story.going_on(case, recorded, why, now, third))
        except WorkflowAlreadyStartedError:
            return False
        log.warning("case.set_going", extra={"case": case.number})
        return True

    async def _begun_anew(self, standing: Standing, now: datetime) -> Mended:
        """Temporal has nothing of the case any more: it begins with its request, and a supervisor is told."""
        number = standing.number
        case = await story_of(self._world, number).from_the_register(number)
        if isinstance(case, CommitteeFile):
            why = "Temporal had deleted its history: it goes on from what the records hold of it"
            await self._start(case, standing.revision, f"{why}.", now, None)
            return Mended(f"{why}, which is all of it.", beyond=standing.revision)
        if case is None:
            raise MendError("neither Temporal nor the register of requests has anything of it; restore a backup")
        if not standing.revision:
            await self._start(case, 0, "Its workflow was gone before its first step: it begins.", now, None)
            return Mended("It was begun from its request; nothing had been recorded of it.", beyond=0)
        left = await asyncio.to_thread(letters_left, self._world.records, number)
        stood = standing.stage.replace("_", " ")
        why = f"Temporal had deleted its history: it begins anew from its request. It had come to {stood}."
        await self._start(case, standing.revision, why, now, None)
        lost = (
            f"Temporal's history of it was deleted, so it was begun anew from its request. It had come to {stood}, and "
            f"{left} of its letters had left: none is sent twice. Read its ledger to line {standing.revision}, and do "
            "again what was done: its tasks, documents and decisions are in the ledger and the cabinet only."
        )
        return Mended(
            "It was begun anew from its request; what was done since is in the ledger only.", lost, standing.revision
        )

    async def _third_opinion(self, case: AnyCase) -> ThirdGiven | None:
        """What a third opinion gave that was under way; one that gave nothing leaves the lists."""
        if not isinstance(case, Case) or case.stage is not Stage.THIRD_OPINION:
            return None
        number = number_of_third(case.number)
        run = await newest_run(self._client, number)
        handle: WorkflowHandle[ThirdOpinionWorkflow, ThirdGiven] = self._client.get_workflow_handle_for(
            ThirdOpinionWorkflow.run, workflow_id(number)
        )
        if run is not None and run.status is RunStatus.COMPLETED:
            return await handle.result()
        if run is not None and run.status.is_open:
            await handle.cancel()
        given_up = GivenUp(case_number=number, at=datetime.now(UTC), why="the run that had begun it was ended")
        await asyncio.to_thread(self._world.ledger.give_up, given_up)
        return None

    # -- what nobody had answered

    async def _send_again(self, base: _Stood, stood: list[_Stood]) -> tuple[int, int]:
        """What the runs were sent and the one that goes on had not answered; each once, however often asked.

        As it came, with the signature that it came with. Gives back how many, and how many found the case closed again.
        """
        handle = self._client.get_workflow_handle(workflow_of(base.run.number))
        sent, late = set[str](), set[str]()
        for one in reversed(stood):  # in the order of the runs
            async for signal, body in self._were_sent(one.run):
                action_id = body["action_id"]
                if action_id in sent | late or base.case.receipt(action_id) is not None:
                    continue
                try:
                    await handle.signal(signal, body)
                except RPCError as trouble:
                    if trouble.status is not RPCStatusCode.NOT_FOUND:
                        raise
                    late.add(action_id)
                else:
                    sent.add(action_id)
        return len(sent), len(late)

    async def _were_sent(self, run: Run) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """The actions that came in a run's signals, and in its updates, whose body names the signal."""
        handle = self._client.get_workflow_handle(workflow_of(run.number), run_id=run.run_id)
        async for event in handle.fetch_history_events():
            if event.event_type == SIGNALLED:
                signalled = event.workflow_execution_signaled_event_attributes
                signal, payloads = signalled.signal_name, signalled.input.payloads
            elif event.event_type == UPDATED:
                accepted = event.workflow_execution_update_accepted_event_attributes.accepted_request
                signal, payloads = "", accepted.input.args.payloads
            else:
                continue
            body = await self._body(payloads[0]) if len(payloads) == 1 else {}
            signal = signal or str(body.pop("action", ""))
            if signal and isinstance(body.get("action_id"), str):
                yield signal, body

    async def _body(self, payload: Payload) -> dict[str, Any]:
        """What was sent, as JSON; nothing for what is no object."""
        codec = self._client.data_converter.payload_codec
        (plain,) = await codec.decode([payload]) if codec else (payload,)
        try:
            found = json.loads(plain.data)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


def _word(difference: Difference, run: Run) -> str:
    """What had become of it."""
    if difference.kind in (Kind.SET_BACK, Kind.OPEN):
        return "reset"
    return str(run.status)
