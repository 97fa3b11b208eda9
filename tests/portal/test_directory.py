"""The directory in the portal: looked through, one physician, versions with their reports, imported after a look."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from policy.calendar import local_day
from portal import directoryimport
from portal.directory import ShownPhysicians
from portal.pages import now
from tests.portal.conftest import Portal
from tests.portal.filling import forms_in

EXAMPLES = Path(__file__).parents[2] / "examples" / "directory"
ALVAREZ = "cm.alvarez"


def files(name: str = "physicians.csv", roster: str = "roster.csv"):
    sent = {"file": (name, (EXAMPLES / name).read_bytes())}
    return {**sent, "roster": (roster, (EXAMPLES / roster).read_bytes())} if roster else sent


def import_(portal: Portal, *names: str, **typed: str) -> str:
    """A directory is imported through the page; where that leads to."""
    browser = portal.as_("sv.okafor")
    asked = browser.post("/directory/import", files=files(*names), data={"format": ""})
    hidden = forms_in(asked.text)["/directory/import"]
    return browser.post("/directory/import", data={**hidden, **typed}).headers["location"]


@pytest.fixture
def filled(portal: Portal) -> Portal:
    """With the demonstration's directory."""
    import_(portal)
    return portal


def rows(page: str) -> list[str]:
    """The NPIs of a list, in its order."""
    return re.findall(r'<a href="/directory/(\d{10})', page)


def test_an_empty_directory_says_how_to_import_one(portal: Portal):
    manager, supervisor = portal.as_(ALVAREZ), portal.as_("sv.okafor")

    assert "A supervisor or an administrator imports one" in manager.get("/directory").text
    assert 'href="/directory/import"' in supervisor.get("/directory").text
    assert "There is no version yet" in manager.get("/directory/versions").text


def test_nothing_counts_before_it_is_confirmed(portal: Portal):
    browser = portal.as_("sv.okafor")

    asked = browser.post("/directory/import", files=files(), data={"format": ""})

    assert asked.status_code == 200
    assert "Nothing has changed yet" in asked.text
    assert portal.world.directory.versions() == []


def test_a_confirmed_import_is_a_version_and_confirmed_twice_it_is_one(portal: Portal):
    browser = portal.as_("sv.okafor")
    asked = browser.post("/directory/import", files=files(), data={"format": ""})
    sent = {**forms_in(asked.text)["/directory/import"], "label": "Autumn"}

    first, second = (browser.post("/directory/import", data=sent) for _ in range(2))

    (version,) = portal.world.directory.versions()
    assert first.headers["location"] == second.headers["location"] == f"/directory/versions/{version.id}"
    assert (version.label, version.in_force_from) == ("Autumn", local_day(now()))
    assert "holds the same already" in browser.get(second.headers["location"]).text


def test_what_was_refused_stands_with_its_version(portal: Portal):
    where = import_(portal, "with-errors.csv", "")

    page = portal.as_("au.silva").get(where).text
    report = portal.world.directory.report(where.rpartition("/")[2])

    assert report is not None
    assert report.places >= 3
    assert all(one.place in page for one in report.refused)
    assert f"{report.places} rows or resources" in page
    assert f"<td>{report.places}</td>" in portal.as_("au.silva").get("/directory/versions").text


def test_a_plan_net_bundle_is_told_by_how_it_begins(portal: Portal):
    where = import_(portal, "plan-net.json", "")

    assert "FHIR Plan-Net" in portal.as_(ALVAREZ).get(where).text


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "Choose a file first"),
        ({"file": ("a.csv", b"NPI;Name\n1;2\n")}, "a.csv lacks the column"),
        ({"file": ("a.csv", b"\xff\xfeN\x00")}, "is UTF-16"),
        ({"file": ("../../evil.json", b"{")}, "evil.json"),
    ],
)
def test_files_that_cannot_be_read_change_nothing_and_the_page_says_why(portal: Portal, sent, said):
    answer = portal.as_("sv.okafor").post("/directory/import", files=sent or None, data={"format": ""})

    assert answer.status_code == 422
    assert said in answer.text
    assert str(portal.settings.home) not in answer.text
    assert portal.world.directory.versions() == []


def test_files_whose_day_has_passed_are_to_be_chosen_again(portal: Portal, monkeypatch: pytest.MonkeyPatch):
    browser = portal.as_("sv.okafor")
    asked = browser.post("/directory/import", files=files(), data={"format": ""})
    hidden = forms_in(asked.text)["/directory/import"]
    monkeypatch.setattr(directoryimport, "KEPT_HOURS", -1)
    browser.post("/directory/import", files=files("with-errors.csv", ""), data={"format": ""})

    answer = browser.post("/directory/import", data=hidden)

    assert answer.status_code == 422
    assert "not kept any more" in answer.text


@pytest.mark.parametrize("key", ["../../../etc", "a" * 64, "x", "…" * 64])
def test_a_forged_name_of_kept_files_leads_nowhere(portal: Portal, key):
    answer = portal.as_("sv.okafor").post("/directory/import", data={"staged": key, "since": "2026-11-23"})

    assert answer.status_code == 422
    assert "not kept any more" in answer.text


