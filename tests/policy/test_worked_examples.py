"""Due times worked out by hand for each rule of the edition, checked to the second."""

from datetime import datetime
from typing import Any

import pytest

from policy.acting import act
from policy.case import Case
from policy.request import Item, LineOfBusiness, Priority
from policy.rule import Anchor, Obligation
from tests.builders import CASE_MANAGER, CMO, action, an_incomplete_request
from tests.policy.steps import APPROVAL, DENIAL, does, in_review, opened, pending

CMC, MEDI_CAL, COMMERCIAL = LineOfBusiness.CMC, LineOfBusiness.MEDI_CAL, LineOfBusiness.COMMERCIAL
ADVANTAGE, D_SNP = LineOfBusiness.MEDICARE_ADVANTAGE, LineOfBusiness.D_SNP
DECISION, OUTER = Obligation.DECISION, Obligation.DECISION_OUTER
EXPEDITED, RETROSPECTIVE = Priority.EXPEDITED, Priority.RETROSPECTIVE


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def due(case: Case, obligation: Obligation) -> datetime:
    return max(c.due_at for c in case.clocks if c.obligation is obligation)


@pytest.mark.parametrize(
    ("line", "received", "obligation", "expected"),
    [
        pytest.param(CMC, "2022-03-07T10:15-08:00", DECISION, "2022-03-14T23:59:59-07:00", id="W01 Monday, 5 BD"),
        pytest.param(CMC, "2022-03-07T10:15-08:00", OUTER, "2022-03-21T23:59:59-07:00", id="W01 Monday, 14 CD"),
        pytest.param(CMC, "2022-12-28T15:00-08:00", DECISION, "2023-01-05T23:59:59-08:00", id="W07 Wednesday, 5 BD"),
        pytest.param(CMC, "2022-12-28T15:00-08:00", OUTER, "2023-01-11T23:59:59-08:00", id="W07 Wednesday, 14 CD"),
        pytest.param(
            MEDI_CAL, "2025-11-20T13:00-08:00", DECISION, "2025-12-01T23:59:59-08:00", id="W09 Thursday, 5 BD"
        ),
        pytest.param(COMMERCIAL, "2025-11-20T13:00-08:00", DECISION, "2025-11-28T23:59:59-08:00", id="W09 federal"),
        pytest.param(MEDI_CAL, "2025-11-20T13:00-08:00", OUTER, "2025-12-04T23:59:59-08:00", id="W09 Thursday, 14 CD"),
        pytest.param(MEDI_CAL, "2026-01-02T10:00-08:00", DECISION, "2026-01-09T23:59:59-08:00", id="W11 Friday, 5 BD"),
        pytest.param(MEDI_CAL, "2026-01-02T10:00-08:00", OUTER, "2026-01-09T23:59:59-08:00", id="W11 Friday, 7 CD"),
        pytest.param(
            MEDI_CAL, "2026-02-14T08:00-08:00", DECISION, "2026-02-23T23:59:59-08:00", id="W13 Saturday, 5 BD"
        ),
        pytest.param(MEDI_CAL, "2026-02-14T08:00-08:00", OUTER, "2026-02-21T23:59:59-08:00", id="W13 Saturday, 7 CD"),
        pytest.param(MEDI_CAL, "2026-06-29T14:00-07:00", DECISION, "2026-07-06T23:59:59-07:00", id="W15 Monday, state"),
        pytest.param(MEDI_CAL, "2026-06-29T14:00-07:00", OUTER, "2026-07-06T23:59:59-07:00", id="W15 Monday, 7 CD"),
        pytest.param(COMMERCIAL, "2026-06-29T14:00-07:00", DECISION, "2026-07-07T23:59:59-07:00", id="W15 federal"),
        pytest.param(MEDI_CAL, "2026-11-25T11:00-08:00", DECISION, "2026-12-04T23:59:59-08:00", id="W17 Wednesday, BD"),
        pytest.param(MEDI_CAL, "2026-11-25T11:00-08:00", OUTER, "2026-12-02T23:59:59-08:00", id="W17 Wednesday, 7 CD"),
        pytest.param(MEDI_CAL, "2026-05-21T23:59-07:00", DECISION, "2026-05-29T23:59:59-07:00", id="W25a Thursday, BD"),
        pytest.param(MEDI_CAL, "2026-05-21T23:59-07:00", OUTER, "2026-05-28T23:59:59-07:00", id="W25a Thursday, 7 CD"),
        pytest.param(MEDI_CAL, "2026-05-22T00:01-07:00", DECISION, "2026-06-01T23:59:59-07:00", id="W25b Friday, BD"),
        pytest.param(MEDI_CAL, "2026-05-22T00:01-07:00", OUTER, "2026-05-29T23:59:59-07:00", id="W25b Friday, 7 CD"),
        pytest.param(
            ADVANTAGE, "2026-05-12T11:00-07:00", DECISION, "2026-05-19T23:59:59-07:00", id="W29 Tuesday, 7 CD"
        ),
        pytest.param(ADVANTAGE, "2025-12-30T16:00-08:00", DECISION, "2026-01-13T23:59:59-08:00", id="W31a Tuesday"),
        pytest.param(ADVANTAGE, "2026-01-02T16:00-08:00", DECISION, "2026-01-09T23:59:59-08:00", id="W31b Friday"),
        pytest.param(D_SNP, "2025-12-30T16:00-08:00", DECISION, "2026-01-13T23:59:59-08:00", id="W31a Tuesday, D-SNP"),
        pytest.param(D_SNP, "2026-01-02T16:00-08:00", DECISION, "2026-01-09T23:59:59-08:00", id="W31b Friday, D-SNP"),
        pytest.param(ADVANTAGE, "2026-06-01T10:00-07:00", DECISION, "2026-06-08T23:59:59-07:00", id="W41 Monday, 7 CD"),
    ],
)
def test_a_complete_standard_request_is_due(line, received, obligation, expected):
    case = opened(line=line, at=at(received))

    assert due(case, obligation) == at(expected)


