"""The codec server: Temporal's UI sends payloads here to be read in clear, and what somebody types to be encrypted.

For supervisors, administrators and auditors: by the portal's session, or by an access token of the plan's issuer in
``Authorization: Bearer`` (docs/security.md). Other origins than the portal's own are those of a setting. What goes
wrong is answered below 500 wherever asking again would not help: then the UI shows ciphertext at once.
"""

import asyncio
import json
import math
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import Response
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from temporalio.api.common.v1 import Payload

from policy.people import Actor
from portal import session
from portal.access import Room, may_enter
from portal.guard import Throttle, origins
from portal.issuer import IssuerAwayError, NotTrustedError
from portal.oidc import issuer_of, staff_id
from portal.pages import now
from portal.session import NotFound, SignInNeeded, house_of
from records.errors import RecordsError
from records.readings import HistoryReadings
from wiring.casekeys import open_case_keys
from wiring.codec import Codec, CodecRefusal
from wiring.errors import KeyRingError

router = APIRouter(include_in_schema=False, prefix="/codec")

LARGEST = 8 * 1024 * 1024  # bytes of a request: the largest page of a history (4 MB) in base64, and its frame
MOST = 5_000  # payloads in one request
OFTEN, WITHIN = 1_200, 60  # requests of one person in so many seconds: a long history is one for each event
NAMES_A_CASE = re.compile(r"/temporal/namespaces/[^/]+/workflows/so-([A-Z]{2}-\d{4}-\d{6,9}(?:-3)?)(?:/|$)")

SIGN_IN = "Sign in to the portal to read this; or send an access token of the plan's issuer that is valid."
NOT_YOURS = "What cases hold is read here by supervisors, administrators and auditors."
TOO_OFTEN = "Too many requests in a minute. Wait a moment, then load the page again."
TOO_LARGE = f"One request may have {MOST} payloads and {LARGEST >> 20} MB."
NOT_PAYLOADS = 'Send {"payloads": […]} as JSON, as Temporal\'s UI does.'
AWAY = "Who you are cannot be verified just now: the sign-in does not answer."


class CodecAnswer(Exception):  # noqa: N818 - an answer
    """Not what was asked for: a status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@router.options("/{what:path}")
async def preflight(request: Request) -> Response:
    """What a browser asks before a page of another origin may ask (CORS)."""
    allowed = _cors(request)
    if "Access-Control-Allow-Origin" in allowed:
        allowed |= {
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "X-Namespace, Authorization, Content-Type",
            "Access-Control-Max-Age": "600",
        }
    return Response(status_code=204, headers=allowed)


@router.post("/decode")
async def decode(request: Request) -> Response:
    """The payloads in clear; who read which case is a line in that case's ledger."""
    return await _answered(request, _decoded)


@router.post("/encode")
async def encode(request: Request) -> Response:
    """The payloads, encrypted for the case on whose page they were typed."""
    return await _answered(request, _encoded)


async def _decoded(request: Request, who: Actor, given: Sequence[Any]) -> list[Any]:
    payloads = [_payload(one) for one in given]
    readable = [one for one in payloads if one is not None]
    opened = iter(await asyncio.to_thread(codec_of(request).decode, readable, who, now()))
    return [raw if payload is None else _plain(next(opened)) for raw, payload in zip(given, payloads, strict=True)]


async def _encoded(request: Request, _who: Actor, given: Sequence[Any]) -> list[Any]:
    payloads = [_payload(one) for one in given]
    readable = [one for one in payloads if one is not None]
    if len(readable) < len(payloads):
        raise CodecAnswer(400, NOT_PAYLOADS)
    sealed = await asyncio.to_thread(codec_of(request).encode, readable, _case(request))
    return [_plain(one) for one in sealed]


def codec_of(request: Request) -> Codec:
    """The codec, remembered with the application."""
    if not hasattr(request.app.state, "codec"):
        house = house_of(request)
        world = house.world
        keys = open_case_keys(house.settings, world.records)
        request.app.state.codec = Codec(keys, world.case_keys, HistoryReadings(world.records, world.anchorage.hear))
    codec: Codec = request.app.state.codec
    return codec


