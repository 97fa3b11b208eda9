"""Records of an earlier version are upgraded in place: what they held is kept, and told in the new columns."""

from collections.abc import Iterator
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, Table, insert, inspect, select, text

from policy.request import Priority
from policy.tasks import HumanTask
from records import projections, queries
from records.database import alembic_config, open_engine, reading, upgrade, writing
from records.errors import RecordsError
from records.ledger import CaseLedger
from records.tables import CASES, CLOCKS, LEDGER, TABLES, TASKS
from tests.builders import CASE_MANAGER, CMO, a_request
from tests.records.lives import Life

FIRST_TABLES = {"numbering", "intake", "cases", "tasks", "clocks", "notices", "documents", "ledger"}
FIRST = {
    "tasks": {
        *("case_number", "task_id", "kind", "title", "clause", "state", "roles", "owner", "escalated", "opened_at"),
        *("ended_at", "ended_by", "next_due"),
    },
    "ledger": {"case_number", "seq", "at", "event", "text", "actor", "clause"},
}


@pytest.fixture
def before(url: str) -> Iterator[Engine]:
    """Empty records of the first version."""
    engine = open_engine(url)
    with writing(engine) as connection:
        command.upgrade(alembic_config(connection), "0001")
    yield engine
    engine.dispose()


def columns_of(engine: Engine, table: str) -> set[str]:
    return {column["name"] for column in inspect(engine).get_columns(table)}


def write_as_before(engine: Engine, *lives: Life) -> None:
    """As the first version wrote: an open task is due with its case; nothing is known of what came later."""
    for life in lives:
        for transition in life.transitions:
            if transition.request:
                _insert(engine, CASES, [projections.opening(transition, transition.request)])
            _insert(engine, LEDGER, projections.lines(transition))
        last, number = life.transitions[-1], life.case.number
        whole = last.model_copy(update={"tasks": life.case.tasks, "clocks": life.case.clocks})
        tasks = [{**row, "next_due": whole.next_due} for row in projections.tasks(whole)]
        _insert(engine, TASKS, tasks)
        _insert(engine, CLOCKS, projections.clocks(whole))
        with writing(engine) as connection:
            connection.execute(CASES.update().where(CASES.c.number == number), projections.standing(whole))


def _insert(engine: Engine, table: Table, rows: list[projections.Row]) -> None:
    known = FIRST.get(table.name)
    with writing(engine) as connection:
        connection.execute(insert(table), [{k: v for k, v in row.items() if not known or k in known} for row in rows])


def three_lives() -> tuple[Life, Life, Life]:
    """Waiting for a placement while letters are owed; urgent, claimed and refused once; closed to all by withdrawal."""
    placing = Life("SO-2026-000001", a_request(external_reference="R1"))
    placing.act("confirm_completeness", CASE_MANAGER)
    placing.act("determine", CMO, outcome="approved", rationale="Useful.")
    urgent = Life("SO-2026-000002", a_request(external_reference="R2", priority=Priority.EXPEDITED))
    urgent.act("claim_task", CASE_MANAGER, task_id="T1")
    urgent.be_refused()
    withdrawn = Life("SO-2026-000003", a_request(external_reference="R3"))
    withdrawn.act("withdraw_request", CASE_MANAGER, reason="The member prefers to wait.")
    return placing, urgent, withdrawn


def rows_of(engine: Engine, table: Table, *names: str) -> list[tuple[Any, ...]]:
    with reading(engine) as connection:
        return sorted(tuple(row) for row in connection.execute(select(*(table.c[name] for name in names))))


def test_what_was_recorded_is_kept(before: Engine):
    write_as_before(before, *three_lives())
    lines = rows_of(before, LEDGER, *sorted(FIRST["ledger"]))
    tasks = rows_of(before, TASKS, "case_number", "task_id", "owner", "title", "state", "ended_by")
    cases = rows_of(before, CASES, *(column.name for column in CASES.c if not column.nullable))

    upgrade(before)

    assert rows_of(before, LEDGER, *sorted(FIRST["ledger"])) == lines
    assert rows_of(before, TASKS, "case_number", "task_id", "owner", "title", "state", "ended_by") == tasks
    assert rows_of(before, CASES, *(column.name for column in CASES.c if not column.nullable)) == cases
    assert set(inspect(before).get_table_names()) == {*TABLES, "alembic_version"}


