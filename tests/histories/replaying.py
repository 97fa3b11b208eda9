"""A replay that also says what has become of the case, or report: the replayer itself compares only the commands."""

from pathlib import Path
from typing import Any

from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.worker import (
    ExecuteWorkflowInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from policy.storied import Storied
from wiring.encryption import PLAIN
from wiring.temporal import build_replayer
from workflows import workflow_id


class _Onlooker(Interceptor):
    """Keeps hold of the workflow that is replayed.

    The SDK hands interceptors into the sandbox as they are, and the sandbox passes ``policy`` through: what is seen
    here is the case, or a report's file, itself.
    """

    def __init__(self) -> None:
        self._seen: list[Any] = []

    @property
    def kept(self) -> Storied | None:
        """What the workflow keeps: asked after the replay, at the workflow's end or where the history breaks off."""
        if not self._seen:
            return None
        kept = getattr(self._seen[-1], "case", None) or getattr(self._seen[-1], "file", None)
        return kept if isinstance(kept, Storied) else None

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002, ARG002
        """An interceptor that changes nothing."""
        seen = self._seen

        class Looking(WorkflowInboundInterceptor):
            async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002 - the SDK's own name
                seen.append(workflow.instance())
                return await super().execute_workflow(input)

        return Looking


async def replayed(
    history: WorkflowHistory, converter: DataConverter = PLAIN
) -> tuple[Exception | None, Storied | None]:
    """What the replayer objects to, if anything, and the case or report after the replay, in the sandbox."""
    onlooker = _Onlooker()
    result = await build_replayer(onlooker, converter=converter).replay_workflow(history, raise_on_replay_failure=False)
    return result.replay_failure, onlooker.kept


def recorded_history(file: Path) -> WorkflowHistory:
    """A history from its file."""
    return WorkflowHistory.from_json(workflow_id(file.stem), file.read_text(encoding="utf-8"))
