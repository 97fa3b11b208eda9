"""One case's file for an auditor: in order, printable, with what was late, unsigned or refused marked as such.

Who reads a file is noted in the log, with the case's number; nothing is added to the case.
"""

import logging
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response
from sqlalchemy import Engine

from adapters.shelf import AdapterError
from policy.lifecycle import Stage
from policy.rule import Obligation
from policy.timeframes import ClockState
from policy.verdict import Value
from portal.access import Room
from portal.pages import go, now, page
from portal.session import NotFound, Visit, entering
from records import queries
from records.holds import LegalHolds
from records.rows import CaseFile, CaseRow, ClockRow, LedgerRow
from wiring.auditing import CaseAudit, audited_case
from wiring.keys import VaultError
from wiring.sending import CASE_NUMBER
from wiring.wishes import wishes

router = APIRouter(include_in_schema=False)
log = logging.getLogger(__name__)

Auditing = Annotated[Visit, entering(Room.AUDIT)]
PRINTED = '@page {{ @top-left {{ content: "Second Opinion, case {number}, confidential"; font: 9pt sans-serif; }} }}'
LATEST = 20  # closed cases on the first page
LATE = f"clock:{ClockState.BREACHED}"
LETTERS = (
    Obligation.PEND_NOTICE,
    Obligation.PROVIDER_NOTICE,
    Obligation.MEMBER_NOTICE,
    Obligation.EXTENSION,
    Obligation.ORAL_CONFIRMATION,
)
ENDS = {
    ClockState.MET: "in time",
    ClockState.BREACHED: "too late",
    ClockState.WAIVED: "fell away",
    ClockState.PAUSED: "paused by law",
}


class Figure(Value):
    """One figure of the summary: what it is, the figure, and how good it is (a class of style)."""

    what: str
    text: str
    style: str = "calm"


@router.get("/audit")
def audit(visit: Auditing) -> Response:
    """A case to open, the latest that were closed, and the legal holds that stand, the latest first."""
    return _front(visit)


@router.post("/audit")
def find(visit: Auditing, which: Annotated[str, Form()] = "") -> Response:
    """To the file of a case, by its number or the sender's reference (which is then in no address)."""
    if not which.strip():
        return _front(visit, wrong="Give a case number or a reference.")
    number = queries.find_number(visit.house.world.records, which)
    if number is None:
        return _front(visit, which=which, wrong="There is no case with that number or reference.")
    return go(visit.request, f"/audit/{number}")


@router.get("/audit/{number}")
def case_file(visit: Auditing, number: str) -> Response:
    """All that the records hold of one case."""
    file = queries.case(visit.house.world.records, number)
    if file is None:
        raise NotFound
    log.info("audit.read", extra={"staff": visit.actor.id, "case": file.case.number})
    request = visit.house.world.register.request_of(number)
    return page(
        visit,
        "audit_case.html",
        file=file,
        request=request,
        wanted=wishes(request.member) if request else None,
        figures=figures(file, now()),
        holds=LegalHolds(visit.house.world.records).of(number),
        chain=_audited(visit, number),
        how=how_it_ended,
        is_late=is_late,
    )


@router.get("/audit/{number}/print.css")
def print_style(visit: Auditing, number: str) -> Response:  # noqa: ARG001
    """The case's number at the head of every printed page: a sheet of its own, as styles in pages are barred."""
    if not CASE_NUMBER.fullmatch(number):
        raise NotFound
    return Response(PRINTED.format(number=number), media_type="text/css")


def figures(file: CaseFile, at: datetime) -> tuple[Figure, ...]:
    """The case in a few figures."""
    in_time = _in_time("Decision in time", file.clocks, (Obligation.DECISION, Obligation.DECISION_OUTER))
    sent = sum(1 for notice in file.notices if notice.sent_at)
    unsigned = sum(1 for line in file.ledger if line.unsigned)
    late = sum(1 for clock in file.clocks if clock.state is ClockState.BREACHED)
    return (
        _decision(file, at),
        in_time,
        _in_time("Letters in time", file.clocks, LETTERS),
        Figure(what="Letters sent", text=f"{sent} of {len(file.notices)}"),
        _count("Clocks overrun", late),
        _count("Refused actions", file.case.refused_count, "calm"),
        _count("Unsigned lines", unsigned),
    )


