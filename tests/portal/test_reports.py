"""The committees' reports in the portal: read, taken away, and the cases behind a number. Policy 90.2.17, P12."""

import logging
import re
from typing import Any
from urllib.parse import urlencode

import pytest

from adapters.committee.rendering import files_of
from policy.calendar import local_day
from policy.report.drill import stands_behind
from policy.report.period import parsed
from policy.report.shape import Basis, Cell, Drill
from portal.pages import now
from records.casefacts import snapshot
from reporting.synthetic import Made
from tests.portal.conftest import Portal
from tests.reports import a_report, by_specialty
from wiring.reports import compiled
from wiring.synthetic import put_synthetic

TODAY = f"{local_day(now()):%Y-%m}"
DRILLED = "table=requests-by-specialty&row=cardiology&column=received"


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
    assert "This report is not finished" in answer.text
    assert "Medi-Cal" in answer.text
    assert portal.world.reports.listed() == ()


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
