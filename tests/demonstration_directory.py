"""Makes the demonstration's directory anew: ``python -m tests.demonstration_directory``. Every time the same bytes.

Nobody in it is real. The physicians of the example requests stand in it as they do there; all others have invented
names that say so, telephone numbers of 555-01xx, licences that begin with SYN, and NPIs that begin with 29929: right by
their check digit, and begun with a 2, which NPPES may give out but, as far as is known, has given to nobody.
"""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from adapters import nppes
from adapters.roster import COLUMNS
from policy.directory import check_digit
from policy.taxonomy import CERTIFICATES, code_of

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples" / "directory"
SEED = 90_2_17

GIVEN = (
    "Ada", "Bao", "Carmen", "Dmitri", "Elif", "Femi", "Grace", "Hasmik", "Inés", "Jonah", "Keiko", "Leila", "Mateo",
    "Nadia", "Omar", "Priya", "Quan", "Rosa", "Samir", "Talin", "Uma", "Viktor", "Wen", "Ximena", "Yusuf", "Zoë",
)  # fmt: skip
FAMILY = ("Sample", "Specimen", "Mock", "Demo", "Test", "Example", "Fiction")
FAMILY_ENDS = ("wood", "brook", "field", "stone", "hill", "lake", "moor", "well", "ridge")
LANGUAGES = (("es", 9), ("hy", 3), ("zh", 3), ("vi", 3), ("tl", 2), ("ko", 2), ("fa", 2), ("ru", 1), ("ar", 1))


class Place(NamedTuple):
    city: str
    zips: tuple[str, ...]


class Group(NamedTuple):
    name: str
    network: str
    contracted: str
    places: tuple[Place, ...]
    specialties: dict[str, int]


PRIMARY = {"family medicine": 9, "internal medicine": 7, "pediatrics": 3}
COMMON = {
    "cardiology": 3, "gastroenterology": 2, "dermatology": 2, "endocrinology": 2, "obstetrics and gynecology": 3,
    "medical oncology": 2, "neurology": 2, "ophthalmology": 2, "urology": 2, "general surgery": 2,
}  # fmt: skip


def _without(specialty: str) -> dict[str, int]:
    return {name: amount for name, amount in COMMON.items() if name != specialty}


LA = (
    Place("Los Angeles", ("90012", "90017", "90026", "90031", "90033", "90042", "90057")),
    Place("Glendale", ("91203", "91204", "91206")),
    Place("Pasadena", ("91101", "91103", "91105")),
    Place("Alhambra", ("91801",)),
)
SHORE = (
    Place("Long Beach", ("90802", "90804", "90806", "90813")),
    Place("Torrance", ("90501", "90503", "90505")),
    Place("Santa Monica", ("90401", "90404")),
)
DESERT = (
    Place("Victorville", ("92392", "92395")),
    Place("Riverside", ("92501", "92506", "92507")),
    Place("Palm Springs", ("92262", "92264")),
)
REDWOOD = (
    Place("Oakland", ("94607", "94609")),
    Place("San Rafael", ("94901",)),
    Place("Santa Rosa", ("95401", "95404")),
)
SIERRA = (
    Place("Fresno", ("93702", "93720")),
    Place("Modesto", ("95350", "95354")),
    Place("Bakersfield", ("93301", "93309")),
)
# What the example requests tell of the groups is so in the directory, too: Alder IPA, for one, has orthopedic surgeons,
# but none who could give a second opinion.
UNFIT = ("uncertified", "expired", "full")
ALL_UNFIT = (("Alder IPA", "orthopedic surgery"),)
GROUPS = (
    Group(
        "Alder IPA", "in", "no", LA,
        {**PRIMARY, **_without("ophthalmology"), "orthopedic surgery": 6, "nephrology": 2},
    ),
    Group(
        "Bayview Medical Group", "in", "no", SHORE,
        {**PRIMARY, **COMMON, "orthopedic surgery": 3, "rheumatology": 2},
    ),
    # Its only nephrologist treats the member of request 15: the plan's specialists have others.
    Group("Desert Oak Medical Group", "in", "no", DESERT, {**PRIMARY, **COMMON, "orthopedic surgery": 2}),
    Group("Redwood Coast IPA", "in", "no", REDWOOD, {**PRIMARY, **COMMON, "pulmonology": 2, "plastic surgery": 1}),
    Group(
        "Sierra Vista IPA", "in", "no", SIERRA,
        {**PRIMARY, **_without("medical oncology"), "nephrology": 1, "pulmonology": 2},
    ),
    Group(
        "Golden Poppy Specialists", "in", "yes", (*LA, *SHORE, *DESERT),
        {
            "orthopedic surgery": 6, "neurosurgery": 4, "nephrology": 4, "rheumatology": 3, "pulmonology": 3,
            "thoracic surgery": 3, "cardiothoracic surgery": 2, "plastic surgery": 2, "otolaryngology": 3,
            "radiation oncology": 2, "hematology": 2, "infectious disease": 2, "urology": 3, "gynecology": 2,
            "colorectal surgery": 2, "vascular surgery": 2, "psychiatry": 3,
            "physical medicine and rehabilitation": 2, "allergy and immunology": 2,
        },
    ),
    # The second ocular oncologist, of request 7, is here: neither a PPG nor the plan has one.
    Group(
        "Pacific Crest University Eye Clinic", "out", "no", (Place("San Francisco", ("94143",)),),
        {"ophthalmology": 2},
    ),
    Group(
        "Mission Oak University Hospital", "out", "no", (Place("Los Angeles", ("90095", "90033")),),
        {
            "neurosurgery": 2, "orthopedic surgery": 2, "interventional pain medicine": 2, "surgical oncology": 2,
        },
    ),
)  # fmt: skip
BOARDS = {
    "family medicine": "American Board of Family Medicine", "pediatrics": "American Board of Pediatrics",
    "orthopedic surgery": "American Board of Orthopaedic Surgery", "dermatology": "American Board of Dermatology",
    "neurosurgery": "American Board of Neurological Surgery", "ophthalmology": "American Board of Ophthalmology",
    "urology": "American Board of Urology", "thoracic surgery": "American Board of Thoracic Surgery",
    "obstetrics and gynecology": "American Board of Obstetrics and Gynecology",
    "otolaryngology": "American Board of Otolaryngology - Head and Neck Surgery",
    "plastic surgery": "American Board of Plastic Surgery", "surgery": "American Board of Surgery",
    "neurology": "American Board of Psychiatry and Neurology", "radiation oncology": "American Board of Radiology",
    "psychiatry": "American Board of Psychiatry and Neurology",
    "colorectal surgery": "American Board of Colon and Rectal Surgery",
}  # fmt: skip
OTHER_BOARD = "American Board of Internal Medicine"
NEAREST_CODE = {"ocular oncology": "207W00000X", "cardiothoracic surgery": "208G00000X"}

