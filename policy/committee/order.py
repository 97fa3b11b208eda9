"""Which report is asked for: a period, lines of business, an edition. Policy 90.2.17, P12."""

from datetime import timedelta
from typing import Self

from pydantic import AwareDatetime, Field, model_validator

from policy.clauses import Clause
from policy.report.period import Period
from policy.request import LineOfBusiness
from policy.verdict import Allowed, Refused, Value, Verdict


class ReportOrder(Value):
    """A report as it is ordered. No ``lines``: all of them. ``asked_by`` is empty for the schedule.

    From the second edition on ``why`` says why the one before is corrected.
    """

    period: Period
    lines: tuple[LineOfBusiness, ...] = ()
    edition: int = Field(1, ge=1)
    why: str = Field("", max_length=1_000)
    asked_by: str = ""
    asked_at: AwareDatetime

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.edition > 1 and not self.why.strip():
            raise ValueError("a new edition says why it corrects the one before; give 'why'")
        return self

    @property
    def number(self) -> str:
        """``2026-Q3``, ``2026-Q3-medi-cal-e2``: fit for an id, an address and a file's name."""
        return report_number(self.period, self.lines, self.edition)

    @property
    def corrects(self) -> str:
        """The number of the edition before; empty for a first one."""
        return report_number(self.period, self.lines, self.edition - 1) if self.edition > 1 else ""


def report_number(period: Period, lines: tuple[LineOfBusiness, ...] = (), edition: int = 1) -> str:
    """The number of a report: the lines in their own order, so that the same ones give the same number."""
    about = [line.replace("_", "-") for line in LineOfBusiness if line in lines]
    return "-".join([period.name.replace("..", "-to-"), *about, *([f"e{edition}"] if edition > 1 else [])])


def is_report_number(number: str) -> bool:
    """Whether a number is a report's: it begins with a year, as no case's does (``SO-…``, ``DD-…``)."""
    return number[:4].isdigit()


def may_be_ordered(order: ReportOrder) -> Verdict:
    """Whether the period is over: what is reported of a running one would stand for the whole of it for ever."""
    if order.period.ends <= order.asked_at:
        return Allowed()
    reason = f"{order.period.name} is not over; it can be reported from {order.period.last + timedelta(days=1)} on"
    return Refused(reason=reason, clause=Clause.P12, field="period")
