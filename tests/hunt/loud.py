"""``worker`` or ``portal`` with every logger at DEBUG, steps that fail with letters in their errors, and plants.

Run as a program. What it plants stands in a log line and in a number's label, so that the hunt must find it there.
"""

import functools
import logging
import os
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

from fastapi import FastAPI
from temporalio.runtime import Runtime

import cli.browsing
import cli.main
import cli.serving
import worker
import workflows.carrying
from adapters.mailroom import Outbox
from portal.metrics import metrics_of
from records.ledger import CaseLedger

PLANTED = os.environ.get("HUNT_PLANTED", "")
log = logging.getLogger("wiring.hunt")


def loud(set_up: Callable[..., None]) -> Callable[..., None]:
    """Logging at DEBUG, also where a library asks for its own level; and one line that is planted."""

    @functools.wraps(set_up)
    def louder(*given: Any, **named: Any) -> None:
        set_up(*given, **{**named, "level": logging.DEBUG})
        for name in ("temporalio", "sqlalchemy.engine", "sqlalchemy.pool", "uvicorn", "httpx", "asyncio", "pydantic"):
            logging.getLogger(name).setLevel(logging.DEBUG)
        log.info("hunt.planted", extra={"letter": PLANTED})

    return louder


def fails_first(owner: Any, name: str, times: int = 2) -> None:
    """The first calls fail with all that they were given in their errors; they are tried again."""
    real, calls = getattr(owner, name), count()

    @functools.wraps(real)
    def failing(*given: Any, **named: Any) -> Any:
        if next(calls) < times:
            raise RuntimeError(f"{name} cannot go on with {given!r} {named!r}")
        return real(*given, **named)

    setattr(owner, name, failing)


def run_worker() -> int:
    """The worker; a step, a step of the story's own process, and the story itself fail at first."""
    replace(cli.serving, "set_up_logs", loud)
    replace(cli.serving, "set_up_runtime", counting)
    fails_first(Outbox, "post")
    fails_first(CaseLedger, "record")
    fails_first(workflows.carrying, "details")
    sys.argv = ["worker.py"]
    return worker.main()


def run_portal() -> None:
    """The portal."""
    replace(cli.browsing, "set_up_logs", loud)
    replace(cli.browsing, "create_app", observed)
    sys.argv = ["second-opinion", "portal"]
    cli.main.main()


def replace(module: Any, name: str, made_of: Callable[[Any], Any]) -> None:
    setattr(module, name, made_of(getattr(module, name)))


def counting(started: Callable[[str], Runtime]) -> Callable[[str], Runtime]:
    """The runtime, with a number whose label is planted."""

    def runtime(metrics: str = "") -> Runtime:
        made = started(metrics)
        counter = made.metric_meter.create_counter("second_opinion_hunt", "Planted.")
        counter.with_additional_attributes({"planted": PLANTED}).add(1)
        return made

    return runtime


def observed(create: Callable[..., FastAPI]) -> Callable[..., FastAPI]:
    """The application, with a request counted of a route that it does not have."""

    def app(*given: Any) -> FastAPI:
        made = create(*given)
        metrics_of(made).observe("GET", f"/{PLANTED}", 200, 0.1)
        return made

    return app


if __name__ == "__main__":
    sys.exit({"worker": run_worker, "portal": run_portal}[sys.argv[1]]())
