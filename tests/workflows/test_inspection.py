"""What the Temporal UI shows of a case that waits for no person: what has to happen before it can be filed."""

from tests.builders import MONDAY
from tests.policy.steps import denied, finished, letters_left, opened
from workflows.casefile import NOTHING_OPEN, details

BEFORE = "Before it can be filed:"


def test_a_case_that_waits_for_letters_lists_them() -> None:
    text = details(denied(), MONDAY)

    listed = text.partition(BEFORE)[2].splitlines()
    assert listed[2:4] == [
        "- letter: denial to the provider has not left",
        "- letter: denial to the member has not left",
    ]


def test_a_case_with_nothing_open_says_that_it_is_being_filed() -> None:
    assert NOTHING_OPEN in details(letters_left(denied()), MONDAY).splitlines()


def test_a_case_that_waits_for_a_person_or_is_closed_says_neither() -> None:
    for case in (opened(), finished(denied())):
        text = details(case, MONDAY)

        assert BEFORE not in text
        assert NOTHING_OPEN not in text
