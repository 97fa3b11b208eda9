"""An NPI is known by its check digit; what a directory says of a physician holds on its days."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from policy.directory import Affiliation, Licence, ListedSpecialty, check_digit, is_npi
from tests.policy.physicians import a_physician, an_npi

FIRST_NINE = st.from_regex(r"\A[12][0-9]{8}\Z")


def test_the_example_that_cms_publishes_has_its_check_digit():
    assert check_digit("123456789") == 3
    assert is_npi("1234567893")


@pytest.mark.parametrize(
    "text", ["1234567890", "3234567899", "123456789", "12345678933", "", "123456789X", "١٢٣٤٥٦٧٨٩٣", " 1234567893"]
)
def test_what_is_no_npi_is_told(text):
    assert not is_npi(text)


@given(FIRST_NINE, st.integers(0, 8), st.integers(1, 9))
def test_one_mistyped_digit_is_always_noticed(nine, place, more):
    mistyped = nine[:place] + str((int(nine[place]) + more) % 10) + nine[place + 1 :]

    assert is_npi(f"{nine}{check_digit(nine)}")
    assert not is_npi(f"{mistyped}{check_digit(nine)}")


@given(FIRST_NINE, st.integers(0, 7))
def test_two_neighbours_that_change_places_are_noticed_but_for_nine_and_nought(nine, place):
    one, other = nine[place : place + 2]
    swapped = nine[:place] + other + one + nine[place + 2 :]

    noticed = not is_npi(f"{swapped}{check_digit(nine)}")

    assert noticed is (one != other and {one, other} != {"0", "9"}) or swapped[0] not in "12"


def test_a_physician_without_a_right_npi_is_refused_without_showing_it():
    with pytest.raises(ValidationError, match="is no NPI: ten digits") as refused:
        a_physician(npi="1234567890")

    assert "1234567890" not in str(refused.value)


@pytest.mark.parametrize("languages", [("es-MX",), ("Spanish",), ("ES",)])
def test_languages_are_codes(languages):
    with pytest.raises(ValidationError, match="ISO 639"):
        a_physician(languages=languages)


def test_both_ends_of_a_span_are_included_and_it_cannot_end_before_it_begins():
    span = Affiliation(organization="Alder IPA", since=date(2026, 1, 1), until=date(2026, 6, 30))

    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1)]
    assert [span.holds_on(day) for day in days] == [False, True, True, False]
    assert Affiliation().holds_on(date(2026, 7, 1))
    with pytest.raises(ValidationError, match="ends before it begins"):
        Affiliation(since=date(2026, 2, 1), until=date(2026, 1, 1))


def test_a_licence_holds_on_its_last_day():
    licence = Licence(state="CA", number="SYN-1", expires=date(2026, 11, 30))

    assert licence.holds_on(date(2026, 11, 30))
    assert not licence.holds_on(date(2026, 12, 1))


def test_the_primary_specialty_is_the_one_that_is_marked_else_the_first():
    two = (ListedSpecialty(name="cardiology"), ListedSpecialty(name="internal medicine", primary=True))

    assert a_physician(specialties=two).specialty == "internal medicine"
    assert a_physician(specialties=two[:1]).specialty == "cardiology"


def test_the_invented_npis_begin_with_a_digit_that_no_real_one_is_known_to_have():
    assert an_npi(1).startswith("29929")
    assert is_npi(an_npi(1))
