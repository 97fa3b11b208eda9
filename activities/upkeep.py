"""What is done about all cases, and no case asks for: the records held against Temporal, at night."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from temporalio import activity

from policy.verdict import Value

BEAT_EVERY = 10.0  # seconds


class Tally(Value):
    """How many cases were looked at, and how many differences were mended and are left. No names, no numbers."""

    cases: int
    mended: int
    left: int


class Upkeep(Protocol):
    """Whoever can hold the records against Temporal."""

    async def reconcile(self) -> Tally:
        """All cases, mended where that can be. Safe to repeat, and for two at once."""


class UpkeepSteps:
    """The steps of the upkeep."""

    def __init__(self, upkeep: Upkeep) -> None:
        self._upkeep = upkeep

    @activity.defn(name="reconcile")
    async def reconcile(self) -> Tally:
        """Hold the records against Temporal; it says every while that it is at it, for as long as it takes."""
        return await _beating(self._upkeep.reconcile)


async def _beating(work: Callable[[], Awaitable[Tally]]) -> Tally:
    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(BEAT_EVERY)

    beating = asyncio.create_task(beat())
    try:
        return await work()
    finally:
        beating.cancel()
