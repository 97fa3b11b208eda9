"""Made-up cases put whole into empty records: register, rows, clocks, ledger, chain, facts. P12.

For the demonstration, and to measure. They go in by the statements of the real ledger, many at once; no workflow runs
for them. Into records that hold cases already they do not go.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, select

from policy.chain import Line, continued
from policy.delegatecase import Compliance, DelegatedState
from policy.delegated import MemberMatch
from policy.delegatescore import month_of
from policy.lifecycle import Outcome, Stage
from policy.particulars import StoryEntry
from policy.report.clocks import ClockFact
from policy.report.delegates import DelegatedFact
from policy.report.facts import CaseFact
from records import projections
from records.database import writing
from records.errors import RecordsError
from records.intake import digest
from records.statements import inserting
from records.tables import (
    CASE_FACTS,
    CASES,
    CLOCKS,
    DELEGATED_CASES,
    DELEGATED_FINDINGS,
    DELEGATED_LINES,
    DELEGATED_NUMBERING,
    INTAKE,
    LEDGER,
    LINKS,
    NUMBERING,
)
from reporting.synthetic import Made, cases, delegated
from reporting.tale import clocks_of, delegated_lines_of, findings_of, lines_of, packet_of, request_of

Row = dict[str, Any]
AT_ONCE = 500  # cases in one transaction


def put_synthetic(engine: Engine, made: Made) -> tuple[int, int]:
    """Made-up cases and delegated decisions; gives back how many of each.

    Raises RecordsError when the records hold cases already: made-up ones never stand among real ones.
    """
    with writing(engine) as connection:
        held = (connection.execute(select(func.count()).select_from(t)).scalar_one() for t in (CASES, DELEGATED_CASES))
        if any(held):
            raise RecordsError("These records hold cases; synthetic ones go only into empty records.")
    counts = [_put(engine, cases(made), _cases), _put(engine, delegated(made), _delegated)]
    return counts[0], counts[1]


def _put(engine: Engine, made: Iterable[Any], written: Any) -> int:  # noqa: ANN401 - one of the two below
    count, rest = 0, iter(made)
    while some := list(islice(rest, AT_ONCE)):
        with writing(engine) as connection:
            written(connection, some)
        count += len(some)
    return count


def _cases(connection: Connection, facts: list[CaseFact]) -> None:
    lines = {fact.number: lines_of(fact) for fact in facts}
    _count(connection, NUMBERING, (fact.number for fact in facts))
    _insert(connection, INTAKE, (_submission(fact) for fact in facts))
    _insert(connection, CASES, (_case(fact, len(lines[fact.number])) for fact in facts))
    _insert(connection, CASE_FACTS, (projections.fact_row(fact, len(lines[fact.number])) for fact in facts))
    _insert(connection, CLOCKS, (_clock(clock) for fact in facts for clock in clocks_of(fact)))
    _insert(connection, LEDGER, (projections.line(n, entry) for n, told in lines.items() for entry in told))
    _insert(connection, LINKS, _links(lines))


def _delegated(connection: Connection, facts: list[DelegatedFact]) -> None:
    lines = {fact.number: delegated_lines_of(fact) for fact in facts}
    _count(connection, DELEGATED_NUMBERING, (fact.number for fact in facts))
    _insert(connection, DELEGATED_CASES, (_packet(fact, len(lines[fact.number])) for fact in facts))
    _insert(connection, DELEGATED_FINDINGS, (row for fact in facts for row in _findings(fact)))
    rows = ({"number": n, **entry.model_dump()} for n, told in lines.items() for entry in told)
    _insert(connection, DELEGATED_LINES, rows)
    _insert(connection, LINKS, _links(lines))


def _count(connection: Connection, table: Table, numbers: Iterable[str]) -> None:
    """The last number of each year, so that a later case gets the next one."""
    last: dict[int, int] = {}
    for number in numbers:
        _, year, count = number.split("-")
        last[int(year)] = max(int(count), last.get(int(year), 0))
    rows = [{"year": year, "last": count} for year, count in last.items()]
    connection.execute(inserting(connection.dialect.name, table.name, change=True), rows)


def _insert(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    if some := list(rows):
        connection.execute(table.insert(), some)


def _links(lines: dict[str, tuple[StoryEntry, ...]]) -> Iterator[Row]:
    for number, told in lines.items():
        mine = [Line(number, e.seq, e.at, e.event, e.text, e.actor, str(e.clause), e.unsigned) for e in told]
        for link in continued(number, None, mine):
            yield {"case_number": number, **link._asdict()}


def _submission(fact: CaseFact) -> Row:
    request = request_of(fact)
    return {
        "case_number": fact.number,
        "external_reference": request.external_reference,
        "digest": digest(request),
        "received_at": fact.received_at,
        "started_at": fact.received_at,
        "request": request,
        "correlation": "",
    }


def _case(fact: CaseFact, revision: int) -> Row:
    request = request_of(fact)
    return {
        "number": fact.number,
        "external_reference": request.external_reference,
        "stage": Stage.CLOSED,
        "outcome": fact.outcome or Outcome.WITHDRAWN,
        "line": fact.line,
        "priority": fact.priority,
        "specialty": fact.specialty,
        "organization": fact.organization,
        "member_family": request.member.name.family,
        "member_given": request.member.name.given,
        "received_at": fact.received_at,
        "decision_due": None,
        "next_due": None,
        "next_due_rule": "",
        "category": fact.category,
        "filing_path": "",
        "filing_sha256": "",
        "closed_at": fact.closed_at,
        "refused_count": 0,
        "revision": revision,
    }


def _clock(clock: ClockFact) -> Row:
    said = {name: value for name, value in clock._asdict().items() if name != "line"}
    more = {"act_by": clock.due_at, "citation": clock.rule, "warnings": 0, "explanation": "made up (synthetic)"}
    return {**said, **more, "clock_id": f"{clock.obligation}:{clock.rule}"}


def _packet(fact: DelegatedFact, revision: int) -> Row:
    packet = packet_of(fact)
    ended: datetime = fact.copied_at
    same = ("number", "delegate", "line", "priority", "specialty", "outcome", "decided_at", "category")
    return {
        **{name: getattr(fact, name) for name in same},
        "external_reference": packet.external_reference,
        "digest": digest(packet),
        "received_at": fact.copied_at,
        "started_at": fact.copied_at,
        "packet": packet,
        "month": month_of(fact.decided_at),
        "member_id": packet.member.member_id,
        "birth_date": packet.member.birth_date.isoformat(),
        "member_family": packet.member.name.family,
        "member_given": packet.member.name.given,
        "match": MemberMatch.UNKNOWN,
        "state": DelegatedState.CLOSED,
        "compliance": Compliance.DEFICIENT if fact.faults else Compliance.COMPLIANT,
        "faults": len(fact.faults),
        "open_findings": 0,
        "escalated": False,
        "next_due": None,
        "pulled_up_as": "",
        "filing_path": "",
        "filing_sha256": "",
        "closed_at": ended,
        "refused_count": 0,
        "revision": revision,
    }


def _findings(fact: DelegatedFact) -> Iterator[Row]:
    same = ("result", "settled", "sentence", "citation", "rule", "due_at", "happened_at", "settled_at")
    for finding in findings_of(fact):
        yield {
            "number": fact.number,
            "code": finding.check,
            "part": finding.part,
            "severity": finding.severity,
            "counts": finding.counts_against,
            **{name: getattr(finding, name) for name in same},
            "settled_by": "",
            "settled_why": "",
        }
