"""What becomes of a letter: by which way it goes, what proves it, and what happens when it does not arrive."""

from datetime import UTC, date, datetime

import pytest

from policy.case import Case
from policy.channels import Attempt, Channel, Result
from policy.dispatch import Delivery, sent
from policy.filing import may_file
from policy.particulars import Notice, NoticeEnd, NoticeKind, Recipient
from policy.people import Address, Contact, WrittenBy
from policy.reaching import Whereabouts, addressee, contact_of, routes
from policy.request import Item, LineOfBusiness, Priority
from policy.rule import Obligation
from policy.tasks import HumanTask, TaskKind
from policy.timeframes import Clock, ClockState
from tests.builders import CASE_MANAGER, CMO, INTAKE, MONDAY, a_member, a_professional, a_report
from tests.policy.steps import (
    DAY,
    HOUR,
    SUPERVISOR,
    approved,
    delivery,
    denied,
    does,
    letters_left,
    next_hour,
    no_delivery,
    pending,
    placed,
    refusal,
    withdrawn,
)

MEMBER, PROVIDER = Recipient.MEMBER, Recipient.PROVIDER
ELSEWHERE = Address(line1="9 Birch Lane", city="Glendale", state="CA", postal_code="91201")
NO_FAX = {"treating_provider": a_professional(fax="", phone="626-555-0111")}


def the_letter(case: Case, to: Recipient) -> Notice:
    """The latest letter to a recipient."""
    return next(n for n in reversed(case.notices) if n.recipient is to)


def the_clock(case: Case, obligation: Obligation) -> Clock:
    return next(c for c in case.clocks if c.obligation is obligation)


def calls(case: Case) -> list[HumanTask]:
    return [t for t in case.open_tasks if t.kind is TaskKind.TELEPHONE_NOTICE]


def by_post(case: Case) -> Case:
    """Every letter that is owed leaves by post."""
    owed = tuple(delivery(n, by=Channel.PRINT) for n in case.planned_notices)
    return sent(case, owed, next_hour(case))


def ways(case: Case, to: Recipient) -> list[Channel]:
    return [route.channel for route in routes(case, the_letter(case, to))]


# -- which way


def test_a_professional_is_sent_a_fax_first_and_the_member_a_letter_by_post():
    case = denied()

    assert (ways(case, PROVIDER), ways(case, MEMBER)) == ([Channel.FAX, Channel.PRINT], [Channel.PRINT])


def test_a_member_who_asked_for_it_has_letters_by_e_mail_and_else_by_post():
    case = denied(member=a_member(email="ana@example.org", letters_by=WrittenBy.EMAIL, birth_date=date(1961, 5, 4)))

    first, then = routes(case, the_letter(case, MEMBER))

    assert (first.channel, first.to, first.password) == (Channel.EMAIL, ("ana@example.org",), "050419610001")
    assert then.channel is Channel.PRINT


def test_an_e_mail_address_alone_is_no_consent_to_letters_by_e_mail():
    case = denied(member=a_member(email="ana@example.org"))

    assert ways(case, MEMBER) == [Channel.PRINT]


def test_a_confidential_contact_stands_in_the_place_of_everything_else_on_file():
    hidden = Contact(email="safe@example.org")
    case = denied(member=a_member(email="home@example.org", letters_by=WrittenBy.EMAIL, confidential=hidden))

    assert [r.to for r in routes(case, the_letter(case, MEMBER))] == [("safe@example.org",)]
    assert contact_of(case) == Whereabouts(email="safe@example.org")
    assert addressee(case, MEMBER) == ("Ana María Núñez", None)


# -- what proves it


def test_a_fax_meets_the_providers_notice_at_the_time_of_its_report():
    case = denied()
    reported = next_hour(case)
    owed = the_letter(case, PROVIDER)

    after = sent(case, (delivery(owed, at=reported),), reported + 3 * HOUR)

    assert the_clock(after, Obligation.PROVIDER_NOTICE).ended_at == reported
    assert the_letter(after, PROVIDER).sent_at == reported
    assert the_letter(after, PROVIDER).attempts[-1].proof == "proof"


def test_a_channel_whose_clock_is_wrong_cannot_move_a_letter_out_of_its_time():
    case = denied()
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)

    after = sent(case, (delivery(the_letter(case, PROVIDER), at=long_ago),), next_hour(case))

    assert the_letter(after, PROVIDER).sent_at == the_letter(case, PROVIDER).planned_at


