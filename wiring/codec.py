"""What a codec server does with payloads: those of cases are opened, and who read them is noted; new ones are sealed.

What cannot be opened comes back as it is, or says why in a sentence: the rest of a page stays readable.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload

from policy.people import Actor
from records.casekeys import CaseKeyRecords
from records.readings import HistoryReadings
from wiring.casekeys import KEY_ID, SHARED, CaseKey, CaseKeys
from wiring.encryption import ENCODING, NAME_OF_KEY, sealed
from wiring.errors import CaseShreddedError, KeyRingError
from workflows import workflow_id

PREFIX = workflow_id("")
LARGEST_ANSWER = 32 * 1024 * 1024  # bytes in clear; a page of the UI has one or two hundred thousand
TOO_MUCH = "What is asked for is too large to be shown at once."
NO_CASE = "Only what goes to a case can be encrypted here, and this names none: open the case, and send it there."


class CodecRefusal(Exception):  # noqa: N818 - an answer
    """What is asked for is not done; the sentence says why."""


class _Opened(NamedTuple):
    """A payload that was opened, and the case that it belongs to."""

    number: str
    payload: Payload


class Codec:
    """Opens and seals payloads for people. Blocks while it asks the records."""

    def __init__(self, keys: CaseKeys, kept: CaseKeyRecords, readings: HistoryReadings) -> None:
        self._keys = keys
        self._kept = kept
        self._readings = readings

    def decode(self, payloads: Sequence[Payload], who: Actor, at: datetime) -> list[Payload]:
        """The payloads in clear, each in its place; who read which case is noted first.

        Raises CodecRefusal for too much at once, and RecordsError when it cannot be noted: then nothing is shown.
        """
        keys: dict[str, CaseKey | Payload | None] = {}
        found = [self._open(payload, keys) for payload in payloads]
        opened = [one for one in found if isinstance(one, _Opened)]
        if sum(len(one.payload.data) for one in opened) > LARGEST_ANSWER:
            raise CodecRefusal(TOO_MUCH)
        noted = self._readings.note({one.number for one in opened}, by=who.id, at=at) if opened else set()
        return [_answer(given, one, noted) for given, one in zip(payloads, found, strict=True)]

    def encode(self, payloads: Sequence[Payload], number: str) -> list[Payload]:
        """The payloads, encrypted for a case that has a key; what is encrypted stays as it is.

        Raises CodecRefusal, also for a case that was shredded, and KeyRingError or RecordsError.
        """
        if self._kept.of_workflow(workflow_id(number)) is None:  # none is made for whatever somebody names
            raise CodecRefusal(NO_CASE)
        try:
            key = self._keys.of(workflow_id(number))
        except CaseShreddedError as why:
            raise CodecRefusal(str(why)) from None
        return [given if given.metadata.get("encoding") == ENCODING else sealed(given, key) for given in payloads]

    def _open(self, payload: Payload, keys: "dict[str, CaseKey | Payload | None]") -> "_Opened | Payload | None":
        """What was in it; a sentence instead; or None for what is not a case's, or was altered."""
        key_id = payload.metadata.get(NAME_OF_KEY, b"").decode("ascii", "replace")
        if payload.metadata.get("encoding") != ENCODING or not KEY_ID.fullmatch(key_id):
            return None
        if key_id not in keys:
            keys[key_id] = self._key(key_id)
        key = keys[key_id]
        if not isinstance(key, CaseKey):
            return key
        plain = key.unseal(payload.data)
        try:
            return _Opened(key.workflow_id.removeprefix(PREFIX), Payload.FromString(plain)) if plain else None
        except DecodeError:
            return None

    def _key(self, key_id: str) -> CaseKey | Payload | None:
        """The key of a case; a sentence for one that is not there; None for one that is no case's."""
        kept = self._kept.by_id(key_id)
        if kept and not kept.workflow_id.startswith(PREFIX):
            return None
        is_gone = kept is None or kept.destroyed_at is not None  # also where it is still in this process's memory
        try:
            return (None if is_gone else self._keys.known(key_id)) or self._keys.for_reading(key_id, SHARED)
        except KeyRingError as why:
            return _said(str(why))


def _answer(given: Payload, found: "_Opened | Payload | None", noted: set[str]) -> Payload:
    if isinstance(found, _Opened):
        return found.payload if found.number in noted else given
    return found or given


def _said(sentence: str) -> Payload:
    """A sentence in the place of what cannot be read."""
    return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(sentence).encode())
