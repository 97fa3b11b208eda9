"""Whole cases in a real browser, by people each at their own: with JavaScript and without."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Portal, picture

pytestmark = [pytest.mark.server, pytest.mark.browser, pytest.mark.xdist_group("browser journeys")]


@pytest.fixture
def portal(shared_portal: Portal) -> Portal:
    """All tests here share one."""
    return shared_portal


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=re.compile(f"^{re.escape(name)}…?$")).first.click()


def is_done(page: Page) -> None:
    expect(page.locator(".flash.good")).to_be_visible()


def opens(page: Page, case: str) -> None:
    page.goto(f"/cases/{case}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(case)


def does(page: Page, case: str, signal: str) -> None:
    """To the form of an action, by its own address."""
    page.goto(f"/cases/{case}")
    page.goto(f"/cases/{case}/do/{signal}")


def choose(page: Page, field: str, value: str) -> None:
    page.locator(f"#f-{field}").select_option(value)


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_four_people_carry_a_case_from_the_work_list_to_the_file(portal: Portal, scripts):
    case = portal.open_case()
    manager, physician = portal.at("cm.alvarez", scripts=scripts), portal.at("md.chen", scripts=scripts)
    other, supervisor = portal.at("cm.brown", scripts=scripts), portal.at("sv.okafor", scripts=scripts)

    # the case manager claims it from the list, and a colleague is told so
    manager.goto("/tasks?tab=group")
    manager.get_by_role("row").filter(has_text=case).get_by_role("button", name="Claim").click()
    is_done(manager)
    picture(manager, "list")
    does(other, case, "confirm_completeness")
    press(other, "Confirm that it is complete")
    expect(other.get_by_role("main")).to_contain_text("has claimed this task")

    # ... confirms it, after a page that asks
    opens(manager, case)
    picture(manager, "case")
    does(manager, case, "confirm_completeness")
    press(manager, "Confirm that it is complete")
    press(manager, "Yes, confirm that it is complete")
    is_done(manager)

    # what is missing in a form is said beside its field, and nothing that was typed is lost
    does(physician, case, "determine")
    physician.locator("#f-rationale").fill("Reason R1 applies; the surgery is elective.")
    press(physician, "Approve or deny")
    expect(physician.locator(".errors")).to_contain_text("Outcome")
    expect(physician.locator("#f-rationale")).to_have_value("Reason R1 applies; the surgery is elective.")
    picture(physician, "errors")
    choose(physician, "outcome", "approved")
    press(physician, "Approve or deny")
    picture(physician, "confirm")
    press(physician, "Yes, approve or deny")
    is_done(physician)

    # the opinion is placed, the report recorded, the case filed
    does(manager, case, "place_opinion")
    choose(manager, "tier", "plan")
    for field, text in (("npi", "1992999882"), ("name", "Dr. Lena Sato"), ("specialty", "endocrinology")):
        manager.locator(f"#f-professional-{field}").fill(text)
    manager.locator("#f-licence").fill("A77701")
    manager.locator('input[name="board_certified"][value="yes"]').check()
    manager.locator("#f-passed_over-ppg").fill("every endocrinologist of the IPA was involved")
    press(manager, "Place the opinion")
    press(manager, "Yes, place the opinion")
    is_done(manager)
    does(manager, case, "receive_report")
    manager.locator("#f-findings").fill("No change to the plan of care is needed.")
    manager.locator("#f-recommendations").fill("Continue as planned.")
    press(manager, "Record the report")
    is_done(manager)
    portal.house.call(case)  # the provider, by law
    portal.house.call(case)  # the physician who gives the opinion, of whom no address was entered
    portal.house.until(case, stage="closed", outcome="approved")

    # the supervisor reads the whole of it
    opens(supervisor, case)
    expect(supervisor.get_by_role("heading", level=1)).to_contain_text(re.compile("closed|approved"))
    expect(supervisor.get_by_role("main")).to_contain_text("Dr. Lena Sato")
    picture(supervisor, "closed")


def test_a_denial_shows_its_letters_first_and_its_author_is_not_who_prepared_the_case(portal: Portal):
    case = portal.open_case()
    manager, physician = portal.at("cm.alvarez"), portal.at("md.chen")
    does(manager, case, "confirm_completeness")
    press(manager, "Confirm that it is complete")
    press(manager, "Yes, confirm that it is complete")
    is_done(manager)

    refused = manager.goto(f"/cases/{case}/do/determine")
    does(physician, case, "determine")
    choose(physician, "outcome", "denied")
    physician.locator("#f-rationale").fill("The criteria are not met.")
    physician.locator("#f-criteria").fill("MCG 4.2")
    press(physician, "Approve or deny")
    expect(physician.get_by_role("heading", level=1)).to_have_text("Send the denial?")
    expect(physician.get_by_role("main")).to_contain_text("MCG 4.2")
    picture(physician, "denial")
    press(physician, "Send the denial")

    assert refused is not None
    assert refused.status in (403, 404)
    is_done(physician)
    portal.house.call(case)
    portal.house.until(case, stage="closed", outcome="denied")


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_closed_denial_is_overturned_by_another_physician_and_a_letter_that_came_back_is_reported(
    portal: Portal, scripts
):
    case = denied_and_closed(portal)
    manager, physician = portal.at("cm.alvarez", scripts=scripts), portal.at("md.haddad", scripts=scripts)

    # a letter comes back: the case is open again until somebody has called
    opens(manager, case)
    letter = manager.locator("li").filter(has_text="denial").filter(has_text="member")
    letter.get_by_role("link", name="It came back").click()
    manager.locator("#f-reason").fill("moved, left no address")
    press(manager, "It came back")
    press(manager, "Yes, it came back")
    is_done(manager)
    portal.house.call(case)
    portal.house.until(case, stage="closed", outcome="denied")

    # a grievance is upheld: the page asks before it is done, and says afterwards what became of it
    opens(physician, case)
    picture(physician, "closed-denial")
    does(physician, case, "change_determination")
    choose(physician, "because", "grievance")
    choose(physician, "outcome", "approved")
    physician.locator("#f-rationale").fill("The record that came later shows the need.")
    picture(physician, "change")
    press(physician, "Change the determination")
    press(physician, "Yes, change the determination")
    is_done(physician)
    assert portal.house.until(case, stage="placement")["case"]["outcome"] == "approved"
    opens(physician, case)
    expect(physician.get_by_role("main")).to_contain_text("denied, now approved")
    picture(physician, "reopened")


def denied_and_closed(portal: Portal) -> str:
    """A case that the CMO denied and that is closed, by the terminal."""
    case = portal.open_case()
    denial = {"outcome": "denied", "rationale": "The criteria are not met.", "criteria": "MCG 4.2"}
    for signal, actor, fields in (
        ("confirm_completeness", "cm.alvarez", {}),
        ("determine", "md.chen", denial),
    ):
        done = portal.house.act(case, signal, actor, **fields)
        assert done.returncode == 0, done.stderr
    portal.house.call(case)
    portal.house.until(case, stage="closed", outcome="denied")
    return case


def test_a_session_that_has_ended_leads_back_to_where_one_was(portal: Portal):
    case = portal.open_case()
    page = portal.at("cm.alvarez")
    page.context.clear_cookies()

    page.goto(f"/cases/{case}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.locator('button[value="cm.alvarez"]').click()

    expect(page.get_by_role("heading", level=1)).to_contain_text(case)


def test_a_case_is_opened_and_found_by_keyboard_alone(portal: Portal):
    portal.open_case()
    page = portal.at("cm.alvarez")

    page.goto("/tasks?tab=group")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.locator(":focus").get_attribute("href") and "/cases/" in (
            page.locator(":focus").get_attribute("href") or ""
        ):
            break
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("SO-")


def test_a_draft_is_there_for_whoever_comes_back(portal: Portal):
    case = portal.open_case()
    manager, physician = portal.at("cm.alvarez"), portal.at("md.chen")
    does(manager, case, "confirm_completeness")
    press(manager, "Confirm that it is complete")
    press(manager, "Yes, confirm that it is complete")
    is_done(manager)

    does(physician, case, "determine")
    physician.locator("#f-rationale").fill("Half a thought.")
    press(physician, "Save draft")
    physician.goto("/tasks")
    does(physician, case, "determine")

    expect(physician.locator("#f-rationale")).to_have_value("Half a thought.")


def test_a_list_refreshes_itself_and_keeps_the_place(portal: Portal):
    page = portal.at("sv.okafor")
    page.goto("/tasks?tab=all")

    case = portal.open_case()

    expect(page.get_by_role("row").filter(has_text=case)).to_be_visible(timeout=25_000)
    assert page.url.endswith("/tasks?tab=all")


def test_a_newcomer_opens_a_request_by_the_form_and_finds_it_on_the_case_managers_list(portal: Portal):
    page, manager = portal.at("in.park"), portal.at("cm.alvarez")

    page.goto("/intake")
    page.get_by_role("button", name="Open the request").click()
    expect(page.locator(".errors")).to_contain_text("Line")
    for field, value in CHOICES.items():
        choose(page, field, value)
    page.locator('input[name="reasons"][value="R1"]').check()
    for field, text in TEXTS.items():
        page.locator(f"#f-{field}").fill(text)
    picture(page, "intake")
    page.get_by_role("button", name="Open the request").click()
    expect(page.get_by_role("main")).to_contain_text(re.compile(r"SO-\d{4}-\d{6}"))
    picture(page, "opened")
    case = re.search(r"SO-\d{4}-\d{6}", page.get_by_role("main").inner_text())

    assert case is not None
    portal.house.until(case[0], stage="completeness_review")
    manager.goto("/tasks?tab=group")
    expect(manager.get_by_role("row").filter(has_text=case[0])).to_be_visible()


CHOICES = {
    "line": "commercial",
    "requester-kind": "member",
    "purpose": "before_surgery",
    "care": "specialty",
}
TEXTS = {
    "requester-name-family": "Volkova",
    "requester-name-given": "Irina",
    "specialty": "endocrinology",
    "member-member_id": "SYN-0042",
    "member-name-family": "Volkova",
    "member-name-given": "Irina",
    "member-birth_date": "1971-03-09",
    "pcp-npi": "1992999866",
    "pcp-name": "Dr. Ines Vega",
    "pcp-specialty": "family medicine",
    "treating_provider-npi": "1992999874",
    "treating_provider-name": "Dr. Tom Reed",
    "treating_provider-specialty": "endocrinology",
}


def test_who_prepared_a_case_may_not_decide_it_and_is_told_why(portal: Portal):
    case = portal.open_case()
    both = portal.at("dr.both")
    does(both, case, "confirm_completeness")
    press(both, "Confirm that it is complete")
    press(both, "Yes, confirm that it is complete")
    is_done(both)

    opens(both, case)

    expect(both.get_by_role("main")).to_contain_text("who prepared the case as case manager cannot review or decide it")
    both.goto(f"/cases/{case}/do/determine")
    choose(both, "outcome", "approved")
    both.locator("#f-rationale").fill("I know it best.")
    press(both, "Approve or deny")
    expect(both.get_by_role("main")).to_contain_text("four eyes")
    picture(both, "four-eyes")
