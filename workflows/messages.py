"""What a case's workflow is started with, and what it answers in the end."""

from pydantic import AwareDatetime

from policy.case import FIRST_GENERATION, Case, open_case
from policy.lifecycle import Outcome
from policy.request import Request
from policy.trust import Trust
from policy.verdict import Value


class Opening(Value):
    """A request at the door: its case number, when the server received it, and under which terms.

    ``generation`` and ``trust`` stay with the case. ``resumed`` is the case as an earlier run of its workflow left it;
    ``is_set_going`` says that this run was broken off, so that nobody knows what of it the records were told.
    """

    case_number: str
    request: Request
    received_at: AwareDatetime
    generation: int = FIRST_GENERATION
    trust: Trust = Trust()
    resumed: Case | None = None
    is_set_going: bool = False

    @property
    def recorded(self) -> Case | None:
        """The case as the records have it; None where they are told all of it (anew)."""
        return None if self.is_set_going else self.resumed

    @property
    def case(self) -> Case:
        """The case that the workflow begins, or goes on, with."""
        return self.resumed or open_case(
            self.case_number, self.request, self.received_at, generation=self.generation, trust=self.trust
        )


class ThirdOpening(Value):
    """The third opinion's own case, as the case that it belongs to opens it, or as an earlier run left it."""

    case: Case
    is_resumed: bool = False


class Closing(Value):
    """How a case ended."""

    case_number: str
    outcome: Outcome
    category: str
    filed: str
