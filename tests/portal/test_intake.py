"""Intake in the browser: a request is entered once, judged as at every door, and nothing that was typed is lost."""

import asyncio
import re

import pytest

from portal import intake
from tests.adapters.samples import a_pdf
from tests.builders import a_member, a_request


def typed(value, path=""):
    """A request as a browser sends its form."""
    if isinstance(value, dict):
        return {k: v for name, part in value.items() for k, v in typed(part, f"{path}.{name}".lstrip(".")).items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {k: v for place, part in enumerate(value) for k, v in typed(part, f"{path}.{place}").items()}
    if isinstance(value, bool):
        return {path: "yes" if value else "no"}
    return {path: value}


def filled_in(**changes):
    given = a_request(external_reference="PORTAL-1").model_dump(mode="json", exclude_defaults=True)
    return {**typed(given), "proposed": "PORTAL-1", **changes}


@pytest.fixture
def clerk(portal):
    return portal.as_("in.park")


def number_of(answer):
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removeprefix("/intake/")


def error_at(answer, path):
    """What stands beside an input."""
    found = re.search(rf'id="f-{re.escape(path.replace(".", "-"))}-error">([^<]*)<', answer.text)
    return found[1] if found else None


def test_the_empty_form_asks_for_everything_and_proposes_a_reference(clerk):
    page = clerk.get("/intake")

    references = set(re.findall(r"PORTAL-\d{8}-[0-9A-F]{6}", page.text))
    names = set(re.findall(r'name="([a-z_.0-9]+)"', page.text))
    assert page.status_code == 200
    assert len(references) == 1
    assert references != set(re.findall(r"PORTAL-\d{8}-[0-9A-F]{6}", clerk.get("/intake").text))
    assert {
        "line",
        "requester.name.family",
        "member.birth_date",
        "pcp.npi",
        "treating_provider.npi",
        "first_opinion.recommendation.procedure",
        "information.0.text",
        "information.0.attachment",
        "received_by_delegate_at",
    } <= names


def test_a_request_is_opened_and_its_case_is_shown(clerk, portal):
    answer = clerk.post("/intake", data=filled_in())

    number = number_of(answer)
    shown = clerk.get(answer.headers["location"])
    assert portal.world.register.request_of(number) == a_request(external_reference="PORTAL-1")
    assert f'href="/cases/{number}"' in shown.text
    assert "PORTAL-1" in shown.text


def test_while_temporal_is_away_it_is_registered_with_its_time(clerk):
    answer = clerk.post("/intake", data=filled_in())

    shown = clerk.get(answer.headers["location"]).text
    assert f"{number_of(answer)} is registered, received" in shown
    assert "starts as soon as it is back" in shown


def test_when_temporal_answers_the_case_is_open(clerk, monkeypatch, portal):
    started = []

    class Desk:
        async def open_unstarted(self):
            started.append(True)

    async def desk():
        return Desk()

    monkeypatch.setattr(portal.house, "desk", desk)

    answer = clerk.post("/intake", data=filled_in())

    assert started == [True]
    assert f"Case {number_of(answer)} is open, received" in clerk.get(answer.headers["location"]).text


def test_a_server_that_hangs_keeps_nobody_waiting(clerk, monkeypatch, portal):
    async def desk():
        await asyncio.sleep(30)

    monkeypatch.setattr(portal.house, "desk", desk)
    monkeypatch.setattr(intake, "START_WITHIN", 0.05)

    answer = clerk.post("/intake", data=filled_in())

    assert "is registered" in clerk.get(answer.headers["location"]).text


def test_sent_twice_it_is_one_case(clerk, portal):
    before = len(portal.world.register.unstarted())

    first, second = (clerk.post("/intake", data=filled_in()) for _ in range(2))

    assert number_of(first) == number_of(second)
    assert f"already case {number_of(first)}, with the same content" in clerk.get(second.headers["location"]).text
    assert len(portal.world.register.unstarted()) == before + 1


def test_how_a_member_wants_to_be_reached_is_entered_and_kept(clerk, portal):
    wanted = {
        "member.language": "es",
        "member.email": "ana@example.org",
        "member.letters_by": "email",
        "member.large_print": "yes",
        "member.confidential.phone": "213-555-0109",
        "member.confidential.email": "reach.me@example.org",
        "treating_provider.fax": "(626) 555-0113",
    }
    only = {"phone": "213-555-0109", "email": "reach.me@example.org"}

    answer = clerk.post("/intake", data=filled_in(**wanted))

    kept = portal.world.register.request_of(number_of(answer))
    assert kept.member == a_member(
        language="es", email="ana@example.org", letters_by="email", large_print=True, confidential=only
    )
    assert kept.treating_provider.fax == "(626) 555-0113"
    assert "To look at" not in clerk.get(answer.headers["location"]).text


def test_letters_by_e_mail_without_an_address_are_told_beside_the_field(clerk):
    answer = clerk.post("/intake", data=filled_in(**{"member.letters_by": "email"}))

    assert answer.status_code == 422
    assert "there is no e-mail address" in error_at(answer, "member.letters_by")
    assert re.search(r'value="email" selected', answer.text)


def test_part_of_a_confidential_address_is_told_beside_the_fields_that_it_lacks(clerk):
    answer = clerk.post("/intake", data=filled_in(**{"member.confidential.address.line1": "900 Fern Court"}))

    assert answer.status_code == 422
    assert "such as Los Angeles" in error_at(answer, "member.confidential.address.city")
    assert error_at(answer, "member.address.city") is None
    assert 'value="900 Fern Court"' in answer.text


def test_a_fax_number_that_cannot_be_one_is_a_hint_on_the_page_of_the_open_request(clerk):
    answer = clerk.post("/intake", data=filled_in(**{"pcp.fax": "at the desk"}))

    page = " ".join(clerk.get(f"/intake/{number_of(answer)}").text.split())
    assert "<dt>PCP, fax</dt><dd>Does not read as ten digits" in page


def test_the_same_reference_with_other_content_shows_the_case_and_keeps_what_was_typed(clerk, portal):
    number = number_of(clerk.post("/intake", data=filled_in()))

    answer = clerk.post("/intake", data=filled_in(specialty="cardiology"))

    assert answer.status_code == 409
    assert f"already case {number}, with other content" in error_at(answer, "external_reference")
    assert f'href="/cases/{number}"' in answer.text
    assert 'value="cardiology"' in answer.text
    assert portal.world.register.request_of(number).specialty == "orthopedic surgery"


def test_without_a_reference_the_proposed_one_is_taken(clerk, portal):
    number = number_of(clerk.post("/intake", data=filled_in(external_reference="")))

    assert portal.world.register.request_of(number).external_reference == "PORTAL-1"


def test_an_empty_form_names_each_field_that_is_needed(clerk):
    answer = clerk.post("/intake", data={"proposed": "PORTAL-1"})

    assert answer.status_code == 422
    for path in ("line", "member.name.family", "pcp.npi", "requester.kind", "reasons", "treating_provider.name"):
        assert error_at(answer, path), path
    assert error_at(answer, "line") == "This is needed."
    assert error_at(answer, "first_opinion.professional.npi") is None


def test_errors_stand_beside_their_fields_and_all_that_was_typed_stays(clerk):
    wrong = {"member.birth_date": "19610504", "pcp.npi": "12", "member.phone": "213-555-0101", "reasons": ["RX"]}
    information = {"information.0.item": "diagnosis", "information.0.text": "<b>lumbar</b>"}

    answer = clerk.post("/intake", data=filled_in(**wrong, **information))

    assert answer.status_code == 422
    assert "YYYY-MM-DD" in error_at(answer, "member.birth_date")
    assert error_at(answer, "pcp.npi")
    assert all(f'value="{value}"' in answer.text for value in ("19610504", "12", "213-555-0101"))
    assert "&lt;b&gt;lumbar&lt;/b&gt;" in answer.text
    assert re.search(r'value="RX" checked', answer.text)


def test_what_lies_across_fields_stands_at_the_one_to_mend(clerk):
    other_reason = clerk.post("/intake", data=filled_in(reasons=["RX"]))
    not_born = clerk.post("/intake", data=filled_in(**{"member.birth_date": "2999-01-01"}))
    silent = clerk.post(
        "/intake", data=filled_in(**{"information.0.item": "member_address", "information.0.text": "x"})
    )

    assert "needs a" in error_at(other_reason, "reason_text")
    assert "Lies in the future" in error_at(not_born, "member.birth_date")
    assert "Give a text" in error_at(silent, "information.0.text")
    assert {answer.status_code for answer in (other_reason, not_born, silent)} == {422}


def test_a_delegate_s_time_that_cannot_be_read_stays_as_it_was_typed(clerk):
    answer = clerk.post("/intake", data=filled_in(received_by_delegate_at="last Tuesday"))

    assert answer.status_code == 422
    assert "Give a day and a time" in error_at(answer, "received_by_delegate_at")
    assert 'value="last Tuesday"' in answer.text


def test_one_more_keeps_what_was_typed_and_opens_nothing(clerk, portal):
    before = portal.world.register.unstarted()

    answer = clerk.post("/intake", data=filled_in(more="also_involved", **{"also_involved.0.name": "Dr. Ana Ruiz"}))

    assert answer.status_code == 200
    assert 'value="Dr. Ana Ruiz"' in answer.text
    assert 'name="also_involved.1.name"' in answer.text
    assert portal.world.register.unstarted() == before


def test_a_document_comes_with_the_form_and_is_stored(clerk, portal):
    files = {"information.3.attachment": ("mri.pdf", a_pdf(), "application/pdf")}
    items = {f"information.{place}.item": item for place, item in enumerate(intake.INFORMATION)}
    data = {name: value for name, value in filled_in().items() if not name.startswith("information")}

    number = number_of(clerk.post("/intake", data={**data, **items}, files=files))

    information = portal.world.register.request_of(number).information
    assert [item.item for item in information] == ["test_results"]
    assert information[0].attachment.name == "mri.pdf"
    assert portal.world.documents.get(information[0].attachment.sha256) == a_pdf()


def test_a_document_that_is_none_is_refused_beside_its_field_and_a_good_one_is_not_sent_twice(clerk, portal):
    files = {
        "information.0.attachment": ("note.exe", b"MZ", "application/octet-stream"),
        "information.1.attachment": ("mri.pdf", a_pdf(), "application/pdf"),
    }
    items = {"information.0.item": "diagnosis", "information.0.text": "x", "information.1.item": "test_results"}
    data = {name: value for name, value in filled_in().items() if not name.startswith("information")}

    answer = clerk.post("/intake", data={**data, **items}, files=files)

    assert answer.status_code == 422
    assert error_at(answer, "information.0.attachment")
    kept = re.search(r'name="(information\.1\.attachment\.kept)" value="([^"]+)"', answer.text)
    assert kept
    again = {**items, kept[1]: kept[2]}
    number = number_of(clerk.post("/intake", data={**data, **again}))
    assert portal.world.register.request_of(number).information[1].attachment.name == "mri.pdf"


def test_only_intake_and_those_who_may_enter_requests_see_it(portal):
    allowed = {who: portal.as_(who).get("/intake").status_code for who in ("in.park", "cm.alvarez", "sv.okafor")}
    others = {who: portal.as_(who).get("/intake").status_code for who in ("md.chen", "md.osei", "au.silva")}

    assert set(allowed.values()) == {200}
    assert set(others.values()) == {404}
    assert portal.as_("md.chen").post("/intake", data=filled_in()).status_code == 404
    assert portal.anybody().get("/intake").status_code == 303


def test_a_number_that_was_never_given_has_no_page(clerk):
    assert [clerk.get(f"/intake/{number}").status_code for number in ("SO-2026-999999", "x", "%00")] == [404] * 3
