"""What an operator's intervention in Temporal means for a report before the committees. Policy 90.2.17, P12.

Nobody takes a report back by cancelling its workflow: that is a recorded refusal, and the work goes on. A workflow that
was terminated, reset or deleted ends nothing: the report goes on in a new run, from where it stood.
"""

from datetime import datetime

from policy.answering import refuse_unreadable
from policy.committee.file import CommitteeFile
from policy.intervening import CANCEL

KEPT = "a report is not taken back by cancelling its workflow; it goes on, and a correction is a new edition"


def report_cancelled(file: CommitteeFile, now: datetime) -> CommitteeFile:
    """The file after its workflow was cancelled: it goes on, and the refusal stands in its story."""
    return refuse_unreadable(file, CANCEL, KEPT, now)


def report_set_going(file: CommitteeFile, recorded: int, why: str, now: datetime) -> CommitteeFile:
    """The file as a new run of its workflow goes on with it; ``recorded`` is the last line that the records have."""
    return file.but(seq=max(file.seq, recorded)).tell(now, "report:set-going", why)
