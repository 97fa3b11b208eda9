"""The particulars of a case: the frozen values that a case is made of, from its story to its filing."""

from enum import StrEnum

from pydantic import AwareDatetime

from policy.channels import Attempt, Channel
from policy.complaints import FieldError
from policy.eligibility import Eligibility
from policy.lifecycle import Outcome
from policy.opinion import Appointment, AppointmentState, Authorization, ConsideredInShort, FeeAgreement, OpinionEnd
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
    GRIEVANCE = "grievance"
    APPEAL = "appeal"
    IMR = "imr"
    STATE_HEARING = "state_hearing"


class ChangedBecause(StrEnum):
    """Why a determination was changed after it was made."""

    GRIEVANCE = "grievance"
    APPEAL = "appeal"
    IMR = "imr"
    STATE_HEARING = "state_hearing"
    CORRECTION = "correction"


class Determination(Value):
    """The decision, and the licensed physician who made it (POL-2).

    One that takes the place of an earlier one ``replaces`` it by its number, from 1, and says why. Where an outside
    body decided, ``decided_by`` names it, ``physician`` is who recorded it, ``reference`` is that body's own number.
    """

    outcome: Outcome
    basis: Basis
    rationale: str
    criteria: str = ""
    physician: Actor
    at: AwareDatetime
    replaces: int = 0
    changed_because: ChangedBecause | None = None
    decided_by: str = ""
    reference: str = ""


class Agreement(StrEnum):
    """How two recommendations stand to each other (T1)."""

    AGREE = "agree"
    DIFFER_ON_SURGERY = "differ_on_surgery"
    DIFFER_OTHERWISE = "differ_otherwise"
    NOT_COMPARABLE = "not_comparable"


class Comparison(Value):
    """Two recommendations compared, with the reason in a sentence."""

    result: Agreement
    why: str


class Coded(Value):
    """Under which category, and from which determination, a case was coded (P11); one for each row of the feed."""

    category: str
    outcome: Outcome
    decided_at: AwareDatetime


class Report(Value):
    """The consultation report (P7), or a part of it. ``announced``: what it says will follow (test results, say)."""

    findings: str
    recommendations: str
    recommendation: Recommendation | None = None
    attachments: tuple[Attachment, ...] = ()
    received_at: AwareDatetime
    announced: str = ""


class Opinion(Value):
    """A second or third opinion: who gives it, on which tier and why, and the report. ``ordinal`` is 2 or 3.

    One that the physician declined or the member changed stays in the case with how and why it ended. ``parts`` are
    those of a report that is not whole yet, or came in parts. ``proposed_npi`` is whom the directory's proposal led to.
    """

    ordinal: int
    candidate: Candidate
    fee: FeeArrangement
    passed_over: dict[Tier, str]
    placed_at: AwareDatetime
    placed_by: str
    eligibility: Eligibility | None = None
    report: Report | None = None
    parts: tuple[Report, ...] = ()
    authorization: Authorization | None = None
    agreement: FeeAgreement | None = None
    appointments: tuple[Appointment, ...] = ()
    directory_version: str = ""
    proposed_npi: str = ""
    departure_reason: str = ""
    wish: str = ""
    considered: tuple[ConsideredInShort, ...] = ()
    ended_as: OpinionEnd | None = None
    ended_at: AwareDatetime | None = None
    ended_by: str = ""
    ended_why: str = ""

    @property
    def stands(self) -> bool:
        """Whether it was given or is to be given by this physician."""
        return self.ended_as is None

    @property
    def appointment(self) -> Appointment | None:
        """The appointment that lies ahead or whose outcome nobody has recorded yet."""
        last = self.appointments[-1] if self.appointments else None
        return last if last and last.state is AppointmentState.MADE else None

    @property
    def visited(self) -> Appointment | None:
        """The visit that took place."""
        return next((a for a in reversed(self.appointments) if a.state is AppointmentState.KEPT), None)

    @property
    def documents(self) -> tuple[Attachment, ...]:
        """What came with the report, or with the parts of it that are here."""
        came = (self.report,) if self.report else self.parts
        return tuple(a for one in came for a in one.attachments)


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
