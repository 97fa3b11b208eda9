"""Refusing to expedite, and extending: by a physician, for a lawful reason, in time, once; the anchor never moves."""

from datetime import datetime, timedelta

import pytest

from policy.acting import act
from policy.alarms import next_alarm
from policy.case import Case, open_case
from policy.particulars import NoticeKind
from policy.request import LineOfBusiness
from policy.rule import ExtensionReason, Obligation
from policy.timeframes import DECISION_LIMITS
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, MONDAY, a_request, action, hours
from tests.policy.steps import consulted, next_hour

LATER = MONDAY + hours(2)  # Monday 2026-11-02 12:00 PST
WHY = "The outside surgeon's report may change a denial."
MEDICARE, MEDI_CAL = LineOfBusiness.MEDICARE_ADVANTAGE, LineOfBusiness.MEDI_CAL


def opened(line: LineOfBusiness = MEDICARE) -> Case:
    return open_case("SO-2026-000001", a_request(line=line), MONDAY)


def extended(case: Case, reason: str = "noncontract_evidence", at: datetime = LATER, actor=CMO) -> Case:
    return act(case, action("extend_decision", actor, at, reason=reason, explanation=WHY), at)


def test_a_lawful_extension_moves_the_limit_by_fourteen_calendar_days_and_both_parties_are_told():
    case = extended(opened())

    assert not case.refusals
    assert case.decision_limit == datetime.fromisoformat("2026-11-23T23:59:59-08:00")  # Monday, 7 + 14 days
    assert [n.kind for n in case.notices] == [NoticeKind.EXTENSION] * 2
    assert "and 14 calendar days more" in next(c.explanation for c in case.clocks if c.extended_by)


def test_the_alarm_moves_with_the_limit():
    before, after = next_alarm(opened()), next_alarm(extended(opened()))

    assert before
    assert after
    assert after.at - MONDAY > 2 * (before.at - MONDAY)


def test_an_extended_medi_cal_request_is_not_held_to_the_five_business_days():
    case = extended(opened(MEDI_CAL), reason="expert_consultation")

    limits = [c.due_at for c in case.open_clocks if c.obligation in DECISION_LIMITS]
    assert limits == [datetime.fromisoformat("2026-11-23T23:59:59-08:00")] * 2


@pytest.mark.parametrize(
    ("line", "reason", "cites"),
    [
        (MEDICARE, "contracted_provider_records", "42 CFR 422.568(b)(1)(i)"),
        (MEDICARE, "information_missing", "42 CFR 422.568(b)(1)(i)"),
        (LineOfBusiness.D_SNP, "expert_consultation", "42 CFR 422.631(d)(2)"),
        (LineOfBusiness.COMMERCIAL, "information_missing", "H&S 1367.01(h)(5)"),
    ],
)
def test_an_extension_that_the_line_does_not_allow_is_refused_with_its_citation(line, reason, cites):
    case = extended(opened(line), reason=reason)

    assert case.refusals[-1].clause.startswith(cites)
    assert case.decision_limit == opened(line).decision_limit


def test_a_decision_is_extended_once():
    case = extended(extended(opened()), reason="enrollee_request", at=LATER + hours(1))

    assert "once" in case.refusals[-1].reason


def test_an_extension_after_the_limit_is_refused():
    late = MONDAY + timedelta(days=9)

    case = extended(opened(), at=late)

    assert "passed" in case.refusals[-1].reason


@pytest.mark.parametrize("actor", [CASE_MANAGER, CONSULTANT, CMO.model_copy(update={"licence": ""})])
@pytest.mark.parametrize("signal", ["extend_decision", "refuse_expedite", "expedite_request"])
def test_only_a_licensed_cmo_or_designee_sets_the_speed(actor, signal):
    fields = {"reason": "enrollee_request", "explanation": WHY} if signal == "extend_decision" else {"reason": "No."}

    case = act(opened(), action(signal, actor, LATER, **fields), LATER)

    assert len(case.refusals) == 1
    assert case.decision_limit == opened().decision_limit


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"licence_expires": MONDAY.date() - timedelta(days=1)}, id="licence ended yesterday"),
        pytest.param({"npi": CONSULTANT.npi}, id="the consultant, under another account"),
    ],
)
@pytest.mark.parametrize("signal", ["extend_decision", "refuse_expedite", "expedite_request"])
def test_who_may_not_decide_does_not_set_the_speed_either(signal, changes):
    fields = (
        {"reason": "noncontract_evidence", "explanation": WHY} if signal == "extend_decision" else {"reason": "No."}
    )
    case = consulted(line=MEDICARE)
    now = next_hour(case)

    after = act(case, action(signal, CMO.model_copy(update=changes), now, **fields), now)

    assert len(after.refusals) == 1


def test_a_refusal_to_expedite_leaves_the_limit_and_is_confirmed_in_writing_within_three_calendar_days():
    case = act(opened(), action("refuse_expedite", CMO, LATER, reason="No danger."), LATER)

    owed = next(c for c in case.open_clocks if c.obligation is Obligation.ORAL_CONFIRMATION)
    assert case.decision_limit == opened().decision_limit
    assert owed.due_at == datetime.fromisoformat("2026-11-05T23:59:59-08:00")  # Thursday
    assert {n.kind for n in case.notices} == {NoticeKind.EXPEDITE_REFUSED}


def test_every_lawful_reason_of_every_line_is_a_reason_that_is_known():
    rows = opened().edition.extension

    assert all(set(row.reasons) <= set(ExtensionReason) for row in rows)
    assert all(ExtensionReason.CONTRACTED_PROVIDER_RECORDS not in row.reasons for row in rows)
