"""The document store: attachments and reports as they came, each under the digest of its bytes (P2, P7, P9).

Only what can be filed years later is taken in: a readable PDF of bounded size, or an image (PNG, JPEG, TIFF), which
becomes one (``scans``). Everything else is sent back at the door, with a sentence that says how to mend it.
"""

import hashlib
import io
import re
from pathlib import Path

from pikepdf import PasswordError, Pdf

from adapters.scans import as_pdf, is_image
from adapters.shelf import AdapterError, WriteOnce, shelf_at
from policy.request import Attachment

MOST_BYTES = 20 * 1024 * 1024
MOST_PAGES = 500
LONGEST_NAME = 200
TOO_LARGE = "The document is larger than 20 MB; send it in parts, or scan it with fewer dots per inch."
DAMAGED = "The PDF is damaged; print or scan it to a PDF once more and send that."
DIGEST = re.compile("[0-9a-f]{64}")


class DocumentError(AdapterError):
    """A document that is not taken in, or cannot be given out; the message says why and how to mend it."""


class DocumentStore:
    """Documents by digest: ``ab/abcdef….pdf``. The same document twice is there once."""

    def __init__(self, place: Path | WriteOnce) -> None:
        self._shelf = shelf_at(place)

    def put(self, name: str, data: bytes) -> Attachment:
        """Take in a PDF of 1 to 500 pages and at most 20 MB, or an image, as a PDF; ``name`` is what people call it.

        Raises DocumentError for anything else, and AdapterError when the folder cannot be used.
        """
        if is_image(data):
            name, data = f"{_stem(name)}.pdf", _from_image(data)
        _refuse_what_cannot_be_filed(data)
        digest = hashlib.sha256(data).hexdigest()
        _verify(digest, self._shelf.put(_place(digest), data))
        return Attachment(name=_shown(name) or "document.pdf", sha256=digest, size=len(data))

    def get(self, sha256: str) -> bytes | None:
        """A document's bytes, or None where there is none. Raises DocumentError when they are no longer the same."""
        if not DIGEST.fullmatch(sha256):
            return None
        data = self._shelf.get(_place(sha256))
        if data is not None:
            _verify(sha256, data)
        return data


def _place(digest: str) -> str:
    return f"{digest[:2]}/{digest}.pdf"


def _shown(name: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())[:LONGEST_NAME].strip()


def _stem(name: str) -> str:
    """An image's name without its ending, short enough that the new one stays on it."""
    stem, dot, ending = _shown(name).rpartition(".")
    known = dot and ending.lower() in ("png", "jpg", "jpeg", "tif", "tiff")
    return (stem if known else _shown(name))[: LONGEST_NAME - 4].strip() or "image"


def _from_image(data: bytes) -> bytes:
    if len(data) > MOST_BYTES:
        raise DocumentError(TOO_LARGE)
    try:
        return as_pdf(data, MOST_PAGES)
    except ValueError as trouble:
        raise DocumentError(str(trouble)) from None


def _verify(digest: str, data: bytes) -> None:
    if hashlib.sha256(data).hexdigest() != digest:
        raise DocumentError(f"The document {digest[:12]}… was changed on the disk; restore it from the backup.")


def _refuse_what_cannot_be_filed(data: bytes) -> None:
    if not data:
        raise DocumentError("The document is empty; send it again.")
    if len(data) > MOST_BYTES:
        raise DocumentError(TOO_LARGE)
    if not data.startswith(b"%PDF-"):
        raise DocumentError("The document is not a PDF; print or scan it to a PDF and send that.")
    pages = _pages_at_the_door(data)
    if pages == 0:
        raise DocumentError("The document has no pages; print or scan it to a PDF once more and send that.")
    if pages > MOST_PAGES:
        raise DocumentError(f"The document has {pages} pages, more than {MOST_PAGES}; send it in parts.")


def _pages_at_the_door(data: bytes) -> int:
    try:
        with Pdf.open(io.BytesIO(data), suppress_warnings=True) as pdf:
            encrypted, pages = pdf.is_encrypted, len(pdf.pages)
            sound = encrypted or pages > MOST_PAGES or can_be_copied(pdf)
    except PasswordError:
        encrypted, pages, sound = True, 0, True
    except Exception:  # noqa: BLE001 - a hostile file can fail in any way; all of them mean the same
        raise DocumentError(DAMAGED) from None
    if encrypted:
        raise DocumentError("The PDF is encrypted; save it without a password and send that.")
    if not sound:
        raise DocumentError(DAMAGED)
    return pages


def can_be_copied(pdf: Pdf) -> bool:
    """Whether pages that were read can also be put into a packet; some damage shows only then."""
    try:
        with Pdf.new() as packet:
            packet.pages.extend(pdf.pages)
            packet.save(io.BytesIO())
    except Exception:  # noqa: BLE001 - as above
        return False
    return True
