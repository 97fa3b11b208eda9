"""The doctor's checks as values: what was looked at, what was seen, and how to mend it. Each has a limit of its own.

A check changes nothing. One that fails, hangs or breaks says so, and the others go on. To add one: a function in
``checktemporal`` or ``checkworld``, and its name in that module's list.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from enum import StrEnum

from policy.verdict import Value
from wiring.logfields import told
from wiring.settings import Settings
from wiring.uncaught import kinds, places

WITHIN = 2.8  # seconds for one check; all of them run side by side


class Health(StrEnum):
    """How it stands: ``failed`` means that work cannot be done, or will be lost."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Check(Value):
    """One thing that was looked at. ``mend`` is empty where there is nothing to mend."""

    name: str
    health: Health
    seen: str
    mend: str = ""


Looks = Callable[[Settings, datetime], tuple[Check, ...]]
LooksAsync = Callable[[Settings, datetime], Awaitable[tuple[Check, ...]]]


def ok(name: str, seen: str) -> Check:
    """Nothing is wrong."""
    return Check(name=name, health=Health.OK, seen=seen)


def warning(name: str, seen: str, mend: str) -> Check:
    """Work goes on, and somebody should look at it."""
    return Check(name=name, health=Health.WARNING, seen=seen, mend=mend)


def failed(name: str, seen: str, mend: str) -> Check:
    """Something that is needed cannot be used."""
    return Check(name=name, health=Health.FAILED, seen=seen, mend=mend)


async def run_checks(
    settings: Settings,
    now: datetime,
    here: Sequence[tuple[str, Looks]],
    there: Sequence[tuple[str, LooksAsync]],
    within: float = WITHIN,
) -> tuple[Check, ...]:
    """All of them, in their order: ``there`` asks over the network, ``here`` works in threads."""
    # Not awaited at its end: a thread that hangs at a dead disk must not hold the others' results.
    threads = ThreadPoolExecutor(max(len(here), 1), thread_name_prefix="doctor")
    loop = asyncio.get_running_loop()
    try:
        found = await asyncio.gather(
            *(_bounded(name, look(settings, now), within) for name, look in there),
            *(_bounded(name, loop.run_in_executor(threads, look, settings, now), within) for name, look in here),
        )
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
    return tuple(check for checks in found for check in checks)


async def _bounded(name: str, looking: Awaitable[tuple[Check, ...]], within: float) -> tuple[Check, ...]:
    try:
        return await asyncio.wait_for(looking, within)
    except TimeoutError:
        return (failed(name, f"no answer within {within:g} seconds", "Look whether its disk or network is there."),)
    except Exception as trouble:  # noqa: BLE001 - whatever breaks one check must not hide the others
        # An error of ours is a sentence that says how to mend it; of others only the class is told.
        sentence = told(trouble)
        if sentence != type(trouble).__name__:
            return (failed(name, sentence, "As the sentence says."),)
        return (failed(name, kinds(trouble), f"A fault of this program, at {places(trouble)}: tell its makers."),)
