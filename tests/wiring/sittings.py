"""A report before the committees on the real server: people work on it, operators and accidents intervene."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from policy.calendar import local_day
from policy.committee.file import ReportState
from policy.people import Actor
from policy.report.period import parsed
from records import committees
from records.committees import ReportFile
from tests.committees import CHAIR, FLAG, PLAN, QM, SUPERVISOR, UM
from tests.fakes import FakeReportShelf, FakeReportSource
from tests.wiring.interventions import Theatre
from wiring.committees import CommitteeDesk, order_of

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
    flag: str = FLAG  # that the committees answer; none in a report of no cases

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
        await self.presented_and_decided()
        return await self.until(lambda found: any(a.told == "provider told" for a in found.actions))

    async def presented_and_decided(self) -> None:
        """Once it is ready: before both committees, and a plan is asked for by letter."""
        await self.until(lambda found: found.report.ready_at is not None)
        today = local_day(datetime.now(UTC))
        for committee in (UM, QM):
            await self.does(CHAIR, "present_report", committee=committee, met_on=today)
        plan = {**PLAN, "flag": self.flag, "correspondent": BY_POST, "due": None, "due_in_business_days": 20}
        await self.does(CHAIR, "decide_action", **plan)

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
