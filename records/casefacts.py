"""What the committees' report reads: facts of cases, clocks and delegated decisions, streamed, at one moment. P12.

Every function raises RecordsError when the records cannot be used.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, CursorResult, Engine, Select, and_, or_, select, type_coerce

from policy.delegatefindings import Part, Result
from policy.report.clocks import ClockFact
from policy.report.delegates import DelegatedFact
from policy.report.drill import looked_at
from policy.report.facts import CaseFact, WatchedCase
from policy.report.period import Period
from policy.report.shape import Drill
from policy.request import LineOfBusiness
from policy.rule import Obligation
from policy.timeframes import ClockState
from records.database import reading
from records.tables import CASE_FACTS, CASES, CLOCKS, DELEGATED_CASES, DELEGATED_FINDINGS

AT_ONCE = 2000  # rows
MARK = "SYNTHETIC"
FIELDS = tuple(CaseFact.model_fields)
NAMED = ("specialty", "organization", "physician", "questioned")  # what a funnel's units are, as columns of words
TIMES = ("received_at", "withdrawn_at", "decided_at", "consulted_at", "placed_at", "reported_at", "closed_at")
PACKET = type_coerce(DELEGATED_CASES.c.packet, JSON)


@contextmanager
def snapshot(engine: Engine) -> Iterator["Facts"]:
    """All that a report reads, as it stood at one moment."""
    with reading(engine) as connection:
        yield Facts(connection)


def recorded(engine: Engine, number: str) -> tuple[CaseFact, int] | None:
    """What is counted of one case, and up to which line of its ledger it has come; None where nothing is recorded."""
    wanted = select(*(CASE_FACTS.c[name] for name in FIELDS), CASE_FACTS.c.revision)
    with reading(engine) as connection:
        row = connection.execute(wanted.where(CASE_FACTS.c.number == number)).mappings().first()
    return (CaseFact.model_construct(**{name: row[name] for name in FIELDS}), int(row["revision"])) if row else None


class Facts:
    """What a report reads. ``lines`` keeps those of some lines of business; none: of all."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def cases(self, period: Period, lines: Sequence[LineOfBusiness] = ()) -> Iterator[CaseFact]:
        """The cases of which anything may have happened in the period: every one that was not over before."""
        return self._facts(self._lately(period, lines))

    def watched(self, period: Period, lines: Sequence[LineOfBusiness] = ()) -> Iterator[WatchedCase]:
        """The cases that were decided or reported in the period, with what trends look at and nothing else."""
        facts = CASE_FACTS.c
        decided = and_(facts.decided_at >= period.begins, facts.decided_at < period.ends)
        reported = and_(facts.reported_at >= period.begins, facts.reported_at < period.ends)
        wanted = select(*(facts[name] for name in WatchedCase._fields)).where(or_(decided, reported))
        return map(WatchedCase._make, self._stream(wanted.where(*_of(facts.line, lines))))

    def behind(self, drill: Drill, period: Period, lines: Sequence[LineOfBusiness] = ()) -> Iterator[CaseFact]:
        """The cases among which those of a drill-down are, in a report about ``period``; ``stands_behind`` decides.

        Of a provider, a PPG or a specialty only its own are read, so that a year of one is as quick as a quarter.
        """
        facts, when = CASE_FACTS.c, looked_at(drill, period)
        own = [facts[name] == value for name, value in drill.where if name in NAMED and value]
        return self._facts(self._lately(when, lines).where(*own))

    def numbers(self, period: Period, lines: Sequence[LineOfBusiness] = ()) -> Iterator[CaseFact]:
        """The cases that were received in the period."""
        facts = CASE_FACTS.c
        received = (facts.received_at >= period.begins, facts.received_at < period.ends)
        return self._facts(select(*(facts[name] for name in FIELDS)).where(*received, *_of(facts.line, lines)))

    def clocks(self, period: Period, lines: Sequence[LineOfBusiness] = ()) -> Iterator[ClockFact]:
        """The clocks that ended in the period, or fell due in it."""
        ended = and_(CLOCKS.c.ended_at >= period.begins, CLOCKS.c.ended_at < period.ends)
        fell_due = and_(CLOCKS.c.due_at >= period.begins, CLOCKS.c.due_at < period.ends)
        counted = CLOCKS.c.state.in_((ClockState.MET, ClockState.BREACHED))
        of_a_report = CLOCKS.c.obligation == Obligation.CONSULTATION_REPORT
        wanted = (
            select(*((CASE_FACTS if name == "line" else CLOCKS).c[name] for name in ClockFact._fields))
            .join(CASE_FACTS, CASE_FACTS.c.number == CLOCKS.c.case_number)
            .where(or_(counted, of_a_report), or_(ended, fell_due), *_of(CASE_FACTS.c.line, lines))
        )
        for row in self._stream(wanted):
            yield ClockFact._make(row)

    def delegated(self, period: Period, lines: Sequence[LineOfBusiness] = ()) -> Iterator[DelegatedFact]:
        """The delegates' decisions that were made in the period, with the checks of their copies."""
        cases, findings = DELEGATED_CASES.c, DELEGATED_FINDINGS.c
        same = ("number", "delegate", "line", "priority", "specialty", "decided_at", "outcome", "category")
        made = (cases.decided_at >= period.begins, cases.decided_at < period.ends, *_of(cases.line, lines))
        wanted = (
            select(
                *(cases[name] for name in same),
                cases.received_at.label("copied_at"),
                PACKET["received_by_delegate_at"].as_string().label("received"),
                PACKET[("decider", "npi")].as_string().label("npi"),
                PACKET[("extension", "reason")].as_string().label("extension"),
                PACKET["requires_prior_authorization"].as_boolean().label("prior"),
                findings.part,
                findings.result,
                findings.counts,
            )
            .join(DELEGATED_FINDINGS, findings.number == cases.number, isouter=True)
            .where(*made)
            .order_by(cases.number)
        )
        for _, rows in groupby(self._stream(wanted), key=attrgetter("number")):
            yield _delegated(same, list(rows))

    def is_synthetic(self, period: Period) -> bool:
        """Whether any case of the period is made up: its reference says so."""
        made_up = CASES.c.external_reference.startswith(f"{MARK}-")
        received = (CASES.c.received_at >= period.begins, CASES.c.received_at < period.ends)
        return self._connection.execute(select(CASES.c.number).where(made_up, *received).limit(1)).first() is not None

    def _lately(self, period: Period, lines: Sequence[LineOfBusiness]) -> Select[Any]:
        facts = CASE_FACTS.c
        lately = or_(*(facts[name] >= period.begins for name in TIMES), facts.closed_at.is_(None))
        wanted = select(*(facts[name] for name in FIELDS)).where(facts.received_at < period.ends, lately)
        return wanted.where(*_of(facts.line, lines))

    def _facts(self, wanted: Select[Any]) -> Iterator[CaseFact]:
        # Not checked again: the columns have made of every value what it was when it was recorded.
        for row in self._stream(wanted).mappings():
            yield CaseFact.model_construct(**row)

    def _stream(self, wanted: Select[Any]) -> CursorResult[Any]:
        return self._connection.execute(wanted, execution_options={"yield_per": AT_ONCE})


def _of(column: ColumnElement[Any], lines: Sequence[LineOfBusiness]) -> tuple[ColumnElement[bool], ...]:
    return (column.in_(lines),) if lines else ()


def _delegated(same: tuple[str, ...], rows: list[Any]) -> DelegatedFact:
    first, looked = rows[0], [row for row in rows if row.result not in (None, Result.NOT_ASKED)]
    failed = {row.part for row in looked if row.counts}
    seen = {row.part for row in looked}
    return DelegatedFact.model_construct(
        **{name: getattr(first, name) for name in same},
        received_at=datetime.fromisoformat(first.received),
        copied_at=first.copied_at,
        decider=first.npi or "",
        extended=first.extension is not None,
        prior_authorization=first.prior is not False,
        parts=tuple(part for part in Part if part in seen),
        faults=tuple(part for part in Part if part in failed),
    )
