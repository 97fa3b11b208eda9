"""A report before the committees that was terminated, reset or deleted goes on from where it stood. Procedure 12."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from activities.upkeep import Tally
from policy.calendar import local_day
from policy.committee.file import CommitteeFile, Making, ReportState
from policy.people import Actor
from policy.report.period import parsed
from records import committees
from records.committees import ReportFile
from records.troubles import TroubleKind
from tests.committees import CHAIR, PLAN, QM, SUPERVISOR, UM
from tests.fakes import FakeReportRenderer, FakeReportShelf, FakeReportSource
from tests.wiring.interventions import Theatre, a_theatre
from wiring.committees import CommitteeDesk, order_of, report_steps
from wiring.comparing import Kind
from wiring.schedules import Upkeep
from wiring.sending import ActionError
from wiring.temporal import running_workers

pytestmark = pytest.mark.server

NUMBER = "2026-Q3"
BY_POST = {
    "name": "Coast Surgical Group",
    "address": {"line1": "1 Bay St", "city": "Long Beach", "state": "CA", "postal_code": "90802"},
}


@dataclass
class Sitting:
    """Where a report is made and worked on, and operators intervene."""

    theatre: Theatre
    source: FakeReportSource = field(default_factory=FakeReportSource)
    shelf: FakeReportShelf = field(default_factory=FakeReportShelf)

    @property
    def desk(self) -> CommitteeDesk:
        return CommitteeDesk(self.theatre.client, self.theatre.world)

    async def begin(self) -> None:
        await self.desk.start(order_of(self.theatre.world, parsed(NUMBER), asked_by=SUPERVISOR.id))

    async def until(self, wanted: Callable[[ReportFile], bool]) -> ReportFile:
        """What the records hold, once it is as wanted."""
        for _ in range(300):
            found = committees.one(self.theatre.world.records, NUMBER)
            if found is not None and wanted(found):
                return found
            await asyncio.sleep(0.1)
        raise AssertionError(f"never came so far: {found}")

    async def does(self, actor: Actor, signal: str, **fields: Any) -> None:
        receipt = await self.desk.act(
            NUMBER, signal, {"action_id": f"{signal}-{datetime.now(UTC)}", "actor": actor} | fields
        )
        assert receipt.accepted, receipt.reason

    async def presented_with_a_letter_that_has_left(self) -> ReportFile:
        await self.begin()
        await self.until(lambda found: found.report.ready_at is not None)
        today = local_day(datetime.now(UTC))
        for committee in (UM, QM):
            await self.does(CHAIR, "present_report", committee=committee, met_on=today)
        plan = {**PLAN, "correspondent": BY_POST, "due": None, "due_in_business_days": 20}
        await self.does(CHAIR, "decide_action", **plan)
        return await self.until(lambda found: any(a.told == "provider told" for a in found.actions))

    async def goes_on_to_its_end(self) -> ReportFile:
        for committee in (UM, QM):
            await self.does(CHAIR, "discuss_report", committee=committee, notes="One physician is late.")
            await self.does(CHAIR, "accept_report", committee=committee)
        await self.does(SUPERVISOR, "complete_action", action="A1", outcome="Carried out.")
        return await self.until(lambda found: found.report.state is ReportState.CLOSED)

    async def operator(self, *words: str) -> None:
        await self.theatre.temporal("workflow", *words, "--workflow-id", f"report-{NUMBER}")

    def letters(self) -> list[str]:
        return sorted(path.name for path in (self.theatre.settings.home / "outbox").rglob("*.pdf"))


@pytest.fixture
async def sitting(tmp_path: Path) -> AsyncIterator[Sitting]:
    async with a_theatre(tmp_path / "var", is_worked=False) as theatre:
        sitting = Sitting(theatre)
        reports = report_steps(theatre.world, sitting.source, FakeReportRenderer(), sitting.shelf)
        async with running_workers(theatre.client, replace(theatre.world.steps, reports=reports)):
            yield sitting


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("terminate",), Kind.ENDED),
        (("reset", "--type", "FirstWorkflowTask", "--reason", "try"), Kind.ENDED),  # it finds it made, and ends
        (("delete", "--yes"), Kind.GONE),
    ],
    ids=["terminate", "reset", "delete"],
)
async def test_it_goes_on_after_an_intervention_whole_and_its_letter_leaves_once(sitting: Sitting, words, kind):
    before = await sitting.presented_with_a_letter_that_has_left()
    stood = await sitting.desk.file(NUMBER)
    letters = sitting.letters()
    await sitting.operator(*words)

    dry = await sitting.theatre.reconcile(dry_run=True)
    found = await sitting.theatre.reconcile()
    again = await sitting.theatre.reconcile()
    goes_on = await sitting.desk.file(NUMBER)
    after = await sitting.goes_on_to_its_end()

    assert [(one.number, one.kind) for one in dry.settled] == [(NUMBER, kind)]
    assert (found.mended, found.left, again.settled) == (1, 0, ())
    assert what_stands(goes_on) == what_stands(stood)
    assert goes_on.story[-1].event == "report:set-going"
    assert [line.seq for line in after.ledger] == list(range(1, len(after.ledger) + 1))
    assert after.ledger[: len(before.ledger)] == before.ledger
    assert sitting.letters() == letters
    assert (len(letters), sitting.source.gathered) == (1, 1)
    assert (await sitting.theatre.reconcile()).settled == ()
    assert sitting.theatre.troubles(TroubleKind.DIFFERS) == sitting.theatre.troubles(TroubleKind.LOST) == {}


def what_stands(file: CommitteeFile) -> dict[str, Any]:
    """All that a file knows, but for its story and its answers."""
    return file.model_dump(exclude={"story", "seq", "receipts", "older_receipts"})


async def test_one_that_was_ended_while_it_was_made_is_made_from_there_and_no_step_is_told_twice(sitting: Sitting):
    sitting.shelf.failures = 10_000
    await sitting.begin()
    await sitting.until(lambda found: found.report.making is Making.RENDERING)
    await sitting.operator("terminate")

    found = await sitting.theatre.reconcile(NUMBER)
    sitting.shelf.failures = 0
    ready = await sitting.until(lambda kept: kept.report.ready_at is not None)

    assert (found.cases, found.mended, found.left) == (1, 1, 0)
    events = [line.event for line in ready.ledger]
    assert events == [
        "report:asked-for",
        "report:gathered",
        "report:reconciled",
        "report:set-going",
        "report:ready",
    ]
    assert (sitting.source.gathered, len(sitting.shelf.reports)) == (1, 1)


async def test_who_cancels_it_is_refused_and_it_goes_on_where_it_was(sitting: Sitting):
    sitting.shelf.failures = 10_000
    await sitting.begin()
    await sitting.until(lambda found: found.report.making is Making.RENDERING)

    await sitting.operator("cancel")
    refused = await sitting.until(lambda found: found.report.refused_count == 1)
    sitting.shelf.failures = 0
    ready = await sitting.until(lambda found: found.report.ready_at is not None)

    assert "it goes on" in refused.ledger[-1].text
    assert [line.event for line in ready.ledger].count("report:gathered") == 1
    assert (await sitting.theatre.reconcile()).settled == ()


async def test_the_nightly_reconciliation_sets_it_going_too(sitting: Sitting):
    await sitting.begin()
    await sitting.until(lambda found: found.report.ready_at is not None)
    await sitting.operator("terminate")

    with pytest.raises(ActionError, match="set it going with: second-opinion reconcile 2026-Q3"):
        await sitting.does(CHAIR, "discuss_report", committee=UM, notes="Seen.")
    tally = await Upkeep(sitting.theatre.client, sitting.theatre.world).reconcile()

    assert tally == Tally(cases=1, mended=1, left=0)
    assert (await sitting.desk.file(NUMBER)).state is ReportState.READY
