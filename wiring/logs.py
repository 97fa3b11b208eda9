"""Logging: structlog for our own lines, the same form for everybody else's. Ids only; silence while a case replays."""

import logging
import sys
from typing import Any

import structlog
from structlog.types import EventDict, Processor, WrappedLogger
from temporalio import activity, workflow


def set_up_logs(form: str = "auto") -> None:
    """Sets logging up for a process: ``json``, ``console``, or ``auto`` (console when a person is looking)."""
    as_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    shared: list[Processor] = [
        _silent_in_replay,
        _with_temporal_ids,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    look: Processor = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_WithoutPersons())
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, look], foreign_pre_chain=shared
    )
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("temporalio", "alembic", "sqlalchemy", "pikepdf", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class _WithoutPersons(logging.Filter):
    """Exceptions of libraries may quote what was typed: their class stays, their text and traceback go."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.name.startswith(("temporalio", "sqlalchemy", "pydantic")):
            kind = record.exc_info[0]
            record.msg = f"{record.getMessage().splitlines()[0]} ({kind.__name__ if kind else 'error'})"
            record.args, record.exc_info, record.exc_text = (), None, None
        return True


def _silent_in_replay(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    if workflow.in_workflow() and workflow.unsafe.is_replaying_history_events():
        raise structlog.DropEvent
    return event


def _with_temporal_ids(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    ids: dict[str, Any] = {}
    if activity.in_activity():
        info = activity.info()
        ids = {"workflow_id": info.workflow_id, "activity": info.activity_type, "attempt": info.attempt}
    elif workflow.in_workflow():
        ids = {"workflow_id": workflow.info().workflow_id}
    return {**event, **ids}
