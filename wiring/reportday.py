"""The schedule of the quarterly report (Procedure 12), and schedules seen to as such: made where they are missing.

It fires on the first seven days of each quarter at 06:00 in Los Angeles; what it begins looks whether the first
business day has come, which no calendar of Temporal's knows.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
)

from policy.calendar import LOS_ANGELES
from workflows import CASES
from workflows.quarterly_report import ReportDayWorkflow

REPORTS = "second-opinion-reports"
CATCH_UP = timedelta(days=14)  # what was missed while the server was away is made good for so long
NOTE = "The quarterly report to the committees (P12), on the first business day. It may be moved or paused here."
log = logging.getLogger(__name__)


def report_days() -> Schedule:
    """06:00 on days 1 to 7 of January, April, July and October in Los Angeles; no year's closed days reach further."""
    days = ScheduleCalendarSpec(
        month=tuple(ScheduleRange(month) for month in (1, 4, 7, 10)),
        day_of_month=(ScheduleRange(1, 7),),
        hour=(ScheduleRange(6),),
        comment="the first days of a quarter",
    )
    return Schedule(
        action=ScheduleActionStartWorkflow(
            ReportDayWorkflow.run, id="report-day", task_queue=CASES, static_summary="Is it the day of the report?"
        ),
        spec=ScheduleSpec(calendars=[days], time_zone_name=LOS_ANGELES.key),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.BUFFER_ONE, catchup_window=CATCH_UP),
        state=ScheduleState(note=NOTE),
    )


async def see_to(client: Client, schedules: Mapping[str, Schedule]) -> list[str]:
    """Makes each schedule that is missing, says which; one that is there stays as people set it. Raises RPCError."""
    made = []
    for name, schedule in schedules.items():
        try:
            await client.create_schedule(name, schedule)
        except ScheduleAlreadyRunningError:
            continue
        made.append(name)
        log.info("schedule.made", extra={"result": name})
    return made
