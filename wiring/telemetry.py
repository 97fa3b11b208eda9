"""The SDK's runtime of a process: its log lines go through our logging, its numbers and ours out at one address.

The worker's numbers are gauges of the SDK's own meter, so that one address tells both. Codes and counts only.
"""

import logging
from dataclasses import dataclass, field
from functools import cached_property

from temporalio.common import MetricGaugeFloat, MetricMeter
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from wiring.serverlock import ServerError
from wiring.settings import PREFIX

PREFIXED = "second_opinion_"


def set_up_runtime(metrics: str = "") -> Runtime:
    """The runtime of all clients that this process makes from now on. ``metrics``: host:port for Prometheus, or none.

    As it comes, the SDK's core writes to the terminal on its own, and what it writes may quote payloads. Raises
    ServerError for an address that cannot be used.
    """
    logs = LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
        forwarding=LogForwardingConfig(logger=logging.getLogger("temporalio.core")),
    )
    prometheus = PrometheusConfig(bind_address=metrics, unit_suffix=True) if metrics else None
    try:
        runtime = Runtime(telemetry=TelemetryConfig(logging=logs, metrics=prometheus))
    except (RuntimeError, ValueError) as trouble:
        raise ServerError(
            f"The worker's numbers cannot be shown at {metrics}: set {PREFIX}WORKER_METRICS to a free address."
        ) from trouble
    Runtime.set_default(runtime, error_if_already_set=False)
    return runtime


@dataclass
class WorkerMetrics:
    """What the watcher knows, for Prometheus. Times are UNIX seconds, spans are seconds."""

    meter: MetricMeter = field(default_factory=lambda: MetricMeter.noop)

    @cached_property
    def heartbeat(self) -> MetricGaugeFloat:
        """When the watcher last looked: older than a minute, and the worker hangs."""
        return self._gauge("worker_heartbeat_timestamp_seconds", "When this worker last looked around.")

    @cached_property
    def temporal_up(self) -> MetricGaugeFloat:
        """Whether Temporal answers."""
        return self._gauge("temporal_up", "1 when Temporal answered this worker.")

    @cached_property
    def stuck(self) -> MetricGaugeFloat:
        """Cases whose workflow's tasks fail."""
        return self._gauge("stuck_cases", "Cases whose workflow tasks fail (TemporalReportedProblems).")

    @cached_property
    def backlog_age(self) -> MetricGaugeFloat:
        """By queue: how long the oldest task has waited for a worker."""
        return self._gauge("queue_backlog_age_seconds", "How long the oldest task of a queue has waited.")

    @cached_property
    def backlog(self) -> MetricGaugeFloat:
        """By queue: how many tasks wait for a worker."""
        return self._gauge("queue_backlog_tasks", "How many tasks of a queue wait for a worker.")

    @cached_property
    def pollers(self) -> MetricGaugeFloat:
        """By queue: how many workers have asked for work in the last five minutes."""
        return self._gauge("queue_pollers", "Workers that asked a queue for work within five minutes.")

    @cached_property
    def poll_age(self) -> MetricGaugeFloat:
        """By queue: how long ago the last worker asked. A poll waits a minute, so that up to 70 is sound."""
        return self._gauge("queue_last_poll_age_seconds", "How long ago a worker last asked a queue for work.")

    @cached_property
    def drift(self) -> MetricGaugeFloat:
        """By the other clock (temporal, records): how far ours is ahead of it."""
        return self._gauge("clock_drift_seconds", "How far this machine's clock is ahead of another one.")

    def _gauge(self, name: str, about: str) -> MetricGaugeFloat:
        return self.meter.create_gauge_float(PREFIXED + name, about)
