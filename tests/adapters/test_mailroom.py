"""Letters: what they say, how they look to a screen reader, and that each leaves once. Procedure 3, 5, 7 and 8."""

import hashlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Barrier

import pytest
from pypdf import PdfReader

from adapters.mailroom import Outbox
from adapters.shelf import AdapterError
from policy.letter import Letter, Section
from policy.particulars import NoticeKind, Recipient
from policy.people import PersonName
from tests.adapters.samples import (
    NUMBER,
    ROOT,
    a_denied_case,
    a_letter,
    an_approved_case,
    files_in,
    text_of,
    the_letter,
)
from tests.builders import a_member, a_request

TUESDAY = date(2026, 11, 3)
MARKUP = [
    "#panic()",
    "*bold* _it_ = heading",
    "$x^2$ @ref <label>",
    "<script>alert(1)</script> &amp;",
    "`raw` // no /* no */",
    "#sys.inputs",
    "\\u{41} ~ -- \\",
    '"]) #read("/etc/passwd")',
    '\\" #panic() // \\\\" \\',
]


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox")


def text_in(outbox: Outbox, letter: Letter) -> str:
    return text_of(outbox.path_of(outbox.post(letter).document))


def test_a_denial_names_addressee_subject_case_reasons_and_rights(outbox: Outbox) -> None:
    letter = a_letter()

    text = text_in(outbox, letter)

    assert "November 2, 2026 Ana María Núñez 12 Alder Street Los Angeles, CA 90012" in text
    assert "Notice of Action: your request for a second opinion is denied Dear Ana María Núñez:" in text
    assert "Therapy was not tried. Criteria used: Guideline S-820" in text
    assert "You may appeal within 60 calendar days of this letter." in text
    assert "Sincerely, Dr. Mei Chen, license A55501 Utilization Management Department" in text
    assert f"Case {NUMBER} Page 1 of" in text


@pytest.mark.parametrize("kind", [NoticeKind.APPROVAL, NoticeKind.AUTHORIZATION])
def test_an_approval_says_what_it_costs(outbox: Outbox, kind: NoticeKind) -> None:
    letter = the_letter(an_approved_case(outbox), kind, Recipient.MEMBER)

    assert "What it costs You do not pay for this second opinion." in text_in(outbox, letter)


def test_a_letter_carries_the_house_and_the_pages_in_its_order(outbox: Outbox) -> None:
    long = Section(heading="Reasons", paragraphs=("The record shows pain for six months. " * 12,) * 12)

    text = text_in(outbox, a_letter(sections=(long,)))

    assert text.startswith("Blue Shield of California Promise Health Plan Utilization Management")
    assert re.search(r"Page 1 of 3.*Page 2 of 3.*Sincerely,.*Page 3 of 3$", text)


