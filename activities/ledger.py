"""Write what happened into the ledger and onto the work lists: the one door through which the story reaches records.

Local activities, one per transition, idempotent on (case, seq). They carry the names of what they put before people, so
that a history reads as the procedure; each does the same one thing.
"""

from temporalio import activity

from activities.ports import Ledger, Panel
from policy.nomination import StaffMember
from policy.tasks import TaskKind
from policy.transition import GivenUp, Transition


class LedgerSteps:
    """The steps that record."""

    def __init__(self, ledger: Ledger, panel: Panel) -> None:
        self._ledger = ledger
        self._panel = panel

    @activity.defn
    def record(self, transition: Transition) -> None:
        """Record what happened; no new kind of task begins."""
        self._ledger.record(transition)

    @activity.defn
    def give_up(self, given_up: GivenUp) -> None:
        """Take the tasks and clocks of a case that ended before its time off the lists (T1): it cannot do so itself."""
        self._ledger.give_up(given_up)

    @activity.defn
    def present_to_case_manager(self, transition: Transition) -> None:
        """Put the referral, the request for information or the placement on the case managers' list (P1 to P3, P6)."""
        self._ledger.record(transition)

    @activity.defn
    def present_to_physician(self, transition: Transition) -> None:
        """Put the completed referral on the list of the CMO and the designees (P4)."""
        self._ledger.record(transition)

    @activity.defn
    def present_to_consultant(self, transition: Transition) -> tuple[StaffMember, ...] | None:
        """Put the case on the consultants' list for consultative review (P5); answers with who is on the panel (POL-3).

        None is what it answered before there was a panel.
        """
        self._ledger.record(transition)
        asked_for = (t for t in transition.tasks if t.is_open and t.kind is TaskKind.CONSULTATIVE_REVIEW)
        task = next(asked_for, None)
        return self._panel.candidates(task) if task else None
