"""The worklists: whose they are, what stands in them, what one does from them. Nothing here needs JavaScript."""

import re
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from policy.taskactions import AssignTask, ClaimTask, ReleaseTask
from portal.worklists import Shown
from records.worklists import PAGE, Whose
from tests.portal.conftest import Portal

REFRESHING = {"hx-request": "true", "x-refresh": "true"}


def rows(portal: Portal, page: str) -> list[str]:
    """The cases of the rows, in their order, by the names that the fixture gave them."""
    names = {number: name for name, number in portal.numbers.items()}
    return [names[number] for number in re.findall(r'<tr id="row-(SO-\d+-\d+)-T', page)]


def row(portal: Portal, page: str, name: str) -> str:
    """What stands in the row of a case."""
    found = re.search(rf'<tr id="row-{portal.numbers[name]}-.*?</tr>', page, re.DOTALL)
    assert found, f"{name} is not in the list"
    return found.group()


def list_of(client: TestClient, query: str = "") -> str:
    answer = client.get(f"/tasks?{query}")
    assert answer.status_code == 200
    return answer.text


def said(client: TestClient, answer: Any) -> str:
    """The sentence that stands on the page that one is sent to."""
    assert answer.status_code == 303, answer.text
    flash = re.search(r'<p class="flash (\w+)" role="status">(.*?)</p>', client.get(answer.headers["location"]).text)
    assert flash, "nothing was said"
    return f"{flash[1]}: {flash[2]}"


def shown_task(portal: Portal, name: str, **changes: str) -> dict[str, str]:
    task = portal.lives[name].case.open_tasks[0]
    given = {"case": portal.numbers[name], "task": task.id, "revision": str(task.revision), "once": "o1"}
    return {**given, "back": "tab=group", **changes}


@pytest.mark.parametrize(
    ("who", "tab", "expected"),
    [
        ("cm.alvarez", "mine", {"claimed"}),
        ("cm.alvarez", "group", {"overdue", "asked", "urgent", "new", "placement"}),
        ("md.chen", "group", {"overdue", "physician"}),
        ("md.osei", "mine", {"nominated"}),
        ("md.osei", "group", {"orthopedic", "nominated"}),
        ("md.rao", "group", {"cardiology"}),
        ("sv.okafor", "mine", set()),
        ("sv.okafor", "group", {"overdue"}),
    ],
)
def test_everybody_sees_the_own_tasks_and_those_of_the_group(portal: Portal, who: str, tab: str, expected: set[str]):
    assert set(rows(portal, list_of(portal.as_(who), f"tab={tab}"))) == expected


@pytest.mark.parametrize("who", ["cm.alvarez", "md.chen", "md.osei"])
def test_all_work_is_the_supervisors_and_is_not_found_by_others(portal: Portal, who: str):
    client = portal.as_(who)

    assert client.get("/tasks?tab=all").status_code == 404
    assert "tab=all" not in list_of(client)


@pytest.mark.parametrize("who", ["in.park", "au.silva", "co.grant"])
def test_who_does_no_tasks_has_no_worklist(portal: Portal, who: str):
    client = portal.as_(who)

    assert client.get("/tasks").status_code == 404
    assert client.post("/tasks/claim", data=shown_task(portal, "new")).status_code == 404


def test_what_is_due_first_comes_first_and_the_tabs_count(portal: Portal):
    page = list_of(portal.as_("sv.okafor"), "tab=all")

    assert rows(portal, page)[:4] == ["overdue", "overdue", "asked", "urgent"]
    assert "All (11)" in page
    assert "1 to 11 of 11" in page


def test_a_row_says_what_when_who_and_how_urgent_in_words(portal: Portal):
    page = list_of(portal.as_("sv.okafor"), "tab=all")

    late = row(portal, page, "overdue")
    assert re.search(r'class="overdue">overdue by \d+ days<', late)
    assert re.search(r"\d{4}-\d\d-\d\d 23:59 P[SD]T", late)
    assert ">escalated<" in late
    assert "nobody yet" in late
    assert f'href="/cases/{portal.numbers["overdue"]}"' in late
    assert "<strong>expedited</strong>" in row(portal, page, "urgent")
    assert "Rosa Alvarez" in row(portal, page, "claimed")
    assert "Dr. Kofi Osei is asked" in row(portal, page, "nominated")


