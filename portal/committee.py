"""Reports before the committees: the list, one report's way, and acting on it. Policy 90.2.17, Procedure 12.

The id of an action is made when its form is shown, so that a double click is one action. An action that nobody answers
is not kept: the form stands there again, and is sent once more under the same id.
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData
from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError

from policy.calendar import local_day
from policy.committee.actions import (
    COMMITTEE_ACTIONS,
    AcceptReport,
    ActionStep,
    CommitteeStep,
    CompleteAction,
    DecideAction,
    DiscussReport,
    HandOverAction,
    NoteFollowUp,
    PostponeAction,
    PresentReport,
    WithdrawAction,
)
from policy.committee.file import CommitteeFile
from policy.complaints import FieldError
from policy.people import Actor
from policy.report.period import parsed, quarter_before
from policy.request import LineOfBusiness
from policy.staffaction import StaffAction
from portal.access import Room, may_do_committee, may_order_reports
from portal.delegateddoing import without_untouched
from portal.doing import text_of
from portal.forms import form_for, problems, read_form
from portal.pages import go, now, page
from portal.session import NotFound, Visit, entering
from records import committees
from records.committees import ReportFile, ReportRow
from wiring.committees import CommitteeDesk, order_of
from wiring.sending import ActionError
from wiring.temporal import TemporalError

router = APIRouter(include_in_schema=False)
Reading = Annotated[Visit, entering(Room.COMMITTEE)]
ANSWER_WITHIN = 3.0  # seconds; then the page is shown without what only the workflow knows
SKIPPED = frozenset({*StaffAction.model_fields, *DecideAction.BY_THE_DOOR})
LABELS = {
    PresentReport.SIGNAL: "Present it to a committee",
    DiscussReport.SIGNAL: "Keep what was said",
    AcceptReport.SIGNAL: "Accept it",
    DecideAction.SIGNAL: "Decide an action",
    NoteFollowUp.SIGNAL: "Note what came of it",
    CompleteAction.SIGNAL: "Complete it",
    HandOverAction.SIGNAL: "Give it to another",
    PostponeAction.SIGNAL: "Give it more time",
    WithdrawAction.SIGNAL: "Withdraw it",
}


@router.get("/committee")
def reports(visit: Reading) -> Response:
    """The reports, and what committees decided that is open."""
    return _reports(visit)


@router.post("/committee")
async def order(visit: Reading, request: Request) -> Response:
    """A report is asked for. One that is there stays as it is."""
    if not may_order_reports(visit.actor):
        raise NotFound
    async with request.form() as sent:
        given = {name: text_of(sent, name).strip() for name in ("period", "line", "corrects")}
    try:
        lines = [LineOfBusiness(given["line"])] if given["line"] in tuple(LineOfBusiness) else []
        ordered = order_of(
            visit.house.world, parsed(given["period"]), lines, asked_by=visit.actor.id, corrects=given["corrects"]
        )
        asked = await (await _desk(visit)).start(ordered)
    except (ValueError, ActionError) as unfit:
        return _reports(visit, given, str(unfit), status=422)
    except TemporalError as away:
        return _reports(visit, given, str(away), status=503)
    if not await _is_recorded(visit, asked.number):
        said = f"The report {asked.number} is asked for. It stands here once a worker has taken it up."
        return go(visit.request, "/committee", said)
    said = "is begun" if asked.is_new else "is there, and stays as it is"
    return go(visit.request, f"/reports/{asked.number}/committee", f"The report {asked.number} {said}.")


@router.get("/reports/{number}/committee")
async def report(visit: Reading, number: str) -> Response:
    """One report's way through the committees."""
    found = _found(visit, number)
    file = await _live(visit, number)
    found = committees.brought_up_to(found, file, now()) if file else found
    is_read = visit.may_enter(Room.REPORTS)
    return page(
        visit,
        "committee.html",
        block="whole",
        stored=await asyncio.to_thread(visit.house.world.reports.find, number) if is_read else None,
        corrected_by=await asyncio.to_thread(_correction, visit, found.report),
        names=_names(visit),
        number=number,
        row=found.report,
        file=file,
        found=found,
        offers=[s for s in _offered(visit.actor, found) if not issubclass(COMMITTEE_ACTIONS[s], ActionStep)],
        on_actions=[s for s in _offered(visit.actor, found) if issubclass(COMMITTEE_ACTIONS[s], ActionStep)],
        labels=LABELS,
    )


@router.get("/reports/{number}/committee/do/{signal}")
async def form_page(visit: Reading, number: str, signal: str, action: str = "", flag: str = "") -> Response:
    """The form of an action; with ``action`` or ``flag`` what it is about is chosen already."""
    model, _ = _meant(visit, number, signal)
    known = {"action": action} if issubclass(model, ActionStep) else {"flag": flag}
    values = {name: value for name, value in known.items() if value and name in model.model_fields}
    return _form(visit, number, model, values, action_id=str(uuid4()))


