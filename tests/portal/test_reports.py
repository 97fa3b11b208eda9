"""The committees' reports in the portal: read, taken away, and the cases behind a number. Policy 90.2.17, P12."""

import logging
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from adapters.committee import reading
from adapters.committee.rendering import files_of
from policy.calendar import local_day
from policy.committee.file import CommitteeFile, begin
from policy.committee.transition import between
from policy.report.drill import stands_behind
from policy.report.period import parsed
from policy.report.shape import Basis, Cell, CommitteeReport, Drill
from portal.drafts import AT_HAND, Drafts
from portal.ondemand import TAKEN_AWAY
from portal.pages import now
from portal.reportlist import next_report
from records.casefacts import snapshot
from records.committees import CommitteeReports
from reporting.synthetic import Made
from tests.committeefiles import disagreements
from tests.committees import CHAIR, READY, UM, an_order, does, presented, ready
from tests.portal.conftest import Portal
from tests.reports import a_report, by_specialty
from wiring.reports import compiled
from wiring.synthetic import put_synthetic

TODAY = f"{local_day(now()):%Y-%m}"
DRILLED = "table=requests-by-specialty&row=cardiology&column=received"


def links_in(page: str) -> dict[str, str]:
    """The addresses of a page's files, by name."""
    found = re.findall(r'href="(/reports/[^"]+/files/([^"?]+)[^"]*)"', page)
    return {name: unescape(link) for link, name in found}


def kept(portal: Portal, **changes: Any) -> str:
    report = a_report(TODAY, units=9, **changes)
    return portal.world.reports.put(report, files_of(report)).slug


def test_a_committee_reads_the_figures_and_finds_no_way_to_a_case(portal: Portal):
    slug = kept(portal)

    page = portal.as_("co.grant").get(f"/reports/{slug}").text

    assert "30,001 of 50,000" in page
    assert page.count('role="img"') == 4
    assert f"/reports/{slug}/cases" not in page


def test_who_may_read_cases_is_led_to_those_behind_a_number(portal: Portal):
    slug, browser = kept(portal), portal.as_("sv.okafor")

    page = browser.get(f"/reports/{slug}").text
    listed = browser.get(f"/reports/{slug}/cases?{DRILLED}").text

    assert f"/reports/{slug}/cases?{DRILLED.replace('&', '&amp;')}" in page
    assert re.findall(r'href="/cases/([^"]+)"', listed) == [portal.numbers["cardiology"]]
    assert "The report says: 4,210." in listed


def test_what_leaves_the_plan_leads_to_no_case_and_withholds_what_is_small(portal: Portal):
    slug, browser = kept(portal, released=True), portal.as_("sv.okafor")

    page = browser.get(f"/reports/{slug}").text

    assert "/cases?" not in page
    assert "withheld" in page
    assert browser.get(f"/reports/{slug}/cases?{DRILLED}").status_code == 404


def test_a_number_without_cases_and_one_that_is_withheld_lead_nowhere(portal: Portal):
    table = by_specialty()
    drill = Drill(basis=Basis.RECEIVED)
    row = table.rows[0].model_copy(update={"cells": (Cell(suppressed=True, drill=drill), Cell())})
    slug = kept(portal, tables=(table.model_copy(update={"rows": (row,)}),))

    wrong = ("", "table=x&row=y&column=z", DRILLED, "table=requests-by-specialty&row=cardiology&column=share")
    answers = [portal.as_("sv.okafor").get(f"/reports/{slug}/cases?{asked}").status_code for asked in wrong]

    assert answers == [404] * len(wrong)


def test_pdf_and_spreadsheet_are_those_that_were_kept(portal: Portal):
    slug, browser = kept(portal), portal.as_("co.grant")

    for file in ("report.pdf", "report.xlsx", "report.json"):
        answer = browser.get(f"/reports/{slug}/files/{file}")
        assert answer.content == portal.world.reports.get(slug, file)
        assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert browser.get(f"/reports/{slug}/files/stored.json").status_code == 404


def test_any_period_is_compiled_on_demand_and_kept_nowhere(portal: Portal):
    answer = portal.as_("co.grant").get(f"/reports/made?period={TODAY}&line=medi_cal")

    assert answer.status_code == 200
    assert reading.DRAFT in answer.text
    assert "Medi-Cal" in answer.text
    assert portal.world.reports.listed() == ()


def test_page_pdf_and_spreadsheet_on_demand_say_the_same_numbers_and_twice_the_same_bytes(empty_portal: Portal):
    put_synthetic(empty_portal.world.records, Made(seed=7, cases=120, quarters=4, delegated=60))
    browser = empty_portal.as_("co.grant")

    page = browser.get("/reports/made?period=2026-Q3&line=cmc").text
    links = {file: links_in(page)[file] for file in TAKEN_AWAY}
    taken = {file: browser.get(link) for file, link in links.items()}
    empty_portal.house.drafts = Drafts()  # another process
    again = browser.get(links["report.xlsx"])

    report = CommitteeReport.model_validate_json(taken["report.json"].content)
    assert report.cases > 0
    assert report.draft
    assert disagreements(report, page, taken["report.pdf"].content, taken["report.xlsx"].content) == []
    assert again.content == taken["report.xlsx"].content
    named = taken["report.pdf"].headers["content-disposition"]
    day = local_day(report.as_of)
    assert named == f'attachment; filename="second-opinions-2026-Q3-cmc-draft-{day}.pdf"'


