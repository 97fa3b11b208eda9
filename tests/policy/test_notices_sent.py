"""Letters that left: which clocks end, and what is kept as proof."""

from datetime import timedelta

import pytest

from policy.case import Case
from policy.dispatch import Delivery, sent
from policy.particulars import NoticeKind, Recipient
from policy.rule import Obligation
from policy.timeframes import ClockState
from tests.policy.steps import DAY, approved, delivery, denied, letters_left, next_hour, opened, pending

MEMBER, PROVIDER = Recipient.MEMBER, Recipient.PROVIDER


def state(case: Case, obligation: Obligation) -> ClockState:
    return next(c.state for c in case.clocks if c.obligation is obligation)


@pytest.mark.parametrize("decided", [approved, denied])
@pytest.mark.parametrize(
    ("recipient", "meets"), [(PROVIDER, Obligation.PROVIDER_NOTICE), (MEMBER, Obligation.MEMBER_NOTICE)]
)
def test_a_notice_of_the_determination_ends_the_clock_of_its_recipient_only(decided, recipient, meets):
    case = decided()
    owed = next(n for n in case.planned_notices if n.recipient is recipient)

    after = sent(case, (delivery(owed),), next_hour(case))

    assert [c.obligation for c in after.clocks if c not in case.clocks] == [meets]
    assert state(after, meets) is ClockState.MET


@pytest.mark.parametrize(
    ("first", "then"),
    [(NoticeKind.INFORMATION_REQUEST, NoticeKind.PEND), (NoticeKind.PEND, NoticeKind.INFORMATION_REQUEST)],
)
def test_the_pend_notice_ends_its_clock_when_provider_and_member_both_have_theirs(first, then):
    one = letters_left(pending(), first)
    both = letters_left(one, then)

    assert state(one, Obligation.PEND_NOTICE) is ClockState.RUNNING
    assert state(both, Obligation.PEND_NOTICE) is ClockState.MET


def test_a_letter_that_leaves_too_late_ends_its_clock_as_breached():
    case = denied()

    after = letters_left(case, at=next_hour(case) + 5 * DAY)

    assert state(after, Obligation.MEMBER_NOTICE) is ClockState.BREACHED


def test_the_proof_of_a_letter_is_kept_and_told():
    case = denied()
    now = next_hour(case)

    after = letters_left(case, at=now)

    assert [n.document for n in after.notices] == [f"{n.key.replace('/', '-')}.pdf" for n in case.notices]
    assert {(n.sent_at, n.sha256) for n in after.notices} == {(now, "ab" * 32)}
    assert [e.text for e in after.story if e.event == "notice:sent"] == [
        "denial to the provider, by fax",
        "denial to the member, by print",
    ]


def test_a_letter_leaves_once_however_often_it_is_reported():
    case = denied()
    proofs = tuple(delivery(n) for n in case.planned_notices)

    once = sent(case, proofs, next_hour(case))

    assert sent(once, proofs, next_hour(once) + timedelta(days=1)) == once


def test_a_delivery_that_nobody_owed_changes_nothing():
    case = opened()

    stray = Delivery(key="SO-9/approval/1/member", document="x.pdf", sha256="0" * 64)

    assert sent(case, (stray,), next_hour(case)) == case
