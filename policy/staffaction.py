"""What every staff action carries: who acts, on which case, when a door received it, and what proves it.

The models of actions only grow: a recorded action must decode for ever, so a new field has a default and none is
tightened. ``tests/policy/test_models_grow.py`` holds them to it.
"""

import hashlib
import json
from typing import Any, ClassVar

from pydantic import Field

from policy.clauses import Clause
from policy.people import Actor
from policy.tasks import TaskKind
from policy.verdict import Moment, Value

LARGEST_ACTION = 64 * 1024  # bytes as JSON; documents go by reference


class StaffAction(Value):
    """What every action carries. ``action_id`` is the sender's own: the same one twice is applied once."""

    SIGNAL: ClassVar[str] = ""
    ABOUT: ClassVar[str] = ""
    CLAUSE: ClassVar[Clause] = Clause.P1
    TASK: ClassVar[TaskKind | None] = None
    EXAMPLE: ClassVar[dict[str, Any]] = {}
    BY_THE_DOOR: ClassVar[frozenset[str]] = frozenset()  # what a door finds out itself, and no form asks for

    action_id: str = Field(min_length=1, max_length=100)
    actor: Actor
    at: Moment = Field(description="when the door received it")
    case_number: str = Field("", max_length=40, description="when given, must be the case's own")
    revision: int = Field(
        0, ge=0, description="the revision of the task (or, without one, of the case) that you saw; 0: whichever stands"
    )
    signed_statement: str = Field("", max_length=8_000, description="the door's signed statement of the actor")

    def digest(self, *without: str) -> str:
        """SHA-256 of what the action asks for, in hex, leaving out some fields, the statement and whatever is unset.

        A field that a later version adds changes no digest, so what is under way while we upgrade stays valid.
        """
        content = self.model_dump(mode="json", exclude={"signed_statement", *without}, exclude_defaults=True)
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(f"{self.SIGNAL} {text}".encode()).hexdigest()