def test_on_knox_keene_lines_a_letter_by_post_alone_does_not_tell_the_provider_and_a_call_is_asked_for():
    after = by_post(denied(**NO_FAX))

    (call,) = calls(after)
    assert the_clock(after, Obligation.PROVIDER_NOTICE).state is ClockState.RUNNING
    assert the_clock(after, Obligation.MEMBER_NOTICE).state is ClockState.MET
    assert call.title.endswith("(denial to the provider: the law asks for telephone or fax)")
    assert call.due_at == the_clock(after, Obligation.PROVIDER_NOTICE).due_at
    assert "Reach somebody by telephone" in str(may_file(after))


@pytest.mark.parametrize(
    "given", [{"line": LineOfBusiness.MEDICARE_ADVANTAGE}, {"priority": Priority.RETROSPECTIVE}], ids=str
)
def test_where_the_law_asks_for_no_call_a_letter_by_post_is_enough(given):
    after = by_post(denied(**NO_FAX, **given))

    assert calls(after) == []
    assert the_clock(after, Obligation.PROVIDER_NOTICE).state is ClockState.MET


# -- the telephone


def test_a_call_that_reaches_the_provider_meets_the_notice_at_the_time_of_the_call():
    case = by_post(denied(**NO_FAX))

    after = does(case, CASE_MANAGER, "record_call", reached=True, spoke_with="the nurse", said="Denied; may appeal.")

    clock = the_clock(after, Obligation.PROVIDER_NOTICE)
    assert (clock.state, clock.ended_at) == (ClockState.MET, next_hour(case))
    assert (calls(after), bool(may_file(after))) == ([], True)
    told = the_letter(after, PROVIDER).attempts[-1]
    assert (told.channel, told.result, told.by) == (Channel.TELEPHONE, Result.REACHED, CASE_MANAGER.id)
    assert told.reason == "the nurse; Denied; may appeal."


def test_a_call_that_reaches_nobody_is_on_record_and_the_task_stays():
    case = by_post(denied(**NO_FAX))

    after = does(does(case, CASE_MANAGER, "record_call", reached=False), CASE_MANAGER, "record_call", reached=False)

    assert [a.result for a in the_letter(after, PROVIDER).attempts] == [
        Result.LEFT,
        Result.NOT_REACHED,
        Result.NOT_REACHED,
    ]
    assert len(calls(after)) == 1
    assert [e.text for e in after.story][-1] == "Provider not reached by telephone about the denial"


@pytest.mark.parametrize(
    ("given", "field"), [({"said": "Denied."}, "spoke_with"), ({"spoke_with": "the nurse"}, "said")]
)
def test_a_call_that_reached_somebody_says_whom_and_what_was_said(given, field):
    case = by_post(denied(**NO_FAX))

    assert refusal(case, CASE_MANAGER, "record_call", reached=True, **given).fields[0].field == field


def test_of_several_calls_the_named_one_is_done():
    case = denied(**NO_FAX)
    case = sent(case, tuple(no_delivery(n) for n in case.planned_notices), next_hour(case))
    provider, member = calls(case)

    after = does(
        case, CASE_MANAGER, "record_call", task_id=member.id, reached=True, spoke_with="the member", said="Read it out."
    )

    assert [t.id for t in calls(after)] == [provider.id]
    assert the_clock(after, Obligation.MEMBER_NOTICE).state is ClockState.WAIVED
    assert the_clock(after, Obligation.MEMBER_NOTICE).cause == "told by telephone: no letter reaches them"


def test_a_supervisor_may_give_up_on_a_call_and_the_clock_says_why_it_was_not_met():
    case = by_post(denied(**NO_FAX))
    (call,) = calls(case)

    after = does(case, SUPERVISOR, "skip_task", task_id=call.id, reason="The clinic has closed for good.")

    clock = the_clock(after, Obligation.PROVIDER_NOTICE)
    assert (clock.state, clock.cause) == (ClockState.WAIVED, "nobody could be reached")
    assert may_file(after)


# -- nothing works


def test_a_letter_that_no_channel_takes_is_a_task_for_a_person_and_says_what_was_tried():
    case = approved()
    owed = the_letter(case, MEMBER)

    after = sent(case, (no_delivery(owed),), next_hour(case))

    (call,) = calls(after)
    assert (the_letter(after, MEMBER).ended_as, call.letter) == (NoticeEnd.UNDELIVERABLE, owed.key)
    assert "fax: no answer" in call.title
    assert the_clock(after, Obligation.MEMBER_NOTICE).state is ClockState.RUNNING


