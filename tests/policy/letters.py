"""Letters as the tests read them: the one that is owed, composed, and all of its text."""

from datetime import date, datetime
from typing import Any

from policy.alarms import ring
from policy.calendar import local_day
from policy.case import Case
from policy.contents import Committee, CommitteeAction, Content, CopyItem, DelegatedCopyRequest
from policy.letter import Letter
from policy.lettering import Envelope, letter_of
from policy.notices import compose
from policy.particulars import Notice, NoticeKind, Recipient
from policy.request import LineOfBusiness
from policy.tasks import TaskKind
from tests.builders import CLINIC, CMO, MONDAY
from tests.policy.steps import (
    DAY,
    approved,
    denied,
    does,
    in_review,
    next_hour,
    opened,
    pending,
    placed,
    reported,
    third,
    withdrawn,
)

MEMBER, PROVIDER, PCP = Recipient.MEMBER, Recipient.PROVIDER, Recipient.PCP
PHYSICIAN = Recipient.OPINION_PHYSICIAN


def overdue(case: Case) -> Case:
    return ring(case, next_hour(case) + 60 * DAY)


def also_owes(case: Case, kind: NoticeKind, *to: Recipient) -> Case:
    """The case with letters that no action of today plans."""
    return case.plan_notice(kind, next_hour(case), *to)


def expired(**changes: Any) -> Case:
    """The time has run out, and a physician has signed the denial that the law makes of it."""
    case = in_review(**changes)
    case = case.open_task(TaskKind.EXPIRED_DETERMINATION, next_hour(case) + 8 * DAY)
    return does(case, CMO, "sign_expired_determination", statement=STATEMENT)


STATEMENT = "The time allowed by law passed before a decision could be made."

COST = {
    LineOfBusiness.CMC: "You do not pay for this second opinion.",
    LineOfBusiness.MEDI_CAL: "You do not pay for this second opinion.",
    LineOfBusiness.D_SNP: "You do not pay for this second opinion.",
    LineOfBusiness.MEDICARE_ADVANTAGE: "You do not pay for this second opinion. The plan bears its cost.",
    LineOfBusiness.COMMERCIAL: "You do not pay for this second opinion beyond the copayment your plan has for a "
    "similar referral.",
}
"""What a letter says about cost (P8)."""

OWED: dict[NoticeKind, tuple[Recipient, ...]] = {
    NoticeKind.ACKNOWLEDGEMENT: (MEMBER, PROVIDER),
    NoticeKind.INFORMATION_REQUEST: (PROVIDER,),
    NoticeKind.INFORMATION_REMINDER: (PROVIDER,),
    NoticeKind.PEND: (MEMBER, PROVIDER),
    NoticeKind.APPROVAL: (PROVIDER, MEMBER),
    NoticeKind.DENIAL: (PROVIDER, MEMBER),
    NoticeKind.EXPIRED_DETERMINATION: (PROVIDER, MEMBER),
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
    NoticeKind.ACKNOWLEDGEMENT: also_owes(opened(), NoticeKind.ACKNOWLEDGEMENT, MEMBER, PROVIDER),
    NoticeKind.INFORMATION_REQUEST: pending(),
    NoticeKind.INFORMATION_REMINDER: overdue(pending()),
    NoticeKind.PEND: also_owes(pending(), NoticeKind.PEND, PROVIDER),
    NoticeKind.APPROVAL: approved(),
    NoticeKind.DENIAL: denied(),
    NoticeKind.EXPIRED_DETERMINATION: also_owes(expired(), NoticeKind.EXPIRED_DETERMINATION, PROVIDER, MEMBER),
    NoticeKind.AUTHORIZATION: placed(),
    NoticeKind.REPORT_REMINDER: overdue(placed()),
    NoticeKind.REPORT_COPY: reported(),
    NoticeKind.THIRD_OPINION: third(),
    NoticeKind.WITHDRAWAL: withdrawn(),
    NoticeKind.EXTENSION: does(
        in_review(), CMO, "extend_decision", reason="further_examination", explanation="Once more."
    ),
    NoticeKind.EXPEDITE_REFUSED: does(in_review(), CMO, "refuse_expedite", reason="Waiting does not harm."),
}
"""A case that owes letters of each kind."""

APART: dict[tuple[NoticeKind, Recipient], Content] = {
    (NoticeKind.DELEGATED_COPY_REQUEST, Recipient.DELEGATE): DelegatedCopyRequest(
        line=LineOfBusiness.MEDI_CAL,
        case_number="DD-2026-000007",
        member="Ana María Núñez",
        organization="Alder IPA",
        reference="IPA-4711",
        decided_on=date(2026, 10, 28),
        missing=(CopyItem.MEDICAL_RECORD, CopyItem.TURNAROUND),
        reply_by=date(2026, 11, 9),
    ),
    (NoticeKind.COMMITTEE_ACTION, PROVIDER): CommitteeAction(
        case_number="CA-2026-000003",
        committee=Committee.UTILIZATION_MANAGEMENT,
        met_on=date(2026, 10, 27),
        concern="Reports of second opinions came late in four of nine cases this quarter.",
        actions=("Please send a plan of how reports will come in time.", "We look at your cases again next quarter."),
        reply_by=date(2026, 11, 20),
    ),
    (NoticeKind.COMMITTEE_ACTION, MEMBER): CommitteeAction(
        case_number="CA-2026-000004",
        committee=Committee.QUALITY_MANAGEMENT,
        met_on=date(2026, 10, 27),
        concern="You waited long for the report of your second opinion.",
        actions=("We will ask the doctor for the report each week.",),
    ),
}
"""Letters that belong to no second-opinion case: each is made from its own content."""


def letter_apart(kind: NoticeKind, recipient: Recipient, **changes: Any) -> Letter:
    """A letter that belongs to no case of ours, with something else in its envelope when told so."""
    content = APART[kind, recipient]
    given: dict[str, Any] = {
        "key": f"{content.case_number}/{kind}/1/{recipient}",
        "recipient": recipient,
        "written_on": local_day(MONDAY),
        "addressee": "Ana María Núñez" if recipient is MEMBER else "Alder IPA",
        "address_lines": CLINIC.lines,
    }
    written = letter_of(content, Envelope(**{**given, **changes}))
    assert isinstance(written, Letter), written
    return written


def notice(case: Case, kind: NoticeKind, recipient: Recipient) -> Notice:
    return next(n for n in reversed(case.notices) if (n.kind, n.recipient) == (kind, recipient))


def composed(case: Case, owed: Notice, at: datetime) -> Letter:
    """The letter that a notice owes, which must be one."""
    written = compose(case, owed, at)
    assert isinstance(written, Letter), written
    return written


def letter(case: Case, kind: NoticeKind, recipient: Recipient, at: datetime | None = None) -> Letter:
    return composed(case, notice(case, kind, recipient), at or next_hour(case))


def says(written: Letter) -> str:
    """All the text of a letter."""
    parts = ((s.heading, *s.paragraphs, *s.items) for s in written.sections)
    return "\n".join((written.subject, *(text for part in parts for text in part), written.signed_by))
