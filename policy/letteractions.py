"""What people report of letters, and do to them: a call, a letter that came back, one that is void."""

from pydantic import Field

from policy.clauses import Clause
from policy.people import Address
from policy.staffaction import StaffAction
from policy.tasks import TaskKind

LETTER = "the letter's key, as SO-2026-000001/denial/1/member; the case shows it"


class RecordCall(StaffAction):
    """A call to somebody whom no letter reaches, or whom the law wants told by telephone (P5; H&S 1367.01(h)(3))."""

    SIGNAL = "record_call"
    ABOUT = "Record a call about a letter: who was reached, and what was said. The task ends when somebody was reached."
    CLAUSE = Clause.P5
    TASK = TaskKind.TELEPHONE_NOTICE
    EXAMPLE = {"reached": True, "spoke_with": "the clinic's nurse", "said": "Approved; the letter is in the post."}

    task_id: str = Field("", max_length=20, description="the task, as T5, where several calls wait; else the first")
    reached: bool = Field(description="whether somebody was reached")
    spoke_with: str = Field("", max_length=200, description="who was reached")
    said: str = Field("", max_length=5_000, description="what was said")
    address: Address | None = Field(None, description="the address that a member gave; the letter then goes there")


class ReportReturnedLetter(StaffAction):
    """A letter came back. Its notice clock stands again, and it goes out anew on the next way."""

    SIGNAL = "report_returned_letter"
    ABOUT = "Report a letter that came back. It goes out again: to the new address, or on the next way."
    CLAUSE = Clause.P5
    EXAMPLE = {"letter_key": "SO-2026-000001/denial/1/member", "reason": "Moved, left no address."}

    letter_key: str = Field(min_length=1, max_length=200, description=LETTER)
    reason: str = Field(min_length=1, max_length=1_000, description="why it came back, as it stands on it")
    address: Address | None = Field(None, description="the member's new address, when it is known")


class ReissueLetter(StaffAction):
    """A letter is void, and made anew from the case as it stands. The void one stays in the file, marked."""

    SIGNAL = "reissue_letter"
    ABOUT = "Void a letter, with a reason, and send it anew as the case now stands."
    CLAUSE = Clause.P5
    EXAMPLE = {"letter_key": "SO-2026-000001/approval/1/member", "reason": "The name was misspelt on it."}

    letter_key: str = Field(min_length=1, max_length=200, description=LETTER)
    reason: str = Field(min_length=1, max_length=1_000, description="why it is void")