def test_a_suspended_task_says_until_when_and_can_be_hidden(portal: Portal):
    life = portal.begin("aside", ago=timedelta(hours=3))
    life.act("claim_task", portal.house.staff["cm.alvarez"].actor, task_id="T1")
    until = life.now + timedelta(days=1)
    life.act("suspend_task", portal.house.staff["cm.alvarez"].actor, task_id="T1", until=until, reason="Waiting.")
    portal.record("aside")
    client = portal.as_("cm.alvarez")

    assert "suspended until" in row(portal, list_of(client), "aside")
    assert rows(portal, list_of(client, "tab=mine&suspended=hide")) == ["claimed"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("line=commercial", {"claimed"}),
        ("priority=expedited", {"urgent"}),
        ("kind=physician_review", {"physician"}),
        ("role=consultant", {"orthopedic", "cardiology", "nominated"}),
        ("due=overdue", {"overdue"}),
        ("due=day", {"overdue"}),
        ("due=risk", set()),
        ("escalated=yes", {"overdue"}),
        ("text=ref-cardiology", {"cardiology"}),
        ("text=SO-2026-000003", {"urgent"}),
        ("line=of+business&kind=none&page=-1", None),
    ],
)
def test_filters_stand_in_the_url(portal: Portal, query: str, expected: set[str] | None):
    found = set(rows(portal, list_of(portal.as_("sv.okafor"), f"tab=all&{query}")))

    assert found == (expected if expected is not None else set(portal.numbers) - {"closed"})


def test_a_list_without_rows_says_why_and_what_to_do(portal: Portal):
    client = portal.as_("md.weiss")

    assert "You have no task." in list_of(client)
    assert "No task fits these filters." in list_of(client, "text=zzz")
    assert "This page is empty" in list_of(portal.as_("cm.alvarez"), "tab=group&page=9")


def test_a_long_list_has_pages_that_keep_the_filters(portal: Portal):
    for place in range(PAGE):
        portal.begin(f"more{place}")
        portal.record(f"more{place}")
    client = portal.as_("cm.alvarez")

    first = list_of(client, "tab=group&line=medi_cal")
    following = re.search(r'<a href="([^"]*)" rel="next">', first)
    assert following
    second = client.get(following[1].replace("&amp;", "&")).text

    assert f"1 to 50 of {PAGE + 4}" in first
    assert f"51 to {PAGE + 4} of {PAGE + 4}" in second
    assert 'rel="prev"' in second
    assert not set(re.findall(r'row-(\S+)"', first)) & set(re.findall(r'row-(\S+)"', second))


def test_htmx_is_given_the_list_alone_and_keeps_no_session_alive(portal: Portal):
    client = portal.as_("cm.alvarez")

    answer = client.get("/tasks?tab=group", headers=REFRESHING)

    assert answer.text.strip().startswith('<section id="worklist"')
    assert "data-refresh" in answer.text
    assert 'hx-get="/tasks?tab=group"' in answer.text
    assert "<html" not in answer.text
    assert ">Refresh</a>" in answer.text


def test_a_claim_is_kept_and_said_while_temporal_is_away(portal: Portal):
    client = portal.as_("cm.alvarez")

    answer = client.post("/tasks/claim", data=shown_task(portal, "new"))

    number = portal.numbers["new"]
    assert answer.headers["location"] == "/tasks?tab=group"
    assert said(client, answer).startswith(f"bad: Kept for {number}: Temporal does not answer now.")
    ((where, kept, _),) = portal.world.kept.waiting()
    assert isinstance(kept, ClaimTask)
    assert (where, kept.task_id, kept.revision, kept.actor.id) == (number, "T1", 1, "cm.alvarez")


def test_a_form_that_is_sent_twice_is_one_action(portal: Portal):
    client = portal.as_("cm.alvarez")

    for once in ("o1", "o1", "o2"):
        client.post("/tasks/claim", data=shown_task(portal, "new", once=once))

    assert len(portal.world.kept.waiting()) == 2


def test_a_task_can_be_given_back_from_the_list(portal: Portal):
    client = portal.as_("cm.alvarez")
    assert ">Release</button>" in row(portal, list_of(client), "claimed")

    client.post("/tasks/release", data=shown_task(portal, "claimed"))

    ((_, kept, _),) = portal.world.kept.waiting()
    assert isinstance(kept, ReleaseTask)


