"""The write side of delegated decisions: the register of packets, and the ledger of what becomes of each. P10."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Connection, Engine, bindparam, select, type_coerce, update

from policy.calendar import local_day
from policy.delegatecase import DelegatedState
from policy.delegated import DelegatedPacket, KnownMember, MemberMatch, known_as, matched
from policy.delegatefindings import Finding
from policy.delegatescore import month_of
from policy.delegatetransition import DelegatedTransition
from policy.filing import alphabetical
from policy.particulars import StoryEntry
from policy.people import PersonName
from policy.request import Request
from policy.verdict import Value
from records import chain
from records.chain import Heard, late_number, recording, unheard
from records.database import reading, writing
from records.errors import RecordsError
from records.intake import IntakeRegister, digest
from records.statements import INSERTS, inserting
from records.tables import (
    DELEGATED_CASES,
    DELEGATED_FINDINGS,
    DELEGATED_LINES,
    DELEGATED_NUMBERING,
    INTAKE,
)

Row = dict[str, Any]
AT_ONCE = 500  # member numbers in one question

NUMBER = bindparam("of", type_=DELEGATED_CASES.c.number.type)
OF = DELEGATED_CASES.c.number == NUMBER
REVISION = select(DELEGATED_CASES.c.revision).where(OF).with_for_update()
NUMBERS = select(DELEGATED_NUMBERING.c.year, DELEGATED_NUMBERING.c.last).with_for_update()
SENT_BEFORE = select(
    DELEGATED_CASES.c.number, DELEGATED_CASES.c.received_at, DELEGATED_CASES.c.match, DELEGATED_CASES.c.digest
).where(
    DELEGATED_CASES.c.delegate == bindparam("delegate_"),
    DELEGATED_CASES.c.external_reference == bindparam("reference_"),
)
UNSTARTED = (
    select(*(DELEGATED_CASES.c[name] for name in ("number", "packet", "received_at", "match")))
    .where(DELEGATED_CASES.c.started_at.is_(None))
    .order_by(DELEGATED_CASES.c.received_at, DELEGATED_CASES.c.number)
)


class Registered(Value):
    """A packet in the register. ``is_new`` is False for one that was sent before."""

    number: str
    external_reference: str
    delegate: str
    received_at: datetime
    match: MemberMatch
    is_new: bool
    same_content: bool


class WaitingPacket(Value):
    """A packet whose story was not seen to begin."""

    number: str
    packet: DelegatedPacket
    received_at: datetime
    match: MemberMatch


class DelegatedRegister:
    """Gives out numbers, once for each reference of a delegate. Every method raises RecordsError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def enter(self, packets: Sequence[DelegatedPacket], received_at: datetime) -> tuple[Registered, ...]:
        """Each packet's number, new or as given before: ``DD-<year>-<number>``, by the year in Los Angeles.

        All or none, in one transaction: where one was sent before with other content (``same_content`` is False),
        nothing new is entered, and only those that were there are given back. The first time of receipt stands.
        """
        with writing(self._engine) as connection:
            year = local_day(received_at).year
            last = self._last(connection, year)  # from here on nobody else enters any
            before = [_sent_before(connection, packet) for packet in packets]
            if any(found is not None and not found.same_content for found in before):
                return tuple(found for found in before if found is not None)
            new = [packet for packet, found in zip(packets, before, strict=True) if found is None]
            entered = iter(_entered(connection, new, year, last, received_at))
            return tuple(found or next(entered) for found in before)

    def unstarted(self) -> list[WaitingPacket]:
        """Packets whose story was not seen to begin. Oldest first."""
        with reading(self._engine) as connection:
            return [WaitingPacket.model_validate(dict(row)) for row in connection.execute(UNSTARTED).mappings()]

    def mark_started(self, numbers: Iterable[str], at: datetime) -> None:
        """Their stories have begun. The first time stands."""
        started = update(DELEGATED_CASES).where(OF, DELEGATED_CASES.c.started_at.is_(None)).values(started_at=at)
        rows = [{"of": number} for number in numbers]
        if rows:
            with writing(self._engine) as connection:
                connection.execute(started, rows)

    def _last(self, connection: Connection, year: int) -> int:
        insert = INSERTS[self._engine.dialect.name]
        connection.execute(insert(DELEGATED_NUMBERING).values(year=year, last=0).on_conflict_do_nothing())
        return {row.year: int(row.last) for row in connection.execute(NUMBERS)}[year]


