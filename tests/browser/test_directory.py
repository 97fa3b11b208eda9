"""The directory in a real browser: imported after a look, looked through; with JavaScript and without."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Portal, is_accessible, picture
from tests.browser.test_accessible import LOOKS
from tests.journeys.conftest import EXAMPLES

pytestmark = [pytest.mark.server, pytest.mark.browser]

FOLDER = EXAMPLES.parent / "directory"


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_supervisor_imports_a_directory_and_a_case_manager_finds_a_physician_in_it(portal: Portal, scripts):
    supervisor, manager = portal.at("sv.okafor", scripts=scripts), portal.at("cm.alvarez", scripts=scripts)

    # nothing is there yet, and the page says how to change that
    supervisor.goto("/directory")
    picture(supervisor, "directory-empty")
    supervisor.get_by_role("link", name="Import a directory…").click()

    # nothing is imported without a file, and the field says so
    supervisor.get_by_role("button", name="Read the files").click()
    expect(supervisor.get_by_role("alert")).to_contain_text("Choose a file first")

    # what would change is shown, and counts once it is confirmed
    supervisor.get_by_label("Physicians").set_input_files(FOLDER / "physicians.csv")
    supervisor.get_by_label("The plan’s roster").set_input_files(FOLDER / "roster.csv")
    supervisor.get_by_role("button", name="Read the files").click()
    expect(supervisor.get_by_role("main")).to_contain_text("Nothing has changed yet")
    picture(supervisor, "directory-confirm")
    supervisor.get_by_role("button", name="Import 3").click()
    expect(supervisor.locator(".flash.good")).to_contain_text("is imported")

    # found by name and group, and read
    manager.goto("/directory")
    manager.get_by_label("Specialty").fill("nephrology")
    manager.get_by_label("City or ZIP code").fill("92395")
    manager.get_by_role("button", name="Find").click()
    expect(manager.get_by_role("main")).to_contain_text("the nearest first")
    manager.locator("tbody a").first.click()
    expect(manager.get_by_role("heading", name="From which version")).to_be_visible()
    expect(manager.get_by_role("main")).to_contain_text("first listed")


@pytest.mark.xdist_group("browser directory")
@pytest.mark.parametrize("look", LOOKS)
def test_nothing_serious_stands_in_anybodys_way(shared_portal: Portal, look):
    for name in ("with-errors.csv", "physicians.csv"):
        shared_portal.house.run("directory", "import", str(FOLDER / name))
    versions = shared_portal.house.answer("directory", "list")
    found = shared_portal.house.answer("directory", "find", "--limit", "1")
    page = shared_portal.at("sv.okafor", **LOOKS[look])
    report = f"/directory/versions/{versions[-1]['id']}"
    paths = ("/directory", "/directory/versions", report, "/directory/import", f"/directory/{found[0]['npi']}")
    wrong: list[str] = []

    for path in paths:
        page.goto(path)
        wrong += is_accessible(page)
        picture(page, f"{look}{path.replace('/', '-')}"[:60])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"

    assert wrong == []
