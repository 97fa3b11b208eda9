"""A request's fields as an intake file has them: their paths, a CSV file's columns, and their words. Policy P1 and P2.

A ``model`` is a request, or a delegate's packet, which is a request with its decision (P10).

The words are for people who must mend a file. They never hold what was typed: it may be health information.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from enum import StrEnum
from functools import cache, lru_cache
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import AwareDatetime, BaseModel
from pydantic_core import ErrorDetails

from policy.request import Attachment, Item, Request
from wiring.intakefiles import Place

WHOLE = "(whole)"
MOST_ALSO_INVOLVED = 5  # columns of a CSV file
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,79}")  # anything else at a name's place may be what belongs into a field
NAMELESS = re.compile(r"column_\d+")

WORDS = {
    "external_reference": "your own number for this request, such as REF-2026-0042",
    "reason_text": "the reason in words",
    "specialty": "a specialty in words, such as orthopedic surgery",
    "information": 'a list of objects, such as {"item": "diagnosis", "text": "lumbar stenosis"}',
    "attachment": '{"path": "mri.pdf"}, a PDF beside the intake file',
    "member_id": "the member's number, such as M-0042",
    "birth_date": "a date as YYYY-MM-DD, such as 1961-05-04",
    "received_by_delegate_at": "date, time and zone, such as 2026-01-15T09:00:00-08:00",
    **dict.fromkeys(
        ("decided_at", "information_complete_at", "pend_notice_at", "notified_at", "at"),
        "date, time and zone, such as 2026-01-20T16:30:00-08:00",
    ),
    "record_attachment": '{"path": "record.pdf"}, a PDF beside the file',
    "letter_attachment": '{"path": "letter.pdf"}, a PDF beside the file',
    "licence": "the number of the licence, such as A12345",
    "rationale": "why it was decided so, in words",
    "criteria": "the criteria or guideline that was used",
    "email": "an e-mail address, such as ana@example.org",
    "npi": "the ten digits of the NPI, such as 1003000126",
    "name": "the physician's name, such as Dr. Ana Ruiz",
    "family": "the family name, such as Ruiz",
    "given": "the given name, such as Ana María",
    "suffix": "a suffix of the name, such as Jr.",
    "line1": "street and number, such as 12 Alder Street",
    "line2": "the rest of the street address, such as Apt. 4",
    "city": "the city, such as Los Angeles",
    "state": "the state in two capital letters, such as CA",
    "postal_code": "the ZIP code, such as 90012 or 90012-1234",
    "language": "the language as an ISO 639 code in small letters, such as en or es",
    "confidential": "an object with at least one of address, phone and email",
    "organization": "the physician organization, such as Alder IPA",
    "phone": "a telephone number, such as 213-555-0101",
    "fax": "a fax number, such as 213-555-0102",
    "text": "the information in words",
    "procedure": "the procedure in words, such as lumbar fusion",
    "sha256": 'the digest of a stored document; for a new one give {"path": "mri.pdf"}',
    "size": "the size of a stored document in bytes",
    "media_type": "application/pdf",
}

IN_PLACE = {"decider.name": "the name of who decided, such as Dr. Ana Ruiz"}

WRONG = {
    "missing": "is missing",
    "enum": "is none of the choices",
    "string_type": "is no text",
    "string_too_short": "is too short",
    "string_pattern_mismatch": "has another form",
    "too_short": "is empty",
    "tuple_type": "is no list",
    "model_type": "is no object",
    "bool_type": "is neither true nor false",
    "date_type": "is no date",
    "date_parsing": "is no date",
    "datetime_type": "is no time",
    "datetime_parsing": "is no time",
    "timezone_aware": "has no zone",
}

MEANT = {
    "dob": "birth_date",
    "date_of_birth": "birth_date",
    "birthdate": "birth_date",
    "first_name": "given",
    "firstname": "given",
    "last_name": "family",
    "lastname": "family",
    "surname": "family",
    "zip": "postal_code",
    "zip_code": "postal_code",
    "street": "line1",
    "lob": "line",
    "line_of_business": "line",
    "reference": "external_reference",
    "reason": "reasons",
    "e_mail": "email",
    "email_address": "email",
    "telephone": "phone",
    "phone_number": "phone",
    "fax_number": "fax",
    "preferred_language": "language",
    "confidential_contact": "confidential",
    "large_type": "large_print",
}


# -- what a request is made of


def _kind(annotation: Any) -> Any:  # noqa: ANN401 - any type
    """The type inside ``tuple[X, ...]`` or ``X | None``."""
    return next((part for part in get_args(annotation) if part not in (NoneType, ...)), annotation)


def _is_object(kind: Any) -> bool:  # noqa: ANN401 - any type
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _paths(model: type[BaseModel], before: str = "") -> Iterator[tuple[str, Any]]:
    """Every field of a request, by its dotted path without places in lists, with its type."""
    for name, field in model.model_fields.items():
        kind = _kind(field.annotation)
        yield f"{before}{name}", kind
        if _is_object(kind):
            yield from _paths(kind, f"{before}{name}.")


PATHS = dict(_paths(Request))
DAYS_AND_TIMES = (date, datetime, AwareDatetime)
LISTS = ("reasons", "letter_elements")  # of codes; in a CSV file divided by semicolons


@cache
def paths_of(model: type[BaseModel]) -> dict[str, Any]:
    """Every field of a model, by its dotted path without places in lists, with its type."""
    return dict(_paths(model))


@cache
def times_of(model: type[BaseModel]) -> tuple[Place, ...]:
    """The fields that hold a day or a time, but for those in lists."""
    return tuple(tuple(path.split(".")) for path, kind in paths_of(model).items() if kind in DAYS_AND_TIMES)


def _columns(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    paths = paths_of(model)
    for path, kind in paths.items():
        first, _, rest = path.partition(".")
        if first == "also_involved" and not _is_object(kind):
            yield from ((f"{first}.{place}.{rest}", kind) for place in range(MOST_ALSO_INVOLVED))
        elif path == "information":
            yield from ((f"information.{item}", str) for item in Item if item is not Item.MEMBER_ADDRESS)
        elif first != "information" and kind is Attachment:
            yield f"{path}.path", str
        elif first != "information" and not _is_object(kind) and paths.get(path.rpartition(".")[0]) is not Attachment:
            yield path, kind


@cache
def columns_of(model: type[BaseModel]) -> dict[str, Any]:
    """The columns that a CSV file can have, with the type of each."""
    return dict(_columns(model))


COLUMNS = columns_of(Request)


# -- a CSV file's columns

SPOKEN = {"true": True, "yes": True, "false": False, "no": False}


def header_problems(header: Sequence[str], model: type[BaseModel] = Request) -> Iterator[tuple[str, str]]:
    """What is wrong with the names of the columns: by name, or by number where it is no name."""
    first: dict[str, int] = {}
    for number, name in enumerate(header, 1):
        label = name if NAME.fullmatch(name) else f"column_{number}"
        if name and first.setdefault(name, number) != number:
            yield label, f"is the name of column {first[name]} and of column {number}; keep one of the two"
        elif name and name not in columns_of(model):
            yield label, _unknown_column(name, model)


def as_object(
    header: Sequence[str], record: Sequence[str], model: type[BaseModel] = Request
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A record as the object that it means, without its blank cells; and the columns of its items of information.

    A cell under no name comes under ``column_7``, which is no field, so that it is not lost.
    """
    found: dict[str, Any] = {}
    items: list[str] = []
    for number, cell in enumerate(record, 1):
        column = header[number - 1] if number <= len(header) else ""
        if not cell:
            continue
        if not column:
            found[f"column_{number}"] = cell
        elif column in LISTS:
            found[column] = [code.strip() for code in cell.split(";") if code.strip()]
        elif column.startswith("information."):
            found.setdefault("information", []).append({"item": column.partition(".")[2], "text": cell})
            items.append(column)
        else:
            *way, last = column.split(".")
            parent = found
            for step in way:
                parent = parent.setdefault(step, {})
            parent[last] = SPOKEN.get(cell.casefold(), cell) if columns_of(model)[column] is bool else cell
    if "also_involved" in found:
        others = found["also_involved"]
        found["also_involved"] = [others.get(str(place), {}) for place in range(1 + max(map(int, others)))]
    return found, tuple(items)


