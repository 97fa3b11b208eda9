"""What a letter says stands on the paper, too: every letter is typeset, and its PDF read for every required element."""

import io
import re
import unicodedata

import pytest
from pypdf import PdfReader

from adapters.mailroom import _typeset, content_of
from policy.checklist import CHECKLISTS
from policy.designs import DESIGNS
from policy.letter import Letter
from policy.particulars import NoticeKind
from policy.people import PersonName
from policy.request import LineOfBusiness
from tests.builders import a_member
from tests.policy.letters import APART, MEMBER, letter, letter_apart
from tests.policy.steps import denied
from tests.policy.test_letter_checklists import HOSTILE, IN_LANGUAGES, owing

LOOK = "\u200b\u00ad\u202e\u2066\u200e\u200f"  # what the typesetter adds to break a line, or takes out


FOOTER = re.compile(r"(Case|Caso)[A-Z]{2}-\d{4}-\d{6}(Page|Página)\d+(of|de)\d+$")


def printed(written: Letter) -> str:
    """The text of the PDF, in one line, without the footers: they would stand in the middle of a paragraph."""
    return "".join(FOOTER.sub("", page) for page in sheets(written))


def sheets(written: Letter) -> list[str]:
    """The text of each sheet."""
    return [plain(page.extract_text()) for page in PdfReader(io.BytesIO(_typeset(written))).pages]


def plain(text: str) -> str:
    """A text without what differs between a string and a page: blanks, breaks, marks that nobody sees, ligatures."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text).translate(dict.fromkeys(map(ord, LOOK))))


def said(written: Letter, element: str) -> list[str]:
    sections = [section for section in written.sections if element in section.elements]
    return [text for s in sections for text in (s.heading, *s.paragraphs, *s.items) if text]


@pytest.mark.parametrize(("line", "kind", "recipient", "language"), IN_LANGUAGES)
def test_the_words_of_every_required_element_stand_on_the_paper(line, kind, recipient, language):
    case = owing(kind, line=line, member=a_member(language=language))
    written = letter(case, kind, recipient)

    text = printed(written)

    by_enclosure = {element for name in written.enclosures for element in DESIGNS.enclosure[name]}
    for element in set(CHECKLISTS.required(kind, recipient, line, case.outcome, written.written_on)) - by_enclosure:
        words = said(written, element)
        assert words, element
        assert all(plain(each) in text for each in words), element
    assert plain(written.subject) in text


@pytest.mark.parametrize(("kind", "recipient"), APART, ids=str)
def test_so_do_those_of_a_letter_that_belongs_to_no_case(kind, recipient):
    written = letter_apart(kind, recipient)

    text = printed(written)

    for section in written.sections:
        assert all(plain(each) in text for each in (section.heading, *section.paragraphs, *section.items))


@pytest.mark.parametrize("words", [each for each in HOSTILE if each.isascii()])
def test_whatever_people_write_is_printed_as_text(words):
    case = denied(member=a_member(name=PersonName(family=words, given=words)))

    text = printed(letter(case, NoticeKind.DENIAL, MEMBER))

    assert plain(f"Member: {words} {words}.") in text


@pytest.mark.parametrize("line", LineOfBusiness)
def test_the_frame_and_the_enclosures_of_a_spanish_letter_are_in_spanish_too(line):
    written = letter(denied(line=line, member=a_member(language="es")), NoticeKind.DENIAL, MEMBER)

    sheet = content_of(written)

    assert sheet["closing"] == written.closing == "Atentamente,"
    assert sheet["words"]["department"] == "Administración de la Utilización"
    assert sheet["enclosed"]
    assert {page["locale"]["lang"] for page in sheet["enclosed"]} == {"es"}
    assert plain("Anexos:") in printed(written)
    assert all(f"CasoSO-2026-000001Página{number}de" in text for number, text in enumerate(sheets(written), 1))
