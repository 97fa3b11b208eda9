"""A backup of everything that is ours in one folder, made while everything runs, and put back where nothing is.

The order makes it consistent. Records (SQLite) stand still while they and Temporal's database are copied: no line, no
case number is written in between, so Temporal never knows of an effect that the records lack; a step that had just
begun is done again after a restore, which its key makes safe. Anchors are copied in the same moment: newer ones would
raise the alarm. Files come last: all that the copied histories speak of is there, and what is there too soon is found
by its key. Keys lie apart, or a stolen backup could be read.
"""

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from adapters.shelf import NEIGHBOUR
from policy.verdict import Value
from wiring.serverlock import running_server
from wiring.serverprocess import DATABASE
from wiring.settings import Settings
from wiring.temporal import named_cluster

MANIFEST = "manifest.json"
RECORDS = "records.db"
FORM = 1
AT_ONCE = 1024 * 1024  # bytes
PATIENCE = 30.0  # seconds for the records' one writer
IN_TRANSIT = (NEIGHBOUR, "anchor.lock", "anchor.next", "temporal.lock")


class BackupError(Exception):
    """A backup that cannot be made, is not whole, or would overwrite something; a sentence that says what to do."""


class Item(Value):
    """A file of a backup: where it lies in it, and what it must be."""

    path: str
    size: int
    sha256: str


class Manifest(Value):
    """What a backup holds, and (``elsewhere``) what it does not; written last: a folder without it is no backup."""

    form: int = FORM
    made_at: datetime
    held_ms: int = 0  # how long the records stood still
    files: tuple[Item, ...]
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True)
class Places:
    """Where everything of a home lies: two databases, folders by name, and the folder and file of keys."""

    settings: Settings
    records: Path | None = field(init=False)
    temporal: Path | None = field(init=False)

    def __post_init__(self) -> None:
        """Only files can be copied: a PostgreSQL and a cluster have their own ways."""
        url = make_url(self.settings.records_url)
        is_file = url.get_backend_name() == "sqlite" and url.database
        object.__setattr__(self, "records", Path(str(url.database)) if is_file else None)
        object.__setattr__(self, "temporal", None if named_cluster() else self.settings.home / DATABASE)

    @property
    def folders(self) -> dict[str, Path]:
        """What is copied after the databases; without what lies in a bucket."""
        s = self.settings
        stored = {"outbox": s.outbox, "cabinet": s.cabinet, "documents": s.documents}
        there = {name: named or s.home / name for name, named in stored.items() if named or not s.storage}
        return {**there, "mail": s.mail_folder, "mhc": s.mhc_folder}

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """What a backup of these places does not hold, and how that is saved."""
        missing = []
        if self.records is None:
            missing.append("The records: PostgreSQL, by pg_basebackup or pg_dump, before this (docs/operations.md).")
        if self.temporal is None:
            missing.append("Temporal's database: that of its cluster, together with the records (docs/operations.md).")
        if self.settings.storage:
            missing.append(f"What lies in {self.settings.storage}: by the versions and copies of its storage.")
        return tuple(missing)


def make_backup(settings: Settings, to: Path, keys_to: Path | None, at: datetime) -> Manifest:
    """Copies everything to a new folder, and the keys to another one, if one is named. Raises BackupError."""
    places = Places(settings)
    if keys_to and (
        keys_to.absolute().is_relative_to(to.absolute()) or to.absolute().is_relative_to(keys_to.absolute())
    ):
        raise BackupError("The keys go apart from the rest: name a folder for them that is not within the other.")
    with _sentences():
        for folder in filter(None, (to, keys_to)):
            _new(folder)
        began, held, files = time.monotonic(), 0, []
        with _standing_still(places.records):
            began = time.monotonic()
            files += [_copy_database(places.records, to / RECORDS)] if places.records else []
            files += _copy_tree(settings.anchors_folder, to, "anchors")
            if places.temporal and places.temporal.exists():
                files.append(_copy_database(places.temporal, to / DATABASE))
            held = round((time.monotonic() - began) * 1000)
        for name, folder in places.folders.items():
            files += _copy_tree(folder, to, name)
        for staff in sorted(settings.home.glob("staff*.json")):
            files.append(_copy(staff, to, f"home/{staff.name}"))
        if keys_to:
            _write_manifest(keys_to, Manifest(made_at=at, files=tuple(_copy_keys(settings, keys_to))))
        made = Manifest(made_at=at, held_ms=held, files=tuple(files), elsewhere=places.elsewhere)
        _write_manifest(to, made)
    return made


def read_backup(folder: Path) -> Manifest:
    """The manifest of a backup, every file of which is what it was. Raises BackupError, naming each that is not."""
    with _sentences():
        try:
            manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
        except FileNotFoundError:
            raise BackupError(f"{folder} is no backup, or one that was not finished: it has no {MANIFEST}.") from None
        except ValueError as trouble:
            raise BackupError(f"The {MANIFEST} of {folder} cannot be read: take another copy of it.") from trouble
        wrong = [item.path for item in manifest.files if _is_wrong(folder, item)]
    if wrong:
        shown = ", ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else "")
        raise BackupError(f"The backup {folder} is not whole: {shown} missing or altered. Take another copy of it.")
    return manifest


