"""What a history costs: events, workflow tasks, billable actions and bytes. The counts are exact, run for run."""

from collections import Counter
from dataclasses import asdict, dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHandle

# What Temporal Cloud bills as one action each, as far as it occurs here.
BILLABLE = (
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    EventType.EVENT_TYPE_TIMER_STARTED,
    EventType.EVENT_TYPE_MARKER_RECORDED,
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
)


@dataclass(frozen=True)
class Costs:
    """The costs of one case. ``size`` in bytes."""

    events: int
    workflow_tasks: int
    actions: int
    size: int

    def exact(self) -> dict[str, int]:
        """The figures that stay the same to the last digit."""
        return {name: figure for name, figure in asdict(self).items() if name != "size"}


def costs(events: list[HistoryEvent]) -> Costs:
    """The costs of a history."""
    kinds = Counter(event.event_type for event in events)
    return Costs(
        events=len(events),
        workflow_tasks=kinds[EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED],
        actions=sum(kinds[kind] for kind in BILLABLE),
        size=sum(event.ByteSize() for event in events),
    )


async def costs_of(handle: WorkflowHandle) -> Costs:  # type: ignore[type-arg]
    """The costs of a case that has ended."""
    return costs([event async for event in handle.fetch_history_events()])
