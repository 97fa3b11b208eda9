"""How a field is asked, how an answer is read, and what comes from a real terminal."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import AwareDatetime, Field

from cli.answers import problem_of, question_for, read_answer, shown, yes_or_no
from policy.people import Actor
from policy.request import Attachment, Information
from policy.verdict import Entered, Moment
from wiring.questions import AnswerError, Kind, moment

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 18, 0, 30, 5, tzinfo=UTC)  # Monday 10:00:30 in Los Angeles


class Colour(StrEnum):
    RED = "red"
    DARK_BLUE = "dark_blue"
    R1 = "R1"


class Everything(Entered):
    """One field for each way of asking."""

    agrees: bool
    miles: float = Field(0, ge=0)
    count: int | None = None
    colour: Colour = Colour.RED
    colours: tuple[Colour, ...] = Field((), description="which of them")
    channel: str = Field(pattern="^(fax|email)$")
    name: str = Field("", max_length=100)
    story: str = Field("", max_length=5_000)
    at: Moment
    later: AwareDatetime | None = None
    who: Actor | None = None
    part: Annotated[Information | None, Field(description="a part")] = None
    parts: tuple[Information, ...] = ()
    by_colour: dict[Colour, str] = {}
    papers: tuple[Attachment, ...] = ()
    words: tuple[str, ...] = ()


def ask(name, **more):
    return question_for(Everything, name, name.capitalize(), {}).model_copy(update=more)


def read(name, typed, people=None):
    return read_answer(ask(name).shape, typed, NOW, people or {})


def test_every_way_of_asking_is_seen_from_the_type_and_its_limits():
    kinds = {name: ask(name).shape.kind for name in Everything.model_fields if name != "words"}

    assert kinds == {
        "agrees": Kind.YES_NO, "miles": Kind.NUMBER, "count": Kind.NUMBER, "colour": Kind.CHOICE,
        "colours": Kind.CHOICES, "channel": Kind.CHOICE, "name": Kind.TEXT, "story": Kind.LONG_TEXT,
        "at": Kind.MOMENT, "later": Kind.MOMENT, "who": Kind.PERSON, "part": Kind.RECORD, "parts": Kind.RECORDS,
        "by_colour": Kind.BY_KEY, "papers": Kind.DOCUMENTS,
    }  # fmt: skip
    assert ask("channel").shape.codes == ("fax", "email")
    with pytest.raises(TypeError, match="cannot ask for several"):
        ask("words")


def test_a_question_says_what_enter_takes_what_it_is_about_and_how_to_answer():
    assert ask("agrees").text == "Agrees. Yes or no."
    assert ask("name").text == "Name [none]. A line of text."
    assert ask("name", known="Ana").text == "Name [Ana; - for none]. A line of text."
    assert ask("agrees", known=False).text == "Agrees [no]. Yes or no."
    assert ask("colours").text == (
        "Colours [none]: which of them. One or several of these, by number or by word, with commas between:"
        "\n  1 red\n  2 dark_blue\n  3 R1"
    )


def test_the_help_has_an_example_and_the_limit_of_a_text():
    assert ask("name", example="Ana").help == "Name. A line of text. At most 100 characters. For example: Ana"
    assert ask("colours", example=["red", "R1"]).help.endswith("For example: red, R1")


def test_answers_are_read_however_they_are_spelt():
    assert [yes_or_no(word) for word in ("y", "YES", "n", "No ")] == [True, True, False, False]
    assert [read("colour", word) for word in ("2", "Dark blue", "dark_blue", "r1")] == ["dark_blue"] * 3 + ["R1"]
    assert read("colours", "2, red,2") == ["dark_blue", "red"]
    assert read("who", "al", {"al": Actor(id="al", roles=("auditor",))}) == {"id": "al", "roles": ["auditor"]}


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("agrees", "perhaps", "Answer yes or no."),
        ("colour", "0", "Choose by number, 1 to 3, or by word: red, dark_blue, R1."),
        ("colours", "1,,2", "Choose by number"),
        ("colour", "²", "Choose by number"),
        ("who", "bo", "Nobody has the id bo. Known: al."),
    ],
)
def test_an_answer_that_cannot_be_read_says_what_can(name, typed, says):
    with pytest.raises(AnswerError, match=f"^{re.escape(says)}"):
        read(name, typed, {"al": Actor(id="al", roles=("auditor",))})


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("miles", "far", "Input should be a valid number, unable to parse string as a number"),
        ("miles", "-1", "Input should be greater than or equal to 0"),
        ("miles", "12.5", ""),
        ("count", "1.5", "Input should be a valid integer, unable to parse string as an integer"),
        ("name", "x" * 101, "String should have at most 100 characters"),
        ("name", f" {'x' * 100} ", ""),
        ("at", "1700000000", "give day, time and offset, as 2026-11-23T09:00:00-08:00"),
        ("at", None, "An answer is needed."),
        ("channel", "", "An answer is needed."),
        ("count", None, ""),
    ],
)
def test_a_field_is_checked_alone_with_all_its_limits(name, value, says):
    assert problem_of(Everything, name, value) == says


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("2026-11-24 09:00", "2026-11-24T09:00:00-08:00"),
        ("2026-07-01 9:00", "2026-07-01T09:00:00-07:00"),
        ("2026-11-24T09:00:00-08:00", "2026-11-24T09:00:00-08:00"),
        ("2026-11-24T17:00Z", "2026-11-24T17:00:00+00:00"),
        ("tomorrow 9:00", "2026-11-24T09:00:00-08:00"),
        ("Today 17:30", "2026-11-23T17:30:00-08:00"),
        ("in 2 hours", "2026-11-23T12:00:30-08:00"),
        ("in 1 minute", "2026-11-23T10:01:30-08:00"),
        ("in 3 Days", "2026-11-26T10:00:30-08:00"),
        ("2026-11-01 01:30-08:00", "2026-11-01T01:30:00-08:00"),
    ],
)
def test_a_moment_is_los_angeles_time_unless_it_says_otherwise(typed, means):
    assert moment(typed, NOW).isoformat() == means


def test_days_keep_the_time_of_the_day_and_hours_pass_when_the_clocks_are_changed():
    saturday = datetime(2026, 10, 31, 19, 0, tzinfo=UTC)  # 12:00 in Los Angeles, the day before

    assert moment("in 1 day", saturday).isoformat() == "2026-11-01T12:00:00-08:00"
    assert moment("in 24 hours", saturday).isoformat() == "2026-11-01T11:00:00-08:00"


@pytest.mark.parametrize(
    "typed", ["soon", "2026-11-24", "9:00", "1700000000", "2026-13-01 09:00", "0001-01-01 00:00+14:00", "today 25:00"]
)
def test_what_is_no_moment_is_answered_with_how_to_give_one(typed):
    with pytest.raises(AnswerError, match="Give a day and a time: 2026-11-24 09:00"):
        moment(typed, NOW)


@pytest.mark.parametrize("typed", ["2026-11-01 01:30", "2026-03-08 02:30"])
def test_an_hour_that_comes_twice_or_never_needs_its_offset(typed):
    with pytest.raises(AnswerError, match="The clocks are changed at that hour; add the offset"):
        moment(typed, NOW)


def test_values_are_shown_on_one_short_line():
    assert [shown(value) for value in (True, None, "", [], ["a", "b"], 3)] == [
        "yes",
        "none",
        "none",
        "none",
        "a, b",
        "3",
    ]
    assert shown({"item": "diagnosis", "done": False}) == "item: diagnosis; done: no"
    assert shown("word\n" * 50) == f"{'word ' * 14}… (249 characters)"


PROGRAM = """
import asyncio, fcntl, json, sys, termios
from cli.forms import FormLeft, TerminalAsker, confirm, fill
from policy.actions import ACTIONS
fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C reaches us
async def main():
    asker = TerminalAsker()
    try:
        fields = fill(ACTIONS[sys.argv[1]], asker, known=json.loads(sys.argv[2]))
        sent = confirm(asker, "Send", {})
    except FormLeft as left:
        print(left, json.dumps(left.answers), "END")
    else:
        print("SENT" if sent else "NOT", json.dumps(fields), "END")
