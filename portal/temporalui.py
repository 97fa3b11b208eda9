"""Temporal's own UI, of the embedded server, through the portal: for those who may read what Temporal keeps.

It has no sign-in of its own. Here it stands behind ours, on one origin with the codec server, which knows by our
session who reads. It is passed on from one fixed address, never another; auditors look and do not act. Our cookie and
whatever else says who somebody is stay here.
"""

import base64
import hashlib
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import urlsplit

import httpx2
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from policy.tasks import IN_CHARGE
from portal import session
from portal.access import Room
from portal.session import NotFound, SignInNeeded, Visit
from wiring.devserver import UI_PATH

router = APIRouter(include_in_schema=False)

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
LOOKING = ("GET", "HEAD")
A_QUERY = re.compile(r"/temporal/api/v1/namespaces/[^/]+/workflows/[^/]+/query/[^/]+")  # a POST that changes nothing
# Markdown, made into a page by the UI's server, which has its own policy for it: no scripts, in a sandbox. Below a path
# of its own that server answers one too deep (UI 2.54.1).
RENDERED, RENDERS = f"{UI_PATH}/render", f"{UI_PATH}{UI_PATH}/render".encode()
FOR_EVER = f"{UI_PATH}/_app/immutable/"
API = f"{UI_PATH}/api/"
PATIENCE = httpx2.Timeout(75, connect=2)  # seconds; the UI waits for a running case's next event for up to a minute
LARGEST_REQUEST = 4 * 1024 * 1024  # bytes; Temporal takes no more
LARGEST_PAGE = 1024 * 1024  # bytes of HTML; it has four thousand
ASKED = ("accept", "accept-language", "content-type", "x-csrf-token", "caller-type")
ANSWERED = (
    "content-type",
    "content-encoding",
    "content-length",
    "content-disposition",
    "etag",
    "last-modified",
    "vary",
)
CSRF = "_csrf"  # the UI's own guard against other sites: a cookie, and a header with the same value
A_COOKIE = re.compile(r"(?:^|, )_csrf=([0-9A-Za-z_-]{8,128})(?:;|$)")
A_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
# Styles in tags are the UI's habit. Scripts are its files, and the one in its page, by its hash.
CSP = (
    "default-src 'none'; script-src 'self'{scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; frame-src 'self'; manifest-src 'self' data:; worker-src 'self'; "
    "form-action 'self'; frame-ancestors 'self'; base-uri 'none'"
)

SIGN_IN = "Your session in the portal has ended. Sign in again, then load this page."
LOOK_ONLY = "Auditors look at cases here and do not act on them."
TOO_LARGE = "This is too large for Temporal: it takes 4 MB."
AWAY = "Temporal's UI does not answer just now; it runs with: second-opinion server."


@router.get(UI_PATH + "/_app/{rest:path}")  # its files, apart from what is asked with them: hundreds for one page
@router.api_route(UI_PATH + "/{rest:path}", methods=METHODS)
async def temporal_ui(request: Request) -> Response:
    """The UI's pages, its files and what they ask."""
    path = request.url.path
    try:
        visit = _visit(request)
    except SignInNeeded:
        if path.startswith(API):
            return _sorry(401, SIGN_IN)
        raise
    if _acts(request) and not visit.actor.has(*IN_CHARGE):
        return _sorry(403, LOOK_ONLY)
    upstream = visit.house.embedded_ui
    if not upstream:
        return _sorry(503, AWAY)
    body = await _body(request)
    if body is None:
        return _sorry(413, TOO_LARGE)
    try:
        found = await _client(request.app).send(_passed_on(request, upstream, body), stream=True)
    except httpx2.HTTPError:
        return _sorry(503, AWAY)
    return await _answer(request, found)


def _acts(request: Request) -> bool:
    """Whether a request changes something."""
    return request.method not in LOOKING and not A_QUERY.fullmatch(request.url.path)


async def close(app: FastAPI) -> None:
    """Ends the connections."""
    if hasattr(app.state, "temporal_ui"):
        await app.state.temporal_ui.aclose()


