"""The figures about a case's course: consultation, information, placement, opinions compared. P3 to P7, T1."""

from policy.clauses import Clause
from policy.particulars import Agreement
from policy.report.facts import CaseFact
from policy.report.period import Period
from policy.report.shape import Basis, Cell, Column, Kind, Row, Table
from policy.report.tally import HOURS, TOTAL, Numbers, Spans, drill, number, share, total
from policy.report.words import words

SECTION = "Consultation, placement and opinions"
COMPARED = (Agreement.AGREE, Agreement.DIFFER_ON_SURGERY, Agreement.DIFFER_OTHERWISE)


class Consultations:
    """How often physicians asked for a consultation, and how often it advised against the opinion (P5, P6)."""

    def __init__(self, period: Period) -> None:
        self._period, self._numbers = period, Numbers()

    def see(self, fact: CaseFact) -> None:
        """One case."""
        if fact.is_request and self._period.holds(fact.consulted_at):
            self._numbers.add((fact.specialty,), "consulted")
            if fact.recommends is not None:
                self._numbers.add((fact.specialty,), "for" if fact.recommends else "against")

    def table(self) -> Table:
        """Consultations, and of those answered the share that recommended to deny."""
        rows = [Row(id=r, label=w, cells=self._cells(r, ("specialty", r))) for r, w in self._numbers.rows]
        return Table(
            id="consultations",
            section=SECTION,
            title="Consultative reviews",
            label="Specialty",
            clause=Clause.P5,
            basis=Basis.CONSULTED,
            columns=(
                Column(id="consulted", title="Referred", kind=Kind.COUNT),
                Column(id="against", title="Recommended to deny, of those answered", kind=Kind.SHARE),
            ),
            rows=(*rows, total(self._cells(TOTAL))),
        )

    def _cells(self, row: str, *where: tuple[str, object]) -> tuple[Cell, ...]:
        against = self._numbers.of(row, "against")
        given = against + self._numbers.of(row, "for")
        listed = drill(Basis.CONSULTED, *where, ("recommends", False))
        return number(self._numbers.of(row, "consulted"), drill(Basis.CONSULTED, *where)), share(against, given, listed)


class Placements:
    """On which rung of the ladder second opinions were placed (P6a, P6b), and how placements ended."""

    def __init__(self, period: Period) -> None:
        self._period, self._numbers, self._left, self._ended = period, Numbers(), Numbers(), Numbers()

    def see(self, fact: CaseFact) -> None:
        """One case. A third opinion's own case has its own placement, which is none of a second opinion."""
        if not fact.is_request or not self._period.holds(fact.placed_at) or fact.tier is None:
            return
        self._numbers.add((fact.tier,), "placed")
        if fact.departed:
            self._numbers.add((fact.tier,), "departed")
        for left in fact.left:
            self._left.one(f"{left.tier}-{left.because}", f"{words(left.tier)}: {words(left.because)}", "left")
        for how in fact.ended:
            self._ended.add((how,), "ended")

    def tables(self) -> tuple[Table, ...]:
        """The rungs; why rungs were left; how earlier placements of the same opinions ended."""
        every = self._numbers.of(TOTAL, "placed")
        rows = []
        for row, label in self._numbers.rows:
            count, where = self._numbers.of(row, "placed"), ("tier", row)
            departed = share(self._numbers.of(row, "departed"), count, drill(Basis.PLACED, where, ("departed", True)))
            cells = (number(count, drill(Basis.PLACED, where)), share(count, every), departed)
            rows.append(Row(id=row, label=label, cells=cells))
        away = share(self._numbers.of(TOTAL, "departed"), every, drill(Basis.PLACED, ("departed", True)))
        tiers = Table(
            id="placement-by-tier",
            section=SECTION,
            title="Second opinions placed, by rung of the ladder",
            label="Rung",
            clause=Clause.P6B,
            basis=Basis.PLACED,
            columns=(
                Column(id="placed", title="Placed", kind=Kind.COUNT),
                Column(id="share", title="Share of all", kind=Kind.SHARE),
                Column(id="departed", title="Not whom the proposal led to", kind=Kind.SHARE),
            ),
            rows=(*rows, total((number(every, drill(Basis.PLACED)), share(every, every), away))),
        )
        return tiers, self._reasons(), self._ends()

    def _reasons(self) -> Table:
        rows = tuple(
            Row(id=row, label=label, cells=(number(self._left.of(row, "left")),)) for row, label in self._left.rows
        )
        return Table(
            id="tiers-left",
            section=SECTION,
            title="Why rungs of the ladder were left",
            label="Rung and reason",
            clause=Clause.P6B,
            basis=Basis.PLACED,
            columns=(Column(id="left", title="Placements", kind=Kind.COUNT),),
            rows=rows,
            note="A placement that passed over two rungs stands in two rows. What staff wrote is not shown.",
        )

    def _ends(self) -> Table:
        rows = [Row(id=r, label=w, cells=(number(self._ended.of(r, "ended")),)) for r, w in self._ended.rows]
        return Table(
            id="placements-ended",
            section=SECTION,
            title="Placements that came to nothing before",
            label="How",
            clause=Clause.P6B,
            basis=Basis.PLACED,
            columns=(Column(id="ended", title="Placements", kind=Kind.COUNT),),
            rows=(*rows, total((number(self._ended.of(TOTAL, "ended")),))),
        )


