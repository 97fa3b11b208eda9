"""A signature against tampering and against time: no change goes unnoticed, and no answer ever changes."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from policy.actions import ACTIONS
from policy.trust import Trust
from tests.builders import CMO, MONDAY, OTHER_CASE_MANAGER, action
from tests.workflows.signing import BEGINNING, CASE, OTHER, TRUST, an_action, problem, signed, with_statement
from workflows.signatures import check

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.+/ \n\0é\ud800"
same_every_time = settings(deadline=None, derandomize=True, max_examples=400)


@given(st.text(max_size=200))
@example(f"{BEGINNING}.")
@same_every_time
def test_no_text_is_believed_or_does_harm(text):
    assert problem(with_statement(text))
    assert problem(with_statement(f"{BEGINNING}.{text}"))


@given(st.data())
@same_every_time
def test_with_any_character_changed_added_or_gone_a_statement_is_not_believed(data):
    text = signed().signed_statement
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from([c for c in ALPHABET if c != text[place]]))
    before, after = text[:place], text[place + 1 :]

    for changed in (before + letter + after, before + letter + text[place:], before + after):
        assert problem(with_statement(changed))


def test_no_other_letter_will_do_at_the_end_where_base64_is_lenient():
    text = signed().signed_statement

    assert [c for c in ALPHABET if not problem(with_statement(text[:-1] + c))] == [text[-1]]


@given(st.data())
@same_every_time
def test_with_any_field_changed_an_action_is_not_believed(data):
    signal = data.draw(st.sampled_from(sorted(ACTIONS)))
    original = signed(action(signal, CMO, MONDAY, action_id="a-1", **ACTIONS[signal].EXAMPLE))
    body = json.loads(original.model_dump_json())
    place = data.draw(st.sampled_from(sorted(set(places(body)) - {("signed_statement",)}, key=str)))
    changed = with_change(body, place, data.draw(st.sampled_from(["x", "A", "", None, 1, True, False, [], OTHER])))
    try:
        act = ACTIONS[signal].model_validate(changed)
    except ValidationError:
        return  # refused before anybody asks for its statement

    assert (problem(act) == "") == (act == original)


def places(value: Any, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Where the leaves of a JSON value are."""
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in places(item, (*place, key))]
    if isinstance(value, list) and value:
        return [found for number, item in enumerate(value) for found in places(item, (*place, number))]
    return [place]


def with_change(body: Any, place: tuple[str | int, ...], value: Any) -> Any:
    """A copy with another value; a text gets it at its end."""
    if not place:
        return body + value if isinstance(body, str) and isinstance(value, str) else value
    copy = body.copy()
    copy[place[0]] = with_change(body[place[0]], place[1:], value)
    return copy


# -- replay

OLD = an_action(actor=OTHER_CASE_MANAGER)
AGAIN = """
import sys
from tests.workflows.test_tampering import OLD, signed
print(signed(OLD).signed_statement)
"""


def test_the_check_asks_no_clock(monkeypatch):
    def no_clock() -> float:
        raise AssertionError("somebody asked the clock")

    act = signed()
    for name in ("time", "monotonic", "time_ns"):
        monkeypatch.setattr(time, name, no_clock)

    assert problem(act) == ""


def test_the_same_question_has_the_same_answer_in_every_process():
    run = subprocess.run(
        [sys.executable, "-c", AGAIN],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": "."},
    )
    said = run.stdout.strip()
    asked = [with_statement(said), OLD.model_copy(update={"signed_statement": said}), signed()]

    first = [check(act, case, TRUST, MONDAY) for act in asked for case in (CASE, OTHER)]
    second = [check(act, case, TRUST, MONDAY) for act in asked for case in (CASE, OTHER)]

    assert run.stdout.strip() == signed(OLD).signed_statement
    assert first == second
    assert [proof.is_signed for proof in first] == [False, False, True, False, True, False]


OLD_ROOT = "DyM20APtWapb77g9p-I8LxGXLmZxezxY0v0fCXxXK90"
OLD_STATEMENT = (
    "eyJhbGciOiJFZDI1NTE5IiwidHlwIjoic2Vjb25kLW9waW5pb24tc3RhdGVtZW50In0.eyJjYXNlIjogIlNPLTIwMjYtMDAwMDAxIiwg"
    "ImFjdGlvbiI6ICJhZGRfY29tbWVudCIsICJhY3RvciI6ICJtZC5jaGVuIiwgInJvbGVzIjogWyJjbW8iXSwgImRpZ2VzdCI6ICIwYWJj"
    "OTBkMDRkM2E2NmZhY2JkYjBmZWU2ZDMxYTgzM2IwMWI1YWYxNTczMjEwZDZkZDRmYjI4YTU1YjUwMzJmIiwgImlhdCI6IDE3OTM2NDI0"
    "MDAsICJleHAiOiAxNzkzNjQ2MDAwLCAiZG9vciI6IFsiZXlKaGJHY2lPaUpGWkRJMU5URTVJaXdpZEhsd0lqb2ljMlZqYjI1a0xXOXdh"
    "VzVwYjI0dFpHOXZjaUo5LmV5SnJaWGtpT2lBaVpUTk9hWEpHV0hSTlpsZzFUV05LWlRaMVlraG1VRVpxV0dSS1kyZEVVV2hKYjNwVU5I"
    "azFkR2MyZHlJc0lDSnVZbVlpT2lBeE56a3pOalF5TXpRd0xDQWlaWGh3SWpvZ01UYzVNelkwTWpRMk1IMC4taTJDYWsxaGQ2eEF1Z3pK"
    "d2k0U0hWQ3AwUU5FRjljWWZFQ2RQV1czR1JfSmN6ODAySnhhRzdaWVlLcloxODVkb3FTS0FsZnF3aHhDUmpGWndRTExCdyJdfQ.JertS"
    "h_xuAVFD4OO8fR5P_LXCNr9Q4eWSgDEraqDgElNeOmx3XSJFyGDnPDvz53M0zloKGramV6x21JEnBJhCQ"
)


def test_what_a_case_has_believed_it_believes_for_ever():
    """Signed on the day that signatures came in. Were it refused one day, the cases of that day would not replay."""
    assert problem(with_statement(OLD_STATEMENT), trust=Trust(roots=(OLD_ROOT,))) == ""
