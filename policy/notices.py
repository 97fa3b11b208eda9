"""What each letter says and to whom; not how it looks. Policy 90.2.17, Procedure 3, 5, 7 and 8; Third Opinion 2.

A letter is composed from the case when it is sent, so it can never differ from the determination that it announces.
"""

from datetime import datetime

from policy.calendar import local_day
from policy.case import WITH_CHANNELS, Case
from policy.letter import Letter, Section
from policy.particulars import Notice, NoticeKind, Recipient
from policy.reaching import addressee, opinion_ordinal, routes
from policy.wording import CONTENTS, day

PLAN = "Utilization Management Department"


def compose(case: Case, notice: Notice, now: datetime) -> Letter:
    """The letter that a notice owes."""
    name, address = addressee(case, notice.recipient, opinion_ordinal(notice))
    subject, sections = CONTENTS[notice.kind](case, notice, now)
    member = case.request.member
    about = Section(paragraphs=(f"Member: {member.name.full}. Case: {case.number}. Received {day(case.received_at)}.",))
    return Letter(
        key=notice.key,
        kind=notice.kind,
        case_number=case.number,
        written_on=local_day(now),
        addressee=name,
        address_lines=address.lines if address else ("Address not on file: deliver by hand or by telephone",),
        subject=subject,
        salutation=f"Dear {name}:",
        sections=(about, *sections),
        signed_by=_signature(case, notice),
        language=member.language if notice.recipient is Recipient.MEMBER else "en",
        large_print=member.large_print and notice.recipient is Recipient.MEMBER,
        routes=routes(case, notice) if case.generation >= WITH_CHANNELS else (),
    )


def _signature(case: Case, notice: Notice) -> str:
    made = case.determination
    if made and notice.kind in (NoticeKind.APPROVAL, NoticeKind.DENIAL):
        return f"{made.physician.signature}\n{PLAN}"
    return PLAN