class DelegatedRecords:
    """The ledger of delegated decisions. Every method raises RecordsError."""

    def __init__(self, engine: Engine, heard: Heard = unheard) -> None:
        """``heard`` is told, after each transaction, how far it has moved the chain of its case."""
        self._engine = engine
        self._heard = heard

    def record(self, transition: DelegatedTransition) -> None:
        """Append the lines and update the rows, in one transaction. Idempotent on (number, revision)."""
        with recording(self._engine, self._heard) as (connection, heads):
            if connection.execute(REVISION, {"of": transition.number}).scalar() is None:
                _open(connection, transition)
            revision = int(connection.execute(REVISION, {"of": transition.number}).scalar_one())
            if transition.revision > revision:
                _stand(connection, transition)
            lines = [_line(transition.number, entry) for entry in transition.entries]
            heads += chain.append(connection, DELEGATED_LINES, lines)

    def add_late(self, number: str, entry: StoryEntry, *, pulled_up_as: str = "") -> None:
        """A line about a case that is closed: a note, or the case that the plan made of it."""
        with recording(self._engine, self._heard) as (connection, heads):
            if connection.execute(REVISION, {"of": number}).scalar() is None:
                raise RecordsError(f"{number} is not in the records.")
            entry = entry.model_copy(update={"seq": late_number(connection, DELEGATED_LINES, number)})
            heads += chain.append(connection, DELEGATED_LINES, [_line(number, entry)])
            if pulled_up_as:
                connection.execute(update(DELEGATED_CASES).where(OF).values(pulled_up_as=pulled_up_as), {"of": number})


