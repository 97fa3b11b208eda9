"""``report verify``: a period's counts derived a second time, from the ledger and from what Temporal retains. P12."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Engine

from policy.case import Case
from policy.report.facts import CaseFact, fact_of
from policy.report.period import Period
from policy.report.reconciling import TIMES, LedgerCounts, differences, row_differences
from policy.report.retold import in_period
from policy.report.shape import CommitteeReport, Difference, Reconciliation
from policy.request import LineOfBusiness
from records import retelling
from records.casefacts import snapshot
from records.retelling import Both
from wiring.desk import ActionError, FrontDesk

SHOWN = 500  # differences that a report names; how many there are in all it says
AT_ONCE = 8  # cases that are asked of Temporal at the same time


class Looked(NamedTuple):
    """What the ledger said."""

    cases: int
    compared: int
    differences: list[Difference]


def reconciled(
    engine: Engine,
    report: CommitteeReport,
    now: datetime,
    retained: tuple[int, list[Difference]] | None = None,
    why_not: str = "Temporal was not asked.",
) -> CommitteeReport:
    """The report with the result of its second derivation; ``retained`` is what Temporal's own cases said of it."""
    looked = against_the_ledger(engine, report)
    count, more = retained if retained is not None else (None, [])
    found = [*looked.differences, *more]
    result = Reconciliation(
        done_at=now,
        cases=looked.cases,
        counts_compared=looked.compared,
        from_temporal=count,
        why_not="" if retained is not None else why_not,
        differences=tuple(found[:SHOWN]),
        difference_count=len(found),
    )
    return report.model_copy(update={"reconciliation": result})


def against_the_ledger(engine: Engine, report: CommitteeReport) -> Looked:
    """Every case of the period by its fact, its row and its ledger; then every count that the ledger can tell.

    A case that only one of them knows is a difference, wherever it belongs. Raises RecordsError.
    """
    period, lines, counts = report.period, report.lines, LedgerCounts(report.period)
    found: list[Difference] = []
    cases = 0
    for both in retelling.cases(engine):
        if not _concerns(both, period, lines):
            continue
        cases += 1
        found += differences(both.fact, both.told, period)
        if both.fact and both.row:
            found += row_differences(both.fact, both.row)
        if both.told and _is_of(both.told.line, lines):
            counts.see(both.told)
    for one in retelling.delegated(engine):
        if _is_of(one.line, lines):
            counts.see_delegated(one.delegate, one.outcome, one.decided_on)
    compared, more = counts.against(report.tables)
    return Looked(cases, compared, [*found, *more])


def _concerns(both: Both, period: Period, lines: Sequence[LineOfBusiness]) -> bool:
    """Whether the case counts in the period, or would, by either side: what one of them hides the other one shows."""
    fact, told = both.fact, both.told
    if not ((fact and _is_of(fact.line, lines)) or (told and _is_of(told.line, lines))):
        return False
    here = fact is not None and any(period.holds(getattr(fact, name)) for name in ("received_at", *TIMES))
    there = told is not None and any(period.holds(getattr(told, name)) for name in TIMES)
    return here or there or (told is not None and in_period(period, told.received_on))


def _is_of(line: str, lines: Sequence[LineOfBusiness]) -> bool:
    return not lines or line in lines


async def from_temporal(
    desk: FrontDesk, engine: Engine, period: Period, lines: Sequence[LineOfBusiness] = ()
) -> tuple[int, list[Difference]]:
    """How many cases of the period Temporal still retains, and what they say otherwise than the facts.

    Each is asked for by its query, so that a worker tells it again from its history. One that still runs may be ahead
    of its fact by a moment, and is not compared; one that Temporal has no more is not counted. Raises KeyRingError.
    """
    with snapshot(engine) as facts:
        wanted = [fact for fact in facts.cases(period, lines) if fact.closed_at and fact.is_request]
    found: list[Difference] = []
    count, gate = 0, asyncio.Semaphore(AT_ONCE)

    async def ask(fact: CaseFact) -> Case | None:
        async with gate:
            try:
                return await desk.case(fact.number)
            except ActionError:
                return None

    for fact, case in zip(wanted, await asyncio.gather(*map(ask, wanted)), strict=True):
        if case is not None:
            count += 1
            found += told_by_temporal(fact, case)
    return count, found


def told_by_temporal(fact: CaseFact, case: Case) -> list[Difference]:
    """What a case in Temporal says otherwise than its fact in the records."""
    there = fact_of(case)
    return [
        Difference(
            case_number=fact.number,
            field=name,
            report_says=str(getattr(fact, name)),
            source="Temporal",
            source_says=str(getattr(there, name)),
        )
        for name in CaseFact.model_fields
        if getattr(fact, name) != getattr(there, name)
    ]
