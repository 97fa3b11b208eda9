"""Forms made from the pydantic models themselves: which inputs, what stands in them, what is wrong with which.

The name of an input is the path of its field (``professional.npi``, ``information.0.item``), so that an error finds its
field, and a form reads the same with JavaScript and without.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from policy.calendar import LOS_ANGELES
from policy.complaints import FieldError, field_errors
from policy.people import Actor
from policy.request import Attachment
from policy.verdict import Value
from wiring.questions import AnswerError, Kind, Shape, asked_of, limit, moment, plain, shape_of

NEEDED = "This is needed."
EMPTY = ("Field required", "Tuple should have at least 1 item after validation, not 0")
NOBODY = "Nobody on the staff has this id."
SPARE = 1  # empty members that a list shows for more, besides those that it has


class Sent(Protocol):
    """What a form sent: as Starlette's FormData."""

    def getlist(self, key: str) -> list[Any]:
        """All values of a name."""

    def __iter__(self) -> Iterator[str]:
        """The names."""


class Entry(Value):
    """One input, or a group of them (``entries``) or a list of groups (``items``)."""

    path: str
    label: str
    kind: Kind
    codes: tuple[str, ...] = ()
    names: dict[str, str] = {}
    about: str = ""
    is_required: bool = True
    most: int | None = None
    value: Any = None
    errors: tuple[str, ...] = ()
    entries: tuple["Entry", ...] = ()
    items: tuple[tuple["Entry", ...], ...] = ()
    is_single: bool = False

    @property
    def id(self) -> str:
        """The id of the input in the page."""
        return f"f-{self.path.replace('.', '-')}"

    @property
    def inputs(self) -> tuple[tuple[str, str, str], ...]:
        """Path, id and label of each input that it has by itself."""
        keyed = self.codes if self.kind is Kind.BY_KEY else ()
        members = ((f"{self.path}.{place}", self.id, f"{self.label} {place + 1}") for place in range(len(self.items)))
        own = (self.path, self.id, self.label)
        return (own, *members, *((f"{self.path}.{c}", f"{self.id}-{c}", f"{self.label}, {plain(c)}") for c in keyed))


class Form(Value):
    """The inputs of a model, and what is wrong with the whole."""

    entries: tuple[Entry, ...]
    errors: tuple[FieldError, ...] = ()

    @property
    def summary(self) -> tuple[tuple[str, str, str], ...]:
        """What is wrong: id of the input, its label, the sentence; for the list above the form."""
        known = {path: (id_, label) for entry in _all(self.entries) for path, id_, label in entry.inputs}
        return tuple((*known.get(e.field, ("", "")), e.problem) for e in self.errors)


def form_for(
    model: type[BaseModel],
    *,
    skip: frozenset[str] = frozenset(),
    values: Mapping[str, Any] = {},
    errors: tuple[FieldError, ...] = (),
    people: Mapping[str, Actor] = {},
) -> Form:
    """The form of a model: what is known stands in it, and each error beside its input."""
    shown = _nearest(model, errors)
    return Form(entries=tuple(_entries(model, "", skip, values, shown, people)), errors=shown)


def read_form(
    model: type[BaseModel],
    sent: Sent,
    *,
    skip: frozenset[str] = frozenset(),
    people: Mapping[str, Actor] = {},
    documents: Mapping[str, list[dict[str, Any]]] = {},
    at: datetime | None = None,
) -> tuple[dict[str, Any], tuple[FieldError, ...]]:
    """What was entered, as the model's JSON, without what was left empty; and what could not be read at all.

    ``documents`` are attachments by path, as they were stored.
    """
    reader = _Reader(sent, people, documents, at or datetime.now(UTC))
    return reader.record(model, "", skip), tuple(reader.errors)


def problems(model: type[BaseModel], body: Mapping[str, Any]) -> tuple[FieldError, ...]:
    """What is wrong with a body, by field; nothing when it fits."""
    try:
        model.model_validate(dict(body))
    except ValidationError as error:
        return tuple(e.model_copy(update={"problem": NEEDED}) if e.problem in EMPTY else e for e in field_errors(error))
    return ()


def _entries(
    model: type[BaseModel],
    within: str,
    skip: frozenset[str],
    values: Mapping[str, Any],
    errors: tuple[FieldError, ...],
    people: Mapping[str, Actor],
) -> Iterator[Entry]:
    for name, field in asked_of(model).items():
        if name in skip:
            continue
        path, shape = f"{within}{name}", _shape(shape_of(field))
        value = values.get(name)
        if value is None and not field.is_required():
            value = to_jsonable_python(field.get_default(call_default_factory=True))
        nested: dict[str, Any] = {}
        if shape.kind is Kind.RECORD:
            nested["entries"] = tuple(_entries(shape.model, f"{path}.", frozenset(), _mapping(value), errors, people))
        if shape.kind is Kind.RECORDS:
            known_items = [*(value if isinstance(value, list) else ()), *[{}] * SPARE]
            nested["items"] = tuple(
                tuple(_entries(shape.model, f"{path}.{place}.", frozenset(), _mapping(item), errors, people))
                for place, item in enumerate(known_items)
            )
        yield Entry(
            path=path,
            label=plain(name),
            kind=shape.kind,
            codes=tuple(people) if shape.kind is Kind.PERSON else shape.codes,
            names={who: person.name or who for who, person in people.items()} if shape.kind is Kind.PERSON else {},
            about=field.description or "",
            is_required=field.is_required(),
            most=limit(field, "max_length"),
            value=_shown(shape.kind, value),
            errors=tuple(e.problem for e in errors if _is_here(e.field, path, shape.kind)),
            is_single=shape_of(field).kind is Kind.RECORD,
            **nested,
        )


