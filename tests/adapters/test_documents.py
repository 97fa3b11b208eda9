"""The document store: what is taken in, what is sent back at the door and with which words (P2, P7, P9)."""

import hashlib
import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from adapters.documents import MOST_BYTES, DocumentError, DocumentStore
from adapters.shelf import AdapterError
from tests.adapters.samples import ROOT, a_pdf, files_in


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return DocumentStore(tmp_path / "documents")


def encrypted() -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(a_pdf())))
    writer.encrypt("secret", algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


NO_PAGE_TREE = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF"
ENDLESS_PAGE_TREE = (
    b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[2 0 R]>>endobj\n"
    b"trailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF"
)


def test_a_document_lies_under_its_digest_and_comes_back(store: DocumentStore, tmp_path: Path) -> None:
    data = a_pdf(2)

    attachment = store.put("MRI.pdf", data)

    digest = hashlib.sha256(data).hexdigest()
    assert (attachment.name, attachment.sha256, attachment.size) == ("MRI.pdf", digest, len(data))
    assert files_in(tmp_path / "documents") == [f"{digest[:2]}/{digest}.pdf"]
    assert store.get(digest) == data


def test_the_same_document_twice_is_there_once(store: DocumentStore, tmp_path: Path) -> None:
    store.put("one.pdf", a_pdf())

    again = store.put("other.pdf", a_pdf())

    assert again.name == "other.pdf"
    assert len(files_in(tmp_path / "documents")) == 1


def test_eight_threads_at_once_store_one_document(store: DocumentStore, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        digests = {a.sha256 for a in threads.map(lambda _: store.put("x.pdf", a_pdf()), range(8))}

    assert len(digests) == len(files_in(tmp_path / "documents")) == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "The document is empty; send it again."),
        (b"PK\x03\x04 a word processor's file", "The document is not a PDF; print or scan it to a PDF and send that."),
        (b" " + a_pdf(), "The document is not a PDF; print or scan it to a PDF and send that."),
        (b"%PDF-1.7\nnothing", "The PDF is damaged; print or scan it to a PDF once more and send that."),
        (a_pdf()[:200], "The PDF is damaged; print or scan it to a PDF once more and send that."),
        (NO_PAGE_TREE, "The PDF is damaged; print or scan it to a PDF once more and send that."),
        (encrypted(), "The PDF is encrypted; save it without a password and send that."),
        (a_pdf(0), "The document has no pages; print or scan it to a PDF once more and send that."),
        (a_pdf(501), "The document has 501 pages, more than 500; send it in parts."),
        (
            a_pdf() + b" " * MOST_BYTES,
            "The document is larger than 20 MB; send it in parts, or scan it with fewer dots per inch.",
        ),
    ],
    ids=[
        "empty",
        "zip",
        "junk first",
        "no PDF",
        "broken off",
        "no page tree",
        "encrypted",
        "no page",
        "long",
        "large",
    ],
)
def test_what_cannot_be_filed_is_sent_back_with_the_way_to_mend_it(
    store: DocumentStore, tmp_path: Path, data: bytes, reason: str
) -> None:
    with pytest.raises(DocumentError) as raised:
        store.put("Núñez.pdf", data)

    assert str(raised.value) == reason
    assert files_in(tmp_path) == []


def test_a_page_tree_without_end_is_sent_back(store: DocumentStore) -> None:
    with pytest.raises(DocumentError):
        store.put("loop.pdf", ENDLESS_PAGE_TREE)


def test_five_hundred_pages_are_taken_in(store: DocumentStore) -> None:
    assert store.put("chart.pdf", a_pdf(500)).size > 0


def test_a_document_changed_on_the_disk_is_not_given_out(store: DocumentStore, tmp_path: Path) -> None:
    attachment = store.put("MRI.pdf", a_pdf())
    [name] = files_in(tmp_path / "documents")
    (tmp_path / "documents" / name).write_bytes(a_pdf(3))

    with pytest.raises(DocumentError, match="was changed on the disk"):
        store.get(attachment.sha256)
    with pytest.raises(DocumentError, match="was changed on the disk"):
        store.put("MRI.pdf", a_pdf())


@pytest.mark.parametrize("digest", ["0" * 64, "../../etc/passwd", "", "F" * 64, "0" * 63])
def test_what_is_not_in_the_store_is_none(store: DocumentStore, digest: str) -> None:
    assert store.get(digest) is None


