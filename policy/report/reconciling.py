"""What the report counts of a case, held against its ledger, its request and its row. Policy 90.2.17, Procedure 12.

Two derivations that share nothing: the figures are counted from the facts, and ``recounting`` counts once more from
``retold`` lines. Every difference is named; none is explained away.
"""

from collections.abc import Iterator
from datetime import datetime

from policy.calendar import local_day
from policy.report.facts import CaseFact
from policy.report.period import Period
from policy.report.retold import Came, Retold
from policy.report.shape import Difference

LEDGER = "the ledger"
CODES = ("line", "priority", "specialty", "requester", "outcome", "category", "tier", "agreement", "changed_outcome")
TIMES = ("decided_at", "withdrawn_at", "placed_at", "reported_at")


def differences(fact: CaseFact | None, told: Retold | None, period: Period) -> Iterator[Difference]:
    """What a case's fact and its ledger say otherwise. A time differs when by one of them alone it is in the period.

    The door's time of an action and the time of its line can lie seconds apart, or hours, when the server was away.
    """
    if fact is None or told is None:
        number = fact.number if fact else told.number if told else ""
        here, there = ("counted" if one else "missing" for one in (fact, told))
        yield _difference(number, "case", here, there)
        return
    if fact.is_request != told.is_request:
        yield _difference(fact.number, "is_request", str(fact.is_request), str(told.is_request))
        return
    if not fact.is_request:
        if fact.third_of != told.third_of:
            yield _difference(fact.number, "third_of", fact.third_of, told.third_of)
        return
    yield from _said_otherwise(fact, told)
    for name in TIMES:
        here_at, there_at = getattr(fact, name), getattr(told, name)
        if period.holds(here_at) != period.holds(there_at):
            yield _difference(fact.number, name, _day(here_at), _day(there_at))


def _said_otherwise(fact: CaseFact, told: Retold) -> Iterator[Difference]:
    said = {code: str(getattr(fact, code) or "") for code in CODES}
    said |= {flag: str(getattr(fact, flag)) for flag in ("decided_late", "third_opened", "departed")}
    said |= {"recommends": "" if fact.recommends is None else str(fact.recommends)}
    also = {name: str(getattr(told, name)) for name in said}
    said |= {"ended": ", ".join(fact.ended), "received": f"{local_day(fact.received_at)}"}
    also |= {"ended": ", ".join(told.ended), "received": f"{told.received_on}"}
    said |= {"asked": "; ".join(", ".join(asked.items) for asked in fact.information)}
    also |= {"asked": "; ".join(", ".join(items) for _, items in told.asked)}
    for name, here in said.items():
        if here != also[name]:
            yield _difference(fact.number, name, here, also[name])


def request_differences(fact: CaseFact, came: Came) -> Iterator[Difference]:
    """What the request says otherwise, as it came."""
    said = {"reasons": (", ".join(fact.reasons), ", ".join(came.reasons))}
    said |= {
        name: (str(getattr(fact, name)), getattr(came, name)) for name in ("purpose", "organization", "questioned")
    }
    for name, (here, there) in said.items():
        if here != there:
            yield _difference(fact.number, name, here, there, "the request as it came")


def as_the_fact_says(fact: CaseFact) -> Came:
    """What a request said of which the register has nothing: as the fact has it, so that the rest can be compared."""
    return Came(str(fact.purpose), tuple(fact.reasons), fact.organization, fact.questioned)


def row_differences(fact: CaseFact, row: dict[str, str]) -> Iterator[Difference]:
    """What the case's own row in the records says otherwise than the fact; an outcome that was changed is the row's."""
    outcome = fact.changed_outcome or fact.outcome or ("withdrawn" if fact.withdrawn_at else "")
    said = {"outcome": str(outcome), **{name: str(getattr(fact, name)) for name in row if name != "outcome"}}
    for name, there in row.items():
        if said[name] != there:
            yield _difference(fact.number, name, said[name], there, "the case's row")


def _difference(number: str, field: str, here: str, there: str, source: str = LEDGER) -> Difference:
    return Difference(case_number=number, field=field, report_says=here, source=source, source_says=there)


def _day(at: datetime | None) -> str:
    return f"{local_day(at)}" if at else ""
