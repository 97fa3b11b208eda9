"""Delegates' packets come in through the browser: one or many in a file, with the documents that it names. P10.

The file and its documents are laid side by side in a folder that lives as long as the request, and read as at every
door: one error, and nothing is taken in; each is named by row and field. The same file twice is one.
"""

import asyncio
import logging
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from policy.delegated import DelegatedPacket
from portal.access import Room
from portal.apidelegated import PACKETS, not_stored, start
from portal.documents import clean
from portal.house import House
from portal.pages import now, page
from portal.session import Visit, entering
from records.delegatedledger import Registered
from wiring.delegated import take_in
from wiring.intake import IntakeError, Reading, RowError, read_intake_file

router = APIRouter(include_in_schema=False)
log = logging.getLogger(__name__)
TakingIn = Annotated[Visit, entering(Room.DELEGATED_INTAKE)]

NO_FILE = "Choose a file first: the packets as CSV, JSON or JSON lines."
SENT_BEFORE = "was sent before with other content, as {}; give a new reference, or supplement that one"


@router.get("/delegated/new")
def form(visit: TakingIn) -> Response:
    """The form: the file of the packets, and the documents that it names."""
    return _page(visit)


@router.post("/delegated/new")
async def bring_in(visit: TakingIn, request: Request) -> Response:
    """All packets of the file are taken in, or none; what is wrong is said by row and field."""
    received_at = now()
    async with request.form() as sent:
        content = await _sent(sent)
    if not content:
        return _page(visit, wrong=NO_FILE)
    try:
        reading = await asyncio.to_thread(_read, visit.house, content, received_at)
    except IntakeError as why:
        return _page(visit, wrong=str(why))
    packets = {s.row: s.request for s in reading.submissions if isinstance(s.request, DelegatedPacket)}
    errors = (*reading.errors, *await asyncio.to_thread(_lacking, visit.house, packets))
    if errors:
        return _page(visit, errors=errors, rows=len(packets) + len(reading.rejected))
    entered = await asyncio.to_thread(take_in, visit.house.world, tuple(packets.values()), received_at)
    if conflicts := [one for one in entered if not one.same_content]:
        return _page(visit, errors=_conflicting(conflicts, packets), rows=len(packets))
    log.info("delegated.taken_in", extra={"staff": visit.actor.id, "count": len(entered)})
    is_started = await start(visit.house)
    return page(visit, "delegated_taken.html", entered=entered, is_started=is_started)


async def _sent(sent: FormData) -> dict[str, bytes]:
    """The files by their names, that of the packets first; nothing where that one was not chosen."""
    file = sent.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return {}
    content = {clean(file.filename): await file.read()}
    for document in sent.getlist("documents"):
        if isinstance(document, UploadFile) and document.filename:
            content.setdefault(clean(document.filename), await document.read())
    return content


def _read(house: House, content: dict[str, bytes], received_at: datetime) -> Reading:
    """The packets of the first file, as if it lay in a folder with the others."""
    with TemporaryDirectory(prefix="packets-") as folder:
        for name, data in content.items():
            (Path(folder) / name).write_bytes(data)
        first = Path(folder) / next(iter(content))
        return read_intake_file(first, received_at=received_at, store=house.world.documents.put, wanted=PACKETS)


def _lacking(house: House, packets: dict[int, DelegatedPacket]) -> tuple[RowError, ...]:
    """A digest under which nothing lies is a document that nobody has."""
    found = ((row, error) for row, packet in packets.items() for error in not_stored(house, packet))
    problem = "names a document that is not here; send the document with the file"
    return tuple(RowError(row=row, field=error.field, problem=problem) for row, error in found)


def _conflicting(conflicts: list[Registered], packets: dict[int, DelegatedPacket]) -> tuple[RowError, ...]:
    rows = {(p.delegate.organization, p.external_reference): row for row, p in packets.items()}
    return tuple(
        RowError(
            row=rows[(one.delegate, one.external_reference)],
            field="external_reference",
            problem=SENT_BEFORE.format(one.number),
        )
        for one in conflicts
    )


def _page(visit: Visit, *, wrong: str = "", errors: tuple[RowError, ...] = (), rows: int = 0) -> Response:
    bad = len({error.row for error in errors})
    return page(
        visit,
        "delegated_new.html",
        status=422 if wrong or errors else 200,
        wrong=wrong,
        errors=sorted(errors, key=lambda e: e.row),
        good=rows - bad,
        bad=bad,
    )
