"""What staff can do to a case: one frozen model per kind of action. Each is the body of the signal of its name."""

from pydantic import Field

from policy.clauses import Clause
from policy.complaints import field_names
from policy.lateractions import ChangeDetermination, TakeUpThirdOpinion
from policy.letteractions import RecordCall, ReissueLetter, ReportReturnedLetter
from policy.opinion import ConsideredInShort
from policy.people import Professional
from policy.placementactions import (
    ChangePhysician,
    DeclinePlacement,
    ExtendAuthorization,
    RecordAppointment,
    RecordFeeAgreement,
    RecordVisit,
)
from policy.request import Attachment, Information, Item, Recommendation
from policy.routing import FeeArrangement, Tier
from policy.rule import ExtensionReason
from policy.staffaction import StaffAction
from policy.taskactions import (
    AssignTask,
    ClaimTask,
    DelegateTask,
    EscalateTask,
    LiftExclusion,
    NominateTask,
    ReleaseTask,
    ResumeTask,
    ReturnTask,
    SaveDraft,
    SkipTask,
    SuspendTask,
)
from policy.tasks import TaskKind


class AddComment(StaffAction):
    """Say something that belongs into the case's story."""

    SIGNAL = "add_comment"
    ABOUT = "Add a comment to the story. No health information beyond what the case needs."
    EXAMPLE = {"text": "Spoke to the clinic; they call back tomorrow."}

    text: str = Field(min_length=1, max_length=5_000, description="what there is to say")
    task_id: str = Field("", max_length=20, description="the task that it is about, if it is about one")


class ConfirmCompleteness(StaffAction):
    """The case manager has reviewed the referral: it is complete (P2), and goes to the CMO or designee (P4)."""

    SIGNAL = "confirm_completeness"
    ABOUT = "Confirm that the referral is complete. It goes to the CMO or designee."
    CLAUSE = Clause.P2
    TASK = TaskKind.COMPLETENESS_REVIEW

    note: str = Field("", max_length=5_000, description="a remark; the story tells it")


class RequestInformation(StaffAction):
    """The case manager asks the treating provider for what is missing (P3)."""

    SIGNAL = "request_information"
    ABOUT = "Ask the treating provider for the named items. Provider and member are written to."
    CLAUSE = Clause.P3
    TASK = TaskKind.COMPLETENESS_REVIEW
    EXAMPLE = {"items": ["test_results", "treatment_plan"]}

    items: tuple[Item, ...] = Field(min_length=1, description="what is asked for")
    note: str = Field("", max_length=5_000, description="a remark; it is kept with the request, not sent")


class RecordContactAttempt(StaffAction):
    """An attempt to reach the treating provider, successful or not (P3)."""

    SIGNAL = "record_contact_attempt"
    ABOUT = "Record an attempt to reach the treating provider."
    CLAUSE = Clause.P3
    TASK = TaskKind.OBTAIN_INFORMATION
    EXAMPLE = {"channel": "telephone", "reached": False}

    channel: str = Field(pattern="^(telephone|fax|email|letter|portal)$", description="how the provider was tried")
    reached: bool = Field(description="whether somebody was reached")
    note: str = Field("", max_length=5_000, description="with whom you spoke; the story tells it")


class ReceiveInformation(StaffAction):
    """Items that the treating provider has sent, all of them or some (P3)."""

    SIGNAL = "receive_information"
    ABOUT = "Record information that arrived. A partial answer keeps the request for information open."
    CLAUSE = Clause.P3
    TASK = TaskKind.OBTAIN_INFORMATION
    EXAMPLE = {"information": [{"item": "test_results", "text": "Laboratory results of 2026-11-02."}]}

    information: tuple[Information, ...] = Field(min_length=1, description="what arrived, item by item")


class ReferToConsultation(StaffAction):
    """The CMO or designee asks a physician of the requested specialty for a consultative review (P5)."""

    SIGNAL = "refer_to_consultation"
    ABOUT = "Refer the request to a consultative review by a specialist."
    CLAUSE = Clause.P5
    TASK = TaskKind.PHYSICIAN_REVIEW
    EXAMPLE = {"question": "Is the recommended fusion reasonable at this stage?"}

    question: str = Field(min_length=1, max_length=5_000, description="what the consultant is asked")