@router.post("/reports/{number}/committee/do/{signal}")
async def act_on(visit: Reading, request: Request, number: str, signal: str) -> Response:
    """Reads the form, and sends what it says; the report's answer as a page."""
    model, _ = _meant(visit, number, signal)
    async with request.form() as sent:
        action_id = text_of(sent, "action_id")[:100] or str(uuid4())
        body, errors = _entered(visit, model, sent)
        if "more" in sent:
            return _form(visit, number, model, body, action_id=action_id)
    whole = {**body, "actor": visit.actor.model_dump(mode="json"), "action_id": action_id}
    known = {error.field for error in errors}
    unfit = problems(model, {**whole, "at": now()})
    if errors := (*errors, *(e for e in unfit if e.field not in known)):
        return _form(visit, number, model, body, action_id=action_id, errors=errors)
    try:
        receipt = await (await _desk(visit)).act(number, signal, whole)
    except TemporalError as away:
        error = FieldError(field="", problem=f"{away} Nothing was done; what you entered stands below.")
        return _form(visit, number, model, body, action_id=action_id, errors=(error,), status=503)
    except ActionError as wrong:
        fields = wrong.fields or (FieldError(field="", problem=str(wrong)),)
        return _form(visit, number, model, body, action_id=action_id, errors=fields)
    if receipt.accepted:
        return go(visit.request, f"/reports/{number}/committee", f"Done: {LABELS[signal].lower()}.")
    field = next((e.field for e in receipt.fields if e.field.split(".")[0] in model.model_fields), "")
    why = FieldError(field=field, problem=f"Not done: {receipt.reason} ({receipt.clause or 'P12'}).")
    return _form(visit, number, model, body, action_id=str(uuid4()), errors=(why,), status=409)


# -- how


def _reports(visit: Visit, given: Mapping[str, str] | None = None, problem: str = "", status: int = 200) -> Response:
    records, last = visit.house.world.records, quarter_before(local_day(now()))
    return page(
        visit,
        "committees.html",
        status=status,
        rows=committees.listed(records),
        work=committees.work(records),
        names=_names(visit),
        may_order=may_order_reports(visit.actor),
        lines=tuple(LineOfBusiness),
        given={"period": last.name, "line": "", "corrects": "", **(given or {})},
        problem=problem,
    )


async def _is_recorded(visit: Visit, number: str) -> bool:
    """Whether the records have a report; a workflow that has just begun is given a moment to tell them."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            while True:
                if await asyncio.to_thread(committees.one, visit.house.world.records, number):
                    return True
                await asyncio.sleep(0.1)
    except TimeoutError:
        return False


def _found(visit: Visit, number: str) -> ReportFile:
    found = committees.one(visit.house.world.records, number)
    if found is None:
        raise NotFound
    return found


def _meant(visit: Visit, number: str, signal: str) -> tuple[type[CommitteeStep], ReportFile]:
    """What is meant. Raises NotFound for what is not this person's to do."""
    if not may_do_committee(visit.actor, signal):
        raise NotFound
    return COMMITTEE_ACTIONS[signal], _found(visit, number)


def _offered(actor: Actor, found: ReportFile) -> list[str]:
    """The actions that are ever this person's, while the report takes any; the report itself decides again."""
    row = found.report
    if row.ready_at is None or row.closed_at is not None:
        return []
    return [signal for signal in COMMITTEE_ACTIONS if may_do_committee(actor, signal)]


async def _desk(visit: Visit) -> CommitteeDesk:
    """The desk for reports. Raises TemporalError when no server answers."""
    await visit.house.desk()
    if visit.house.client is None:
        raise TemporalError("The Temporal server does not answer; try again.")
    return CommitteeDesk(visit.house.client, visit.house.world)


def _correction(visit: Visit, row: ReportRow) -> str:
    """The number of the next edition; empty when there is none."""
    editions = committees.editions(visit.house.world.records, row.period, row.about)
    return next((one.number for one in editions if one.edition == row.edition + 1), "")


def _names(visit: Visit) -> dict[str, str]:
    return {who: entry.actor.name or who for who, entry in visit.house.staff.items()}


def _people(visit: Visit) -> dict[str, Actor]:
    """Who may own an action."""
    everybody = ((who, entry.actor) for who, entry in visit.house.staff.items())
    return {who: actor for who, actor in everybody if actor.has(*ActionStep.ROLES)}


async def _live(visit: Visit, number: str) -> CommitteeFile | None:
    """The file as its workflow has it; None while that does not answer."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            return await (await _desk(visit)).file(number)
    except (TemporalError, RPCError, WorkflowQueryFailedError, TimeoutError):
        return None


def _entered(visit: Visit, model: type[CommitteeStep], sent: FormData) -> tuple[dict[str, Any], tuple[FieldError, ...]]:
    body, errors = read_form(model, sent, skip=SKIPPED, people=_people(visit))
    return without_untouched(model, body), errors


def _form(
    visit: Visit,
    number: str,
    model: type[CommitteeStep],
    body: Mapping[str, Any],
    *,
    action_id: str,
    errors: tuple[FieldError, ...] = (),
    status: int = 422,
) -> Response:
    return page(
        visit,
        "committee_act.html",
        status=status if errors else 200,
        number=number,
        signal=model.SIGNAL,
        label=LABELS[model.SIGNAL],
        about=model.ABOUT,
        action_id=action_id,
        form=form_for(model, skip=SKIPPED, values=body, errors=errors, people=_people(visit)),
    )
