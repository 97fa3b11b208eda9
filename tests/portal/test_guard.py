"""The guard at the door: other sites, other names, too much, too often; and the headers of every answer."""

import pytest
from starlette.testclient import TestClient

from portal.guard import HEADERS, LARGEST_BODY, Throttle
from tests.portal.conftest import ADDRESS, Portal

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def post(browser: TestClient, **headers: str) -> int:
    return browser.post(
        "/signout", headers={name.replace("_", "-"): text for name, text in headers.items()}
    ).status_code


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site", "origin": ADDRESS},
        {"sec_fetch_site": "Same-Origin"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://testserver.evil.example"},
        {"origin": "http://testserver:81"},
        {"origin": "http://testserver@evil.example"},
    ],
    ids=str,
)
def test_what_another_site_sends_is_turned_away(portal: Portal, headers: dict[str, str]):
    browser = portal.as_("cm.alvarez")

    assert post(browser, **headers) == 403
    assert browser.get("/keyboard").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"sec_fetch_site": "same-origin"}, {"sec_fetch_site": "none"}, {"origin": ADDRESS}],
    ids=str,
)
def test_what_our_own_pages_or_programs_send_comes_through(portal: Portal, headers: dict[str, str]):
    assert post(portal.as_("cm.alvarez"), **headers) == 303


def test_pages_are_read_from_anywhere_as_by_a_link_in_a_mail(portal: Portal):
    answer = portal.as_("cm.alvarez").get("/keyboard", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "PROPFIND"])
def test_every_method_that_could_change_something_is_guarded(portal: Portal, method: str):
    answer = portal.anybody().request(method, "/signout", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "", "[::1", "10.0.0.1"])
def test_under_another_name_nothing_is_answered(portal: Portal, host: str):
    answer = portal.anybody().get("/signin", headers={"Host": host})

    assert answer.status_code == 421
    assert "SECOND_OPINION_PORTAL_URL" in answer.text


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080", "TESTSERVER"])
def test_under_its_own_names_it_answers(portal: Portal, host: str):
    assert portal.anybody().get("/signin", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [("/signin", 200), ("/cases", 303), ("/nowhere", 404), ("/static/portal.css", 200), ("/static/none", 404)],
)
def test_every_answer_has_the_headers(portal: Portal, path: str, status: int):
    answer = portal.anybody().get(path)

    assert answer.status_code == status
    assert {name: answer.headers[name] for name in HEADERS if name != "Cache-Control"} == {
        name: text for name, text in HEADERS.items() if name != "Cache-Control"
    }
    policy = answer.headers["content-security-policy"]
    assert all(part in policy for part in ("default-src 'none'", "frame-ancestors 'none'", "script-src 'self'"))
    assert "unsafe" not in policy


def test_answers_of_the_guard_itself_have_the_headers(portal: Portal):
    answer = portal.anybody().post("/signout", headers={"Origin": "https://evil.example"})

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" in answer.headers


def test_pages_are_left_in_no_cache(portal: Portal):
    assert portal.as_("cm.alvarez").get("/keyboard").headers["cache-control"] == "no-store"


def test_an_answer_after_a_failure_of_ours_has_the_headers_and_shows_nothing_of_it(
    portal: Portal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fails(_who: str) -> None:
        raise RuntimeError("Ana María Núñez")

    monkeypatch.setattr(portal.house, "person", fails)
    answer = portal.anybody().post("/signin", data={"who": "cm.alvarez"})

    assert answer.status_code == 500
    assert "Núñez" not in answer.text + caplog.text
    (line,) = (record for record in caplog.records if record.message == "portal.failed")
    assert vars(line)["error"] == "RuntimeError"
    assert vars(line)["place"].startswith("portal/test_guard.py:")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_is_too_large_is_turned_away_before_it_is_read(portal: Portal):
    answer = portal.anybody().post("/signin", headers={"Content-Length": str(LARGEST_BODY + 1)}, content=b"x")

    assert answer.status_code == 413


@pytest.mark.parametrize("length", ["many", "-1", "1e9", "٣"])
def test_a_length_that_is_none_is_turned_away(portal: Portal, length: str):
    headers = [(b"content-length", length.encode()), (b"sec-fetch-site", b"none")]

    assert portal.anybody().post("/signin", headers=headers, content=b"x").status_code == 400


def test_what_is_sent_in_pieces_is_counted_as_it_comes(portal: Portal):
    piece = b"who=" + b"x" * (1024 * 1024)

    answer = portal.anybody().post("/signin", content=(piece for _ in range(26)), headers=FORM)

    assert answer.status_code == 413


def test_a_throttle_lets_so_many_through_and_later_again():
    throttle = Throttle(attempts=2, seconds=10)

    allowed = [throttle.allows("a", at) for at in (0, 1, 2, 10.5)] + [throttle.allows("b", 2)]

    assert allowed == [True, True, False, False, True]
    assert throttle.allows("a", 30)


def test_a_throttle_forgets_the_oldest_of_very_many_keys_and_never_the_one_that_knocks():
    throttle = Throttle(attempts=1, seconds=10)
    for number in range(10_001):
        throttle.allows(str(number), 0)

    assert not throttle.allows("10000", 1)
