"""Images become PDFs as they come in, so that whatever is stored can be shown, printed and bound (P2, P9).

No picture loses anything: a JPEG goes in as it is, everything else without loss. The same image gives the same bytes.
"""

import io
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from pikepdf import Dictionary, Name, Pdf, Stream
from PIL import Image, ImageOps, ImageSequence

MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")
FORMATS = ("PNG", "JPEG", "TIFF")
MOST_PIXELS = 60_000_000  # of one page: a letter sheet at 800 dots per inch
MOST_IN_ALL = 600_000_000
SHORT, LONG = 612.0, 792.0  # points: a letter sheet
UPRIGHT = 1  # EXIF's orientation
BROKEN = "The image is damaged; save or scan it once more and send that."
LARGE = "The image has too many dots; scan it with fewer dots per inch and send that."


class Picture(NamedTuple):
    """One page's picture, as a PDF holds it."""

    width: int
    height: int
    colours: Name
    bits: int
    packed: bytes
    filter: Name


def is_image(data: bytes) -> bool:
    """Whether these bytes begin as a PNG, JPEG or TIFF does, whatever the file is called."""
    return data.startswith(MAGIC)


def as_pdf(data: bytes, most_pages: int) -> bytes:
    """An image as a PDF, each of its pages on a letter sheet. Raises ValueError with a sentence for people."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return _bound(_pictures(image, data, most_pages))
    except _TooMuchError as trouble:
        raise ValueError(str(trouble)) from None
    except Exception:  # noqa: BLE001 - a hostile file can fail in any way; all of them mean the same
        raise ValueError(BROKEN) from None


class _TooMuchError(Exception):
    """More than is taken in; the message says how to mend it."""


def _pictures(image: Image.Image, data: bytes, most_pages: int) -> Iterator[Picture]:
    frames = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
    if frames > most_pages:
        raise _TooMuchError(f"The image has {frames} pages, more than {most_pages}; send it in parts.")
    seen = 0
    for frame in ImageSequence.Iterator(image) if image.format == "TIFF" else (image,):
        pixels = frame.width * frame.height
        seen += pixels
        if pixels > MOST_PIXELS or seen > MOST_IN_ALL:
            raise _TooMuchError(LARGE)
        frame.load()  # the whole of it: what is broken off shows here
        yield _as_it_is(frame, data) if _is_plain_jpeg(frame) else _without_loss(frame)


def _is_plain_jpeg(frame: Image.Image) -> bool:
    """Whether a PDF can hold the JPEG itself: grey or colour, and upright."""
    return frame.format == "JPEG" and frame.mode in ("L", "RGB") and frame.getexif().get(0x0112, UPRIGHT) == UPRIGHT


def _as_it_is(frame: Image.Image, data: bytes) -> Picture:
    return Picture(frame.width, frame.height, _colours(frame), 8, data, Name.DCTDecode)


def _without_loss(frame: Image.Image) -> Picture:
    plain = _plain(ImageOps.exif_transpose(frame))
    bits = 1 if plain.mode == "1" else 8
    return Picture(plain.width, plain.height, _colours(plain), bits, zlib.compress(plain.tobytes()), Name.FlateDecode)


def _plain(frame: Image.Image) -> Image.Image:
    """Black and white, grey or colour; what is transparent shows the white sheet."""
    if frame.mode in ("1", "L", "RGB"):
        return frame
    if frame.mode.startswith("I;16"):  # 16 bits of grey, as X-rays have them
        return frame.convert("I").point(lambda level: level / 256).convert("L")
    if frame.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in frame.info:
        shown = frame.convert("RGBA")
        sheet = Image.new("RGBA", shown.size, "white")
        return Image.alpha_composite(sheet, shown).convert("RGB")
    return frame.convert("RGB")


def _colours(frame: Image.Image) -> Name:
    return Name.DeviceRGB if frame.mode == "RGB" else Name.DeviceGray


def _bound(pictures: Iterator[Picture]) -> bytes:
    with Pdf.new() as pdf:
        for picture in pictures:
            _add_page(pdf, picture)
        file = io.BytesIO()
        pdf.save(file, deterministic_id=True)
        return file.getvalue()


def _add_page(pdf: Pdf, picture: Picture) -> None:
    """One sheet, upright or across as the picture is, which fills it as far as its shape lets it."""
    across = picture.width > picture.height
    sheet = (LONG, SHORT) if across else (SHORT, LONG)
    scale = min(sheet[0] / picture.width, sheet[1] / picture.height)
    size = (picture.width * scale, picture.height * scale)
    left, below = ((whole - part) / 2 for whole, part in zip(sheet, size, strict=True))
    page = pdf.add_blank_page(page_size=sheet)
    drawn = Stream(pdf, picture.packed)
    drawn.update(
        {
            "/Type": Name.XObject,
            "/Subtype": Name.Image,
            "/Width": picture.width,
            "/Height": picture.height,
            "/ColorSpace": picture.colours,
            "/BitsPerComponent": picture.bits,
            "/Filter": picture.filter,
        }
    )
    page.obj.Resources = Dictionary(XObject=Dictionary(Im0=pdf.make_indirect(drawn)))
    shown = f"q {size[0]:.3f} 0 0 {size[1]:.3f} {left:.3f} {below:.3f} cm /Im0 Do Q"
    page.obj.Contents = Stream(pdf, shown.encode())
