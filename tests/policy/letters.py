"""Letters as the tests read them: the one that is owed, composed, and all of its text."""

from datetime import datetime

from policy.alarms import ring
from policy.case import Case
from policy.letter import Letter
from policy.notices import compose
from policy.particulars import Notice, NoticeKind, Recipient
from tests.policy.steps import DAY, next_hour

MEMBER, PROVIDER, PCP = Recipient.MEMBER, Recipient.PROVIDER, Recipient.PCP
PHYSICIAN = Recipient.OPINION_PHYSICIAN


def overdue(case: Case) -> Case:
    return ring(case, next_hour(case) + 60 * DAY)


def notice(case: Case, kind: NoticeKind, recipient: Recipient) -> Notice:
    return next(n for n in reversed(case.notices) if (n.kind, n.recipient) == (kind, recipient))


def letter(case: Case, kind: NoticeKind, recipient: Recipient, at: datetime | None = None) -> Letter:
    return compose(case, notice(case, kind, recipient), at or next_hour(case))


def says(written: Letter) -> str:
    """All the text of a letter."""
    parts = ((s.heading, *s.paragraphs, *s.items) for s in written.sections)
    return "\n".join((written.subject, *(text for part in parts for text in part), written.signed_by))
