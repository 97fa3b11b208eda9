"""What nobody caught: its class and its place are told, not what it says, which may be health information."""

import logging
import sys
import threading
import traceback
from types import TracebackType

FRAMES = 6
log = logging.getLogger(__name__)


def places(error: BaseException) -> str:
    """Where an error came from, the innermost place first, without what it says."""
    frames = reversed(traceback.extract_tb(error.__traceback__)[-FRAMES:])
    return " < ".join(f"{'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno}" for frame in frames)


def kinds(error: BaseException) -> str:
    """The class of an error and of what caused it, as ``ActivityError<ApplicationError``."""
    named: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(named) < FRAMES:
        named.append(type(seen).__name__)
        seen = seen.__cause__
    return "<".join(named)


def tell_uncaught() -> None:
    """From now on an exception that ends the program, or a thread, is told by class and place."""
    sys.excepthook = _hook
    threading.excepthook = lambda of: _told(of.exc_value) if of.exc_value else None
    sys.unraisablehook = lambda of: _told(of.exc_value) if of.exc_value else None


def _hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    _told(error)


def _told(error: BaseException) -> None:
    if logging.getLogger().handlers:
        log.critical("process.failed", exc_info=error)
        return
    sys.stderr.write(f"Something failed that nobody foresaw: {kinds(error)} at {places(error)}\n")
