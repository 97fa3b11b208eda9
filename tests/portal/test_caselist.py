"""The list of cases: who has it, how it is filtered, and that a member's name stands in no URL."""

import re

import pytest
from starlette.testclient import TestClient

from tests.portal.conftest import Portal

SEE_NAMES = ("in.park", "cm.alvarez", "md.chen", "md.haddad", "sv.okafor", "ad.moreno", "au.silva")


def listed(portal: Portal, page: str) -> set[str]:
    """The cases that are listed, by the names that the fixture gave them."""
    names = {number: name for name, number in portal.numbers.items()}
    return {names[number] for number in re.findall(r'href="/cases/(SO-\d+-\d+)"', page)}


def cases(client: TestClient, query: str = "") -> str:
    answer = client.get(f"/cases?{query}")
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("who", SEE_NAMES)
def test_those_who_may_see_names_see_them_in_the_list(portal: Portal, who: str):
    page = cases(portal.as_(who))

    assert "Okonkwo, Ada" in page
    assert "Member's name" in page


def test_a_consultant_has_no_list_of_cases_and_comes_to_the_own_work(portal: Portal):
    client = portal.as_("md.osei")

    answer = client.get("/cases")

    assert (answer.status_code, answer.headers["location"]) == (303, "/tasks")
    assert client.post("/cases/search", data={"name": "Okonkwo"}).status_code == 404


def test_the_committee_has_no_list_of_cases(portal: Portal):
    client = portal.as_("co.grant")

    assert client.get("/cases").status_code == 404
    assert client.post("/cases/search", data={"name": "Okonkwo"}).status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("open=closed", {"closed"}),
        ("stage=consultative_review", {"orthopedic", "cardiology", "nominated"}),
        ("outcome=approved", {"placement"}),
        ("open=all&outcome=denied", {"closed"}),
        ("line=cmc", {"urgent"}),
        ("overdue=yes", {"overdue"}),
        ("view=urgent", {"urgent"}),
        ("view=waiting-for-provider", {"asked"}),
        ("view=breached", {"overdue"}),
        ("view=nonsense&text=ref-closed", {"closed"}),
        ("view=due-today&line=cmc", set()),
        ("ppg=Nowhere+IPA", set()),
        ("text=ref-closed", {"closed"}),
        ("text=ref-closed&open=open", set()),
        ("text=SO-2026-000002", {"claimed"}),
        ("text=Okonkwo", set()),
    ],
)
def test_filters_stand_in_the_url(portal: Portal, query: str, expected: set[str]):
    assert listed(portal, cases(portal.as_("cm.alvarez"), query)) == expected


def test_the_open_cases_are_listed_and_counted_unless_one_says_otherwise(portal: Portal):
    client = portal.as_("cm.alvarez")

    some, every = cases(client), cases(client, "open=all&stage=nonsense")

    assert listed(portal, some) == set(portal.numbers) - {"closed"}
    assert "1 to 10 of 10" in some
    assert listed(portal, every) == set(portal.numbers)


def test_a_list_without_rows_says_what_to_do(portal: Portal):
    client = portal.as_("cm.alvarez")

    assert "No case fits these filters." in cases(client, "text=zzz")
    assert "This page is empty." in cases(client, "page=7")


def test_a_member_is_found_by_name_without_the_name_in_a_url(portal: Portal):
    client = portal.as_("cm.alvarez")

    page = client.post("/cases/search", data={"name": "okonkwo a"})

    assert listed(portal, page.text) == {"overdue"}
    assert "1 case of members called" in page.text
    assert not re.findall(r'(?:href|action|hx-get)="[^"]*okonkwo', page.text, re.IGNORECASE)
    assert cases(client, "name=okonkwo").count("Okonkwo") == 1  # a name in a URL finds nothing, it is just the list


def test_a_search_for_nobody_or_for_too_little_says_so(portal: Portal):
    client = portal.as_("cm.alvarez")

    nobody = client.post("/cases/search", data={"name": "Zebra"}).text
    short = client.post("/cases/search", data={"name": "N"})

    assert "No member of that name has a case here." in nobody
    assert short.headers["location"] == "/cases"
    assert "Type at least two letters" in client.get("/cases").text


def test_a_long_search_has_pages_by_post(portal: Portal):
    for place in range(45):
        portal.begin(f"more{place}")
        portal.record(f"more{place}")
    client = portal.as_("cm.alvarez")

    first = client.post("/cases/search", data={"name": "nunez"}).text
    second = client.post("/cases/search", data={"name": "nunez", "page": "2"}).text

    assert len(listed(portal, first)) == 50
    assert ">Next</button>" in first
    assert ">Previous</button>" in second
    assert listed(portal, first) | listed(portal, second) == set(portal.numbers) - {"overdue"}