@pytest.mark.parametrize(
    ("line", "received", "expected"),
    [
        pytest.param(CMC, "2022-07-01T18:20-07:00", "2022-07-04T18:20-07:00", id="W05 Friday, over July 4"),
        pytest.param(MEDI_CAL, "2026-03-06T17:05-08:00", "2026-03-09T18:05-07:00", id="W19 Friday, Medi-Cal"),
        pytest.param(ADVANTAGE, "2026-03-06T17:05-08:00", "2026-03-09T18:05-07:00", id="W19 Friday, Advantage"),
        pytest.param(D_SNP, "2026-03-06T17:05-08:00", "2026-03-09T18:05-07:00", id="W19 Friday, D-SNP"),
        *(
            pytest.param(line, "2026-12-31T23:30-08:00", "2027-01-03T23:30-08:00", id=f"W21 Thursday, {line}")
            for line in (MEDI_CAL, ADVANTAGE, D_SNP, COMMERCIAL)
        ),
        pytest.param(COMMERCIAL, "2026-08-03T09:00-07:00", "2026-08-06T09:00-07:00", id="W39 Monday, urgent"),
    ],
)
def test_a_complete_expedited_request_is_due(line, received, expected):
    case = opened(line=line, priority=EXPEDITED, at=at(received))

    assert due(case, DECISION) == at(expected)


@pytest.mark.parametrize("line", [MEDI_CAL, COMMERCIAL])
def test_w35_a_retrospective_request_is_due_on_a_sunday_and_staff_act_by_the_friday_before(line):
    friday = at("2026-01-30T12:00-08:00")

    case = opened(line=line, priority=RETROSPECTIVE, at=friday)

    clock = next(c for c in case.clocks if c.obligation is DECISION)
    assert clock.due_at == at("2026-03-01T23:59:59-08:00")
    assert clock.act_by == at("2026-02-27T17:00-08:00")


def test_w13_staff_act_by_the_friday_before_a_saturday():
    saturday = at("2026-02-14T08:00-08:00")

    case = opened(at=saturday)

    outer = next(c for c in case.clocks if c.obligation is OUTER)
    assert outer.act_by == at("2026-02-20T17:00-08:00")


