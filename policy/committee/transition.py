"""What changed between two values of a report's file: what the records are told, once per transition. P12."""

from datetime import datetime

from pydantic import AwareDatetime

from policy.committee.decided import DecidedAction
from policy.committee.file import CommitteeFile, Made, Making, ReportState
from policy.committee.order import ReportOrder
from policy.committee.time import overdue_at
from policy.particulars import StoryEntry
from policy.verdict import Value


class CommitteeTransition(Value):
    """New lines of the story, the actions that changed, where the report stands. Idempotent on (number, revision).

    ``file`` is the whole of it: a report whose workflow is gone goes on from there.
    """

    order: ReportOrder
    revision: int
    at: AwareDatetime
    state: ReportState
    making: Making
    made: Made | None
    presented: tuple[str, ...]
    accepted: tuple[str, ...]
    open_actions: int
    next_due: AwareDatetime | None
    ready_at: AwareDatetime | None
    closed_at: AwareDatetime | None
    refused_count: int
    actions: tuple[DecidedAction, ...]
    entries: tuple[StoryEntry, ...]
    file: CommitteeFile | None = None

    @property
    def number(self) -> str:
        """The report's number."""
        return self.order.number


def between(before: CommitteeFile | None, after: CommitteeFile, at: datetime) -> CommitteeTransition:
    """The transition from the value that was recorded last (None: nothing yet) to the present one."""
    seq, known = (before.seq, before.actions) if before else (0, ())
    due = [when for action in after.open_actions if (when := overdue_at(action.but(escalated=False)))]
    return CommitteeTransition(
        order=after.order,
        revision=after.seq,
        at=at,
        state=after.state,
        making=after.making,
        made=after.made,
        presented=tuple(h.committee.value for h in after.hearings),
        accepted=tuple(h.committee.value for h in after.hearings if h.accepted_at),
        open_actions=len(after.open_actions),
        next_due=min(due) if due else None,
        ready_at=after.ready_at,
        closed_at=after.closed_at,
        refused_count=after.refused_count,
        actions=tuple(a for a in after.actions if a not in known),
        entries=tuple(e for e in after.story if e.seq > seq),
        file=after,
    )
