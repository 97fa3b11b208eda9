"""What goes with a letter, on pages of its own: help in other languages, the notice of nondiscrimination, the rights.

The words are those of ``policy/words/enclosures.toml``; each tagline is set in the script, and read aloud in the
language, that it is written in.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from adapters.furniture import furniture, locale

TAGLINES = "taglines"
NAMES = {
    "am": ("አማርኛ", "Amharic"),
    "ar": ("العربية", "Arabic"),
    "bn": ("বাংলা", "Bengali"),
    "en": ("English", "English"),
    "es": ("Español", "Spanish"),
    "fa": ("فارسی", "Farsi"),
    "fr": ("Français", "French"),
    "gu": ("ગુજરાતી", "Gujarati"),
    "he": ("עברית", "Hebrew"),
    "hi": ("हिन्दी", "Hindi"),
    "hmn": ("Hmoob", "Hmong"),
    "hy": ("Հայերեն", "Armenian"),
    "ium": ("Mienh", "Mien"),
    "ja": ("日本語", "Japanese"),
    "km": ("ខ្មែរ", "Khmer"),
    "ko": ("한국어", "Korean"),
    "lo": ("ລາວ", "Lao"),
    "pa": ("ਪੰਜਾਬੀ", "Punjabi"),
    "pt": ("Português", "Portuguese"),
    "ru": ("Русский", "Russian"),
    "ta": ("தமிழ்", "Tamil"),
    "te": ("తెలుగు", "Telugu"),
    "th": ("ไทย", "Thai"),
    "tl": ("Tagalog", "Tagalog"),
    "uk": ("Українська", "Ukrainian"),
    "ur": ("اردو", "Urdu"),
    "vi": ("Tiếng Việt", "Vietnamese"),
    "zh": ("中文", "Chinese"),
}
"""What a language calls itself, and what it is called in English, by its ISO 639 code."""


def pages_of(names: tuple[str, ...], language: str) -> list[dict[str, Any]]:
    """The pages that ``names`` stand for, in their order, in the letter's language or else in English.

    A name that the file does not have gives no page.
    """
    texts = _texts()
    return [_page(name, texts[name], language) for name in names if name in texts]


@cache
def _texts() -> dict[str, Any]:
    return tomllib.loads(files("policy.words").joinpath("enclosures.toml").read_text(encoding="utf-8"))


def _page(name: str, texts: Any, language: str) -> dict[str, Any]:  # noqa: ANN401 - a table of the file, or a list of them
    title = furniture(language).enclosure_titles.get(name) or name.replace("_", " ").capitalize()
    if name == TAGLINES:
        taglines = [_tagline(code, words) for code, words in texts.items()]
        return {"title": title, "heading": title, "locale": locale(language), "taglines": taglines, "sections": []}
    spoken = language if any(part["language"] == language for part in texts) else "en"
    sections = [_section(part) for part in texts if part["language"] == spoken]
    heading, first = sections[0]["heading"] or title, {**sections[0], "heading": ""}
    return {
        "title": title,
        "heading": heading,
        "locale": locale(spoken),
        "taglines": [],
        "sections": [first, *sections[1:]],
    }


def _tagline(code: str, words: str) -> dict[str, str | None]:
    name, english = NAMES.get(code, (code, code))
    return {**locale(code), "name": name, "english": english, "words": words}


def _section(part: dict[str, Any]) -> dict[str, Any]:
    return {
        "heading": part.get("heading", ""),
        "paragraphs": part.get("paragraphs", []),
        "items": part.get("items", []),
        "elements": part.get("elements", []),
    }
