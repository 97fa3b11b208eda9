"""The report's counts held against the ledger: case by case, and table by table. Policy 90.2.17, Procedure 12.

Two derivations that share nothing: the figures are counted from the facts, these counts from ``retold`` lines. Every
difference is named; none is explained away.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime

from policy.calendar import local_day
from policy.report.facts import CaseFact
from policy.report.period import Period
from policy.report.retold import Retold, in_period
from policy.report.shape import Cell, Difference, Table

LEDGER = "the ledger"
CODES = ("line", "priority", "specialty", "requester", "outcome", "category", "tier", "agreement", "changed_outcome")
TIMES = ("decided_at", "withdrawn_at", "placed_at", "reported_at")
ALL = "all"
Key = tuple[str, str, str]  # table, row, column


def differences(fact: CaseFact | None, told: Retold | None, period: Period) -> Iterator[Difference]:
    """What a case's fact and its ledger say otherwise. A time differs when by one of them alone it is in the period.

    The door's time of an action and the time of its line can lie seconds apart, or hours, when the server was away.
    """
    if fact is None or told is None:
        number = fact.number if fact else told.number if told else ""
        here, there = ("counted" if one else "missing" for one in (fact, told))
        yield _difference(number, "case", here, there)
        return
    if fact.is_request != told.is_request:
        yield _difference(fact.number, "is_request", str(fact.is_request), str(told.is_request))
        return
    if not fact.is_request:
        return
    said = {code: str(getattr(fact, code) or "") for code in CODES}
    said |= {"decided_late": str(fact.decided_late), "third_opened": str(fact.third_opened)}
    said |= {"recommends": "" if fact.recommends is None else str(fact.recommends)}
    said |= {"ended": str(len(fact.ended)), "received": f"{local_day(fact.received_at)}"}
    said |= {"asked": ", ".join(str(len(asked.items)) for asked in fact.information)}
    also = {name: str(getattr(told, name)) for name in said if name not in ("received", "asked")}
    also |= {"received": f"{told.received_on}", "asked": ", ".join(str(items) for _, items in told.asked)}
    for name, here in said.items():
        if here != also[name]:
            yield _difference(fact.number, name, here, also[name])
    for name in TIMES:
        here_at, there_at = getattr(fact, name), getattr(told, name)
        if period.holds(here_at) != period.holds(there_at):
            yield _difference(fact.number, name, _day(here_at), _day(there_at))


def row_differences(fact: CaseFact, row: dict[str, str]) -> Iterator[Difference]:
    """What the case's own row in the records says otherwise than the fact; an outcome that was changed is the row's."""
    outcome = fact.changed_outcome or fact.outcome or ("withdrawn" if fact.withdrawn_at else "")
    said = {"outcome": str(outcome), **{name: str(getattr(fact, name)) for name in row if name != "outcome"}}
    for name, there in row.items():
        if said[name] != there:
            yield _difference(fact.number, name, said[name], there, "the case's row")


class LedgerCounts:
    """The counts of a period, from the ledger alone."""

    def __init__(self, period: Period) -> None:
        self._period = period
        self._counts: Counter[Key] = Counter()
        self._tables: set[str] = set()

    def see(self, told: Retold) -> None:
        """One case."""
        if not told.is_request:
            return
        if in_period(self._period, told.received_on):
            for way in ("line", "priority", "requester", "specialty"):
                self._add(f"requests-by-{way}", getattr(told, way), "received")
        if self._period.holds(told.ended_at):
            for way in ("line", "requester", "specialty"):
                self._add(f"outcomes-by-{way}", getattr(told, way), "answered")
                self._add(f"outcomes-by-{way}", getattr(told, way), told.outcome or "withdrawn")
        if self._period.holds(told.decided_at):
            self._add("outcomes-by-category", told.category or "none", "decided")
            self._add("decision-times", f"{told.line}-{told.priority}", "decided")
            if not told.decided_late:
                self._add("decision-times", f"{told.line}-{told.priority}", "in-time")
        self._see_course(told)

    def _see_course(self, told: Retold) -> None:
        if self._period.holds(told.consulted_at):
            self._add("consultations", told.specialty, "consulted")
            if told.recommends == "False":
                self._add("consultations", told.specialty, "against")
        if self._period.holds(told.placed_at):
            self._add("placement-by-tier", told.tier, "placed")
        if self._period.holds(told.reported_at) and told.agreement:
            self._add("concordance", told.specialty, told.agreement.replace("_", "-"))
        for at, _ in told.asked:
            if self._period.holds(at):
                self._counts["information-requests", ALL, "asked"] += 1

    def see_delegated(self, delegate: str, outcome: str, decided_on: date) -> None:
        """One delegated decision, as its first line tells it."""
        if in_period(self._period, decided_on):
            self._add("delegated-outcomes", delegate, "decided")
            self._add("delegated-outcomes", delegate, outcome)

    def _add(self, table: str, row: str, column: str) -> None:
        self._counts[table, row, column] += 1
        self._counts[table, ALL, column] += 1

    def against(self, tables: Iterable[Table]) -> tuple[int, list[Difference]]:
        """How many counts of the report were compared, and those that differ. A row that only one side has differs."""
        shown = {
            (table.id, row.id, column.id): _counted(cell)
            for table in tables
            for row in table.rows
            for column, cell in zip(table.columns, row.cells, strict=True)
        }
        mine = {(table, column) for table, _, column in self._counts} | FIXED
        compared = {key for key, count in shown.items() if count is not None and (key[0], key[2]) in mine}
        found = []
        for key in sorted(compared | self._counts.keys()):
            here, there = shown.get(key), self._counts.get(key, 0)
            if (here or 0) != there:
                named = f"{key[0]}, {key[1]}"
                found.append(
                    Difference(
                        figure=named, field=key[2], report_says=str(here or 0), source=LEDGER, source_says=str(there)
                    )
                )
        return len(compared), found


FIXED = {  # compared also where the ledger knows of none at all
    ("requests-by-line", "received"),
    ("outcomes-by-line", "answered"),
    ("outcomes-by-line", "approved"),
    ("outcomes-by-line", "denied"),
    ("outcomes-by-category", "decided"),
    ("placement-by-tier", "placed"),
    ("delegated-outcomes", "decided"),
}


def _counted(cell: Cell) -> int | None:
    return cell.share.part if cell.share else cell.count


def _difference(number: str, field: str, here: str, there: str, source: str = LEDGER) -> Difference:
    return Difference(case_number=number, field=field, report_says=here, source=source, source_says=there)


def _day(at: datetime | None) -> str:
    return f"{local_day(at)}" if at else ""
