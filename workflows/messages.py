"""What a case's workflow is started with, what it answers, and how a raw signal becomes an action or a refusal."""

import hashlib
import json

from pydantic import AwareDatetime, ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadConverter

from policy.acting import act, refuse_unreadable
from policy.actions import ACTIONS, OUR_FIELDS, StaffAction
from policy.case import Case
from policy.complaints import FieldError, field_errors
from policy.lifecycle import Outcome
from policy.request import Request
from policy.verdict import Value

LARGEST_ACTION = 64 * 1024  # bytes; documents go by reference
LONGEST_ACTION_ID = 100


class Opening(Value):
    """A request at the door: its case number, and when the server received it."""

    case_number: str
    request: Request
    received_at: AwareDatetime


class Closing(Value):
    """How a case ended."""

    case_number: str
    outcome: Outcome
    category: str
    filed: str


def receive(case: Case, signal: str, payload: Payload, converter: PayloadConverter, now: AwareDatetime) -> Case:
    """The case after a signal's one payload: the action applied or refused. Never raises for anything that was sent."""
    size, digest = len(payload.data), hashlib.sha256(payload.data).hexdigest()
    if size > LARGEST_ACTION:
        reason = f"larger than {LARGEST_ACTION // 1024} KB; send documents by reference"
        return refuse_unreadable(case, signal, reason, now, size=size, digest=digest)
    model = ACTIONS[signal]
    fields: tuple[FieldError, ...] = ()
    try:
        action = converter.from_payload(payload, model)
    except ValidationError as error:
        action, fields = None, field_errors(error, known=OUR_FIELDS)
    except Exception:  # noqa: BLE001 - no JSON, no known encoding: whatever it is, it is no action
        action = None
    if isinstance(action, StaffAction):
        return act(case, action, now)
    return refuse_unreadable(
        case,
        signal,
        "; ".join(f"{f.field}: {f.problem}" for f in fields) or f"not a JSON object that fits {signal}",
        now,
        fields=fields,
        action_id=_action_id(payload),
        size=size,
        digest=digest,
    )


def _action_id(payload: Payload) -> str:
    """The ``action_id`` of a body that does not fit, if it has one, so that its sender finds the receipt."""
    try:
        found = json.loads(payload.data)["action_id"]
    except (ValueError, KeyError, TypeError):
        return ""
    return found[:LONGEST_ACTION_ID] if isinstance(found, str) else ""
