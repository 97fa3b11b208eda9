"""The vault: the keys with which our doors sign what staff do. ``workflows/signatures`` says what a signature is.

A *root* (``root.pem``, then ``root-2.pem``, … each time it is rotated) lives for years and certifies *door keys*
(``doors/<id>.pem``, with their certificates in ``<id>.jws``), which sign for thirty days and are replaced before they
end. Files are written once and whole, and only their owner may read them. A case believes the roots there are when it
is opened, and a door is certified by every root that we hold, so neither rotation troubles a case that runs.

A vault without a private root (``root.pem`` may hold the public half alone) goes on signing with the door keys that
were brought to it, until their certificates end. A door key whose certificate has ended may be deleted.
"""

import hashlib
import os
import re
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from adapters.shelf import AdapterError, Shelf
from policy.staffaction import StaffAction
from policy.verdict import Value
from wiring.settings import PREFIX, Settings
from workflows.signatures import (
    ALGORITHM,
    DOOR,
    LONGEST_LIFE,
    MOST_CERTIFICATES,
    STATEMENT,
    Certificate,
    Statement,
    certified,
    header,
    roles_of,
    seconds,
    unverified,
)

DOOR_LIFE = timedelta(days=30)
CLOCKS_DIFFER = timedelta(minutes=5)  # a new door key is good for another process whose clock is behind ours
LAST_PART = 10  # in the last tenth of its life a door key is replaced
OTHERS = stat.S_IRWXG | stat.S_IRWXO
FIRST_YEAR, LAST_YEAR = 1970, 9999  # of both, only some days fit into a certificate
ROOT_NAME = re.compile(r"root(?:-(\d{1,6}))?\.pem")
FROM_ENVIRONMENT = f"{PREFIX}ROOT_KEY"


class VaultError(Exception):
    """A key that cannot be read, made or used; the message names the file and how to mend it, and holds no key."""


