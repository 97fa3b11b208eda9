"""A folder in which a file is written once and never changed: the first one wins, however often the step is repeated.

A file appears under its name whole or not at all: its bytes go to a nameless neighbour and to the disk, and only then
get the name, by a link that cannot overwrite. So a kill at any moment leaves nothing, or a neighbour that the next
writer clears away, or the file; and of any number of writers at once exactly one gives the name its bytes.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

NEIGHBOUR = ".unfinished-"
OWNER_ONLY = 0o700  # everything here is health information
TRIES = 5


class AdapterError(Exception):
    """Something outside does not work; one sentence for a person, free of personal data. The step may be repeated."""


class WriteOnce(Protocol):
    """Where files are written once and never changed: a folder (``Shelf``) or a bucket (``adapters.bucket.Bucket``).

    Both promise the same: the first file under a name stays; it is there whole or not at all, whenever its writer is
    killed; of any number of writers exactly one gives the name its bytes. Names are paths relative to the place, with
    ``/`` between their parts. Every method raises AdapterError, one sentence without a name, when the place cannot be
    used, and for a name that leads out of it.
    """

    @property
    def place(self) -> str:
        """Where it is, for people: a folder's path, ``s3://bucket/prefix``."""

    def check(self, name: str) -> None:
        """Refuse a name that leads out."""

    def get(self, name: str) -> bytes | None:
        """A file's bytes, or None where there is none."""

    def get_all(self, names: Iterable[str]) -> list[bytes | None]:
        """The bytes of many files, in the order of their names."""

    def names(self, pattern: str) -> list[str]:
        """What fits a glob pattern, in no order; ``*`` stays within one part of a path."""

    def visible(self) -> list[str]:
        """Every file whose path has no part that begins with a dot: what people see, not what we keep for ourselves."""

    def put(self, name: str, data: bytes) -> bytes:
        """Write a file, unless it is there; gives back what now lies there, and will after a loss of power."""


def shelf_at(place: "Path | WriteOnce") -> WriteOnce:
    """The shelf in a folder, or the one that is given."""
    return Shelf(place) if isinstance(place, Path) else place


class Shelf:
    """Write-once files below ``folder``, which is made when the first file comes. Safe for threads and processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._root = folder.absolute()
        self._taken_up: set[Path] = set()

    @property
    def place(self) -> str:
        """The folder's path."""
        return str(self.folder)

    def check(self, name: str) -> None:
        """Refuse a name that leads out of the folder. Raises AdapterError."""
        self.path_of(name)

    def path_of(self, name: str) -> Path:
        """Where a file lies, by its path relative to the shelf. Raises AdapterError for one that leads out of it."""
        path = Path(os.path.normpath(self._root / name))  # no look at the disk: nobody else puts links on our shelf
        if path == self._root or not path.is_relative_to(self._root) or "\0" in name:
            raise AdapterError(f"A file name leads out of the folder {self.folder}; nothing was read or written.")
        return path

    def get(self, name: str) -> bytes | None:
        """A file's bytes, or None where there is none. Raises AdapterError when the folder cannot be read."""
        path = self.path_of(name)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as trouble:
            raise unusable(self.folder, "read", trouble) from None

    def names(self, pattern: str) -> list[str]:
        """The files whose relative paths fit a glob pattern, in no order. Raises AdapterError as ``get`` does."""
        try:
            return [path.relative_to(self.folder).as_posix() for path in self.folder.glob(pattern)]
        except OSError as trouble:
            raise unusable(self.folder, "read", trouble) from None

    def get_all(self, names: Iterable[str]) -> list[bytes | None]:
        """The bytes of many files, in the order of their names. Raises AdapterError as ``get`` does."""
        return [self.get(name) for name in names]

    def visible(self) -> list[str]:
        """Every file whose path has no part that begins with a dot. Raises AdapterError as ``get`` does."""
        seen = (name for name in self.names("**/*") if not any(part.startswith(".") for part in name.split("/")))
        return [name for name in seen if self.path_of(name).is_file()]

    def put(self, name: str, data: bytes) -> bytes:
        """Write a file, unless it is there; gives back what now lies there, and will after a loss of power.

        Raises AdapterError when the folder cannot be written to: a full disk, read-only, no right.
        """
        path = self.path_of(name)
        try:
            self._take_up(path.parent)
            if not path.exists():
                _write_once(path, data)
            sync_folder(path.parent)  # also when another writer, who may be dead by now, gave the name
            return path.read_bytes()
        except OSError as trouble:
            raise unusable(self.folder, "written to", trouble) from None

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Hold the lock of that name; whoever else wants it, in this process or in another one, waits.

        A kill lets go of it. Raises AdapterError as ``put`` does.
        """
        path = self.path_of(name)
        try:
            self._take_up(path.parent)
            file = path.open("ab")
        except OSError as trouble:
            raise unusable(self.folder, "written to", trouble) from None
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def move(self, name: str, to: str) -> bool:
        """Give a file another name on the shelf, at one stroke; False when it is not there (any more).

        Of several who move one file exactly one is told True. Raises AdapterError as ``put`` does.
        """
        path, target = self.path_of(name), self.path_of(to)
        try:
            self._take_up(target.parent)
            path.rename(target)
            sync_folder(target.parent)
            sync_folder(path.parent)
        except FileNotFoundError:
            return False
        except OSError as trouble:
            raise unusable(self.folder, "written to", trouble) from None
        return True

    def tidy(self, folder: str) -> None:
        """Clear away what killed writers left in a folder that nobody may write to again. Raises as ``put`` does."""
        path = self.path_of(folder)
        try:
            self._taken_up.discard(path)
            self._take_up(path)
        except OSError as trouble:
            raise unusable(self.folder, "written to", trouble) from None

    def remove(self, name: str) -> None:
        """Take a file away; one that is not there is no matter. Raises AdapterError as ``put`` does."""
        try:
            self.path_of(name).unlink(missing_ok=True)
        except OSError as trouble:
            raise unusable(self.folder, "written to", trouble) from None

    def _take_up(self, folder: Path) -> None:
        """Make a folder, see that it will last, and clear away what killed writers left in it; once per folder."""
        if folder in self._taken_up and folder.is_dir():
            return
        _make_folder(folder)
        for above in folder.parents:
            if above.is_relative_to(self._root):
                sync_folder(above)  # whoever made it may have been killed before this
        for leftover in folder.glob(f"{NEIGHBOUR}*"):
            _remove_unless_in_use(leftover)
        self._taken_up.add(folder)


def unusable(folder: Path, verb: str, trouble: OSError) -> AdapterError:
    """The one sentence about a folder that cannot be ``verb``. Raise it from None: the cause may name a person."""
    why = os.strerror(trouble.errno) if trouble.errno else "unknown error"
    return AdapterError(f"The folder {folder} cannot be {verb}: {why}.")


def sync_folder(folder: Path) -> None:
    """See to it that the names in a folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_once(path: Path, data: bytes) -> None:
    for _ in range(TRIES):
        descriptor, neighbour = tempfile.mkstemp(prefix=NEIGHBOUR, dir=path.parent)
        with suppress(FileExistsError), os.fdopen(descriptor, "wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX)  # as long as we live: whoever clears up sees that it is in use
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                os.link(neighbour, path)
            except FileNotFoundError:
                continue  # cleared away in the instant between its making and its lock: once more
            finally:
                Path(neighbour).unlink(missing_ok=True)
        return
    raise FileNotFoundError(path)


def _remove_unless_in_use(leftover: Path) -> None:
    with suppress(OSError), leftover.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        leftover.unlink()


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(OWNER_ONLY)
    sync_folder(folder.parent)
