"""The read side of delegated decisions: lists, one case, and what a score counts. Policy 90.2.17, Procedure 10.

Every function raises RecordsError when the records cannot be used.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, case, func, or_, select

from policy.delegatecase import Compliance, DelegatedState
from policy.delegated import DelegatedPacket, DelegateOutcome, MemberMatch
from policy.delegatefindings import Check, Part, Result, Settled, Severity
from policy.delegatescore import Measured, Rate
from policy.request import LineOfBusiness, Priority
from policy.verdict import Value
from records.database import reading
from records.rows import LedgerRow
from records.tables import DELEGATED_CASES, DELEGATED_FINDINGS, DELEGATED_LINES

OPTIONAL = ("packet", "digest", "started_at", "month", "member_id", "birth_date", "revision")
NAMES = ("member_family", "member_given", "filing_path")


class DelegatedRow(Value):
    """A delegated decision as it stands. What names the member is empty unless it was asked for."""

    number: str
    delegate: str
    external_reference: str
    received_at: datetime
    line: LineOfBusiness
    priority: Priority
    specialty: str
    outcome: DelegateOutcome
    decided_at: datetime
    member_family: str = ""
    member_given: str = ""
    match: MemberMatch
    state: DelegatedState
    compliance: Compliance | None
    faults: int
    open_findings: int
    escalated: bool
    next_due: datetime | None
    category: str
    pulled_up_as: str
    filing_path: str = ""
    filing_sha256: str
    closed_at: datetime | None
    refused_count: int


class DelegatedFilter(Value):
    """Which delegated decisions are shown; what is not given chooses nothing. ``text``: a number or a reference.

    ``due_before`` keeps those whose delegate's answer falls due before it.
    """

    delegate: str = ""
    state: DelegatedState | None = None
    compliance: Compliance | None = None
    is_open: bool | None = None
    with_findings: bool = False
    escalated: bool = False
    pulled_up: bool = False
    due_before: datetime | None = None
    text: str = ""


class DelegatedPage(Value):
    """A page of delegated decisions, and how many are on all pages."""

    rows: tuple[DelegatedRow, ...]
    total: int


class DelegatedTally(Value):
    """How many delegated decisions are open, have open findings, and stand before the supervisor."""

    open: int
    deficient: int
    escalated: int


class FindingRow(Value):
    """One check of a packet, passed or not."""

    code: Check
    part: Part
    severity: Severity
    result: Result
    counts: bool
    settled: Settled | None
    sentence: str
    citation: str
    rule: str
    due_at: datetime | None
    happened_at: datetime | None
    settled_at: datetime | None
    settled_by: str
    settled_why: str


class DelegatedFile(Value):
    """All that the records hold of one delegated decision, but for what names the member."""

    case: DelegatedRow
    findings: tuple[FindingRow, ...]
    ledger: tuple[LedgerRow, ...]


def listed(
    engine: Engine,
    *,
    delegate: str = "",
    with_findings: bool = False,
    open_only: bool = False,
    since: datetime | None = None,
    limit: int = 50,
    with_names: bool = False,
) -> list[DelegatedRow]:
    """Delegated decisions, the latest decided first. ``since`` is the earliest time of the decision."""
    left_out = OPTIONAL if with_names else (*OPTIONAL, *NAMES)
    columns = (column for column in DELEGATED_CASES.c if column.name not in left_out)
    wanted = list(_of(delegate, since))
    wanted += [DELEGATED_CASES.c.faults > 0] if with_findings else []
    wanted += [DELEGATED_CASES.c.closed_at.is_(None)] if open_only else []
    order = (DELEGATED_CASES.c.decided_at.desc(), DELEGATED_CASES.c.number)
    with reading(engine) as connection:
        rows = connection.execute(select(*columns).where(*wanted).order_by(*order).limit(limit)).mappings()
        return [DelegatedRow.model_validate(dict(row)) for row in rows]


def page_of(
    engine: Engine, chosen: DelegatedFilter, *, offset: int = 0, limit: int = 50, with_names: bool = False
) -> DelegatedPage:
    """A page of delegated decisions: what is due soonest first, then the latest decided."""
    left_out = OPTIONAL if with_names else (*OPTIONAL, *NAMES)
    columns = (column for column in DELEGATED_CASES.c if column.name not in left_out)
    wanted, row = tuple(_chosen(chosen)), DELEGATED_CASES.c
    order = (row.next_due.is_(None), row.next_due, row.decided_at.desc(), row.number)
    with reading(engine) as connection:
        total = connection.execute(select(func.count()).select_from(DELEGATED_CASES).where(*wanted)).scalar_one()
        page = select(*columns).where(*wanted).order_by(*order).limit(limit).offset(offset)
        rows = connection.execute(page).mappings() if total > offset else ()
        return DelegatedPage(rows=tuple(DelegatedRow.model_validate(dict(one)) for one in rows), total=total)


def _chosen(chosen: DelegatedFilter) -> Iterator[ColumnElement[bool]]:
    row = DELEGATED_CASES.c
    yield from _of(chosen.delegate, None)
    asked: tuple[tuple[object, ColumnElement[bool]], ...] = (
        (chosen.state, row.state == chosen.state),
        (chosen.compliance, row.compliance == chosen.compliance),
        (chosen.is_open is True, row.closed_at.is_(None)),
        (chosen.is_open is False, row.closed_at.is_not(None)),
        (chosen.with_findings, row.open_findings > 0),
        (chosen.escalated, row.escalated.is_(True)),
        (chosen.pulled_up, row.pulled_up_as != ""),
        (chosen.text, or_(*(column == chosen.text for column in (row.number, row.external_reference)))),
    )
    yield from (condition for wanted, condition in asked if wanted)
    if chosen.due_before is not None:
        yield row.next_due < chosen.due_before


def delegates(engine: Engine) -> list[str]:
    """The names of those who have sent packets."""
    with reading(engine) as connection:
        chosen = select(DELEGATED_CASES.c.delegate).distinct().order_by(DELEGATED_CASES.c.delegate)
        return list(connection.execute(chosen).scalars())


def tally(engine: Engine) -> DelegatedTally:
    """How many are open, and how many of them ask for somebody's attention."""
    row = DELEGATED_CASES.c
    counted = (
        func.count(),
        func.coalesce(func.sum(case((row.open_findings > 0, 1), else_=0)), 0),
        func.coalesce(func.sum(case((row.escalated.is_(True), 1), else_=0)), 0),
    )
    with reading(engine) as connection:
        every, deficient, escalated = connection.execute(select(*counted).where(row.closed_at.is_(None))).one()
    return DelegatedTally(open=every, deficient=int(deficient), escalated=int(escalated))