@pytest.mark.parametrize("received", ["2026-01-02T10:00-08:00", "2026-02-14T08:00-08:00", "2026-11-25T11:00-08:00"])
def test_of_two_limits_the_earlier_governs(received):
    case = opened(at=at(received))

    assert case.decision_limit == min(due(case, DECISION), due(case, OUTER))


def answered(case: Case, received: datetime) -> Case:
    """The missing test results came, and the case manager has looked."""
    came: dict[str, Any] = {"information": [{"item": "test_results", "text": "MRI."}]}
    return act(case, action("receive_information", CASE_MANAGER, received, **came), received)


def test_w03_late_information_restarts_the_business_days_and_not_the_calendar_days():
    monday, wednesday_a_week_later = at("2022-06-06T09:00-07:00"), at("2022-06-15T14:00-07:00")
    case = pending(Item.TEST_RESULTS, line=CMC, received=monday)

    after = answered(case, wednesday_a_week_later)

    assert due(case, Obligation.PEND_NOTICE) == at("2022-06-13T23:59:59-07:00")
    assert due(after, DECISION) == at("2022-06-22T23:59:59-07:00")
    assert due(after, OUTER) == at("2022-06-20T23:59:59-07:00")
    assert after.decision_limit == at("2022-06-20T23:59:59-07:00")


def test_w27_urgent_limits_count_from_the_request_for_medi_cal_and_from_the_information_for_commercial_lines():
    friday, sunday = at("2026-08-07T19:00-07:00"), at("2026-08-09T10:00-07:00")

    state = answered(pending(Item.TEST_RESULTS, priority=EXPEDITED, received=friday), sunday)
    commercial = answered(pending(Item.TEST_RESULTS, line=COMMERCIAL, priority=EXPEDITED, received=friday), sunday)

    assert state.decision_limit == at("2026-08-10T19:00-07:00")
    assert commercial.decision_limit == at("2026-08-12T10:00-07:00")


@pytest.mark.parametrize(
    ("line", "letter_due"),
    [
        pytest.param(MEDI_CAL, "2026-12-01T23:59:59-08:00", id="W33 state, Tuesday 2026-12-01"),
        pytest.param(COMMERCIAL, "2026-11-30T23:59:59-08:00", id="W33 federal, Monday 2026-11-30"),
    ],
)
def test_w33_a_denial_on_the_eve_of_thanksgiving(line, letter_due):
    wednesday = at("2026-11-25T16:30-08:00")
    case = in_review(line=line, received=at("2026-11-23T09:00-08:00"))

    after = act(case, action("determine", CMO, wednesday, **DENIAL), wednesday)

    assert due(after, Obligation.PROVIDER_NOTICE) == at("2026-11-26T16:30-08:00")
    assert due(after, Obligation.MEMBER_NOTICE) == at(letter_due)


RETRO_DUE = "2026-03-01T23:59:59-08:00"  # Sunday, 30 calendar days


