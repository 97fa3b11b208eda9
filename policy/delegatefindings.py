"""What the plan can find in a delegate's copy, and what becomes of a finding. Policy 90.2.17, Procedure 10 (P10)."""

from enum import StrEnum

from pydantic import AwareDatetime

from policy.verdict import Value


class Check(StrEnum):
    """What is looked at."""

    DECISION_IN_TIME = "decision_in_time"
    EXTENSION_LAWFUL = "extension_lawful"
    PEND_NOTICE_IN_TIME = "pend_notice_in_time"
    PROVIDER_NOTICE_IN_TIME = "provider_notice_in_time"
    MEMBER_NOTICE_IN_TIME = "member_notice_in_time"
    COPY_IN_TIME = "copy_in_time"
    RECORD_COMPLETE = "record_complete"
    MEMBER_AGREES = "member_agrees"
    DECIDER_MAY_DECIDE = "decider_may_decide"
    DECIDER_NOT_INVOLVED = "decider_not_involved"
    REASONS_GIVEN = "reasons_given"
    LETTER_COMPLETE = "letter_complete"


class Part(StrEnum):
    """The parts of a delegate's score."""

    DECISION = "decision"
    NOTICES = "notices"
    COPY = "copy"
    RECORD = "record"
    AUTHORITY = "authority"
    LETTER = "letter"


class Severity(StrEnum):
    """How much a finding weighs: on the member's rights, on the member's time, on the plan's paper."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Result(StrEnum):
    """How a check came out."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_ASKED = "not_asked"


class Settled(StrEnum):
    """What became of a finding."""

    OPEN = "open"
    CURED = "cured"
    CORRECTED = "corrected"
    WAIVED = "waived"
    UNANSWERED = "unanswered"


PARTS = {
    Check.DECISION_IN_TIME: (Part.DECISION, Severity.HIGH),
    Check.EXTENSION_LAWFUL: (Part.DECISION, Severity.MEDIUM),
    Check.PEND_NOTICE_IN_TIME: (Part.NOTICES, Severity.MEDIUM),
    Check.PROVIDER_NOTICE_IN_TIME: (Part.NOTICES, Severity.MEDIUM),
    Check.MEMBER_NOTICE_IN_TIME: (Part.NOTICES, Severity.HIGH),
    Check.COPY_IN_TIME: (Part.COPY, Severity.LOW),
    Check.RECORD_COMPLETE: (Part.RECORD, Severity.MEDIUM),
    Check.MEMBER_AGREES: (Part.RECORD, Severity.MEDIUM),
    Check.DECIDER_MAY_DECIDE: (Part.AUTHORITY, Severity.HIGH),
    Check.DECIDER_NOT_INVOLVED: (Part.AUTHORITY, Severity.HIGH),
    Check.REASONS_GIVEN: (Part.LETTER, Severity.HIGH),
    Check.LETTER_COMPLETE: (Part.LETTER, Severity.HIGH),
}


# What somebody can do about each: what came late stays late, and is answered by what the delegate will do otherwise.
TOO_LATE = "It cannot be mended any more: note what the delegate will do otherwise, or waive it with the reason."
MENDED_BY: dict[Check, str] = {
    Check.DECISION_IN_TIME: TOO_LATE,
    Check.EXTENSION_LAWFUL: TOO_LATE,
    Check.PEND_NOTICE_IN_TIME: "Ask when the pend notice left, and take that in; where it left too late, note what "
    "the delegate will do otherwise.",
    Check.PROVIDER_NOTICE_IN_TIME: "Ask when and how the provider was told, and take that in; where it was too late, "
    "note what the delegate will do otherwise.",
    Check.MEMBER_NOTICE_IN_TIME: "Ask when and how the member was told, and take that in; where it was too late, note "
    "what the delegate will do otherwise.",
    Check.COPY_IN_TIME: TOO_LATE,
    Check.RECORD_COMPLETE: "Take in the medical record and the items that are missing.",
    Check.MEMBER_AGREES: "Compare the member's number, name and birth date with the delegate; waive it when it is the "
    "same member, else the delegate sends the packet anew under a reference of its own.",
    Check.DECIDER_MAY_DECIDE: "Take in who decided, with the licence; where a physician did not, pull the case up, or "
    "note what the delegate will do otherwise.",
    Check.DECIDER_NOT_INVOLVED: "Take in who decided, with the NPI; where it was somebody who treats the member, pull "
    "the case up.",
    Check.REASONS_GIVEN: "Take in the rationale and the criteria that were used.",
    Check.LETTER_COMPLETE: "Take in the letter to the member, and say which elements it holds.",
}


class Finding(Value):
    """One check's result: a sentence without health information, what it rests on, and the dates that were compared.

    ``result`` is as the copy came and never changes: it is what is scored. ``settled`` says what became of a failure.
    """

    check: Check
    result: Result
    sentence: str
    citation: str = ""
    rule: str = ""
    due_at: AwareDatetime | None = None
    happened_at: AwareDatetime | None = None
    settled: Settled | None = None
    settled_at: AwareDatetime | None = None
    settled_by: str = ""
    settled_why: str = ""

    @property
    def part(self) -> Part:
        """The part of the score that it counts in."""
        return PARTS[self.check][0]

    @property
    def severity(self) -> Severity:
        """How much it weighs."""
        return PARTS[self.check][1]

    @property
    def is_open(self) -> bool:
        """Whether it still waits for an answer."""
        return self.settled is Settled.OPEN

    @property
    def counts_against(self) -> bool:
        """Whether it lowers the score: a failure that was not waived."""
        return self.result is Result.FAILED and self.settled is not Settled.WAIVED
