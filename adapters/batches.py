"""Print batches: what waits in the print queue, gathered into a folder with a manifest, and the day it was mailed.

``docs/mail-batch.md`` describes the folder for whoever prints. A batch is settled first, as a list that is written
once, and then made; one that was killed is finished by the next call. Procedure 3, 5, 7 and 8.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable
from datetime import date

from pydantic import AwareDatetime

from adapters.channels import Clock
from adapters.mailroom import Outbox
from adapters.mhc import FORMULA
from adapters.mhcexport import TOTALS
from adapters.printing import QUEUE, QueueLine
from adapters.shelf import AdapterError, Shelf
from policy.verdict import Allowed, Refused, Value, Verdict

BATCHES = ".batches"
MAILED = ".mailed"
MANIFEST = "manifest.csv"
BATCH = re.compile(r"\d{4}-\d\d-\d\d-[1-9]\d{0,3}")
COLUMNS = (
    "position", "file", "letter_key", "document", "sha256",
    "pages", "sheets", "large_print", "language", "international",
)  # fmt: skip


class Batch(Value):
    """A batch: which letters, in which order. It never changes."""

    name: str
    made_at: AwareDatetime
    lines: tuple[QueueLine, ...]


class BatchTotals(Value):
    """The control totals of a batch: what the printer counts again. ``sha256`` is that of the manifest."""

    batch: str
    letters: int
    pages: int
    sheets: int
    large_print: int
    international: int
    sha256: str

    @property
    def text(self) -> str:
        """The totals as the file beside the manifest holds them."""
        return json.dumps(self.model_dump(mode="json"), indent=2) + "\n"


class Mailed(Value):
    """The day (Los Angeles) on which a batch went to the post, and when that was recorded."""

    on: date
    recorded_at: AwareDatetime


class Gathered(Value):
    """What a gathering came to: batches that are whole now, and letters that stay in the queue as they cannot go."""

    batches: tuple[BatchTotals, ...]
    held_back: tuple[str, ...]


class PrintBatches:
    """The mail folder: ``YYYY-MM-DD-N/0001.pdf …``, ``manifest.csv`` and its totals, which come last."""

    def __init__(self, shelf: Shelf, outbox: Outbox, clock: Clock) -> None:
        self._shelf = shelf
        self._outbox = outbox
        self._clock = clock

    def waiting(self) -> tuple[QueueLine, ...]:
        """The letters in the queue that no batch has, the longest waiting first. Raises AdapterError."""
        taken = {line.key for batch in self.batches() for line in batch.lines}
        found = (self._shelf.get(name) for name in self._shelf.names(f"{QUEUE}/*/*.json"))
        lines = (QueueLine.model_validate_json(line) for line in found if line)
        return tuple(sorted((line for line in lines if line.key not in taken), key=lambda line: (line.at, line.key)))

    def batches(self) -> tuple[Batch, ...]:
        """Every batch, oldest first. Raises AdapterError."""
        found = (self._shelf.get(name) for name in self._shelf.names(f"{BATCHES}/*.json"))
        made = (Batch.model_validate_json(batch) for batch in found if batch)
        return tuple(sorted(made, key=lambda batch: (batch.name[:10], int(batch.name[11:]))))

    def gather(self, day: date) -> Gathered:
        """Finish what a kill left, then put all that waits into a batch of that day. Raises AdapterError.

        Under a lock: of two who gather at once one gets the letters, the other none.
        """
        with self._shelf.alone(f"{BATCHES}/lock"):
            unfinished = [batch for batch in self.batches() if self.totals(batch.name) is None]
            waiting = self.waiting()
            good = tuple(line for line in waiting if self._bytes_of(line) is not None)
            if good:
                unfinished.append(self._settle(day, good))
            made = tuple(self._make(batch) for batch in unfinished)
            for batch in self.batches():
                if self.mailed(batch.name) is None:
                    self._shelf.tidy(batch.name)  # somebody who was killed after the totals left a copy of them
            return Gathered(batches=made, held_back=tuple(line.key for line in waiting if line not in good))

    def totals(self, name: str) -> BatchTotals | None:
        """The control totals of a batch that is whole, or None. Raises AdapterError."""
        found = self._shelf.get(f"{name}/{MANIFEST}{TOTALS}")
        return BatchTotals.model_validate_json(found) if found else None

    def mailed(self, name: str) -> Mailed | None:
        """When a batch went to the post, if that was recorded. Raises AdapterError."""
        found = self._shelf.get(f"{MAILED}/{name}.json")
        return Mailed.model_validate_json(found) if found else None

    def post(self, name: str, on: date, today: date) -> Mailed | Refused:
        """Record the day on which a batch went to the post, once; the same day again is no matter.

        Raises AdapterError.
        """
        verdict = self._may_be_posted(name, on, today)
        if isinstance(verdict, Refused):
            return verdict
        wanted = Mailed(on=on, recorded_at=self._clock())
        lies = self._shelf.put(f"{MAILED}/{name}.json", wanted.model_dump_json().encode())
        mailed = Mailed.model_validate_json(lies)
        if mailed.on != on:
            return Refused(reason=f"Batch {name} is recorded as mailed on {mailed.on}; that cannot be changed.")
        return mailed

    def find(self, name: str) -> Batch | None:
        """A batch by its name, or None. Raises AdapterError."""
        found = self._shelf.get(f"{BATCHES}/{name}.json") if BATCH.fullmatch(name) else None
        return Batch.model_validate_json(found) if found else None

    def verify(self, batch: Batch) -> tuple[str, ...]:
        """What is wrong with a batch's folder, a sentence each; nothing when all is as it was made.

        Raises AdapterError.
        """
        totals = self.totals(batch.name)
        if totals is None:
            return ("It was never finished: run second-opinion mail batch.",)
        manifest = self._shelf.get(f"{batch.name}/{MANIFEST}") or b""
        wrong = []
        if manifest != manifest_of(batch) or totals != totals_of(batch):
            wrong.append("The manifest or its totals are not as they were made.")
        for position, line in enumerate(batch.lines, 1):
            data = self._shelf.get(f"{batch.name}/{_file(position)}")
            if data is None:
                wrong.append(f"{_file(position)} is missing.")
            elif hashlib.sha256(data).hexdigest() != line.sha256:
                wrong.append(f"{_file(position)} is not the letter that was queued.")
        known = {MANIFEST, MANIFEST + TOTALS, *(_file(position) for position in range(1, len(batch.lines) + 1))}
        lies = {name.removeprefix(f"{batch.name}/") for name in self._shelf.names(f"{batch.name}/*")}
        wrong.extend(f"A file lies there that is not in the manifest: {name!a}." for name in sorted(lies - known))
        return tuple(wrong)

    def _may_be_posted(self, name: str, on: date, today: date) -> Verdict:
        if self.find(name) is None:
            return Refused(reason=f"There is no batch {name}. List them with: second-opinion mail list", field="batch")
        if self.totals(name) is None:
            return Refused(reason=f"Batch {name} was never finished: run second-opinion mail batch.", field="batch")
        if on < date.fromisoformat(name[:10]):
            return Refused(reason=f"{on} is before the day of the batch; give the day of posting.", field="on")
        if on > today:
            return Refused(reason=f"{on} is still to come; give the day of posting.", field="on")
        return Allowed()

    def _settle(self, day: date, lines: tuple[QueueLine, ...]) -> Batch:
        numbers = [int(batch.name[11:]) for batch in self.batches() if batch.name.startswith(f"{day}-")]
        batch = Batch(name=f"{day}-{max(numbers, default=0) + 1}", made_at=self._clock(), lines=lines)
        self._shelf.put(f"{BATCHES}/{batch.name}.json", batch.model_dump_json().encode())
        return batch

    def _make(self, batch: Batch) -> BatchTotals:
        """The folder of a batch; the totals come last, and say that it is whole."""
        for position, line in enumerate(batch.lines, 1):
            data = self._bytes_of(line)
            if data is None:
                raise AdapterError(
                    f"Letter {line.key} of batch {batch.name} does not lie in the outbox as it was queued: "
                    "bring it back from a backup, then batch again."
                )
            # A copy, not a second name of the same file: what a printer does to it must not reach the filed letter.
            self._shelf.put(f"{batch.name}/{_file(position)}", data)
        self._shelf.put(f"{batch.name}/{MANIFEST}", manifest_of(batch))
        totals = totals_of(batch)
        self._shelf.put(f"{batch.name}/{MANIFEST}{TOTALS}", totals.text.encode())
        return totals

    def _bytes_of(self, line: QueueLine) -> bytes | None:
        """The letter, if it lies in the outbox as it was queued."""
        data = self._outbox.get(line.document)
        return data if data and hashlib.sha256(data).hexdigest() == line.sha256 else None


def manifest_of(batch: Batch) -> bytes:
    """The manifest: the columns, then a line for each letter, harmless in a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(position, line) for position, line in enumerate(batch.lines, 1))
    return text.getvalue().encode()


def totals_of(batch: Batch) -> BatchTotals:
    """The control totals of a batch."""
    lines = batch.lines
    return BatchTotals(
        batch=batch.name,
        letters=len(lines),
        pages=sum(line.pages for line in lines),
        sheets=sum(line.sheets for line in lines),
        large_print=sum(line.large_print for line in lines),
        international=sum(line.international for line in lines),
        sha256=hashlib.sha256(manifest_of(batch)).hexdigest(),
    )


def _row(position: int, line: QueueLine) -> Iterable[str]:
    values = (
        position, _file(position), line.key, line.document, line.sha256, line.pages, line.sheets,
        _yes(line.large_print), line.language, _yes(line.international),
    )  # fmt: skip
    return (_harmless(str(value)) for value in values)


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


def _harmless(value: str) -> str:
    text = " ".join(value.splitlines())
    return f"'{text}" if FORMULA.match(text) else text


def _file(position: int) -> str:
    return f"{position:04}.pdf"
