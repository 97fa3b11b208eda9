"""Documents, letters and packets in the browser: taken in at the door, given out as they were, to who may read them.

A document is named by its digest and a letter by its key, so that no address says anything of a member.
"""

import asyncio
import hashlib
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from adapters.documents import DIGEST, LONGEST_NAME, MOST_BYTES, DocumentError
from policy.complaints import FieldError
from policy.request import Attachment
from portal.access import Room
from portal.case import ENTERING, opened, reads_all
from portal.pages import page
from portal.session import NotFound, Visit
from records.rows import CaseFile
from wiring.world import World

router = APIRouter(include_in_schema=False)

KEPT = ".kept"  # the ending of an input's name that holds the documents taken in before
CHANGED = "It is not what was stored: the file was changed on the disk. Ask for it to be restored from the backup."
# Whatever stands in a document, it runs no script, sends no form and opens nothing.
HEADERS = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}


async def stored(world: World, upload: UploadFile) -> Attachment:
    """A file that a form sent, in the document store: a PDF, or an image as one. Raises DocumentError."""
    data = await upload.read(MOST_BYTES + 1)
    return await asyncio.to_thread(world.documents.put, clean(upload.filename or ""), data)


async def taken_in(world: World, sent: FormData) -> tuple[dict[str, list[dict[str, Any]]], tuple[FieldError, ...]]:
    """The documents of a form by the path of their input, those that were taken in before first; and what was refused.

    What was taken in is there even when the rest of the form is not right yet, so nobody sends it twice.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    errors: list[FieldError] = []
    for name, value in sent.multi_items():
        path = name.removesuffix(KEPT)
        try:
            if isinstance(value, UploadFile):
                attachment = await stored(world, value) if value.filename or value.size else None
            else:
                attachment = await asyncio.to_thread(_kept, world, value) if name.endswith(KEPT) else None
        except DocumentError as refused:
            shown = clean(value.filename or "") if isinstance(value, UploadFile) else "The document"
            errors.append(FieldError(field=path, problem=f"{shown}: {refused}"))
            continue
        if attachment is not None and attachment.sha256 not in {d["sha256"] for d in found.get(path, ())}:
            found.setdefault(path, []).append(attachment.model_dump(mode="json"))
    return found, tuple(errors)


def _kept(world: World, value: str) -> Attachment | None:
    """A document that was taken in before, by digest and name; its size is that of the store, whatever a form says."""
    digest, _, name = value.partition(" ")
    data = world.documents.get(digest)
    return Attachment(name=clean(name), sha256=digest, size=len(data)) if data else None


def clean(name: str) -> str:
    """A file's name without its folders, in one spelling, of letters that can be seen, and not too long."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    seen = " ".join("".join(c if c.isprintable() else " " for c in last).split())
    stem, dot, ending = seen.rpartition(".")
    short = f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}" if dot and len(ending) < 10 else seen[:LONGEST_NAME]
    return short.strip() or "document.pdf"


@router.get("/cases/{number}/documents/{sha256}")
async def document(number: str, sha256: str, visit: Visit = ENTERING[Room.CASES]) -> Response:
    """A document of a case that this person may read."""
    file = await _readable(visit, number)
    row = next((d for d in file.documents if d.sha256 == sha256), None)
    if row is None or not DIGEST.fullmatch(sha256):
        raise NotFound
    try:
        data = await asyncio.to_thread(visit.house.world.documents.get, sha256)
    except DocumentError:
        return _sorry(visit, file, CHANGED)
    return _shown(visit, file, data, row.name, row.sha256)


@router.get("/cases/{number}/letters/{name}")
async def letter(number: str, name: str, visit: Visit = ENTERING[Room.CASES]) -> Response:
    """A letter as it left, by its name in the outbox."""
    file = await _readable(visit, number)
    row = next((n for n in file.notices if letter_name(n.key) == name), None)
    if row is None:
        raise NotFound
    if not row.document:
        return _sorry(visit, file, "This letter has not left yet. It is written and sent by itself.", status=404)
    data = await asyncio.to_thread(visit.house.world.outbox.get, row.document)
    return _shown(visit, file, data, f"{name}.pdf", row.sha256)


@router.get("/cases/{number}/packet")
async def packet(number: str, visit: Visit = ENTERING[Room.CASES]) -> Response:
    """The packet as it was filed (P9)."""
    file = await _readable(visit, number)
    if not file.case.filing_path:
        raise NotFound
    data = await asyncio.to_thread(visit.house.world.cabinet.bytes_of, file.case.filing_path)
    return _shown(visit, file, data, f"{file.case.number}.pdf", file.case.filing_sha256)


def letter_name(key: str) -> str:
    """A letter's name in an address, by its key."""
    return key.replace("/", "-")


async def _readable(visit: Visit, number: str) -> CaseFile:
    """The case, for who reads all of it. Raises NotFound."""
    file = await opened(visit, number)
    if not reads_all(visit.actor):
        raise NotFound
    return file


def _shown(visit: Visit, file: CaseFile, data: bytes | None, name: str, sha256: str) -> Response:
    """A PDF in the browser, or a page that says what is wrong."""
    answer = pdf_of(data, name, sha256)
    return _sorry(visit, file, answer) if isinstance(answer, str) else answer


def pdf_of(data: bytes | None, name: str, sha256: str) -> Response | str:
    """A PDF in the browser, once its bytes are what was stored; else the sentence that says what is wrong."""
    if data is None:
        return "It does not lie where it should; ask for it to be restored from the backup."
    return pdf(data, name) if hashlib.sha256(data).hexdigest() == sha256 else CHANGED


def pdf(data: bytes, name: str, headers: Mapping[str, str] = HEADERS) -> Response:
    """A PDF to be looked at, that can do nothing."""
    bare = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in name)
    disposition = f"inline; filename=\"{bare}\"; filename*=UTF-8''{quote(name, safe='')}"
    return Response(data, media_type="application/pdf", headers={**headers, "Content-Disposition": disposition})


def _sorry(visit: Visit, file: CaseFile, text: str, status: int = 500) -> Response:
    return page(visit, "document.html", status=status, number=file.case.number, text=text, home="/cases")
