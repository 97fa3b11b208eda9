"""Delegated decisions in the portal while Temporal is away: listed, read, scored; taken in; what cannot be done."""

import json
import logging
import re
from datetime import date, timedelta
from typing import Any

import pytest

from cli.delegatedview import scored
from policy.calendar import end_of_day
from policy.delegateactions import SupplementCopy
from policy.delegatecase import DelegatedState
from policy.delegated import Delegate, DelegateOutcome
from policy.delegatefindings import Check
from policy.delegatelife import ring
from policy.delegatescore import Period, scores
from policy.people import Actor, PersonName, Role
from policy.request import LineOfBusiness, Priority
from portal.delegated import Due, ShownDecisions
from portal.delegateddoing import without_untouched
from portal.delegatedscores import told
from portal.pages import now
from records import delegated
from tests.adapters.samples import a_pdf
from tests.builders import MONDAY, a_member
from tests.portal.conftest import Portal
from tests.portal.decisions import begin, does, enter, fresh, rest
from tests.portal.filling import filled, forms_in

ALVAREZ, OKAFOR = "cm.alvarez", "sv.okafor"
SUPERVISOR = Actor(id=OKAFOR, roles=(Role.SUPERVISOR,))
BARE: dict[str, Any] = {"record_attachment": None, "letter_attachment": None}
BIRCH = Delegate(organization="Birch Medical Group")


def numbers(page: str) -> list[str]:
    """The decisions of a list, in its order."""
    return re.findall(r'<th scope="row" class="tight lean"><a href="/delegated/([\w-]+)"', page)


def as_json(*packets: Any) -> bytes:
    return json.dumps([p.model_dump(mode="json", exclude_defaults=True) for p in packets]).encode()


def test_an_empty_list_says_where_packets_come_from(portal: Portal):
    assert "No packet has come yet" in portal.as_("in.park").get("/delegated").text
    assert 'href="/delegated/new"' in portal.as_("in.park").get("/delegated").text
    assert 'href="/delegated/new"' not in portal.as_("au.silva").get("/delegated").text


def test_what_is_due_soonest_stands_first_and_what_is_closed_is_left_out(portal: Portal):
    later = begin(portal, external_reference="LATER")
    soon = begin(portal, external_reference="SOON")
    rest(portal, soon, ring(soon, now() + timedelta(days=15)))
    clear = begin(portal, external_reference="CLEAR", record_attachment=fresh().record_attachment)

    page = portal.as_(ALVAREZ).get("/delegated").text

    assert numbers(page)[-1] == clear.number  # nothing of it is due any more
    assert set(numbers(page)) == {soon.number, later.number, clear.number}
    assert "escalated" in page


def test_the_list_is_filtered_by_who_decided_by_state_and_by_what_is_due(portal: Portal):
    alder = begin(portal, external_reference="A")
    birch = begin(portal, external_reference="B", delegate=BIRCH)
    waived = does(portal, birch, SUPERVISOR, "waive_finding", check=Check.RECORD_COMPLETE, reason="Seen on paper.")
    browser = portal.as_(ALVAREZ)

    def found(query: str) -> list[str]:
        return numbers(browser.get(f"/delegated?{query}").text)

    assert waived.state is DelegatedState.COMPLETE
    assert found("delegate=Alder+IPA") == [alder.number]
    assert found("state=deficient") == [alder.number]
    assert found("compliance=settled") == [birch.number]
    assert found("findings=yes") == [alder.number]
    assert found("text=B") == [birch.number]
    assert found("due=overdue") == []
    assert "No delegated decision fits these filters" in browser.get("/delegated?due=overdue").text


@pytest.mark.parametrize(
    ("due", "until"),
    [(Due.OVERDUE, MONDAY), (Due.TODAY, end_of_day(date(2026, 11, 2))), (Due.WEEK, end_of_day(date(2026, 11, 9)))],
)
def test_what_is_due_counts_in_days_of_los_angeles(due, until):
    assert ShownDecisions(due=due).chosen(MONDAY).due_before == until  # Monday 2026-11-02


def test_a_query_comes_back_as_it_was():
    shown = ShownDecisions(delegate="Alder IPA", due=Due.WEEK, findings=True, page=2)

    assert shown.query() == "delegate=Alder+IPA&findings=yes&due=week&page=2"
    assert ShownDecisions.read({"delegate": "Alder IPA", "due": "week", "findings": "yes", "page": "2"}) == shown
    assert ShownDecisions.read({"open": "x", "due": "x", "page": "x"}) == ShownDecisions()


