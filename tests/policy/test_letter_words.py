"""The words of the letters: whole in every language, plain to members, and the same numbers wherever they stand."""

import re
import tomllib
from datetime import date
from importlib.resources import files
from typing import Any

import pytest
from pydantic import ValidationError

from policy.announcing import ANNOUNCED
from policy.catalogue import CATALOGUES, ENGLISH, Catalogue, catalogue_in, fill
from policy.contents import CommitteeAction, Content, DelegatedCopyRequest, Ordinal, Span
from policy.designs import DESIGNS
from policy.edition import EDITIONS, CostShare
from policy.particulars import NoticeKind, Recipient
from policy.plan import PLAN
from policy.request import Item, LineOfBusiness
from policy.rule import Unit
from policy.taxonomy import KNOWN
from policy.verdict import Refused
from tests.policy.letters import APART, MEMBER, letter, letter_apart
from tests.policy.reading import grade, syllables
from tests.policy.test_letter_checklists import LETTERS, owing

ENCLOSURES = tomllib.loads(files("policy").joinpath("words", "enclosures.toml").read_text(encoding="utf-8"))
CONTENTS: dict[NoticeKind, type[Content]] = {kind: model for kind, (model, _) in ANNOUNCED.items()} | {
    NoticeKind.DELEGATED_COPY_REQUEST: DelegatedCopyRequest,
    NoticeKind.COMMITTEE_ACTION: CommitteeAction,
}
every_catalogue = pytest.mark.parametrize("catalogue", CATALOGUES.values(), ids=list(CATALOGUES))


# -- every language says the same


def shape(value: Any) -> Any:
    """What two catalogues must have in common: their keys, and the placeholders of each text."""
    match value:
        case dict():
            return {key: shape(part) for key, part in value.items()}
        case list():
            return sorted({name for text in value for name in re.findall(r"\{(\w+)\}", text)})
        case _:
            return sorted(set(re.findall(r"\{(\w+)\}", str(value))))


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_catalogue_has_the_keys_and_the_placeholders_of_the_english_one(language):
    ours, english = (
        shape(tomllib.loads(files("policy").joinpath("words", f"{code}.toml").read_text(encoding="utf-8")))
        for code in (language, ENGLISH)
    )

    assert ours["part"] == english["part"]
    assert ours["subject"] == english["subject"]
    assert ours["labels"].keys() == english["labels"].keys()
    assert ours.keys() - {"specialty"} == english.keys()  # English calls a specialty as it is typed


@every_catalogue
def test_a_list_stays_a_list_in_every_language(catalogue):
    english = CATALOGUES[ENGLISH]

    for name, words in catalogue.part.items():
        assert [fill(item, {}) == "" for item in words.items] == [fill(i, {}) == "" for i in english.part[name].items]


@every_catalogue
def test_the_plan_says_in_every_language_when_it_answers(catalogue):
    assert PLAN.facts(catalogue.language)["plan_hours"]


@every_catalogue
@pytest.mark.parametrize("design", DESIGNS.letter, ids=lambda d: " ".join((d.subject, *d.recipients, *d.lines)))
def test_every_placeholder_of_a_letter_is_a_fact_of_each_of_its_kinds(catalogue, design):
    asked = {name for part in design.parts for name in catalogue.part[part].placeholders}
    asked |= set(re.findall(r"\{(\w+)\}", catalogue.subject[design.subject] + catalogue.salutation))

    for kind in design.kinds:
        model = CONTENTS[kind]
        known = {*model.model_fields, *model.model_computed_fields, *PLAN.facts(catalogue.language), "addressee"}
        assert asked <= known, kind
        conditions = {c for p in design.parts for c in (DESIGNS.part[p].when, DESIGNS.part[p].unless) if c}
        assert conditions <= known, kind


@pytest.mark.parametrize("language", CATALOGUES.keys() - {ENGLISH})
def test_every_specialty_of_our_tables_has_a_name_in_every_other_language(language):
    assert CATALOGUES[language].specialty.keys() == KNOWN


def test_a_catalogue_that_lacks_words_is_an_error_that_names_them():
    given = CATALOGUES[ENGLISH].model_dump()
    given["part"].pop("dmhc")

    with pytest.raises(ValidationError, match="dmhc"):
        Catalogue(**given)


def test_a_language_without_a_catalogue_gets_english():
    assert catalogue_in("tlh") is CATALOGUES[ENGLISH]


# -- facts in words


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (date(2026, 11, 2), "Monday, November 2, 2026"),
        (Ordinal.THIRD, "third"),
        (Item.TEST_RESULTS, "Test results that bear on the question"),
        (Span(amount=1, unit=Unit.BUSINESS_DAYS), "1 business day"),
        (Span(amount=72, unit=Unit.CLOCK_HOURS), "72 hours"),
        (Span(amount=30, unit=Unit.CALENDAR_DAYS), "30 calendar days"),
        (CostShare.NOTHING, "You do not pay for this second opinion."),
        ((Item.DIAGNOSIS, "x"), ("Diagnosis or presenting problem", "x")),
        (65, "65"),
        (None, ""),
    ],
)
def test_a_fact_in_english(fact, expected):
    assert CATALOGUES[ENGLISH].say(fact, {}) == expected


def test_what_is_filled_in_is_never_read_again():
    assert fill("Dear {addressee}:", {"addressee": "{member} {addressee}"}) == "Dear {member} {addressee}:"


