"""A case as its ledger alone tells it: the second derivation, against which the report's counts are held. P12.

Nothing here reads a projection or a case: only the lines, their events and their words. What a line says stands in the
chain, so that who changes a count has to change the ledger, too.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from policy.calendar import local_day
from policy.report.period import Period

RECEIVED = re.compile(r"(\w+) request, (\w+), for (.+), from the (\w+)", re.DOTALL)
FROM_RECEIPT = re.compile(r"from receipt on \w{3} (\d{4}-\d{2}-\d{2})")
PLACED = re.compile(r"The (\w+) opinion is placed: (\w+)")
ENDED = ("opinion:declined", "opinion:not_in_time", "opinion:changed_by_member")
DECISIONS = {"Overdue: the determination": "decision", "Overdue: the determination, by its other limit": "outer"}
ENDS = {"decision": "decision", "decision_outer": "outer"}
AGREEMENTS = (
    ("the two recommendations agree", "agree"),
    ("one recommends the surgery", "differ_on_surgery"),
    ("one recommends surgery", "differ_on_surgery"),
    ("neither surgery nor another major procedure", "differ_otherwise"),
)


class Told(NamedTuple):
    """One line of a ledger, as far as it is read here."""

    at: datetime
    event: str
    text: str


class Retold(NamedTuple):
    """What the lines say. Codes are words as the ledger has them; a day is one in Los Angeles."""

    number: str
    line: str = ""
    priority: str = ""
    specialty: str = ""
    requester: str = ""
    received_on: date | None = None
    outcome: str = ""
    decided_at: datetime | None = None
    decided_late: bool = False
    withdrawn_at: datetime | None = None
    changed_outcome: str = ""
    category: str = ""
    consulted_at: datetime | None = None
    recommends: str = ""
    asked: tuple[tuple[datetime, int], ...] = ()
    tier: str = ""
    placed_at: datetime | None = None
    ended: int = 0
    reported_at: datetime | None = None
    agreement: str = ""
    third_opened: bool = False

    @property
    def is_request(self) -> bool:
        """Whether the ledger begins with a request, and not with the third opinion of one."""
        return bool(self.line)

    @property
    def ended_at(self) -> datetime | None:
        """When the request was answered."""
        return self.decided_at or self.withdrawn_at


def retold(number: str, lines: Iterable[Told]) -> Retold:
    """The case as its lines tell it, in their order."""
    case, late = Retold(number), dict[str, bool]()
    referred: datetime | None = None
    for line in lines:
        subject, _, what = line.event.partition(":")
        if subject in ("request", "determination"):
            case = _request(case, what, line)
        elif subject == "clock":
            case = _clock(case, late, what, line)
        elif line.event == "consultation:referred":
            referred = line.at
        elif line.event == "consultation:given":
            case = case._replace(consulted_at=referred, recommends=str("does not recommend" not in line.text))
        else:
            case = _otherwise(case, line)
    return case._replace(decided_late=any(late.values()) and case.decided_at is not None)


def _request(case: Retold, what: str, line: Told) -> Retold:
    if found := RECEIVED.fullmatch(line.text) if what == "received" else None:
        of, priority, specialty, requester = found.groups()
        known = case._replace(line=of, priority=priority, specialty=specialty, requester=requester)
        return known._replace(received_on=local_day(line.at))
    if what == "expedited":
        return case._replace(priority="expedited")
    if what == "withdrawn":
        return case._replace(withdrawn_at=line.at)
    if what == "changed":
        return case._replace(changed_outcome=line.text.rpartition("now ")[2])
    if what in ("approved", "denied") and case.decided_at is None:
        return case._replace(outcome=what, decided_at=line.at)
    return case


def _otherwise(case: Retold, line: Told) -> Retold:
    if line.event == "information:requested":
        items = line.text.removeprefix("Asked the provider for ").count(", ") + 1
        return case._replace(asked=(*case.asked, (line.at, items)))
    if line.event == "case:coded":
        return case._replace(category=line.text.partition(":")[0])
    return _opinion(case, line)


def _opinion(case: Retold, line: Told) -> Retold:
    if found := PLACED.match(line.text):
        return case._replace(tier=found[2], placed_at=line.at) if found[1] == "second" else case
    if line.event in ENDED and "second" in line.text:
        return case._replace(tier="", placed_at=None, ended=case.ended + 1)
    if line.event == "report:received" and "second" in line.text:
        return case._replace(reported_at=line.at)
    if line.event == "opinions:compared":
        return case._replace(agreement=next((c for said, c in AGREEMENTS if said in line.text), "not_comparable"))
    if line.event == "third-opinion:opened":
        return case._replace(third_opened=True)
    return case


def _clock(case: Retold, late: dict[str, bool], what: str, line: Told) -> Retold:
    """A clock rings, and what it waited for may have been done in time all the same: the last word counts."""
    if what == "started" and (found := FROM_RECEIPT.search(line.text)):
        return case._replace(received_on=date.fromisoformat(found[1]))
    which = DECISIONS.get(line.text) or ENDS.get(line.text.partition(":")[0])
    if which and what in ("breached", "met"):
        late[which] = what == "breached"
    return case


def in_period(period: Period, day: date | None) -> bool:
    """Whether a day lies in it."""
    return day is not None and period.first <= day <= period.last
