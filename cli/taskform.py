"""A task's form at the terminal: begun from the draft, looked at by the rules, sent, or kept as a draft again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from cli.acting import answer
from cli.asking import agrees, ask_for, choose_way
from cli.forms import Asker, FormLeft
from cli.house import INTERRUPTED, REFUSED, desk_of, staff
from cli.screen import complain, now
from cli.tasks import place
from policy.acting import act
from policy.actions import ACTIONS, takes_task
from policy.calendar import local_day
from policy.case import FIRST_GENERATION, Case
from policy.duties import may_own
from policy.particulars import Receipt
from policy.people import Actor
from policy.tasks import HumanTask, draft_of
from policy.timeframes import spoken
from policy.trust import Trust
from policy.verdict import Allowed, Refused, Verdict, first_refusal
from records.rows import TaskRow
from wiring.desk import FrontDesk
from wiring.sending import ActionError, read_action
from wiring.settings import Settings
from wiring.world import World


@dataclass(frozen=True)
class Work:
    """What somebody sets out to complete, and by which actions that can be done."""

    settings: Settings
    world: World
    who: Actor
    row: TaskRow
    ways: tuple[str, ...]
    documents: dict[str, Any]
    yes: bool

    def title(self, signal: str) -> str:
        """What is about to be sent, on one line."""
        return f"{signal} for {place(self.row)}, as {self.who.id}"


async def complete_by_form(work: Work, asker: Asker) -> int:
    """What cannot be sent anyhow is said before anything is asked, and what was entered is not lost."""
    desk = await desk_of(work.settings, work.world)
    case = await desk.case(work.row.case_number)
    task = case.task_with(work.row.task_id)
    if task is None:
        raise ActionError(f"{place(work.row)} is no longer open: somebody was faster.")
    barred = may_work(case, task, work.who, now())
    if isinstance(barred, Refused):
        complain(f"You cannot complete {place(work.row)}: {barred.reason} ({barred.clause}). Nothing was sent.")
        return REFUSED
    asker.say("\n".join(introduction(case, task)))
    signal = work.ways[0] if len(work.ways) == 1 else choose_way(asker, work.ways)
    draft = draft_of(task)
    try:
        fields = _asked(work, case, signal, draft, asker)
    except FormLeft as left:
        complain(str(left))
        await _offer_draft(desk, work, signal, left.answers, draft, asker)
        return INTERRUPTED
    named = about_task(work, signal)
    body = {**fields, **named, "actor": work.who, "action_id": str(uuid4()), "revision": task.revision}
    receipt = await desk.act(case.number, signal, body)
    code = answer(receipt, place(work.row), json=False)
    if not receipt.accepted:
        await _offer_draft(desk, work, signal, fields, draft, asker)
    return code


def about_task(work: Work, signal: str) -> dict[str, str]:
    """The task, for an action that names it: several of its kind may be open."""
    return {"task_id": work.row.task_id} if takes_task(signal) else {}


def may_work(case: Case, task: HumanTask, who: Actor, at: datetime) -> Verdict:
    """Whether a person may complete the task at all."""
    own = Allowed() if case.generation == FIRST_GENERATION else may_own(case, task, who, local_day(at))
    return first_refusal(task.may_be_worked_by(who), own)


def introduction(case: Case, task: HumanTask) -> list[str]:
    """What stands above the form: the task, until when, and where to look."""
    due = f", due {spoken(task.due_at)} ({task.due_rule})" if task.due_at else ""
    lines = [f"{task.id} of {case.number}: {task.title}{due}"]
    lines += [f"The case as it stands: second-opinion show {case.number}"]
    return [*lines, "A draft is kept with it: its answers stand in brackets."] if task.draft else lines


def _asked(work: Work, case: Case, signal: str, draft: dict[str, Any], asker: Asker) -> dict[str, Any]:
    return ask_for(
        ACTIONS[signal],
        asker,
        work.title(signal),
        known={**draft, **work.documents},
        people=staff(work.settings),
        objects=lambda fields: objection(case, signal, work.who, {**fields, **about_task(work, signal)}, now()),
        yes=work.yes,
    )


def objection(case: Case, signal: str, who: Actor, fields: Mapping[str, Any], at: datetime) -> Receipt | None:
    """What the case would say against an action, by the same rules that it will apply; None when nothing."""
    envelope = {"actor": who, "action_id": "beforehand", "at": at}
    try:
        action = read_action(signal, {**fields, **envelope})
    except ActionError as wrong:
        reason = str(wrong).rstrip(".")
        return Receipt(action_id="beforehand", action=signal, accepted=False, at=at, reason=reason, fields=wrong.fields)
    receipt = act(case.but(trust=Trust()), action, at).receipt(action.action_id)
    return receipt if receipt and not receipt.accepted else None


async def _offer_draft(
    desk: FrontDesk, work: Work, signal: str, answers: dict[str, Any], before: dict[str, Any], asker: Asker
) -> None:
    """What was entered is kept with the task, if somebody wants that."""
    row = work.row
    if answers in ({}, before, work.documents):
        return
    if not agrees(asker, f"Keep what you entered as a draft with {place(row)}?", default=True):
        return
    draft = json.dumps(answers, ensure_ascii=False)
    body = {"task_id": row.task_id, "draft": draft, "actor": work.who, "action_id": str(uuid4())}
    receipt = await desk.act(row.case_number, "save_draft", body)
    again = f"second-opinion task complete {row.case_number} {row.task_id} {signal} --as {work.who.id}"
    answer(receipt, place(row), json=False, done=f"the draft is kept with {place(row)}. Go on with: {again}")
