"""How pages are made: the templates, and the words and times in them. Every value that is shown is escaped."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from jinja2_fragments import render_block

from policy.attention import left as time_left
from policy.calendar import LOS_ANGELES
from policy.clauses import Clause
from policy.committee.order import is_report_number
from policy.request import Reason
from policy.timeframes import spoken
from portal.access import Room, may_do
from portal.session import Visit
from records.rows import LedgerRow
from wiring.devserver import UI_PATH
from workflows.inspection import words

FOLDER = Path(__file__).parent
NAVIGATION = (
    (Room.WORK, "/tasks", "My work"),
    (Room.CASES, "/cases", "Cases"),
    (Room.INTAKE, "/intake", "New request"),
    (Room.DELEGATED, "/delegated", "Delegated"),
    (Room.COMMITTEE, "/committee", "Committees"),
    (Room.DIRECTORY, "/directory", "Directory"),
    (Room.SUPERVISION, "/supervisor", "Supervision"),
    (Room.PANEL, "/panel", "Panel"),
    (Room.REPORTS, "/reports", "Reports"),
    (Room.AUDIT, "/audit", "Audit"),
)
FLASH = "flash"


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        words=in_words,
        choice=_choice,
        spoken=spoken,
        day=_day,
        iso=_iso,
        left=left,
        standing=standing,
        told=told,
        place=place,
    )
    made.globals.update(now=now)
    return made


def now() -> datetime:
    """The present moment; a door may read the clock."""
    return datetime.now(UTC)


def page(visit: Visit, template: str, *, status: int = 200, block: str = "", **context: Any) -> HTMLResponse:  # noqa: ANN401
    """A page for a person who is signed in; with ``block`` only that part, when htmx asks for it."""
    rooms = [(href, label) for room, href, label in NAVIGATION if visit.may_enter(room)]
    flash = visit.request.session.pop(FLASH, None)
    whole = {
        "visit": visit,
        "actor": visit.actor,
        "rooms": rooms,
        "path": visit.request.url.path,
        "flash": flash,
        "may_do": lambda signal: may_do(visit.actor, signal),
        "temporal_ui": _temporal_ui(visit),
        **context,
    }
    if block and is_partial(visit.request):
        return HTMLResponse(render_block(ENVIRONMENT, template, block, **whole), status)
    return HTMLResponse(ENVIRONMENT.get_template(template).render(**whole), status)


def _temporal_ui(visit: Visit) -> str:
    """Temporal's UI, for a link; nothing where it would not be found: our own path is for some roles."""
    found = visit.house.temporal_ui
    return found if found != UI_PATH or visit.may_enter(Room.TEMPORAL) else ""


def bare_page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:  # noqa: ANN401
    """A page for whoever is not signed in."""
    flash = request.session.pop(FLASH, None) if "session" in request.scope else None
    body = ENVIRONMENT.get_template(template).render(path=request.url.path, flash=flash, **context)
    return HTMLResponse(body, status)


def go(request: Request, where: str, said: str = "", *, good: bool = True) -> Response:
    """On to another page, with a sentence that stands on it once."""
    if said:
        request.session[FLASH] = {"text": said, "good": good}
    return RedirectResponse(where, 303)


def is_partial(request: Request) -> bool:
    """Whether htmx asks for a part of the page, and not the browser for all of it."""
    return request.headers.get("hx-request") == "true" and request.headers.get("hx-boosted") != "true"


def left(at: datetime | None) -> str:
    """How much time is left, in words: ``in 3 hours``, ``overdue by 2 days``."""
    return time_left(at, now()) if at else ""


def standing(at: datetime | None) -> str:
    """How urgent it is, as a class of style; the words beside it say the same."""
    if at is None:
        return "calm"
    hours = (at - now()).total_seconds() / 3600
    return "overdue" if hours < 0 else "soon" if hours < 24 else "calm"


def place(number: str) -> str:
    """The page of what a number belongs to: a report before the committees, a delegate's decision, a case."""
    if is_report_number(number):
        return f"/reports/{number}/committee"
    return f"/delegated/{number}" if number.startswith("DD-") else f"/cases/{number}"


# Codes that people write otherwise than in small letters.
SPELT = {
    "cmo": "CMO",
    "pcp": "PCP",
    "ppg": "PPG",
    "medi_cal": "Medi-Cal",
    "medicare_advantage": "Medicare Advantage",
    "d_snp": "D-SNP",
    "cmc": "Cal MediConnect",
    "mhc": "MHC",
}


def in_words(code: object) -> str:
    """A code as people write it."""
    return SPELT.get(str(code), words(str(code))) if code else ""


# Reasons stand in the policy by number; whoever chooses one reads what it is.
CLAUSES = {clause.value: clause.text for clause in Clause}
REASONS = {reason.value: f"{reason}: {CLAUSES.get(reason.value, 'another reason (say which)')}" for reason in Reason}


def _choice(code: object) -> str:
    """A code to choose, as people read it."""
    text = REASONS.get(str(code)) or in_words(code)
    return text[:1].upper() + text[1:]


# Lines of the story that the machine tells, in its own codes.
CODED = ("clock", "notice", "opinion", "request", "information")


def told(line: LedgerRow) -> str:
    """A line of the story to read: codes as words; what a person wrote stays as it is."""
    return words(line.text) if line.event.partition(":")[0] in CODED and not line.actor else line.text


def _day(at: datetime) -> str:
    return f"{at.astimezone(LOS_ANGELES):%a %Y-%m-%d}"


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


ENVIRONMENT = _environment()
