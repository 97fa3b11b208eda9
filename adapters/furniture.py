"""What stands on a sheet without being part of the letter: its date in words, page numbers, the words of its frame."""

from datetime import date

from policy.catalogue import catalogue_in
from policy.verdict import Value


class Furniture(Value):
    """The words around a letter in one language; ``page`` stands before the number of the page, and of the last one."""

    department: str
    case: str
    page: tuple[str, str]
    enclosures: str
    copies: str
    enclosure_titles: dict[str, str]


ENGLISH = Furniture(
    department="Utilization Management",
    case="Case",
    page=("Page", "of"),
    enclosures="Enclosures:",
    copies="Copies to:",
    enclosure_titles={
        "taglines": "Language assistance",
        "nondiscrimination": "Notice of nondiscrimination",
        "medi_cal_rights": "Your rights",
    },
)
SPANISH = Furniture(
    department="Administración de la Utilización",
    case="Caso",
    page=("Página", "de"),
    enclosures="Anexos:",
    copies="Con copia para:",
    enclosure_titles={
        "taglines": "Asistencia en su idioma",
        "nondiscrimination": "Aviso de no discriminación",
        "medi_cal_rights": "Sus derechos",
    },
)
FURNITURE = {"en": ENGLISH, "es": SPANISH}
WRITTEN_IN = {"zh-hant": ("zh", "tw"), "zh-hans": ("zh", "cn")}  # a script, as the region that writes so


def furniture(language: str) -> Furniture:
    """The words of a letter in that language; English where there are none yet."""
    return FURNITURE.get(_primary(language), ENGLISH)


def day_in_words(day: date, language: str = "en") -> str:
    """``November 2, 2026``; in Spanish ``2 de noviembre de 2026``. English for a language without words here."""
    words = catalogue_in(_primary(language))
    return words.written(day, words.dated)


def closing_words(language: str) -> str:
    """What stands above a signature, in that language; English where there are no words yet."""
    return catalogue_in(_primary(language)).closing


def locale(language: str) -> dict[str, str | None]:
    """A language as the typesetter wants it, out of ISO 639 or BCP 47: ``es``, ``es-MX``, ``zh-Hant``.

    English and Spanish are those of the United States; what is no code at all counts as English.
    """
    tag = language.strip().lower().replace("_", "-")
    if tag in WRITTEN_IN:
        lang, region = WRITTEN_IN[tag]
        return {"lang": lang, "region": region}
    primary = _primary(language)
    if not (primary.isascii() and primary.isalpha() and len(primary) in (2, 3)):
        return {"lang": "en", "region": "us"}
    regions = [part for part in tag.split("-")[1:] if len(part) == 2 and part.isascii() and part.isalpha()]
    return {"lang": primary, "region": next(iter(regions), "us" if primary in FURNITURE else None)}


def _primary(language: str) -> str:
    return language.strip().lower().replace("_", "-").split("-")[0]
