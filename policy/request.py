"""A request for a second opinion as intake receives it. Policy 90.2.17, Policy (POL-1) and reasons R1 to R5."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, Field, model_validator

from policy.people import Address, Member, PersonName, Professional
from policy.verdict import Entered

EARLIEST = datetime(2019, 1, 1, tzinfo=UTC)  # the first year of the closed days, and of the policy in force


class LineOfBusiness(StrEnum):
    """The line of business, which chooses the clocks and the letters."""

    CMC = "cmc"
    MEDI_CAL = "medi_cal"
    D_SNP = "d_snp"
    MEDICARE_ADVANTAGE = "medicare_advantage"
    COMMERCIAL = "commercial"


class Priority(StrEnum):
    """How fast the request must be decided."""

    STANDARD = "standard"
    EXPEDITED = "expedited"
    RETROSPECTIVE = "retrospective"
    CONCURRENT = "concurrent"
    URGENT_CONCURRENT = "urgent_concurrent"


class RequesterKind(StrEnum):
    """Who asks (POL-1; an authorized representative speaks for the member)."""

    MEMBER = "member"
    AUTHORIZED_REPRESENTATIVE = "authorized_representative"
    PCP = "pcp"
    TREATING_SPECIALIST = "treating_specialist"


class Purpose(StrEnum):
    """What the opinion is for (POL-1)."""

    BEFORE_SURGERY = "before_surgery"
    TREATMENT_OPTIONS = "treatment_options"
    DIAGNOSIS = "diagnosis"
    VALIDATE_PROCEDURE = "validate_procedure"


class Reason(StrEnum):
    """The listed reasons R1 to R5 ("shall include, but are not limited to"), and RX for any other, in words."""

    R1 = "R1"
    R2 = "R2"
    R3 = "R3"
    R4 = "R4"
    R5 = "R5"
    RX = "RX"


class Care(StrEnum):
    """Whose work is to be looked at again: it chooses between P6a and P6b."""

    PRIMARY_CARE = "primary_care"
    SPECIALTY = "specialty"


class Item(StrEnum):
    """A piece of demographic or clinical information that the checklist can ask for (P2)."""

    MEMBER_ADDRESS = "member_address"
    MEMBER_PHONE = "member_phone"
    DIAGNOSIS = "diagnosis"
    CLINICAL_HISTORY = "clinical_history"
    TREATMENT_PLAN = "treatment_plan"
    TEST_RESULTS = "test_results"
    FIRST_OPINION_REPORT = "first_opinion_report"


class Attachment(Entered):
    """A document that came with the request or later. The bytes lie in the document store, by digest."""

    name: str = Field(min_length=1, max_length=200)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=1, le=1_000_000_000, description="bytes")
    media_type: str = Field("application/pdf", pattern="^application/pdf$")


class Information(Entered):
    """One item of information: in words, as an attachment, or (for the address) in structure."""

    item: Item
    text: str = Field("", max_length=20_000)
    attachment: Attachment | None = None
    address: Address | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.item is Item.MEMBER_ADDRESS and not self.address:
            raise ValueError("member_address needs an 'address'")
        if not (self.text.strip() or self.attachment or self.address):
            raise ValueError("needs a 'text', an 'attachment' or an 'address'")
        return self


class Recommendation(Entered):
    """What a physician recommends about surgery or another procedure, in structure, so that two can be compared."""

    procedure: str = Field(min_length=1, max_length=200)
    recommends_procedure: bool
    is_surgery_or_major: bool = Field(description="surgery, or another major procedure (T1)")


class FirstOpinion(Entered):
    """The opinion that is questioned."""

    professional: Professional
    recommendation: Recommendation | None = None


class Requester(Entered):
    """The person who asks."""

    kind: RequesterKind
    name: PersonName


class Request(Entered):
    """A second-opinion request. ``external_reference`` is the sender's own number: the same one twice is one case.

    The time of receipt is not among the fields: it is the server's, taken at the door (never a sender's date). Only a
    delegate's own receipt is given, as it starts the clock (P10).
    """

    external_reference: str = Field(min_length=1, max_length=100)
    line: LineOfBusiness
    priority: Priority = Priority.STANDARD
    imminent_threat: bool = Field(False, description="imminent and serious threat to health: the urgent opinion")
    requires_prior_authorization: bool = True
    requester: Requester
    purpose: Purpose
    reasons: tuple[Reason, ...] = Field(min_length=1)
    reason_text: str = Field("", max_length=5_000)
    care: Care
    specialty: str = Field(min_length=1, max_length=100, description="the specialty that is asked for")
    member: Member
    pcp: Professional
    treating_provider: Professional
    first_opinion: FirstOpinion | None = None
    also_involved: tuple[Professional, ...] = ()
    designated_professional: Professional | None = Field(None, description="the member's own choice")
    able_to_travel: bool | None = Field(
        None, description="whether the member can travel; one who cannot is sent only to somebody near (H&S 1383.15(g))"
    )
    information: tuple[Information, ...] = ()
    received_by_delegate_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        if len(set(self.reasons)) != len(self.reasons):
            raise ValueError("'reasons' names the same reason twice")
        if Reason.RX in self.reasons and not self.reason_text.strip():
            raise ValueError("reason RX (other) needs a 'reason_text'")
        if self.received_by_delegate_at and self.received_by_delegate_at < EARLIEST:
            raise ValueError(f"'received_by_delegate_at' lies before {EARLIEST:%Y}; give the year in four digits")
        return self

    @property
    def involved(self) -> frozenset[str]:
        """NPIs of the professionals already involved in the treatment, who may give no second opinion (PUR)."""
        first = (self.first_opinion.professional,) if self.first_opinion else ()
        return frozenset(p.npi for p in (self.treating_provider, *first, *self.also_involved))

    def anchor(self, received_at: datetime) -> datetime:
        """When the clocks start: receipt by a delegate is receipt (P10), and a sender's later date never counts."""
        delegate = self.received_by_delegate_at
        return min(delegate, received_at) if delegate else received_at
