"""The namespace of cases on a cluster: made where there is none, its retention and search attributes set. Repeatable.

The embedded server sees to its own; whoever may do this on a cluster does it once, before the first worker starts.
"""

import asyncio
import time
from collections.abc import Mapping
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError, RPCStatusCode

from policy.verdict import Value
from wiring.searchattributes import add_search_attributes
from wiring.serverlock import ServerError
from wiring.temporal import TemporalError, named_cluster

AGAIN_AFTER = 0.5  # seconds
# The cluster's parts learn of a new namespace one after the other, some of them by looking every ten seconds.
NOT_YET = (RPCStatusCode.NOT_FOUND, RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED)


class Namespace(Value):
    """A namespace as it now is. ``kept_before`` is None where it was made just now; days of retention."""

    name: str
    address: str
    kept_days: int
    kept_before: int | None


async def set_up_namespace(days: int, search_attributes: Mapping[str, str], within: float) -> Namespace:
    """Sees to the namespace that Temporal's environment names, once its cluster serves. ``within`` is in seconds.

    Raises TemporalError when the cluster does not answer in that time, ServerError when none is named, when it refuses,
    or when a search attribute has another type there.
    """
    if not named_cluster():
        raise ServerError("No cluster is named (TEMPORAL_ADDRESS); the embedded server sees to its namespace itself.")
    deadline = time.monotonic() + within
    client = await _serving(deadline)
    try:
        before = await _kept(client)
        await _register(client, days) if before is None else await keep_histories(client, days)
        while True:
            try:
                await add_search_attributes(client, search_attributes)
            except RPCError as trouble:
                if trouble.status not in NOT_YET or time.monotonic() > deadline:
                    raise
                await asyncio.sleep(AGAIN_AFTER)
            else:
                return Namespace(
                    name=client.namespace,
                    address=client.service_client.config.target_host,
                    kept_days=days,
                    kept_before=before,
                )
    except RPCError as trouble:
        raise ServerError(
            f"The cluster does not let us set up the namespace {client.namespace} ({trouble.message}); "
            "ask its operator."
        ) from trouble


async def keep_histories(client: Client, days: int) -> None:
    """Sets how long closed cases' histories are kept. Raises ServerError where it does not stay so, and RPCError."""
    config = NamespaceConfig(workflow_execution_retention_ttl=_for(days))
    update = UpdateNamespaceRequest(namespace=client.namespace, config=config)
    await client.workflow_service.update_namespace(update)
    kept = await _kept(client)
    if kept != days:
        raise ServerError(f"The Temporal server keeps closed cases for {kept} days, not for {days}.")


async def _serving(deadline: float) -> Client:
    """A client without a codec: nothing of a case is sent here, and no key is needed."""
    config = ClientConfig.load_client_connect_config()
    while True:
        try:
            client = await Client.connect(**config)
            if await client.service_client.check_health(timeout=timedelta(seconds=5)):
                return client
            trouble: Exception = TemporalError("it says that it does not serve")
        except (RPCError, RuntimeError, OSError) as error:
            trouble = error
        if time.monotonic() > deadline:
            where = config.get("target_host", "")
            raise TemporalError(
                f"No Temporal server answers at {where}; check TEMPORAL_ADDRESS and its TLS and API key."
            ) from trouble
        await asyncio.sleep(AGAIN_AFTER)


async def _kept(client: Client) -> int | None:
    """Days that closed cases are kept; None where there is no such namespace."""
    try:
        found = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except RPCError as trouble:
        if trouble.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return int(found.config.workflow_execution_retention_ttl.ToTimedelta() / timedelta(days=1))


async def _register(client: Client, days: int) -> None:
    wanted = RegisterNamespaceRequest(
        namespace=client.namespace,
        description="Second-opinion requests (P&P 90.2.17).",
        workflow_execution_retention_period=_for(days),
    )
    try:
        await client.workflow_service.register_namespace(wanted)
    except RPCError as trouble:
        if trouble.status is not RPCStatusCode.ALREADY_EXISTS:  # somebody was faster
            raise


def _for(days: int) -> Duration:
    wanted = Duration()
    wanted.FromTimedelta(timedelta(days=days))
    return wanted
