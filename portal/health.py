"""For whoever runs the portal: is it alive, is it ready, how much is there to do. No secrets, no names."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from sqlalchemy import text
from temporalio.service import RPCError

from policy.tasks import IN_CHARGE
from portal.apiproblems import ApiProblem
from portal.house import House
from portal.metrics import MEDIA_TYPE, metrics_of
from portal.programs import is_from_this_machine, programs_of
from portal.session import house_of
from records.database import reading
from records.errors import RecordsError
from wiring.temporal import TemporalError

router = APIRouter(include_in_schema=False)

WITHIN = 2.0  # seconds
OK = "ok"
AWAY = (RecordsError, TemporalError, RPCError, RuntimeError, OSError)


@router.get("/healthz")
async def alive() -> Response:
    """The process answers; nothing else is asked."""
    return PlainTextResponse(OK)


@router.get("/readyz")
async def ready(request: Request) -> Response:
    """Whether work can be done here: the records and Temporal answer. Pages are read without Temporal, too."""
    house = house_of(request)
    parts = dict(
        zip(
            ("records", "temporal"),
            await asyncio.gather(_asked(_records(house), "The records"), _asked(_temporal(house), "Temporal")),
            strict=True,
        )
    )
    is_ready = all(said == OK for said in parts.values())
    return JSONResponse({"ready": is_ready, **parts}, 200 if is_ready else 503)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """For Prometheus on this machine, or with a token of a supervisor or an administrator."""
    if not is_from_this_machine(request):
        try:
            await asyncio.to_thread(programs_of(request).enter, request, IN_CHARGE)
        except ApiProblem as problem:
            return problem.answer()
    text_of_all = await asyncio.to_thread(metrics_of(request.app).text, house_of(request).world.records)
    return Response(text_of_all, media_type=MEDIA_TYPE)


async def _asked(question: Coroutine[Any, Any, None], who: str) -> str:
    """The answer in words; which file or host it is about is for the log, not for everybody."""
    try:
        async with asyncio.timeout(WITHIN):
            await question
    except TimeoutError:
        return f"{who} did not answer within {WITHIN:.0f} seconds."
    except AWAY:
        return f"{who} cannot be reached."
    return OK


async def _records(house: House) -> None:
    def ask() -> None:
        with reading(house.world.records) as connection:
            connection.execute(text("SELECT 1 FROM cases LIMIT 1"))

    await asyncio.to_thread(ask)


async def _temporal(house: House) -> None:
    await house.desk()
    if house.client is not None and not await house.client.service_client.check_health(
        timeout=timedelta(seconds=WITHIN)
    ):
        raise TemporalError("The server says that it does not serve.")
