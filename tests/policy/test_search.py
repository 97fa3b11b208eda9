"""What somebody looks for in the directory, and who fits it on a day. Policy 90.2.17, P6."""

from datetime import date

import pytest

from policy.search import Network, Sought, folded, is_called
from tests.policy.physicians import a_physician

MONDAY = date(2026, 11, 2)


@pytest.mark.parametrize(
    ("typed", "fits"),
    [("inés", True), ("INES dan", True), ("dang", True), ("nés", False), ("", True), ("ines smith", False)],
)
def test_each_word_that_was_typed_begins_a_word_of_the_name(typed, fits):
    assert is_called("Dr. Inés Đặng-Dang", typed) is fits


def test_what_is_not_asked_for_keeps_nobody_out():
    assert Sought().fits(a_physician(1), MONDAY)


def test_an_affiliation_counts_on_the_days_on_which_it_holds():
    one = a_physician(1)
    ended = one.model_copy(
        update={"affiliations": tuple(a.model_copy(update={"until": date(2026, 10, 30)}) for a in one.affiliations)}
    )
    group = one.affiliations[0].organization

    for sought in (Sought(organization=group), Sought(network=Network.IN)):
        assert sought.fits(one, MONDAY)
        assert not sought.fits(ended, MONDAY)
    assert Sought(network=Network.OUT).fits(ended, MONDAY)
    assert not Sought(network=Network.OUT).fits(one, MONDAY)


def test_a_part_of_a_groups_name_is_enough():
    group = a_physician(1).affiliations[0].organization

    assert Sought(organization=group[:4].upper()).fits(a_physician(1), MONDAY)
    assert not Sought(organization="no such group").fits(a_physician(1), MONDAY)


def test_a_city_is_where_somebody_practises_and_a_zip_code_has_miles_around_it():
    one = a_physician(1)
    place = one.locations[0].address

    assert Sought(place=place.city.upper()).fits(one, MONDAY)
    assert Sought(place=place.postal_code, within=1).fits(one, MONDAY)
    assert not Sought(place="95814", within=5).fits(one, MONDAY)  # Sacramento


def test_a_zip_code_that_the_table_lacks_is_looked_for_to_the_letter():
    sought = Sought(place="00000", within=100)

    assert sought.middle is None
    assert not sought.fits(a_physician(1), MONDAY)


def test_only_who_is_known_to_accept_patients_does():
    one = a_physician(1)
    silent = one.model_copy(
        update={"locations": tuple(p.model_copy(update={"accepts_patients": None}) for p in one.locations)}
    )

    assert not Sought(accepting=True).fits(silent, MONDAY)


def test_a_name_is_folded_as_people_type_it():
    assert folded("Núñez-Ó, ANA") == "nunez o  ana"
