"""Records the histories of committees' reports, played on the time-skipping server, and the state each ends in.

``make histories FOLDER=2027-03`` begins a folder of that name below ``reports``; without a name the newest one is
recorded anew. Weeks pass in them, which the real server would make us wait for; what the story does is the same. They
are written in clear, and all their people are made up.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHandle

from policy.calendar import local_day
from policy.committee.actions import COMMITTEE_ACTIONS
from policy.committee.file import CommitteeFile, Making
from policy.committee.intervening import report_set_going
from tests.committees import CHAIR, FLAG, MANAGER, OTHER_MANAGER, PLAN, SUPERVISOR, UM, a_report
from tests.histories.models import FILE, record_models
from tests.histories.record import decrypted
from tests.histories.replaying import recorded_history, replayed
from tests.histories.states import write_state
from tests.workflows.reports import CASE, Reports, reports
from tests.workflows.test_bad_signals import BAD, send
from tests.workflows.test_quarterly_report import accepted, presented
from workflows import CASES
from workflows.quarterly_report import QuarterlyReportWorkflow, ReportDayWorkflow, report_workflow_id

FOLDER = Path(__file__).parent / "reports" / "2026-11"
TOLD: dict[str, Any] = {
    "committee": UM,
    "kind": "inform_member",
    "about_case": CASE,
    "concern": "You waited long.",
    "tells": "We ask each week.",
    "owner": MANAGER,
    "due_in_business_days": 10,
}
NOTHING: dict[str, Any] = {"committee": UM, "kind": "no_action", "flag": FLAG, "reason": "By chance."}
Handle = WorkflowHandle[Any, Any]


async def whole_way(stage: Reports) -> Handle:
    """Made, presented, decided on with two letters, accepted; reminded, overdue, done; closed."""
    await stage.ask_for()
    await presented(stage)
    await stage.does(CHAIR, "decide_action", **{**PLAN, "due": local_day(await stage.now()) + timedelta(days=21)})
    await stage.does(CHAIR, "decide_action", **TOLD)
    await accepted(stage)
    await stage.posted()
    await stage.passes(days=23)
    await stage.does(SUPERVISOR, "note_follow_up", action="A1", text="The plan came.")
    await stage.does(SUPERVISOR, "complete_action", action="A1", outcome="Carried out.")
    await stage.ends()
    return stage.handle


async def correction(stage: Reports) -> Handle:
    """A second edition, which names the difference; every other thing that can be done to an action."""
    await stage.ask_for()
    await stage.ready()
    stage.source.report = a_report(late=3, cases=119)
    await stage.ask_for(edition=2, why="A PPG sent a case late.", asked_by=CHAIR.id)
    await presented(stage)
    today = local_day(await stage.now())
    review = {**PLAN, "kind": "focused_review", "correspondent": None, "tells": "", "owner": MANAGER}
    for days in (14, 30):
        await stage.does(CHAIR, "decide_action", **{**review, "due": today + timedelta(days=days)})
    await stage.passes(days=13)
    await stage.does(CHAIR, "hand_over_action", action="A1", to=OTHER_MANAGER, reason="On leave.")
    await stage.does(CHAIR, "postpone_action", action="A1", due=today + timedelta(days=40), reason="More time.")
    await stage.does(CHAIR, "withdraw_action", action="A2", reason="The contract has ended.")
    await accepted(stage)
    await stage.does(OTHER_MANAGER, "complete_action", action="A1", outcome="Nine of ten came in time.")
    await stage.ends()
    return stage.handle


async def being_made(stage: Reports) -> CommitteeFile:
    """The file of a report that cannot be stored for now."""
    stage.shelf.failures = 10_000
    await stage.ask_for()
    return await until(stage, lambda file: file.making is Making.RENDERING)


async def until(stage: Reports, wanted: Callable[[CommitteeFile], bool]) -> CommitteeFile:
    """The file, once it is as wanted."""
    for _ in range(500):
        if wanted(file := await stage.file()):
            return file
        await asyncio.sleep(0.02)
    raise AssertionError(f"never came so far: {file}")


async def cancelled(stage: Reports) -> Handle:
    """Cancelled while it is made, which is refused; then it goes on."""
    await being_made(stage)
    await stage.handle.cancel()
    await until(stage, lambda file: bool(file.refusals))
    stage.shelf.failures = 0
    await stage.env.sleep(timedelta(minutes=1))
    await stage.ready()
    return stage.handle


async def broken_off(stage: Reports) -> Handle:
    """The run in which a report goes on that was terminated while it was made."""
    stood = await being_made(stage)
    why = "Its workflow was terminated: it goes on in a new run from where it stood."
    stage.shelf.failures = 0
    await stage.resume(report_set_going(stood, stood.seq, why, await stage.now()), is_set_going=True)
    await stage.ready()
    await presented(stage)
    await stage.does(CHAIR, "decide_action", **NOTHING)
    await accepted(stage)
    await stage.ends()
    return stage.handle


async def refusals(stage: Reports) -> Handle:
    """What does not fit, what is not known, what may not be, a letter that nobody can write; it is open at the end."""
    await stage.ask_for()
    await presented(stage)
    for what in BAD:
        if what != "a hundred kilobytes":  # it would be most of the file
            await send(stage, "decide_action", BAD[what])
    await send(stage, "determine", BAD["an empty object"])
    await stage.does(SUPERVISOR, "accept_report", committee=UM)
    await stage.does(CHAIR, "decide_action", **{**TOLD, "about_case": "SO-2026-999999"})
    await stage.posted()
    await stage.passes(days=1)
    return stage.handle


async def report_day(stage: Reports) -> Handle:
    """The morning of a quarter's first days, which begins the report."""
    handle = await stage.env.client.start_workflow(ReportDayWorkflow.run, id="report-day", task_queue=CASES)
    await handle.result()
    return handle


async def by_the_schedule(stage: Reports) -> Handle:
    """The report that such a morning begins; in the committees' hands at the end."""
    number = await (await report_day(stage)).result()
    stage.handle = stage.env.client.get_workflow_handle_for(QuarterlyReportWorkflow.run, report_workflow_id(number))
    await stage.ready()
    return stage.handle


PLAYED: dict[str, Callable[[Reports], Awaitable[Handle]]] = {
    "whole-way": whole_way,
    "correction": correction,
    "cancelled": cancelled,
    "broken-off": broken_off,
    "refusals": refusals,
    "by-the-schedule": by_the_schedule,
    "report-day": report_day,
}


async def record(into: Path) -> None:
    """Plays each on a stage of its own, and writes history and state down. Raises what a replay raised."""
    for name, played in PLAYED.items():
        async with reports() as stage:
            history = await (await played(stage)).fetch_history()
            in_clear = await decrypted(history, stage.env.client.data_converter.payload_codec)
        file = into / f"{name}.json"
        file.write_text(in_clear.to_json(), encoding="utf-8")
        failure, kept = await replayed(recorded_history(file))
        if failure is not None:
            raise failure
        if kept is not None:
            write_state(file, kept)


if __name__ == "__main__":
    folder = FOLDER.with_name(sys.argv[1]) if sys.argv[1:] else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(record(folder))
    if not (folder / FILE).exists():
        record_models(folder, COMMITTEE_ACTIONS)
