"""The figures about requests and their outcomes: by whom, why, which line, specialty and PPG; by category. P11, P12."""

from collections.abc import Callable
from typing import NamedTuple

from policy.clauses import Clause
from policy.lifecycle import Outcome
from policy.report.facts import CaseFact
from policy.report.period import Period
from policy.report.shape import Basis, Cell, Column, Drill, Kind, Row, Table
from policy.report.tally import TOTAL, Numbers, drill, number, share, total

SECTION = "Requests and outcomes"


class Way(NamedTuple):
    """One way to break requests down: the field of a fact by which it does."""

    id: str
    words: str
    label: str
    field: str
    codes: Callable[[CaseFact], tuple[object, ...]]
    note: str = ""


WAYS = (
    Way("line", "line of business", "Line of business", "line", lambda f: (f.line,)),
    Way("priority", "priority", "Priority", "priority", lambda f: (f.priority,)),
    Way("requester", "requester", "Requester", "requester", lambda f: (f.requester,)),
    Way(
        "reason",
        "reason",
        "Reason",
        "reasons",
        lambda f: f.reasons,
        "A request can have several reasons, so the rows add up to more than all requests.",
    ),
    Way("purpose", "purpose", "Purpose", "purpose", lambda f: (f.purpose,)),
    Way("specialty", "specialty", "Specialty", "specialty", lambda f: (f.specialty,)),
    Way("ppg", "PPG", "PPG or IPA of the treating provider", "organization", lambda f: (f.organization,)),
)
ANSWERED_BY = ("line", "requester", "specialty", "ppg")


class Requests:
    """How many requests were received, by every way to break them down."""

    def __init__(self, period: Period) -> None:
        self._period = period
        self._counted = [(way, Numbers()) for way in WAYS]

    def see(self, fact: CaseFact) -> None:
        """One case."""
        if fact.is_request and self._period.holds(fact.received_at):
            for way, counted in self._counted:
                counted.add(way.codes(fact), "received")

    def tables(self) -> tuple[Table, ...]:
        """Requests received, and the share of all that each row is."""
        return tuple(self._table(way, counted) for way, counted in self._counted)

    @staticmethod
    def _table(way: Way, counted: Numbers) -> Table:
        rows, every = [], counted.of(TOTAL, "received")
        for row, label in counted.rows:
            listed, count = drill(Basis.RECEIVED, (way.field, row)), counted.of(row, "received")
            rows.append(Row(id=row, label=label, cells=(number(count, listed), share(count, every))))
        return Table(
            id=f"requests-by-{way.id}",
            section=SECTION,
            title=f"Requests by {way.words}",
            label=way.label,
            clause=Clause.P12,
            basis=Basis.RECEIVED,
            columns=(
                Column(id="received", title="Received", kind=Kind.COUNT),
                Column(id="share", title="Share of all", kind=Kind.SHARE),
            ),
            rows=(*rows, total((number(every, drill(Basis.RECEIVED)), share(every, every)))),
            note=way.note,
        )


class Outcomes:
    """How requests ended, by some ways to break them down."""

    def __init__(self, period: Period) -> None:
        self._period = period
        self._counted = [(way, Numbers()) for way in WAYS if way.id in ANSWERED_BY]

    def see(self, fact: CaseFact) -> None:
        """One case."""
        if not fact.is_request or not self._period.holds(fact.ended_at):
            return
        overturned = fact.changed_outcome is Outcome.APPROVED and fact.outcome is Outcome.DENIED
        for way, counted in self._counted:
            codes = way.codes(fact)
            counted.add(codes, "answered")
            counted.add(codes, fact.outcome or Outcome.WITHDRAWN)
            if overturned:
                counted.add(codes, "overturned")

    def tables(self) -> tuple[Table, ...]:
        """Answered; of those decided, approved and denied; of those answered, withdrawn; of the denied, overturned."""
        return tuple(self._table(way, counted) for way, counted in self._counted)

    def _table(self, way: Way, counted: Numbers) -> Table:
        columns = (
            Column(id="answered", title="Answered", kind=Kind.COUNT),
            Column(id="approved", title="Approved, of those decided", kind=Kind.SHARE),
            Column(id="denied", title="Denied, of those decided", kind=Kind.SHARE),
            Column(id="withdrawn", title="Withdrawn, of those answered", kind=Kind.SHARE),
            Column(id="overturned", title="Denials overturned since", kind=Kind.SHARE),
        )
        rows = [Row(id=row, label=label, cells=_ended(counted, row, (way.field, row))) for row, label in counted.rows]
        return Table(
            id=f"outcomes-by-{way.id}",
            section=SECTION,
            title=f"Outcomes by {way.words}",
            label=way.label,
            clause=Clause.P11,
            basis=Basis.ANSWERED,
            columns=columns,
            rows=(*rows, total(_ended(counted, TOTAL))),
            note="By the first determination. What was changed later is counted under overturned, and moves no case.",
        )


def _ended(counted: Numbers, row: str, *where: tuple[str, object]) -> tuple[Cell, ...]:
    def of(column: str) -> int:
        return counted.of(row, column)

    def listed(*more: tuple[str, object], basis: Basis = Basis.ANSWERED) -> Drill:
        return drill(basis, *where, *more)

    approved, denied = of(Outcome.APPROVED), of(Outcome.DENIED)
    decided = approved + denied
    overturned = ("outcome", Outcome.DENIED), ("changed_outcome", Outcome.APPROVED)
    return (
        number(of("answered"), listed()),
        share(approved, decided, listed(("outcome", Outcome.APPROVED))),
        share(denied, decided, listed(("outcome", Outcome.DENIED))),
        share(of(Outcome.WITHDRAWN), of("answered"), listed(("outcome", ""))),
        share(of("overturned"), denied, listed(*overturned)),
    )


class Categories:
    """How decided requests were coded (P11)."""

    def __init__(self, period: Period, labels: dict[str, str]) -> None:
        """``labels`` are those of the edition's categories."""
        self._period, self._labels = period, labels
        self._numbers = Numbers()

    def see(self, fact: CaseFact) -> None:
        """One case."""
        if fact.is_request and self._period.holds(fact.decided_at):
            self._numbers.add((fact.category,), "decided")

    def table(self) -> Table:
        """Decided requests by category; what is not coded yet has a row of its own."""
        every = self._numbers.of(TOTAL, "decided")
        rows = []
        for code, _ in sorted(self._numbers.rows):
            listed, count = drill(Basis.DECIDED, ("category", code)), self._numbers.of(code, "decided")
            label = f"{code}: {self._labels[code]}" if code in self._labels else code or "Not coded yet"
            rows.append(Row(id=code or "none", label=label, cells=(number(count, listed), share(count, every))))
        return Table(
            id="outcomes-by-category",
            section=SECTION,
            title="Decisions by category",
            label="Category",
            clause=Clause.P11,
            basis=Basis.DECIDED,
            columns=(
                Column(id="decided", title="Decided", kind=Kind.COUNT),
                Column(id="share", title="Share of all", kind=Kind.SHARE),
            ),
            rows=(*rows, total((number(every, drill(Basis.DECIDED)), share(every, every)))),
            note="A case is coded when it is ready to be filed; one that was changed since has its present category.",
        )
