"""The keys of cases: one for each workflow, made when its first payload is encrypted, wrapped by the plan's key.

Destroying the one wrapped key shreds the one case. What Temporal names no workflow for has a key of its own.
"""

import base64
import logging
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from threading import Lock
from time import monotonic
from typing import Protocol, TypeVar

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine

from records.casekeys import CaseKeyRecords, WrappedKey
from records.errors import RecordsError
from wiring.cipher import seal, unseal
from wiring.errors import CaseShreddedError, KeyRingError
from wiring.plankeys import HOW_TO_MAKE, KEY_BYTES, PlanKeys, Wrapped, open_key_ring
from wiring.settings import Settings

KEY_ID = re.compile(r"ck-[0-9a-f]{20}")
SHARED = "(shared)"  # no workflow has such an id
MOST_KNOWN = 20_000  # keys in memory, some 400 bytes each
KNOWN_FOR = 900.0  # seconds after which a key is looked up again: so long another process outlives a key's destruction
AT_ONCE = 200  # keys that are wrapped anew in one transaction
log = logging.getLogger(__name__)
Found = TypeVar("Found")


def may_read(owner: str, workflow_id: str) -> bool:
    """Whether what one workflow's key encrypted counts in another: a decision is not carried from case to case."""
    return SHARED in (owner, workflow_id) or owner == workflow_id


class CaseKeyStore(Protocol):
    """Where wrapped keys are kept. Every method raises RecordsError."""

    def keep(self, new: WrappedKey) -> WrappedKey:
        """The key of a workflow: this one, or the one that was kept first."""

    def of_workflow(self, workflow_id: str) -> WrappedKey | None:
        """The key that a workflow has."""

    def by_id(self, key_id: str) -> WrappedKey | None:
        """The key of that id."""


@dataclass(frozen=True)
class CaseKey:
    """The key of one workflow, opened."""

    id: str
    workflow_id: str
    cipher: AESGCM = field(repr=False, compare=False)
    since: float = field(default_factory=monotonic, repr=False, compare=False)

    def seal(self, plain: bytes) -> bytes:
        """The bytes, encrypted; the key's id and the workflow are authenticated with them."""
        return seal(self.cipher, plain, _bound("payload", self.id, self.workflow_id))

    def unseal(self, sealed: bytes) -> bytes | None:
        """The bytes again; None for what this key did not seal."""
        return unseal(self.cipher, sealed, _bound("payload", self.id, self.workflow_id))


class CaseKeys:
    """The keys of cases for one process, with those in memory that it has met. Safe for threads.

    Methods that may have to ask the records block, and raise KeyRingError: then whoever needs the key waits.
    """

    def __init__(self, plan_keys: PlanKeys, store: CaseKeyStore) -> None:
        self._plan_keys = plan_keys
        self._store = store
        self._known: dict[str, CaseKey] = {}  # by id
        self._ids: dict[str, str] = {}  # ids by workflow
        self._lock = Lock()
        self._missing: set[str] = set()

    def known(self, key_id: str) -> CaseKey | None:
        """A key that is in memory."""
        found = self._known.get(key_id)
        return found if found and monotonic() - found.since < KNOWN_FOR else None

    def known_of(self, workflow_id: str) -> CaseKey | None:
        """A workflow's key that is in memory."""
        return self.known(self._ids.get(workflow_id, ""))

    def of(self, workflow_id: str) -> CaseKey:
        """A workflow's key, made if it has none. Raises KeyRingError."""
        return self.known_of(workflow_id) or self._open(self._asked(partial(self._kept, workflow_id), workflow_id))

    def for_reading(self, key_id: str, workflow_id: str) -> CaseKey | None:
        """The key of that id, to read what a workflow has; None where it is another workflow's.

        Raises KeyRingError for one that there is not (yet, or any more).
        """
        kept = self._asked(partial(self._store.by_id, key_id), key_id)
        if kept is None:
            sentence = f"The key {key_id} of a case is not in the records: restore them, and what waits for it goes on."
            raise self._told(key_id, KeyRingError(sentence))
        return self._open(kept) if may_read(kept.workflow_id, workflow_id) else None

    def _kept(self, workflow_id: str) -> WrappedKey:
        found = self._store.of_workflow(workflow_id)
        if found is not None:
            return found
        key_id = f"ck-{os.urandom(10).hex()}"
        wrapped = self._plan_keys.wrap(os.urandom(KEY_BYTES), _bound("key", key_id, workflow_id))
        new = WrappedKey(
            key_id=key_id,
            workflow_id=workflow_id,
            plan_key=wrapped.plan_key,
            wrapped=base64.b64encode(wrapped.data).decode(),
            made_at=datetime.now(UTC),
        )
        return self._store.keep(new)

    def _asked(self, question: Callable[[], Found], about: str) -> Found:
        try:
            return question()
        except RecordsError as trouble:
            raise self._told(about, KeyRingError(f"The keys of cases cannot be read. {trouble}")) from None
        except KeyRingError as trouble:
            raise self._told(about, trouble) from None

    def _open(self, kept: WrappedKey) -> CaseKey:
        if kept.destroyed_at is not None:
            raise CaseShreddedError(shredded(kept.workflow_id, kept.destroyed_at))
        try:
            secret = unwrapped(self._plan_keys, kept)
        except KeyRingError as trouble:
            raise self._told(kept.key_id, trouble) from None
        key = CaseKey(id=kept.key_id, workflow_id=kept.workflow_id, cipher=AESGCM(secret))
        with self._lock:
            while len(self._known) >= MOST_KNOWN:
                self._ids.pop(self._known.pop(next(iter(self._known))).workflow_id, None)
            self._known.pop(key.id, None)
            self._known[key.id], self._ids[key.workflow_id] = key, key.id
            self._missing -= {key.id, key.workflow_id}
        return key

    def _told(self, about: str, trouble: KeyRingError) -> KeyRingError:
        """What is missing goes to the log once, not with every try."""
        with self._lock:
            if about not in self._missing and len(self._missing) < MOST_KNOWN:
                self._missing.add(about)
                log.error("casekey.missing", extra={"told": trouble})
        return trouble


