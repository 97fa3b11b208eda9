"""The page of a case: who may see it, what stands on it, and what each person is offered to do."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from policy.people import Contact, Role
from policy.request import Information, Item
from tests.builders import ADDRESS, CASE_MANAGER, CLINIC, CLINICAL, CMO, a_member, a_request
from tests.portal.conftest import Portal
from tests.portal.filling import forms_in

HOME = "213-555-0177"  # where a member who asked for confidential communication must not be called


def shown(portal: Portal, who: str, name: str, query: str = "") -> str:
    answer = portal.as_(who).get(f"/cases/{portal.numbers[name]}{query}")
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def offers(html: str) -> set[str]:
    """The actions that a page leads to, by link or by form."""
    return set(re.findall(r"/cases/[\w-]+(?:/do/|[?]way=)(\w+)", html))


def test_the_header_says_whose_turn_it_is_until_when_and_under_which_rule(portal: Portal) -> None:
    html = shown(portal, "md.chen", "physician")

    assert "Waits for: a CMO or physician designee</strong>, until " in html
    assert re.search(r"until \w{3} \d{4}-\d\d-\d\d \d\d:\d\d P[SD]T, ", html)
    assert re.search(r'<span class="\w+">in \d+ \w+</span>, under MCAL-', html)
    assert "T2: Decide on medical necessity" in html


def test_a_case_that_waits_for_no_person_says_what_has_to_happen_before_it_can_be_filed(portal: Portal) -> None:
    life = portal.begin("filing", ago=timedelta(days=1))
    life.act("confirm_completeness", CASE_MANAGER)
    life.act("determine", CMO, outcome="denied", rationale="Not needed.", criteria="MCG 4.2")
    portal.record("filing")

    owed = shown(portal, "cm.alvarez", "filing")
    life.send_letters()
    portal.record("filing")

    assert "Waits for no person. Before it can be filed:" in owed
    assert "<li>letter: denial to the member has not left</li>" in owed
    assert "Waits for nobody: it is being filed." in shown(portal, "cm.alvarez", "filing")


def test_a_case_is_found_by_its_external_reference(portal: Portal) -> None:
    answer = portal.as_("cm.alvarez").get("/cases/REF-new")

    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{portal.numbers['new']}")


def test_a_request_whose_case_has_not_begun_says_so(portal: Portal) -> None:
    number = portal.world.register.reserve(a_request(external_reference="REF-later"), datetime.now(UTC)).case_number

    assert "begins as soon as Temporal and a worker run" in portal.as_("cm.alvarez").get(f"/cases/{number}").text
    assert portal.as_("md.osei").get(f"/cases/{number}").status_code == 404


@pytest.mark.parametrize(
    ("who", "name", "status"),
    [
        ("md.osei", "orthopedic", 200),
        ("md.osei", "nominated", 200),
        ("md.osei", "cardiology", 404),
        ("md.rao", "cardiology", 200),
        ("md.osei", "physician", 404),
        ("md.osei", "closed", 404),
        ("co.grant", "new", 404),
        ("in.park", "new", 200),
        ("au.silva", "closed", 200),
    ],
)
def test_consultants_see_what_waits_for_their_specialty_and_nothing_else(
    portal: Portal, who: str, name: str, status: int
) -> None:
    assert portal.as_(who).get(f"/cases/{portal.numbers[name]}").status_code == status


def test_a_case_that_one_may_not_see_looks_as_one_that_is_not_there(portal: Portal) -> None:
    consultant = portal.as_("md.osei")

    hidden = consultant.get(f"/cases/{portal.numbers['physician']}")
    missing = consultant.get("/cases/SO-2026-999999")

    assert (hidden.status_code, hidden.text) == (missing.status_code, missing.text)


def test_without_temporal_the_records_are_shown_and_forms_are_offered(portal: Portal) -> None:
    html = shown(portal, "cm.alvarez", "new")

    assert "The case itself does not answer now" in html
    assert "Ana María Núñez" in html
    assert "confirm_completeness" in offers(html)


def test_the_form_stands_in_the_page_with_a_tab_for_each_way(portal: Portal) -> None:
    number = portal.numbers["physician"]
    first = shown(portal, "md.chen", "physician")
    other = shown(portal, "md.chen", "physician", "?way=determine")

    assert f'href="/cases/{number}?way=determine#do"' in first
    assert f"/cases/{number}/do/refer_to_consultation" in forms_in(first)
    assert {"outcome", "rationale", "criteria"} <= set(forms_in(other)[f"/cases/{number}/do/determine"])


@pytest.mark.parametrize(
    ("who", "name", "some", "none"),
    [
        ("cm.alvarez", "new", {"claim_task", "suspend_task", "withdraw_request"}, {"assign_task", "determine"}),
        ("cm.alvarez", "claimed", {"release_task", "delegate_task"}, {"claim_task", "return_task"}),
        ("cm.brown", "claimed", {"add_comment"}, {"claim_task", "release_task", "confirm_completeness"}),
        ("sv.okafor", "claimed", {"assign_task", "release_task"}, {"nominate_task", "confirm_completeness"}),
        ("md.chen", "physician", {"expedite_request", "extend_decision", "nominate_task"}, {"assign_task"}),
        ("cm.alvarez", "asked", {"skip_task", "receive_information"}, {"confirm_completeness"}),
        ("md.osei", "nominated", {"claim_task", "release_task", "submit_consultation"}, {"withdraw_request"}),
        ("in.park", "physician", {"add_comment", "withdraw_request"}, {"claim_task", "determine", "extend_decision"}),
        ("au.silva", "new", set(), {"add_comment", "claim_task", "withdraw_request", "confirm_completeness"}),
        ("cm.alvarez", "placement", {"place_opinion"}, {"withdraw_request"}),
        ("cm.alvarez", "closed", set(), {"add_comment", "withdraw_request"}),
    ],
)
def test_only_what_a_person_may_do_is_offered(
    portal: Portal, who: str, name: str, some: set[str], none: set[str]
) -> None:
    found = offers(shown(portal, who, name))

    assert some <= found
    assert not none & found


def test_the_page_says_which_letters_the_member_wants_and_where_the_member_is_reached(portal: Portal) -> None:
    member = a_member(language="es", email="ana@example.org", letters_by="email", large_print=True)
    portal.begin("wishes", member=member)
    portal.record("wishes")

    html = shown(portal, "cm.alvarez", "wishes")

    assert "<dt>Letters</dt><dd>by e-mail, large print, Spanish</dd>" in html
    assert "<dt>Language</dt><dd>Spanish</dd>" in html
    assert "<dt>E-mail</dt><dd>ana@example.org</dd>" in html
    assert "<dt>Address</dt><dd>12 Alder Street, Los Angeles, CA 90012</dd>" in html
    assert "Confidential" not in html


@pytest.mark.parametrize("who", ["in.park", "cm.alvarez", "md.chen", "au.silva"])
def test_of_a_confidential_contact_the_page_says_so_and_shows_no_other_place(portal: Portal, who: str) -> None:
    only = Contact(address=CLINIC, phone="213-555-0109")
    came = (Information(item=Item.MEMBER_ADDRESS, address=ADDRESS), Information(item=Item.MEMBER_PHONE, text=HOME))
    member = a_member(confidential=only, phone=HOME, email="home@example.org")
    portal.begin("confidential", member=member, information=(*CLINICAL, *came))
    portal.record("confidential")

    html = shown(portal, who, "confidential")

    assert '<strong class="bad-text">Confidential address: use only this</strong>' in html
    assert "<dt>Address</dt><dd>500 Clinic Way, Pasadena, CA 91101</dd>" in html
    assert "<dt>Telephone</dt><dd>213-555-0109</dd>" in html
    assert html.count("not shown: use only the confidential address") == 2
    assert [ordinary for ordinary in ("12 Alder Street", HOME, "home@example.org") if ordinary in html] == []


def test_intake_sees_no_letters_and_no_documents(portal: Portal) -> None:
    html = shown(portal, "in.park", "closed")

    assert "Member and request" in html
    assert "The story so far" in html
    assert "h-letters" not in html
    assert "h-documents" not in html


def test_the_story_is_newest_first_and_can_be_turned_round(portal: Portal) -> None:
    newest = shown(portal, "cm.alvarez", "closed")
    oldest = shown(portal, "cm.alvarez", "closed", "?story=oldest")

    assert newest.index("Closed: denied") < newest.index("request:received")
    assert oldest.index("request:received") < oldest.index("Closed: denied")


def test_refused_actions_are_marked_in_the_story(portal: Portal) -> None:
    assert '<li class="refused">' in shown(portal, "cm.alvarez", "overdue")


def test_clocks_say_how_they_stand_and_why(portal: Portal) -> None:
    html = shown(portal, "cm.alvarez", "overdue")

    assert '<span class="tag bad">breached</span>' in html
    assert "H&amp;S 1367.01" in html
    assert "overdue by " in html


def test_letters_are_owed_or_sent_and_sent_ones_can_be_opened(portal: Portal) -> None:
    number = portal.numbers["closed"]

    assert f'href="/cases/{number}/letters/{number}-denial-1-member"' in shown(portal, "md.chen", "closed")
    assert '<span class="tag warn">owed</span>' in shown(portal, "md.chen", "asked")


def test_the_audit_is_linked_for_those_who_may_see_it(portal: Portal) -> None:
    link = f'href="/audit/{portal.numbers["new"]}"'

    assert link in shown(portal, "au.silva", "new")
    assert link not in shown(portal, "cm.alvarez", "new")


def test_the_same_case_can_be_opened_in_the_temporal_ui(portal: Portal) -> None:
    portal.house.settings = portal.settings.model_copy(update={"temporal_ui": "http://127.0.0.1:8233"})
    number = portal.numbers["new"]

    link = f"http://127.0.0.1:8233/namespaces/default/workflows/so-{number}"
    assert link.lower() in shown(portal, "cm.alvarez", "new").lower()


def test_every_role_of_the_rooms_table_finds_a_page(portal: Portal) -> None:
    roles = {role for entry in portal.house.staff.values() for role in entry.actor.roles}

    assert set(Role) == roles  # the cast has everybody, so the tests above leave nobody out
    assert CASE_MANAGER.id in portal.house.staff
