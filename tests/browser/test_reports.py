"""The committees' report in a real browser: asked for, read, presented, decided on, followed to its end. P12.

One journey in one house: by keyboard, for most of it without scripts; then every page of it once more, light and dark,
narrow and on paper.
"""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from policy.calendar import local_day
from policy.report.period import quarter_before
from portal.pages import now
from records.database import open_records
from reporting.synthetic import Made
from tests.browser.conftest import Portal, is_accessible, picture
from wiring.synthetic import put_synthetic

pytestmark = [pytest.mark.browser, pytest.mark.server]

UM, QM = "Utilization management", "Quality management"
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "narrow": {"viewport": {"width": 320, "height": 640}, "reduced_motion": "reduce"},
}


def follow(page: Page, name: str | re.Pattern[str]) -> None:
    """A link, by the keyboard."""
    page.get_by_role("link", name=name).first.focus()
    page.keyboard.press("Enter")
    page.wait_for_load_state()


def type_into(page: Page, field: str, text: str) -> None:
    """What a person types at a field: a list jumps to what is typed."""
    page.locator(f"#f-{field}").focus()
    page.keyboard.type(text)


def send(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".flash.good")).to_be_visible()


def does(page: Page, link: str, button: str, **typed: str) -> None:
    """An action on the page of a report: to its form, filled in, sent."""
    follow(page, link)
    for field, text in typed.items():
        type_into(page, field, text)
    send(page, button)


def asked_for(supervisor: Page, number: str) -> None:
    """From an empty list to a report that is ready; the page looks again by itself."""
    supervisor.goto("/reports")
    expect(supervisor.get_by_text("There is no report yet")).to_be_visible()
    expect(supervisor.locator("#f-period")).to_have_value(number)
    picture(supervisor, "reports-empty")
    supervisor.locator("#f-period").focus()
    supervisor.keyboard.press("Enter")
    supervisor.wait_for_url(f"**/reports/{number}/committee")
    expect(supervisor.get_by_role("heading", level=1)).to_contain_text("ready", timeout=90_000)


def read(chair: Page, number: str) -> int:
    """The figures, read by who sees no case; gives back how many flags there are."""
    chair.goto("/reports")
    follow(chair, re.compile(f"^{number}"))
    chair.wait_for_url(f"**/reports/{number}")
    shut = chair.locator("details").first
    shut.locator("summary").focus()
    chair.keyboard.press("Enter")

    expect(shut).to_have_attribute("open", "")
    expect(chair.get_by_role("img").first).to_be_visible()
    assert chair.get_by_role("link", name="Its cases").count() == 0
    flags = chair.locator(".flags li").count()
    follow(chair, "What the committees make of it")
    return flags


def decided(chair: Page, flags: int) -> None:
    """Presented, an action for each flag, discussed, accepted."""
    due = f"{local_day(now()) + timedelta(days=30):%m%d%Y}"
    for committee in (UM, QM):
        does(
            chair,
            "Present it to a committee",
            "Present it to a committee",
            committee=committee,
            met_on=f"{local_day(now()):%m%d%Y}",
        )
    for number in range(flags):
        chair.get_by_role("link", name="Decide an action about").nth(number).focus()
        chair.keyboard.press("Enter")
        type_into(chair, "committee", QM)
        type_into(chair, "kind", "Focused")
        type_into(chair, "concern", "More than one would expect, over a year.")
        type_into(chair, "owner", "Rosa")
        type_into(chair, "due", due)
        picture(chair, "committee-decide")
        send(chair, "Decide an action")
    for committee in (UM, QM):
        does(chair, "Keep what was said", "Keep what was said", committee=committee, notes="We look at the cases.")
        does(chair, "Accept it", "Accept it", committee=committee)
    expect(chair.get_by_role("heading", level=1)).to_contain_text("accepted")


def followed(clerk: Page, number: str, flags: int) -> None:
    """Each action to its end, by its owner."""
    clerk.goto("/committee")
    expect(clerk.get_by_role("row").filter(has_text="You")).to_have_count(flags)
    picture(clerk, "committees")
    follow(clerk, re.compile(f"^{number} A1"))
    does(clerk, "Note what came of it (A1)", "Note what came of it", text="Ten cases are on the table.")
    for action in range(1, flags + 1):
        does(clerk, f"Complete it (A{action})", "Complete it", outcome="The next ten cases were as they should be.")
    expect(clerk.get_by_role("heading", level=1)).to_contain_text("closed")
    clerk.goto("/committee")
    expect(clerk.get_by_text("Nothing is open.")).to_be_visible()


def drilled(supervisor: Page, number: str) -> str:
    """The cases behind the first flag: as many as its sentence says. Gives back the address."""
    supervisor.goto(f"/reports/{number}")
    flag = supervisor.locator(".flags li").first
    counted = re.search(r"([\d,]+) of [\d,]+ \(", flag.inner_text())
    assert counted
    flag.get_by_role("link", name="Its cases").click()
    expect(supervisor.locator(".reported li")).to_have_count(int(counted[1].replace(",", "")))
    return supervisor.url


def taken_away(chair: Page, number: str) -> None:
    """A draft of one line as a spreadsheet."""
    chair.goto(f"/reports/made?period={number}&line=cmc")
    expect(chair.get_by_role("note").filter(has_text="Draft")).to_be_visible()
    picture(chair, "report-draft")
    with chair.expect_download() as taken:
        chair.get_by_role("link", name="Spreadsheet", exact=True).click()
    assert taken.value.suggested_filename.startswith(f"second-opinions-{number}-cmc-draft-")


def open_all(page: Page) -> None:
    """The numbers behind every chart."""
    page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")


def looked_at(portal: Portal, number: str, cases: str) -> list[str]:
    """What is amiss with any page in any look."""
    wrong: list[str] = []
    work = f"/reports/{number}/committee"
    pages = {
        "list": "/reports",
        "report": f"/reports/{number}",
        "cases": cases,
        "committees": "/committee",
        "work": work,
        "form": f"{work}/do/present_report",
    }
    for look, how in LOOKS.items():
        page = portal.at("sv.okafor", **how)
        for name, address in pages.items():
            page.goto(address)
            if look == "light":  # once with every number: axe takes its time
                open_all(page)
            wrong += is_accessible(page)
            open_all(page)
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                wrong.append(f"{name} scrolls sideways when {look}")
            picture(page, f"committee-{name}-{look}")
    page.set_viewport_size({"width": 800, "height": 1100})
    page.emulate_media(media="print")
    for name in ("report", "work"):
        page.goto(pages[name])
        expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        picture(page, f"committee-{name}-print")
    return wrong


def test_committees_ask_for_a_report_read_it_decide_and_follow_what_they_decided_to_its_end(portal: Portal):
    number = quarter_before(local_day(now())).name
    records = open_records(f"sqlite:///{portal.house.home / 'records.db'}")
    put_synthetic(records, Made(seed=7, last=number, cases=300, delegated=120))
    records.dispose()
    chair, troubles = portal.at("co.grant", scripts=False), list[str]()
    chair.on("console", lambda said: troubles.append(said.text))
    supervisor = portal.at("sv.okafor")

    asked_for(supervisor, number)
    flags = read(chair, number)
    decided(chair, flags)
    followed(portal.at("cm.alvarez", scripts=False), number, flags)
    cases = drilled(supervisor, number)
    taken_away(chair, number)

    assert flags > 0
    assert looked_at(portal, number, cases) == []
    assert troubles == []
