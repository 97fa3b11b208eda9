"""The same tests on SQLite and on a real PostgreSQL; each test finds its database empty."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Engine, make_url

from records.database import open_records
from records.intake import IntakeRegister
from records.ledger import CaseLedger
from tests.records import postgres

SERVER = "SECOND_OPINION_TEST_DATABASE_URL"


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


@pytest.fixture(scope="session")
def postgresql_database(postgresql_server: str) -> Iterator[str]:
    """A database of our own on the server."""
    name = f"second_opinion_test_{uuid4().hex}"
    _execute(postgresql_server.format("postgres"), f"CREATE DATABASE {name}")
    yield postgresql_server.format(name)
    _execute(postgresql_server.format("postgres"), f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'records.db'}"
    database: str = request.getfixturevalue("postgresql_database")
    # Emptied, not made anew: PostgreSQL copies three hundred files for a new database.
    _execute(database, "SET lock_timeout = '10s'", "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
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
