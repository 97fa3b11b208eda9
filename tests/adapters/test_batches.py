"""Print and mail: the queue, batches with their manifest, the day of posting. Procedure 3, 5, 7 and 8."""

import csv
import hashlib
import io
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from adapters.batches import COLUMNS, MANIFEST, Mailed, PrintBatches
from adapters.dispatch import SENDING, Mailroom
from adapters.mailroom import Outbox
from adapters.printing import PrintQueue
from adapters.shelf import AdapterError, Shelf
from policy.channels import Channel, Result, Route
from policy.dispatch import Delivery
from policy.letter import Section
from policy.verdict import Refused
from tests.adapters.carrying import BY_PRINT, Clock, a_routed_letter
from tests.adapters.samples import NUMBER, ROOT, files_in

MONDAY, TUESDAY = date(2026, 11, 2), date(2026, 11, 3)
FIRST = "2026-11-02-1"
LONG = Section(heading="Reasons", paragraphs=("The record shows pain for six months. " * 12,) * 12)

TWO_AT_ONCE = """
import sys
from datetime import date
from pathlib import Path
from adapters.batches import PrintBatches
from adapters.mailroom import Outbox
from adapters.shelf import Shelf
from tests.adapters.carrying import Clock
folder = Path(sys.argv[1])
batches = PrintBatches(Shelf(folder / "mail"), Outbox(folder / "outbox"), Clock())
sys.stdin.read()
print(sum(made.letters for made in batches.gather(date(2026, 11, 2)).batches))
"""

FULL_DISK = """
import resource, sys
from datetime import date
from pathlib import Path
from adapters.batches import PrintBatches
from adapters.mailroom import Outbox
from adapters.shelf import AdapterError, Shelf
from tests.adapters.carrying import Clock
folder = Path(sys.argv[1])
batches = PrintBatches(Shelf(folder / "mail"), Outbox(folder / "outbox"), Clock())
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))  # room for the list of a batch, and for no letter
try:
    batches.gather(date(2026, 11, 2))
except AdapterError as trouble:
    print(trouble)
"""


