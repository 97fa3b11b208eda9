"""Hints: what somebody should look at in a request that is opened all the same."""

import json

import pytest

from policy.people import Contact
from tests.builders import ADDRESS, a_first_opinion, a_member, a_professional, a_request
from tests.wiring.intakes import raw, read
from wiring.intakehints import hints


@pytest.mark.parametrize(
    "fax",
    ["", "213-555-0102", "(213) 555-0102", "213.555.0102", "2135550102", "+1 213 555 0102", "1-213-555-0102"],
)
def test_a_fax_number_as_people_write_it_needs_no_hint(fax):
    assert hints(a_request(pcp=a_professional(fax=fax))) == ()


@pytest.mark.parametrize("fax", ["555-0199", "213-555-01022", "ask at the desk", "213-555-0102 ext. 4", "٢١٣٥٥٥٠١٠٢"])
def test_a_fax_number_that_cannot_be_dialled_is_a_hint_that_says_what_follows(fax):
    (hint,) = hints(a_request(pcp=a_professional(fax=fax)))

    assert hint.field == "pcp.fax"
    assert "ten digits, such as 213-555-0102" in hint.problem
    assert "goes by post" in hint.problem
    assert fax not in hint.problem


def test_the_hint_finds_every_professional():
    odd = a_professional(fax="12")
    first = a_first_opinion().model_copy(update={"professional": odd})

    found = hints(
        a_request(
            pcp=odd,
            treating_provider=odd,
            first_opinion=first,
            also_involved=(a_professional(), odd),
            designated_professional=odd,
        )
    )

    assert [hint.field for hint in found] == [
        "pcp.fax",
        "treating_provider.fax",
        "first_opinion.professional.fax",
        "also_involved.1.fax",
        "designated_professional.fax",
    ]


@pytest.mark.parametrize(
    ("wanted", "field", "what"),
    [
        ({"confidential": Contact(phone="213-555-0109")}, "member.confidential", "no letter reaches the member"),
        (
            {"confidential": Contact(address=ADDRESS), "letters_by": "email", "email": "ana@example.org"},
            "member.letters_by",
            "the confidential contact has no e-mail address",
        ),
        ({"confidential": Contact(email="ana@example.org")}, "member.letters_by", "whether e-mail will do"),
    ],
    ids=["telephone only", "e-mail wanted", "post wanted"],
)
def test_a_confidential_contact_without_the_way_that_is_wanted_is_a_hint(wanted, field, what):
    (hint,) = hints(a_request(member=a_member(**wanted)))

    assert hint.field == field
    assert what in hint.problem


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"address": None},
        {"confidential": Contact(address=ADDRESS)},
        {"confidential": Contact(email="ana@example.org"), "letters_by": "email"},
    ],
)
def test_wishes_that_can_be_kept_need_no_hint(wanted):
    assert hints(a_request(member=a_member(**wanted))) == ()


def test_a_reading_tells_the_hints_of_the_rows_that_can_be_opened_and_of_no_other():
    pcp = raw()["pcp"] | {"fax": "12"}
    rows = [raw(), raw(external_reference="REF-2", pcp=pcp), raw(external_reference="REF-3", pcp=pcp, line="x")]

    reading = read(json.dumps(rows))

    assert [(hint.row, hint.field) for hint in reading.hints] == [(2, "pcp.fax")]
    assert [s.row for s in reading.submissions] == [1, 2]
