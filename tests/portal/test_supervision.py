"""The supervisor's page: tiles that lead to lists, loads, breaches, refusals, what is stuck."""

import re
from datetime import UTC, datetime

import pytest

from records.troubles import Found, TroubleKind, Troubles
from tests.portal.conftest import Portal
from wiring.views import VIEWS


def page_of(portal: Portal, who: str = "sv.okafor") -> str:
    answer = portal.as_(who).get("/supervisor")
    assert answer.status_code == 200
    return answer.text


def tiles(page: str) -> dict[str, int]:
    found = re.findall(r"<strong[^>]*>([\d,]+)</strong><span>([^<:,]+)", page)
    return {label: int(number) for number, label in found}


@pytest.mark.parametrize("who", ["cm.alvarez", "md.chen", "md.osei", "in.park", "au.silva"])
def test_supervision_is_not_found_by_others(portal: Portal, who: str):
    assert portal.as_(who).get("/supervisor").status_code == 404


def test_the_tiles_count_and_lead_to_the_lists_that_they_count(portal: Portal):
    client = portal.as_("sv.okafor")
    client.post("/tasks/claim", data={"case": portal.numbers["new"], "task": "T1"})

    page = client.get("/supervisor").text

    counted = tiles(page)
    assert counted["open cases"] == 10
    assert counted["open tasks"] == 11
    assert (counted["overdue"], counted["escalated"]) == (2, 1)
    assert counted["kept actions waiting for Temporal"] == 1
    for href, number in re.findall(r'<a href="(/tasks[^"]*)"><strong[^>]*>(\d+)', page):
        listed = client.get(href.replace("&amp;", "&")).text
        assert len(re.findall(r'<tr id="row-', listed)) == int(number), href


def test_it_tells_who_has_what(portal: Portal):
    page = page_of(portal)

    assert re.search(r"Rosa Alvarez<small>cm.alvarez</small></td><td>1</td>", page)
    assert re.search(r"Dr. Kofi Osei<small>md.osei</small></td><td>0</td><td>0</td><td>1</td>", page)
    assert "CMO or physician designee" in page


def test_it_tells_breaches_and_refusals_with_their_reasons(portal: Portal):
    page = page_of(portal)

    breaches, refusals = page.split('<h2 id="refused">')
    assert portal.numbers["overdue"] in breaches.split("<h2>Breaches</h2>")[1]
    assert "submit consultation" in refusals
    assert portal.lives["overdue"].case.refusals[0].reason in refusals.replace("&#39;", "'")


def test_it_says_so_when_temporal_does_not_answer(portal: Portal):
    assert "Temporal does not answer now, so nobody can say" in page_of(portal)


def test_no_member_is_named(portal: Portal):
    page = page_of(portal)

    assert "Okonkwo" not in page
    assert "Núñez" not in page


def test_htmx_is_given_the_overview_alone(portal: Portal):
    client = portal.as_("sv.okafor")

    answer = client.get("/supervisor", headers={"hx-request": "true", "x-refresh": "true"})

    assert answer.text.strip().startswith('<div id="overview"')


def a_stuck_case(portal: Portal) -> str:
    number = portal.numbers["new"]
    found = {number: Found(code="WorkflowWorkerUnhandledFailure", text="Its workflow fails.")}
    Troubles(portal.world.records).observe(TroubleKind.STUCK, found, datetime(2026, 11, 2, 17, 0, tzinfo=UTC))
    return number


def test_a_stuck_case_stands_there_also_when_temporal_is_away_until_somebody_says_that_it_is_over(portal: Portal):
    number = a_stuck_case(portal)
    client = portal.as_("sv.okafor")
    where = f"/supervisor/troubles/stuck/{number}"

    open_ = client.get("/supervisor").text
    taken = client.post(where, data={"does": "acknowledge", "note": "Rolled back."})
    held = client.get("/supervisor").text
    client.post(where, data={"does": "end"})
    over = client.get("/supervisor").text

    assert "Its workflow fails." in open_
    assert '<span class="overdue">nobody</span>' in open_
    assert taken.status_code == 303
    assert "<small>Rolled back.</small>" in held
    assert "Its workflow fails." not in over
    assert Troubles(portal.world.records).history()[0].ended_by == "sv.okafor"


def test_a_trouble_that_there_is_not_is_refused_with_a_sentence(portal: Portal):
    client = portal.as_("sv.okafor")

    client.post("/supervisor/troubles/stuck/SO-2026-999999", data={"does": "end"})

    assert "SO-2026-999999 has no open trouble" in client.get("/supervisor").text


def test_only_who_is_in_charge_settles_a_trouble(portal: Portal):
    number = a_stuck_case(portal)

    answer = portal.as_("cm.alvarez").post(f"/supervisor/troubles/stuck/{number}", data={"does": "end"})

    assert answer.status_code == 404
    assert len(Troubles(portal.world.records).open()) == 1


def test_every_view_leads_to_its_cases_here_and_in_the_temporal_ui(portal: Portal):
    portal.house.settings = portal.settings.model_copy(update={"temporal_ui": "https://plan.example/temporal"})
    client = portal.as_("sv.okafor")

    page = client.get("/supervisor").text

    for view in VIEWS:
        assert f'<a href="/cases?view={view.name}">{view.title}</a>' in page
        assert view.meaning in page
        assert view.meaning in client.get(f"/cases?view={view.name}").text
    assert page.count("https://plan.example/temporal/namespaces/default/workflows?query=Workflow") == len(VIEWS)


def test_without_a_known_ui_the_views_lead_to_the_portal_s_lists_alone(portal: Portal):
    page = page_of(portal)

    assert "/cases?view=urgent" in page
    assert "/namespaces/default/workflows?query=Workflow" not in page
