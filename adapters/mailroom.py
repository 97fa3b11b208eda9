"""The outbox: letters ready to print, one folder a case. Policy 90.2.17, Procedure 3, 5, 7 and 8.

A letter's path is made of its key alone, so that no other day can give it a second one. Whoever prints copies from here
and moves nothing: the packet is made of these very files (P9).
"""

import hashlib
import logging
from pathlib import Path
from typing import Any

from adapters.enclosures import pages_of
from adapters.furniture import closing_words, day_in_words, furniture, locale
from adapters.shelf import AdapterError, Shelf, WriteOnce, shelf_at
from adapters.typesetter import typeset
from policy.dispatch import Delivery
from policy.letter import Letter

log = logging.getLogger(__name__)


class Outbox:
    """The mailroom as a folder, or in a bucket: ``<case number>/<letter.file_name>.pdf``."""

    def __init__(self, place: Path | WriteOnce) -> None:
        self._shelf = shelf_at(place)

    @property
    def place(self) -> str:
        """Where the letters lie, for people."""
        return self._shelf.place

    def post(self, letter: Letter) -> Delivery:
        """Put out one letter, as ``put_out`` does; it lies there, and nobody has sent it."""
        return delivery_of(letter, self.put_out(letter))

    def put_out(self, letter: Letter) -> bytes:
        """Typeset one letter and put it out, once per ``letter.key``: the first one stays, whatever a later one says.

        Gives back the bytes that lie there. Raises AdapterError when the folder cannot be used.
        """
        document = document_of(letter)
        return self._shelf.put(document, self._shelf.get(document) or _typeset(letter))

    def get(self, document: str) -> bytes | None:
        """A letter's bytes, by its ``Delivery.document``, or None where there is none. Raises AdapterError."""
        return self._shelf.get(document)

    def path_of(self, document: str) -> Path:
        """Where a letter lies, by its ``Delivery.document``.

        Raises AdapterError for a path that leads elsewhere, and when letters lie in no folder.
        """
        if not isinstance(self._shelf, Shelf):
            raise AdapterError(
                f"Letters lie in {self._shelf.place}, not in a folder; set SECOND_OPINION_OUTBOX to one."
            )
        return self._shelf.path_of(document)


def document_of(letter: Letter) -> str:
    """Where a letter lies in the outbox: made of its key alone."""
    return f"{letter.case_number}/{letter.file_name}.pdf"


def delivery_of(letter: Letter, pdf: bytes) -> Delivery:
    """What is known of a letter by its bytes alone: where it lies, and their digest."""
    return Delivery(key=letter.key, document=document_of(letter), sha256=hashlib.sha256(pdf).hexdigest())


def content_of(letter: Letter) -> dict[str, Any]:
    """What the letter's template gets: the letter, its date and its frame in words, and the pages enclosed."""
    words = furniture(letter.language)
    return letter.model_dump(mode="json", exclude={"routes", "enclosures"}) | {
        "dated": letter.dated or day_in_words(letter.written_on, letter.language),
        "locale": locale(letter.language),
        "closing": letter.closing or closing_words(letter.language),
        "words": words.model_dump(mode="json", exclude={"enclosure_titles"}),
        "enclosed": pages_of(letter.enclosures, letter.language),
    }


def _typeset(letter: Letter) -> bytes:
    """The letter as a PDF, under its own date."""
    made = typeset("letter", content_of(letter), letter.written_on)
    if not made.accessible:
        log.warning("letter.lacks_characters", extra={"letter": letter.key})  # it leaves with boxes in their place
    return made.pdf
