"""What an action is answered with, whatever kind of case it was meant for: a receipt, and a refusal that is kept."""

from datetime import datetime
from typing import TypeVar

from policy.complaints import FieldError
from policy.particulars import Receipt, RefusedAction
from policy.staffaction import StaffAction
from policy.storied import Storied
from policy.trust import Proof
from policy.verdict import Refused

AnyFile = TypeVar("AnyFile", bound=Storied)
LONGEST_SIGNAL = 100  # characters that are kept of the name of a signal that nobody knows


def receipt_of(action: StaffAction, now: datetime, digest: str, proof: Proof, why: Refused | None = None) -> Receipt:
    """The answer to an action at ``now`` (aware UTC): applied, or refused for a reason."""
    return Receipt(
        action_id=action.action_id,
        action=action.SIGNAL,
        accepted=why is None,
        at=now,
        digest=digest,
        signed=proof.is_signed,
        reason=why.reason if why is not None else "",
        clause=why.clause if why is not None else "",
        fields=_fields(why) if why is not None else (),
    )


def refusal_of(action: StaffAction, why: Refused, now: datetime, digest: str) -> RefusedAction:
    """What is kept of an action that could not be applied."""
    return RefusedAction(
        at=now,
        action=action.SIGNAL,
        action_id=action.action_id,
        actor=action.actor.id,
        reason=why.reason,
        clause=why.clause,
        fields=_fields(why),
        digest=digest,
    )


def refuse_unreadable(
    file: AnyFile,
    name: str,
    reason: str,
    now: datetime,
    *,
    fields: tuple[FieldError, ...] = (),
    action_id: str = "",
    size: int = 0,
    digest: str = "",
) -> AnyFile:
    """The file after something that is no action: a signal that nobody knows, or a body that does not fit."""
    refused = RefusedAction(
        at=now,
        action=name[:LONGEST_SIGNAL],
        action_id=action_id,
        reason=reason,
        fields=fields,
        size=size,
        digest=digest,
    )
    file = file.keep_refusal(refused)
    if action_id and file.receipt(action_id) is None:
        file = file.remember(_unreadable_answer(refused))
    return file


def _unreadable_answer(refused: RefusedAction) -> Receipt:
    """The answer to something that carried an ``action_id`` and was no action."""
    return Receipt(
        action_id=refused.action_id,
        action=refused.action,
        accepted=False,
        at=refused.at,
        digest=refused.digest,
        reason=refused.reason,
        fields=refused.fields,
    )


def _fields(why: Refused) -> tuple[FieldError, ...]:
    return (FieldError(field=why.field, problem=why.reason),) if why.field else ()
