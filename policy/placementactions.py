"""What happens between an opinion's placement and its report: one frozen model for each action. P6.a, P6.b, P7, P8.

All of them are the case manager's, on the task that waits for the report.
"""

from datetime import date

from pydantic import Field

from policy.clauses import Clause
from policy.opinion import OpinionEnd
from policy.staffaction import StaffAction
from policy.tasks import TaskKind
from policy.verdict import Moment


class DeclinePlacement(StaffAction):
    """The physician declines, or cannot see the member in time: the ladder goes on to the next (P6a, P6b)."""

    SIGNAL = "decline_placement"
    ABOUT = (
        "The physician declines, or cannot see the member in time. The authorization is void; place the opinion anew."
    )
    CLAUSE = Clause.P6B
    TASK = TaskKind.OBTAIN_REPORT
    EXAMPLE = {"how": "not_in_time", "reason": "The first free visit is in eight weeks."}

    how: str = Field(
        OpinionEnd.DECLINED.value, pattern="^(declined|not_in_time)$", description="declines, or has no time in time"
    )
    reason: str = Field(min_length=1, max_length=5_000, description="why, in the words of the physician's office")


class ChangePhysician(StaffAction):
    """The member wants another physician, before the report has come (P6a, P6b)."""

    SIGNAL = "change_physician"
    ABOUT = "The member wants another physician. The authorization is void; place the opinion anew."
    CLAUSE = Clause.P6B
    TASK = TaskKind.OBTAIN_REPORT
    EXAMPLE = {"reason": "The member asks for a physician who speaks Vietnamese."}

    reason: str = Field(min_length=1, max_length=5_000, description="why, in the member's words")


class ExtendAuthorization(StaffAction):
    """The authorization is valid for longer (P8). Physician and member get it anew."""

    SIGNAL = "extend_authorization"
    ABOUT = "Extend the authorization to a later day. Physician and member get it anew, the earlier letters are void."
    CLAUSE = Clause.P8
    TASK = TaskKind.OBTAIN_REPORT
    EXAMPLE = {"until": "2027-03-31", "reason": "The visit was moved into March."}

    until: date = Field(description="the last day on which it is valid, in Los Angeles")
    reason: str = Field(min_length=1, max_length=1_000, description="why it is needed for longer")


class RecordFeeAgreement(StaffAction):
    """The letter of agreement with the physician is signed (P6b, P8)."""

    SIGNAL = "record_fee_agreement"
    ABOUT = "Record that the letter of agreement about the fee was signed. The member never bears the fee."
    CLAUSE = Clause.P8
    TASK = TaskKind.OBTAIN_REPORT
    EXAMPLE = {"reference": "LOA-2026-0117", "signed_on": "2026-11-20"}

    reference: str = Field(min_length=1, max_length=100, description="under which reference the agreement is kept")
    signed_on: date = Field(description="the day on which both had signed")


class RecordAppointment(StaffAction):
    """The member has an appointment with the physician, or another one than before (P6b, P7)."""

    SIGNAL = "record_appointment"
    ABOUT = "Record when the physician will see the member. Another time than before moves the appointment."
    CLAUSE = Clause.P7
    TASK = TaskKind.OBTAIN_REPORT
    EXAMPLE = {"when": "2026-12-04T09:30:00-08:00"}

    when: Moment = Field(description="when the visit is to be")
    why: str = Field("", max_length=1_000, description="why an earlier appointment was moved")
    longer_wait_by: str = Field(
        "", max_length=200, description="later than the limit: name and licence of who noted that the wait does no harm"
    )
    longer_wait_why: str = Field("", max_length=5_000, description="what that professional noted, and where")


class RecordVisit(StaffAction):
    """The member was seen, or did not come (P7)."""

    SIGNAL = "record_visit"
    ABOUT = "Record that the member was seen, or that the appointment was missed. The report counts from the visit."
    CLAUSE = Clause.P7
    TASK = TaskKind.OBTAIN_REPORT
    EXAMPLE = {"kept": True, "when": "2026-12-04T09:30:00-08:00"}

    kept: bool = Field(description="whether the member was seen")
    when: Moment | None = Field(None, description="when the visit was; empty: as the appointment said")
    why: str = Field("", max_length=1_000, description="why it was missed, if that is known")
