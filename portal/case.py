"""One case on one page: whose turn it is, what is known, what can be done, and the story so far.

It is made from the records, which are always there, and from the live case where its workflow answers.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from fastapi import APIRouter
from fastapi.responses import Response

from policy.actions import PlaceOpinion
from policy.candidates import Proposal
from policy.case import Case
from policy.delegateacting import pulled_up_from
from policy.eligibility import SpecialtyLikeness, likeness
from policy.filing import open_lines, still_open
from policy.particulars import StoryEntry
from policy.people import Actor, Role
from policy.placement import declined, took_part
from policy.reporting import missing_of_report
from policy.request import Request
from policy.routing import LADDER, UNAVAILABLE, WHERE, Rung, propose
from policy.tasks import HumanTask, TaskKind, draft_of
from policy.third_opinion import belongs_to, number_of_third
from policy.verdict import Refused, Value
from portal.access import Room
from portal.forms import Form, form_for
from portal.offers import Offered, TaskSeen, offered, on_a_letter, on_the_case, task_of
from portal.pages import go, in_words, page
from portal.placing import proposed
from portal.session import NotFound, Visit, entering
from records import queries
from records.holds import LegalHold, LegalHolds
from records.readings import READ
from records.rows import CaseFile, LedgerRow
from records.statements import FIRST_LATE
from wiring.desk import ActionError
from wiring.temporal import TemporalError
from wiring.wishes import wishes
from workflows import workflow_id

router = APIRouter(include_in_schema=False)

ENTERING = {room: entering(room) for room in Room}
ANSWER_WITHIN = 3.0  # seconds; then the page is shown without what only the workflow knows
LATEST = 100  # lines of the story on the first page
SEES_EVERY_CASE = tuple(role for role in Role if role not in (Role.CONSULTANT, Role.COMMITTEE))
READS_ALL = tuple(role for role in SEES_EVERY_CASE if role is not Role.INTAKE)


async def opened(visit: Visit, number: str) -> CaseFile:
    """The case of a number or an external reference, when this person may see it. Raises NotFound."""
    _, file = await asyncio.to_thread(_found, visit, number)
    if file is None or not may_see(visit, file):
        raise NotFound
    return file


def _found(visit: Visit, number: str) -> tuple[str | None, CaseFile | None]:
    """The number that is meant, and its case: None for a request that is registered and has not begun."""
    engine = visit.house.world.records
    found = queries.find_number(engine, number)
    return found, queries.case(engine, found) if found else None


def may_see(visit: Visit, file: CaseFile) -> bool:
    """Whether the case is this person's to see. Consultants see those that wait for their specialty, or for them."""
    actor = visit.actor
    if actor.has(*SEES_EVERY_CASE):
        return True
    waiting = [t for t in file.tasks if t.kind is TaskKind.CONSULTATIVE_REVIEW and t.ended_at is None]
    same = likeness(actor.specialty, file.case.specialty) is SpecialtyLikeness.SAME
    return actor.has(Role.CONSULTANT) and any(same or actor.id in (t.owner, t.asked) for t in waiting)


def reads_all(actor: Actor) -> bool:
    """Whether a person who may see a case reads all of it; intake reads the request and the story."""
    return actor.has(*READS_ALL, Role.CONSULTANT)


async def live(visit: Visit, number: str) -> Case | None:
    """The case as its workflow has it, also after its end; None when nobody answers soon."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            return await (await visit.house.desk()).case(number)
    except (TemporalError, ActionError, TimeoutError):
        return None


class Seen(Value):
    """What the page shows of a case: the records, and the live case where there is one."""

    file: CaseFile
    case: Case | None
    request: Request | None

    @property
    def tasks(self) -> tuple[HumanTask, ...]:
        """The open tasks."""
        if self.case:
            return self.case.open_tasks
        return tuple(task_of(row) for row in self.file.tasks if row.ended_at is None)

    @property
    def story(self) -> tuple[LedgerRow | StoryEntry, ...]:
        """The ledger but for who read it, and the lines that have not reached it yet."""
        last = max((line.seq for line in self.file.ledger if line.seq < FIRST_LATE), default=0)
        told = (line for line in self.file.ledger if line.event != READ)
        return (*told, *(e for e in (self.case.story if self.case else ()) if e.seq > last))


async def seen(visit: Visit, number: str, file: CaseFile | None = None) -> Seen:
    """Everything that is known of a case that this person may see. Raises NotFound."""
    file = file or await opened(visit, number)
    case = await live(visit, file.case.number)
    request = await asyncio.to_thread(visit.house.world.register.request_of, file.case.number)
    return Seen(file=file, case=case, request=case.request if case else request)


@router.get("/cases/{number}")
async def case_page(number: str, way: str = "", story: str = "", visit: Visit = ENTERING[Room.CASES]) -> Response:
    """The page of a case."""
    meant, file = await asyncio.to_thread(_found, visit, number)
    if meant and file is None and visit.actor.has(*SEES_EVERY_CASE):
        return page(visit, "case-waiting.html", number=meant)
    if file is None or not may_see(visit, file):
        raise NotFound
    if file.case.number != number:
        return go(visit.request, f"/cases/{file.case.number}")
    found = await seen(visit, number, file)
    tasks = offered(visit.actor, found.tasks, found.case)
    form = _form(visit, tasks, way)
    proposal = await _proposal(visit, found, form)
    context = {
        "seen": found,
        "file": file,
        "case": found.case,
        "request": found.request,
        "wanted": wishes(found.request.member) if found.request else None,
        "now_is": found.case or file.case,
        "tasks": tasks,
        "waits_for": tuple(_waits_for(visit, task) for task in found.tasks),
        "on_a_letter": on_a_letter,
        "on_the_case": on_the_case(visit.actor, found.case or file.case),
        "reads_all": reads_all(visit.actor),
        "form": form,
        "proposal": proposal,
        "unavailable": UNAVAILABLE,
        "missing_of_report": missing_of_report,
        "rungs": () if proposal else _rungs(found),
        "workflow": workflow_id(file.case.number),
        "kin": await asyncio.to_thread(_kin, visit, file.case.number),
        "pulled_up_from": pulled_up_from(file.case.external_reference) if visit.may_enter(Room.DELEGATED) else "",
        "may_audit": visit.may_enter(Room.AUDIT),
        "before_filing": before_filing(found),
        "holds": await asyncio.to_thread(_holds, visit, file.case.number),
        "name_of": lambda who: named(visit, who),
        "new_id": lambda: str(uuid4()),
        **_told(found.story, story),
    }
    return page(visit, "case.html", **context)


def before_filing(found: Seen) -> tuple[str, ...]:
    """What a case that waits for no person waits for, before it can be filed and closed (P9)."""
    if found.case:
        return still_open(found.case)
    letters = [(n.kind, n.recipient) for n in found.file.notices if n.sent_at is None]
    return open_lines((t.title for t in found.tasks), letters, has_outcome=found.file.case.outcome is not None)


def _kin(visit: Visit, number: str) -> tuple[tuple[str, str], ...]:
    """The case that a third opinion belongs to, or the third opinion's own case: how it is called, and its number."""
    of, third = belongs_to(number), number_of_third(number)
    if of:
        return (("The case that this third opinion belongs to", of),)
    known = queries.case(visit.house.world.records, third)
    return (("The third opinion's own case", third),) if known else ()


