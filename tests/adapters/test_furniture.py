"""The words around a letter, and what is enclosed: dates, languages, names of languages."""

import tomllib
from datetime import date
from importlib.resources import files

import pytest

from adapters.enclosures import NAMES, TAGLINES, pages_of
from adapters.furniture import FURNITURE, day_in_words, furniture, locale
from policy.catalogue import CATALOGUES

MONDAY = date(2026, 11, 2)
TEXTS = tomllib.loads(files("policy.words").joinpath("enclosures.toml").read_text(encoding="utf-8"))


def test_a_day_is_written_as_its_language_writes_it() -> None:
    assert day_in_words(MONDAY) == "November 2, 2026"
    assert day_in_words(MONDAY, "es") == "2 de noviembre de 2026"
    assert day_in_words(MONDAY, "es-MX") == "2 de noviembre de 2026"
    assert day_in_words(MONDAY, "vi") == "November 2, 2026"


def test_every_language_has_twelve_months_and_a_title_for_every_enclosure() -> None:
    assert all(len(set(words.months)) == 12 for words in CATALOGUES.values())
    assert all(set(words.enclosure_titles) >= set(TEXTS) for words in FURNITURE.values())


@pytest.mark.parametrize(
    ("language", "lang", "region"),
    [
        ("en", "en", "us"),
        ("es", "es", "us"),
        ("es-MX", "es", "mx"),
        ("zh-Hant", "zh", "tw"),
        ("zh_CN", "zh", "cn"),
        ("hmn", "hmn", None),
        ("", "en", "us"),
        ("Spanish", "en", "us"),
    ],
)
def test_a_language_code_becomes_what_the_typesetter_wants(language: str, lang: str, region: str | None) -> None:
    assert locale(language) == {"lang": lang, "region": region}


def test_every_tagline_says_the_name_of_its_language() -> None:
    assert set(TEXTS[TAGLINES]) <= set(NAMES)


def test_the_taglines_are_one_page_with_every_language_in_the_order_of_the_file() -> None:
    (page,) = pages_of(("taglines",), "en")

    assert [line["lang"] for line in page["taglines"]] == [code.split("-")[0] for code in TEXTS[TAGLINES]]
    assert page["sections"] == []


def test_a_notice_is_in_the_language_of_the_letter_or_else_in_english() -> None:
    spanish, vietnamese = (pages_of(("nondiscrimination",), language)[0] for language in ("es", "vi"))

    assert spanish["locale"]["lang"] == "es"
    assert vietnamese["locale"]["lang"] == "en"
    assert vietnamese["heading"] == pages_of(("nondiscrimination",), "en")[0]["heading"]


def test_the_first_heading_of_a_notice_stands_over_its_page_and_not_twice() -> None:
    (page,) = pages_of(("nondiscrimination",), "en")

    assert page["heading"] == TEXTS["nondiscrimination"][0]["heading"]
    assert page["sections"][0]["heading"] == ""


def test_a_name_that_stands_for_nothing_gives_no_page() -> None:
    assert pages_of(("a_leaflet",), "en") == []
    assert furniture("xx") == furniture("en")