def test_a_list_has_pages(portal: Portal):
    for number in range(51):
        begin(portal, external_reference=f"R-{number}")
    browser = portal.as_(ALVAREZ)

    first, second = (numbers(browser.get(f"/delegated?page={page}").text) for page in (1, 2))

    assert (len(first), len(second)) == (50, 1)
    assert not set(first) & set(second)


def test_one_decision_shows_what_was_found_what_it_rests_on_and_how_to_mend_it(portal: Portal):
    case = begin(portal)

    page = portal.as_(ALVAREZ).get(f"/delegated/{case.number}").text

    (finding,) = case.failed
    assert finding.sentence.replace("'", "&#39;") in page
    assert "Take in the medical record and the items that are missing." in page
    assert "It does not answer now" in page
    assert "Denied by Alder IPA" in page


def test_a_case_is_found_by_the_delegates_reference(portal: Portal):
    case = begin(portal, external_reference="ALDER-77")

    answer = portal.as_(ALVAREZ).get("/delegated/ALDER-77")

    assert answer.headers["location"] == f"/delegated/{case.number}"
    assert portal.as_(ALVAREZ).get("/delegated/NONE-1").status_code == 404


def test_intake_reads_the_request_but_neither_reasons_nor_documents(portal: Portal):
    case = begin(portal)
    letter = case.packet.letter_attachment
    assert letter is not None

    page = portal.as_("in.park").get(f"/delegated/{case.number}").text

    assert case.packet.rationale not in page
    assert f"/documents/{letter.sha256}" not in page
    assert portal.as_("in.park").get(f"/delegated/{case.number}/documents/{letter.sha256}").status_code == 404


def test_a_document_is_given_out_as_it_was_stored_and_one_that_is_lost_is_said_to_be(portal: Portal):
    stored = portal.world.documents.put("letter.pdf", a_pdf())
    case = begin(portal, letter_attachment=stored, record_attachment=fresh().record_attachment)
    lost = case.packet.record_attachment
    assert lost is not None
    browser = portal.as_("au.silva")

    given = browser.get(f"/delegated/{case.number}/documents/{stored.sha256}")
    gone = browser.get(f"/delegated/{case.number}/documents/{lost.sha256}")

    assert given.headers["content-type"] == "application/pdf"
    assert given.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert (gone.status_code, "does not lie where it should" in gone.text) == (500, True)
    assert f'href="/delegated/{case.number}"' in gone.text
    assert browser.get(f"/delegated/{case.number}/documents/{'a' * 64}").status_code == 404
    assert browser.get(f"/delegated/{case.number}/packet").status_code == 404
    assert browser.get(f"/delegated/{case.number}/letters/x").status_code == 404


def test_that_somebody_read_it_is_noted_by_number_and_without_a_name(portal: Portal, caplog: pytest.LogCaptureFixture):
    case = begin(portal, member=a_member(name=PersonName(family="Okonkwo", given="Ada")))
    caplog.set_level(logging.INFO)

    portal.as_("au.silva").get(f"/delegated/{case.number}")

    read = [(r.message, r.staff, r.case) for r in caplog.records if hasattr(r, "case") and hasattr(r, "staff")]
    assert ("delegated.read", "au.silva", case.number) in read
    assert "Okonkwo" not in caplog.text


def test_when_nobody_answers_nothing_is_done_and_what_was_typed_stays_under_the_same_id(portal: Portal):
    case = begin(portal)
    browser, action = portal.as_(ALVAREZ), f"/delegated/{case.number}/do/note_corrective_action"
    page = browser.get(action, params={"check": "record_complete"}).text

    answer = browser.post(
        action, data=filled(page, action, text="Records go out by courier.", checks="record_complete")
    )

    assert answer.status_code == 503
    assert "Nothing was done" in answer.text
    again = forms_in(answer.text)[action]
    assert again["text"] == ["Records go out by courier."]
    assert again["checks"] == ["record_complete"]
    assert again["action_id"] == forms_in(page)[action]["action_id"]


