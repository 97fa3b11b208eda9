"""Reads a packet as somebody does who knows nothing of the case: it opens, every page is there, all is in its order."""

import io
import re
from itertools import pairwise

from pypdf import PdfReader

from policy.filing import ENDS

NOTE = rf"(?:(?:{'|'.join(ENDS.values())}) .*? )?"  # what became of a letter that did not stay what it was
ORDER = ("Contents", "Referral form", "Letter: ", "Report: ", "Attachment: ")


def bookmarks(reader: PdfReader) -> list[tuple[str, int]]:
    """Every bookmark with the number of its page, from 1."""
    marks = [mark for mark in reader.outline if not isinstance(mark, list)]
    return [(str(mark.title), (reader.get_destination_page_number(mark) or 0) + 1) for mark in marks]


def read_in_order(pdf: bytes, case_number: str) -> list[str]:
    """The titles of the packet's parts. Asserts what every packet owes its reader."""
    reader = PdfReader(io.BytesIO(pdf), strict=True)
    pages = [" ".join(page.extract_text().replace("\u200b", "").split()) for page in reader.pages]
    marks = bookmarks(reader)
    titles = [title for title, _ in marks]
    ranks = [next(rank for rank, kind in enumerate(ORDER) if title.startswith(kind)) for title in titles]
    starts = [start for _, start in marks]

    for number, page in enumerate(pages, 1):
        assert page.endswith(f"{case_number}, packet page {number} of {len(pages)}")
    assert titles[:2] == list(ORDER[:2])
    assert ranks == sorted(ranks)
    assert starts[0] == 1
    assert starts == sorted(set(starts))
    lengths = [after - start for start, after in pairwise([*starts, len(pages) + 1])]
    contents = " ".join(pages[: starts[1] - 1])
    for title, start, length in zip(titles[1:], starts[1:], lengths[1:], strict=True):
        assert re.search(rf"{re.escape(title)} {NOTE}(?:[0-9a-f]{{64}} )?{start} {length} ", contents), (
            title,
            start,
            length,
        )
    assert "This part could not be read" not in " ".join(pages)
    return titles
