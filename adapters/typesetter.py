"""What is to be read becomes an accessible PDF (PDF/UA-1), by Typst: letters, and the packet's own pages (P8, P9).

Data goes in as JSON and is set as text: no markup in it can come to life. The fonts are the program's own and the date
comes in as an argument, so the same words give the same bytes, here and anywhere.
"""

import json
import re
import threading
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import typst

from adapters.shelf import AdapterError

TEMPLATES = Path(__file__).parent / "letters"
PDFStandard = Literal["ua-1"]
ACCESSIBLE: PDFStandard = "ua-1"
# A word that no line can hold would run off the sheet, so it may be broken after every 10 letters; a digest may not.
ENDLESS = re.compile(r"(?<!\S)(?![0-9a-f]{64}(?!\S))\S{40,}")
CONTROLS = (*range(0x20), *range(0x7F, 0xA0))
NEWLINES = (0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029)
# They turn round what is printed after them, up to the end of the paragraph; a letter's words stand as they are.
TURN_TEXT_ROUND = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
LEGIBLE = dict.fromkeys(CONTROLS, " ") | dict.fromkeys(NEWLINES, "\n") | dict.fromkeys(TURN_TEXT_ROUND, "")


class Typeset(NamedTuple):
    """A PDF, and whether it keeps PDF/UA-1: it cannot when no font here has one of its characters."""

    pdf: bytes
    accessible: bool


def typeset(template: str, content: Mapping[str, Any], dated: date) -> Typeset:
    """Typeset ``content`` with ``letters/<template>.typ``; the first one takes about 15 ms, the next ones 3 to 4.

    A character that no font has never stops a letter: it is set with the fonts of the machine, or else as an empty box,
    and then the PDF is not accessible. Raises AdapterError when the template itself fails.
    """
    inputs = {"content": json.dumps(_legible(content), ensure_ascii=False)}
    for system_fonts in (False, True):
        with suppress(typst.TypstError):
            return Typeset(_compile(template, inputs, dated, ACCESSIBLE, system_fonts=system_fonts), accessible=True)
    try:
        return Typeset(_compile(template, inputs, dated, system_fonts=True), accessible=False)
    except typst.TypstError as trouble:
        raise AdapterError(f"The template {template}.typ cannot be typeset: {trouble.message}.") from None


def _compile(
    template: str, inputs: dict[str, str], dated: date, *standards: PDFStandard, system_fonts: bool = False
) -> bytes:
    made = _compiler(template, system_fonts=system_fonts).compile(
        format="pdf",
        sys_inputs=inputs,
        pdf_standards=list(standards),
        timestamp=datetime.combine(dated, time(), UTC),
    )
    if not isinstance(made, bytes):
        raise AdapterError(f"The template {template}.typ gave no document.")
    return made


class _Compilers(threading.local):
    """One compiler per thread and template: a compiler cannot be shared, and a warm one is five times as fast."""

    def __init__(self) -> None:
        self.made: dict[tuple[str, bool], typst.Compiler] = {}


_compilers = _Compilers()


def _compiler(template: str, *, system_fonts: bool) -> typst.Compiler:
    key = (template, system_fonts)
    if key not in _compilers.made:
        _compilers.made[key] = typst.Compiler(
            TEMPLATES / f"{template}.typ",
            root=TEMPLATES,
            font_paths=_fonts(system_fonts=system_fonts),
            ignore_system_fonts=not system_fonts,
        )
    return _compilers.made[key]


@cache
def _fonts(*, system_fonts: bool) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=system_fonts)


def _legible(value: Any) -> Any:  # noqa: ANN401 - JSON, as deep as it goes
    """JSON whose texts hold nothing that cannot be seen, and each letter in its one composed form (NFC)."""
    if isinstance(value, str):
        text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").translate(LEGIBLE))
        return ENDLESS.sub(lambda word: re.sub("(.{10})", "\\1\u200b", word[0]), text)
    if isinstance(value, Mapping):
        return {key: _legible(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_legible(part) for part in value]
    return value
