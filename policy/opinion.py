"""What belongs to one opinion beside its physician: authorization, agreement, appointments, parts, how it ended.

Policy 90.2.17, Procedure 6.a, 6.b, 7 and 8. Frozen values; what happens to them is decided in ``placement`` and
``visiting``.
"""

from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime, Field

from policy.routing import Tier
from policy.verdict import Value


class OpinionEnd(StrEnum):
    """Why an opinion is not given by the physician with whom it was placed."""

    DECLINED = "declined"
    NOT_IN_TIME = "not_in_time"
    CHANGED_BY_MEMBER = "changed_by_member"

    @property
    def is_the_physicians(self) -> bool:
        """Whether the physician cannot be asked again: the ladder goes on to the next."""
        return self is not OpinionEnd.CHANGED_BY_MEMBER


class ConsideredInShort(Value):
    """One candidate of the proposal in short, so that the file shows who was looked at and why nobody else was chosen.

    No reasons: the one whom the proposal led to.
    """

    npi: str = Field(pattern="^[0-9]{10}$", description="National Provider Identifier")
    name: str = Field("", max_length=200, description="as the directory has it")
    tier: Tier = Field(description="the rung on which the physician stood")
    passed: bool = Field(description="whether every test was passed and nothing else stood in the way")
    reasons: tuple[str, ...] = Field((), max_length=20, description="why the choice passed over this one")


class Authorization(Value):
    """The number under which the opinion may be given, and from when until when (days in Los Angeles, inclusive)."""

    number: str
    valid_from: date
    valid_until: date
    extended: tuple[str, ...] = ()
    expiry_told: bool = False

    def holds_on(self, day: date) -> bool:
        """Whether it is valid on a day."""
        return self.valid_from <= day <= self.valid_until


class FeeAgreement(Value):
    """The letter of agreement with a physician out of network: under which reference, since when (P6b, P8)."""

    reference: str
    signed_on: date
    recorded_by: str


class AppointmentState(StrEnum):
    """What became of an appointment."""

    MADE = "made"
    MOVED = "moved"
    MISSED = "missed"
    KEPT = "kept"


class Appointment(Value):
    """A visit to the physician: for when it was made, and what became of it.

    ``longer_wait_by`` is the licensed professional who noted that a longer wait than the law's does no harm.
    """

    at: AwareDatetime
    state: AppointmentState = AppointmentState.MADE
    recorded_at: AwareDatetime
    recorded_by: str
    why: str = ""
    longer_wait_by: str = ""
    longer_wait_why: str = ""
