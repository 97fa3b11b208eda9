"""Intake in the browser: a request is entered in a form made from the model, judged as at every door, and opened.

The external reference is the idempotency key: the form sent twice (a double click, the browser's back) is one case.
"""

import asyncio
import json
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import reduce
from typing import Any

from fastapi import APIRouter
from fastapi import Request as HttpRequest
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.datastructures import FormData

from policy.calendar import local_day
from policy.complaints import FieldError
from policy.request import Attachment, Item, Request
from policy.timeframes import spoken
from policy.verdict import Value
from portal.access import Room
from portal.forms import NEEDED, Entry, Form, form_for, read_form
from portal.house import House
from portal.pages import go, now, page
from portal.session import NotFound, Visit, entering
from records.errors import RecordsError
from wiring.desk import Opened, register
from wiring.intake import IntakeError, read_intake
from wiring.intakehints import hints
from wiring.keys import VaultError
from wiring.questions import Kind, shape_of, within
from wiring.temporal import TemporalError

router = APIRouter(include_in_schema=False)

START_WITHIN = 5.0  # seconds that a door waits for Temporal; the request is registered by then
MORE = "more"  # the button that asks for one more of a list
PROPOSED = "proposed"
REFERENCE = "external_reference"
INFORMATION = (Item.DIAGNOSIS, Item.CLINICAL_HISTORY, Item.TREATMENT_PLAN, Item.TEST_RESULTS, Item.FIRST_OPINION_REPORT)
PEOPLE = ("also_involved", "designated_professional")  # seldom asked: folded away
RECORDS = (Kind.RECORD, Kind.RECORDS)
SAID_OF = re.compile(r"'([a-z_]+)'")
NUMBER = re.compile(r"SO-[0-9]{4}-[0-9]{6,9}")
HERE = Room.INTAKE
ENTERING = entering(HERE)


class Group(Value):
    """Fields that stand together; without a legend each has its own."""

    legend: str
    entries: tuple[Entry, ...]
    is_folded: bool = False


async def receive(house: House, request: Request) -> tuple[Opened, bool]:
    """Registers a request and starts its case; whether that is so now. Raises RecordsError when it is not registered.

    While Temporal is away the worker starts it, or the next door that opens a case.
    """
    opened = await asyncio.to_thread(register, house.world, request, now())
    try:
        async with asyncio.timeout(START_WITHIN):
            await (await house.desk()).open_unstarted()
    except (TemporalError, VaultError, RecordsError, TimeoutError):
        return opened, False
    return opened, True


@router.get("/intake")
def blank(visit: Visit = ENTERING) -> Response:
    """An empty form, with a reference that nobody has had."""
    proposed = f"PORTAL-{local_day(now()):%Y%m%d}-{secrets.token_hex(3).upper()}"
    return _form_page(visit, {REFERENCE: proposed}, proposed=proposed)


@router.post("/intake")
async def enter(request: HttpRequest, visit: Visit = ENTERING) -> Response:
    """Opens the request that was entered, or shows the form again, with all that was typed."""
    async with request.form() as sent:
        return await _entered(visit, sent)


@router.get("/intake/{number}")
def entered(number: str, visit: Visit = ENTERING) -> Response:
    """What became of it."""
    known = visit.house.world.register.request_of(number) if NUMBER.fullmatch(number) else None
    if known is None:
        raise NotFound
    noticed = tuple(FieldError(field=_spelt(hint.field), problem=hint.problem) for hint in hints(known))
    reference = known.external_reference
    return page(visit, "intake_done.html", room=HERE, number=number, reference=reference, hints=noticed)


def _spelt(field: str) -> str:
    """A field's path as people read it: ``Treating provider, fax``."""
    return reduce(within, (part for part in field.split(".") if not part.isdigit()), "")


async def _entered(visit: Visit, sent: FormData) -> Response:
    typed, errors = await _typed(visit.house, sent)
    proposed = str(sent.get(PROPOSED) or "")[:100]
    typed.setdefault(REFERENCE, proposed)
    if sent.get(MORE):
        return _form_page(visit, typed, proposed=proposed)
    found, wrong = await asyncio.to_thread(judged, typed)
    if found is None or errors:
        own = {e.field for e in errors}
        shown = (*errors, *(e for e in wrong if e.field not in own))
        return _form_page(visit, _as_sent(typed, sent, errors), shown, proposed=proposed, status=422)
    opened, is_started = await receive(visit.house, found)
    if not opened.same_content:
        problem = f"This reference is already case {opened.case_number}, with other content. Give another reference."
        wrong = (FieldError(field=REFERENCE, problem=problem),)
        return _form_page(visit, typed, wrong, proposed=proposed, status=409, known=opened.case_number)
    return go(visit.request, f"/intake/{opened.case_number}", _said(opened, is_started=is_started))


