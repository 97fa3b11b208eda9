"""``report verify``: a period's counts derived a second time, from the ledger and from what Temporal retains. P12."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Engine

from policy.report.delegateretold import delegated_differences, unheard_of
from policy.report.derived import not_derived
from policy.report.period import Period
from policy.report.physicians import Physicians
from policy.report.reconciling import TIMES, as_the_fact_says, differences, request_differences, row_differences
from policy.report.recounting import Recount
from policy.report.retold import Came, in_period
from policy.report.shape import CommitteeReport, Difference, Reconciliation
from policy.request import LineOfBusiness
from records import retelling
from records.retelling import Both
from wiring.reporttemporal import AskedOfTemporal

SHOWN = 500  # differences that a report names; how many there are in all it says
WHEN = ("consulted_at", *TIMES)
NOT_ASKED = "Temporal was not asked."


class Looked(NamedTuple):
    """What the ledgers said."""

    cases: int
    delegated: int
    compared: int
    differences: list[Difference]
    not_derived: list[str]


def reconciled(
    engine: Engine,
    report: CommitteeReport,
    now: datetime,
    *,
    asked: AskedOfTemporal | None = None,
    why_not: str = NOT_ASKED,
    staff: Mapping[str, str] | None = None,
) -> CommitteeReport:
    """The report with the result of its second derivation; ``asked`` is what Temporal's own cases said of it.

    ``staff`` is the NPI of each account that is known, the account itself where one has none. Raises RecordsError.
    """
    looked = against_the_ledger(engine, report, staff)
    found = [*looked.differences, *(asked.differences if asked else ())]
    result = Reconciliation(
        done_at=now,
        cases=looked.cases,
        delegated=looked.delegated,
        counts_compared=looked.compared,
        from_temporal=asked.compared if asked else None,
        temporal_cases=asked.cases if asked else 0,
        no_longer_retained=asked.gone if asked else 0,
        not_at_rest=asked.not_at_rest if asked else 0,
        why_not="" if asked else why_not,
        not_derived=tuple(looked.not_derived),
        differences=tuple(found[:SHOWN]),
        difference_count=len(found),
    )
    return report.model_copy(update={"reconciliation": result})


def against_the_ledger(engine: Engine, report: CommitteeReport, staff: Mapping[str, str] | None = None) -> Looked:
    """Every case of the period by its fact, its row, its request and its ledger; then every count that these can tell.

    A case that only one of them knows is a difference, wherever it belongs. Raises RecordsError.
    """
    second = _Second(report, Physicians(staff))
    for both in retelling.cases(engine, report.looked_back.begins):
        second.see(both)
    for packet in retelling.delegated(engine, report.looked_back):
        second.see_delegated(packet)
    return second.looked()


class _Second:
    """A second derivation under way."""

    def __init__(self, report: CommitteeReport, physicians: Physicians) -> None:
        self._report, self._physicians = report, physicians
        self._counts = Recount(report, physicians)
        self._found: list[Difference] = []
        self._cases = self._delegated = self._unheard_of = self._without_request = 0

    def see(self, both: Both) -> None:
        """One case."""
        fact, told, came = both.fact, both.told, both.came
        if came is None and fact and fact.is_request:  # it came by no door: what it says is known from the fact alone
            came = as_the_fact_says(fact)
            self._without_request += concerns(both, self._report.looked_back, self._report.lines)
        if concerns(both, self._report.period, self._report.lines):
            self._cases += both.is_request
            self._found += _all_differences(both, came, self._report.period)
        if told is None or not _is_of(told.line, self._report.lines):
            return
        self._counts.see(told, came or Came())
        if fact and fact.physician and told.decided_by and self._report.looked_back.holds(told.decided_at):
            self._physicians.see(both.number, told.decided_by, fact.physician)

    def see_delegated(self, both: retelling.BothDelegated) -> None:
        """One delegated decision: of the period, or of the time that the charts look back at."""
        fact, told = both.fact, both.told
        here = fact is not None and _is_of(fact.line, self._report.lines)
        there = told is not None and _is_of(told.line, self._report.lines)
        within = self._report.looked_back
        if not (here or (there and told and in_period(within, told.decided_on))):
            return
        self._delegated += bool(fact and self._report.period.holds(fact.decided_at))
        self._found += delegated_differences(fact, told)
        if told is not None and there:
            late = unheard_of(fact, told) if fact else frozenset()
            self._unheard_of += bool(late)
            self._counts.see_delegated(told, told.faults | late)

    def looked(self) -> Looked:
        """What came of it."""
        compared, more = self._counts.against(self._report)
        found = [*self._found, *self._physicians.differences(), *more]
        return Looked(self._cases, self._delegated, compared, found, list(self._not_derived()))

    def _not_derived(self) -> Iterator[str]:
        yield from not_derived(self._report.tables)
        if self._without_request:
            what = "reasons, purpose, PPG and questioned physician"
            yield f"{what} of {self._without_request:,} requests that the register does not have"
        if self._unheard_of:
            yield f"faults of {self._unheard_of:,} delegated decisions that only a later supplement brought to light"
        if unknown := self._physicians.unknown:
            yield (
                f"the NPI of {len(unknown):,} accounts that are not in the staff file ({', '.join(unknown[:5])}"
                f"{', …' if unknown[5:] else ''}): it was only compared from case to case"
            )


def _all_differences(both: Both, came: Came | None, period: Period) -> Iterator[Difference]:
    fact = both.fact
    yield from differences(fact, both.told, period)
    if fact and both.row:
        yield from row_differences(fact, both.row)
    if fact and fact.is_request and came:
        yield from request_differences(fact, came)


def numbers(engine: Engine, period: Period, lines: Sequence[LineOfBusiness] = ()) -> list[str]:
    """The requests of a period, by what the report counts of them or by their ledger. Raises RecordsError."""
    return [
        both.number
        for both in retelling.cases(engine, period.begins)
        if concerns(both, period, lines) and (both.is_request or (both.fact and both.fact.is_request))
    ]


def concerns(both: Both, period: Period, lines: Sequence[LineOfBusiness]) -> bool:
    """Whether the case counts in the period, or would, by either side: what one of them hides the other one shows."""
    fact, told = both.fact, both.told
    if not ((fact and _is_of(fact.line, lines)) or (told and _is_of(told.line, lines))):
        return False
    here = fact is not None and any(period.holds(getattr(fact, name)) for name in ("received_at", *WHEN))
    there = told is not None and any(period.holds(getattr(told, name)) for name in WHEN)
    return here or there or (told is not None and in_period(period, told.received_on))


def _is_of(line: str, lines: Sequence[LineOfBusiness]) -> bool:
    return not lines or line in lines
