"""The committees' report in a real browser: accessible, by keyboard, without scripts, light and dark, narrow. P12."""

import pytest

from adapters.committee.rendering import files_of
from adapters.committee.reportshelf import ReportShelf
from adapters.shelf import Shelf
from tests.browser.conftest import Portal, is_accessible, picture
from tests.reports import a_report

pytestmark = [pytest.mark.browser, pytest.mark.server]


def test_a_committee_reads_the_report_by_keyboard_and_without_scripts(portal: Portal):
    report = a_report(units=40)
    ReportShelf(Shelf(portal.house.home / "reports")).put(report, files_of(report))
    troubles: list[str] = []

    page = portal.at("co.grant", scripts=False, color_scheme="dark")
    page.on("console", lambda said: troubles.append(said.text))
    page.goto("/reports")
    page.get_by_role("link", name=report.id, exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/reports/{report.id}")
    summary = page.locator("details > summary").first
    summary.focus()
    page.keyboard.press("Enter")

    assert page.locator("details").first.get_attribute("open") is not None
    assert page.get_by_role("img", name=report.funnels[0].title).is_visible()
    assert page.get_by_role("cell", name="141 of 309").first.is_visible()
    assert page.get_by_role("link", name="Its cases").count() == 0
    assert troubles == []
    picture(page, "report-dark")


def test_the_report_is_accessible_wide_narrow_light_and_dark(portal: Portal):
    report = a_report(units=40)
    ReportShelf(Shelf(portal.house.home / "reports")).put(report, files_of(report))
    found: list[str] = []

    for look in ({"color_scheme": "light"}, {"color_scheme": "dark"}, {"viewport": {"width": 360, "height": 740}}):
        page = portal.at("sv.okafor", **look)
        for address in ("/reports", f"/reports/{report.id}"):
            page.goto(address)
            for shut in page.locator("details").all():
                shut.evaluate("it => it.open = true")
            found += is_accessible(page)
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
        picture(page, f"report-{look.get('color_scheme', 'narrow')}")
    page.goto(f"/reports/{report.id}")
    page.get_by_role("link", name="4,210").click()

    assert page.get_by_role("heading", name="Requests by specialty: Cardiology, received").is_visible()
    assert found == []
