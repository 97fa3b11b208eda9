"""How a field wants to be asked, at a terminal or in a page: its kind, its codes, its name in plain words."""

import re
from datetime import UTC, date, datetime, timedelta
from enum import Enum, StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from policy.calendar import LOS_ANGELES
from policy.people import Actor
from policy.request import Attachment
from policy.verdict import Value

LONG = 5_000  # a text that may be this long is asked for in several lines
SPELT = {"npi": "NPI", "pcp": "PCP", "sha256": "SHA-256"}


class AnswerError(Exception):
    """An answer that cannot be read; the message is the sentence for whoever typed it."""


class Kind(StrEnum):
    """The ways in which a field can be asked."""

    YES_NO = "yes or no"
    NUMBER = "a number"
    CHOICE = "one of a list"
    CHOICES = "several of a list"
    TEXT = "a text"
    LONG_TEXT = "a text of several lines"
    MOMENT = "a moment"
    DAY = "a day"
    PERSON = "a person of the staff"
    RECORD = "fields of its own"
    RECORDS = "a list of such"
    BY_KEY = "a text for each of some keys"
    DOCUMENTS = "documents"


class Shape(Value):
    """How a field is asked: the kind, the codes to choose from, and the model that has the fields."""

    kind: Kind
    codes: tuple[str, ...] = ()
    model: type[BaseModel] = BaseModel


def shape_of(field: FieldInfo) -> Shape:
    """How a field is asked, by its type and its limits."""
    kind = _bare(field.annotation)
    match get_origin(kind), tuple(_bare(part) for part in get_args(kind)):
        case (origin, (key, _)) if origin is dict and _codes(key):
            return Shape(kind=Kind.BY_KEY, codes=_codes(key))
        case (origin, (member, last)) if origin is tuple and last is Ellipsis:
            return _several(member)
    if codes := _codes(kind) or _codes_of_pattern(field):
        return Shape(kind=Kind.CHOICE, codes=codes)
    if kind in PLAIN:
        return Shape(kind=PLAIN[kind])
    if _is_model(kind):
        return Shape(kind=Kind.RECORD, model=kind)
    return Shape(kind=Kind.LONG_TEXT if (limit(field, "max_length") or 0) >= LONG else Kind.TEXT)


def asked_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields that a person can be asked for: not those that a door finds out itself."""
    found_out: frozenset[str] = getattr(model, "BY_THE_DOOR", frozenset())
    return {name: field for name, field in model.model_fields.items() if name not in found_out}


def limit(field: FieldInfo, name: str) -> Any:  # noqa: ANN401 - as the field has it
    """One of a field's limits, as ``max_length``; None when it has none."""
    return next((found for part in field.metadata if (found := getattr(part, name, None)) is not None), None)


PLAIN: dict[Any, Kind] = {
    bool: Kind.YES_NO,
    int: Kind.NUMBER,
    float: Kind.NUMBER,
    datetime: Kind.MOMENT,
    date: Kind.DAY,
    AwareDatetime: Kind.MOMENT,
    Actor: Kind.PERSON,
}


def _bare(kind: Any) -> Any:  # noqa: ANN401 - a type as it is written
    """A type without its annotations and without None."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        others = [member for member in get_args(kind) if member is not NoneType]
        return _bare(others[0]) if len(others) == 1 else kind
    return kind


def _several(member: Any) -> Shape:  # noqa: ANN401
    if member is Attachment:
        return Shape(kind=Kind.DOCUMENTS)
    if _codes(member):
        return Shape(kind=Kind.CHOICES, codes=_codes(member))
    if _is_model(member):
        return Shape(kind=Kind.RECORDS, model=member)
    raise TypeError(f"A form cannot ask for several {member} yet.")


def _is_model(kind: Any) -> bool:  # noqa: ANN401
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _codes(kind: Any) -> tuple[str, ...]:  # noqa: ANN401
    return tuple(str(one.value) for one in kind) if isinstance(kind, type) and issubclass(kind, Enum) else ()


def _codes_of_pattern(field: FieldInfo) -> tuple[str, ...]:
    """The words of a pattern that lists them, as ``^(approved|denied)$``."""
    found = re.fullmatch(r"\^\((\w+(?:\|\w+)+)\)\$", limit(field, "pattern") or "")
    return tuple(found[1].split("|")) if found else ()


LATER = re.compile(r"in (?P<amount>\d{1,4}) (?P<unit>minute|hour|day)s?", re.IGNORECASE)
MOMENTS = "2026-11-24 09:00 (Los Angeles time), 2026-11-24T09:00-08:00, tomorrow 9:00, or in 2 hours"


def moment(typed: str, now: datetime) -> datetime:
    """A moment as people write it; without an offset it is Los Angeles time. Raises AnswerError."""
    here = now.astimezone(LOS_ANGELES).replace(microsecond=0)
    if found := LATER.fullmatch(typed):
        amount, unit = int(found["amount"]), found["unit"].lower()
        if unit == "day":  # at the same time of the day
            return _on_the_clock(here.replace(tzinfo=None) + timedelta(days=amount))
        return (here.astimezone(UTC) + timedelta(**{f"{unit}s": amount})).astimezone(LOS_ANGELES)
    today, tomorrow = (f"{here + timedelta(days=days):%Y-%m-%d}" for days in (0, 1))
    text = typed.upper().replace("TODAY", today).replace("TOMORROW", tomorrow)
    try:
        given = datetime.fromisoformat(re.sub(r"[ T](?=\d:)", " 0", text))
    except ValueError:
        given = None
    if given is None or ":" not in text or not 2000 <= given.year < 2200:
        raise AnswerError(f"Give a day and a time: {MOMENTS}.")
    return given if given.tzinfo else _on_the_clock(given)


def _on_the_clock(naive: datetime) -> datetime:
    """A time of Los Angeles, unless it is skipped or comes twice as the clocks are changed."""
    first, second = (naive.replace(tzinfo=LOS_ANGELES, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        example = f"{naive:%Y-%m-%dT%H:%M}-08:00 (standard time) or -07:00 (summer time)"
        raise AnswerError(f"The clocks are changed at that hour; add the offset that you mean: {example}.")
    return first


def plain(name: str) -> str:
    """A field's name as people say it: ``Recommends second opinion``."""
    text = " ".join(SPELT.get(word, word) for word in name.split("_"))
    return text[:1].upper() + text[1:]


def within(label: str, name: str) -> str:
    """A field inside another: ``Professional, name``."""
    word = plain(name)
    return f"{label}, {word if word.isupper() else word.lower()}" if label else word
