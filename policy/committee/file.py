"""A report's life as a frozen value: drafted, ready, presented, discussed, accepted, closed. Policy 90.2.17, P12.

The figures themselves are not in it, only where they are: the report is kept by the records and on the shelf.
"""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Self

from pydantic import AwareDatetime

from policy.clauses import Clause
from policy.committee.decided import DecidedAction, FollowUp
from policy.committee.order import ReportOrder
from policy.contents import Committee
from policy.storied import Storied
from policy.trust import Trust
from policy.verdict import Value


class ReportState(StrEnum):
    """Where a report stands: with both committees, where they differ, the one that is less far."""

    DRAFTED = "drafted"
    READY = "ready"
    PRESENTED = "presented"
    DISCUSSED = "discussed"
    ACCEPTED = "accepted"
    CLOSED = "closed"


class Making(StrEnum):
    """What is being done to make a report."""

    GATHERING = "gathering the figures"
    RECONCILING = "reconciling them with a second count"
    RENDERING = "setting and storing the files"
    DONE = "done"


class FlagSeen(Value):
    """A flag of the report, as far as the committees' work needs it. ``concerned``: NPI or PPG."""

    id: str
    label: str
    sentence: str
    concerned: str = ""


class Made(Value):
    """A report that is finished: what was counted, what is flagged, and the digest by which it stays the same."""

    as_of: AwareDatetime
    cases: int = 0
    delegated: int = 0
    flags: tuple[FlagSeen, ...] = ()
    agrees: bool | None = None
    differences: int = 0
    difference: str = ""
    digest: str = ""
    files: tuple[str, ...] = ()


class Hearing(Value):
    """A report before one committee."""

    committee: Committee
    met_on: date
    presented_at: AwareDatetime
    presented_by: str
    notes: tuple[FollowUp, ...] = ()
    accepted_at: AwareDatetime | None = None
    accepted_by: str = ""


class CommitteeFile(Storied):
    """A report and all that the committees make of it."""

    CLAUSE: ClassVar[str] = Clause.P12

    order: ReportOrder
    trust: Trust = Trust()
    making: Making = Making.GATHERING
    made: Made | None = None
    hearings: tuple[Hearing, ...] = ()
    actions: tuple[DecidedAction, ...] = ()
    ready_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None

    @property
    def number(self) -> str:
        """The report's number."""
        return self.order.number

    @property
    def state(self) -> ReportState:
        """Where it stands."""
        if self.closed_at:
            return ReportState.CLOSED
        if self.ready_at is None:
            return ReportState.DRAFTED
        if not self.hearings:
            return ReportState.READY
        if self.is_heard:
            return ReportState.ACCEPTED
        discussed = len(self.hearings) == len(Committee) and all(h.notes for h in self.hearings)
        return ReportState.DISCUSSED if discussed else ReportState.PRESENTED

    @property
    def is_heard(self) -> bool:
        """Whether every committee has accepted it."""
        return {h.committee for h in self.hearings if h.accepted_at} == set(Committee)

    @property
    def open_actions(self) -> tuple[DecidedAction, ...]:
        """What still has to be done."""
        return tuple(a for a in self.actions if a.is_open)

    @property
    def owed(self) -> tuple[DecidedAction, ...]:
        """Actions whose letter has yet to leave."""
        return tuple(a for a in self.actions if a.owes_letter)

    @property
    def may_be_closed(self) -> bool:
        """Whether it was accepted by all, and everything that was decided has come to its end."""
        return self.is_heard and not self.open_actions and not self.owed

    @property
    def unanswered_flags(self) -> tuple[FlagSeen, ...]:
        """Flags for which no committee has decided anything."""
        answered = {a.flag for a in self.actions}
        return tuple(f for f in (self.made.flags if self.made else ()) if f.id not in answered)

    def hearing(self, committee: Committee) -> Hearing | None:
        """The report before a committee."""
        return next((h for h in self.hearings if h.committee is committee), None)

    def action(self, name: str) -> DecidedAction | None:
        """An action by its id."""
        return next((a for a in self.actions if a.id == name), None)

    # -- small steps; each gives back the next value

    def change_hearing(self, changed: Hearing) -> Self:
        """One hearing added, or replaced by its next value."""
        others = tuple(h for h in self.hearings if h.committee is not changed.committee)
        return self.but(hearings=(*others, changed))

    def change_actions(self, changed: Iterable[DecidedAction]) -> Self:
        """Some actions replaced by their next values."""
        new = {a.id: a for a in changed}
        return self.but(actions=tuple(new.get(a.id, a) for a in self.actions))


def begin(order: ReportOrder, at: datetime, trust: Trust = Trust()) -> CommitteeFile:  # noqa: B008 - a frozen value
    """A report that is asked for."""
    file = CommitteeFile(order=order, trust=trust)
    by = f"asked for by {order.asked_by}" if order.asked_by else "asked for by the schedule"
    file = file.tell(at, "report:asked-for", f"{order.number}, {by}", actor=order.asked_by)
    if order.corrects:
        file = file.tell(at, "report:corrects", f"Corrects {order.corrects}: {order.why}", actor=order.asked_by)
    return file


def gathered(file: CommitteeFile, made: Made, at: datetime) -> CommitteeFile:
    """The figures are there; they are now counted a second time."""
    counted = f"{made.cases} cases and {made.delegated} delegated decisions, {len(made.flags)} flags"
    return file.but(made=made, making=Making.RECONCILING).tell(at, "report:gathered", counted)


def reconciled(file: CommitteeFile, made: Made, at: datetime) -> CommitteeFile:
    """They were counted a second time."""
    said = {True: "The second count agrees", None: "No second count was made"}
    text = said.get(made.agrees, f"The second count differs {made.differences} times")
    return file.but(made=made, making=Making.RENDERING).tell(at, "report:reconciled", text)


def finished(file: CommitteeFile, made: Made, at: datetime) -> CommitteeFile:
    """The report is ready, and from now on never changes."""
    text = f"{len(made.files)} files, digest {made.digest}" + (f"; {made.difference}" if made.difference else "")
    return file.but(made=made, making=Making.DONE, ready_at=at).tell(at, "report:ready", text)


def closed(file: CommitteeFile, at: datetime) -> CommitteeFile:
    """Accepted by all, and everything that was decided has come to its end."""
    ended = f"{len(file.actions)} actions ended" if file.actions else "no action was decided"
    return file.but(closed_at=at).tell(at, "report:closed", ended)


class Stored(Value):
    """A finished report as the shelf keeps it: the digest of all its bytes, and the names of its files."""

    digest: str
    files: tuple[str, ...]
