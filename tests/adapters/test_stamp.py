"""The line at the foot of every page of a packet: upright, seen, and nothing of the page is changed. Procedure 9."""

import io
from datetime import date
from typing import Any

import pytest
from pikepdf import Array, Dictionary, Name, Page, Pdf
from pypdf import PdfReader

from adapters.stamp import stamp

MONDAY = date(2026, 11, 2)
LETTER = (0, 0, 612, 792)
WORDS = b"BT /F1 12 Tf 100 300 Td (hello) Tj ET"


def a_page(box: tuple[float, ...] = LETTER, content: bytes = WORDS, **more: Any) -> bytes:
    """A PDF of two pages that share their resources, as many programs make them."""
    with Pdf.new() as pdf:
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        shared = pdf.make_indirect(Dictionary(Font=Dictionary(F1=font)))
        for _ in range(2):
            page = Dictionary(Type=Name.Page, MediaBox=Array(box), Resources=shared, Contents=pdf.make_stream(content))
            for key, value in more.items():
                page[f"/{key}"] = value
            pdf.pages.append(Page(pdf.make_indirect(page)))
        file = io.BytesIO()
        pdf.save(file)
        return file.getvalue()


def stamped(data: bytes) -> bytes:
    with Pdf.open(io.BytesIO(data)) as pdf:
        stamp(pdf, "SO-1", MONDAY)
        file = io.BytesIO()
        pdf.save(file)
        return file.getvalue()


def matrix_of(data: bytes) -> list[float]:
    """How the line of the first page is placed: the numbers before the last ``cm``."""
    with Pdf.open(io.BytesIO(data)) as pdf:
        last = pdf.pages[0].Contents[-1].read_bytes()
    return [float(word) for word in last.split(b" cm ")[0].rsplit(b"q ", 1)[1].split()]


@pytest.mark.parametrize(
    ("turned", "direction", "foot"),
    [
        (0, (1, 0), (None, 16)),
        (90, (0, 1), (596, None)),
        (180, (-1, 0), (None, 776)),
        (270, (0, -1), (16, None)),
        (-90, (0, -1), (16, None)),
    ],
)
def test_the_line_stands_upright_at_the_foot_of_a_turned_page(
    turned: int, direction: tuple[int, int], foot: tuple[float | None, float | None]
) -> None:
    a, b, _, _, x, y = matrix_of(stamped(a_page(Rotate=turned)))

    assert (a, b) == direction
    assert all(want is None or got == want for got, want in zip((x, y), foot, strict=True))


@pytest.mark.parametrize(
    ("box", "more", "low", "left", "right"),
    [
        pytest.param((0, 0, 792, 612), {}, 0, 0, 792, id="landscape"),
        pytest.param((-100, -50, 400, 700), {"CropBox": Array((-50, 20, 300, 400))}, 20, -50, 300, id="cropped"),
        pytest.param((612, 792, 0, 0), {}, 0, 0, 612, id="corners the other way round"),
        pytest.param(LETTER, {"CropBox": Array((5000, 5000, 6000, 6000))}, 0, 0, 612, id="crop box elsewhere"),
        pytest.param((0, 0, 60, 300), {}, 0, 0, 60, id="narrow"),
        pytest.param((0, 0, 9, 9), {}, 0, 0, 9, id="tiny"),
        pytest.param((0, 0, 2448, 3168), {}, 0, 0, 2448, id="a poster"),
    ],
)
def test_the_line_lies_within_what_is_seen(
    box: tuple[float, ...], more: dict[str, Any], low: float, left: float, right: float
) -> None:
    data = stamped(a_page(box, **more))

    scale, _, _, _, x, y = matrix_of(data)
    with Pdf.open(io.BytesIO(data)) as pdf:
        line = pdf.pages[0].Resources.XObject.SecondOpinionPacketPage.BBox
        width = float(line[2]) * scale
    assert left < x < x + width < right
    assert x - left == pytest.approx(right - x - width, abs=0.01)
    assert low < y <= low + 16 * max(1, scale)


def test_a_page_in_units_of_its_own_has_a_line_as_large_as_any_other() -> None:
    scale = matrix_of(stamped(a_page((0, 0, 306, 396), UserUnit=2)))[0]

    assert scale == 0.5


def test_the_content_of_a_page_stays_byte_for_byte() -> None:
    with Pdf.open(io.BytesIO(stamped(a_page()))) as pdf:
        before, own, after = pdf.pages[1].Contents
        assert own.read_bytes() == WORDS
        assert before.read_bytes() == b"q\n"
        assert after.read_bytes().startswith(b"\nQ\n")


@pytest.mark.parametrize(
    ("content", "closed"),
    [
        (b"q 2 0 0 2 0 0 cm q 0 0 9 9 re f", 3),
        (b"q (Q) Tj", 2),
        (b"q Q Q q", 1),
        (b"q 1 0 0 1 9 9 cm Q", 1),
        (b"q << (", 2),
    ],
)
def test_what_a_page_leaves_open_is_closed_before_the_line(content: bytes, closed: int) -> None:
    with Pdf.open(io.BytesIO(stamped(a_page(content=content)))) as pdf:
        after = pdf.pages[0].Contents[-1].read_bytes()

    assert after.split(b"\nq ")[0] == b"\nQ" * closed


@pytest.mark.parametrize(
    "damaged",
    [
        {},
        {"MediaBox": Array(LETTER)},
        {"MediaBox": Array((0, 0)), "Rotate": Name.Upside, "UserUnit": 0},
        {"Resources": Array(()), "Contents": Array((1, Name.Two))},
        {"Resources": Dictionary(XObject=3)},
    ],
)
def test_a_page_that_lacks_what_a_page_has_is_numbered_all_the_same(damaged: dict[str, Any]) -> None:
    with Pdf.new() as pdf:
        page = Dictionary(Type=Name.Page)
        for key, value in damaged.items():
            page[f"/{key}"] = value
        pdf.pages.append(Page(pdf.make_indirect(page)))
        file = io.BytesIO()
        pdf.save(file)

    assert PdfReader(io.BytesIO(stamped(file.getvalue()))).pages[0].extract_text().strip() == "SO-1, packet page 1 of 1"


def test_pages_that_share_their_resources_have_a_line_each() -> None:
    texts = [page.extract_text() for page in PdfReader(io.BytesIO(stamped(a_page()))).pages]

    assert [text.split("SO-1, ")[1].strip() for text in texts] == ["packet page 1 of 2", "packet page 2 of 2"]


def test_the_line_is_nothing_that_a_screen_reader_reads_out() -> None:
    with Pdf.open(io.BytesIO(stamped(a_page()))) as pdf:
        line = pdf.pages[0].Resources.XObject.SecondOpinionPacketPage.read_bytes()

    assert b"BDC" in line.replace(b"BMC", b"BDC")
    assert line.count(b"/Artifact") == line.count(b"BMC") + line.count(b"BDC")