class SubmitConsultation(StaffAction):
    """The consultant's findings and recommendation, for the policy's form (P5, P6)."""

    SIGNAL = "submit_consultation"
    ABOUT = "Submit findings and whether you recommend the second opinion."
    CLAUSE = Clause.P5
    TASK = TaskKind.CONSULTATIVE_REVIEW
    EXAMPLE = {
        "findings": "Imaging and examination disagree.",
        "recommends_second_opinion": True,
        "rationale": "Conservative treatment has not been exhausted.",
        "attests_no_conflict": True,
    }

    findings: str = Field(min_length=1, max_length=20_000, description="what the record shows")
    recommends_second_opinion: bool = Field(description="whether you recommend to approve the request")
    rationale: str = Field(min_length=1, max_length=20_000, description="why")
    attests_no_conflict: bool = Field(description="whether you attest that you have no conflict of interest")


class Determine(StaffAction):
    """The CMO or designee approves or denies (P5, P6). Only a licensed physician may (H&S 1367.01(e))."""

    SIGNAL = "determine"
    ABOUT = "Approve or deny the request. A denial names the criteria."
    CLAUSE = Clause.P5
    TASK = TaskKind.PHYSICIAN_REVIEW
    EXAMPLE = {"outcome": "approved", "rationale": "Reason R1 applies; the surgery is elective."}

    outcome: str = Field(pattern="^(approved|denied)$", description="the decision")
    rationale: str = Field(min_length=1, max_length=20_000, description="the clinical reasons")
    criteria: str = Field("", max_length=5_000, description="the criteria or guideline used; a denial needs them")


class SignExpiredDetermination(StaffAction):
    """A physician signs, on the day, the denial that the law makes of an expired request (42 CFR 438.404(c)(5))."""

    SIGNAL = "sign_expired_determination"
    ABOUT = "Sign the denial of a request whose time for a decision has expired."
    CLAUSE = Clause.POL_4
    TASK = TaskKind.EXPIRED_DETERMINATION
    EXAMPLE = {"statement": "The time allowed by law passed before a decision could be made."}

    statement: str = Field(min_length=1, max_length=20_000, description="what you state as you sign")


class PlaceOpinion(StaffAction):
    """The case manager places the opinion with a physician, tier by tier (P6a, P6b)."""

    SIGNAL = "place_opinion"
    ABOUT = "Choose the physician who gives the opinion, with the reason for each tier that was passed over."
    CLAUSE = Clause.P6B
    TASK = TaskKind.PLACEMENT
    EXAMPLE = {
        "tier": "plan",
        "professional": {"npi": "1003000126", "name": "Dr. Ana Ruiz", "specialty": "orthopedic surgery"},
        "board_certified": True,
        "licence": "A123456",
        "passed_over": {"ppg": "no orthopedic surgeon who was not involved"},
    }
    BY_THE_DOOR = frozenset({"considered", "proposed_npi", "directory_version", "languages", "distance_miles"})

    tier: Tier = Field(description="the rung of the ladder on which the physician stands")
    professional: Professional = Field(description="the physician who gives the opinion")
    board_certified: bool = Field(False, description="whether the physician is board-certified in the specialty")
    licence: str = Field(min_length=1, max_length=40, description="the physician's licence to practise")
    fee: FeeArrangement = Field(FeeArrangement.PLAN_PAYS, description="who bears the fee; never the member")
    passed_over: dict[Tier, str] = Field(default_factory=dict, description="why each tier before was passed over")
    languages: tuple[str, ...] = Field((), max_length=40, description="the physician's languages, as ISO 639 codes")
    distance_miles: float | None = Field(None, ge=0, allow_inf_nan=False, description="miles from the member's address")
    attests_no_conflict: bool | None = Field(
        None, description="whether the physician attests to have no conflict of interest; empty: not asked yet"
    )
    wish: str = Field("", max_length=1_000, description="what the member wished, and what became of it")
    departure_reason: str = Field(
        "", max_length=5_000, description="why another than the proposed physician; needed where the proposal differs"
    )
    proposed_npi: str = Field("", pattern="^([0-9]{10})?$", description="the NPI of whom the proposal led to")
    directory_version: str = Field("", max_length=100, description="the version of the directory behind the proposal")
    considered: tuple[ConsideredInShort, ...] = Field((), max_length=60, description="who stood in the proposal")


