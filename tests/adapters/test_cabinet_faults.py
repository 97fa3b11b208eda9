"""What goes wrong with a packet and leaves it whole: a huge attachment, a locked one, a full disk, a hostile name."""

import hashlib
import io
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from adapters.cabinet import FilingCabinet
from adapters.documents import DocumentStore
from adapters.mailroom import Outbox
from adapters.shelf import Shelf
from policy.filing import Packet
from policy.particulars import Filing
from policy.people import PersonName
from policy.request import Attachment
from tests.adapters.samples import (
    NUMBER,
    ROOT,
    a_denied_case,
    a_packet,
    a_pdf,
    files_in,
    leftovers_in,
    post_all,
    text_of,
)
from tests.builders import MONDAY, a_member, a_request, hours
from tests.packets import read_in_order

FULL_DISK = """
import resource, sys
from pathlib import Path
from adapters.cabinet import FilingCabinet
from adapters.documents import DocumentStore
from adapters.mailroom import Outbox
from adapters.shelf import AdapterError
from policy.filing import Packet
home = Path(sys.argv[1])
packet = Packet.model_validate_json((home / "packet.json").read_bytes())
cabinet = FilingCabinet(home / "cabinet", Outbox(home / "outbox"), DocumentStore(home / "documents"))
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # the packet is larger, what the cabinet notes is not
try:
    cabinet.file(packet)
except AdapterError as error:
    print(error)
"""
MOST_SECONDS = 5.0  # it takes 0.1 s; a machine at work on other things may take long


class Desk:
    """A case that is ready to be filed, and where its things lie."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.outbox = Outbox(home / "outbox")
        self.documents = DocumentStore(home / "documents")
        self.cabinet = FilingCabinet(home / "cabinet", self.outbox, self.documents)

    def packet(self, *attachments: Attachment, family: str = "Núñez", given: str = "Ana") -> Packet:
        request = a_request(member=a_member(name=PersonName(family=family, given=given)))
        case = post_all(self.outbox, a_denied_case(NUMBER, request), MONDAY + hours(3))
        return a_packet(case, attachments=attachments)

    def lay(self, name: str, data: bytes) -> Attachment:
        """Put bytes into the store past the door, which takes no such thing, as an older door might have."""
        digest = hashlib.sha256(data).hexdigest()
        Shelf(self.home / "documents").put(f"{digest[:2]}/{digest}.pdf", data)
        return Attachment(name=name, sha256=digest, size=len(data))

    def read(self, filing: Filing) -> bytes:
        return self.cabinet.bytes_of(filing.path) or b""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def scanned(pages: int) -> bytes:
    """A scan, as a fax server sends it: an image on every page."""
    file = io.BytesIO()
    sheets = [Image.new("L", (425, 550), 255 - number % 200) for number in range(pages)]
    sheets[0].save(file, "PDF", save_all=True, append_images=sheets[1:], resolution=50)
    return file.getvalue()


def locked() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(width=612, height=792)
    writer.encrypt("secret", algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def test_an_attachment_of_three_hundred_pages_is_bound_page_by_page_and_fast(desk: Desk) -> None:
    packet = desk.packet(desk.documents.put("chart.pdf", scanned(300)), desk.documents.put("x-ray.pdf", a_pdf(2)))
    begun = time.perf_counter()

    filing = desk.cabinet.file(packet)

    assert time.perf_counter() - begun < MOST_SECONDS
    assert read_in_order(desk.read(filing), NUMBER)[-2:] == ["Attachment: chart.pdf", "Attachment: x-ray.pdf"]
    assert filing.pages > 302


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(locked(), id="encrypted"),
        pytest.param(a_pdf(3)[:200], id="torn off"),
        pytest.param(b"%PDF-1.7\n%%EOF", id="empty"),
        pytest.param(b"\x89PNG not a PDF", id="no PDF"),
    ],
)
def test_an_attachment_that_no_packet_can_hold_has_a_page_in_its_place_and_the_next_one_follows(
    desk: Desk, data: bytes
) -> None:
    bad, good = desk.lay("bad.pdf", data), desk.documents.put("good.pdf", a_pdf(2))

    filing = desk.cabinet.file(desk.packet(bad, good))

    pages = [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(desk.read(filing))).pages]
    place = next(number for number, page in enumerate(pages) if "This part could not be read" in page)
    assert len(pages) == place + 3
    assert f"Attachment: bad.pdf {bad.sha256}" in pages[place]
    assert desk.cabinet.register()[0].unreadable == (bad.sha256,)


def test_a_disk_that_is_full_in_the_middle_of_a_packet_leaves_nothing_half_filed_and_it_goes_on_later(
    desk: Desk,
) -> None:
    packet = desk.packet(desk.documents.put("chart.pdf", scanned(20)))
    (desk.home / "packet.json").write_text(packet.model_dump_json())
    script = [sys.executable, "-c", FULL_DISK, str(desk.home)]

    run = subprocess.run(script, capture_output=True, text=True, check=True, cwd=ROOT)

    said = f"The folder {desk.home}/cabinet cannot be written to: File too large."
    assert run.stdout.strip() == said
    assert files_in(desk.home / "cabinet") == []
    assert leftovers_in(desk.home / "cabinet") == []
    assert desk.cabinet.register() == []

    later = {"filed_on": MONDAY.date().replace(day=3), "filed_at": MONDAY + hours(24)}
    filing = desk.cabinet.file(packet.model_copy(update=later))

    assert "/2026-11-02/" in filing.path  # the day on which it was to be filed
    assert read_in_order(desk.read(filing), NUMBER)
    assert [line.filing for line in desk.cabinet.register()] == [filing]


@pytest.mark.parametrize(
    ("family", "given", "file"),
    [
        ("CON", "Ana", "CON, Ana"),
        ("NUL.txt", "Ana", "NUL_.txt, Ana"),
        ("com1.", "Ana", "com1, Ana"),
        ("Reed...", "Tom.", "Reed, Tom"),
        ("../../etc", "passwd", "_.._etc, passwd"),
        ("בן דוד", "אסתר", "בן דוד, אסתר"),
        ("\u202eevil", "\u2066x", "_evil, _x"),
        ("Nu\u0301n\u0303ez", "Zoe\u0308", "Núñez, Zoë"),
        ("\u0301a", "e\u0301\u0323", "\u0301a, ẹ\u0301"),
    ],
)
def test_a_hostile_or_a_foreign_name_is_one_file_in_the_folder_of_its_day(
    desk: Desk, family: str, given: str, file: str
) -> None:
    filing = desk.cabinet.file(desk.packet(family=family, given=given))

    assert files_in(desk.home / "cabinet") == [filing.path]
    assert filing.path == f"Prior Authorizations/2026/11/2026-11-02/{file} — {NUMBER}.pdf"
    assert text_of(desk.read(filing)).startswith("Blue Shield of California Promise Health Plan")
