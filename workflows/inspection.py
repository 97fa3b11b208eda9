"""What a supervisor sees of a case in the Temporal UI: search attributes and current details. No health information."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from temporalio.common import SearchAttributeKey, SearchAttributePair, SearchAttributeUpdate, TypedSearchAttributes

from policy.case import FIRST_GENERATION, Case
from policy.filing import still_open
from policy.people import Role
from policy.tasks import HumanTask
from policy.timeframes import spoken

STAGE = SearchAttributeKey.for_keyword("CaseStage")
OUTCOME = SearchAttributeKey.for_keyword("CaseOutcome")
LINE = SearchAttributeKey.for_keyword("LineOfBusiness")
PRIORITY = SearchAttributeKey.for_keyword("CasePriority")
WAITING_FOR = SearchAttributeKey.for_keyword_list("WaitingFor")
NEXT_DUE = SearchAttributeKey.for_datetime("NextDue")

NOTHING_OPEN = (
    "Nothing is open any more: it is being filed. If it stays so, a letter or a document is not where it should be: "
    "second-opinion cabinet verify says which."
)
SHOWN = 5  # of the refused actions; all stand in the records

SEARCH_ATTRIBUTES: dict[str, str] = {
    STAGE.name: "Keyword",
    OUTCOME.name: "Keyword",
    LINE.name: "Keyword",
    PRIORITY.name: "Keyword",
    WAITING_FOR.name: "KeywordList",
    NEXT_DUE.name: "Datetime",
}


def attributes(case: Case) -> dict[SearchAttributeKey[Any], Any]:
    """The search attributes of a case: codes and times only."""
    clock = case.governing_clock
    return {
        STAGE: case.stage.value,
        OUTCOME: case.outcome.value if case.outcome else None,
        LINE: case.request.line.value,
        PRIORITY: case.priority.value,
        WAITING_FOR: sorted({role.value for role in whose_turn(case)}),
        NEXT_DUE: clock.due_at if clock else None,
    }


def at_start(case: Case) -> TypedSearchAttributes:
    """The search attributes that a case is started with; they cost no event of their own."""
    given = ((key, value) for key, value in attributes(case).items() if value is not None)
    return TypedSearchAttributes([SearchAttributePair(key, value) for key, value in given])


def changes(
    before: dict[SearchAttributeKey[Any], Any], after: dict[SearchAttributeKey[Any], Any]
) -> list[SearchAttributeUpdate[Any]]:
    """Only what changed, as one upsert."""
    changed = ((key, value) for key, value in after.items() if before.get(key) != value)
    return [key.value_unset() if value is None else key.value_set(value) for key, value in changed]


def whose_turn(case: Case) -> set[Role]:
    """The roles for which a task is open; the supervisor when one was escalated."""
    roles = {role for task in case.open_tasks for role in task.definition.potential_owners}
    escalated = case.generation != FIRST_GENERATION and any(task.escalated for task in case.open_tasks)
    return roles | {Role.SUPERVISOR} if escalated else roles


def details(case: Case, now: datetime) -> str:
    """The current details in Markdown: whose turn it is, until when and under which rule, what was refused."""
    lines = [f"**{case.number}**: {words(case.stage)}, {words(case.request.line)}, {words(case.priority)}", ""]
    lines += [f"- {task.id} {task.title}: {', '.join(_standing(task))}" for task in case.open_tasks]
    lines += _before_it_is_filed(case)
    if case.open_clocks:
        lines += ["", "| due | what | rule |", "| --- | --- | --- |"]
        standing = sorted(case.open_clocks, key=lambda c: c.due_at)
        lines += [f"| {spoken(c.due_at)} | {words(c.obligation)}, {c.state} | {c.rule} |" for c in standing]
    if case.refused_count:
        lines += ["", f"{case.refused_count} refused; the latest:"]
        lines += [f"- {spoken(r.at)} {r.action} by {r.actor or 'nobody'}: {r.reason}" for r in case.refusals[-SHOWN:]]
    return "\n".join([*lines, "", f"As of {spoken(now)}."])


def _before_it_is_filed(case: Case) -> list[str]:
    """What a case that waits for no person waits for; a task says for itself that it is open."""
    if case.open_tasks or case.closed_at:
        return []
    still = still_open(case)
    if still:
        return ["Before it can be filed:", *(f"- {line}" for line in still)]
    return [NOTHING_OPEN]


def _standing(task: HumanTask) -> Iterator[str]:
    """Who has a task or could, and what else there is to know of it."""
    roles = " or ".join(words(role) for role in task.definition.potential_owners)
    yield f"claimed by {task.owner}" if task.owner else f"for a {roles}"
    if task.delegated_by:
        yield f"delegated by {task.delegated_by}"
    if task.asked and task.answer_by:
        yield f"{task.asked} is asked until {spoken(task.answer_by)}"
    if task.suspended_until:
        yield f"suspended until {spoken(task.suspended_until)}"
    if task.due_at:
        yield f"due {spoken(task.due_at)} ({task.due_rule})"
    if task.escalated:
        yield "escalated"


def words(code: str) -> str:
    """A code as words."""
    return code.replace("_", " ")
