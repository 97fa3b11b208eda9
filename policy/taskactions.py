"""What people do to a task as such, in the words of WS-HumanTask. What completes a task stands in ``actions``."""

from pydantic import Field

from policy.clauses import Clause
from policy.people import Actor
from policy.staffaction import StaffAction
from policy.tasks import Nominee
from policy.verdict import Moment

LONGEST_DRAFT = 20_000  # characters

WHO = {"id": "cm.brown", "roles": ["case_manager"]}
SPECIALIST = {
    "id": "md.osei",
    "roles": ["consultant"],
    "npi": "1992999031",
    "licence": "SYN-A1003",
    "specialty": "orthopedic surgery",
    "board_certified": True,
}


class TaskAction(StaffAction):
    """What names the task that it is about."""

    task_id: str = Field(min_length=1, max_length=20, description="the task, as T1; the query open_tasks shows it")


class ClaimTask(TaskAction):
    """Take a task, so that nobody else works on it."""

    SIGNAL = "claim_task"
    ABOUT = "Claim an open task for yourself."
    EXAMPLE = {"task_id": "T1"}


class ReleaseTask(TaskAction):
    """Give a claimed task back to its group."""

    SIGNAL = "release_task"
    ABOUT = "Give a task that you claimed back to its group."
    EXAMPLE = {"task_id": "T1"}


class AssignTask(TaskAction):
    """A supervisor gives a task to a person, whoever had it."""

    SIGNAL = "assign_task"
    ABOUT = "Give a task to a person, whoever has it now. For supervisors."
    EXAMPLE = {"task_id": "T1", "to": WHO, "reason": "Balances the load."}

    to: Actor = Field(description="who gets it: an id, its roles, and for a physician the credentials")
    reason: str = Field("", max_length=1_000, description="why; the story tells it")


class DelegateTask(TaskAction):
    """The owner hands a task on; who gets it can return it."""

    SIGNAL = "delegate_task"
    ABOUT = "Hand a task that is yours on to a colleague, who can return it."
    EXAMPLE = {"task_id": "T1", "to": WHO, "reason": "Out this afternoon."}

    to: Actor = Field(description="who gets it: an id, its roles, and for a physician the credentials")
    reason: str = Field("", max_length=1_000, description="why; the story tells it")


class ReturnTask(TaskAction):
    """A delegated task goes back to who delegated it."""

    SIGNAL = "return_task"
    ABOUT = "Return a task that was delegated to you to the one who delegated it."
    EXAMPLE = {"task_id": "T1", "reason": "This needs someone who knows the clinic."}

    reason: str = Field("", max_length=1_000, description="why; the story tells it")


class SuspendTask(TaskAction):
    """Put a task aside until a time. The clocks do not stop."""

    SIGNAL = "suspend_task"
    ABOUT = "Put a task aside until a time; it comes back by itself. No clock stops."
    EXAMPLE = {"task_id": "T1", "until": "2026-11-24T09:00:00-08:00", "reason": "The clinic opens on Tuesday."}

    until: Moment = Field(description="when it comes back by itself; not after it is due")
    reason: str = Field(min_length=1, max_length=1_000, description="what is waited for; the story tells it")


class ResumeTask(TaskAction):
    """Take a task up again before its time."""

    SIGNAL = "resume_task"
    ABOUT = "Take up a suspended task before its time."
    EXAMPLE = {"task_id": "T1"}


class SaveDraft(TaskAction):
    """What has been entered so far, kept with the task until it is completed."""

    SIGNAL = "save_draft"
    ABOUT = "Keep what you have entered so far; it is there when you, or who takes over, comes back."
    EXAMPLE = {"task_id": "T1", "draft": '{"rationale": "Reason R1 applies"}'}

    draft: str = Field(max_length=LONGEST_DRAFT, description="a JSON object of the form's fields; empty: no draft")


class SkipTask(TaskAction):
    """A task that the edition lets be skipped is not needed."""

    SIGNAL = "skip_task"
    ABOUT = "Skip a task that is not needed, where the policy's edition allows it. Say why."
    EXAMPLE = {"task_id": "T1", "reason": "The provider has sent everything by another way."}

    reason: str = Field(min_length=1, max_length=1_000, description="why it is not needed; the story tells it")


class EscalateTask(TaskAction):
    """Bring a task before the supervisor."""

    SIGNAL = "escalate_task"
    ABOUT = "Bring a task before the supervisor."
    EXAMPLE = {"task_id": "T1", "reason": "No orthopedic surgeon on the panel is free this week."}

    reason: str = Field(min_length=1, max_length=1_000, description="what is to be settled; the story tells it")


class NominateTask(TaskAction):
    """People are asked for a task in order; who does not answer in time is reminded, then replaced by the next."""

    SIGNAL = "nominate_task"
    ABOUT = "Ask people for a task in order. Who does not claim it is reminded, then replaced by the next."
    EXAMPLE = {"task_id": "T1", "nominees": [{"person": SPECIALIST, "reason": "same specialty, no open task"}]}

    nominees: tuple[Nominee, ...] = Field(min_length=1, max_length=20, description="who is asked, in this order")
    reason: str = Field("", max_length=1_000, description="why these; the story tells it")


class LiftExclusion(TaskAction):
    """An administrator lets one person work on one task in spite of a rule that the plan made for itself."""

    SIGNAL = "lift_exclusion"
    CLAUSE = Clause.P1
    ABOUT = "Let a person work on a task in spite of the plan's own separation of duties. For administrators."
    EXAMPLE = {"task_id": "T1", "person": "md.chen", "reason": "The only physician on duty during the storm."}

    person: str = Field(min_length=1, max_length=80, description="the id (or the NPI, for all accounts) of who is let")
    reason: str = Field(min_length=1, max_length=1_000, description="why it must be this person; the story tells it")
