"""A member who reads Spanish gets a letter in Spanish, from date to signature; what people typed stays as typed."""

import re
from datetime import date

import pytest

from policy.announcing import content_of
from policy.case import Case
from policy.catalogue import CATALOGUES, ENGLISH, Catalogue
from policy.contents import Content, Ordinal, Practice, Span
from policy.edition import CostShare
from policy.letter import Letter
from policy.particulars import NoticeKind
from policy.plan import PLAN
from policy.request import Item, LineOfBusiness
from policy.rule import Unit
from tests.builders import CASE_MANAGER, a_member, a_professional, plan_physician
from tests.policy.letters import APART, MEMBER, PROVIDER, letter, letter_apart, notice, says
from tests.policy.reading import grade_in_spanish, syllables_in_spanish
from tests.policy.steps import approved, denied, does, next_hour, placed
from tests.policy.test_letter_checklists import LETTERS, owing

SPANISH = CATALOGUES["es"]
ANA = a_member(language="es")
MEMBERS = [pytest.param(*p.values[:2], id=f"{p.values[0]}: {p.values[1]}") for p in LETTERS if p.values[2] is MEMBER]
TYPED = ("member", "physician", "rationale", "criteria", "reason", "findings", "recommendations", "concern", "actions")
"""The facts that people typed: of them a letter changes nothing."""


def texts_of(catalogue: Catalogue) -> list[str]:
    """Every text of a catalogue that can stand in a letter."""
    parts = [text for words in catalogue.part.values() for text in (words.heading, *words.paragraphs, *words.items)]
    labels = [text for kind in catalogue.labels.values() for text in kind.values()]
    named = [catalogue.salutation, catalogue.closing, catalogue.licensed, catalogue.no_address]
    return [*parts, *labels, *named, *catalogue.subject.values(), *catalogue.weekdays, *catalogue.months]


def words_of(*texts: str) -> set[str]:
    return {word for text in texts for word in re.findall(r"[^\W\d_]{2,}", re.sub(r"\{\w+\}", " ", text).casefold())}


ENGLISH_ONLY = words_of(*texts_of(CATALOGUES[ENGLISH]), PLAN.hours["en"], "licence", "orthopedic surgery") - words_of(
    *texts_of(SPANISH), PLAN.hours["es"]
)
"""The words that the letters have in English and in no Spanish one."""


def whole(written: Letter) -> str:
    """Everything on the sheet but the reader's name and address."""
    return "\n".join((written.dated, written.salutation, says(written), written.closing))


def without_typed(text: str, content: Content) -> str:
    """A text without what people typed, and without the names, numbers and addresses that are the same everywhere."""
    typed = [getattr(content, name, "") for name in TYPED]
    block = getattr(content, "physician_block", None)
    lines = [*block.lines, block.physician] if isinstance(block, Practice) else []
    for each in (*typed, *lines, content.case_number, PLAN.name, *PLAN.address, PLAN.site):
        for words in (each,) if isinstance(each, str) else each:
            text = text.replace(words, " ") if words else text
    return text


def content_and_letter(case: Case, kind: NoticeKind) -> tuple[Content, Letter]:
    content = content_of(case, notice(case, kind, MEMBER), next_hour(case))
    assert isinstance(content, Content), content
    return content, letter(case, kind, MEMBER)


# -- nothing is left in English


@pytest.mark.parametrize(("line", "kind"), MEMBERS)
def test_no_word_of_a_spanish_letter_is_english_but_what_people_typed(line, kind):
    content, written = content_and_letter(owing(kind, line=line, member=ANA), kind)

    assert (written.language, written.wanted_language) == ("es", "es")
    assert words_of(without_typed(whole(written), content)) & ENGLISH_ONLY == set()


@pytest.mark.parametrize(("kind", "reader"), [key for key in APART if key[1] is MEMBER])
def test_nor_is_one_of_a_committees_letter(kind, reader):
    written = letter_apart(kind, reader, language="es")

    assert words_of(without_typed(whole(written), APART[kind, reader])) & ENGLISH_ONLY == set()


@pytest.mark.parametrize(("line", "kind"), MEMBERS)
def test_a_letter_in_english_would_be_found_out(line, kind):
    content, written = content_and_letter(owing(kind, line=line), kind)

    assert len(words_of(without_typed(whole(written), content)) & ENGLISH_ONLY) > 20


@pytest.mark.parametrize(("line", "kind"), MEMBERS)
def test_every_sentence_of_the_catalogue_is_said_in_its_own_words(line, kind):
    text = whole(content_and_letter(owing(kind, line=line, member=ANA), kind)[1])

    for english in texts_of(CATALOGUES[ENGLISH]):
        for sentence in re.split(r"\{\w+\}|(?<=[.:?])\s", english):
            assert len(sentence.split()) < 3 or sentence.strip() not in text


def test_professionals_get_english_whatever_the_member_reads():
    written = letter(denied(member=ANA), NoticeKind.DENIAL, PROVIDER)

    assert written.language == ENGLISH
    assert "A second opinion in orthopedic surgery is denied." in says(written)


