"""The committees' report as it is rendered: tables, charts, flags, each with an id that never changes. P12.

HTML, PDF and spreadsheet are made of this one value and compute nothing, so that every number of them agrees. Counts
are integers, a share carries its numerator and denominator, other amounts are decimals, rounded when they are made.
"""

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from pydantic import AwareDatetime, Field

from policy.report.period import Period
from policy.request import LineOfBusiness
from policy.verdict import Value

FORM = "second-opinion/committee-report/1"
TENTH, PERCENT = Decimal("0.1"), 100
ID = r"^[a-z][a-z0-9-]*$"


class Kind(StrEnum):
    """What stands in the cells of a column. Hours elapse; days are business days of the state's calendar."""

    COUNT = "count"
    SHARE = "share"
    HOURS = "hours"
    DAYS = "days"
    NUMBER = "number"
    TEXT = "text"


class Basis(StrEnum):
    """By which day a case is counted in a period; docs/report-definitions.md has each."""

    RECEIVED = "received"
    ANSWERED = "answered"
    DECIDED = "decided"
    PLACED = "placed"
    REPORTED = "reported"
    COMPARED = "compared"
    CONSULTED = "consulted"
    ASKED = "asked"
    DUE = "due"
    DELEGATED = "delegated"


class Share(Value):
    """So many of so many."""

    part: int = Field(ge=0)
    of: int = Field(ge=0)

    @property
    def percent(self) -> Decimal | None:
        """In percent, to a tenth, half to even; None of none."""
        return tenth(Decimal(self.part) * PERCENT / self.of) if self.of else None

    @property
    def words(self) -> str:
        """``12 of 80 (15.0 %)``."""
        return f"{self.part:,} of {self.of:,}" + (f" ({self.percent} %)" if self.of else "")


class Drill(Value):
    """How the cases of a cell are listed: by which day they count, and what they have in common, field by field.

    A field is one of ``CaseFact`` (or of the delegated facts, where the basis says so); a field that holds several
    values has the given one among them. ``period`` is the time that was looked at, where that is another than the
    report's own: trends look back further.
    """

    basis: Basis
    where: tuple[tuple[str, str], ...] = ()
    period: Period | None = None


class Cell(Value):
    """One cell. Which of its fields is filled is a matter of the column's kind; all empty: there is nothing to say.

    ``suppressed`` says that a small number was taken out, and that what is empty is not nothing.
    """

    count: int | None = None
    share: Share | None = None
    amount: Decimal | None = None
    text: str = ""
    suppressed: bool = False
    drill: Drill | None = None


class Column(Value):
    """A column of a table."""

    id: str = Field(pattern=ID)
    title: str
    kind: Kind


class Row(Value):
    """A row. ``id`` is unique in its table and stays the same from report to report."""

    id: str
    label: str
    cells: tuple[Cell, ...]
    is_total: bool = False


class Table(Value):
    """A figure as a table. ``id`` is also the anchor of its definition in docs/report-definitions.md.

    ``label`` is the heading of the first column, the rows' labels. ``basis`` says by which day a case is counted.
    """

    id: str = Field(pattern=ID)
    section: str
    title: str
    label: str
    clause: str
    basis: Basis
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""

    def cell(self, row: str, column: str) -> Cell:
        """A cell by the ids of its row and column. Raises KeyError."""
        index = next((i for i, c in enumerate(self.columns) if c.id == column), None)
        found = next((r for r in self.rows if r.id == row), None)
        if index is None or found is None:
            raise KeyError(f"{self.id}: {row}, {column}")
        return found.cells[index]


class Limits(Value):
    """Where a point may lie by chance, in percent: 95 percent of the time, and 99.8 percent (Spiegelhalter 2005)."""

    lower_95: Decimal
    upper_95: Decimal
    lower_998: Decimal
    upper_998: Decimal


class Standing(StrEnum):
    """What is said of a point."""

    INSIDE = "inside"
    OUTSIDE_95 = "outside the 95 percent limits"
    OUTSIDE_998 = "outside the 99.8 percent limits, and not after correction for all comparisons"
    FLAGGED = "flagged"
    TOO_FEW = "too few to judge"


class FunnelPoint(Value):
    """One provider, PPG or specialty in a funnel plot. ``expected`` is the rest of the plan's, adjusted, in percent."""

    id: str
    label: str
    share: Share
    expected: Decimal | None
    limits: Limits | None
    p_value: Decimal | None = None
    adjusted: Decimal | None = None
    standing: Standing
    drill: Drill | None = None


class Curve(Value):
    """The limits at one number of cases, for drawing a funnel."""

    of: int
    limits: Limits


class Funnel(Value):
    """A funnel plot: the number of cases to the right, the share upward. ``centre`` is the plan's share.

    ``overdispersion`` is how much more the units differ than chance alone would make them (1: no more), estimated as by
    Spiegelhalter 2005, with a tenth of the units winsorized at each end.
    """

    id: str = Field(pattern=ID)
    section: str
    title: str
    clause: str
    unit: str
    across: str
    upward: str
    period: Period
    centre: Share
    adjusted_for: str
    overdispersion: Decimal
    points: tuple[FunnelPoint, ...]
    curves: tuple[Curve, ...]
    comparisons: int
    summary: str


