"""Why a case wants attention beyond its turn: it is urgent, a clock of it is at risk, or was breached. Policy POL-4."""

from datetime import datetime
from enum import StrEnum

from policy.case import Case
from policy.request import Priority
from policy.timeframes import Clock, ClockState

URGENT_PRIORITIES = (Priority.EXPEDITED, Priority.URGENT_CONCURRENT)


class Attention(StrEnum):
    """A reason to look at a case before others.

    ``urgent``: it is decided in hours (an expedited priority, or a threat that is imminent). ``at_risk``: a clock has
    given its last warning (80 percent of its time has gone) and still runs. ``breached``: an obligation was not kept
    in time, whether it was carried out since or not; this one stays when the case is closed.
    """

    AT_RISK = "at_risk"
    BREACHED = "breached"
    URGENT = "urgent"


def attention(case: Case) -> tuple[Attention, ...]:
    """The reasons that hold for a case as it stands, in alphabetical order."""
    last = len(case.edition.parameters.warn_at)
    holds = {
        Attention.AT_RISK: any(is_at_risk(clock, last) for clock in case.open_clocks),
        Attention.BREACHED: any(clock.state is ClockState.BREACHED for clock in case.clocks),
        Attention.URGENT: case.closed_at is None and is_urgent(case),
    }
    return tuple(reason for reason, is_so in holds.items() if is_so)


def is_at_risk(clock: Clock, last_warning: int) -> bool:
    """Whether the clock has given its last warning and still runs; ``last_warning`` is how many it gives."""
    return clock.is_open and clock.state is ClockState.RUNNING and clock.warnings >= last_warning


def is_urgent(case: Case) -> bool:
    """Whether the request is decided in hours, by its priority or because a threat is imminent."""
    return case.priority in URGENT_PRIORITIES or case.request.imminent_threat


def left(at: datetime, now: datetime) -> str:
    """How much time is left until ``at``, in words: ``in 3 hours``, ``overdue by 2 days``."""
    seconds = (at - now).total_seconds()
    hours = abs(seconds) / 3600
    if hours < 1:
        amount, unit = max(1, round(hours * 60)), "minute"
    elif hours < 48:
        amount, unit = round(hours), "hour"
    else:
        amount, unit = int(hours // 24), "day"  # never more time than there is
    span = f"{amount} {unit}{'' if amount == 1 else 's'}"
    return f"in {span}" if seconds >= 0 else f"overdue by {span}"
