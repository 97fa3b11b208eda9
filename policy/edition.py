"""The policy and the law as dated data: loads and checks every edition at import. The only file reader beside calendar.

A case is bound to the edition in force at its receipt for its whole life, so that a later edition never moves a
running case. An edition with a gap or an overlap of dates, or a citation that is not registered, is an error that names
the row, at import.
"""

import tomllib
from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from importlib.resources import files
from itertools import combinations, product
from typing import Self

from pydantic import Field, model_validator

from policy.delegation import Delegation
from policy.request import Care, Item, LineOfBusiness, Priority, RequesterKind
from policy.rule import Circumstances, Extension, Retention, Timeframe
from policy.tasks import TaskKind
from policy.verdict import Value


class Choice(Value):
    """Where policy and law differ, or sources disagree: both readings, each with its citation."""

    parameter: str
    question: str
    yes: str
    yes_citation: str
    no: str
    no_citation: str


class CostShare(StrEnum):
    """What the member pays for the opinion (P8); the catalogues say it in words."""

    NOTHING = "nothing"
    PLAN_PAYS = "plan_pays"
    USUAL_COPAYMENT = "usual_copayment"


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
    medi_cal_extension_from_receipt: bool
    d_snp_may_extend: bool
    equivalent_specialty_for_opinions: bool
    primary_care_network_designation: bool
    may_be_skipped: tuple[TaskKind, ...]
    nominee_answers_within_part: float = Field(gt=0, le=1)
    nominee_answers_within_hours: int = Field(gt=0)
    warn_at: tuple[float, ...]
    clock_skew_minutes: int
    fax_patience_minutes: int = Field(ge=0)
    email_patience_minutes: int = Field(ge=0)
    acknowledges: tuple[RequesterKind, ...]
    authorization_valid_days: int = Field(gt=0, description="calendar days after the day of placing")


class SomeLines(Value):
    """A rule that holds on some lines of business only."""

    lines: tuple[LineOfBusiness, ...]
    citation: str
    source: str


class ThirdOpinionRule(SomeLines):
    """On which lines a third opinion opens when two differ; and, where two agree, a further ``confirmatory`` one."""

    confirmatory: tuple[LineOfBusiness, ...] = ()


class Edition(Value):
    """The policy as it stood from a day on."""

    id: str
    effective_from: date
    title: str
    citations: dict[str, str]
    parameters: Parameters
    choice: tuple[Choice, ...]
    lines_ended: dict[LineOfBusiness, date]
    checklist: tuple[ChecklistItem, ...]
    timeframe: tuple[Timeframe, ...]
    extension: tuple[Extension, ...]
    deemed_denial: SomeLines
    telephone_or_fax: SomeLines
    third_opinion: ThirdOpinionRule
    cost: dict[LineOfBusiness, CostShare]
    category: tuple[Category, ...]
    retention: tuple[Retention, ...]
    delegation: Delegation

    @model_validator(mode="after")
    def _rows_do_not_overlap(self) -> Self:
        for one, other in combinations(self.timeframe, 2):
            if one.overlaps(other):
                raise ValueError(f"edition {self.id}: timeframes {one.id} and {other.id} overlap on {one.obligation}")
        return self

    @model_validator(mode="after")
    def _every_line_has_its_rows(self) -> Self:
        for line in LineOfBusiness:
            if line not in self.cost:
                raise ValueError(f"edition {self.id}: nothing says what the member pays on line {line}")
            if not any(line in row.lines for row in self.retention):
                raise ValueError(f"edition {self.id}: nothing says how long records of line {line} are kept")
        return self

    @model_validator(mode="after")
    def _citations_are_registered(self) -> Self:
        for row in (*self.timeframe, *self.extension):
            if unknown := set(row.citations) - set(self.citations):
                raise ValueError(f"edition {self.id}: {row.id} cites what is not registered: {sorted(unknown)}")
        others = {self.deemed_denial.citation, self.third_opinion.citation, self.telephone_or_fax.citation}
        others |= {c for choice in self.choice for c in (choice.yes_citation, choice.no_citation)}
        others |= {row.citation for row in self.retention}
        others |= {self.delegation.citation, self.delegation.letter_citation}
        if unknown := others - set(self.citations):
            raise ValueError(
                f"edition {self.id}: a choice, delegation, a retention or a rule of some lines cites {sorted(unknown)}"
            )
        if unknown := {choice.parameter for choice in self.choice} - set(Parameters.model_fields):
            raise ValueError(f"edition {self.id}: a choice about no parameter: {sorted(unknown)}")
        return self

    @model_validator(mode="after")
    def _has_no_gap(self) -> Self:
        """A limit that ends must be followed, on the next day, by another for the same line and priority."""
        for row in self.timeframe:
            if row.to is None or row.disabled:
                continue
            next_day = row.to + timedelta(days=1)
            for line, priority, authorized in product(row.lines, row.priorities, (True, False)):
                ended = line in self.lines_ended and self.lines_ended[line] <= row.to
                followers = (
                    r
                    for r in self.timeframe
                    if r.obligation is row.obligation and r.prior_authorization in (None, authorized)
                )
                if not ended and not any(r.holds(line, priority, next_day) for r in followers):
                    raise ValueError(f"edition {self.id}: a gap after {row.id} on {next_day} for {line}, {priority}")
        return self

    def timeframes(self, asked: Circumstances, priority: Priority, day: date) -> tuple[Timeframe, ...]:
        """The rows that hold for a request received on ``day`` (Los Angeles)."""
        key = (asked.line, priority, day, asked.requires_prior_authorization, asked.imminent_threat, asked.care)
        rows = self._found.get(key)
        if rows is None:
            rows = self._found[key] = tuple(row for row in self.timeframe if row.fits(asked, priority, day))
        return rows

    @cached_property
    def _found(self) -> dict[tuple[LineOfBusiness, Priority, date, bool, bool, Care], tuple[Timeframe, ...]]:
        """What was looked up before: the table is searched once for all alike requests of a day."""
        return {}

    def extension_for(self, line: LineOfBusiness, priority: Priority, day: date) -> Extension | None:
        """The extension that the line has for a request received on ``day``, if it has one."""
        if line is LineOfBusiness.D_SNP and not self.parameters.d_snp_may_extend:
            return None
        return next((row for row in self.extension if row.holds(line, priority, day)), None)

    def extension_counts_from_receipt(self, line: LineOfBusiness) -> bool:
        """Whether an extension's days count from receipt, and not from the limit: a reading for Medi-Cal only."""
        return line is LineOfBusiness.MEDI_CAL and self.parameters.medi_cal_extension_from_receipt

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
