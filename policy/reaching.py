"""How each reader of a case is reached: address, channels, and in which order they are tried. Procedure 3, 5, 7, 8.

A member's confidential contact stands in the place of every other one, and nothing falls back on those (Civil Code
56.107). Letters go by e-mail only to members who asked for it. Professionals are sent a fax first, then the post.
"""

from datetime import timedelta

from policy.case import Case
from policy.channels import Channel, Route
from policy.edition import Parameters
from policy.particulars import Notice, NoticeKind, Recipient
from policy.people import Address, Member, Professional, WrittenBy
from policy.request import Priority
from policy.verdict import Value

DETERMINATIONS = (NoticeKind.APPROVAL, NoticeKind.DENIAL, NoticeKind.EXPIRED_DETERMINATION)


def reader(case: Case, recipient: Recipient, ordinal: int | None = None) -> Professional | None:
    """The professional whom a letter goes to; ``ordinal`` says which opinion's physician. None: it is the member."""
    request = case.request
    match recipient:
        case Recipient.MEMBER:
            return None
        case Recipient.PCP:
            return request.pcp
        case Recipient.OPINION_PHYSICIAN:
            given = tuple(o for o in case.opinions if ordinal in (None, o.ordinal))
            given = tuple(o for o in given if o.stands) or given
            return given[-1].candidate.professional if given else request.treating_provider
        case Recipient.PROVIDER | Recipient.DELEGATE:
            return request.treating_provider


def opinion_ordinal(notice: Notice) -> int:
    """The opinion that a letter is about; a reminder's ordinal counts reminders, too (21, 22, … 210 for the second)."""
    return int(str(notice.ordinal)[0]) if notice.kind is NoticeKind.REPORT_REMINDER else notice.ordinal


def addressee(case: Case, recipient: Recipient, ordinal: int | None = None) -> tuple[str, Address | None]:
    """Name and address of a recipient; ``ordinal`` says whose letter it is, when it goes to an opinion physician."""
    professional = reader(case, recipient, ordinal)
    if professional is None:
        return case.request.member.name.full, contact_of(case).address
    if recipient is Recipient.DELEGATE:
        return professional.organization or professional.name, professional.address
    return professional.name, professional.address


class Whereabouts(Value):
    """Where a member may be reached; what is empty is not known, or not to be used."""

    address: Address | None = None
    phone: str = ""
    email: str = ""


def contact_of(case: Case) -> Whereabouts:
    """Where the member may be reached: the confidential contact alone, else what is on file, the latest address."""
    member = case.request.member
    if member.confidential is not None:
        only = case.contact or member.confidential
        return Whereabouts(address=only.address, phone=only.phone, email=only.email)
    later = next((i.address for i in reversed(case.information) if i.address), None)
    return Whereabouts(address=later or member.address, phone=member.phone, email=member.email)


def member_now(case: Case) -> Member:
    """The member as the case knows him now: the latest address, or the confidential contact as it was changed since.

    What a letter takes from the member (language, print, by which way) stands in it, too, so that whoever writes about
    the case later and has not the case itself writes as the case would.
    """
    member = case.request.member
    if member.confidential is not None:
        return member.model_copy(update={"confidential": case.contact or member.confidential})
    return member.model_copy(update={"address": contact_of(case).address})


def telephone_of(case: Case, notice: Notice) -> str:
    """The number at which the reader of a letter is called; empty when none is known."""
    professional = reader(case, notice.recipient, opinion_ordinal(notice))
    return professional.phone if professional else contact_of(case).phone


def routes(case: Case, notice: Notice) -> tuple[Route, ...]:
    """The ways on which a letter is tried, in order, without those that have failed before."""
    professional = reader(case, notice.recipient, opinion_ordinal(notice))
    if professional is None:
        ways = _to_member(case)
    else:
        ways = office_routes(case.edition.parameters, professional.fax, professional.address)
    return tuple(way for way in ways if way.channel not in notice.avoids)


def needs_a_call(case: Case, notice: Notice) -> bool:
    """Whether the law wants the reader told by telephone or fax, so that a letter by post or e-mail is not enough."""
    return (
        notice.kind in DETERMINATIONS
        and notice.recipient is Recipient.PROVIDER
        and case.request.line in case.edition.telephone_or_fax.lines
        and case.priority is not Priority.RETROSPECTIVE
    )


def _to_member(case: Case) -> tuple[Route, ...]:
    member, contact = case.request.member, contact_of(case)
    patience = timedelta(minutes=case.edition.parameters.email_patience_minutes)
    ways: list[Route] = []
    if member.letters_by is WrittenBy.EMAIL and contact.email:
        ways.append(
            Route(channel=Channel.EMAIL, to=(contact.email,), patience=patience, password=attachment_password(member))
        )
    if contact.address:
        ways.append(Route(channel=Channel.PRINT, to=contact.address.lines))
    return tuple(ways)


def office_routes(parameters: Parameters, fax: str, address: Address | None) -> tuple[Route, ...]:
    """The ways to an office, a physician's or a delegate's: a fax first, then the post."""
    ways: list[Route] = []
    if fax.strip():
        patience = timedelta(minutes=parameters.fax_patience_minutes)
        ways.append(Route(channel=Channel.FAX, to=(fax,), patience=patience))
    if address:
        ways.append(Route(channel=Channel.PRINT, to=address.lines))
    return tuple(ways)


def attachment_password(member: Member) -> str:
    """What opens an e-mailed letter: date of birth as MMDDYYYY, then the last four characters of the member id."""
    return f"{member.birth_date:%m%d%Y}{member.member_id[-4:]}"