class ReceiveReport(StaffAction):
    """The consultation report of the second or third physician has come (P7)."""

    SIGNAL = "receive_report"
    ABOUT = "Record the consultation report: findings, recommendation, and the documents."
    CLAUSE = Clause.P7
    TASK = TaskKind.OBTAIN_REPORT
    EXAMPLE = {
        "findings": "Moderate stenosis without instability.",
        "recommendations": "Six weeks of physical therapy before surgery is considered.",
        "recommendation": {"procedure": "lumbar fusion", "recommends_procedure": False, "is_surgery_or_major": True},
    }

    findings: str = Field("", max_length=20_000, description="what the physician found; a complete report has it")
    recommendations: str = Field(
        "", max_length=20_000, description="what the physician recommends, in words; a complete report has it"
    )
    recommendation: Recommendation | None = Field(
        None, description="the same about a procedure, in structure, so that two opinions can be compared (T1)"
    )
    attachments: tuple[Attachment, ...] = Field((), description="the report itself and what came with it")
    is_complete: bool = Field(True, description="whether all has come; a part keeps the task open")
    announced: str = Field(
        "", max_length=1_000, description="what it says will follow, as test results; it is waited for"
    )


class WithdrawRequest(StaffAction):
    """The requester withdraws, at any stage before the determination."""

    SIGNAL = "withdraw_request"
    ABOUT = "Withdraw the request, before a determination is made."
    CLAUSE = Clause.POL_1
    EXAMPLE = {"reason": "The member has decided against the surgery."}

    reason: str = Field(min_length=1, max_length=5_000, description="why it is withdrawn")


class ExpediteRequest(StaffAction):
    """A physician upgrades the request to expedited. The anchor of the clocks never moves."""

    SIGNAL = "expedite_request"
    ABOUT = "Upgrade the request to expedited. The time of receipt stays the anchor."
    CLAUSE = Clause.POL_4
    EXAMPLE = {"reason": "Waiting could seriously jeopardize the member's health."}

    reason: str = Field(min_length=1, max_length=5_000, description="why it cannot wait, medically")


class RefuseExpedite(StaffAction):
    """A physician refuses to expedite. The standard limit holds, counted from the same receipt (42 CFR 422.570(d))."""

    SIGNAL = "refuse_expedite"
    ABOUT = "Refuse a request to expedite. The member is told at once, and in writing within 3 calendar days."
    CLAUSE = Clause.POL_4
    EXAMPLE = {"reason": "Waiting the standard time does not endanger the member."}

    reason: str = Field(min_length=1, max_length=5_000, description="why it can wait, medically")


class ExtendDecision(StaffAction):
    """A physician extends the time for the decision, once, for a reason that is lawful on the line."""

    SIGNAL = "extend_decision"
    ABOUT = "Extend the time for the decision, for a lawful reason. Provider and member are written to."
    CLAUSE = Clause.POL_4
    EXAMPLE = {"reason": "noncontract_evidence", "explanation": "The outside surgeon's report may change a denial."}

    reason: ExtensionReason = Field(description="the lawful reason; which are lawful depends on the line")
    explanation: str = Field(min_length=1, max_length=5_000, description="why it is needed here; the letters say it")


ACTIONS: dict[str, type[StaffAction]] = {
    model.SIGNAL: model
    for model in (
        ClaimTask,
        ReleaseTask,
        AssignTask,
        DelegateTask,
        ReturnTask,
        SuspendTask,
        ResumeTask,
        SaveDraft,
        SkipTask,
        EscalateTask,
        NominateTask,
        LiftExclusion,
        AddComment,
        ConfirmCompleteness,
        RequestInformation,
        RecordContactAttempt,
        ReceiveInformation,
        ReferToConsultation,
        SubmitConsultation,
        Determine,
        SignExpiredDetermination,
        PlaceOpinion,
        ReceiveReport,
        RecordAppointment,
        RecordVisit,
        DeclinePlacement,
        ChangePhysician,
        ExtendAuthorization,
        RecordFeeAgreement,
        WithdrawRequest,
        ExpediteRequest,
        RefuseExpedite,
        ExtendDecision,
        RecordCall,
        ReportReturnedLetter,
        ReissueLetter,
        ChangeDetermination,
        TakeUpThirdOpinion,
    )
}


def takes_task(signal: str) -> bool:
    """Whether the action can name its task in a field."""
    return "task_id" in ACTIONS[signal].model_fields


OUR_FIELDS = frozenset(name for model in ACTIONS.values() for name in field_names(model.model_json_schema()))
