"""Intake files: bytes into rows, from JSON, JSON lines or CSV, and the file of refused rows. Policy 90.2.17, P1.

Nothing here knows a request's fields. What cannot be read at all is an IntakeError; what concerns one row is left in
the row, as a Flaw or a Doubled object, until ``kept`` tells it. No message shows what was typed.
"""

import csv
import io
import json
import math
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

MOST_BYTES = 50 * 1024 * 1024
LONGEST_NUMBER = 18  # digits; no field needs more, and Python refuses to read thousands
DEEPEST = 16  # levels; a request has five, a demonstration ten
OWNER_ONLY = 0o600  # health information
JSON_ENDINGS = (".json", ".jsonl", ".ndjson")
BLANK = re.compile(r"[ \t\r\n]*")
STRING_OR_BLANKS = re.compile(r'("(?:[^"\\]|\\.)*")|\s+')
UNKEEPABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
REFUSED = re.compile(r"\.refused(-\d+)?\.jsonl$")

Place = tuple[str | int, ...]
Problems = list[tuple[Place, str]]


class IntakeError(Exception):
    """Something of an intake file cannot be read or written at all; one sentence that says how to mend it."""


class Flaw(NamedTuple):
    """What stands in place of a value that JSON does not have."""

    problem: str


class Doubled(dict[str, Any]):
    """A JSON object that gives a key more than once; Python alone would keep the last value and drop the others."""

    doubled: tuple[str, ...]


class Row(NamedTuple):
    """One request as it came: its number as people count (line, or place in the list), and its own JSON text."""

    number: int
    value: Any
    raw: str


# -- bytes


def read_bytes(path: Path) -> bytes:
    """The file's bytes. Raises IntakeError for no file, a folder, no right to read it, or more than 50 MB."""
    try:
        with path.open("rb") as file:
            return bounded(file, path.name)
    except FileNotFoundError:
        raise IntakeError(f"There is no file {path}; check the name and the folder.") from None
    except IsADirectoryError:
        raise IntakeError(f"{path} is a folder; name a file in it.") from None
    except (OSError, ValueError) as trouble:
        why = getattr(trouble, "strerror", None) or "the name cannot be a file's"
        raise IntakeError(f"The file {path} cannot be read ({why}); check its name and who may read it.") from None


def bounded(file: BinaryIO, name: str) -> bytes:
    """All that a stream holds. Raises IntakeError for more than 50 MB."""
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise IntakeError(f"{name} is larger than {MOST_BYTES // 1024 // 1024} MB; divide it into several files.")
    return data


def decoded(data: bytes, name: str) -> str:
    """The text, without a byte order mark. Raises IntakeError for bytes that are not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        line = data.count(b"\n", 0, trouble.start) + 1
        raise IntakeError(f"{name} is not UTF-8 (line {line}); save it as UTF-8 (in Excel: CSV UTF-8).") from None


def is_json(text: str, name: str) -> bool:
    """Whether a file is to be read as JSON: by how it begins, as no CSV file can, else by its ending."""
    return text.lstrip()[:1] in ("{", "[") or Path(name).suffix.lower() in JSON_ENDINGS


# -- JSON and JSON lines


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    doubled = Doubled(found)
    doubled.doubled = tuple(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
    return doubled


def _integer(digits: str) -> int | Flaw:
    return int(digits) if len(digits) <= LONGEST_NUMBER else Flaw("is a number of too many digits; give it as a text")


def _decimal(digits: str) -> float | Flaw:
    number = float(digits)
    return number if math.isfinite(number) else Flaw("is a number beyond all bounds; give it as a text")


def _constant(_: str) -> Flaw:
    return Flaw("is NaN or Infinity, which JSON does not have; give a value, or leave the field out")


DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_decimal, parse_constant=_constant
)


def json_rows(text: str, name: str) -> list[Row]:
    """The rows of a list, of one object, or of objects on lines of their own.

    Raises IntakeError for what is not JSON, naming line and column.
    """
    start = _skip(text, 0)
    try:
        if text.startswith("[", start):
            return list(_elements(text, start))
        return list(_lines(text, start))
    except json.JSONDecodeError as trouble:
        where, why = f"line {trouble.lineno}, column {trouble.colno}", trouble.msg[:1].lower() + trouble.msg[1:]
        raise IntakeError(f"{name} is not JSON at {where}: {why}; mend it there, or export it again.") from None
    except RecursionError:
        raise IntakeError(f"{name} is nested too deeply to be read; a request has at most five levels.") from None


def _skip(text: str, at: int) -> int:
    found = BLANK.match(text, at)
    return found.end() if found else at


def _elements(text: str, start: int) -> Iterator[Row]:
    """The elements of a list, each with its own text."""
    at, number = _skip(text, start + 1), 0
    more = not text.startswith("]", at)
    while more:
        value, end = DECODER.raw_decode(text, at)
        number += 1
        yield Row(number, value, text[at:end])
        at = _skip(text, end)
        more = text.startswith(",", at)
        if not more and not text.startswith("]", at):
            raise json.JSONDecodeError("Expecting ',' between two requests or ']' at the end", text, at)
        at = _skip(text, at + 1) if more else at
    after = _skip(text, at + 1)
    if after < len(text):
        raise json.JSONDecodeError("Extra data after the list", text, after)


def _lines(text: str, start: int) -> Iterator[Row]:
    """Values on lines of their own; one may take several lines. The number is that of its first line."""
    at, line = start, 1 + text.count("\n", 0, start)
    while at < len(text):
        value, end = DECODER.raw_decode(text, at)
        following = _skip(text, end)
        if following < len(text) and "\n" not in text[end:following]:
            raise json.JSONDecodeError("Extra data after the object", text, following)
        yield Row(line, value, text[at:end])
        line += text.count("\n", at, following)
        at = following


def raw_member(raw: str, key: str) -> str:
    """The text of one member of an object, from the object's text, which has been read before."""
    at = _skip(raw, 1)
    while True:
        name, end = DECODER.raw_decode(raw, at)
        at = _skip(raw, _skip(raw, end) + 1)  # past the colon
        _, end = DECODER.raw_decode(raw, at)
        if name == key:
            return raw[at:end]
        at = _skip(raw, _skip(raw, end) + 1)  # past the comma


