"""What the portal's lists ask the records: whose tasks, which, how many, on which page; cases and names."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from policy.lifecycle import Outcome, Stage
from policy.people import PersonName, Role
from policy.request import LineOfBusiness, Priority
from policy.search import folded
from policy.tasks import Nominee, TaskKind, TaskState
from records.ledger import CaseLedger
from records.worklists import PAGE, CaseFilter, TaskFilter, Viewer, Whose, cases, cases_of_member, worklist
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, MONDAY, OTHER_CASE_MANAGER, a_member, a_request
from tests.records.lives import Life, a_short_life

DAY = timedelta(days=1)
NURSE = Viewer(person=CASE_MANAGER.id, roles=(Role.CASE_MANAGER,))
IN_CHARGE = Viewer(person="sv.okafor", roles=(Role.SUPERVISOR,))
SURGEON = Viewer(person=CONSULTANT.id, roles=(Role.CONSULTANT,), specialty="Orthopaedic Surgery")
ALL = TaskFilter()


def a_life(number: int, **changes: Any) -> Life:
    return Life(f"SO-2026-{number:06}", a_request(**{"external_reference": f"Ref-{number}", **changes}))


def changed(life: Life, **changes: Any) -> Life:
    """Its open task as it stands after something was done to it."""
    task = life.case.open_tasks[0].model_copy(update=changes)
    life.become(life.case.change_task(task).tell(life.now, "task:changed", "By a test"))
    return life


def in_consultation(number: int, specialty: str) -> Life:
    life = a_life(number, specialty=specialty)
    life.act("confirm_completeness", CASE_MANAGER)
    life.act("refer_to_consultation", CMO, question="Useful?")
    return life


def recorded(ledger: CaseLedger, *lives: Life) -> None:
    for life in lives:
        for transition in life.transitions:
            ledger.record(transition)


def found(engine: Engine, viewer: Viewer, whose: Whose, **chosen: Any) -> str:
    page = worklist(engine, viewer, whose, TaskFilter(**chosen))
    assert page.total == len(page.rows)
    return "".join(row.case_number[-1] for row in page.rows)


@pytest.fixture
def six(ledger: CaseLedger) -> None:
    """Nobody's, mine, another's, I am asked, another is asked, escalated; lines, priorities and states differ."""
    reserved = {"state": TaskState.RESERVED}
    recorded(
        ledger,
        a_life(1, line=LineOfBusiness.COMMERCIAL),
        changed(a_life(2), owner=CASE_MANAGER.id, **reserved),
        changed(a_life(3), owner=OTHER_CASE_MANAGER.id, **reserved),
        changed(a_life(4), nominees=(Nominee(person=CASE_MANAGER),), nominated_at=MONDAY),
        changed(a_life(5), nominees=(Nominee(person=OTHER_CASE_MANAGER),), nominated_at=MONDAY),
        changed(a_life(6, priority=Priority.EXPEDITED), escalated=True, state=TaskState.SUSPENDED),
    )


@pytest.mark.usefixtures("six")
@pytest.mark.parametrize(
    ("viewer", "whose", "numbers"),
    [
        (NURSE, Whose.MINE, "24"),
        (NURSE, Whose.GROUP, "146"),
        (IN_CHARGE, Whose.MINE, ""),
        (IN_CHARGE, Whose.GROUP, "6"),
        (IN_CHARGE, Whose.ALL, "123456"),
    ],
)
def test_a_tab_shows_what_is_mine_what_my_group_can_take_or_everything(
    engine: Engine, viewer: Viewer, whose: Whose, numbers: str
):
    assert "".join(sorted(found(engine, viewer, whose))) == numbers


@pytest.mark.usefixtures("six")
def test_the_tabs_count_everything_whatever_is_filtered(engine: Engine):
    page = worklist(engine, NURSE, Whose.GROUP, TaskFilter(text="nothing"))

    assert (page.total, page.rows) == (0, ())
    assert page.counts == {Whose.MINE: 2, Whose.GROUP: 3, Whose.ALL: 6}


@pytest.mark.usefixtures("six")
@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        ({"line": LineOfBusiness.COMMERCIAL}, "1"),
        ({"priority": Priority.EXPEDITED}, "6"),
        ({"kind": TaskKind.PLACEMENT}, ""),
        ({"kind": TaskKind.COMPLETENESS_REVIEW}, "123456"),
        ({"role": Role.CASE_MANAGER}, "123456"),
        ({"role": Role.CMO}, ""),
        ({"escalated_only": True}, "6"),
        ({"with_suspended": False}, "12345"),
        ({"due_before": MONDAY + 4 * DAY}, "6"),
        ({"due_from": MONDAY + 4 * DAY}, "12345"),
        ({"text": "ref-3"}, "3"),
        ({"text": "so-2026-000005"}, "5"),
        ({"text": "%"}, ""),
    ],
)
def test_filters_choose_among_the_tasks(engine: Engine, chosen: dict[str, Any], numbers: str):
    assert "".join(sorted(found(engine, IN_CHARGE, Whose.ALL, **chosen))) == numbers


def test_a_consultant_is_not_offered_what_the_own_specialty_cannot_review(engine: Engine, ledger: CaseLedger):
    recorded(ledger, in_consultation(1, "orthopedic surgery"), in_consultation(2, "cardiology"))
    recorded(ledger, in_consultation(3, "Orthopedic  Surgery"))

    assert "".join(sorted(found(engine, SURGEON, Whose.GROUP))) == "13"
    assert worklist(engine, SURGEON, Whose.GROUP, ALL).counts[Whose.GROUP] == 2


def test_pages_follow_each_other_without_gap_or_repetition(engine: Engine, ledger: CaseLedger):
    recorded(ledger, *(a_life(number) for number in range(1, PAGE + 4)))

    pages = [worklist(engine, NURSE, Whose.GROUP, ALL, offset=start) for start in (0, PAGE, 2 * PAGE)]

    assert [len(page.rows) for page in pages] == [PAGE, 3, 0]
    assert {page.total for page in pages} == {PAGE + 3}
    numbers = [row.case_number for page in pages for row in page.rows]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == PAGE + 3


@pytest.mark.usefixtures("six")
def test_a_page_asks_the_records_as_often_however_many_rows_there_are(engine: Engine, ledger: CaseLedger):
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))

    worklist(engine, NURSE, Whose.GROUP, ALL)
    few = len([text for text in asked if text.startswith("SELECT")])
    recorded(ledger, *(a_life(number) for number in range(10, 40)))
    asked.clear()
    worklist(engine, NURSE, Whose.GROUP, ALL)

    assert len([text for text in asked if text.startswith("SELECT")]) == few == 4


@pytest.fixture
def three(ledger: CaseLedger) -> None:
    """An open case, one of another line and member, and a closed one."""
    other = a_member(name=PersonName(family="Okonkwo-Peña", given="Ada"))
    recorded(ledger, a_life(1), a_life(2, line=LineOfBusiness.COMMERCIAL, member=other))
    recorded(ledger, a_short_life("SO-2026-000003", external_reference="Ref-3"))


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        ({}, "123"),
        ({"is_open": True}, "12"),
        ({"is_open": False}, "3"),
        ({"stage": Stage.COMPLETENESS_REVIEW}, "12"),
        ({"outcome": Outcome.DENIED}, "3"),
        ({"line": LineOfBusiness.COMMERCIAL}, "2"),
        ({"overdue_at": MONDAY + 400 * DAY}, "12"),
        ({"overdue_at": MONDAY}, ""),
        ({"text": "REF-2"}, "2"),
        ({"text": "Okonkwo"}, ""),
    ],
)
def test_filters_choose_among_the_cases(engine: Engine, chosen: dict[str, Any], numbers: str):
    page = cases(engine, CaseFilter(**chosen))

    assert "".join(sorted(row.number[-1] for row in page.rows)) == numbers
    assert page.total == len(numbers)


@pytest.mark.usefixtures("three")
def test_names_are_left_out_unless_they_are_asked_for(engine: Engine):
    without, with_names = cases(engine, CaseFilter()), cases(engine, CaseFilter(), with_names=True)

    assert {row.member_family for row in without.rows} == {""}
    assert {row.member_family for row in with_names.rows} == {"Núñez", "Okonkwo-Peña"}


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("nunez", "13"),
        ("NÚÑ ana", "13"),
        ("Núñez, Ana María", "13"),
        ("okonkwo", "2"),
        ("pena ada", "2"),
        ("Okonkwo-Peña", "2"),
        ("onkwo", ""),
        ("%", ""),
        ("  ", ""),
    ],
)
def test_a_member_is_found_by_the_beginnings_of_the_names_whatever_accents(engine: Engine, name: str, numbers: str):
    page = cases_of_member(engine, name)

    assert "".join(sorted(row.number[-1] for row in page.rows)) == numbers
    assert page.total == len(numbers)


def test_a_name_is_folded_as_people_type_it():
    assert folded("Müller-STRAßE, José") == "muller strasse  jose"