# -- facts in words


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (date(2026, 11, 2), "lunes, 2 de noviembre de 2026"),
        (date(2026, 11, 4), "miércoles, 4 de noviembre de 2026"),
        (Ordinal.THIRD, "tercera"),
        (Item.TEST_RESULTS, "Resultados de pruebas que tienen que ver con la pregunta"),
        (Span(amount=1, unit=Unit.BUSINESS_DAYS), "1 día hábil"),
        (Span(amount=72, unit=Unit.CLOCK_HOURS), "72 horas"),
        (Span(amount=30, unit=Unit.CALENDAR_DAYS), "30 días calendario"),
        (CostShare.NOTHING, "Usted no paga nada por esta segunda opinión."),
        (
            Practice(physician="Dr. Lena Sato", specialty="Orthopedic  Surgery", lines=("12 Alder Street",)),
            "Dr. Lena Sato, cirugía ortopédica\n12 Alder Street",
        ),
        (Practice(physician="Dr. Lena Sato", specialty="bone care"), "Dr. Lena Sato, bone care"),
    ],
)
def test_a_fact_in_spanish(fact, expected):
    assert SPANISH.say(fact, {}) == expected


@pytest.mark.parametrize(
    ("line", "cost"),
    [
        (LineOfBusiness.MEDI_CAL, "Usted no paga nada por esta segunda opinión."),
        (LineOfBusiness.MEDICARE_ADVANTAGE, "Usted no paga nada por esta segunda opinión. El plan paga el costo."),
        (
            LineOfBusiness.COMMERCIAL,
            "Por esta segunda opinión, usted solo paga el copago que su plan cobra por una referencia similar.",
        ),
    ],
)
def test_the_cost_is_told_in_spanish(line, cost):
    assert cost in says(letter(approved(line=line, member=ANA), NoticeKind.APPROVAL, MEMBER))


def test_a_specialty_is_called_by_its_spanish_name_and_one_that_no_table_has_as_it_was_typed():
    known = denied(member=ANA)
    typed = known.but(request=known.request.model_copy(update={"specialty": "bone care"}))

    texts = [says(letter(case, NoticeKind.DENIAL, MEMBER)) for case in (known, typed)]

    assert "No aprobamos una segunda opinión en cirugía ortopédica." in texts[0]
    assert "No aprobamos una segunda opinión en bone care." in texts[1]


def test_the_physician_of_the_opinion_is_named_with_the_spanish_name_of_the_specialty():
    physician = a_professional("1992999882", name="Dr. Lena Sato", organization="Alder IPA").model_dump(mode="json")
    case = does(approved(member=ANA), CASE_MANAGER, "place_opinion", **plan_physician(professional=physician))

    text = says(letter(case, NoticeKind.AUTHORIZATION, MEMBER))

    assert "Este médico le dará una segunda opinión:\nDr. Lena Sato, cirugía ortopédica\nAlder IPA\n" in text


def test_date_salutation_and_signature_are_in_spanish():
    written = letter(denied(member=ANA), NoticeKind.DENIAL, MEMBER)

    assert re.fullmatch(r"\d+ de noviembre de 2026", written.dated)
    assert written.salutation == f"Estimado/a {ANA.name.full}:"
    assert written.signed_by == (
        "Dr. Mei Chen, licencia médica A55501\nDepartamento de Administración de la Utilización"
    )


def test_a_member_without_an_address_has_that_in_spanish_too():
    nowhere = a_member(language="es", address=None)

    written = letter(owing(NoticeKind.ACKNOWLEDGEMENT, member=nowhere), NoticeKind.ACKNOWLEDGEMENT, MEMBER)

    assert written.address_lines == ("No tenemos una dirección: entregar en mano o avisar por teléfono",)


# -- what people typed


@pytest.mark.parametrize(
    ("case", "kind", "typed"),
    [
        (denied(member=ANA), NoticeKind.DENIAL, "Two opinions are on record."),
        (owing(NoticeKind.REPORT_COPY, member=ANA), NoticeKind.REPORT_COPY, None),
        (owing(NoticeKind.EXTENSION, member=ANA), NoticeKind.EXTENSION, "An outside report is awaited."),
    ],
    ids=["denial", "report copy", "extension"],
)
def test_a_physicians_words_stay_as_typed_and_the_letter_offers_to_translate_them(case, kind, typed):
    content, written = content_and_letter(case, kind)

    text = says(written)
    words = typed or getattr(content, "findings")  # noqa: B009 - only a report's content has it
    assert words in text
    offer = text.index("Si quiere, se la")
    assert "en el idioma en que se escribi" in text[:offer]
    assert offer < text.index(words)


def test_a_letter_that_holds_nothing_typed_offers_no_translation_of_it():
    assert "Si quiere, se la" not in says(letter(placed(member=ANA), NoticeKind.AUTHORIZATION, MEMBER))


# -- plain words


@pytest.mark.parametrize(
    ("word", "count"),
    [("médico", 3), ("opinión", 3), ("guía", 2), ("queja", 2), ("ayuda", 3), ("aeropuerto", 5), ("día", 2), ("hoy", 1)],
)
def test_syllables_are_counted_as_they_are_spoken(word, count):
    assert syllables_in_spanish(word) == count


@pytest.mark.parametrize(("line", "kind"), MEMBERS)
def test_a_member_needs_no_more_than_six_years_of_school_to_read_a_letter(line, kind):
    """The words of the law and those of a physician are exempt; the case at the head is a reference, not a sentence."""
    content, written = content_and_letter(owing(kind, line=line, member=ANA), kind)
    said = (s for s in written.sections[1:] if "dmhc_paragraph" not in s.elements)
    text = "\n".join(without_typed(t, content) for s in said for t in (*s.paragraphs, *s.items))

    assert grade_in_spanish(text) <= 6


def test_learned_words_are_told_from_plain_ones():
    assert grade_in_spanish("El gato come pan. La casa es alta. Hoy hace sol.") < 3
    assert grade_in_spanish(" ".join(SPANISH.part["dmhc"].paragraphs)) > 6
