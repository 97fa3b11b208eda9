"""Who could be asked for a task: roles and specialties, who has how much, whose turn it was, who is away."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, event

from policy.nomination import Absence, StaffMember
from policy.people import Actor, Role
from policy.tasks import HumanTask, TaskKind
from records.ledger import CaseLedger
from records.panel import StaffPanel
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, MONDAY, OTHER_CASE_MANAGER, a_request
from tests.records.lives import CONSULTATION, Life

DAY = timedelta(days=1)
NOW = MONDAY + 2 * DAY  # Wednesday 2026-11-04


def a_consultant(name: str, specialty: str = "orthopedic surgery") -> Actor:
    return Actor(
        id=name, roles=(Role.CONSULTANT,), specialty=specialty, licence="A1", npi="1992999999", board_certified=True
    )


ORTHOPEDIST = a_consultant("md.adams", "Orthopaedic Surgery")
CARDIOLOGIST = a_consultant("md.rao", "cardiology")
STAFF = ((CASE_MANAGER, 0), (CONSULTANT, 3), (CARDIOLOGIST, 0), (ORTHOPEDIST, 0), (CMO, 0))
REVIEW = HumanTask(id="T3", kind=TaskKind.CONSULTATIVE_REVIEW, note="orthopedic surgery", opened_at=NOW)
COMPLETENESS = HumanTask(id="T1", kind=TaskKind.COMPLETENESS_REVIEW, opened_at=NOW)


def a_panel(engine: Engine, *staff: tuple[Actor, int]) -> StaffPanel:
    return StaffPanel(engine, lambda: staff or STAFF, lambda: NOW)


def ids(members: tuple[StaffMember, ...]) -> list[str]:
    return [member.actor.id for member in members]


def member(panel: StaffPanel, person: Actor) -> StaffMember:
    return next(m for m in panel.members() if m.actor == person)


def record(ledger: CaseLedger, *lives: Life) -> None:
    for life in lives:
        for transition in life.transitions:
            ledger.record(transition)


def in_consultation(number: int) -> Life:
    life = Life(f"SO-2026-{number:06}", a_request(external_reference=f"R{number}"))
    life.act("confirm_completeness", CASE_MANAGER)
    life.act("refer_to_consultation", CMO, question="Useful?")
    return life


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The queries that are asked meanwhile."""
    asked: list[str] = []

    def remember(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            asked.append(statement)

    event.listen(engine, "before_cursor_execute", remember)
    yield asked
    event.remove(engine, "before_cursor_execute", remember)


def test_a_consultative_review_is_for_consultants_of_its_specialty_however_it_is_spelt(engine: Engine):
    assert ids(a_panel(engine).candidates(REVIEW)) == ["md.adams", CONSULTANT.id]


def test_another_task_is_for_all_who_have_a_role_for_it(engine: Engine):
    panel = a_panel(engine, (CASE_MANAGER, 0), (CONSULTANT, 0), (OTHER_CASE_MANAGER, 2))

    assert panel.candidates(COMPLETENESS) == (
        StaffMember(actor=CASE_MANAGER),
        StaffMember(actor=OTHER_CASE_MANAGER, capacity=2),
    )


def test_with_nobody_on_the_panel_nobody_is_a_candidate(engine: Engine):
    panel = StaffPanel(engine, tuple, lambda: NOW)

    assert (panel.candidates(REVIEW), panel.members()) == ((), ())


def test_the_load_is_what_a_person_has_or_is_asked_for_and_is_not_done(engine: Engine, ledger: CaseLedger):
    claimed, asked, done = in_consultation(1), in_consultation(2), in_consultation(3)
    claimed.act("claim_task", CONSULTANT, task_id="T3")
    asked.act("nominate_task", CASE_MANAGER, task_id="T3", nominees=[{"person": CONSULTANT}])
    done.act("claim_task", CONSULTANT, task_id="T3")
    done.act("submit_consultation", CONSULTANT, **CONSULTATION)
    record(ledger, claimed, asked, done)

    loads = {m.actor.id: m.load for m in a_panel(engine).members()}

    assert loads == {CASE_MANAGER.id: 0, CONSULTANT.id: 2, "md.rao": 0, "md.adams": 0, CMO.id: 0}


def test_the_last_turn_is_when_a_persons_latest_task_came_or_went(engine: Engine, ledger: CaseLedger):
    life = in_consultation(1)
    record(ledger, life)
    panel = a_panel(engine)
    before = {m.actor.id: m.last_turn for m in panel.members()}
    referred_at, ended_first = life.now, life.now - timedelta(hours=1)

    life.act("claim_task", CONSULTANT, task_id="T3")
    record(ledger, life)
    claimed = member(panel, CONSULTANT).last_turn
    life.act("submit_consultation", CONSULTANT, **CONSULTATION)
    record(ledger, life)
    given = member(panel, CONSULTANT).last_turn

    nobody: dict[str, datetime | None] = dict.fromkeys((CONSULTANT.id, "md.rao", "md.adams"))
    assert before == {CASE_MANAGER.id: ended_first, CMO.id: referred_at, **nobody}
    assert claimed == referred_at  # when the task was opened
    assert given == life.now


def test_a_task_that_was_taken_away_was_a_turn(engine: Engine, ledger: CaseLedger):
    life = in_consultation(1)
    life.act("claim_task", CONSULTANT, task_id="T3")
    life.act("withdraw_request", CASE_MANAGER, reason="The member prefers to wait.")
    record(ledger, life)

    seen = member(a_panel(engine), CONSULTANT)

    assert (seen.load, seen.last_turn) == (0, life.now)


def test_whose_turn_it_is_comes_first(engine: Engine, ledger: CaseLedger):
    staff = [a_consultant(f"md.{name}") for name in ("rested", "idle", "busy", "also.rested")]
    first, second = in_consultation(1), in_consultation(2)
    first.act("claim_task", staff[0], task_id="T3")
    first.act("release_task", staff[0], task_id="T3")
    first.act("claim_task", staff[2], task_id="T3")
    second.now += DAY
    second.act("claim_task", staff[3], task_id="T3")
    second.act("withdraw_request", CASE_MANAGER, reason="The member prefers to wait.")
    record(ledger, first, second)

    panel = a_panel(engine, *((person, 0) for person in staff))

    assert ids(panel.candidates(REVIEW)) == ["md.idle", "md.rested", "md.also.rested", "md.busy"]


def test_an_absence_counts_until_it_is_over(engine: Engine):
    panel = a_panel(engine)
    over = Absence(since=MONDAY, until=NOW - timedelta(seconds=1))
    now = Absence(since=MONDAY + DAY, until=NOW)
    to_come = Absence(since=NOW + DAY, until=NOW + 9 * DAY)
    for absence in (to_come, over, now):
        panel.set_absence(CONSULTANT.id, absence)

    assert member(panel, CONSULTANT).absences == (now, to_come)
    assert member(panel, CMO).absences == ()
    assert panel.candidates(REVIEW)[1].absences == (now, to_come)


def test_an_absence_that_is_set_again_is_replaced(engine: Engine):
    panel = a_panel(engine)
    longer = Absence(since=MONDAY, until=NOW + 9 * DAY, substitute=CMO.id)
    for absence in (Absence(since=MONDAY, until=NOW), longer):
        panel.set_absence(CONSULTANT.id, absence)

    assert member(panel, CONSULTANT).absences == (longer,)


def test_who_is_back_has_no_absences_any_more(engine: Engine):
    panel = a_panel(engine)
    for person in (CONSULTANT, CMO):
        panel.set_absence(person.id, Absence(since=MONDAY, until=NOW))

    panel.clear_absences(CONSULTANT.id)

    assert member(panel, CONSULTANT).absences == ()
    assert member(panel, CMO).absences


def test_who_stands_in_is_a_candidate_if_on_the_staff(engine: Engine):
    panel = a_panel(engine)
    panel.set_absence("md.adams", Absence(since=MONDAY, until=NOW, substitute="md.rao"))
    panel.set_absence(CONSULTANT.id, Absence(since=MONDAY, until=NOW, substitute="md.stranger"))

    assert ids(panel.candidates(REVIEW)) == ["md.adams", "md.rao", CONSULTANT.id]


def test_at_most_fifty_are_candidates_those_whose_turn_it_is(engine: Engine, ledger: CaseLedger):
    crowd = [a_consultant(f"md.{n:03}") for n in range(200)]
    life = in_consultation(1)
    life.act("claim_task", crowd[0], task_id="T3")
    record(ledger, life)

    found = a_panel(engine, *((person, 0) for person in crowd)).candidates(REVIEW)

    assert ids(found) == [f"md.{n:03}" for n in range(1, 51)]


@pytest.mark.parametrize("many", [1, 300])
def test_two_queries_are_enough_for_any_number_of_staff(engine: Engine, many: int):
    crowd = [a_consultant(f"md.{n:03}") for n in range(many)]
    panel = a_panel(engine, *((person, 0) for person in crowd))

    with counted(engine) as for_a_task:
        panel.candidates(REVIEW)
    with counted(engine) as for_all:
        panel.members()

    assert (len(for_a_task), len(for_all)) == (2, 2)
