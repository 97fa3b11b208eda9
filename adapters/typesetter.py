"""What is to be read becomes an accessible PDF (PDF/UA-1), by Typst: letters, and the packet's own pages (P8, P9).

Data goes in as JSON, in one string in front of the template, and is set as text: no markup in it can come to life. (As
``sys.inputs`` it would be part of Typst's library, and nothing that was laid out before could be used again.) The fonts
are the program's own (``letters/fonts``), never the machine's, and the date comes in as an argument, so the same words
give the same bytes, here and anywhere.
"""

import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import typst

from adapters.legible import legible
from adapters.shelf import AdapterError

TEMPLATES = Path(__file__).parent / "letters"
FONTS = TEMPLATES / "fonts"
PDFStandard = Literal["ua-1"]
ACCESSIBLE: PDFStandard = "ua-1"
NONE: Mapping[str, str] = MappingProxyType({})


class Typeset(NamedTuple):
    """A PDF, and whether it keeps PDF/UA-1: it cannot when no font here has one of its characters."""

    pdf: bytes
    accessible: bool


def typeset(template: str, content: Mapping[str, Any], dated: date, drawings: Mapping[str, str] = NONE) -> Typeset:
    """Typeset ``content`` with ``letters/<template>.typ``; the first one takes about 15 ms, the next ones 4.

    With taglines in nineteen languages and a notice the first one takes 45 ms, the next ones 14.

    ``drawings`` are SVG by name, made by us: unlike the content they are passed on as they are.

    A character that no font here has never stops a letter: an empty box is set, and then the PDF is not accessible.
    Raises AdapterError when the template itself fails.
    """
    source = source_of(template, content, drawings)
    with suppress(typst.TypstError):
        return Typeset(_compile(template, source, dated, ACCESSIBLE), accessible=True)
    try:
        return Typeset(_compile(template, source, dated), accessible=False)
    except typst.TypstError as trouble:
        raise AdapterError(f"The template {template}.typ cannot be typeset: {trouble.message}.") from None


def source_of(template: str, content: Mapping[str, Any], drawings: Mapping[str, str] = NONE) -> bytes:
    """A template that has its content: what the compiler compiles."""
    given = f'#let content = "{_quoted(legible(content))}"\n'
    if drawings:
        given += f'#let drawings = "{_quoted(drawings)}"\n'
    return f"{given}{_text_of(template)}".encode()


def _quoted(value: Any) -> str:  # noqa: ANN401 - JSON
    return json.dumps(value, ensure_ascii=False).replace("\\", "\\\\").replace('"', '\\"')


@cache
def _text_of(template: str) -> str:
    return (TEMPLATES / f"{template}.typ").read_text(encoding="utf-8")


def _compile(template: str, source: bytes, dated: date, *standards: PDFStandard) -> bytes:
    made = compiler().compile(
        input=source, format="pdf", pdf_standards=list(standards), timestamp=datetime.combine(dated, time(), UTC)
    )
    if not isinstance(made, bytes):
        raise AdapterError(f"The template {template}.typ gave no document.")
    return made


class _Compilers(threading.local):
    """One compiler per thread: a compiler cannot be shared, and a warm one is five times as fast."""

    def __init__(self) -> None:
        self.made: typst.Compiler | None = None


_compilers = _Compilers()


def compiler() -> typst.Compiler:
    """This thread's compiler."""
    if _compilers.made is None:
        _compilers.made = typst.Compiler(root=TEMPLATES, font_paths=_fonts(), ignore_system_fonts=True)
    return _compilers.made


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[FONTS])
