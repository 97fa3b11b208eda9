"""Letters as the tests read them: the one that is owed, composed, and all of its text."""

from datetime import datetime

from policy.alarms import ring
from policy.case import Case
from policy.letter import Letter
from policy.notices import compose
from policy.particulars import Notice, NoticeKind, Recipient
from tests.builders import CMO
from tests.policy.steps import (
    DAY,
    approved,
    denied,
    differing,
    does,
    in_review,
    next_hour,
    pending,
    placed,
    reported,
    withdrawn,
)

MEMBER, PROVIDER, PCP = Recipient.MEMBER, Recipient.PROVIDER, Recipient.PCP
PHYSICIAN = Recipient.OPINION_PHYSICIAN


def overdue(case: Case) -> Case:
    return ring(case, next_hour(case) + 60 * DAY)


OWED: dict[NoticeKind, tuple[Recipient, ...]] = {
    NoticeKind.INFORMATION_REQUEST: (PROVIDER,),
    NoticeKind.INFORMATION_REMINDER: (PROVIDER,),
    NoticeKind.PEND: (MEMBER,),
    NoticeKind.APPROVAL: (PROVIDER, MEMBER),
    NoticeKind.DENIAL: (PROVIDER, MEMBER),
    NoticeKind.AUTHORIZATION: (PHYSICIAN, MEMBER),
    NoticeKind.REPORT_REMINDER: (PHYSICIAN,),
    NoticeKind.REPORT_COPY: (PCP, MEMBER, PROVIDER),
    NoticeKind.THIRD_OPINION: (MEMBER,),
    NoticeKind.WITHDRAWAL: (PROVIDER, MEMBER),
    NoticeKind.EXTENSION: (PROVIDER, MEMBER),
    NoticeKind.EXPEDITE_REFUSED: (MEMBER, PROVIDER),
}
"""To whom each kind of letter goes."""

CASES: dict[NoticeKind, Case] = {
    NoticeKind.INFORMATION_REQUEST: pending(),
    NoticeKind.INFORMATION_REMINDER: overdue(pending()),
    NoticeKind.PEND: pending(),
    NoticeKind.APPROVAL: approved(),
    NoticeKind.DENIAL: denied(),
    NoticeKind.AUTHORIZATION: placed(),
    NoticeKind.REPORT_REMINDER: overdue(placed()),
    NoticeKind.REPORT_COPY: reported(),
    NoticeKind.THIRD_OPINION: differing(),
    NoticeKind.WITHDRAWAL: withdrawn(),
    NoticeKind.EXTENSION: does(
        in_review(), CMO, "extend_decision", reason="further_examination", explanation="Once more."
    ),
    NoticeKind.EXPEDITE_REFUSED: does(in_review(), CMO, "refuse_expedite", reason="Waiting does not harm."),
}
"""A case that owes letters of each kind."""


def notice(case: Case, kind: NoticeKind, recipient: Recipient) -> Notice:
    return next(n for n in reversed(case.notices) if (n.kind, n.recipient) == (kind, recipient))


def letter(case: Case, kind: NoticeKind, recipient: Recipient, at: datetime | None = None) -> Letter:
    return compose(case, notice(case, kind, recipient), at or next_hour(case))


def says(written: Letter) -> str:
    """All the text of a letter."""
    parts = ((s.heading, *s.paragraphs, *s.items) for s in written.sections)
    return "\n".join((written.subject, *(text for part in parts for text in part), written.signed_by))
