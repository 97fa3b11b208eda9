"""The portal: the application and its rooms, on one page."""

import hashlib
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.sessions import SessionMiddleware

from adapters.shelf import AdapterError
from portal import (
    acting,
    api,
    apidelegated,
    audit,
    case,
    caselist,
    codec,
    committee,
    delegated,
    delegateddoing,
    delegatedintake,
    delegatedscores,
    directory,
    directoryimport,
    documents,
    health,
    home,
    intake,
    oidc,
    ondemand,
    panel,
    reports,
    signin,
    supervision,
    temporalui,
    worklists,
)
from portal.accesslog import AccessLog
from portal.guard import Guard
from portal.house import House
from portal.pages import bare_page, is_partial
from portal.session import NotFound, SignInNeeded
from records.errors import RecordsError
from wiring.keys import VaultError
from wiring.sending import ActionError, ActionKept
from wiring.settings import Settings, SettingsError
from wiring.temporal import TemporalError
from wiring.world import World

STATIC = Path(__file__).parent / "static"
ROOMS = (
    health,
    signin,
    oidc,
    home,
    worklists,
    caselist,
    case,
    acting,
    documents,
    intake,
    committee,
    delegatedscores,
    delegatedintake,
    delegateddoing,
    delegated,
    directoryimport,
    directory,
    apidelegated,
    api,
    supervision,
    panel,
    ondemand,
    reports,
    audit,
    codec,
    temporalui,
)
log = logging.getLogger(__name__)


def create_app(settings: Settings, world: World) -> FastAPI:
    """The application. Nothing is asked of Temporal before a page needs it."""
    app = FastAPI(
        title="Second Opinion", version="1", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan
    )
    app.state.house = House(settings, world)
    for room in ROOMS:
        app.include_router(room.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for kind, answer in ANSWERS.items():
        app.add_exception_handler(kind, answer)
    secure = settings.is_secure
    app.add_middleware(
        SessionMiddleware,
        secret_key=_secret(settings),
        session_cookie="__Host-second-opinion" if secure else "second-opinion",
        max_age=settings.session_hours * 3600,
        same_site="lax",
        https_only=secure,
    )
    app.add_middleware(
        Guard,
        hosts=_hosts(settings),
        forms=_origin(settings.oidc_issuer),
        codec=settings.codec_origins,
        secure=secure,
    )
    app.add_middleware(AccessLog)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    log.info("portal.opened")
    yield
    await temporalui.close(app)
    log.info("portal.closed")


def _hosts(settings: Settings) -> tuple[str, ...]:
    """The names under which the portal answers: a page elsewhere cannot reach it under another one."""
    given = urlsplit(settings.portal_address).hostname or ""
    return ("127.0.0.1", "localhost", "::1", "testserver", given)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if url else ""


def _secret(settings: Settings) -> str:
    """The key of the session cookies: made once, readable by its owner only. Restarting signs nobody out."""
    file = settings.keys_folder / "session.key"
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as made:
            made.write(os.urandom(32).hex())
    except FileExistsError:
        pass
    return hashlib.sha256(file.read_bytes()).hexdigest()


async def _sign_in_first(request: Request, why: Exception) -> Response:
    expired = isinstance(why, SignInNeeded) and why.expired
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    where = f"/signin?next={quote(here if request.method == 'GET' else '/')}{'&expired=1' if expired else ''}"
    if is_partial(request):
        return Response(status_code=204, headers={"HX-Redirect": where})
    return Response(status_code=303, headers={"Location": where})


async def _not_found(request: Request, _why: Exception) -> Response:
    text = "There is no such page, or it is not for your role."
    return bare_page(request, "sorry.html", status=404, title="Not found", text=text)


async def _http_error(request: Request, why: Exception) -> Response:
    status = why.status_code if isinstance(why, HTTPException) else 500
    if status == 404:
        return await _not_found(request, why)
    return bare_page(request, "sorry.html", status=status, title="That did not work", text="Go back and try again.")


async def _away(request: Request, why: Exception) -> Response:
    """Something that we need is away; the sentence says what."""
    return bare_page(request, "sorry.html", status=503, title="Not available just now", text=str(why))


async def _refused(request: Request, why: Exception) -> Response:
    return bare_page(request, "sorry.html", status=400, title="That did not work", text=str(why))


ANSWERS = {
    SignInNeeded: _sign_in_first,
    NotFound: _not_found,
    HTTPException: _http_error,
    TemporalError: _away,
    RecordsError: _away,
    AdapterError: _away,
    SettingsError: _away,
    VaultError: _away,
    ActionKept: _away,
    ActionError: _refused,
}