NPPES_COLUMNS = (
    "NPI", nppes.TYPE, nppes.LAST, nppes.FIRST, nppes.MIDDLE, nppes.SUFFIX, nppes.LINE1, nppes.LINE2, nppes.CITY,
    nppes.STATE, nppes.ZIP, nppes.COUNTRY, nppes.PHONE, nppes.FAX, nppes.DEACTIVATED, nppes.REACTIVATED,
    *(column.format(1) for column in (nppes.TAXONOMY, nppes.NUMBER, nppes.NUMBER_STATE, nppes.PRIMARY)),
)  # fmt: skip
Row = dict[str, str]


class Listed(NamedTuple):
    """One physician as a row of each file."""

    nppes: Row
    roster: Row


OWN = "29929"  # how the NPIs of its own physicians begin


def npi(number: int) -> str:
    """The NPI of the directory's own physician of that number."""
    nine = f"{OWN}{number:04}"
    return f"{nine}{check_digit(nine)}"


def everybody() -> list[Listed]:
    """All physicians, those of the example requests first."""
    random = Random(SEED)
    cast = [_of_the_cast(person, random) for person in professionals()]
    return [*cast, *_invented(random)]


def professionals() -> list[dict[str, Any]]:
    """The physicians around the example requests and those with whom an opinion is placed, each once."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted((ROOT / "examples" / "intake").glob("*.json")):
        for person in _in(json.loads(file.read_text(encoding="utf-8"))):
            found.setdefault(person["npi"], person)
    return [person for person in found.values() if not person["npi"].startswith(OWN)]


def _in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if {"npi", "name", "specialty", "address"} <= value.keys():
            yield value
        for part in value.values():
            yield from _in(part)
    elif isinstance(value, list):
        for part in value:
            yield from _in(part)


def _of_the_cast(person: dict[str, Any], random: Random) -> Listed:
    given, _, family = person["name"].removeprefix("Dr. ").partition(" ")
    group = next((g for g in GROUPS if g.name == person.get("organization")), None)
    address = person["address"]
    row = _nppes_row(person["npi"], given, family, person["specialty"], f"SYN-C{person['npi'][-4:]}")
    row |= {
        nppes.LINE1: address["line1"], nppes.LINE2: address.get("line2", ""), nppes.CITY: address["city"],
        nppes.STATE: address["state"], nppes.ZIP: address["postal_code"], nppes.PHONE: person.get("phone", ""),
        nppes.FAX: person.get("fax", ""),
    }  # fmt: skip
    return Listed(
        row, _roster_row(row, person["specialty"], group, person.get("organization", ""), random, flaws=False)
    )


def _invented(random: Random) -> Iterator[Listed]:
    number = 0
    for group in GROUPS:
        for specialty, amount in group.specialties.items():
            for _ in range(amount):
                number += 1
                yield _somebody(number, group, specialty, random)


def _somebody(number: int, group: Group, specialty: str, random: Random) -> Listed:
    place = random.choice(group.places)
    family = random.choice(FAMILY) + random.choice(FAMILY_ENDS)
    row = _nppes_row(npi(number), random.choice(GIVEN), family, specialty, f"SYN-D{number:04}")
    area = {"San Francisco": "415", "Oakland": "510", "Fresno": "559"}.get(place.city, "323")
    row |= {
        nppes.LINE1: f"{random.randrange(1, 98) * 100} Synthetic Way", nppes.LINE2: f"Suite {random.randrange(1, 40)}",
        nppes.CITY: place.city, nppes.STATE: "CA", nppes.ZIP: random.choice(place.zips),
        nppes.PHONE: f"{area}-555-01{number % 100:02}", nppes.FAX: f"{area}-555-01{(number + 50) % 100:02}",
    }  # fmt: skip
    return Listed(row, _roster_row(row, specialty, group, group.name, random, flaws=True))


def _nppes_row(number: str, given: str, family: str, specialty: str, licence: str) -> Row:
    return {
        "NPI": number, nppes.TYPE: nppes.INDIVIDUAL, nppes.LAST: family, nppes.FIRST: given,
        nppes.TAXONOMY.format(1): NEAREST_CODE.get(specialty) or code_of(specialty), nppes.NUMBER.format(1): licence,
        nppes.NUMBER_STATE.format(1): "CA", nppes.PRIMARY.format(1): "Y",
    }  # fmt: skip


def _roster_row(
    row: Row, specialty: str, group: Group | None, organization: str, random: Random, *, flaws: bool
) -> Row:
    """What the plan knows beside. Some of the invented are not certified, not licensed any more, or take nobody on."""
    flaw = _flaw(random, organization, specialty) if flaws else ""
    certificate = CERTIFICATES.get(specialty, (specialty,))[0]
    languages = [code for code, weight in LANGUAGES if random.random() * 30 < weight]
    certified = {
        "board": BOARDS.get(certificate, OTHER_BOARD), "certified_in": certificate,
        "certified_from": f"{random.randrange(2008, 2024)}-07-01",
    }  # fmt: skip
    last_day = f"{random.randrange(2031, 2036)}-{random.randrange(1, 13):02}-28"
    return {
        "npi": row["NPI"], "organization": organization, "network": group.network if group else "out",
        "contracted": group.contracted if group else "no", "affiliated_from": f"{random.randrange(2012, 2025)}-01-01",
        "affiliated_until": "2025-12-31" if flaw == "left" else "",
        "specialty": "" if code_of(specialty) else specialty,
        **({} if flaw == "uncertified" else certified),
        "languages": ";".join(languages),
        "accepting": {"full": "no", "silent": ""}.get(flaw, "yes"),
        "licence_expires": "2026-06-30" if flaw == "expired" else last_day,
    }  # fmt: skip


def _flaw(random: Random, organization: str, specialty: str) -> str:
    if (organization, specialty) in ALL_UNFIT:
        return random.choice(UNFIT)
    return random.choices(("", *UNFIT, "silent", "left"), (80, 5, 4, 5, 4, 2))[0]


def as_csv(columns: tuple[str, ...], rows: Iterator[Row]) -> str:
    """A CSV with the columns in order."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def files() -> dict[Path, str]:
    """Every file of the folder, as it should be."""
    people = everybody()
    return {
        FOLDER / "physicians.csv": as_csv(NPPES_COLUMNS, (one.nppes for one in people)),
        FOLDER / "roster.csv": as_csv(COLUMNS, (one.roster for one in people)),
        FOLDER / "plan-net.json": bundle(people),
        FOLDER / "with-errors.csv": as_csv(NPPES_COLUMNS, _with_errors(people)),
    }


