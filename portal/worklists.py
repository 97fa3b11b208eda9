"""The worklists: what waits for me, for my group, for anybody. One can filter them, claim and hand out from them.

What one does here goes to the cases (``acting`` has the rest); a case's refusal is shown in its own words.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, Self, TypeVar
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from policy.people import Actor, Role
from policy.request import LineOfBusiness, Priority
from policy.tasks import DEFINITIONS, TaskKind
from policy.verdict import Value
from portal.access import WORKERS, Room, may_do
from portal.house import House
from portal.pages import go, now, page
from portal.session import NotFound, Visit, entering
from records import committees, views
from records.committees import ActionRow
from records.rows import TaskRow
from records.views import SavedView, TooManyViews
from records.worklists import PAGE, TaskFilter, Viewer, Whose, worklist
from wiring.sending import ActionError, ActionKept
from wiring.views import tomorrow

router = APIRouter(include_in_schema=False)
Working = Annotated[Visit, entering(Room.WORK)]
Overseeing = Annotated[Visit, entering(Room.ALL_WORK)]
Text = Annotated[str, Form()]

E = TypeVar("E", bound=StrEnum)
AT_ONCE = 10  # actions that are under way together when many tasks are handed out
TABS = {Whose.MINE: "Mine", Whose.GROUP: "My group's", Whose.ALL: "All"}
KINDS = {kind: definition.title for kind, definition in DEFINITIONS.items()}
LONGEST_TEXT = 100


class Due(StrEnum):
    """Until when; what is overdue is never hidden by it, but for the tasks ``at risk``."""

    OVERDUE = "overdue"
    TODAY = "today"
    DAY = "day"
    RISK = "risk"


DUES = {
    Due.OVERDUE: "overdue",
    Due.TODAY: "before the end of today",
    Due.DAY: "within 24 hours",
    Due.RISK: "at risk: within 24 hours, not overdue",
}


class Shown(Value):
    """What stands in the URL of a worklist: the tab, the filters, the page."""

    tab: Whose = Whose.MINE
    line: LineOfBusiness | None = None
    kind: TaskKind | None = None
    priority: Priority | None = None
    role: Role | None = None
    due: Due | None = None
    escalated: bool = False
    suspended: bool = True
    text: str = ""
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str], *, all_work: bool) -> Self:
        """From a query string. What it does not know, as from an old view, it leaves out."""
        tab = one_of(Whose, query.get("tab")) or Whose.MINE
        return cls(
            tab=tab,
            line=one_of(LineOfBusiness, query.get("line")),
            kind=one_of(TaskKind, query.get("kind")),
            priority=one_of(Priority, query.get("priority")),
            role=one_of(Role, query.get("role")) if all_work and tab is Whose.ALL else None,
            due=one_of(Due, query.get("due")),
            escalated=query.get("escalated") == "yes",
            suspended=query.get("suspended") != "hide",
            text=query.get("text", "").strip()[:LONGEST_TEXT],
            page=page_number(query.get("page")),
        )

    def query(self, **changes: Any) -> str:  # noqa: ANN401 - fields of all types
        """As a query string, without what says nothing."""
        shown = self.model_copy(update=changes)
        said = {"escalated": "yes" if shown.escalated else "", "suspended": "" if shown.suspended else "hide"}
        values = {name: getattr(shown, name) for name in type(self).model_fields} | said
        values["page"] = shown.page if shown.page > 1 else ""
        return urlencode({name: str(value) for name, value in values.items() if value})

    @property
    def is_filtered(self) -> bool:
        """Whether anything but the tab was chosen."""
        return self != Shown(tab=self.tab, page=self.page)

    def chosen(self, at: datetime) -> TaskFilter:
        """The filter at a moment."""
        ends = {Due.OVERDUE: at, Due.TODAY: tomorrow(at), None: None}
        return TaskFilter(
            line=self.line,
            kind=self.kind,
            priority=self.priority,
            role=self.role,
            due_from=at if self.due is Due.RISK else None,
            due_before=ends.get(self.due, at + timedelta(days=1)),
            escalated_only=self.escalated,
            with_suspended=self.suspended,
            text=self.text,
        )


@router.get("/tasks")
def tasks(visit: Working) -> Response:
    """A page of a worklist. htmx asks for the list alone, every 15 seconds."""
    shown = Shown.read(visit.request.query_params, all_work=visit.may_enter(Room.ALL_WORK))
    if shown.tab is Whose.ALL and not visit.may_enter(Room.ALL_WORK):
        raise NotFound
    tabs = [tab for tab in Whose if tab is not Whose.ALL or visit.may_enter(Room.ALL_WORK)]
    actor, records = visit.actor, visit.house.world.records
    viewer = Viewer(person=actor.id, roles=actor.roles, specialty=actor.specialty)
    found = worklist(records, viewer, shown.tab, shown.chosen(now()), tabs=tabs, offset=(shown.page - 1) * PAGE)
    return page(
        visit,
        "worklist.html",
        block="worklist",
        shown=shown,
        found=found,
        tabs=[(tab, TABS[tab], found.counts[tab]) for tab in tabs],
        views=views.of(records, actor.id),
        people=_people(visit.house),
        may_claim=lambda row: _may_claim(actor, row),
        may_hand_out=shown.tab is Whose.ALL and may_do(actor, "assign_task"),
        choices={"line": LineOfBusiness, "priority": Priority, "kind": KINDS, "due": DUES, "role": WORKERS},
        first=(shown.page - 1) * PAGE + 1,
        once=uuid4().hex,
        longest_name=views.LONGEST_NAME,
        decided=_decided(visit, shown.tab),
    )


@router.post("/tasks/claim")
async def claim(
    visit: Working, case: Text, task: Text, revision: Text = "0", once: Text = "", back: Text = ""
) -> Response:
    """Takes a task, as it was shown."""
    return await _do(visit, "claim_task", f"{task} of {case} is yours.", case, task, revision, once, back)


@router.post("/tasks/release")
async def release(
    visit: Working, case: Text, task: Text, revision: Text = "0", once: Text = "", back: Text = ""
) -> Response:
    """Gives a task back to its group, or declines it."""
    return await _do(visit, "release_task", f"{task} of {case} is given back.", case, task, revision, once, back)


@router.post("/tasks/reassign")
async def reassign(visit: Overseeing, request: Request, to: Text = "", reason: Text = "", back: Text = "") -> Response:
    """Gives the ticked tasks to a person, one action each; a page says what became of each."""
    form = await request.form()
    ticked = [picked for picked in map(_picked, form.getlist("task")) if picked]
    person = visit.house.person(to)
    if not ticked or person is None:
        missing = "Choose who gets them." if ticked else "Tick the tasks that are to be handed out."
        return go(request, _list(back), missing, good=False)
    given = {"to": person.model_dump(mode="json", exclude_defaults=True), "reason": reason.strip()[:1_000]}
    some, once = asyncio.Semaphore(AT_ONCE), str(form.get("once") or "")

    async def give(case: str, task: str, revision: int) -> tuple[str, str, str, bool | None]:
        async with some:
            fields = {"task_id": task, "revision": revision, **given}
            return (case, task, *await send(visit, case, "assign_task", fields, once))

    answers = await asyncio.gather(*(give(*picked) for picked in ticked))
    return page(visit, "worklist_reassigned.html", answers=answers, person=person, back=_list(back))


@router.post("/tasks/views")
def save_view(visit: Working, query: Text = "", name: Text = "") -> Response:
    """Keeps the filters under a name. One of the same name is replaced."""
    shown = Shown.read(dict(parse_qsl(query)), all_work=visit.may_enter(Room.ALL_WORK))
    named = " ".join(name.split())[: views.LONGEST_NAME]
    where = _list(query)
    if not named:
        return go(visit.request, where, "Give the view a name.", good=False)
    try:
        views.save(visit.house.world.records, visit.actor.id, SavedView(name=named, query=shown.query(page=1)))
    except TooManyViews as too_many:
        return go(visit.request, where, str(too_many), good=False)
    return go(visit.request, where, f"Saved as “{named}”.")


@router.post("/tasks/views/delete")
def delete_view(visit: Working, name: Text = "", back: Text = "") -> Response:
    """Deletes a saved view."""
    found = views.forget(visit.house.world.records, visit.actor.id, name)
    return go(visit.request, _list(back), f"“{name}” is deleted." if found else "There is no such view.", good=found)


async def _do(
    visit: Visit, signal: str, done: str, case: str, task: str, revision: str, once: str, back: str
) -> Response:
    if not may_do(visit.actor, signal):
        raise NotFound
    fields = {"task_id": task, "revision": int(revision) if revision.isdigit() else 0}
    answer, accepted = await send(visit, case, signal, fields, once)
    return go(visit.request, _list(back), done if accepted else answer, good=bool(accepted))


async def send(
    visit: Visit, case: str, signal: str, fields: Mapping[str, Any], once: str = ""
) -> tuple[str, bool | None]:
    """What became of an action, in a sentence; whether it was applied, None for one that is kept for later.

    ``once`` is the form's own mark: the same form sent twice, as by a double click, is one action.
    """
    who = visit.actor.model_dump(mode="json", exclude_defaults=True)
    body = {**fields, "actor": who, "action_id": _action_id(once, signal, case, fields)}
    try:
        receipt = await visit.house.send(case, signal, body)
    except ActionKept as kept:
        return str(kept), None
    except ActionError as wrong:
        return str(wrong), False
    return receipt.reason, receipt.accepted


def _action_id(once: str, signal: str, case: str, fields: Mapping[str, Any]) -> str:
    told = repr((once, signal, case, sorted((name, str(value)) for name, value in fields.items())))
    return sha256(told.encode()).hexdigest()[:32] if once else uuid4().hex


def one_of(kind: type[E], text: str | None) -> E | None:
    """The member of an enum that a query string names; None for no such."""
    return kind(text) if text in tuple(kind) else None


def page_number(text: str | None) -> int:
    """A page's number, 1 for what is none."""
    return max(1, int(text)) if text and text.isascii() and text.isdigit() and len(text) < 7 else 1


