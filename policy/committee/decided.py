"""What a committee decided, as a task with an owner and a due date, followed to its end. Policy 90.2.17, P12.

Its states are WS-HumanTask's, as everywhere: reserved for its owner, completed with an outcome, obsolete (withdrawn).
"""

from datetime import date
from enum import StrEnum
from typing import Any, Self

from pydantic import AwareDatetime, Field

from policy.contents import Committee
from policy.particulars import Notice, Recipient
from policy.people import Actor, Address
from policy.tasks import OPEN_STATES, TaskState
from policy.verdict import Entered, Value


class ActionKind(StrEnum):
    """What a committee can decide (P12)."""

    INFORM_MEMBER = "inform_member"
    INFORM_PROVIDER = "inform_provider"
    CORRECTIVE_ACTION_PLAN = "corrective_action_plan"
    FOCUSED_REVIEW = "focused_review"
    PEER_REVIEW = "peer_review"
    NO_ACTION = "no_action"


# A peer review is confidential (Evidence Code 1157), a focused review looks at records that are here: neither writes.
WRITTEN_TO: dict[ActionKind, Recipient] = {
    ActionKind.INFORM_MEMBER: Recipient.MEMBER,
    ActionKind.INFORM_PROVIDER: Recipient.PROVIDER,
    ActionKind.CORRECTIVE_ACTION_PLAN: Recipient.PROVIDER,
}


class Correspondent(Entered):
    """A provider or PPG that a letter goes to, where no case says who and where it is."""

    name: str = Field(min_length=1, max_length=200)
    npi: str = Field("", pattern=r"^([0-9]{10})?$", description="the National Provider Identifier, if it has one")
    address: Address | None = None
    fax: str = Field("", max_length=40)


class FollowUp(Value):
    """What was noted on the way: by whom, when."""

    at: AwareDatetime
    by: str
    text: str


class DecidedAction(Value):
    """One decision of a committee. ``id`` is unique in its report (``A1``, ``A2``, …).

    ``flag`` is the report's, ``about_case`` a case's number; a letter goes to that case's member or treating provider,
    or to ``correspondent``. ``due`` is a day in Los Angeles, to its end. ``concerned`` are those whom it is about, by
    staff id or NPI: they neither decide it nor end it. ``escalated``: its day has passed.
    """

    id: str
    kind: ActionKind
    committee: Committee
    met_on: date
    flag: str = ""
    about_case: str = ""
    correspondent: Correspondent | None = None
    concern: str
    tells: tuple[str, ...] = ()
    reply_by: date | None = None
    owner: Actor | None = None
    due: date | None = None
    concerned: tuple[str, ...] = ()
    state: TaskState = TaskState.RESERVED
    reminded: bool = False
    escalated: bool = False
    decided_at: AwareDatetime
    decided_by: str
    ended_at: AwareDatetime | None = None
    ended_by: str = ""
    outcome: str = ""
    follow_ups: tuple[FollowUp, ...] = ()
    notice: Notice | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do it."""
        return self.state in OPEN_STATES

    @property
    def owes_letter(self) -> bool:
        """Whether its letter has yet to leave."""
        return self.notice is not None and self.notice.is_owed

    @property
    def ends_with_its_letter(self) -> bool:
        """Whether nothing is left to do once the reader is told."""
        return self.kind in (ActionKind.INFORM_MEMBER, ActionKind.INFORM_PROVIDER) and self.reply_by is None

    def concerns(self, actor: Actor) -> bool:
        """Whether it is about this person."""
        return not {actor.id, actor.npi}.isdisjoint(c for c in self.concerned if c)

    def but(self, **changes: Any) -> Self:  # noqa: ANN401 - as pydantic's own model_copy
        """The action with some fields changed."""
        return self.model_copy(update=changes)

    def ended(self, state: TaskState, at: AwareDatetime, by: str, outcome: str) -> Self:
        """Completed, or withdrawn."""
        return self.but(state=state, ended_at=max(at, self.decided_at), ended_by=by, outcome=outcome)
