"""Letters in the story: each goes its own way, and a case waits for nobody's printer; what does not arrive is told."""

import asyncio
from datetime import timedelta

from policy.channels import Channel
from policy.particulars import NoticeEnd, Recipient
from policy.rule import Obligation
from policy.tasks import TaskKind
from policy.timeframes import ClockState
from tests.builders import CASE_MANAGER, CMO, INTAKE, a_report, plan_physician
from workflows.carrying import PRESENTATION

HOUR = timedelta(hours=1)
DENIAL = {"outcome": "denied", "rationale": "Two opinions are on record.", "criteria": "MCG 4.2"}


async def decided(stage, **outcome):
    played = await stage.open()
    await played.does(CASE_MANAGER, "confirm_completeness")
    await played.does(CMO, "determine", **(outcome or DENIAL))
    return played


async def when(played, reached):
    """The case, once it has come so far."""
    for _ in range(200):
        if reached(case := await played.case()):
            return case
        await asyncio.sleep(0.02)
    raise AssertionError(f"it never came so far: {[e.text for e in case.story][-5:]}")


def clock(case, obligation):
    return next(c for c in case.clocks if c.obligation is obligation)


def test_every_kind_of_task_has_a_step_that_puts_it_before_people():
    assert set(PRESENTATION) == set(TaskKind)


async def test_without_a_fax_the_provider_is_called_and_only_then_is_the_denial_filed(stage):
    stage.mailroom.missing = {Channel.FAX}
    played = await decided(stage)

    waiting = await when(played, lambda case: case.task(TaskKind.TELEPHONE_NOTICE))
    await played.does(CASE_MANAGER, "record_call", reached=True, spoke_with="the nurse", said="Denied; may appeal.")
    closing = await played.ends()

    assert clock(waiting, Obligation.PROVIDER_NOTICE).state is ClockState.RUNNING
    assert closing.category == "SO-D-PHYS"
    assert clock(await played.case(), Obligation.PROVIDER_NOTICE).state is ClockState.MET


async def test_a_channel_that_is_down_keeps_back_no_letter_of_another_channel_and_no_step_of_the_case(stage):
    stage.mailroom.down = {Channel.FAX}
    played = await decided(stage, outcome="approved", rationale="Reason R1 applies.")

    told = await when(played, lambda case: any(n.sent_at for n in case.notices))
    await played.does(CASE_MANAGER, "place_opinion", **plan_physician())
    placed = await when(played, lambda case: sum(1 for n in case.notices if n.sent_at) == 2)

    assert [n.recipient for n in told.notices if n.sent_at] == [Recipient.MEMBER]
    assert [n.recipient for n in placed.planned_notices] == [Recipient.PROVIDER, Recipient.OPINION_PHYSICIAN]
    assert clock(placed, Obligation.MEMBER_NOTICE).state is ClockState.MET
    stage.mailroom.down = set()
    case = await played.passes(6 * HOUR)
    assert case.planned_notices == ()
    await played.does(CASE_MANAGER, "receive_report", **a_report())
    assert (await played.ends()).category == "SO-A-SP-PLAN"


async def test_a_letter_that_came_back_goes_out_again_and_the_case_waits_for_it(stage):
    played = await decided(stage, outcome="approved", rationale="Reason R1 applies.")
    case = await when(played, lambda case: case.notices and not case.planned_notices)
    key = next(n.key for n in case.notices if n.recipient is Recipient.MEMBER)

    await played.does(INTAKE, "report_returned_letter", letter_key=key, reason="Moved, left no address")
    case = await when(played, lambda case: case.task(TaskKind.TELEPHONE_NOTICE))

    assert case.notice(key).ended_as is NoticeEnd.RETURNED
    assert case.notice(f"{key}/2").ended_as is NoticeEnd.UNDELIVERABLE
    assert clock(case, Obligation.MEMBER_NOTICE).state is ClockState.RUNNING


async def test_a_void_letter_is_made_anew_from_the_case_as_it_stands(stage):
    played = await decided(stage, outcome="approved", rationale="Reason R1 applies.")
    case = await when(played, lambda case: case.notices and not case.planned_notices)
    key = next(n.key for n in case.notices if n.recipient is Recipient.MEMBER)

    await played.does(CASE_MANAGER, "reissue_letter", letter_key=key, reason="A slip in the address.")
    case = await when(played, lambda case: case.notice(f"{key}/2") and not case.planned_notices)

    assert case.notice(key).ended_as is NoticeEnd.VOID
    assert case.notice(f"{key}/2").sent_at is not None
    assert {key, f"{key}/2"} <= stage.mailroom.letters.keys()
