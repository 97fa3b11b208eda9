"""What each kind of letter has to say, as typed facts, not words. Policy 90.2.17, Procedure 3, 5, 7, 8, 10 and 12.

A content that lacks a required fact, or that contradicts the determination that it announces, cannot be made: the model
refuses it. The words come from a catalogue (policy/words/), so that every language says the same.
"""

from datetime import date
from enum import IntEnum, StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, computed_field

from policy.edition import CostShare
from policy.lifecycle import Outcome
from policy.particulars import NoticeKind
from policy.request import Item, LineOfBusiness
from policy.rule import Unit
from policy.verdict import Value

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Days = Annotated[int, Field(ge=1)]


class Ordinal(IntEnum):
    """Which opinion a letter is about."""

    SECOND = 2
    THIRD = 3


class CopyItem(StrEnum):
    """What a delegate sends with each decision (P10; CalOptima GG.1508 II.Q)."""

    REQUEST = "request"
    MEDICAL_RECORD = "medical_record"
    CRITERIA = "criteria"
    DECISION_NOTICE = "decision_notice"
    TURNAROUND = "turnaround"


class Committee(StrEnum):
    """The committees that read the quarterly report (P12)."""

    UTILIZATION_MANAGEMENT = "utilization_management"
    QUALITY_MANAGEMENT = "quality_management"


class Span(Value):
    """A length of time in the law's own unit."""

    amount: Days
    unit: Unit


class Practice(Value):
    """A physician as at the head of a letter: name and specialty, then organization and address, line by line."""

    physician: Text
    specialty: Text
    lines: tuple[str, ...] = ()


class Content(Value):
    """What one letter says. ``line`` chooses the law's words; a letter about no member's coverage has none."""

    KIND: ClassVar[NoticeKind]
    OUTCOME: ClassVar[Outcome | None] = None

    line: LineOfBusiness | None = None
    case_number: Text

    def facts(self) -> dict[str, object]:
        """Every fact by the name of its placeholder."""
        names = (*type(self).model_fields, *type(self).model_computed_fields)
        return {name: getattr(self, name) for name in names}


class CaseContent(Content):
    """What every letter about a second-opinion case says: whose it is, for what, and since when.

    ``provider_is_pcp``: the treating provider and the primary care physician are one person.
    """

    line: LineOfBusiness
    member: Text
    received_on: date
    specialty: Text
    provider_is_pcp: bool = False


class AwaitsDecision(CaseContent):
    """A letter from before the decision: by when it is expected (H&S 1367.01(h)(5)).

    Either a day that lies ahead, or how long it takes once the information has come, or (neither) as soon as it has.
    """

    decision_by: date | None = None
    decides_within: Span | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def decides_when_complete(self) -> bool:
        """Whether no day and no length of time can be promised."""
        return self.decision_by is None and self.decides_within is None


class Acknowledgement(AwaitsDecision):
    """The request is here."""

    KIND = NoticeKind.ACKNOWLEDGEMENT


class Asking(AwaitsDecision):
    """Items are missing, and the decision is delayed. To the provider it is the pend notice, too."""

    items: tuple[Item, ...] = Field(min_length=1)
    responsible: Text
    responsible_telephone: Text


class InformationRequest(Asking):
    """The provider is asked for what is missing (P3)."""

    KIND = NoticeKind.INFORMATION_REQUEST


class InformationReminder(Asking):
    """The provider is reminded of what is still missing (P3)."""

    KIND = NoticeKind.INFORMATION_REMINDER


class Pend(Asking):
    """The decision is delayed: why, for what, until when (H&S 1367.01(h)(5)). ``appeal_days`` where it is an action."""

    KIND = NoticeKind.PEND

    appeal_days: Days | None = None
    hearing_days: Days | None = None


class Extension(AwaitsDecision):
    """The decision takes longer, for a lawful reason (42 CFR 422.568(b)(1)(i); 438.210(d)).

    ``reason`` is the physician's own; it is empty only where the case no longer keeps it. ``more_days`` is None where
    no limit counts from the request: then none was moved.
    """

    KIND = NoticeKind.EXTENSION

    more_days: Days | None = None
    reason: str = ""
    responsible: Text
    responsible_telephone: Text