asyncio.run(main())
"""


class Terminal:
    """A pseudo-terminal with a form in it."""

    def __init__(self, signal, known):
        self.end, other = pty.openpty()
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, signal, known],
            stdin=other, stdout=other, stderr=other, env=environment, start_new_session=True,
        )  # fmt: skip
        os.close(other)
        self.text, self.seen = "", 0

    def until(self, words):
        """Reads until something new has appeared."""
        last = time.monotonic() + 30
        while words not in self.text[self.seen :]:
            assert time.monotonic() < last, f"{words!r} did not appear in: {self.text[-2000:]!r}"
            if select.select([self.end], [], [], 0.2)[0]:
                self.text += os.read(self.end, 65536).decode(errors="replace")
        self.seen = self.text.index(words, self.seen) + len(words)

    def press(self, key, words):
        """Presses a key until the words appear: what comes between the prompt and the waiting for it is not heard."""
        self.until("> ")
        last = time.monotonic() + 30
        while words not in self.text[self.seen :] and time.monotonic() < last:
            os.write(self.end, key.encode())
            if select.select([self.end], [], [], 2)[0]:
                self.text += os.read(self.end, 65536).decode(errors="replace")
        self.until(words)

    def answer(self, question, text, end="\r"):
        self.until(question)
        self.until("> ")
        for start in range(0, len(text), 512):  # nobody fills the terminal's buffer at one stroke
            os.write(self.end, text[start : start + 512].encode())
            time.sleep(0.01)
        os.write(self.end, end.encode())


@contextmanager
def terminal(signal, known="{}"):
    opened = Terminal(signal, known)
    try:
        yield opened
    finally:
        opened.process.kill()
        opened.process.wait()
        os.close(opened.end)


def test_in_a_real_terminal_a_form_is_filled_line_by_line_without_colours_or_cursor_games():
    with terminal("submit_consultation") as screen:
        for question, answer in (
            ("Findings", "Naïve."), ("", "A second line."), ("", ""), ("Recommends second opinion", "maybe"),
            ("Answer yes or no.", "yes"), ("Rationale", "Not exhausted."), ("", ""), ("Attests no conflict", "y"),
            ("Send this? [y/N]", "y"),
        ):  # fmt: skip
            screen.answer(question, answer)
        screen.until("END")

    assert (
        r'SENT {"findings": "Na\u00efve.\nA second line.", "recommends_second_opinion": true, '
        r'"rationale": "Not exhausted.", "attests_no_conflict": true} END'
    ) in screen.text
    controls = set(re.findall(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", screen.text))
    assert controls <= {"\x1b[1m", "\x1b[0m", "\x1b[?2004h", "\x1b[?2004l"}  # bold, and the bracketing of pastes


def test_in_a_real_terminal_ctrl_c_leaves_at_once_even_inside_asyncio():
    with terminal("determine", '{"criteria": "MCG"}') as screen:
        screen.answer("Outcome", "denied")
        screen.answer("Rationale", "Half a")
        screen.press("\x03", "Nothing was sent.")
        screen.until(' {"criteria": "MCG", "outcome": "denied", "rationale": "Half a"} END')


def test_in_a_real_terminal_ctrl_d_leaves_and_a_draft_cannot_steer_the_screen():
    with terminal("add_comment", '{"text": "evil \\u001b[2J"}') as screen:
        screen.until("Text [evil \N{REPLACEMENT CHARACTER}[2J]")
        screen.answer("", "\x04", end="")
        screen.until("Nothing was sent.")


def test_in_a_real_terminal_a_long_line_and_a_paste_with_an_empty_line_come_through_whole():
    line = "word " * 1_200
    with terminal("submit_consultation") as screen:
        for question, answer in (
            ("Findings", f"{line}end"), ("", ""), ("Recommends second opinion", "y"),
            ("Rationale", "\x1b[200~Paragraph one.\n\nParagraph two.\x1b[201~"), ("", ""),
            ("Attests no conflict", "y"), ("Send this?", "n"),
        ):  # fmt: skip
            screen.answer(question, answer)
        screen.until("END")

    assert f'NOT {{"findings": "{line}end"' in screen.text
    assert r'"rationale": "Paragraph one.\n\nParagraph two."' in screen.text
