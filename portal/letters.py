"""The letters that an action would send, as they would be sent, before anybody sends it.

The case after the action is computed by the rules that will compute it then, so what is shown is what will leave.
"""

from datetime import datetime

from adapters.mailroom import content_of
from adapters.typesetter import typeset
from policy.acting import act
from policy.case import Case
from policy.letter import Letter
from policy.notices import compose
from policy.particulars import NoticeKind, Receipt, Recipient
from policy.staffaction import StaffAction
from policy.trust import Trust
from policy.verdict import Value


class Preview(Value):
    """A letter that would be sent, and to whom."""

    kind: NoticeKind
    recipient: Recipient
    letter: Letter


class Foreseen(Value):
    """What an action would come to: the letters, or the case's refusal."""

    letters: tuple[Preview, ...] = ()
    refusal: Receipt | None = None


def foreseen(case: Case, action: StaffAction, at: datetime) -> Foreseen:
    """What the case would make of an action now. The door signs when it sends, so signatures are not asked for."""
    after = act(case.but(trust=Trust()), action, at)
    receipt = after.receipt(action.action_id)
    if receipt and not receipt.accepted:
        return Foreseen(refusal=receipt)
    known = {notice.key for notice in case.notices}
    owed = (notice for notice in after.planned_notices if notice.key not in known)
    composed = ((notice, compose(after, notice, at)) for notice in owed)
    return Foreseen(
        letters=tuple(
            Preview(kind=n.kind, recipient=n.recipient, letter=letter)
            for n, letter in composed
            if isinstance(letter, Letter)
        )
    )


def as_pdf(letter: Letter) -> bytes:
    """A letter as the mailroom typesets it. Raises AdapterError."""
    return typeset("letter", content_of(letter), letter.written_on).pdf
