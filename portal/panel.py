"""The panel: who there is, who may be asked for what and why, who is away, and the staff file in and out."""

import asyncio
import logging
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from policy.calendar import LOS_ANGELES, end_of_day, local_day
from policy.complaints import FieldError
from policy.eligibility import SpecialtyLikeness, likeness
from policy.nomination import Absence, StaffMember
from policy.people import Actor, Role
from portal import rosters
from portal.access import Room
from portal.asking import Asked, certification, for_case, for_specialty, licence
from portal.house import House
from portal.pages import go, now, page
from portal.session import NotFound, Visit, entering
from records.panel import StaffPanel
from wiring.sending import ActionError
from wiring.settings import SettingsError
from wiring.staff import StaffEntry, import_path, write_staff
from wiring.temporal import TemporalError

router = APIRouter(include_in_schema=False)
log = logging.getLogger(__name__)

Reading = Annotated[Visit, entering(Room.PANEL)]
Changing = Annotated[Visit, entering(Room.STAFFING)]
LONGEST = 366 * 2  # days that somebody can be away
MEANWHILE = "Somebody has changed the staff since you looked. These are the changes as they would be now."


@router.get("/panel")
async def panel(visit: Reading, role: str = "", specialty: str = "", wanted: str = "", case: str = "") -> Response:
    """Who there is; with a specialty or a case, who may be asked."""
    everybody = await asyncio.to_thread(members, visit.house)
    asked: tuple[Asked, ...] = ()
    problem = ""
    if case.strip():
        try:
            asked = await for_case(visit.house, case.strip(), everybody)
        except (TemporalError, ActionError) as why:
            problem = str(why)
    elif wanted.strip():
        asked = (
            Asked(title=f"A consultative review in {wanted.strip()}", proposal=for_specialty(wanted, everybody, now())),
        )
    return _panel(visit, everybody, role=role, specialty=specialty, wanted=wanted, case=case, asked=asked, why=problem)


@router.get("/panel/template.csv")
def template(visit: Reading) -> Response:  # noqa: ARG001
    """An empty roster to fill in."""
    return _file("roster-template.csv", rosters.template())


@router.get("/panel/roster.csv")
def roster(visit: Reading) -> Response:
    """The staff for a spreadsheet."""
    return _file(f"roster-{local_day(now())}.csv", rosters.as_csv(visit.house.staff.values()))


@router.post("/panel/import")
async def bring_in(visit: Changing, request: Request) -> Response:
    """A file is checked; what it would change is shown; once confirmed it becomes the staff file."""
    content, sent = await _sent(request)
    if not content:
        return await _sorry(visit, "Choose a file first: a CSV as the template, or the JSON of a staff file.")
    try:
        found = rosters.read_roster(content)
    except rosters.RosterError as why:
        return await _sorry(visit, str(why))
    current = visit.house.staff
    staff = rosters.without_wrong(found, current) if sent.get("good_rows") else found.entries
    if found.errors and not sent.get("good_rows"):
        return page(visit, "panel_import.html", status=422, errors=found.errors, changes=None)
    if objection := rosters.objection(visit.actor, current, staff):
        return await _sorry(visit, objection)
    as_seen = sent.get("seen") == rosters.fingerprint(current.values())
    if sent.get("confirmed") == "yes" and as_seen:
        return await _replace(visit, staff)
    changes = rosters.compare(current, staff)
    return page(
        visit,
        "panel_import.html",
        errors=found.errors,
        changes=changes,
        content=rosters.as_text(staff),
        seen=rosters.fingerprint(current.values()),
        notice=MEANWHILE if sent.get("confirmed") else "",
        count=len(staff),
    )


@router.get("/panel/{who}/away")
def absence(visit: Changing, who: str) -> Response:
    """The form: from when, until when, who stands in."""
    return _absence(visit, who, {"since": str(local_day(now())), "until": "", "substitute": ""}, ())


@router.post("/panel/{who}/away")
def away(
    visit: Changing,
    who: str,
    since: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
    substitute: Annotated[str, Form()] = "",
) -> Response:
    """Somebody is away."""
    person = _person(visit.house, who)
    given = {"since": since.strip(), "until": until.strip(), "substitute": substitute}
    found, errors = _read_absence(visit.house, person, given)
    if found is None:
        return _absence(visit, who, given, errors)
    _staff_panel(visit.house).set_absence(who, found)
    log.info("panel.away", extra={"staff": visit.actor.id, "person": who})
    stands_in = f"; {found.substitute} stands in" if found.substitute else "; nobody stands in"
    said = f"{who} is away from {local_day(found.since)} until {local_day(found.until)}{stands_in}."
    return go(visit.request, "/panel", said)


@router.post("/panel/{who}/back")
def back(visit: Changing, who: str) -> Response:
    """Somebody is here again."""
    _person(visit.house, who)
    _staff_panel(visit.house).clear_absences(who)
    log.info("panel.back", extra={"staff": visit.actor.id, "person": who})
    return go(visit.request, "/panel", f"{who} is here, and is asked for tasks as before.")


