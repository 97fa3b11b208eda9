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
OWN = re.compile(r".*: the third opinion of (\S+)")
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


# What the second derivation reads; most lines of a ledger are about tasks, letters and warnings.
EVENTS = (
    *("request:received", "request:expedited", "request:withdrawn", "determination:approved", "determination:denied"),
    *("determination:changed", "consultation:referred", "consultation:given", "information:requested"),
    *("opinion:placed", "opinion:departed", "opinion:declined", "opinion:not_in_time", "opinion:changed_by_member"),
    *("report:received", "opinions:compared", "third-opinion:opened", "clock:started", "clock:breached", "clock:met"),
    "case:coded",
)


class Told(NamedTuple):
    """One line of a ledger, as far as it is read here."""

    at: datetime
    event: str
    text: str
    actor: str = ""


class Came(NamedTuple):
    """What the request itself says, as it came: the intake register has it, and nothing ever changes it.

    ``questioned`` is the NPI of the physician whose opinion is questioned.
    """

    purpose: str = ""
    reasons: tuple[str, ...] = ()
    organization: str = ""
    questioned: str = ""


class Retold(NamedTuple):
    """What the lines say. Codes are words as the ledger has them; a day is one in Los Angeles.

    ``decided_by`` is the account that made the first determination: the lines know physicians by account, not by NPI.
    """

    number: str
    line: str = ""
    priority: str = ""
    specialty: str = ""
    requester: str = ""
    received_on: date | None = None
    outcome: str = ""
    decided_at: datetime | None = None
    decided_by: str = ""
    decided_late: bool = False
    withdrawn_at: datetime | None = None
    changed_outcome: str = ""
    category: str = ""
    consulted_at: datetime | None = None
    recommends: str = ""
    asked: tuple[tuple[datetime, tuple[str, ...]], ...] = ()
    tier: str = ""
    placed_at: datetime | None = None
    departed: bool = False
    ended: tuple[str, ...] = ()
    reported_at: datetime | None = None
    agreement: str = ""
    third_opened: bool = False
    third_of: str = ""

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
        return case._replace(outcome=what, decided_at=line.at, decided_by=line.actor)
    return case


def _otherwise(case: Retold, line: Told) -> Retold:
    if line.event == "information:requested":
        items = line.text.removeprefix("Asked the provider for ").split(", ")
        return case._replace(asked=(*case.asked, (line.at, tuple(items))))
    if line.event == "case:coded":
        return case._replace(category=line.text.partition(":")[0])
    return _opinion(case, line)


def _opinion(case: Retold, line: Told) -> Retold:
    """The second opinion's way; a third one's lines in the same case are none of it."""
    if line.event == "opinion:placed" and (found := PLACED.match(line.text)):
        is_second = found[1] == "second"
        return case._replace(tier=found[2], placed_at=line.at, departed=False) if is_second else case
    if line.event == "opinion:departed" and not case.third_opened:
        return case._replace(departed=True)
    if line.event in ENDED and "second" in line.text:
        how = line.event.partition(":")[2]
        return case._replace(tier="", placed_at=None, departed=False, ended=(*case.ended, how))
    if line.event == "report:received" and "second" in line.text:
        return case._replace(reported_at=line.at)
    if line.event == "opinions:compared":
        return case._replace(agreement=next((c for said, c in AGREEMENTS if said in line.text), "not_comparable"))
    if line.event == "third-opinion:opened":
        its_own = OWN.fullmatch(line.text)
        return case._replace(third_opened=True, third_of=its_own[1] if its_own else "")
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
