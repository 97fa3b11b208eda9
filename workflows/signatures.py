"""Whether an action was signed, at a door, by whom it names. A pure check: the same answer on every replay.

Two kinds of keys, so that keys can change while cases run. A long-lived *root* certifies the short-lived keys of our
*doors*; a case is given the public roots when it is opened, and a door's key travels with each statement, in its
certificate. All are JWS in compact form, signed with Ed25519 (RFC 7515, 9864).

How long a statement holds is a trade. Whoever copies one can only repeat the very same action on the very same case,
which its ``action_id`` makes harmless, so a long life costs little; a short one would refuse what was queued while the
workers were away. Hence a day at most: what is sent in the evening is still good when workers return in the morning.
What a longer life would cost is that a stolen door key stays of use for as long after its certificate has ended.
"""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import Field

from policy.staffaction import StaffAction
from policy.trust import UNSIGNED, Proof, Trust
from policy.verdict import Value

ALGORITHM = "Ed25519"  # what RFC 9864 calls the EdDSA of this curve; there is no other to choose, so none to confuse
DOOR, STATEMENT = "second-opinion-door", "second-opinion-statement"  # so that neither is taken for the other
MOST_CERTIFICATES = 8  # each may cost a check against every root
LONGEST_LIFE = timedelta(hours=24)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

MALFORMED = "its statement is not one that our doors write; send the action through one of our doors"
UNKNOWN_DOOR = "its statement was signed at a door that no root key of this case certifies"
FORGED = "its statement was changed, or was not signed with the key of its door"
DOOR_OUT_OF_DATE = "the key of its door was not valid at the time of the action; send it again"
OTHER_CASE = "its statement was signed for another case"
OTHER_ACTION = "its statement was signed for another action"
OTHER_ACTOR = "its statement was signed for another actor or for other roles"
CHANGED = "the action was changed after it was signed"
TOO_LONG = f"its statement would hold for longer than {LONGEST_LIFE // timedelta(hours=1)} hours"
EXPIRED = "its statement has expired; send the action again"

Second = Annotated[int, Field(strict=True, ge=0, le=253_402_300_799)]  # UTC, since 1970, to the end of the year 9999
Kind = TypeVar("Kind", bound=Value)


class Certificate(Value):
    """What a root certifies of a door: its public key (base64url), and from when until when it may sign."""

    key: str
    nbf: Second
    exp: Second


class Statement(Value):
    """What a door states: who does what to which case, since when and until when, and its own certificates.

    ``door`` holds one certificate for each root, so that a case which knows only an older root believes it too.
    """

    case: str
    action: str
    actor: str
    roles: tuple[str, ...]
    digest: str
    iat: Second
    exp: Second
    door: tuple[str, ...] = Field(max_length=MOST_CERTIFICATES)


def check(action: StaffAction, case_number: str, trust: Trust, now: datetime) -> Proof:
    """Whether the action's statement proves its actor, at ``now``, the time of the story. Never raises.

    The action must be as it was sent: with another ``at`` it counts as changed.
    """
    if not trust.roots or not action.signed_statement:
        return UNSIGNED
    statement = unverified(action.signed_statement, STATEMENT, Statement)
    if statement is None:
        return Proof(is_signed=False, problem=MALFORMED)
    certificate = next(filter(None, (certified(text, trust.roots) for text in statement.door)), None)
    if certificate is None:
        return Proof(is_signed=False, problem=UNKNOWN_DOOR)
    if not _is_signed_by(action.signed_statement, certificate.key):
        return Proof(is_signed=False, problem=FORGED)
    problem = _problem(statement, certificate, action, case_number, seconds(now))
    return Proof(is_signed=not problem, problem=problem)


def _problem(said: Statement, door: Certificate, action: StaffAction, case_number: str, now: int) -> str:
    """Why a genuine statement does not prove this action; empty when it does."""
    objections = (
        (DOOR_OUT_OF_DATE, not door.nbf <= said.iat <= door.exp),
        (OTHER_CASE, said.case != case_number),
        (OTHER_ACTION, said.action != action.SIGNAL),
        (OTHER_ACTOR, (said.actor, said.roles) != (action.actor.id, roles_of(action))),
        (CHANGED, said.iat != seconds(action.at) or said.digest != action.digest()),
        (TOO_LONG, said.exp - said.iat > LONGEST_LIFE.total_seconds()),
        (EXPIRED, said.exp < now),
    )
    return next((problem for problem, is_so in objections if is_so), "")


def certified(text: str, roots: tuple[str, ...]) -> Certificate | None:
    """A door's certificate that one of the roots (public, base64url) has signed; None for anything else."""
    certificate = unverified(text, DOOR, Certificate)
    return certificate if certificate and any(_is_signed_by(text, root) for root in roots) else None


def unverified(text: str, kind: str, model: type[Kind]) -> Kind | None:
    """What a JWS says, before anybody has looked at its signature; None when it is not of our making.

    Its header must be ours to the letter: it can then neither choose an algorithm nor switch anything off.
    """
    if not text.startswith(_BEGINNINGS[kind]):
        return None
    try:
        return model.model_validate_json(jws.extract_compact(text.encode()).payload)
    except (JoseError, ValueError):
        return None


def _is_signed_by(text: str, public_key: str) -> bool:
    try:
        key = OKPKey.import_key({"kty": "OKP", "crv": ALGORITHM, "x": public_key})
        jws.deserialize_compact(text.encode(), key, algorithms=[ALGORITHM])
    except (JoseError, ValueError):
        return False
    return True


def roles_of(action: StaffAction) -> tuple[str, ...]:
    """The actor's roles as a statement gives them: each once, in order."""
    return tuple(sorted({role.value for role in action.actor.roles}))


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970, in exact arithmetic."""
    return (moment - EPOCH) // timedelta(seconds=1)


def header(kind: str) -> dict[str, str]:
    """The header of a statement or of a door's certificate."""
    return {"alg": ALGORITHM, "typ": kind}


def _beginning(kind: str) -> str:
    text = json.dumps(header(kind), separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode() + "."


_BEGINNINGS = {kind: _beginning(kind) for kind in (DOOR, STATEMENT)}
