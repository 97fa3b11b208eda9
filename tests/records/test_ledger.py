"""What the ledger and its projections hold after transitions came once, twice, late, or all at once."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from policy.acting import act
from policy.case import Case
from policy.request import Item
from policy.timeframes import ClockState
from policy.transition import GivenUp, Transition
from records import projections, queries
from records.database import reading, writing
from records.errors import RecordsError
from records.intake import IntakeRegister
from records.ledger import CaseLedger
from records.rows import CaseFile
from records.tables import TABLES
from tests.builders import CASE_MANAGER, CMO, MONDAY, a_request, action, an_incomplete_request
from tests.records.lives import Life, a_long_life, a_short_life


def contents(engine: Engine) -> dict[str, list[Any]]:
    """Every row of every table."""
    with reading(engine) as connection:
        return {name: sorted(map(str, connection.execute(select(table)).mappings())) for name, table in TABLES.items()}


def record_all(ledger: CaseLedger, life: Life) -> None:
    for transition in life.transitions:
        ledger.record(transition)


def file_of(engine: Engine, case: Case) -> CaseFile:
    found = queries.case(engine, case.number)
    assert found
    return found


def test_a_whole_life_reads_back_as_the_rules_left_it(engine: Engine, ledger: CaseLedger):
    life = a_long_life()
    case = life.case

    record_all(ledger, life)

    kept = file_of(engine, case)
    assert kept.case.model_dump(exclude={"revision"}) == {
        "number": case.number,
        "external_reference": "REF-9",
        "stage": "closed",
        "outcome": "approved",
        "line": "medi_cal",
        "priority": "standard",
        "specialty": "orthopedic surgery",
        "organization": "Alder IPA",
        "member_family": "Núñez",
        "member_given": "Ana María",
        "received_at": MONDAY,
        "decision_due": None,
        "next_due": None,
        "next_due_rule": "",
        "category": case.category,
        "filing_path": case.filing.path if case.filing else None,
        "filing_sha256": "cd" * 32,
        "closed_at": life.now,
        "refused_count": 1,
    }
    assert [(t.task_id, t.kind, t.state, t.title, t.owner, t.escalated, t.ended_at) for t in kept.tasks] == [
        (t.id, t.kind, t.state, t.title, t.owner, t.escalated, t.ended_at) for t in case.tasks
    ]
    assert [(t.revision, t.priority, t.next_due, t.next_due_rule, t.outcome) for t in kept.tasks] == [
        (t.revision, t.priority, t.due_at, t.due_rule, t.outcome) for t in case.tasks
    ]
    assert {(c.clock_id, c.anchored_at): (c.state, c.due_at, c.act_by, c.cause) for c in kept.clocks} == {
        (c.id, c.anchored_at): (c.state, c.due_at, c.act_by, c.cause) for c in case.clocks
    }
    assert {(n.key, n.kind, n.recipient, n.planned_at, n.sent_at, n.document) for n in kept.notices} == {
        (n.key, n.kind, n.recipient, n.planned_at, n.sent_at, n.document) for n in case.notices
    }
    assert [(d.name, d.size) for d in kept.documents] == [("mri.pdf", 90_000), ("report.pdf", 120_000)]
    assert [(e.seq, e.at, e.event, e.text, e.actor, e.clause) for e in kept.ledger] == [
        (e.seq, e.at, e.event, e.text, e.actor, e.clause) for e in case.story
    ]


def test_after_every_step_the_rows_say_what_the_case_says(engine: Engine, ledger: CaseLedger):
    life = a_long_life()

    for case, transition in zip(life.cases, life.transitions, strict=True):
        ledger.record(transition)

        kept = file_of(engine, case)
        due = case.governing_clock
        assert kept.case.stage == case.stage
        assert kept.case.next_due == (due.due_at if due else None)
        assert {t.task_id for t in kept.tasks if t.ended_at is None} == {t.id for t in case.open_tasks}
        assert {(c.clock_id, c.anchored_at) for c in kept.clocks if c.ended_at is None} == {
            (c.id, c.anchored_at) for c in case.open_clocks
        }
        assert [line.seq for line in kept.ledger] == list(range(1, case.seq + 1))


def test_every_step_of_a_life_adds_to_its_story():
    life = a_long_life()

    revisions = [transition.revision for transition in life.transitions]

    assert revisions == sorted(set(revisions)), "a step without a line would be taken for a repetition"


def test_recording_twice_is_recording_once(engine: Engine, ledger: CaseLedger):
    life = a_long_life()
    record_all(ledger, life)
    once = contents(engine)

    record_all(ledger, life)

    assert contents(engine) == once


def test_a_late_repetition_changes_nothing(engine: Engine, ledger: CaseLedger):
    life = a_long_life()
    record_all(ledger, life)
    before = contents(engine)

    for transition in random.Random(7).sample(life.transitions, len(life.transitions)):
        ledger.record(transition)

    assert contents(engine) == before


def test_lines_that_come_late_are_kept_and_the_rows_stay_the_newest(engine: Engine, ledger: CaseLedger):
    life = a_short_life()
    first, *others = life.transitions
    ledger.record(first)

    for transition in reversed(others):
        ledger.record(transition)

    kept = file_of(engine, life.case)
    assert [line.seq for line in kept.ledger] == list(range(1, life.case.seq + 1))
    assert kept.case.revision == life.case.seq
    assert kept.case.stage == "closed"


def test_a_later_transition_of_an_unknown_case_is_an_error_that_says_so(engine: Engine, ledger: CaseLedger):
    life = a_short_life()

    with pytest.raises(RecordsError, match="Case SO-2026-000001 is not in the records: its first transition must be"):
        ledger.record(life.transitions[1])

    assert contents(engine) == {name: [] for name in TABLES}


def test_a_transition_is_recorded_whole_or_not_at_all(
    engine: Engine, ledger: CaseLedger, monkeypatch: pytest.MonkeyPatch
):
    life = a_short_life()
    ledger.record(life.transitions[0])
    before = contents(engine)

    def broken(_: Transition) -> list[projections.Row]:
        raise OSError("the machine stops here")

    monkeypatch.setattr(projections, "lines", broken)  # the last thing that is asked for
    with pytest.raises(OSError, match="stops"):
        ledger.record(life.transitions[2])

    assert contents(engine) == before


def test_sixteen_writers_of_sixteen_cases_lose_nothing(engine: Engine, ledger: CaseLedger):
    lives = [a_long_life(f"SO-2026-{n:06}") for n in range(1, 17)]

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda life: record_all(ledger, life), lives))

    for life in lives:
        kept = file_of(engine, life.case)
        assert kept.case.revision == life.case.seq
        assert [line.seq for line in kept.ledger] == list(range(1, life.case.seq + 1))
        assert len(kept.notices) == len(life.case.notices)


def test_sixteen_writers_of_one_case_agree_on_its_end(engine: Engine, ledger: CaseLedger):
    life = a_long_life()
    copies = life.transitions * 16
    random.Random(3).shuffle(copies)
    ledger.record(life.transitions[0])

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ledger.record, copies))

    kept = file_of(engine, life.case)
    assert kept.case.revision == life.case.seq
    assert kept.case.stage == "closed"
    assert [line.seq for line in kept.ledger] == list(range(1, life.case.seq + 1))


def test_the_first_transition_may_come_from_many_at_once(engine: Engine, ledger: CaseLedger):
    first = Life().transitions[0]

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ledger.record, [first] * 64))

    assert len(contents(engine)["cases"]) == 1
    assert len(contents(engine)["ledger"]) == first.revision


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET text = 'nothing happened'",
        "UPDATE ledger SET seq = seq + 100",
        "DELETE FROM ledger",
        "DELETE FROM ledger WHERE seq = 1",
    ],
)
def test_the_ledger_refuses_to_be_changed(engine: Engine, ledger: CaseLedger, statement: str):
    record_all(ledger, a_short_life())
    before = contents(engine)

    with pytest.raises(RecordsError, match="the ledger is append-only"), writing(engine) as connection:
        connection.execute(text(statement))

    assert contents(engine) == before


def test_the_ledger_refuses_to_be_replaced_or_emptied(engine: Engine, ledger: CaseLedger):
    record_all(ledger, a_short_life())
    before = contents(engine)

    if engine.dialect.name == "postgresql":
        with pytest.raises(RecordsError, match="the ledger is append-only"), writing(engine) as connection:
            connection.execute(text("TRUNCATE ledger"))
    else:
        with writing(engine) as connection:
            connection.execute(
                text("INSERT OR REPLACE INTO ledger SELECT case_number, seq, at, '', '', '', '', 1 FROM ledger")
            )

    assert contents(engine) == before


def test_a_case_that_has_a_ledger_cannot_be_deleted(engine: Engine, ledger: CaseLedger):
    ledger.record(Life().transitions[0])

    with pytest.raises(RecordsError, match=r"(?i)foreign key"), writing(engine) as connection:
        connection.execute(text("DELETE FROM cases"))


def test_the_first_transition_marks_the_submission_as_started(ledger: CaseLedger, register: IntakeRegister):
    reservation = register.reserve(a_request(), MONDAY)

    ledger.record(Life(reservation.case_number).transitions[0])

    assert register.unstarted() == []
    assert register.reserve(a_request(), MONDAY).started


def test_an_upgrade_to_expedited_leaves_no_clock_running_that_fell_away(engine: Engine, ledger: CaseLedger):
    life = Life()
    record_all(ledger, life)

    life.become(act(life.case, action("expedite_request", CMO, life.now, reason="Waiting could do harm."), life.now))
    ledger.record(life.transitions[-1])

    assert {(c.clock_id, c.anchored_at, c.state) for c in file_of(engine, life.case).clocks} == {
        (c.id, c.anchored_at, c.state) for c in life.case.clocks
    }
    assert sorted(c.rule for c in life.case.open_clocks) == ["KK-URG", "MCAL-EXP"]


def test_a_size_beyond_all_columns_does_not_stop_the_ledger(engine: Engine, ledger: CaseLedger):
    life = a_long_life()
    with_document = next(n for n, transition in enumerate(life.transitions) if transition.documents)
    huge = life.transitions[with_document].documents[0].model_copy(update={"size": 10**30})
    life.transitions[with_document] = life.transitions[with_document].model_copy(update={"documents": (huge,)})

    record_all(ledger, life)

    assert file_of(engine, life.case).documents[0].size == 2**63 - 1


# -- a case that is given up


def given_up(life: Life) -> GivenUp:
    return GivenUp(case_number=life.case.number, at=life.now, why="it was terminated")


def an_open_life() -> Life:
    """Asked for information, and overdue: a task is open, clocks run, one is breached."""
    life = Life("SO-2026-000001", an_incomplete_request(Item.TEST_RESULTS))
    life.act("request_information", CASE_MANAGER, items=[Item.TEST_RESULTS])
    life.wait(timedelta(days=10))
    return life


def test_what_was_open_of_a_case_that_is_given_up_is_on_no_list_any_more(engine: Engine, ledger: CaseLedger):
    life = an_open_life()
    record_all(ledger, life)
    breached = {c.clock_id for c in file_of(engine, life.case).clocks if c.state is ClockState.BREACHED}

    ledger.give_up(given_up(life))

    kept = file_of(engine, life.case)
    assert [t.task_id for t in kept.tasks if t.state == "exited"] == [t.id for t in life.case.open_tasks] != []
    assert all(t.ended_at for t in kept.tasks)
    assert all(c.ended_at for c in kept.clocks)
    assert breached
    assert {c.clock_id for c in kept.clocks if c.state is ClockState.BREACHED} == breached
    assert (kept.case.stage, kept.case.closed_at, kept.case.next_due) == ("closed", life.now, None)
    assert [line.event for line in kept.ledger][-1] == "case:given-up"


def test_giving_up_twice_is_giving_up_once_and_the_storys_late_words_open_nothing(engine: Engine, ledger: CaseLedger):
    life = an_open_life()
    *earlier, last = life.transitions
    for transition in earlier:
        ledger.record(transition)
    ledger.give_up(given_up(life))
    once = contents(engine)

    ledger.give_up(given_up(life))
    assert contents(engine) == once
    ledger.record(last)

    assert all(t.ended_at for t in file_of(engine, life.case).tasks)


def test_a_closed_case_and_one_that_nobody_recorded_are_not_given_up(engine: Engine, ledger: CaseLedger):
    life = a_short_life()
    ledger.give_up(given_up(life))
    record_all(ledger, life)
    before = contents(engine)

    ledger.give_up(given_up(life))

    assert contents(engine) == before
