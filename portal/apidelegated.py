"""The API for delegates: a document (PDF), then the packet that names it by its digest. Policy 90.2.17, Procedure 10.

A packet is judged as in a file of packets; tokens, throttles and problems are those of the intake API.
"""

import asyncio
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field

from adapters.documents import MOST_BYTES, DocumentError
from policy.complaints import FieldError
from policy.delegated import DelegatedPacket, MemberMatch, may_be_taken
from policy.request import Attachment
from policy.verdict import Value
from portal.api import MAY_POST
from portal.apibody import body_of, read_request
from portal.apiproblems import ApiProblem, Kind, ProblemRoute
from portal.house import House
from portal.programs import programs_of
from portal.session import house_of
from records.delegatedledger import Registered
from records.errors import RecordsError
from wiring.delegated import DelegationDesk, take_in
from wiring.intake import Wanted
from wiring.keys import VaultError
from wiring.temporal import TemporalError

START_WITHIN = 5.0  # seconds that a door waits for Temporal; the packet is registered by then
PACKETS = Wanted(model=DelegatedPacket, judge=may_be_taken)

router = APIRouter(include_in_schema=False, route_class=ProblemRoute)


class Taken(Value):
    """What became of a packet; the same however often it is sent."""

    number: str = Field(description="The number here.", examples=["DD-2026-000001"])
    external_reference: str = Field(description="Your own number, as you sent it.")
    received_at: AwareDatetime = Field(description="When the copy was received here first.")
    member: MemberMatch = Field(description="What earlier requests say of the member.")


@router.post("/api/documents")
async def post_document(request: Request) -> Response:
    """Takes in one PDF; its digest is then named in a packet."""
    house = house_of(request)
    await asyncio.to_thread(programs_of(request).enter, request, MAY_POST)
    if request.headers.get("content-type", "").partition(";")[0].strip().casefold() != "application/pdf":
        raise ApiProblem(Kind.NOT_JSON, "Send the document with Content-Type: application/pdf.")
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > MOST_BYTES:
            raise ApiProblem(Kind.TOO_LARGE, f"A document has at most {MOST_BYTES // 1024 // 1024} MB.")
    try:
        kept = await asyncio.to_thread(house.world.documents.put, "document.pdf", bytes(data))
    except DocumentError as trouble:
        raise ApiProblem(Kind.FIELDS, str(trouble)) from None
    return JSONResponse(kept.model_dump(mode="json"), 201)


@router.post("/api/delegated")
async def post_packet(request: Request) -> Response:
    """Takes in one packet; the same one twice is one."""
    house = house_of(request)
    await asyncio.to_thread(programs_of(request).enter, request, MAY_POST)
    packet = read_request(await body_of(request), house, PACKETS)
    if not isinstance(packet, DelegatedPacket):
        raise TypeError("a packet was wanted")
    if missing := await asyncio.to_thread(not_stored, house, packet):
        raise ApiProblem(Kind.FIELDS, "A document is not here; nothing was taken in.", missing)
    (entered,) = await asyncio.to_thread(take_in, house.world, (packet,), datetime.now(UTC))
    if not entered.same_content:
        error = FieldError(field="external_reference", problem="was sent before, with other content")
        detail = "Nothing was changed. Send the same content again, or give another reference for a new packet."
        raise ApiProblem(Kind.CONFLICT, detail, (error,))
    await start(house)
    return JSONResponse(_taken(entered).model_dump(mode="json"), 201 if entered.is_new else 200)


def not_stored(house: House, packet: DelegatedPacket) -> tuple[FieldError, ...]:
    """A digest under which nothing lies is a record that nobody has."""
    named: dict[str, Attachment | None] = {
        "record_attachment": packet.record_attachment,
        "letter_attachment": packet.letter_attachment,
    }
    lacking = (f for f, given in named.items() if given and house.world.documents.get(given.sha256) is None)
    problem = "is no document that is stored here; send it to /api/documents first"
    return tuple(FieldError(field=field, problem=problem) for field in lacking)


async def start(house: House) -> bool:
    """Starts the stories that wait, and says whether that is so now; while Temporal is away the worker does."""
    try:
        async with asyncio.timeout(START_WITHIN):
            await house.desk()
            if house.client:
                await DelegationDesk(house.client, house.world).open_unstarted()
    except (TemporalError, VaultError, RecordsError, TimeoutError):
        return False
    return True


def _taken(entered: Registered) -> Taken:
    return Taken(
        number=entered.number,
        external_reference=entered.external_reference,
        received_at=entered.received_at,
        member=entered.match,
    )
