"""Programs come in with a token that holds and has the role; no cookie counts, and guessing is soon over."""

import pytest

from policy.people import Role
from portal.pages import now
from portal.programs import Programs
from records.tokens import ApiTokens
from tests.portal.sending import issue, raw, told


@pytest.fixture
def program(portal):
    """A program with a token of intake."""
    client = portal.anybody()
    client.headers["Authorization"] = f"Bearer {issue(portal)[1]}"
    return client


def test_without_a_sound_token_nobody_comes_in(portal):
    made, text = issue(portal)
    revoked, revoked_text = issue(portal)
    ApiTokens(portal.world.records).revoke(revoked.id, now())
    ended = issue(portal, seconds=-1)[1]
    shown = ["", "Bearer", "Bearer ", f"Basic {text}", f"Bearer {made.id}", f"Bearer {text}x", revoked_text, ended]

    answers = [portal.anybody().get("/api/requests/SO-1", headers={"Authorization": one}) for one in shown]

    assert [answer.status_code for answer in answers] == [401] * len(shown)
    assert all(answer.headers["www-authenticate"].startswith("Bearer") for answer in answers)
    assert all(told(answer) == {} and text not in answer.text for answer in answers)


def test_only_some_roles_send_and_an_auditor_only_reads(portal):
    def status(role):
        headers = {"Authorization": f"Bearer {issue(portal, role)[1]}"}
        client = portal.anybody()
        sent = client.post("/api/requests", json=raw(), headers=headers).status_code
        return sent, client.get(f"/api/requests/{portal.numbers['new']}", headers=headers).status_code

    found = {role: status(role) for role in Role}

    senders = {Role.INTAKE, Role.CASE_MANAGER, Role.SUPERVISOR, Role.ADMINISTRATOR}
    assert {role for role, (sent, _) in found.items() if sent in (200, 201)} == senders
    assert {role for role, (_, read) in found.items() if read == 200} == {*senders, Role.AUDITOR}
    assert {status for pair in found.values() for status in pair} == {200, 201, 403}


def test_a_cookie_opens_nothing_and_none_is_given(portal):
    browser = portal.as_("in.park")

    answer = browser.post("/api/requests", json=raw())

    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_a_page_of_another_site_is_turned_away_and_a_program_is_not(portal, program):
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}

    from_a_page = portal.as_("in.park").post("/api/requests", json=raw(), headers=foreign)
    from_a_program = program.post("/api/requests", json=raw())

    assert (from_a_page.status_code, from_a_program.status_code) == (403, 201)
    assert "access-control-allow-origin" not in from_a_page.headers


def test_wrong_tokens_are_soon_answered_no_more_and_right_ones_are(portal, program):
    portal.app.state.programs = Programs(ApiTokens(portal.world.records), wrong=3)
    wrong = {"Authorization": "Bearer so_000000000000_x"}
    number = portal.numbers["new"]

    answers = [portal.anybody().get("/api/requests/x", headers=wrong) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert answers[-1].headers["retry-after"] == "60"
    assert program.get(f"/api/requests/{number}").status_code == 200


def test_a_token_that_comes_too_often_waits(portal, program):
    portal.app.state.programs = Programs(ApiTokens(portal.world.records), calls=2)

    answers = [program.get(f"/api/requests/{portal.numbers['new']}") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
