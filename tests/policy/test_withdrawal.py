"""The requester withdraws, or a physician asks for more speed."""

from datetime import datetime, timedelta

import pytest

from policy.alarms import ring
from policy.case import Case
from policy.lifecycle import Outcome, Stage
from policy.particulars import NoticeKind, Recipient
from policy.people import Role
from policy.request import Item, LineOfBusiness, Priority
from policy.rule import Obligation
from policy.timeframes import DECISION_LIMITS, ClockState
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, INTAKE, MONDAY
from tests.policy.steps import (
    DAY,
    SUPERVISOR,
    approved,
    consulted,
    denied,
    does,
    in_review,
    letters_left,
    opened,
    pending,
    placed,
    referred,
    refusal,
    withdrawn,
)

MONDAY_2022 = datetime.fromisoformat("2022-03-07T10:15-08:00")
TUESDAY_2025 = datetime.fromisoformat("2025-12-30T16:00-08:00")
URGENT = "Waiting could seriously jeopardize the member's health."
BEFORE_DETERMINATION = {
    "completeness review": opened(),
    "information requested": pending(),
    "physician review": in_review(),
    "consultative review": referred(),
    "after consultation": consulted(),
}


# -- withdrawal


@pytest.mark.parametrize("reached", BEFORE_DETERMINATION)
def test_a_request_can_be_withdrawn_at_every_stage_before_the_determination(reached):
    case = does(BEFORE_DETERMINATION[reached], CASE_MANAGER, "withdraw_request", reason="The member has decided.")

    assert case.outcome is Outcome.WITHDRAWN
    assert case.stage is Stage.FILING
    assert case.open_tasks == ()
    assert case.open_clocks == ()
    assert case.determination is None


def test_member_and_provider_are_told_that_the_request_was_withdrawn():
    owed = [(n.kind, n.recipient) for n in withdrawn().planned_notices]

    assert owed == [(NoticeKind.WITHDRAWAL, Recipient.PROVIDER), (NoticeKind.WITHDRAWAL, Recipient.MEMBER)]


def test_what_was_breached_before_a_withdrawal_stays_on_record_as_breached():
    late = ring(in_review(), MONDAY + 8 * DAY)

    case = does(late, CASE_MANAGER, "withdraw_request", reason="The member has decided.")

    assert {c.state for c in case.clocks} == {ClockState.BREACHED}
    assert {c.cause for c in case.clocks} == {"waiting for: Decide on medical necessity"}
    assert case.open_clocks == ()


@pytest.mark.parametrize("decided", [approved, denied, placed, withdrawn])
def test_what_was_decided_or_withdrawn_cannot_be_withdrawn(decided):
    assert refusal(decided(), CASE_MANAGER, "withdraw_request", reason="Too late.").clause == "POL-1"


@pytest.mark.parametrize("actor", [INTAKE, CASE_MANAGER, SUPERVISOR, CMO], ids=lambda a: a.roles[0])
def test_those_who_speak_with_requesters_record_a_withdrawal(actor):
    assert does(opened(), actor, "withdraw_request", reason="The member has decided.").outcome is Outcome.WITHDRAWN


@pytest.mark.parametrize("role", [Role.CONSULTANT, Role.COMMITTEE, Role.AUDITOR, Role.ADMINISTRATOR])
def test_nobody_else_records_a_withdrawal(role):
    actor = CONSULTANT.model_copy(update={"roles": (role,)})

    refused = refusal(opened(), actor, "withdraw_request", reason="The member has decided.")

    assert (refused.clause, refused.fields[0].field) == ("POL-1", "actor.roles")


# -- more speed


def decision_due(case: Case) -> list[datetime]:
    return [c.due_at for c in case.open_clocks if c.obligation in DECISION_LIMITS]


@pytest.mark.parametrize(
    ("line", "received"),
    [
        pytest.param(LineOfBusiness.CMC, MONDAY_2022, id="cmc, Monday 2022-03-07"),
        *(
            pytest.param(line, received, id=f"{line}, {received:%A %Y-%m-%d}")
            for line in LineOfBusiness
            if line is not LineOfBusiness.CMC
            for received in (TUESDAY_2025, MONDAY)
        ),
    ],
)
@pytest.mark.parametrize("days_later", [0, 1, 4])
def test_an_expedited_request_is_never_due_later_than_before_on_any_line(line, received, days_later):
    case = opened(line=line, at=received)
    before = case.decision_limit

    after = does(case, CMO, "expedite_request", at=received + timedelta(days=days_later, hours=1), reason=URGENT)

    assert after.priority is Priority.EXPEDITED
    assert before is not None
    assert decision_due(after)
    assert after.decision_limit is not None
    assert after.decision_limit <= before
    assert after.decision_limit == received + timedelta(hours=72)


