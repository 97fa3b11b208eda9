"""What the plan asks of those to whom it has delegated decisions, as data. Policy 90.2.17, Procedure 10."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from policy.request import LineOfBusiness
from policy.verdict import Value


class LetterElement(StrEnum):
    """What a delegate's letter of denial or modification must hold, as the delegate declares it."""

    REASONS = "reasons"
    CRITERIA = "criteria"
    DECIDER_CONTACT = "decider_contact"
    APPEAL_RIGHTS = "appeal_rights"
    FAST_APPEAL = "fast_appeal"
    STATE_HEARING = "state_hearing"
    INDEPENDENT_REVIEW = "independent_review"
    REGULATOR_PARAGRAPH = "regulator_paragraph"


class Delegation(Value):
    """The plan's terms. Times are business days of the state's calendar; marks and ``remind_at`` are parts of one."""

    copy_within_business_days: int = Field(ge=0)
    answer_within_business_days: int = Field(ge=1)
    closes_after_business_days: int = Field(ge=1)
    remind_at: float = Field(gt=0, lt=1)
    pass_mark: float = Field(gt=0, le=1)
    sanction_mark: float = Field(ge=0, lt=1)
    citation: str = Field(min_length=1)
    source: str = Field(min_length=1)
    letter: dict[LineOfBusiness, tuple[LetterElement, ...]]
    letter_citation: str = Field(min_length=1)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if lacking := [line for line in LineOfBusiness if not self.letter.get(line)]:
            raise ValueError(f"delegation: nothing says what a letter must hold on {', '.join(lacking)}")
        if self.sanction_mark >= self.pass_mark:
            raise ValueError("delegation: sanction_mark must lie under pass_mark")
        return self
