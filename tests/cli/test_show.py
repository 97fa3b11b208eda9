"""``second-opinion show``: which letters a member wants is said; who and where it is only with ``--names``."""

from datetime import UTC, datetime

import pytest

from cli.main import run
from policy.case import open_case
from policy.people import Contact
from policy.transition import between
from tests.builders import CLINIC, a_member, a_request
from wiring.settings import read_settings
from wiring.world import open_world


@pytest.fixture
def ask(tmp_path, monkeypatch, capsys):
    """What a command says of a case whose member has these wishes."""
    monkeypatch.setenv("SECOND_OPINION_HOME", str(tmp_path / "var"))

    def asked(*options, **wanted):
        world, at = open_world(read_settings()), datetime.now(UTC)
        request = a_request(member=a_member(**wanted))
        number = world.register.reserve(request, at).case_number
        world.ledger.record(between(None, open_case(number, request, at), at))
        assert run(["show", number, *options]) == 0
        return capsys.readouterr().out

    return asked


def test_which_letters_are_wanted_is_said_without_naming_anybody(ask):
    said = ask(language="es", email="ana@example.org", letters_by="email", large_print=True)

    assert "Letters to the member: by e-mail, large print, Spanish" in said
    assert "Confidential" not in said
    assert [word for word in ("Núñez", "ana@example.org", "12 Alder Street") if word in said] == []


def test_with_names_it_says_who_and_where(ask):
    said = ask("--names", email="ana@example.org")

    assert "Member: Ana María Núñez, M-0001, born 1961-05-04" in said
    assert "Address: 12 Alder Street, Los Angeles, CA 90012" in said
    assert "E-mail: ana@example.org" in said


def test_a_confidential_address_is_announced_and_with_names_is_the_only_one(ask):
    said = ask(confidential=Contact(address=CLINIC), email="home@example.org")

    assert "Confidential address: use only this (--names shows it)" in said
    assert "500 Clinic Way" not in said


def test_with_names_no_other_place_is_shown_than_the_confidential_one(ask):
    said = ask("--names", confidential=Contact(address=CLINIC), email="home@example.org")

    assert "Confidential address: use only this\n" in said
    assert "Address: 500 Clinic Way, Pasadena, CA 91101" in said
    assert [other for other in ("12 Alder Street", "213-555-0101", "home@example.org") if other in said] == []