async def _answered(request: Request, what: Callable[[Request, Actor, list[Any]], Awaitable[list[Any]]]) -> Response:
    headers = _cors(request)
    try:
        who = await _who(request)
        if not _throttle(request).allows(who.id):
            headers["Retry-After"] = str(WITHIN)
            raise CodecAnswer(429, TOO_OFTEN)  # noqa: TRY301
        return _json({"payloads": await what(request, who, await _payloads(request))}, 200, headers)
    except CodecAnswer as why:
        return _json({"message": str(why)}, why.status, headers)
    except CodecRefusal as why:
        return _json({"message": str(why)}, 422, headers)
    except (KeyRingError, RecordsError) as why:
        return _json({"message": str(why)}, 503, headers)


async def _who(request: Request) -> Actor:
    """Who asks, by token where there is one, else by session. Raises CodecAnswer."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind:
        who = await _bearer(request, token.strip()) if kind.casefold() == "bearer" else None
    else:
        try:
            who = session.visit(request).actor
        except SignInNeeded:
            who = None
    if who is None:
        raise CodecAnswer(401, SIGN_IN)
    if not may_enter(who, Room.TEMPORAL):
        raise CodecAnswer(403, NOT_YOURS)
    return who


async def _bearer(request: Request, token: str) -> Actor | None:
    """The member of the staff whose access token it is; None for a token that does not count. Raises CodecAnswer."""
    house = house_of(request)
    if not house.settings.codec_audience:
        return None
    try:
        claims = await issuer_of(request).bearer(token)
    except IssuerAwayError:
        raise CodecAnswer(503, AWAY) from None
    except (NotTrustedError, NotFound):
        return None
    if house.settings.oidc_claim == "email" and claims.get("email_verified") is False:
        return None
    who = staff_id(house, claims.get(house.settings.oidc_claim))
    request.state.staff = who or ""  # for the access log
    return house.person(who) if who else None


async def _payloads(request: Request) -> list[Any]:
    """The payloads, as JSON has them. Raises CodecAnswer."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise CodecAnswer(413, TOO_LARGE)
    try:
        found = json.loads(body, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        raise CodecAnswer(400, NOT_PAYLOADS) from None
    payloads = found.get("payloads") if isinstance(found, dict) else None
    if not isinstance(payloads, list):
        raise CodecAnswer(400, NOT_PAYLOADS)
    if len(payloads) > MOST:
        raise CodecAnswer(413, TOO_LARGE)
    return payloads


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("JSON has no such number")
    return number


def _payload(given: Any) -> Payload | None:  # noqa: ANN401 - JSON
    """One payload; None for what is none, which goes back as it came."""
    try:
        return ParseDict(given, Payload(), ignore_unknown_fields=True) if isinstance(given, dict) else None
    except (ParseError, ValueError, TypeError, RecursionError):
        return None


def _plain(payload: Payload) -> Any:  # noqa: ANN401 - JSON
    return MessageToDict(payload)


def _case(request: Request) -> str:
    """The case on whose page somebody types: the UI names no workflow, but its page's address does, as the referrer.

    Another one's would harm nobody: what is sealed for one case is refused by every other. Raises CodecRefusal.
    """
    page = urlsplit(request.headers.get("referer", ""))
    found = NAMES_A_CASE.match(unquote(page.path)) if page.netloc == request.headers.get("host") else None
    return found[1] if found else ""


def _cors(request: Request) -> dict[str, str]:
    """For a page of an origin that the settings name; a page of ours needs none, and every other one gets none."""
    origin = request.headers.get("origin", "")
    headers = {"Cache-Control": "no-store", "Vary": "Origin"}
    if origin and origin in origins(house_of(request).settings.codec_origins):
        headers |= {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
    return headers


def _throttle(request: Request) -> Throttle:
    if not hasattr(request.app.state, "codec_throttle"):
        request.app.state.codec_throttle = Throttle(attempts=OFTEN, seconds=WITHIN)
    throttle: Throttle = request.app.state.codec_throttle
    return throttle


def _json(body: dict[str, Any], status: int, headers: dict[str, str]) -> Response:
    """In ASCII: half of a surrogate pair, sent back as it came, is no UTF-8."""
    return Response(json.dumps(body), status, headers, media_type="application/json")