def test_the_anchor_stays_and_the_clocks_that_are_counted_anew_say_so():
    case = opened()

    after = does(case, CMO, "expedite_request", at=MONDAY + DAY, reason=URGENT)

    waived = [c for c in after.clocks if c.state is ClockState.WAIVED]
    running = {(c.rule, c.anchored_at) for c in after.open_clocks if c.obligation in DECISION_LIMITS}
    assert after.received_at == MONDAY
    assert running == {("MCAL-EXP", MONDAY), ("KK-URG", MONDAY)}
    assert {c.cause for c in waived} == {"counted anew: expedited"}
    assert {c.obligation for c in waived} == set(DECISION_LIMITS)


def test_a_commercial_request_that_lacks_information_gets_its_72_hours_when_the_information_comes():
    case = pending(Item.TEST_RESULTS, line=LineOfBusiness.COMMERCIAL)
    urgent = does(case, CMO, "expedite_request", reason=URGENT)
    came = MONDAY + 3 * DAY

    answer = [{"item": "test_results", "text": "MRI."}]
    after = does(urgent, CASE_MANAGER, "receive_information", at=came, information=answer)

    assert decision_due(urgent) == []
    assert decision_due(after) == [came + timedelta(hours=72)]


def test_a_request_can_be_expedited_until_it_is_decided_and_only_once():
    for reached in BEFORE_DETERMINATION.values():
        urgent = does(reached, CMO, "expedite_request", reason=URGENT)

        assert refusal(urgent, CMO, "expedite_request", reason=URGENT).clause == "POL-4"


@pytest.mark.parametrize("decided", [approved, denied, withdrawn])
def test_what_was_decided_cannot_be_expedited(decided):
    assert refusal(decided(), CMO, "expedite_request", reason=URGENT).clause == "POL-4"


@pytest.mark.parametrize("priority", [p for p in Priority if p is not Priority.STANDARD])
def test_only_a_standard_request_can_be_expedited(priority):
    assert refusal(opened(priority=priority), CMO, "expedite_request", reason=URGENT).clause == "POL-4"


@pytest.mark.parametrize(
    ("actor", "clause", "field"),
    [
        pytest.param(CASE_MANAGER, "POL-4", "actor.roles", id="a case manager"),
        pytest.param(CONSULTANT, "POL-4", "actor.roles", id="a consultant"),
        pytest.param(CMO.model_copy(update={"licence": " "}), "H&S 1367.01(e)", "actor.licence", id="no licence"),
        pytest.param(CMO.model_copy(update={"npi": ""}), "PUR", "actor.npi", id="no NPI"),
    ],
)
def test_only_a_physician_who_may_determine_expedites(actor, clause, field):
    refused = refusal(opened(), actor, "expedite_request", reason=URGENT)

    assert (refused.clause, refused.fields[0].field) == (clause, field)


@pytest.mark.parametrize("reached", [opened, in_review], ids=["opened", "in review"])
def test_a_complete_request_that_is_expedited_owes_no_pend_notice(reached):
    after = does(reached(), CMO, "expedite_request", reason=URGENT)

    assert Obligation.PEND_NOTICE not in {c.obligation for c in after.clocks}


def test_a_pend_notice_that_has_left_is_not_owed_again_when_the_request_is_expedited():
    after = does(letters_left(pending()), CMO, "expedite_request", reason=URGENT)

    assert [c.state for c in after.clocks if c.obligation is Obligation.PEND_NOTICE] == [ClockState.MET]


def test_the_urgent_opinion_keeps_its_clock():
    case = opened(imminent_threat=True)

    after = does(case, CMO, "expedite_request", reason=URGENT)

    urgent = [c for c in after.clocks if c.obligation is Obligation.OPINION_RENDERED]
    assert urgent == [c for c in case.clocks if c.obligation is Obligation.OPINION_RENDERED]
