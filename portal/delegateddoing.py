"""Acting on a delegated decision: a form, a confirmation where nothing can be undone, the decision's own answer. P10.

The id of the action is made when the form is shown, so that a double click is one action. An action that nobody answers
is not kept, as that on a case is: the form stands there again, and is sent once more under the same id.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from starlette.datastructures import FormData

from policy.complaints import FieldError
from policy.delegateacting import act
from policy.delegateactions import (
    DELEGATED_ACTIONS,
    DelegatedAction,
    NoteCorrectiveAction,
    PullUpCase,
    SupplementCopy,
    WaiveFinding,
)
from policy.delegatecase import DelegatedState
from policy.particulars import Receipt
from policy.staffaction import StaffAction
from policy.trust import Trust
from portal.access import Room, may_do_delegated
from portal.apidelegated import START_WITHIN
from portal.delegatedseen import Seen, desk_of, offers, seen
from portal.documents import taken_in
from portal.doing import text_of
from portal.forms import Entry, Form, form_for, problems, read_form
from portal.pages import go, now, page
from portal.session import NotFound, Visit, entering
from records.errors import RecordsError
from wiring.delegated import read_delegated_action
from wiring.keys import VaultError
from wiring.questions import Kind, asked_of, shape_of
from wiring.sending import ActionError
from wiring.temporal import TemporalError

router = APIRouter(include_in_schema=False)
log = logging.getLogger(__name__)
Acting = Annotated[Visit, entering(Room.DELEGATED)]

ENVELOPE = frozenset(StaffAction.model_fields)
LABELS = {
    SupplementCopy.SIGNAL: "Take in what came later",
    NoteCorrectiveAction.SIGNAL: "Note a corrective action",
    WaiveFinding.SIGNAL: "Waive a finding",
    PullUpCase.SIGNAL: "Pull the case up",
}
CONFIRMED = (WaiveFinding.SIGNAL, PullUpCase.SIGNAL)  # nothing of this can be undone
DONE = {
    SupplementCopy.SIGNAL: "what came is taken in, and the checks are made again",
    NoteCorrectiveAction.SIGNAL: "the corrective action is noted",
    WaiveFinding.SIGNAL: "the finding is waived, and lowers no score",
    PullUpCase.SIGNAL: "the plan reviews the request itself; its own case is opened",
}
NOT_NOW = "That cannot be done to it now: somebody was faster, or it has come to its end."
NO_OPEN = {
    SupplementCopy.SIGNAL: "Nothing is open in this decision, so there is nothing to take in.",
    WaiveFinding.SIGNAL: "No finding is open, so there is none to waive.",
    PullUpCase.SIGNAL: "It was pulled up before, or its request cannot become a case here.",
}


@dataclass(frozen=True)
class Doing:
    """What a person sets out to do with which decision."""

    visit: Visit
    seen: Seen
    model: type[DelegatedAction]

    @property
    def signal(self) -> str:
        """The action's name."""
        return self.model.SIGNAL

    @property
    def home(self) -> str:
        """The page of the decision."""
        return f"/delegated/{self.seen.number}"


async def doing_of(visit: Visit, number: str, signal: str) -> Doing:
    """What is meant. Raises NotFound for what is not this person's to do."""
    if not may_do_delegated(visit.actor, signal):
        raise NotFound
    return Doing(visit, await seen(visit, number), DELEGATED_ACTIONS[signal])


@router.get("/delegated/{number}/do/{signal}")
async def form_page(visit: Acting, number: str, signal: str, check: str = "") -> Response:
    """The form of an action; with ``check`` the finding that it is about is chosen already."""
    doing = await doing_of(visit, number, signal)
    if signal not in offers(visit.actor, doing.seen):
        return go(visit.request, doing.home, NO_OPEN.get(signal, NOT_NOW), good=False)
    named = check if check in doing.seen.open_checks else ""
    known = {"check": named} if doing.model is WaiveFinding else {"checks": [named] if named else []}
    elements = [element.value for element in doing.seen.packet.letter_elements]
    return _form(doing, {**known, "letter_elements": elements}, action_id=str(uuid4()))


@router.post("/delegated/{number}/do/{signal}")
async def act_on(visit: Acting, request: Request, number: str, signal: str) -> Response:
    """Reads the form, and does what its button says."""
    async with request.form() as sent:
        doing = await doing_of(visit, number, signal)
        action_id = text_of(sent, "action_id")[:100] or str(uuid4())
        body, errors = await _entered(doing, sent)
        if "more" in sent or "back" in sent:
            return _form(doing, body, action_id=action_id)
        asked = signal in CONFIRMED and "confirmed" not in sent
    whole = {**body, "actor": visit.actor.model_dump(mode="json"), "action_id": action_id}
    known = {error.field for error in errors}
    unfit = problems(doing.model, {**whole, "at": now()})
    if errors := (*errors, *(e for e in unfit if e.field not in known)):
        return _form(doing, body, action_id=action_id, errors=errors)
    if asked:
        return _asked_first(doing, body, whole, action_id)
    return await _answered(doing, body, whole, action_id)


async def _entered(doing: Doing, sent: FormData) -> tuple[dict[str, Any], tuple[FieldError, ...]]:
    """What was entered: on a confirmation it is what the form had, else it is read from the inputs."""
    if "body" in sent:
        try:
            body = json.loads(text_of(sent, "body"))
        except ValueError:
            body = None
        return (body, ()) if isinstance(body, dict) else ({}, (FieldError(field="", problem="Enter it once more."),))
    documents, refused = await taken_in(doing.visit.house.world, sent)
    body, unread = read_form(doing.model, sent, skip=ENVELOPE, documents=documents)
    body = without_untouched(doing.model, body)
    if set(body.get("letter_elements", ())) == set(doing.seen.packet.letter_elements):
        body.pop("letter_elements", None)  # as it is already: this brings nothing
    return body, (*unread, *refused)


