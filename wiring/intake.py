"""Intake files for the doors: requests from JSON, JSON lines or CSV, each one checked before anything is opened (P1).

A row is a request's fields, and may hold ``demonstration``, which is set aside. Where an attachment is expected it may
hold ``{"path": "mri.pdf"}``, relative to the file's folder. A CSV file's columns are the fields' dotted paths
(``member.name.family``), ``information.<item>`` for an item in words, and ``reasons`` divided by semicolons.

What cannot be read at all is an IntakeError. Every error of every row is found, and says how to mend it, without what
was typed. A row with an error can be written to a file of refused rows, mended there and read again.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ValidationError

from policy.acceptance import may_be_opened
from policy.request import Request
from policy.verdict import Refused, Verdict
from wiring.intakedocuments import Store, attach, stand_in, taken_in_by, with_documents
from wiring.intakefields import LISTS, as_object, columns_of, expected, header_problems, problem, shown, times_of
from wiring.intakefiles import (
    IntakeError,
    Place,
    Problems,
    bounded,
    csv_records,
    decoded,
    is_json,
    json_rows,
    kept,
    on_one_line,
    raw_member,
    read_bytes,
    write_beside,
)
from wiring.intakehints import hints

__all__ = [
    "IntakeError",
    "Reading",
    "RejectedRow",
    "RowError",
    "Store",
    "Submission",
    "read_intake",
    "read_intake_file",
    "read_intake_stream",
    "with_documents",
    "write_rejected",
]

STANDARD_INPUT = "standard input"
MOST_ERRORS = 50  # of one row
ENVELOPE = {"row", "errors", "request"}  # a line of a file of refused rows
DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
Judge = Callable[[Request, datetime], Verdict]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the rows are to be: a request, or a model that is one and more; and what judges each at the door."""

    model: type[Request] = Request
    judge: Judge = may_be_opened


REQUESTS = Wanted()


@dataclass(frozen=True, slots=True)
class Submission:
    """A request that can be opened, from the row of that number."""

    row: int
    request: Request
    demonstration: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with a field of a row (or, as a hint, may be) and how to mend it, without what was typed."""

    row: int
    field: str
    problem: str


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row with errors; ``raw`` is its JSON text on one line, as it came (a CSV row's as the object that it means)."""

    row: int
    errors: tuple[RowError, ...]
    raw: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds. Errors of a CSV file's header stand under row 1, and then no row was read."""

    submissions: tuple[Submission, ...]
    errors: tuple[RowError, ...]
    rejected: tuple[RejectedRow, ...]

    @property
    def hints(self) -> tuple[RowError, ...]:
        """What somebody should look at in the requests that can be opened; it refuses none of them."""
        found = ((s.row, hint) for s in self.submissions for hint in hints(s.request))
        return tuple(RowError(row=row, field=hint.field, problem=hint.problem) for row, hint in found)


def read_intake_file(path: Path, *, received_at: datetime, store: Store, wanted: Wanted = REQUESTS) -> Reading:
    """The requests of a file. Raises IntakeError when it cannot be read at all."""
    text = decoded(read_bytes(path), path.name)
    return read_intake(text, name=path.name, received_at=received_at, folder=path.parent, store=store, wanted=wanted)


def read_intake_stream(stream: BinaryIO, *, received_at: datetime, store: Store, wanted: Wanted = REQUESTS) -> Reading:
    """The requests of standard input, whose format is seen by its beginning. Raises IntakeError as for a file."""
    text = decoded(bounded(stream, STANDARD_INPUT), STANDARD_INPUT)
    return read_intake(text, name=STANDARD_INPUT, received_at=received_at, folder=None, store=store, wanted=wanted)


