"""What people do with a committees' report: one frozen model per signal. Policy 90.2.17, P12."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from policy.clauses import Clause
from policy.committee.decided import ActionKind, Correspondent
from policy.complaints import field_names
from policy.contents import Committee
from policy.people import Actor, Role
from policy.staffaction import StaffAction

MEMBERS = (Role.COMMITTEE, Role.CMO)  # who sits on the committees
KEEPERS = (*MEMBERS, Role.SUPERVISOR, Role.ADMINISTRATOR)  # and who keeps their minutes and follows what they decided
WORKERS = (*KEEPERS, Role.PHYSICIAN_DESIGNEE, Role.CASE_MANAGER)  # who may own an action

ACTION = Field(pattern=r"^A[1-9][0-9]{0,3}$", description="the number of the action, as A1")


class CommitteeStep(StaffAction):
    """An action on a report. ``ROLES``: who may do it."""

    CLAUSE = Clause.P12
    ROLES: ClassVar[tuple[Role, ...]] = KEEPERS


class PresentReport(CommitteeStep):
    """The report lies before a committee."""

    SIGNAL = "present_report"
    ABOUT = "Present the report to a committee, at its meeting."
    EXAMPLE = {"committee": "utilization_management", "met_on": "2026-10-20"}

    committee: Committee
    met_on: date = Field(description="the day of the meeting, in Los Angeles")
    despite: str = Field("", max_length=1_000, description="why it is presented though its counts do not agree")


class DiscussReport(CommitteeStep):
    """What a committee said about it; may be sent more than once."""

    SIGNAL = "discuss_report"
    ABOUT = "Keep what the committee said about the report."
    EXAMPLE = {"committee": "utilization_management", "notes": "The delays lie with one PPG."}

    committee: Committee
    notes: str = Field(min_length=1, max_length=20_000)


class AcceptReport(CommitteeStep):
    """A committee accepts the report."""

    SIGNAL = "accept_report"
    ABOUT = "Accept the report for a committee."
    EXAMPLE = {"committee": "utilization_management"}
    ROLES = MEMBERS

    committee: Committee
    remarks: str = Field("", max_length=2_000)


class DecideAction(CommitteeStep):
    """A committee decides what is done: who does it, until when, and what is written to whom."""

    SIGNAL = "decide_action"
    ABOUT = "Decide an action: who does it until when; a letter goes where the kind says so."
    EXAMPLE = {
        "committee": "quality_management",
        "kind": "corrective_action_plan",
        "about_case": "SO-2026-000007",
        "concern": "Reports came late in four of nine cases.",
        "tells": "Please send a plan of how reports will come in time.",
        "owner": {"id": "sv.okafor", "roles": ["supervisor"]},
        "due_in_business_days": 20,
    }
    ROLES = MEMBERS
    BY_THE_DOOR = frozenset({"concerned"})

    committee: Committee
    kind: ActionKind
    flag: str = Field("", max_length=200, description="the flag of the report that it answers")
    about_case: str = Field("", max_length=40, description="the case that it is about, as SO-2026-000007")
    correspondent: Correspondent | None = Field(None, description="whom to write to, where no case says so")
    concern: str = Field("", max_length=2_000, description="what the committee looked at; stands in the letter")
    tells: str = Field("", max_length=5_000, description="what the letter tells its reader; each line is one point")
    reply_by: date | None = Field(None, description="until when the reader answers")
    owner: Actor | None = None
    due: date | None = Field(None, description="the last day, in Los Angeles")
    due_in_business_days: int = Field(0, ge=0, le=400, description="or so many business days from the decision")
    reason: str = Field("", max_length=2_000, description="why nothing is done, where nothing is")
    concerned: tuple[str, ...] = Field((), max_length=20)


class ActionStep(CommitteeStep):
    """On one action that was decided. Its owner may, and who keeps the committees' work."""

    ROLES: ClassVar[tuple[Role, ...]] = WORKERS

    action: str = ACTION


class NoteFollowUp(ActionStep):
    """What came of it so far."""

    SIGNAL = "note_follow_up"
    ABOUT = "Note what came of an action so far."
    EXAMPLE = {"action": "A1", "text": "The plan came; we look at the next ten cases."}

    text: str = Field(min_length=1, max_length=4_000)


class CompleteAction(ActionStep):
    """It is done, with its outcome."""

    SIGNAL = "complete_action"
    ABOUT = "Complete an action, with what came of it."
    EXAMPLE = {"action": "A1", "outcome": "The plan is carried out; the next ten reports came in time."}

    outcome: str = Field(min_length=1, max_length=4_000)


class HandOverAction(ActionStep):
    """Somebody else does it."""

    SIGNAL = "hand_over_action"
    ABOUT = "Give an action to another owner."
    EXAMPLE = {"action": "A1", "to": {"id": "cm.rivera", "roles": ["case_manager"]}, "reason": "On leave."}
    ROLES = KEEPERS

    to: Actor
    reason: str = Field(min_length=1, max_length=1_000)


class PostponeAction(ActionStep):
    """It has more time."""

    SIGNAL = "postpone_action"
    ABOUT = "Give an action more time, with the reason."
    EXAMPLE = {"action": "A1", "due": "2027-01-15", "reason": "The PPG's new director began this month."}
    ROLES = KEEPERS

    due: date
    reason: str = Field(min_length=1, max_length=1_000)


class WithdrawAction(ActionStep):
    """The committee no longer wants it."""

    SIGNAL = "withdraw_action"
    ABOUT = "Withdraw an action that the committee no longer wants, with the reason."
    EXAMPLE = {"action": "A1", "reason": "The contract with the PPG has ended."}
    ROLES = MEMBERS

    reason: str = Field(min_length=1, max_length=1_000)


COMMITTEE_ACTIONS: dict[str, type[CommitteeStep]] = {
    action.SIGNAL: action
    for action in (
        PresentReport,
        DiscussReport,
        AcceptReport,
        DecideAction,
        NoteFollowUp,
        CompleteAction,
        HandOverAction,
        PostponeAction,
        WithdrawAction,
    )
}
COMMITTEE_FIELDS = frozenset(
    name for model in COMMITTEE_ACTIONS.values() for name in field_names(model.model_json_schema())
)