# -- what is wrong, and how to mend it


def shown(place: Place) -> str:
    """A field's path; a name that is no name is not shown."""
    parts = (str(part) if isinstance(part, int) or NAME.fullmatch(part) else "(unreadable name)" for part in place)
    return ".".join(parts) or WHOLE


def expected(place: Place, model: type[BaseModel] = Request) -> str:
    """What belongs into a field, with an example or all choices."""
    kind: Any = model
    name, many, optional = "", False, False
    for step in place:
        if isinstance(step, int):
            many = False
            continue
        field = kind.model_fields[step]
        kind, many = _kind(field.annotation), get_origin(field.annotation) is tuple
        name, optional = step, not field.is_required()
    words = IN_PLACE.get(shown(place)) or _words(kind, name, shown(place), many=many)
    return f"{words}, or leave it out" if optional else words


def _words(kind: Any, name: str, path: str, *, many: bool) -> str:  # noqa: ANN401 - any type
    if kind is bool:
        return "true or false"
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return f"{'at least one' if many else 'one'} of: {', '.join(kind)}"
    if name in WORDS and not (_is_object(kind) and name == "name"):
        return WORDS[name]
    needed = ", ".join(f"{path}.{part}" for part in _needed(kind))
    return f"a list of objects, each with {needed}" if many else needed


