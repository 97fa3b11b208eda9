"""What a supervisor sees: how much there is, who has it, what is in danger, what went wrong, what is stuck."""

import asyncio
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response
from temporalio.service import RPCError

from policy.calendar import end_of_day, local_day
from policy.verdict import Value
from portal.access import Room
from portal.house import House
from portal.pages import now, page
from portal.session import Visit, entering
from records.oversight import LATEST, Oversight, oversight
from wiring.temporal import TemporalError

router = APIRouter(include_in_schema=False)
Overseeing = Annotated[Visit, entering(Room.SUPERVISION)]

TROUBLED = "TemporalReportedProblems IS NOT NULL"
PATIENCE = 3.0  # seconds for Temporal; the rest of the page does not wait for it longer
SILENT = "Temporal does not answer now, so nobody can say whether a workflow is stuck. The cases themselves are safe."


class Stuck(Value):
    """The workflows that Temporal reports problems of; or why nobody can say."""

    workflows: tuple[str, ...] = ()
    silence: str = ""


@router.get("/supervisor")
async def supervisor(visit: Overseeing) -> Response:
    """The page of who is in charge."""
    seen, stuck = await asyncio.gather(asyncio.to_thread(_seen, visit.house), stuck_workflows(visit.house))
    names = {who: entry.actor.name or who for who, entry in visit.house.staff.items()}
    return await asyncio.to_thread(
        page,
        visit,
        "supervision.html",
        block="overview",
        seen=seen,
        stuck=stuck,
        names=names,
        latest=LATEST,
        troubled=quote(TROUBLED),
    )


def _seen(house: House) -> Oversight:
    at = now()
    today = local_day(at)
    day = (end_of_day(today - timedelta(days=1)), end_of_day(today))
    return oversight(house.world.records, at, soon=at + timedelta(days=1), today=day)


async def stuck_workflows(house: House) -> Stuck:
    """The workflows whose tasks fail, by id, if Temporal says it in time."""
    try:
        async with asyncio.timeout(PATIENCE):
            await house.desk()
            if house.client is None:
                return Stuck(silence=SILENT)
            found = house.client.list_workflows(TROUBLED, limit=LATEST)
            return Stuck(workflows=tuple([workflow.id async for workflow in found]))
    except (TemporalError, RPCError, RuntimeError, TimeoutError):
        return Stuck(silence=SILENT)
