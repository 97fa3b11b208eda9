"""What goes into a column comes out of it, the same on both engines."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import StatementError

from policy.people import Role
from policy.tasks import TaskKind
from records import queries
from records.database import reading, writing
from records.intake import IntakeRegister
from records.ledger import CaseLedger
from records.statements import STARTED
from records.tables import INTAKE, TASKS
from tests.builders import CASE_MANAGER, MONDAY, a_request
from tests.records.lives import Life


def test_an_instant_of_any_zone_comes_back_in_utc(engine: Engine, register: IntakeRegister):
    eastern = timezone(timedelta(hours=-5))
    sunday = datetime(2026, 11, 1, 23, 30, 15, 123456, tzinfo=eastern)  # Sunday 2026-11-01

    register.reserve(a_request(), sunday)

    with reading(engine) as connection:
        kept = connection.execute(select(INTAKE.c.received_at)).scalar_one()
    assert kept == sunday
    assert kept.tzinfo is UTC
    assert kept.isoformat() == "2026-11-02T04:30:15.123456+00:00"


def test_a_time_without_a_zone_is_an_error(engine: Engine, register: IntakeRegister):
    register.reserve(a_request(), MONDAY)

    with pytest.raises(StatementError, match="a time without a zone cannot be recorded"), writing(engine) as connection:
        connection.execute(STARTED, {"case": "SO-2026-000001", "at": MONDAY.replace(tzinfo=None)})


def test_enums_are_readable_in_plain_sql(engine: Engine, ledger: CaseLedger):
    ledger.record(Life().transitions[0])

    with reading(engine) as connection:
        case = connection.execute(text("SELECT stage, outcome, line, priority FROM cases")).one()
        task = connection.execute(text("SELECT kind, state, roles FROM tasks")).one()
        clock = connection.execute(text("SELECT DISTINCT state FROM clocks")).scalar_one()

    assert tuple(case) == ("completeness_review", None, "medi_cal", "standard")
    assert tuple(task) == ("completeness_review", "ready", ",case_manager,")
    assert clock == "running"


def test_enums_and_roles_come_back_as_themselves(engine: Engine, ledger: CaseLedger):
    ledger.record(Life().transitions[0])

    with reading(engine) as connection:
        kind, roles = connection.execute(select(TASKS.c.kind, TASKS.c.roles)).one()

    assert kind is TaskKind.COMPLETENESS_REVIEW
    assert roles == (Role.CASE_MANAGER,)


def test_what_is_no_member_of_an_enum_is_an_error(engine: Engine):
    with pytest.raises(StatementError, match="not a valid TaskKind"), reading(engine) as connection:
        connection.execute(select(TASKS).where(TASKS.c.kind == "daydreaming"))


def test_a_nul_character_does_not_stop_the_ledger(engine: Engine, ledger: CaseLedger):
    life = Life()
    life.act("add_comment", CASE_MANAGER, text="before\x00after")

    for transition in life.transitions:
        ledger.record(transition)

    kept = queries.case(engine, life.case.number)
    assert kept
    assert kept.ledger[-1].text == "before\ufffdafter"


def test_a_request_comes_back_whole(register: IntakeRegister):
    request = a_request(reason_text='Ñ "quoted" \\ \x00 \U0001f600 \u2028')

    number = register.reserve(request, MONDAY).case_number

    assert register.request_of(number) == request
