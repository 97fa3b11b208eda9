"""How a field is asked at a terminal, and how a typed answer is read: a choice, a number, a moment, in plain words."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError, create_model
from pydantic_core import to_jsonable_python

from policy.complaints import field_errors
from policy.people import Actor
from policy.verdict import Value
from wiring.questions import MOMENTS, AnswerError, Kind, Shape, limit, moment, shape_of

TEXTS = (Kind.TEXT, Kind.LONG_TEXT)
SHOWN = 70  # more of an earlier answer does not fit in brackets
EMPTY = "-"  # gives an earlier answer up
NEEDED = "An answer is needed."


class Question(Value):
    """One field as it is asked. ``known`` is an earlier answer, ``example`` what the action's example has there."""

    label: str
    shape: Shape
    about: str = ""
    is_required: bool = True
    default: Any = None
    known: Any = None
    most: int | None = None
    example: Any = None

    @property
    def can_be_emptied(self) -> bool:
        """Whether an earlier answer can be given up for the default."""
        return not self.is_required and self.known not in (None, self.default)

    @property
    def text(self) -> str:
        """What Enter takes, what it is about, how to answer."""
        offer = self.default if self.known is None else self.known
        otherwise = f"; {EMPTY} for {shown(self.default)}" if self.can_be_emptied else ""
        bracket = "" if self.is_required and self.known is None else f" [{shown(offer)}{otherwise}]"
        return f"{self.label}{bracket}{self.about and f': {self.about}'}. {manner(self.shape)}"

    @property
    def help(self) -> str:
        """What ``?`` says."""
        most = f" At most {self.most:,} characters." if self.most and self.shape.kind in TEXTS else ""
        example = "" if self.example is None else f" For example: {shown(self.example)}"
        return f"{self.about or self.label}. {manner(self.shape)}{most}{example}"


def manner(shape: Shape) -> str:
    """How to answer, in a sentence; the codes follow it, one to a line."""
    options = "".join(f"\n  {number} {code}" for number, code in enumerate(shape.codes, 1))
    return {
        Kind.YES_NO: "Yes or no.",
        Kind.NUMBER: "A number.",
        Kind.CHOICE: f"One of these, by number or by word:{options}",
        Kind.CHOICES: f"One or several of these, by number or by word, with commas between:{options}",
        Kind.LONG_TEXT: "Text, as many lines as you like; an empty line ends it.",
        Kind.MOMENT: f"A moment: {MOMENTS}.",
        Kind.DAY: "A day, as 1961-05-04.",
        Kind.PERSON: "The id of a person.",
    }.get(shape.kind, "A line of text.")


def question_for(model: type[BaseModel], name: str, label: str, example: Any) -> Question:  # noqa: ANN401 - JSON
    """How a model's field is asked for. ``example`` is the whole model's."""
    field = model.model_fields[name]
    return Question(
        label=label,
        shape=shape_of(field),
        about=field.description or "",
        is_required=field.is_required(),
        default=None if field.is_required() else to_jsonable_python(field.get_default(call_default_factory=True)),
        most=limit(field, "max_length"),
        example=example.get(name) if isinstance(example, Mapping) else None,
    )


def read_answer(shape: Shape, typed: str, now: datetime, people: Mapping[str, Actor]) -> Any:  # noqa: ANN401 - JSON
    """What was typed, as it stands in a JSON body. Raises AnswerError."""
    readers: dict[Kind, Callable[[], Any]] = {
        Kind.YES_NO: lambda: yes_or_no(typed),
        Kind.CHOICE: lambda: _choice(typed, shape.codes),
        Kind.CHOICES: lambda: list(dict.fromkeys(_choice(part, shape.codes) for part in typed.split(","))),
        Kind.MOMENT: lambda: moment(typed, now).isoformat(),
        Kind.PERSON: lambda: _person(typed, people),
    }
    return readers.get(shape.kind, lambda: typed)()


def problem_of(model: type[BaseModel], name: str, value: Any) -> str:  # noqa: ANN401 - JSON
    """What is wrong with an answer, as far as the field alone can say; empty: nothing. None is no answer."""
    if value is None:
        return NEEDED if model.model_fields[name].is_required() else ""
    try:
        _alone(model, name).model_validate({name: value})
    except ValidationError as error:
        return NEEDED if value == "" else "; ".join(found.problem for found in field_errors(error))
    return ""


@cache
def _alone(model: type[BaseModel], name: str) -> type[BaseModel]:
    """A model of one field, with the limits that it has in its own."""
    field: Any = (model.model_fields[name].annotation, model.model_fields[name])
    return create_model(name, __config__=model.model_config, **{name: field})


def yes_or_no(typed: str) -> bool:
    """Yes or no, however it is shortened. Raises AnswerError."""
    if (word := typed.strip().casefold()) in ("y", "yes", "n", "no"):
        return word.startswith("y")
    raise AnswerError("Answer yes or no.")


def _choice(typed: str, codes: tuple[str, ...]) -> str:
    """A code by its number in the list, or as it is written, with blanks or underscores."""
    by_number = {str(number): code for number, code in enumerate(codes, 1)}
    by_word = {code.casefold(): code for code in codes}
    word = "_".join(typed.casefold().split())
    found = by_number.get(word) or by_word.get(word)
    if found is None:
        raise AnswerError(f"Choose by number, 1 to {len(codes)}, or by word: {', '.join(codes)}.")
    return found


def _person(typed: str, people: Mapping[str, Actor]) -> dict[str, Any]:
    if typed not in people:
        raise AnswerError(f"Nobody has the id {typed}. Known: {', '.join(people)}.")
    return people[typed].model_dump(mode="json", exclude_defaults=True)


def shown(value: Any) -> str:  # noqa: ANN401 - JSON
    """A value in a few words, on one line."""
    match value:
        case bool():
            return "yes" if value else "no"
        case {"id": str() as who}:
            return who
        case dict():
            value = "; ".join(f"{name}: {shown(part)}" for name, part in value.items())
        case list() | tuple():
            value = ", ".join(map(shown, value))
    text = " ".join(str("" if value is None else value).split())
    return (text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text):,} characters)") or "none"
