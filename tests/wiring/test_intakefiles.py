"""Files that cannot be read at all: one sentence for each, which says how to mend it."""

import io
import json
import os
from pathlib import Path

import pytest

from tests.builders import MONDAY
from tests.wiring.intakes import no_store, raw, read
from wiring.intake import IntakeError, Reading, read_intake_file, read_intake_stream


def read_file(path) -> Reading:
    return read_intake_file(path, received_at=MONDAY, store=no_store)


def refusal_of(read_it, *given) -> str:
    with pytest.raises(IntakeError) as trouble:
        read_it(*given)
    return str(trouble.value)


def test_a_file_is_read_by_its_path(tmp_path):
    path = tmp_path / "José.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(raw()).encode())

    assert len(read_file(path).submissions) == 1


def test_standard_input_is_read_from_its_bytes():
    stream = io.BytesIO(json.dumps(raw(), ensure_ascii=False).encode())

    assert len(read_intake_stream(stream, received_at=MONDAY, store=no_store).submissions) == 1


def test_a_file_that_is_not_there(tmp_path):
    assert refusal_of(read_file, tmp_path / "no.csv").startswith("There is no file")


def test_a_folder(tmp_path):
    assert refusal_of(read_file, tmp_path).endswith("is a folder; name a file in it.")


@pytest.mark.parametrize("name", ["a" * 300, "a\0b"])
def test_a_name_that_no_file_can_have(tmp_path, name):
    assert "cannot be read" in refusal_of(read_file, tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "intake.json"
    path.write_text("{}")
    path.chmod(0)

    assert "(Permission denied)" in refusal_of(read_file, path)


def test_bytes_that_are_not_utf_8_are_told_with_their_line(tmp_path):
    path = tmp_path / "intake.csv"
    path.write_bytes("line\nfamily\nNúñez\n".encode("latin-1"))

    told = refusal_of(read_file, path)

    assert told == "intake.csv is not UTF-8 (line 3); save it as UTF-8 (in Excel: CSV UTF-8)."


def test_a_file_of_more_than_50_mb_is_not_read(tmp_path):
    path = tmp_path / "intake.json"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024 + 1)

    assert refusal_of(read_file, path) == "intake.json is larger than 50 MB; divide it into several files."


def test_an_endless_stream_is_not_read_for_ever():
    with Path("/dev/zero").open("rb") as zeros:
        told = refusal_of(lambda: read_intake_stream(zeros, received_at=MONDAY, store=no_store))

    assert told == "standard input is larger than 50 MB; divide it into several files."


@pytest.mark.parametrize("text", ["", " \n\t\r\n", "\ufeff", "\ufeff\n"])
def test_an_empty_file(text):
    assert refusal_of(read, text) == "intake.json is empty; give at least one request."


@pytest.mark.parametrize(("text", "name"), [("[]", "a.json"), (" [ ] ", "a.json"), ("line,care\n,\n", "a.csv")])
def test_a_file_without_a_request(text, name):
    assert refusal_of(read, text, name) == f"{name} holds no request; give at least one."


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("nonsense", "line 1, column 1"),
        ("{", "line 1, column 2"),
        ('{\n"line": medi_cal}', "line 2, column 9"),
        ('[{"a": 1}\n{"a": 2}]', "line 2, column 1"),
        ("[{}", "line 1, column 4"),
        ("[{},", "line 1, column 5"),
        ("[{}] {}", "line 1, column 6"),
        ("{}\n{} {}", "line 2, column 4"),
        ('{"a": "tab\there"}', "line 1, column 11"),
        ("{'a': 1}", "line 1, column 2"),
    ],
)
def test_text_that_is_not_json_is_told_with_line_and_column(text, where):
    told = refusal_of(read, text)

    assert told.startswith(f"intake.json is not JSON at {where}: ")
    assert told.endswith("; mend it there, or export it again.")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000])
def test_text_that_is_nested_beyond_reading(text):
    assert refusal_of(read, text) == "intake.json is nested too deeply to be read; a request has at most five levels."


def test_a_file_that_is_named_json_and_holds_none_is_not_taken_for_csv():
    assert "is not JSON at line 1, column 1" in refusal_of(read, "line,care\n1,2\n")


@pytest.mark.parametrize(
    ("text", "line"),
    [('line,care\n"medi_cal,specialty\n', 3), ('line,care\n"medi"cal,specialty\n', 2), (f"line\n{'x' * 140_000}\n", 2)],
    ids=["open quote", "text after a quote", "huge cell"],
)
def test_quotes_that_do_not_close_and_huge_cells_are_told_with_their_line(text, line):
    told = refusal_of(read, text, "intake.csv")

    assert told.startswith("intake.csv is not CSV at line ")
    assert int(told.split("at line ")[1].split(":")[0]) in (line - 1, line)
