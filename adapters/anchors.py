"""The anchor: an append-only file outside the database that says how far the chain of each case had come, and when.

Each line is sealed with an HMAC over itself and the seal before it, by a key that lies elsewhere. Lines hold case
numbers, positions and hashes, nothing else. Writers, of any number of processes, take turns by a lock beside it.
docs/audit.md describes the form.
"""

import hmac
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BufferedRandom
from pathlib import Path

from adapters.shelf import AdapterError, Shelf, sync_folder, unusable
from policy.chain import Head
from policy.verdict import Value

FILE, LOCK, NEXT = "anchor.log", "anchor.lock", "anchor.next"
AT_ONCE = 500  # heads in a line
TAIL = 256 * 1024  # bytes: longer than any line
SEAL = 64  # hexadecimal digits
OWNER_ONLY = 0o600


class Anchored(Value):
    """What an anchor holds. ``wrong`` are sentences about what in it cannot be believed; ``size`` in bytes."""

    exists: bool
    heads: dict[str, tuple[Head, ...]]
    latest: dict[str, int]
    at: datetime | None
    seal: str
    size: int
    wrong: tuple[str, ...]


class Anchors:
    """The anchor in a folder. ``key`` is asked for when it is needed; ``has_key`` says whether there is one already."""

    def __init__(self, folder: Path, key: Callable[[], bytes], has_key: Callable[[], bool]) -> None:
        self.folder = folder
        self._key = key
        self._has_key = has_key

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / FILE

    def append(self, heads: Iterable[Head], at: datetime) -> None:
        """Add heads; they are on the disk when this returns. Raises AdapterError, also where file or key is gone."""
        with self._alone(), self._file() as file:
            seal = _last_seal(file)
            if seal and not self._has_key():
                raise AdapterError(f"The key of the anchor {self.path} is gone; bring it back from its copy.")
            _add(file, heads, at, seal, self._key())
            os.fsync(file.fileno())

    def read(self) -> Anchored:
        """All that the anchor holds, every seal verified. Raises AdapterError when it cannot be read."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            gone = (f"The anchor {self.path} is gone, and its key is there.",) if self._has_key() else ()
            return Anchored(exists=False, heads={}, latest={}, at=None, seal="", size=0, wrong=gone)
        except OSError as trouble:
            raise unusable(self.folder, "read", trouble) from None
        if data and not self._has_key():
            missing = ("The key of the anchor is gone: nothing that the anchor says can be believed.",)
            return Anchored(exists=True, heads={}, latest={}, at=None, seal="", size=len(data), wrong=missing)
        return _read(data, self._key() if data else b"")

    def compact(self, kept: Anchored, at: datetime) -> bool:
        """Replace the file by one that holds the latest head of each case; False when it has grown since it was read.

        Only for an anchor that was compared with the records: what it no longer holds can accuse nobody.
        """
        with self._alone(), self._file() as file:
            file.seek(0, os.SEEK_END)
            if file.tell() != kept.size or kept.wrong:
                return False
            latest = [max(heads, key=lambda head: head.position) for _, heads in sorted(kept.heads.items())]
            path = self.folder / NEXT
            try:
                with _opened(path) as new:
                    new.truncate()
                    _add(new, latest, at, "", self._key())
                    os.fsync(new.fileno())
                path.replace(self.path)
                sync_folder(self.folder)
            except OSError as trouble:
                raise unusable(self.folder, "written to", trouble) from None
        return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with Shelf(self.folder).alone(LOCK):
            yield

    @contextmanager
    def _file(self) -> Iterator[BufferedRandom]:
        """The file at its end, without the piece of a line that a killed writer left. Made together with its key."""
        if not self.path.exists() and self._has_key():
            raise AdapterError(
                f"The anchor {self.path} is gone. Bring it back from its copy; to begin anew, take its key away too."
            )
        try:
            with _opened(self.path) as file:
                sync_folder(self.folder)
                _drop_unfinished(file)
                yield file
        except OSError as trouble:
            raise unusable(self.folder, "written to", trouble) from None


def _opened(path: Path) -> BufferedRandom:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY), "r+b")


def _add(file: BufferedRandom, heads: Iterable[Head], at: datetime, seal: str, key: bytes) -> None:
    """Write heads as sealed lines at the end of a file."""
    rows = [list(head) for head in heads]
    for start in range(0, len(rows), AT_ONCE):
        said = {"at": at.astimezone(UTC).isoformat(timespec="seconds"), "heads": rows[start : start + AT_ONCE]}
        content = json.dumps(said, separators=(",", ":")).encode()
        seal = _seal(key, seal, content)
        file.write(seal.encode() + b" " + content + b"\n")
    file.flush()


def _seal(key: bytes, before: str, content: bytes) -> str:
    return hmac.digest(key, before.encode() + b" " + content, "sha256").hex()


def _drop_unfinished(file: BufferedRandom) -> None:
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - TAIL))
    tail = file.read()
    whole = tail.rfind(b"\n") + 1
    if whole < len(tail):
        file.truncate(end - len(tail) + whole)
    file.seek(0, os.SEEK_END)


def _last_seal(file: BufferedRandom) -> str:
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - TAIL))
    lines = file.read().splitlines()
    file.seek(0, os.SEEK_END)
    return lines[-1][:SEAL].decode("ascii", "replace") if lines else ""


def _read(data: bytes, key: bytes) -> Anchored:
    heads: dict[str, list[Head]] = {}
    wrong = []
    seal, at = "", None
    whole = data[: data.rfind(b"\n") + 1]  # a writer was killed over the rest, or is just writing it
    for number, line in enumerate(whole.splitlines(), 1):
        stands, content = line[:SEAL].decode("ascii", "replace"), line[SEAL + 1 :]
        if not hmac.compare_digest(stands.encode(), _seal(key, seal, content).encode()):
            wrong.append(f"The anchor has been tampered with: its line {number} does not fit its seal.")
        else:
            said = json.loads(content)
            at = datetime.fromisoformat(said["at"])
            for case, position, hashed in said["heads"]:
                heads.setdefault(case, []).append(Head(case, position, hashed))
        seal = stands
    latest = {case: max(head.position for head in some) for case, some in heads.items()}
    kept = {case: tuple(some) for case, some in heads.items()}
    return Anchored(exists=True, heads=kept, latest=latest, at=at, seal=seal, size=len(data), wrong=tuple(wrong))