def test_what_names_no_case_is_refused_in_words(portal: Portal):
    client = portal.as_("cm.alvarez")

    answer = client.post("/tasks/claim", data=shown_task(portal, "new", case="SO-2026-999999", back="https://evil"))

    assert answer.headers["location"] == "/tasks?tab=mine"
    assert said(client, answer).startswith("bad: There is no case SO-2026-999999")


def test_only_who_is_in_charge_hands_out_tasks(portal: Portal):
    ticked = {"task": f"{portal.numbers['new']}/T1/1", "to": "cm.brown", "reason": "Balances."}

    assert portal.as_("cm.alvarez").post("/tasks/reassign", data=ticked).status_code == 404
    assert 'name="task" value="SO-' not in list_of(portal.as_("cm.alvarez"), "tab=group")
    assert f'value="{ticked["task"]}"' in list_of(portal.as_("sv.okafor"), "tab=all")


def test_many_tasks_are_handed_out_at_once_and_each_refusal_is_told(portal: Portal):
    ticked = [f"{portal.numbers[name]}/T1/1" for name in ("new", "urgent")]
    data = {"task": [*ticked, "SO-2026-999999/T1/1", "nonsense"], "to": "cm.brown", "reason": "Balances."}

    page = portal.as_("sv.okafor").post("/tasks/reassign", data={**data, "once": "o1", "back": "tab=all"}).text

    assert "0 of 3 tasks handed out to Lee Brown. 2 kept for later. 1 refused." in page
    assert "There is no case SO-2026-999999" in page
    assert 'href="/tasks?tab=all"' in page
    kept = [action for _, action, _ in portal.world.kept.waiting()]
    assert {(a.to.id, a.reason, a.revision) for a in kept if isinstance(a, AssignTask)} == {
        ("cm.brown", "Balances.", 1)
    }
    assert len(kept) == 2


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"to": "cm.brown"}, "bad: Tick the tasks that are to be handed out."),
        ({"task": "SO-2026-000001/T1/1"}, "bad: Choose who gets them."),
        ({"task": "SO-2026-000001/T1/1", "to": "nobody"}, "bad: Choose who gets them."),
    ],
)
def test_handing_out_needs_tasks_and_a_person(portal: Portal, data: dict[str, str], sentence: str):
    client = portal.as_("sv.okafor")

    assert said(client, client.post("/tasks/reassign", data={**data, "back": "tab=all"})) == sentence


def test_a_view_is_saved_used_and_deleted_by_its_owner_alone(portal: Portal):
    client = portal.as_("cm.alvarez")
    query = "tab=group&priority=expedited"

    saved = client.post("/tasks/views", data={"query": query + "&page=3&junk=1", "name": "  My   urgent ones "})
    assert said(client, saved) == "good: Saved as “My urgent ones”."
    link = '<a href="/tasks?tab=group&amp;priority=expedited">My urgent ones</a>'
    assert link in list_of(client)
    assert link not in list_of(portal.as_("cm.brown"))
    assert rows(portal, list_of(client, query)) == ["urgent"]

    deleted = [client.post("/tasks/views/delete", data={"name": "My urgent ones"}) for _ in range(2)]
    assert [said(client, answer) for answer in deleted[-1:]] == ["bad: There is no such view."]
    assert link not in list_of(client)


def test_a_view_without_a_name_is_not_saved(portal: Portal):
    client = portal.as_("cm.alvarez")

    assert said(client, client.post("/tasks/views", data={"query": "", "name": " "})) == "bad: Give the view a name."


def test_what_a_url_says_is_read_back_as_it_was_written():
    shown = Shown(tab=Whose.ALL, text="R&D 7", escalated=True, suspended=False, page=4)

    assert shown.query() == "tab=all&escalated=yes&suspended=hide&text=R%26D+7&page=4"
    assert Shown.read({"page": "x", "tab": "?", "text": "x" * 300}, all_work=False).text == "x" * 100


def test_no_member_is_named_in_a_worklist(portal: Portal):
    assert "Núñez" not in list_of(portal.as_("sv.okafor"), "tab=all")
