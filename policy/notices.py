"""What each letter says and to whom; not how it looks. Policy 90.2.17, Procedure 3, 5, 7 and 8; Third Opinion 2.

A letter is composed from the case when it is sent, so it can never differ from the determination that it announces.
"""

from datetime import datetime

from policy.calendar import local_day
from policy.case import Case
from policy.channels import Attempt
from policy.clauses import Clause
from policy.letter import Letter, Section
from policy.particulars import Notice, NoticeKind, Recipient
from policy.people import Address
from policy.rule import Obligation
from policy.verdict import Value
from policy.wording import CONTENTS, day


class Delivery(Value):
    """What became of a letter: where it lies, the digest of its bytes, and every attempt to get it to its reader.

    The last attempt is the proof that it left. With no attempt at all it lies in the outbox, ready to print; with
    none that worked (``is_undeliverable``) somebody has to reach its reader by other means.
    """

    key: str
    document: str
    sha256: str
    attempts: tuple[Attempt, ...] = ()
    is_undeliverable: bool = False


PLAN = "Utilization Management Department"


def compose(case: Case, notice: Notice, now: datetime) -> Letter:
    """The letter that a notice owes."""
    name, address = addressee(case, notice.recipient, _opinion_ordinal(notice))
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
    )


def addressee(case: Case, recipient: Recipient, ordinal: int | None = None) -> tuple[str, Address | None]:
    """Name and address of a recipient; ``ordinal`` says whose letter it is, when it goes to an opinion physician."""
    request = case.request
    match recipient:
        case Recipient.MEMBER:
            later = next((i.address for i in reversed(case.information) if i.address), None)
            return request.member.name.full, later or request.member.address
        case Recipient.PCP:
            return request.pcp.name, request.pcp.address
        case Recipient.PROVIDER:
            return request.treating_provider.name, request.treating_provider.address
        case Recipient.OPINION_PHYSICIAN:
            given = case.opinions if ordinal is None else tuple(o for o in case.opinions if o.ordinal == ordinal)
            chosen = given[-1].candidate.professional if given else request.treating_provider
            return chosen.name, chosen.address
        case Recipient.DELEGATE:
            return request.treating_provider.organization or request.treating_provider.name, None


def _opinion_ordinal(notice: Notice) -> int:
    """The opinion that a letter is about; a reminder's ordinal also counts the reminders (21, 22 for the second)."""
    return notice.ordinal // 10 if notice.kind is NoticeKind.REPORT_REMINDER else notice.ordinal


def sent(case: Case, deliveries: tuple[Delivery, ...], now: datetime) -> Case:
    """The case after letters left; the notice clocks that they meet end."""
    proofs = {d.key: d for d in deliveries}
    notices = tuple(
        n.model_copy(update={"sent_at": now, "document": proofs[n.key].document, "sha256": proofs[n.key].sha256})
        if n.key in proofs and n.sent_at is None
        else n
        for n in case.notices
    )
    left = tuple(n for n in case.planned_notices if n.key in proofs)
    case = case.but(notices=notices)
    for notice in left:
        case = case.tell(now, "notice:sent", f"{notice.kind} to the {notice.recipient}", clause=Clause.P5)
        case = case.end_clocks(now, *_meets(notice))
    return case


def _meets(notice: Notice) -> tuple[Obligation, ...]:
    match notice.kind, notice.recipient:
        case NoticeKind.EXPEDITE_REFUSED, Recipient.MEMBER:
            return (Obligation.ORAL_CONFIRMATION,)
        case NoticeKind.PEND, Recipient.MEMBER:
            return (Obligation.PEND_NOTICE,)
        case ((NoticeKind.APPROVAL | NoticeKind.DENIAL), Recipient.PROVIDER):
            return (Obligation.PROVIDER_NOTICE,)
        case ((NoticeKind.APPROVAL | NoticeKind.DENIAL), Recipient.MEMBER):
            return (Obligation.MEMBER_NOTICE,)
        case _:
            return ()


def _signature(case: Case, notice: Notice) -> str:
    made = case.determination
    if made and notice.kind in (NoticeKind.APPROVAL, NoticeKind.DENIAL):
        return f"{made.physician.signature}\n{PLAN}"
    return PLAN
