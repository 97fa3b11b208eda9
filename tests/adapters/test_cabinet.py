"""The filing cabinet: one whole packet per case, by date and alphabet. Procedure 9."""

import hashlib
import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from pikepdf import Pdf
from pypdf import PdfReader

from adapters.binder import part_of_letter
from adapters.cabinet import FilingCabinet
from adapters.documents import DocumentStore
from adapters.mailroom import Outbox
from adapters.shelf import AdapterError, Shelf
from policy.filing import Packet
from policy.particulars import Filing
from policy.people import PersonName
from policy.request import Attachment, Information, Item
from tests.adapters.samples import (
    NUMBER,
    PAGE_WITHOUT_TYPE,
    a_denied_case,
    a_packet,
    a_pdf,
    an_approved_case,
    files_in,
    post_all,
    text_of,
)
from tests.builders import CLINICAL, MONDAY, a_member, a_request, hours

TUESDAY = date(2026, 11, 3)
GONE = Attachment(name="lost scan.pdf", sha256="0" * 64, size=1)


class House:
    """The three folders that a packet is made of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.outbox = Outbox(folder / "outbox")
        self.documents = DocumentStore(folder / "documents")
        self.cabinet = FilingCabinet(folder / "cabinet", self.outbox, self.documents)

    def full_packet(self) -> Packet:
        """Seven letters, an attachment of the request, a report with two pages."""
        scan = self.documents.put("x-ray.pdf", a_pdf(3))
        report = self.documents.put("consultation.pdf", a_pdf(2, "report"))
        information = (*CLINICAL[:3], Information(item=Item.TEST_RESULTS, attachment=scan))
        return a_packet(an_approved_case(self.outbox, reports=(report,), information=information))

    def denied_packet(
        self, number: str = NUMBER, *, family: str = "Núñez", given: str = "Ana", **changes: object
    ) -> Packet:
        request = a_request(member=a_member(name=PersonName(family=family, given=given)))
        case = post_all(self.outbox, a_denied_case(number, request), MONDAY + hours(3))
        return a_packet(case, **changes)

    def path_of(self, filing: Filing) -> Path:
        return self.folder / "cabinet" / filing.path

    def filed(self) -> list[str]:
        return files_in(self.folder / "cabinet")


def bookmarks(reader: PdfReader) -> dict[str, int]:
    """On which page, from 0, each bookmark lies."""
    marks = [mark for mark in reader.outline if not isinstance(mark, list)]
    return {str(mark.title): reader.get_destination_page_number(mark) or 0 for mark in marks}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_packet_lies_in_the_drawer_by_date_and_name(house: House) -> None:
    packet = house.denied_packet()

    filing = house.cabinet.file(packet)

    assert filing.path == f"Prior Authorizations/2026/11/2026-11-02/Núñez, Ana — {NUMBER}.pdf"
    assert house.filed() == [filing.path]
    assert filing.filed_at == packet.filed_at
    assert filing.sha256 == hashlib.sha256(house.path_of(filing).read_bytes()).hexdigest()


def test_a_packet_has_every_page_of_every_part_in_order(house: House) -> None:
    packet = house.full_packet()

    filing = house.cabinet.file(packet)

    reader = PdfReader(house.path_of(filing))
    letters = sum(len(PdfReader(house.outbox.path_of(document)).pages) for document in packet.letters)
    starts = bookmarks(reader)
    front = starts["Letter: approval to the provider"]
    assert filing.pages == len(reader.pages) == front + letters + 3 + 2
    assert list(starts) == [
        "Contents",
        "Referral form",
        "Letter: approval to the provider",
        "Letter: approval to the member",
        "Letter: authorization to the opinion physician",
        "Letter: authorization to the member",
        "Letter: report copy to the primary care physician",
        "Letter: report copy to the member",
        "Letter: report copy to the provider",
        "Report: consultation.pdf",
        "Attachment: x-ray.pdf",
    ]
    assert "This authorization is for a second opinion only" in " ".join(reader.pages[front].extract_text().split())


def test_the_contents_name_each_part_with_its_pages_and_digest(house: House) -> None:
    packet = house.full_packet()

    filing = house.cabinet.file(packet)

    reader = PdfReader(house.path_of(filing))
    contents = " ".join(reader.pages[0].extract_text().split())
    digests = [hashlib.sha256(house.outbox.path_of(document).read_bytes()).hexdigest() for document in packet.letters]
    digests += [attachment.sha256 for attachment in packet.attachments]
    assert re.findall("[0-9a-f]{64}", contents) == digests
    assert f"Report: consultation.pdf {digests[-2]} {filing.pages - 4} 2" in contents
    assert f"Attachment: x-ray.pdf {digests[-1]} {filing.pages - 2} 3" in contents


def test_every_page_carries_the_case_and_its_number(house: House) -> None:
    filing = house.cabinet.file(house.full_packet())

    texts = [" ".join(page.extract_text().split()) for page in PdfReader(house.path_of(filing)).pages]
    lines = [f"{NUMBER}, packet page {number} of {filing.pages}" for number in range(1, filing.pages + 1)]
    assert [text[-len(line) :] for text, line in zip(texts, lines, strict=True)] == lines


def test_the_contents_lead_to_every_part(house: House) -> None:
    filing = house.cabinet.file(house.full_packet())

    with Pdf.open(house.path_of(filing)) as packed:
        numbers = {page.obj.objgen: number for number, page in enumerate(packed.pages)}
        led_to = {numbers[link.Dest[0].objgen] for link in packed.pages[0].Annots}
    starts = bookmarks(PdfReader(house.path_of(filing)))
    assert sorted(led_to) == sorted(starts.values())[1:]
    assert b"part:" not in house.path_of(filing).read_bytes()


def test_a_letter_that_came_back_says_so_in_the_contents(house: House) -> None:
    whole = house.denied_packet()
    packet = whole.model_copy(
        update={"letter_notes": {whole.letters[1]: "Came back on Friday, November 6, 2026: moved"}}
    )

    filing = house.cabinet.file(packet)

    contents = " ".join(PdfReader(house.path_of(filing)).pages[0].extract_text().split())
    assert "3 Letter: denial to the member Came back on Friday, November 6, 2026: moved" in contents


def test_a_letter_that_is_not_the_one_that_left_is_not_filed_as_it(house: House) -> None:
    packet = house.full_packet()
    house.outbox.path_of(packet.letters[1]).write_bytes(house.outbox.get(packet.letters[0]) or b"")

    filing = house.cabinet.file(packet)

    text = text_of(house.path_of(filing))
    digest = packet.letter_digests[packet.letters[1]]
    assert f"This part could not be read Letter: approval to the member {digest}" in text


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("approval-1-member", "Letter: approval to the member"),
        ("report_copy-2-opinion_physician", "Letter: report copy to the opinion physician"),
        ("approval-1-member-2", "Letter: approval to the member, second copy"),
        ("denial-1-pcp-4", "Letter: denial to the primary care physician, 4th copy"),
        ("approval-1-member-x", f"Letter: {NUMBER}-approval-1-member-x"),
    ],
)
def test_a_letter_is_called_by_what_it_is_to_whom_and_which_copy(name: str, title: str) -> None:
    assert part_of_letter(f"{NUMBER}/{NUMBER}-{name}.pdf", NUMBER, b"%PDF").title == title


def test_the_metadata_name_the_case_and_no_person(house: House) -> None:
    filing = house.cabinet.file(house.full_packet())

    reader = PdfReader(house.path_of(filing))
    assert reader.metadata == {"/Title": f"Case {NUMBER}", "/Producer": "second-opinion"}
    assert reader.xmp_metadata is None
    assert str(reader.root_object["/Lang"]) == "en-US"
    assert reader.pdf_header == "%PDF-1.7"


def test_the_same_packet_twice_is_filed_once(house: House) -> None:
    first = house.cabinet.file(house.denied_packet())

    second = House(house.folder).cabinet.file(house.denied_packet())

    assert second == first
    assert house.filed() == [first.path]


def test_the_same_case_on_another_day_is_filed_once(house: House) -> None:
    packet = house.denied_packet()
    first = house.cabinet.file(packet)

    later = packet.model_copy(update={"filed_on": TUESDAY, "filed_at": packet.filed_at + timedelta(days=1)})
    second = house.cabinet.file(later)

    assert second == first
    assert house.filed() == [first.path]
    assert len(house.cabinet.register()) == 1


def test_eight_threads_at_once_file_one_packet(house: House) -> None:
    packet = house.denied_packet()
    start = Barrier(8)

    def file(number: int) -> str:
        start.wait()
        when = {"filed_on": packet.filed_on + timedelta(number), "filed_at": packet.filed_at + timedelta(number)}
        return House(house.folder).cabinet.file(packet.model_copy(update=when)).model_dump_json()

    with ThreadPoolExecutor(8) as threads:
        filings = set(threads.map(file, range(8)))

    assert len(filings) == len(house.filed()) == len(house.cabinet.register()) == 1


def test_the_same_packet_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = House(tmp_path / "one"), House(tmp_path / "other")

    assert one.cabinet.file(one.full_packet()).sha256 == other.cabinet.file(other.full_packet()).sha256


def test_a_case_with_a_letter_or_a_document_that_is_not_there_is_not_filed_until_it_is_back(house: House) -> None:
    scan = house.documents.put("x-ray.pdf", a_pdf(3))
    packet = house.denied_packet(attachments=(scan, GONE))
    letter = house.outbox.path_of(packet.letters[0])
    scanned = house.folder / "documents" / scan.sha256[:2] / f"{scan.sha256}.pdf"
    kept, kept_scan = letter.read_bytes(), scanned.read_bytes()
    letter.unlink()
    scanned.unlink()

    with pytest.raises(AdapterError) as raised:
        house.cabinet.file(packet)

    assert str(raised.value) == (
        f"Case {NUMBER} cannot be filed: of its letters and documents 3 are not there "
        f"({hashlib.sha256(kept).hexdigest()[:12]}, {scan.sha256[:12]}, {'0' * 12}). "
        "Restore from the backup; it is then filed by itself."
    )
    assert not (house.folder / "cabinet").exists()

    letter.write_bytes(kept)
    scanned.write_bytes(kept_scan)
    Shelf(house.folder / "documents").put(f"00/{GONE.sha256}.pdf", b"")  # lost for good: an empty file says so

    text = text_of(house.path_of(house.cabinet.file(packet)))
    assert f"This part could not be read Attachment: lost scan.pdf {GONE.sha256}" in text
    assert f"Attachment: lost scan.pdf Could not be read when it was filed {GONE.sha256} " in text


def test_a_damaged_letter_and_a_damaged_document_do_not_stop_the_filing(house: House) -> None:
    packet = house.full_packet()
    letter = house.outbox.path_of(packet.letters[1])
    letter.write_bytes(letter.read_bytes()[:-2000])
    scan = next((house.folder / "documents").rglob(f"{packet.attachments[1].sha256}.pdf"))
    scan.write_bytes(b"%PDF-1.7 something else")

    filing = house.cabinet.file(packet)

    text = text_of(house.path_of(filing))
    assert text.count("This part could not be read") == 2
    assert "This part could not be read Letter: approval to the member" in text
    assert "This part could not be read Attachment: x-ray.pdf" in text


def test_a_document_with_a_flaw_that_can_be_mended_is_in_the_packet(house: House) -> None:
    digest = hashlib.sha256(PAGE_WITHOUT_TYPE).hexdigest()
    Shelf(house.folder / "documents").put(f"{digest[:2]}/{digest}.pdf", PAGE_WITHOUT_TYPE)
    scan = Attachment(name="scan.pdf", sha256=digest, size=len(PAGE_WITHOUT_TYPE))
    packet = house.denied_packet().model_copy(update={"attachments": (scan,)})

    filing = house.cabinet.file(packet)

    text = text_of(house.path_of(filing))
    assert f"Attachment: scan.pdf {digest}" in text
    assert "This part could not be read" not in text


@pytest.mark.parametrize(
    "family", ["../../etc/passwd", "/etc/passwd", "..", "a\x00b", "CON", "x" * 200, "王" * 200, "😀", "ﷺ"]
)
def test_no_name_leads_out_of_the_cabinet_or_stops_it(house: House, family: str) -> None:
    filing = house.cabinet.file(house.denied_packet(family=family))

    path = house.path_of(filing)
    assert path.resolve().is_relative_to(
        house.folder.resolve() / "cabinet" / "Prior Authorizations" / "2026" / "11" / "2026-11-02"
    )
    assert path.is_file()


def test_a_packet_whose_path_leads_out_is_refused_and_leaves_nothing(house: House) -> None:
    packet = house.denied_packet().model_copy(update={"case_number": "/../../../../../../../outside"})

    with pytest.raises(AdapterError, match="leads out"):
        house.cabinet.file(packet)

    assert not (house.folder / "cabinet").exists()


def test_the_register_is_in_the_order_of_date_alphabet_and_number(house: House) -> None:
    names = [("Nuñez", "Bea"), ("nunes", "Zoe"), ("O'Brien", "Al"), ("Núñez", "Ana"), ("Nuno", "Al"), ("Obrien", "Al")]
    for number, (family, given) in enumerate(names):
        house.cabinet.file(house.denied_packet(f"SO-{number}", family=family, given=given))
    earlier = house.denied_packet("SO-9", family="Zzz", filed_on=date(2026, 10, 30))  # Friday 2026-10-30
    house.cabinet.file(earlier)

    register = house.cabinet.register()

    assert [line.name for line in register] == [
        "Zzz, Ana",
        "nunes, Zoe",
        "Núñez, Ana",
        "Nuñez, Bea",
        "Nuno, Al",
        "O'Brien, Al",
        "Obrien, Al",
    ]
    assert [line.case_number for line in register][-2:] == ["SO-2", "SO-5"]
    assert [line.name for line in house.cabinet.register(date(2026, 10, 30))] == ["Zzz, Ana"]


def test_the_cabinet_can_be_printed_as_a_tree(house: House) -> None:
    assert (house.cabinet.register(), house.cabinet.tree()) == ([], [])
    for number, family in (("SO-1", "Obrien"), ("SO-2", "Núñez")):
        house.cabinet.file(house.denied_packet(number, family=family))

    assert house.cabinet.tree() == [
        "Prior Authorizations",
        "└── 2026",
        "    └── 11",
        "        └── 2026-11-02",
        "            ├── Núñez, Ana — SO-2.pdf",
        "            └── Obrien, Ana — SO-1.pdf",
    ]


def test_a_cabinet_that_cannot_be_used_is_one_sentence_without_a_name(house: House) -> None:
    (house.folder / "file").write_text("not a folder")
    cabinet = FilingCabinet(house.folder / "file" / "cabinet", house.outbox, house.documents)

    with pytest.raises(AdapterError) as raised:
        cabinet.file(house.denied_packet())

    assert str(raised.value) == f"The folder {house.folder}/file/cabinet cannot be read: Not a directory."


def test_a_packet_filed_before_a_kill_and_completed_with_another_document_tells_what_lies_there(house: House) -> None:
    packet = house.denied_packet(attachments=(house.documents.put("x-ray.pdf", a_pdf(3)),))
    first = house.cabinet.file(packet)
    for entry in (house.folder / "cabinet" / ".register").rglob("*.json"):
        entry.unlink()  # as if killed between the packet and its line in the register

    again = house.cabinet.file(packet.model_copy(update={"attachments": ()}))

    assert again == first
    lies = house.path_of(again).read_bytes()
    assert (again.pages, again.sha256) == (len(PdfReader(io.BytesIO(lies)).pages), hashlib.sha256(lies).hexdigest())
