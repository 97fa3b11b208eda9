"""How long a case's packet and records are kept, and who may hold them longer. Procedure 9 (P9).

A rule says the last day on which they must be there; nothing here, and no command, deletes anything.
"""

from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime

from policy.calendar import local_day
from policy.clauses import Clause
from policy.edition import Edition
from policy.people import Actor, Role
from policy.request import LineOfBusiness
from policy.rule import CountedFrom, Retention
from policy.verdict import Allowed, Refused, Value, Verdict

MAY_HOLD = (Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR)
MAY_RELEASE = (Role.SUPERVISOR, Role.ADMINISTRATOR)
MAY_SHRED = (Role.ADMINISTRATOR,)


class Standing(StrEnum):
    """Whether a case's packet and records could go on a day."""

    OPEN = "open"
    KEPT = "kept"
    HELD = "held"
    COULD_GO = "could_go"


class ClosedCase(Value):
    """What of a case says how long it is kept. ``closed_at`` is None as long as it lives."""

    line: LineOfBusiness
    closed_at: AwareDatetime | None


class KeepUntil(Value):
    """The last day (Los Angeles) on which a case must be kept, and why."""

    day: date
    rule: str
    reason: str
    citation: str
    source: str
    status: str


class Judgement(Value):
    """Where a case stands on a day; ``keep`` is None as long as it lives."""

    standing: Standing
    keep: KeepUntil | None


def keep_until(case: ClosedCase, edition: Edition) -> KeepUntil | None:
    """The latest day that any of the edition's rules asks for; None for a case that is not closed.

    Give the edition that is in force when it is asked, not the case's own: a duty to keep holds for what is there.
    """
    if case.closed_at is None:
        return None
    closed = local_day(case.closed_at)
    found = (_by(row, closed) for row in edition.retention if case.line in row.lines)
    return max(found, key=lambda keep: keep.day)  # of two for the same day the edition's first


def judge(case: ClosedCase, edition: Edition, day: date, *, held: bool) -> Judgement:
    """Whether a case could go on ``day`` (Los Angeles): closed, kept long enough, and not under a legal hold."""
    keep = keep_until(case, edition)
    if held:
        return Judgement(standing=Standing.HELD, keep=keep)
    if keep is None:
        return Judgement(standing=Standing.OPEN, keep=None)
    return Judgement(standing=Standing.COULD_GO if day > keep.day else Standing.KEPT, keep=keep)


def may_hold(actor: Actor) -> Verdict:
    """Whether somebody may place a legal hold: the plan's own rule."""
    return _one_of(actor, MAY_HOLD, "places")


def may_release(actor: Actor) -> Verdict:
    """Whether somebody may lift a legal hold. Auditors ask for one and do not lift it: the plan's own rule."""
    return _one_of(actor, MAY_RELEASE, "lifts")


def may_shred(actor: Actor) -> Verdict:
    """Whether somebody may destroy the key of a case's history: the plan's own rule."""
    return _one_of(actor, MAY_SHRED, "destroys", what="a case's key")


def may_be_shredded(*, is_closed: bool, holds: int) -> Verdict:
    """Whether the key of a case's history may be destroyed; ``holds`` is how many legal holds stand.

    The packet and the records are kept by their own rules and are not touched by it.
    """
    if not is_closed:
        return Refused(reason="the case is open, and could not go on without its key", clause=Clause.P9)
    if holds:
        stand = "a legal hold stands" if holds == 1 else f"{holds} legal holds stand"
        return Refused(reason=f"{stand} on the case: its history is kept as well", clause=Clause.P9)
    return Allowed()


def _one_of(actor: Actor, roles: tuple[Role, ...], does: str, what: str = "a legal hold") -> Verdict:
    if set(roles).isdisjoint(actor.roles):
        *others, last = roles
        whose = f"a {', '.join(others)} or {last}" if others else f"an {last}"
        return Refused(reason=f"{actor.id} may not: {what} is what {whose} {does}", clause=Clause.P9)
    return Allowed()


def _by(row: Retention, closed: date) -> KeepUntil:
    counted_from = {CountedFrom.CLOSING: closed, CountedFrom.END_OF_YEAR: date(closed.year, 12, 31)}[row.counted_from]
    start = {CountedFrom.CLOSING: "closing", CountedFrom.END_OF_YEAR: "the end of the year of closing"}
    return KeepUntil(
        day=_years_later(counted_from, row.years),
        rule=row.id,
        reason=f"{row.years} years from {start[row.counted_from]} ({counted_from})",
        citation=row.citation,
        source=row.source,
        status=row.status,
    )


def _years_later(day: date, years: int) -> date:
    """The same day of a later year; for a February 29 that the year lacks, March 1: never too early."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
