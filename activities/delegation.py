"""Record a delegated decision, and open the plan's own case of one that is pulled up. Policy 90.2.17, Procedure 10."""

from temporalio import activity

from activities.ports import DelegatedLedger, Intake
from policy.delegatetransition import DelegatedTransition
from policy.request import Request
from policy.verdict import Value


class Review(Value):
    """A delegated decision whose request the plan reviews itself. Its ``request`` has a reference of its own."""

    number: str
    request: Request


class DelegationSteps:
    """The steps of a delegated decision that are its own; letters, coding and filing are those of every case."""

    def __init__(self, ledger: DelegatedLedger, intake: Intake) -> None:
        self._ledger = ledger
        self._intake = intake

    @activity.defn
    def record_delegated(self, transition: DelegatedTransition) -> None:
        """Append the lines and update the rows."""
        self._ledger.record(transition)

    @activity.defn
    def open_for_review(self, review: Review) -> str:
        """Register the request as the plan's own case, once; its case number."""
        return self._intake.enter(review.request)
