"""Signing in with the organization's own accounts: OpenID Connect, authorization code with PKCE (RFC 7636).

State, nonce and verifier wait in the signed session for at most ten minutes and serve once. What the issuer says of an
error is not repeated: it is text from outside, and may name a person.
"""

import logging
import secrets
import time
from collections.abc import Mapping
from typing import Any

from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from portal import session, signin
from portal.house import House
from portal.issuer import CALLBACK, Issuer, IssuerAwayError, NotTrustedError, UnderWay
from portal.pages import bare_page, go
from portal.session import NotFound, house_of

router = APIRouter(include_in_schema=False)
log = logging.getLogger(__name__)

UNDER_WAY = "oidc"  # the key in the session
PATIENCE = 600.0  # seconds from leaving to coming back

AWAY = "The sign-in at {name} does not answer just now. Try again in a minute."
AGAIN = "This sign-in is not one that was begun here, or it took too long. Start again."
BROKEN_OFF = "The sign-in at {name} was broken off or refused. Start again, or ask whoever runs it."
NOT_TRUSTED = "What {name} answered could not be verified, so nobody is signed in. Start again."
UNKNOWN = "You are signed in at {name}, but not on the staff: ask a supervisor to put you on it."
UNCONFIRMED = "Your e-mail address is not confirmed at {name}. Confirm it there, then start again."


@router.get("/signin/oidc")
async def start(request: Request, next: str = "/", choose: bool = False) -> Response:  # noqa: A002
    """To the issuer."""
    issuer = issuer_of(request)
    under_way = UnderWay(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        next=signin.safe(next)[:1_000],
        begun=time.time(),
    )
    try:
        address = await issuer.begin(under_way, choose=choose)
    except IssuerAwayError:
        return _sorry(request, issuer, 503, AWAY)
    request.session[UNDER_WAY] = under_way.model_dump()
    return RedirectResponse(address, 303)


@router.get(CALLBACK)
async def finish(
    request: Request, code: str = "", state: str = "", error: str = "", iss: str | None = None
) -> Response:
    """Back from the issuer."""
    issuer = issuer_of(request)
    under_way = _under_way(request, state)
    if not signin.ATTEMPTS.allows(request.client.host if request.client else ""):
        return bare_page(request, "sorry.html", status=429, title="Too many attempts", text=signin.BUSY)
    if under_way is None:
        return _sorry(request, issuer, 400, AGAIN)
    if error or not code:
        return _sorry(request, issuer, 400, BROKEN_OFF)
    try:
        claims = await issuer.claims(code, under_way, iss)
    except IssuerAwayError:
        return _sorry(request, issuer, 503, AWAY)
    except OAuthError:
        return _sorry(request, issuer, 400, BROKEN_OFF)
    except NotTrustedError as why:
        log.warning("signin.not_trusted", extra={"problem": type(why.__cause__ or why).__name__})
        return _sorry(request, issuer, 400, NOT_TRUSTED)
    return _enter(request, issuer, claims, under_way.next)


def issuer_of(request: Request) -> Issuer:
    """The issuer, remembered with the application. Raises NotFound when the settings name none."""
    settings = house_of(request).settings
    if not settings.oidc_issuer:
        raise NotFound
    if not hasattr(request.app.state, "issuer"):
        request.app.state.issuer = Issuer(settings)
    issuer: Issuer = request.app.state.issuer
    return issuer


def staff_id(house: House, claimed: object) -> str | None:
    """Whose account it is: the id as it stands, for an e-mail address however it is capitalized."""
    if not isinstance(claimed, str) or not claimed:
        return None
    if house.person(claimed):
        return claimed
    same = [who for who in house.staff if "@" in claimed and who.casefold() == claimed.casefold()]
    return same[0] if len(same) == 1 else None


def _enter(request: Request, issuer: Issuer, claims: Mapping[str, Any], where: str) -> Response:
    house = house_of(request)
    request.session.clear()  # whoever was signed in before is not any more
    if house.settings.oidc_claim == "email" and claims.get("email_verified") is False:
        return _sorry(request, issuer, 403, UNCONFIRMED)
    who = staff_id(house, claims.get(house.settings.oidc_claim))
    if who is None:
        log.warning("signin.unknown_person")
        return _sorry(request, issuer, 403, UNKNOWN, choose=True)
    session.begin(request, who)
    log.info("signin.in", extra={"staff": who})
    return go(request, signin.safe(where))


def _under_way(request: Request, state: str) -> UnderWay | None:
    """The sign-in that this answer belongs to; it serves once."""
    try:
        found = UnderWay.model_validate(request.session.pop(UNDER_WAY, None))
    except ValidationError:
        return None
    is_ours = secrets.compare_digest(found.state.encode(), state.encode())
    return found if is_ours and 0 <= time.time() - found.begun <= PATIENCE else None


def _sorry(request: Request, issuer: Issuer, status: int, text: str, *, choose: bool = False) -> Response:
    said = text.format(name=issuer.name)
    return bare_page(request, "oidc.html", status=status, title="Not signed in", text=said, choose=choose)