def _with_errors(people: list[Listed]) -> Iterator[Row]:
    """One sound row, and one of each kind that is refused or left out."""
    sound = [one.nppes for one in people[-9:]]
    yield sound[0]
    yield {**sound[1], "NPI": f"{sound[1]['NPI'][:9]}{(int(sound[1]['NPI'][9]) + 1) % 10}"}
    yield sound[0]
    yield {**sound[2], nppes.DEACTIVATED: "03/15/2026"}
    yield {**sound[3], nppes.TAXONOMY.format(1): "20ZZZ0000X"}
    yield {**sound[4], nppes.LAST: '=HYPERLINK("http://example.org")'}
    yield {**sound[5], nppes.ZIP: "9001"}
    yield {**sound[6], nppes.TAXONOMY.format(1): "363L00000X"}
    yield {**sound[7], nppes.TYPE: nppes.ORGANIZATION, nppes.LAST: "", nppes.FIRST: ""}


def bundle(people: list[Listed]) -> str:
    """Sixteen physicians of a group and of the plan's specialists, as a Plan-Net Bundle."""
    chosen = [p for p in people if p.roster["organization"] in ("Alder IPA", "Golden Poppy Specialists")]
    chosen = [p for p in chosen if p.nppes["NPI"].startswith("29929") and not p.roster["specialty"]]
    chosen = [p for p in chosen if p.nppes[nppes.TAXONOMY.format(1)] in ("207X00000X", "207RN0300X", "207Q00000X")][:16]
    resources = [*_organizations(), *(part for p in chosen for part in _resources(p))]
    entries = [{"fullUrl": f"urn:synthetic:{r['resourceType']}/{r['id']}", "resource": r} for r in resources]
    whole = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _organizations() -> list[dict[str, Any]]:
    kind = "http://hl7.org/fhir/us/davinci-pdex-plan-net/CodeSystem/OrgTypeCS"
    return [
        {
            "resourceType": "Organization", "id": key, "active": True, "name": name,
            "type": [{"coding": [{"system": kind, "code": code}]}],
        }
        for key, name, code in (
            ("network", "Synthetic Plan Network", "ntwk"), ("alder-ipa", "Alder IPA", "prvgrp"),
            ("golden-poppy-specialists", "Golden Poppy Specialists", "prvgrp"),
        )
    ] + [
        {
            "resourceType": "OrganizationAffiliation", "id": "alder-in-network", "active": True,
            "participatingOrganization": {"reference": "Organization/alder-ipa"},
            "network": [{"reference": "Organization/network"}],
        }
    ]  # fmt: skip


