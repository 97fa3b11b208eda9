"""Signing in. The embedded default has a page with the demonstration's cast; OIDC replaces it (``oidc``)."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from portal import session
from portal.guard import Throttle
from portal.pages import bare_page, go
from portal.session import NotFound, house_of

router = APIRouter(include_in_schema=False)
ATTEMPTS = Throttle(attempts=20, seconds=60)
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
BUSY = "Too many attempts. Wait a minute, then try again."


def is_open_house(request: Request) -> bool:
    """Whether anybody may sign in as anybody of the cast: no OIDC, and all of it on this machine."""
    settings = house_of(request).settings
    ours = (settings.portal_host, urlsplit(settings.portal_address).hostname or "")
    return not settings.oidc_issuer and all(_is_loopback(host) for host in ours) and _is_here(request)


@router.get("/signin")
def signin(request: Request, next: str = "/", expired: bool = False) -> Response:  # noqa: A002
    """Who are you?"""
    people = [entry.actor for entry in house_of(request).staff.values()] if is_open_house(request) else []
    oidc = bool(house_of(request).settings.oidc_issuer)
    return bare_page(request, "signin.html", people=people, oidc=oidc, next=safe(next), expired=expired)


@router.post("/signin")
def sign_in(request: Request, who: str = Form(), next: str = Form("/")) -> Response:  # noqa: A002
    """Signs in a member of the cast."""
    if not is_open_house(request):
        raise NotFound
    if not ATTEMPTS.allows(request.client.host if request.client else ""):
        return bare_page(request, "sorry.html", status=429, title="Too many attempts", text=BUSY)
    if house_of(request).person(who) is None:
        return go(request, "/signin", "There is nobody of that name on the staff.", good=False)
    session.begin(request, who)
    return go(request, safe(next))


@router.post("/signout")
def sign_out(request: Request) -> Response:
    """Signs out."""
    session.end(request)
    return go(request, "/signin", "You are signed out.")


def safe(where: str) -> str:
    """A path of ours to go on to; anything else is the first page."""
    is_ours = where.startswith("/") and not where.startswith(("//", "/\\")) and where.isprintable()
    return where if is_ours and not where.startswith("/signin") else "/"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_here(request: Request) -> bool:
    """Whoever comes through a proxy may sit anywhere, though the proxy is here."""
    if any(name in request.headers for name in FORWARDED):
        return False
    return request.client is None or _is_loopback(request.client.host) or request.client.host == "testclient"
