"""How what Temporal keeps of a case is encrypted: the data converter of every client, worker and replayer.

Payloads, failure messages, stack traces and headers are encrypted; names, ids and search attributes are not
(docs/security.md says what else stays in clear). A payload that cannot be ours is handed on as it is, and whoever reads
it refuses it; one whose key is away raises, and Temporal tries again until the key is there.
"""

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import Self

from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.common import HeaderCodecBehavior
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from wiring.casekeys import KEY_ID, SHARED, CaseKey, CaseKeys, may_read

ENCODING = b"binary/encrypted"
NAME_OF_KEY = "encryption-key-id"
HEADERS = HeaderCodecBehavior.CODEC
UPKEEP = "second-opinion-"  # ids of what Temporal begins by itself

# Reads and writes plain histories: what was recorded before there was encryption. Nothing that runs uses it.
PLAIN = DataConverter(
    payload_converter_class=PydanticPayloadConverter,
    failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
)


class CaseCodec(PayloadCodec, WithSerializationContext):
    """Encrypts each payload by the key of the workflow that it belongs to."""

    def __init__(self, keys: CaseKeys, workflow_id: str = SHARED) -> None:
        self.keys = keys
        self._workflow_id = workflow_id

    def with_context(self, context: SerializationContext) -> Self:
        """The codec of the case that the SDK names; where it names none, the shared key is used.

        What is no case's, as the nightly reconciliation, needs no key of its own for each night.
        """
        is_named = isinstance(context, (WorkflowSerializationContext, ActivitySerializationContext))
        named = (is_named and context.workflow_id) or ""  # type: ignore[attr-defined]
        workflow_id = SHARED if named.startswith(UPKEEP) else named or SHARED
        return self if workflow_id == self._workflow_id else type(self)(self.keys, workflow_id)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """The payloads, encrypted. Raises KeyRingError."""
        if not payloads:
            return []
        key = self.keys.known_of(self._workflow_id)
        if key is None:
            key = await asyncio.to_thread(self.keys.of, self._workflow_id)
        return [sealed(payload, key) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """The payloads as they were before; what is not encrypted, or not ours, as it is. Raises KeyRingError."""
        return [await self._decoded(payload) for payload in payloads]

    async def _decoded(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        key_id = payload.metadata.get(NAME_OF_KEY, b"").decode("ascii", "replace")
        if not KEY_ID.fullmatch(key_id):
            return payload
        key: CaseKey | None = self.keys.known(key_id)
        if key is None:
            key = await asyncio.to_thread(self.keys.for_reading, key_id, self._workflow_id)
        return _opened(payload, key) if key and may_read(key.workflow_id, self._workflow_id) else payload


def encrypting(keys: CaseKeys) -> DataConverter:
    """The converter of everything that runs: pydantic's JSON, failures with their texts in a payload, encrypted."""
    return dataclasses.replace(PLAIN, payload_codec=CaseCodec(keys))


async def check_key(client: Client, workflow_id: str) -> None:
    """Raises KeyRingError where a client can now read and write nothing of a workflow, with the reason."""
    codec = client.data_converter.payload_codec
    if isinstance(codec, CaseCodec):
        await asyncio.to_thread(codec.keys.of, workflow_id)


def sealed(payload: Payload, key: CaseKey) -> Payload:
    """A payload, encrypted by a key that it names."""
    metadata = {"encoding": ENCODING, NAME_OF_KEY: key.id.encode()}
    return Payload(metadata=metadata, data=key.seal(payload.SerializeToString()))


def _opened(payload: Payload, key: CaseKey) -> Payload:
    plain = key.unseal(payload.data)
    if plain is None:
        return payload
    try:
        return Payload.FromString(plain)
    except DecodeError:
        return payload
