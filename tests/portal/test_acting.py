"""Forms that act on a case while Temporal is away: what is kept, what is said, what is asked first."""

import json
from typing import Any

import pytest

from portal.access import OTHERS
from tests.portal.conftest import Portal
from tests.portal.filling import filled, forms_in


def form(portal: Portal, who: str, name: str, signal: str, **query: str) -> tuple[Any, str, str]:
    """The browser, the form's page and its action."""
    browser, action = portal.as_(who), f"/cases/{portal.numbers[name]}/do/{signal}"
    answer = browser.get(action, params=query)
    assert answer.status_code == 200, answer.headers
    return browser, answer.text, action


def test_an_action_is_kept_when_temporal_is_away_and_the_page_says_so(portal: Portal) -> None:
    browser, page, action = form(portal, "cm.alvarez", "asked", "record_contact_attempt")

    answer = browser.post(action, data=filled(page, action, channel="fax", reached="no"))

    assert answer.headers["location"] == f"/cases/{portal.numbers['asked']}"
    assert "Kept for" in browser.get(answer.headers["location"]).text
    ((number, kept, correlation),) = portal.world.kept.waiting()
    assert (number, kept.SIGNAL, kept.actor.id) == (portal.numbers["asked"], "record_contact_attempt", "cm.alvarez")
    assert kept.revision == 1
    assert correlation == answer.headers["x-request-id"]


def test_a_double_click_is_one_action(portal: Portal) -> None:
    browser, page, action = form(portal, "cm.alvarez", "new", "add_comment", task="T1")
    sent = filled(page, action, text="They call back tomorrow.")

    answers = [browser.post(action, data=sent).status_code for _ in range(2)]

    assert answers == [303, 303]
    assert len(portal.world.kept.waiting()) == 1


def test_claiming_is_one_press_of_a_button(portal: Portal) -> None:
    browser = portal.as_("cm.alvarez")
    action = f"/cases/{portal.numbers['new']}/do/claim_task"

    answer = browser.post(action, data=forms_in(browser.get(f"/cases/{portal.numbers['new']}").text)[action])

    assert answer.status_code == 303
    assert portal.world.kept.waiting()[0][1].SIGNAL == "claim_task"


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(portal: Portal) -> None:
    browser, page, action = form(portal, "md.chen", "physician", "determine")

    answer = browser.post(action, data=filled(page, action, rationale="Reason R1 applies."))

    assert answer.status_code == 422
    assert 'id="f-outcome"' in answer.text
    assert "This is needed." in answer.text
    again = forms_in(answer.text)[action]
    assert again["rationale"] == ["Reason R1 applies."]
    assert again["action_id"] == forms_in(page)[action]["action_id"]
    assert portal.world.kept.waiting() == []


def test_what_cannot_be_undone_is_asked_about_first(portal: Portal) -> None:
    browser, page, action = form(portal, "cm.alvarez", "new", "withdraw_request")

    asked = browser.post(action, data=filled(page, action, reason="The member has decided against it."))
    nothing_yet = portal.world.kept.waiting()
    sent = browser.post(action, data={**forms_in(asked.text)[action], "confirmed": "yes"})

    assert "This cannot be undone." in asked.text
    assert "The member has decided against it." in asked.text
    assert nothing_yet == []
    assert sent.status_code == 303
    assert portal.world.kept.waiting()[0][1].SIGNAL == "withdraw_request"


def test_a_denial_without_its_letters_says_why_they_cannot_be_shown(portal: Portal) -> None:
    browser, page, action = form(portal, "md.chen", "physician", "determine")

    asked = browser.post(action, data=filled(page, action, outcome="denied", rationale="No.", criteria="MCG 4.2"))

    assert "Send the denial" in asked.text
    assert "the letters cannot be shown" in asked.text


def test_a_confirmation_leads_back_to_the_form_with_what_was_entered(portal: Portal) -> None:
    browser, page, action = form(portal, "md.chen", "physician", "determine")
    asked = browser.post(action, data=filled(page, action, outcome="approved", rationale="Reason R1 applies."))

    back = browser.post(action, data={**forms_in(asked.text)[action], "back": "yes"})

    assert forms_in(back.text)[action]["outcome"] == ["approved"]
    assert forms_in(back.text)[action]["rationale"] == ["Reason R1 applies."]


