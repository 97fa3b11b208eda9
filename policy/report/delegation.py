"""The figures about delegates: what they decided, and their scores with the parts of them. Procedure 10 and 12."""

from collections.abc import Callable

from policy.clauses import Clause
from policy.delegated import DelegateOutcome
from policy.delegatefindings import Part
from policy.report.delegates import DelegatedFact
from policy.report.period import Period
from policy.report.shape import Basis, Cell, Column, Kind, Row, Table
from policy.report.tally import TOTAL, Numbers, drill, number, share, total
from policy.report.words import words

SECTION = "Delegates"
PARTS = {
    Part.DECISION: "Decision in time",
    Part.NOTICES: "Notices in time",
    Part.COPY: "Copy in time",
    Part.RECORD: "Record complete",
    Part.AUTHORITY: "Decided by who may",
    Part.LETTER: "Letter complete",
}


class Delegates:
    """Delegated decisions, by delegate."""

    def __init__(self, period: Period) -> None:
        self._period, self._numbers = period, Numbers()

    def see(self, fact: DelegatedFact) -> None:
        """One delegated decision."""
        if not self._period.holds(fact.decided_at):
            return
        add, who = self._numbers.add, (fact.delegate,)
        add(who, "decided")
        add(who, fact.outcome)
        if fact.parts:
            add(who, "checked")
        if fact.parts and not fact.faults:
            add(who, "faultless")
        for part in fact.parts:
            add(who, f"{part}-looked")
            if part not in fact.faults:
                add(who, f"{part}-passed")

    def tables(self) -> tuple[Table, ...]:
        """Outcomes and scores."""
        outcomes = Table(
            id="delegated-outcomes",
            section=SECTION,
            title="What delegates decided",
            label="Delegate",
            clause=Clause.P10,
            basis=Basis.DELEGATED,
            columns=(
                Column(id="decided", title="Decided", kind=Kind.COUNT),
                *(Column(id=code, title=words(code), kind=Kind.SHARE) for code in DelegateOutcome),
            ),
            rows=self._rows(self._outcomes),
            note="A modification counts as a denial beyond the plan's house.",
        )
        scores = Table(
            id="delegate-scores",
            section=SECTION,
            title="How delegates kept the plan's terms",
            label="Delegate",
            clause=Clause.P10,
            basis=Basis.DELEGATED,
            columns=(
                Column(id="faultless", title="Packets without a fault", kind=Kind.SHARE),
                *(Column(id=part, title=title, kind=Kind.SHARE) for part, title in PARTS.items()),
            ),
            rows=self._rows(self._scores),
            note="As each copy came: what was mended later still counts, what was waived does not. Where a part has "
            "several checks, a packet passes it by passing all of them.",
        )
        return outcomes, scores

    def _rows(self, cells: Callable[..., tuple[Cell, ...]]) -> tuple[Row, ...]:
        rows = [Row(id=r, label=w, cells=cells(r, ("delegate", r))) for r, w in self._numbers.rows]
        return (*rows, total(cells(TOTAL)))

    def _outcomes(self, row: str, *where: tuple[str, object]) -> tuple[Cell, ...]:
        every = self._numbers.of(row, "decided")
        listed = {code: drill(Basis.DELEGATED, *where, ("outcome", code)) for code in DelegateOutcome}
        shares = (share(self._numbers.of(row, code), every, listed[code]) for code in DelegateOutcome)
        return number(every, drill(Basis.DELEGATED, *where)), *shares

    def _scores(self, row: str, *_where: tuple[str, object]) -> tuple[Cell, ...]:
        of = self._numbers.of
        whole = share(of(row, "faultless"), of(row, "checked"))
        parts = (share(of(row, f"{part}-passed"), of(row, f"{part}-looked")) for part in PARTS)
        return whole, *parts
