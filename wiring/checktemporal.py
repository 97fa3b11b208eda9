"""What the doctor looks at in Temporal: the server, its namespace, the queues, what is stuck, schedules, the clock."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, GetSystemInfoRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from policy.timeframes import spoken
from wiring.checks import Check, failed, ok, warning
from wiring.devserver import running_server
from wiring.executions import paused
from wiring.observing import QueueSight, look_at, stuck_cases, temporal_drift
from wiring.reportday import REPORTS
from wiring.schedules import RECONCILE
from wiring.settings import Settings
from wiring.temporal import TemporalError, connect, named_cluster
from workflows import QUEUES
from workflows.inspection import SEARCH_ATTRIBUTES

TESTED = (1, 32)  # the server's version that the tests run on
DRIFT, FAR = 2.0, 60.0  # seconds by which two clocks may differ; from which on due times are wrong
OLD = 60.0  # seconds that a task may wait for a worker
SHOWN = 5
CONNECTED_WITHIN, ANSWERED_WITHIN = 1.2, 1.4  # seconds; together less than a check may take
UNSEEN = "cannot be seen while Temporal does not answer"

Asks = Callable[[Client, Settings, datetime], Awaitable[tuple[Check, ...]]]


def drifted(name: str, drift: float, other: str) -> Check:
    """How far this machine's clock and another are apart, in seconds."""
    seen = f"this machine's clock and {other}'s differ by {abs(drift):.1f} s"
    mend = "Let both machines keep time by NTP: the clocks of cases run by the server's time."
    if abs(drift) >= FAR:
        return failed(name, seen, mend)
    return warning(name, seen, mend) if abs(drift) >= DRIFT else ok(name, seen)


async def look_at_temporal(settings: Settings, now: datetime) -> tuple[Check, ...]:
    """The server, and through it all that it knows."""
    try:
        client = await asyncio.wait_for(connect(settings, _embedded(settings)), CONNECTED_WITHIN)
    except (TemporalError, TimeoutError) as away:
        seen, _, mend = (str(away) or f"no answer within {CONNECTED_WITHIN} seconds").partition("; ")
        others = (warning(name, UNSEEN, "Mend the server first.") for name, _ in ASKED)
        return (failed("server", seen, mend or "Check Temporal's environment variables."), *others)
    asked = (_asked(name, ask, client, settings, now) for name, ask in (("server", _server), *ASKED))
    return tuple(check for checks in await asyncio.gather(*asked) for check in checks)


async def _asked(name: str, ask: Asks, client: Client, settings: Settings, now: datetime) -> tuple[Check, ...]:
    try:
        return await asyncio.wait_for(ask(client, settings, now), ANSWERED_WITHIN)
    except TimeoutError:
        return (warning(name, f"no answer within {ANSWERED_WITHIN} seconds", "Look at the server's log and load."),)
    except RPCError as refused:
        return (warning(name, f"the server answered {refused.status.name}", "Ask its operator for leave to read it."),)


def _embedded(settings: Settings) -> str | None:
    running = None if named_cluster() else running_server(settings)
    return running.grpc if running else None


async def _server(client: Client, _settings: Settings, _now: datetime) -> tuple[Check, ...]:
    about = await client.workflow_service.get_system_info(GetSystemInfoRequest(), timeout=timedelta(seconds=2))
    version, where = about.server_version, client.service_client.config.target_host
    seen = f"Temporal {version} at {where}"
    parts = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if parts < TESTED:
        return (warning("server", seen, f"This program is tested with {TESTED[0]}.{TESTED[1]}: upgrade the server."),)
    return (ok("server", seen),)


async def _namespace(client: Client, settings: Settings, _now: datetime) -> tuple[Check, ...]:
    asked = DescribeNamespaceRequest(namespace=client.namespace)
    about = await client.workflow_service.describe_namespace(asked)
    days = about.config.workflow_execution_retention_ttl.ToTimedelta() // timedelta(days=1)
    seen = f"namespace {client.namespace} keeps closed cases' histories for {days} days"
    if days >= settings.retention_days:
        return (ok("retention", seen),)
    mend = (
        f"A closed case can be reopened only so long. Set it to {settings.retention_days} days: temporal operator "
        f"namespace update --retention {settings.retention_days}d -n {client.namespace}"
    )
    return (warning("retention", seen, mend),)


