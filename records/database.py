"""The engine and its transactions: SQLite embedded by default, PostgreSQL by URL.

Every write is a transaction that is serial from its first statement on SQLite, and takes row locks on PostgreSQL.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from json import dumps
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from records.errors import RecordsError, explained, place

BUSY_SECONDS = 30
POSTGRESQL = {"connect_timeout": 10, "application_name": "second-opinion"}  # seconds; the URL's query may say other
MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 90_2_17  # any number that is ours: the advisory lock of those who migrate
URL_FORMS = "sqlite:///path/to/records.db or postgresql://user:password@host:5432/database"

# SQLite has one writer. Threads of one process queue here, in turn; its own busy handler would have them sleep.
_writers: WeakKeyDictionary[Engine, Lock] = WeakKeyDictionary()


def open_records(url: str) -> Engine:
    """The records at ``url``, migrated to what this code knows. Raises RecordsError."""
    engine = open_engine(url)
    try:
        upgrade(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def open_engine(url: str) -> Engine:
    """An engine that has proved to connect; the folder of an SQLite file is made. Raises RecordsError."""
    parsed = _parsed(url)
    engine = _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed)
    try:
        with reading(engine):
            pass
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that may write: committed at the end, undone by an exception. Raises RecordsError."""
    with _writers.get(engine, nullcontext()), _sentences(engine), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that only reads, and sees one moment of the records throughout. Raises RecordsError."""
    with _sentences(engine), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        else:
            connection.execution_options(begin="BEGIN")
        with connection.begin():
            yield connection


def upgrade(engine: Engine) -> None:
    """Migrate to the newest revision that this code knows; nothing when it is there already.

    Safe when several processes start at once. Raises RecordsError, also for records of a newer version of the code.
    """
    with reading(engine) as connection:
        if _revision(connection, engine.url) == _revisions()[-1]:
            return
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        if _revision(connection, engine.url) == _revisions()[-1]:
            return  # another process was faster
        # alembic takes a quarter of a second to import: only for those who migrate
        from alembic import command

        command.upgrade(alembic_config(connection), "head")


def revisions(engine: Engine) -> tuple[str | None, str]:
    """At which revision the records are (None: no tables yet), and the newest that this code knows.

    Raises RecordsError, also for records of a newer version of the code.
    """
    with reading(engine) as connection:
        return _revision(connection, engine.url), _revisions()[-1]


def alembic_config(connection: Connection) -> Any:  # noqa: ANN401 - alembic is imported only when it is needed
    """Alembic's configuration, for work on an open transaction."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _revisions() -> list[str]:
    """The revisions that this code knows, oldest first: the first four characters of the files' names."""
    return sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _revision(connection: Connection, url: URL) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if revision is not None and revision not in _revisions():
        raise RecordsError(
            f"The records ({place(url)}) were made by a newer version of this program: they are at revision "
            f"{revision}, and this version knows up to {_revisions()[-1]}."
        )
    return revision


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url.strip())
    except (ArgumentError, ValueError):
        # From None: what cannot be parsed may hold a password.
        raise RecordsError(f"The URL of the records cannot be read; it is written {URL_FORMS}.") from None
    if parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        if "@" in (parsed.host or ""):
            raise RecordsError("The URL of the records has a second @: one in a password is written %40.")
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        return parsed
    raise RecordsError(f"The URL of the records names {parsed.drivername!r}; it is written {URL_FORMS}.")


def _sqlite(url: URL) -> Engine:
    in_memory = url.database in (None, "", ":memory:")
    if not in_memory:
        _make_file(Path(str(url.database)))
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        # Records in memory live as long as their one connection.
        **({"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0} if in_memory else {}),
        hide_parameters=True,
        json_serializer=partial(dumps, ensure_ascii=False),
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    _writers[engine] = Lock()
    return engine


def _postgresql(url: URL) -> Engine:
    try:
        return create_engine(
            url,
            connect_args={name: value for name, value in POSTGRESQL.items() if name not in url.query},
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            hide_parameters=True,
            json_serializer=partial(dumps, ensure_ascii=False),
        )
    except ImportError as error:
        raise RecordsError("PostgreSQL needs its driver: pip install 'second-opinion[postgres]'.") from error


def _make_file(path: Path) -> None:
    """Made here, so that only its owner can read what is health information; SQLite's own files take after it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RecordsError(f"The records ({path.absolute()}) cannot be used: {reason.lower()}.") from error


def _prepare_sqlite(connection: SqliteConnection, _record: object) -> None:
    # The driver would begin transactions itself, and late: at the first write, when what was read may be stale.
    connection.isolation_level = None
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    if connection.execute("PRAGMA journal_mode").fetchone()[0] == "delete":
        connection.execute("PRAGMA journal_mode=WAL")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN IMMEDIATE"))


@contextmanager
def _sentences(engine: Engine) -> Iterator[None]:
    """Errors of the database become sentences."""
    try:
        yield
    except (DBAPIError, PoolTimeoutError) as error:
        # From None: the cause would travel into logs and into Temporal's histories, and PostgreSQL's quotes values.
        raise explained(error, engine.url) from None
