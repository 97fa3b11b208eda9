"""What the report counts of each case lies beside it, is written with each transition, and is told of old cases too."""

from alembic import command
from sqlalchemy import Engine, select

from policy.report.facts import CaseFact, fact_of
from records import projections
from records.database import alembic_config, reading, upgrade, writing
from records.intake import IntakeRegister
from records.ledger import CaseLedger
from records.tables import CASE_FACTS
from tests.builders import MONDAY
from tests.records.lives import Life, a_long_life, a_short_life

NOT_TOLD = {"physician", "consultant", "basis", "left", "opinion_by", "changed_because"}  # by the ledger


def recorded(engine: Engine, *lives: Life) -> None:
    register, ledger = IntakeRegister(engine), CaseLedger(engine)
    for life in lives:
        assert register.reserve(life.case.request, MONDAY).case_number == life.case.number
        for transition in life.transitions:
            ledger.record(transition)


def facts(engine: Engine) -> dict[str, CaseFact]:
    with reading(engine) as connection:
        rows = connection.execute(select(CASE_FACTS)).mappings()
        return {row["number"]: CaseFact(**{k: v for k, v in row.items() if k != "revision"}) for row in rows}


def test_each_transition_writes_the_fact_anew(engine: Engine):
    long, short = a_long_life(), a_short_life("SO-2026-000002")

    recorded(engine, long, short)

    assert facts(engine) == {life.case.number: fact_of(life.case) for life in (long, short)}


def test_a_transition_that_comes_late_leaves_the_newer_fact(engine: Engine):
    life = a_long_life()
    recorded(engine, life)

    for transition in life.transitions:
        CaseLedger(engine).record(transition)

    assert facts(engine) == {life.case.number: fact_of(life.case)}


def test_a_transition_that_an_older_version_told_writes_none(engine: Engine):
    life = a_short_life()
    old = life.transitions[0].model_copy(update={"fact": None})

    assert projections.facts(old) == []
    CaseLedger(engine).record(old)
    assert facts(engine) == {}


def test_cases_from_before_the_upgrade_are_told_from_request_rows_and_ledger(engine: Engine):
    long, short = a_long_life(), a_short_life("SO-2026-000002")
    recorded(engine, long, short)
    with writing(engine) as connection:
        command.downgrade(alembic_config(connection), "0013")

    upgrade(engine)

    found = facts(engine)
    for life in (long, short):
        fact, wanted = found[life.case.number], fact_of(life.case)
        differs = {name for name in CaseFact.model_fields if getattr(fact, name) != getattr(wanted, name)}
        assert differs <= NOT_TOLD | {"information"}
        assert [asked.items for asked in fact.information] == [asked.items for asked in wanted.information]
        assert fact.physician == "md.chen"
