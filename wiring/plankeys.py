"""The plan's keys: they wrap the key of each case, and encrypt nothing else. Several may be held; one wraps.

They come from a file that only its owner may read, or from the environment; a key management service stands behind the
same port. A plan key is known by the beginning of its own digest, so that a wrong one is never taken for another.
"""

import base64
import binascii
import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from wiring.errors import KeyRingError
from wiring.settings import PREFIX, Settings

KEY_BYTES, NONCE_BYTES = 32, 12  # AES-256, and the nonce that GCM takes as it is
OTHERS = stat.S_IRWXG | stat.S_IRWXO
FROM_ENVIRONMENT = f"{PREFIX}PLAN_KEY"
HOW_TO_MAKE = "second-opinion keys rotate --plan"


class Wrapped(NamedTuple):
    """A key as it may lie in a table: nothing without the plan key that wrapped it."""

    plan_key: str
    data: bytes


class PlanKeys(Protocol):
    """Who wraps the keys of cases: a ring of our own, or a key management service. Both methods raise KeyRingError.

    ``bound_to`` is authenticated with the key: what was wrapped for one case opens for no other.
    """

    @property
    def active(self) -> str:
        """The id of the plan key that wraps now. Raises KeyRingError where there is none."""

    def wrap(self, key: bytes, bound_to: bytes) -> Wrapped:
        """A key, wrapped by the plan key that is active."""

    def unwrap(self, wrapped: Wrapped, bound_to: bytes) -> bytes:
        """The key again, also by a plan key that is active no longer."""


