"""The outbox: letters ready to print, one folder a day. Policy 90.2.17, Procedure 3, 5, 7 and 8.

Whoever prints copies from here and moves nothing: the packet is made of these very files (P9).
"""

import hashlib
import logging
from datetime import datetime
from pathlib import Path

from adapters.shelf import Shelf
from adapters.typesetter import typeset
from policy.notices import Delivery, Letter

BY_DAY = "%Y/%m/%d"
PLACES = ".places"  # for each key the path of its letter, so that no other day can give it a second one

log = logging.getLogger(__name__)


class Outbox:
    """The mailroom as a folder: ``YYYY/MM/DD/<letter.file_name>.pdf``, by the day on which the letter was written."""

    def __init__(self, folder: Path) -> None:
        self._shelf = Shelf(folder)

    def post(self, letter: Letter) -> Delivery:
        """Typeset one letter and put it out, once per ``letter.key``: also when it is asked again, on another day.

        Raises AdapterError when the folder cannot be used.
        """
        document = self._place_of(letter)
        pdf = self._shelf.get(document) or _typeset(letter, document)
        pdf = self._shelf.put(document, pdf)
        return Delivery(key=letter.key, document=document, sha256=hashlib.sha256(pdf).hexdigest())

    def get(self, document: str) -> bytes | None:
        """A letter's bytes, by its ``Delivery.document``, or None where there is none. Raises AdapterError."""
        return self._shelf.get(document)

    def path_of(self, document: str) -> Path:
        """Where a letter lies, by its ``Delivery.document``. Raises AdapterError for a path that leads elsewhere."""
        return self._shelf.path_of(document)

    def _place_of(self, letter: Letter) -> str:
        """The letter's path, settled before it is made: whoever repeats this after a kill goes to the same place."""
        key = hashlib.sha256(letter.key.encode()).hexdigest()
        wanted = f"{letter.written_on.strftime(BY_DAY)}/{letter.file_name}.pdf"
        return self._shelf.put(f"{PLACES}/{key}", wanted.encode()).decode()


def _typeset(letter: Letter, document: str) -> bytes:
    """The letter as a PDF, under the date of its folder."""
    day = datetime.strptime(document[:10], BY_DAY).date()  # noqa: DTZ007 - a day has no time zone
    content = letter.model_dump(mode="json") | {"dated": f"{day:%B} {day.day}, {day.year}"}
    made = typeset("letter", content, day)
    if not made.accessible:
        log.warning("letter %s has characters that no font here has: it leaves with boxes in their place", letter.key)
    return made.pdf
