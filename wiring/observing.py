"""What can be seen of Temporal and of the clocks: stuck cases, queues, how far two clocks are apart.

The watcher and the doctor ask the same questions here. Every function raises RPCError when Temporal does not answer.
"""

import asyncio
import contextlib
import secrets
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeTaskQueueResponse,
    PollActivityTaskQueueRequest,
)
from temporalio.client import Client
from temporalio.common import SearchAttributeKey

from policy.verdict import Value
from records.database import reading
from wiring.executions import case_number
from workflows import CASES

PROBLEMS = SearchAttributeKey.for_keyword_list("TemporalReportedProblems")
TROUBLED = f"{PROBLEMS.name} IS NOT NULL AND ExecutionStatus = 'Running'"
CLOCK = "second-opinion-clock"  # a queue without tasks: whoever asks it leaves the server's time there
WITHIN = timedelta(seconds=3)
AT_ONCE = 0.02  # seconds between two looks for the time that we have left there
LOOKS = 25


class QueueSight(Value):
    """A task queue: how many tasks wait, how long the oldest has, who asks for work. Spans in seconds."""

    queue: str
    backlog: int
    backlog_age: float
    pollers: int
    last_poll_age: float | None


async def stuck_cases(client: Client, limit: int) -> dict[str, str]:
    """The cases whose workflow's tasks fail, at most ``limit``, by number, with Temporal's word for the cause."""
    found = {}
    async for workflow in client.list_workflows(TROUBLED, limit=limit):
        if number := case_number(workflow.id):
            found[number] = _cause(workflow.typed_search_attributes.get(PROBLEMS, ()))
    return found


async def look_at(client: Client, queue: str, now: datetime) -> QueueSight:
    """A queue as the server sees it: workflow tasks and steps together."""
    kinds = [TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY]
    if queue == CASES:
        kinds.append(TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW)
    seen = await asyncio.gather(*(_described(client, queue, kind) for kind in kinds))
    polled = [p.last_access_time.ToDatetime(UTC) for described in seen for p in described.pollers]
    return QueueSight(
        queue=queue,
        backlog=sum(described.stats.approximate_backlog_count for described in seen),
        backlog_age=max(described.stats.approximate_backlog_age.ToTimedelta().total_seconds() for described in seen),
        pollers=min(len(described.pollers) for described in seen),
        last_poll_age=(now - max(polled)).total_seconds() if polled else None,
    )


async def temporal_drift(client: Client) -> float | None:
    """How many seconds our clock is ahead of the server's, to some 20 ms; None where it does not say.

    No call answers with the time. A worker's question for work leaves it in the queue's description: so one question is
    asked of a queue of our own that never has any, and taken back.
    """
    who = f"clock-{secrets.token_hex(6)}"
    asked = PollActivityTaskQueueRequest(namespace=client.namespace, task_queue=TaskQueue(name=CLOCK), identity=who)
    before = time.time()
    asking = asyncio.ensure_future(client.workflow_service.poll_activity_task_queue(asked, timeout=WITHIN))
    try:
        for _ in range(LOOKS):
            await asyncio.sleep(AT_ONCE)
            described = await _described(client, CLOCK, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)
            for poller in described.pollers:
                if poller.identity == who:
                    return _ahead(before, poller.last_access_time.ToDatetime(UTC).timestamp())
        return None
    finally:
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await asking


def records_drift(engine: Engine) -> float | None:
    """How many seconds our clock is ahead of the database's; None for SQLite, which has none. Raises RecordsError."""
    if engine.dialect.name != "postgresql":
        return None
    before = time.time()
    with reading(engine) as connection:
        said: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return _ahead(before, said.timestamp())


def _ahead(before: float, theirs: float) -> float:
    """Their time was read somewhere between ``before`` and now: only what lies outside of that is drift."""
    after = time.time()
    return before - theirs if theirs < before else after - theirs if theirs > after else 0.0


async def _described(client: Client, queue: str, kind: "TaskQueueType.ValueType") -> DescribeTaskQueueResponse:
    asked = DescribeTaskQueueRequest(
        namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind, report_stats=True
    )
    return await client.workflow_service.describe_task_queue(asked, timeout=WITHIN)


def _cause(problems: object) -> str:
    """The server's code, as ``WorkflowTaskFailedCauseWorkflowWorkerUnhandledFailure``, without its prefix."""
    given = problems if isinstance(problems, list | tuple) else ()
    said = [str(problem).partition("=")[2] for problem in given if str(problem).startswith("cause=")]
    return (said[0] if said else "unknown").removeprefix("WorkflowTaskFailedCause")
