"""How letters look: any script, large print, directions, languages, what is enclosed. Procedure 5; notices' form."""

import io
import shutil
import subprocess
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from adapters.mailroom import Outbox, content_of
from adapters.typesetter import Typeset, typeset
from bench.letters import deal_with
from policy.letter import Letter, Section
from tests.adapters.samples import ROOT, a_letter, files_in, text_of

NAMES = {
    "Arabic": "عائشة الفارسي",
    "Armenian": "Արամ Հակոբյան",
    "Bengali": "রবীন্দ্রনাথ",
    "Burmese": "အောင်ဆန်း",
    "Cherokee": "ᏣᎳᎩ",
    "Cyrillic": "Шевченко Ґалаґан",
    "Devanagari": "शर्मा कृष्ण",
    "Ethiopic": "ገብረ መስቀል",
    "Georgian": "გიორგი",
    "Greek": "Κωνσταντίνου",
    "Gujarati": "પટેલ",
    "Gurmukhi": "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ",
    "Han": "王小明 陳㛃 𠝹",
    "Hangul": "김민준",
    "Hebrew": "עלי לוי",
    "Hmong": "𖬌𖬣𖬵",
    "Kana": "さくら サクラ",
    "Kannada": "ಕೃಷ್ಣ",
    "Khmer": "សុខា ជា",
    "Lao": "ສົມໄຊ",
    "Malayalam": "ശ്രീദേവി",
    "Odia": "ପ୍ରିୟଙ୍କା",
    "Sinhala": "ශ්\u200dරී",
    "Syriac": "ܐܫܘܪ",
    "Tamil": "தமிழ்ச்செல்வி",
    "Telugu": "శ్రీనివాస్",
    "Thai": "ยุพิน ใจดี",
    "Tibetan": "བསྟན་འཛིན",
    "Urdu": "محمد علی",
    "Vietnamese": "Nguyễn Thị Hương",
    "Yoruba": "Ọlọ́runtóbi",
    "emoji": "😀 ❤️",
}
# A letter that is set as two signs is copied twice here (Typst 0.15 gives both signs the same letters).
REPEATED = {"Devanagari", "Khmer", "Yoruba"}
NUMBERS = "Call 1-888-466-2219 (TTY 711) or see www.dmhc.ca.gov today."
ENCLOSURES = ("nondiscrimination", "taglines")


def made(letter: Letter) -> Typeset:
    return typeset("letter", content_of(letter), letter.written_on)


