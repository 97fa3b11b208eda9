"""The policy and the law as dated data: loads and checks every edition at import. The only file reader beside calendar.

A case is bound to the edition in force at its receipt for its whole life, so that a later edition never moves a
running case. An edition with a gap or an overlap is an error that names the row, at import.
"""

import tomllib
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from importlib.resources import files
from itertools import combinations
from typing import Self

from pydantic import Field, model_validator

from policy.calendar import CalendarName
from policy.request import Item, LineOfBusiness, Priority, Request
from policy.verdict import Value


class Obligation(StrEnum):
    """What a clock demands."""

    DECISION = "decision"
    DECISION_OUTER = "decision_outer"
    PEND_NOTICE = "pend_notice"
    PROVIDER_NOTICE = "provider_notice"
    MEMBER_NOTICE = "member_notice"
    OPINION_RENDERED = "opinion_rendered"
    INFORMATION_REPLY = "information_reply"
    PLACEMENT = "placement"
    CONSULTATION_REPORT = "consultation_report"


class Anchor(StrEnum):
    """The event that starts a clock."""

    RECEIVED = "received"
    INFORMATION_COMPLETE = "information_complete"
    INFORMATION_REQUESTED = "information_requested"
    DECIDED = "decided"
    APPROVED = "approved"
    PLACED = "placed"


class Unit(StrEnum):
    """How a clock counts."""

    CLOCK_HOURS = "clock_hours"
    CALENDAR_DAYS = "calendar_days"
    BUSINESS_DAYS = "business_days"


class Timeframe(Value):
    """One row of law or of plan: who must do what, how long after what, and where that is written."""

    id: str
    lines: tuple[LineOfBusiness, ...] = Field(min_length=1)
    priorities: tuple[Priority, ...] = Field(min_length=1)
    from_: date = Field(alias="from")
    to: date | None = None
    obligation: Obligation
    anchor: Anchor
    amount: int = Field(0, ge=0)
    unit: Unit = Unit.CLOCK_HOURS
    calendar: CalendarName | None = None
    inside_decision_limit: bool = False
    prior_authorization: bool | None = None
    imminent_threat: bool | None = None
    citation: str = Field(min_length=1)
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _counts(self) -> Self:
        if (self.unit is Unit.BUSINESS_DAYS) != (self.calendar is not None):
            raise ValueError(f"{self.id}: business days need a calendar, and nothing else has one")
        if self.amount == 0 and not self.inside_decision_limit:
            raise ValueError(f"{self.id}: needs an amount, or inside_decision_limit")
        return self

    def fits(self, request: Request, priority: Priority, day: date) -> bool:
        """Whether the row holds for a request received on ``day`` (Los Angeles)."""
        return (
            request.line in self.lines
            and priority in self.priorities
            and self.from_ <= day
            and (self.to is None or day <= self.to)
            and self.prior_authorization in (None, request.requires_prior_authorization)
            and self.imminent_threat in (None, request.imminent_threat)
        )

    def overlaps(self, other: "Timeframe") -> bool:
        """Whether two rows could both claim to be the one limit for the same request."""
        return (
            self.obligation is other.obligation
            and not set(self.lines).isdisjoint(other.lines)
            and not set(self.priorities).isdisjoint(other.priorities)
            and self.from_ <= (other.to or date.max)
            and other.from_ <= (self.to or date.max)
            and (None in (both := (self.prior_authorization, other.prior_authorization)) or both[0] == both[1])
        )


class ChecklistItem(Value):
    """One item that a referral must carry (P2)."""

    item: Item
    kind: str = Field(pattern="^(demographic|clinical)$")
    label: str


class Category(Value):
    """One row of the category code table (P11). An empty field fits everything."""

    code: str
    outcome: str
    route: str = ""
    basis: str = ""
    label: str


class Parameters(Value):
    """Where the policy leaves a choice, or differs from the law."""

    follow_recommendation: bool
    warn_at: tuple[float, ...]
    clock_skew_minutes: int


class SomeLines(Value):
    """A rule that holds on some lines of business only."""

    lines: tuple[LineOfBusiness, ...]
    citation: str
    source: str


class Edition(Value):
    """The policy as it stood from a day on."""

    id: str
    effective_from: date
    title: str
    parameters: Parameters
    lines_ended: dict[LineOfBusiness, date]
    checklist: tuple[ChecklistItem, ...]
    timeframe: tuple[Timeframe, ...]
    deemed_denial: SomeLines
    third_opinion: SomeLines
    cost: dict[LineOfBusiness, str]
    rights: dict[LineOfBusiness, str]
    category: tuple[Category, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        for one, other in combinations(self.timeframe, 2):
            if one.overlaps(other):
                raise ValueError(f"edition {self.id}: timeframes {one.id} and {other.id} overlap on {one.obligation}")
        for line in LineOfBusiness:
            if line not in self.cost or line not in self.rights:
                raise ValueError(f"edition {self.id}: no cost statement or no rights for line {line}")
        return self

    def timeframes(self, request: Request, priority: Priority, day: date) -> tuple[Timeframe, ...]:
        """The rows that hold for a request received on ``day`` (Los Angeles)."""
        return tuple(row for row in self.timeframe if row.fits(request, priority, day))

    def label(self, item: Item) -> str:
        """What a checklist item is called in a letter."""
        return next((c.label for c in self.checklist if c.item is item), item.value.replace("_", " ").capitalize())


def _read_editions() -> tuple[Edition, ...]:
    folder = files("policy").joinpath("editions")
    names: Iterable[str] = sorted(f.name for f in folder.iterdir() if f.name[:2].isdigit())
    found = (Edition(**tomllib.loads(folder.joinpath(name).read_text(encoding="utf-8"))) for name in names)
    return tuple(sorted(found, key=lambda e: e.effective_from))


EDITIONS = _read_editions()


def edition_on(day: date) -> Edition:
    """The edition in force on a day; the first one for days before it."""
    return max((e for e in EDITIONS if e.effective_from <= day), key=lambda e: e.effective_from, default=EDITIONS[0])


def edition_named(edition_id: str) -> Edition:
    """The edition that a case is bound to. Raises KeyError for one that was never ours."""
    return {e.id: e for e in EDITIONS}[edition_id]
