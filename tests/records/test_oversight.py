"""What a supervisor counts: tiles, loads, clocks in danger, breaches and refusals."""

from datetime import timedelta

from sqlalchemy import Engine

from policy.people import Role
from records.kept import KeptActions
from records.ledger import CaseLedger
from records.oversight import LATEST, Oversight, PersonLoad, RoleLoad, oversight
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, MONDAY, a_request, action
from tests.records.lives import Life, a_short_life

DAY = timedelta(days=1)


def seen_at(engine: Engine, days: float) -> Oversight:
    now = MONDAY + days * DAY
    midnight = now.replace(hour=8, minute=0)  # in Los Angeles
    return oversight(engine, now, soon=now + DAY, today=(midnight, midnight + DAY))


def a_life(number: int) -> Life:
    return Life(f"SO-2026-{number:06}", a_request(external_reference=f"R{number}"))


def recorded(ledger: CaseLedger, *lives: Life) -> None:
    for life in lives:
        for transition in life.transitions:
            ledger.record(transition)


def test_of_nothing_there_is_nothing_to_see(engine: Engine):
    seen = seen_at(engine, 0)

    assert set(seen.tally.model_dump().values()) == {0}
    assert (seen.by_role, seen.by_person, seen.at_risk, seen.breaches, seen.refusals) == ((), (), (), (), ())


def test_the_tiles_count_what_is_open_due_at_risk_overdue_refused_and_kept(engine: Engine, ledger: CaseLedger):
    refused = a_life(2)
    refused.be_refused()
    recorded(ledger, a_life(1), refused, a_short_life("SO-2026-000003", external_reference="R3"))
    KeptActions(engine).keep("SO-2026-000001", action("claim_task", CASE_MANAGER, MONDAY, task_id="T1"))
    due = MONDAY.replace(day=10, hour=7, minute=59, second=59)  # five business days, to midnight of the ninth

    first, before, after = seen_at(engine, 0).tally, seen_at(engine, 6.9).tally, seen_at(engine, 20).tally

    assert (first.open_cases, first.open_tasks, first.refused_today, first.kept) == (2, 2, 1, 1)
    assert (first.due_today, first.at_risk, first.overdue) == (0, 0, 0)
    assert due - (MONDAY + 6.9 * DAY) < DAY
    assert (before.at_risk, before.overdue) == (2, 0)
    assert (after.due_today, after.at_risk, after.overdue, after.refused_today) == (2, 0, 2, 0)


def test_loads_are_told_by_role_and_by_person(engine: Engine, ledger: CaseLedger):
    claimed, asked = a_life(1), a_life(2)
    claimed.act("claim_task", CASE_MANAGER, task_id="T1")
    asked.act("confirm_completeness", CASE_MANAGER)
    asked.act("refer_to_consultation", CMO, question="Useful?")
    task = asked.case.open_tasks[0].id
    asked.act("nominate_task", CMO, task_id=task, nominees=[{"person": CONSULTANT}])
    recorded(ledger, claimed, asked, a_life(3))

    seen = seen_at(engine, 30)

    assert seen.by_role == (
        RoleLoad(roles=(Role.CASE_MANAGER,), open=2, overdue=2, nobodys=1),
        RoleLoad(roles=(Role.CONSULTANT,), open=1, overdue=1, nobodys=1),
    )
    assert seen.by_person == (
        PersonLoad(person=CASE_MANAGER.id, open=1, overdue=1, asked=0),
        PersonLoad(person=CONSULTANT.id, open=0, overdue=0, asked=1),
    )


def test_clocks_are_at_risk_then_breached_with_their_cause(engine: Engine, ledger: CaseLedger):
    life = a_life(1)
    recorded(ledger, life)

    before = seen_at(engine, 6.9)
    life.wait(30 * DAY)
    recorded(ledger, life)
    after = seen_at(engine, 30)

    assert {clock.case_number for clock in before.at_risk} == {"SO-2026-000001"}
    assert before.breaches == ()
    assert after.at_risk == ()
    assert {clock.case_number for clock in after.breaches} == {"SO-2026-000001"}


def test_the_latest_refusals_come_first_and_are_not_too_many(engine: Engine, ledger: CaseLedger):
    life = a_life(1)
    for _ in range(LATEST + 1):
        life.be_refused()
    recorded(ledger, life)

    refusals = seen_at(engine, 0).refusals

    assert len(refusals) == LATEST
    assert [r.seq for r in refusals] == sorted((r.seq for r in refusals), reverse=True)
    assert {r.actor for r in refusals} == {CONSULTANT.id}
