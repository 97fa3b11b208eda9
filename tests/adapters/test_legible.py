"""Texts as they can be set: invisible signs, endless words, directions."""

import pytest

from adapters.legible import legible

LRM, RLM, BREAK = "\u200e", "\u200f", "\u200b"


def test_letters_that_are_composed_in_two_ways_come_out_in_one() -> None:
    assert legible("Jose\u0301") == "José"


def test_control_characters_become_blanks_and_signs_that_turn_text_round_are_left_out() -> None:
    assert legible("one\x00two\u202ethree\ufefffour\u200ffive") == "one twothreefourfive"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Dear עלי לוי, 12 Nov", f"Dear עלי לוי{LRM}, 12 Nov"),
        ("by علي: 7", f"by علي{LRM}: 7"),
        ("Anna O'Neil, 12", "Anna O'Neil, 12"),
        ("اتصل 1-888-466-2219 (TTY 711)", f"{RLM}اتصل {LRM}1-888-466-2219 (TTY {LRM}711)"),
        ("12 עלי", f"{RLM}{LRM}12 עלי"),
    ],
)
def test_a_run_of_the_other_direction_is_ended_by_a_mark(typed: str, meant: str) -> None:
    assert legible(typed) == meant


def test_each_paragraph_has_its_own_direction() -> None:
    assert legible("שלום 7\n\nby עלי, 7") == f"{RLM}שלום {LRM}7\n\nby עלי{LRM}, 7"


def test_a_word_that_no_line_can_hold_may_break_after_each_ten_letters() -> None:
    assert legible("W" * 45) == BREAK.join(["W" * 10] * 4 + ["W" * 5])


def test_a_word_never_breaks_between_a_letter_and_its_accent() -> None:
    broken = legible("ɔ\u0301" * 40)

    assert BREAK in broken
    assert not any(part.startswith("\u0301") for part in broken.split(BREAK))


@pytest.mark.parametrize("typed", ["a1" * 32, "请注意" * 20, "ก" * 60])
def test_a_digest_and_scripts_that_break_alone_get_no_breaks(typed: str) -> None:
    assert legible(typed) == typed


def test_texts_deep_in_json_are_made_legible_and_other_values_stay() -> None:
    assert legible({"a": ["x\x07", 1, None], "b": ("y\u202e",)}) == {"a": ["x ", 1, None], "b": ["y"]}
