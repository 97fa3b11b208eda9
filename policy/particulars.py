"""The particulars of a case: the frozen values that a case is made of, from its story to its filing."""

from enum import StrEnum

from pydantic import AwareDatetime

from policy.channels import Attempt, Channel
from policy.complaints import FieldError
from policy.eligibility import Eligibility
from policy.lifecycle import Outcome
from policy.people import Actor
from policy.request import Attachment, Item, Recommendation
from policy.routing import Candidate, FeeArrangement, Tier
from policy.verdict import Value


class StoryEntry(Value):
    """One line of the case's story and of the ledger: ``subject:what-happened``, by whom, in a plain sentence."""

    seq: int
    at: AwareDatetime
    event: str
    text: str
    actor: str = ""
    clause: str = ""
    unsigned: bool = False


class Receipt(Value):
    """The answer to one action: applied, or refused with its reasons."""

    action_id: str
    action: str
    accepted: bool
    at: AwareDatetime
    digest: str = ""
    signed: bool = False
    reason: str = ""
    clause: str = ""
    fields: tuple[FieldError, ...] = ()


class RefusedAction(Value):
    """An action that could not be applied: never lost. Of what was typed only the size and the digest are kept.

    ``seq`` is the line of the story that tells it.
    """

    seq: int = 0
    at: AwareDatetime
    action: str
    action_id: str = ""
    actor: str = ""
    reason: str
    clause: str = ""
    fields: tuple[FieldError, ...] = ()
    size: int = 0
    digest: str = ""


class InformationRequest(Value):
    """What was asked of the treating provider, and when (P3)."""

    ordinal: int
    items: tuple[Item, ...]
    requested_at: AwareDatetime
    note: str = ""
    attempts: int = 0
    completed_at: AwareDatetime | None = None


class Consultation(Value):
    """A consultative review: the question, and the consultant's part of the form (P5)."""

    question: str
    referred_by: str
    referred_by_npi: str = ""
    referred_at: AwareDatetime
    findings: str = ""
    recommends: bool | None = None
    rationale: str = ""
    reviewer: Actor | None = None
    eligibility: Eligibility | None = None
    reviewed_at: AwareDatetime | None = None


class Basis(StrEnum):
    """What a determination rests on."""

    PHYSICIAN_REVIEW = "physician_review"
    CONSULTATION = "consultation"
    EXPIRED = "expired"


class Determination(Value):
    """The decision, and the licensed physician who made it (POL-2)."""

    outcome: Outcome
    basis: Basis
    rationale: str
    criteria: str = ""
    physician: Actor
    at: AwareDatetime


class Report(Value):
    """The consultation report (P7)."""

    findings: str
    recommendations: str
    recommendation: Recommendation | None = None
    attachments: tuple[Attachment, ...] = ()
    received_at: AwareDatetime


class Opinion(Value):
    """A second or third opinion: who gives it, on which tier and why, and the report. ``ordinal`` is 2 or 3."""

    ordinal: int
    candidate: Candidate
    fee: FeeArrangement
    passed_over: dict[Tier, str]
    placed_at: AwareDatetime
    placed_by: str
    eligibility: Eligibility | None = None
    report: Report | None = None


class NoticeKind(StrEnum):
    """What a letter announces."""

    INFORMATION_REQUEST = "information_request"
    INFORMATION_REMINDER = "information_reminder"
    PEND = "pend"
    APPROVAL = "approval"
    DENIAL = "denial"
    AUTHORIZATION = "authorization"
    REPORT_REMINDER = "report_reminder"
    REPORT_COPY = "report_copy"
    THIRD_OPINION = "third_opinion"
    WITHDRAWAL = "withdrawal"
    EXTENSION = "extension"
    EXPEDITE_REFUSED = "expedite_refused"
    ACKNOWLEDGEMENT = "acknowledgement"
    EXPIRED_DETERMINATION = "expired_determination"
    DELEGATED_COPY_REQUEST = "delegated_copy_request"
    COMMITTEE_ACTION = "committee_action"


class Recipient(StrEnum):
    """To whom a letter goes."""

    MEMBER = "member"
    PROVIDER = "provider"
    PCP = "pcp"
    OPINION_PHYSICIAN = "opinion_physician"
    DELEGATE = "delegate"


class NoticeEnd(StrEnum):
    """Why a letter counts no more."""

    VOID = "void"
    RETURNED = "returned"
    MOOT = "moot"
    UNDELIVERABLE = "undeliverable"


class Notice(Value):
    """A letter that is owed, and the proof that it left. ``key`` is the same however often the sending is repeated.

    A letter that came back or was voided ends, and is followed by another copy under a key of its own; that one
    ``avoids`` the channels that have failed before.
    """

    key: str
    kind: NoticeKind
    recipient: Recipient
    ordinal: int = 1
    planned_at: AwareDatetime
    sent_at: AwareDatetime | None = None
    document: str = ""
    sha256: str = ""
    copy_number: int = 1
    avoids: tuple[Channel, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    ended_as: NoticeEnd | None = None
    ended_at: AwareDatetime | None = None
    ended_why: str = ""

    @property
    def is_owed(self) -> bool:
        """Whether it has neither left nor ended."""
        return self.sent_at is None and self.ended_at is None


class Filing(Value):
    """Where the packet lies (P9)."""

    path: str
    sha256: str
    pages: int
    filed_at: AwareDatetime
