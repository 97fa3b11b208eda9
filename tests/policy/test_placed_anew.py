"""A physician declines, a member changes mind: the opinion is placed anew, and nothing of the first placement is lost.

Procedure 6.a, 6.b and 8. Everything begins on Monday 2026-11-02; an hour lies between two steps.
"""

from datetime import date
from typing import Any

import pytest

from policy.alarms import next_alarm, ring
from policy.case import Case, open_case
from policy.coding import category
from policy.filing import may_file, packet, still_open
from policy.lifecycle import Stage
from policy.opinion import OpinionEnd
from policy.particulars import NoticeEnd, NoticeKind, Recipient
from policy.placement import declined, took_part
from policy.rule import Obligation
from policy.tasks import TaskKind
from policy.third_opinion import brought_home, own_case, taken_in
from policy.timeframes import ClockState
from tests.builders import CASE_MANAGER, CMO, MONDAY, a_first_opinion, a_report, a_request, plan_physician
from tests.policy.letters import letter, says
from tests.policy.steps import (
    APPROVAL,
    DAY,
    NUMBER,
    approved,
    differing,
    does,
    letters_left,
    next_hour,
    placed,
    refusal,
)

FIRST, NEXT, LAST = "1992999882", "1992999890", "1992999908"
CONSIDERED = [
    {"npi": "1992999874", "name": "Dr. Tom Reed", "tier": "ppg", "passed": False, "reasons": ["was involved"]},
    {"npi": FIRST, "name": "Dr. Lena Sato", "tier": "plan", "passed": True},
    {"npi": NEXT, "name": "Dr. Amir Nazari", "tier": "plan", "passed": True, "reasons": ["Dr. Lena Sato is nearer"]},
]


def declining(case: Case | None = None, how: str = "not_in_time") -> Case:
    reason = "The first free visit is in eight weeks."
    return does(case or placed(), CASE_MANAGER, "decline_placement", how=how, reason=reason)


def authorizations(case: Case) -> list[tuple[str, NoticeEnd | None]]:
    return [(n.key.partition("/")[2], n.ended_as) for n in case.notices if n.kind is NoticeKind.AUTHORIZATION]


def state(case: Case, obligation: Obligation) -> list[ClockState]:
    return [c.state for c in case.clocks if c.obligation is obligation]


# -- whom the proposal led to


def test_the_file_keeps_who_was_considered_and_by_which_directory():
    case = does(
        approved(), CASE_MANAGER, "place_opinion",
        **plan_physician(FIRST, considered=CONSIDERED, proposed_npi=FIRST, directory_version="2026-11-01"),
    )  # fmt: skip

    opinion = case.opinions[-1]
    assert [(c.npi, c.passed) for c in opinion.considered] == [("1992999874", False), (FIRST, True), (NEXT, True)]
    assert (opinion.directory_version, opinion.departure_reason) == ("2026-11-01", "")


def test_another_than_the_proposed_physician_needs_a_reason():
    refused = refusal(approved(), CASE_MANAGER, "place_opinion", **plan_physician(NEXT, proposed_npi=FIRST))

    assert (refused.clause, refused.fields[0].field) == ("P6b", "departure_reason")


def test_a_departure_is_told_with_its_reason():
    why = "The member's daughter is a nurse there."

    case = does(
        approved(), CASE_MANAGER, "place_opinion", **plan_physician(NEXT, proposed_npi=FIRST, departure_reason=why)
    )

    assert case.opinions[-1].departure_reason == why
    assert [e.text for e in case.story if e.event == "opinion:departed"] == [f"Not whom the proposal led to: {why}"]


def test_a_conflict_of_interest_bars_the_placement():
    refused = refusal(approved(), CASE_MANAGER, "place_opinion", **plan_physician(FIRST, attests_no_conflict=False))

    assert (refused.clause, refused.fields[0].field) == ("POL-3", "attests_no_conflict")


# -- the authorization


def test_an_authorization_has_a_number_and_ends_ninety_calendar_days_after_the_placement():
    held = placed().opinions[-1].authorization

    assert held is not None
    assert held.number == f"AUTH-{NUMBER}-2"
    assert (held.valid_from, held.valid_until) == (date(2026, 11, 2), date(2027, 1, 31))  # Monday, Sunday


def test_the_letters_name_the_authorization_and_its_days():
    for reader in (Recipient.OPINION_PHYSICIAN, Recipient.MEMBER):
        text = says(letter(placed(), NoticeKind.AUTHORIZATION, reader))

        assert f"Authorization number: AUTH-{NUMBER}-2." in text
        assert "January 31, 2027" in text


