"""The guard at a case's door: whatever a signal or an update brings, it is a recorded refusal and never harms the case.

Without it a signal with the wrong number of arguments wedges the case for ever, and a handler that raises can fail it.
"""

from typing import Any, Protocol, runtime_checkable

from temporalio import workflow
from temporalio.exceptions import ApplicationError, is_cancelled_exception
from temporalio.worker import (
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)


@runtime_checkable
class KeepsRefusals(Protocol):
    """A workflow that remembers what it had to refuse."""

    def refuse(self, signal: str, reason: str) -> None:
        """Remember that a signal was refused."""


class GuardSignals(Interceptor):
    """Puts the guard before every workflow of a worker."""

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002, ARG002
        """The guard."""
        return _Guard


class _Guard(WorkflowInboundInterceptor):
    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002 - the SDK's own name
        try:
            await super().handle_signal(input)
        except Exception as trouble:  # the text may hold what was typed: only its class is kept
            if is_cancelled_exception(trouble):
                raise
            _refuse(input.signal, input.args, trouble)

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002, ANN401 - the SDK's own
        try:
            return await super().handle_update_handler(input)
        except Exception as trouble:  # the update fails, for its sender; the workflow task, and so the case, does not
            if is_cancelled_exception(trouble):
                raise
            _refuse(input.update, input.args, trouble)
            raise ApplicationError(f"refused: {type(trouble).__name__}", type="Refused") from None


def _refuse(signal: str, args: Any, trouble: Exception) -> None:  # noqa: ANN401 - whatever was sent
    instance = workflow.instance()
    if isinstance(instance, KeepsRefusals):
        count = len(args)
        reason = f"a signal takes one JSON object, this had {count}" if count != 1 else type(trouble).__name__
        instance.refuse(signal, reason)
