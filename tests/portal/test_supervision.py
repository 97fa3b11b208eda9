"""The supervisor's page: tiles that lead to lists, loads, breaches, refusals, what is stuck."""

import re

import pytest

from tests.portal.conftest import Portal


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
