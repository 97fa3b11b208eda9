"""A backup: whole, sound, verified before it is put back; nothing is overwritten, and keys lie apart."""

import shutil
import sqlite3
import stat
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.shelf import Shelf
from tests.records.lives import a_short_life
from wiring.backup import MANIFEST, BackupError, make_backup, read_backup, restore_backup
from wiring.settings import Settings
from wiring.world import open_world

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)  # Monday 2026-11-23, 10:00 in Los Angeles


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "var")


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a case in its records, a letter, keys, a file half written, and a database as Temporal's is."""
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    world = open_world(settings)
    for transition in a_short_life().transitions:
        world.ledger.record(transition)
    world.anchorage.flush()
    assert world.vault.roots  # which makes the first one
    Shelf(settings.home / "outbox").put("SO-2026-000001/a.pdf", b"a letter")
    world.records.dispose()
    (settings.home / "cabinet").mkdir()
    (settings.home / "cabinet" / ".unfinished-x").write_bytes(b"half")
    with closing(sqlite3.connect(settings.home / "temporal.db")) as temporal:
        temporal.execute("PRAGMA journal_mode=WAL")
        temporal.execute("CREATE TABLE histories (event TEXT)")
        temporal.commit()
    return settings.home


def files(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def test_everything_comes_back_as_it_was_and_only_its_owner_can_read_it(settings, home, tmp_path):
    before = {name: data for name, data in files(home).items() if not name.endswith((".db", "-wal", "-shm", ".lock"))}

    made = make_backup(settings, tmp_path / "backup", tmp_path / "apart", NOW)
    shutil.rmtree(home)
    restore_backup(settings, tmp_path / "backup", tmp_path / "apart")
    after = {name: data for name, data in files(home).items() if not name.endswith((".db", "-wal", "-shm", ".lock"))}

    assert after == {name: data for name, data in before.items() if ".unfinished" not in name}
    assert made.elsewhere == ()
    with closing(sqlite3.connect(home / "records.db")) as records:
        assert records.execute("SELECT count(*) FROM ledger").fetchone()[0] > 5
    with closing(sqlite3.connect(home / "temporal.db")) as temporal:
        assert temporal.execute("SELECT name FROM sqlite_master").fetchall() == [("histories",)]
    assert {stat.S_IMODE(f.stat().st_mode) for f in home.rglob("*") if f.is_file()} == {0o600}


def test_without_being_asked_for_no_key_is_in_it(settings, home, tmp_path):
    keys = {data for name, data in files(home).items() if name.startswith("keys/")}

    make_backup(settings, tmp_path / "backup", None, NOW)

    assert keys
    assert not keys & set(files(tmp_path / "backup").values())


@pytest.mark.parametrize("inner", ["backup", "backup/keys", "."])
@pytest.mark.usefixtures("home")
def test_keys_do_not_go_beside_what_they_open(inner, settings, tmp_path):
    with pytest.raises(BackupError, match="The keys go apart"):
        make_backup(settings, tmp_path / "backup", tmp_path / inner, NOW)

    assert not (tmp_path / "backup").exists()


def test_nobody_writes_the_records_while_the_databases_are_copied_and_who_waited_goes_on(
    settings, home, tmp_path, monkeypatch
):
    from wiring import backup

    seen: list[str] = []
    copied = backup._copy_database

    def slowly(source: Path, target: Path):  # a large database
        writer = threading.Thread(target=write)
        if source.name == "records.db":
            writer.start()
        time.sleep(0.3)
        seen.append(f"copied {source.name}")
        return copied(source, target)

    def write() -> None:
        with closing(sqlite3.connect(home / "records.db", timeout=20)) as records, records:
            records.execute("CREATE TABLE later (line TEXT)")
            seen.append("written")

    monkeypatch.setattr(backup, "_copy_database", slowly)

    made = make_backup(settings, tmp_path / "backup", None, NOW)
    for _ in range(100):
        if "written" in seen:
            break
        time.sleep(0.05)

    assert seen == ["copied records.db", "copied temporal.db", "written"]
    assert made.held_ms >= 600


@pytest.mark.parametrize("change", ["altered", "missing", "unfinished", "garbled"])
def test_a_backup_that_is_not_whole_is_not_put_back(change, settings, home, tmp_path):
    backup = tmp_path / "backup"
    make_backup(settings, backup, None, NOW)
    shutil.rmtree(home)
    letter = backup / "outbox" / "SO-2026-000001" / "a.pdf"
    if change == "altered":
        letter.write_bytes(b"A letter")
    elif change == "missing":
        letter.unlink()
    elif change == "unfinished":
        (backup / MANIFEST).unlink()
    else:
        (backup / MANIFEST).write_text("{}", encoding="utf-8")

    with pytest.raises(BackupError) as refused:
        restore_backup(settings, backup, None)

    assert not home.exists()
    said = {"unfinished": "is no backup", "garbled": "cannot be read"}.get(change, "outbox/SO-2026-000001/a.pdf")
    assert said in str(refused.value)


def test_nothing_is_overwritten_by_a_backup_nor_by_a_restore(settings, home, tmp_path):
    make_backup(settings, tmp_path / "backup", None, NOW)
    before = files(home)

    with pytest.raises(BackupError, match="is not empty"):
        make_backup(settings, tmp_path / "backup", None, NOW)
    with pytest.raises(BackupError, match="Nothing is overwritten: move away"):
        restore_backup(settings, tmp_path / "backup", None)

    assert files(home) == before


@pytest.mark.parametrize("path", ["../escaped", "outbox/../../escaped", "elsewhere/a", "/etc/second-opinion"])
def test_a_manifest_cannot_lead_out_of_the_home(path, settings, home, tmp_path):
    backup = tmp_path / "backup"
    made = make_backup(settings, backup, None, NOW)
    item = next(item for item in made.files if item.path.startswith("outbox/"))
    target = backup / path
    target.parent.mkdir(parents=True, exist_ok=True) if not path.startswith("/") else None
    forged = made.model_copy(update={"files": (item.model_copy(update={"path": path}),)})
    if not path.startswith("/"):
        target.write_bytes(b"a letter")
    (backup / MANIFEST).write_text(forged.model_dump_json(), encoding="utf-8")
    shutil.rmtree(home)

    with pytest.raises(BackupError, match=r"has no place|is not whole"):
        restore_backup(settings, backup, None)

    assert not home.exists()


@pytest.mark.usefixtures("home")
def test_what_is_not_in_it_is_told_and_nothing_of_it_is_looked_for(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("TEMPORAL_ADDRESS", "temporal.example.org:7233")
    elsewhere = settings.model_copy(
        update={"database_url": "postgresql://so@db.example.org/so", "storage": "s3://packets/so"}
    )

    made = make_backup(elsewhere, tmp_path / "backup", None, NOW)
    manifest = read_backup(tmp_path / "backup")

    assert manifest == made
    assert [line.split(":")[0] for line in made.elsewhere] == [
        "The records",
        "Temporal's database",
        "What lies in s3",
    ]
    assert {item.path.split("/")[0] for item in made.files} == {"anchors"}