def find_number(engine: Engine, text: str) -> str | None:
    """The number of a delegated decision, by itself or by the delegate's reference; None when that is not one."""
    same = or_(DELEGATED_CASES.c.number == text, DELEGATED_CASES.c.external_reference == text)
    with reading(engine) as connection:
        found = connection.execute(select(DELEGATED_CASES.c.number).where(same).limit(2)).scalars().all()
    return found[0] if len(found) == 1 else None


def one(engine: Engine, number: str, *, with_names: bool = False) -> DelegatedFile | None:
    """All of one delegated decision, seen at one moment; None for a number that was never given."""
    left_out = OPTIONAL if with_names else (*OPTIONAL, *NAMES)
    columns = (column for column in DELEGATED_CASES.c if column.name not in left_out)
    findings = select(*(c for c in DELEGATED_FINDINGS.c if c.name != "number"))
    lines = select(DELEGATED_LINES.c.number.label("case_number"), *(c for c in DELEGATED_LINES.c if c.name != "number"))
    with reading(engine) as connection:
        row = connection.execute(select(*columns).where(DELEGATED_CASES.c.number == number)).mappings().first()
        if row is None:
            return None
        made = connection.execute(findings.where(DELEGATED_FINDINGS.c.number == number)).mappings().all()
        told = lines.where(DELEGATED_LINES.c.number == number).order_by(DELEGATED_LINES.c.seq)
        story = connection.execute(told).mappings().all()
    order = {check: place for place, check in enumerate(Check)}
    return DelegatedFile(
        case=DelegatedRow.model_validate(dict(row)),
        findings=tuple(
            sorted((FindingRow.model_validate(dict(f)) for f in made), key=lambda finding: order[finding.code])
        ),
        ledger=tuple(LedgerRow.model_validate(dict(line)) for line in story),
    )


def packet_of(engine: Engine, number: str) -> DelegatedPacket | None:
    """The packet, with what supplemented it; None for a number that was never given."""
    with reading(engine) as connection:
        chosen = select(DELEGATED_CASES.c.packet).where(DELEGATED_CASES.c.number == number)
        found = connection.execute(chosen).scalar()
    return found if isinstance(found, DelegatedPacket) else None


def counted(engine: Engine, *, delegate: str = "", since: datetime | None = None) -> tuple[Measured, ...]:
    """What a score counts: packets that were checked, and their checks, by delegate and month of the decision."""
    checked = (DELEGATED_CASES.c.revision > 0, *_of(delegate, since))
    by = (DELEGATED_CASES.c.delegate, DELEGATED_CASES.c.month)
    faultless = func.sum(case((DELEGATED_CASES.c.faults == 0, 1), else_=0))
    packets = select(*by, func.count().label("n"), faultless.label("passed")).where(*checked).group_by(*by)
    parts = (
        select(
            *by,
            DELEGATED_FINDINGS.c.part,
            func.count().label("n"),
            func.sum(case((DELEGATED_FINDINGS.c.counts.is_(False), 1), else_=0)).label("passed"),
        )
        .join(DELEGATED_FINDINGS, DELEGATED_FINDINGS.c.number == DELEGATED_CASES.c.number)
        .where(*checked, DELEGATED_FINDINGS.c.result != Result.NOT_ASKED)
        .group_by(*by, DELEGATED_FINDINGS.c.part)
    )
    with reading(engine) as connection:
        whole = connection.execute(packets.order_by(*by)).all()
        found: dict[tuple[str, str], dict[Part, Rate]] = {}
        for row in connection.execute(parts):
            found.setdefault((row.delegate, row.month), {})[row.part] = Rate(n=row.n, passed=int(row.passed))
    return tuple(
        Measured(
            delegate=row.delegate,
            month=row.month,
            packets=Rate(n=row.n, passed=int(row.passed)),
            parts=found.get((row.delegate, row.month), {}),
        )
        for row in whole
    )


def filed(engine: Engine) -> list[tuple[str, str, str]]:
    """Number, path and SHA-256 of every delegated decision that is filed, for the cabinet's inventory."""
    columns = (DELEGATED_CASES.c[name] for name in ("number", "filing_path", "filing_sha256"))
    chosen = select(*columns).where(DELEGATED_CASES.c.filing_path != "").order_by(DELEGATED_CASES.c.number)
    with reading(engine) as connection:
        return [(row.number, row.filing_path, row.filing_sha256) for row in connection.execute(chosen)]


def _of(delegate: str, since: datetime | None) -> tuple[ColumnElement[bool], ...]:
    asked = []
    if delegate:
        asked.append(DELEGATED_CASES.c.delegate == delegate)
    if since:
        asked.append(DELEGATED_CASES.c.decided_at >= since)
    return tuple(asked)
