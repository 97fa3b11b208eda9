"""Delegates' decisions in a real browser: taken in, read, settled, pulled up, scored; with JavaScript and without."""

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.adapters.samples import a_pdf
from tests.browser.conftest import Portal, is_accessible, picture
from tests.browser.test_accessible import LOOKS
from tests.delegates import planted

pytestmark = [pytest.mark.server, pytest.mark.browser]


def some_packets(folder: Path) -> list[Path]:
    """A file with nine packets, four of them with a fault, and the documents that they name."""
    rows = planted(datetime.now(UTC), packets=9, faults=4).rows
    file = folder / "packets.json"
    file.write_text(json.dumps(rows), encoding="utf-8")
    for name in ("record.pdf", "letter.pdf"):
        (folder / name).write_bytes(a_pdf(title=name))
    return [file, folder / "record.pdf", folder / "letter.pdf"]


def takes_in(page: Page, file: Path, *documents: Path) -> None:
    page.goto("/delegated/new")
    page.get_by_label("The packets").set_input_files(file)
    page.get_by_label("The documents that they name").set_input_files(documents)
    page.get_by_role("button", name="Take them in").click()


def is_checked(portal: Portal) -> dict[str, str]:
    """The decisions with a finding, by the reference; once all are checked."""
    for _ in range(120):
        rows: list[dict[str, Any]] = portal.house.answer("delegated", "list")
        if all(row["state"] != "received" for row in rows):
            return {row["external_reference"]: row["number"] for row in rows if row["open_findings"]}
        time.sleep(0.5)
    raise AssertionError(f"never checked: {rows}")


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_packets_are_taken_in_settled_and_one_is_pulled_up(portal: Portal, tmp_path: Path, scripts):
    intake, supervisor = portal.at("in.park", scripts=scripts), portal.at("sv.okafor", scripts=scripts)
    file, *documents = some_packets(tmp_path)

    # a bad row keeps all of them out, and is named
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps([{**json.loads(file.read_text("utf-8"))[0], "outcome": "maybe"}]), encoding="utf-8")
    takes_in(intake, bad, *documents)
    expect(intake.get_by_role("alert")).to_contain_text("Nothing was taken in")
    expect(intake.get_by_role("region", name="Errors by row")).to_contain_text("outcome")
    picture(intake, "delegated-bad-rows")

    # the right file is taken in, with its documents
    takes_in(intake, file, *documents)
    expect(intake.get_by_role("heading", level=1)).to_have_text("9 packets taken in")
    picture(intake, "delegated-taken")
    numbers = is_checked(portal)
    assert len(numbers) == 4

    # the list leads to one; what is wrong in a form is said beside its field
    supervisor.goto("/delegated?findings=yes")
    picture(supervisor, "delegated-list")
    supervisor.locator("tbody a").first.click()
    expect(supervisor.get_by_role("main")).to_contain_text("How to mend it")
    picture(supervisor, "delegated-case")
    number = supervisor.url.rpartition("/")[2]
    supervisor.get_by_role("link", name=re.compile("^Waive ?:")).first.click()
    supervisor.get_by_role("button", name="Waive a finding").click()
    expect(supervisor.locator("#f-reason-error")).to_be_visible()
    picture(supervisor, "delegated-waive")

    # ... and it is asked about before it is done
    supervisor.locator("#f-reason").fill("Our own gateway was down.")
    supervisor.get_by_role("button", name="Waive a finding").click()
    expect(supervisor.get_by_role("main")).to_contain_text("This cannot be undone.")
    supervisor.get_by_role("button", name="Yes, waive a finding").click()
    expect(supervisor.locator(".flash.good")).to_contain_text("the finding is waived")

    # it is pulled up, and each of the two leads to the other
    supervisor.goto(f"/delegated/{number}/do/pull_up_case")
    supervisor.locator("#f-reason").fill("A sample.")
    supervisor.get_by_role("button", name="Pull the case up").click()
    supervisor.get_by_role("button", name="Yes, pull the case up").click()
    expect(supervisor.locator(".flash.good")).to_be_visible()
    for _ in range(60):
        supervisor.goto(f"/delegated/{number}")
        if supervisor.locator('a[href^="/cases/SO-"]').count():
            break
        time.sleep(0.5)
    picture(supervisor, "delegated-pulled-up")
    supervisor.locator('a[href^="/cases/SO-"]').first.click()
    expect(supervisor.get_by_role("heading", level=1)).to_contain_text("SO-")
    for _ in range(60):
        if supervisor.get_by_role("link", name=number).count():
            break
        time.sleep(0.5)
        supervisor.reload()
    expect(supervisor.get_by_role("link", name=number)).to_be_visible()


@pytest.mark.xdist_group("browser delegated")
@pytest.mark.parametrize("look", LOOKS)
def test_nothing_serious_stands_in_anybodys_way(shared_portal: Portal, tmp_path: Path, look):
    file, *_ = some_packets(tmp_path)
    shared_portal.house.run("delegated", "import", str(file))
    number = next(iter(is_checked(shared_portal).values()))
    page = shared_portal.at("sv.okafor", **LOOKS[look])
    acts = [f"/delegated/{number}/do/{signal}" for signal in ("supplement_copy", "waive_finding", "pull_up_case")]
    paths = ("/delegated", f"/delegated/{number}", *acts, "/delegated/new", "/delegated/scores?by=month", "/supervisor")
    wrong: list[str] = []

    for path in paths:
        page.goto(path)
        wrong += is_accessible(page)
        picture(page, f"{look}{path.replace('/', '-')}"[:60].replace("?", "-"))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"

    assert wrong == []
