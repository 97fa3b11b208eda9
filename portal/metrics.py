"""What Prometheus asks for: the portal's requests, and how much work there is. Numbers only, no case, nobody's name."""

import time
from threading import Lock
from typing import Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from sqlalchemy import Engine, Table, func, select

from portal.pages import now
from records import queries
from records.database import reading
from records.errors import RecordsError
from records.tables import INTAKE, KEPT, TASKS, TROUBLES

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
FRESH = 10.0  # seconds for which what was counted in the records holds
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The counters of one application."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "second_opinion_portal_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "second_opinion_portal_request_seconds",
            "How long requests took.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=registry,
        )
        self._work = {
            "open_cases": Gauge("second_opinion_open_cases", "Cases that are open.", registry=registry),
            "overdue_cases": Gauge("second_opinion_overdue_cases", "Open cases, overdue.", registry=registry),
            "open_tasks": Gauge("second_opinion_open_tasks", "Tasks that wait for people.", registry=registry),
            "overdue_tasks": Gauge("second_opinion_overdue_tasks", "Open tasks, overdue.", registry=registry),
            "kept": Gauge("second_opinion_kept_actions", "Actions that no case has answered yet.", registry=registry),
            "unstarted": Gauge("second_opinion_unstarted_requests", "Requests not started yet.", registry=registry),
            "troubles": Gauge("second_opinion_open_troubles", "Cases that something is wrong with.", registry=registry),
        }
        self._up = Gauge("second_opinion_records_up", "1 when the records answered.", registry=registry)
        self._counted: float | None = None
        self._lock = Lock()

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request was answered."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def text(self, engine: Engine) -> bytes:
        """All of it, as Prometheus reads it. The records are asked at most every ten seconds."""
        with self._lock:
            if self._counted is None or time.monotonic() - self._counted >= FRESH:
                self._count(engine)
                self._counted = time.monotonic()
        return generate_latest(self._registry)

    def _count(self, engine: Engine) -> None:
        try:
            counted = work_of(engine)
        except RecordsError:
            self._up.set(0)  # what was counted last stays, and this says that it is old
            return
        self._up.set(1)
        for name, number in counted.items():
            self._work[name].set(number)


def work_of(engine: Engine) -> dict[str, int]:
    """How much there is to do. Raises RecordsError."""
    at, open_task = now(), TASKS.c.ended_at.is_(None)
    return {
        "open_cases": queries.count_cases(engine, open_only=True),
        "overdue_cases": queries.count_cases(engine, overdue_at=at),
        "open_tasks": _number(engine, TASKS, open_task),
        "overdue_tasks": _number(engine, TASKS, open_task, TASKS.c.next_due < at),
        "kept": _number(engine, KEPT),
        "unstarted": _number(engine, INTAKE, INTAKE.c.started_at.is_(None)),
        "troubles": _number(engine, TROUBLES, TROUBLES.c.ended_at.is_(None)),
    }


def metrics_of(app: FastAPI) -> Metrics:
    """The counters of an application, made when they are first asked for."""
    if not hasattr(app.state, "metrics"):
        app.state.metrics = Metrics()
    metrics: Metrics = app.state.metrics
    return metrics


def _number(engine: Engine, table: Table, *conditions: Any) -> int:  # noqa: ANN401 - SQLAlchemy's conditions
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()
