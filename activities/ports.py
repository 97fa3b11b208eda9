"""What the steps ask of the world. The world satisfies these protocols without importing them.

Every call is safe to repeat: the same key asked twice, after a kill or a reset, has one effect, and gives back the
first answer. A failure is an ordinary exception; the step is then tried again, for as long as it takes.
"""

from typing import Protocol

from policy.coding import MhcRow
from policy.delegatetransition import DelegatedTransition
from policy.dispatch import Delivery
from policy.filing import Packet
from policy.letter import Letter
from policy.nomination import StaffMember
from policy.particulars import Filing
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
