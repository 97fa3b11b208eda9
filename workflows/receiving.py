"""How what was sent becomes an action, and the action a receipt. Never raises for anything that was sent."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadConverter

from policy.acting import act
from policy.actions import ACTIONS, OUR_FIELDS
from policy.answering import AnyFile, refuse_unreadable
from policy.case import Case
from policy.complaints import FieldError, field_errors
from policy.particulars import Receipt
from policy.staffaction import LARGEST_ACTION, StaffAction
from policy.verdict import Value
from workflows.signatures import check

LONGEST_ACTION_ID = 100
PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]{1,60}")
UNKNOWN = "no such action; docs/actions.md lists them, and so does: second-opinion actions"


class Unreadable(Value):
    """What is no action: of what was sent only its size and its digest are kept."""

    reason: str
    fields: tuple[FieldError, ...] = ()
    action_id: str = ""


TOO_LARGE = Unreadable(reason=f"larger than {LARGEST_ACTION // 1024} KB; send documents by reference")


def receive(case: Case, signal: str, payload: Payload, converter: PayloadConverter, now: datetime) -> Case:
    """The case after a signal's one payload: the action applied, or refused."""
    return _received(case, signal, payload, read(signal, payload, converter), now)


def taken(
    file: AnyFile,
    signal: str,
    payload: Payload,
    found: StaffAction | Unreadable,
    now: datetime,
    apply: Callable[[Any], AnyFile],
) -> AnyFile:
    """A file of any kind after what was sent: what is an action goes to ``apply``, what is none is refused."""
    if isinstance(found, StaffAction):
        return apply(found)
    return refuse_unreadable(
        file,
        named(signal),
        found.reason,
        now,
        fields=found.fields,
        action_id=found.action_id,
        size=len(payload.data),
        digest=hashlib.sha256(payload.data).hexdigest(),
    )


def receive_update(case: Case, payload: Payload, converter: PayloadConverter, now: datetime) -> tuple[Case, Receipt]:
    """The case after the update ``act``, and the answer. Its payload names the signal in the field ``action``."""
    signal, found = _read_named(payload, converter)
    after = _received(case, signal, payload, found, now)
    return after, _answer(case, after, found.action_id)


def refuse_signal(file: AnyFile, signal: str, reason: str, now: datetime) -> AnyFile:
    """The file after a signal that nobody knows or that had no body; what is no plain name is not repeated."""
    return refuse_unreadable(file, named(signal), reason, now)


def _received(case: Case, signal: str, payload: Payload, found: StaffAction | Unreadable, now: datetime) -> Case:
    return taken(case, signal, payload, found, now, lambda a: act(case, a, now, check(a, case.number, case.trust, now)))


def read(
    signal: str,
    payload: Payload,
    converter: PayloadConverter,
    models: Mapping[str, type[StaffAction]] = ACTIONS,
    fields: frozenset[str] = OUR_FIELDS,
) -> StaffAction | Unreadable:
    """The action that a payload holds, or why it is none. Of what was typed nothing is repeated."""
    if len(payload.data) > LARGEST_ACTION:
        return TOO_LARGE
    try:
        action = converter.from_payload(payload, models[signal])
    except ValidationError as error:
        return _misfit(signal, error, _action_id(payload), fields)
    except Exception:  # noqa: BLE001 - no JSON, no known encoding: whatever it is, it is no action
        action = None
    return action if isinstance(action, StaffAction) else _no_object(signal, payload)


def _read_named(payload: Payload, converter: PayloadConverter) -> tuple[str, StaffAction | Unreadable]:
    """The action of an update, with its signal's name."""
    if len(payload.data) > LARGEST_ACTION:
        return "act", TOO_LARGE
    try:
        body = converter.from_payload(payload, dict[str, Any])
    except Exception:  # noqa: BLE001 - as above
        body = None
    if not isinstance(body, dict):
        return "act", _no_object("act", payload)
    signal = body.pop("action", "")
    if not isinstance(signal, str) or signal not in ACTIONS:
        field = FieldError(field="action", problem=UNKNOWN)
        return "act", Unreadable(reason=f"action: {UNKNOWN}", fields=(field,), action_id=_action_id(payload))
    try:
        return signal, ACTIONS[signal].model_validate_json(json.dumps(body))
    except ValidationError as error:
        return signal, _misfit(signal, error, _action_id(payload))


def _misfit(signal: str, error: ValidationError, action_id: str, known: frozenset[str] = OUR_FIELDS) -> Unreadable:
    fields = field_errors(error, known=known)
    reason = "; ".join(f"{f.field}: {f.problem}" for f in fields) or _unfit(signal)
    return Unreadable(reason=reason, fields=fields, action_id=action_id)


def _no_object(signal: str, payload: Payload) -> Unreadable:
    return Unreadable(reason=_unfit(signal), action_id=_action_id(payload))


def _unfit(signal: str) -> str:
    return f"not a JSON object that fits {signal}"


def _action_id(payload: Payload) -> str:
    """The ``action_id`` of a body that does not fit, if it has one, so that its sender finds the receipt."""
    try:
        found = json.loads(payload.data)["action_id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return found[:LONGEST_ACTION_ID] if isinstance(found, str) else ""


def named(signal: str) -> str:
    """A signal's name as it may be repeated."""
    return signal if PLAIN_NAME.fullmatch(signal) else "(no plain name)"


def _answer(before: Case, after: Case, action_id: str) -> Receipt:
    """The receipt; for what was refused without one, the refusal as one."""
    if after.refused_count == before.refused_count and (receipt := after.receipt(action_id)):
        return receipt
    refused = after.refusals[-1]
    return Receipt(
        action_id=action_id,
        action=refused.action,
        accepted=False,
        at=refused.at,
        digest=refused.digest,
        reason=refused.reason,
        clause=refused.clause,
        fields=refused.fields,
    )
