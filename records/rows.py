"""What the read side gives back: frozen rows, with times in UTC."""

from datetime import datetime

from policy.channels import Attempt
from policy.complaints import FieldError
from policy.lifecycle import Outcome, Stage
from policy.particulars import NoticeEnd, NoticeKind, Recipient
from policy.people import Role
from policy.request import LineOfBusiness, Priority
from policy.rule import Obligation
from policy.tasks import TaskKind, TaskState
from policy.timeframes import ClockState
from policy.verdict import Value


class CaseRow(Value):
    """A case as it stands. What names the member (also the path of the packet) is empty unless it was asked for."""

    number: str
    external_reference: str
    stage: Stage
    outcome: Outcome | None
    line: LineOfBusiness
    priority: Priority
    specialty: str
    organization: str
    member_family: str = ""
    member_given: str = ""
    received_at: datetime
    decision_due: datetime | None
    next_due: datetime | None
    next_due_rule: str
    category: str
    filing_path: str = ""
    filing_sha256: str
    closed_at: datetime | None
    refused_count: int
    revision: int


class TaskRow(Value):
    """A human task, and what of its case a worklist shows.

    ``priority`` is the task's own, 0 (first) to 10; ``case_priority`` is what its request was accepted as.
    """

    case_number: str
    task_id: str
    kind: TaskKind
    title: str
    clause: str
    state: TaskState
    roles: tuple[Role, ...]
    owner: str
    escalated: bool
    opened_at: datetime
    ended_at: datetime | None
    ended_by: str
    revision: int
    priority: int
    next_due: datetime | None
    next_due_rule: str
    suspended_until: datetime | None
    delegated_by: str
    asked: str
    answer_by: datetime | None
    outcome: str
    comments: int
    line: LineOfBusiness
    case_priority: Priority
    specialty: str
    stage: Stage


class ClockRow(Value):
    """An obligation: ``due_at`` by law or plan, ``act_by`` for staff, and why, in a sentence."""

    case_number: str
    clock_id: str
    anchored_at: datetime
    obligation: Obligation
    rule: str
    citation: str
    due_at: datetime
    act_by: datetime
    state: ClockState
    warnings: int
    ended_at: datetime | None
    cause: str
    explanation: str


class NoticeRow(Value):
    """A letter that is owed (``sent_at`` and ``ended_at`` None), has left, or counts no more (``ended_as``)."""

    case_number: str
    key: str
    kind: NoticeKind
    recipient: Recipient
    planned_at: datetime
    sent_at: datetime | None
    document: str
    sha256: str
    attempts: tuple[Attempt, ...] = ()
    ended_as: NoticeEnd | None = None
    ended_at: datetime | None = None
    ended_why: str = ""

    @property
    def is_owed(self) -> bool:
        """Whether it has neither left nor ended."""
        return self.sent_at is None and self.ended_at is None


class DocumentRow(Value):
    """A document of the case; ``size`` in bytes."""

    case_number: str
    sha256: str
    name: str
    size: int
    media_type: str


class LedgerRow(Value):
    """One line of what happened. ``unsigned``: its actor is only said, not proved, where cases ask for proof."""

    case_number: str
    seq: int
    at: datetime
    event: str
    text: str
    actor: str
    clause: str
    unsigned: bool


class RefusalRow(Value):
    """An action that was refused, and why. ``seq`` is the ledger's line that tells it; ``size`` in bytes."""

    case_number: str
    seq: int
    at: datetime
    action: str
    action_id: str
    actor: str
    reason: str
    clause: str
    fields: tuple[FieldError, ...]
    size: int
    digest: str


class CaseFile(Value):
    """All that the records hold of one case, seen at one moment. The ledger is in its order, and so are refusals."""

    case: CaseRow
    tasks: tuple[TaskRow, ...]
    clocks: tuple[ClockRow, ...]
    notices: tuple[NoticeRow, ...]
    documents: tuple[DocumentRow, ...]
    ledger: tuple[LedgerRow, ...]
    refusals: tuple[RefusalRow, ...]
