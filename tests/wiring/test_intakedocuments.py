"""Documents beside an intake file: taken in last, and only from the file's own folder."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from policy.request import Attachment
from tests.builders import MONDAY, a_request
from tests.wiring.intakes import raw
from wiring.intake import IntakeError, Reading, read_intake, read_intake_file, with_documents, write_rejected


class FakeStore:
    """Remembers what it took in, and refuses what is no PDF."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def put(self, name: str, data: bytes) -> Attachment:
        if not data.startswith(b"%PDF-"):
            raise ValueError("The document is not a PDF; print or scan it to a PDF and send that.")
        self.names.append(name)
        return Attachment(name=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data))


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The intake file's folder, with a PDF, a text, and a secret next door."""
    found = tmp_path / "intake"
    (found / "documents").mkdir(parents=True)
    (found / "documents" / "mri.pdf").write_bytes(b"%PDF-1.7 an MRI")
    (found / "notes.txt").write_text("no PDF")
    (tmp_path / "secret.pdf").write_bytes(b"%PDF-1.7 a secret")
    (found / "link.pdf").symlink_to(tmp_path / "secret.pdf")
    (found / "circle").symlink_to(found / "circle")
    return found


def with_attachment(given: Any, **changes: Any) -> dict[str, Any]:
    return raw(information=[{"item": "test_results", "text": "MRI", "attachment": given}], **changes)


def read(rows: Any, folder: Path | None, store: FakeStore) -> Reading:
    return read_intake(json.dumps(rows), name="a.json", received_at=MONDAY, folder=folder, store=store.put)


def test_a_path_becomes_a_stored_attachment(folder, store):
    path = folder / "a.json"
    path.write_text(json.dumps(with_attachment({"path": "documents/mri.pdf"})))

    (only,) = read_intake_file(path, received_at=MONDAY, store=store.put).submissions

    digest = hashlib.sha256(b"%PDF-1.7 an MRI").hexdigest()
    assert only.request.information[0].attachment == Attachment(name="mri.pdf", sha256=digest, size=15)
    assert store.names == ["mri.pdf"]


def test_an_attachment_that_is_stored_already_is_left_as_it_is(folder, store):
    given = {"name": "mri.pdf", "sha256": "0" * 64, "size": 5}

    (only,) = read(with_attachment(given), folder, store).submissions

    assert only.request.information[0].attachment == Attachment(**given)
    assert store.names == []


@pytest.mark.parametrize(
    "path",
    ["../secret.pdf", "/etc/passwd", "documents/../../secret.pdf", "link.pdf", "..", "documents/../.."],
)
def test_a_path_out_of_the_folder_is_refused(folder, store, path):
    reading = read(with_attachment({"path": path}), folder, store)

    assert [(e.field, e.problem) for e in reading.errors] == [
        ("information.0.attachment", "leads out of the intake file's folder; put the document into it")
    ]


@pytest.mark.parametrize("path", ["nothing.pdf", "documents", "", ".", "circle", "a" * 300, "documents/mri.pdf/x"])
def test_a_path_to_no_file_is_refused_without_being_shown(folder, store, path):
    reading = read(with_attachment({"path": path}), folder, store)

    assert [(e.field, e.problem) for e in reading.errors] == [
        (
            "information.0.attachment",
            "names no readable file of at most 50 MB; put it beside the intake file, or mend the path",
        )
    ]


@pytest.mark.parametrize("given", [{"path": 5}, {"path": "documents/mri.pdf", "name": "MRI"}, {"path": None}])
def test_a_path_stands_alone_and_is_a_text(folder, store, given):
    reading = read(with_attachment(given), folder, store)

    assert [e.problem for e in reading.errors] == ['holds more than a path, or no text; give it as {"path": "mri.pdf"}']


def test_standard_input_has_no_documents_beside_it(store):
    reading = read(with_attachment({"path": "documents/mri.pdf"}), None, store)

    assert "standard input has none beside it; read the request from a file" in reading.errors[0].problem


def test_what_the_store_does_not_take_is_an_error_of_the_row_in_the_stores_words(folder, store):
    reading = read([with_attachment({"path": "notes.txt"}), raw(external_reference="B")], folder, store)

    assert [s.row for s in reading.submissions] == [2]
    assert [(e.row, e.field, e.problem) for e in reading.errors] == [
        (1, "information.0.attachment", "The document is not a PDF; print or scan it to a PDF and send that.")
    ]


@pytest.mark.parametrize("changes", [{"line": "x"}, {"line": "cmc"}, {"demonstration": 5}])
def test_no_document_of_a_row_with_another_error_is_taken_in(folder, store, changes):
    reading = read(with_attachment({"path": "documents/mri.pdf"}, **changes), folder, store)

    assert len(reading.errors) == 1
    assert store.names == []


def test_documents_are_taken_in_after_all_rows_were_checked(folder, store):
    rows = [
        with_attachment({"path": "documents/mri.pdf"}),
        with_attachment({"path": "documents/mri.pdf"}, care="primary_care"),
    ]

    reading = read(rows, folder, store)

    assert [e.field for e in reading.errors] == ["external_reference", "external_reference"]
    assert store.names == []


def test_the_same_request_twice_has_its_document_taken_in_once(folder, store):
    reading = read([with_attachment({"path": "documents/mri.pdf"})] * 2, folder, store)

    assert len(reading.submissions) == 1
    assert store.names == ["mri.pdf"]


def test_a_document_of_more_than_50_mb_is_not_even_read(folder, store):
    with (folder / "film.pdf").open("wb") as file:
        file.truncate(50 * 1024 * 1024 + 1)

    reading = read(with_attachment({"path": "film.pdf"}), folder, store)

    assert len(reading.errors) == 1
    assert store.names == []


def test_a_refused_row_keeps_its_path(folder, store):
    reading = read(with_attachment({"path": "documents/mri.pdf"}, line="x"), folder, store)

    path = write_rejected(reading, folder / "a.json")
    path.write_text(path.read_text().replace('"x"', '"d_snp"'))
    mended = read_intake_file(path, received_at=MONDAY, store=store.put)

    assert mended.errors == ()
    assert store.names == ["mri.pdf"]


def test_the_documents_of_a_staff_action_are_taken_in_too(folder, store):
    fields = {
        "findings": "None.",
        "attachments": [{"path": "documents/mri.pdf"}],
        "information": [{"item": "test_results", "attachment": {"path": "documents/mri.pdf"}}],
    }

    stored = with_documents(fields, folder=folder, store=store.put)

    assert Attachment.model_validate(stored["attachments"][0]).name == "mri.pdf"
    assert Attachment.model_validate(stored["information"][0]["attachment"]).size == 15
    assert fields["attachments"] == [{"path": "documents/mri.pdf"}]


def test_a_staff_action_whose_document_is_not_there_is_told_so(folder, store):
    with pytest.raises(IntakeError, match=r"^attachments\.0: names no readable file"):
        with_documents({"attachments": [{"path": "nothing.pdf"}]}, folder=folder, store=store.put)


def test_a_request_without_documents_is_none_the_worse_for_it(folder, store):
    assert read(raw(), folder, store).submissions[0].request == a_request()
