"""Acting on a case: a form, a confirmation where nothing can be undone, the case's answer. Works without JavaScript.

The id of the action is made when the form is shown, so that a double click is one action; the revision is what was
seen, so that nobody acts on what has changed since.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from policy.actions import PlaceOpinion, SubmitConsultation
from policy.complaints import FieldError
from policy.particulars import Receipt
from policy.taskactions import LONGEST_DRAFT, SaveDraft
from policy.tasks import draft_of
from portal.access import Room
from portal.case import ENTERING, SEES_EVERY_CASE
from portal.documents import pdf, taken_in
from portal.doing import NO_TASK, Doing, doing_of, envelope_of, is_over, text_of, whole_of
from portal.forms import Entry, form_for, problems, read_form
from portal.letters import Foreseen, as_pdf, foreseen
from portal.offers import CONFIRMED, DONE, is_final
from portal.pages import go, now, page
from portal.placing import picked, with_proposal
from portal.session import NotFound, Visit
from wiring.desk import ActionError, ActionKept
from wiring.sending import read_action

router = APIRouter(include_in_schema=False)

LONG_DRAFT = f"This is too long for a draft ({LONGEST_DRAFT:,} characters). Send it, or shorten it."


@router.get("/cases/{number}/do/{signal}")
async def form_page(
    number: str,
    signal: str,
    task: str = "",
    letter_key: str = "",
    pick: str = "",
    visit: Visit = ENTERING[Room.CASES],
) -> Response:
    """The form of an action, on a page of its own, with what was drafted before, or the letter that it is about."""
    doing = await doing_of(visit, number, signal, task)
    over = is_over(doing, task)
    if over is not None:
        return over
    draft = draft_of(doing.task) if doing.task and doing.way.model.TASK else {}
    values = {**draft, **({"letter_key": letter_key} if letter_key else {})}
    if pick and signal == PlaceOpinion.SIGNAL:
        chosen, why_not = await picked(visit, doing.number, doing.seen.case, pick)
        errors = (FieldError(field="", problem=why_not),) if why_not else ()
        return _form(doing, {**values, **chosen}, errors=errors, has_draft=bool(draft))
    return _form(doing, values, has_draft=bool(draft))


@router.post("/cases/{number}/do/{signal}")
async def act_on(request: Request, number: str, signal: str, visit: Visit = ENTERING[Room.CASES]) -> Response:
    """Reads the form, and does what its button says."""
    async with request.form() as sent:
        task_id = text_of(sent, "task")
        doing = await doing_of(visit, number, signal, task_id)
        body, errors = await _entered(doing, sent)
        button = next((b for b in BUTTONS if b in sent), "")
        if button:
            return await BUTTONS[button](doing, sent, body, errors)
        return await _wanted(doing, sent, body, errors)


async def _entered(doing: Doing, sent: FormData) -> tuple[dict[str, Any], tuple[FieldError, ...]]:
    """What was entered: on a confirmation it is what the form had, else it is read from the inputs."""
    if "body" in sent:
        try:
            body = json.loads(text_of(sent, "body"))
        except ValueError:
            body = None
        return (body, ()) if isinstance(body, dict) else ({}, (FieldError(field="", problem="Enter it once more."),))
    documents, refused = await taken_in(doing.visit.house.world, sent)
    body, unread = read_form(doing.way.model, sent, skip=doing.way.skip, people=doing.people, documents=documents)
    return body, (*unread, *refused)


async def _more(doing: Doing, sent: FormData, body: dict[str, Any], _: tuple[FieldError, ...]) -> Response:
    """The form once more: with one more member of a list, or to be mended before it is sent."""
    return _form(doing, body, sent=sent)


async def _letter(doing: Doing, sent: FormData, body: dict[str, Any], _: tuple[FieldError, ...]) -> Response:
    """One of the letters that would be sent, as a PDF."""
    found = _foreseen(doing, sent, body)
    wanted = next((p for p in found.letters if p.letter.key == sent["letter"]), None)
    if wanted is None:
        raise NotFound
    made = await asyncio.to_thread(as_pdf, wanted.letter)
    return pdf(made, f"{wanted.letter.file_name}-not-sent.pdf")


async def _draft(doing: Doing, sent: FormData, body: dict[str, Any], _: tuple[FieldError, ...]) -> Response:
    """What was entered so far is kept with the task."""
    draft = json.dumps(body, ensure_ascii=False)
    if doing.task is None:
        return go(doing.visit.request, doing.home, NO_TASK, good=False)
    if len(draft) > LONGEST_DRAFT:
        return _form(doing, body, sent=sent, errors=(FieldError(field="", problem=LONG_DRAFT),))
    kept = {"task_id": doing.task.id, "draft": draft, **envelope_of(doing, str(uuid4()), 0)}
    here = f"{doing.home}/do/{doing.way.signal}?task={doing.task.id}"
    try:
        receipt = await doing.visit.house.send(doing.number, SaveDraft.SIGNAL, kept)
    except ActionKept as later:
        return go(doing.visit.request, here, str(later))
    except ActionError as wrong:
        return _form(doing, body, sent=sent, errors=(FieldError(field="", problem=str(wrong)),))
    if not receipt.accepted:
        return _form(doing, body, sent=sent, refused=receipt)
    return go(doing.visit.request, here, f"Your draft is kept with {doing.task.id}.")


BUTTONS = {"more": _more, "back": _more, "letter": _letter, "draft": _draft}


async def _wanted(doing: Doing, sent: FormData, body: dict[str, Any], errors: tuple[FieldError, ...]) -> Response:
    """The action itself: what is wrong is said, what cannot be undone is asked about, the rest is sent."""
    if doing.way.signal == PlaceOpinion.SIGNAL and "confirmed" not in sent:
        body = await with_proposal(doing.visit, doing.number, doing.seen.case, body)
    whole = whole_of(doing, sent, body)
    known = {error.field for error in errors}
    errors = (*errors, *(e for e in problems(doing.way.model, whole) if e.field not in known))
    if errors:
        return _form(doing, body, sent=sent, errors=errors)
    if doing.way.signal in CONFIRMED and "confirmed" not in sent:
        return _confirm(doing, sent, body)
    return await _answered(doing, sent, body, whole)


async def _answered(doing: Doing, sent: FormData, body: dict[str, Any], whole: dict[str, Any]) -> Response:
    """The case's answer, as a page."""
    request = doing.visit.request
    try:
        receipt = await doing.visit.house.send(doing.number, doing.way.signal, whole)
    except ActionKept as later:
        return go(request, _next(doing), str(later))
    except ActionError as wrong:
        return _form(doing, body, sent=sent, errors=wrong.fields or (FieldError(field="", problem=str(wrong)),))
    if receipt.accepted:
        return go(request, _next(doing), _done(doing, body))
    if any(error.field == "revision" for error in receipt.fields):
        context: dict[str, Any] = {"reason": receipt.reason, "answers": _answers(doing, body)}
        return page(doing.visit, "act-older.html", status=409, number=doing.number, **context)
    if doing.way.is_at_once:
        return go(request, doing.home, _refusal(receipt), good=False)
    return _form(doing, body, sent=sent, refused=receipt)