def _needed(model: type[BaseModel], before: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if field.is_required() and _is_object(field.annotation):
            yield from _needed(_kind(field.annotation), f"{before}{name}.")
        elif field.is_required():
            yield f"{before}{name}"


def problem(error: ErrorDetails, model: type[BaseModel] = Request) -> str:
    """What is wrong with a field, and how to mend it."""
    kind, limits = error["type"], error.get("ctx", {})
    match kind:
        case "extra_forbidden":
            return _unknown(tuple(error["loc"]), model)
        case "string_too_long":
            return f"is longer than {limits['max_length']} characters; shorten it"
        case "value_error" if not error["msg"].endswith("must not be blank"):
            return error["msg"].removeprefix("Value error, ")
    blank = kind == "value_error" or (kind == "string_too_short" and limits["min_length"] == 1)
    return f"{'is blank' if blank else WRONG.get(kind, 'cannot be used')}; give {expected(tuple(error['loc']), model)}"


def _unknown(place: Place, model: type[BaseModel]) -> str:
    """The field that was meant, or all that can stand there."""
    path = ".".join(part for part in place if isinstance(part, str))
    if NAMELESS.fullmatch(path):
        return "stands under no name of a column; name the column in the first row, or take the cell out"
    paths = paths_of(model)
    meant = _meant(path, tuple(paths))
    if meant:
        return f"is no field; did you mean {meant}?"
    container = path.rpartition(".")[0]
    kind = paths.get(container, model)
    return f"is no field here; take it out, or give one of: {', '.join(kind.model_fields)}"


def _unknown_column(name: str, model: type[BaseModel]) -> str:
    meant = _meant(name, tuple(columns_of(model)))
    if meant:
        return f"is no field; did you mean {meant}?"
    return "is no field; take the column out, or name it by a field's path, such as member.name.family"


@lru_cache(maxsize=1000)
def _meant(path: str, known: tuple[str, ...]) -> str:
    if not NAME.fullmatch(path):
        return ""
    path = path.casefold().replace(" ", "_")
    before, _, last = path.rpartition(".")
    if last in MEANT:
        path = f"{before}.{MEANT[last]}" if before else MEANT[last]
        inside = (k for k in known if k.startswith(before) and k.rpartition(".")[2] == MEANT[last])
        return next(inside, "")
    return next(iter(get_close_matches(path, known, n=1, cutoff=0.8)), "")