def test_a_case_of_an_older_generation_has_no_authorization_and_keeps_its_letters():
    case = open_case(NUMBER, a_request(), MONDAY, generation=2)
    case = does(does(case, CASE_MANAGER, "confirm_completeness"), CMO, "determine", **APPROVAL)

    case = does(case, CASE_MANAGER, "place_opinion", **plan_physician())

    assert case.opinions[-1].authorization is None
    assert {c.obligation for c in case.clocks}.isdisjoint({Obligation.APPOINTMENT})
    assert [n.copy_number for n in case.notices if n.kind is NoticeKind.AUTHORIZATION] == [1, 1]


def test_an_authorization_is_extended_and_sent_anew():
    case = letters_left(placed())

    after = does(case, CASE_MANAGER, "extend_authorization", until="2027-03-31", reason="The visit is in March.")

    held = after.opinions[-1].authorization
    assert held is not None
    assert (held.valid_until, len(held.extended)) == (date(2027, 3, 31), 1)  # Wednesday
    assert authorizations(after) == [
        ("authorization/2/opinion_physician", NoticeEnd.VOID),
        ("authorization/2/member", NoticeEnd.VOID),
        ("authorization/2/opinion_physician/2", None),
        ("authorization/2/member/2", None),
    ]


@pytest.mark.parametrize("until", ["2027-01-31", "2026-12-01"])
def test_an_authorization_is_extended_only_to_a_later_day(until):
    refused = refusal(placed(), CASE_MANAGER, "extend_authorization", until=until, reason="A slip.")

    assert refused.fields[0].field == "until"


def test_an_authorization_that_ends_before_the_visit_is_told_once_and_goes_before_the_supervisor():
    case, ends = placed(), MONDAY + 92 * DAY  # Tuesday 2027-02-02

    after = ring(case, ends)

    assert [e.text for e in after.story if e.event == "authorization:expired"] == [
        f"AUTH-{NUMBER}-2 ended on 2027-01-31"
    ]
    assert [t.escalated for t in after.open_tasks] == [True]
    assert next_alarm(after) is None
    assert ring(after, ends + DAY) == after


# -- declined


@pytest.mark.parametrize("how", ["declined", "not_in_time"])
def test_a_placement_that_was_declined_stays_on_record_and_the_task_opens_again(how):
    case = declining(how=how)

    (opinion,) = case.opinions
    assert (opinion.ended_as, opinion.ended_by) == (OpinionEnd(how), CASE_MANAGER.id)
    assert opinion.ended_why == "The first free visit is in eight weeks."
    assert case.current_opinion is None
    assert case.stage is Stage.PLACEMENT
    assert [(t.kind, t.note) for t in case.open_tasks] == [(TaskKind.PLACEMENT, "second opinion, placed anew")]


def test_the_authorization_of_who_declined_is_void_whether_it_has_left_or_not():
    unsent, gone = declining(), declining(letters_left(placed()))

    for case in (unsent, gone):
        assert [end for _, end in authorizations(case)] == [NoticeEnd.VOID, NoticeEnd.VOID]
    assert NoticeKind.AUTHORIZATION not in [n.kind for n in unsent.planned_notices]


def test_who_declined_is_not_asked_again_and_the_next_on_the_ladder_is():
    case = declining()

    refused = refusal(case, CASE_MANAGER, "place_opinion", **plan_physician(FIRST))
    case = does(case, CASE_MANAGER, "place_opinion", **plan_physician(NEXT))

    assert (refused.clause, refused.fields[0].field) == ("P6b", "professional.npi")
    assert [(o.ordinal, o.stands) for o in case.opinions] == [(2, False), (2, True)]
    assert case.opinions[-1].authorization is not None
    assert case.opinions[-1].authorization.number == f"AUTH-{NUMBER}-2-2"


def test_physician_and_member_get_the_new_authorization_about_the_new_physician():
    case = does(declining(letters_left(placed())), CASE_MANAGER, "place_opinion", **plan_physician(NEXT))

    owed = [n.key.partition("/")[2] for n in case.planned_notices if n.kind is NoticeKind.AUTHORIZATION]
    assert owed == ["authorization/2/opinion_physician/2", "authorization/2/member/2"]
    assert f"AUTH-{NUMBER}-2-2" in says(letter(case, NoticeKind.AUTHORIZATION, Recipient.MEMBER))


def test_declining_ends_the_clock_of_the_report_and_gives_two_business_days_to_place_anew():
    case = declining()

    assert state(case, Obligation.CONSULTATION_REPORT) == [ClockState.WAIVED]
    again = [c for c in case.open_clocks if c.obligation is Obligation.PLACEMENT]
    assert [c.rule for c in again] == ["PLAN-PLACE-AGAIN"]
    assert "2 business days from the end of the earlier placement" in again[0].explanation


def test_the_urgent_opinions_own_clock_runs_on_when_a_physician_declines():
    before = placed(imminent_threat=True)

    after = declining(before)

    urgent = [c for c in before.clocks if c.obligation is Obligation.OPINION_RENDERED]
    assert [c for c in after.clocks if c.obligation is Obligation.OPINION_RENDERED] == urgent
    assert urgent[0].is_open


