"""What the report counts of a clock: one flat, frozen row. Policy 90.2.17, POL-4 and P12."""

from datetime import datetime
from typing import NamedTuple

from policy.request import LineOfBusiness
from policy.rule import Obligation
from policy.timeframes import ClockState


class ClockFact(NamedTuple):
    """One obligation of a case. ``cause`` is why it was breached, waived or held."""

    case_number: str
    line: LineOfBusiness
    obligation: Obligation
    rule: str
    state: ClockState
    anchored_at: datetime
    due_at: datetime
    ended_at: datetime | None = None
    cause: str = ""

    def counts_at(self, as_of: datetime) -> datetime | None:
        """When it counts: as it ended; one that stands and is overdue ``as_of`` counts when it was due."""
        if self.ended_at is not None:
            return self.ended_at
        return self.due_at if self.due_at < as_of else None