def how_it_ended(clock: ClockRow, at: datetime) -> Figure:
    """How a clock ended, in words: in time, too late by how much, or still running."""
    if clock.ended_at is None:
        overdue = clock.state is ClockState.BREACHED or clock.due_at < at
        text = f"overdue by {span(at - clock.due_at)}" if overdue else "running"
        return Figure(what=clock.clock_id, text=text, style="overdue" if overdue else "calm")
    if clock.state is ClockState.BREACHED:
        text = f"too late by {span(clock.ended_at - clock.due_at)}" if clock.ended_at > clock.due_at else "too late"
        return Figure(what=clock.clock_id, text=text, style="overdue")
    return Figure(what=clock.clock_id, text=ENDS.get(clock.state, "ended"))


def is_late(line: LedgerRow) -> bool:
    """Whether a line of the ledger tells that something was late."""
    return line.event == LATE


def span(how_long: timedelta) -> str:
    """A length of time in words: the largest unit that fits, and the next."""
    minutes = max(0, round(how_long.total_seconds() / 60))
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    parts = ((days, "day"), (hours, "hour"), (rest, "minute"))
    said = [f"{amount} {unit}{'' if amount == 1 else 's'}" for amount, unit in parts if amount][:2]
    return " ".join(said) or "less than a minute"


def _audited(visit: Visit, number: str) -> CaseAudit | None:
    """The ledger against its chain and the anchor; None where the anchor cannot be read."""
    world = visit.house.world
    try:
        found = audited_case(world.records, world.anchorage.anchors, number, now())
    except (AdapterError, VaultError) as trouble:
        log.warning("audit.not_compared", extra={"told": trouble, "case": number})
        return None
    if found.differences:
        log.error("audit.broken", extra={"case": number, "count": len(found.differences)})
    return found


def _decision(file: CaseFile, at: datetime) -> Figure:
    decided = next((line.at for line in file.ledger if line.event.startswith("determination:")), None)
    if decided:
        return Figure(what="Time to decision", text=span(decided - file.case.received_at))
    if file.case.closed_at:
        return Figure(what="Time to decision", text="closed without one")
    return Figure(what="Time to decision", text=f"none yet, after {span(at - file.case.received_at)}")


def _in_time(what: str, clocks: tuple[ClockRow, ...], obligations: tuple[Obligation, ...]) -> Figure:
    """Of the clocks of some obligations that have come to an end, or are overrun, how many were kept."""
    told = [c for c in clocks if c.obligation in obligations and c.state in (ClockState.MET, ClockState.BREACHED)]
    kept = sum(1 for clock in told if clock.state is ClockState.MET)
    if not told:
        return Figure(what=what, text="nothing was due")
    return Figure(what=what, text=f"{kept} of {len(told)}", style="calm" if kept == len(told) else "overdue")


def _count(what: str, amount: int, style: str = "overdue") -> Figure:
    return Figure(what=what, text=str(amount), style=style if amount else "calm")


def _front(visit: Visit, *, which: str = "", wrong: str = "") -> Response:
    closed = _latest_closed(visit.house.world.records)
    held = [hold for holds in LegalHolds(visit.house.world.records).standing().values() for hold in holds]
    held.sort(key=lambda hold: hold.placed_at, reverse=True)
    return page(visit, "audit.html", status=422 if wrong else 200, closed=closed, held=held, which=which, wrong=wrong)


def _latest_closed(records: Engine) -> list[CaseRow]:
    """Those that were received last, of the closed ones, the latest closed first."""
    before = max(0, queries.count_cases(records, stage=Stage.CLOSED) - LATEST)
    found = queries.cases(records, stage=Stage.CLOSED, limit=LATEST, offset=before)
    return sorted(found, key=lambda row: row.closed_at or row.received_at, reverse=True)
