"""A workflow task in which the SDK hands out a local activity's result too late is taken again.

When a query is attached to a workflow task, and a local activity of that task ends while the query is answered, the
SDK's core (found in temporalio 1.35.0) completes the task with the result's marker but tells the story only in the next
task, mixed with whatever came meanwhile. A replay is told in the marker's own task, before what came. Where the order
makes a difference the case can never be replayed again: it is stuck at the next restart, and the Temporal UI cannot
show it. Nobody can keep a supervisor from looking at a case, so the task is failed before the story sees it: the server
gives it out again, and core begins from the history, in its order.

``tests/wiring/test_lateresults.py`` has the defect in a dozen lines: once its first test fails, this can go.
"""

from collections.abc import Callable, Sequence
from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner

Activate = Callable[[WorkflowActivation], WorkflowActivationCompletion]

# What may come with a late result and changes nothing for the story.
HARMLESS = {"query_workflow", "notify_has_patch", "update_random_seed"}


class LateResultError(Exception):
    """A local activity's result came a workflow task too late, with other news: the task is to be taken again."""


class InHistoryOrder(WorkflowRunner):
    """Runs workflows as another runner does, but never tells them anything in an order that the history has not."""

    def __init__(self, inner: WorkflowRunner) -> None:
        self._inner = inner

    def prepare_workflow(self, defn: Any) -> None:  # noqa: ANN401 - a class of the SDK's own
        """Left to the other runner."""
        self._inner.prepare_workflow(defn)

    def set_worker_level_failure_exception_types(self, types: Sequence[type[BaseException]]) -> None:
        """Left to the other runner."""
        self._inner.set_worker_level_failure_exception_types(types)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """A workflow whose activations are looked at first."""
        instance = self._inner.create_instance(det)
        instance.activate = _looking_first(instance.activate)  # type: ignore[assignment, method-assign]
        return instance


def _looking_first(activate: Activate) -> Activate:
    """Raises LateResultError, which fails the workflow task, instead of activating.

    Not in a replay: what core hands out there has the history's order already, and would be handed out so again.
    """
    begun: dict[int, int] = {}  # local activities under way: by number, how long the history was when they began

    def looking(activation: WorkflowActivation) -> WorkflowActivationCompletion:
        local = [
            job.resolve_activity.seq
            for job in activation.jobs
            if job.HasField("resolve_activity") and job.resolve_activity.is_local
        ]
        is_late = any(begun.get(seq, activation.history_length) != activation.history_length for seq in local)
        news = [job for job in activation.jobs if job.WhichOneof("variant") not in HARMLESS]
        if is_late and len(news) > 1 and not activation.is_replaying:
            raise LateResultError
        for seq in local:
            begun.pop(seq, None)
        completion = activate(activation)
        for command in completion.successful.commands:
            if command.HasField("schedule_local_activity"):
                begun[command.schedule_local_activity.seq] = activation.history_length
        return completion

    return looking