def _decided(visit: Visit, tab: Whose) -> list[ActionRow]:
    """What committees decided that is this person's; under everybody's tasks all that is overdue or due soon."""
    if not visit.may_enter(Room.COMMITTEE) or tab is Whose.GROUP:
        return []
    records = visit.house.world.records
    if tab is Whose.MINE:
        return committees.work(records, owner=visit.actor.id)
    return [row for row in committees.work(records) if row.lateness(now())]


def _may_claim(actor: Actor, row: TaskRow) -> bool:
    return not row.owner and row.asked in ("", actor.id) and actor.has(*row.roles)


def _people(house: House) -> dict[str, Actor]:
    """Who can have tasks, by id."""
    return {who: entry.actor for who, entry in house.staff.items() if entry.actor.has(*WORKERS)}


def _picked(ticked: Any) -> tuple[str, str, int] | None:  # noqa: ANN401 - what a form sent
    """A box: case, task and the revision that was shown."""
    parts = str(ticked).split("/")
    return (parts[0], parts[1], int(parts[2])) if len(parts) == 3 and parts[2].isdigit() else None


def _list(query: str) -> str:
    """The list that one came from. The query is written anew, so that it can only be one of ours."""
    again = Shown.read(dict(parse_qsl(query)), all_work=True).query()
    return f"/tasks?{again}" if again else "/tasks"
