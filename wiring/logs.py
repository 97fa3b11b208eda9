"""Logging, the same for every door and worker: structlog's lines and everybody else's in one form.

A line is a constant event with fields of an allow-list (``wiring/logfields.py``). Of what a library says only one of a
few known phrases is shown, with the class and the place of its error: the text may quote what somebody typed.
"""

import logging
import re
import sys
from pathlib import Path
from typing import Any, TextIO

import structlog
from structlog.types import EventDict, Processor, WrappedLogger
from temporalio import activity, workflow

from wiring.logfields import EVENT, FIELDS, NAME, fit
from wiring.uncaught import kinds, places, tell_uncaught

OURS = ("policy", "workflows", "activities", "records", "adapters", "wiring", "portal", "cli", "bench")
KEPT = (
    "level",
    "correlation",
    "workflow_id",
    "activity",
    "attempt",
    "exc_info",
)  # bound by us; the rest is a library's
UNNAMED, SAID = "log.unnamed", "library.said"
TARGET = re.compile(r"^\[[^\]]*::[^\]]*\] ")  # what the SDK's core puts before its lines
A_CASE = re.compile(r"\bso-([A-Z]{1,3}-\d{4}-\d{6,}(?:-3)?)\b")

# What libraries say of which an operator wants to know more than the line of their source: constants of theirs.
PHRASES = (
    "Failed deserializing signal input",
    "Failed activation on workflow",
    "Failed converting activation exception",
    "Failed handling activation on workflow",
    "Failed handling query",
    "Completing activity as failed",
    "Completing as failure during heartbeat",
    "Failed completing activity task",
    "Failing workflow task",
    "Error while completing workflow activation",
    "Network error while completing workflow",
    "Workflow task not found when completing",
    "gRPC call",
    "Exception in ASGI application",
    "Task exception was never retrieved",
    "Task was destroyed but it is pending",
    "[TMPRL1100] Nondeterminism error",
    "[TMPRL1101] Potential deadlock detected",
    "SMTP session exception",
)


def set_up_logs(form: str = "auto", stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Sets logging up for a process: ``json``, ``console``, or ``auto`` (console when a person is looking).

    ``stream``: where lines go; standard error without it. ``level``: from which on our own lines are written.
    """
    stream = stream or sys.stderr
    as_json = form == "json" or (form == "auto" and not stream.isatty())
    look: Processor = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[structlog.stdlib.add_log_level, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _Lines(stream)
    handler.addFilter(_is_wanted)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                _silent_in_replay,
                structlog.contextvars.merge_contextvars,
                _with_temporal_ids,
                _allowed,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                look,
            ],
            foreign_pre_chain=[structlog.stdlib.add_log_level],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in list(root.manager.loggerDict):  # a library that came first may have ways of its own, past ours
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
    logging.captureWarnings(True)  # a warning of pydantic's quotes the value that it is about
    tell_uncaught()


class _Lines(logging.StreamHandler[TextIO]):
    """A line that cannot be written is told of by a constant; the library's own way prints message and arguments."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's own name
        """A record whose arguments do not fit its message, or a stream that is gone."""
        try:
            self.stream.write(f'{{"event": "log.failed", "place": "{_line_of(record)}", "level": "error"}}\n')
        except (OSError, ValueError):
            return  # nobody listens


def _is_wanted(record: logging.LogRecord) -> bool:
    """Of libraries only what is wrong: the SDK's DEBUG holds payloads, and whoever turns it on gets none of it."""
    return record.levelno >= (logging.INFO if _is_ours(record) else logging.WARNING)


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.split(".")[0] in OURS


def _silent_in_replay(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    if workflow.in_workflow() and workflow.unsafe.is_replaying_history_events():
        raise structlog.DropEvent
    return event


def _with_temporal_ids(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    if activity.in_activity():
        info = activity.info()
        event.update(workflow_id=info.workflow_id, activity=info.activity_type, attempt=info.attempt)
    elif workflow.in_workflow():
        event["workflow_id"] = workflow.info().workflow_id
    return event


def _allowed(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Only what the allow-list has, each value looked at; where no error was given, one of a library's is told of."""
    record: logging.LogRecord = event.pop("_record")
    event.pop("_from_structlog")
    from_us = _is_ours(record)
    given: dict[str, Any] = {**_extras(record), **event} if from_us else _of_a_library(record, event)
    if from_us and not EVENT.fullmatch(str(given["event"])):
        given |= {"event": UNNAMED, "place": _line_of(record)}
    if error := _error(given.pop("exc_info", None) or record.exc_info):
        given |= {"error": kinds(error), "place": places(error) or _line_of(record)}
    given.setdefault("logger", record.name)
    for name in given.keys() - FIELDS.keys():
        _report(name)
    return {name: fit(name, given[name]) for name in FIELDS if name in given}


def _of_a_library(record: logging.LogRecord, event: EventDict) -> dict[str, Any]:
    said = TARGET.sub("", str(event["event"]))
    kept = {name: event[name] for name in KEPT if name in event}
    found = A_CASE.search(said)
    case = {"case": found[1]} if found else {}
    phrase = next((phrase for phrase in PHRASES if said.startswith(phrase)), "")
    problem = re.sub(r"[^A-Za-z0-9]+", "_", phrase).strip("_").lower()
    return {**kept, **case, "event": SAID, "problem": problem, "place": _line_of(record)}


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD and not name.startswith("_")}


_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
_reported: set[str] = set()


def _report(name: str) -> None:
    """A field that was left out is told of once, by its name."""
    if name not in _reported:
        _reported.add(name)
        plain = name if NAME.fullmatch(name) else "(no_plain_name)"
        logging.getLogger(__name__).warning("log.field_dropped", extra={"field": plain})


def _error(found: Any) -> BaseException | None:  # noqa: ANN401 - what logging and structlog take for it
    if isinstance(found, tuple):
        found = found[1]
    if found is True:
        found = sys.exc_info()[1]
    return found if isinstance(found, BaseException) else None


def _line_of(record: logging.LogRecord) -> str:
    return f"{Path(record.pathname).parent.name}/{Path(record.pathname).name}:{record.lineno}"