def test_who_declined_took_no_part_and_the_case_is_coded_and_filed_by_who_gave_the_opinion():
    case = does(
        declining(), CASE_MANAGER, "place_opinion",
        **plan_physician(NEXT, tier="out_of_network", passed_over={"ppg": "all involved", "plan": "declined"}),
    )  # fmt: skip
    case = letters_left(does(case, CASE_MANAGER, "receive_report", **a_report()))

    found = category(case)
    assert FIRST not in took_part(case)
    assert found is not None
    assert found.code == "SO-A-SP-OON"
    assert may_file(case)
    assert [o.stands for o in packet(case, next_hour(case)).opinions] == [False, True]


def test_a_declined_placement_keeps_the_case_from_no_file_but_its_task_does():
    assert [line for line in still_open(letters_left(declining())) if line.startswith("report")] == []


def test_a_third_opinion_opens_after_a_declined_second_one_and_the_declined_may_give_it():
    case = does(
        declining(placed(line="medicare_advantage", first_opinion=a_first_opinion(recommends=True))),
        CASE_MANAGER,
        "place_opinion",
        **plan_physician(NEXT),
    )
    case = does(case, CASE_MANAGER, "receive_report", **a_report(recommends=False))

    own = does(own_case(case), CASE_MANAGER, "place_opinion", **plan_physician(FIRST))

    assert case.stage is Stage.THIRD_OPINION
    assert [(o.ordinal, o.stands) for o in own.opinions] == [(2, False), (2, True), (3, True)]


def test_a_third_opinion_that_is_declined_is_placed_anew_and_comes_home_with_both_placements():
    case = differing()
    own = does(own_case(case), CASE_MANAGER, "place_opinion", **plan_physician(NEXT))

    own = declining(own)

    assert declined(own) == {NEXT}
    own = does(own, CASE_MANAGER, "place_opinion", **plan_physician(LAST))
    own = does(own, CASE_MANAGER, "receive_report", **a_report(recommends=False))
    case = taken_in(case, brought_home(own), next_hour(own))
    assert [(o.ordinal, o.stands) for o in case.opinions] == [(2, True), (3, False), (3, True)]
    assert case.stage is Stage.FILING


def test_reminders_to_the_next_physician_have_numbers_of_their_own():
    case = ring(letters_left(placed()), MONDAY + 20 * DAY)  # half of the thirty days has gone
    case = declining(case, how="declined")
    case = does(case, CASE_MANAGER, "place_opinion", **plan_physician(NEXT))

    case = ring(case, next_hour(case) + 16 * DAY)

    sent = [(n.ordinal, n.ended_as) for n in case.notices if n.kind is NoticeKind.REPORT_REMINDER]
    assert sent == [(21, NoticeEnd.VOID), (22, None)]


# -- the member changes mind


def test_a_member_who_changes_mind_may_come_back_to_the_first_physician():
    case = does(placed(), CASE_MANAGER, "change_physician", reason="The member asks for a physician nearer home.")

    assert case.opinions[-1].ended_as is OpinionEnd.CHANGED_BY_MEMBER
    assert declined(case) == frozenset()
    assert does(case, CASE_MANAGER, "place_opinion", **plan_physician(FIRST)).stage is Stage.CONSULTATION_REPORT


def test_nobody_changes_the_physician_once_the_report_is_here():
    case = does(placed(), CASE_MANAGER, "receive_report", **a_report())

    assert "no obtain_report task" in refusal(case, CASE_MANAGER, "change_physician", reason="Too late.").reason


# -- the fee


def agreeing(case: Case, signed_on: str = "2026-11-02") -> Case:
    return does(case, CASE_MANAGER, "record_fee_agreement", reference="LOA-2026-0117", signed_on=signed_on)


def test_a_letter_of_agreement_that_was_pending_is_signed():
    pending = does(approved(), CASE_MANAGER, "place_opinion", **plan_physician(fee="letter_of_agreement_pending"))

    opinion = agreeing(pending).opinions[-1]

    assert opinion.fee == "agreed"
    assert opinion.agreement is not None
    assert (opinion.agreement.reference, opinion.agreement.signed_on) == ("LOA-2026-0117", date(2026, 11, 2))


def test_an_agreement_that_nobody_waits_for_or_of_a_day_to_come_is_refused():
    pending = does(approved(), CASE_MANAGER, "place_opinion", **plan_physician(fee="letter_of_agreement_pending"))
    given: dict[str, Any] = {"reference": "LOA-1", "signed_on": "2026-11-02"}

    not_pending = refusal(placed(), CASE_MANAGER, "record_fee_agreement", **given)
    ahead = refusal(pending, CASE_MANAGER, "record_fee_agreement", **{**given, "signed_on": "2026-11-04"})

    assert "no letter of agreement is pending" in not_pending.reason
    assert ahead.fields[0].field == "signed_on"
