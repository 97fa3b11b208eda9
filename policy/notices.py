"""Which letter a notice owes, and to whom it goes; which clocks end when it has left. Policy 90.2.17, Procedure 3 to 8.

A letter is composed from the case when it is sent, so it can never differ from the determination that it announces.
"""

from datetime import datetime

from policy.announcing import announced, content_of
from policy.calendar import local_day
from policy.case import WITH_CHANNELS, Case
from policy.catalogue import ENGLISH
from policy.letter import Letter
from policy.lettering import Envelope, letter_of
from policy.particulars import Notice, Recipient
from policy.people import Actor
from policy.reaching import DETERMINATIONS, addressee, opinion_ordinal, routes
from policy.verdict import Refused


def compose(case: Case, notice: Notice, now: datetime) -> Letter | Refused:
    """The letter that a notice owes at ``now`` (aware UTC); refused when it cannot say what it must (never raised)."""
    content = content_of(case, notice, now)
    if isinstance(content, Refused):
        return content
    name, address = addressee(case, notice.recipient, opinion_ordinal(notice))
    member, made = case.request.member, _physician(case, notice)
    to_member = notice.recipient is Recipient.MEMBER
    envelope = Envelope(
        key=notice.key,
        kind=notice.kind,
        recipient=notice.recipient,
        written_on=local_day(now),
        addressee=name,
        address_lines=address.lines if address else (),
        physician=made.name or made.id if made else "",
        licence=made.licence if made else "",
        language=member.language if to_member else ENGLISH,
        large_print=member.large_print and to_member,
        routes=routes(case, notice) if case.generation >= WITH_CHANNELS else (),
    )
    return letter_of(content, envelope)


def _physician(case: Case, notice: Notice) -> Actor | None:
    """Who signs above the department: the physician who decided."""
    made = announced(case, notice) if notice.kind in DETERMINATIONS else None
    return made.physician if made and not made.decided_by else None