class ExpediteRefused(AwaitsDecision):
    """The request is decided in the standard time (42 CFR 422.570(d))."""

    KIND = NoticeKind.EXPEDITE_REFUSED

    responsible: Text
    responsible_telephone: Text


class Decision(CaseContent):
    """A determination: what was decided, by whom, when, and how to reach that physician.

    ``replaced_on`` is the day of the earlier one whose place it takes, if it takes one's.
    """

    decided_on: date
    physician: Text
    physician_telephone: Text
    rationale: Text
    criteria: str = ""
    replaced_on: date | None = None


class Approval(Decision):
    """The opinion is authorized (P5, P8)."""

    KIND = NoticeKind.APPROVAL
    OUTCOME = Outcome.APPROVED

    outcome: Literal[Outcome.APPROVED]
    ordinal: Literal[Ordinal.SECOND] = Ordinal.SECOND
    cost: CostShare


class Denial(Decision):
    """The opinion is denied (P5; H&S 1367.01(h)(4)). The windows are those of the line on the letter's day."""

    KIND = NoticeKind.DENIAL
    OUTCOME = Outcome.DENIED

    outcome: Literal[Outcome.DENIED]
    criteria: Text
    is_expired: bool = False
    appeal_days: Days | None = None
    hearing_days: Days | None = None
    continue_days: Days | None = None
    review_months: Days | None = None


class ExpiredDetermination(Denial):
    """The denial that the law makes of a request whose time ran out (42 CFR 438.404(c)(5))."""

    KIND = NoticeKind.EXPIRED_DETERMINATION

    is_expired: Literal[True]


class Authorization(CaseContent):
    """Who gives the opinion, and where (P6a, P6b, P8).

    ``earlier_results`` are the reports and test results that the physician of a third opinion is given (T2).
    """

    KIND = NoticeKind.AUTHORIZATION
    OUTCOME = Outcome.APPROVED

    ordinal: Ordinal
    physician: Text
    physician_block: Practice
    physician_phone: str = ""
    pcp: Text
    provider: Text
    cost: CostShare
    authorization_number: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    earlier_results: tuple[Text, ...] = ()


class ReportReminder(CaseContent):
    """The opinion physician is reminded of the report (P7)."""

    KIND = NoticeKind.REPORT_REMINDER

    ordinal: Ordinal
    placed_on: date
    pcp: Text
    provider: Text


class ReportCopy(CaseContent):
    """The report, for those who treat the member and for the member (P7; H&S 1383.15(h)).

    ``line_has_no_third`` where the first two opinions differ on surgery and only the line keeps a third from opening
    (T1): the member is told why.
    """

    KIND = NoticeKind.REPORT_COPY

    ordinal: Ordinal
    physician: Text
    report_on: date
    findings: Text
    recommendations: Text
    line_has_no_third: bool = False


class ThirdOpinion(CaseContent):
    """The first two opinions differ: a third is covered, too (T1, T2); or they agree, and are confirmed by another."""

    KIND = NoticeKind.THIRD_OPINION

    ordinal: Literal[Ordinal.THIRD] = Ordinal.THIRD
    cost: CostShare
    is_confirmatory: bool = False


class Withdrawal(CaseContent):
    """The request was withdrawn; nothing was decided."""

    KIND = NoticeKind.WITHDRAWAL


class DelegatedCopyRequest(Content):
    """A delegate is asked for its copy of a decision (P10). ``reference`` is the delegate's own number."""

    KIND = NoticeKind.DELEGATED_COPY_REQUEST

    member: Text
    organization: Text
    reference: Text
    decided_on: date | None = None
    missing: tuple[CopyItem, ...] = Field(min_length=1)
    reply_by: date


class CommitteeAction(Content):
    """What a committee decided that concerns the reader (P12).

    Only what the committee lets the reader know: its own proceedings are confidential (Evidence Code 1157).
    """

    KIND = NoticeKind.COMMITTEE_ACTION

    committee: Committee
    met_on: date
    concern: Text
    actions: tuple[Text, ...] = Field(min_length=1)
    reply_by: date | None = None