def judged(typed: Mapping[str, Any]) -> tuple[Request | None, tuple[FieldError, ...]]:
    """The request, or what is wrong with it by field: as the intake files are judged, in the words of a form."""
    whole = _with_needed(Request, typed)
    try:
        reading = read_intake(
            json.dumps(whole), name="The form", received_at=datetime.now(UTC), folder=None, store=_no_store
        )
    except IntakeError as trouble:
        return None, (FieldError(field="", problem=str(trouble)),)
    if reading.errors:
        return None, tuple(_in_words(e.field, e.problem) for e in reading.errors)
    return reading.submissions[0].request, ()


async def _typed(house: House, sent: FormData) -> tuple[dict[str, Any], tuple[FieldError, ...]]:
    from portal.documents import taken_in  # the rooms know each other only when they are asked

    documents, refused = await taken_in(house.world, sent)
    typed, errors = read_form(Request, sent, documents=documents)
    information = typed.pop("information", [])
    if left := [item for item in information if set(item) - {"item"}]:  # an item that was only proposed is none
        typed["information"] = left
    places = {str(before): str(after) for after, before in enumerate(_places(information))}
    return typed, (*errors, *(_moved(e, places) for e in refused))


def _places(information: list[dict[str, Any]]) -> list[int]:
    return [place for place, item in enumerate(information) if set(item) - {"item"}]


def _moved(error: FieldError, places: Mapping[str, str]) -> FieldError:
    """A document's error, where its item has come to stand; of an item that holds nothing else, on the list."""
    name, *rest = error.field.split(".")
    if name != "information" or not rest:
        return error
    field = ".".join((name, places[rest[0]], *rest[1:])) if rest[0] in places else name
    return error.model_copy(update={"field": field})


def _with_needed(model: type[BaseModel], typed: Mapping[str, Any]) -> dict[str, Any]:
    """With every group of fields that is needed, so that each field that is missing is named, and not the group."""
    whole = dict(typed)
    for name, field in model.model_fields.items():
        shape = shape_of(field)
        if shape.kind is Kind.RECORD and (field.is_required() or name in whole) and shape.model is not Attachment:
            whole[name] = _with_needed(shape.model, whole.get(name) or {})
    return whole


def _in_words(field: str, problem: str) -> FieldError:
    """A problem of an intake file, for people before a form: at a field that is there, and no quoted names."""
    if field == "(whole)" and (said := SAID_OF.findall(problem)):
        field = next((name for name in reversed(said) if name in Request.model_fields), "")
    if re.fullmatch(r"information\.\d+", field):
        return FieldError(field=f"{field}.text", problem="Give a text, a document, or for an address its lines.")
    if problem.startswith(("is missing; give one of", "is missing; give at least one of", "is missing; give true")):
        return FieldError(field=field, problem=NEEDED)
    return FieldError(field=field, problem=f"{problem[:1].upper()}{problem[1:]}.")


def _as_sent(typed: dict[str, Any], sent: FormData, errors: tuple[FieldError, ...]) -> dict[str, Any]:
    """A time that could not be read stands in the form as it was typed."""
    unread = {e.field: sent.get(e.field) for e in errors if "." not in e.field and e.field not in typed}
    return {**typed, **{field: value for field, value in unread.items() if isinstance(value, str)}}


def _form_page(
    visit: Visit,
    typed: Mapping[str, Any],
    errors: tuple[FieldError, ...] = (),
    *,
    proposed: str,
    status: int = 200,
    known: str = "",
) -> Response:
    form = form_for(Request, values=_with_proposals(typed), errors=errors)
    return page(
        visit,
        "intake.html",
        status=status,
        room=HERE,
        form=form,
        groups=_groups(form),
        proposed=proposed,
        known=known,
    )


def _with_proposals(typed: Mapping[str, Any]) -> dict[str, Any]:
    """What a physician needs to know stands in the form, to be filled in; what is left empty does not count."""
    given = list(typed.get("information", ()))
    there = {item.get("item") for item in given}
    return {**typed, "information": [*given, *({"item": str(item)} for item in INFORMATION if item not in there)]}


def _groups(form: Form) -> tuple[Group, ...]:
    plain = tuple(entry for entry in form.entries if entry.kind not in RECORDS)
    people = tuple(entry for entry in form.entries if entry.path in PEOPLE)
    rest = tuple(entry for entry in form.entries if entry not in plain and entry not in people)
    folded = not any(entry.value or entry.path in _wrong(form) for entry in people)
    own = tuple(Group(legend="", entries=(entry,)) for entry in rest)
    return (
        Group(legend="The request", entries=plain),
        *own[:-1],
        Group(legend="More people", entries=people, is_folded=folded),
        own[-1],
    )


def _wrong(form: Form) -> set[str]:
    return {error.field.split(".")[0] for error in form.errors}


def _said(opened: Opened, *, is_started: bool) -> str:
    if not opened.is_new:
        return f"This reference is already case {opened.case_number}, with the same content. Nothing was opened twice."
    if is_started:
        return f"Case {opened.case_number} is open, received {spoken(opened.received_at)}."
    return (
        f"{opened.case_number} is registered, received {spoken(opened.received_at)}; its clocks run. "
        "Temporal does not answer just now: the case starts as soon as it is back."
    )


def _no_store(_name: str, _data: bytes) -> Attachment:
    raise IntakeError("names a file; choose it in the form")