def read_intake(
    text: str,
    *,
    name: str,
    received_at: datetime,
    folder: Path | None,
    store: Store,
    wanted: Wanted = REQUESTS,
) -> Reading:
    """The requests of a text; ``name`` is the file's, and ``folder`` where its documents lie (None: there are none).

    ``store`` takes in a document, or raises an exception whose text says how to mend it; it is asked only for rows
    without another error. Raises IntakeError when the text cannot be read at all.
    """
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise IntakeError(f"{name} is empty; give at least one request.")
    if is_json(text, name):
        rows = [_Row(row.number, row.raw, row.value) for row in json_rows(text, name)]
    else:
        header, *records = csv_records(text, name)
        errors = _header_errors(header, name, wanted.model)
        if errors:
            return Reading(submissions=(), errors=errors, rejected=())
        filled = ((number, record) for number, record in enumerate(records, 2) if any(record))
        rows = [_from_record(number, header, record, wanted.model) for number, record in filled]
    if not rows:
        raise IntakeError(f"{name} holds no request; give at least one.")
    for row in rows:
        _validate(row, received_at, folder, wanted)
    _compare(rows)
    for row in rows:
        _take_in_documents(row, folder, store, wanted.model)
    return _reading(rows)


def write_rejected(reading: Reading, beside: Path) -> Path:
    """Write ``<file>.refused.jsonl``, a line for each row with errors; never over an earlier one (``-2``, ``-3``).

    Raises IntakeError when it cannot be written.
    """
    lines = []
    for rejected in reading.rejected:
        errors = json.dumps([{"field": e.field, "problem": e.problem} for e in rejected.errors], ensure_ascii=False)
        lines.append(f'{{"row": {rejected.row}, "errors": {errors}, "request": {rejected.raw}}}')
    return write_beside(beside, lines)


# -- one row, on its way from text to a request


@dataclass(slots=True)
class _Row:
    number: int
    raw: str
    content: Any
    items: tuple[str, ...] | None = None  # a CSV row's columns of information
    demonstration: Any = None
    request: Request | None = None
    repeats: bool = False  # what an earlier row says
    errors: list[RowError] = field(default_factory=list)

    def says_the_same_as(self, other: "_Row") -> bool:
        """Whether the requests are the same, however they were written."""
        same = self.content == other.content or (self.request is not None and self.request == other.request)
        return same and self.demonstration == other.demonstration

    def complain(self, place: Place, what: str) -> None:
        """One more error of a field."""
        if self.items is not None and place[:1] == ("information",) and len(place) > 1:
            place = (self.items[int(place[1])],)
        elif self.items is not None and place[:1] and place[0] in LISTS:
            place = place[:1]
        self.errors.append(RowError(row=self.number, field=shown(place), problem=what))


def _header_errors(header: list[str], name: str, model: type[Request]) -> tuple[RowError, ...]:
    if columns_of(model).keys().isdisjoint(header):
        raise IntakeError(f"{name} names no field in its first row; name the columns external_reference,line,… there.")
    found = islice(header_problems(header, model), MOST_ERRORS)
    return tuple(RowError(row=1, field=label, problem=what) for label, what in found)


def _from_record(number: int, header: list[str], record: list[str], model: type[Request]) -> _Row:
    content, items = as_object(header, record, model)
    return _Row(number, json.dumps(content, ensure_ascii=False), content, items)


def _validate(row: _Row, received_at: datetime, folder: Path | None, wanted: Wanted) -> None:
    """Find every error of a row; without one it has its request, with stand-ins for documents not yet taken in."""
    if type(row.content) is dict and row.content.keys() == ENVELOPE:
        row.raw, row.content = raw_member(row.raw, "request"), row.content["request"]
    problems: Problems = []
    row.content = kept(row.content, (), problems)
    problems += _bare_numbers(row.content, wanted.model)
    if not isinstance(row.content, dict):
        return row.complain((), "is no object; give each request as one object with its fields")
    row.demonstration = row.content.pop("demonstration", None)
    if not isinstance(row.demonstration, dict | None):
        problems.append((("demonstration",), "is no object; give one, or leave it out"))
    content, missing = attach(row.content, folder, stand_in)
    problems += missing
    try:
        row.request = _request(content, wanted.model)
    except ValidationError as trouble:
        problems += _field_problems(trouble, {place for place, _ in problems}, wanted.model)
    if row.request and not problems:
        problems += _refusals(row.request, received_at, wanted.judge)
    for place, what in problems[:MOST_ERRORS]:
        row.complain(place, what)
    if len(problems) > MOST_ERRORS:
        row.complain((), f"has {len(problems) - MOST_ERRORS} errors more; mend these first, and read it again")
    return None


