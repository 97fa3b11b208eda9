"""Signing in as one of the cast: on this machine only, and never away from here."""

import pytest
from starlette.testclient import TestClient

from portal import signin
from portal.app import create_app
from portal.guard import Throttle
from tests.portal.conftest import ADDRESS, Portal


def a_browser(portal: Portal, client: str = "testclient", **settings: str) -> TestClient:
    app = create_app(portal.settings.model_copy(update=settings), portal.world)
    return TestClient(app, base_url=ADDRESS, follow_redirects=False, client=(client, 50_000))


def test_on_this_machine_the_cast_is_offered(portal: Portal):
    page = portal.anybody().get("/signin").text

    assert "Rosa Alvarez" in page
    assert 'value="ad.moreno"' in page


def test_whoever_is_chosen_is_signed_in(portal: Portal):
    answer = portal.anybody().post("/signin", data={"who": "cm.alvarez", "next": "/cases?stage=closed"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/cases?stage=closed")


def test_a_name_that_nobody_has_signs_nobody_in(portal: Portal):
    browser = portal.anybody()

    answer = browser.post("/signin", data={"who": "cm.nobody"})

    assert answer.headers["location"] == "/signin"
    assert "There is nobody of that name" in browser.get("/signin").text
    assert browser.get("/keyboard").status_code == 303


@pytest.mark.parametrize("client", ["10.0.0.7", "192.168.1.5", "2001:db8::1", "not an address"])
def test_from_another_machine_the_cast_is_not_there(portal: Portal, client: str):
    browser = a_browser(portal, client)

    assert "Rosa Alvarez" not in browser.get("/signin").text
    assert browser.post("/signin", data={"who": "cm.alvarez"}).status_code == 404


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.0.1", "::1"])
def test_from_this_machine_it_is(portal: Portal, client: str):
    assert "Rosa Alvarez" in a_browser(portal, client).get("/signin").text


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.7", "portal.plan.example", "::"])
def test_when_the_portal_listens_to_others_the_cast_is_not_there(portal: Portal, host: str):
    browser = a_browser(portal, portal_host=host)

    assert "Nobody can sign in here yet" in browser.get("/signin").text
    assert browser.post("/signin", data={"who": "cm.alvarez"}).status_code == 404


@pytest.mark.parametrize("url", ["https://testserver", "http://portal.plan.example"])
def test_when_the_portal_has_an_address_outside_the_cast_is_not_there(portal: Portal, url: str):
    browser = a_browser(portal, "127.0.0.1", portal_url=url)  # a proxy on this machine asks for others

    assert browser.post("/signin", data={"who": "cm.alvarez"}).status_code == 404


def test_what_comes_through_a_proxy_is_not_from_this_machine(portal: Portal):
    answer = portal.anybody().post("/signin", data={"who": "cm.alvarez"}, headers={"X-Forwarded-For": "10.0.0.7"})

    assert answer.status_code == 404


def test_with_openid_connect_the_cast_is_not_there(portal: Portal):
    browser = a_browser(portal, oidc_issuer="https://id.plan.example", oidc_client_id="portal")

    assert "Rosa Alvarez" not in browser.get("/signin").text
    assert browser.post("/signin", data={"who": "cm.alvarez"}).status_code == 404


@pytest.mark.parametrize(
    "away",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "evil.example",
        " //evil.example",
        "",
        "/signin",
        "/signout/../signin",
    ],
)
def test_next_leads_nowhere_but_to_our_own_pages(portal: Portal, away: str):
    browser = portal.anybody()

    sent = browser.post("/signin", data={"who": "cm.alvarez", "next": away}).headers["location"]
    shown = browser.get("/signin", params={"next": away}).text

    assert sent in ("/", "/signout/../signin")
    assert 'name="next" value="/"' in shown or sent != "/"


def test_whoever_tries_too_often_must_wait(portal: Portal, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(signin, "ATTEMPTS", Throttle(attempts=2, seconds=60))
    browser = portal.anybody()

    told = [browser.post("/signin", data={"who": "cm.nobody"}).status_code for _ in range(3)]
    right = browser.post("/signin", data={"who": "cm.alvarez"})

    assert told == [303, 303, 429]
    assert right.status_code == 429
    assert "Wait a minute" in right.text
