"""Decisions made at an IPA or PPG: the list, what is due soonest first, and one of them on one page. Procedure 10."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self
from urllib.parse import urlencode
from uuid import uuid4

from fastapi import APIRouter
from fastapi.responses import Response

from adapters.documents import DIGEST, DocumentError
from policy.calendar import end_of_day, local_day
from policy.delegatecase import Compliance, DelegatedState
from policy.delegatefindings import MENDED_BY, TOO_LATE
from policy.verdict import Value
from portal.access import Room
from portal.case import named, reads_all
from portal.caselist import may_see_names
from portal.delegateddoing import LABELS
from portal.delegatedseen import Seen, offers, seen, told
from portal.documents import CHANGED, letter_name, pdf_of
from portal.pages import go, now, page
from portal.session import NotFound, Visit, entering
from portal.worklists import LONGEST_TEXT, one_of, page_number
from records import delegated
from records.delegated import DelegatedFilter
from records.worklists import PAGE
from wiring.wishes import wishes
from workflows import workflow_id

router = APIRouter(include_in_schema=False)
Reading = Annotated[Visit, entering(Room.DELEGATED)]

OPEN = {"open": "Only open", "closed": "Only closed", "all": "Open and closed"}
STATES = (DelegatedState.RECEIVED, DelegatedState.DEFICIENT, DelegatedState.COMPLETE, DelegatedState.CLOSED)


class Due(StrEnum):
    """Until when the delegate's answer falls due."""

    OVERDUE = "overdue"
    TODAY = "today"
    WEEK = "week"


DUE = {Due.OVERDUE: "Overdue", Due.TODAY: "Until the end of today", Due.WEEK: "Within seven days"}


class ShownDecisions(Value):
    """What stands in the URL of the list. Unless one says which, the open ones; all where one looks for a number."""

    delegate: str = ""
    state: DelegatedState | None = None
    compliance: Compliance | None = None
    open: str = ""
    findings: bool = False
    escalated: bool = False
    due: Due | None = None
    text: str = ""
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """From a query string; what it does not know it leaves out."""
        return cls(
            delegate=query.get("delegate", "")[:LONGEST_TEXT],
            state=one_of(DelegatedState, query.get("state")),
            compliance=one_of(Compliance, query.get("compliance")),
            open=query.get("open", "") if query.get("open") in OPEN else "",
            findings=query.get("findings") == "yes",
            escalated=query.get("escalated") == "yes",
            due=one_of(Due, query.get("due")),
            text=query.get("text", "").strip()[:LONGEST_TEXT],
            page=page_number(query.get("page")),
        )

    def query(self, **changes: Any) -> str:  # noqa: ANN401 - fields of all types
        """As a query string, without what says nothing."""
        shown = self.model_copy(update=changes)
        values = {name: getattr(shown, name) for name in type(self).model_fields}
        values |= {name: "yes" if getattr(shown, name) else "" for name in ("findings", "escalated")}
        values |= {"page": shown.page if shown.page > 1 else ""}
        return urlencode({name: str(value) for name, value in values.items() if value})

    @property
    def is_filtered(self) -> bool:
        """Whether anything was chosen."""
        return self != ShownDecisions(page=self.page)

    def chosen(self, at: datetime) -> DelegatedFilter:
        """The filter at a moment."""
        closed = self.text or self.compliance or self.state is DelegatedState.CLOSED
        unsaid = None if closed else True
        return DelegatedFilter(
            delegate=self.delegate,
            state=self.state,
            compliance=self.compliance,
            is_open={"open": True, "closed": False, "all": None}.get(self.open, unsaid),
            with_findings=self.findings,
            escalated=self.escalated,
            due_before=_until(self.due, at),
            text=self.text,
        )


def _until(due: Due | None, at: datetime) -> datetime | None:
    today = local_day(at)
    times = {Due.OVERDUE: at, Due.TODAY: end_of_day(today), Due.WEEK: end_of_day(today + timedelta(days=7))}
    return times.get(due) if due else None


