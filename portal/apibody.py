"""The body that a program sends: bounded, strictly JSON, one request; and what is wrong with it, by field."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NoReturn

from fastapi import Request
from starlette.datastructures import Headers

from policy.complaints import FieldError
from policy.request import Attachment
from policy.request import Request as SecondOpinionRequest
from portal.apiproblems import ApiProblem, Kind, too_large
from portal.house import House
from wiring.intake import ENVELOPE, REQUESTS, IntakeError, Wanted, read_intake
from wiring.intakefields import shown
from wiring.intakefiles import DEEPEST, Doubled, Flaw, Place, decoded, json_rows

LARGEST = 1024 * 1024  # bytes
MOST_ERRORS = 50
NAME = "The body"
NO_FILE = "names a file; leave it out, and add the document in the portal"
NOT_STORED = "is no document that is stored here; leave it out, and add the document in the portal"


async def body_of(request: Request) -> str:
    """The body's text. Raises ApiProblem for one that is no JSON by its header, too large, or not UTF-8."""
    _check_media_type(request.headers)
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 9 or int(declared) > LARGEST):
        raise too_large()
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise too_large()
    try:
        return decoded(bytes(body), NAME)
    except IntakeError as trouble:
        raise ApiProblem(Kind.UNREADABLE, str(trouble)) from None


def read_request(text: str, house: House, wanted: Wanted = REQUESTS) -> SecondOpinionRequest:
    """The one request that a body holds, if it can be opened now. Raises ApiProblem."""
    value = _value(text)
    if ambiguous := tuple(_ambiguous(value, ()))[:MOST_ERRORS]:
        raise ApiProblem(Kind.UNREADABLE, "The body can be read in more than one way, or not at all.", ambiguous)
    if ours := [name for name in value if name == "demonstration" or value.keys() == ENVELOPE]:
        _refuse(
            tuple(FieldError(field=name, problem="is no field; it belongs into intake files only") for name in ours)
        )
    try:
        reading = read_intake(
            text, name=NAME, received_at=datetime.now(UTC), folder=None, store=_no_store, wanted=wanted
        )
    except IntakeError as trouble:
        raise ApiProblem(Kind.UNREADABLE, str(trouble)) from None
    if reading.errors:
        _refuse(tuple(_for_programs(e.field, e.problem) for e in reading.errors))
    found = reading.submissions[0].request
    if missing := tuple(_not_stored(found, house)):
        _refuse(missing)
    return found


def _check_media_type(headers: Headers) -> None:
    kind, _, rest = headers.get("content-type", "").partition(";")
    charset = rest.replace(" ", "").replace('"', "").casefold()
    if kind.strip().casefold() != "application/json" or charset not in ("", "charset=utf-8"):
        raise ApiProblem(Kind.NOT_JSON, "Send the request with Content-Type: application/json, in UTF-8.")


def _value(text: str) -> dict[str, Any]:
    try:
        rows = json_rows(text, NAME)
    except IntakeError as trouble:
        raise ApiProblem(Kind.UNREADABLE, str(trouble)) from None
    if text.lstrip()[:1] != "{" or len(rows) != 1:
        raise ApiProblem(Kind.UNREADABLE, "Send one request, as one JSON object.")
    value: dict[str, Any] = rows[0].value
    return value


def _ambiguous(value: Any, place: Place) -> Iterator[FieldError]:  # noqa: ANN401 - JSON
    """What JSON does not have, or what two readers would read differently."""
    if isinstance(value, Flaw):
        yield FieldError(field=shown(place), problem=value.problem)
    elif len(place) > DEEPEST:
        yield FieldError(field=shown(place[:3]), problem="is nested too deeply; a request has at most five levels")
    elif isinstance(value, list):
        for at, part in enumerate(value):
            yield from _ambiguous(part, (*place, at))
    elif isinstance(value, dict):
        for key in value.doubled if isinstance(value, Doubled) else ():
            yield FieldError(field=shown((*place, key)), problem="is given more than once; keep one")
        for key, part in value.items():
            yield from _ambiguous(part, (*place, key))


def _for_programs(field: str, problem: str) -> FieldError:
    """In an intake file a document may be named by its path; here it may not."""
    return FieldError(field=field, problem=NO_FILE if "standard input" in problem else problem)


def _not_stored(request: SecondOpinionRequest, house: House) -> Iterator[FieldError]:
    """A digest under which nothing lies would keep the case from being filed, at its end."""
    for place, item in enumerate(request.information):
        if item.attachment and house.world.documents.get(item.attachment.sha256) is None:
            yield FieldError(field=f"information.{place}.attachment", problem=NOT_STORED)


def _refuse(errors: tuple[FieldError, ...]) -> NoReturn:
    what = "One field is" if len(errors) == 1 else f"{len(errors)} fields are"
    raise ApiProblem(Kind.FIELDS, f"{what} not right; nothing was opened.", errors)


def _no_store(_name: str, _data: bytes) -> Attachment:
    raise IntakeError(NO_FILE)
