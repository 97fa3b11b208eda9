"""The life of a delegated decision: checked, chased, settled or closed as deficient, filed. Procedure 10 (P10)."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType

from policy.delegatecase import Compliance, DelegatedState
from policy.delegated import DeciderRole
from policy.delegatefindings import Check, Settled
from policy.people import Actor, Role
from tests.builders import CASE_MANAGER, CMO
from tests.delegates import RECORD, a_decider
from tests.workflows.delegations import NUMBER, Delegations, delegations
from tests.workflows.test_bad_signals import BAD, failed, send
from wiring.temporal import build_replayer

SUPERVISOR = Actor(id="sv.okafor", roles=(Role.SUPERVISOR,))


@pytest.fixture
async def stage() -> AsyncIterator[Delegations]:
    async with delegations() as played:
        yield played


async def replays(stage: Delegations) -> bool:
    """Whether the recorded history gives the same commands again, in the sandbox."""
    replayer = build_replayer(converter=stage.env.client.data_converter)
    result = await replayer.replay_workflow(await stage.handle.fetch_history(), raise_on_replay_failure=False)
    return result.replay_failure is None


async def test_a_faultless_copy_is_coded_and_filed_at_once_and_nobody_is_written_to(stage):
    await stage.receive()

    closing = await stage.ends()

    assert (closing.compliance, closing.category) == (Compliance.COMPLIANT, "SO-D-DEL")
    assert closing.filed.startswith("Prior Authorizations/")
    assert stage.mhc.rows[f"{NUMBER}/1"].outcome == "denied"
    assert stage.mailroom.letters == {}
    assert stage.ledger.events(NUMBER)[-1] == "delegated:closed"
    assert await replays(stage)


async def test_a_modification_counts_as_a_denial_in_a_category_of_its_own(stage):
    await stage.receive(outcome="modified")

    assert (await stage.ends()).category == "SO-M-DEL"
    assert stage.mhc.rows[f"{NUMBER}/1"].outcome == "denied"


async def test_what_is_missing_is_asked_for_reminded_escalated_and_at_last_closed_as_deficient(stage):
    await stage.receive(record_attachment=None)

    listed = await stage.posted()
    reminded = await stage.passes(days=5)
    escalated = await stage.passes(days=6)
    closing = await stage.ends()

    assert listed.state is DelegatedState.DEFICIENT
    assert [f.check for f in listed.open_findings] == [Check.RECORD_COMPLETE]
    assert not reminded.escalated
    assert escalated.escalated
    assert [key.split("/", 1)[1] for key in stage.mailroom.letters] == [
        f"delegated_copy_request/{ordinal}/delegate" for ordinal in (1, 2, 3)
    ]
    assert closing.compliance is Compliance.DEFICIENT
    case = await stage.case()
    assert [f.settled for f in case.failed] == [Settled.UNANSWERED]
    assert stage.cabinet.packets[NUMBER].letters == tuple(n.document for n in case.notices)
    assert await replays(stage)


async def test_what_comes_later_cures_the_finding_and_the_case_is_filed(stage):
    await stage.receive(record_attachment=None)
    await stage.posted()

    await stage.does(CASE_MANAGER, "supplement_copy", record_attachment=RECORD)
    closing = await stage.ends()

    assert closing.compliance is Compliance.SETTLED
    case = await stage.case()
    assert [(f.check, f.settled, f.counts_against) for f in case.failed] == [
        (Check.RECORD_COMPLETE, Settled.CURED, True)
    ]
    assert RECORD in stage.cabinet.packets[NUMBER].attachments
    assert await replays(stage)


async def test_a_corrective_action_and_a_waiver_settle_what_cannot_be_mended(stage):
    await stage.receive(decider=a_decider(role=DeciderRole.CLINICIAN), provider_notice=None)
    await stage.posted()

    await stage.does(CASE_MANAGER, "waive_finding", check="provider_notice_in_time", reason="Our gateway was down.")
    await stage.does(SUPERVISOR, "waive_finding", check="provider_notice_in_time", reason="Our gateway was down.")
    await stage.does(
        CASE_MANAGER, "note_corrective_action", checks=["decider_may_decide"], text="Denials go to a physician."
    )
    closing = await stage.ends()

    assert closing.compliance is Compliance.SETTLED
    case = await stage.case()
    assert [r.reason for r in case.refusals] == ["only for: supervisor, administrator, cmo, physician designee"]
    assert {f.check: f.settled for f in case.failed} == {
        Check.PROVIDER_NOTICE_IN_TIME: Settled.WAIVED,
        Check.DECIDER_MAY_DECIDE: Settled.CORRECTED,
    }
    assert "Corrective action" in [annex.heading for annex in stage.cabinet.packets[NUMBER].annexes]


async def test_a_case_that_is_pulled_up_becomes_one_of_the_plan_s_own_once_and_keeps_the_delegate_s_receipt(stage):
    packet = await stage.receive(rationale="")
    await stage.posted()

    for _ in range(2):
        await stage.does(CMO, "pull_up_case", reason="The tests conflict.")
    case = await stage.case()

    assert case.pulled_up
    assert case.pulled_up.case_number == "SO-2026-000001"
    assert [r.reason for r in case.refusals] == ["was pulled up before"]
    request = stage.intake.requests[f"pulled-up:{NUMBER}"]
    assert type(request).__name__ == "Request"
    assert request.received_by_delegate_at == packet.received_by_delegate_at
    assert request.member == packet.member
    await stage.does(SUPERVISOR, "waive_finding", check="reasons_given", reason="We review it ourselves.")
    assert (await stage.ends()).pulled_up_as == "SO-2026-000001"
    assert await replays(stage)


@pytest.mark.parametrize("what", BAD)
async def test_a_body_that_does_not_fit_is_a_recorded_refusal(stage, what):
    await stage.receive(record_attachment=None)

    await send(stage, "waive_finding", BAD[what])
    case = await stage.case()

    assert [r.action for r in case.refusals] == ["waive_finding"]
    assert case.refusals[0].reason
    assert case.state is DelegatedState.DEFICIENT
    assert await failed(stage) == []


async def test_a_signal_that_nobody_knows_is_refused_and_the_case_goes_on(stage):
    await stage.receive(record_attachment=None)

    await send(stage, "determine", BAD["an empty object"])
    await stage.does(CASE_MANAGER, "supplement_copy", record_attachment=RECORD)
    await stage.ends()

    case = await stage.case()
    assert [r.action for r in case.refusals] == ["determine"]
    assert "action:refused" in stage.ledger.events(NUMBER)
    assert case.state is DelegatedState.CLOSED


async def test_records_and_a_printer_that_are_away_hold_nothing_up_for_ever(stage):
    stage.ledger.failures = 3
    stage.mailroom.failures = 3

    await stage.receive(record_attachment=None)
    case = await stage.posted()

    assert len(stage.mailroom.letters) == 1
    assert case.state is DelegatedState.DEFICIENT
    assert stage.ledger.events(NUMBER)[0] == "delegated:received"


async def test_a_case_that_goes_on_in_a_new_run_loses_nothing_and_repeats_nothing(stage):
    await stage.receive(record_attachment=None)
    await stage.does(CASE_MANAGER, "note_corrective_action", text="Copies go out at once.")
    before = await stage.posted()
    letters = dict(stage.mailroom.letters)

    await stage.resume(before)
    await stage.does(CASE_MANAGER, "supplement_copy", record_attachment=RECORD)
    closing = await stage.ends()

    assert closing.compliance is Compliance.SETTLED
    after = await stage.case()
    assert after.notes == before.notes
    assert after.receipts[: len(before.receipts)] == before.receipts
    assert stage.mailroom.letters == letters
    assert stage.ledger.events(NUMBER) == [entry.event for entry in after.story]


async def test_while_nothing_happens_one_timer_waits(stage):
    await stage.receive(record_attachment=None)
    await stage.posted()
    await stage.env.sleep(timedelta(hours=1))

    history = await stage.handle.fetch_history()

    started = [e for e in history.events if e.event_type == EventType.EVENT_TYPE_TIMER_STARTED]
    assert len(started) == 1
