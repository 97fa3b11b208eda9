"""Troubles: found once, ended by themselves, acknowledged and ended by people in charge. On both engines."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from policy.people import Actor, Role
from policy.verdict import Refused
from records.database import open_records
from records.troubles import Found, Sweep, TroubleKind, Troubles, TroubleState
from tests.builders import CASE_MANAGER

MONDAY = datetime(2026, 11, 2, 17, 0, tzinfo=UTC)  # Monday 2026-11-02, 9:00 in Los Angeles
SUPERVISOR = Actor(id="sv.okafor", name="Ada Okafor", roles=(Role.SUPERVISOR,))
SECOND = timedelta(seconds=1)
ONE, TWO = "SO-2026-000001", "SO-2026-000002"
STUCK = TroubleKind.STUCK
WHAT = Found(code="WorkflowTaskFailed", text="Nothing that is done to this case is carried out.")


def test_what_is_found_is_one_open_trouble_however_often_it_is_found(engine):
    troubles = Troubles(engine)

    first = troubles.observe(STUCK, {ONE: WHAT}, MONDAY)
    again = troubles.observe(STUCK, {ONE: WHAT}, MONDAY + SECOND)

    assert (first, again) == (Sweep(opened=(ONE,)), Sweep())
    assert [(t.case_number, t.found_at, t.state, t.text) for t in troubles.open()] == [
        (ONE, MONDAY, TroubleState.OPEN, WHAT.text)
    ]
    assert troubles.count() == {**dict.fromkeys(TroubleKind, 0), STUCK: 1}


def test_what_is_found_no_longer_has_ended_by_itself_and_may_begin_anew(engine):
    troubles = Troubles(engine)
    troubles.observe(STUCK, {ONE: WHAT, TWO: WHAT}, MONDAY)

    passed = troubles.observe(STUCK, {TWO: WHAT}, MONDAY + SECOND)
    anew = troubles.observe(STUCK, {ONE: WHAT, TWO: WHAT}, MONDAY + 2 * SECOND)

    assert (passed, anew) == (Sweep(ended=(ONE,)), Sweep(opened=(ONE,)))
    of_one = [t for t in troubles.history() if t.case_number == ONE]
    assert [(t.found_at, t.ended_at, t.ended_by) for t in of_one] == [
        (MONDAY + 2 * SECOND, None, ""),
        (MONDAY, MONDAY + SECOND, ""),
    ]


def test_a_list_that_broke_off_ends_nothing(engine):
    troubles = Troubles(engine)
    troubles.observe(STUCK, {ONE: WHAT}, MONDAY)

    swept = troubles.observe(STUCK, {TWO: WHAT}, MONDAY + SECOND, is_all=False)

    assert swept == Sweep(opened=(TWO,))
    assert [t.case_number for t in troubles.open()] == [ONE, TWO]


def test_somebody_in_charge_acknowledges_and_ends_it_and_a_note_stays(engine):
    troubles = Troubles(engine)
    troubles.observe(STUCK, {ONE: WHAT}, MONDAY)

    seen = troubles.acknowledge(STUCK, ONE, SUPERVISOR, MONDAY + SECOND, "Rolled back to Friday's version.")
    (held,) = troubles.open()
    ended = troubles.end(STUCK, ONE, SUPERVISOR, MONDAY + 2 * SECOND)
    (over,) = troubles.history()

    assert seen
    assert (held.state, held.acknowledged_by) == (TroubleState.ACKNOWLEDGED, SUPERVISOR.id)
    assert ended
    assert (over.state, over.ended_by, over.note) == (
        TroubleState.ENDED,
        SUPERVISOR.id,
        "Rolled back to Friday's version.",
    )


def test_nobody_else_may_and_what_is_not_open_cannot_be_settled(engine):
    troubles = Troubles(engine)
    troubles.observe(STUCK, {ONE: WHAT}, MONDAY)

    by_another = troubles.acknowledge(STUCK, ONE, CASE_MANAGER, MONDAY)
    of_another = troubles.end(STUCK, TWO, SUPERVISOR, MONDAY)
    too_long = troubles.end(STUCK, ONE, SUPERVISOR, MONDAY, "x" * 501)

    assert isinstance(by_another, Refused)
    assert "only for: supervisor" in by_another.reason
    assert isinstance(of_another, Refused)
    assert TWO in of_another.reason
    assert isinstance(too_long, Refused)
    assert too_long.field == "note"
    assert [t.state for t in troubles.open()] == [TroubleState.OPEN]


def test_several_watchers_at_once_open_one_trouble(engine, url):
    engines = [engine, open_records(url)]

    with ThreadPoolExecutor(4) as threads:
        swept = list(
            threads.map(lambda n: Troubles(engines[n % 2]).observe(STUCK, {ONE: WHAT}, MONDAY + n * SECOND), range(8))
        )

    assert sum(len(sweep.opened) for sweep in swept) >= 1
    assert len(Troubles(engine).history()) == 1
    engines[1].dispose()
