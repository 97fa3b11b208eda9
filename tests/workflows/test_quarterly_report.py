"""The life of a report: made once, presented, discussed, accepted; every action followed to its end. Procedure 12."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from policy.calendar import local_day
from policy.committee.file import Making, ReportState
from policy.report.shape import EarlierAction
from policy.tasks import TaskState
from tests.committees import CHAIR, FLAG, MANAGER, PLAN, QM, SUPERVISOR, UM, a_report
from tests.workflows.reports import CASE, Reports, reports
from tests.workflows.test_bad_signals import BAD, failed, send
from wiring.temporal import build_replayer
from workflows.quarterly_report import QuarterlyReportWorkflow, report_workflow_id


@pytest.fixture
async def stage() -> AsyncIterator[Reports]:
    async with reports() as played:
        yield played


async def replays(stage: Reports) -> bool:
    """Whether the recorded history gives the same commands again, in the sandbox."""
    replayer = build_replayer(converter=stage.env.client.data_converter)
    result = await replayer.replay_workflow(await stage.handle.fetch_history(), raise_on_replay_failure=False)
    return result.replay_failure is None


async def presented(stage: Reports) -> None:
    await stage.ready()
    for committee in (UM, QM):
        await stage.does(CHAIR, "present_report", committee=committee, met_on=local_day(await stage.now()))


async def accepted(stage: Reports) -> None:
    for committee in (UM, QM):
        await stage.does(CHAIR, "discuss_report", committee=committee, notes="One physician is late.")
        await stage.does(CHAIR, "accept_report", committee=committee)


async def test_a_quarter_from_its_figures_to_the_end_of_all_that_was_decided(stage):
    await stage.ask_for()
    await presented(stage)
    today = local_day(await stage.now())
    await stage.does(CHAIR, "decide_action", **{**PLAN, "due": today + timedelta(days=21)})
    told = {"kind": "inform_member", "about_case": CASE, "concern": "You waited long.", "tells": "We ask each week."}
    await stage.does(CHAIR, "decide_action", committee=UM, owner=MANAGER, due_in_business_days=10, **told)
    await accepted(stage)

    posted = await stage.posted()
    late = await stage.passes(days=23)
    await stage.does(SUPERVISOR, "note_follow_up", action="A1", text="The plan came.")
    await stage.does(SUPERVISOR, "complete_action", action="A1", outcome="Carried out.")
    closing = await stage.ends()

    assert [a.state for a in posted.actions] == [TaskState.RESERVED, TaskState.COMPLETED]
    assert sorted(stage.mailroom.letters) == [
        "CA-2026-Q3/committee_action/1/provider",
        "CA-2026-Q3/committee_action/2/member",
    ]
    assert (late.state, late.actions[0].reminded, late.actions[0].escalated) == (ReportState.ACCEPTED, True, True)
    assert (closing.actions, len(closing.digest)) == (2, 64)
    events = stage.records.events("2026-Q3")
    assert events[:4] == ["report:asked-for", "report:gathered", "report:reconciled", "report:ready"]
    assert [e for e in events if e in ("action:reminded", "action:overdue")] == ["action:reminded", "action:overdue"]
    assert events[-1] == "report:closed"
    assert await replays(stage)


async def test_a_finished_report_that_is_asked_for_again_stays_as_it_is(stage):
    await stage.ask_for()
    await stage.ready()
    await stage.handle.terminate()  # as when Temporal no longer keeps it
    stage.source.report = a_report(late=9)

    await stage.ask_for()
    closing = await stage.ends()

    assert closing.was_finished
    assert stage.source.gathered == 1
    assert [r.cases for r, _ in stage.shelf.reports.values()] == [120]


async def test_a_correction_is_a_new_edition_that_names_the_difference(stage):
    await stage.ask_for()
    await stage.ready()
    stage.source.report = a_report(late=3, cases=119)

    await stage.ask_for(edition=2, why="A PPG sent a case late.", asked_by=CHAIR.id)
    file = await stage.ready()

    assert file.number == "2026-Q3-e2"
    assert file.made
    assert file.made.difference.startswith("A PPG sent a case late. Of 2026-Q3 ")
    assert "Cases: 120 is now 119" in file.made.difference
    assert [r.edition for r, _ in stage.shelf.reports.values()] == [1, 2]
    assert stage.shelf.reports["2026-Q3"][0].cases == 120


async def test_what_was_decided_before_stands_in_the_next_report(stage):
    earlier = EarlierAction(report="2026-Q2", action="A1: peer review", owner="sv.okafor", state="reserved")
    stage.records.decided = (earlier,)

    await stage.ask_for()
    await stage.ready()

    assert stage.shelf.reports["2026-Q3"][0].earlier_actions == (earlier,)


async def test_steps_that_fail_are_done_again_and_their_effect_is_one(stage):
    stage.source.failures = stage.shelf.failures = stage.records.failures = 2
    stage.mailroom.failures = 2

    await stage.ask_for()
    await presented(stage)
    await stage.does(CHAIR, "decide_action", **{**PLAN, "due": None, "due_in_business_days": 5})
    await stage.passes(days=1)

    assert stage.source.gathered == 1
    assert len(stage.shelf.reports) == 1
    assert list(stage.mailroom.letters) == ["CA-2026-Q3/committee_action/1/provider"]
    assert await replays(stage)


async def test_how_far_it_is_can_be_seen(stage):
    stage.shelf.failures = 10_000
    await stage.ask_for()
    for _ in range(200):
        progress = await stage.handle.query(QuarterlyReportWorkflow.progress)
        if progress["making"] == Making.RENDERING:
            break

    assert progress == {"state": "drafted", "making": "setting and storing the files", "cases": 120, "delegated": 14}


async def test_a_letter_whose_reader_is_not_on_record_stays_with_its_owner(stage):
    await stage.ask_for()
    await presented(stage)
    told = {"kind": "inform_member", "about_case": "SO-2026-999999", "concern": "You waited.", "tells": "We ask."}
    await stage.does(CHAIR, "decide_action", committee=UM, owner=MANAGER, due_in_business_days=10, **told)

    file = await stage.posted()

    assert stage.mailroom.letters == {}
    assert [a.id for a in file.open_actions] == ["A1"]
    assert file.actions[0].notice
    assert "not on record" in file.actions[0].notice.ended_why


async def test_the_work_goes_on_in_a_new_run(stage):
    await stage.ask_for()
    await presented(stage)
    await stage.does(CHAIR, "decide_action", committee=UM, kind="no_action", flag=FLAG, reason="By chance.")
    file = await stage.file()

    await stage.resume(file)
    await accepted(stage)
    closing = await stage.ends()

    assert closing.actions == 1
    assert stage.source.gathered == 1


@pytest.mark.parametrize("what", BAD)
async def test_a_body_that_does_not_fit_is_a_recorded_refusal(stage, what):
    await stage.ask_for()
    await stage.ready()

    await send(stage, "decide_action", BAD[what])
    file = await stage.file()

    assert [r.action for r in file.refusals] == ["decide_action"]
    assert file.refusals[0].reason
    assert await failed(stage) == []


async def test_a_signal_that_nobody_knows_is_refused_and_one_while_it_is_made_too(stage):
    stage.shelf.failures = 3
    await stage.ask_for()
    await send(stage, "determine", BAD["an empty object"])
    await stage.does(CHAIR, "present_report", committee=UM, met_on=local_day(await stage.now()))
    await stage.env.sleep(timedelta(minutes=1))

    file = await stage.ready()

    assert [r.action for r in file.refusals] == ["determine", "present_report"]
    assert file.state is ReportState.READY


def test_the_id_of_its_workflow_names_period_line_and_edition():
    assert report_workflow_id("2026-Q3-medi-cal-e2") == "report-2026-Q3-medi-cal-e2"
