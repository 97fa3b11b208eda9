"""What staff do to a case whose decision stands: change the determination, take up a third opinion that was lost."""

from pydantic import Field

from policy.clauses import Clause
from policy.particulars import ChangedBecause
from policy.staffaction import StaffAction
from policy.tasks import TaskKind


class ChangeDetermination(StaffAction):
    """A denial is changed after it was made: by grievance, appeal, hearing, review, or because it was wrong (P5)."""

    SIGNAL = "change_determination"
    ABOUT = "Change a denial after grievance, appeal, IMR or state hearing, or correct it. Reopens a closed case."
    CLAUSE = Clause.P5
    EXAMPLE = {"because": "grievance", "outcome": "approved", "rationale": "The record sent later shows the need."}

    because: ChangedBecause = Field(description="what changed it")
    outcome: str = Field(pattern="^(approved|denied)$", description="the decision that takes the earlier one's place")
    rationale: str = Field(min_length=1, max_length=20_000, description="the reasons; the letters say them")
    criteria: str = Field("", max_length=5_000, description="the criteria or guideline used; a denial needs them")
    reference: str = Field("", max_length=100, description="the outside body's own number, after IMR or state hearing")


class TakeUpThirdOpinion(StaffAction):
    """A third opinion whose own case ended before its time goes on in the case that it belongs to (T1)."""

    SIGNAL = "take_up_third_opinion"
    ABOUT = "Take up a third opinion whose own case was lost: it is placed anew, in this case."
    CLAUSE = Clause.T1
    TASK = TaskKind.THIRD_OPINION_LOST
    EXAMPLE = {"note": "Its workflow was terminated by mistake."}

    note: str = Field("", max_length=5_000, description="a remark; the story tells it")