def shredded(workflow_id: str, at: datetime) -> str:
    """What is said of a case whose key was destroyed."""
    return (
        f"The history of {workflow_id.removeprefix('so-')} was shredded on {at:%Y-%m-%d}: nobody can read it again. "
        "Its packet and its ledger are there to read."
    )


def unwrapped(plan_keys: PlanKeys, kept: WrappedKey) -> bytes:
    """The key itself. Raises KeyRingError."""
    wrapped = Wrapped(kept.plan_key, base64.b64decode(kept.wrapped))
    return plan_keys.unwrap(wrapped, _bound("key", kept.key_id, kept.workflow_id))


def wrap_anew(plan_keys: PlanKeys, records: CaseKeyRecords) -> Iterator[int]:
    """Wraps every key by the active plan key that another one has wrapped; yields how many are done, now and then.

    Safe to repeat, and beside anything else. Raises KeyRingError or RecordsError; what is done by then stays done.
    """
    active, after, done = plan_keys.active, "", 0
    while some := records.wrapped_by_others(active, after=after, limit=AT_ONCE):
        changes = []
        for kept in some:
            secret = unwrapped(plan_keys, kept)
            wrapped = plan_keys.wrap(secret, _bound("key", kept.key_id, kept.workflow_id))
            changes.append((kept, wrapped.plan_key, base64.b64encode(wrapped.data).decode()))
        done += records.wrap_anew(changes)
        after = some[-1].key_id
        yield done


def open_case_keys(settings: Settings, records: Engine) -> CaseKeys:
    """The keys of cases, with the plan keys of the settings; nothing is read before it is needed."""
    return CaseKeys(open_key_ring(settings), CaseKeyRecords(records))


def see_to_a_plan_key(settings: Settings, records: Engine, *, may_make: bool) -> None:
    """Raises KeyRingError, or RecordsError, where there is no plan key.

    ``may_make`` makes the first one, where no case was ever encrypted by another; that is said in the log.
    """
    ring = open_key_ring(settings)
    if not ring.held():
        if lost := CaseKeyRecords(records).count():
            raise KeyRingError(
                f"The plan keys {', '.join(sorted(lost))} are not in {ring.where}, and cases are encrypted by them: "
                "put the file back, and start again."
            )
        if not may_make:
            raise KeyRingError(
                f"There is no plan key in {ring.where}, and none is made unasked on a named cluster: make it with "
                f"{HOW_TO_MAKE}, and give every process the same one."
            )
        if made := ring.make_first(datetime.now(UTC)):
            log.warning("plankey.made", extra={"plan_key": made.id, "file": ring.where})


def _bound(what: str, key_id: str, workflow_id: str) -> bytes:
    return f"second-opinion/1 {what} {key_id} {workflow_id}".encode()