class House:
    """A mailroom that prints, and its batches."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mail = folder / "mail"
        self.clock = Clock()
        self.outbox = Outbox(folder / "outbox")
        self.queue = PrintQueue(Shelf(self.mail), self.clock)
        self.mailroom = Mailroom(self.outbox, Shelf(self.folder / "outbox" / SENDING), [self.queue], self.clock)

    @property
    def batches(self) -> PrintBatches:
        return PrintBatches(Shelf(self.mail), self.outbox, self.clock)

    def post(self, number: int = 1, **changes: Any) -> Delivery:
        route = changes.pop("route", BY_PRINT)
        self.clock.pass_by(minutes=1)
        return self.mailroom.post(a_routed_letter(route, **{"key": f"SO-{number}/denial/1/member", **changes}))

    def manifest(self, name: str = FIRST) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO((self.mail / name / MANIFEST).read_text())))

    def queued(self) -> list[str]:
        return [line.key for line in self.batches.waiting()]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_letter_by_post_lies_in_the_outbox_and_waits_in_the_queue(house: House) -> None:
    delivery = house.post(key=f"{NUMBER}/denial/1/member")

    (attempt,) = delivery.attempts
    (line,) = house.batches.waiting()
    assert (attempt.channel, attempt.result) == (Channel.PRINT, Result.LEFT)
    assert attempt.proof == f"print queue 2026-11-02T18:01:00Z, pages 1, sha256 {delivery.sha256}"
    assert (line.key, line.document, line.sha256) == (delivery.key, delivery.document, delivery.sha256)


def test_the_queue_holds_no_name_and_no_address(house: House) -> None:
    house.post()

    (line,) = (house.mail / ".queue").rglob("*.json")
    assert not any(word in line.read_text() for word in ("Núñez", "Alder", "90012"))


@pytest.mark.parametrize("to", [("9 Elm Street", "Los Angeles, CA 90012"), ("12 Alder Street", "Fresno, CA 93650")])
def test_a_sheet_with_another_address_than_the_routes_is_never_printed(house: House, to: tuple[str, ...]) -> None:
    delivery = house.post(route=Route(channel=Channel.PRINT, to=to))

    assert delivery.is_undeliverable
    assert delivery.attempts[0].reason == "the address on the sheet is not the one that it should go to"
    assert house.queued() == []


def test_a_letter_without_an_address_is_not_printed(house: House) -> None:
    assert (
        house.post(route=Route(channel=Channel.PRINT, to=())).attempts[0].reason == "there is no address to send it to"
    )


def test_a_batch_holds_what_waits_in_the_order_of_the_queue(house: House) -> None:
    deliveries = [house.post(number) for number in (3, 1, 2)]

    gathered = house.batches.gather(MONDAY)

    assert [totals.batch for totals in gathered.batches] == [FIRST]
    assert [(row["position"], row["letter_key"]) for row in house.manifest()] == [
        (str(place), delivery.key) for place, delivery in enumerate(deliveries, 1)
    ]
    for row, delivery in zip(house.manifest(), deliveries, strict=True):
        assert (house.mail / FIRST / row["file"]).read_bytes() == house.outbox.get(delivery.document)
    assert house.queued() == []


def test_the_manifest_says_what_an_inserter_must_know(house: House) -> None:
    abroad = ("12 Alder Street", "22100 Tijuana, México")
    house.post(1)
    house.post(2, sections=(LONG,), large_print=True, language="es")
    house.post(3, address_lines=abroad, route=Route(channel=Channel.PRINT, to=abroad))

    house.batches.gather(MONDAY)

    first, long, foreign = house.manifest()
    assert tuple(first) == COLUMNS
    assert (first["pages"], first["sheets"], first["large_print"], first["international"]) == ("1", "1", "no", "no")
    pages = int(long["pages"])
    assert pages > 2
    assert (long["sheets"], long["large_print"], long["language"]) == (str((pages + 1) // 2), "yes", "es")
    assert foreign["international"] == "yes"


def test_the_manifest_names_nobody(house: House) -> None:
    house.post()

    house.batches.gather(MONDAY)

    text = (house.mail / FIRST / MANIFEST).read_text()
    assert not any(word in text for word in ("Núñez", "Ana", "Alder", "90012"))
    assert all("Nú" not in name for name in files_in(house.mail))


def test_the_control_totals_count_the_manifest(house: House) -> None:
    house.post(1)
    house.post(2, large_print=True)

    (totals,) = house.batches.gather(MONDAY).batches

    rows, manifest = house.manifest(), (house.mail / FIRST / MANIFEST).read_bytes()
    assert (totals.letters, totals.large_print, totals.international) == (2, 1, 0)
    assert (totals.pages, totals.sheets) == tuple(sum(int(row[name]) for row in rows) for name in ("pages", "sheets"))
    assert totals.sha256 == hashlib.sha256(manifest).hexdigest()
    assert json.loads((house.mail / FIRST / "manifest.csv.totals.json").read_text()) == totals.model_dump()


def test_what_a_printer_does_to_a_pdf_does_not_reach_the_filed_letter(house: House) -> None:
    delivery = house.post()
    house.batches.gather(MONDAY)

    (house.mail / FIRST / "0001.pdf").write_bytes(b"rotated")

    assert hashlib.sha256(house.outbox.get(delivery.document) or b"").hexdigest() == delivery.sha256


def test_a_letter_is_in_one_batch_and_the_next_one_has_the_next_number(house: House) -> None:
    house.post(1)
    house.batches.gather(MONDAY)
    house.post(2)
    house.batches.gather(MONDAY)
    house.post(3)
    house.batches.gather(TUESDAY)

    names = [batch.name for batch in house.batches.batches()]
    assert names == [FIRST, "2026-11-02-2", "2026-11-03-1"]
    assert [house.manifest(name)[0]["letter_key"][:4] for name in names] == ["SO-1", "SO-2", "SO-3"]


def test_with_nothing_to_print_there_is_no_batch(house: House) -> None:
    assert house.batches.gather(MONDAY).batches == ()
    assert files_in(house.mail) == []


def test_the_tenth_batch_of_a_day_comes_after_the_ninth(house: House) -> None:
    for number in range(1, 12):
        house.post(number)
        house.batches.gather(MONDAY)

    assert [batch.name for batch in house.batches.batches()][8:] == [f"2026-11-02-{n}" for n in (9, 10, 11)]


def test_a_batch_that_was_not_finished_is_finished_by_the_next_call(house: House) -> None:
    house.post(1)
    house.batches.gather(MONDAY)
    for lost in (MANIFEST, "manifest.csv.totals.json", "0001.pdf"):
        (house.mail / FIRST / lost).unlink()
    house.post(2)

    gathered = house.batches.gather(TUESDAY)

    assert [totals.batch for totals in gathered.batches] == [FIRST, "2026-11-03-1"]
    assert house.batches.verify(house.batches.batches()[0]) == ()


def test_eight_threads_at_once_put_each_letter_into_one_batch(house: House) -> None:
    for number in range(6):
        house.post(number)
    start = Barrier(8)

    def gather(_: int) -> int:
        start.wait()
        return sum(made.letters for made in house.batches.gather(MONDAY).batches)

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(gather, range(8))) == 6

    assert len(house.batches.batches()) == 1


def test_two_processes_at_once_put_each_letter_into_one_batch(house: House) -> None:
    for number in range(6):
        house.post(number)
    run = [sys.executable, "-c", TWO_AT_ONCE, str(house.folder)]
    both = [subprocess.Popen(run, stdin=subprocess.PIPE, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]

    said = [int(process.communicate("go")[0]) for process in both]

    assert sorted(said) == [0, 6]
    assert len(house.batches.batches()) == 1


def test_a_letter_that_was_altered_in_the_outbox_is_held_back_and_the_others_go(house: House) -> None:
    altered, good = house.post(1), house.post(2)
    path = house.outbox.path_of(altered.document)
    whole = path.read_bytes()
    path.write_bytes(whole + b" ")

    gathered = house.batches.gather(MONDAY)

    assert gathered.held_back == (altered.key,)
    assert [row["letter_key"] for row in house.manifest()] == [good.key]
    path.write_bytes(whole)
    assert house.batches.gather(MONDAY).batches[0].letters == 1


def test_a_letter_that_is_lost_in_a_batch_not_finished_is_said_with_what_to_do(house: House) -> None:
    delivery = house.post()
    house.batches.gather(MONDAY)
    (house.mail / FIRST / "manifest.csv.totals.json").unlink()
    house.outbox.path_of(delivery.document).unlink()

    with pytest.raises(AdapterError, match="bring it back from a backup, then batch again"):
        house.batches.gather(MONDAY)


def test_a_formula_in_a_key_is_harmless_in_a_spreadsheet(house: House) -> None:
    house.post(key="=cmd|' /C calc'!A0", case_number="=1+1")

    house.batches.gather(MONDAY)

    (row,) = house.manifest()
    assert (row["letter_key"][:2], row["document"][:2]) == ("'=", "'=")


def test_the_day_of_posting_is_recorded_once(house: House) -> None:
    house.post()
    house.batches.gather(MONDAY)

    first = house.batches.post(FIRST, MONDAY, TUESDAY)
    again = house.batches.post(FIRST, MONDAY, TUESDAY)
    other = house.batches.post(FIRST, TUESDAY, TUESDAY)

    assert first == again == house.batches.mailed(FIRST) == Mailed(on=MONDAY, recorded_at=house.clock.now)
    assert isinstance(other, Refused)
    assert "recorded as mailed on 2026-11-02" in other.reason


@pytest.mark.parametrize(
    ("name", "on", "reason"),
    [
        ("2026-11-02-9", MONDAY, "There is no batch"),
        ("../../etc/passwd", MONDAY, "There is no batch"),
        (FIRST, date(2026, 11, 1), "before the day of the batch"),
        (FIRST, date(2026, 11, 4), "still to come"),
    ],
)
def test_a_day_of_posting_that_cannot_be_is_refused(house: House, name: str, on: date, reason: str) -> None:
    house.post()
    house.batches.gather(MONDAY)

    answer = house.batches.post(name, on, TUESDAY)

    assert isinstance(answer, Refused)
    assert reason in answer.reason
    assert house.batches.mailed(FIRST) is None


def test_a_batch_that_is_not_finished_cannot_be_mailed(house: House) -> None:
    house.post()
    house.batches.gather(MONDAY)
    (house.mail / FIRST / "manifest.csv.totals.json").unlink()

    answer = house.batches.post(FIRST, MONDAY, MONDAY)

    assert isinstance(answer, Refused)
    assert "never finished" in answer.reason


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda folder: (folder / "0001.pdf").write_bytes(b"x"), "0001.pdf is not the letter that was queued."),
        (lambda folder: (folder / "0001.pdf").unlink(), "0001.pdf is missing."),
        (lambda folder: (folder / MANIFEST).write_bytes(b"x"), "The manifest or its totals are not as they were made."),
        (
            lambda folder: (folder / "x.pdf").write_bytes(b"x"),
            "A file lies there that is not in the manifest: 'x.pdf'.",
        ),
        (lambda folder: (folder / f"{MANIFEST}.totals.json").unlink(), "It was never finished: run"),
    ],
    ids=["altered", "missing", "manifest", "stray", "unfinished"],
)
def test_what_is_wrong_with_a_batch_is_said_in_a_sentence(house: House, harm: Any, said: str) -> None:
    house.post()
    house.batches.gather(MONDAY)
    (batch,) = house.batches.batches()
    assert house.batches.verify(batch) == ()

    harm(house.mail / FIRST)

    (wrong,) = house.batches.verify(batch)
    assert wrong.startswith(said)


def test_a_mail_folder_that_cannot_be_written_to_keeps_the_letter_waiting(house: House) -> None:
    house.mail.write_text("not a folder")

    with pytest.raises(AdapterError, match="cannot be written to"):
        house.post()
    house.mail.unlink()

    assert house.post().attempts[0].result is Result.LEFT


def test_a_disk_that_is_full_in_the_midst_of_a_batch_loses_nothing(house: House) -> None:
    for number in (1, 2):
        house.post(number)
    run = [sys.executable, "-c", FULL_DISK, str(house.folder)]

    said = subprocess.run(run, capture_output=True, text=True, check=True, cwd=ROOT).stdout

    assert said == f"The folder {house.mail} cannot be written to: File too large.\n"
    (made,) = house.batches.gather(TUESDAY).batches
    assert (made.batch, made.letters) == (FIRST, 2)
    assert house.batches.verify(house.batches.batches()[0]) == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_mail_folder_without_the_right_to_write_keeps_the_letter_waiting(house: House) -> None:
    house.mail.mkdir(mode=0o500)

    with pytest.raises(AdapterError, match="Permission denied"):
        house.post()