def members(house: House) -> tuple[StaffMember, ...]:
    """The staff as the staff file has it now, with loads and absences. Raises RecordsError or SettingsError."""
    return _staff_panel(house).members()


def _panel(
    visit: Visit,
    everybody: tuple[StaffMember, ...],
    *,
    status: int = 200,
    role: str = "",
    specialty: str = "",
    wanted: str = "",
    case: str = "",
    asked: tuple[Asked, ...] = (),
    why: str = "",
    wrong: str = "",
) -> Response:
    at = now()
    rows = [
        (m, licence(m.actor, local_day(at)), certification(m.actor, local_day(at)), m.absence(at))
        for m in everybody
        if (not role or role in m.actor.roles) and (not specialty or _is_of(m.actor, specialty))
    ]
    return page(
        visit,
        "panel.html",
        status=status,
        rows=rows,
        at=at,
        of=len(everybody),
        roles=tuple(Role),
        specialties=sorted({m.actor.specialty for m in everybody if m.actor.specialty}),
        chosen={"role": role, "specialty": specialty, "wanted": wanted, "case": case},
        asked=asked,
        why=why,
        wrong=wrong,
        may_change=visit.may_enter(Room.STAFFING),
    )


def _is_of(actor: Actor, specialty: str) -> bool:
    return bool(actor.specialty) and likeness(actor.specialty, specialty) is SpecialtyLikeness.SAME


async def _sent(request: Request) -> tuple[bytes, dict[str, str]]:
    """The file that was chosen, or what the confirmation carries of it; and the other fields."""
    async with request.form(max_part_size=4 * rosters.LARGEST) as sent:
        file = sent.get("file")
        content = await file.read() if isinstance(file, UploadFile) else str(sent.get("content", "")).encode()
        return content, {name: value for name, value in sent.items() if isinstance(value, str)}


async def _sorry(visit: Visit, wrong: str) -> Response:
    return _panel(visit, await asyncio.to_thread(members, visit.house), status=422, wrong=wrong)


async def _replace(visit: Visit, staff: Iterable[StaffEntry]) -> Response:
    before, after = visit.house.staff, tuple(staff)
    try:
        former = await asyncio.to_thread(write_staff, import_path(visit.house.settings), after, now())
    except SettingsError as why:
        return await _sorry(visit, str(why))
    changes = rosters.compare(before, after)
    log.info("panel.imported", extra={"staff": visit.actor.id, "count": len(after)})
    kept = f" The former file is kept as {former.name}." if former else ""
    figures = f"{len(changes.added)} added, {len(changes.changed)} changed, {len(changes.removed)} removed"
    return go(visit.request, "/panel", f"The staff is replaced: {figures}.{kept}")


def _staff_panel(house: House) -> StaffPanel:
    return StaffPanel(
        house.world.records, lambda: tuple((entry.actor, entry.capacity) for entry in house.staff.values()), now
    )


def _person(house: House, who: str) -> Actor:
    person = house.person(who)
    if person is None:
        raise NotFound
    return person


def _colleagues(house: House, person: Actor) -> list[Actor]:
    """Those who can stand in: with a role of the person's."""
    return [e.actor for e in house.staff.values() if e.actor.id != person.id and e.actor.has(*person.roles)]


def _absence(visit: Visit, who: str, given: dict[str, str], errors: tuple[FieldError, ...]) -> Response:
    person = _person(visit.house, who)
    member = next(m for m in members(visit.house) if m.actor.id == who)
    return page(
        visit,
        "panel_away.html",
        status=422 if errors else 200,
        person=person,
        member=member,
        colleagues=_colleagues(visit.house, person),
        given=given,
        errors={error.field: error.problem for error in errors},
    )


def _read_absence(house: House, person: Actor, given: dict[str, str]) -> tuple[Absence | None, tuple[FieldError, ...]]:
    """Whole days in Los Angeles, both included."""
    today, errors = local_day(now()), []
    since, until = _read_day(given["since"]), _read_day(given["until"])
    for name, day in (("since", since), ("until", until)):
        if day is None:
            errors.append(FieldError(field=name, problem="Give a day, as 2026-11-24."))
    if since and until and until < since:
        errors.append(FieldError(field="until", problem="The last day is before the first."))
    elif until and until < today:
        errors.append(FieldError(field="until", problem="That day has passed."))
    elif until and (until - today).days > LONGEST:
        errors.append(FieldError(field="until", problem="That is more than two years ahead."))
    if given["substitute"] and given["substitute"] not in {c.id for c in _colleagues(house, person)}:
        errors.append(FieldError(field="substitute", problem="Choose somebody with the same role."))
    if errors or since is None or until is None:
        return None, tuple(errors)
    begins = datetime.combine(since, time(), LOS_ANGELES).astimezone(UTC)
    return Absence(since=begins, until=end_of_day(until), substitute=given["substitute"]), ()


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _file(name: str, text: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=headers)