def without_untouched(model: type[BaseModel], body: Mapping[str, Any]) -> dict[str, Any]:
    """Without the optional groups in which nothing stands but what stood there before: those were not filled in."""
    kept = dict(body)
    for name, field in asked_of(model).items():
        shape = shape_of(field)
        if shape.kind is Kind.RECORD and not field.is_required() and isinstance(kept.get(name), dict):
            usual = {n: to_jsonable_python(f.default) for n, f in asked_of(shape.model).items() if not f.is_required()}
            if all(n in usual and usual[n] == value for n, value in kept[name].items()):
                del kept[name]
    return kept


def _asked_first(doing: Doing, body: dict[str, Any], whole: dict[str, Any], action_id: str) -> Response:
    """The page that shows what will happen; where the decision would refuse it, its refusal at once."""
    refused = _beforehand(doing, whole)
    if refused is not None:
        return _refused(doing, body, refused, action_id)
    return page(
        doing.visit,
        "delegated_confirm.html",
        **_about(doing, action_id),
        answers=_form_of(doing, body).entries,
        body=json.dumps(body, ensure_ascii=False),
    )


def _beforehand(doing: Doing, whole: dict[str, Any]) -> Receipt | None:
    """The refusal that the decision would give now; None where it would not, or does not answer."""
    case = doing.seen.case
    if case is None or case.state is DelegatedState.CLOSED:  # what is closed still takes some: it decides by itself
        return None
    at = now()
    trial = read_delegated_action(doing.signal, {**whole, "action_id": "beforehand", "at": at})
    receipt = act(case.but(trust=Trust()), trial, at).receipt("beforehand")
    return receipt if receipt and not receipt.accepted else None


async def _answered(doing: Doing, body: dict[str, Any], whole: dict[str, Any], action_id: str) -> Response:
    """The decision's answer, as a page."""
    visit = doing.visit
    try:
        receipt = await (await desk_of(visit.house)).act(doing.seen.number, doing.signal, whole)
    except TemporalError as away:
        error = FieldError(field="", problem=f"{away} Nothing was done; what you entered stands below.")
        return _form(doing, body, action_id=action_id, errors=(error,), status=503)
    except ActionError as wrong:
        return _form(
            doing, body, action_id=action_id, errors=wrong.fields or (FieldError(field="", problem=str(wrong)),)
        )
    if not receipt.accepted:
        return _refused(doing, body, receipt, action_id)
    if doing.model is PullUpCase:
        await _open_the_plans_own_case(visit)
    return go(visit.request, doing.home, f"Done: {DONE[doing.signal]}.")


async def _open_the_plans_own_case(visit: Visit) -> None:
    """Starts the case that it became, so that nobody waits for it; the worker does what is not done here."""
    try:
        async with asyncio.timeout(START_WITHIN):
            await (await visit.house.desk()).open_unstarted()
    except (TemporalError, VaultError, RecordsError, TimeoutError):
        log.info("delegated.review_waits", extra={"staff": visit.actor.id})


def _refused(doing: Doing, body: dict[str, Any], receipt: Receipt, action_id: str) -> Response:
    """The form again, with the refusal beside the field that it is about. Another try is another action."""
    clause = f" ({receipt.clause})" if receipt.clause else ""
    why = f"Not done: {receipt.reason}{clause}."
    field = next((e.field for e in receipt.fields if e.field.split(".")[0] in doing.model.model_fields), "")
    fresh = action_id if receipt.action_id == "beforehand" else str(uuid4())
    return _form(doing, body, action_id=fresh, errors=(FieldError(field=field, problem=why),), status=409)


def _form(
    doing: Doing,
    body: Mapping[str, Any],
    *,
    action_id: str,
    errors: tuple[FieldError, ...] = (),
    status: int = 422,
) -> Response:
    form = _form_of(doing, body, errors)
    return page(
        doing.visit,
        "delegated_act.html",
        status=status if errors else 200,
        **_about(doing, action_id),
        form=form,
        asks_first=doing.signal in CONFIRMED,
    )


def _form_of(doing: Doing, body: Mapping[str, Any], errors: tuple[FieldError, ...] = ()) -> Form:
    """The form of the action; of the findings only those that are open can be chosen."""
    form = form_for(doing.model, skip=ENVELOPE, values=body, errors=errors)
    entries = (_of_open_findings(entry, doing.seen) for entry in form.entries)
    return form.model_copy(update={"entries": tuple(entry for entry in entries if entry.codes or not _lists(entry))})


def _of_open_findings(entry: Entry, found: Seen) -> Entry:
    return entry.model_copy(update={"codes": tuple(found.open_checks)}) if _lists(entry) else entry


def _lists(entry: Entry) -> bool:
    return entry.path in ("check", "checks")


def _about(doing: Doing, action_id: str) -> dict[str, Any]:
    return {
        "number": doing.seen.number,
        "signal": doing.signal,
        "label": LABELS[doing.signal],
        "about": doing.model.ABOUT,
        "action_id": action_id,
        "case": doing.seen.case,
        "is_closed": doing.seen.state is DelegatedState.CLOSED,
        "failed": [f for f in doing.seen.failed if f.code in doing.seen.open_checks],
    }
