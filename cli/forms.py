"""A form at the terminal: an action's fields, asked one by one, each checked as soon as it is answered.

Plain lines only, so that it reads the same without colours, in a log, and to whoever listens to it.
"""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import reduce
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python
from rich.console import Console

from cli.answers import EMPTY, TEXTS, Question, problem_of, question_for, read_answer, shown, yes_or_no
from policy.complaints import field_errors
from policy.people import Actor, Role
from policy.staffaction import StaffAction
from policy.timeframes import spoken
from wiring.questions import AnswerError, Kind, Shape, plain, within

ENVELOPE_FIELDS = frozenset({*StaffAction.model_fields, "task_id"})  # the door's to fill in
INTRODUCTION = "Enter takes what stands in brackets, ? explains, Ctrl-D leaves. Nothing is sent before you say so."
NESTED = (Kind.RECORD, Kind.RECORDS, Kind.BY_KEY)
LEAVING = (EOFError, KeyboardInterrupt)

Clock = Callable[[], datetime]


class Asker(Protocol):
    """Who asks the questions: a terminal, or a script in the tests. Leaving is EOFError or KeyboardInterrupt."""

    def ask(self, question: str) -> str:
        """One answer to one question; an empty question goes on with the one before."""

    def say(self, text: str) -> None:
        """Something that wants no answer."""


class FormLeft(Exception):  # noqa: N818 - leaving is no error
    """Somebody left the form. ``answers`` holds what was known and what was entered, as a draft keeps it."""

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__("Nothing was sent.")
        self.answers = answers


def fill(
    model: type[StaffAction],
    asker: Asker,
    *,
    known: Mapping[str, Any] = {},
    skip: frozenset[str] = ENVELOPE_FIELDS,
    people: Mapping[str, Actor] = {},
    clock: Clock = lambda: datetime.now(UTC),
) -> dict[str, Any]:
    """Asks for an action's fields; gives them as JSON, without what is at its default. Raises FormLeft.

    ``known`` (a draft) is offered field by field; what it says of a skipped field that is not the envelope's goes along
    unasked. A skipped field that the action cannot do without, and nobody knows, is asked in the end.
    """
    envelope = {"action_id": "form", "actor": Actor(id="form", roles=(Role.AUDITOR,)), "at": clock(), "task_id": "T0"}
    asked = [n for n in model.model_fields if n not in skip | model.BY_THE_DOOR]
    beside = {n: v for n, v in envelope.items() if n in model.model_fields and n not in asked}
    answers = {
        n: to_jsonable_python(known[n])
        for n in model.model_fields
        if known.get(n) is not None and (n in asked or n not in ENVELOPE_FIELDS)
    }
    asker.say(f"{model.ABOUT}\n{INTRODUCTION}" if asked else model.ABOUT)
    try:
        with _ctrl_c_interrupts():
            _Form(asker, people, clock).fields(model, answers, asked, "", model.EXAMPLE, beside)
    except LEAVING as left:
        raise FormLeft(answers) from left
    whole = model.model_validate({**answers, **beside})
    return whole.model_dump(mode="json", include=set(answers), exclude_defaults=True)


def confirm(
    asker: Asker,
    title: str,
    fields: Mapping[str, Any],
    *,
    harmless: bool = False,
    irrevocable: bool = False,
    word: str = "send",
) -> bool:
    """Shows what would be sent and asks whether to. What cannot be taken back wants the word typed. Raises FormLeft."""
    asker.say("\n".join((title, *summary(fields))))
    try:
        with _ctrl_c_interrupts():
            if irrevocable:
                typed = asker.ask(f"This cannot be taken back. Type {word} to send it.")
                return typed.strip().casefold() == word.casefold()
            return _yes(asker, "Send this?", default=harmless)
    except LEAVING as left:
        raise FormLeft(dict(fields)) from left


def summary(fields: Mapping[str, Any], indent: str = "  ") -> Iterator[str]:
    """The fields as lines to read before sending, in full."""
    for name, value in fields.items():
        several = isinstance(value, list) and any(isinstance(one, dict) for one in value)
        for number, one in enumerate(value if several else [value], 1):
            label = f"{indent}{plain(name)}{f' {number}' if several else ''}:"
            if isinstance(one, dict) and "roles" not in one:
                yield label
                yield from summary(one, f"{indent}  ")
            elif isinstance(one, str) and "\n" in one:
                yield label
                yield from (f"{indent}  {line}" for line in one.splitlines())
            else:
                parts = one if isinstance(one, list) else [one]
                yield f"{label} {', '.join(part if isinstance(part, str) else shown(part) for part in parts)}"


