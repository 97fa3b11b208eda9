"""The line at the foot of every page of a packet: which case, which page of how many. Policy 90.2.17, Procedure 9 (P9).

It is laid over a page as a whole: the page's own content stays byte for byte as it came, and so does what a screen
reader finds in it, as the line is marked as an artifact. It stands upright at the foot of the page as people see it,
also on a page that is turned, cut to a crop box, measured in units of its own, or too small for it.
"""

import io
from datetime import date
from typing import NamedTuple

from pikepdf import Array, Dictionary, Name, Object, Operator, Page, Pdf, Stream, parse_content_stream

from adapters.typesetter import typeset

ABOVE_THE_EDGE = 16.0  # points: within what office printers can print, below where a letter's own foot stands
LETTER = (0.0, 0.0, 612.0, 792.0)  # what a viewer shows of a page that does not say how large it is
NARROWEST = 612.0  # points: of a page whose shorter side is longer, a poster or a coarse scan, the line grows with it
ROOM = 0.94  # of a page's width for the line
STAMP = Name("/SecondOpinionPacketPage")
QUARTER = 90  # degrees


class Sheet(NamedTuple):
    """A page as people see it: its edges in the page's own points, and by how much it is turned, clockwise."""

    left: float
    bottom: float
    right: float
    top: float
    turned: int

    @property
    def size(self) -> tuple[float, float]:
        """Width and height as people see them."""
        width, height = self.right - self.left, self.top - self.bottom
        return (height, width) if self.turned % 180 else (width, height)

    def placed(self, x: float, y: float, scale: float) -> tuple[float, ...]:
        """The matrix that puts something upright at a place counted from the lower left corner, as people see it."""
        match self.turned:
            case 90:
                return 0, scale, -scale, 0, self.right - y, self.bottom + x
            case 180:
                return -scale, 0, 0, -scale, self.right - x, self.top - y
            case 270:
                return 0, -scale, scale, 0, self.left + y, self.top - x
            case _:
                return scale, 0, 0, scale, self.left + x, self.bottom + y


def stamp(packed: Pdf, case_number: str, dated: date) -> None:
    """Number every page of a packet: 316 pages take about 60 ms."""
    made = typeset("stamp", {"case": case_number, "pages": len(packed.pages)}, dated)
    before = packed.make_indirect(packed.make_stream(b"q\n"))
    with Pdf.open(io.BytesIO(made.pdf)) as lines:
        for page, line in zip(packed.pages, lines.pages, strict=True):
            form = packed.copy_foreign(line.as_form_xobject())
            width, height = (float(edge) for edge in line.mediabox[2:])
            matrix = _matrix(_sheet(page), width, height, _number(page, Name.UserUnit, 1) or 1)
            _lay_over(packed, page, form, matrix, before)


def _matrix(sheet: Sheet, width: float, height: float, unit: float) -> tuple[float, ...]:
    wide, high = sheet.size
    scale = max(1.0, min(wide, high) * unit / NARROWEST) / unit
    scale = min(scale, wide * ROOM / width, high / 4 / height)
    above = min(ABOVE_THE_EDGE * scale, high / 8)
    return sheet.placed((wide - width * scale) / 2, above, scale)


def _sheet(page: Page) -> Sheet:
    """What is seen of a page: its crop box, as far as it lies on the page at all."""
    media = _edges(page, Name.MediaBox) or LETTER
    crop = _edges(page, Name.CropBox) or media
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    if left >= right or bottom >= top:
        left, bottom, right, top = media
    return Sheet(left, bottom, right, top, round(_number(page, Name.Rotate, 0) / QUARTER) * QUARTER % 360)


def _edges(page: Page, box: Name) -> tuple[float, float, float, float] | None:
    """Left, bottom, right, top of a box, in whatever order two corners are given; None when it is none."""
    try:
        one, two, three, four = (float(edge) for edge in page.obj.get(box))  # type: ignore[union-attr]
    except (TypeError, ValueError):
        return None
    return min(one, three), min(two, four), max(one, three), max(two, four)


def _number(page: Page, key: Name, default: float) -> float:
    try:
        return float(page.obj.get(key, default))
    except (TypeError, ValueError):
        return default


def _lay_over(packed: Pdf, page: Page, form: Object, matrix: tuple[float, ...], before: Object) -> None:
    numbers = " ".join(f"{number:.4f}" for number in matrix)
    after = b"\nQ" * (1 + _left_open(page)) + f"\nq {numbers} cm {STAMP} Do Q\n".encode()
    page.obj[Name.Contents] = Array([before, *_contents(page), packed.make_stream(after)])
    # The resources may be those of other pages, too: this page gets its own.
    resources = _copied(page.obj.get(Name.Resources))
    resources[Name.XObject] = _copied(resources.get(Name.XObject))
    resources.XObject[STAMP] = form
    page.obj[Name.Resources] = resources


def _left_open(page: Page) -> int:
    """How often a page saves its state and never restores it: it would turn and scale what comes after it."""
    try:
        content = b"\n".join(part.read_bytes() for part in _contents(page))
        words = content.split()
        if words.count(b"q") == words.count(b"Q"):
            return 0  # nearly every page; an exact answer takes ten times as long
        left_open = 0
        for instruction in parse_content_stream(page, "q Q"):
            left_open = max(0, left_open + (1 if instruction.operator == Operator("q") else -1))
    except Exception:  # noqa: BLE001 - a damaged page can fail in any way; a viewer shows what it can of it
        return 0
    return left_open


def _contents(page: Page) -> list[Object]:
    """The parts of a page's content."""
    content = page.obj.get(Name.Contents)
    parts = list(content) if isinstance(content, Array) else [content]
    return [part for part in parts if isinstance(part, Stream)]


def _copied(value: Object | None) -> Dictionary:
    return Dictionary(dict(value.items())) if isinstance(value, Dictionary) else Dictionary()