def _request(content: Any, model: type[Request]) -> Request:  # noqa: ANN401 - JSON
    """Strictly, so that nothing is guessed: no number is a text, and no "1" is true."""
    return model.model_validate_json(json.dumps(content), strict=True)


def _bare_numbers(content: Any, model: type[Request]) -> Problems:  # noqa: ANN401 - JSON
    """Pydantic reads "19610504" as so many seconds since 1970, which would be a wrong date of birth."""
    found: Problems = []
    for place in times_of(model):
        value = content
        for step in place:
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str) and not DATE.match(value):
            found.append((place, f"does not begin with a date; give {expected(place, model)}"))
    return found


def _field_problems(error: ValidationError, known: set[Place], model: type[Request]) -> Problems:
    """What validation finds, but for what follows from an error that is known, or lies deeper."""
    found = [(tuple(e["loc"]), e) for e in error.errors(include_input=False, include_url=False)]
    above = {place[:end] for place, _ in found for end in range(len(place))}
    fresh = [
        (place, e)
        for place, e in found
        if not (e["type"] == "too_short" and place in above)
        and not any(place[:end] in known for end in range(1, len(place) + 1))
    ]
    # No more are told, and to look for what was meant takes time.
    told = [(place, problem(e, model)) for place, e in fresh[:MOST_ERRORS]]
    return told + [(place, "") for place, _ in fresh[MOST_ERRORS:]]


def _refusals(request: Request, received_at: datetime, judge: Judge) -> Problems:
    verdict = judge(request, received_at)
    return [(tuple(verdict.field.split(".")), verdict.reason)] if isinstance(verdict, Refused) else []


def _compare(rows: list[_Row]) -> None:
    """The same reference is the same request: said twice it counts once, and with other content it is an error."""
    first: dict[tuple[str, str], _Row] = {}
    for row in rows:
        reference = _reference(row.content)
        earlier = first.setdefault(reference, row) if reference else row
        if earlier is row:
            continue
        if row.says_the_same_as(earlier):
            row.repeats = True
            continue
        for one, other in ((earlier, row), (row, earlier)):
            what = f"is also that of row {other.number}, with other content; give each its own, or keep one of the two"
            one.complain(("external_reference",), what)


def _reference(content: Any) -> tuple[str, str] | None:  # noqa: ANN401 - JSON
    """The sender's own number; two delegates may use the same one."""
    if not isinstance(content, dict):
        return None
    reference, delegate = content.get("external_reference"), content.get("delegate")
    whose = delegate.get("organization") if isinstance(delegate, dict) else ""
    return (reference, str(whose)) if isinstance(reference, str) and reference else None


def _take_in_documents(row: _Row, folder: Path | None, store: Store, model: type[Request]) -> None:
    if row.errors or row.repeats:
        return
    content, problems = attach(row.content, folder, taken_in_by(store))
    for place, what in problems:
        row.complain(place, what)
    if not problems and content is not row.content:
        row.request = _request(content, model)


def _reading(rows: list[_Row]) -> Reading:
    good = tuple(
        Submission(row=row.number, request=row.request, demonstration=row.demonstration)
        for row in rows
        if row.request and not row.errors and not row.repeats
    )
    bad = tuple(
        RejectedRow(row=row.number, errors=tuple(row.errors), raw=on_one_line(row.raw)) for row in rows if row.errors
    )
    return Reading(submissions=good, errors=tuple(e for row in bad for e in row.errors), rejected=bad)
