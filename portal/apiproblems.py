"""What programs are told when something is wrong: ``application/problem+json`` (RFC 9457), never with what was sent."""

import logging
from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from adapters.shelf import AdapterError
from policy.complaints import FieldError
from policy.verdict import Value
from records.errors import RecordsError
from wiring.settings import SettingsError

MEDIA_TYPE = "application/problem+json"
AWAY = (RecordsError, AdapterError, SettingsError, TimeoutError)
log = logging.getLogger(__name__)


class Kind(Enum):
    """The kinds of problems: what ``type`` leads to (a place in ``/api``), the status, the title."""

    UNREADABLE = ("unreadable", 400, "This cannot be read")
    NO_TOKEN = ("no-token", 401, "A token is needed")
    NOT_FOR_YOU = ("not-for-you", 403, "This is not for the token's role")
    NOT_FOUND = ("not-found", 404, "There is no such thing")
    NO_METHOD = ("no-method", 405, "This cannot be done here")
    CONFLICT = ("conflict", 409, "The same was sent with other content")
    TOO_LARGE = ("too-large", 413, "This is too large")
    NOT_JSON = ("not-json", 415, "This is not JSON")
    FIELDS = ("fields", 422, "Fields are not right")
    TOO_OFTEN = ("too-often", 429, "Too many requests")
    AWAY = ("away", 503, "Not available just now")

    def __init__(self, slug: str, status: int, title: str) -> None:
        self.slug, self.status, self.title = slug, status, title


class Problem(Value):
    """The body of every answer that is not a good one (RFC 9457)."""

    type: str = Field(description="The kind of problem, as a place in the page /api.", examples=["/api#fields"])
    title: str = Field(description="The kind of problem in words; always the same for a type.")
    status: int = Field(description="The status of the answer.", ge=400, le=599)
    detail: str = Field(description="What is wrong this time, and how to mend it.")
    errors: tuple[FieldError, ...] = Field(
        (), description="What is wrong with which field; the field's path is dotted, as member.name.family."
    )


class ApiProblem(Exception):  # noqa: N818 - it becomes an answer
    """Something is wrong with a request of a program."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        errors: tuple[FieldError, ...] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind, self.headers = kind, headers
        self.body = Problem(
            type=f"/api#{kind.slug}", title=kind.title, status=kind.status, detail=detail, errors=errors
        )

    def answer(self) -> Response:
        """The problem as an answer."""
        return JSONResponse(
            self.body.model_dump(mode="json"), self.kind.status, headers=self.headers, media_type=MEDIA_TYPE
        )


FORESEEN = (ApiProblem, *AWAY, ClientDisconnect, HTTPException)


class ProblemRoute(APIRoute):
    """A route whose every trouble is a problem document, and no page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with its troubles answered."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except FORESEEN as trouble:
                return problem_of(trouble).answer()

        return handled


def problem_of(trouble: Exception) -> ApiProblem:
    """A trouble as a problem; what is no program's business (paths, hosts) goes into the log. Raises the unforeseen."""
    match trouble:
        case ApiProblem():
            return trouble
        case _ if isinstance(trouble, AWAY):
            log.error("api.away", extra={"told": trouble})
            return ApiProblem(Kind.AWAY, "Something that we need is away; try again later.", headers=_later(30))
        case ClientDisconnect():
            return ApiProblem(Kind.UNREADABLE, "The connection ended before all of the body had come.")
        case HTTPException(status_code=413):
            return too_large()
        case HTTPException(status_code=status) if status < 500:
            return ApiProblem(Kind.UNREADABLE, "The request cannot be read.")
    raise trouble


def too_large() -> ApiProblem:
    """The problem of a body that is too large."""
    return ApiProblem(Kind.TOO_LARGE, "The body has more than 1 MB; send one request at a time.")


def too_often(seconds: int) -> ApiProblem:
    """The problem of a program that comes too often."""
    return ApiProblem(Kind.TOO_OFTEN, f"Wait {seconds} seconds, then try again.", headers=_later(seconds))


def _later(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)}