def _foreseen(doing: Doing, sent: FormData, body: dict[str, Any]) -> Foreseen:
    """What the action would come to, as far as the case answers now. Raises ActionError."""
    if doing.seen.case is None:
        return Foreseen()
    at = now()
    # An id of its own: the same action may have been tried before, and been refused.
    trial = {**whole_of(doing, sent, body), "action_id": "beforehand", "at": at}
    return foreseen(doing.seen.case, read_action(doing.way.signal, trial), at)


def _confirm(doing: Doing, sent: FormData, body: dict[str, Any]) -> Response:
    found = _foreseen(doing, sent, body)
    if found.refusal is not None:
        return _form(doing, body, sent=sent, refused=found.refusal, recorded=False)
    return page(
        doing.visit,
        "confirm.html",
        **_context(doing, sent),
        letters=found.letters,
        is_final=is_final(doing.way.signal, body),
        body=json.dumps(body, ensure_ascii=False),
        answers=_answers(doing, body),
    )


def _form(
    doing: Doing,
    values: Mapping[str, Any],
    *,
    sent: FormData | None = None,
    errors: tuple[FieldError, ...] = (),
    refused: Receipt | None = None,
    recorded: bool = True,
    has_draft: bool = False,
) -> Response:
    """The form with what was entered, and what is wrong. After a refusal the next try is another action."""
    shown = (*errors, *(refused.fields if refused else ()))
    form = form_for(doing.way.model, skip=doing.way.skip, values=values, errors=shown, people=doing.people)
    context = _context(doing, None if refused else sent)
    return page(
        doing.visit,
        "act.html",
        status=422 if shown or refused else 200,
        **context,
        form=form,
        refused=_refusal(refused, recorded=recorded) if refused else "",
        has_draft=has_draft,
    )


def _answers(doing: Doing, body: Mapping[str, Any]) -> tuple[Entry, ...]:
    """What was entered, to be read."""
    return form_for(doing.way.model, skip=doing.way.skip, values=body, people=doing.people).entries


def _context(doing: Doing, sent: FormData | None) -> dict[str, Any]:
    return {
        "number": doing.number,
        "file": doing.seen.file,
        "case": doing.seen.case,
        "task": doing.task,
        "way": doing.way,
        "revision": text_of(sent, "revision") if sent else doing.revision,
        "action_id": (sent and text_of(sent, "action_id")) or str(uuid4()),
        "asks_first": doing.way.signal in CONFIRMED,
    }


def _next(doing: Doing) -> str:
    """Where to go on: a consultant's case is out of sight once the review is given."""
    out_of_sight = doing.way.signal == SubmitConsultation.SIGNAL and not doing.visit.actor.has(*SEES_EVERY_CASE)
    return "/tasks" if out_of_sight else doing.home


def _done(doing: Doing, body: Mapping[str, Any]) -> str:
    task = doing.task.id if doing.task else "the task"
    words = "the request is denied" if is_final(doing.way.signal, dict(body)) else DONE.get(doing.way.signal, "")
    return f"Done: {(words or doing.way.label.lower()).format(task=task, number=doing.number)}."


def _refusal(receipt: Receipt, *, recorded: bool = True) -> str:
    clause = f" ({receipt.clause})" if receipt.clause else ""
    told = " The refusal is part of the case's story." if recorded else " Nothing was sent."
    return f"Refused: {receipt.reason}{clause}.{told}"
