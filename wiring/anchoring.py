"""Anchors what is recorded: in the background, a moment after the commit; and what a killed process left, later.

The case never waits for the anchor. Between a commit and its anchor lie at most ``DELAY`` seconds and a write; a line
whose process was killed in between is anchored by ``catch_up``, which every worker does now and again.
"""

import logging
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock, Thread
from time import sleep

from sqlalchemy import Engine

from adapters.anchors import Anchored, Anchors
from adapters.shelf import AdapterError, Shelf
from policy.chain import Head
from policy.chaincheck import check
from records import audit
from wiring.keys import OTHERS, VaultError
from wiring.settings import PREFIX, Settings

DELAY = 2.0  # seconds
PATIENCE = 60.0  # seconds between two tries when the folder cannot be used
LONGEST = 4 * 1024 * 1024  # bytes of an anchor, before it is made short
KEY = "anchor.key"
KEY_BYTES = 32
log = logging.getLogger(__name__)


class Anchorage:
    """Hears how far chains have come, and anchors it in a thread of its own, which ends when there is nothing to do."""

    def __init__(self, anchors: Anchors, delay: float = DELAY) -> None:
        self.anchors = anchors
        self._delay = delay
        self._waiting: dict[tuple[str, int], Head] = {}
        self._lock = Lock()
        self._writing = Lock()
        self._thread: Thread | None = None

    def hear(self, head: Head) -> None:
        """A head that is committed; it costs a microsecond or two."""
        with self._lock:
            self._waiting.setdefault((head.case_number, head.position), head)
            if self._thread is None:
                self._thread = Thread(target=self._run, name="anchors", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """Anchor what waits, now. Raises AdapterError or VaultError; then it still waits."""
        with self._writing:
            with self._lock:
                waiting, self._waiting = self._waiting, {}
            # The highest of each case is enough, also where a chain was cut off meanwhile: it accuses whoever did it.
            highest = {number: head for (number, _), head in sorted(waiting.items())}
            try:
                if highest:
                    self.anchors.append(highest.values(), datetime.now(UTC))
            except (AdapterError, VaultError):
                with self._lock:
                    self._waiting = waiting | self._waiting
                raise

    def _run(self) -> None:
        delay = self._delay
        while True:
            sleep(delay)
            try:
                self.flush()
                delay = self._delay
            except (AdapterError, VaultError) as trouble:
                log.warning("audit.not_anchored", extra={"told": trouble})
                delay = PATIENCE
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return


def open_anchors(settings: Settings) -> Anchors:
    """The anchor of the settings; nothing is read or made before it is needed."""
    path = settings.keys_folder / KEY
    return Anchors(settings.anchors_folder, lambda: _key(path), path.exists)


def catch_up(engine: Engine, anchors: Anchors, now: datetime, longest: int = LONGEST) -> int:
    """Anchor every chain that is longer than the anchor says; gives back how many. Makes a long anchor short.

    A chain that does not fit what is anchored of it is not anchored further: it goes to the log, and the anchor keeps
    what it holds against it. Raises RecordsError, AdapterError or VaultError.
    """
    held = anchors.read()
    if held.wrong:  # what is missing from it must not be taken from the records
        log.error("audit.anchor_wrong", extra={"file": anchors.path, "count": len(held.wrong)})
        return 0
    longer = audit.heads(engine, held.latest)
    doubted = {head.case_number for head in longer if head.case_number in held.heads}
    broken = _broken(engine, held, doubted)
    sound = [head for head in longer if head.case_number not in broken]
    if sound:
        anchors.append(sound, now)
    elif held.size > longest and not _broken(engine, held, set(held.heads)):
        anchors.compact(held, now)
    return len(sound)


def _broken(engine: Engine, held: Anchored, numbers: set[str]) -> set[str]:
    """Of some cases those whose ledger is not what was recorded; they go to the log."""
    found = set()
    for chain in audit.chains(engine, numbers):
        checked = check(*chain, held.heads.get(chain.case_number, ()))
        if not checked.is_unbroken:
            found.add(chain.case_number)
            log.error("audit.broken", extra={"case": chain.case_number, "count": len(checked.differences)})
    return found


def _key(path: Path) -> bytes:
    """The key of the anchor; made where there is none. Raises VaultError."""
    try:
        if not path.exists():
            Shelf(path.parent).put(path.name, secrets.token_hex(KEY_BYTES).encode())
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & OTHERS:
                raise VaultError(f"Others can read the key file {path}; take the right from them: chmod 600 {path}")
            key = file.read().strip()
    except AdapterError as trouble:
        raise VaultError(f"{trouble} Give access there, or name another folder with {PREFIX}KEYS.") from None
    except OSError as trouble:
        raise VaultError(f"The key file {path} cannot be read: {trouble.strerror}.") from None
    if len(key) < KEY_BYTES:
        raise VaultError(f"The key file {path} does not hold {KEY_BYTES} bytes or more; bring the right one back.")
    return key
