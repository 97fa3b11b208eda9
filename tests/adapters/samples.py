"""Cases driven by the policy itself up to the letter, the row or the packet that a test needs."""

import io
from datetime import datetime
from pathlib import Path
from typing import Any

from pypdf import PdfReader, PdfWriter

from adapters.mailroom import Outbox
from policy import coding, dispatch, filing
from policy.acting import act
from policy.case import Case, open_case
from policy.channels import Attempt, Result
from policy.filing import Packet
from policy.letter import Letter
from policy.particulars import NoticeKind, Recipient
from policy.request import Attachment, Request
from tests.builders import (
    CASE_MANAGER,
    CMO,
    CONSULTANT,
    MONDAY,
    a_first_opinion,
    a_report,
    a_request,
    action,
    hours,
    plan_physician,
)
from tests.policy.letters import composed

ROOT = Path(__file__).parents[2]
NUMBER = "SO-2026-000123"
PAGE_WITHOUT_TYPE = (
    b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
    b"3 0 obj<</Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF"
)
"""A PDF whose one page can be counted but not copied."""


def step(case: Case, signal: str, actor: Any, at: datetime, **fields: Any) -> Case:
    case = act(case, action(signal, actor, at, **fields), at)
    assert not case.refusals, case.refusals
    return case


def a_complete_case(number: str = NUMBER, request: Request | None = None) -> Case:
    case = open_case(number, request or a_request(), MONDAY)
    return step(case, "confirm_completeness", CASE_MANAGER, MONDAY + hours(1))


def a_denied_case(number: str = NUMBER, request: Request | None = None, **fields: Any) -> Case:
    given = {"outcome": "denied", "rationale": "Therapy was not tried.", "criteria": "Guideline S-820"}
    case = a_complete_case(number, request)
    return coding.code(step(case, "determine", CMO, MONDAY + hours(2), **{**given, **fields}), MONDAY + hours(2))


def an_approved_case(
    outbox: Outbox, number: str = NUMBER, reports: tuple[Attachment, ...] = (), **request: Any
) -> Case:
    """A case with everything: a consultation, an opinion on the plan's tier, a report, seven letters that have left."""
    case = a_complete_case(number, a_request(**{"first_opinion": a_first_opinion(), **request}))
    case = step(case, "refer_to_consultation", CMO, MONDAY + hours(2), question="Is the fusion reasonable?")
    advice = {"recommends_second_opinion": True, "rationale": "Therapy was not exhausted.", "attests_no_conflict": True}
    case = step(case, "submit_consultation", CONSULTANT, MONDAY + hours(3), findings="Imaging is unclear.", **advice)
    case = step(case, "determine", CMO, MONDAY + hours(4), outcome="approved", rationale="Reason R1 applies.")
    case = step(case, "place_opinion", CASE_MANAGER, MONDAY + hours(5), **plan_physician())
    attached = [report.model_dump(mode="json") for report in reports]
    case = step(case, "receive_report", CASE_MANAGER, MONDAY + hours(6), **a_report(attachments=attached))
    return post_all(outbox, coding.code(case, MONDAY + hours(7)), MONDAY + hours(7))


def post_all(outbox: Outbox, case: Case, now: datetime, **looks: Any) -> Case:
    """Every letter lies in the outbox, and has left on the first of its ways."""
    letters = tuple(composed(case, notice, now).model_copy(update=looks) for notice in case.planned_notices)
    ways = tuple(Attempt(channel=letter.routes[0].channel, at=now, result=Result.LEFT) for letter in letters)
    posted = (outbox.post(letter.model_copy(update={"routes": ()})) for letter in letters)
    left = tuple(d.model_copy(update={"attempts": (way,)}) for d, way in zip(posted, ways, strict=True))
    return dispatch.sent(case, left, now)


def a_packet(case: Case, **changes: Any) -> Packet:
    """The packet of a case, filed on Monday 2026-11-02 unless told otherwise."""
    return filing.packet(case, MONDAY + hours(8)).model_copy(update=changes)


def a_letter(case: Case | None = None, to: Recipient = Recipient.MEMBER, **changes: Any) -> Letter:
    """The denial's letter, unless told otherwise; written on Monday 2026-11-02. Alone: no pages enclosed, no routes."""
    case = case or a_denied_case()
    notice = next(n for n in case.notices if n.recipient is to)
    alone = {"enclosures": (), "routes": (), "dated": "", "closing": ""}
    return composed(case, notice, MONDAY).model_copy(update=alone | changes)


def the_letter(case: Case, kind: NoticeKind, to: Recipient) -> Letter:
    notice = next(n for n in case.notices if n.kind is kind and n.recipient is to)
    return composed(case, notice, MONDAY)


def a_pdf(pages: int = 1, title: str = "") -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(width=612, height=792)
    writer.add_metadata({"/Title": title})
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def text_of(pdf: bytes | Path) -> str:
    """The text of a PDF in one line, as a reader copies it, without breaking points and marks of direction."""
    reader = PdfReader(io.BytesIO(pdf) if isinstance(pdf, bytes) else pdf)
    copied = " ".join(page.extract_text() for page in reader.pages)
    return " ".join(copied.translate(dict.fromkeys(map(ord, "\u200b\u200e\u200f"))).split())


def files_in(folder: Path) -> list[str]:
    """What people see in a folder: the files whose path has no part that begins with a dot."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if not any(part.startswith(".") for part in path.parts))


def leftovers_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if "unfinished" in path.name]
