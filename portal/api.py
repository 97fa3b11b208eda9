"""The intake API: programs (a fax gateway, an EHR, another plan's system) send requests and ask how they stand.

The judgement of a request is that of the intake files (``wiring/intake``), so that every door says the same.
"""

import asyncio
import re
from datetime import UTC, datetime
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field
from sqlalchemy import select

from policy.complaints import FieldError
from policy.lifecycle import Outcome, Stage
from policy.people import Role
from policy.request import Request as SecondOpinionRequest
from policy.tasks import TaskKind
from policy.verdict import Value
from portal.apibody import body_of, read_request
from portal.apidescription import description, example_text
from portal.apiproblems import ApiProblem, Kind, ProblemRoute
from portal.house import House
from portal.intake import receive
from portal.pages import bare_page
from portal.programs import programs_of
from portal.session import house_of
from records import queries
from records.database import reading
from records.intake import digest
from records.tables import INTAKE
from records.tokens import ApiToken
from wiring.desk import Opened
from wiring.intakehints import hints

MAY_POST = (Role.INTAKE, Role.CASE_MANAGER, Role.SUPERVISOR, Role.ADMINISTRATOR)
MAY_READ = (*MAY_POST, Role.AUDITOR)
NUMBER = re.compile(r"SO-[0-9]{4}-[0-9]{6,9}")
KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")
POSTED = ("requests", "delegated", "documents")  # the last two are answered in apidelegated
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]

router = APIRouter(include_in_schema=False, route_class=ProblemRoute)


class Received(Value):
    """What became of a request; the same however often it is sent."""

    number: str = Field(description="The case number.", examples=["SO-2026-000001"])
    external_reference: str = Field(description="Your own number, as you sent it.")
    received_at: AwareDatetime = Field(description="When it was received here first; the clocks start then.")


class Accepted(Received):
    """A request that has its number, and what somebody should look at in it; the hints refuse nothing."""

    hints: tuple[FieldError, ...] = Field((), description="What somebody should look at, by field; nothing is refused.")


class Waiting(Value):
    """Whose turn it is."""

    task: TaskKind
    roles: tuple[Role, ...]
    due: AwareDatetime | None


class Standing(Received):
    """How a request stands."""

    status: Literal["registered", "open", "closed"] = Field(description="registered: its case begins soon.")
    stage: Stage | None = None
    outcome: Outcome | None = None
    decision_due: AwareDatetime | None = Field(None, description="Until when the plan decides.")
    next_due: AwareDatetime | None = Field(None, description="What falls due next.")
    waits_for: tuple[Waiting, ...] = ()


@router.post("/api/requests")
async def post_request(request: Request) -> Response:
    """Receives a second-opinion request; the same one twice is one case."""
    house, token = house_of(request), await _entering(request, MAY_POST)
    submitted = read_request(await body_of(request), house)
    await _claim(request, token, submitted)
    opened, _ = await receive(house, submitted)
    if not opened.same_content:
        raise _conflict("external_reference", "was sent before, with other content")
    headers = {"Location": f"/api/requests/{opened.case_number}"}
    return _json(_accepted(opened, submitted), status=201 if opened.is_new else 200, headers=headers)


@router.get("/api/requests/{number}")
async def get_request(request: Request, number: str) -> Response:
    """How a request stands."""
    await _entering(request, MAY_READ)
    found = await asyncio.to_thread(_standing, house_of(request), number) if NUMBER.fullmatch(number) else None
    if found is None:
        raise ApiProblem(Kind.NOT_FOUND, "There is no request of that number; it looks like SO-2026-000001.")
    return _json(found)


@router.get("/api/openapi.json")
def openapi() -> Response:
    """The description for programs."""
    return JSONResponse(description(Accepted, Standing))


@router.get("/api")
def page(request: Request) -> Response:
    """The description for people."""
    address = house_of(request).settings.portal_address
    return bare_page(request, "api.html", address=address, kinds=list(Kind), example=example_text())


@router.api_route("/api/{rest:path}", methods=METHODS)
def nothing(rest: str) -> Response:
    """Whatever else is asked for under this path."""
    allowed = {**dict.fromkeys(POSTED, "POST"), "openapi.json": "GET"}.get(rest)
    if allowed is None and re.fullmatch("requests/[^/]+", rest):
        allowed = "GET"
    if allowed is None:
        raise ApiProblem(Kind.NOT_FOUND, "There is nothing here; /api says what there is.")
    raise ApiProblem(Kind.NO_METHOD, f"Use {allowed} here; /api says how.", headers={"Allow": allowed})


async def _entering(request: Request, roles: tuple[Role, ...]) -> ApiToken:
    return await asyncio.to_thread(programs_of(request).enter, request, roles)


async def _claim(request: Request, token: ApiToken, submitted: SecondOpinionRequest) -> None:
    """The same key with other content is a mistake of the program. Without a key the reference alone counts."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return
    if not KEY.fullmatch(key):
        errors = (FieldError(field="Idempotency-Key", problem="has 1 to 255 printable ASCII characters"),)
        raise ApiProblem(Kind.UNREADABLE, "The header Idempotency-Key cannot be used.", errors)
    tokens, at = programs_of(request).tokens, datetime.now(UTC)
    if not await asyncio.to_thread(tokens.claim, token.id, key, digest(submitted), at):
        raise _conflict("Idempotency-Key", "was used before, for other content")


def _conflict(field: str, what: str) -> ApiProblem:
    detail = "Nothing was changed. Send the same content again, or give another value for a new request."
    return ApiProblem(Kind.CONFLICT, detail, (FieldError(field=field, problem=what),))


def _accepted(opened: Opened, submitted: SecondOpinionRequest) -> Accepted:
    return Accepted(
        number=opened.case_number,
        external_reference=opened.external_reference,
        received_at=opened.received_at,
        hints=hints(submitted),
    )


def _standing(house: House, number: str) -> Standing | None:
    """From the records alone: the register knows a request before its case begins."""
    with reading(house.world.records) as connection:
        columns = (INTAKE.c.external_reference, INTAKE.c.received_at)
        row = connection.execute(select(*columns).where(INTAKE.c.case_number == number)).first()
    if row is None:
        return None
    received: dict[str, Any] = {
        "number": number,
        "external_reference": row.external_reference,
        "received_at": row.received_at,
    }
    found = queries.case(house.world.records, number)
    if found is None:
        return Standing(**received, status="registered")
    return Standing(
        **received,
        status="closed" if found.case.closed_at else "open",
        stage=found.case.stage,
        outcome=found.case.outcome,
        decision_due=found.case.decision_due,
        next_due=found.case.next_due,
        waits_for=tuple(
            Waiting(task=task.kind, roles=task.roles, due=task.next_due) for task in found.tasks if not task.ended_at
        ),
    )


def _json(value: Value, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(value.model_dump(mode="json"), status, headers)