class Information:
    """What providers were asked for, how long it took, and how often it was which item (P3)."""

    def __init__(self, period: Period) -> None:
        self._period, self._numbers, self._items, self._spans = period, Numbers(), Numbers(), Spans()

    def see(self, fact: CaseFact) -> None:
        """One case."""
        if not fact.is_request:
            return
        mine = [asked for asked in fact.information if self._period.holds(asked.requested_at)]
        if mine:
            self._numbers.one(TOTAL, "All", "cases")
        for asked in mine:
            self._numbers.one(TOTAL, "All", "asked")
            for item in asked.items:
                self._items.add((item,), "asked")
            if asked.completed_at:
                self._numbers.one(TOTAL, "All", "completed")
                self._spans.add(asked.requested_at, asked.completed_at)

    def tables(self) -> tuple[Table, ...]:
        """The requests for information, and their items."""
        of = self._numbers.of
        asked = Table(
            id="information-requests",
            section=SECTION,
            title="Requests for information",
            label="",
            clause=Clause.P3,
            basis=Basis.ASKED,
            columns=(
                Column(id="cases", title="Cases", kind=Kind.COUNT),
                Column(id="asked", title="Requests", kind=Kind.COUNT),
                Column(id="completed", title="Answered or withdrawn", kind=Kind.SHARE),
                *HOURS,
            ),
            rows=(
                total(
                    (
                        number(of(TOTAL, "cases"), drill(Basis.ASKED)),
                        number(of(TOTAL, "asked")),
                        share(of(TOTAL, "completed"), of(TOTAL, "asked")),
                        *self._spans.cells(),
                    )
                ),
            ),
        )
        rows = [Row(id=r, label=w, cells=(number(self._items.of(r, "asked")),)) for r, w in self._items.rows]
        items = Table(
            id="information-items",
            section=SECTION,
            title="What was asked for",
            label="Item",
            clause=Clause.P3,
            basis=Basis.ASKED,
            columns=(Column(id="asked", title="Requests", kind=Kind.COUNT),),
            rows=tuple(rows),
            note="A request can ask for several items.",
        )
        return asked, items


class Opinions:
    """How first and second opinions stand to each other (T1), and what became of third opinions."""

    def __init__(self, period: Period) -> None:
        self._period, self._numbers, self._thirds = period, Numbers(), Numbers()

    def see(self, fact: CaseFact) -> None:
        """One case."""
        if not fact.is_request or not self._period.holds(fact.reported_at):
            return
        if fact.agreement is not None:
            self._numbers.add((fact.specialty,), fact.agreement)
        if fact.third_opened:
            self._thirds.one(TOTAL, "All", "opened")
            self._thirds.one(TOTAL, "All", fact.third_sides_with or "neither")

    def tables(self) -> tuple[Table, ...]:
        """Concordance by specialty; third opinions."""
        rows = [Row(id=r, label=w, cells=self._cells(r, ("specialty", r))) for r, w in self._numbers.rows]
        agreement = Table(
            id="concordance",
            section=SECTION,
            title="First and second opinions compared",
            label="Specialty",
            clause=Clause.T1,
            basis=Basis.COMPARED,
            columns=(
                Column(id="compared", title="Compared", kind=Kind.COUNT),
                *(Column(id=code.replace("_", "-"), title=words(code), kind=Kind.SHARE) for code in COMPARED),
                Column(id="not-comparable", title=words(Agreement.NOT_COMPARABLE), kind=Kind.COUNT),
            ),
            rows=(*rows, total(self._cells(TOTAL))),
        )
        of, opened = self._thirds.of, self._thirds.of(TOTAL, "opened")
        thirds = Table(
            id="third-opinions",
            section=SECTION,
            title="Third opinions",
            label="",
            clause=Clause.T1,
            basis=Basis.COMPARED,
            columns=(
                Column(id="opened", title="Opened", kind=Kind.COUNT),
                Column(id="first", title="Agrees with the first opinion", kind=Kind.SHARE),
                Column(id="second", title="Agrees with the second opinion", kind=Kind.SHARE),
                Column(id="neither", title="With neither, or not given yet", kind=Kind.SHARE),
            ),
            rows=(
                total(
                    (
                        number(opened, drill(Basis.REPORTED, ("third_opened", True))),
                        *(share(of(TOTAL, side), opened) for side in ("first", "second", "neither")),
                    )
                ),
            ),
            note="Counted with the second opinion's report, which opened them.",
        )
        return agreement, thirds

    def _cells(self, row: str, *where: tuple[str, object]) -> tuple[Cell, ...]:
        found = {code: self._numbers.of(row, code) for code in COMPARED}
        compared, lacking = sum(found.values()), self._numbers.of(row, Agreement.NOT_COMPARABLE)

        def listed(code: Agreement) -> tuple[str, object]:
            return "agreement", code

        return (
            number(compared),
            *(share(n, compared, drill(Basis.COMPARED, *where, listed(code))) for code, n in found.items()),
            number(lacking, drill(Basis.COMPARED, *where, listed(Agreement.NOT_COMPARABLE))),
        )
