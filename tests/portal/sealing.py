"""What Temporal would keep of a case, and what its UI sends to have it read."""

import json
from base64 import b64encode
from typing import Any

from google.protobuf.json_format import MessageToDict
from temporalio.api.common.v1 import Payload

from tests.portal.conftest import Portal
from wiring.casekeys import CaseKeys, open_case_keys, see_to_a_plan_key
from wiring.encryption import sealed
from workflows import workflow_id

NAME = "Quarkzebra"


class Kept:
    """The keys of a portal's cases, as another process has them."""

    def __init__(self, portal: Portal) -> None:
        see_to_a_plan_key(portal.settings, portal.world.records, may_make=True)
        self.portal = portal
        self.keys: CaseKeys = open_case_keys(portal.settings, portal.world.records)

    def of(self, name: str, value: Any = NAME) -> dict[str, Any]:
        """A payload of one of the portal's cases, by what the case is."""
        return self.of_workflow(workflow_id(self.portal.numbers[name]), value)

    def of_workflow(self, workflow: str, value: Any = NAME) -> dict[str, Any]:
        """A payload of a workflow."""
        found: dict[str, Any] = MessageToDict(sealed(in_clear(value), self.keys.of(workflow)))
        return found


def in_clear(value: Any) -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(value).encode())


def plain(value: Any) -> dict[str, Any]:
    """The same as the UI has it."""
    found: dict[str, Any] = MessageToDict(in_clear(value))
    return found


def naming(key_id: str, data: bytes = b"x" * 40) -> dict[str, Any]:
    """A payload that names a key, and was encrypted by none."""
    metadata = {"encoding": b"binary/encrypted", "encryption-key-id": key_id.encode()}
    return {"metadata": {k: b64encode(v).decode() for k, v in metadata.items()}, "data": b64encode(data).decode()}
