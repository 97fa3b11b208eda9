"""The engine: what it promises, and what it says when the records cannot be used."""

import os
import pwd
import re
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text

from policy.particulars import StoryEntry
from records.database import open_engine, open_records, reading, writing
from records.errors import RecordsError
from records.ledger import CaseLedger
from tests.records.lives import a_short_life

on_postgresql = pytest.mark.parametrize("url", ["postgresql"], indirect=True)


def is_one_sentence(message: str) -> bool:
    return message.endswith(".") and "\n" not in message and re.search(r"\w\. [A-Z]", message) is None


@contextmanager
def an_ordinary_account() -> Iterator[None]:
    """Root may write everywhere; so be nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def locked_folder() -> Iterator[Path]:
    """A folder that everybody may read, and an ordinary account may not write to."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        open_records(f"sqlite:///{folder / 'there.db'}").dispose()
        (folder / "there.db").chmod(0o444)
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)


def test_sqlite_keeps_every_commit_and_wipes_what_is_deleted(tmp_path: Path):
    engine = open_engine(f"sqlite:///{tmp_path / 'records.db'}")

    with reading(engine) as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        }

    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 30_000,
    }
    engine.dispose()


def test_the_folder_is_made_and_only_the_owner_reads_the_file(tmp_path: Path):
    path = tmp_path / "a" / "b" / "records.db"

    engine = open_records(f"sqlite:///{path}")

    assert path.stat().st_mode & 0o777 == 0o600
    engine.dispose()


def test_records_in_memory_live_as_long_as_their_engine():
    engine = open_records("sqlite://")

    with reading(engine) as connection:
        count = connection.execute(text("SELECT count(*) FROM cases")).scalar()

    assert count == 0
    engine.dispose()


def test_reading_sees_one_moment_and_never_waits_for_a_writer(engine: Engine):
    count = text("SELECT count(*) FROM numbering")
    with reading(engine) as reader:
        before = reader.execute(count).scalar()
        with writing(engine) as writer:
            writer.execute(text("INSERT INTO numbering VALUES (2026, 1)"))
        during = reader.execute(count).scalar()
    with reading(engine) as reader:
        after = reader.execute(count).scalar()

    assert (before, during, after) == (0, 0, 1)


@on_postgresql
def test_reading_cannot_write_on_postgresql(engine: Engine):
    with pytest.raises(RecordsError, match="read-only transaction"), reading(engine) as connection:
        connection.execute(text("INSERT INTO numbering VALUES (2026, 1)"))


@on_postgresql
def test_a_connection_that_was_lost_is_made_anew(engine: Engine, url: str):
    administrator = open_engine(url)
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "

    with writing(administrator) as connection:
        ended = connection.execute(text(f"{others} pg_backend_pid()")).all()
    with reading(engine) as connection:
        count = connection.execute(text("SELECT count(*) FROM cases")).scalar()

    assert ended
    assert count == 0
    administrator.dispose()


def test_an_exception_undoes_the_whole_transaction(engine: Engine):
    def write_and_stumble() -> None:
        with writing(engine) as connection:
            connection.execute(text("INSERT INTO numbering VALUES (2026, 1)"))
            raise KeyError

    with pytest.raises(KeyError):
        write_and_stumble()

    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM numbering")).scalar() == 0


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "cannot be read"),
        ("records.db", "cannot be read"),
        ("postgresql://so:s3cret@host:port/so", "cannot be read"),
        ("mysql://so:s3cret@host/so", "'mysql'"),
        ("postgresql+asyncpg://so:s3cret@host/so", "'postgresql+asyncpg'"),
        ("postgresql://so:s3@cret@host/so", "second @"),
        ("postgresql://so:s3cret@127.0.0.1:1/so", "PostgreSQL at 127.0.0.1:1, database so"),
        ("postgres://so:s3cret@127.0.0.1:1/so", "refused"),
        ("postgresql://so:s3cret@/so?host=/nowhere", "PostgreSQL at /nowhere, database so"),
    ],
)
def test_a_url_that_cannot_be_used_is_one_sentence_without_its_password(url: str, said: str):
    with pytest.raises(RecordsError) as error:
        open_records(url)

    message = str(error.value)
    assert said in message
    assert is_one_sentence(message)
    assert "s3" not in message
    assert "cret" not in message
    assert error.value.__cause__ is None


def test_postgresql_without_its_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(RecordsError, match=r"pip install 'second-opinion\[postgres\]'"):
        open_records("postgresql://so:s3cret@host/so")


def test_a_home_below_a_regular_file_is_one_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(RecordsError) as error:
        open_records(f"sqlite:///{tmp_path / 'file' / 'home' / 'records.db'}")

    assert str(error.value) == f"The records ({tmp_path / 'file/home/records.db'}) cannot be used: not a directory."


def test_a_folder_that_may_only_be_read_is_one_sentence(locked_folder: Path):
    path = locked_folder / "new.db"

    with an_ordinary_account(), pytest.raises(RecordsError) as error:
        open_records(f"sqlite:///{path}")

    assert str(error.value) == f"The records ({path}) cannot be used: permission denied."


def test_a_file_that_may_only_be_read_is_one_sentence(locked_folder: Path):
    path = locked_folder / "there.db"

    with an_ordinary_account(), pytest.raises(RecordsError) as error:
        open_records(f"sqlite:///{path}")

    assert str(error.value).startswith(f"The records ({path}) cannot be used: the file ")
    assert str(error.value).endswith(" by this account.")


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path):
    path = tmp_path / "records.db"
    path.write_text("Dear member, " * 100)

    with pytest.raises(RecordsError) as error:
        open_records(f"sqlite:///{path}")

    assert str(error.value) == f"The records ({path}) cannot be used: the file is not a SQLite database."


def test_a_full_disk_is_one_sentence_and_loses_nothing_that_was_recorded(tmp_path: Path):
    path = tmp_path / "records.db"
    open_records(f"sqlite:///{path}").dispose()
    engine = open_engine(f"sqlite:///{path}")
    engine.dispose()
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 60"))
    ledger = CaseLedger(engine)
    recorded: list[StoryEntry] = []

    def record_many() -> None:
        for number in range(1_000):
            for transition in a_short_life(f"SO-2026-{number:06}").transitions:
                ledger.record(transition)
                recorded.extend(transition.entries)

    with pytest.raises(RecordsError) as error:
        record_many()
    engine.dispose()

    assert str(error.value) == f"The records ({path}) cannot be used: the disk is full."
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM ledger").fetchone() == (len(recorded),)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_error_never_quotes_what_was_typed(engine: Engine):
    statement = text("INSERT INTO intake VALUES (:number, 'REF', 'd', '2026-11-02', NULL, '{}')")
    twice = [{"number": "Núñez, Ana María"}] * 2

    with pytest.raises(RecordsError) as error, writing(engine) as connection:
        connection.execute(statement, twice)

    assert "Núñez" not in str(error.value)
    assert "INSERT" not in str(error.value)
    assert is_one_sentence(str(error.value))
