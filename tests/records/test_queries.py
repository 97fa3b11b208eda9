"""Worklists and lists: what is on them, in which order, and that they stay fast."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert

from policy.lifecycle import Outcome, Stage
from policy.people import Role
from policy.request import LineOfBusiness, Priority
from policy.tasks import TaskState
from records import projections, queries
from records.database import open_records, reading, writing
from records.intake import IntakeRegister
from records.ledger import CaseLedger
from records.tables import CASES, TASKS
from tests.builders import CASE_MANAGER, CMO, MONDAY, OTHER_CASE_MANAGER, a_request
from tests.records.lives import Life, a_short_life

OPEN_CASES = 20_000


def record(ledger: CaseLedger, *lives: Life) -> None:
    for life in lives:
        for transition in life.transitions:
            ledger.record(transition)


@pytest.fixture
def four(ledger: CaseLedger) -> None:
    """Three open cases, of which the second is due first and the third is with the physician; a closed one."""
    standard = Life("SO-2026-000001", a_request(external_reference="R1"))
    fast = a_request(external_reference="R2", priority=Priority.EXPEDITED, line=LineOfBusiness.MEDICARE_ADVANTAGE)
    expedited = Life("SO-2026-000002", fast)
    expedited.act("claim_task", CASE_MANAGER, task_id="T1")
    third = Life("SO-2026-000003", a_request(external_reference="R3"))
    third.act("confirm_completeness", CASE_MANAGER)
    record(ledger, standard, expedited, third, a_short_life("SO-2026-000004", external_reference="R4"))


@pytest.mark.usefixtures("four")
def test_cases_come_due_soonest_first_and_closed_ones_last(engine: Engine):
    found = [row.number for row in queries.cases(engine)]

    assert found == ["SO-2026-000002", "SO-2026-000001", "SO-2026-000003", "SO-2026-000004"]


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        ({"open_only": True}, "213"),
        ({"stage": Stage.PHYSICIAN_REVIEW}, "3"),
        ({"outcome": Outcome.DENIED}, "4"),
        ({"line": LineOfBusiness.MEDICARE_ADVANTAGE}, "2"),
        ({"line": LineOfBusiness.MEDI_CAL, "open_only": True}, "13"),
        ({"overdue_at": MONDAY}, ""),
        ({"overdue_at": MONDAY + timedelta(days=4)}, "2"),
        ({"overdue_at": MONDAY + timedelta(days=100)}, "213"),
    ],
)
def test_cases_can_be_chosen_and_counted(engine: Engine, chosen: dict[str, Any], numbers: str):
    found = queries.cases(engine, **chosen)

    assert [row.number[-1] for row in found] == list(numbers)
    assert queries.count_cases(engine, **chosen) == len(numbers)


@pytest.mark.usefixtures("four")
def test_a_list_is_read_page_by_page(engine: Engine):
    pages = [queries.cases(engine, limit=2, offset=offset) for offset in (0, 2, 4)]

    assert ["".join(row.number[-1] for row in page) for page in pages] == ["21", "34", ""]


@pytest.mark.usefixtures("four")
def test_lists_name_no_member_unless_asked(engine: Engine):
    without = queries.cases(engine)
    with_names = queries.cases(engine, with_names=True)

    assert {row.member_family + row.member_given for row in without} == {""}
    assert {(row.member_family, row.member_given) for row in with_names} == {("Núñez", "Ana María")}
    assert "Núñez" not in str([*without, *queries.tasks(engine, open_only=False)])


@pytest.mark.usefixtures("four")
def test_a_worklist_has_the_open_tasks_of_a_role_with_their_cases(engine: Engine):
    found = queries.tasks(engine, roles=[Role.CASE_MANAGER])

    assert [(row.case_number[-1], row.task_id) for row in found] == [("2", "T1"), ("1", "T1")]
    assert (found[0].line, found[0].case_priority, found[0].stage) == (
        LineOfBusiness.MEDICARE_ADVANTAGE,
        Priority.EXPEDITED,
        Stage.COMPLETENESS_REVIEW,
    )
    assert (found[0].priority, found[1].priority) == (1, 5)


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        ({}, "213"),
        ({"roles": [Role.CMO]}, "3"),
        ({"roles": [Role.PHYSICIAN_DESIGNEE]}, "3"),
        ({"roles": [Role.CMO, Role.CASE_MANAGER]}, "213"),
        ({"roles": [Role.CONSULTANT]}, ""),
        ({"roles": []}, ""),
        ({"owner": CASE_MANAGER.id}, "2"),
        ({"owner": CMO.id}, ""),
        ({"case_number": "SO-2026-000001"}, "1"),
        ({"case_number": "SO-2026-000004"}, ""),
        ({"case_number": "SO-2026-000004", "open_only": False}, "44"),
        ({"limit": 1, "offset": 1}, "1"),
    ],
)
def test_worklists_can_be_chosen(engine: Engine, chosen: dict[str, Any], numbers: str):
    found = queries.tasks(engine, **chosen)

    assert [row.case_number[-1] for row in found] == list(numbers)


@pytest.mark.usefixtures("four")
def test_a_claimed_task_shows_its_owner(engine: Engine):
    found = queries.tasks(engine, owner=CASE_MANAGER.id)

    assert [(row.owner, row.state) for row in found] == [(CASE_MANAGER.id, TaskState.RESERVED)]


def test_a_case_that_is_not_there_is_none(engine: Engine):
    assert queries.case(engine, "SO-2026-000009") is None


def test_a_number_is_found_by_number_or_reference(engine: Engine, ledger: CaseLedger, register: IntakeRegister):
    reserved = register.reserve(a_request(external_reference="REF-A"), MONDAY).case_number
    record(ledger, Life("SO-2026-000777", a_request(external_reference="ref-b")))

    found = {
        asked: queries.find_number(engine, asked)
        for asked in (reserved, f" {reserved.lower()}\n", "REF-A", "ref-b", "SO-2026-000777", "REF-B", "", "%")
    }

    assert found == {
        reserved: reserved,
        f" {reserved.lower()}\n": reserved,
        "REF-A": reserved,
        "ref-b": "SO-2026-000777",
        "SO-2026-000777": "SO-2026-000777",
        "REF-B": None,
        "": None,
        "%": None,
    }


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """20,000 open cases with a task each, every third claimed, and some closed ones, on SQLite."""
    engine = open_records(f"sqlite:///{tmp_path_factory.mktemp('crowd') / 'records.db'}")
    first = Life().transitions[0]
    assert first.request
    case, task = projections.opening(first, first.request), projections.tasks(first)[0]
    rows: list[dict[str, Any]] = [
        {
            "number": f"SO-2026-{n:06}",
            "due": MONDAY + timedelta(minutes=n * 7919 % OPEN_CASES) if n < OPEN_CASES else None,
            "ended": MONDAY if n >= OPEN_CASES else None,
            "owner": OTHER_CASE_MANAGER.id if n % 3 == 0 else "",
        }
        for n in range(OPEN_CASES + 2_000)
    ]
    with writing(engine) as connection:
        connection.execute(
            insert(CASES),
            [{**case, "number": r["number"], "next_due": r["due"], "closed_at": r["ended"]} for r in rows],
        )
        connection.execute(
            insert(TASKS),
            [
                {
                    **task,
                    "case_number": r["number"],
                    "next_due": r["due"],
                    "ended_at": r["ended"],
                    "owner": r["owner"],
                    "escalated": r["number"].endswith("7"),
                }
                for r in rows
            ],
        )
    yield engine
    engine.dispose()


def plan(engine: Engine, query: Callable[..., Any], **chosen: Any) -> str:
    """How SQLite carries out what a query asks."""
    asked: list[tuple[str, Any]] = []

    def remember(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", remember)
    query(engine, **chosen)
    event.remove(engine, "before_cursor_execute", remember)
    statement, parameters = next(a for a in asked if a[0].startswith("SELECT"))
    with reading(engine) as connection:
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    return "; ".join(step[3] for step in steps)


BY_DUE, BY_OWNER = "SCAN tasks USING INDEX ix_tasks_open_due", "SEARCH tasks USING INDEX ix_tasks_open_owner (owner=?)"
CASE_MANAGERS = [Role.CASE_MANAGER]


def test_a_worklist_of_fifty_has_those_that_are_due_first(crowd: Engine):
    found = queries.tasks(crowd, roles=CASE_MANAGERS)

    assert [row.next_due for row in found] == [MONDAY + timedelta(minutes=n) for n in range(50)]


@pytest.mark.parametrize(
    ("chosen", "walk"),
    [
        ({"roles": CASE_MANAGERS}, BY_DUE),
        ({"roles": CASE_MANAGERS, "include_suspended": False, "escalated_only": True}, BY_DUE),
        ({"roles": CASE_MANAGERS, "due_before": MONDAY}, "SEARCH tasks USING INDEX ix_tasks_open_due (next_due<?)"),
        ({"person": CASE_MANAGER.id}, BY_DUE),
        ({"person": CASE_MANAGER.id, "roles": CASE_MANAGERS}, BY_DUE),
        ({"person": CASE_MANAGER.id, "roles": CASE_MANAGERS, "whose": "group"}, BY_OWNER),
        ({"owner": CASE_MANAGER.id}, BY_OWNER),
    ],
)
def test_a_worklist_walks_along_an_index_in_its_own_order(crowd: Engine, chosen: dict[str, Any], walk: str):
    steps = plan(crowd, queries.tasks, **chosen)

    assert steps.startswith(f"{walk}; SEARCH cases USING INDEX")
    assert "TEMP B-TREE" not in steps


def test_refusals_are_found_by_an_index(crowd: Engine):
    assert plan(crowd, queries.refusals) == "SCAN refusals USING INDEX ix_refusals_at"


@pytest.mark.parametrize(
    ("chosen", "step"),
    [
        ({}, "SCAN cases USING INDEX ix_cases_due"),
        ({"open_only": True}, "SCAN cases USING INDEX ix_cases_open_due"),
        ({"overdue_at": MONDAY}, "SEARCH cases USING INDEX ix_cases_open_due (next_due<?)"),
    ],
)
def test_a_list_of_cases_walks_along_an_index(crowd: Engine, chosen: dict[str, Any], step: str):
    assert plan(crowd, queries.cases, **chosen) == step
