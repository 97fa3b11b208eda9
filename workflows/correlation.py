"""What a door's message and all that follows from it have in common is carried through the story, unread, in headers.

The start of a case, a signal or an update brings it; steps, children and new runs that the case asks for afterwards
take it along. It costs no command and no event, and a replay does not look at it. What time does on its own carries
what the last message brought.
"""

from typing import Any, NoReturn

from temporalio.api.common.v1 import Payload
from temporalio.worker import (
    ContinueAsNewInput,
    ExecuteWorkflowInput,
    HandleSignalInput,
    HandleUpdateInput,
    SignalChildWorkflowInput,
    SignalExternalWorkflowInput,
    StartActivityInput,
    StartChildWorkflowInput,
    StartLocalActivityInput,
    WorkflowInboundInterceptor,
    WorkflowOutboundInterceptor,
)

HEADER = "correlation"


class CarriesCorrelation(WorkflowInboundInterceptor):
    """Keeps the header of the message that came last, for what goes out."""

    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        """What goes out passes by us."""
        self._outbound = _Outbound(outbound)
        super().init(self._outbound)

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002, ANN401 - the SDK's own
        """The case begins. A signal that came with the start has been handled before, and stays."""
        if self._outbound.carried is None:
            self._take(input.headers)
        return await super().execute_workflow(input)

    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002
        """Somebody acts."""
        self._take(input.headers)
        await super().handle_signal(input)

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002, ANN401
        """Somebody acts, and waits for the answer."""
        self._take(input.headers)
        return await super().handle_update_handler(input)

    def _take(self, headers: Any) -> None:  # noqa: ANN401 - a mapping of payloads
        self._outbound.carried = headers.get(HEADER, self._outbound.carried)


class _Outbound(WorkflowOutboundInterceptor):
    carried: Payload | None = None

    def start_activity(self, input: StartActivityInput) -> Any:  # noqa: A002, ANN401
        return super().start_activity(self._with(input))

    def start_local_activity(self, input: StartLocalActivityInput) -> Any:  # noqa: A002, ANN401
        return super().start_local_activity(self._with(input))

    async def start_child_workflow(self, input: StartChildWorkflowInput) -> Any:  # noqa: A002, ANN401
        return await super().start_child_workflow(self._with(input))

    async def signal_child_workflow(self, input: SignalChildWorkflowInput) -> None:  # noqa: A002
        await super().signal_child_workflow(self._with(input))

    async def signal_external_workflow(self, input: SignalExternalWorkflowInput) -> None:  # noqa: A002
        await super().signal_external_workflow(self._with(input))

    def continue_as_new(self, input: ContinueAsNewInput) -> NoReturn:  # noqa: A002
        super().continue_as_new(self._with(input))

    def _with(self, input: Any) -> Any:  # noqa: A002, ANN401 - one of the inputs above
        if self.carried is not None:
            input.headers = {**input.headers, HEADER: self.carried}
        return input
