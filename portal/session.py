"""Who is signed in: a signed cookie that ends when nobody uses it for a while, and after a working day at the latest.

It holds the account and two times, nothing else: roles are looked up in the staff file at each request, so that whoever
is taken off it is out at once.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, Request

from policy.people import Actor
from portal.access import Room, may_enter
from portal.house import House

WHO, SINCE, SEEN = "who", "since", "seen"


class SignInNeeded(Exception):  # noqa: N818 - no error: the way to the sign-in page
    """Nobody is signed in, or not any more (``expired``)."""

    def __init__(self, *, expired: bool = False) -> None:
        super().__init__("sign in")
        self.expired = expired


class NotFound(Exception):  # noqa: N818
    """There is no such page, or it is not this person's to see; both look the same."""


@dataclass(frozen=True)
class Visit:
    """One request by a person who is signed in."""

    request: Request
    house: House
    actor: Actor

    def may_enter(self, room: Room) -> bool:
        """Whether this person may see a part of the portal."""
        return may_enter(self.actor, room)


def begin(request: Request, who: str) -> None:
    """Signs a person in: a session of its own, nothing of an earlier one is left."""
    now = _now()
    request.session.clear()
    request.session.update({WHO: who, SINCE: now, SEEN: now})


def end(request: Request) -> None:
    """Signs out."""
    request.session.clear()


def house_of(request: Request) -> House:
    """The house, for every page."""
    house: House = request.app.state.house
    return house


def visit(request: Request) -> Visit:
    """The visit, for pages that want somebody signed in. Raises SignInNeeded."""
    found = glance(request)
    if request.headers.get("x-refresh") is None:  # a page that refreshes itself is nobody at the keyboard
        request.session[SEEN] = _now()
    return found


def glance(request: Request) -> Visit:
    """The visit, of a page that asks by itself: the session does not last longer by it. Raises SignInNeeded."""
    house, session = house_of(request), request.session
    actor = house.person(str(session.get(WHO, ""))) if session else None
    if actor is None:  # a sentence to be shown, or a sign-in under way, is no session that has ended
        raise SignInNeeded(expired=WHO in session)
    if not _is_fresh(session, house):
        end(request)
        raise SignInNeeded(expired=True)
    return Visit(request=request, house=house, actor=actor)


Visiting = Annotated[Visit, Depends(visit)]


def entering(room: Room) -> Any:  # noqa: ANN401 - a dependency
    """The visit, for the pages of a part of the portal. Raises SignInNeeded or NotFound."""

    def enter(visiting: Visiting) -> Visit:
        if not visiting.may_enter(room):
            raise NotFound
        return visiting

    return Depends(enter)


def _is_fresh(session: dict[str, Any], house: House) -> bool:
    idle = timedelta(minutes=house.settings.session_idle_minutes).total_seconds()
    longest = timedelta(hours=house.settings.session_hours).total_seconds()
    now = _now()
    return now - float(session.get(SEEN, 0)) <= idle and now - float(session.get(SINCE, 0)) <= longest


def _now() -> float:
    return datetime.now(UTC).timestamp()