def test_an_open_task_is_planned_anew_from_its_cases_clocks(before: Engine):
    lives = three_lives()
    write_as_before(before, *lives)

    upgrade(before)

    def facts(task: HumanTask) -> tuple[Any, ...]:
        return task.id, task.due_at, task.due_rule, task.priority

    wanted = [facts(task) for life in lives for task in life.case.open_tasks]
    rows = sorted(queries.tasks(before), key=lambda row: row.case_number)
    assert [(row.task_id, row.next_due, row.next_due_rule, row.priority) for row in rows] == wanted
    assert {(row.revision, row.comments, row.asked, row.outcome) for row in rows} == {(0, 0, "", "")}
    due_of_the_case = lives[0].case.governing_clock
    assert due_of_the_case
    assert wanted[0][1] != due_of_the_case.due_at, "the example shows no difference"


def test_refusals_are_read_off_the_ledger(before: Engine):
    _, urgent, _ = lives = three_lives()
    write_as_before(before, *lives)

    upgrade(before)

    (found,) = queries.refusals(before)
    (refused,) = urgent.case.refusals
    assert found.case_number == urgent.case.number
    assert found.model_dump(include={"seq", "at", "action", "actor", "reason", "clause"}) == refused.model_dump(
        include={"seq", "at", "action", "actor", "reason", "clause"}
    )
    assert (found.action_id, found.fields, found.size, found.digest) == ("", (), 0, "")


def test_the_ledger_stays_append_only_and_its_lines_count_as_signed(before: Engine):
    write_as_before(before, *three_lives())

    upgrade(before)

    for statement in ("UPDATE ledger SET text = ''", "DELETE FROM ledger"):
        with pytest.raises(RecordsError, match="append-only"), writing(before) as connection:
            connection.execute(text(statement))
    assert {unsigned for (unsigned,) in rows_of(before, LEDGER, "unsigned")} == {False}


def test_a_case_goes_on_where_the_version_before_left_it(before: Engine):
    placing, urgent, _ = lives = three_lives()
    write_as_before(before, *lives)
    upgrade(before)

    placing.send_letters()
    urgent.be_refused()
    for life in lives:
        for transition in life.transitions:
            CaseLedger(before).record(transition)

    for life in lives:
        kept = queries.case(before, life.case.number)
        assert kept
        assert [line.seq for line in kept.ledger] == list(range(1, life.case.seq + 1))
        assert [row.seq for row in kept.refusals] == [refused.seq for refused in life.case.refusals]
        assert kept.case.refused_count == life.case.refused_count


def test_a_worker_of_the_version_before_writes_on_while_it_is_replaced(before: Engine):
    upgrade(before)
    life = Life()

    write_as_before(before, life)

    (row,) = queries.tasks(before)
    assert (row.revision, row.priority, row.next_due_rule) == (0, 5, "")


def test_back_and_forth_loses_only_what_the_version_before_cannot_hold(before: Engine):
    lives = three_lives()
    write_as_before(before, *lives)
    due_before = rows_of(before, TASKS, "case_number", "task_id", "next_due")
    upgrade(before)
    new = [row.model_dump() for row in queries.tasks(before)]

    with writing(before) as connection:
        command.downgrade(alembic_config(connection), "0001")
    tables, columns = set(inspect(before).get_table_names()), {name: columns_of(before, name) for name in FIRST}
    due_after = rows_of(before, TASKS, "case_number", "task_id", "next_due")
    upgrade(before)

    assert tables == {*FIRST_TABLES, "alembic_version"}
    assert columns == FIRST
    assert due_after == due_before
    assert [row.model_dump() for row in queries.tasks(before)] == new
