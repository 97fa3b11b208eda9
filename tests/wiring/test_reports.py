"""A report is compiled from the records and held against their ledgers; what was tampered with is found."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, delete, text, update

from policy.chain import Line, Link, hash_of
from policy.lifecycle import Outcome
from policy.report.facts import fact_of
from policy.report.period import parsed
from policy.report.shape import CommitteeReport, Reconciliation
from policy.request import LineOfBusiness
from records.database import open_records, reading, writing
from records.errors import RecordsError
from records.intake import IntakeRegister
from records.ledger import CaseLedger
from records.tables import CASE_FACTS, CASES, LEDGER, LINKS
from reporting.synthetic import Made
from tests.builders import MONDAY
from tests.records.lives import a_long_life, a_short_life
from tests.reporting.made import AS_OF, compiled_of
from wiring.reports import compiled
from wiring.reporttemporal import told_by_temporal
from wiring.reportverify import reconciled
from wiring.synthetic import put_synthetic

MADE = Made(cases=60, quarters=2, delegated=30)
QUARTER = parsed("2026-Q3")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_records(f"sqlite:///{tmp_path / 'records.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def made_up(engine: Engine) -> Engine:
    put_synthetic(engine, MADE)
    return engine


def verified(engine: Engine, *lines: LineOfBusiness) -> tuple[CommitteeReport, Reconciliation]:
    report = reconciled(engine, compiled(engine, QUARTER, AS_OF, lines), AS_OF)
    assert report.reconciliation
    return report, report.reconciliation


def test_made_up_cases_give_the_same_report_from_the_records_as_without_them(made_up):
    report = compiled(made_up, QUARTER, AS_OF)
    wanted = compiled_of(MADE)

    assert report.tables == wanted.tables
    assert (report.funnels, report.over_time) == (wanted.funnels, wanted.over_time)
    assert report.synthetic


def test_the_same_records_give_the_same_report_twice(made_up):
    assert compiled(made_up, QUARTER, AS_OF).model_dump_json() == compiled(made_up, QUARTER, AS_OF).model_dump_json()


def test_a_report_of_made_up_cases_is_reconciled(made_up):
    _, result = verified(made_up)

    assert (result.differences, result.agrees) == ((), True)
    assert result.cases >= MADE.cases
    assert result.counts_compared > 100


def test_a_report_of_one_line_counts_that_line_and_is_reconciled(made_up):
    report, result = verified(made_up, LineOfBusiness.CMC)

    assert [row.id for row in report.table("requests-by-line").rows] == ["cmc", "all"]
    assert 0 < report.cases < MADE.cases
    assert result.differences == ()


def a_number(connection: Connection) -> str:
    """A case that was received and denied in the quarter."""
    wanted = (CASE_FACTS.c.received_at >= QUARTER.begins, CASE_FACTS.c.outcome == Outcome.DENIED)
    chosen = CASE_FACTS.select().where(*wanted, CASE_FACTS.c.decided_at < QUARTER.ends)
    return str(connection.execute(chosen.order_by(CASE_FACTS.c.number)).mappings().all()[0]["number"])


def _fact(connection: Connection, number: str) -> None:
    changed = update(CASE_FACTS).where(CASE_FACTS.c.number == number)
    connection.execute(changed.values(outcome=Outcome.APPROVED, category="SO-A-SP-PPG"))


def _row(connection: Connection, number: str) -> None:
    connection.execute(update(CASES).where(CASES.c.number == number).values(outcome=Outcome.APPROVED))


def _time(connection: Connection, number: str) -> None:
    moved = QUARTER.begins - timedelta(days=3)
    connection.execute(update(CASE_FACTS).where(CASE_FACTS.c.number == number).values(decided_at=moved))


def _late(connection: Connection, number: str) -> None:
    connection.execute(update(CASE_FACTS).where(CASE_FACTS.c.number == number).values(decided_late=True))


def _gone(connection: Connection, number: str) -> None:
    connection.execute(delete(CASE_FACTS).where(CASE_FACTS.c.number == number))


def _ledger(connection: Connection, number: str) -> None:
    connection.execute(text("DROP TRIGGER ledger_refuses_update"))
    line = (LEDGER.c.case_number == number, LEDGER.c.event == "determination:denied")
    connection.execute(update(LEDGER).where(*line).values(event="determination:approved"))


@pytest.mark.parametrize("tamper", [_fact, _row, _time, _late, _gone, _ledger])
def test_a_case_that_was_tampered_with_in_the_records_is_found(made_up, tamper: Callable[[Connection, str], None]):
    with writing(made_up) as connection:
        number = a_number(connection)
        tamper(connection, number)

    _, result = verified(made_up)

    assert not result.agrees
    assert number in {one.case_number for one in result.differences}


def test_real_lives_are_reconciled_and_made_up_ones_never_stand_beside_them(engine):
    register, ledger = IntakeRegister(engine), CaseLedger(engine)
    for life in (a_long_life("SO-2026-000001"), a_short_life("SO-2026-000002")):
        register.reserve(life.case.request, MONDAY)
        for transition in life.transitions:
            ledger.record(transition)

    report = reconciled(engine, compiled(engine, parsed("2026-Q4"), AS_OF), AS_OF)

    assert (report.cases, report.synthetic) == (2, False)
    assert report.reconciliation
    assert report.reconciliation.differences == ()
    with pytest.raises(RecordsError, match="only into empty records"):
        put_synthetic(engine, MADE)


def test_what_temporal_tells_otherwise_is_named_by_field():
    case = a_short_life().case
    fact = fact_of(case)

    assert told_by_temporal(fact, case) == []
    (found,) = told_by_temporal(fact.model_copy(update={"outcome": Outcome.APPROVED}), case)
    assert found.sentence == f"{case.number}: outcome is approved here, and denied in Temporal"


def test_the_chains_of_made_up_cases_are_unbroken(made_up):
    with reading(made_up) as connection:
        lines = {(r["case_number"], r["seq"]): r for r in connection.execute(LEDGER.select()).mappings()}
        links = [dict(r) for r in connection.execute(LINKS.select()).mappings()]
    count = 0
    for row in links:
        of = lines.get((row["case_number"], row["seq"]))
        if of is None:
            continue  # a delegated decision's
        link = Link(**{name: row[name] for name in Link._fields})
        line = Line(
            *(of[name] for name in ("case_number", "seq", "at", "event", "text", "actor", "clause", "unsigned"))
        )
        assert hash_of(link.previous, link.position, link.how, line) == link.hash
        count += 1
    assert count == len(lines)
