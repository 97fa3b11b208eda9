"""What the steps ask of the world. The world satisfies these protocols without importing them.

Every call is safe to repeat: the same key asked twice, after a kill or a reset, has one effect, and gives back the
first answer. A failure is an ordinary exception; the step is then tried again, for as long as it takes.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from policy.coding import MhcRow
from policy.committee.file import Stored
from policy.committee.order import ReportOrder
from policy.committee.transition import CommitteeTransition
from policy.delegatetransition import DelegatedTransition
from policy.dispatch import Delivery
from policy.filing import Packet
from policy.letter import Letter
from policy.nomination import StaffMember
from policy.particulars import Filing
from policy.report.period import Period
from policy.report.shape import CommitteeReport, EarlierAction
from policy.request import Request
from policy.tasks import HumanTask
from policy.transition import GivenUp, Transition


class Ledger(Protocol):
    """The case's ledger and the projections of it."""

    def record(self, transition: Transition) -> None:
        """Append the lines and update the rows, in one transaction. Idempotent on (case, seq)."""

    def give_up(self, given_up: GivenUp) -> None:
        """Take what is open of a case off the lists and close it, once; one that is closed stays as it is."""


class Panel(Protocol):
    """Who could be asked for a task: the staff, their load, whose turn it was last, who is away."""

    def candidates(self, task: HumanTask) -> tuple[StaffMember, ...]:
        """Those with a role for the task and, for a consultative review, its specialty; and who stands in for them."""


class Mailroom(Protocol):
    """Where letters leave the house."""

    def post(self, letter: Letter) -> Delivery:
        """Typeset and send one letter. Idempotent on ``letter.key``: a letter that has left is not made again."""


class Cabinet(Protocol):
    """The filing cabinet."""

    def file(self, packet: Packet) -> Filing:
        """Merge and file a case's packet. Idempotent on ``packet.case_number``."""


class MhcFeed(Protocol):
    """The feed to MHC."""

    def append(self, row: MhcRow) -> None:
        """Append one row. Idempotent on ``row.row_id``."""


class DelegatedLedger(Protocol):
    """The ledger of what delegates decided, and the tables that are projected from it."""

    def record(self, transition: DelegatedTransition) -> None:
        """Append the lines and update the rows, in one transaction. Idempotent on (number, revision)."""


class Intake(Protocol):
    """Where a request becomes a case."""

    def enter(self, request: Request) -> str:
        """The case number of a request received now; once for each external reference."""


class ReportSource(Protocol):
    """Where a report's figures come from."""

    def gather(self, order: ReportOrder, as_of: datetime) -> CommitteeReport:
        """The figures of a period as the records stand at ``as_of``. The same records give the same report."""

    def reconcile(self, report: CommitteeReport) -> CommitteeReport:
        """The report with what a second derivation of its counts says."""


class ReportRenderer(Protocol):
    """What sets a report for people."""

    def files(self, report: CommitteeReport) -> Mapping[str, bytes]:
        """Its files by name; the same report gives the same bytes."""


class ReportShelf(Protocol):
    """Where finished reports lie, and never change."""

    def put(self, report: CommitteeReport, files: Mapping[str, bytes]) -> Stored:
        """Store a report with its files. One that lies there stays as it is, and is given back."""


class CommitteeRecords(Protocol):
    """The reports, what committees decided on them, and the lines of both."""

    def record(self, transition: CommitteeTransition) -> None:
        """Append the lines and update the rows, in one transaction. Idempotent on (number, revision)."""

    def report(self, number: str) -> CommitteeReport | None:
        """A report's figures, finished or on their way; None when nothing was gathered."""

    def keep(self, number: str, report: CommitteeReport) -> CommitteeReport:
        """Keep the figures of a report that is being made; those of a finished one stay, and are given back."""

    def is_finished(self, number: str) -> bool:
        """Whether a report of that number was finished."""

    def earlier(self, number: str, period: Period) -> tuple[EarlierAction, ...]:
        """What was decided on the reports before this one: all that is open, and what has ended since a year."""


class Requests(Protocol):
    """The requests of cases."""

    def request_now(self, case_number: str) -> Request | None:
        """The request of a case, its member as the case reaches him now; None for a number that is none of ours."""
