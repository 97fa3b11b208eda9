"""Human tasks, in the vocabulary of WS-HumanTask: what waits for whom, since when, and under which clause."""

import json
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, Field

from policy.clauses import Clause
from policy.people import Actor, Role
from policy.rule import Obligation
from policy.verdict import Allowed, Refused, Value, Verdict, first_refusal


class TaskKind(StrEnum):
    """What a person is asked to do."""

    COMPLETENESS_REVIEW = "completeness_review"
    OBTAIN_INFORMATION = "obtain_information"
    PHYSICIAN_REVIEW = "physician_review"
    CONSULTATIVE_REVIEW = "consultative_review"
    EXPIRED_DETERMINATION = "expired_determination"
    PLACEMENT = "placement"
    OBTAIN_REPORT = "obtain_report"
    TELEPHONE_NOTICE = "telephone_notice"
    THIRD_OPINION_LOST = "third_opinion_lost"


class TaskState(StrEnum):
    """WS-HumanTask's states, as far as they occur here. ``obsolete`` is what was skipped."""

    READY = "ready"
    RESERVED = "reserved"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    OBSOLETE = "obsolete"
    EXITED = "exited"


OPEN_STATES = (TaskState.READY, TaskState.RESERVED, TaskState.SUSPENDED)


class TaskDefinition(Value):
    """What holds for every task of a kind."""

    title: str
    clause: Clause
    potential_owners: tuple[Role, ...]
    serves: tuple[Obligation, ...]
    skipped_by: tuple[Role, ...] = ()


PHYSICIANS = (Role.CMO, Role.PHYSICIAN_DESIGNEE)
IN_CHARGE = (Role.SUPERVISOR, Role.ADMINISTRATOR)
DECISION = (Obligation.DECISION, Obligation.DECISION_OUTER)

DEFINITIONS: dict[TaskKind, TaskDefinition] = {
    TaskKind.COMPLETENESS_REVIEW: TaskDefinition(
        title="Review the referral for completeness",
        clause=Clause.P2,
        potential_owners=(Role.CASE_MANAGER,),
        serves=(*DECISION, Obligation.PEND_NOTICE),
    ),
    TaskKind.OBTAIN_INFORMATION: TaskDefinition(
        title="Obtain missing information from the treating provider",
        clause=Clause.P3,
        potential_owners=(Role.CASE_MANAGER,),
        serves=(Obligation.INFORMATION_REPLY, *DECISION),
        skipped_by=(Role.CASE_MANAGER, *IN_CHARGE),
    ),
    TaskKind.PHYSICIAN_REVIEW: TaskDefinition(
        title="Decide on medical necessity", clause=Clause.P4, potential_owners=PHYSICIANS, serves=DECISION
    ),
    TaskKind.CONSULTATIVE_REVIEW: TaskDefinition(
        title="Review as a specialist and recommend",
        clause=Clause.P5,
        potential_owners=(Role.CONSULTANT,),
        serves=DECISION,
        skipped_by=(*PHYSICIANS, *IN_CHARGE),
    ),
    TaskKind.EXPIRED_DETERMINATION: TaskDefinition(
        title="Sign the denial of an expired request today",
        clause=Clause.POL_4,
        potential_owners=PHYSICIANS,
        serves=DECISION,
    ),
    TaskKind.PLACEMENT: TaskDefinition(
        title="Place the opinion with a qualified physician",
        clause=Clause.P6,
        potential_owners=(Role.CASE_MANAGER,),
        serves=(Obligation.PLACEMENT, Obligation.APPOINTMENT, Obligation.OPINION_RENDERED),
    ),
    TaskKind.OBTAIN_REPORT: TaskDefinition(
        title="Obtain the consultation report",
        clause=Clause.P7,
        potential_owners=(Role.CASE_MANAGER,),
        serves=(Obligation.APPOINTMENT, Obligation.CONSULTATION_REPORT, Obligation.OPINION_RENDERED),
    ),
    TaskKind.TELEPHONE_NOTICE: TaskDefinition(
        title="Reach somebody by telephone",
        clause=Clause.P5,
        potential_owners=(Role.CASE_MANAGER,),
        serves=(Obligation.PROVIDER_NOTICE, Obligation.MEMBER_NOTICE, Obligation.PEND_NOTICE),
        skipped_by=IN_CHARGE,
    ),
    TaskKind.THIRD_OPINION_LOST: TaskDefinition(
        title="Take up the third opinion, whose own case was lost",
        clause=Clause.T1,
        potential_owners=IN_CHARGE,
        serves=(Obligation.OPINION_RENDERED,),
    ),
}


class Exclusion(Value):
    """Somebody who must not do a task, by staff id or NPI, and why. What is ``by_law`` nobody can lift."""

    who: str
    reason: str
    clause: str
    by_law: bool = True

    def keeps_out(self, actor: Actor) -> bool:
        """Whether the actor is meant: by account, or by NPI (a person may have several accounts)."""
        return self.who in (actor.id, actor.npi)


class Nominee(Value):
    """A person who is asked for a task, and why this one."""

    person: Actor
    reason: str = Field("", max_length=300)


class Comment(Value):
    """What somebody said about a task."""

    at: AwareDatetime
    actor: str
    text: str


def fields_of_draft(draft: str) -> dict[str, Any] | None:
    """What was entered so far, by field; None for what is no JSON object. No draft has no fields."""
    try:
        found = json.loads(draft or "{}")
    except (ValueError, RecursionError):  # also one that is nested thousands deep
        return None
    return found if isinstance(found, dict) else None


def draft_of(task: "HumanTask") -> dict[str, Any]:
    """What was kept with a task; nothing when it cannot be read."""
    return fields_of_draft(task.draft) or {}


