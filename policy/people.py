"""Who is in a case: the member, the professionals around the member, and the staff who act."""

from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from policy.verdict import Entered, Value

# One plain address: nothing in it can end a header, name a second reader, or quote.
EMAIL_PATTERN = r"^([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+)?$"


class Address(Entered):
    """Where a letter goes."""

    line1: str = Field(min_length=1, max_length=200)
    line2: str = Field("", max_length=200)
    city: str = Field(min_length=1, max_length=100)
    state: str = Field(min_length=2, max_length=2, pattern="^[A-Z]{2}$", description="two letters, as CA")
    postal_code: str = Field(
        min_length=5, max_length=10, pattern=r"^[0-9]{5}(-[0-9]{4})?$", description="as 90012, or 90012-1234"
    )

    @property
    def lines(self) -> tuple[str, ...]:
        """As it stands on an envelope."""
        return (*filter(None, (self.line1, self.line2)), f"{self.city}, {self.state} {self.postal_code}")


class PersonName(Entered):
    """A name as the member writes it."""

    family: str = Field(min_length=1, max_length=200)
    given: str = Field(min_length=1, max_length=200)
    suffix: str = Field("", max_length=20)

    @property
    def full(self) -> str:
        """Given name first, as in a salutation."""
        return " ".join(filter(None, (self.given, self.family, self.suffix)))


class Contact(Entered):
    """How a member wants to be reached, and nowhere else: a request for confidential communication.

    Civil Code 56.107. It names at least one way, or nobody could reach the member at all.
    """

    address: Address | None = None
    phone: str = Field("", max_length=40)
    email: str = Field("", max_length=200, pattern=EMAIL_PATTERN)

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if not (self.address or self.phone or self.email):
            raise ValueError("is empty; give its 'address', 'phone' or 'email', or leave the whole of it out")
        return self


class WrittenBy(StrEnum):
    """How a member wants letters to come: by post, or by e-mail (which takes the member's consent)."""

    POST = "post"
    EMAIL = "email"


class Member(Entered):
    """The enrollee. ``confidential`` stands in the place of every other address, number and e-mail address."""

    member_id: str = Field(min_length=1, max_length=40)
    name: PersonName
    birth_date: date
    phone: str = Field("", max_length=40)
    address: Address | None = None
    language: str = Field("en", pattern="^[a-z]{2,3}$", description="ISO 639 code of the preferred language")
    email: str = Field("", max_length=200, pattern=EMAIL_PATTERN, description="as ana@example.org")
    confidential: Contact | None = Field(None, description="the only place where the member may be reached")
    letters_by: WrittenBy = Field(WrittenBy.POST, description="post, or email when the member has consented to it")
    large_print: bool = Field(False, description="letters in large print (20 point)")

    # A validator of the field, and not of the whole, so that every door names the field. It looks at fields before it.
    @field_validator("letters_by")
    @classmethod
    def _has_an_email_address(cls, by: WrittenBy, info: ValidationInfo) -> WrittenBy:
        if by is WrittenBy.POST or not {"email", "confidential"} <= info.data.keys():  # one of them is an error itself
            return by
        confidential = info.data["confidential"]
        if not (info.data["email"] or (confidential and confidential.email)):
            raise ValueError(
                "is email, and there is no e-mail address; give 'email' or 'confidential.email', or choose post"
            )
        return by


class Professional(Entered):
    """A physician around the case: PCP, treating provider, or the one who gives an opinion."""

    npi: str = Field(pattern=r"^[0-9]{10}$", description="the National Provider Identifier, ten digits")
    name: str = Field(min_length=1, max_length=200)
    specialty: str = Field(min_length=1, max_length=100)
    organization: str = Field("", max_length=100, description="physician organization (PPG or IPA)")
    address: Address | None = None
    phone: str = Field("", max_length=40)
    fax: str = Field("", max_length=40)


class Role(StrEnum):
    """The roles of WS-HumanTask's potential owners, as the department names them."""

    INTAKE = "intake"
    CASE_MANAGER = "case_manager"
    CMO = "cmo"
    PHYSICIAN_DESIGNEE = "physician_designee"
    CONSULTANT = "consultant"
    SUPERVISOR = "supervisor"
    COMMITTEE = "committee"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Actor(Value):
    """The member of staff who acts: an account, its roles, and for a physician the credentials that count."""

    id: str = Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$")
    roles: tuple[Role, ...] = Field(min_length=1)
    name: str = Field("", max_length=120)
    npi: str = Field("", pattern=r"^([0-9]{10})?$")
    licence: str = Field("", max_length=40, description="licence to practise; empty for staff who are no physicians")
    specialty: str = Field("", max_length=100)
    board_certified: bool = False
    licence_expires: date | None = Field(None, description="last day of the licence, when it is known")
    certified_until: date | None = Field(None, description="last day of the board certification, when it is known")

    def has(self, *roles: Role) -> bool:
        """Whether the actor holds one of the roles."""
        return not set(roles).isdisjoint(self.roles)

    @property
    def signature(self) -> str:
        """As it stands under a determination or a form."""
        return ", ".join(filter(None, (self.name or self.id, f"licence {self.licence}" if self.licence else "")))
