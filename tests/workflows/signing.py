"""Signed actions for the tests of signatures. The keys are made from words, so every run has the same ones."""

import json
from datetime import datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.jwk import OKPKey

from policy.staffaction import StaffAction
from policy.trust import Trust, TrustMode
from tests.builders import CMO, MONDAY, action
from workflows import signatures
from workflows.signatures import check

CASE, OTHER = "SO-2026-000001", "SO-2026-000002"
DAY = timedelta(hours=24)
ROOT, DOOR, STRANGER = (OKPKey.derive_key(word) for word in ("root", "door", "stranger"))
NOW = signatures.seconds(MONDAY)


def public(key: OKPKey) -> str:
    return str(key.as_dict()["x"])


TRUST = Trust(mode=TrustMode.REQUIRE, roots=(public(ROOT),))


def sealed(kind: str, content: Any, key: OKPKey, **header: Any) -> str:
    return jws.serialize_compact(
        {**signatures.header(kind), **header}, json.dumps(content), key, algorithms=["Ed25519", "EdDSA", "none"]
    )


def certificate(key: OKPKey = DOOR, root: OKPKey = ROOT, **changes: Any) -> str:
    content = {"key": public(key), "nbf": NOW - 60, "exp": NOW + 60, **changes}
    return sealed(signatures.DOOR, content, root)


def an_action(**changes: Any) -> StaffAction:
    given = {"actor": CMO, "at": MONDAY, "action_id": "a-1", "text": "Called the clinic.", **changes}
    return action("add_comment", **given)


def content_of(act: StaffAction, **changes: Any) -> dict[str, Any]:
    """What a door states of an action."""
    given = {
        "case": CASE,
        "action": act.SIGNAL,
        "actor": act.actor.id,
        "roles": [role.value for role in act.actor.roles],
        "digest": act.digest(),
        "iat": NOW,
        "exp": NOW + 3600,
        "door": [certificate()],
    }
    return {**given, **changes}


def signed(act: StaffAction | None = None, key: OKPKey = DOOR, **changes: Any) -> StaffAction:
    act = act or an_action()
    text = sealed(signatures.STATEMENT, content_of(act, **changes), key)
    return act.model_copy(update={"signed_statement": text})


def with_statement(text: str) -> StaffAction:
    return an_action().model_copy(update={"signed_statement": text})


def problem(act: StaffAction, case: str = CASE, trust: Trust = TRUST, now: datetime = MONDAY) -> str:
    """What is wrong with an action; empty when it is believed."""
    proof = check(act, case, trust, now)
    assert proof.is_signed == (not proof.problem)
    return proof.problem


BEGINNING = sealed(signatures.STATEMENT, {}, DOOR).split(".")[0]
