"""The panel in the portal: who is shown, who may be asked, who is away, and the staff file in and out."""

import csv
import io
import json
import re
from datetime import timedelta
from html import unescape

import pytest
from starlette.testclient import TestClient

from policy.calendar import local_day
from portal.pages import now
from tests.portal.conftest import Portal
from wiring.staff import read_staff, staff_path

HEADING = "id,name,roles,npi,licence,licence_expires,specialty,board_certified,certified_until,capacity"


def a_day(days: int) -> str:
    return str(local_day(now()) + timedelta(days=days))


def the_staff(portal: Portal, **more: str) -> str:
    """The roster as it is downloaded, with rows added by id."""
    text = portal.as_("ad.moreno").get("/panel/roster.csv").text.lstrip("\ufeff")
    return text + "".join(f"{row}\r\n" for row in more.values())


def check(browser: TestClient, content: str, **fields: str):
    return browser.post("/panel/import", files={"file": ("staff.csv", content.encode())}, data=fields)


def confirm(browser: TestClient, page: str):
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    return browser.post("/panel/import", data={name: unescape(value) for name, value in hidden.items()})


def test_everybody_is_shown_with_load_licence_and_specialty(portal: Portal):
    page = portal.as_("md.chen").get("/panel").text

    assert "13 of 13 people" in page
    assert all(word in page for word in ("Dr. Kofi Osei", "orthopedic surgery", "in force", "not yet"))
    assert "Replace the staff" not in page


def test_the_panel_is_filtered_by_role_and_specialty(portal: Portal):
    browser = portal.as_("sv.okafor")

    assert "4 of 13 people" in browser.get("/panel?role=consultant").text
    assert "1 of 13 people" in browser.get("/panel?specialty=Orthopaedic+Surgery").text
    assert "Nobody on the panel is like that" in browser.get("/panel?role=intake&specialty=cardiology").text


def test_for_a_specialty_it_says_who_may_be_asked_and_who_is_passed_over(portal: Portal):
    page = portal.as_("sv.okafor").get("/panel?wanted=cardiology").text

    assert re.search(r"<ol>\s*<li><strong>Dr. Anand Rao</strong>.*cardiology, 0 open tasks, no turn yet", page)
    assert "<code>md.osei</code>: the specialty is orthopedic surgery" in page


def test_who_stands_in_must_be_fit_as_well(portal: Portal):
    browser = portal.as_("sv.okafor")
    browser.post("/panel/md.rao/away", data={"since": a_day(0), "until": a_day(3), "substitute": "md.osei"})

    page = browser.get("/panel?wanted=cardiology").text

    assert "Nobody on the panel may be asked" in page
    assert "<code>md.rao</code>: stands in for md.rao, the specialty is orthopedic surgery" in page


def test_with_temporal_away_the_panel_is_shown_and_says_so(portal: Portal):
    answer = portal.as_("sv.okafor").get("/panel", params={"case": portal.numbers["orthopedic"]})

    assert answer.status_code == 200
    assert "The Temporal server is not running" in answer.text
    assert "13 of 13 people" in answer.text


def test_a_case_that_there_is_not_is_said_so(portal: Portal):
    assert "There is no case with that number" in portal.as_("sv.okafor").get("/panel?case=SO-1999-000001").text


def test_who_is_away_is_shown_with_who_stands_in_until_back(portal: Portal):
    browser = portal.as_("sv.okafor")

    sent = browser.post("/panel/cm.brown/away", data={"since": a_day(0), "until": a_day(2), "substitute": "cm.alvarez"})
    shown = browser.get(sent.headers["location"]).text
    browser.post("/panel/cm.brown/back")

    assert "cm.alvarez stands in." in shown
    assert re.search(r'<span class="tag warn">away</span> until \w{3} ' + a_day(2), shown)
    assert "tag warn" not in browser.get("/panel").text