@router.get("/delegated")
def decisions(visit: Reading) -> Response:
    """A page of delegated decisions."""
    shown = ShownDecisions.read(visit.request.query_params)
    records, with_names = visit.house.world.records, may_see_names(visit)
    offset = (shown.page - 1) * PAGE
    found = delegated.page_of(records, shown.chosen(now()), offset=offset, limit=PAGE, with_names=with_names)
    return page(
        visit,
        "delegated.html",
        shown=shown,
        found=found,
        first=offset + 1,
        with_names=with_names,
        delegates=delegated.delegates(records),
        as_choices=lambda names: {name: name for name in names},
        choices={"state": STATES, "compliance": Compliance, "open": OPEN, "due": DUE},
        may_take_in=visit.may_enter(Room.DELEGATED_INTAKE),
    )


@router.get("/delegated/{number}")
async def decision(visit: Reading, number: str, story: str = "") -> Response:
    """The page of a delegated decision."""
    found = await seen(visit, number, with_names=True)
    if found.number != number:
        return go(visit.request, f"/delegated/{found.number}")
    packet = found.packet
    lines = found.story if story != "oldest" else found.story[::-1]
    return page(
        visit,
        "delegated_case.html",
        seen=found,
        packet=packet,
        row=found.file.case,
        case=found.case,
        wanted=wishes(packet.member),
        reads_all=reads_all(visit.actor),
        offers=offers(visit.actor, found),
        labels=LABELS,
        mended_by=MENDED_BY,
        too_late=TOO_LATE,
        story=[(line, told(line)) for line in lines],
        story_order="oldest" if story == "oldest" else "newest",
        documents=documents_of(found),
        letter_name=letter_name,
        workflow=workflow_id(found.number),
        name_of=lambda who: named(visit, who),
        new_id=lambda: str(uuid4()),
        may_see_case=visit.may_enter(Room.CASES),
    )


@router.get("/delegated/{number}/documents/{sha256}")
async def document(visit: Reading, number: str, sha256: str) -> Response:
    """A document of the packet, to who may read all of it."""
    found = await _readable(visit, number)
    name = documents_of(found).get(sha256)
    if name is None or not DIGEST.fullmatch(sha256):
        raise NotFound
    try:
        data = await asyncio.to_thread(visit.house.world.documents.get, sha256)
    except DocumentError:
        return _sorry(visit, found, CHANGED)
    return _shown(visit, found, data, name, sha256)


@router.get("/delegated/{number}/letters/{name}")
async def letter(visit: Reading, number: str, name: str) -> Response:
    """A letter to the delegate as it left."""
    found = await _readable(visit, number)
    notice = next((n for n in (found.case.notices if found.case else ()) if letter_name(n.key) == name), None)
    if notice is None:
        raise NotFound
    if not notice.document:
        return _sorry(visit, found, "This letter has not left yet. It is written and sent by itself.", status=404)
    data = await asyncio.to_thread(visit.house.world.outbox.get, notice.document)
    return _shown(visit, found, data, f"{name}.pdf", notice.sha256)


@router.get("/delegated/{number}/packet")
async def filed(visit: Reading, number: str) -> Response:
    """The packet as it was filed (P9)."""
    found = await _readable(visit, number)
    row = found.file.case
    if not row.filing_path:
        raise NotFound
    data = await asyncio.to_thread(visit.house.world.cabinet.bytes_of, row.filing_path)
    return _shown(visit, found, data, f"{row.number}.pdf", row.filing_sha256)


def documents_of(found: Seen) -> dict[str, str]:
    """The documents of the packet: their names by digest."""
    return {attachment.sha256: attachment.name for attachment in found.packet.attachments}


async def _readable(visit: Visit, number: str) -> Seen:
    """The decision, for who reads all of it. Raises NotFound."""
    if not reads_all(visit.actor):
        raise NotFound
    return await seen(visit, number, with_names=True)


def _shown(visit: Visit, found: Seen, data: bytes | None, name: str, sha256: str) -> Response:
    answer = pdf_of(data, name, sha256)
    return _sorry(visit, found, answer) if isinstance(answer, str) else answer


def _sorry(visit: Visit, found: Seen, text: str, status: int = 500) -> Response:
    return page(visit, "document.html", status=status, number=found.number, text=text, home="/delegated")
