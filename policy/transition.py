"""What changed between two values of a case: what the ledger and its projections are told, once per transition."""

from datetime import datetime
from typing import TypeVar

from pydantic import AwareDatetime

from policy.case import FIRST_GENERATION, Case
from policy.lifecycle import Outcome, Stage
from policy.particulars import Filing, Notice, RefusedAction, StoryEntry
from policy.people import Member
from policy.reaching import member_now
from policy.report.facts import CaseFact, fact_of
from policy.request import Attachment, Priority, Request
from policy.tasks import HumanTask
from policy.timeframes import DECISION_LIMITS, Clock, governing
from policy.verdict import Value

T = TypeVar("T")


class Transition(Value):
    """New lines of the story and the rows that changed. Idempotent on (``case_number``, ``revision``).

    ``revision`` is the number of the last line of the story. ``request`` is given only in a case's first transition.
    ``fact`` is what the committees' report counts of the case. ``member`` is given once the case knows another way to
    reach the member than the request says.
    """

    case_number: str
    revision: int
    at: AwareDatetime
    stage: Stage
    outcome: Outcome | None
    priority: Priority
    received_at: AwareDatetime
    decision_due: AwareDatetime | None
    next_due: AwareDatetime | None
    next_due_rule: str
    category: str
    filing: Filing | None
    closed_at: AwareDatetime | None
    refused_count: int
    entries: tuple[StoryEntry, ...]
    refusals: tuple[RefusedAction, ...] = ()
    tasks: tuple[HumanTask, ...]
    clocks: tuple[Clock, ...]
    notices: tuple[Notice, ...]
    documents: tuple[Attachment, ...]
    request: Request | None = None
    fact: CaseFact | None = None
    member: Member | None = None


class GivenUp(Value):
    """A case whose own story ended before its time, and which nobody goes on with; ``why`` names no person."""

    case_number: str
    at: AwareDatetime
    why: str


def between(before: Case | None, after: Case, at: datetime) -> Transition:
    """The transition from the value that was recorded last (None: nothing yet) to the present one."""
    seq = before.seq if before else 0
    next_clock = after.governing_clock
    decision = governing(after.clocks, *DECISION_LIMITS)
    return Transition(
        case_number=after.number,
        revision=after.seq,
        at=at,
        stage=after.stage,
        outcome=after.outcome,
        priority=after.priority,
        received_at=after.received_at,
        decision_due=decision.due_at if decision else None,
        next_due=next_clock.due_at if next_clock else None,
        next_due_rule=next_clock.rule if next_clock else "",
        category=after.category,
        filing=after.filing,
        closed_at=after.closed_at,
        refused_count=after.refused_count,
        entries=tuple(e for e in after.story if e.seq > seq),
        refusals=tuple(r for r in after.refusals if r.seq > seq),
        tasks=_changed(before.tasks if before else (), after.tasks),
        clocks=_changed(before.clocks if before else (), after.clocks),
        notices=_changed(before.notices if before else (), after.notices),
        documents=_changed(_documents(before), _documents(after)),
        request=None if before else after.request,
        fact=fact_of(after),
        member=_reached_otherwise(before, after),
    )


def _reached_otherwise(before: Case | None, after: Case) -> Member | None:
    """The member as the case knows him now, where that is not, or was not until now, what the request says."""
    asked, now = after.request.member, member_now(after)
    return None if asked == now == (member_now(before) if before else now) else now


def newly_opened(before: Case | None, after: Case) -> tuple[HumanTask, ...]:
    """The tasks that are put before people for the first time.

    In cases of the first generation also those that people or time changed: their histories were recorded so.
    """
    known = {task.id: task for task in before.tasks} if before else {}
    if after.generation == FIRST_GENERATION:
        return tuple(t for t in after.open_tasks if t.id not in known or t.differs_from(known[t.id]))
    return tuple(t for t in after.open_tasks if t.id not in known)


def _changed(before: tuple[T, ...], after: tuple[T, ...]) -> tuple[T, ...]:
    same = {id(item) for item in before}  # what was not touched is the very same value: most of a long case
    return tuple(item for item in after if id(item) not in same and item not in before)


def _documents(case: Case | None) -> tuple[Attachment, ...]:
    if case is None:
        return ()
    reports = (a for o in case.opinions for a in o.documents)
    return (*(i.attachment for i in case.information if i.attachment), *reports)
