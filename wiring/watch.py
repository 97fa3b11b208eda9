"""The watcher of a worker: every while it looks for stuck cases, at the queues and at the clocks.

A stuck case cannot act for itself: its workflow's tasks fail. So its trouble stands in the records beside it, for who
is in charge. No workflow, because a workflow would be stuck with the others. Nothing that goes wrong here ends the
worker, and each look is bounded.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Engine
from temporalio.client import Client
from temporalio.service import RPCError

from records.errors import RecordsError
from records.troubles import Found, Sweep, TroubleKind, Troubles
from wiring.executions import paused
from wiring.observing import QueueSight, look_at, records_drift, stuck_cases, temporal_drift
from wiring.telemetry import WorkerMetrics

LOOK_EVERY = 20.0  # seconds: with Temporal's own delay a stuck case is seen within a minute
PATIENCE = 15.0  # seconds for one look
MOST = 1000  # stuck cases in one look; when all cases are stuck nobody reads further
MEND = "Its workflow fails, so nothing done to it is carried out; all is kept. The worker's log says why."
PAUSED = "Its workflow is paused, so nothing done to it is carried out, and its clocks run: temporal workflow unpause."
log = logging.getLogger(__name__)


class Watcher:
    """Looks around, as often as it is told to."""

    def __init__(
        self, client: Client, records: Engine, queues: Sequence[str], metrics: WorkerMetrics | None = None
    ) -> None:
        self._client = client
        self._records = records
        self._troubles = Troubles(records)
        self._queues = queues
        self._metrics = metrics or WorkerMetrics()
        self._away = ""  # what was away at the last look: told once, and once again when it is back

    async def watch(self, stopped: asyncio.Event, every: float = LOOK_EVERY) -> None:
        """Looks around until ``stopped``, whatever happens."""
        while not stopped.is_set():
            await self.look()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), every)

    async def look(self) -> bool:
        """One look; whether all that is looked at answered."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._look()
        except (RPCError, TimeoutError, RuntimeError) as trouble:
            self._metrics.temporal_up.set(0)
            said = trouble.status.name if isinstance(trouble, RPCError) else type(trouble).__name__
            self._is_away("watch.temporal_away", problem=said)
        except RecordsError as trouble:
            self._is_away("watch.records_away", told=trouble)
        except Exception:
            log.exception("watch.failed")  # a fault of ours; the next look may be luckier
        else:
            self._metrics.temporal_up.set(1)
            if self._away:
                self._away = ""
                log.info("watch.back")
            return True
        finally:
            self._metrics.heartbeat.set(datetime.now(UTC).timestamp())
        return False

    async def _look(self) -> None:
        stuck = await stuck_cases(self._client, MOST)
        self._metrics.stuck.set(len(stuck))
        await self._tell(stuck)
        await self._tell_of_paused(await paused(self._client))
        now = datetime.now(UTC)
        for queue in self._queues:
            self._measure(await look_at(self._client, queue, now))
        drifts = {
            "temporal": await temporal_drift(self._client),
            "records": await asyncio.to_thread(records_drift, self._records),
        }
        for clock, drift in drifts.items():
            if drift is not None:
                self._metrics.drift.set(drift, {"clock": clock})

    async def _tell(self, stuck: dict[str, str]) -> None:
        found = {number: Found(code=cause, text=MEND) for number, cause in stuck.items()}
        swept: Sweep = await asyncio.to_thread(
            self._troubles.observe, TroubleKind.STUCK, found, datetime.now(UTC), is_all=len(stuck) < MOST
        )
        for number in swept.opened:
            log.error("case.stuck", extra={"case": number, "problem": stuck[number]})
        for number in swept.ended:
            log.info("case.unstuck", extra={"case": number})

    async def _tell_of_paused(self, numbers: list[str]) -> None:
        found = {number: Found(code="Paused", text=PAUSED) for number in numbers}
        swept = await asyncio.to_thread(self._troubles.observe, TroubleKind.PAUSED, found, datetime.now(UTC))
        for number in swept.opened:
            log.error("case.paused", extra={"case": number})
        for number in swept.ended:
            log.info("case.unpaused", extra={"case": number})

    def _measure(self, seen: QueueSight) -> None:
        of = {"queue": seen.queue}
        self._metrics.backlog.set(seen.backlog, of)
        self._metrics.backlog_age.set(seen.backlog_age, of)
        self._metrics.pollers.set(seen.pollers, of)
        if seen.last_poll_age is not None:
            self._metrics.poll_age.set(max(seen.last_poll_age, 0.0), of)

    def _is_away(self, what: str, **said: object) -> None:
        if self._away != what:
            self._away = what
            log.warning(what, extra=said)
