"""Print and mail: a letter waits in the print queue until a batch takes it. Procedure 3, 5, 7 and 8.

The queue lies in ``.queue`` of the mail folder, a line for each letter, written once. ``batches`` gathers them.
"""

import hashlib
import re
from typing import ClassVar

from pydantic import AwareDatetime

from adapters.binder import count_pages
from adapters.channels import ChannelRefusal, Clock
from adapters.mailroom import document_of
from adapters.shelf import Shelf
from policy.channels import Attempt, Channel, Result, Route
from policy.letter import Letter
from policy.verdict import Value

QUEUE = ".queue"
DOMESTIC = re.compile(r", [A-Z]{2} \d{5}(-\d{4})?$")  # how an address in the United States ends


class QueueLine(Value):
    """A letter that waits to be printed: no name and no address; those stand on the sheet, in the window.

    ``sheets`` are those of paper printed on both sides.
    """

    key: str
    document: str
    sha256: str
    pages: int
    sheets: int
    large_print: bool
    language: str
    international: bool
    at: AwareDatetime


class PrintQueue:
    """Carries letters by post: it gives each a line in the queue. Always set up: it needs a folder and nothing else."""

    channel: ClassVar[Channel] = Channel.PRINT

    def __init__(self, shelf: Shelf, clock: Clock) -> None:
        self._shelf = shelf
        self._clock = clock

    def hand_over(self, letter: Letter, route: Route, pdf: bytes) -> Attempt:
        """Queue a letter, once. Its proof is its line in the queue: since when, which bytes, how many pages.

        Raises ChannelRefusal when the sheet, whose address shows in the window, does not show the route's address: a
        member's confidential address must never be passed by. Raises AdapterError when the folder cannot be used.
        """
        if not route.to:
            raise ChannelRefusal("there is no address to send it to")
        on_the_sheet = {_plain(line) for line in (letter.addressee, *letter.address_lines)}
        if not {_plain(line) for line in route.to} <= on_the_sheet:
            raise ChannelRefusal("the address on the sheet is not the one that it should go to")
        line = self._queued(letter, route, pdf)
        proof = f"print queue {line.at:%Y-%m-%dT%H:%M:%SZ}, pages {line.pages}, sha256 {line.sha256}"
        return Attempt(channel=self.channel, at=line.at, result=Result.LEFT, proof=proof)

    def take_back(self, letter: Letter, route: Route) -> bool:  # noqa: ARG002 - the same for every letter
        """Never: what is queued will be printed, and queuing knows no waiting."""
        return False

    def _queued(self, letter: Letter, route: Route, pdf: bytes) -> QueueLine:
        document, pages = document_of(letter), count_pages(pdf)
        wanted = QueueLine(
            key=letter.key,
            document=document,
            sha256=hashlib.sha256(pdf).hexdigest(),
            pages=pages,
            sheets=(pages + 1) // 2,
            large_print=letter.large_print,
            language=letter.language,
            international=not DOMESTIC.search(route.to[-1]),
            at=self._clock(),
        )
        name = f"{QUEUE}/{document}.json"
        return QueueLine.model_validate_json(self._shelf.put(name, wanted.model_dump_json().encode()))


def _plain(line: str) -> str:
    return " ".join(line.split()).casefold()
