"""The parts of FHIR R4 resources that a directory is read from, taken out of plain JSON without trusting its shape."""

from collections.abc import Iterator
from typing import Any

KINDS = (
    "Practitioner", "PractitionerRole", "Organization", "OrganizationAffiliation", "Location", "HealthcareService",
)  # fmt: skip
NEW_PATIENTS = "http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/newpatients"
ACCEPTING = {"newpt": True, "existptfam": False, "existptonly": False, "nopt": False}  # Plan-Net's own codes

Resource = dict[str, Any]


def items(resource: Resource, field: str) -> list[Resource]:
    """The objects of a field, which may hold a list, one object or neither."""
    found = resource.get(field)
    listed = found if isinstance(found, list) else [found]
    return [one for one in listed if isinstance(one, dict)]


def parts(resource: Resource, field: str) -> Resource:
    """The object of a field; an empty one where there is none."""
    return next(iter(items(resource, field)), {})


def references(resource: Resource, field: str) -> Iterator[str]:
    """What the References of a field refer to."""
    for one in items(resource, field):
        if isinstance(one.get("reference"), str):
            yield one["reference"]


def codings(resource: Resource, field: str) -> Iterator[tuple[str, str]]:
    """System and code of every Coding in the CodeableConcepts of a field."""
    for concept in items(resource, field):
        for coding in items(concept, "coding"):
            if isinstance(coding.get("code"), str):
                yield str(coding.get("system", "")), coding["code"].strip()


def extensions(resource: Resource, url: str) -> list[Resource]:
    """The extensions of that url."""
    return [one for one in items(resource, "extension") if one.get("url") == url]


def extension_codes(resource: Resource, url: str) -> list[str]:
    """The codes in the extensions of that url."""
    return [code for one in extensions(resource, url) for _, code in codings(one, "valueCodeableConcept")]


def period_of(resource: Resource) -> tuple[str, str]:
    """Start and end of the period as they are written; empty where there is none."""
    period = parts(resource, "period")
    start, end = (period.get(name, "") for name in ("start", "end"))
    return str(start), str(end)


def person_name(resource: Resource) -> str:
    """The official name, or the first one, as people write it."""
    names = items(resource, "name")
    name = next((one for one in names if one.get("use") == "official"), names[0] if names else {})
    given = (
        [word for word in name.get("given", []) if isinstance(word, str)] if isinstance(name.get("given"), list) else []
    )
    family = name.get("family", "")
    words = " ".join((*given, family if isinstance(family, str) else "")).strip()
    return f"Dr. {words}" if words else ""


def telecom(resource: Resource, system: str) -> str:
    """The first number of a kind."""
    found = (one.get("value") for one in items(resource, "telecom") if one.get("system") == system)
    return next((value for value in found if isinstance(value, str)), "")


def accepts(resource: Resource) -> bool | None:
    """Whether new patients are accepted, by Plan-Net's extension; None where it does not say."""
    said = [code for one in extensions(resource, NEW_PATIENTS) for code in extension_codes(one, "acceptingPatients")]
    known = [ACCEPTING[code] for code in said if code in ACCEPTING]
    return any(known) if known else None
