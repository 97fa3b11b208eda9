"""The report's counts, counted once more from the ledgers' lines and the requests as they came. Policy 90.2.17, P12.

Nothing that the figures are counted from is read here. Every cell, and every point of a chart, that can be derived is
held against what was counted: the numerator and the denominator.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

from policy.calendar import local_day
from policy.delegatefindings import Part
from policy.particulars import Agreement
from policy.report.delegateretold import RetoldDelegated
from policy.report.derived import COLUMNS, Derived
from policy.report.period import quarter_of
from policy.report.physicians import Physicians
from policy.report.retold import Came, Retold, in_period
from policy.report.shape import Cell, CommitteeReport, Difference, Funnel, OverTime, Share, Table

LEDGER = "the ledger"
ALL = "all"
DIFFER = (Agreement.DIFFER_ON_SURGERY, Agreement.DIFFER_OTHERWISE)
Pair = list[int]  # how many, and how many of them had the event


class Recount:
    """The counts of a period, and of the years that its charts look back at, from the ledgers alone."""

    def __init__(self, report: CommitteeReport, physicians: Physicians) -> None:
        """``physicians`` says whose account is whose NPI."""
        self._period, self._lately = report.period, report.looked_back
        self._year = report.funnels[0].period if report.funnels else report.period
        self._physicians = physicians
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._points: dict[tuple[str, str], Pair] = defaultdict(lambda: [0, 0])
        self._times: dict[tuple[str, str], Pair] = defaultdict(lambda: [0, 0])

    # -- what is seen

    def see(self, told: Retold, came: Came) -> None:
        """One case; a third opinion's own is no request, and counts nowhere."""
        if not told.is_request:
            return
        if in_period(self._period, told.received_on):
            for way in ("line", "priority", "requester", "specialty"):
                self._add(f"requests-by-{way}", "received", getattr(told, way))
            self._add("requests-by-purpose", "received", came.purpose)
            self._add("requests-by-reason", "received", *came.reasons)
            self._add("requests-by-ppg", "received", came.organization)
        if self._period.holds(told.ended_at):
            self._see_outcome(told, came)
        if self._period.holds(told.decided_at):
            self._add("outcomes-by-category", "decided", told.category or "none")
            self._add("decision-times", "decided", f"{told.line}-{told.priority}")
            if not told.decided_late:
                self._add("decision-times", "in-time", f"{told.line}-{told.priority}")
        self._see_course(told)
        self._see_trends(told, came)

    def _see_outcome(self, told: Retold, came: Came) -> None:
        ways = {"line": told.line, "requester": told.requester, "specialty": told.specialty, "ppg": came.organization}
        overturned = told.outcome == "denied" and told.changed_outcome == "approved"
        for way, row in ways.items():
            for column in ("answered", told.outcome or "withdrawn", *(("overturned",) if overturned else ())):
                self._add(f"outcomes-by-{way}", column, row)

    def _see_course(self, told: Retold) -> None:
        holds = self._period.holds
        if holds(told.consulted_at):
            self._add("consultations", "consulted", told.specialty)
            self._add("consultations", "against" if told.recommends == "False" else "for", told.specialty)
        if holds(told.placed_at):
            self._see_placement(told)
        if holds(told.reported_at):
            if told.agreement:
                self._add("concordance", told.agreement, told.specialty)
            if told.third_opened:
                self._add("third-opinions", "opened")
        asked = [items for at, items in told.asked if holds(at)]
        if asked:
            self._add("information-requests", "cases")
        for items in asked:
            self._add("information-requests", "asked")
            self._add("information-items", "asked", *items)

    def _see_placement(self, told: Retold) -> None:
        self._add("placement-by-tier", "placed", told.tier)
        if told.departed:
            self._add("placement-by-tier", "departed", told.tier)
        for how in told.ended:
            self._add("placements-ended", "ended", how)

    def _see_trends(self, told: Retold, came: Came) -> None:
        if told.decided_at is not None and self._lately.holds(told.decided_at):
            day = local_day(told.decided_at)
            units = {"physician": told.decided_by, "ppg": came.organization}
            self._happened("denials", day, units, happened=told.outcome == "denied")
            self._happened("late-decisions", day, units, happened=told.decided_late)
        compared = told.agreement and told.agreement != Agreement.NOT_COMPARABLE
        if compared and told.reported_at is not None and self._lately.holds(told.reported_at):
            units = {"physician": came.questioned, "ppg": came.organization, "specialty": told.specialty}
            self._happened("disagreement", local_day(told.reported_at), units, happened=told.agreement in DIFFER)

    def see_delegated(self, told: RetoldDelegated, faults: frozenset[Part]) -> None:
        """One delegated decision; ``faults`` are those of its lines, and those that only a supplement showed."""
        if told.decided_on is None:
            return
        if in_period(self._lately, told.decided_on):
            units = {"delegate": told.delegate}
            self._happened("delegated-denials", told.decided_on, units, happened=told.is_adverse)
            self._happened("late-copies", told.decided_on, units, happened=Part.COPY in faults)
            self._happened("late-delegates", told.decided_on, units, happened=Part.DECISION in faults)
        if in_period(self._period, told.decided_on):
            for table in ("delegated-outcomes", "delegate-scores"):
                self._add(table, "decided", told.delegate)
            self._add("delegated-outcomes", told.outcome, told.delegate)
            self._see_score(told, faults)

    def _see_score(self, told: RetoldDelegated, faults: frozenset[Part]) -> None:
        if not faults:
            self._add("delegate-scores", "faultless", told.delegate)
        if Part.NOTICES in faults:
            self._add("delegate-scores", f"{Part.NOTICES}-faulty", told.delegate)
        for part in told.looked:
            self._add("delegate-scores", f"{part}-looked", told.delegate)
            if part not in faults:
                self._add("delegate-scores", f"{part}-passed", told.delegate)

    def _add(self, table: str, column: str, *rows: str) -> None:
        for row in (ALL, *rows):
            self._counts[table, column, row] += 1

    def _happened(self, event: str, day: date, units: dict[str, str], *, happened: bool) -> None:
        pairs = [self._times[event, f"{day:%Y-%m}"], self._times[event, quarter_of(day)]]
        if in_period(self._year, day):
            pairs += [self._points[f"{event}-by-{by}", unit] for by, unit in units.items() if unit]
        for pair in pairs:
            pair[0] += 1
            pair[1] += happened

    # -- what it is held against

    def against(self, report: CommitteeReport) -> tuple[int, list[Difference]]:
        """How many counts of the report were compared, and those that differ. What only one side has differs."""
        found, compared = list[Difference](), 0
        held = [self._of_table(table) for table in report.tables]
        held += [self._of_funnel(chart) for chart in report.funnels]
        held += [self._of_time(chart) for chart in report.over_time]
        for figure in held:
            for what, field, here, there in figure:
                compared += 1
                if here != there:
                    found.append(
                        Difference(figure=what, field=field, report_says=here, source=LEDGER, source_says=there)
                    )
        return compared, found

    def _of_table(self, table: Table) -> Iterator[tuple[str, str, str, str]]:
        columns = COLUMNS.get(table.id, {})
        shown = {row.id: dict(zip((c.id for c in table.columns), row.cells, strict=True)) for row in table.rows}
        mine = {row for of, _, row in self._counts if of == table.id}
        total = any(row.is_total for row in table.rows)
        for row in sorted(mine | shown.keys()):
            if row == ALL and not total:
                continue
            for column, how in columns.items():
                here = _said(shown[row][column], how) if row in shown else "no row"
                yield f"{table.id}, {row}", column, here, self._derived(table.id, row, how, in_table=row in shown)

    def _derived(self, table: str, row: str, how: Derived, *, in_table: bool) -> str:
        def summed(columns: Iterable[str], where: str) -> int:
            return sum(self._counts[table, column, where] for column in columns)

        if not in_table and not any(self._counts[table, column, row] for column in how.part):
            return "no row"
        part = summed(how.part, row)
        return _words(part, summed(how.of, ALL if how.of_all else row)) if how.of else f"{part}"

    def _of_funnel(self, chart: Funnel) -> Iterator[tuple[str, str, str, str]]:
        mine = {unit: pair for (name, unit), pair in self._points.items() if name == chart.id}
        if chart.id in ("denials-by-physician", "late-decisions-by-physician"):
            mine = self._by_npi(mine)
        yield from _of_points(chart.id, {point.id: point.share for point in chart.points}, mine)

    def _by_npi(self, by_account: dict[str, Pair]) -> dict[str, Pair]:
        merged: dict[str, Pair] = defaultdict(lambda: [0, 0])
        for account, (n, events) in by_account.items():
            pair = merged[self._physicians.of(account)]
            pair[0] += n
            pair[1] += events
        return merged

    def _of_time(self, chart: OverTime) -> Iterator[tuple[str, str, str, str]]:
        event = chart.id.removesuffix("-over-time")
        mine = {name: pair for (of, name), pair in self._times.items() if of == event}
        yield from _of_points(chart.id, {p.period: p.share for p in (*chart.quarters, *chart.months)}, mine)


def _of_points(chart: str, shown: dict[str, Share], mine: dict[str, Pair]) -> Iterator[tuple[str, str, str, str]]:
    for name in sorted(shown.keys() | mine.keys()):
        share, pair = shown.get(name), mine.get(name)
        here = _words(share.part, share.of) if share else "no point"
        yield f"{chart}, {name}", "share", here, _words(pair[1], pair[0]) if pair else "no point"


def _said(cell: Cell, how: Derived) -> str:
    if how.missed:
        return f"{cell.share.of - cell.share.part}" if cell.share else ""
    return _words(cell.share.part, cell.share.of) if cell.share else f"{cell.count or 0}"


def _words(part: int, of: int) -> str:
    return f"{part} of {of}"
