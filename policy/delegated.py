"""A request that was decided at an IPA or PPG, as the plan receives its copy. Policy 90.2.17, Procedure 10 (P10)."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, Field, model_validator

from policy.acceptance import may_be_opened
from policy.channels import Channel
from policy.clauses import Clause
from policy.delegation import LetterElement
from policy.people import EMAIL_PATTERN, Address, Member
from policy.request import Attachment, Request
from policy.rule import Decided, ExtensionReason
from policy.verdict import Allowed, Entered, Refused, Value, Verdict, first_refusal


class DelegateOutcome(StrEnum):
    """How the delegate decided. A modification counts as a denial beyond the plan's house (CMS: partially denied)."""

    APPROVED = "approved"
    DENIED = "denied"
    MODIFIED = "modified"

    @property
    def is_adverse(self) -> bool:
        """Whether it counts as a denial."""
        return self is not DelegateOutcome.APPROVED

    @property
    def decided(self) -> Decided:
        """As the limits of the notices ask for it."""
        return Decided(self.value)


class DeciderRole(StrEnum):
    """In which capacity somebody decided at the delegate."""

    PHYSICIAN = "physician"
    CLINICIAN = "clinician"
    NON_CLINICAL = "non_clinical"


class Delegate(Entered):
    """The IPA or PPG that decided; ``organization`` is the name under which it is scored."""

    organization: str = Field(min_length=1, max_length=100)
    address: Address | None = None
    fax: str = Field("", max_length=40)
    email: str = Field("", max_length=200, pattern=EMAIL_PATTERN)


class Decider(Entered):
    """Who decided at the delegate. What is left out becomes a finding, not an error: the plan wants to see it."""

    name: str = Field(min_length=1, max_length=200)
    role: DeciderRole
    npi: str = Field("", pattern=r"^([0-9]{10})?$", description="the National Provider Identifier, ten digits")
    licence: str = Field("", max_length=40)
    specialty: str = Field("", max_length=100)


class NoticeGiven(Entered):
    """When and how somebody was told of the decision."""

    at: AwareDatetime
    channel: Channel = Channel.PRINT


class ExtensionTaken(Entered):
    """The delegate took more time: why, and when it told the member so."""

    reason: ExtensionReason
    notified_at: AwareDatetime


class DelegatedPacket(Request):
    """The copy of a request, of its record and of what the delegate made of it (P10).

    It is a request with its decision, so that the same rules measure both. ``received_by_delegate_at`` starts the
    clocks. When the copy came to the plan is not among the fields: our door says so. ``information_complete_at`` is
    when the delegate had what it needed; left out, the request was complete at receipt.
    """

    received_by_delegate_at: AwareDatetime
    delegate: Delegate
    decided_at: AwareDatetime
    outcome: DelegateOutcome
    decider: Decider
    rationale: str = Field("", max_length=20_000)
    criteria: str = Field("", max_length=2_000, description="the criteria or guideline that was used")
    information_complete_at: AwareDatetime | None = None
    pend_notice_at: AwareDatetime | None = None
    extension: ExtensionTaken | None = None
    provider_notice: NoticeGiven | None = None
    member_notice: NoticeGiven | None = None
    record_attachment: Attachment | None = Field(None, description="the medical record")
    letter_attachment: Attachment | None = Field(None, description="the letter to the member")
    letter_elements: tuple[LetterElement, ...] = ()

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if len(set(self.letter_elements)) != len(self.letter_elements):
            raise ValueError("'letter_elements' names the same element twice")
        return self

    @property
    def told(self) -> tuple[tuple[str, datetime], ...]:
        """The times that the delegate gives, by field, but for its own receipt."""
        given: dict[str, datetime | None] = {
            "information_complete_at": self.information_complete_at,
            "pend_notice_at": self.pend_notice_at,
            "extension.notified_at": self.extension.notified_at if self.extension else None,
            "decided_at": self.decided_at,
            "provider_notice.at": self.provider_notice.at if self.provider_notice else None,
            "member_notice.at": self.member_notice.at if self.member_notice else None,
        }
        return tuple((field, at) for field, at in given.items() if at is not None)

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """Every document of the packet: the record, the letter, then what came as information."""
        own = (self.record_attachment, self.letter_attachment, *(i.attachment for i in self.information))
        return tuple(attachment for attachment in own if attachment)

    def as_request(self, external_reference: str) -> Request:
        """The request alone, for the plan's own review; the delegate's receipt stays its anchor (P10)."""
        said = {name: getattr(self, name) for name in Request.model_fields}
        return Request.model_construct(**{**said, "external_reference": external_reference})


def may_be_taken(packet: Request, received_at: datetime) -> Verdict:
    """Whether a packet can be taken in at all: as a request, and with times that can be true.

    What is late or lacking is no objection here; the checks find it.
    """
    return first_refusal(may_be_opened(packet, received_at), _times_can_be_true(packet, received_at))


def _times_can_be_true(packet: Request, received_at: datetime) -> Verdict:
    if not isinstance(packet, DelegatedPacket):
        return Allowed()
    for field, at in packet.told:
        if at > received_at:
            return _impossible(field, "lies in the future; give the time at which it happened")
        if at < packet.received_by_delegate_at:
            return _impossible(field, "lies before the delegate received the request; mend one of the two times")
        if field.endswith("_notice.at") and at < packet.decided_at:
            return _impossible(field, "lies before the decision; mend one of the two times")
        if not field.endswith("_notice.at") and at > packet.decided_at:
            return _impossible(field, "lies after the decision; mend one of the two times")
    return Allowed()


def _impossible(field: str, reason: str) -> Refused:
    return Refused(reason=reason, clause=Clause.P10, field=field)


class MemberMatch(StrEnum):
    """What earlier requests say of the member. There is no register of members."""

    MATCHED = "matched"
    UNKNOWN = "unknown"
    CONFLICT = "conflict"


class KnownMember(Value):
    """A member as an earlier request or packet has it; names as the drawer sorts them."""

    member_id: str
    birth_date: str
    name: tuple[str, str]


def matched(member: KnownMember, earlier: tuple[KnownMember, ...]) -> MemberMatch:
    """Whether the member is known: by number, with the same date of birth and family name, or against them."""
    same_number = [known for known in earlier if known.member_id == member.member_id]
    if not same_number:
        return MemberMatch.UNKNOWN
    agree = all(k.birth_date == member.birth_date and k.name[0] == member.name[0] for k in same_number)
    return MemberMatch.MATCHED if agree else MemberMatch.CONFLICT


def known_as(member: Member, sorted_name: tuple[str, str]) -> KnownMember:
    """A member as it is compared."""
    return KnownMember(member_id=member.member_id, birth_date=member.birth_date.isoformat(), name=sorted_name)
