"""One log line for each request: which page, how it ended, how long it took, who. No addresses as typed, no bodies.

The page is named by its route (``/cases/{number}``): what stands in a path or behind a question mark may be anything.
"""

import re
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.metrics import metrics_of
from portal.session import WHO
from wiring.correlation import at_a_door, bound

log: structlog.stdlib.BoundLogger = structlog.get_logger("portal.access")

REQUEST_ID = "X-Request-ID"
STAFF_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,79}")
# Asked for every few seconds, or hundreds at a time.
QUIET = ("/healthz", "/readyz", "/metrics", "/static", "/temporal/_app/{rest:path}")
UNKNOWN = "(none)"


class AccessLog:
    """Writes the line, counts the request, and binds the id of all that it leads to; the answer has it, too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        correlation, started, status = at_a_door(Headers(scope=scope)), time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = correlation
            await send(message)

        with bound(correlation):
            try:
                await self._app(scope, receive, noting)
            finally:
                _note(scope, status, time.perf_counter() - started)


def _note(scope: Scope, status: int, seconds: float) -> None:
    route, method = route_of(scope), _method(scope)
    metrics_of(scope["app"]).observe(method, route, status, seconds)
    write = log.debug if route in QUIET and status < 500 else log.info
    write(
        "portal.request",
        method=method,
        route=route,
        status=status,
        ms=round(seconds * 1000, 1),
        staff=_staff(scope),
    )


def route_of(scope: Scope) -> str:
    """The template of the route that answered; one word for all that there is not."""
    return str(getattr(scope.get("route"), "path", "") or UNKNOWN)


def _method(scope: Scope) -> str:
    """A method that somebody made up would be free text."""
    method = str(scope["method"])
    return method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "OTHER"


def _staff(scope: Scope) -> str:
    """Who asked: a member of the staff, or a program's token; empty for nobody."""
    who = scope.get("state", {}).get("staff") or (scope.get("session") or {}).get(WHO, "")
    return who if isinstance(who, str) and STAFF_ID.fullmatch(who) else ""