@pytest.mark.parametrize(
    ("since", "until", "substitute", "sentence"),
    [
        (0, -1, "", "The last day is before the first."),
        (-3, -1, "", "That day has passed."),
        (0, 900, "", "That is more than two years ahead."),
        (0, 3, "md.osei", "Choose somebody with the same role."),
        (0, 3, "cm.brown", "Choose somebody with the same role."),
        (0, None, "", "Give a day, as 2026-11-24."),
    ],
)
def test_a_wrong_absence_is_told_beside_its_field(
    portal: Portal, since: int, until: int | None, substitute: str, sentence: str
):
    given = {"since": a_day(since), "until": "soon" if until is None else a_day(until), "substitute": substitute}

    answer = portal.as_("sv.okafor").post("/panel/cm.brown/away", data=given)

    assert answer.status_code == 422
    assert re.search(rf'<span class="error" id="\w+-error">{sentence}</span>', answer.text)
    assert not any(m.absences for m in portal.world.panel.members())


def test_an_absence_is_whole_days_in_los_angeles(portal: Portal):
    portal.as_("sv.okafor").post("/panel/cm.brown/away", data={"since": a_day(0), "until": a_day(1)})

    absence = next(m for m in portal.world.panel.members() if m.absences).absences[0]
    assert [str(local_day(at)) for at in (absence.since, absence.until)] == [a_day(0), a_day(1)]
    assert [
        str(local_day(at)) for at in (absence.since - timedelta(seconds=1), absence.until + timedelta(seconds=1))
    ] == [
        a_day(-1),
        a_day(2),
    ]


def test_nobody_else_changes_the_panel(portal: Portal):
    browser = portal.as_("md.chen")

    posts = [browser.post(path) for path in ("/panel/cm.brown/away", "/panel/cm.brown/back", "/panel/import")]

    assert [answer.status_code for answer in posts] == [404, 404, 404]


def test_an_import_shows_what_would_change_and_then_changes_it(portal: Portal):
    browser = portal.as_("ad.moreno")
    content = the_staff(portal, new="md.lee,Dr. Lee,consultant,1992999072,SYN-1,2030-01-31,dermatology,yes,,4")
    content = content.replace("Jo Park", "Jo Parker").replace("co.grant,Pat Grant,committee,,,,,no,,\r\n", "")

    page = check(browser, content).text
    unchanged = set(portal.house.staff)
    answer = confirm(browser, page)

    assert all(f"{what}: 1</h2>" in page for what in ("Added", "Changed", "Removed"))
    assert "<del>Jo Park</del> <ins>Jo Parker</ins>" in page
    assert "md.lee" not in unchanged
    assert "1 added, 1 changed, 1 removed" in browser.get(answer.headers["location"]).text
    assert portal.house.staff["md.lee"].capacity == 4
    assert "co.grant" not in portal.house.staff


def test_the_demonstrations_cast_is_never_written_over_and_former_files_are_kept(portal: Portal):
    browser, cast = portal.as_("ad.moreno"), portal.settings.staff_file.read_bytes()
    for name in ("Jo One", "Jo Two"):
        confirm(browser, check(browser, the_staff(portal).replace(portal.house.staff["in.park"].actor.name, name)).text)

    home = portal.settings.home
    former = list(home.glob("staff-*.json"))

    assert portal.settings.staff_file.read_bytes() == cast
    assert staff_path(portal.settings) == home / "staff.json"
    assert read_staff(home / "staff.json")["in.park"].actor.name == "Jo Two"
    assert [read_staff(path)["in.park"].actor.name for path in former] == ["Jo One"]


def test_every_wrong_row_is_told_by_row_and_field_and_nothing_is_taken(portal: Portal):
    rows = ["md.x,X,wizard,12,,31.12.2029,,perhaps,,-1", ",Y,intake,,,,,,,", "in.park,A,intake", "in.park,B,intake"]

    answer = check(portal.as_("ad.moreno"), "\n".join([HEADING, *rows]))

    told = set(re.findall(r'<tr><td class="tight">(\d+)</td><td>[^<]*</td><td>(\w+)</td>', answer.text))
    assert answer.status_code == 422
    fields = ("roles", "npi", "licence_expires", "board_certified", "capacity")
    assert told == {*(("2", name) for name in fields), ("3", "id"), ("5", "id")}
    assert "Nothing was changed" in answer.text
    assert not (portal.settings.home / "staff.json").exists()


def test_the_good_rows_are_taken_when_that_is_wanted_and_wrong_ones_change_nobody(portal: Portal):
    browser = portal.as_("ad.moreno")
    content = the_staff(portal, new="md.lee,Dr. Lee,consultant,,,,dermatology,yes,,").replace(
        "Jo Park,intake", "Jo,clown"
    )

    page = check(browser, content, good_rows="yes").text
    confirm(browser, page)

    assert "Removed: 0" in page
    assert portal.house.staff["in.park"].actor.name == "Jo Park"
    assert "md.lee" in portal.house.staff


