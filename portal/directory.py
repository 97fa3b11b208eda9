"""The directory of physicians: looked through, one physician with all that is known, its versions and their reports.

What is shown is one version's, the one in force today unless another is chosen. No member's data is here. P6.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Self
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import Response

from policy.calendar import local_day
from policy.directory import DirectoryVersion, Physician, is_npi
from policy.distance import Point
from policy.search import Network, Sought, folded
from policy.standing import miles_from
from policy.taxonomy import alike, spelt
from policy.verdict import Value
from portal.access import Room
from portal.house import House
from portal.pages import now, page
from portal.session import NotFound, Visit, entering
from portal.worklists import LONGEST_TEXT, one_of, page_number
from records.directory import DirectoryRecords
from records.worklists import PAGE
from wiring.wishes import LANGUAGES

router = APIRouter(include_in_schema=False)
Reading = Annotated[Visit, entering(Room.DIRECTORY)]

NEAR = (5, 10, 15, 25, 50, 100)  # miles from a ZIP code that can be chosen
USUALLY_NEAR = 25
REFUSALS_SHOWN = 200
NETWORKS = {Network.IN: "In the network", Network.CONTRACTED: "Contracted with the plan", Network.OUT: "Out of network"}
UNKNOWN_ZIP = "That ZIP code is not in the table of distances: only physicians of that very ZIP code are shown."


class ShownPhysicians(Value):
    """What stands in the URL of the search; what it does not know it leaves out."""

    version: str = ""
    name: str = ""
    specialty: str = ""
    organization: str = ""
    language: str = ""
    place: str = ""
    within: int = USUALLY_NEAR
    network: Network | None = None
    accepting: bool = False
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """From a query string."""
        typed = {name: query.get(name, "").strip()[:LONGEST_TEXT] for name in TYPED}
        miles = query.get("within", "")
        return cls(
            **typed,
            within=int(miles) if miles.isdigit() and int(miles) in NEAR else USUALLY_NEAR,
            network=one_of(Network, query.get("network")),
            accepting=query.get("accepting") == "yes",
            page=page_number(query.get("page")),
        )

    def query(self, **changes: Any) -> str:  # noqa: ANN401 - fields of all types
        """As a query string, without what says nothing."""
        shown = self.model_copy(update=changes)
        values = {name: getattr(shown, name) for name in type(self).model_fields}
        values |= {"accepting": "yes" if shown.accepting else "", "page": shown.page if shown.page > 1 else ""}
        values |= {"within": shown.within if shown.place and shown.within != USUALLY_NEAR else ""}
        return urlencode({name: str(value) for name, value in values.items() if value})

    @property
    def is_filtered(self) -> bool:
        """Whether anything was chosen."""
        return self != ShownPhysicians(page=self.page, version=self.version, within=self.within)

    @property
    def sought(self) -> Sought:
        """What is looked for. A number of ten digits where a name is asked for is an NPI."""
        return Sought(
            name="" if is_npi(self.name) else self.name,
            npi=self.name if is_npi(self.name) else "",
            organization=self.organization,
            language=code_of_language(self.language),
            place=self.place,
            within=self.within,
            network=self.network,
            accepting=self.accepting,
        )


TYPED = ("version", "name", "specialty", "organization", "language", "place")


class Found(Value):
    """One line of the search: the physician, and how many miles from the ZIP code that was given."""

    physician: Physician
    miles: float | None = None


@router.get("/directory")
async def search(visit: Reading) -> Response:
    """A page of the physicians who fit; the nearest first where a ZIP code was given, else by name."""
    shown = ShownPhysicians.read(visit.request.query_params)
    directory, today = visit.house.world.directory, local_day(now())
    version = await asyncio.to_thread(_version, directory, shown.version, today)
    if version is None:
        return page(visit, "directory_none.html", wanted=shown.version, may_import=visit.may_enter(Room.IMPORTING))
    found, terms = await asyncio.to_thread(_looked_up, visit.house, version, shown, today)
    first = (shown.page - 1) * PAGE + 1
    sought = shown.sought
    return page(
        visit,
        "directory.html",
        shown=shown,
        version=version,
        in_force=await asyncio.to_thread(directory.in_force_on, today),
        rows=found[first - 1 : first - 1 + PAGE],
        total=len(found),
        first=first,
        today=today,
        terms=terms,
        languages=LANGUAGES,
        networks=NETWORKS,
        near=NEAR,
        has_miles=sought.middle is not None,
        warning=UNKNOWN_ZIP if shown.place[:5].isdigit() and sought.middle is None else "",
        may_import=visit.may_enter(Room.IMPORTING),
    )


@router.get("/directory/versions")
def versions(visit: Reading) -> Response:
    """Every version, the newest day first, and how much of its files was refused."""
    directory = visit.house.world.directory
    return page(
        visit,
        "directory_versions.html",
        versions=directory.versions(),
        in_force=directory.in_force_on(local_day(now())),
        refused=directory.refused_places(),
        may_import=visit.may_enter(Room.IMPORTING),
    )


@router.get("/directory/versions/{version}")
def version_page(visit: Reading, version: str, whole: str = "") -> Response:
    """One version: what was taken, what was refused and why."""
    directory = visit.house.world.directory
    found = directory.version(version)
    if found is None:
        raise NotFound
    report = directory.report(version)
    return page(
        visit,
        "directory_version.html",
        version=found,
        in_force=directory.in_force_on(local_day(now())),
        report=report,
        shown=(report.refused if whole == "yes" else report.refused[:REFUSALS_SHOWN]) if report else (),
    )


@router.get("/directory/{npi}")
def physician(visit: Reading, npi: str, version: str = "") -> Response:
    """All that a version says of one physician, and since which version it says so."""
    directory, today = visit.house.world.directory, local_day(now())
    found = _version(directory, version, today)
    if found is None or not is_npi(npi):
        raise NotFound
    history = _history(directory, npi)
    person = directory.physician(found.id, npi)
    if person is None and not history:
        raise NotFound
    return page(
        visit,
        "directory_physician.html",
        npi=npi,
        person=person,
        version=found,
        in_force=directory.in_force_on(today),
        history=history,
        today=today,
        languages=LANGUAGES,
    )


class Told(Value):
    """What a version says of a physician: whether it lists one, and which parts differ from the version before."""

    version: DirectoryVersion
    is_listed: bool
    changes: tuple[str, ...] = ()
    is_first: bool = False


def _history(directory: DirectoryRecords, npi: str) -> tuple[Told, ...]:
    """The versions that told something new of a physician, the newest first."""
    told: list[Told] = []
    before: Physician | None = None
    for version in reversed(directory.versions()):
        now_is = directory.physician(version.id, npi)
        if now_is == before:
            continue
        both = before is not None and now_is is not None
        changes = [n for n in Physician.model_fields if both and getattr(before, n) != getattr(now_is, n)]
        first = before is None and not told
        told.append(Told(version=version, is_listed=now_is is not None, changes=tuple(changes), is_first=first))
        before = now_is
    return tuple(reversed(told))


def _version(directory: DirectoryRecords, wanted: str, today: date) -> DirectoryVersion | None:
    return directory.version(wanted) if wanted else directory.in_force_on(today)


def _looked_up(
    house: House, version: DirectoryVersion, shown: ShownPhysicians, today: date
) -> tuple[list[Found], dict[str, list[str]]]:
    """Everybody who fits, in order, and the names to choose from."""
    directory = house.world.directory
    terms = {kind: directory.terms(version.id, kind) for kind in ("specialty", "organization", "language")}
    sought = shown.sought
    if shown.specialty:
        named = {term for term in terms["specialty"] if spelt(shown.specialty) in term}
        sought = sought.model_copy(update={"specialties": frozenset(alike(shown.specialty) | named)})
    people = _people(house, version.id, sought, terms["organization"])
    middle = sought.middle
    found = [Found(physician=p, miles=_miles(p, middle)) for p in people if sought.fits(p, today)]
    return sorted(found, key=_place_in_line), terms


def _people(house: House, version: str, sought: Sought, organizations: list[str]) -> Sequence[Physician]:
    """Those whom the records' own index leads to, or everybody; what depends on the day is looked at afterwards."""
    directory = house.world.directory
    if sought.npi:
        found = directory.physician(version, sought.npi)
        return [found] if found else []
    named = [term for term in organizations if spelt(sought.organization) in term] if sought.organization else []
    if sought.organization and not named:
        return []
    if not (sought.specialties or named or sought.language):
        return house.listed(version)
    return directory.find(version, specialties=sought.specialties, organizations=named, language=sought.language)


def _miles(physician: Physician, middle: Point | None) -> float | None:
    return miles_from(physician, middle) if middle else None


def _place_in_line(one: Found) -> tuple[float, str, str]:
    name = folded(one.physician.name).removeprefix("dr. ")
    return (float("inf") if one.miles is None else one.miles, name.rpartition(" ")[2] + " " + name, one.physician.npi)


def code_of_language(typed: str) -> str:
    """The code of a language by its code or its English name; what is neither is looked for as it was typed."""
    wanted = spelt(typed)
    return next((code for code, name in LANGUAGES.items() if spelt(name) == wanted), wanted)
