"""What each letter has to say by law and policy, as dated data: reads policy/editions/letters.toml, once, at import.

A letter is checked against the rows that hold for its line, kind, reader and outcome on the day on which it is written.
How long its reader may do what it offers (appeal, ask for a hearing) stands in the same file.
"""

import tomllib
from datetime import date
from functools import cached_property
from importlib.resources import files
from typing import Self

from pydantic import Field, model_validator

from policy.lifecycle import Outcome
from policy.particulars import NoticeKind, Recipient
from policy.request import LineOfBusiness
from policy.verdict import Value


class Sourced(Value):
    """Where a row comes from. ``status``: found in a source, in part, or from memory (confirm before live use)."""

    citation: str = Field(min_length=1)
    source: str = Field(min_length=1)
    status: str = Field("found", pattern="^(found|part|memory)$")
    from_: date = Field(alias="from")
    to: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it holds on a day (Los Angeles), both ends included."""
        return self.from_ <= day and (self.to is None or day <= self.to)


class Requirement(Sourced):
    """Letters that must carry these elements. Where lines, kinds, outcomes or readers are not named, all are meant."""

    elements: tuple[str, ...] = Field(min_length=1)
    lines: tuple[LineOfBusiness, ...] = ()
    kinds: tuple[NoticeKind, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    recipients: tuple[Recipient, ...] = ()

    def fits(
        self, kind: NoticeKind, recipient: Recipient, line: LineOfBusiness | None, outcome: Outcome | None
    ) -> bool:
        """Whether it is asked of such a letter."""
        return (
            (not self.lines or line in self.lines)
            and (not self.kinds or kind in self.kinds)
            and (not self.outcomes or outcome in self.outcomes)
            and (not self.recipients or recipient in self.recipients)
        )


class Window(Sourced):
    """How long the reader may do something: in calendar days from the letter, or in months where ``name`` says so."""

    name: str
    lines: tuple[LineOfBusiness, ...]
    amount: int = Field(ge=1)


class Checklists(Value):
    """All rows, and what each element is."""

    element: dict[str, str]
    requirement: tuple[Requirement, ...]
    window: tuple[Window, ...]

    @model_validator(mode="after")
    def _names_only_elements(self) -> Self:
        named = {element for row in self.requirement for element in row.elements}
        if unknown := named - set(self.element):
            raise ValueError(f"checklists: nothing says what these elements are: {sorted(unknown)}")
        return self

    def required(
        self,
        kind: NoticeKind,
        recipient: Recipient,
        line: LineOfBusiness | None,
        outcome: Outcome | None,
        day: date,
    ) -> dict[str, Requirement]:
        """The elements that a letter written on ``day`` (Los Angeles) must carry, each with a row that asks for it."""
        key = (kind, recipient, line, outcome, day)
        if key not in self._found:
            rows = [r for r in self.requirement if r.holds_on(day) and r.fits(kind, recipient, line, outcome)]
            self._found[key] = {element: row for row in reversed(rows) for element in row.elements}
        return self._found[key]

    def window_of(self, name: str, line: LineOfBusiness, day: date) -> int | None:
        """How many days (or months) the reader of a letter of ``day`` (Los Angeles) has; None on other lines."""
        return next((w.amount for w in self.window if w.name == name and line in w.lines and w.holds_on(day)), None)

    @cached_property
    def _found(
        self,
    ) -> dict[tuple[NoticeKind, Recipient, LineOfBusiness | None, Outcome | None, date], dict[str, Requirement]]:
        """What was looked up before."""
        return {}


CHECKLISTS = Checklists(
    **tomllib.loads(files("policy").joinpath("editions", "letters.toml").read_text(encoding="utf-8"))
)
