"""The first page: to one's own work, or to what one may see."""

from fastapi import APIRouter
from fastapi.responses import Response

from portal.access import Room
from portal.pages import NAVIGATION, go, page
from portal.session import Visiting

router = APIRouter(include_in_schema=False)


@router.get("/")
def home(visit: Visiting) -> Response:
    """To the first room that is this person's; who has none is told so."""
    first = next((href for room, href, _ in NAVIGATION if visit.may_enter(room)), None)
    return go(visit.request, first) if first else page(visit, "home.html")


@router.get("/keyboard")
def keyboard(visit: Visiting) -> Response:
    """The keys that one can press."""
    return page(visit, "keyboard.html", room=Room.HOME)
