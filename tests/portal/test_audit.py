"""A case's file for an auditor: whole, in order, with what is late or refused marked, and who read it noted."""

import logging
import re
from datetime import UTC, datetime
from html import unescape

import pytest

from policy.people import Contact
from records import queries
from records.holds import LegalHolds
from tests.builders import a_member
from tests.portal.conftest import Portal
from tests.records.attacks import attack


def test_the_latest_closed_cases_are_shown(portal: Portal):
    page = portal.as_("au.silva").get("/audit").text

    assert f'<a href="/audit/{portal.numbers["closed"]}">' in page
    assert portal.numbers["new"] not in page


def test_a_case_is_opened_by_number_or_by_reference_without_either_in_an_address_of_ours(portal: Portal):
    browser = portal.as_("au.silva")

    found = [browser.post("/audit", data={"which": text}) for text in (portal.numbers["new"].lower(), " REF-new ")]

    assert [a.headers["location"] for a in found] == [f"/audit/{portal.numbers['new']}"] * 2


@pytest.mark.parametrize(("which", "sentence"), [("", "Give a case number"), ("SO-1-1", "There is no case with that")])
def test_what_is_not_found_is_told_beside_the_field(portal: Portal, which: str, sentence: str):
    answer = portal.as_("au.silva").post("/audit", data={"which": which})

    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_file_tells_the_whole_ledger_oldest_first(portal: Portal):
    number = portal.numbers["closed"]
    file = queries.case(portal.world.records, number)

    page = portal.as_("au.silva").get(f"/audit/{number}").text

    assert file
    told = [int(seq) for seq in re.findall(r'<tr><td class="tight">(\d+)</td>', page)]
    assert told[: len(file.ledger)] == [line.seq for line in file.ledger] == sorted(told[: len(file.ledger)])
    assert all(clock.citation in unescape(page) for clock in file.clocks)
    assert all(notice.sha256 in page for notice in file.notices if notice.sha256)
    assert file.case.filing_sha256 in page
    assert "Letters sent <strong" in page


def test_a_file_says_which_letters_were_wanted_and_that_a_contact_is_confidential(portal: Portal):
    only = Contact(phone="213-555-0109", email="reach.me@example.org")
    portal.begin("confidential", member=a_member(confidential=only, letters_by="email", large_print=True))
    portal.record("confidential")
    browser = portal.as_("au.silva")

    found, ordinary = (
        browser.get(f"/audit/{portal.numbers[name]}").text.partition("<dt>Letters to the member</dt>")[2]
        for name in ("confidential", "new")
    )

    wanted = "<dd>by e-mail, large print, English; <strong>Confidential contact: use only this</strong></dd>"
    assert found.startswith(wanted)
    assert ordinary.startswith("<dd>by post, English</dd>")


def test_what_was_late_and_refused_is_marked(portal: Portal):
    page = portal.as_("au.silva").get(f"/audit/{portal.numbers['overdue']}").text

    assert '<span class="tag bad">late</span>' in page
    assert "overdue by" in page
    assert 'Refused actions <strong class="calm">1' in page
    assert "none yet, after 40 days" in page


def test_reading_a_file_is_noted_in_the_log_and_changes_nothing(portal: Portal, caplog: pytest.LogCaptureFixture):
    number, browser = portal.numbers["closed"], portal.as_("au.silva")
    before = queries.case(portal.world.records, number)

    with caplog.at_level(logging.INFO, "portal.audit"):
        browser.get(f"/audit/{number}")

    (line,) = (record for record in caplog.records if record.name == "portal.audit")
    assert (line.message, vars(line)["staff"], vars(line)["case"]) == ("audit.read", "au.silva", number)
    assert queries.case(portal.world.records, number) == before


def test_legal_holds_stand_on_the_front_page_in_the_file_and_on_the_page_of_the_case(portal: Portal):
    number, holds = portal.numbers["closed"], LegalHolds(portal.world.records)
    at = datetime(2026, 11, 9, 18, 0, tzinfo=UTC)  # Monday 2026-11-09
    holds.place(number, at=at, by="ad.wong", reason="Matter 12 <counsel>")
    holds.place(number, at=at, by="ad.wong", reason="Matter 13")
    holds.lift(number, 2, at=at, by="ad.wong", because="Settled")
    auditor, manager = portal.as_("au.silva"), portal.as_("cm.alvarez")

    front, file, case = (
        unescape(auditor.get(page).text) for page in ("/audit", f"/audit/{number}", f"/cases/{number}")
    )

    assert "Matter 12 <counsel>" in front
    assert "Matter 13" not in front
    assert "Matter 12 <counsel> <span" in " ".join(file.split())
    assert re.search(r"Matter 13<br>Lifted .*by ad\.wong: Settled", file)
    assert re.search(r"Legal hold</span> since Mon 2026-11-09 10:00 PST by .*: Matter 12 <counsel>", case)
    assert "Matter 13" not in case
    assert "Legal hold" not in manager.get(f"/cases/{number}").text


def test_a_case_that_there_is_not_is_not_found(portal: Portal):
    assert portal.as_("au.silva").get("/audit/SO-1999-000001").status_code == 404


def test_nobody_else_reads_it(portal: Portal):
    assert portal.as_("cm.alvarez").get(f"/audit/{portal.numbers['closed']}").status_code == 404


def test_every_printed_page_has_the_cases_number_at_its_head(portal: Portal):
    number, browser = portal.numbers["closed"], portal.as_("au.silva")

    style = browser.get(f"/audit/{number}/print.css")

    assert f'href="/audit/{number}/print.css"' in browser.get(f"/audit/{number}").text
    assert f"case {number}" in style.text
    assert style.headers["content-type"].startswith("text/css")
    assert browser.get('/audit/SO-1"}/print.css').status_code == 404


def test_a_file_says_that_its_ledger_is_unbroken_and_how_far_it_is_anchored(portal: Portal):
    number = portal.numbers["closed"]
    file = queries.case(portal.world.records, number)
    portal.world.anchorage.flush()

    page = portal.as_("au.silva").get(f"/audit/{number}").text

    assert file
    told = " ".join(unescape(re.sub("<[^>]+>", "", page)).split())
    lines = len(file.ledger)
    assert f"Unbroken since its first line: {lines} links, anchored up to link {lines} (anchor of " in told


def test_a_file_says_which_line_is_not_as_it_was_recorded(portal: Portal, caplog: pytest.LogCaptureFixture):
    number = portal.numbers["closed"]
    attack(portal.world.records, f"UPDATE ledger SET text = 'x' WHERE case_number = '{number}' AND seq = 2")

    page = portal.as_("au.silva").get(f"/audit/{number}").text

    assert "This ledger is not what was recorded" in page
    assert f"Case {number}: line 2 has been changed." in page
    told = [(r.message, getattr(r, "case", ""), getattr(r, "count", 0)) for r in caplog.records]
    assert ("audit.broken", number, 1) in told


def test_a_file_is_shown_and_marked_when_the_anchor_cannot_be_read(portal: Portal):
    portal.world.anchorage.flush()
    (portal.settings.keys_folder / "anchor.key").chmod(0o644)

    answer = portal.as_("au.silva").get(f"/audit/{portal.numbers['closed']}")

    assert answer.status_code == 200
    assert "The anchor of the ledger cannot be read just now" in answer.text