def test_a_day_that_is_none_is_said_beside_its_field(portal: Portal):
    browser = portal.as_("sv.okafor")
    asked = browser.post("/directory/import", files=files(), data={"format": ""})

    answer = browser.post("/directory/import", data={**forms_in(asked.text)["/directory/import"], "since": "soon"})

    assert answer.status_code == 422
    assert 'id="since-error"' in answer.text
    assert portal.world.directory.versions() == []


def test_a_version_of_a_later_day_is_shown_only_when_it_is_asked_for(filled: Portal):
    later = local_day(now()) + timedelta(days=40)
    where = import_(filled, "with-errors.csv", "", since=str(later))

    browser, version = filled.as_(ALVAREZ), where.rpartition("/")[2]

    assert version == f"{later}-1"
    assert f"/directory/versions/{version}" not in browser.get("/directory").text
    assert "not in force today" in browser.get(f"/directory?version={version}").text


def test_physicians_are_found_by_all_that_is_known_of_them(filled: Portal):
    browser = filled.as_(ALVAREZ)
    everybody = filled.world.directory.find(filled.world.directory.versions()[0].id)
    spanish = {p.npi for p in everybody if "es" in p.languages}

    by_name = rows(browser.get("/directory?name=zoe+teststone").text)
    by_npi = rows(browser.get(f"/directory?name={by_name[0]}").text)
    by_language = browser.get("/directory?language=es").text
    by_group = rows(browser.get("/directory?organization=alder&network=in").text)
    by_specialty = rows(browser.get("/directory?specialty=nephrology").text)

    assert by_npi == [by_name[0]]
    assert f"{len(spanish)} physician" in by_language
    assert set(rows(by_language)) <= spanish
    assert by_group
    assert by_specialty
    assert all(
        any("alder" in a.organization.casefold() for a in p.affiliations) for p in everybody if p.npi in by_group
    )
    assert "Nobody in this version fits" in browser.get("/directory?name=nobody+of+this+name").text


def test_a_zip_code_shows_the_nearest_first_and_a_city_those_who_are_there(filled: Portal):
    browser = filled.as_(ALVAREZ)

    near = browser.get("/directory?place=92395&within=100").text
    miles = [float(m) for m in re.findall(r'<td class="tight">([\d.]+)</td>', near)]
    city = browser.get("/directory?place=victorville").text

    assert miles
    assert miles == sorted(miles)
    assert max(miles) <= 100
    assert "Victorville" in city
    assert "not in the table of distances" in browser.get("/directory?place=00000").text


def test_the_pages_of_a_search_hold_everybody_once(filled: Portal):
    browser, version = filled.as_(ALVAREZ), filled.world.directory.versions()[0]

    found = [npi for number in range(1, 9) for npi in rows(browser.get(f"/directory?page={number}").text)]

    assert len(found) == len(set(found)) == version.count
    assert "This page is empty" in browser.get("/directory?page=99").text


def test_a_new_version_is_what_is_looked_through_from_then_on(filled: Portal):
    browser = filled.as_(ALVAREZ)
    before = browser.get("/directory").text
    import_(filled, "with-errors.csv", "")

    after = browser.get("/directory").text

    assert "327 physicians, by name" in before
    assert "1 physician, by name" in after


def test_one_physician_is_shown_with_days_in_force_and_the_versions_that_tell_of_it(filled: Portal):
    browser, (version,) = filled.as_(ALVAREZ), filled.world.directory.versions()
    one = next(p for p in filled.world.directory.find(version.id) if p.certifications and p.languages)

    page = browser.get(f"/directory/{one.npi}").text

    assert one.name in page
    assert one.certifications[0].board in page
    assert one.locations[0].address.line1 in page
    assert "first listed" in page


def test_who_is_left_out_of_a_later_version_is_said_to_be_and_stays_to_be_seen(filled: Portal):
    (first,) = filled.world.directory.versions()
    import_(filled, "plan-net.json", "")
    listed = {p.npi for p in filled.world.directory.find(filled.world.directory.versions()[0].id)}
    gone = next(p for p in filled.world.directory.find(first.id) if p.npi not in listed)
    browser = filled.as_(ALVAREZ)

    assert "does not list this physician" in browser.get(f"/directory/{gone.npi}").text
    assert gone.name in browser.get(f"/directory/{gone.npi}?version={first.id}").text


def test_what_does_not_exist_is_not_found(filled: Portal):
    browser = filled.as_(ALVAREZ)

    for path in ("/directory/1234567890", "/directory/x", "/directory/versions/2020-01-01-1"):
        assert browser.get(path).status_code == 404
    assert "There is no version" in browser.get("/directory?version=none").text


def test_a_query_comes_back_as_it_was():
    shown = ShownPhysicians(name="Núñez", place="92395", within=50, accepting=True, page=3)

    assert (
        ShownPhysicians.read({"name": "Núñez", "place": "92395", "within": "50", "accepting": "yes", "page": "3"})
        == shown
    )
    assert shown.query() == "name=N%C3%BA%C3%B1ez&place=92395&within=50&accepting=yes&page=3"
    assert ShownPhysicians.read({"within": "7", "network": "x", "page": "-1"}) == ShownPhysicians()