def test_what_has_changed_since_it_was_compiled_is_not_taken_away_under_its_name(portal: Portal):
    browser = portal.as_("co.grant")
    link = links_in(browser.get(f"/reports/made?period={TODAY}").text)["report.json"]
    portal.begin("another")
    portal.record("another")

    at_hand = browser.get(link)
    portal.house.drafts = Drafts()  # another process
    answer = browser.get(link)

    assert (at_hand.status_code, answer.status_code) == (200, 303)
    assert answer.headers["location"] == f"/reports/made?period={TODAY}&line="
    assert "The records have changed" in browser.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("report.pdf?period=2026-Q9", 422),
        ("stored.json?period=2026-Q3", 404),
        ("report.json?period=2026-Q3&digest=x&as_of=2099-01-01T00:00:00Z", 404),
        ("report.json?period=2026-Q3&digest=x&as_of=2026-10-01", 404),
        ("report.json?period=2026-Q3&digest=x&as_of=0001-01-01T00:00:00%2B14:00", 404),
        ("report.json?period=2026-Q3&digest=x&as_of=2026-10-01T00:00:00Z", 303),
        ("report.json?period=2026-Q3", 200),
    ],
)
def test_a_file_that_nobody_can_ask_for_is_not_made(portal: Portal, asked: str, status: int):
    assert portal.as_("co.grant").get(f"/reports/made/files/{asked}").status_code == status


def test_the_portal_answers_others_while_a_report_is_made(portal: Portal):
    made, answered = f"/reports/made?period={TODAY}", []
    browsers = [portal.as_("co.grant") for _ in range(2)]  # two people at one event loop

    def ask(browser: TestClient, path: str) -> None:
        assert browser.get(path).status_code == 200
        answered.append(path)

    with ThreadPoolExecutor() as people:
        waiting = people.submit(ask, browsers[0], made)
        time.sleep(0.1)
        people.submit(ask, browsers[1], "/reports").result()
        waiting.result()

    assert answered == ["/reports", made]


@pytest.mark.parametrize("period", ["", "2026-Q7", "<script>", "2026-12-01..2026-01-01"])
def test_a_period_that_is_none_is_told_with_how_it_is_written(portal: Portal, period: str):
    answer = portal.as_("co.grant").get("/reports/made", params={"period": period})

    assert answer.status_code == 422
    assert "2026-Q3, 2026, 2026-10 or 2026-07-01..2026-09-30" in answer.text
    assert "<script>" not in answer.text


def test_the_reports_are_listed_and_who_reads_one_is_noted(portal: Portal, caplog: pytest.LogCaptureFixture):
    slug, browser = kept(portal), portal.as_("co.grant")

    with caplog.at_level(logging.INFO):
        listed = browser.get("/reports").text
        browser.get(f"/reports/{slug}")

    (read,) = [record for record in caplog.records if record.getMessage() == "report.read"]
    assert f'href="/reports/{slug}"' in listed
    assert (vars(read)["staff"], vars(read)["report"]) == ("co.grant", slug)


def test_of_drafts_the_last_few_are_at_hand():
    drafts = Drafts()
    reports = [a_report(units=4, cases=number) for number in range(AT_HAND + 1)]

    digests = [drafts.keep(report) for report in reports]

    assert [drafts.find(digest) for digest in digests] == [None, *reports[1:]]


def recorded(portal: Portal, *files: CommitteeFile) -> None:
    """What the committees' work tells the records."""
    for file in files:
        CommitteeReports(portal.world.records).record(between(None, file, READY))


def test_without_a_report_the_list_says_how_the_first_one_comes_and_who_may_ask(portal: Portal):
    period, day = next_report(local_day(now()))

    asking, reading_only = (portal.as_(who).get("/reports").text for who in ("sv.okafor", "au.silva"))

    assert f"The one of {period} is made by itself on {day}" in asking
    assert 'action="/committee"' in asking
    assert 'action="/committee"' not in reading_only
    assert "can have one of an earlier period made" in reading_only


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (date(2026, 11, 24), ("2026-Q4", "Monday, January 4, 2027")),
        (date(2027, 1, 3), ("2026-Q4", "Monday, January 4, 2027")),  # a Sunday
        (date(2027, 1, 4), ("2027-Q1", "Thursday, April 1, 2027")),
    ],
)
def test_the_next_report_is_that_of_the_quarter_whose_day_has_not_come(today: date, said: tuple[str, str]):
    assert next_report(today) == said