def test_what_is_missing_is_said_beside_its_field(portal: Portal):
    case = begin(portal)
    browser, action = portal.as_(OKAFOR), f"/delegated/{case.number}/do/waive_finding"
    page = browser.get(action, params={"check": "record_complete"}).text

    answer = browser.post(action, data=filled(page, action))

    assert answer.status_code == 422
    assert 'id="f-reason-error"' in answer.text
    assert forms_in(page)[action]["check"] == ["record_complete"]
    assert "Copy in time" not in page  # only what is open can be chosen


@pytest.mark.parametrize(("signal", "typed"), [("waive_finding", {"check": "record_complete"}), ("pull_up_case", {})])
def test_what_cannot_be_undone_is_asked_about_first_and_leads_back(portal: Portal, signal, typed):
    case = begin(portal)
    browser, action = portal.as_(OKAFOR), f"/delegated/{case.number}/do/{signal}"
    page = browser.get(action).text

    asked = browser.post(action, data=filled(page, action, reason="A sample.", **typed))
    back = browser.post(action, data={**forms_in(asked.text)[action], "back": "yes"})

    assert "This cannot be undone." in asked.text
    assert "A sample." in asked.text
    assert forms_in(back.text)[action]["reason"] == ["A sample."]


def test_a_forged_confirmation_is_checked_as_the_form_is(portal: Portal):
    case = begin(portal)
    browser, action = portal.as_(OKAFOR), f"/delegated/{case.number}/do/waive_finding"

    for body in ("no JSON", "[1]", json.dumps({"check": "nothing"}), json.dumps({"reason": ""})):
        assert browser.post(action, data={"body": body, "confirmed": "yes"}).status_code == 422, body


def test_what_is_not_a_persons_to_do_is_not_found(portal: Portal):
    case = begin(portal)

    for who, signal in ((ALVAREZ, "waive_finding"), ("au.silva", "supplement_copy"), (OKAFOR, "determine")):
        assert portal.as_(who).get(f"/delegated/{case.number}/do/{signal}").status_code == 404
        assert portal.as_(who).post(f"/delegated/{case.number}/do/{signal}").status_code == 404


def test_what_fits_no_more_leads_back_with_the_reason(portal: Portal):
    case = begin(portal, record_attachment=fresh().record_attachment)
    browser = portal.as_(OKAFOR)

    for signal in ("waive_finding", "supplement_copy"):
        answer = browser.get(f"/delegated/{case.number}/do/{signal}")
        assert answer.headers["location"] == f"/delegated/{case.number}"
        assert "open" in browser.get(answer.headers["location"]).text


def test_a_group_in_which_nothing_was_typed_is_none():
    untouched = {"member_notice": {"channel": "print"}, "criteria": "MCG 4.2"}

    assert without_untouched(SupplementCopy, untouched) == {"criteria": "MCG 4.2"}
    assert without_untouched(SupplementCopy, {"member_notice": {"channel": "fax"}}) == {
        "member_notice": {"channel": "fax"}
    }


# -- taken in


def send(portal: Portal, name: str, data: bytes, *documents: tuple[str, bytes], who: str = "in.park"):
    files = [("file", (name, data)), *(("documents", document) for document in documents)]
    return portal.as_(who).post("/delegated/new", files=files)


def test_many_packets_with_their_documents_are_taken_in_and_the_same_file_twice_is_one(portal: Portal):
    rows = json.loads(as_json(fresh(external_reference="A"), fresh(external_reference="B")))
    for row in rows:
        row |= {"record_attachment": {"path": "record.pdf"}, "letter_attachment": {"path": "letter.pdf"}}
    documents = (("record.pdf", a_pdf(title="record")), ("letter.pdf", a_pdf(title="letter")))

    first, second = (send(portal, "packets.json", json.dumps(rows).encode(), *documents) for _ in range(2))

    assert "2 packets taken in" in first.text
    assert "they are registered" in first.text  # Temporal is away
    assert "2 were here before" in second.text
    assert [w.packet.external_reference for w in portal.world.packets.unstarted()] == ["A", "B"]
    assert all(w.packet.record_attachment for w in portal.world.packets.unstarted())


