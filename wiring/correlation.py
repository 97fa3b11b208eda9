"""One id from door to letter: made or taken at a door, sent along in Temporal's headers, bound where a step works.

An id from outside is taken only when it can be nothing but an id: hexadecimal digits, as proxies and W3C's Trace
Context write them. Anything else might be a name or a number of a person.
"""

import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Interceptor as ClientInterceptor,
)
from temporalio.client import (
    OutboundInterceptor,
    SignalWorkflowInput,
    StartWorkflowInput,
    StartWorkflowUpdateInput,
    WorkflowHandle,
    WorkflowUpdateHandle,
)
from temporalio.converter import PayloadConverter
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)
from temporalio.worker import (
    Interceptor as WorkerInterceptor,
)

from workflows.correlation import HEADER, CarriesCorrelation

FIELD = "correlation"  # of a log line
REQUEST_ID, TRACEPARENT = "x-request-id", "traceparent"
SOUND = re.compile(r"[0-9a-f]{16,64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def at_a_door(headers: Mapping[str, str] | None = None) -> str:
    """The id for what begins here: the one that a proxy or a program sent, if it is sound, else a new one."""
    given = headers or {}
    asked = given.get(REQUEST_ID, "").lower()
    if is_sound(asked):
        return asked
    trace = TRACE.fullmatch(given.get(TRACEPARENT, "").lower())
    return trace[1] if trace and set(trace[1]) != {"0"} else secrets.token_hex(16)


def is_sound(correlation: str) -> bool:
    """Whether a text can be nothing but an id."""
    return SOUND.fullmatch(correlation) is not None


def current() -> str:
    """The id of what is being done here; empty where nothing came through a door."""
    found = structlog.contextvars.get_contextvars().get(FIELD, "")
    return found if isinstance(found, str) else ""


@contextmanager
def bound(correlation: str) -> Iterator[None]:
    """All that is logged and sent while the block lasts has this id; with an empty one it has none."""
    with structlog.contextvars.bound_contextvars(**{FIELD: correlation}):
        yield


class Correlated(ClientInterceptor, WorkerInterceptor):
    """For a client: what it sends carries the id. Its workers take it over: their steps work, and log, under it."""

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's own name
        """What is sent."""
        return _Sends(next)

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002, ARG002
        """The story."""
        return CarriesCorrelation

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """The steps."""
        return _Works(next)


class _Sends(OutboundInterceptor):
    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:  # noqa: A002
        input.headers = _with_ours(input.headers)
        return await super().start_workflow(input)

    async def signal_workflow(self, input: SignalWorkflowInput) -> None:  # noqa: A002
        input.headers = _with_ours(input.headers)
        await super().signal_workflow(input)

    async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:  # noqa: A002
        input.headers = _with_ours(input.headers)
        return await super().start_workflow_update(input)


class _Works(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ANN401 - whatever it gives
        """Bound for the rest of the step's own task, so that what the SDK says of its end has the id as well."""
        structlog.contextvars.bind_contextvars(**{FIELD: _received(input.headers)})
        began = time.perf_counter()
        given = await super().execute_activity(input)
        log.info("step.done", ms=round((time.perf_counter() - began) * 1000, 1))
        return given


def _with_ours(headers: Mapping[str, Payload]) -> dict[str, Payload]:
    own = current()
    return {**headers, HEADER: PayloadConverter.default.to_payload(own)} if is_sound(own) else dict(headers)


def _received(headers: Mapping[str, Payload]) -> str:
    """The id in the headers of a step; anybody may have sent them."""
    payload = headers.get(HEADER)
    if payload is None:
        return ""
    try:
        found = activity.payload_converter().from_payload(payload)
    except Exception:  # noqa: BLE001 - whatever it is, it is no id, and the step goes on
        return ""
    return found if isinstance(found, str) and is_sound(found) else ""
