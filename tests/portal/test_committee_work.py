"""What committees decided stands where people look for work, with what is overdue and due soon. Procedure 12."""

from datetime import UTC, datetime, timedelta

import pytest

from policy.calendar import local_day
from policy.committee.transition import between
from records.committees import CommitteeReports
from records.troubles import Found, TroubleKind, Troubles
from tests.committees import CHAIR, MANAGER, PLAN, THEN, does, presented
from tests.portal.conftest import Portal


@pytest.fixture
def decided(portal: Portal) -> Portal:
    """A1 was due yesterday, A2 is due today, A3 in two months; cm.alvarez has them."""
    today, file = local_day(datetime.now(UTC)), presented()
    for days in (-1, 0, 60):
        file = does(file, CHAIR, "decide_action", **{**PLAN, "owner": MANAGER, "due": today + timedelta(days=days)})
    CommitteeReports(portal.world.records).record(between(None, file, THEN))
    return portal


def marks(page: str, *names: str) -> list[str]:
    """What stands beside each action, up to the next one."""
    found = []
    for name in names:
        piece = page.partition(f"2026-Q3 {name}<")[2].partition("2026-Q3 A")[0]
        found.append("overdue" if ">overdue<" in piece else "due soon" if ">due soon<" in piece else "")
    return found


def test_the_committees_page_marks_what_is_overdue_and_due_soon_before_the_story_has_told_it(decided: Portal):
    page = decided.as_("cm.alvarez").get("/committee").text
    one = decided.as_("cm.alvarez").get("/reports/2026-Q3/committee").text

    assert marks(page, "A1", "A2", "A3") == ["overdue", "due soon", ""]
    assert [one.count(mark) for mark in (">overdue<", ">due soon<")] == [1, 1]


def test_an_owner_finds_all_of_it_beside_the_own_tasks_and_who_is_in_charge_what_is_late(decided: Portal):
    mine = decided.as_("cm.alvarez").get("/tasks").text
    group = decided.as_("cm.alvarez").get("/tasks?tab=group").text
    others = decided.as_("cm.brown").get("/tasks").text
    everybodys = decided.as_("sv.okafor").get("/tasks?tab=all").text

    assert marks(mine, "A1", "A2", "A3") == ["overdue", "due soon", ""]
    assert 'href="/reports/2026-Q3/committee#A1"' in mine
    assert "What committees decided" not in group
    assert "What committees decided" not in others
    assert [f"2026-Q3 {name}<" in everybodys for name in ("A1", "A2", "A3")] == [True, True, False]
    assert "Rosa Alvarez, until" in everybodys


def test_the_supervisors_page_counts_what_is_overdue_and_leads_to_a_report_in_trouble(decided: Portal):
    found = {"2026-Q3": Found(code="ended", text="2026-Q3: the records have it open, and its workflow is terminated.")}
    Troubles(decided.world.records).observe(TroubleKind.DIFFERS, found, datetime.now(UTC))

    page = decided.as_("sv.okafor").get("/supervisor").text

    tile = '<a href="/committee"><strong class="overdue">1</strong><span>overdue of what committees decided</span></a>'
    assert tile in page
    assert '<a href="/reports/2026-Q3/committee">2026-Q3</a>' in page
