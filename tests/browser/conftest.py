"""A real Chromium: the machine's own, or Debian's when it can be installed; said loudly when there is none."""

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.journeys.conftest import COMMAND, EXAMPLES, House, a_house, house  # noqa: F401 - a fixture
from tests.ports import free_port

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SERIOUS = ("serious", "critical")
PICTURES = os.environ.get("PICTURES", "")  # a folder for screenshots, to look at


# One person with two roles, who must not use both in one case.
BOTH = {
    "id": "dr.both",
    "name": "Dr. Ada Both",
    "roles": ["case_manager", "cmo"],
    "npi": "1992999072",
    "licence": "SYN-A1009",
    "specialty": "internal medicine",
}


class NoBrowserWarning(UserWarning):
    """Browser journeys were left out."""


def chromium() -> str | None:
    """The program; installed from Debian, once, where that can be done."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found or os.geteuid() != 0 or not shutil.which("apt-get"):
        return found
    with (Path(tempfile.gettempdir()) / "chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the tests' processes all come here
        if not shutil.which(NAMES[0]):
            command = ["apt-get", "install", "-y", "-q", "chromium"]
            subprocess.run(command, capture_output=True, timeout=300, check=False)
    return next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for the tests of a module, none of which can be asynchronous: Playwright's own loop runs in this process."""
    program = chromium()
    if program is None:
        message = "NO BROWSER: the portal's journeys were NOT tested. Install chromium, then run them again."
        warnings.warn(NoBrowserWarning(message), stacklevel=1)
        pytest.skip(message)
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


def people_leave(browser: Browser) -> None:
    """Whoever sat at a browser is gone when a test has ended."""
    for context in browser.contexts:
        context.close()


@dataclass
class Portal:
    """A portal with a server and a worker, and browsers that people sit at."""

    house: House
    browser: Browser
    address: str
    opened: int = 0

    def open_case(self, **changes: Any) -> str:
        """A request from an intake file; its case number, once it is on a work list."""
        self.opened += 1
        reference = f"BROWSER-{self.opened}"
        request = json.loads((EXAMPLES / "12-waits-for-the-physician.json").read_text(encoding="utf-8"))
        file = self.house.home.parent / f"{reference}.json"
        file.write_text(json.dumps({**request, "external_reference": reference, **changes}), encoding="utf-8")
        opened = self.house.door("starter.py", str(file), "--json")
        number: str = json.loads(opened.stdout)["opened"][0]["case_number"]
        self.house.until(number, stage="completeness_review")
        return number

    def at(self, who: str, *, scripts: bool = True, **look: Any) -> Page:
        """A browser of its own, with a person signed in."""
        page = self.browser.new_context(java_script_enabled=scripts, base_url=self.address, **look).new_page()
        page.set_default_timeout(15_000)
        page.goto("/signin")
        page.locator(f'button[value="{who}"]').click()
        page.wait_for_url(lambda url: "/signin" not in url)
        return page


def a_portal(where: House, browser: Browser) -> Portal:
    """The house with its server, its worker and its portal, each a process."""
    port = free_port()
    cast = json.loads((EXAMPLES.parent / "cast.json").read_text(encoding="utf-8"))
    staff = where.home.parent / "staff.json"
    staff.write_text(json.dumps([*cast, BOTH]), encoding="utf-8")
    where.environment |= {"SECOND_OPINION_PORTAL_PORT": str(port), "SECOND_OPINION_STAFF_FILE": str(staff)}
    where.start_server()
    where.start_worker()
    where.start(*COMMAND, "portal", until="Ctrl-C")
    return Portal(where, browser, f"http://127.0.0.1:{port}")


@pytest.fixture
def portal(house: House, browser: Browser) -> Iterator[Portal]:  # noqa: F811
    """A portal of a test's own, where nothing has happened yet."""
    yield a_portal(house, browser)
    people_leave(browser)


@pytest.fixture(scope="module")
def portal_of_all(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Portal]:
    """One for the tests of a module, each of which opens cases of its own; they are of one ``xdist_group``."""
    with a_house(tmp_path_factory.mktemp("shared") / "var") as made:
        yield a_portal(made, browser)


@pytest.fixture
def shared_portal(portal_of_all: Portal) -> Iterator[Portal]:
    """The module's portal."""
    yield portal_of_all
    people_leave(portal_of_all.browser)


def is_accessible(page: Page) -> list[str]:
    """What axe finds that is serious, in a line each; nothing when all is well."""
    results = Axe().run(page).response
    return [
        f"{page.url} {found['id']}: {found['help']} ({node['target']})"
        for found in results["violations"]
        if found["impact"] in SERIOUS
        for node in found["nodes"]
    ]


def picture(page: Page, name: str) -> None:
    """A screenshot, when somebody wants to look."""
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)