def test_a_letter_is_an_accessible_pdf_with_a_title_and_a_language(outbox: Outbox) -> None:
    delivery = outbox.post(a_letter())

    reader = PdfReader(outbox.path_of(delivery.document))
    catalog = reader.root_object
    assert b"<pdfuaid:part>1</pdfuaid:part>" in outbox.path_of(delivery.document).read_bytes()
    assert catalog["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert str(catalog["/Lang"]) == "en-US"
    assert reader.metadata
    assert reader.metadata.title == "Notice of Action: your request for a second opinion is denied"


def test_a_letter_lies_under_its_case_and_its_key_without_a_name(outbox: Outbox) -> None:
    delivery = outbox.post(a_letter())

    assert delivery.document == f"{NUMBER}/{NUMBER}-denial-1-member.pdf"
    assert delivery.key == f"{NUMBER}/denial/1/member"
    assert delivery.sha256 == hashlib.sha256(outbox.path_of(delivery.document).read_bytes()).hexdigest()


def test_the_same_letter_twice_leaves_once(outbox: Outbox, tmp_path: Path) -> None:
    first = outbox.post(a_letter())

    second = Outbox(tmp_path / "outbox").post(a_letter())

    assert second == first
    assert files_in(tmp_path / "outbox") == [first.document]


def test_the_same_letter_on_another_day_leaves_once(outbox: Outbox, tmp_path: Path) -> None:
    first = outbox.post(a_letter())

    second = outbox.post(a_letter(written_on=TUESDAY, subject="Other words"))

    assert second == first
    assert files_in(tmp_path / "outbox") == [first.document]


def test_eight_threads_at_once_send_one_letter(tmp_path: Path) -> None:
    start = Barrier(8)

    def post(number: int) -> str:
        start.wait()
        letter = a_letter(written_on=date(2026, 11, 2 + number))  # Monday 2026-11-02 and the days after it
        return Outbox(tmp_path / "outbox").post(letter).model_dump_json()

    with ThreadPoolExecutor(8) as threads:
        deliveries = set(threads.map(post, range(8)))

    assert len(deliveries) == 1
    assert len(files_in(tmp_path / "outbox")) == 1


def test_eight_threads_send_eight_letters(outbox: Outbox, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        deliveries = list(threads.map(lambda n: outbox.post(a_letter(key=f"SO-{n}/denial/1/member")), range(24)))

    assert files_in(tmp_path / "outbox") == sorted(delivery.document for delivery in deliveries)


def test_two_processes_at_once_send_one_letter(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from adapters.mailroom import Outbox
from tests.adapters.samples import a_letter
sys.stdin.read()
print(Outbox(Path(sys.argv[1])).post(a_letter()).model_dump_json())
"""
    run = [sys.executable, "-c", script, str(tmp_path)]
    both = [subprocess.Popen(run, stdin=subprocess.PIPE, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]

    said = [process.communicate("go")[0] for process in both]

    assert said[0] == said[1] != ""
    assert len(files_in(tmp_path)) == 1


def test_the_same_letter_gives_the_same_bytes(tmp_path: Path) -> None:
    one = Outbox(tmp_path / "one").post(a_letter())
    other = Outbox(tmp_path / "other").post(a_letter())

    assert one.sha256 == other.sha256


@pytest.mark.parametrize("typed", MARKUP)
def test_markup_in_any_field_comes_out_as_text(outbox: Outbox, typed: str) -> None:
    section = Section(heading=f"H {typed}", paragraphs=(f"P {typed}",), items=(f"I {typed}",))
    letter = a_letter(
        key="SO-1/denial/1/member",
        case_number=f"C {typed}",
        addressee=f"A {typed}",
        address_lines=(f"L {typed}",),
        subject=f"S {typed}",
        salutation=f"D {typed}",
        sections=(section,),
        signed_by=f"N {typed}\nU {typed}",
    )

    text = text_in(outbox, letter)

    plain = " ".join(typed.split())
    assert [f"{field} {plain}" in text for field in "HPICALSDNU"] == [True] * 10


@pytest.mark.parametrize("family", ["\U00020000", "\U00012000", "\U000e0fff"])
def test_a_name_with_a_sign_that_our_fonts_lack_still_gives_a_letter(outbox: Outbox, family: str) -> None:
    letter = a_letter(a_denied_case(request=a_request(member=a_member(name=PersonName(family=family, given="Ana")))))

    assert "12 Alder Street Los Angeles, CA 90012" in text_in(outbox, letter)


def test_a_letter_with_a_box_in_a_letters_place_is_reported_by_its_key(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    letter = a_letter(addressee="Ana \ufffe")  # no character at all, so no machine has a font with it

    text = text_in(outbox, letter)

    assert "12 Alder Street Los Angeles, CA 90012" in text
    (line,) = (record for record in caplog.records if record.message == "letter.lacks_characters")
    assert vars(line)["letter"] == letter.key
    assert "Ana" not in caplog.text


def test_control_characters_and_turned_text_are_no_obstacle(outbox: Outbox) -> None:
    typed = Section(paragraphs=("one\x00two\x07three\tfour\x85five\u202eback",))

    text = text_in(outbox, a_letter(sections=(typed,)))

    assert "one two three four five" in text.replace("fiveback", "five back")
    assert "back" in text


def test_a_name_of_200_letters_stays_on_the_sheet(outbox: Outbox) -> None:
    name = PersonName(family="W" * 200, given="Ana")

    delivery = outbox.post(a_letter(a_denied_case(request=a_request(member=a_member(name=name)))))

    text = "".join(page.extract_text() for page in PdfReader(outbox.path_of(delivery.document)).pages)
    lines = re.findall("W+", text.replace("\u200b", ""))
    assert "W" * 200 in "".join(text.replace("\u200b", "").split())
    assert max(map(len, lines)) * 12 < 6.3 * 72  # points: a W is not wider than the type is high


def test_a_letter_without_any_words_still_leaves(outbox: Outbox) -> None:
    empty = a_letter(subject="", salutation="", sections=(), signed_by="", address_lines=(), addressee="")

    assert f"Case {NUMBER}" in text_in(outbox, empty)


def test_a_document_path_that_leads_elsewhere_is_refused(outbox: Outbox) -> None:
    with pytest.raises(AdapterError, match="leads out"):
        outbox.path_of("../../etc/passwd")


def test_an_outbox_that_cannot_be_written_to_is_one_sentence_without_a_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(AdapterError) as raised:
        Outbox(tmp_path / "file" / "outbox").post(a_letter())

    assert str(raised.value) == f"The folder {tmp_path}/file/outbox cannot be read: Not a directory."