def _holds(visit: Visit, number: str) -> list[LegalHold]:
    """The legal holds that stand on a case, for who may read its audit."""
    if not visit.may_enter(Room.AUDIT):
        return []
    return [hold for hold in LegalHolds(visit.house.world.records).of(number) if hold.lifted_at is None]


def named(visit: Visit, who: str) -> str:
    """A member of the staff by name, as far as the staff file knows the id."""
    person = visit.house.person(who)
    return person.name if person and person.name else who


def _waits_for(visit: Visit, task: HumanTask) -> dict[str, Any]:
    """Whose turn it is, until when and under which rule."""
    roles = " or ".join(in_words(role) for role in task.definition.potential_owners)
    who = task.owner or task.asked
    article = "an" if roles[:1].lower() in "aeio" else "a"
    return {"who": named(visit, who) if who else f"{article} {roles}", "task": task}


def _told(story: Iterable[LedgerRow | StoryEntry], order: str) -> Mapping[str, Any]:
    """The story, newest first, unless it is wanted from its beginning or as a whole."""
    lines = tuple(story)
    if order == "oldest":
        return {"story": lines, "story_order": "oldest", "story_left": 0}
    newest = lines[::-1] if order == "whole" else lines[::-1][:LATEST]
    return {"story": newest, "story_order": "newest", "story_left": len(lines) - len(newest)}


class TaskForm(Value):
    """The form that stands in the page: for which task, by which action, with what was drafted before."""

    task: TaskSeen
    way: Offered
    form: Form
    has_draft: bool


def _form(visit: Visit, tasks: tuple[TaskSeen, ...], way: str) -> TaskForm | None:
    """The form of the first task that is this person's to do, by the action that is chosen, or its first."""
    task = next((t for t in tasks if way in [w.signal for w in t.ways]), None) if way else None
    task = task or next((t for t in tasks if t.ways and t.task.owner == visit.actor.id), None)
    task = task or next((t for t in tasks if t.ways), None)
    if task is None:
        return None
    chosen = next((w for w in task.ways if w.signal == way), task.ways[0])
    draft = draft_of(task.task)
    people = {who: entry.actor for who, entry in visit.house.staff.items()}
    form = form_for(chosen.model, skip=chosen.skip, values=draft, people=people)
    return TaskForm(task=task, way=chosen, form=form, has_draft=bool(draft))


async def _proposal(visit: Visit, found: Seen, form: TaskForm | None) -> Proposal | None:
    """Whom the directory's ladder leads to, for who has the placement's form; none without a directory (P6a, P6b)."""
    if form is None or form.way.signal != PlaceOpinion.SIGNAL:
        return None
    proposal = await proposed(visit, found.file.case.number, found.case)
    return None if isinstance(proposal, Refused) else proposal


class Step(Value):
    """A tier of the ladder: where it looks, and what is known of physicians on it."""

    rung: Rung
    where: str
    asks_a_reason: bool


def _rungs(found: Seen) -> tuple[Step, ...]:
    """The ladder of a placement that is open, with the physicians that the case knows already (P6a, P6b)."""
    case = found.case
    if case is None or found.request is None or case.task(TaskKind.PLACEMENT) is None:
        return ()
    known = tuple(opinion.candidate for opinion in case.opinions)
    rungs = propose(found.request, known, already_gave=took_part(case), declined=declined(case)).rungs
    last = LADDER[found.request.care][-1]
    return tuple(Step(rung=r, where=WHERE[r.tier], asks_a_reason=r.tier is not last) for r in rungs)