def test_the_list_says_where_each_report_stands_and_leads_to_figures_and_to_the_committees_work(portal: Portal):
    slug = portal.world.reports.put(a_report("2026-Q3", funnels=(), over_time=()), {}).slug
    before = does(presented(), CHAIR, "discuss_report", committee=UM, notes="Late.")
    before = does(before, CHAIR, "accept_report", committee=UM)
    recorded(portal, before, begin(an_order(edition=2, why="A PPG sent a case late."), READY))

    listed, page, work = (
        portal.as_("co.grant").get(f"/reports{of}").text for of in ("", f"/{slug}", f"/{slug}/committee")
    )

    assert "presented to quality management; accepted by utilization management" in listed
    assert "a correction is being made:" in listed
    assert f'href="/reports/{slug}"' in listed
    assert f'href="/reports/{slug}/committee"' in listed
    assert ">being made<" in listed
    assert "gathering the figures" in listed
    assert 'hx-get="/reports"' in listed
    assert f'href="/reports/{slug}/committee"' in page
    assert "This report is <strong>presented</strong>" in page
    assert f'href="/reports/{slug}"' in work
    assert f'href="/reports/{slug}/files/report.pdf"' in work


def test_a_report_that_was_corrected_says_by_which_edition_and_nothing_refreshes_itself(portal: Portal):
    first, second = (
        a_report("2026-Q3", funnels=(), over_time=()),
        a_report("2026-Q3", funnels=(), over_time=(), edition=2),
    )
    slugs = [portal.world.reports.put(one, {}).slug for one in (first, second)]
    recorded(portal, ready(), ready(edition=2, why="A PPG sent a case late."))

    listed, page = (portal.as_("co.grant").get(f"/reports{of}").text for of in ("", f"/{slugs[0]}"))

    assert listed.count("corrected by") == 1
    assert "Corrected by" in page
    assert f'href="/reports/{slugs[1]}"' in page
    assert "hx-get" not in listed


def test_while_a_report_is_made_its_page_says_the_step_and_looks_again(portal: Portal):
    recorded(portal, begin(an_order(), READY))

    answer = portal.as_("cm.alvarez").get("/reports/2026-Q3/committee", headers={"hx-request": "true"})

    assert answer.text.strip().startswith('<div id="whole" data-refresh')
    assert "It is being made: gathering the figures." in answer.text
    assert 'href="/reports"' not in answer.text  # a case manager owns actions, and reads no figures


def test_every_number_that_can_be_drilled_into_has_as_many_cases_as_the_report_counts(portal: Portal):
    period = parsed(TODAY)
    report = compiled(portal.world.records, period, now())
    with snapshot(portal.world.records) as facts:
        found = list(facts.cases(period))

    wrong, looked = [], 0
    for table in report.tables:
        for cell in (cell for row in table.rows for cell in row.cells):
            if cell.drill and cell.count is not None and cell.drill.basis is not Basis.DELEGATED:
                looked += 1
                behind = sum(stands_behind(fact, cell.drill, period) for fact in found)
                if behind != cell.count:
                    wrong.append((table.id, cell.drill, cell.count, behind))

    assert wrong == []
    assert looked > 20


def test_behind_a_flag_are_exactly_the_cases_that_it_counted_over_its_year(empty_portal: Portal):
    put_synthetic(empty_portal.world.records, Made(seed=7, cases=300, delegated=120))
    report = compiled(empty_portal.world.records, parsed("2026-Q3"), now())
    quick = report.model_copy(update={"funnels": (), "over_time": ()})  # its charts are drawn elsewhere
    slug = empty_portal.world.reports.put(quick, {}).slug
    browser = empty_portal.as_("sv.okafor")

    page = browser.get(f"/reports/{slug}").text
    listed = {}
    for flag in report.flags:
        asked = urlencode({"table": "flags", "row": flag.id, "column": ""})
        assert f"cases?{asked.replace('&', '&amp;')}" in page
        listed[flag.id] = browser.get(f"/reports/{slug}/cases?{asked}").text

    assert {flag.chart for flag in report.flags} >= {"denials-by-physician", "late-copies-by-delegate"}
    for flag in report.flags:
        cases = re.findall(r'href="/(?:cases|delegated)/([^"]+)"', listed[flag.id])
        assert len(set(cases)) == len(cases) == flag.share.part, flag.id
        assert f"The records have {flag.share.part:,} cases" in listed[flag.id]
        assert "October 1, 2025 to September 30, 2026" in listed[flag.id]


def test_the_page_has_no_style_that_the_policy_bars(portal: Portal):
    answer = portal.as_("co.grant").get(f"/reports/{kept(portal)}")

    assert "style-src 'self';" in answer.headers["content-security-policy"]
    assert not re.search(r"\sstyle=|<style|<script(?! src=\"/static)", answer.text)
