"""What is to be read becomes an accessible PDF (PDF/UA-1), by Typst: letters, and the packet's own pages (P8, P9).

Data goes in as JSON and is set as text: no markup in it can come to life. The fonts are the program's own
(``letters/fonts``), never the machine's, and the date comes in as an argument, so the same words give the same bytes,
here and anywhere.
"""

import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import typst

from adapters.legible import legible
from adapters.shelf import AdapterError

TEMPLATES = Path(__file__).parent / "letters"
FONTS = TEMPLATES / "fonts"
PDFStandard = Literal["ua-1"]
ACCESSIBLE: PDFStandard = "ua-1"


class Typeset(NamedTuple):
    """A PDF, and whether it keeps PDF/UA-1: it cannot when no font here has one of its characters."""

    pdf: bytes
    accessible: bool


def typeset(template: str, content: Mapping[str, Any], dated: date) -> Typeset:
    """Typeset ``content`` with ``letters/<template>.typ``; the first one takes about 15 ms, the next ones 3 to 4.

    A character that no font here has never stops a letter: an empty box is set, and then the PDF is not accessible.
    Raises AdapterError when the template itself fails.
    """
    inputs = {"content": as_input(content)}
    with suppress(typst.TypstError):
        return Typeset(_compile(template, inputs, dated, ACCESSIBLE), accessible=True)
    try:
        return Typeset(_compile(template, inputs, dated), accessible=False)
    except typst.TypstError as trouble:
        raise AdapterError(f"The template {template}.typ cannot be typeset: {trouble.message}.") from None


def as_input(content: Mapping[str, Any]) -> str:
    """The content as the templates read it."""
    return json.dumps(legible(content), ensure_ascii=False)


def _compile(template: str, inputs: dict[str, str], dated: date, *standards: PDFStandard) -> bytes:
    made = compiler(template).compile(
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
        self.made: dict[str, typst.Compiler] = {}


_compilers = _Compilers()


def compiler(template: str) -> typst.Compiler:
    """This thread's compiler of one template."""
    if template not in _compilers.made:
        _compilers.made[template] = typst.Compiler(
            TEMPLATES / f"{template}.typ", root=TEMPLATES, font_paths=_fonts(), ignore_system_fonts=True
        )
    return _compilers.made[template]


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[FONTS])
