"""Which cases stand behind a cell: the same words that the figures count by, asked of each case. Policy 90.2.17, P12."""

from datetime import datetime
from functools import partial

from policy.report.delegates import DelegatedFact
from policy.report.facts import CaseFact
from policy.report.period import Period
from policy.report.shape import Basis, Drill


def stands_behind(fact: CaseFact, drill: Drill, period: Period) -> bool:
    """Whether a case is among those of a cell."""
    if not fact.is_request or not any(map(period.holds, _when(fact, drill.basis))):
        return False
    return all(_has(getattr(fact, field), value) for field, value in drill.where)


def stands_behind_delegated(fact: DelegatedFact, drill: Drill, period: Period) -> bool:
    """Whether a delegated decision is among those of a cell."""
    here = drill.basis is Basis.DELEGATED and period.holds(fact.decided_at)
    return here and all(_has(getattr(fact, field), value) for field, value in drill.where)


def _when(fact: CaseFact, basis: Basis) -> tuple[datetime | None, ...]:
    match basis:
        case Basis.RECEIVED:
            return (fact.received_at,)
        case Basis.ANSWERED:
            return (fact.ended_at,)
        case Basis.DECIDED:
            return (fact.decided_at,)
        case Basis.PLACED:
            return (fact.placed_at,)
        case Basis.REPORTED:
            return (fact.reported_at,)
        case Basis.COMPARED:
            return (fact.reported_at if fact.agreement else None,)
        case Basis.CONSULTED:
            return (fact.consulted_at,)
        case Basis.ASKED:
            return tuple(asked.requested_at for asked in fact.information)
        case Basis.DUE | Basis.DELEGATED:
            return ()


def _has(found: object, value: str) -> bool:
    if isinstance(found, tuple):
        return any(map(partial(_has, value=value), found))
    return ("" if found is None else str(found)) == value