def _resources(person: Listed) -> list[dict[str, Any]]:
    row, more = person.nppes, person.roster
    number, group = row["NPI"], more["organization"].casefold().replace(" ", "-")
    code = {"coding": [{"system": "http://nucc.org/provider-taxonomy", "code": row[nppes.TAXONOMY.format(1)]}]}
    base = "http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition"
    state = {"coding": [{"system": "https://www.usps.com/", "code": "CA"}]}
    valid = {"url": "whereValid", "valueCodeableConcept": state}
    license_ = {
        "code": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0360", "code": "MD"}]},
        "identifier": [{"value": row[nppes.NUMBER.format(1)]}], "period": {"end": more["licence_expires"]},
        "extension": [{"url": f"{base}/practitioner-qualification", "extension": [valid]}],
    }  # fmt: skip
    certified = {
        "code": code,
        "issuer": {"display": more.get("board", "")},
        "period": {"start": more.get("certified_from")},
    }
    accepting = {"yes": "newpt", "no": "nopt"}.get(more["accepting"])
    said = {"url": "acceptingPatients", "valueCodeableConcept": {"coding": [{"code": accepting}]}}
    direct = {"url": f"{base}/network-reference", "valueReference": {"reference": "Organization/network"}}
    new = {"url": f"{base}/newpatients", "extension": [said]}
    return [
        {
            "resourceType": "Practitioner", "id": f"p{number}", "active": True,
            "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": number}],
            "name": [{"use": "official", "family": row[nppes.LAST], "given": [row[nppes.FIRST]]}],
            "qualification": [license_, *([certified] if more.get("board") else [])],
            "communication": [
                {"coding": [{"system": "urn:ietf:bcp:47", "code": c}]} for c in more["languages"].split(";") if c
            ],
        },
        {
            "resourceType": "Location", "id": f"l{number}", "status": "active",
            "address": {
                "line": [row[nppes.LINE1], row[nppes.LINE2]], "city": row[nppes.CITY], "state": row[nppes.STATE],
                "postalCode": row[nppes.ZIP],
            },
        },
        {
            "resourceType": "PractitionerRole", "id": f"r{number}", "active": True,
            "practitioner": {"reference": f"Practitioner/p{number}"},
            "organization": {"reference": f"Organization/{group}"},
            "location": [{"reference": f"Location/l{number}"}], "specialty": [code],
            "period": {"start": more["affiliated_from"]},
            "telecom": [{"system": "phone", "value": row[nppes.PHONE]}, {"system": "fax", "value": row[nppes.FAX]}],
            "extension": [*([new] if accepting else []), *([direct] if more["contracted"] == "yes" else [])],
        },
    ]  # fmt: skip


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, text in files().items():
        file.write_text(text, encoding="utf-8")
