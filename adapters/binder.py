"""Binds a packet into one PDF: contents with digests, the referral form, then every part in its order (P9).

A part that is missing or damaged never stops the binding: a page in its place says which one it is.
"""

import hashlib
import io
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

from pikepdf import Dictionary, Name, OutlineItem, Pdf

from adapters.documents import can_be_copied
from adapters.form import sections, words
from adapters.typesetter import typeset
from policy.filing import Packet

CONTENTS, FORM = "Contents", "Referral form"


class Part(NamedTuple):
    """A letter, an attachment or a report: what it is called, its digest where it is known, and its bytes, if any."""

    title: str
    sha256: str
    data: bytes | None
    ours: bool = False


class Bound(NamedTuple):
    """The packet as one PDF, and its number of pages."""

    pdf: bytes
    pages: int


def bind(packet: Packet, parts: Sequence[Part]) -> Bound:
    """One PDF of a packet; the same packet with the same parts gives the same bytes."""
    with ExitStack() as stack:
        read = [_opened(part, stack) for part in parts]
        try:
            return _bind(packet, parts, read)
        except Exception:  # noqa: BLE001 - a part can be damaged in any way, and show it only when it is copied
            sound = [pdf if pdf is not None and can_be_copied(pdf) else None for pdf in read]
        return _bind(packet, parts, sound)


def count_pages(data: bytes) -> int:
    """The number of pages of a packet that was bound before."""
    with Pdf.open(io.BytesIO(data)) as pdf:
        return len(pdf.pages)


def part_of_letter(document: str, case_number: str, data: bytes | None) -> Part:
    """The part of a letter, by its path in the outbox: ``SO-1/SO-1-approval-1-member.pdf``."""
    name = document.removesuffix(".pdf").rpartition("/")[2]
    match name.removeprefix(f"{case_number}-").split("-"):
        case [kind, _, recipient]:
            title = f"Letter: {words(kind).lower()} to the {words(recipient).lower()}"
        case _:
            title = f"Letter: {name}"
    return Part(title=title, sha256=hashlib.sha256(data).hexdigest() if data else "", data=data, ours=True)


def _bind(packet: Packet, parts: Sequence[Part], read: Sequence[Pdf | None]) -> Bound:
    with Pdf.open(io.BytesIO(_typeset_front(packet, parts, read))) as front, Pdf.new() as packed:
        own = len(front.pages) - read.count(None)  # a page stands in, at the end, for each part that cannot be read
        stand_ins = iter(range(own, len(front.pages)))
        marks = list(zip((CONTENTS, FORM), _starts(front), strict=True))
        packed.pages.extend(front.pages[:own])
        for part, pdf in zip(parts, read, strict=True):
            marks.append((part.title, len(packed.pages)))
            if pdf is None:
                packed.pages.append(front.pages[next(stand_ins)])
            else:
                packed.pages.extend(pdf.pages)
        with packed.open_outline() as outline:
            outline.root.extend(OutlineItem(title, page) for title, page in marks)
        return Bound(_written(packed, f"Case {packet.case_number}"), len(packed.pages))


def _typeset_front(packet: Packet, parts: Sequence[Part], read: Sequence[Pdf | None]) -> bytes:
    day = packet.filed_on
    content: dict[str, Any] = {
        "title": f"Case {packet.case_number}",
        "edition": packet.edition_title,
        "about": (
            f"{packet.request.member.name.full}: request for a second opinion, {words(packet.outcome).lower()}",
            f"Filed on {day:%A, %B} {day.day}, {day.year}, under {packet.folder}",
        ),
        "parts": [
            {
                "title": part.title,
                "sha256": part.sha256,
                "pages": 1 if pdf is None else len(pdf.pages),
                "readable": pdf is not None,
            }
            for part, pdf in zip(parts, read, strict=True)
        ],
        "form": {"sections": [section.model_dump(mode="json") for section in sections(packet)]},
    }
    return typeset("contents", content, packet.filed_on).pdf


def _starts(front: Pdf) -> tuple[int, int]:
    """On which of our own pages the contents and the form begin: they are the only two headings with a bookmark."""
    places = {page.obj.objgen: number for number, page in enumerate(front.pages)}
    with front.open_outline() as outline:
        contents, form = (_first_of(item.destination or item.action.D) for item in outline.root)  # type: ignore[union-attr]
    return places[contents], places[form]


def _first_of(destination: Any) -> tuple[int, int]:  # noqa: ANN401 - a PDF array: the page, then how to show it
    page: tuple[int, int] = destination[0].objgen
    return page


def _opened(part: Part, stack: ExitStack) -> Pdf | None:
    """A part, or None when it has no page that can be read. Our own letters must be whole to the last byte."""
    if part.data is None or (part.ours and not part.data.rstrip().endswith(b"%%EOF")):
        return None
    try:
        pdf = stack.enter_context(Pdf.open(io.BytesIO(part.data), suppress_warnings=True))
        return pdf if len(pdf.pages) and not pdf.is_encrypted else None
    except Exception:  # noqa: BLE001 - a damaged file can fail in any way; all of them mean the same
        return None


def _written(packed: Pdf, title: str) -> bytes:
    # A title that names no person: it is what a viewer shows, and what a search over files finds.
    packed.docinfo[Name.Title] = title
    packed.docinfo[Name.Producer] = "second-opinion"
    packed.Root[Name.Lang] = "en-US"
    packed.Root[Name.ViewerPreferences] = Dictionary(DisplayDocTitle=True)
    packed.Root[Name.PageMode] = Name.UseOutlines
    file = io.BytesIO()
    packed.save(file, deterministic_id=True)
    return file.getvalue()
