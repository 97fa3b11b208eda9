"""What a person sets out to do: to which case, by which action, about which task; and what the action carries."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from fastapi.responses import Response
from starlette.datastructures import FormData

from policy.actions import ACTIONS, takes_task
from policy.people import Actor
from policy.reopening import REOPENING
from policy.taskactions import SaveDraft
from policy.tasks import HumanTask
from portal.access import may_do
from portal.case import Seen, seen
from portal.offers import Offered
from portal.pages import go, now
from portal.session import NotFound, Visit

NO_TASK = "That task is no longer open: somebody was faster, or it was not needed any more."
CLOSED = "The case is closed; nothing more can be done to it."
AT_ALL_REVISIONS = ("add_comment", SaveDraft.SIGNAL)


@dataclass(frozen=True)
class Doing:
    """What a person sets out to do: to which case, by which action, about which task."""

    visit: Visit
    seen: Seen
    way: Offered
    task: HumanTask | None

    @property
    def number(self) -> str:
        """The case's number."""
        return self.seen.file.case.number

    @property
    def home(self) -> str:
        """The page of the case."""
        return f"/cases/{self.number}"

    @property
    def people(self) -> dict[str, Actor]:
        """The staff by id."""
        return {who: entry.actor for who, entry in self.visit.house.staff.items()}

    @property
    def revision(self) -> int:
        """What the person sees: of the task, or of the case. Of a case that does not answer only its tasks' count."""
        if self.way.signal in AT_ALL_REVISIONS:
            return 0
        if self.task is not None:
            return self.task.revision
        return self.seen.case.seq if self.seen.case else 0


async def doing_of(visit: Visit, number: str, signal: str, task_id: str) -> Doing:
    """What is meant. Raises NotFound for what is not this person's to see or to do."""
    if signal == SaveDraft.SIGNAL or not may_do(visit.actor, signal):
        raise NotFound
    found = await seen(visit, number)
    kind = ACTIONS[signal].TASK
    task = next((t for t in found.tasks if t.id == task_id), None)
    if task is None and kind is not None and not task_id:
        task = next((t for t in found.tasks if t.kind is kind), None)
    return Doing(visit, found, Offered(signal=signal), task)


def is_over(doing: Doing, task_id: str) -> Response | None:
    """Back to the case, where there is nothing to act on any more."""
    if doing.seen.file.case.closed_at and not issubclass(doing.way.model, REOPENING):
        return go(doing.visit.request, doing.home, CLOSED, good=False)
    wants_one = doing.way.model.TASK is not None or (takes_task(doing.way.signal) and doing.way.signal != "add_comment")
    if doing.task is None and (wants_one or task_id):
        return go(doing.visit.request, doing.home, NO_TASK, good=False)
    return None


def whole_of(doing: Doing, sent: FormData, body: Mapping[str, Any]) -> dict[str, Any]:
    """The action with what only the door knows: who, on which case and task, under which id."""
    revision = text_of(sent, "revision")
    envelope = envelope_of(doing, text_of(sent, "action_id")[:100], int(revision) if revision.isdigit() else 0)
    named_task = {"task_id": text_of(sent, "task")} if takes_task(doing.way.signal) else {}
    return {**body, **named_task, **envelope}


def envelope_of(doing: Doing, action_id: str, revision: int) -> dict[str, Any]:
    return {
        "actor": doing.visit.actor.model_dump(mode="json"),
        "action_id": action_id or str(uuid4()),
        "revision": revision,
        "case_number": doing.number,
        "at": now(),
    }


def text_of(sent: FormData, name: str) -> str:
    value = sent.get(name)
    return value if isinstance(value, str) else ""