def restore_backup(settings: Settings, source: Path, keys_from: Path | None) -> Manifest:
    """Puts a backup back, whole, where nothing is. Raises BackupError; then nothing was overwritten."""
    manifest, keys = read_backup(source), read_backup(keys_from) if keys_from else None
    places = Places(settings)
    targets = {item.path: _target(settings, places, item.path) for item in manifest.files}
    if running_server(settings):
        raise BackupError("A Temporal server runs on this home: stop it, and every worker and door, first.")
    with _sentences():
        _refuse_to_overwrite(settings, places, with_keys=keys is not None)
        for item in manifest.files:
            _put(source / item.path, targets[item.path])
        if keys and keys_from:
            for item in keys.files:
                _put(keys_from / item.path, _key_target(settings, item.path))
        os.sync()
    return manifest


def _target(settings: Settings, places: Places, path: str) -> Path:
    top, _, rest = path.partition("/")
    if path in (RECORDS, DATABASE):
        target = places.records if path == RECORDS else places.temporal
        if target is None:
            raise BackupError(f"The backup holds {path}, and the settings name a database elsewhere: take them back.")
        return target
    folder = {**places.folders, "anchors": settings.anchors_folder, "home": settings.home}.get(top)
    if folder is None or not rest or ".." in Path(rest).parts or Path(rest).is_absolute():
        raise BackupError(f"The backup holds {path}, which has no place under these settings.")
    return folder / rest


def _refuse_to_overwrite(settings: Settings, places: Places, *, with_keys: bool) -> None:
    files = [places.records, places.temporal, *([settings.plan_keys_file] if with_keys else [])]
    folders = [*places.folders.values(), settings.anchors_folder, *([settings.keys_folder] if with_keys else [])]
    there = [str(file) for file in files if file and file.exists()]
    there += [str(folder) for folder in folders if folder.is_dir() and any(folder.iterdir())]
    if there:
        raise BackupError(f"Nothing is overwritten: move away {', '.join(there)}, or name another SECOND_OPINION_HOME.")


@contextmanager
def _standing_still(records: Path | None) -> Iterator[None]:
    """Nobody writes the records while the block lasts; who wants to waits."""
    if records is None:
        yield
        return
    if not records.exists():
        raise BackupError(f"There are no records at {records}: check SECOND_OPINION_HOME.")
    with closing(sqlite3.connect(records, timeout=PATIENCE, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


def _copy_database(source: Path, target: Path) -> Item:
    """One moment of a database that is in use, in one file, whole and sound."""
    target.touch(mode=0o600)
    with closing(sqlite3.connect(source, timeout=PATIENCE)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        # One file, without a log beside it; whoever opens it turns the log on again.
        copy.execute("PRAGMA journal_mode=DELETE")
        verdict = copy.execute("PRAGMA quick_check").fetchone()[0]
    if verdict != "ok":
        raise BackupError(
            f"The copy of {source} is not sound ({verdict}): look after that database before anything else."
        )
    return _item(target, target.name)


def _copy_keys(settings: Settings, to: Path) -> Iterator[Item]:
    yield from _copy_tree(settings.keys_folder, to, "vault")
    if settings.plan_keys and settings.plan_keys.exists():
        yield _copy(settings.plan_keys, to, "plan-keys.json")


def _key_target(settings: Settings, path: str) -> Path:
    return settings.plan_keys_file if path == "plan-keys.json" else settings.keys_folder / path.removeprefix("vault/")


def _copy_tree(folder: Path, to: Path, name: str) -> list[Item]:
    if not folder.is_dir():
        return []
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(IN_TRANSIT))
    return [_copy(path, to, f"{name}/{path.relative_to(folder).as_posix()}") for path in files]


def _copy(source: Path, to: Path, path: str) -> Item:
    _put(source, to / path)
    return _item(to / path, path)


def _put(source: Path, target: Path) -> None:
    """A copy under its name at the end, readable for its owner only; a file that is there stays."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = target.with_name(f"{target.name}.restoring")
    with (
        source.open("rb") as read,
        os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out,
    ):
        while part := read.read(AT_ONCE):
            out.write(part)
    os.link(beside, target)
    beside.unlink()


def _item(file: Path, path: str) -> Item:
    with file.open("rb") as data:
        return Item(path=path, size=file.stat().st_size, sha256=hashlib.file_digest(data, "sha256").hexdigest())


def _is_wrong(folder: Path, item: Item) -> bool:
    file = folder / item.path
    return not file.is_file() or _item(file, item.path) != item


def _new(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        raise BackupError(f"{folder} is not empty, and nothing is overwritten: name a new folder.")


def _write_manifest(folder: Path, manifest: Manifest) -> None:
    os.sync()  # the files before what vouches for them
    text = json.dumps(manifest.model_dump(mode="json"), indent=1)
    with os.fdopen(os.open(folder / MANIFEST, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as trouble:
        raise BackupError(
            f"A database cannot be copied ({trouble}): try again, or look at `second-opinion doctor`."
        ) from None
    except OSError as trouble:
        reason = (trouble.strerror or type(trouble).__name__).lower()
        raise BackupError(f"A folder of the backup, or of this home, cannot be used: {reason}.") from trouble