# What of a task follows from its case, and changes without anybody touching the task.
FOLLOWS = ("due_at", "due_rule", "priority", "excluded")


MOST_URGENT = 0  # the priority of a task where a threat is imminent
COMMENTS_KEPT = 20_000  # characters of an open task's comments


class HumanTask(Value):
    """One task of one case. ``id`` is unique within the case (``T1``, ``T2``, …).

    ``revision`` counts what people did to it; a comment or a draft does not count. ``priority`` is WS-HumanTask's, 0
    (first) to 10. When it is due and by which rule, its priority and who is excluded follow from the case
    (``Case.but`` keeps them so). ``letter`` is the key of the letter that it is about, if it is about one.
    """

    id: str
    kind: TaskKind
    state: TaskState = TaskState.READY
    note: str = ""
    letter: str = ""
    owner: str = ""
    escalated: bool = False
    opened_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    ended_by: str = ""
    ended_by_npi: str = ""
    outcome: str = ""
    revision: int = 1
    priority: int = 5
    due_at: AwareDatetime | None = None
    due_rule: str = ""
    excluded: tuple[Exclusion, ...] = ()
    lifted: tuple[str, ...] = ()
    suspended_until: AwareDatetime | None = None
    delegated_by: str = ""
    delegator: Actor | None = None
    nominees: tuple[Nominee, ...] = ()
    nominated_at: AwareDatetime | None = None
    answer_by: AwareDatetime | None = None
    reminded: bool = False
    comments: tuple[Comment, ...] = ()
    draft: str = ""

    @property
    def definition(self) -> TaskDefinition:
        """What holds for every task of this kind."""
        return DEFINITIONS[self.kind]

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do it."""
        return self.state in OPEN_STATES

    @property
    def title(self) -> str:
        """What to do, in plain words."""
        return f"{self.definition.title} ({self.note})" if self.note else self.definition.title

    @property
    def asked(self) -> str:
        """The id of the person whose turn it is to answer a nomination; empty when nobody is asked."""
        return self.nominees[0].person.id if self.nominees and not self.owner else ""

    def differs_from(self, other: "HumanTask") -> bool:
        """Whether anything differs but what follows from the case."""
        follows = {name: getattr(other, name) for name in FOLLOWS}
        return self.model_copy(update=follows) != other

    def may_be_worked_by(self, actor: Actor) -> Verdict:
        """Whether the actor is a potential owner, and the task is not another's."""
        return first_refusal(self.is_for(actor), self._is_not_anothers(actor))

    def is_for(self, actor: Actor) -> Verdict:
        """Whether the actor has a role of the potential owners."""
        roles = self.definition.potential_owners
        if actor.has(*roles):
            return Allowed()
        needed = " or ".join(r.replace("_", " ") for r in roles)
        return Refused(reason=f"this task is for a {needed}", clause=self.definition.clause, field="actor.roles")

    def _is_not_anothers(self, actor: Actor) -> Verdict:
        clause = self.definition.clause
        if self.owner and self.owner != actor.id:
            reason = f"{self.owner} has claimed this task; it must be released first"
            return Refused(reason=reason, clause=clause, field="actor.id")
        if self.asked and self.asked != actor.id:
            reason = f"{self.asked} is asked for this task; a supervisor can assign it to another"
            return Refused(reason=reason, clause=clause, field="actor.id")
        return Allowed()

    def bars(self, actor: Actor) -> Exclusion | None:
        """What keeps the actor from the task, unless it was lifted for this person."""
        standing = (e for e in self.excluded if e.by_law or {actor.id, e.who}.isdisjoint(self.lifted))
        return next((e for e in standing if e.keeps_out(actor)), None)

    # -- each step gives back the next value

    def changed(self, **changes: Any) -> "HumanTask":  # noqa: ANN401 - as pydantic's own model_copy
        """The task after something was done to it; its revision rises."""
        return self.model_copy(update={"revision": self.revision + 1, **changes})

    def owned_by(self, person: str, *, delegator: Actor | None = None) -> "HumanTask":
        """Reserved for a person."""
        if (self.state, self.owner, self.delegator) == (TaskState.RESERVED, person, delegator):
            return self
        by = delegator.id if delegator else ""
        return self.changed(
            state=TaskState.RESERVED, owner=person, delegated_by=by, delegator=delegator, suspended_until=None
        )

    def released(self) -> "HumanTask":
        """Open to all potential owners again."""
        return self.changed(state=TaskState.READY, owner="", delegated_by="", delegator=None, suspended_until=None)

    def suspended(self, until: datetime) -> "HumanTask":
        """Put aside until a time; its owner keeps it."""
        return self.changed(state=TaskState.SUSPENDED, suspended_until=until)

    def resumed(self) -> "HumanTask":
        """Taken up again."""
        state = TaskState.RESERVED if self.owner else TaskState.READY
        return self.changed(state=state, suspended_until=None)

    def ended(self, state: TaskState, at: datetime, by: str = "") -> "HumanTask":
        """Completed, skipped, or no longer needed. What was only on its way to that is forgotten."""
        gone = {"suspended_until": None, "nominees": (), "answer_by": None, "draft": "", "comments": ()}
        return self.changed(state=state, ended_at=max(at, self.opened_at), ended_by=by, **gone)

    def commented(self, comment: Comment) -> "HumanTask":
        """With one more comment; only the latest are kept, the ledger has all."""
        kept, size = [comment], len(comment.text)
        for earlier in reversed(self.comments):
            size += len(earlier.text)
            if size > COMMENTS_KEPT:
                break
            kept.append(earlier)
        return self.model_copy(update={"comments": tuple(reversed(kept))})
