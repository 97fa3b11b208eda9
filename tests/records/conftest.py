"""The same tests on SQLite and on a real PostgreSQL; each test finds its database empty."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Engine, make_url

from records.database import open_records
from records.intake import IntakeRegister
from records.ledger import CaseLedger
from tests.records import postgres
from tests.records.migrated import migrated_at

SERVER = "SECOND_OPINION_TEST_DATABASE_URL"
# Emptied, not made anew: PostgreSQL copies three hundred files for a new database.
ANEW = ("SET lock_timeout = '10s'", "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
# All that migrations make, and tests could undo: columns, constraints, indexes, triggers, functions, the revision.
LOOKS = b"""
SELECT md5(concat(
    (SELECT string_agg(concat_ws(' ', c.relname, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attisdropped,
                                 pg_get_expr(d.adbin, d.adrelid)), ',' ORDER BY c.relname, a.attnum)
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d
     ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0),
    (SELECT string_agg(concat_ws(' ', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid)), ','
                       ORDER BY conrelid::regclass::text, conname)
     FROM pg_constraint WHERE connamespace = 'public'::regnamespace),
    (SELECT string_agg(indexdef, ',' ORDER BY indexname) FROM pg_indexes WHERE schemaname = 'public'),
    (SELECT string_agg(concat_ws(' ', tgenabled, pg_get_triggerdef(t.oid)), ',' ORDER BY c.relname, tgname)
     FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
     WHERE c.relnamespace = 'public'::regnamespace AND NOT tgisinternal),
    (SELECT string_agg(pg_get_functiondef(oid), ',' ORDER BY proname)
     FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
    (SELECT string_agg(version_num, ',') FROM public.alembic_version)))
"""
# The ledger refuses to be emptied: its triggers are passed over, as a replica passes over them.
EMPTY = b"""
DO $$
BEGIN
    SET LOCAL session_replication_role = replica;
    EXECUTE (SELECT concat('TRUNCATE ', string_agg(quote_ident(tablename), ', '), ' RESTART IDENTITY')
             FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version');
END $$
"""


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A server, as a URL with ``{}`` for the database: the one that is named in the environment, or one of our own."""
    if given := os.environ.get(SERVER):
        yield make_url(given).set(database="{}").render_as_string(hide_password=False).replace("%7B%7D", "{}")
    elif not postgres.is_possible():
        pytest.skip(f"no PostgreSQL: none on PATH, no wheel for this platform, and {SERVER} is not set")
    else:
        with postgres.running() as url:
            yield url


def _execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@contextmanager
def _a_database(server: str) -> Iterator[str]:
    name = f"second_opinion_test_{uuid4().hex}"
    _execute(server.format("postgres"), f"CREATE DATABASE {name}")
    yield server.format(name)
    _execute(server.format("postgres"), f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgresql_database(postgresql_server: str) -> Iterator[str]:
    """A database of our own on the server."""
    with _a_database(postgresql_server) as url:
        yield url


@dataclass
class Migrated:
    """A database of our own that is migrated, and how it looks then."""

    url: str
    looks: str = ""

    def emptied(self) -> str:
        """The same database, as if it had just been migrated: anew, where a test has done something to its tables."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SET lock_timeout = '10s'")
            if self.looks and self.look(connection) == self.looks:
                connection.execute(EMPTY)
                return self.url
        _execute(self.url, *ANEW)
        open_records(self.url).dispose()
        with psycopg.connect(self.url, autocommit=True) as connection:
            self.looks = self.look(connection)
        return self.url

    def look(self, connection: psycopg.Connection) -> str:
        """A digest of all that migrations make."""
        return str(connection.execute(LOOKS).fetchone())


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: str) -> Iterator[Migrated]:
    """A second database of our own, for tests that begin with migrated records."""
    with _a_database(postgresql_server) as url:
        yield Migrated(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database on each engine; where the test asks for an ``engine``, one with the tables in it."""
    is_migrated = "engine" in request.fixturenames
    if request.param == "sqlite":
        if is_migrated:
            migrated_at(tmp_path / "records.db")
        return f"sqlite:///{tmp_path / 'records.db'}"
    if is_migrated:
        migrated: Migrated = request.getfixturevalue("migrated_postgresql")
        return migrated.emptied()
    database: str = request.getfixturevalue("postgresql_database")
    _execute(database, *ANEW)
    return database


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """Records that are migrated and empty."""
    engine = open_records(url)
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(engine: Engine) -> CaseLedger:
    """The ledger of empty records."""
    return CaseLedger(engine)


@pytest.fixture
def register(engine: Engine) -> IntakeRegister:
    """The register of empty records."""
    return IntakeRegister(engine)
