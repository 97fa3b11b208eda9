"""Signing in by OpenID Connect, against a real provider: the right way, and every wrong one."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from fastapi import FastAPI
from joserfc.jwk import RSAKey
from pydantic import SecretStr
from starlette.testclient import TestClient

from portal import oidc
from portal.app import create_app
from tests.portal.conftest import ADDRESS, Portal
from tests.portal.issuer import CLIENT, SECRET, Provider, running

CALLBACK = f"{ADDRESS}/signin/oidc/callback"


@dataclass
class Way:
    """A portal that is entered by the provider."""

    provider: Provider
    app: FastAPI
    browser: TestClient

    def leave(self, where: str = "/") -> str:
        """To the provider; the address."""
        answer = self.browser.get("/signin/oidc", params={"next": where})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def sign_in_there(self, address: str) -> str:
        """At the provider, which sends back; the address."""
        answer = httpx2.get(address)
        assert answer.status_code == 307, answer.text
        return answer.headers["location"]

    def come_back(self, address: str) -> Any:
        return self.browser.get(address)

    def sign_in(self, where: str = "/") -> Any:
        return self.come_back(self.sign_in_there(self.leave(where)))

    @property
    def is_in(self) -> bool:
        return self.browser.get("/keyboard").status_code == 200

    def is_refused(self, status: int, sentence: str) -> bool:
        answer = self.sign_in()
        assert (answer.status_code, self.is_in) == (status, False)
        return sentence in answer.text and "Rosa" not in answer.text


@pytest.fixture
def way(portal: Portal) -> Iterator[Way]:
    with running(CALLBACK) as provider:
        settings = portal.settings.model_copy(
            update={
                "portal_url": ADDRESS,
                "oidc_issuer": provider.url,
                "oidc_client_id": CLIENT,
                "oidc_client_secret": SecretStr(SECRET),
            }
        )
        app = create_app(settings, portal.world)
        with TestClient(app, base_url=ADDRESS, follow_redirects=False) as browser:
            yield Way(provider, app, browser)


def test_who_signs_in_there_is_signed_in_here_and_goes_on_where_it_was_wanted(way: Way):
    answer = way.sign_in("/cases?stage=closed")

    assert (answer.status_code, answer.headers["location"]) == (303, "/cases?stage=closed")
    assert "Rosa Alvarez" in way.browser.get("/keyboard").text


def test_the_way_there_has_a_challenge_a_state_and_a_nonce_and_nothing_secret(way: Way):
    query = parse_qs(urlsplit(way.leave()).query)

    assert query["code_challenge_method"] == ["S256"]
    assert all(len(query[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))
    assert "client_secret" not in query


def test_an_address_that_leads_away_is_not_followed(way: Way):
    assert way.sign_in("//evil.example/x").headers["location"] == "/"


def test_an_email_address_is_known_however_it_is_capitalized(way: Way, portal: Portal):
    staff = portal.settings.home / "staff.json"
    people = [{"id": "Rosa@plan.example", "name": "Rosa", "roles": ["case_manager"]}]
    staff.write_text(json.dumps(people), encoding="utf-8")
    way.provider.claims = {"email": "rosa@PLAN.example"}

    assert way.sign_in().status_code == 303
    assert way.is_in


def test_another_id_must_be_written_as_on_the_staff(way: Way):
    way.provider.claims = {"email": "CM.Alvarez"}

    assert way.is_refused(403, "not on the staff")


def test_whoever_is_not_on_the_staff_is_told_so_and_is_not_let_in(way: Way):
    way.provider.claims = {"email": "nobody@plan.example"}

    assert way.is_refused(403, "You are signed in at 127.0.0.1, but not on the staff: ask a supervisor")


def test_an_address_that_is_not_confirmed_there_does_not_count(way: Way):
    way.provider.claims["email_verified"] = False

    assert way.is_refused(403, "is not confirmed")


def test_a_former_session_is_not_gone_on_with(way: Way):
    way.sign_in()
    former = way.browser.cookies["second-opinion"]
    way.provider.claims = {"email": "sv.okafor"}

    way.sign_in()

    assert way.browser.cookies["second-opinion"] != former
    assert "Ngozi Okafor" in way.browser.get("/keyboard").text


def test_whoever_is_unknown_does_not_stay_who_they_were(way: Way):
    way.sign_in()
    way.provider.claims = {"email": "nobody"}

    assert way.is_refused(403, "not on the staff")


def test_a_state_that_is_not_ours_is_refused(way: Way):
    back = way.sign_in_there(way.leave())
    state = parse_qs(urlsplit(back).query)["state"][0]

    answer = way.come_back(back.replace(state, "x" * len(state)))

    assert (answer.status_code, way.is_in) == (400, False)
    assert "Start again" in answer.text


def test_an_answer_in_another_browser_is_refused(way: Way):
    back = way.sign_in_there(way.leave())

    with TestClient(way.app, base_url=ADDRESS, follow_redirects=False) as other:
        answer = other.get(back)

    assert answer.status_code == 400


def test_an_answer_that_took_too_long_is_refused(way: Way, monkeypatch: pytest.MonkeyPatch):
    back = way.sign_in_there(way.leave())
    monkeypatch.setattr(oidc, "PATIENCE", -1.0)

    assert way.come_back(back).status_code == 400


def test_a_code_serves_once_even_with_the_cookie_of_before(way: Way):
    back = way.sign_in_there(way.leave())
    cookie = way.browser.cookies["second-opinion"]
    assert way.come_back(back).status_code == 303
    way.browser.cookies.clear()
    way.browser.cookies.set("second-opinion", cookie)

    answer = way.come_back(back)

    assert (answer.status_code, way.is_in) == (400, False)
    assert "broken off" in answer.text
    assert "Rosa" not in answer.text


@pytest.mark.parametrize(
    "spoilt",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": ["another"], "azp": CLIENT},
        {"iss": "https://another.example"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": 9_000_000_000},
        {"sub": None},
        {"azp": "another"},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_not_trusted(way: Way, spoilt: dict[str, Any]):
    way.provider.spoil = spoilt

    assert way.is_refused(400, "could not be verified")


def test_a_token_that_was_tampered_with_is_not_trusted(way: Way):
    way.provider.tampered = True

    assert way.is_refused(400, "could not be verified")


def test_a_token_by_a_key_that_is_not_the_issuers_is_not_trusted(way: Way):
    way.provider.signer = RSAKey.generate_key(2048, {"kid": "one"})

    assert way.is_refused(400, "could not be verified")


def test_a_token_by_a_key_that_nobody_has_seen_is_not_trusted(way: Way):
    way.provider.signer = RSAKey.generate_key(2048, {"kid": "two"})

    assert way.is_refused(400, "could not be verified")


@pytest.mark.parametrize("head", [{"alg": "none"}, {"alg": "HS256", "kid": "one"}], ids=str)
def test_a_token_without_a_real_signature_is_not_trusted(
    way: Way, monkeypatch: pytest.MonkeyPatch, head: dict[str, str]
):
    signed = way.provider.signed

    def unsigned(known: dict[str, str]) -> str:
        coded = b64encode(json.dumps(head).encode()).rstrip(b"=").decode()
        return f"{coded}.{signed(known).split('.')[1]}."

    monkeypatch.setattr(way.provider, "signed", unsigned)

    assert way.is_refused(400, "could not be verified")


def test_keys_that_the_issuer_has_changed_are_asked_for_again(way: Way):
    way.sign_in()
    way.provider.key = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})

    assert way.sign_in().status_code == 303


def test_what_the_issuer_says_of_itself_is_asked_once_in_ten_minutes(way: Way):
    way.sign_in()
    way.sign_in()

    assert way.provider.asked == ["/.well-known/openid-configuration", "/keys"]


def test_a_refusal_is_told_without_the_issuers_words(way: Way):
    way.provider.refuses = True

    assert way.is_refused(400, "broken off or refused")


def test_an_issuer_that_is_away_is_said_to_be_away(portal: Portal):
    settings = portal.settings.model_copy(update={"oidc_issuer": "http://127.0.0.1:9", "oidc_client_id": CLIENT})

    with TestClient(create_app(settings, portal.world), base_url=ADDRESS, follow_redirects=False) as browser:
        answer = browser.get("/signin/oidc")

    assert answer.status_code == 503
    assert "does not answer just now" in answer.text


def test_an_issuer_that_calls_itself_otherwise_is_not_believed(way: Way, portal: Portal):
    url = way.provider.url
    way.provider.url = "http://127.0.0.1:1"
    settings = portal.settings.model_copy(update={"oidc_issuer": url, "oidc_client_id": CLIENT})

    with TestClient(create_app(settings, portal.world), base_url=ADDRESS, follow_redirects=False) as browser:
        assert browser.get("/signin/oidc").status_code == 503


def test_without_an_issuer_there_is_no_such_way(portal: Portal):
    browser = portal.anybody()

    assert [browser.get(path).status_code for path in ("/signin/oidc", "/signin/oidc/callback")] == [404, 404]


def test_with_an_issuer_the_page_leads_there_and_its_origin_may_be_gone_to(way: Way):
    answer = way.browser.get("/signin")

    assert 'action="/signin/oidc"' in answer.text
    assert f"form-action 'self' {way.provider.url};" in answer.headers["content-security-policy"]


def test_a_sign_in_under_way_is_no_session_that_has_ended(way: Way):
    way.leave()

    assert way.browser.get("/cases").headers["location"] == "/signin?next=/cases"


def test_nothing_of_the_sign_in_stays_in_the_session(way: Way):
    way.sign_in()

    held = json.loads(b64decode(way.browser.cookies["second-opinion"].split(".")[0] + "=="))
    assert sorted(held) == ["seen", "since", "who"]