class SeriesPoint(Value):
    """One quarter or month of a chart over time."""

    period: str
    share: Share
    limits: Limits | None = None
    standing: Standing = Standing.INSIDE


class RunSignals(Value):
    """What a run chart shows besides chance. ``useful`` points do not lie on the median.

    ``shift``: the longest run on one side of the median, of 6 points or more. ``trend``: 5 points or more, each higher
    or each lower than the one before. ``runs`` outside ``expected_runs`` are too few or too many.
    """

    points: int
    useful: int
    median: Decimal | None
    longest: int
    shift: bool
    longest_trend: int
    trend: bool
    runs: int
    expected_runs: tuple[int, int] | None
    too_few: bool
    too_many: bool


class OverTime(Value):
    """A share over time: a p-chart by quarter, with exact binomial limits, and the rules of a run chart by month."""

    id: str = Field(pattern=ID)
    section: str
    title: str
    clause: str
    upward: str
    centre: Share
    quarters: tuple[SeriesPoint, ...]
    months: tuple[SeriesPoint, ...]
    signals: RunSignals
    summary: str


class Flag(Value):
    """What the committees should look at, and a sentence of what was seen, against what, and how sure."""

    id: str
    chart: str
    unit: str
    label: str
    share: Share
    expected: Decimal
    p_value: Decimal
    adjusted: Decimal
    sentence: str
    drill: Drill | None = None


class Difference(Value):
    """Something that the report's own counts and a second derivation say otherwise."""

    case_number: str = ""
    figure: str = ""
    field: str
    report_says: str
    source: str
    source_says: str

    @property
    def sentence(self) -> str:
        """For people."""
        what = self.case_number or self.figure
        return f"{what}: {self.field} is {self.report_says or 'nothing'} here, and {self.source_says or 'nothing'} " + (
            f"in {self.source}"
        )


class Reconciliation(Value):
    """Whether the counts were derived a second time, from what, and with which differences (at most as many as named).

    ``from_temporal`` is how many of the ``temporal_cases`` Temporal still retains and were compared; None when that was
    not asked for or could not be done, and ``why_not`` then says why. ``no_longer_retained`` are those whose history is
    gone; ``not_at_rest`` those that went on while they were compared, or are paused. ``not_derived`` names what was
    counted once only.
    """

    done_at: AwareDatetime
    cases: int
    delegated: int = 0
    counts_compared: int
    from_temporal: int | None = None
    temporal_cases: int = 0
    no_longer_retained: int = 0
    not_at_rest: int = 0
    why_not: str = ""
    not_derived: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    difference_count: int = 0

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return self.difference_count == 0

    @property
    def asked_of_temporal(self) -> str:
        """How many cases were also checked against Temporal, in words; or why none was."""
        if self.from_temporal is None:
            return self.why_not
        every = max(self.temporal_cases, self.from_temporal)  # earlier reports did not say of how many
        said = f"{self.from_temporal:,} of {every:,} cases were also checked against Temporal"
        said += f"; {self.no_longer_retained:,} {'is' if self.no_longer_retained == 1 else 'are'} no longer retained"
        return said + (f"; {self.not_at_rest:,} were not at rest or are paused" if self.not_at_rest else "")


class EarlierAction(Value):
    """What a committee decided on an earlier report, and how it stands."""

    report: str
    action: str
    owner: str
    due: date | None = None
    state: str


class CommitteeReport(Value):
    """The report of a period. A finished one is never changed: a correction is a new edition that names the difference.

    ``as_of`` is when the records were read. ``lines`` is empty for all lines of business. ``synthetic`` marks a report
    of made-up cases; every page says so. So it does of a ``draft``, which was compiled on demand, is held against no
    ledger, and is kept nowhere.
    """

    form: str = FORM
    period: Period
    looked_back: Period
    lines: tuple[LineOfBusiness, ...] = ()
    edition: int = 1
    corrects: str = ""
    difference: str = ""
    synthetic: bool = False
    released: bool = False
    draft: bool = False
    as_of: AwareDatetime
    cases: int
    delegated: int
    tables: tuple[Table, ...]
    funnels: tuple[Funnel, ...] = ()
    over_time: tuple[OverTime, ...] = ()
    flags: tuple[Flag, ...] = ()
    comparisons: int = 0
    summary: tuple[str, ...] = ()
    reconciliation: Reconciliation | None = None
    earlier_actions: tuple[EarlierAction, ...] = ()

    @property
    def id(self) -> str:
        """``2026-Q3``, ``2026-Q3 medi_cal``, with its edition from the second one on; ``2026-Q3 draft``."""
        lines = f" {'+'.join(self.lines)}" if self.lines else ""
        edition = " draft" if self.draft else f" edition {self.edition}" if self.edition > 1 else ""
        return f"{self.period.name}{lines}{edition}"

    def table(self, name: str) -> Table:
        """A table by its id. Raises KeyError."""
        found = next((t for t in self.tables if t.id == name), None)
        if found is None:
            raise KeyError(name)
        return found


def tenth(amount: Decimal) -> Decimal:
    """Rounded to a tenth, half to even, so that the same data gives the same digits."""
    return amount.quantize(TENTH, rounding=ROUND_HALF_EVEN)
