"""One timer for a whole case: it stands at the earliest alarm, in plain words, and moves when that moves."""

import asyncio
from datetime import timedelta

from temporalio import workflow

from policy.alarms import Alarm
from workflows.naming import awaited


class Deadline:
    """A timer that can be moved. ``has_rung`` stays true until it is moved again."""

    def __init__(self) -> None:
        self._alarm: Alarm | None = None
        self._timer: asyncio.Task[None] | None = None
        self.has_rung = False

    def move(self, alarm: Alarm | None) -> None:
        """To another alarm, or to none. Standing still costs nothing; a move costs two events."""
        if not self.has_rung and _is_same(self._alarm, alarm):
            return
        if self._timer is not None:
            self._timer.cancel()
        self.has_rung = False
        self._alarm = alarm
        self._timer = asyncio.create_task(self._wait(alarm)) if alarm else None

    async def _wait(self, alarm: Alarm) -> None:
        await workflow.sleep(max(alarm.at - workflow.now(), timedelta(0)), summary=awaited(alarm))
        self.has_rung = True


def _is_same(one: Alarm | None, other: Alarm | None) -> bool:
    """By time and label: another rule behind the same alarm moves no timer, in what was recorded least of all."""
    return (one and (one.at, one.label)) == (other and (other.at, other.label))
