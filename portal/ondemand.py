"""A report of any period on demand, to read and to take away as PDF or spreadsheet. Policy 90.2.17, Procedure 12.

It is a draft, and says so on every page. Its links name when the records were read and the digest of what was found:
a file is made of the very figures that stand on the page, or not at all.
"""

import logging
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import Response
from markupsafe import Markup

from adapters.committee.page import part_of_a_page
from adapters.committee.reading import DATA, PAPER, SPREADSHEET
from policy.calendar import local_day
from policy.committee.order import report_number
from policy.report.period import Period, parsed
from policy.report.shape import CommitteeReport
from policy.request import LineOfBusiness
from portal.access import Room
from portal.drafts import digest_of
from portal.house import House
from portal.pages import go, now, page
from portal.reportlist import front
from portal.session import NotFound, Visit, entering
from portal.worklists import one_of
from wiring.reports import compiled

router = APIRouter(include_in_schema=False)
log = logging.getLogger(__name__)
Reading = Annotated[Visit, entering(Room.REPORTS)]

LONGEST = 100  # letters of what is asked for
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
TAKEN_AWAY = {
    PAPER: "application/pdf",
    SPREADSHEET: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    DATA: "application/json",
}
CHANGED = "The records have changed since that report was compiled. This is how it stands now; take it away from here."


@router.get("/reports/made")
def on_demand(visit: Reading, period: str = "", line: str = "") -> Response:
    """A report of any period, compiled now from the records; it is not finished, and is kept nowhere."""
    asked = _period(period)
    if isinstance(asked, str):
        return front(visit, period=period, line=line, wrong=asked)
    from adapters.committee.rendering import drawings_of  # 0.4 s and 60 MB, which no other page needs

    report = _drafted(visit.house, asked, one_of(LineOfBusiness, line[:LONGEST]), now().replace(microsecond=0))
    digest = visit.house.drafts.keep(report)
    log.info("report.made", extra={"staff": visit.actor.id, "report": _number(report)})
    body = Markup(part_of_a_page(report, drawings_of(report)))  # noqa: S704 - its template escapes every value
    same = urlencode({**_named(report), "as_of": report.as_of.isoformat(), "digest": digest})
    return page(visit, "report.html", report=report, body=body, stored=None, work=None, query=f"?{same}")


@router.get("/reports/made/files/{file}")
def take_away(
    visit: Reading, file: str, period: str = "", line: str = "", as_of: str = "", digest: str = ""
) -> Response:
    """The PDF, the spreadsheet or the data of a report that was compiled on demand."""
    if file not in TAKEN_AWAY:
        raise NotFound
    asked = _period(period)
    if isinstance(asked, str):
        return front(visit, period=period, line=line, wrong=asked)
    report = visit.house.drafts.find(digest) or _again(visit.house, asked, line, as_of if digest else "")
    if digest and digest_of(report) != digest:
        return go(visit.request, f"/reports/made?{urlencode(_named(report))}", CHANGED, good=False)
    from adapters.committee.rendering import file_of  # as above

    log.info("report.taken", extra={"staff": visit.actor.id, "report": _number(report), "kind": file})
    return as_file(file_of(report, file), file, f"{_number(report)}-draft-{local_day(report.as_of)}")


def as_file(data: bytes, file: str, name: str) -> Response:
    """A file of a report to be kept, named after the report."""
    called = f"second-opinions-{name}{file.removeprefix('report')}"
    headers = {"Content-Disposition": f'attachment; filename="{called}"'}
    return Response(data, media_type=TAKEN_AWAY[file], headers=headers)


def _period(text: str) -> Period | str:
    """The period that is asked for, or what is wrong with it."""
    try:
        return parsed(text[:LONGEST])
    except ValueError as trouble:
        return f"{str(trouble)[:1].upper()}{str(trouble)[1:]}."


def _again(house: House, period: Period, line: str, as_of: str) -> CommitteeReport:
    """The report as it was compiled before, at ``as_of``, or as of now. Raises NotFound for what is no such moment."""
    try:
        at = datetime.fromisoformat(as_of[:LONGEST]) if as_of else now().replace(microsecond=0)
    except ValueError:
        raise NotFound from None
    if at.tzinfo is None or not LONG_AGO < at <= now():
        raise NotFound
    report = _drafted(house, period, one_of(LineOfBusiness, line[:LONGEST]), at)
    house.drafts.keep(report)
    return report


def _drafted(house: House, period: Period, line: LineOfBusiness | None, as_of: datetime) -> CommitteeReport:
    found = compiled(house.world.records, period, as_of, (line,) if line else ())
    return found.model_copy(update={"draft": True})


def _number(report: CommitteeReport) -> str:
    return report_number(report.period, report.lines)


def _named(report: CommitteeReport) -> dict[str, str]:
    return {"period": report.period.name, "line": "".join(report.lines)}
