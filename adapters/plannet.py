"""Physicians from a FHIR R4 directory in the shape of Da Vinci PDex Plan-Net: a Bundle, or resources line by line.

Read are Practitioner, PractitionerRole, Organization (networks among them), OrganizationAffiliation, Location and
HealthcareService. A physician is a Practitioner with an NPI and at least one active role; each role is an affiliation.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from adapters.directoryfiles import Problems, Report, a_day, kept, made
from adapters.fhirparts import (
    Resource,
    accepts,
    codings,
    extension_codes,
    extensions,
    items,
    parts,
    period_of,
    person_name,
    references,
    telecom,
)
from adapters.nppes import telephone
from adapters.plannetfile import PlanNetFile
from adapters.roster import Roster, RosterEntry, with_roster
from policy.directory import (
    Affiliation,
    BoardCertification,
    Licence,
    ListedSpecialty,
    Physician,
    PracticeLocation,
    is_npi,
)
from policy.people import Address
from policy.taxonomy import A_PHYSICIAN, specialty_of

NPI_SYSTEM = "http://hl7.org/fhir/sid/us-npi"
NUCC = "http://nucc.org/provider-taxonomy"
PLAN_NET = "http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition"
NETWORK_REFERENCE = f"{PLAN_NET}/network-reference"
QUALIFICATION = f"{PLAN_NET}/practitioner-qualification"


def read_plan_net(path: Path, roster: Roster, report: Report) -> Iterator[Physician]:
    """The physicians of a file, one at a time; what is refused or left out goes into the report.

    A resource that refers to what the file lacks is refused with whom it belongs to. Raises DirectoryFileError.
    """
    file, seen = PlanNetFile(path, report), dict[str, str]()
    for key in (key for key in file.resources if key.startswith("Practitioner/")):
        practitioner = file.resources[key]
        npi = _npi(practitioner)
        if practitioner.get("active") is False:
            report.left_out["practitioners who are not active"] += 1
            continue
        problems = _objections(npi, seen, roster)
        seen.setdefault(npi, key)
        physician = None if problems else _physician(file, key, npi, roster, report, problems)
        if problems:
            report.refuse(key, npi, problems)
        elif physician:
            yield physician
    for npi, line in roster.lines.items():
        if npi not in seen:
            report.refuse(f"roster line {line}", npi, [("npi", "is of no Practitioner of the file; add one there")])


def _objections(npi: str, seen: dict[str, str], roster: Roster) -> Problems:
    if not is_npi(npi):
        return [("identifier", f"has no NPI with a right check digit (system {NPI_SYSTEM})")]
    if npi in seen:
        return [("identifier", f"has the NPI of {seen[npi]}; keep one")]
    if npi in roster.broken:
        return [("(roster)", "a row of the roster with this NPI was refused; mend it there")]
    return []


def _npi(practitioner: Resource) -> str:
    found = (i.get("value") for i in items(practitioner, "identifier") if i.get("system") == NPI_SYSTEM)
    return next((value.strip() for value in found if isinstance(value, str)), "")


def _physician(
    file: PlanNetFile,
    key: str,
    npi: str,
    roster: Roster,
    report: Report,
    problems: Problems,
) -> Physician | None:
    practitioner = file.resources[key]
    entry = roster.entries.get(npi, RosterEntry())
    roles = [file.resources[role] for role in file.roles.get(key, [])]
    active = [role for role in roles if role.get("active") is not False]
    if not active:
        report.left_out["practitioners without an active role"] += 1
        return None
    specialties = _specialties(active, entry)
    if not specialties:
        if _is_no_physician(active):
            report.left_out["not physicians, by their taxonomy codes"] += 1
            return None
        problems.append(("PractitionerRole.specialty", f"has no code of {NUCC} that the table of specialties knows"))
    listing = {
        "npi": npi,
        "name": kept(person_name(practitioner), "name", problems),
        "specialties": specialties,
        "certifications": _certifications(file, practitioner, problems),
        "licences": _licences(practitioner, entry, problems),
        "affiliations": [a for role in active for a in _affiliations(file, role, problems)],
        "locations": [place for role in active for place in _locations(file, role, entry, problems)],
        "languages": tuple(code for _, code in _languages(practitioner)),
    }
    return None if problems else with_roster(listing, entry, problems)


def _is_no_physician(roles: list[Resource]) -> bool:
    codes = [code for role in roles for system, code in codings(role, "specialty") if system == NUCC]
    return bool(codes) and not any(code.startswith(A_PHYSICIAN) for code in codes)


def _specialties(roles: list[Resource], entry: RosterEntry) -> list[ListedSpecialty]:
    codes = (code for role in roles for system, code in codings(role, "specialty") if system == NUCC)
    by_name = {specialty_of(code): code for code in codes}
    by_name |= {name: "" for name in entry.specialties if name not in by_name}
    return [ListedSpecialty(name=name, code=code) for name, code in by_name.items() if name]


def _languages(practitioner: Resource) -> Iterator[tuple[str, str]]:
    """ISO 639 codes out of BCP 47 tags: es of es-MX."""
    for spoken in items(practitioner, "communication"):
        for system, code in codings({"spoken": spoken}, "spoken"):
            yield system, code.split("-")[0].casefold()


def _certifications(file: PlanNetFile, practitioner: Resource, problems: Problems) -> list[BoardCertification]:
    """The qualifications in a specialty that name who gave them."""
    found: list[BoardCertification | None] = []
    for place, given in enumerate(items(practitioner, "qualification")):
        names = [specialty_of(code) for system, code in codings(given, "code") if system == NUCC]
        board = kept(_issuer(file, given), f"qualification[{place}].issuer", problems)
        if board and any(names) and _is_active(given):
            since, until = _days(given, f"qualification[{place}].period", problems)
            columns = {"board": f"qualification[{place}].issuer", "(whole)": f"qualification[{place}].period"}
            name = next(filter(None, names))
            found.append(
                made(BoardCertification, problems, columns, board=board, specialty=name, since=since, until=until)
            )
    return [one for one in found if one]


def _issuer(file: PlanNetFile, qualification: Resource) -> str:
    issuer = qualification.get("issuer")
    display = issuer.get("display", "") if isinstance(issuer, dict) else ""
    names = [one.get("name", "") for _, one in file.named(qualification, "issuer")]
    return next((name for name in (display, *names) if isinstance(name, str) and name), "")


def _is_active(qualification: Resource) -> bool:
    """Whether its status, where there is one, is active."""
    said = [extension_codes(one, "status") for one in extensions(qualification, QUALIFICATION)]
    return all("active" in codes for codes in said if codes)


def _licences(practitioner: Resource, entry: RosterEntry, problems: Problems) -> list[Licence]:
    """The qualifications that say in which state they are valid and have a number."""
    found: list[Licence | None] = []
    for place, given in enumerate(items(practitioner, "qualification")):
        states = [code for one in extensions(given, QUALIFICATION) for code in extension_codes(one, "whereValid")]
        column = f"qualification[{place}].identifier"
        values = (i.get("value") for i in items(given, "identifier"))
        numbers = [kept(value, column, problems) for value in values if isinstance(value, str)]
        if numbers and _is_active(given):
            _, until = _days(given, f"qualification[{place}].period", problems)
            columns = {"number": column, "state": f"qualification[{place}].extension"}
            expires = until or entry.days.get("licence_expires")
            found += [made(Licence, problems, columns, state=s, number=numbers[0], expires=expires) for s in states]
    return [one for one in found if one]


def _days(resource: Resource, name: str, problems: Problems) -> tuple[date | None, date | None]:
    """The first and the last day of a period; of a time the day is taken."""
    start, end = period_of(resource)
    return a_day(start[:10], f"{name}.start", problems), a_day(end[:10], f"{name}.end", problems)


def _affiliations(file: PlanNetFile, role: Resource, problems: Problems) -> Iterator[Affiliation]:
    """One of a role: by its organization, which an OrganizationAffiliation may put into a network; by its networks."""
    since, until = _days(role, "PractitionerRole.period", problems)
    networks = [file.key(r) for one in extensions(role, NETWORK_REFERENCE) for r in references(one, "valueReference")]
    contracted = any(file.is_network(key) for key in networks)
    groups = file.named(role, "organization")
    if len(groups) < len(list(references(role, "organization"))):
        problems.append(("PractitionerRole.organization", "names no Organization of this file; add it"))
    for key, group in groups or ([("", {})] if contracted else []):
        affiliation = made(
            Affiliation,
            problems,
            {"organization": "Organization.name", "(whole)": "PractitionerRole.period"},
            organization=kept(str(group.get("name", "")), "Organization.name", problems),
            in_network=contracted or key in file.affiliated,
            contracted=contracted,
            since=since,
            until=until,
        )
        if affiliation:
            yield affiliation


def _locations(file: PlanNetFile, role: Resource, entry: RosterEntry, problems: Problems) -> Iterator[PracticeLocation]:
    services = [service for _, service in file.named(role, "healthcareService")]
    for holder in (role, *services):
        if len(file.named(holder, "location")) < len(list(references(holder, "location"))):
            problems.append(("location", "names no Location of this file; add it"))
    places = {key: place for holder in (role, *services) for key, place in file.named(holder, "location")}
    for key, place in places.items():
        if place.get("status") in (None, "active"):
            said = (accepts(one) for one in (role, place, *services))
            known = entry.accepting if entry.accepting is not None else next((s for s in said if s is not None), None)
            location = _location(key, place, role, known, problems)
            if location:
                yield location


def _location(
    key: str, place: Resource, role: Resource, known: bool | None, problems: Problems
) -> PracticeLocation | None:
    given = parts(place, "address")
    lines = (
        [line for line in given.get("line", []) if isinstance(line, str)] if isinstance(given.get("line"), list) else []
    )
    address = made(
        Address,
        problems,
        dict.fromkeys(("line1", "line2", "city", "state", "postal_code"), f"{key}.address"),
        line1=kept(lines[0] if lines else "", f"{key}.address", problems),
        line2=kept(", ".join(lines[1:]), f"{key}.address", problems),
        city=kept(str(given.get("city", "")), f"{key}.address", problems),
        state=given.get("state", ""),
        postal_code=given.get("postalCode", ""),
    )
    position = parts(place, "position")
    if address is None:
        return None
    return made(
        PracticeLocation,
        problems,
        {"latitude": f"{key}.position", "longitude": f"{key}.position"},
        address=address,
        latitude=position.get("latitude"),
        longitude=position.get("longitude"),
        phone=_number("phone", role, place, problems),
        fax=_number("fax", role, place, problems),
        accepts_patients=known,
    )


def _number(system: str, role: Resource, place: Resource, problems: Problems) -> str:
    """The role's own number before that of the place."""
    return telephone(kept(telecom(role, system) or telecom(place, system), "telecom", problems))
