"""What Temporal says of the runs of cases' workflows, and of reports', asked past the SDK, which knows no paused ones.

The SDK (1.35) raises ValueError where a paused workflow is in an answer. Here its status is mapped by us, in one place.
Every function raises RPCError when Temporal does not answer.
"""

from collections.abc import AsyncIterator
from datetime import timedelta

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest, ListWorkflowExecutionsRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from policy.committee.order import is_report_number
from wiring.comparing import Run, RunStatus
from workflows import workflow_id
from workflows.quarterly_report import report_workflow_id

PAGE = 1000
WITHIN = timedelta(seconds=10)
RUNNING = "ExecutionStatus = 'Running'"
PAUSED = "ExecutionStatus = 'Paused'"
TERMINATED = "ExecutionStatus = 'Terminated'"
STATUSES = {
    1: RunStatus.RUNNING,
    2: RunStatus.COMPLETED,
    3: RunStatus.FAILED,
    4: RunStatus.CANCELLED,
    5: RunStatus.TERMINATED,
    6: RunStatus.CONTINUED,
    7: RunStatus.TIMED_OUT,
    8: RunStatus.PAUSED,
}


def workflow_of(number: str) -> str:
    """The id of the workflow of a case, or of a report before the committees."""
    return report_workflow_id(number) if is_report_number(number) else workflow_id(number)


async def listed(client: Client, query: str, most: int | None = None) -> AsyncIterator[WorkflowExecutionInfo]:
    """The executions that a visibility query finds, page by page, at most so many."""
    token, count = b"", 0
    while True:
        asked = ListWorkflowExecutionsRequest(
            namespace=client.namespace,
            query=query,
            page_size=PAGE if most is None else min(PAGE, most),
            next_page_token=token,
        )
        page = await client.workflow_service.list_workflow_executions(asked, retry=True, timeout=WITHIN)
        for info in page.executions:
            if most is not None and count >= most:
                return
            count += 1
            yield info
        token = page.next_page_token
        if not token:
            return


async def runs(client: Client, query: str) -> AsyncIterator[Run]:
    """The runs of cases that a visibility query finds. It lags behind by moments: ask ``newest_run`` before acting."""
    async for info in listed(client, query):
        if number := case_number(info.execution.workflow_id):
            yield Run(number=number, run_id=info.execution.run_id, status=_status(info))


async def paused(client: Client) -> list[str]:
    """The cases whose workflow is paused; none on a server that knows no pause."""
    try:
        return sorted([run.number async for run in runs(client, PAUSED)])
    except RPCError as trouble:
        if trouble.status is RPCStatusCode.INVALID_ARGUMENT:
            return []
        raise


async def runs_of(client: Client, number: str) -> list[Run]:
    """All runs that Temporal keeps of a case, the newest first. ``number`` is one of ours, with no quote in it."""
    found = [info async for info in listed(client, f"WorkflowId = '{workflow_of(number)}'")]
    found.sort(key=lambda info: (info.start_time.ToNanoseconds(), not info.HasField("close_time")), reverse=True)
    return [Run(number=number, run_id=info.execution.run_id, status=_status(info)) for info in found]


async def newest_run(client: Client, number: str) -> Run | None:
    """The newest run of a case, as Temporal's own store has it; None where it has none."""
    asked = DescribeWorkflowExecutionRequest(
        namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_of(number))
    )
    try:
        said = await client.workflow_service.describe_workflow_execution(asked, retry=True, timeout=WITHIN)
    except RPCError as trouble:
        if trouble.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    info = said.workflow_execution_info
    was_reset = said.workflow_extended_info.HasField("last_reset_time")
    return Run(number=number, run_id=info.execution.run_id, status=_status(info), was_reset=was_reset)


def case_number(of_workflow: str) -> str:
    """The number in a workflow's id; empty for what is neither a case's nor a report's."""
    for prefix in (workflow_id(""), report_workflow_id("")):
        number = of_workflow.removeprefix(prefix)
        if number != of_workflow and workflow_of(number) == of_workflow:
            return number
    return ""


def _status(info: WorkflowExecutionInfo) -> RunStatus:
    return STATUSES.get(int(info.status), RunStatus.UNKNOWN)
