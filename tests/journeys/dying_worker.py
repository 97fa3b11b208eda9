"""A worker of real parts that kills itself right after an effect of a report, before it can tell anybody of it.

``python -m tests.journeys.dying_worker gathered|stored|posted|never`` in a house whose server runs. What
notices a dead worker by a time limit does so in seconds here, and no case is kept in memory: so the test is quick.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from activities import reports
from adapters.dispatch import Mailroom
from cli.house import server_address
from records.committees import CommitteeReports
from wiring.reportmaking import FinishedReports, report_making
from wiring.settings import read_settings
from wiring.temporal import connect, running_workers
from wiring.world import open_world
from workflows import carrying, quarterly_report

SOON = timedelta(seconds=1)
ANSWERED = 3.0  # seconds: who decided has had his answer by then


def dying(method: Callable[..., Any], after: float = 0.0) -> Callable[..., Any]:
    """The method, and then the end."""

    def last(*given: Any) -> None:
        time.sleep(after)
        method(*given)
        os.kill(os.getpid(), signal.SIGKILL)

    return last


def doom(moment: str) -> None:
    """This process ends at that moment."""
    if moment == "gathered":
        CommitteeReports.keep = dying(CommitteeReports.keep)  # type: ignore[method-assign]
    elif moment == "stored":
        FinishedReports.put = dying(FinishedReports.put)  # type: ignore[method-assign]
    elif moment == "posted":
        Mailroom.post = dying(Mailroom.post, ANSWERED)  # type: ignore[method-assign]


async def work() -> None:
    """Until it is killed."""
    settings = read_settings()
    world = open_world(settings)
    client = await connect(settings, server_address(settings), records=world.records)
    async with running_workers(client, replace(world.steps, reports=report_making(world)), max_cached_cases=0):
        await asyncio.Event().wait()


if __name__ == "__main__":
    doom(sys.argv[1])
    reports.BEATS = 0.3
    quarterly_report.MAKING["heartbeat_timeout"] = SOON
    carrying.EFFECT["start_to_close_timeout"] = 5 * SOON
    asyncio.run(work())
