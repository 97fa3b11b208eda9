"""The people of a case: names as they are written, and errors that never show what was typed."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from policy.people import Actor, Address, Contact, Member, PersonName, Professional, Role, WrittenBy
from tests.builders import ADDRESS, a_member, a_professional

names = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=200).filter(str.strip)
blanks = st.text(alphabet=" \t\n\u2003\u00a0", max_size=20)
SECRET = "Zzyzx-Qvortrup"
REED = {"family": "Reed", "given": "Tom"}
WRONG: list[tuple[type, dict[str, Any]]] = [
    (PersonName, {"family": SECRET * 20, "given": "Ana"}),
    (PersonName, {"family": "Núñez", "given": "Ana", "suffix": SECRET * 2}),
    (PersonName, {"family": "Núñez", "given": [SECRET]}),
    (Address, {"line1": "1 A Street", "city": "Los Angeles", "state": SECRET, "postal_code": "90012"}),
    (Address, {"line1": "1 A Street", "city": "Los Angeles", "state": "CA", "postal_code": SECRET}),
    (Member, {"member_id": SECRET * 5, "name": REED, "birth_date": date(1961, 5, 4)}),
    (Member, {"member_id": "M-1", "name": REED, "birth_date": SECRET}),
    (Member, {"member_id": "M-1", "name": SECRET, "birth_date": date(1961, 5, 4)}),
    (
        Member,
        {"member_id": "M-1", "name": REED, "birth_date": "1961-05-04", "language": SECRET},
    ),
    (Member, {"member_id": "M-1", "name": REED, "birth_date": "1961-05-04", "email": SECRET}),
    (Member, {"member_id": "M-1", "name": REED, "birth_date": "1961-05-04", "letters_by": SECRET}),
    (Member, {"member_id": "M-1", "name": REED, "birth_date": "1961-05-04", "confidential": {"email": SECRET}}),
    (Professional, {"npi": SECRET, "name": "Dr. Reed", "specialty": "cardiology"}),
    (Actor, {"id": f"{SECRET} {SECRET}", "roles": ["cmo"]}),
    (Actor, {"id": "md.chen", "roles": ["cmo", SECRET]}),
    (Actor, {"id": "md.chen", "roles": ["cmo"], "npi": SECRET}),
]


@given(names, names)
def test_any_name_that_is_not_blank_is_kept_without_blanks_at_its_ends(family, given_name):
    name = PersonName(family=family, given=given_name)

    assert (name.family, name.given) == (family.strip(), given_name.strip())
    assert name.full == f"{given_name.strip()} {family.strip()}"


@given(blanks)
def test_a_blank_name_is_an_error(blank):
    for fields in ({"family": blank, "given": "Ana"}, {"family": "Núñez", "given": blank}):
        with pytest.raises(ValidationError):
            PersonName(**fields)


@given(names)
def test_a_name_survives_json(family):
    name = PersonName(family=family, given="Ana María", suffix="Jr.")

    assert PersonName.model_validate_json(name.model_dump_json()) == name


def test_the_given_name_comes_first_and_the_suffix_last():
    assert PersonName(family="Reed", given="Tom", suffix="Sr.").full == "Tom Reed Sr."


@pytest.mark.parametrize(("model", "fields"), WRONG, ids=[f"{m.__name__} {n}" for n, (m, _) in enumerate(WRONG)])
def test_an_error_names_the_field_and_never_shows_what_was_typed(model, fields):
    with pytest.raises(ValidationError) as caught:
        model(**fields)

    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value)
    assert caught.value.error_count() == 1
    assert caught.value.errors(include_input=False)[0]["loc"][0] in fields


@pytest.mark.parametrize("npi", ["199299987", "19929998740", "199299987A", "1992 999874", "-199299987", "١٩٩٢٩٩٩٨٧٤"])
def test_an_npi_is_ten_digits_and_nothing_else(npi):
    with pytest.raises(ValidationError):
        a_professional(npi)


@pytest.mark.parametrize("digits", ["١٩٩٢٩٩٩٨٧٤", "１９９２９９９８７４", "199299987४"])
def test_no_other_digits_than_those_of_ascii_make_an_npi_of_an_actor(digits):
    with pytest.raises(ValidationError, match="npi"):
        Actor(id="md.chen", roles=(Role.CMO,), npi=digits)


@pytest.mark.parametrize("code", ["٩٠٠١٢", "９００１２", "90012-٤٥٦٧", "9001", "900125", "90012-", "90012-45678"])
def test_a_postal_code_is_five_ascii_digits_or_nine(code):
    with pytest.raises(ValidationError, match="postal_code"):
        Address(line1="1 A Street", city="Los Angeles", state="CA", postal_code=code)


@given(blanks, blanks)
def test_blanks_around_an_entry_do_not_count(before, after):
    typed = Professional(npi=f"{before}1992999874{after}", name=f"{before}Dr. Reed{after}", specialty="cardiology")

    assert (typed.npi, typed.name) == ("1992999874", "Dr. Reed")


@pytest.mark.parametrize("field", ["middle_name", "Family"])
def test_an_unknown_field_is_an_error(field):
    with pytest.raises(ValidationError, match=field):
        PersonName(**{"family": "Núñez", "given": "Ana", field: "x"})


def test_a_value_cannot_be_changed():
    name = PersonName(family="Núñez", given="Ana")

    with pytest.raises(ValidationError):
        name.family = "Reed"


def test_an_address_stands_on_an_envelope_as_it_is_written():
    flat = ADDRESS.model_copy(update={"line2": "Flat 3"})

    assert ADDRESS.lines == ("12 Alder Street", "Los Angeles, CA 90012")
    assert flat.lines == ("12 Alder Street", "Flat 3", "Los Angeles, CA 90012")


@pytest.mark.parametrize(
    ("changes", "signature"),
    [
        ({"name": "Dr. Mei Chen", "licence": "A55501"}, "Dr. Mei Chen, licence A55501"),
        ({"name": "Rosa Alvarez"}, "Rosa Alvarez"),
        ({}, "md.chen"),
    ],
)
def test_an_actor_signs_with_name_and_licence_or_at_least_with_the_account(changes, signature):
    assert Actor(id="md.chen", roles=(Role.CMO,), **changes).signature == signature


def test_an_actor_has_a_role():
    with pytest.raises(ValidationError, match="roles"):
        Actor(id="md.chen", roles=())


@pytest.mark.parametrize(
    "reached",
    [{"email": "ana@example.org"}, {"confidential": Contact(email="ana@example.org")}],
    ids=["ordinary", "confidential"],
)
def test_letters_come_by_e_mail_to_a_member_who_has_an_address_for_it(reached):
    assert a_member(letters_by="email", **reached).letters_by is WrittenBy.EMAIL


@pytest.mark.parametrize("reached", [{}, {"confidential": Contact(address=ADDRESS)}], ids=["none", "no e-mail"])
def test_letters_by_e_mail_need_an_e_mail_address_and_the_error_names_the_field(reached):
    with pytest.raises(ValidationError) as caught:
        a_member(letters_by="email", **reached)

    (error,) = caught.value.errors()
    assert error["loc"] == ("letters_by",)
    assert "give 'email' or 'confidential.email', or choose post" in error["msg"]


def test_an_e_mail_address_that_cannot_be_used_is_one_error_and_not_two():
    with pytest.raises(ValidationError) as caught:
        a_member(letters_by="email", email="not an address")

    assert [error["loc"] for error in caught.value.errors()] == [("email",)]


@pytest.mark.parametrize("nothing", [{}, {"phone": "  "}, {"phone": "", "email": "", "address": None}])
def test_a_confidential_contact_that_leads_nowhere_is_an_error_that_says_so(nothing):
    with pytest.raises(ValidationError, match="is empty; give its 'address', 'phone' or 'email', or leave the whole"):
        Contact(**nothing)


@pytest.mark.parametrize("something", [{"address": ADDRESS}, {"phone": "213-555-0109"}, {"email": "ana@example.org"}])
def test_one_way_to_reach_the_member_is_enough_for_a_confidential_contact(something):
    assert a_member(confidential=something).confidential == Contact(**something)


def test_a_member_as_recorded_before_there_were_preferences_still_fits():
    recorded = {"member_id": "M-1", "name": REED, "birth_date": "1961-05-04", "language": "es"}

    member = Member.model_validate(recorded)

    assert (member.letters_by, member.large_print, member.email, member.confidential) == ("post", False, "", None)
