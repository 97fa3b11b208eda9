"""What a supervisor sees: how much there is, who has it, what is in danger, what went wrong, what is stuck."""

import asyncio
import logging
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Form
from fastapi.responses import Response
from temporalio.service import RPCError

from policy.verdict import Refused, Value
from portal.access import Room
from portal.house import House
from portal.pages import go, now, page
from portal.session import Visit, entering
from records import committees, delegated
from records.oversight import LATEST, Oversight, oversight
from records.troubles import TroubleKind, Troubles
from wiring.temporal import TemporalError
from wiring.views import links, tomorrow

router = APIRouter(include_in_schema=False)
Overseeing = Annotated[Visit, entering(Room.SUPERVISION)]

TROUBLED = "TemporalReportedProblems IS NOT NULL"
PATIENCE = 3.0  # seconds for Temporal; the rest of the page does not wait for it longer
log = logging.getLogger(__name__)
SILENT = "Temporal does not answer now, so nobody can say whether a workflow is stuck. The cases themselves are safe."


class Stuck(Value):
    """The workflows that Temporal reports problems of; or why nobody can say."""

    workflows: tuple[str, ...] = ()
    silence: str = ""


@router.get("/supervisor")
async def supervisor(visit: Overseeing) -> Response:
    """The page of who is in charge."""
    troubles = Troubles(visit.house.world.records)
    seen, found, stuck = await asyncio.gather(
        asyncio.to_thread(_seen, visit.house),
        asyncio.to_thread(troubles.open, limit=LATEST),
        stuck_workflows(visit.house),
    )
    names = {who: entry.actor.name or who for who, entry in visit.house.staff.items()}
    return await asyncio.to_thread(
        page,
        visit,
        "supervision.html",
        block="overview",
        seen=seen,
        delegated=await asyncio.to_thread(delegated.tally, visit.house.world.records),
        late=await asyncio.to_thread(committees.overdue, visit.house.world.records, now()),
        stuck=stuck,
        troubles=found,
        names=names,
        latest=LATEST,
        troubled=quote(TROUBLED),
        views=links(visit.house.temporal_ui, now()),
    )


@router.post("/supervisor/troubles/{kind}/{number}")
def settle(
    visit: Overseeing,
    kind: TroubleKind,
    number: str,
    does: Annotated[Literal["acknowledge", "end"], Form()],
    note: Annotated[str, Form()] = "",
) -> Response:
    """Somebody looks after a trouble, or says that it is over."""
    troubles = Troubles(visit.house.world.records)
    settling = troubles.end if does == "end" else troubles.acknowledge
    verdict = settling(kind, number, visit.actor, now(), note.strip())
    if isinstance(verdict, Refused):
        return go(visit.request, "/supervisor", f"That was refused: {verdict.reason}.", good=False)
    log.info("trouble.settled", extra={"staff": visit.actor.id, "case": number, "kind": kind, "action": does})
    done = "has ended" if does == "end" else "is looked after by you"
    return go(visit.request, "/supervisor", f"The trouble of {number} {done}.")


def _seen(house: House) -> Oversight:
    at = now()
    today = (tomorrow(at - timedelta(days=1)), tomorrow(at))
    return oversight(house.world.records, at, soon=at + timedelta(days=1), today=today)


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
