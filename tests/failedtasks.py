"""Which workflow tasks of a history failed, and why.

One that was taken again because a result came late (docs/adr/0021) is no failure: any look at a case may cost it.
"""

from collections.abc import Iterable

from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent

from wiring.lateresults import LateResultError

TAKEN_AGAIN = LateResultError.__name__


def reasons(events: Iterable[HistoryEvent]) -> list[str]:
    """The kind of each failed task's error; of one that the server broke off, the server's word for it."""
    found = []
    for event in events:
        if event.HasField("workflow_task_failed_event_attributes"):
            failed = event.workflow_task_failed_event_attributes
            found.append(failed.failure.application_failure_info.type or WorkflowTaskFailedCause.Name(failed.cause))
    return found


def failed_tasks(events: Iterable[HistoryEvent]) -> list[str]:
    """The same, without those that were only taken again."""
    return [reason for reason in reasons(events) if reason != TAKEN_AGAIN]
