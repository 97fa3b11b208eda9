"""The letter of an action: what a committee decided that concerns its reader, and nothing else of it. P12.

A committee's own proceedings are confidential (Evidence Code 1157): no owner, no note, no figure of another is in it.
"""

from datetime import datetime

from policy.calendar import local_day
from policy.case import open_case
from policy.catalogue import ENGLISH
from policy.committee.decided import DecidedAction
from policy.committee.deciding import letter_reference
from policy.contents import CommitteeAction
from policy.edition import edition_on
from policy.letter import Letter
from policy.lettering import Envelope, letter_of
from policy.particulars import Notice, Recipient
from policy.reaching import addressee, office_routes, routes
from policy.request import Request
from policy.verdict import Refused, Value

NOT_ON_RECORD = "its case is not on record, so nobody knows where to write"


class OwedLetter(Value):
    """A letter that an action owes, as the story asks for it: who its reader is, is looked up when it is written."""

    report: str
    action: DecidedAction

    @property
    def notice(self) -> Notice:
        """The notice that it serves. Raises ValueError for an action that writes to nobody."""
        if self.action.notice is None:
            raise ValueError(f"{self.action.id} writes to nobody")
        return self.action.notice


def compose(owed: OwedLetter, request: Request | None, now: datetime) -> Letter | Refused:
    """The letter, to the member or treating provider of the case's request, or to the correspondent.

    ``request`` is the case's, its member as the case reaches him now: latest address, confidential contact, wishes.
    """
    envelope = _envelope(owed, request, now)
    if isinstance(envelope, Refused):
        return envelope
    action = owed.action
    content = CommitteeAction(
        case_number=f"{letter_reference(owed.report)}-{action.id}",
        committee=action.committee,
        met_on=action.met_on,
        concern=action.concern,
        actions=action.tells,
        reply_by=action.reply_by,
    )
    return letter_of(content, envelope)


def _envelope(owed: OwedLetter, request: Request | None, now: datetime) -> Envelope | Refused:
    action, notice = owed.action, owed.notice
    if action.correspondent and notice.recipient is Recipient.PROVIDER:
        to, parameters = action.correspondent, edition_on(local_day(now)).parameters
        return Envelope(
            key=notice.key,
            recipient=notice.recipient,
            written_on=local_day(now),
            addressee=to.name,
            address_lines=to.address.lines if to.address else (),
            routes=office_routes(parameters, to.fax, to.address),
        )
    if request is None:
        return Refused(reason=NOT_ON_RECORD, field="about_case")
    case = open_case(action.about_case, request, now)
    name, address = addressee(case, notice.recipient)
    to_member = notice.recipient is Recipient.MEMBER
    return Envelope(
        key=notice.key,
        recipient=notice.recipient,
        written_on=local_day(now),
        addressee=name,
        address_lines=address.lines if address else (),
        language=request.member.language if to_member else ENGLISH,
        large_print=to_member and request.member.large_print,
        routes=routes(case, notice),
    )
