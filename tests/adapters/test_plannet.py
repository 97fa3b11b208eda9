"""Physicians from FHIR Plan-Net: what is taken from which resource, and what of a hostile file is refused."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.directoryfiles import DirectoryFileError, Report
from adapters.plannet import read_plan_net
from adapters.roster import Roster, RosterEntry
from policy.directory import Affiliation, BoardCertification, Licence
from tests.adapters.listings import (
    a_location,
    a_practitioner,
    a_role,
    an_organization,
    concept,
    extension,
    from_bundle,
    only_problem,
    problems,
)
from tests.policy.physicians import an_npi

NETWORK = an_organization("net", "Synthetic Network", "ntwk")
GROUP = an_organization("alder", "Alder IPA")
OF_GROUP = {"reference": "Organization/alder"}
IN_NETWORK = extension("network-reference", valueReference={"reference": "Organization/net"})


def accepting(code: str) -> dict[str, Any]:
    return extension("newpatients", extension=[{"url": "acceptingPatients", "valueCodeableConcept": concept(code)}])


def test_a_practitioner_with_a_role_becomes_a_physician(tmp_path):
    valid = extension(
        "practitioner-qualification", extension=[{"url": "whereValid", "valueCodeableConcept": concept("CA")}]
    )
    person = a_practitioner(
        qualification=[
            {"code": concept("MD", "degrees"), "identifier": [{"value": "SYN-1"}], "extension": [valid],
             "period": {"end": "2031-05-31"}},
            {"code": concept("207X00000X"), "issuer": {"display": "American Board of Orthopaedic Surgery"},
             "period": {"start": "2015-07-01T00:00:00-07:00"}},
        ],
        communication=[concept("es-MX"), concept("hy")],
    )  # fmt: skip
    role = a_role(
        organization={"reference": "Organization/alder"},
        location=[{"reference": "Location/l1"}],
        period={"start": "2020-01-01"},
        telecom=[{"system": "phone", "value": "3235550101"}, {"system": "fax", "value": "323-555-0102"}],
        extension=[accepting("newpt")],
    )
    membership = {
        "resourceType": "OrganizationAffiliation", "id": "a", "network": [{"reference": "Organization/net"}],
        "participatingOrganization": {"reference": "Organization/alder"},
    }  # fmt: skip
    place = a_location(position={"latitude": 34.05, "longitude": -118.24})

    (one,), report = from_bundle(tmp_path, person, role, NETWORK, GROUP, membership, place)

    assert (one.npi, one.name, one.languages) == (an_npi(1), "Dr. Ada B. Testwood", ("es", "hy"))
    assert [(s.name, s.code) for s in one.specialties] == [("orthopedic surgery", "207X00000X")]
    assert one.licences == (Licence(state="CA", number="SYN-1", expires=date(2031, 5, 31)),)
    assert one.certifications == (
        BoardCertification(
            board="American Board of Orthopaedic Surgery", specialty="orthopedic surgery", since=date(2015, 7, 1)
        ),
    )
    assert one.affiliations == (Affiliation(organization="Alder IPA", in_network=True, since=date(2020, 1, 1)),)
    (found,) = one.locations
    assert (found.phone, found.fax, found.latitude, found.accepts_patients) == (
        "323-555-0101",
        "323-555-0102",
        34.05,
        True,
    )
    assert report.refused == []


def test_a_role_that_names_a_network_itself_is_a_contract_and_a_group_that_is_no_network_gives_none(tmp_path):
    direct = a_role(1, extension=[IN_NETWORK])
    not_one = a_role(2, extension=[extension("network-reference", valueReference={"reference": "Organization/alder"})],
                     organization={"reference": "Organization/alder"})  # fmt: skip

    (one, other), _ = from_bundle(tmp_path, a_practitioner(1), a_practitioner(2), direct, not_one, NETWORK, GROUP)

    assert one.affiliations == (Affiliation(in_network=True, contracted=True),)
    assert other.affiliations == (Affiliation(organization="Alder IPA"),)


@pytest.mark.parametrize(
    ("code", "taken"), [("newpt", True), ("nopt", False), ("existptonly", False), ("existptfam", False), ("x", None)]
)
def test_only_who_accepts_new_patients_accepts_a_member_also_by_service_and_place(tmp_path, code, taken):
    service = {"resourceType": "HealthcareService", "id": "s", "location": [{"reference": "Location/l1"}],
               "extension": [accepting(code)]}  # fmt: skip

    (one,), _ = from_bundle(
        tmp_path,
        a_practitioner(),
        a_role(healthcareService=[{"reference": "HealthcareService/s"}]),
        service,
        a_location(),
    )

    assert one.locations[0].accepts_patients is taken


def test_references_lead_by_url_by_version_and_by_full_url(tmp_path):
    roles = [
        a_role(1, practitioner={"reference": "https://example.org/fhir/Practitioner/p1/_history/3"}),
        a_role(2, practitioner={"reference": "urn:uuid:1"}),
    ]

    physicians, report = from_bundle(tmp_path, a_practitioner(1), a_practitioner(2), *roles)

    assert [one.npi for one in physicians] == [an_npi(1), an_npi(2)]
    assert report.refused == []


def test_a_certificate_that_is_not_active_any_more_does_not_count(tmp_path):
    status = {"url": "status", "valueCodeableConcept": concept("inactive")}
    lost = {"code": concept("207X00000X"), "issuer": {"display": "A Board"},
            "extension": [extension("practitioner-qualification", extension=[status])]}  # fmt: skip

    (one,), _ = from_bundle(tmp_path, a_practitioner(qualification=[lost]), a_role())

    assert one.certifications == ()


@pytest.mark.parametrize(
    ("resources", "place", "field", "says"),
    [
        ([a_practitioner(identifier=[]), a_role()], "Practitioner/p1", "identifier", "has no NPI"),
        ([a_practitioner(identifier=[{"system": "x", "value": an_npi(1)}]), a_role()], "Practitioner/p1", "identifier",
         "has no NPI"),
        ([a_practitioner(name=[]), a_role()], "Practitioner/p1", "name", "at least 1 character"),
        ([a_practitioner(), a_role(organization={"reference": "Organization/none"})], "Practitioner/p1",
         "PractitionerRole.organization", "names no Organization of this file"),
        ([a_practitioner(), a_role(location=[{"reference": "Location/none"}])], "Practitioner/p1", "location",
         "names no Location of this file"),
        ([a_practitioner(), a_role(specialty=[concept("20ZZZ0000X")])], "Practitioner/p1", "PractitionerRole.specialty",
         "that the table of specialties knows"),
        ([a_practitioner(), a_role(period={"start": "2026-13-01"}, organization=OF_GROUP), GROUP], "Practitioner/p1",
         "PractitionerRole.period.start", "is no day"),
        ([a_practitioner(), a_role(location=[{"reference": "Location/l1"}]), a_location(address={"city": "X"})],
         "Practitioner/p1", "Location/l1.address", "at least"),
        ([a_practitioner(), a_role(location=[{"reference": "Location/l1"}]),
          a_location(position={"latitude": 934, "longitude": 1})],
         "Practitioner/p1", "Location/l1.position", "less than or equal to 90"),
        ([a_role()], "PractitionerRole/r1", "practitioner", "names no Practitioner of this file"),
        ([a_practitioner(), a_role(), a_practitioner()], "entry 3", "id", "stands twice among the Practitioner"),
        ([a_practitioner(), a_role(), {"resourceType": "Location"}], "entry 3", "id", "is missing from a Location"),
        ([a_practitioner(), a_role(), {**a_practitioner(1), "id": "p2"}], "Practitioner/p2", "identifier",
         "has the NPI of Practitioner/p1"),
    ],
)  # fmt: skip
def test_what_is_not_sound_is_refused_with_resource_field_and_reason(tmp_path, resources, place, field, says):
    _, report = from_bundle(tmp_path, *resources)

    assert [(one.place, one.field) for one in report.refused][:1] == [(place, field)]
    assert says in report.refused[0].problem


@pytest.mark.parametrize(
    "hostile",
    [
        {"qualification": [{"code": concept("207X00000X"), "issuer": {"display": "=1+1"}}]},
        {"name": [{"family": "Test\u0000wood"}]},
        {"telecom": [{"system": "phone", "value": "=cmd|x"}]},
        {"organization": {"reference": "Organization/formula"}},
        {"location": [{"reference": "Location/l1"}]},
    ],
)
def test_no_text_that_a_spreadsheet_would_run_comes_into_the_directory(tmp_path, hostile):
    address = {"line": ["1 Synthetic Way"], "city": "@SUM(A1)", "state": "CA", "postalCode": "90031"}
    of_role = {"location": [{"reference": "Location/l2"}]}
    person = {name: value for name, value in hostile.items() if name in ("qualification", "name")}
    role = {**of_role, **{name: value for name, value in hostile.items() if name not in person}}
    formula = an_organization("formula", "=HYPERLINK(1)")

    physicians, report = from_bundle(
        tmp_path, a_practitioner(**person), a_role(**role), formula, a_location(address=address), a_location("l2")
    )

    assert physicians == []
    assert {one.place for one in report.refused} == {"Practitioner/p1"}
    assert "formula" in report.refused[0].problem or "control character" in report.refused[0].problem


def test_who_is_not_active_has_no_role_or_is_no_physician_is_left_out_and_counted(tmp_path):
    physicians, report = from_bundle(
        tmp_path,
        a_practitioner(1, active=False),
        a_practitioner(2),
        a_role(2, active=False),
        a_practitioner(3),
        a_role(3, specialty=[concept("363L00000X")]),
        {"resourceType": "Endpoint", "id": "e"},
    )

    assert (physicians, report.refused) == ([], [])
    assert dict(report.left_out) == {
        "practitioners who are not active": 1,
        "practitioners without an active role": 1,
        "not physicians, by their taxonomy codes": 1,
        "resources of kinds that are not read": 1,
    }


def test_resources_can_come_line_by_line_and_with_a_roster(tmp_path):
    file, report = tmp_path / "directory.ndjson", Report()
    file.write_text("\ufeff" + "\n".join(json.dumps(one) for one in (a_practitioner(), a_role())) + "\n\n")
    roster = Roster(entries={an_npi(1): RosterEntry(languages=["hy"])}, lines={an_npi(1): 2, an_npi(8): 3})

    (one,) = read_plan_net(file, roster, report)

    assert one.languages == ("hy",)
    assert problems(report) == [("roster line 3", "npi", "is of no Practitioner of the file; add one there")]


def test_whoever_has_a_refused_row_in_the_roster_is_refused(tmp_path):
    file, report = tmp_path / "directory.ndjson", Report()
    file.write_text("\n".join(json.dumps(one) for one in (a_practitioner(), a_role())))

    assert list(read_plan_net(file, Roster(broken={an_npi(1)}), report)) == []
    assert only_problem(report).field == "(roster)"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[]", "is no FHIR Bundle"),
        (b'{"resourceType": "Bundle", "entry": [', "is not JSON at line"),
        (b'{"resourceType": "Practitioner"\n', "is not JSON at line 1"),
        (b'{"a": "\xff"}', "is not UTF-8"),
        ("{}".encode("utf-16"), "is UTF-16"),
        (b'{"resourceType": "Bundle", "entry": ' + b"[" * 200_000, "is nested too deeply|is not JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_a_sentence(tmp_path, content, says):
    file = tmp_path / "bundle.json"
    file.write_bytes(content)

    with pytest.raises(DirectoryFileError, match=says):
        list(read_plan_net(file, Roster(), Report()))


KEYS = ("reference", "coding", "code", "extension", "url", "line")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=2),
    max_leaves=6,
)
FIELDS = ("identifier", "name", "qualification", "communication", "active")
ROLE_FIELDS = (
    "practitioner",
    "organization",
    "location",
    "specialty",
    "period",
    "extension",
    "telecom",
    "healthcareService",
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    st.dictionaries(st.sampled_from(FIELDS), JSON),
    st.dictionaries(st.sampled_from(ROLE_FIELDS), JSON),
    st.lists(JSON, max_size=2),
)
def test_whatever_stands_in_the_fields_is_read_or_refused_and_never_an_accident(tmp_path, person, role, others):
    physicians, _ = from_bundle(tmp_path, a_practitioner(**person), a_role(**role), *others, a_location(address=person))

    assert len(physicians) <= 1
