"""How long somebody is signed in, and what a session cookie is worth."""

import json
from base64 import b64decode, b64encode
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from portal import session
from portal.app import create_app
from portal.pages import now
from tests.portal.conftest import ADDRESS, Portal

COOKIE = "second-opinion"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch):
    """Sets the time of the sessions forward, from now on."""
    start, gone = now(), timedelta()

    def later(by: timedelta) -> None:
        nonlocal gone
        gone += by

    monkeypatch.setattr(session, "_now", lambda: (start + gone).timestamp())
    return later


def is_in(browser: TestClient) -> bool:
    return browser.get("/keyboard").status_code == 200


def held(browser: TestClient):
    return json.loads(b64decode(browser.cookies[COOKIE].split(".")[0] + "=="))


def test_a_session_holds_the_account_and_two_times_and_no_more(portal: Portal):
    assert sorted(held(portal.as_("cm.alvarez"))) == ["seen", "since", "who"]


def test_an_unused_session_ends(portal: Portal, clock):
    browser = portal.as_("cm.alvarez")

    clock(16 * MINUTE)
    answer = browser.get("/keyboard")

    assert answer.headers["location"] == "/signin?next=/keyboard&expired=1"
    assert "Your session has ended" in browser.get(answer.headers["location"]).text
    assert not is_in(browser)


def test_a_session_that_is_used_goes_on(portal: Portal, clock):
    browser = portal.as_("cm.alvarez")

    for _ in range(4):
        clock(14 * MINUTE)
        assert is_in(browser)


def test_any_session_ends_after_a_working_day(portal: Portal, clock):
    browser = portal.as_("cm.alvarez")
    for _ in range(10 * 4):
        clock(14 * MINUTE)
        is_in(browser)

    clock(10 * HOUR - 40 * 14 * MINUTE + 14 * MINUTE)

    assert not is_in(browser)


def test_a_page_that_refreshes_itself_keeps_no_session_alive(portal: Portal, clock):
    browser = portal.as_("cm.alvarez")

    for _ in range(3):
        clock(4 * MINUTE)
        assert browser.get("/keyboard", headers={"X-Refresh": "true"}).status_code == 200
    clock(4 * MINUTE)

    assert not is_in(browser)


def test_whoever_is_taken_off_the_staff_is_out_at_once(portal: Portal):
    browser = portal.as_("cm.alvarez")
    people = json.loads(portal.settings.staff_file.read_text(encoding="utf-8"))
    left = [person for person in people if person["id"] != "cm.alvarez"]

    (portal.settings.home / "staff.json").write_text(json.dumps(left), encoding="utf-8")

    assert not is_in(browser)


def test_a_role_that_is_taken_away_is_gone_at_the_next_page(portal: Portal):
    browser = portal.as_("sv.okafor")
    people = json.loads(portal.settings.staff_file.read_text(encoding="utf-8"))
    changed = [{**person, "roles": ["intake"]} if person["id"] == "sv.okafor" else person for person in people]

    (portal.settings.home / "staff.json").write_text(json.dumps(changed), encoding="utf-8")

    assert browser.get("/panel").status_code == 404


def test_a_cookie_that_was_tampered_with_is_worth_nothing(portal: Portal):
    browser = portal.as_("cm.alvarez")
    value = browser.cookies[COOKIE]
    forged = b64encode(json.dumps({**held(browser), "who": "ad.moreno"}).encode()).decode()
    browser.cookies.clear()

    browser.cookies.set(COOKIE, f"{forged}.{value.split('.', 1)[1]}")

    assert not is_in(browser)


@pytest.mark.parametrize("value", ["", "null", "x.y.z", "bnVsbA==", "a" * 5_000])
def test_a_cookie_of_nonsense_is_worth_nothing(portal: Portal, value: str):
    answer = portal.anybody().get("/keyboard", headers={"Cookie": f"{COOKIE}={value}"})

    assert answer.status_code == 303


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(portal: Portal):
    made = portal.anybody().post("/signin", data={"who": "cm.alvarez"}).headers["set-cookie"].lower()

    assert all(flag in made for flag in ("httponly", "samesite=lax", "path=/", "max-age=36000"))
    assert "domain=" not in made


def test_over_https_the_cookie_never_travels_in_clear(portal: Portal):
    settings = portal.settings.model_copy(update={"portal_url": "https://localhost"})
    app = create_app(settings, portal.world)

    with TestClient(app, base_url="https://localhost", follow_redirects=False) as browser:
        answer = browser.post("/signin", data={"who": "cm.alvarez"})

    made = answer.headers["set-cookie"]
    assert made.startswith("__Host-second-opinion=")
    assert "; secure" in made.lower()
    assert "max-age" in answer.headers["strict-transport-security"]


def test_signing_in_leaves_nothing_of_an_earlier_session(portal: Portal):
    browser = portal.as_("cm.alvarez")

    browser.post("/signin", data={"who": "sv.okafor"})

    assert held(browser)["who"] == "sv.okafor"


def test_signing_out_ends_the_session_here(portal: Portal):
    browser = portal.as_("cm.alvarez")

    answer = browser.post("/signout")

    assert answer.headers["location"] == "/signin"
    assert "You are signed out." in browser.get("/signin").text
    assert not is_in(browser)


def test_who_was_never_signed_in_is_not_told_of_a_session_that_ended(portal: Portal):
    browser = portal.anybody()
    browser.post("/signout")  # leaves a sentence to be shown, and no session

    assert browser.get("/cases").headers["location"] == "/signin?next=/cases"


def test_htmx_is_led_to_the_sign_in_page_as_a_whole(portal: Portal):
    answer = portal.anybody().get("/panel?role=intake", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["hx-redirect"]) == (204, "/signin?next=/panel%3Frole%3Dintake")


def test_the_sessions_key_is_readable_by_its_owner_only_and_outlives_a_restart(portal: Portal):
    browser, key = portal.as_("cm.alvarez"), portal.settings.keys_folder / "session.key"
    again = create_app(portal.settings, portal.world)

    with TestClient(again, base_url=ADDRESS, cookies=dict(browser.cookies), follow_redirects=False) as after:
        assert is_in(after)
    assert key.stat().st_mode & 0o777 == 0o600
