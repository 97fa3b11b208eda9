"""The public metrics of prior authorization for a year: 42 CFR 422.122(c) and 438.210(f), by CMS-0057-F. P12.

Published by March 31 for the calendar year before, without drugs. What counts as standard and expedited, as approved,
denied, extended and approved after an appeal is said in docs/report-definitions.md. Here they are those of second
opinions alone: the plan adds its other services to them.
"""

from collections.abc import Iterable
from decimal import Decimal

from policy.delegated import DelegateOutcome
from policy.lifecycle import Outcome
from policy.particulars import ChangedBecause
from policy.report.delegates import DelegatedFact
from policy.report.facts import CaseFact
from policy.report.period import Period
from policy.report.shape import Basis, Cell, Column, Kind, Row, Share, Table, tenth
from policy.report.tally import Numbers, Spans
from policy.report.words import words
from policy.request import LineOfBusiness, Priority

SECTION = "Public metrics"
PROGRAMS = (
    LineOfBusiness.CMC,
    LineOfBusiness.MEDI_CAL,
    LineOfBusiness.D_SNP,
    LineOfBusiness.MEDICARE_ADVANTAGE,
)
STANDARD, EXPEDITED = "standard", "expedited"
SPEEDS = {
    Priority.STANDARD: STANDARD,
    Priority.CONCURRENT: STANDARD,
    Priority.EXPEDITED: EXPEDITED,
    Priority.URGENT_CONCURRENT: EXPEDITED,
}
APPEALED = (ChangedBecause.APPEAL, ChangedBecause.IMR, ChangedBecause.STATE_HEARING)
HOURS_A_DAY = 24
SERVICES = "Second opinion: a consultation with another qualified physician, with the tests that it needs"


class PublicMetrics:
    """The nine metrics, for each line to which the rule applies: the plan's and the delegates' decisions together."""

    def __init__(self, period: Period) -> None:
        self._period, self._numbers = period, Numbers()
        self._spans: dict[tuple[str, str], Spans] = {}

    def see(self, fact: CaseFact) -> None:
        """One case: by its first determination."""
        if not fact.is_request or fact.decided_at is None or not fact.prior_authorization:
            return
        if self._period.holds(fact.decided_at) and fact.line in PROGRAMS and (speed := SPEEDS.get(fact.priority)):
            approved = fact.outcome is Outcome.APPROVED
            later = fact.changed_because in APPEALED and fact.changed_outcome is Outcome.APPROVED
            self._count(fact.line, speed, approved=approved, later=later and not approved, extended=fact.extended)
            self._spans.setdefault((fact.line, speed), Spans()).add(fact.received_at, fact.decided_at)

    def see_delegated(self, fact: DelegatedFact) -> None:
        """One delegated decision. An appeal against it is a case of the plan's, and is counted there."""
        if not fact.prior_authorization or not self._period.holds(fact.decided_at):
            return
        if fact.line in PROGRAMS and (speed := SPEEDS.get(fact.priority)):
            approved = fact.outcome is DelegateOutcome.APPROVED
            self._count(fact.line, speed, approved=approved, later=False, extended=fact.extended)
            self._spans.setdefault((fact.line, speed), Spans()).add(fact.received_at, fact.decided_at)

    def _count(self, line: LineOfBusiness, speed: str, *, approved: bool, later: bool, extended: bool) -> None:
        one = self._numbers.one
        for what, holds in {"decided": True, "approved": approved, "denied": not approved, "appealed": later}.items():
            if holds:
                one(line, words(line), f"{speed}-{what}")
        if extended and approved:
            one(line, words(line), "extended-approved")

    def table(self) -> Table:
        """A row for each metric, a column for each line."""
        shares = {
            "2-standard-approved": ("(2) Standard requests approved", STANDARD, "approved"),
            "3-standard-denied": ("(3) Standard requests denied, in whole or in part", STANDARD, "denied"),
            "4-approved-after-appeal": ("(4) Standard requests approved after appeal", STANDARD, "appealed"),
            "6-expedited-approved": ("(6) Expedited requests approved", EXPEDITED, "approved"),
            "7-expedited-denied": ("(7) Expedited requests denied, in whole or in part", EXPEDITED, "denied"),
        }
        rows = [_row("1-services", "(1) Items and services that need prior authorization", (SERVICES,) * len(PROGRAMS))]
        rows += [
            _row(row, label, (self._share(line, speed, what) for line in PROGRAMS))
            for row, (label, speed, what) in shares.items()
        ]
        rows.append(
            _row("5-extended-approved", "(5) Requests extended, and then approved", map(self._extended, PROGRAMS))
        )
        for row, label, speed, unit in (
            ("8-standard-time", "(8) Standard: average; median time to the decision, days", STANDARD, HOURS_A_DAY),
            ("9-expedited-time", "(9) Expedited: average; median time to the decision, hours", EXPEDITED, 1),
        ):
            rows.append(_row(row, label, (self._time(line, speed, unit) for line in PROGRAMS)))
        return Table(
            id="cms-0057",
            section=SECTION,
            title="Prior authorization: what is published for a year (CMS-0057-F)",
            label="Metric",
            clause="42 CFR 422.122(c); 438.210(f)",
            basis=Basis.DECIDED,
            columns=tuple(Column(id=line.replace("_", "-"), title=words(line), kind=Kind.TEXT) for line in PROGRAMS),
            rows=tuple(sorted(rows, key=lambda row: row.id)),
            note="Second opinions alone, the plan's and its delegates' decisions. Published for whole calendar years.",
        )

    def _share(self, line: LineOfBusiness, speed: str, what: str) -> Share:
        return Share(part=self._numbers.of(line, f"{speed}-{what}"), of=self._numbers.of(line, f"{speed}-decided"))

    def _extended(self, line: LineOfBusiness) -> Share:
        every = sum(self._numbers.of(line, f"{speed}-decided") for speed in (STANDARD, EXPEDITED))
        return Share(part=self._numbers.of(line, "extended-approved"), of=every)

    def _time(self, line: LineOfBusiness, speed: str, unit: int) -> str:
        spans = self._spans.get((line, speed), Spans())
        mean, median = spans.mean(), spans.median()
        if mean is None or median is None:
            return ""
        return f"{tenth(mean / Decimal(unit))}; {tenth(median / Decimal(unit))}"


def _row(row: str, label: str, said: Iterable[Share | str]) -> Row:
    cells = (Cell(share=one, text=one.words) if isinstance(one, Share) else Cell(text=one) for one in said)
    return Row(id=row, label=label, cells=tuple(cells))