class _Form:
    """Asks into a dict of answers, in place: whoever leaves keeps what was entered so far."""

    def __init__(self, asker: Asker, people: Mapping[str, Actor], clock: Clock) -> None:
        self._asker, self._people, self._clock = asker, people, clock

    def fields(
        self,
        model: type[BaseModel],
        answers: dict[str, Any],
        names: Iterable[str],
        label: str,
        example: Any,  # noqa: ANN401 - JSON
        beside: Mapping[str, Any] = {},
    ) -> None:
        """Asks for fields of a model, then again for those that are wrong when it is looked at as a whole."""
        names = again = tuple(names)
        while True:
            for name in again:
                self._field(model, name, answers, within(label, name), example)
            try:
                model.model_validate({**answers, **beside})
            except ValidationError as error:
                again = self._complain(error, model, label) or names
                if not again:
                    raise  # there is nothing that could be asked
            else:
                return

    def _complain(self, error: ValidationError, model: type[BaseModel], label: str) -> tuple[str, ...]:
        """Says what is wrong where; gives the names of the fields that are."""
        errors = [(found.field.split("."), found.problem) for found in field_errors(error)]
        for path, problem in errors:
            place = reduce(within, path, label) if path[0] in model.model_fields else label
            self._asker.say(f"{place}: {problem}" if place else problem)
        return tuple(name for name in model.model_fields if any(path[0] == name for path, _ in errors))

    def _field(self, model: type[BaseModel], name: str, answers: dict[str, Any], label: str, example: Any) -> None:  # noqa: ANN401
        question = question_for(model, name, label, example)
        while True:
            known = answers.get(name)
            self._ask(answers, name, question.model_copy(update={"known": known}))
            problem = problem_of(model, name, answers.get(name))
            if not problem:
                return
            self._asker.say(problem)
            if question.shape.kind not in NESTED:  # what was known is offered again, unless it is what is wrong
                _put(answers, name, None if answers.get(name) == known else known)

    def _ask(self, answers: dict[str, Any], name: str, question: Question) -> None:
        kind, give = question.shape.kind, f"Give {question.label.lower()}?"
        may_lack = kind in (Kind.RECORD, Kind.RECORDS) and not question.is_required
        if may_lack and not _yes(self._asker, give, default=bool(question.known)):
            _put(answers, name, None)
        elif kind is Kind.DOCUMENTS:
            self._asker.say(f"{question.label}: documents come with --attach FILE.")
        else:
            asks = {Kind.RECORD: self._record, Kind.RECORDS: self._records, Kind.BY_KEY: self._by_key}
            asks.get(kind, self._leaf)(answers, name, question)

    def _leaf(self, answers: dict[str, Any], key: str, question: Question) -> None:
        while True:
            while (typed := self._asker.ask(question.text).strip()) == "?":
                self._asker.say(question.help)
            if not typed and question.known is None:
                return _put(answers, key, "" if question.is_required and question.shape.kind in TEXTS else None)
            if not typed or (typed == EMPTY and question.can_be_emptied):
                return _put(answers, key, None if typed else question.known)
            try:
                answers[key] = read_answer(question.shape, typed, self._clock(), self._people)
            except AnswerError as problem:
                self._asker.say(str(problem))
            else:
                return self._go_on(answers, key, question.shape.kind)

    def _go_on(self, answers: dict[str, Any], key: str, kind: Kind) -> None:
        """What follows the first line: a text's other lines, kept as they come; and a moment is said in full."""
        if kind is Kind.MOMENT:
            self._asker.say(f"That is {spoken(datetime.fromisoformat(answers[key]))}.")
        while kind is Kind.LONG_TEXT and (line := self._asker.ask("").rstrip()):
            answers[key] = f"{answers[key]}\n{line}"

    def _by_key(self, answers: dict[str, Any], name: str, question: Question) -> None:
        known = question.known if isinstance(question.known, dict) else {}
        entries = answers[name] = {code: known[code] for code in question.shape.codes if known.get(code)}
        for code in question.shape.codes:
            one = {"label": within(question.label, code), "shape": Shape(kind=Kind.TEXT), "is_required": False}
            one |= {"default": "", "known": entries.get(code), "example": (question.example or {}).get(code)}
            self._leaf(entries, code, question.model_copy(update=one))

    def _record(self, answers: Any, key: Any, question: Question) -> None:  # noqa: ANN401 - a dict, or a list by place
        model, known = question.shape.model, question.known if isinstance(question.known, dict) else {}
        answers[key] = {name: known[name] for name in model.model_fields if known.get(name) is not None}
        self.fields(model, answers[key], model.model_fields, question.label, question.example)

    def _records(self, answers: dict[str, Any], name: str, question: Question) -> None:
        items = answers[name] = list(question.known) if isinstance(question.known, list) else []
        example, index = next(iter(question.example or ()), None), 0
        while True:
            items[index:] = items[index:] or [{}]
            one = {"label": f"{question.label} {index + 1}", "known": items[index], "example": example}
            self._record(items, index, question.model_copy(update=one))
            index += 1
            if index == question.most or not _yes(self._asker, "Another?", default=index < len(items)):
                break
        del items[index:]


def _put(answers: dict[str, Any], key: str, value: Any) -> None:  # noqa: ANN401 - JSON
    answers.pop(key, None)
    if value is not None:
        answers[key] = value


def _yes(asker: Asker, question: str, *, default: bool) -> bool:
    while typed := asker.ask(f"{question} [{'Y/n' if default else 'y/N'}]").strip():
        try:
            return yes_or_no(typed)
        except AnswerError as problem:
            asker.say(str(problem))
    return default


class TerminalAsker:
    """Asks at this terminal: the question on a line, or with its list below, then the answer on the next."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        with contextlib.suppress(ImportError):  # without it the terminal cuts a pasted line at 4,095 characters
            import readline

            readline.set_auto_history(False)  # what was entered about a member is not offered to the next one
            readline.parse_and_bind("tab: self-insert")

    def ask(self, question: str) -> str:
        """One answer. Raises EOFError at Ctrl-D and KeyboardInterrupt at Ctrl-C."""
        if question:
            self._print(question, "bold")
        while True:
            try:
                return input("> ")
            except UnicodeDecodeError:
                self.say("That cannot be read as text; type it again.")

    def say(self, text: str) -> None:
        """A line or several, as they are."""
        self._print(text, "")

    def _print(self, text: str, style: str) -> None:
        # A draft may be somebody else's: nothing in it may steer the terminal.
        tame = "".join(char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text)
        self._console.print(tame, style=style, markup=False, soft_wrap=True)


@contextlib.contextmanager
def _ctrl_c_interrupts() -> Iterator[None]:
    """Under ``asyncio.run`` Ctrl-C would only cancel a task, and ``input`` would go on waiting."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)
