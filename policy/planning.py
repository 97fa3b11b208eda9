"""What of an open task follows from its case: due time and rule, priority, and who is kept from it."""

from typing import TYPE_CHECKING

from policy.duties import exclusions
from policy.request import Priority
from policy.tasks import FOLLOWS, MOST_URGENT, HumanTask
from policy.timeframes import governing

if TYPE_CHECKING:
    from policy.case import Case  # a case plans its tasks through this module

PRIORITY_OF_TASKS = {
    Priority.STANDARD: 5,
    Priority.CONCURRENT: 3,
    Priority.EXPEDITED: 1,
    Priority.URGENT_CONCURRENT: 1,
    Priority.RETROSPECTIVE: 8,
}
PLANNED_BY = frozenset({"tasks", "clocks", "priority", "consultations"})  # the fields of a case that it follows from


def planned(case: "Case") -> tuple[HumanTask, ...]:
    """Every open task is due with the first of the clocks that it serves, and shuts out whom the case shuts out."""
    return tuple(_plan(case, task) if task.is_open else task for task in case.tasks)


def _plan(case: "Case", task: HumanTask) -> HumanTask:
    clock = governing(case.clocks, *task.definition.serves)
    due = (clock.due_at, clock.rule) if clock else (None, "")
    priority = MOST_URGENT if case.request.imminent_threat else PRIORITY_OF_TASKS[case.priority]
    follows = dict(zip(FOLLOWS, (*due, priority, exclusions(case, task.kind)), strict=True))
    if task.suspended_until and clock and clock.due_at < task.suspended_until:
        follows["suspended_until"] = clock.due_at  # it was put aside before the clock moved
    unchanged = all(getattr(task, name) == value for name, value in follows.items())
    return task if unchanged else task.model_copy(update=follows)
