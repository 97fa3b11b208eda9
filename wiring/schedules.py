"""What Temporal begins by itself: the schedule of the nightly reconciliation. It can be seen, and moved, in the UI."""

import logging
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
)

from activities.upkeep import Tally
from wiring.reconciling import Reconciler
from wiring.world import World
from workflows import CASES
from workflows.upkeep import ReconciliationWorkflow

RECONCILE = "second-opinion-reconcile"
AT = (ScheduleRange(2),), (ScheduleRange(30),)  # hour and minute, in Los Angeles
CATCH_UP = timedelta(hours=24)  # one that was missed while the server was away is made good for so long
NOTE = "Every night the records are held against Temporal (second-opinion reconcile). It may be moved or paused here."
log = logging.getLogger(__name__)


class Upkeep:
    """The upkeep of all cases."""

    def __init__(self, client: Client, world: World) -> None:
        self._reconciler = Reconciler(client, world)

    async def reconcile(self) -> Tally:
        """All cases. Raises RecordsError or RPCError: then it is tried again."""
        found = await self._reconciler.run()
        became = f"mended:{found.mended},left:{found.left}"
        log.info("upkeep.reconciled", extra={"count": found.cases, "result": became})
        return Tally(cases=found.cases, mended=found.mended, left=found.left)


def nightly() -> Schedule:
    """02:30 in Los Angeles. One that still runs is not begun again; one that was missed is made good within a day."""
    hour, minute = AT
    return Schedule(
        action=ScheduleActionStartWorkflow(
            ReconciliationWorkflow.run,
            id=RECONCILE,
            task_queue=CASES,
            static_summary="The records, held against Temporal",
        ),
        spec=ScheduleSpec(
            calendars=[ScheduleCalendarSpec(hour=hour, minute=minute, comment="every night")],
            time_zone_name="America/Los_Angeles",
        ),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP),
        state=ScheduleState(note=NOTE),
    )