class ReviewIntake:
    """Registers a request that is pulled up; the worker starts its case, as of every request that waits."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._register = IntakeRegister(engine)
        self._clock = clock

    def enter(self, request: Request) -> str:
        """Its case number; the same reference again has the same one."""
        return self._register.reserve(request, self._clock()).case_number


def _sent_before(connection: Connection, packet: DelegatedPacket) -> Registered | None:
    asked = {"delegate_": packet.delegate.organization, "reference_": packet.external_reference}
    found = connection.execute(SENT_BEFORE, asked).first()
    if found is None:
        return None
    return _registered(packet, found.number, found.received_at, found.match, same=found.digest == digest(packet))


def _registered(
    packet: DelegatedPacket, number: str, at: datetime, match: MemberMatch, *, same: bool | None = None
) -> Registered:
    return Registered(
        number=number,
        external_reference=packet.external_reference,
        delegate=packet.delegate.organization,
        received_at=at,
        match=match,
        is_new=same is None,
        same_content=same is not False,
    )


def _entered(
    connection: Connection, packets: Sequence[DelegatedPacket], year: int, last: int, received_at: datetime
) -> list[Registered]:
    """New packets, numbered in their order, each matched with the members of those that came before it."""
    known = _known_members(connection, {packet.member.member_id for packet in packets})
    found, rows = [], []
    for count, packet in enumerate(packets, last + 1):
        member = _known(packet)
        match = matched(member, tuple(known.get(member.member_id, ())))
        known.setdefault(member.member_id, []).append(member)
        number = f"DD-{year}-{count:06}"
        rows.append(_opening(number, packet, received_at, match))
        found.append(_registered(packet, number, received_at, match))
    if rows:
        connection.execute(DELEGATED_CASES.insert(), rows)
        counted = update(DELEGATED_NUMBERING).where(DELEGATED_NUMBERING.c.year == year)
        connection.execute(counted.values(last=last + len(rows)))
    return found


def _known_members(connection: Connection, ids: set[str]) -> dict[str, list[KnownMember]]:
    """What earlier requests and packets say of these members."""
    known: dict[str, list[KnownMember]] = {}
    asked = sorted(ids)
    of_request = type_coerce(INTAKE.c.request, JSON)["member"]["member_id"].as_string()
    for start in range(0, len(asked), AT_ONCE):
        some = asked[start : start + AT_ONCE]
        for request in connection.execute(select(INTAKE.c.request).where(of_request.in_(some))).scalars():
            member = known_as(request.member, alphabetical(request.member.name))
            known.setdefault(member.member_id, []).append(member)
        columns = (DELEGATED_CASES.c[name] for name in ("member_id", "birth_date", "member_family", "member_given"))
        for row in connection.execute(select(*columns).where(DELEGATED_CASES.c.member_id.in_(some))):
            name = PersonName(family=row.member_family, given=row.member_given)
            member = KnownMember(member_id=row.member_id, birth_date=row.birth_date, name=alphabetical(name))
            known.setdefault(member.member_id, []).append(member)
    return known


def _known(packet: DelegatedPacket) -> KnownMember:
    return known_as(packet.member, alphabetical(packet.member.name))


def _opening(number: str, packet: DelegatedPacket, received_at: datetime, match: MemberMatch) -> Row:
    return {
        "number": number,
        "delegate": packet.delegate.organization,
        "external_reference": packet.external_reference,
        "digest": digest(packet),
        "received_at": received_at,
        "started_at": None,
        **_said(packet),
        "match": match,
        "state": DelegatedState.RECEIVED,
        "compliance": None,
        "faults": 0,
        "open_findings": 0,
        "escalated": False,
        "next_due": None,
        "category": "",
        "pulled_up_as": "",
        "filing_path": "",
        "filing_sha256": "",
        "closed_at": None,
        "refused_count": 0,
        "revision": 0,
    }


def _said(packet: DelegatedPacket) -> Row:
    member = packet.member
    return {
        "packet": packet,
        "line": packet.line,
        "priority": packet.priority,
        "specialty": packet.specialty,
        "outcome": packet.outcome,
        "decided_at": packet.decided_at,
        "month": month_of(packet.decided_at),
        "member_id": member.member_id,
        "birth_date": member.birth_date.isoformat(),
        "member_family": member.name.family,
        "member_given": member.name.given,
    }


def _open(connection: Connection, transition: DelegatedTransition) -> None:
    """The row of a case whose story began without our door."""
    if transition.packet is None:
        raise RecordsError(f"{transition.number} is not in the records: its first transition must be recorded first.")
    row = _opening(transition.number, transition.packet, transition.received_at, transition.match)
    _write(connection, DELEGATED_CASES.name, [row], change=False)


def _stand(connection: Connection, transition: DelegatedTransition) -> None:
    filing = transition.filing
    kept = ("state", "compliance", "faults", "open_findings", "escalated", "next_due", "category", "pulled_up_as")
    values: Row = {name: getattr(transition, name) for name in (*kept, "closed_at", "refused_count", "revision")}
    values |= {"filing_path": filing.path, "filing_sha256": filing.sha256} if filing else {}
    values |= _said(transition.packet) if transition.packet else {}
    connection.execute(update(DELEGATED_CASES).where(OF).values(**values), {"of": transition.number})
    begun = update(DELEGATED_CASES).where(OF, DELEGATED_CASES.c.started_at.is_(None)).values(started_at=transition.at)
    connection.execute(begun, {"of": transition.number})
    _write(connection, DELEGATED_FINDINGS.name, [_finding(transition.number, f) for f in transition.findings])


def _finding(number: str, finding: Finding) -> Row:
    same = ("result", "settled", "sentence", "citation", "rule", "due_at", "happened_at", "settled_at")
    return {
        "number": number,
        "code": finding.check,
        "part": finding.part,
        "severity": finding.severity,
        "counts": finding.counts_against,
        **{name: getattr(finding, name) for name in (*same, "settled_by", "settled_why")},
    }


def _line(number: str, entry: StoryEntry) -> Row:
    return {"number": number, **entry.model_dump()}


def _write(connection: Connection, table: str, rows: list[Row], *, change: bool = True) -> None:
    """Insert; a row that is there is changed, or left alone."""
    if rows:
        connection.execute(inserting(connection.dialect.name, table, change=change), rows)