async def _search_attributes(client: Client, _settings: Settings, _now: datetime) -> tuple[Check, ...]:
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    missing = ", ".join(f"{n} ({kind})" for n, kind in SEARCH_ATTRIBUTES.items() if n not in listed.custom_attributes)
    if missing:
        mend = "Start a worker, which adds them; or let the cluster's operator do so."
        return (failed("search attributes", f"the namespace lacks {missing}", mend),)
    return (ok("search attributes", f"all {len(SEARCH_ATTRIBUTES)} are there"),)


async def _queues(client: Client, _settings: Settings, now: datetime) -> tuple[Check, ...]:
    return tuple([_queue(name, await look_at(client, queue, now)) for name, queue in QUEUES.items()])


def _queue(short: str, sight: QueueSight) -> Check:
    name, start = f"queue {sight.queue}", f"second-opinion worker --queue {short}"
    count = {0: "no task waits", 1: "one task waits"}.get(sight.backlog, f"{sight.backlog} tasks wait")
    waits = f"{count}, the oldest for {sight.backlog_age:.0f} s" if sight.backlog else count
    if not sight.pollers:
        return failed(name, f"no worker asks it for work; {waits}", f"Start one: {start}")
    seen = f"{sight.pollers} {'worker asks' if sight.pollers == 1 else 'workers ask'} it for work; {waits}"
    if sight.backlog_age > OLD:
        return warning(name, seen, f"The workers do not keep up, or hang: see their log, and start another: {start}")
    return ok(name, seen)


async def _stuck(client: Client, _settings: Settings, _now: datetime) -> tuple[Check, ...]:
    found = sorted(await stuck_cases(client, 1000))
    if not found:
        return (ok("stuck cases", "none"),)
    some = ", ".join(found[:SHOWN]) + (" and others" if len(found) > SHOWN else "")
    mend = "The worker's log says why; mend it or go back a version, then: second-opinion supervise"
    return (failed("stuck cases", f"{len(found)}: {some}", mend),)


async def _paused(client: Client, _settings: Settings, _now: datetime) -> tuple[Check, ...]:
    found = await paused(client)
    if not found:
        return (ok("paused cases", "none"),)
    some = ", ".join(found[:SHOWN]) + (" and others" if len(found) > SHOWN else "")
    mend = "Nothing done to them is carried out, and their clocks run: temporal workflow unpause -w so-CASE"
    return (warning("paused cases", f"{len(found)}: {some}", mend),)


SCHEDULED = (
    (RECONCILE, "nightly reconciliation", "second-opinion reconcile"),
    (REPORTS, "look for the day of the quarterly report", "second-opinion committee start"),
)


async def _schedules(client: Client, _settings: Settings, _now: datetime) -> tuple[Check, ...]:
    return tuple([await _schedule(client, *one) for one in SCHEDULED])


async def _schedule(client: Client, schedule: str, what: str, instead: str) -> Check:
    try:
        about = await client.get_schedule_handle(schedule).describe()
    except RPCError as refused:
        if refused.status is not RPCStatusCode.NOT_FOUND:
            raise
        mend = f"Start a worker, which makes it; or run now and then: {instead}"
        return warning("schedules", f"the {what} is not scheduled", mend)
    if about.schedule.state.paused:
        mend = f"temporal schedule toggle --unpause --schedule-id {schedule}"
        return warning("schedules", f"the {what} is paused", mend)
    upcoming = next(iter(about.info.next_action_times), None)
    return ok("schedules", f"the next {what}: {spoken(upcoming) if upcoming else 'never'}")


async def _clock(client: Client, _settings: Settings, _now: datetime) -> tuple[Check, ...]:
    drift = await temporal_drift(client)
    if drift is None:
        return (warning("clock of Temporal", "the server does not tell its time", "Compare the machines' clocks."),)
    return (drifted("clock of Temporal", drift, "Temporal"),)


ASKED: tuple[tuple[str, Asks], ...] = (
    ("retention", _namespace),
    ("search attributes", _search_attributes),
    ("queues", _queues),
    ("stuck cases", _stuck),
    ("paused cases", _paused),
    ("schedules", _schedules),
    ("clock of Temporal", _clock),
)
THERE = (("server", look_at_temporal),)
