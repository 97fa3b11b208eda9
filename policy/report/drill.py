"""Which cases stand behind a cell or a flag: by the words that the figures count by. Policy 90.2.17, P12."""

from datetime import datetime
from functools import partial

from policy.report.delegates import DelegatedFact
from policy.report.facts import CaseFact
from policy.report.period import Period
from policy.report.shape import Basis, Drill


def looked_at(drill: Drill, period: Period) -> Period:
    """The time that a number looks at: its own, or that of its report, ``period``."""
    return drill.period or period


def stands_behind(fact: CaseFact, drill: Drill, period: Period) -> bool:
    """Whether a case is among those of a cell, or of a flag, in a report about ``period``."""
    if not fact.is_request or not any(map(looked_at(drill, period).holds, _when(fact, drill.basis))):
        return False
    return all(_has(getattr(fact, field), value) for field, value in drill.where)


def stands_behind_delegated(fact: DelegatedFact, drill: Drill, period: Period) -> bool:
    """Whether a delegated decision is among those of a cell, or of a flag, in a report about ``period``."""
    here = drill.basis is Basis.DELEGATED and looked_at(drill, period).holds(fact.decided_at)
    return here and all(_has(getattr(fact, field), value) for field, value in drill.where)


def _when(fact: CaseFact, basis: Basis) -> tuple[datetime | None, ...]:
    if basis is Basis.ASKED:
        return tuple(asked.requested_at for asked in fact.information)
    if basis is Basis.COMPARED:
        return (fact.reported_at if fact.agreement else None,)
    field = TIMES.get(basis)
    return (getattr(fact, field),) if field else ()


TIMES = {
    Basis.RECEIVED: "received_at",
    Basis.ANSWERED: "ended_at",
    Basis.DECIDED: "decided_at",
    Basis.PLACED: "placed_at",
    Basis.REPORTED: "reported_at",
    Basis.CONSULTED: "consulted_at",
}


def _has(found: object, value: str) -> bool:
    if isinstance(found, tuple):
        return any(map(partial(_has, value=value), found))
    return ("" if found is None else str(found)) == value