def kept(value: Any, place: Place, problems: Problems) -> Any:  # noqa: ANN401 - JSON
    """The value as it can be kept for years: letters composed, no blanks around a text, no control characters.

    What cannot be kept, and what JSON does not have, is added to ``problems``.
    """
    if isinstance(value, str):
        return value.strip() if value.isascii() and value.isprintable() else _kept_text(value, place, problems)
    if isinstance(value, Flaw):
        problems.append((place, value.problem))
        return None
    if len(place) > DEEPEST:
        problems.append((place[:DEEPEST], "is nested too deeply; a request has at most five levels"))
        return None
    if isinstance(value, list):
        return [kept(part, (*place, at), problems) for at, part in enumerate(value)]
    if isinstance(value, dict):
        return _kept_object(value, place, problems)
    return value


def _kept_text(text: str, place: Place, problems: Problems) -> str:
    text = unicodedata.normalize("NFC", text).strip()
    if UNKEEPABLE.search(text):
        problems.append((place, "holds a character that cannot be kept; type the text again"))
    return UNKEEPABLE.sub("", text)


def _kept_object(value: dict[str, Any], place: Place, problems: Problems) -> dict[str, Any]:
    doubled = value.doubled if isinstance(value, Doubled) else ()
    nameless = tuple(filter(UNKEEPABLE.search, value))
    problems += [((*place, key), "is given more than once; keep one") for key in doubled]
    problems += [((*place, key), "is a name with control characters; take it out") for key in nameless]
    return {key: kept(part, (*place, key), problems) for key, part in value.items() if key not in nameless}


# -- CSV


def csv_records(text: str, name: str) -> list[list[str]]:
    """All records, the header first, with blanks around cells taken off; the blank ones stay, so that numbers fit.

    Raises IntakeError for quotes that do not close and cells of more than 131,072 characters.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return [[cell.strip() for cell in record] for record in reader]
    except csv.Error as trouble:
        where = f"at line {reader.line_num}"
        raise IntakeError(f"{name} is not CSV {where}: {trouble}; mend the quotes there, or export it again.") from None


# -- refused rows


def on_one_line(raw: str) -> str:
    """JSON text on one line."""
    return STRING_OR_BLANKS.sub(lambda found: found[1] or " ", raw)


def write_beside(path: Path, lines: list[str]) -> Path:
    """Write ``<file>.refused.jsonl``, or ``.refused-2.jsonl`` and so on where there is one. Raises IntakeError."""
    stem = REFUSED.sub("", path.name)
    number = 1
    while True:
        target = path.with_name(f"{stem}.refused{f'-{number}' if number > 1 else ''}.jsonl")
        try:
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        except FileExistsError:
            number += 1
            continue
        except OSError as trouble:
            raise _unwritten(target, trouble) from None
        try:
            with os.fdopen(handle, "wb") as file:
                # Half a character, which UTF-8 cannot hold, becomes its own JSON escape.
                file.write("".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))
        except OSError as trouble:
            with suppress(OSError):
                target.unlink()
            raise _unwritten(target, trouble) from None
        return target


def _unwritten(target: Path, trouble: OSError) -> IntakeError:
    return IntakeError(
        f"The refused rows cannot be written to {target} ({trouble.strerror}); make room or give the right."
    )