def _shape(shape: Shape) -> Shape:
    """A single attachment is a document to be uploaded, not a form within the form."""
    return Shape(kind=Kind.DOCUMENTS) if shape.kind is Kind.RECORD and shape.model is Attachment else shape


def _is_here(field: str, path: str, kind: Kind) -> bool:
    """Whether an error stands beside this entry: its own, that of one of its keys, or of one of its members."""
    has_members = kind in (Kind.BY_KEY, Kind.RECORDS) and field.startswith(f"{path}.")
    return field == path or (has_members and "." not in field.removeprefix(f"{path}."))


def _mapping(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - JSON; a draft may hold anything
    return value if isinstance(value, Mapping) else {}


def _shown(kind: Kind, value: Any) -> Any:  # noqa: ANN401 - JSON
    """A value as its input wants it; nothing for one that does not fit the input (a draft may hold anything)."""
    match kind:
        case Kind.MOMENT:
            return _on_the_clock(value) if isinstance(value, str) else None
        case Kind.PERSON:
            return _mapping(value).get("id", "")
        case Kind.DOCUMENTS:
            several = value if isinstance(value, list) else [value]
            return [one for one in several if isinstance(one, Mapping) and {"name", "sha256"} <= set(one)]
        case Kind.CHOICES:
            return value if isinstance(value, list) else []
        case Kind.BY_KEY:
            return _mapping(value)
    return value


def _on_the_clock(text: str) -> str:
    """A moment as ``datetime-local`` wants it, in Los Angeles; what cannot be read stays as it was typed."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (at.astimezone(LOS_ANGELES) if at.tzinfo else at).strftime("%Y-%m-%dT%H:%M")


def _all(entries: tuple[Entry, ...]) -> Iterator[Entry]:
    for entry in entries:
        yield entry
        yield from _all(entry.entries)
        for item in entry.items:
            yield from _all(item)


def _nearest(model: type[BaseModel], errors: tuple[FieldError, ...]) -> tuple[FieldError, ...]:
    """An error inside what is one input in the page (a person, a document) belongs to that input."""
    return tuple(e.model_copy(update={"field": _input(model, e.field.split("."))}) for e in errors)


def _input(model: type[BaseModel], path: list[str]) -> str:
    found: list[str] = []
    while path and path[0] in model.model_fields:
        shape = _shape(shape_of(model.model_fields[path[0]]))
        found.append(path.pop(0))
        if shape.kind is Kind.RECORDS and path and path[0].isdigit():
            found.append(path.pop(0))
        elif shape.kind is not Kind.RECORD:
            found += path[:1] if shape.kind is Kind.BY_KEY else []
            break
        model = shape.model
    if path and not found:  # it lies in no field of the model: what it says stands above the form
        return path[0]
    return ".".join(found)


class _Reader:
    def __init__(
        self,
        sent: Sent,
        people: Mapping[str, Actor],
        documents: Mapping[str, list[dict[str, Any]]],
        at: datetime,
    ) -> None:
        self._sent, self._people, self._documents, self._at = sent, people, documents, at
        self._names = tuple(sent)
        self.errors: list[FieldError] = []

    def record(self, model: type[BaseModel], within: str, skip: frozenset[str] = frozenset()) -> dict[str, Any]:
        """The fields of a model; what was left empty is left out, unless it is a text that is needed."""
        body = {}
        for name, field in asked_of(model).items():
            if name in skip:
                continue
            value = self._value(_shape(shape_of(field)), f"{within}{name}", single=shape_of(field).kind is Kind.RECORD)
            if value not in (None, "", [], {}):
                body[name] = value
        return body

    def _value(self, shape: Shape, path: str, *, single: bool) -> Any:  # noqa: ANN401 - JSON
        match shape.kind:
            case Kind.RECORD:
                return self.record(shape.model, f"{path}.")
            case Kind.RECORDS:
                found = (self.record(shape.model, f"{path}.{place}.") for place in self._places(path))
                return [item for item in found if item]
            case Kind.BY_KEY:
                return {code: text for code in shape.codes if (text := self._text(f"{path}.{code}"))}
            case Kind.CHOICES:
                return [str(value) for value in self._sent.getlist(path) if value]
            case Kind.DOCUMENTS:
                kept = self._documents.get(path, [])
                return (kept[-1] if kept else None) if single else kept
            case _:
                return self._leaf(shape, path, self._text(path))

    def _leaf(self, shape: Shape, path: str, text: str) -> Any:  # noqa: ANN401 - JSON
        if not text:
            return None
        match shape.kind:
            case Kind.YES_NO:
                return text == "yes"
            case Kind.MOMENT:
                try:
                    return moment(text, self._at).isoformat()
                except AnswerError as problem:
                    self.errors.append(FieldError(field=path, problem=str(problem)))
            case Kind.PERSON:
                person = self._people.get(text)
                if person is not None:
                    return person.model_dump(mode="json", exclude_defaults=True)
                self.errors.append(FieldError(field=path, problem=NOBODY))
                return {"id": text}
        return text

    def _text(self, path: str) -> str:
        values = self._sent.getlist(path)
        return values[-1].replace("\r\n", "\n").strip() if values and isinstance(values[-1], str) else ""

    def _places(self, path: str) -> list[str]:
        heads = (name.removeprefix(f"{path}.").split(".")[0] for name in self._names if name.startswith(f"{path}."))
        return sorted({head for head in heads if head.isdigit()}, key=int)
