"""Binds a packet into one PDF: contents with digests, the referral form, then every part in its order (P9).

Every page carries its number. A part that is damaged never stops the binding: a page in its place says which one it is.
"""

import hashlib
import io
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

from pikepdf import Array, Dictionary, Name, OutlineItem, Pdf

from adapters.documents import can_be_copied
from adapters.form import sections, words
from adapters.stamp import stamp
from adapters.typesetter import typeset
from policy.filing import Packet
from policy.placement import ORDINALS
from policy.third_opinion import number_of_third

CONTENTS, FORM = "Contents", "Referral form"
WAY = "part:"  # how the contents say where a link leads, before there are pages
UNREADABLE = "Could not be read when it was filed"


class Part(NamedTuple):
    """A letter, a report or an attachment: what it is called, its digest where it is known, and its bytes, if any.

    ``note`` says what there is to know of it besides, for the contents: a letter that came back, for example.
    """

    title: str
    sha256: str
    data: bytes | None
    ours: bool = False
    note: str = ""


class Bound(NamedTuple):
    """The packet as one PDF, its number of pages, and the digests of the parts in whose place a page stands."""

    pdf: bytes
    pages: int
    unreadable: tuple[str, ...] = ()


def bind(packet: Packet, parts: Sequence[Part]) -> Bound:
    """One PDF of a packet; the same packet with the same parts gives the same bytes."""
    with ExitStack() as stack:
        read = [_opened(part, stack) for part in parts]
        try:
            return _bind(packet, parts, read, stack)
        except Exception:  # noqa: BLE001 - a part can be damaged in any way, and show it only when it is copied
            sound = [pdf if pdf is not None and can_be_copied(pdf) else None for pdf in read]
        return _bind(packet, parts, sound, stack)


def count_pages(data: bytes) -> int:
    """The number of pages of a packet that was bound before."""
    with Pdf.open(io.BytesIO(data)) as pdf:
        return len(pdf.pages)


def part_of_letter(document: str, case_number: str, data: bytes | None, sha256: str = "", note: str = "") -> Part:
    """The part of a letter, by its path in the outbox: ``SO-1/SO-1-approval-1-member.pdf``, ``…-member-2.pdf``.

    A letter whose bytes are not those of ``sha256``, the digest with which it left, cannot be read any more.
    """
    found = hashlib.sha256(data).hexdigest() if data else ""
    return Part(
        title=f"Letter: {_title_of(document.removesuffix('.pdf').rpartition('/')[2], case_number)}",
        sha256=sha256 or found,
        data=data if found == (sha256 or found) else None,
        ours=True,
        note=note,
    )


def _title_of(name: str, case_number: str) -> str:
    """``approval to the member``, by kind, ordinal, recipient and, from the second on, the number of the copy."""
    name_of_its_own = name.startswith(f"{number_of_third(case_number)}-")
    match name.removeprefix(f"{number_of_third(case_number) if name_of_its_own else case_number}-").split("-"):
        case [kind, _, recipient]:
            return f"{words(kind).lower()} to the {words(recipient).lower()}"
        case [kind, _, recipient, copy] if copy.isdecimal():
            nth = ORDINALS.get(int(copy), f"{copy}th")
            return f"{words(kind).lower()} to the {words(recipient).lower()}, {nth} copy"
        case _:
            return name


def _bind(packet: Packet, parts: Sequence[Part], read: Sequence[Pdf | None], stack: ExitStack) -> Bound:
    readable = [_stand_in(part, packet, stack) if pdf is None else pdf for part, pdf in zip(parts, read, strict=True)]
    front = stack.enter_context(Pdf.open(io.BytesIO(_typeset_front(packet, parts, read))))
    with Pdf.new() as packed:
        packed.pages.extend(front.pages)
        marks = list(zip((CONTENTS, FORM), _starts(front), strict=True))
        for part, pdf in zip(parts, readable, strict=True):
            marks.append((part.title, len(packed.pages)))
            packed.pages.extend(pdf.pages)
        with packed.open_outline() as outline:
            outline.root.extend(OutlineItem(title, page) for title, page in marks)
        _lead(packed, range(len(front.pages)), [page for _, page in marks[1:]])
        stamp(packed, packet.case_number, packet.filed_on)
        lacking = tuple(part.sha256 for part, pdf in zip(parts, read, strict=True) if pdf is None)
        return Bound(_written(packed, f"Case {packet.case_number}"), len(packed.pages), lacking)


def _stand_in(part: Part, packet: Packet, stack: ExitStack) -> Pdf:
    """The page that stands in for a part that cannot be read."""
    content = {"heading": f"Case {packet.case_number}", "title": part.title, "sha256": part.sha256}
    return stack.enter_context(Pdf.open(io.BytesIO(typeset("unreadable", content, packet.filed_on).pdf)))


def _lead(packed: Pdf, own: Iterable[int], starts: Sequence[int]) -> None:
    """The links of the contents lead to where the parts begin."""
    for number in own:
        for link in packed.pages[number].obj.get(Name.Annots, Array()):
            way = str(link.get(Name.A, Dictionary()).get(Name.URI, ""))
            if way.startswith(WAY):
                start = starts[int(way.removeprefix(WAY)) - 1]
                link[Name.Dest] = Array([packed.pages[start].obj, Name.Fit])
                link[Name.Contents] = f"To packet page {start + 1}"
                del link[Name.A]


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
                "note": ". ".join(filter(None, (part.note, "" if pdf is not None else UNREADABLE))),
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
    packed.save(file, deterministic_id=True, min_version="1.7")
    return file.getvalue()
