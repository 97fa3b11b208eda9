"""What a new edition of a report says otherwise than the one before, cell by cell. Policy 90.2.17, P12."""

from collections.abc import Iterator

from policy.report.shape import Cell, CommitteeReport, Table
from policy.verdict import Value

NAMED = 12  # cells that the sentence names; the list has all


class Changed(Value):
    """One figure that differs: where it stands, what it was, what it is. What is empty was not there."""

    where: str
    was: str
    now: str

    @property
    def sentence(self) -> str:
        """For people."""
        return f"{self.where}: {self.was or 'nothing'} is now {self.now or 'nothing'}"


def difference(old: CommitteeReport, new: CommitteeReport) -> tuple[Changed, ...]:
    """Every cell, flag and point of a chart that differs, in the new report's order; then what is gone."""
    was, now = dict(_said(old)), dict(_said(new))
    changed = (Changed(where=where, was=was.get(where, ""), now=said) for where, said in now.items())
    gone = (Changed(where=where, was=said, now="") for where, said in was.items() if where not in now)
    return tuple(c for c in (*changed, *gone) if c.was != c.now)


def difference_in_words(old: CommitteeReport, new: CommitteeReport) -> str:
    """The difference in a paragraph, as the new edition names it."""
    found = difference(old, new)
    if not found:
        return f"No figure of {old.id} has changed."
    named = "; ".join(c.sentence for c in found[:NAMED])
    more = f"; and {len(found) - NAMED} more" if len(found) > NAMED else ""
    count = "one figure differs" if len(found) == 1 else f"{len(found)} figures differ"
    return f"Of {old.id} {count}. {named}{more}."


def _said(report: CommitteeReport) -> Iterator[tuple[str, str]]:
    yield "Cases", str(report.cases)
    yield "Delegated decisions", str(report.delegated)
    for table in report.tables:
        yield from _cells(table)
    for funnel in report.funnels:
        for point in funnel.points:
            yield f"{funnel.title}, {point.label} [{funnel.id}/{point.id}]", f"{point.share.words}, {point.standing}"
    for chart in report.over_time:
        for quarter in chart.quarters:
            yield f"{chart.title}, {quarter.period} [{chart.id}]", f"{quarter.share.words}, {quarter.standing}"
    for flag in report.flags:
        yield f"Flag [{flag.id}]", flag.sentence


def _cells(table: Table) -> Iterator[tuple[str, str]]:
    for row in table.rows:
        for column, cell in zip(table.columns, row.cells, strict=False):
            yield f"{table.title}, {row.label}, {column.title} [{table.id}/{row.id}/{column.id}]", words_of(cell)


def words_of(cell: Cell) -> str:
    """What a cell says, as text; empty when it says nothing."""
    if cell.suppressed:
        return "too few to show"
    if cell.share is not None:
        return cell.share.words
    if cell.count is not None:
        return f"{cell.count:,}"
    return str(cell.amount) if cell.amount is not None else cell.text
