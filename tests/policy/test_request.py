"""A request as intake receives it: who asks, for what, why, and since when."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from policy.request import EARLIEST, Attachment, Information, Item, Purpose, Reason, Request, Requester, RequesterKind
from tests.builders import ADDRESS, MONDAY, a_first_opinion, a_professional, a_request
from tests.policy.steps import DAY, HOUR

ATTACHMENT = {"name": "mri.pdf", "sha256": "12" * 32, "size": 90_000}
SECRET = "Zzyzx-Qvortrup"


def test_member_representative_pcp_and_treating_specialist_may_ask():
    asked_by = {
        Requester.model_validate({"kind": k, "name": {"family": "N", "given": "A"}}).kind for k in RequesterKind
    }

    assert asked_by == {"member", "authorized_representative", "pcp", "treating_specialist"}


@pytest.mark.parametrize("purpose", Purpose)
def test_every_purpose_of_the_policy_is_accepted(purpose):
    assert a_request(purpose=purpose).purpose is purpose


@pytest.mark.parametrize("reason", [r for r in Reason if r is not Reason.RX])
def test_a_listed_reason_needs_no_words(reason):
    assert a_request(reasons=(reason,)).reasons == (reason,)


@pytest.mark.parametrize("text", ["", "   "])
def test_any_other_reason_needs_words(text):
    with pytest.raises(ValidationError, match="reason RX \\(other\\) needs a 'reason_text'"):
        a_request(reasons=(Reason.RX,), reason_text=text)

    assert a_request(reasons=(Reason.R1, Reason.RX), reason_text="The surgeon has retired.")


def test_at_least_one_reason_is_given_and_none_twice():
    with pytest.raises(ValidationError, match="reasons"):
        a_request(reasons=())
    with pytest.raises(ValidationError, match="'reasons' names the same reason twice"):
        a_request(reasons=(Reason.R1, Reason.R1))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("line", "medicaid"),
        ("priority", "asap"),
        ("purpose", "curiosity"),
        ("care", "dental"),
        ("reasons", ("R1", "R9")),
        ("specialty", ""),
        ("external_reference", ""),
        ("received_by_delegate_at", "2026-11-02T10:00:00"),
        ("received_at", MONDAY),
    ],
)
def test_a_field_that_is_wrong_is_named(field, value):
    with pytest.raises(ValidationError) as caught:
        a_request(**{field: value})

    assert [e["loc"][0] for e in caught.value.errors()] == [field]


def test_an_error_never_shows_what_was_typed():
    typed = a_request().model_dump(mode="json")
    typed["member"]["birth_date"] = typed["line"] = typed["pcp"]["npi"] = SECRET
    typed["information"] = [{"item": SECRET}]

    with pytest.raises(ValidationError) as caught:
        Request.model_validate(typed)

    assert caught.value.error_count() == 4
    assert SECRET not in str(caught.value)


@given(st.dictionaries(st.sampled_from(sorted(Request.model_fields)), st.just(SECRET) | st.just([SECRET]), min_size=1))
def test_whatever_is_wrong_no_error_shows_it(wrong):
    shown = ""
    try:
        Request.model_validate({**a_request().model_dump(mode="json"), **wrong})
    except ValidationError as error:
        shown = str(error)

    assert SECRET not in shown


def test_a_request_survives_json():
    request = a_request(first_opinion=a_first_opinion(), received_by_delegate_at=MONDAY)

    assert Request.model_validate_json(request.model_dump_json()) == request


# -- information and attachments


@pytest.mark.parametrize(
    "fields",
    [
        {"item": "test_results", "text": "MRI of October."},
        {"item": "test_results", "attachment": ATTACHMENT},
        {"item": "member_address", "address": ADDRESS.model_dump()},
    ],
)
def test_information_comes_in_words_as_a_document_or_as_an_address(fields):
    assert Information.model_validate(fields).item == fields["item"]


@pytest.mark.parametrize("fields", [{"item": "test_results"}, {"item": "diagnosis", "text": "  "}])
def test_information_that_says_nothing_is_an_error(fields):
    with pytest.raises(ValidationError, match="needs a 'text', an 'attachment' or an 'address'"):
        Information.model_validate(fields)


def test_a_members_address_in_words_is_no_address():
    with pytest.raises(ValidationError, match="member_address needs an 'address'"):
        Information(item=Item.MEMBER_ADDRESS, text="12 Alder Street, Los Angeles")


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "12" * 31},
        {"sha256": "ZZ" * 32},
        {"size": 0},
        {"size": 1_000_000_001},
        {"media_type": "text/html"},
        {"name": ""},
    ],
)
def test_an_attachment_is_a_pdf_with_a_digest_and_a_sensible_size(changes):
    with pytest.raises(ValidationError):
        Attachment.model_validate({**ATTACHMENT, **changes})


# -- who was involved, and since when it counts


def test_the_treating_provider_the_first_opinion_and_the_others_named_were_involved():
    first = a_first_opinion().model_copy(update={"professional": a_professional("1992999890")})

    request = a_request(first_opinion=first, also_involved=(a_professional("1992999908"),))

    assert request.involved == {"1992999874", "1992999890", "1992999908"}
    assert a_request().involved == {"1992999874"}


@pytest.mark.parametrize(
    ("delegate", "anchor"),
    [
        pytest.param(None, MONDAY, id="received by us"),
        pytest.param(MONDAY - 2 * DAY, MONDAY - 2 * DAY, id="by a delegate on Saturday 2026-10-31"),
        pytest.param(MONDAY + HOUR, MONDAY, id="a sender's later time never counts"),
    ],
)
def test_receipt_by_a_delegate_is_receipt(delegate, anchor):
    assert a_request(received_by_delegate_at=delegate).anchor(MONDAY) == anchor


def test_a_year_in_two_digits_is_an_error():
    with pytest.raises(ValidationError, match="lies before 2019; give the year in four digits"):
        a_request(received_by_delegate_at=EARLIEST - timedelta(seconds=1))
