"""The figures about time: how long determinations took, which clocks were met, why others were not. POL-4, P7, P12."""

from datetime import datetime

from policy.clauses import Clause
from policy.report.clocks import ClockFact
from policy.report.facts import CaseFact
from policy.report.period import Period
from policy.report.shape import Basis, Cell, Column, Kind, Row, Table, tenth
from policy.report.tally import HOURS, TOTAL, Numbers, Spans, business_days, drill, middle, number, share, total
from policy.report.words import words
from policy.rule import Obligation
from policy.timeframes import ClockState

SECTION = "Times"


class DecisionTimes:
    """From receipt to the first determination, by line and priority."""

    def __init__(self, period: Period) -> None:
        self._period, self._numbers = period, Numbers()
        self._spans: dict[str, Spans] = {}
        self._days: dict[str, list[int]] = {}
        self._of: dict[str, tuple[str, str]] = {}

    def see(self, fact: CaseFact) -> None:
        """One case."""
        if not fact.is_request or fact.decided_at is None or not self._period.holds(fact.decided_at):
            return
        both, days = f"{fact.line}-{fact.priority}", business_days(fact.received_at, fact.decided_at)
        self._of[both] = (fact.line, fact.priority)
        for row, label in ((TOTAL, "All"), (both, f"{words(fact.line)}, {words(fact.priority).lower()}")):
            self._numbers.one(row, label, "decided")
            if not fact.decided_late:
                self._numbers.one(row, label, "in_time")
            self._spans.setdefault(row, Spans()).add(fact.received_at, fact.decided_at)
            self._days.setdefault(row, []).append(days)

    def table(self) -> Table:
        """How many, the share in time, and how long."""
        rows = []
        for row, label in self._numbers.rows:
            line, priority = self._of[row]
            cells = self._cells(row, ("line", line), ("priority", priority))
            rows.append(Row(id=row, label=label, cells=cells))
        return Table(
            id="decision-times",
            section=SECTION,
            title="From receipt to determination",
            label="Line and priority",
            clause=Clause.POL_4,
            basis=Basis.DECIDED,
            columns=(
                Column(id="decided", title="Decided", kind=Kind.COUNT),
                Column(id="in-time", title="In time", kind=Kind.SHARE),
                *HOURS,
                Column(id="median-days", title="Median, business days", kind=Kind.DAYS),
            ),
            rows=(*rows, total(self._cells(TOTAL))),
            note="Hours elapse through nights and weekends. Business days are the state's; receipt is day 0.",
        )

    def _cells(self, row: str, *where: tuple[str, object]) -> tuple[Cell, ...]:
        count, spans = self._numbers.of(row, "decided"), self._spans.get(row, Spans())
        days = middle(sorted(self._days.get(row, [])))
        return (
            number(count, drill(Basis.DECIDED, *where)),
            share(self._numbers.of(row, "in_time"), count, drill(Basis.DECIDED, *where, ("decided_late", False))),
            *spans.cells(),
            Cell(amount=tenth(days) if days is not None else None),
        )


class Clocks:
    """Every obligation that ended in the period, or stands overdue since then: met or breached, and why."""

    def __init__(self, period: Period, as_of: datetime) -> None:
        self._period, self._as_of = period, as_of
        self._numbers, self._causes, self._reports = Numbers(), Numbers(), Numbers()
        self._spans: dict[str, Spans] = {}

    def see(self, clock: ClockFact) -> None:
        """One clock."""
        if clock.obligation is Obligation.CONSULTATION_REPORT:
            self._report(clock)
        if clock.state not in (ClockState.MET, ClockState.BREACHED) or not self._period.holds(
            clock.counts_at(self._as_of)
        ):
            return
        what, label = str(clock.obligation), words(clock.obligation)
        self._numbers.one(what, label, clock.state)
        if clock.ended_at is not None:
            self._spans.setdefault(what, Spans()).add(clock.anchored_at, clock.ended_at)
        if clock.state is ClockState.BREACHED:
            cause = clock.cause or "done too late"
            self._causes.one(f"{what}: {cause}", f"{label}: {cause}", "breached")

    def _report(self, clock: ClockFact) -> None:
        if clock.state in (ClockState.WAIVED, ClockState.PAUSED) or not self._period.holds(clock.due_at):
            return
        late = clock.due_at < (clock.ended_at or self._as_of)
        how = "in_time" if clock.state is ClockState.MET else "late" if clock.ended_at else "out" if late else "running"
        self._reports.one(TOTAL, "All", "due")
        self._reports.one(TOTAL, "All", how)

    def tables(self) -> tuple[Table, ...]:
        """The obligations; the causes of breach; consultation reports."""
        rows = tuple(Row(id=row, label=label, cells=self._cells(row)) for row, label in self._numbers.rows)
        clocks = Table(
            id="clocks",
            section=SECTION,
            title="Determination, notice and other times, by obligation",
            label="Obligation",
            clause=Clause.POL_4,
            basis=Basis.DUE,
            columns=(
                Column(id="ended", title="Met or breached", kind=Kind.COUNT),
                Column(id="met", title="In time", kind=Kind.SHARE),
                Column(id="breached", title="Breached", kind=Kind.COUNT),
                *HOURS,
            ),
            rows=rows,
            note="From the event that starts the clock to what ends it. What was waived or held by law is not counted.",
        )
        why = Table(
            id="breach-causes",
            section=SECTION,
            title="What overdue obligations waited for",
            label="Obligation and cause",
            clause=Clause.POL_4,
            basis=Basis.DUE,
            columns=(Column(id="breached", title="Breached", kind=Kind.COUNT),),
            rows=tuple(
                Row(id=r, label=w, cells=(number(self._causes.of(r, "breached")),)) for r, w in self._causes.rows
            ),
        )
        return clocks, why, self._overdue()

    def _cells(self, row: str) -> tuple[Cell, ...]:
        met, breached = self._numbers.of(row, ClockState.MET), self._numbers.of(row, ClockState.BREACHED)
        spans = self._spans.get(row, Spans())
        return number(met + breached), share(met, met + breached), number(breached), *spans.cells()

    def _overdue(self) -> Table:
        of = self._reports.of
        due = of(TOTAL, "due")
        columns = {
            "in_time": "Came in time",
            "late": "Came late",
            "out": "Overdue and not here",
            "running": "Not due yet",
        }
        return Table(
            id="reports-overdue",
            section=SECTION,
            title="Consultation reports that fell due",
            label="",
            clause=Clause.P7,
            basis=Basis.DUE,
            columns=(
                Column(id="due", title="Due", kind=Kind.COUNT),
                *(Column(id=code.replace("_", "-"), title=title, kind=Kind.SHARE) for code, title in columns.items()),
            ),
            rows=(total((number(due), *(share(of(TOTAL, code), due) for code in columns))),),
        )