def pieces(pdf: bytes) -> Iterator[tuple[str, str, float]]:
    """Each text of a PDF as it is set, with its font and its size in points."""
    found: list[tuple[str, str, float]] = []

    def visit(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        if text.strip():
            found.append((text.strip(), str(font["/BaseFont"]), round(abs(size * tm[0] * cm[0]), 2)))

    for page in PdfReader(io.BytesIO(pdf)).pages:
        page.extract_text(visitor_text=visit)
    return iter(found)


def spoken(pdf: bytes) -> dict[str, int]:
    """How many elements of the document's structure are tagged with each language."""
    counted: dict[str, int] = defaultdict(int)

    def walk(element: Any) -> None:
        element = element.get_object()
        if isinstance(element, list):
            for child in element:
                walk(child)
        elif hasattr(element, "get"):
            if "/Lang" in element:
                counted[str(element["/Lang"])] += 1
            if "/K" in element:
                walk(element["/K"])

    walk(PdfReader(io.BytesIO(pdf)).root_object["/StructTreeRoot"])
    return dict(counted)


def copied(pdf: bytes, tmp_path: Path) -> str:
    """The text as a careful reader copies it, which pypdf is not: it repeats what one sign stands for."""
    (tmp_path / "letter.pdf").write_bytes(pdf)
    run = ["pdftotext", str(tmp_path / "letter.pdf"), "-"]
    return bare(subprocess.run(run, capture_output=True, text=True, check=True).stdout)


def bare(text: str) -> str:
    """Without blanks, which a reader guesses from distances, and without signs that cannot be seen."""
    return "".join(letter for letter in text if not letter.isspace() and unicodedata.category(letter) != "Cf")


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_in_any_script_is_accessible_text_without_a_box(name: str) -> None:
    letter = made(a_letter(addressee=name))

    text = text_of(letter.pdf)
    written = text[text.index("2026") + 4 : text.index("12 Alder")]
    assert letter.accessible
    assert set(written) - {" "} == set(name) - {" "}


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not on this machine")
@pytest.mark.parametrize("script", sorted(set(NAMES) - REPEATED))
def test_a_name_in_any_script_is_copied_as_it_was_typed(script: str, tmp_path: Path) -> None:
    letter = made(a_letter(salutation=f"Dear {NAMES[script]}:"))

    assert bare(f"Dear {NAMES[script]}:") in copied(letter.pdf, tmp_path)


def test_large_print_has_no_glyph_under_20_points() -> None:
    sections = (Section(heading="Your rights", paragraphs=(NUMBERS,), items=("One", "Two"), elements=("boxed",)),)
    letter = a_letter(sections=sections, enclosures=ENCLOSURES, copies=("Alder IPA",), large_print=True)

    sizes = {size for _, _, size in pieces(made(letter).pdf)}

    assert sizes == {20, 24}


def test_ordinary_print_has_no_word_of_the_letter_under_12_points() -> None:
    letter = a_letter(enclosures=ENCLOSURES, copies=("Alder IPA",))

    small = {text.split()[0] for text, _, size in pieces(made(letter).pdf) if size < 12}

    assert small == {"Utilization", "Case", "Page"}  # the letterhead, the sheet's foot


def test_an_address_too_long_for_the_window_in_large_print_becomes_smaller_down_to_ordinary_print() -> None:
    lines = ("Apartment 12, Building C", "The Gardens at Alder Street", "12 Alder Street", "Los Angeles, CA 90012")

    set_in = {text: size for text, _, size in pieces(made(a_letter(address_lines=lines, large_print=True)).pdf)}

    assert 12 <= set_in["12 Alder Street"] < 20
    assert set_in["Dear Ana María Núñez:"] == 20


def test_telephone_numbers_and_web_addresses_are_bold_where_a_section_asks_for_it() -> None:
    asked = Section(paragraphs=(NUMBERS,), elements=("bold_numbers",))
    plain = Section(paragraphs=("Call 1-800-555-0101.",))

    fonts = {text: font for text, font, _ in pieces(made(a_letter(sections=(asked, plain))).pdf)}

    bold = {text for text, font in fonts.items() if "Bold" in font and "Semi" not in font}
    assert bold == {"1-888-466-2219", "TTY 711", "www.dmhc.ca.gov"}


def test_an_address_in_a_letter_has_lines_and_no_bullets() -> None:
    lines = ("Member Appeals", "100 Example Plaza")

    text = text_of(made(a_letter(sections=(Section(items=lines, elements=("address_block",)),))).pdf)

    assert "Member Appeals 100 Example Plaza" in text
    assert "•" not in text


def test_a_framed_section_keeps_its_heading_and_its_words() -> None:
    section = Section(heading="Help", paragraphs=("Ask us.",), items=("By telephone",), elements=("boxed",))

    assert "Help Ask us. • By telephone Sincerely," in text_of(made(a_letter(sections=(section,))).pdf)


def test_the_enclosures_and_the_copies_are_named_under_the_signature() -> None:
    text = text_of(made(a_letter(enclosures=ENCLOSURES, copies=("Dr. Sofía Reyes", "Alder IPA"))).pdf)

    assert "Enclosures: Notice of nondiscrimination Language assistance" in text
    assert "Copies to: Dr. Sofía Reyes Alder IPA" in text


def test_each_tagline_is_tagged_with_its_language() -> None:
    languages = spoken(made(a_letter(enclosures=("taglines",))).pdf)

    assert {
        "es-US",
        "ar",
        "hy",
        "km",
        "zh",
        "fa",
        "hi",
        "hmn",
        "ja",
        "ko",
        "lo",
        "pa",
        "ru",
        "tl",
        "th",
        "uk",
        "vi",
    } <= set(languages)


def test_a_letter_with_every_enclosure_is_accessible_in_both_sizes() -> None:
    assert made(a_letter(enclosures=ENCLOSURES)).accessible
    assert made(a_letter(enclosures=ENCLOSURES, large_print=True)).accessible


def test_a_spanish_letter_has_a_spanish_frame_and_says_so_to_a_screen_reader() -> None:
    letter = made(a_letter(language="es", enclosures=("nondiscrimination",)))

    text = text_of(letter.pdf)
    assert str(PdfReader(io.BytesIO(letter.pdf)).root_object["/Lang"]) == "es-US"
    assert "2 de noviembre de 2026" in text
    assert "Atentamente," in text
    assert "Anexos: Aviso de no discriminación" in text
    assert "Página 1 de 4" in text
    assert "La discriminación es contra la ley" in text


def test_a_telephone_number_in_an_arabic_paragraph_is_not_turned_round() -> None:
    section = Section(paragraphs=("اتصل بالرقم 1-888-466-2219 الآن.",))

    assert "1-888-466-2219" in text_of(made(a_letter(sections=(section,))).pdf)


def test_the_same_letter_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from adapters.mailroom import Outbox
from tests.adapters.samples import a_letter
print(Outbox(Path(sys.argv[1])).post(a_letter(addressee="王小明 علي", enclosures=("taglines",))).sha256)
"""
    here = Outbox(tmp_path / "here").post(a_letter(addressee="王小明 علي", enclosures=("taglines",)))

    run = [sys.executable, "-c", script, str(tmp_path / "there")]
    there = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert there.strip() == here.sha256


def test_a_letter_of_another_day_differs_in_nothing_but_its_date() -> None:
    monday, tuesday = (text_of(made(a_letter(written_on=date(2026, 11, day))).pdf) for day in (2, 3))

    assert monday.replace("November 2, 2026 Ana", "November 3, 2026 Ana") == tuesday


def test_the_letters_that_are_measured_are_posted_and_filed(tmp_path: Path) -> None:
    left = deal_with(range(2), tmp_path, ENCLOSURES, large_print=False)

    filed = files_in(tmp_path / "cabinet")
    assert left == 4
    assert len(files_in(tmp_path / "outbox")) == 4
    assert len(filed) == 2
    assert "Thai" in text_of(tmp_path / "cabinet" / filed[0])  # the taglines are bound with their letters