def test_a_forged_confirmation_is_checked_as_the_form_is(portal: Portal) -> None:
    browser, page, action = form(portal, "md.chen", "physician", "determine")
    hidden = {n: forms_in(page)[action][n] for n in ("task", "revision", "action_id")}

    for body in ("no JSON", "[1]", json.dumps({"outcome": "maybe"}), json.dumps({"actor": {"id": "ad.lund"}})):
        answer = browser.post(action, data={**hidden, "body": body, "confirmed": "yes"})
        assert answer.status_code == 422, body
    assert portal.world.kept.waiting() == []


def test_nobody_acts_in_anothers_name(portal: Portal) -> None:
    browser, page, action = form(portal, "cm.alvarez", "new", "withdraw_request")
    body = json.dumps(
        {"reason": "No.", "actor": {"id": "sv.okafor", "roles": ["supervisor"]}, "at": "2020-01-01T00:00Z"}
    )

    browser.post(action, data={**forms_in(page)[action], "body": body, "confirmed": "yes"})

    assert [kept.actor.id for _, kept, _ in portal.world.kept.waiting()] == ["cm.alvarez"]


def test_one_more_shows_one_more_member_of_a_list(portal: Portal) -> None:
    browser, page, action = form(portal, "cm.alvarez", "asked", "receive_information")
    typed = {"information__0__item": "test_results", "information__0__text": "Normal."}

    more = browser.post(action, data={**filled(page, action, **typed), "more": "information"})

    assert more.status_code == 200
    again = forms_in(more.text)[action]
    assert again["information.0.text"] == ["Normal."]
    assert again["information.1.text"] == [""]


def test_a_draft_is_kept_with_its_task(portal: Portal) -> None:
    browser, page, action = form(portal, "md.chen", "physician", "determine")

    answer = browser.post(action, data={**filled(page, action, rationale="Half a thought"), "draft": "yes"})

    assert answer.headers["location"] == f"{action}?task=T2"
    ((_, kept, _),) = portal.world.kept.waiting()
    assert json.loads(kept.model_dump()["draft"]) == {"rationale": "Half a thought"}


def test_a_draft_that_is_too_long_is_said_to_be(portal: Portal) -> None:
    browser, page, action = form(portal, "md.chen", "physician", "determine")

    answer = browser.post(action, data={**filled(page, action, rationale="x" * 20_000), "draft": "yes"})

    assert answer.status_code == 422
    assert "too long for a draft" in answer.text


@pytest.mark.parametrize(
    ("who", "name", "signal"),
    [
        ("cm.alvarez", "physician", "determine"),
        ("in.park", "new", "claim_task"),
        ("au.silva", "new", "add_comment"),
        ("md.osei", "physician", "submit_consultation"),
        ("md.chen", "new", "save_draft"),
        ("md.chen", "new", "no_such_action"),
        ("sv.okafor", "new", "lift_exclusion"),
    ],
)
def test_what_is_not_a_persons_to_do_is_not_found(portal: Portal, who: str, name: str, signal: str) -> None:
    browser, action = portal.as_(who), f"/cases/{portal.numbers[name]}/do/{signal}"

    assert browser.get(action).status_code == 404
    assert browser.post(action, data={"task": "T1"}).status_code == 404


def test_a_task_that_is_over_leads_back_to_the_case(portal: Portal) -> None:
    browser = portal.as_("cm.alvarez")

    answer = browser.get(f"/cases/{portal.numbers['physician']}/do/confirm_completeness", params={"task": "T1"})

    assert answer.headers["location"] == f"/cases/{portal.numbers['physician']}"
    assert "no longer open" in browser.get(answer.headers["location"]).text


def test_a_closed_case_takes_no_more(portal: Portal) -> None:
    browser = portal.as_("cm.alvarez")

    answer = browser.get(f"/cases/{portal.numbers['closed']}/do/add_comment")

    assert "The case is closed" in browser.get(answer.headers["location"]).text


def test_no_address_and_no_log_line_says_what_was_typed(portal: Portal, caplog: pytest.LogCaptureFixture) -> None:
    browser, page, action = form(portal, "cm.alvarez", "new", "add_comment", task="T1")

    answer = browser.post(action, data=filled(page, action, text="Metastatic carcinoma"))

    assert "carcinoma" not in answer.headers["location"]
    assert "carcinoma" not in caplog.text


def test_every_action_is_somebodys() -> None:
    assert all(OTHERS.values())
