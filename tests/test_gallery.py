"""The gallery of letters is complete and current, and every letter in it says whose it is and what it must."""

import pytest
from PIL import Image

from policy.particulars import NoticeKind
from tests.adapters.samples import text_of
from tests.gallery import FOLDER, INDEX, Sample, index, pdf_of, samples
from tests.policy.letters import MEMBER

pytestmark = pytest.mark.documents

REQUIRED = {
    (NoticeKind.APPROVAL, MEMBER): ("Decision: approved", "What it costs"),
    (NoticeKind.DENIAL, MEMBER): ("Decision: denied", "Reasons", "Questions?"),
    (NoticeKind.PEND, MEMBER): ("Why it takes longer", "When we expect to decide", "Your right to file a grievance"),
    (NoticeKind.AUTHORIZATION, MEMBER): ("Who gives the opinion", "What it costs"),
    (NoticeKind.THIRD_OPINION, MEMBER): ("What it costs",),
    (NoticeKind.EXTENSION, MEMBER): ("Your right to file a grievance",),
    (NoticeKind.EXPEDITE_REFUSED, MEMBER): ("Your right to file a grievance",),
    (NoticeKind.REPORT_COPY, MEMBER): ("Findings", "Recommendations"),
}
IN_SPANISH = ("Decisión: denegada", "Razones", "Su derecho a apelar", "¿Tiene preguntas?")
every_sample = pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)


def required_of(sample: Sample) -> tuple[str, ...]:
    return IN_SPANISH if sample.letter.language == "es" else REQUIRED.get((sample.kind, sample.to), ())


def test_the_gallery_holds_every_kind_and_nothing_else():
    files = {f"{sample.name}.{ending}" for sample in samples() for ending in ("pdf", "png")}

    assert {sample.kind for sample in samples()} == set(NoticeKind)
    assert {path.name for path in FOLDER.iterdir()} == files | {INDEX}, "run: make letters"


def test_the_index_lists_the_samples_as_they_are():
    assert (FOLDER / INDEX).read_text(encoding="utf-8") == index(), "run: make letters"


@every_sample
def test_a_sample_is_the_letter_that_would_leave_now(sample):
    assert (FOLDER / f"{sample.name}.pdf").read_bytes() == pdf_of(sample), "run: make letters"


@every_sample
def test_a_sample_names_member_case_date_and_signer_under_its_headings(sample):
    text = text_of(FOLDER / f"{sample.name}.pdf")

    assert sample.letter.sections[0].paragraphs[0] in text
    assert sample.letter.case_number in text
    assert f"{sample.letter.dated} {sample.letter.addressee}" in text
    assert all(f" {part.heading} " in text for part in sample.letter.sections if part.heading)
    assert all(f" {heading} " in text for heading in required_of(sample))
    assert f"{sample.letter.closing} " + sample.letter.signed_by.replace("\n", " ") in text


@every_sample
def test_a_sample_has_a_picture_of_a_whole_sheet(sample):
    with Image.open(FOLDER / f"{sample.name}.png") as picture:
        assert (picture.format, picture.size) == ("PNG", (816, 1056))  # US letter at 96 dots an inch


def test_the_gallery_stays_small():
    # Each letter to a member carries the taglines, and so the fonts of their scripts: some 100 kB.
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 5_000_000
