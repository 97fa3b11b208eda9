"""The committees' reports: which there are, a finished one to read and to take away, the cases behind a number. P12.

A committee reads figures and no cases: the way to them is shown to who may read cases, and to nobody else. Who reads
what is noted in the log. A finished report is what is kept, to the byte.
"""

import logging
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import Response
from markupsafe import Markup

from adapters.committee.page import STYLE, part_of_a_page
from adapters.committee.reading import BASES, CHARTS, charts_of, span
from adapters.committee.reportshelf import Stored
from policy.report.drill import looked_at, stands_behind, stands_behind_delegated
from policy.report.shape import Basis, CommitteeReport, Drill
from portal.access import Room
from portal.house import House
from portal.ondemand import LONGEST, TAKEN_AWAY, as_file
from portal.pages import page
from portal.reportlist import Listed, front, listed
from portal.session import NotFound, Visit, entering
from records import committees
from records.casefacts import snapshot

router = APIRouter(include_in_schema=False)
log = logging.getLogger(__name__)
Reading = Annotated[Visit, entering(Room.REPORTS)]
Drilling = Annotated[Visit, entering(Room.REPORTED_CASES)]

FLAGS = "flags"
SHOWN = 500  # cases of a list


@router.get("/reports")
def reports(visit: Reading) -> Response:
    """The reports, where each stands, and the ways to another one."""
    return front(visit)


@router.get("/reports/style.css")
def style(visit: Reading) -> Response:  # noqa: ARG001 - whoever may read a report
    """The report's own sheet: the same that goes into the file that stands alone."""
    return Response(STYLE, media_type="text/css")


@router.get("/reports/{name}")
def finished(visit: Reading, name: str) -> Response:
    """A finished report."""
    stored, report = _kept(visit.house, name)
    files = [file for file, _ in stored.files if file.startswith(CHARTS)]
    drawings = {_chart(file): _drawing(visit.house, stored, file) for file in files}
    log.info("report.read", extra={"staff": visit.actor.id, "report": stored.slug})

    def way(table: str, row: str, column: str) -> str:
        return f"/reports/{stored.slug}/cases?" + urlencode({"table": table, "row": row, "column": column})

    may_drill = visit.may_enter(Room.REPORTED_CASES) and not report.released
    shown = part_of_a_page(report, drawings, way) if may_drill else part_of_a_page(report, drawings)
    body = Markup(shown)  # noqa: S704 - its template escapes every value
    return page(visit, "report.html", report=report, body=body, stored=stored, work=_work(visit, stored), query="")


@router.get("/reports/{name}/files/{file}")
def take_away(visit: Reading, name: str, file: str) -> Response:
    """The PDF, the spreadsheet or the data of a finished report."""
    if file not in TAKEN_AWAY:
        raise NotFound
    try:
        data = visit.house.world.reports.get(name[:LONGEST], file)
    except KeyError:
        raise NotFound from None
    stored, _ = _kept(visit.house, name)
    log.info("report.taken", extra={"staff": visit.actor.id, "report": stored.slug, "kind": file})
    return as_file(data, file, stored.slug)


@router.get("/reports/{name}/cases")
def cases_behind(visit: Drilling, name: str, table: str = "", row: str = "", column: str = "") -> Response:
    """The cases behind a number of a finished report, as the records have them today."""
    stored, report = _kept(visit.house, name)
    found = None if report.released else _sought(report, table, row, column)
    if found is None:
        raise NotFound
    title, said, drill = found
    numbers = _numbers(visit.house, report, drill)
    log.info("report.cases", extra={"staff": visit.actor.id, "report": stored.slug, "count": len(numbers)})
    where = "/delegated" if drill.basis is Basis.DELEGATED else "/cases"
    return page(
        visit,
        "report_cases.html",
        stored=stored,
        title=title,
        said=said,
        when=span(looked_at(drill, report.period)),
        how=BASES[drill.basis],
        total=len(numbers),
        numbers=numbers[:SHOWN],
        where=where,
        limit=SHOWN,
    )


def _kept(house: House, name: str) -> tuple[Stored, CommitteeReport]:
    """A finished report. Raises NotFound, or AdapterError when it cannot be read."""
    stored = house.world.reports.find(name[:LONGEST])
    if stored is None:
        raise NotFound
    return stored, house.world.reports.report(stored.slug)


def _work(visit: Visit, stored: Stored) -> Listed | None:
    """What the committees made of it; None for who has no part in that, and where nothing is known of it."""
    if not visit.may_enter(Room.COMMITTEE):
        return None
    found = listed((stored,), committees.editions(visit.house.world.records, stored.period, stored.lines))
    return next((one for one in found if one.number == stored.slug and one.work), None)


def _chart(file: str) -> str:
    return file.removeprefix(CHARTS).removesuffix(".svg")


def _drawing(house: House, stored: Stored, file: str) -> str:
    """A chart's SVG as it is kept, without the line that only a file begins with."""
    return house.world.reports.get(stored.slug, file).decode().partition("?>")[2].strip()


def _sought(report: CommitteeReport, table: str, row: str, column: str) -> tuple[str, str, Drill] | None:
    """What a link leads to: its heading, the number that the report says, and how the cases are found."""
    if table == FLAGS:
        flag = next((flag for flag in report.flags if flag.id == row), None)
        if flag is None or flag.drill is None:
            return None
        chart = next((one.title for one in charts_of(report) if one.id == flag.chart), "Flag")
        return f"{chart}: {flag.label}", flag.sentence, flag.drill
    try:
        found = report.table(table)
        cell = found.cell(row, column)
    except KeyError:
        return None
    if cell.drill is None or cell.suppressed:
        return None
    label = next(one.label for one in found.rows if one.id == row)
    heading = next(one.title for one in found.columns if one.id == column)
    counted = cell.share.words if cell.share else f"{cell.count or 0:,}"
    return f"{found.title}: {label}, {heading.lower()}", f"The report says: {counted}.", cell.drill


def _numbers(house: House, report: CommitteeReport, drill: Drill) -> list[str]:
    """The numbers of the cases, in order."""
    period, lines = report.period, report.lines
    with snapshot(house.world.records) as facts:
        if drill.basis is Basis.DELEGATED:
            packets = facts.delegated(looked_at(drill, period), lines)
            return sorted(one.number for one in packets if stands_behind_delegated(one, drill, period))
        found = facts.behind(drill, period, lines)
        return sorted(one.number for one in found if stands_behind(one, drill, period))
