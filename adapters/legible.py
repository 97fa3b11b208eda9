"""Texts as they can be set and read: nothing invisible, no letter in two forms, each name in its own direction.

What people type comes from anywhere; a letter must show it as they meant it, in any script.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

CONTROLS = (*range(0x20), *range(0x7F, 0xA0))
NEWLINES = (0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029)
# They turn round what is printed after them, up to the end of the paragraph; a letter's words stand as they are.
TURN_TEXT_ROUND = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
SKIN_TONES = range(0x1F3FB, 0x1F400)  # an emoji in ink has none: a grey square would stand beside it
LEGIBLE = (
    dict.fromkeys(CONTROLS, " ")
    | dict.fromkeys(NEWLINES, "\n")
    | dict.fromkeys((*TURN_TEXT_ROUND, *SKIN_TONES, 0xFEFF), "")
)
# Thai, Lao, Burmese, Khmer, Chinese, Japanese and Korean break between words or letters without being told.
BREAKS_ALONE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
)
# A word that no line can hold would run off the sheet, so it may be broken after every 10 letters; a digest may not.
ENDLESS = re.compile(rf"(?<![^\s{BREAKS_ALONE}])(?![0-9a-f]{{64}}(?!\S))[^\s{BREAKS_ALONE}]{{40,}}")
BREAK_HERE, AFTER = "\u200b", 10

LEFT_TO_RIGHT, RIGHT_TO_LEFT = "\u200e", "\u200f"  # invisible marks
# The blocks of the scripts that are written from right to left: Hebrew, Arabic, Syriac, Thaana, N'Ko, Adlam and others.
LEFTWARD = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
LEFTWARD_RUN = re.compile(rf"[{LEFTWARD}](?:[{LEFTWARD}'\"\u2019 -]*[{LEFTWARD}])?")
NUMBER = re.compile(r"(?<![\w.@/-])[+(]?[0-9]")
STRONG = ("L", "R", "AL")


def legible(value: Any) -> Any:  # noqa: ANN401 - JSON, as deep as it goes
    """JSON whose texts hold nothing that cannot be seen, and each letter in its one composed form (NFC)."""
    if isinstance(value, str):
        return _legible_text(value)
    if isinstance(value, Mapping):
        return {key: legible(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [legible(part) for part in value]
    return value


def runs_leftward(text: str) -> bool:
    """Whether a paragraph is written from right to left: its first letter says it."""
    return next((kind for kind in map(unicodedata.bidirectional, text) if kind in STRONG), "L") != "L"


def _legible_text(typed: str) -> str:
    text = unicodedata.normalize("NFC", typed.replace("\r\n", "\n").translate(LEGIBLE))
    if not text.isascii():
        text = "\n".join(map(_in_their_directions, text.split("\n")))
    return ENDLESS.sub(lambda word: _breakable(word[0]), text)


def _in_their_directions(text: str) -> str:
    """Marks a paragraph that runs from right to left as a whole, and where a run of the other direction begins or ends.

    Unicode's rules cannot know the latter. Without the marks a number behind a Hebrew name changes places with it, and
    a telephone number in an Arabic sentence is read from its end. The templates set a text by its first mark.
    """
    if not LEFTWARD_RUN.search(text):
        return text
    if runs_leftward(text):
        return RIGHT_TO_LEFT + NUMBER.sub(lambda number: LEFT_TO_RIGHT + number[0], text)
    return LEFTWARD_RUN.sub(lambda run: run[0] + LEFT_TO_RIGHT, text)


def _breakable(word: str) -> str:
    """An endless word with places to break it, never between a letter and what belongs to it."""
    parts, length = [""], 0
    for letter in word:
        if length >= AFTER and not _belongs_to_the_last(letter) and not parts[-1].endswith("\u200d"):
            parts.append("")
            length = 0
        parts[-1] += letter
        length += 1
    return BREAK_HERE.join(parts)


def _belongs_to_the_last(letter: str) -> bool:
    return unicodedata.category(letter).startswith("M") or letter in "\u200c\u200d\u200e"
