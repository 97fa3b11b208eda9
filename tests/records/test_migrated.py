"""The databases that tests begin with are as if just migrated, whatever the test before has done to them."""

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from records.database import open_engine, open_records, reading
from records.ledger import CaseLedger
from records.tables import LEDGER
from tests.records.conftest import Migrated
from tests.records.lives import a_short_life
from tests.records.migrated import migrated_at


def write_to(url: str) -> int:
    """A whole life; how many lines of the ledger there are then."""
    engine = open_records(url)
    for transition in a_short_life().transitions:
        CaseLedger(engine).record(transition)
    with reading(engine) as connection:
        lines: int = connection.execute(text(f"SELECT count(*) FROM {LEDGER.name}")).scalar_one()
    engine.dispose()
    return lines


def rows(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {
            name: connection.execute(f'SELECT count(*) FROM "{name}"'.encode()).fetchone()[0]  # type: ignore[index]
            for (name,) in names
            if name != "alembic_version"
        }


def test_what_a_test_has_written_is_gone(migrated_postgresql: Migrated):
    written = write_to(migrated_postgresql.emptied())

    found = rows(migrated_postgresql.emptied())

    assert written > 0
    assert len(found) > 20
    assert set(found.values()) == {0}
    assert write_to(migrated_postgresql.url) == written


@pytest.mark.parametrize(
    "done",
    [
        "DROP TRIGGER ledger_refuses_truncate ON ledger",
        "ALTER TABLE ledger DISABLE TRIGGER USER",
        "ALTER TABLE cases DROP COLUMN outcome",
        "ALTER TABLE cases ADD COLUMN surprise text",
        "DROP INDEX ix_tasks_open_due",
        "UPDATE alembic_version SET version_num = '0001'",
        "CREATE OR REPLACE FUNCTION ledger_refuses() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    ],
)
def test_what_a_test_has_done_to_the_tables_is_undone(migrated_postgresql: Migrated, done: str):
    migrated_postgresql.emptied()
    as_migrated = migrated_postgresql.looks
    with psycopg.connect(migrated_postgresql.url, autocommit=True) as connection:
        connection.execute(done.encode())
        found = migrated_postgresql.look(connection)
        migrated_postgresql.emptied()
        after = migrated_postgresql.look(connection)

    assert found != as_migrated == after


def test_a_copy_is_what_migrating_makes(tmp_path: Path):
    migrated_at(tmp_path / "copied" / "records.db")
    open_records(f"sqlite:///{tmp_path / 'made.db'}").dispose()
    shapes = []
    for file in (tmp_path / "copied" / "records.db", tmp_path / "made.db"):
        engine = open_engine(f"sqlite:///{file}")
        with reading(engine) as connection:
            shapes.append(connection.execute(text("SELECT name, sql FROM sqlite_master ORDER BY name")).all())
        engine.dispose()

    assert shapes[0] == shapes[1]
    assert (tmp_path / "copied" / "records.db").stat().st_mode & 0o777 == 0o600