@pytest.mark.parametrize(
    ("line", "priority", "received", "letter_due"),
    [
        pytest.param(COMMERCIAL, "standard", "2026-11-23T09:00-08:00", "2026-12-01T23:59:59-08:00", id="federal days"),
        pytest.param(COMMERCIAL, "concurrent", "2026-11-23T09:00-08:00", "2026-12-01T23:59:59-08:00", id="concurrent"),
        pytest.param(MEDI_CAL, "concurrent", "2026-11-23T09:00-08:00", "2026-12-02T23:59:59-08:00", id="state days"),
        pytest.param(MEDI_CAL, "standard", "2026-11-23T09:00-08:00", "2026-11-30T23:59:59-08:00", id="the 7 days end"),
        pytest.param(MEDI_CAL, "standard", "2026-06-29T14:00-07:00", "2026-07-06T23:59:59-07:00", id="over July 4"),
        pytest.param(COMMERCIAL, "standard", "2026-06-29T14:00-07:00", "2026-07-07T23:59:59-07:00", id="July 3 closed"),
        pytest.param(COMMERCIAL, "expedited", "2026-08-07T19:00-07:00", "2026-08-10T19:00-07:00", id="72 h"),
        pytest.param(MEDI_CAL, "expedited", "2026-08-07T19:00-07:00", "2026-08-10T19:00-07:00", id="72 h, state"),
        pytest.param(CMC, "expedited", "2022-07-01T18:20-07:00", "2022-07-04T18:20-07:00", id="72 h, cmc"),
        pytest.param(COMMERCIAL, "urgent_concurrent", "2026-08-07T19:00-07:00", "2026-08-10T19:00-07:00", id="urgent"),
        pytest.param(MEDI_CAL, "urgent_concurrent", "2026-08-07T19:00-07:00", "2026-08-08T19:00-07:00", id="24 h"),
        pytest.param(COMMERCIAL, "retrospective", "2026-01-30T12:00-08:00", RETRO_DUE, id="30 days"),
        pytest.param(MEDI_CAL, "retrospective", "2026-01-30T12:00-08:00", RETRO_DUE, id="30 days, state"),
    ],
)
def test_the_pend_notice_is_due_by_the_calendar_of_the_line_and_inside_the_decision_limit(
    line, priority, received, letter_due
):
    case = opened(an_incomplete_request(Item.TEST_RESULTS, line=line, priority=priority), at(received))

    (clock,) = (c for c in case.clocks if c.obligation is Obligation.PEND_NOTICE)
    assert (clock.rule, clock.due_at) == ("KK-PEND", at(letter_due))
    assert case.decision_limit is None or clock.due_at <= case.decision_limit


@pytest.mark.parametrize("line", [ADVANTAGE, D_SNP])
def test_medicare_lines_owe_no_pend_notice(line):
    case = opened(an_incomplete_request(Item.TEST_RESULTS, line=line), at("2026-05-12T11:00-07:00"))

    assert Obligation.PEND_NOTICE not in {c.obligation for c in case.clocks}


@pytest.mark.parametrize(("decision", "rule"), [(APPROVAL, "N-MEM-PLAN"), (DENIAL, "N-MEM-2BD")], ids=["yes", "no"])
@pytest.mark.parametrize(
    ("line", "letter_due"),
    [(MEDI_CAL, "2026-12-01T23:59:59-08:00"), (COMMERCIAL, "2026-11-30T23:59:59-08:00")],
    ids=["state", "federal"],
)
def test_the_member_hears_of_an_approval_by_the_plans_own_limit_and_of_a_denial_by_the_laws(
    line, letter_due, decision, rule
):
    wednesday = at("2026-11-25T16:30-08:00")

    after = does(in_review(line=line, received=at("2026-11-23T09:00-08:00")), CMO, "determine", wednesday, **decision)

    (clock,) = (c for c in after.clocks if c.obligation is Obligation.MEMBER_NOTICE)
    assert (clock.rule, clock.due_at) == (rule, at(letter_due))


@pytest.mark.parametrize("decision", [APPROVAL, DENIAL], ids=["yes", "no"])
@pytest.mark.parametrize(
    ("decided", "provider_due", "member_due"),
    [
        pytest.param("2026-11-02T12:00-08:00", "2026-11-03T12:00-08:00", "2026-11-04T23:59:59-08:00", id="early"),
        pytest.param("2026-11-04T22:00-08:00", "2026-11-05T10:00-08:00", "2026-11-05T10:00-08:00", id="near the end"),
    ],
)
def test_the_notices_of_an_expedited_medi_cal_decision_lie_inside_its_72_hours(
    decided, provider_due, member_due, decision
):
    monday = at("2026-11-02T10:00-08:00")

    after = does(in_review(priority=EXPEDITED, received=monday), CMO, "determine", at(decided), **decision)

    notices = {c.rule: c.due_at for c in after.clocks if c.anchor is Anchor.DECIDED}
    assert notices == {"N-PROV-EXP": at(provider_due), "N-MEM-EXP": at(member_due)}


def test_w37_receipt_by_a_delegate_starts_the_clock():
    monday, wednesday = at("2026-09-14T09:00-07:00"), at("2026-09-16T15:00-07:00")

    case = opened(received_by_delegate_at=monday, at=wednesday)

    assert case.decision_limit == at("2026-09-21T23:59:59-07:00")