@dataclass(frozen=True)
class RootKey:
    """A key that certifies doors. ``name`` is its file, or its environment variable; ``public`` is base64url."""

    name: str
    public: str
    key: OKPKey = field(repr=False, compare=False)

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits to tell keys apart by."""
        return fingerprint(self.public)

    @property
    def is_private(self) -> bool:
        """Whether it can certify; the public half alone can only be believed."""
        return self.key.is_private


@dataclass(frozen=True)
class DoorKey:
    """A key that signs actions, with a certificate from each root; ``says`` is what they all certify."""

    fingerprint: str
    says: Certificate
    certificates: tuple[str, ...]
    key: OKPKey = field(repr=False, compare=False)

    @property
    def since(self) -> datetime:
        """When it may sign for the first time."""
        return datetime.fromtimestamp(self.says.nbf, UTC)

    @property
    def until(self) -> datetime:
        """When it signs for the last time."""
        return datetime.fromtimestamp(self.says.exp, UTC)

    def holds_at(self, moment: datetime) -> bool:
        """Whether its certificate is in force."""
        return self.says.nbf <= seconds(moment) <= self.says.exp

    def ends_soon(self, moment: datetime) -> bool:
        """Whether it is in the last tenth of its life."""
        return (self.says.exp - seconds(moment)) * LAST_PART <= self.says.exp - self.says.nbf

    def is_certified_by(self, roots: list[RootKey]) -> bool:
        """Whether every one of the roots has certified it."""
        return all(any(certified(text, (root.public,)) for text in self.certificates) for root in roots)


class Vault:
    """The keys in a folder. Safe for threads and processes; a key that another process makes is seen at once."""

    def __init__(self, folder: Path, root_key: str = "") -> None:
        """``root_key`` is a root as PEM text that is in no file; it is then the one that counts as the newest."""
        self.folder = folder
        self._shelf = Shelf(folder)
        self._root_key = root_key
        self._renewing = Lock()

    @property
    def roots(self) -> tuple[str, ...]:
        """The public roots that a new case is to believe, newest first. Makes the first one. Raises VaultError."""
        return tuple(root.public for root in self._roots())

    def sign(self, action: StaffAction, case_number: str, *, lifetime: timedelta) -> StaffAction:
        """The action with a statement that holds from its ``at`` for ``lifetime``, or for a day if that is shorter.

        ``at`` also decides which door key signs, and whether a new one is due. Raises VaultError.
        """
        if not FIRST_YEAR < action.at.year < LAST_YEAR:
            raise VaultError(f"No action of the year {action.at.year} can be signed; give in at when it was received.")
        door = self._door_for(action.at)
        iat = seconds(action.at)
        said = Statement(
            case=case_number,
            action=action.SIGNAL,
            actor=action.actor.id,
            roles=roles_of(action),
            digest=action.digest(),
            iat=iat,
            exp=iat + min(lifetime, LONGEST_LIFE) // timedelta(seconds=1),
            door=door.certificates,
        )
        return action.model_copy(update={"signed_statement": _signed(STATEMENT, said, door.key)})

    def root_keys(self) -> list[RootKey]:
        """The roots there are, newest first; makes none. Raises VaultError."""
        names = [name for _, name in sorted(self._root_files(), reverse=True)]
        found = [(name, _key(self.folder / name, self._read(name))) for name in names]
        if self._root_key:
            found.insert(0, (FROM_ENVIRONMENT, _key(FROM_ENVIRONMENT, self._root_key.encode())))
        return [RootKey(name=name, public=_public(key), key=key) for name, key in found]

    def door_keys(self) -> list[DoorKey]:
        """The door keys there are, newest first; makes none. Raises VaultError."""
        doors = [self._door(name) for name in self._names("doors/*.pem")]
        return sorted(doors, key=lambda door: (door.says.nbf, door.fingerprint), reverse=True)

    def signing_door(self, moment: datetime) -> DoorKey | None:
        """The door key that signs at a moment: the newest in force that all our roots certify. Raises VaultError."""
        roots = _certifying(self.root_keys())
        return next((d for d in self.door_keys() if d.holds_at(moment) and d.is_certified_by(roots)), None)

    def rotate_door(self, now: datetime) -> DoorKey:
        """A new door key, which signs from now on. Cases that run believe it. Raises VaultError."""
        roots = _certifying(self._roots())
        if not roots:
            raise self._cannot_certify(now)
        others = [door.says.nbf for door in self.door_keys() if door.holds_at(now)]
        begins = max(seconds(now - CLOCKS_DIFFER), *(min(nbf + 1, seconds(now)) for nbf in others), 0)
        key = OKPKey.generate_key("Ed25519")
        says = Certificate(key=_public(key), nbf=begins, exp=seconds(now + DOOR_LIFE))
        name = fingerprint(says.key)
        certificates = "\n".join(_signed(DOOR, says, root.key) for root in roots)
        self._write(f"doors/{name}.jws", certificates.encode())  # first: a key that is seen has its certificates
        self._write(f"doors/{name}.pem", key.as_pem(private=True))
        return self._door(f"doors/{name}.pem")

    def rotate_root(self, now: datetime) -> RootKey:
        """A new root, which new cases believe beside the older ones, and a door key for it. Raises VaultError."""
        if self._root_key:
            raise VaultError(f"The root key comes from {FROM_ENVIRONMENT}; put the new one there instead.")
        self._write_root(max((number for number, _ in self._root_files()), default=0) + 1)
        self.rotate_door(now)
        return self.root_keys()[0]

    def _door_for(self, moment: datetime) -> DoorKey:
        self._roots()
        with self._renewing:  # the threads of a process make one new key, not one each
            door = self.signing_door(moment)
            if door and not door.ends_soon(moment):
                return door
            try:
                return self.rotate_door(moment)
            except VaultError:
                if door is None:
                    raise
                return door  # it still holds, and a person at work is not to wait for a disk

    def _cannot_certify(self, now: datetime) -> VaultError:
        ended = [door.until for door in self.door_keys() if door.until < now]
        since = f"; the last one ended on {max(ended):%Y-%m-%d at %H:%M} UTC" if ended else ""
        return VaultError(
            f"The vault {self.folder} holds no private root key, so it can make no new door key{since}. Set "
            f"{FROM_ENVIRONMENT}, or bring a door key and its certificate from where the root is."
        )

    def _roots(self) -> list[RootKey]:
        """The roots, newest first; the first one is made where there is neither a root nor a door."""
        doors = self._names("doors/*.pem")  # looked at first: whoever starts at the same time makes root, then door
        roots = self.root_keys()
        if roots or doors:
            return roots
        self._write_root(1)
        return self.root_keys()

    def _root_files(self) -> list[tuple[int, str]]:
        found = map(ROOT_NAME.fullmatch, self._names("root*.pem"))
        return [(int(match[1] or 1), match[0]) for match in found if match]

    def _write_root(self, number: int) -> None:
        name = "root.pem" if number == 1 else f"root-{number}.pem"
        self._write(name, OKPKey.generate_key("Ed25519").as_pem(private=True))  # or another process's, if it was first

    def _door(self, name: str) -> DoorKey:
        key = _key(self.folder / name, self._read(name))
        papers = name.removesuffix(".pem") + ".jws"
        certificates = tuple(self._read(papers).decode("ascii", "replace").split())
        says = unverified(certificates[0], DOOR, Certificate) if certificates else None
        if says is None or says.key != _public(key) or not key.is_private:
            raise VaultError(
                f"{self.folder / papers} is not the certificate of the private key beside it; remove both files, and a "
                "new door key is made."
            )
        return DoorKey(fingerprint=fingerprint(says.key), says=says, certificates=certificates, key=key)

    def _names(self, pattern: str) -> list[str]:
        try:
            return self._shelf.names(pattern)
        except AdapterError as trouble:
            raise VaultError(str(trouble)) from None

    def _read(self, name: str) -> bytes:
        path = self.folder / name
        try:
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_mode & OTHERS:
                    raise VaultError(f"Others can read the key file {path}; take the right from them: chmod 600 {path}")
                return file.read()
        except OSError as trouble:
            raise VaultError(f"The key file {path} cannot be read: {trouble.strerror}.") from None

    def _write(self, name: str, data: bytes) -> None:
        try:
            self._shelf.put(name, data)
        except AdapterError as trouble:
            raise VaultError(f"{trouble} Give access there, or name another folder with {PREFIX}KEYS.") from None


def open_vault(settings: Settings) -> Vault:
    """The vault of the settings; nothing is read or made before it is needed."""
    return Vault(settings.keys_folder, settings.root_key.get_secret_value())


def fingerprint(public_key: str) -> str:
    """Sixteen hexadecimal digits of SHA-256 of a public key, by which people tell keys apart."""
    return hashlib.sha256(public_key.encode()).hexdigest()[:16]


def _certifying(roots: list[RootKey]) -> list[RootKey]:
    return [root for root in roots if root.is_private][:MOST_CERTIFICATES]


def _key(where: Path | str, pem: bytes) -> OKPKey:
    try:
        key = OKPKey.import_key(pem)
    except (JoseError, ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if key is None or key.curve_name != ALGORITHM:
        raise VaultError(f"{where} is not an unencrypted Ed25519 key in PEM form; put the right one there.")
    return key


def _public(key: OKPKey) -> str:
    return str(key.as_dict()["x"])


def _signed(kind: str, content: Value, key: OKPKey) -> str:
    return jws.serialize_compact(header(kind), content.model_dump_json(), key, algorithms=[ALGORITHM])
