"""How programs come in: with a bearer token that has a role. No cookie counts here, so no page can use anybody's."""

from datetime import UTC, datetime
from ipaddress import ip_address

from fastapi import Request

from policy.people import Role
from portal.apiproblems import ApiProblem, Kind, too_often
from portal.guard import Throttle
from portal.session import house_of
from records.tokens import ApiToken, ApiTokens

MINUTE = 60
CALLS, WRONG = 600, 20  # a minute; of one token, and of one address with tokens that are none
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
SHOW = {"WWW-Authenticate": 'Bearer realm="second-opinion"'}


class Programs:
    """The door for programs, of one application. What it counts is counted in this process."""

    def __init__(self, tokens: ApiTokens, *, calls: int = CALLS, wrong: int = WRONG) -> None:
        self.tokens = tokens
        self._calls, self._wrong = Throttle(calls, MINUTE), Throttle(wrong, MINUTE)

    def enter(self, request: Request, roles: tuple[Role, ...]) -> ApiToken:
        """The token that the program shows, if it has one of the roles. Raises ApiProblem and RecordsError."""
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        text = text.strip() if kind.casefold() == "bearer" else ""
        token = self.tokens.known(text, datetime.now(UTC)) if text else None
        if token is None:
            raise self._unknown(request, shown=bool(text))
        request.state.staff = f"token.{token.id}"
        if not self._calls.allows(token.id):
            raise too_often(MINUTE)
        if token.role not in roles:
            raise ApiProblem(Kind.NOT_FOR_YOU, "Ask the administrator for a token with another role.")
        return token

    def _unknown(self, request: Request, *, shown: bool) -> ApiProblem:
        # Only wrong tokens count: who guesses from behind a proxy cannot shut out the programs beside it.
        if shown and not self._wrong.allows(request.client.host if request.client else ""):
            return too_often(MINUTE)
        what = "The token is wrong, ended or revoked" if shown else "Send a token as Authorization: Bearer so_…"
        return ApiProblem(
            Kind.NO_TOKEN, f"{what}; the administrator makes one with: second-opinion tokens new", (), SHOW
        )


def programs_of(request: Request) -> Programs:
    """The door for programs of this application."""
    state = request.app.state
    if not hasattr(state, "programs"):
        state.programs = Programs(ApiTokens(house_of(request).world.records))
    programs: Programs = state.programs
    return programs


def is_from_this_machine(request: Request) -> bool:
    """Whether who asks sits on this machine, and no proxy that does has only passed it on."""
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
