"""How a member wants to be reached, in words; a confidential contact hides every other place."""

import json
from pathlib import Path

import pytest

from policy.people import Contact
from tests.builders import ADDRESS, CLINIC, a_member
from wiring.wishes import LANGUAGES, wishes

INTAKE = Path(__file__).parents[2] / "examples" / "intake"
MAIL = Contact(email="reach.me@example.org")


@pytest.mark.parametrize(
    ("wanted", "letters"),
    [
        ({}, "by post, English"),
        ({"language": "es", "large_print": True}, "by post, large print, Spanish"),
        (
            {"language": "es", "large_print": True, "letters_by": "email", "email": "ana@example.org"},
            "by e-mail, large print, Spanish",
        ),
        ({"language": "smo"}, "by post, language smo"),
        ({"letters_by": "email", "confidential": MAIL}, "by e-mail, English"),
        ({"confidential": Contact(address=CLINIC)}, "by post, English"),
        ({"confidential": MAIL}, "by post (there is no confidential address), English"),
        (
            {"letters_by": "email", "email": "ana@example.org", "confidential": Contact(address=CLINIC)},
            "by e-mail (there is no confidential e-mail address), English",
        ),
    ],
)
def test_the_way_the_print_and_the_language_of_letters_stand_in_one_line(wanted, letters):
    assert wishes(a_member(**wanted)).letters == letters


def test_without_a_confidential_contact_the_ordinary_places_are_shown():
    found = wishes(a_member(email="ana@example.org"))

    assert (found.address, found.phone, found.email) == (", ".join(ADDRESS.lines), "213-555-0101", "ana@example.org")
    assert found.warning == ""


@pytest.mark.parametrize(
    ("only", "warning"),
    [
        (Contact(address=CLINIC), "Confidential address: use only this"),
        (Contact(phone="213-555-0109"), "Confidential contact: use only this"),
        (MAIL, "Confidential contact: use only this"),
    ],
)
def test_a_confidential_contact_is_the_only_one_even_where_it_has_less(only, warning):
    found = wishes(a_member(email="home@example.org", confidential=only))

    assert found.warning == warning
    assert found.address == (", ".join(CLINIC.lines) if only.address else "")
    assert (found.phone, found.email) == (only.phone, only.email)


def test_every_language_of_the_examples_has_a_name():
    spoken = {
        json.loads(file.read_text(encoding="utf-8"))["member"].get("language", "en") for file in INTAKE.glob("*.json")
    }

    assert spoken <= LANGUAGES.keys()