def test_whoever_is_removed_is_out_at_once(portal: Portal):
    browser, removed = portal.as_("ad.moreno"), portal.as_("co.grant")
    content = the_staff(portal).replace("co.grant,Pat Grant,committee,,,,,no,,\r\n", "")

    confirm(browser, check(browser, content).text)

    assert removed.get("/").headers["location"].startswith("/signin")


def test_what_somebody_changed_meanwhile_is_not_overwritten_unseen(portal: Portal):
    first, second = portal.as_("ad.moreno"), portal.as_("sv.okafor")
    seen = check(first, the_staff(portal).replace("Jo Park", "Jo One")).text
    confirm(second, check(second, the_staff(portal).replace("Lee Brown", "Lee Two")).text)

    answer = confirm(first, seen)

    assert answer.status_code == 200
    assert "Somebody has changed the staff since you looked" in answer.text
    assert portal.house.staff["in.park"].actor.name == "Jo Park"


def test_nobody_takes_themselves_off_or_makes_administrators_who_is_none(portal: Portal):
    own = check(portal.as_("sv.okafor"), the_staff(portal).replace("Okafor,supervisor", "Okafor,administrator"))
    other = check(portal.as_("sv.okafor"), the_staff(portal).replace("Lee Brown,case_manager", "Lee,administrator"))

    assert "another supervisor or administrator must change your roles" in own.text
    assert "Only an administrator makes or unmakes administrators: cm.brown" in other.text
    assert (own.status_code, other.status_code) == (422, 422)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Choose a file first"),
        (b" \n ", "The file is empty"),
        (HEADING.encode(), "nobody in it"),
        (b"name\nA", "lacking: id, roles"),
        (b"id,roles,wage\na,intake,1", "are not known"),
        (b"id,id,roles\na,a,intake", "comes twice"),
        (b"id,roles\n\xff,intake", "not text in UTF-8"),
        (b'id,roles\n"a,intake', "a quotation mark is open"),
        (b"[1, ", "looks like JSON, but is not"),
        (b"{}", "must be a list"),
        (b"a" * 2_000_001, "too large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_roster_is_refused_with_a_sentence(portal: Portal, content: bytes, sentence: str):
    answer = portal.as_("ad.moreno").post("/panel/import", files={"file": ("x.csv", content)})

    assert answer.status_code == 422
    assert sentence in answer.text


def test_the_json_of_a_staff_file_is_read_as_well_as_a_spreadsheets_semicolons(portal: Portal):
    browser = portal.as_("ad.moreno")
    people = json.loads(portal.settings.staff_file.read_text(encoding="utf-8"))
    semicolons = 'id;roles;board_certified\nad.moreno;"case manager, administrator";Yes\n'

    as_json = check(browser, json.dumps(people))
    as_csv = check(browser, semicolons)

    assert "There is nothing to do" in as_json.text
    assert "ad.moreno is you" in as_csv.text


def test_formulas_and_markup_come_out_as_text(portal: Portal):
    browser = portal.as_("ad.moreno")
    rows = 'md.lee,"=HYPERLINK(""x"")<script>alert(1)</script>",consultant,,,,@SUM(A1),yes,,'
    page = check(browser, the_staff(portal, new=rows)).text
    confirm(browser, page)

    exported = browser.get("/panel/roster.csv")
    row = next(r for r in csv.DictReader(io.StringIO(exported.text.lstrip("\ufeff"))) if r["id"] == "md.lee")

    assert "<script>alert" not in page + browser.get("/panel").text
    assert row["name"].startswith("'=HYPERLINK")
    assert row["specialty"] == "'@SUM(A1)"
    assert "There is nothing to do" in check(browser, exported.text).text
    assert exported.headers["content-disposition"].startswith("attachment")


def test_the_template_is_itself_a_roster(portal: Portal):
    browser = portal.as_("ad.moreno")

    template = browser.get("/panel/template.csv").text

    assert template.lstrip("\ufeff").splitlines()[0] == HEADING
    assert "ad.moreno is you" in check(browser, template).text