def test_of_a_member_of_whom_nothing_is_known_a_person_is_told_and_nothing_breaks():
    case = pending(Item.MEMBER_ADDRESS, Item.MEMBER_PHONE, member=a_member(address=None, phone=""))

    nowhere = Delivery(key=the_letter(case, MEMBER).key, document="x.pdf", sha256="ab" * 32)
    after = sent(case, (nowhere,), next_hour(case))

    assert ways(case, MEMBER) == []
    assert calls(after)[0].title.endswith("(pend to the member: no address on file; no number on file)")


def test_a_confidential_address_is_as_good_for_completeness_as_an_ordinary_one():
    hidden = Contact(address=ELSEWHERE, phone="213-555-0107")

    case = denied(member=a_member(address=None, phone="", confidential=hidden))

    assert addressee(case, MEMBER)[1] == ELSEWHERE


def test_an_address_that_a_member_gives_on_the_telephone_sends_the_letter_there():
    case = denied(member=a_member(confidential=Contact(phone="213-555-0107")))
    nothing = Delivery(key=the_letter(case, MEMBER).key, document="x.pdf", sha256="ab" * 32)
    case = sent(case, (nothing,), next_hour(case))
    said = "Gave an address."

    after = does(case, CASE_MANAGER, "record_call", reached=True, spoke_with="the member", said=said, address=ELSEWHERE)

    again = the_letter(after, MEMBER)
    assert (again.copy_number, again.is_owed, again.key.endswith("/denial/1/member/2")) == (2, True, True)
    assert [r.to for r in routes(after, again)] == [ELSEWHERE.lines]
    assert the_clock(letters_left(after), Obligation.MEMBER_NOTICE).state is ClockState.MET


# -- it comes back


def test_a_letter_that_came_back_reopens_its_clock_and_with_no_other_way_somebody_must_call():
    case = letters_left(denied())
    first = the_letter(case, MEMBER)

    after = does(case, INTAKE, "report_returned_letter", letter_key=first.key, reason="Moved, left no address")

    back, again = after.notice(first.key), the_letter(after, MEMBER)
    assert back is not None
    assert (back.ended_as, back.attempts[-1].result) == (NoticeEnd.RETURNED, Result.RETURNED)
    assert the_clock(after, Obligation.MEMBER_NOTICE).state is ClockState.RUNNING
    assert (again.copy_number, routes(after, again)) == (2, ())
    empty = Delivery(key=again.key, document="x.pdf", sha256="ab" * 32)
    (call,) = calls(sent(after, (empty,), next_hour(after)))
    assert "no other way is left" in call.title


def test_a_letter_that_comes_back_when_its_time_has_passed_is_late_at_once_and_says_why():
    case = letters_left(denied())
    key = the_letter(case, MEMBER).key

    after = does(case, CASE_MANAGER, "report_returned_letter", MONDAY + 20 * DAY, letter_key=key, reason="Unknown")

    clock = the_clock(after, Obligation.MEMBER_NOTICE)
    assert (clock.state, clock.is_open, clock.cause) == (ClockState.BREACHED, True, "the letter was returned")
    assert letters_left(after).clocks[-1].ended_at is not None


def test_with_a_new_address_the_letter_goes_there_and_the_member_is_written_to_there_from_now_on():
    case = letters_left(approved())
    key = the_letter(case, MEMBER).key

    after = does(case, CASE_MANAGER, "report_returned_letter", letter_key=key, reason="Moved", address=ELSEWHERE)

    assert [r.to for r in routes(after, the_letter(after, MEMBER))] == [ELSEWHERE.lines]
    assert addressee(after, MEMBER)[1] == ELSEWHERE


def test_a_new_address_of_a_member_with_a_confidential_one_stays_the_only_one():
    hidden = Contact(address=Address(line1="PO Box 7", city="Burbank", state="CA", postal_code="91501"))
    case = letters_left(denied(member=a_member(confidential=hidden)))
    key = the_letter(case, MEMBER).key

    after = does(case, CASE_MANAGER, "report_returned_letter", letter_key=key, reason="Box closed", address=ELSEWHERE)

    assert contact_of(after) == Whereabouts(address=ELSEWHERE)
    assert after.information == case.information


def test_the_address_of_a_professional_is_not_changed_by_a_returned_letter():
    case = letters_left(denied())
    key = the_letter(case, PROVIDER).key

    refused = refusal(case, CASE_MANAGER, "report_returned_letter", letter_key=key, reason="Moved", address=ELSEWHERE)

    assert refused.fields[0].field == "address"


