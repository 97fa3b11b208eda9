"""Human tasks, in the vocabulary of WS-HumanTask: what waits for whom, since when, and under which clause."""

from enum import StrEnum

from pydantic import AwareDatetime

from policy.clauses import Clause
from policy.people import Actor, Role
from policy.verdict import Allowed, Refused, Value, Verdict


class TaskKind(StrEnum):
    """What a person is asked to do."""

    COMPLETENESS_REVIEW = "completeness_review"
    OBTAIN_INFORMATION = "obtain_information"
    PHYSICIAN_REVIEW = "physician_review"
    CONSULTATIVE_REVIEW = "consultative_review"
    EXPIRED_DETERMINATION = "expired_determination"
    PLACEMENT = "placement"
    OBTAIN_REPORT = "obtain_report"


class TaskState(StrEnum):
    """WS-HumanTask's states, as far as they occur here."""

    READY = "ready"
    RESERVED = "reserved"
    COMPLETED = "completed"
    EXITED = "exited"


class TaskDefinition(Value):
    """What holds for every task of a kind."""

    title: str
    clause: Clause
    potential_owners: tuple[Role, ...]


PHYSICIANS = (Role.CMO, Role.PHYSICIAN_DESIGNEE)

DEFINITIONS: dict[TaskKind, TaskDefinition] = {
    TaskKind.COMPLETENESS_REVIEW: TaskDefinition(
        title="Review the referral for completeness", clause=Clause.P2, potential_owners=(Role.CASE_MANAGER,)
    ),
    TaskKind.OBTAIN_INFORMATION: TaskDefinition(
        title="Obtain missing information from the treating provider",
        clause=Clause.P3,
        potential_owners=(Role.CASE_MANAGER,),
    ),
    TaskKind.PHYSICIAN_REVIEW: TaskDefinition(
        title="Decide on medical necessity", clause=Clause.P4, potential_owners=PHYSICIANS
    ),
    TaskKind.CONSULTATIVE_REVIEW: TaskDefinition(
        title="Review as a specialist and recommend", clause=Clause.P5, potential_owners=(Role.CONSULTANT,)
    ),
    TaskKind.EXPIRED_DETERMINATION: TaskDefinition(
        title="Sign the denial of an expired request today", clause=Clause.POL_4, potential_owners=PHYSICIANS
    ),
    TaskKind.PLACEMENT: TaskDefinition(
        title="Place the opinion with a qualified physician", clause=Clause.P6, potential_owners=(Role.CASE_MANAGER,)
    ),
    TaskKind.OBTAIN_REPORT: TaskDefinition(
        title="Obtain the consultation report", clause=Clause.P7, potential_owners=(Role.CASE_MANAGER,)
    ),
}


class HumanTask(Value):
    """One task of one case. ``id`` is unique within the case (``T1``, ``T2``, …)."""

    id: str
    kind: TaskKind
    state: TaskState = TaskState.READY
    note: str = ""
    owner: str = ""
    escalated: bool = False
    opened_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    ended_by: str = ""

    @property
    def definition(self) -> TaskDefinition:
        """What holds for every task of this kind."""
        return DEFINITIONS[self.kind]

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do it."""
        return self.state in (TaskState.READY, TaskState.RESERVED)

    @property
    def title(self) -> str:
        """What to do, in plain words."""
        return f"{self.definition.title} ({self.note})" if self.note else self.definition.title

    def may_be_worked_by(self, actor: Actor) -> Verdict:
        """Whether the actor is a potential owner, and nobody else has claimed the task."""
        roles = self.definition.potential_owners
        if not actor.has(*roles):
            needed = " or ".join(r.replace("_", " ") for r in roles)
            return Refused(reason=f"this task is for a {needed}", clause=self.definition.clause, field="actor.roles")
        if self.owner and self.owner != actor.id:
            return Refused(
                reason=f"{self.owner} has claimed this task; it must be released first",
                clause=self.definition.clause,
                field="actor.id",
            )
        return Allowed()

    def claim(self, actor: Actor) -> "HumanTask":
        """Reserved for the actor."""
        return self.model_copy(update={"state": TaskState.RESERVED, "owner": actor.id})

    def release(self) -> "HumanTask":
        """Open to all potential owners again."""
        return self.model_copy(update={"state": TaskState.READY, "owner": ""})