@pytest.mark.parametrize(
    ("given", "shown"),
    [("", "document.pdf"), (" \n\x00", "document.pdf"), ("a" * 300, "a" * 200), ("a\tb\x00c", "a b c")],
)
def test_any_name_is_made_fit_to_be_shown(store: DocumentStore, given: str, shown: str) -> None:
    assert store.put(given, a_pdf()).name == shown


def test_a_process_killed_while_storing_leaves_the_whole_document_or_none(tmp_path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from typing import Any
from adapters.documents import DocumentStore
from tests.adapters.samples import ROOT, a_pdf
sys.addaudithook(lambda event, _: os.kill(os.getpid(), signal.SIGKILL) if event == sys.argv[2] else None)
DocumentStore(Path(sys.argv[1])).put("x.pdf", a_pdf())
"""
    for moment, whole in (("os.link", 0), ("os.remove", 1)):
        folder = tmp_path / moment
        killed = subprocess.run([sys.executable, "-c", script, str(folder), moment], check=False, cwd=ROOT)
        assert killed.returncode == -9
        assert len(files_in(folder)) == whole

        DocumentStore(folder).put("x.pdf", a_pdf())

        assert len(files_in(folder)) == 1


def test_a_store_that_cannot_be_written_to_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(AdapterError, match="cannot be written to: Not a directory"):
        DocumentStore(tmp_path / "file" / "documents").put("x.pdf", a_pdf())


def a_picture(mode: str, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new(mode, (60, 40)).save(file, kind, **options)
    return file.getvalue()


EXIF = Image.Exif()
EXIF[0x0112] = 6  # to be turned by a quarter
TURNED = EXIF.tobytes()


def a_fax(pages: int) -> bytes:
    sheets = [Image.new("1", (60, 80), 1) for _ in range(pages)]
    file = io.BytesIO()
    sheets[0].save(file, "TIFF", save_all=True, append_images=sheets[1:], compression="group4")
    return file.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        a_picture("RGB", "PNG"),
        a_picture("RGBA", "PNG"),
        a_picture("I;16", "PNG"),
        a_picture("P", "PNG"),
        a_picture("1", "TIFF"),
        a_picture("RGB", "JPEG"),
        a_picture("CMYK", "JPEG"),
        a_picture("L", "JPEG", exif=TURNED),
    ],
    ids=["png", "transparent", "x-ray", "palette", "black and white", "jpeg", "cmyk", "turned"],
)
def test_an_image_is_stored_as_one_page_that_can_be_bound(store: DocumentStore, data: bytes) -> None:
    attachment = store.put("scan of the knee.jpeg", data)

    stored = store.get(attachment.sha256) or b""
    assert attachment.name == "scan of the knee.pdf"
    assert attachment.size == len(stored)
    assert len(PdfReader(io.BytesIO(stored)).pages[0].images) == 1
    assert store.put("again.png", data).sha256 == attachment.sha256


def test_a_jpeg_loses_nothing(store: DocumentStore) -> None:
    data = a_picture("RGB", "JPEG")

    assert data in (store.get(store.put("x.jpg", data).sha256) or b"")


def test_every_page_of_a_fax_is_kept(store: DocumentStore) -> None:
    stored = store.get(store.put("fax.tif", a_fax(3)).sha256) or b""

    assert len(PdfReader(io.BytesIO(stored)).pages) == 3


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (a_picture("RGB", "PNG")[:60], "The image is damaged; save or scan it once more and send that."),
        (b"II*\x00nothing", "The image is damaged; save or scan it once more and send that."),
        (a_fax(501), "The image has 501 pages, more than 500; send it in parts."),
        (
            b"\xff\xd8\xff" + b" " * MOST_BYTES,
            "The document is larger than 20 MB; send it in parts, or scan it with fewer dots per inch.",
        ),
    ],
    ids=["broken off", "no TIFF", "long", "large"],
)
def test_an_image_that_cannot_be_filed_is_sent_back(store: DocumentStore, data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError) as raised:
        store.put("x.png", data)

    assert str(raised.value) == reason


def test_an_image_with_too_many_dots_is_sent_back(store: DocumentStore) -> None:
    file = io.BytesIO()
    Image.new("1", (9_000, 9_000)).save(file, "PNG")

    with pytest.raises(DocumentError, match="too many dots"):
        store.put("huge.png", file.getvalue())