@pytest.mark.parametrize(
    ("actor", "letter", "problem"),
    [
        (CMO, "SO-2026-000001/denial/1/member", "this role cannot report mail"),
        (CASE_MANAGER, "SO-2026-000001/approval/1/member", "the case has no letter of this key"),
    ],
)
def test_a_returned_letter_is_reported_by_staff_who_handle_mail_and_must_be_known(actor, letter, problem):
    case = letters_left(denied())

    assert refusal(case, actor, "report_returned_letter", letter_key=letter, reason="Moved").reason == problem


def test_a_letter_that_has_not_left_cannot_come_back_and_one_comes_back_once():
    case = denied()
    key = the_letter(case, MEMBER).key
    assert "has not left" in refusal(case, CASE_MANAGER, "report_returned_letter", letter_key=key, reason="x").reason

    back = does(letters_left(case), CASE_MANAGER, "report_returned_letter", letter_key=key, reason="Moved")

    assert "counts no more" in refusal(back, CASE_MANAGER, "report_returned_letter", letter_key=key, reason="x").reason


def test_a_pend_notice_that_comes_back_after_the_decision_is_not_sent_again():
    case = letters_left(pending())
    pend = the_letter(case, MEMBER)
    case = does(case, CASE_MANAGER, "withdraw_request", reason="The member has decided.")

    after = does(case, CASE_MANAGER, "report_returned_letter", letter_key=pend.key, reason="Moved")

    assert [n.kind for n in after.notices if n.copy_number > 1] == []


# -- void, and moot


def test_a_letter_is_voided_with_a_reason_and_made_anew_under_a_key_of_its_own():
    case = letters_left(approved())
    first = the_letter(case, MEMBER)

    after = does(case, SUPERVISOR, "reissue_letter", letter_key=first.key, reason="The name was misspelt on it.")

    void, again = after.notice(first.key), the_letter(after, MEMBER)
    assert void is not None
    assert (void.ended_as, void.ended_why) == (NoticeEnd.VOID, "The name was misspelt on it.")
    assert (again.key, again.is_owed) == (f"{first.key}/2", True)
    assert the_clock(after, Obligation.MEMBER_NOTICE).state is ClockState.RUNNING


def test_a_letter_is_voided_once_and_only_by_those_who_may():
    case = letters_left(approved())
    key = the_letter(case, MEMBER).key
    assert refusal(case, INTAKE, "reissue_letter", letter_key=key, reason="x").fields[0].field == "actor.roles"

    void = does(case, SUPERVISOR, "reissue_letter", letter_key=key, reason="A slip.")

    assert "counts no more" in refusal(void, SUPERVISOR, "reissue_letter", letter_key=key, reason="x").reason


def test_a_void_letter_that_was_on_its_way_is_on_record_and_meets_nothing():
    case = approved()
    owed = the_letter(case, MEMBER)
    void = does(case, SUPERVISOR, "reissue_letter", letter_key=owed.key, reason="A slip.")

    after = sent(void, (delivery(owed),), next_hour(void))

    left = after.notice(owed.key)
    assert left is not None
    assert (left.ended_as, left.sent_at is not None) == (NoticeEnd.VOID, True)
    assert the_clock(after, Obligation.MEMBER_NOTICE).state is ClockState.RUNNING


def test_what_has_not_left_when_the_request_is_withdrawn_is_not_needed_any_more():
    case = does(pending(), CASE_MANAGER, "withdraw_request", reason="The member has decided.")

    assert {n.ended_as for n in case.notices if n.kind is not NoticeKind.WITHDRAWAL} == {NoticeEnd.MOOT}
    assert {n.kind for n in case.planned_notices} == {NoticeKind.WITHDRAWAL}
    assert {n.kind for n in withdrawn().planned_notices} == {NoticeKind.WITHDRAWAL}


def test_who_is_pcp_and_treating_provider_gets_one_copy_of_the_report():
    case = placed(pcp=a_professional(), treating_provider=a_professional())

    after = does(case, CASE_MANAGER, "receive_report", **a_report())

    copies = [n.recipient for n in after.notices if n.kind is NoticeKind.REPORT_COPY]
    assert copies == [Recipient.PCP, MEMBER]


def test_an_attempt_says_when_and_how_without_any_time_of_its_own():
    with pytest.raises(ValueError, match="timezone"):
        Attempt(channel=Channel.FAX, at=datetime(2026, 11, 2, 10, 0), result=Result.LEFT)  # noqa: DTZ001 - naive