def test_a_part_with_a_blank_fact_is_refused_by_its_name():
    found = CATALOGUES[ENGLISH].section("reasons", DESIGNS.part["reasons"], {"rationale": " \n"})

    assert isinstance(found, Refused)
    assert found.field == "rationale"


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda e: e.id)
def test_an_item_is_called_as_the_checklist_of_the_policy_calls_it(edition):
    assert {c.label for c in edition.checklist} <= set(CATALOGUES[ENGLISH].labels["item"].values())


# -- plain words for members


@pytest.mark.parametrize(
    ("word", "count"), [("doctor", 2), ("opinion", 3), ("hearing", 2), ("asked", 1), ("appeal", 2), ("available", 4)]
)
def test_syllables_are_counted_as_they_are_spoken(word, count):
    assert syllables(word) == count


def test_plain_and_learned_words_are_told_apart():
    assert grade("The cat sat on the mat. It was warm. We let it be.") < 2
    assert grade("Utilizing this grievance procedure does not prohibit any potential legal remedies available.") > 12


MEMBERS = [pytest.param(*p.values[:2], id=f"{p.values[0]}: {p.values[1]}") for p in LETTERS if p.values[2] is MEMBER]


@pytest.mark.parametrize(("line", "kind"), MEMBERS)
def test_a_member_needs_no_more_than_six_years_of_school_to_read_a_letter(line, kind):
    """The words of the law and those of a physician are exempt; the case at the head is a reference, not a sentence."""
    case = owing(kind, line=line)
    case = case.but(request=case.request.model_copy(update={"specialty": "bone care"}))

    assert grade(plain_words(letter(case, kind, MEMBER))) <= 6


@pytest.mark.parametrize(("kind", "reader"), [key for key in APART if key[1] is MEMBER])
def test_a_committees_letter_to_a_member_is_as_plain(kind, reader):
    assert grade(plain_words(letter_apart(kind, reader))) <= 6


def plain_words(written) -> str:
    statutory = {e for part in DESIGNS.part.values() if part.statutory for e in part.elements}
    said = (s for s in written.sections[1:] if not statutory & set(s.elements))
    return "\n".join(text for section in said for text in (*section.paragraphs, *section.items))


def test_only_the_departments_paragraph_is_the_laws_own_words():
    assert [name for name, part in DESIGNS.part.items() if part.statutory] == ["dmhc"]


# -- the plan, and what is enclosed


def test_the_plans_own_numbers_are_of_the_range_kept_for_fiction():
    numbers = (PLAN.telephone, PLAN.tty, PLAN.provider_telephone, PLAN.fax, PLAN.peer_telephone)

    assert all(re.fullmatch(r"1-800-555-01\d\d", number) for number in numbers)
    assert len(set(numbers)) == 5


@pytest.mark.parametrize("language", ENCLOSURES["taglines"])
def test_a_tagline_names_the_number_and_the_tty_of_the_plan(language):
    tagline = ENCLOSURES["taglines"][language]

    assert PLAN.telephone in tagline
    assert PLAN.tty in tagline


def test_there_is_a_tagline_for_each_language_that_the_state_asks_for():
    asked = {
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
        "ium",
        "pa",
        "ru",
        "es",
        "tl",
        "th",
        "uk",
        "vi",
    }

    assert set(ENCLOSURES["taglines"]) == asked | {"en"}


@pytest.mark.parametrize("language", CATALOGUES)
@pytest.mark.parametrize("name", ["nondiscrimination", "medi_cal_rights"])
def test_what_is_enclosed_is_there_in_every_language_of_the_letters(name, language):
    parts = {code: [s for s in ENCLOSURES[name] if s["language"] == code] for code in (language, ENGLISH)}

    assert [len(s["paragraphs"]) for s in parts[language]] == [len(s["paragraphs"]) for s in parts[ENGLISH]]


@pytest.mark.parametrize("name", ["nondiscrimination", "medi_cal_rights"])
def test_what_is_enclosed_is_made_of_sections_in_languages_with_english_among_them(name):
    languages = {section["language"] for section in ENCLOSURES[name]}

    assert ENGLISH in languages
    assert languages <= set(ENCLOSURES["taglines"])
    assert all(section["paragraphs"] or section.get("items") for section in ENCLOSURES[name])


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_nondiscrimination_notice_says_where_to_complain(language):
    text = " ".join(p for s in ENCLOSURES["nondiscrimination"] if s["language"] == language for p in s["paragraphs"])

    for needed in (PLAN.telephone, PLAN.tty, PLAN.fax, *PLAN.address, "1-800-368-1019", "CivilRights@dhcs.ca.gov"):
        assert needed in text


@pytest.mark.parametrize(("language", "days"), [("en", "days"), ("es", "días")])
def test_the_medi_cal_attachment_gives_the_windows_of_the_letter_itself(language, days):
    text = " ".join(p for s in ENCLOSURES["medi_cal_rights"] if s["language"] == language for p in s["paragraphs"])

    assert all(f"{amount} {days}" in text for amount in (60, 120, 10, 30))


def test_every_enclosure_of_a_letter_has_its_text():
    assert set(DESIGNS.enclosure) <= set(ENCLOSURES)


@pytest.mark.parametrize("line", LineOfBusiness)
def test_the_your_rights_attachment_goes_with_the_medi_cal_notices_of_action(line):
    enclosed = DESIGNS.of(NoticeKind.DENIAL, Recipient.MEMBER, line)

    assert enclosed
    assert ("medi_cal_rights" in enclosed.enclosures) is (line in (LineOfBusiness.MEDI_CAL, LineOfBusiness.CMC))