def test_one_bad_row_keeps_the_whole_file_out_and_is_named_by_row_and_field(portal: Portal):
    rows = json.loads(as_json(fresh(external_reference="A", **BARE), fresh(external_reference="B")))
    rows[1] |= {"outcome": "maybe", "decided_at": "soon"}

    answer = send(portal, "packets.json", json.dumps(rows).encode())

    assert answer.status_code == 422
    assert "Nothing was taken in" in answer.text
    assert "1 row has an error" in answer.text
    assert re.findall(r'<td class="tight">(\d+)</td><td>([\w.]+)</td>', answer.text) == [
        ("2", "decided_at"),
        ("2", "outcome"),
    ]
    assert "maybe" not in answer.text
    assert portal.world.packets.unstarted() == []


@pytest.mark.parametrize(
    ("path", "said"), [("/etc/passwd", "leads out of"), ("../x.pdf", "leads out of"), ("no.pdf", "names no readable")]
)
def test_a_document_is_taken_only_from_what_was_sent(portal: Portal, path, said):
    (row,) = json.loads(as_json(fresh()))
    row |= {"record_attachment": {"path": path}, "letter_attachment": {"path": "letter.pdf"}}

    answer = send(portal, "packets.json", json.dumps([row]).encode(), ("letter.pdf", a_pdf()))

    assert answer.status_code == 422
    assert said in answer.text
    assert portal.world.packets.unstarted() == []


def test_a_digest_under_which_nothing_lies_is_an_error_of_its_row(portal: Portal):
    answer = send(portal, "packets.json", as_json(fresh()))

    assert answer.status_code == 422
    assert "names a document that is not here" in answer.text


def test_another_content_under_the_same_reference_names_the_row_and_what_it_was(portal: Portal):
    (number,) = enter(portal, fresh(**BARE))

    answer = send(portal, "packets.json", as_json(fresh(**BARE, rationale="Another.")))

    assert answer.status_code == 422
    assert f"as {number}" in answer.text


@pytest.mark.parametrize(("name", "data"), [("a.csv", b"x,y\n1,2\n"), ("a.json", b"{"), ("a.json", b""), ("", b"")])
def test_what_is_no_file_of_packets_is_said_to_be_none(portal: Portal, name, data):
    answer = send(portal, name, data)

    assert answer.status_code == 422
    assert "Nothing was taken in" in answer.text


# -- the score


def test_the_scores_are_those_of_the_terminal(portal: Portal):
    begin(portal, external_reference="A")
    begin(portal, external_reference="B", record_attachment=fresh().record_attachment)
    begin(portal, external_reference="C", delegate=BIRCH, outcome=DelegateOutcome.APPROVED)
    records = portal.world.records

    page = re.sub("</?(small|strong)>", "", portal.as_("au.silva").get("/delegated/scores").text)

    for score in scores(delegated.counted(records)):
        assert told(score.packets) in page
        assert scored(score)["standing"] in page
        assert all(told(rate) in page for rate in score.parts.values())
    assert "50.0% (1/2)" in page


def test_the_scores_over_time_have_a_line_and_the_same_figures(portal: Portal):
    for months, reference in enumerate("ABC"):
        decided = now() - timedelta(days=31 * months + 1)
        begin(portal, external_reference=reference, decided_at=decided, provider_notice=None, member_notice=None,
              received_by_delegate_at=decided - timedelta(hours=9))  # fmt: skip
    browser = portal.as_("md.chen")

    page = browser.get("/delegated/scores?by=month&delegate=Alder+IPA").text

    found = scores(delegated.counted(portal.world.records), Period.MONTH)
    assert len(found) == 3
    assert all(f'<td class="tight">{score.period}</td>' in page for score in found)
    assert page.count("<circle") == 3
    assert "style=" not in page
    assert "Nothing has been decided" in browser.get("/delegated/scores?delegate=Nobody").text


def test_a_case_that_was_pulled_up_leads_to_its_decision(portal: Portal):
    case = begin(portal, line=LineOfBusiness.COMMERCIAL, priority=Priority.STANDARD)
    life = portal.begin("pulled", external_reference=f"pulled-up:{case.number}")
    portal.record("pulled")

    page = portal.as_(ALVAREZ).get(f"/cases/{life.case.number}").text

    assert f'href="/delegated/{case.number}"' in page


def test_the_supervisor_sees_how_many_there_are(portal: Portal):
    begin(portal)

    page = portal.as_(OKAFOR).get("/supervisor").text

    assert 'href="/delegated?findings=yes"' in page
