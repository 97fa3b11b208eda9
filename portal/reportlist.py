"""The list of the committees' reports: those that are being made, and where each finished one stands. Policy P12.

What is finished lies on the shelf; what the committees make of it stands in the records. A report is listed when either
knows it: one that was put back from a backup is read before anything is known of it here.
"""

from collections.abc import Iterable
from datetime import date, datetime

from fastapi.responses import Response

from adapters.committee.reading import lines_of, span, spelled
from adapters.committee.reportshelf import Stored
from policy.calendar import local_day
from policy.committee.file import ReportState
from policy.contents import Committee
from policy.report.period import Period, parsed, quarter_before, quarter_of, report_day
from policy.request import LineOfBusiness
from policy.verdict import Value
from portal.access import Room, may_order_reports
from portal.pages import in_words, now, page
from portal.session import Visit
from records import committees
from records.committees import ReportRow


class Listed(Value):
    """One report of the list. ``stored`` when it can be read, ``work`` when the committees' work on it is known.

    ``corrected_by`` is the number of the next edition; ``is_corrected`` says that it is ready, too.
    """

    number: str
    period: Period
    lines: tuple[LineOfBusiness, ...]
    edition: int
    stored: Stored | None = None
    work: ReportRow | None = None
    corrected_by: str = ""
    is_corrected: bool = False

    @property
    def name(self) -> str:
        """As people call it."""
        return self.stored.id if self.stored else self.number

    @property
    def flags(self) -> int | None:
        """How many there are; None while nothing was counted."""
        if self.stored:
            return self.stored.flags
        return self.work.flags if self.work and self.work.agrees is not None else None

    @property
    def read_at(self) -> datetime | None:
        """When the records were read for it."""
        return self.stored.as_of if self.stored else None

    @property
    def is_making(self) -> bool:
        """Whether it is still being made."""
        return self.work is not None and self.work.ready_at is None

    @property
    def state(self) -> str:
        """Where it stands, in a word or two."""
        if self.work is None:
            return "finished"
        return "being made" if self.is_making else STATES[self.work.state]

    @property
    def more(self) -> str:
        """What else there is to say of where it stands; empty for nothing."""
        if self.work is None:
            return ""
        if self.is_making:
            return str(self.work.making)
        open_actions = self.work.open_actions
        accepted = self.work.accepted.split()
        only_presented = [which for which in self.work.presented.split() if which not in accepted]
        heard = (("presented to", only_presented), ("accepted by", accepted))
        said = [f"{how} {_committees(which)}" for how, which in heard if which]
        if open_actions:
            said.append("1 open action" if open_actions == 1 else f"{open_actions} open actions")
        return "; ".join(said)


STATES = {
    ReportState.DRAFTED: "being made",
    ReportState.READY: "ready",
    ReportState.PRESENTED: "presented",
    ReportState.DISCUSSED: "discussed",
    ReportState.ACCEPTED: "accepted",
    ReportState.CLOSED: "closed",
}


def front(visit: Visit, *, period: str = "", line: str = "", wrong: str = "") -> Response:
    """The page of the reports; ``wrong`` says what is wrong with the period that was asked for."""
    world, today = visit.house.world, local_day(now())
    rows = committees.listed(world.records) if visit.may_enter(Room.COMMITTEE) else []
    found = listed(world.reports.listed(), rows)
    last = quarter_before(today)
    return page(
        visit,
        "reports.html",
        block="finished",
        status=422 if wrong else 200,
        reports=found,
        is_making=any(one.is_making for one in found),
        lines_of=lines_of,
        span=span,
        read_on=lambda one: spelled(local_day(one.read_at)) if one.read_at else "",
        next_one=next_report(today),
        may_order=may_order_reports(visit.actor),
        given={"period": last.name, "line": "", "corrects": ""},
        period=period or last.name,
        line=line,
        choices=tuple(LineOfBusiness),
        wrong=wrong,
    )


def listed(stored: Iterable[Stored], rows: Iterable[ReportRow]) -> tuple[Listed, ...]:
    """All that is known of each report, the latest period first, of each the latest edition first."""
    found = {one.slug: _finished(one) for one in stored}
    for row in rows:
        found[row.number] = found.get(row.number, _begun(row)).model_copy(update={"work": row})
    editions = {(one.period, one.lines, one.edition): one for one in found.values()}

    def told(one: Listed) -> Listed:
        later = editions.get((one.period, one.lines, one.edition + 1))
        return one.model_copy(
            update={
                "corrected_by": later.number if later else "",
                "is_corrected": later is not None and not later.is_making,
            }
        )

    def latest_first(one: Listed) -> tuple[date, date, tuple[LineOfBusiness, ...], int]:
        return one.period.last, one.period.first, one.lines, one.edition

    return tuple(map(told, sorted(found.values(), key=latest_first, reverse=True)))


def next_report(today: date) -> tuple[str, str]:
    """The quarter that is reported next by itself, and the day on which that begins."""
    period = parsed(quarter_of(today))
    if report_day(quarter_before(today)) > today:
        period = quarter_before(today)
    day = report_day(period)
    return period.name, f"{day:%A}, {spelled(day)}"


def _committees(which: list[str]) -> str:
    """Their names."""
    return "both committees" if set(which) == set(Committee) else " and ".join(map(in_words, which))


def _finished(one: Stored) -> Listed:
    lines = tuple(line for line in LineOfBusiness if line in one.lines)
    return Listed(number=one.slug, period=one.period, lines=lines, edition=one.edition, stored=one)


def _begun(row: ReportRow) -> Listed:
    return Listed(number=row.number, period=row.period, lines=row.about, edition=row.edition)