@dataclass(frozen=True)
class PlanKey:
    """A plan key. ``made_at`` is not known of one from the environment."""

    id: str
    made_at: datetime | None
    secret: bytes = field(repr=False, compare=False)

    def seal(self, key: bytes, bound_to: bytes) -> bytes:
        """The key, encrypted with what it is bound to."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self.secret).encrypt(nonce, key, self._associated(bound_to))

    def open(self, wrapped: bytes, bound_to: bytes) -> bytes:
        """The key again. Raises InvalidTag or ValueError."""
        nonce, data = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        return AESGCM(self.secret).decrypt(nonce, data, self._associated(bound_to))

    def _associated(self, bound_to: bytes) -> bytes:
        return b"second-opinion/1 plan " + self.id.encode() + b" " + bound_to


class KeyRing:
    """The plan keys of a file, or of the environment, which then counts alone. Read anew whenever the file changes."""

    def __init__(self, file: Path, given: str = "") -> None:
        """``given`` are keys in base64 with commas between them, the one that wraps first."""
        self.file = file
        self._given = given
        self._lock = Lock()
        self._read: tuple[object, list[PlanKey]] = (None, [])

    @property
    def where(self) -> str:
        """Where the keys are, for people."""
        return FROM_ENVIRONMENT if self._given else str(self.file)

    @property
    def is_from_environment(self) -> bool:
        """Whether the keys are in no file, and so are not ours to replace."""
        return bool(self._given)

    @property
    def active(self) -> str:
        """The id of the plan key that wraps now. Raises KeyRingError."""
        return self._active().id

    def wrap(self, key: bytes, bound_to: bytes) -> Wrapped:
        """A key, wrapped by the plan key that is active. Raises KeyRingError."""
        active = self._active()
        return Wrapped(active.id, active.seal(key, bound_to))

    def unwrap(self, wrapped: Wrapped, bound_to: bytes) -> bytes:
        """The key again. Raises KeyRingError for a plan key that is not here, and for one that does not open it."""
        found = next((key for key in self.held() if key.id == wrapped.plan_key), None)
        if found is None:
            raise KeyRingError(
                f"The plan key {wrapped.plan_key} is not in {self.where}: put it back, and what waits for it goes on."
            )
        try:
            return found.open(wrapped.data, bound_to)
        except (InvalidTag, ValueError):
            raise KeyRingError(
                f"The plan key {wrapped.plan_key} does not open a case's key that names it: the records were altered; "
                "restore their table case_keys."
            ) from None

    def held(self) -> list[PlanKey]:
        """The keys there are, the one that wraps first; none where there is no file. Raises KeyRingError."""
        if self._given:
            return [_from_environment(text) for text in self._given.split(",")]
        with self._lock:
            seen = _seen(self.file)
            if seen != self._read[0] or seen is None:
                self._read = (seen, _from_file(self.file) if seen else [])
            return self._read[1]

    def rotate(self, now: datetime) -> PlanKey:
        """A new plan key, which wraps from now on; the older ones stay. Makes the first one, too. Raises KeyRingError.

        Processes that run take it up by themselves. Of several at once each adds its own.
        """
        if self._given:
            raise KeyRingError(f"The plan keys come from {FROM_ENVIRONMENT}; put a new one before them there instead.")
        with _writing(self.file):
            return self._add(now)

    def make_first(self, now: datetime) -> PlanKey | None:
        """The first plan key; None where there is one already. Raises KeyRingError."""
        if self._given:
            return None
        with _writing(self.file):
            return None if self.held() else self._add(now)

    def _add(self, now: datetime) -> PlanKey:
        secret = AESGCM.generate_key(KEY_BYTES * 8)
        made = PlanKey(id=_id_of(secret), made_at=now, secret=secret)
        _write(self.file, [made, *self.held()])
        return made

    def _active(self) -> PlanKey:
        keys = self.held()
        if not keys:
            raise KeyRingError(
                f"There is no plan key in {self.where}: put the file back. Where there never was one, make it with: "
                f"{HOW_TO_MAKE}"
            )
        return keys[0]


def open_key_ring(settings: Settings) -> KeyRing:
    """The plan keys of the settings; nothing is read or made before it is needed."""
    return KeyRing(settings.plan_keys_file, settings.plan_key.get_secret_value().strip())


def _id_of(secret: bytes) -> str:
    return "pk-" + hashlib.sha256(b"second-opinion plan key " + secret).hexdigest()[:12]


def _from_environment(text: str) -> PlanKey:
    secret = _decoded(text.strip())
    if secret is None:
        raise KeyRingError(
            f"{FROM_ENVIRONMENT} holds no plan key: give {KEY_BYTES} random bytes in base64 (openssl rand -base64 32), "
            "several with commas between them."
        )
    return PlanKey(id=_id_of(secret), made_at=None, secret=secret)


def _from_file(file: Path) -> list[PlanKey]:
    try:
        with file.open("rb") as opened:
            if os.fstat(opened.fileno()).st_mode & OTHERS:
                raise KeyRingError(
                    f"Others can read the plan keys in {file}; take the right from them: chmod 600 {file}"
                )
            found = json.loads(opened.read())
        keys = [_listed(entry) for entry in found["keys"]]
    except OSError as trouble:
        raise KeyRingError(f"The plan keys in {file} cannot be read: {trouble.strerror}.") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        keys = []
    if not keys:
        raise KeyRingError(f"{file} holds no plan keys, or was altered: put the file back as it was.")
    return keys


def _listed(entry: Any) -> PlanKey:  # noqa: ANN401 - whatever stands in the file
    secret = _decoded(entry["key"])
    if secret is None or _id_of(secret) != entry["id"]:
        raise ValueError
    return PlanKey(id=entry["id"], made_at=datetime.fromisoformat(entry["made_at"]).astimezone(UTC), secret=secret)


def _decoded(text: str) -> bytes | None:
    try:
        secret = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return secret if len(secret) == KEY_BYTES else None


def _seen(file: Path) -> object:
    """What differs when another file stands there; None where there is none. Raises KeyRingError."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    except OSError as trouble:
        raise KeyRingError(f"The plan keys in {file} cannot be read: {trouble.strerror}.") from None
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    """One writer at a time, of all processes: a key that was lost between two of them would lose cases."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as trouble:
        raise _cannot_write(file, trouble) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _write(file: Path, keys: list[PlanKey]) -> None:
    """The file at one stroke: whole, on the disk, and its owner's alone."""
    entries = [
        {"id": key.id, "made_at": key.made_at and key.made_at.isoformat(), "key": base64.b64encode(key.secret).decode()}
        for key in keys
    ]
    beside = file.with_name(f".{file.name}.new")
    try:
        with suppress(FileNotFoundError):
            beside.unlink()
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as opened:
            opened.write(json.dumps({"keys": entries}, indent=2).encode())
            opened.flush()
            os.fsync(opened.fileno())
        beside.replace(file)
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as trouble:
        raise _cannot_write(file, trouble) from None


def _cannot_write(file: Path, trouble: OSError) -> KeyRingError:
    return KeyRingError(
        f"The plan keys cannot be written to {file}: {trouble.strerror}. Give access there, or name another file with "
        f"{PREFIX}PLAN_KEYS."
    )
