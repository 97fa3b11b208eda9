"""The guard at the portal's door: requests from other sites, from other hosts, too large or too many are turned away.

Cross-site requests are told by ``Sec-Fetch-Site`` and ``Origin`` (as Go 1.25 and Datasette do it): no tokens in forms.
"""

import logging
import time
from collections import deque
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wiring.uncaught import kinds, places

SAFE = ("GET", "HEAD", "OPTIONS")
CODEC = "/codec/"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'{forms}; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",  # health information is left in no cache
}
LARGEST_BODY = 25 * 1024 * 1024  # bytes; an attachment may have 20 MiB
TOO_LARGE = "This is too large; a document may have 20 MB."
FAILED = "Something failed in the portal. It is in its log; go back and try again."
log = logging.getLogger(__name__)


class Guard:
    """Lets through what comes from our own pages and from programs; adds the security headers to every answer."""

    def __init__(
        self, app: ASGIApp, *, hosts: tuple[str, ...], forms: str = "", codec: str = "", secure: bool = False
    ) -> None:
        """``hosts``: the names under which we answer. ``forms``: another origin that forms may lead to (sign-in).

        ``codec``: the origins whose pages may ask the codec server, commas between.
        """
        self._app = app
        self._hosts = frozenset(hosts)
        self._codec = origins(codec)
        self._headers = {**HEADERS, "Content-Security-Policy": CSP.format(forms=f" {forms}" if forms else "")}
        if secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        answer = _Answer(send, self._headers)
        refused = self._refusal(scope, Headers(scope=scope))
        if refused:
            await PlainTextResponse(refused[1], refused[0])(scope, receive, answer)
            return
        try:
            await self._app(scope, _counted(receive), answer)
        except Exception as trouble:
            log.error("portal.failed", extra={"error": kinds(trouble), "place": places(trouble)})  # noqa: TRY400 - no values
            if answer.has_begun:
                raise
            await PlainTextResponse(FAILED, 500)(scope, receive, answer)

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        if _name(headers.get("host", "")) not in self._hosts:
            return 421, "This portal does not answer under that name; see SECOND_OPINION_PORTAL_URL."
        asks_codec = scope["path"].startswith(CODEC) and headers.get("origin") in self._codec
        if scope["method"] not in SAFE and not asks_codec and not _is_from_here(headers):
            return 403, "This request comes from another site. Go back, load the page again, and send it once more."
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            return 400, "The length of what was sent is no number."
        if int(length[:20]) > LARGEST_BODY:
            return 413, TOO_LARGE
        return None


def origins(setting: str) -> frozenset[str]:
    """The origins that a setting names, commas between."""
    return frozenset(filter(None, setting.split(",")))


class _Answer:
    """Sends an answer with our headers."""

    def __init__(self, send: Send, headers: dict[str, str]) -> None:
        self._send, self._headers = send, headers
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
        await self._send(message)


def _is_from_here(headers: Headers) -> bool:
    site = headers.get("sec-fetch-site")
    if site:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == headers.get("host")


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _counted(receive: Receive) -> Receive:
    """What is sent in pieces says no length: it is counted as it comes."""
    so_far = 0

    async def counting() -> Message:
        nonlocal so_far
        message = await receive()
        so_far += len(message.get("body", b""))
        if so_far > LARGEST_BODY:
            raise HTTPException(413, TOO_LARGE)
        return message

    return counting


class Throttle:
    """So many attempts in so many seconds for one key; a door that is tried too often stays shut for the rest."""

    def __init__(self, attempts: int, seconds: float) -> None:
        self._attempts, self._seconds = attempts, seconds
        self._seen: dict[str, deque[float]] = {}

    def allows(self, key: str, now: float | None = None) -> bool:
        """Counts an attempt, and says whether it may go on."""
        now = time.monotonic() if now is None else now
        seen = self._seen.setdefault(key, deque())
        while seen and seen[0] <= now - self._seconds:
            seen.popleft()
        if len(self._seen) > 10_000:  # somebody tries many keys: the oldest are forgotten
            self._seen.pop(next(iter(self._seen)))
        seen.append(now)
        return len(seen) <= self._attempts
