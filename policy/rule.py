"""The rows of the rule tables: who must do what, how long after what, for whom, and where that is written."""

from datetime import date
from enum import StrEnum
from typing import Protocol, Self

from pydantic import Field, model_validator

from policy.calendar import CalendarName
from policy.request import Care, LineOfBusiness, Priority
from policy.verdict import Value


class Obligation(StrEnum):
    """What a clock demands."""

    DECISION = "decision"
    DECISION_OUTER = "decision_outer"
    PEND_NOTICE = "pend_notice"
    PROVIDER_NOTICE = "provider_notice"
    MEMBER_NOTICE = "member_notice"
    EXTENSION = "extension"
    ORAL_CONFIRMATION = "oral_confirmation"
    OPINION_RENDERED = "opinion_rendered"
    INFORMATION_REPLY = "information_reply"
    PLACEMENT = "placement"
    CONSULTATION_REPORT = "consultation_report"
    APPOINTMENT = "appointment"


class Anchor(StrEnum):
    """The event that starts a clock."""

    RECEIVED = "received"
    INFORMATION_COMPLETE = "information_complete"
    INFORMATION_REQUESTED = "information_requested"
    DECIDED = "decided"
    APPROVED = "approved"
    PLACED = "placed"
    PLACEMENT_ENDED = "placement_ended"
    VISIT = "visit"
    VISIT_MISSED = "visit_missed"
    ORAL_NOTICE = "oral_notice"
    EXPEDITE_REFUSED = "expedite_refused"


class Unit(StrEnum):
    """How a clock counts."""

    CLOCK_HOURS = "clock_hours"
    CALENDAR_DAYS = "calendar_days"
    BUSINESS_DAYS = "business_days"


class Decided(StrEnum):
    """How a request was decided, as far as a notice's limit asks."""

    APPROVED = "approved"
    DENIED = "denied"
    MODIFIED = "modified"
    DELAYED = "delayed"


class ExtensionReason(StrEnum):
    """Why a decision may need more time. Which of them are lawful is a matter of the line."""

    ENROLLEE_REQUEST = "enrollee_request"
    PROVIDER_REQUEST = "provider_request"
    NONCONTRACT_EVIDENCE = "noncontract_evidence"
    EXTRAORDINARY_CIRCUMSTANCES = "extraordinary_circumstances"
    INFORMATION_MISSING = "information_missing"
    EXPERT_CONSULTATION = "expert_consultation"
    FURTHER_EXAMINATION = "further_examination"
    CONTRACTED_PROVIDER_RECORDS = "contracted_provider_records"


class CountedFrom(StrEnum):
    """The day from which the years of keeping count (Los Angeles)."""

    CLOSING = "closing"
    END_OF_YEAR = "end_of_year"


class Circumstances(Protocol):
    """What chooses a rule, beside priority and day of receipt. A request has it, and so has a situation."""

    @property
    def line(self) -> LineOfBusiness:
        """The line of business."""

    @property
    def requires_prior_authorization(self) -> bool:
        """Whether the item is subject to prior authorization."""

    @property
    def care(self) -> Care:
        """Whether primary or specialty care is asked for."""

    @property
    def imminent_threat(self) -> bool:
        """Whether there is an imminent and serious threat to health."""


class Dated(Value):
    """A row that holds on some lines and priorities, and from a day to a day (both inclusive, by receipt)."""

    id: str
    lines: tuple[LineOfBusiness, ...] = Field(min_length=1)
    priorities: tuple[Priority, ...] = Field(min_length=1)
    from_: date = Field(alias="from")
    to: date | None = None
    citation: str = Field(min_length=1)
    source: str = Field(min_length=1)
    status: str = Field("found", pattern="^(found|part|memory)$", description="how sure the source is")
    disabled: bool = False

    def holds(self, line: LineOfBusiness, priority: Priority, day: date) -> bool:
        """Whether the row is in force for a request of that line and priority received on ``day`` (Los Angeles)."""
        in_time = self.from_ <= day and (self.to is None or day <= self.to)
        return not self.disabled and in_time and line in self.lines and priority in self.priorities

    @property
    def citations(self) -> tuple[str, ...]:
        """What the row rests on, one by one."""
        return tuple(part.strip() for part in self.citation.split(";"))


class Timeframe(Dated):
    """One row of law or of plan: who must do what, how long after what, and where that is written."""

    obligation: Obligation
    anchor: Anchor
    amount: int = Field(0, ge=0)
    unit: Unit = Unit.CLOCK_HOURS
    calendar: CalendarName | None = None
    inside_decision_limit: bool = False
    prior_authorization: bool | None = None
    imminent_threat: bool | None = None
    outcomes: tuple[Decided, ...] = ()
    care: Care | None = None
    since_generation: int = Field(1, ge=1, description="older cases never get this clock: they keep what was recorded")

    @model_validator(mode="after")
    def _counts(self) -> Self:
        if (self.unit is Unit.BUSINESS_DAYS) != (self.calendar is not None):
            raise ValueError(f"{self.id}: business days need a calendar, and nothing else has one")
        if self.amount == 0 and not self.inside_decision_limit:
            raise ValueError(f"{self.id}: needs an amount, or inside_decision_limit")
        return self

    def fits(self, asked: Circumstances, priority: Priority, day: date) -> bool:
        """Whether the row holds for a request received on ``day`` (Los Angeles)."""
        return (
            self.holds(asked.line, priority, day)
            and self.prior_authorization in (None, asked.requires_prior_authorization)
            and self.imminent_threat in (None, asked.imminent_threat)
            and self.care in (None, asked.care)
        )

    def overlaps(self, other: "Timeframe") -> bool:
        """Whether two rows could both claim to be the one limit for the same request."""
        return (
            not (self.disabled or other.disabled)
            and self.obligation is other.obligation
            and self.anchor is other.anchor
            and (not self.outcomes or not other.outcomes or not set(self.outcomes).isdisjoint(other.outcomes))
            and not set(self.lines).isdisjoint(other.lines)
            and not set(self.priorities).isdisjoint(other.priorities)
            and (None in (self.care, other.care) or self.care is other.care)
            and self.from_ <= (other.to or date.max)
            and other.from_ <= (self.to or date.max)
            and (None in (both := (self.prior_authorization, other.prior_authorization)) or both[0] == both[1])
        )


class Retention(Value):
    """How long a closed case's packet and records are kept at least. It holds whenever the case was closed."""

    id: str
    lines: tuple[LineOfBusiness, ...] = Field(min_length=1)
    years: int = Field(ge=1)
    counted_from: CountedFrom
    citation: str = Field(min_length=1)
    source: str = Field(min_length=1)
    status: str = Field("found", pattern="^(found|part|memory)$", description="how sure the source is")


class Extension(Dated):
    """How long a decision may be extended, and for which lawful reasons."""

    days: int = Field(ge=1, description="calendar days")
    reasons: tuple[ExtensionReason, ...] = Field(min_length=1)