def _visit(request: Request) -> Visit:
    """Whose visit it is. Raises SignInNeeded or NotFound.

    A page of the UI asks for news for ever, and nobody is at the keyboard; who opens a case asks the codec, too.
    """
    asks_for_news = request.url.path.startswith(API) and not _acts(request)
    visit = session.glance(request) if asks_for_news else session.visit(request)
    if not visit.may_enter(Room.TEMPORAL):
        raise NotFound
    return visit


def _client(app: FastAPI) -> httpx2.AsyncClient:
    if not hasattr(app.state, "temporal_ui"):
        app.state.temporal_ui = httpx2.AsyncClient(timeout=PATIENCE, trust_env=False)  # no proxy of the environment's
    client: httpx2.AsyncClient = app.state.temporal_ui
    return client


def _passed_on(request: Request, upstream: str, body: bytes) -> httpx2.Request:
    """The request as the UI's server gets it: path and query as they came, and only the headers that it needs."""
    headers = {name: request.headers[name] for name in ASKED if name in request.headers}
    is_page = not request.url.path.startswith((API, f"{UI_PATH}/_app/"))
    headers["accept-encoding"] = "identity" if is_page else request.headers.get("accept-encoding", "identity")
    if CSRF in request.cookies:
        headers["cookie"] = f"{CSRF}={request.cookies[CSRF]}"
    parts = urlsplit(upstream)
    query = request.scope["query_string"]
    path = RENDERS if request.url.path == RENDERED else request.scope["raw_path"]
    target = path + (b"?" + query if query else b"")
    url = httpx2.URL(f"{parts.scheme}://{parts.netloc}").copy_with(raw_path=target)
    return httpx2.Request(request.method, url, headers=headers, content=body)


async def _body(request: Request) -> bytes | None:
    """What was sent; None for more than Temporal takes."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_REQUEST:
            return None
    return bytes(body)


async def _answer(request: Request, found: httpx2.Response) -> Response:
    headers = {name: found.headers[name] for name in ANSWERED if name in found.headers}
    is_page = headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers
    headers["Content-Security-Policy"] = CSP.format(scripts="")
    if request.url.path.startswith(FOR_EVER) and found.status_code == 200:
        headers["Cache-Control"] = "private, max-age=31536000, immutable"  # other files have other names
    if found.headers.get("location", "").startswith(f"{UI_PATH}/"):
        headers["Location"] = found.headers["location"]
    if is_page:
        body = await _page(found)
        if body is None:
            return _sorry(503, AWAY)
        own = found.headers.get("content-security-policy", "") if request.url.path == RENDERED else ""
        headers["Content-Security-Policy"] = own or CSP.format(scripts=_hashes(body))
        headers["Content-Length"] = str(len(body))
        answer: Response = Response(body, found.status_code, headers)
    else:
        answer = StreamingResponse(_stream(found), found.status_code, headers)
    _keep_csrf(answer, found.headers.get("set-cookie", ""), secure=request.app.state.house.settings.is_secure)
    return answer


async def _page(found: httpx2.Response) -> bytes | None:
    """A page, whole; None for one that is too large to be the UI's, or is cut off."""
    body = bytearray()
    try:
        async with aclosing(_stream(found)) as parts:
            async for part in parts:
                body += part
                if len(body) > LARGEST_PAGE:
                    return None
    except httpx2.HTTPError:
        return None
    return bytes(body)


async def _stream(found: httpx2.Response) -> AsyncGenerator[bytes]:
    """What comes, as it comes; whoever goes away ends it at both ends."""
    try:
        async for part in found.aiter_raw():
            yield part
    finally:
        await found.aclose()


def _hashes(page: bytes) -> str:
    """The scripts in a page by their hashes, so that no other one ever runs in it."""
    digests = (hashlib.sha256(script).digest() for script in A_SCRIPT.findall(page))
    return "".join(f" 'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def _keep_csrf(answer: Response, cookies: str, *, secure: bool) -> None:
    """The UI's one cookie, kept to its own path; it is for the UI's scripts to read."""
    found = A_COOKIE.search(cookies)
    if found:
        answer.set_cookie(CSRF, found[1], path=UI_PATH, samesite="strict", secure=secure, max_age=86400)


def _sorry(status: int, sentence: str) -> Response:
    """As the UI expects what went wrong."""
    return JSONResponse({"message": sentence}, status)
