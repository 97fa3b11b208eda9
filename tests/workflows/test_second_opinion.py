"""The story of one request, branch by branch, with skipped time."""

from datetime import timedelta

import pytest

from policy.lifecycle import Outcome, Stage
from policy.request import Item, LineOfBusiness, Priority
from policy.tasks import TaskKind
from tests.builders import (
    CASE_MANAGER,
    CMO,
    CONSULTANT,
    a_first_opinion,
    a_professional,
    a_report,
    a_request,
    an_incomplete_request,
    plan_physician,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def test_a_complete_request_is_approved_placed_reported_filed_and_coded(stage):
    played = await stage.open()

    await played.does(CASE_MANAGER, "confirm_completeness")
    await played.does(CMO, "determine", outcome="approved", rationale="Reason R1 applies.")
    await played.does(CASE_MANAGER, "place_opinion", **plan_physician())
    await played.does(CASE_MANAGER, "receive_report", **a_report())
    closing = await played.ends()

    assert closing.outcome is Outcome.APPROVED
    assert closing.category == "SO-A-SP-PLAN"
    assert stage.mailroom.sent() == [
        "approval to provider",
        "approval to member",
        "authorization to opinion_physician",
        "authorization to member",
        "report_copy to pcp",
        "report_copy to member",
        "report_copy to provider",
    ]
    assert list(stage.cabinet.packets) == [closing.case_number]
    assert [row.category for row in stage.mhc.rows.values()] == ["SO-A-SP-PLAN"]
    assert stage.ledger.events(closing.case_number)[-3:] == ["case:coded", "case:filed", "case:closed"]


async def test_missing_information_answered_in_two_parts_keeps_the_request_open_until_the_second(stage):
    lacking = (Item.TEST_RESULTS, Item.TREATMENT_PLAN)
    played = await stage.open(an_incomplete_request(*lacking))

    await played.does(CASE_MANAGER, "request_information", items=lacking)
    await played.does(
        CASE_MANAGER, "receive_information", information=[{"item": "test_results", "text": "MRI of October."}]
    )
    after_one = await played.case()
    await played.does(
        CASE_MANAGER, "receive_information", information=[{"item": "treatment_plan", "text": "Fusion in December."}]
    )
    after_two = await played.case()

    assert after_one.stage is Stage.INFORMATION_REQUESTED
    assert after_two.stage is Stage.COMPLETENESS_REVIEW
    assert stage.mailroom.sent() == ["information_request to provider", "pend to member"]


async def test_a_provider_who_does_not_answer_is_reminded_and_the_case_goes_to_the_supervisor(stage):
    played = await stage.open(an_incomplete_request(Item.TEST_RESULTS))
    await played.does(CASE_MANAGER, "request_information", items=(Item.TEST_RESULTS,))

    case = await played.passes(12 * DAY)

    assert stage.mailroom.sent().count("information_reminder to provider") == 2
    assert [t.kind for t in case.open_tasks if t.escalated] == [TaskKind.OBTAIN_INFORMATION]


async def test_a_recommended_opinion_is_approved_after_consultation(stage):
    played = await stage.open()
    await played.does(CASE_MANAGER, "confirm_completeness")

    await played.does(CMO, "refer_to_consultation", question="Is the fusion reasonable?")
    await played.does(
        CONSULTANT,
        "submit_consultation",
        findings="Imaging and examination disagree.",
        recommends_second_opinion=True,
        rationale="Conservative care was not exhausted.",
        attests_no_conflict=True,
    )
    await played.does(CMO, "determine", outcome="approved", rationale="As recommended.")
    case = await played.case()

    assert case.outcome is Outcome.APPROVED
    assert case.determination is not None
    assert case.determination.basis == "consultation"


async def test_an_opinion_that_is_not_recommended_is_denied_and_cannot_be_approved(stage):
    played = await stage.open()
    await played.does(CASE_MANAGER, "confirm_completeness")
    await played.does(CMO, "refer_to_consultation", question="Is the fusion reasonable?")
    await played.does(
        CONSULTANT,
        "submit_consultation",
        findings="Imaging and examination agree.",
        recommends_second_opinion=False,
        rationale="Two opinions are on record.",
        attests_no_conflict=True,
    )

    await played.does(CMO, "determine", outcome="approved", rationale="All the same.")
    refused = (await played.case()).refusals[-1]
    await played.does(CMO, "determine", outcome="denied", rationale="Not recommended.", criteria="P&P 90.2.17")
    closing = await played.ends()

    assert refused.clause == "P6"
    assert closing.outcome is Outcome.DENIED
    assert closing.category == "SO-D-CONS"
    assert stage.mailroom.sent() == ["denial to provider", "denial to member"]


async def test_differing_opinions_open_no_third_on_a_line_without_the_rule(stage):
    request = a_request(line=LineOfBusiness.COMMERCIAL, first_opinion=a_first_opinion(recommends=True))
    played = await stage.open(request)
    await played.does(CASE_MANAGER, "confirm_completeness")
    await played.does(CMO, "determine", outcome="approved", rationale="Reason R1 applies.")
    await played.does(CASE_MANAGER, "place_opinion", **plan_physician())

    await played.does(CASE_MANAGER, "receive_report", **a_report(recommends=False))
    closing = await played.ends()

    assert "third-opinion:not-opened" in stage.ledger.events(closing.case_number)


async def test_primary_care_is_placed_within_the_physician_organization(stage):
    request = a_request(
        care="primary_care",
        specialty="family medicine",
        treating_provider=a_professional("1992999866", name="Dr. Ines Vega", specialty="family medicine"),
    )
    played = await stage.open(request)
    await played.does(CASE_MANAGER, "confirm_completeness")
    await played.does(CMO, "determine", outcome="approved", rationale="Reason R5 applies.")

    colleague = a_professional("1992999908", name="Dr. Omar Diaz", specialty="family medicine")
    await played.does(
        CASE_MANAGER,
        "place_opinion",
        tier="organization",
        professional=colleague.model_dump(mode="json"),
        licence="A77799",
    )
    await played.does(CASE_MANAGER, "receive_report", **a_report())
    closing = await played.ends()

    assert closing.category == "SO-A-PC-ORG"


@pytest.mark.parametrize("reached", ["completeness review", "physician review", "consultative review"])
async def test_a_request_can_be_withdrawn_at_every_stage_before_the_determination(stage, reached):
    played = await stage.open()
    if reached != "completeness review":
        await played.does(CASE_MANAGER, "confirm_completeness")
    if reached == "consultative review":
        await played.does(CMO, "refer_to_consultation", question="Is it reasonable?")

    await played.does(CASE_MANAGER, "withdraw_request", reason="The member has decided.")
    closing = await played.ends()

    assert closing.outcome is Outcome.WITHDRAWN
    assert closing.category == ""
    assert stage.mhc.rows == {}


async def test_a_decided_request_cannot_be_withdrawn(stage):
    played = await stage.open()
    await played.does(CASE_MANAGER, "confirm_completeness")
    await played.does(CMO, "determine", outcome="approved", rationale="Reason R1 applies.")

    await played.does(CASE_MANAGER, "withdraw_request", reason="Too late.")
    case = await played.case()

    assert case.outcome is Outcome.APPROVED
    assert case.refusals[-1].action == "withdraw_request"


async def test_an_undecided_request_warns_at_half_and_four_fifths_and_a_physician_signs_its_expiry(stage):
    played = await stage.open()

    case = await played.passes(12 * DAY)
    await played.does(CMO, "sign_expired_determination", statement="The time allowed by law has passed.")
    closing = await played.ends()

    events = stage.ledger.events(case.number)
    assert events.count("clock:warned") >= 2
    assert events.index("clock:warned") < events.index("clock:breached") < events.index("determination:denied")
    assert [t.kind for t in case.open_tasks] == [TaskKind.COMPLETENESS_REVIEW, TaskKind.EXPIRED_DETERMINATION]
    assert closing.category == "SO-D-EXP"


async def test_nothing_signs_itself_however_long_it_waits(stage):
    played = await stage.open()

    case = await played.passes(400 * DAY)

    assert case.determination is None
    assert case.outcome is None


async def test_an_expired_commercial_request_stays_with_the_physician(stage):
    played = await stage.open(a_request(line=LineOfBusiness.COMMERCIAL))

    case = await played.passes(30 * DAY)

    assert case.task(TaskKind.EXPIRED_DETERMINATION) is None
    assert any(c.state == "breached" for c in case.clocks)


async def test_an_upgrade_to_expedited_moves_the_timer_and_not_the_anchor(stage):
    played = await stage.open()
    before = (await played.case()).decision_limit

    await played.does(CMO, "expedite_request", reason="Waiting could jeopardize the member's health.")
    case = await played.case()

    assert case.priority is Priority.EXPEDITED
    assert before is not None
    assert case.decision_limit == case.received_at + timedelta(hours=72)
    assert case.decision_limit < before


async def test_an_overdue_report_reminds_the_physician_and_escalates(stage):
    played = await stage.open()
    await played.does(CASE_MANAGER, "confirm_completeness")
    await played.does(CMO, "determine", outcome="approved", rationale="Reason R1 applies.")
    await played.does(CASE_MANAGER, "place_opinion", **plan_physician())

    case = await played.passes(32 * DAY)

    assert stage.mailroom.sent().count("report_reminder to opinion_physician") == 2
    assert [t.escalated for t in case.open_tasks] == [True]


async def test_letters_that_cannot_leave_hold_nobody_up_and_leave_in_the_end(stage):
    stage.mailroom.failures = 5
    played = await stage.open()
    await played.does(CASE_MANAGER, "confirm_completeness")
    await played.does(CMO, "determine", outcome="approved", rationale="Reason R1 applies.")

    await played.does(CASE_MANAGER, "place_opinion", **plan_physician())
    placed = await played.case()
    await played.does(CASE_MANAGER, "receive_report", **a_report())
    await played.ends()

    assert placed.stage is Stage.CONSULTATION_REPORT
    assert len(stage.mailroom.sent()) == 7


async def test_records_that_are_away_lose_nothing(stage):
    stage.ledger.failures = 3
    played = await stage.open()

    await played.does(CASE_MANAGER, "confirm_completeness")
    case = await played.passes(HOUR)

    assert stage.ledger.events(case.number)[: len(case.story)] == [e.event for e in case.story]


async def test_an_extension_moves_the_timer_and_the_letters_say_so(stage):
    played = await stage.open(a_request(line=LineOfBusiness.MEDICARE_ADVANTAGE))
    before = (await played.case()).decision_limit

    await played.does(CMO, "extend_decision", reason="enrollee_request", explanation="The member asked for more time.")
    case = await played.passes(8 * DAY)

    assert before is not None
    assert case.decision_limit is not None
    assert case.decision_limit - before >= 14 * DAY - HOUR
    assert all(c.state != "breached" for c in case.clocks)
    assert stage.mailroom.sent() == ["extension to provider", "extension to member"]
