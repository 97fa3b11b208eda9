"""The records and Temporal are reconciled: what differs is named, mended where software can, else told a supervisor.

For what is done to cases, and to reports before the committees, past our doors: a workflow that was terminated, reset,
deleted or paused. Safe to repeat, and for any number at once. A difference counts only when it stands some seconds
later, too: while a case acts, the two are apart for moments.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

from temporalio.client import Client
from temporalio.service import RPCError

from policy.third_opinion import belongs_to
from policy.verdict import Value
from records.standings import Standing, count_open, is_taken_up, open_standings, standing_of
from records.troubles import Found, TroubleKind, Troubles
from wiring.comparing import Difference, Kind, Run, compare, is_third
from wiring.delegated import DelegationDesk
from wiring.desk import FrontDesk
from wiring.errors import TemporalError
from wiring.executions import RUNNING, TERMINATED, newest_run, paused, runs
from wiring.mending import Mended, Mender, MendError
from wiring.world import World

__all__ = ["Reconciled", "Reconciler", "Settled"]

AT_ONCE = 8  # cases that are asked at once
GRACE = 3.0  # seconds that a difference has to stand
LAG = 1.0  # seconds by which Temporal's lists may lag behind
SETTLES_WITHIN = 20  # looks, a second apart, until what was mended is seen to stand
UNDER_WAY = timedelta(minutes=2)  # so long a request or an action may be on its way to its case
log = logging.getLogger(__name__)


class Settled(Value):
    """A difference, and what became of it. ``is_left``: it stands, and somebody in charge has to see to it."""

    number: str
    kind: Kind
    sentence: str
    done: str = ""
    is_left: bool = False
    is_lost: bool = False


class Reconciled(Value):
    """What a reconciliation has looked at and settled."""

    cases: int
    settled: tuple[Settled, ...] = ()

    @property
    def left(self) -> int:
        """How many differences stand."""
        return sum(one.is_left for one in self.settled)

    @property
    def mended(self) -> int:
        """How many were mended."""
        return len(self.settled) - self.left


def silent(_done: int, _all: int) -> None:
    """For whom nobody watches."""


class Reconciler:
    """Reconciles all cases, or some. Every method raises RecordsError, and RPCError when Temporal does not answer."""

    def __init__(self, client: Client, world: World, grace: float = GRACE) -> None:
        self._client = client
        self._world = world
        self._mender = Mender(client, world)
        self._grace = grace

    async def run(
        self, numbers: Iterable[str] = (), *, dry_run: bool = False, progress: Callable[[int, int], None] = silent
    ) -> Reconciled:
        """Looks at all cases, or only at those named (which it asks where they stand in any case), and mends.

        A ``dry_run`` mends nothing and writes nothing.
        """
        some = tuple(dict.fromkeys(numbers))
        waiting = [] if some else await self._under_way(dry_run=dry_run)
        suspects, looked_at = (list(some), len(some)) if some else await self._suspects(progress)
        found = await self._confirmed(suspects, is_asked=bool(some))
        settled = [Settled(**one.model_dump(), is_left=True) for one in found]
        if not dry_run:
            settled = [await self._settled(one) for one in found]
            await self._tell([*waiting, *settled], some)
        return Reconciled(cases=looked_at, settled=(*waiting, *settled))

    # -- what waits at the doors

    async def _under_way(self, *, dry_run: bool) -> list[Settled]:
        """What was received and has come to no case: delivered now, and named where that did not help."""
        found = await asyncio.to_thread(self._waiting)
        if dry_run or not found:
            return [Settled(**one.model_dump(), is_left=True) for one in found]
        front = FrontDesk(self._client, self._world)
        try:
            await front.open_unstarted()
            await DelegationDesk(self._client, self._world).open_unstarted()
            await front.deliver_kept()
        except TemporalError as trouble:
            log.warning("doors.wait", extra={"told": trouble})
        left = {one.sentence for one in await asyncio.to_thread(self._waiting)}
        return [
            Settled(**one.model_dump(), is_left=one.sentence in left, done="" if one.sentence in left else "Delivered.")
            for one in found
        ]

    def _waiting(self) -> list[Difference]:
        long_ago = datetime.now(UTC) - UNDER_WAY
        unstarted = [(w.case_number, w.received_at) for w in self._world.register.unstarted()]
        unstarted += [(w.number, w.received_at) for w in self._world.packets.unstarted()]
        found = [
            Difference(number=n, kind=Kind.UNSTARTED, sentence=f"{n}: it is registered, and its workflow never began.")
            for n, at in unstarted
            if at < long_ago
        ]
        for kept in self._world.kept.waiting():
            if kept.action.at < long_ago:
                number, signal = kept.case_number, kept.action.SIGNAL
                at = f"{kept.action.at:%Y-%m-%d %H:%M} UTC"
                what = f"{number}: {signal} of {at} was kept, and no case has answered it."
                found.append(Difference(number=number, kind=Kind.KEPT, sentence=what))
        return found

    # -- what differs

    async def _suspects(self, progress: Callable[[int, int], None]) -> tuple[list[str], int]:
        """The cases that differ at a glance, by Temporal's lists, which lag behind: to be looked at one by one."""
        await asyncio.sleep(min(self._grace, LAG))  # what was done just now is in them, too
        running = {run.number async for run in runs(self._client, RUNNING)}
        stopped = set(await paused(self._client))
        reset = {run.number async for run in runs(self._client, TERMINATED) if run.number in running}
        suspects, known, done = stopped | reset, set[str](), 0
        total = await asyncio.to_thread(count_open, self._world.records)
        standings = open_standings(self._world.records)
        while some := await asyncio.to_thread(_next, standings):
            known |= {standing.number for standing in some}
            done += len(some)
            progress(done, max(total, done))
        suspects |= known - running - stopped
        suspects |= running - known
        return sorted(suspects), len(known | running | stopped)

    async def _confirmed(self, suspects: list[str], *, is_asked: bool) -> list[Difference]:
        """What differs still after the grace."""
        found = await self._differing(suspects, is_asked=is_asked)
        if found and self._grace:
            await asyncio.sleep(self._grace)
            found = await self._differing([one.number for one in found], is_asked=is_asked)
        return found

    async def _differing(self, numbers: list[str], *, is_asked: bool) -> list[Difference]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(number: str) -> Difference | None:
            async with gate:
                return await self._difference(number, is_asked=is_asked)

        found: list[Difference] = []
        for begin in range(0, len(numbers), 500):
            some = await asyncio.gather(*(one(number) for number in numbers[begin : begin + 500]))
            found += [difference for difference in some if difference is not None]
        return found

    async def _difference(self, number: str, *, is_asked: bool = False) -> Difference | None:
        standing = await asyncio.to_thread(standing_of, self._world.records, number)
        run = await newest_run(self._client, number)
        at_a_glance = compare(number, standing, run)
        if at_a_glance or standing is None or run is None or not run.status.is_open:
            return at_a_glance
        if is_third(number) or not (is_asked or run.was_reset):
            return None
        return await self._by_its_story(standing, run)

    async def _by_its_story(self, standing: Standing, run: Run) -> Difference | None:
        try:
            return await self._mender.where_it_stands(standing, run)
        except MendError as trouble:
            return Difference(
                number=standing.number,
                kind=Kind.UNANSWERED,
                sentence=f"{standing.number}: its workflow runs and cannot be asked where it stands: {trouble}.",
            )

    # -- what is done about it

    async def _settled(self, one: Difference) -> Settled:
        now = datetime.now(UTC)
        try:
            mended = await self._mended(one, now)
        except MendError as trouble:
            return Settled(**one.model_dump(), done=f"Not mended: {trouble}.", is_left=True)
        except RPCError as trouble:
            why = f"Temporal answered {trouble.status.name}"
            return Settled(**one.model_dump(), done=f"Not mended: {why}.", is_left=True)
        is_left = not mended.done or not await self._stands(one.number, mended.beyond)
        if mended.lost:
            found = {one.number: Found(code=one.kind, text=mended.lost)}
            await asyncio.to_thread(Troubles(self._world.records).observe, TroubleKind.LOST, found, now, is_all=False)
        return Settled(**one.model_dump(), done=mended.done, is_left=is_left, is_lost=bool(mended.lost))

    async def _mended(self, one: Difference, now: datetime) -> Mended:
        """What was done, if anything can be."""
        if one.kind in (Kind.PAUSED, Kind.STRANGER, Kind.UNANSWERED):
            return Mended("")
        return await (self._third(one, now) if is_third(one.number) else self._mender.mend(one, now))

    async def _third(self, one: Difference, now: datetime) -> Mended:
        """A third opinion's own case ends with its workflow; the case that it belongs to has it taken up."""
        if one.kind is Kind.OPEN:
            return await self._mender.call_off(one.number)
        if not await asyncio.to_thread(is_taken_up, self._world.records, belongs_to(one.number)):
            raise MendError(f"{belongs_to(one.number)} waits for it still; reconcile that first")
        return await self._mender.give_up(one.number, "its workflow was ended from outside", now)

    async def _stands(self, number: str, beyond: int) -> bool:
        """Whether what was mended is seen to stand, as soon as the case has told the records that it goes on."""
        for _ in range(SETTLES_WITHIN):
            standing = await asyncio.to_thread(standing_of, self._world.records, number)
            if standing and standing.revision > beyond and await self._difference(number) is None:
                return True
            await asyncio.sleep(1.0)
        return False

    async def _tell(self, settled: list[Settled], some: tuple[str, ...]) -> None:
        """A supervisor is told what is left; what is no longer so ends by itself."""
        troubles, now = Troubles(self._world.records), datetime.now(UTC)
        left = {one.number: one for one in settled if one.is_left}
        for kind, fits in ((TroubleKind.PAUSED, True), (TroubleKind.DIFFERS, False)):
            found = {
                number: Found(code=one.kind, text=" ".join(filter(None, (one.sentence, one.done))))
                for number, one in left.items()
                if (one.kind is Kind.PAUSED) is fits
            }
            await asyncio.to_thread(troubles.observe, kind, found, now, is_all=not some)


def _next(standings: Iterator[Standing]) -> list[Standing]:
    """The next portion."""
    found: list[Standing] = []
    for standing in standings:
        found.append(standing)
        if len(found) == 1000:
            break
    return found
