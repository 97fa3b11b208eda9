"""Taxonomy codes stand for our names of specialties; certificates for specialties; ZIP codes for places."""

import re
import tomllib
from pathlib import Path

import pytest

import policy
from policy.distance import CENTROIDS, Point, middle_of, miles_between
from policy.eligibility import GROUPS, SpecialtyLikeness, likeness
from policy.taxonomy import CODE, ROWS, WITHOUT_CODE, alike, certifies, code_of, specialty_of

EDITIONS = Path(policy.__file__).parent / "editions"


def test_every_specialty_of_the_table_of_likeness_has_a_code_or_is_said_to_have_none():
    named = [*(row.name for row in ROWS.values()), *(row.name for row in WITHOUT_CODE)]

    for group in GROUPS:
        for name in group.names:
            assert any(likeness(name, other) is SpecialtyLikeness.SAME for other in named), name


def test_codes_have_the_form_of_the_code_set_and_are_all_of_physicians():
    assert all(re.fullmatch(CODE, code) and code.startswith("20") for code in ROWS)


@pytest.mark.parametrize(
    ("code", "name"),
    [("207X00000X", "orthopedic surgery"), ("207RX0202X", "medical oncology"), ("363L00000X", ""), ("", "")],
)
def test_a_code_has_our_name_or_none(code, name):
    assert specialty_of(code) == name


@pytest.mark.parametrize(
    ("name", "code"),
    [("Orthopaedics", "207X00000X"), ("physiatry", "208100000X"), ("ocular oncology", ""), ("astrology", "")],
)
def test_a_specialty_has_its_code_under_any_of_its_names(name, code):
    assert code_of(name) == code


@pytest.mark.parametrize(
    ("certificate", "specialty", "counts"),
    [
        ("orthopaedic surgery", "orthopedics", True),
        ("ophthalmology", "ocular oncology", True),
        ("thoracic surgery", "cardiothoracic surgery", True),
        ("obstetrics and gynecology", "gynecology", True),
        ("medical oncology", "hematology/oncology", True),
        ("internal medicine", "cardiology", False),
        ("ocular oncology", "ophthalmology", False),
    ],
)
def test_a_certificate_certifies_for_its_specialty_and_for_one_that_has_none_of_its_own(certificate, specialty, counts):
    assert certifies(certificate, specialty) is counts


def test_alike_are_the_same_and_the_equivalent_under_all_their_names_and_one_that_no_table_knows_alone():
    assert {"oncology", "medical oncology", "hematology", "hematology/oncology"} <= alike("Medical  Oncology")
    assert "cardiology" not in alike("medical oncology")
    assert alike("Astrology") == {"astrology"}


# -- miles


def test_miles_are_those_of_the_great_circle():
    los_angeles, san_francisco = Point(34.05, -118.24), Point(37.77, -122.42)

    assert miles_between(los_angeles, san_francisco) == pytest.approx(347, abs=3)
    assert miles_between(san_francisco, los_angeles) == miles_between(los_angeles, san_francisco)
    assert miles_between(los_angeles, los_angeles) == 0


def test_a_zip_code_has_its_middle_whatever_follows_and_an_unknown_one_none():
    assert middle_of("90012-1234") == middle_of("90012") == Point(34.06, -118.24)
    assert middle_of("10001") is None
    assert middle_of("") is None


def test_every_place_of_the_table_lies_in_california_and_stands_in_one_part_only():
    table = tomllib.loads((EDITIONS / "zip-centroids.toml").read_text(encoding="utf-8"))

    assert not table["found"].keys() & table["memory"].keys()
    assert all(re.fullmatch("9[0-6][0-9]{3}", code) for code in CENTROIDS)
    assert all(32.5 < p.latitude < 42.1 and -124.5 < p.longitude < -114.1 for p in CENTROIDS.values())
