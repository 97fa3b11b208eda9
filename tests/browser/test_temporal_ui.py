"""What Temporal keeps, seen in its own UI: in clear for who is signed in and may, as ciphertext for everybody else."""

import json
import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Portal, picture
from tests.journeys.conftest import EXAMPLES

pytestmark = [pytest.mark.server, pytest.mark.browser, pytest.mark.xdist_group("browser temporal ui")]

NAME = "Quarkzebra"  # synthetic, and found nowhere else
TYPED = "Marmalade-4711"
CIPHERTEXT = re.compile(r'"[A-Za-z0-9+/=]{200}')  # as the UI shows an input that it cannot decode
LOOK: dict[str, Any] = {"viewport": {"width": 1400, "height": 2400}}

# What the UI's form "Send a Signal" does when it is submitted.
SENDS = """async ([number, body]) => {
  const post = async (url, json, headers) => await fetch(
    url, {method: "POST", headers: {"Content-Type": "application/json", ...headers}, body: JSON.stringify(json)})
  const typed = {metadata: {encoding: btoa("json/plain")}, data: btoa(JSON.stringify(body))}
  const encoded = await post("/codec/encode?preserveStorageRefs=true", {payloads: [typed]}, {"X-Namespace": "default"})
  const csrf = document.cookie.split("; ").find(one => one.startsWith("_csrf=")).slice("_csrf=".length)
  const to = `/temporal/api/v1/namespaces/default/workflows/so-${number}/signal/add_comment`
  const sent = await post(to, {input: await encoded.json()}, {"X-CSRF-TOKEN": csrf})
  return [encoded.status, sent.status]
}"""


@pytest.fixture
def portal(shared_portal: Portal) -> Portal:
    """All tests here share one."""
    return shared_portal


@pytest.fixture
def case(portal: Portal) -> str:
    """A case of a member with that name."""
    member = json.loads((EXAMPLES / "12-waits-for-the-physician.json").read_text(encoding="utf-8"))["member"]
    return portal.open_case(member={**member, "name": {"family": NAME, "given": "Ada"}})


def complaints_of(page: Page) -> list[str]:
    """What the browser complains of; a policy of ours that keeps the UI from something is among it."""
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text) if "Content Security Policy" in one.text else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def line_of(portal: Portal, case: str, words: str) -> dict[str, Any]:
    """The line of a case's ledger that says these words, once it is there."""
    for _ in range(60):
        for line in portal.house.answer("show", case)["ledger"]:
            if words in line["text"]:
                found: dict[str, Any] = line
                return found
        time.sleep(0.2)
    raise AssertionError(f"{case} never told {words}")


def test_a_supervisor_reads_a_case_in_temporals_ui_and_its_ledger_says_so(portal: Portal, case: str):
    page = portal.at("sv.okafor", **LOOK)
    complaints = complaints_of(page)

    page.goto(f"/cases/{case}")
    page.get_by_role("link", name="In the Temporal UI").click()
    text = page.locator("main, body").first
    expect(text).to_contain_text(NAME, timeout=30_000)  # the input
    expect(text).to_contain_text("Warning before: The determination")  # the summary of a timer
    picture(page, "temporal-ui-timeline")
    page.goto(re.sub("/timeline.*", "/history", page.url))
    expect(text).to_contain_text(f"{case}: commercial, concurrent, endocrinology")  # the case's own summary
    picture(page, "temporal-ui-history")
    page.goto(re.sub("/history.*", "/user-metadata", page.url))
    details = page.frame_locator("#user-metadata-current-details").locator("body")
    expect(details).to_contain_text(re.compile("completeness review", re.IGNORECASE), timeout=30_000)
    picture(page, "temporal-ui-details")
    page.goto(f"/audit/{case}")

    assert complaints == []
    expect(page.get_by_text("history:read")).to_have_count(1)
    expect(page.get_by_role("row").filter(has_text="history:read")).to_contain_text("sv.okafor")
    expect(page.get_by_text("Unbroken since its first line")).to_be_visible()


def test_who_is_not_signed_in_sees_ciphertext_and_who_may_not_read_finds_nothing(portal: Portal, case: str):
    ui = f"http://127.0.0.1:{portal.house.environment['SECOND_OPINION_UI_PORT']}"
    stranger = portal.browser.new_context(**LOOK).new_page()
    stranger.set_default_timeout(15_000)

    stranger.goto(f"{ui}/temporal/namespaces/default/workflows/so-{case}")
    expect(stranger.locator("body")).to_contain_text(CIPHERTEXT, timeout=30_000)
    picture(stranger, "temporal-ui-ciphertext")
    seen = stranger.locator("body").inner_text()
    stranger.goto(f"{portal.address}/temporal/namespaces/default/workflows/so-{case}")
    expect(stranger).to_have_url(re.compile("/signin"))
    manager = portal.at("cm.alvarez")
    answer = manager.goto(f"/temporal/namespaces/default/workflows/so-{case}")

    assert NAME not in seen
    assert "commercial, concurrent" not in seen
    assert answer is not None
    assert answer.status == 404


def test_a_signal_from_the_ui_is_encrypted_for_its_case_and_taken(portal: Portal, case: str):
    page = portal.at("sv.okafor", **LOOK)
    page.goto(f"/temporal/namespaces/default/workflows/so-{case}")
    at = datetime.now(UTC).isoformat()
    body = {"action_id": "ui-1", "actor": {"id": "sv.okafor", "roles": ["supervisor"]}, "at": at, "text": TYPED}

    done = page.evaluate(SENDS, [case, body])
    said = line_of(portal, case, TYPED)

    assert done == [200, 200]
    assert (said["actor"], said["event"]) == ("sv.okafor", "case:commented")
    for file in (portal.house.home / "temporal.db", portal.house.home / "temporal.db-wal"):
        assert TYPED.encode() not in file.read_bytes()
