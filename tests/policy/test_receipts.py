"""What was answered is remembered, the latest whole and the older in short; a case that lives long stays small."""

from datetime import timedelta

import pytest

from policy.acting import act
from policy.answering import refuse_unreadable
from policy.case import Case
from policy.particulars import Receipt
from policy.receipts import KEPT_SHORT, KEPT_WHOLE, LONG_AGO, MARKS
from policy.staffaction import StaffAction
from tests.builders import CASE_MANAGER, CMO, MONDAY, OTHER_CASE_MANAGER, action
from tests.policy.steps import APPROVAL, DAY, HOUR, opened

NOW = MONDAY + HOUR
LATER = MONDAY + DAY


def comment(number: int, text: str = "Called the clinic.") -> StaffAction:
    return action("add_comment", CASE_MANAGER, NOW, action_id=f"call-{number}", text=text)


def refused(number: int) -> StaffAction:
    """What a case in its first review always refuses."""
    return action("determine", CMO, NOW, action_id=f"call-{number}", **APPROVAL)


def after(count: int, *, every_third_refused: bool = False) -> Case:
    """A case that has answered so many actions, ``call-0`` first."""
    case = opened()
    for number in range(count):
        accepted = not (every_third_refused and number % 3 == 2)
        sent = comment(number) if accepted else refused(number)
        receipt = Receipt(
            action_id=sent.action_id, action=sent.SIGNAL, accepted=accepted, at=NOW, digest=sent.digest("at")
        )
        case = case.remember(receipt)
    return case


SIX_HUNDRED = after(600, every_third_refused=True)
ELEVEN_THOUSAND = after(11_000, every_third_refused=True)
ALL_KEPT = KEPT_WHOLE + KEPT_SHORT
OLDEST_KEPT = 11_000 - ALL_KEPT

LIVES = pytest.mark.parametrize(
    ("case", "oldest"), [(SIX_HUNDRED, 0), (ELEVEN_THOUSAND, OLDEST_KEPT)], ids=["600", "11,000"]
)


@LIVES
def test_an_old_action_that_is_sent_again_changes_nothing_and_its_answer_is_known(case, oldest):
    first = next(n for n in range(oldest, oldest + 3) if n % 3 != 2)

    again = act(case, comment(first), LATER)

    assert again == case
    known = case.receipt(f"call-{first}")
    assert known is not None
    assert (known.accepted, known.at, known.reason) == (True, NOW, LONG_AGO)


@LIVES
def test_an_old_refusal_that_is_sent_again_stays_refused_and_is_not_told_twice(case, oldest):
    first = next(n for n in range(oldest, oldest + 3) if n % 3 == 2)

    again = act(case, refused(first), LATER)

    assert again == case
    known = case.receipt(f"call-{first}")
    assert known is not None
    assert not known.accepted


@LIVES
@pytest.mark.parametrize("reuse", ["other content", "another kind", "another actor"])
def test_an_old_id_with_other_content_is_refused_and_the_first_answer_stands(case, oldest, reuse):
    first = next(n for n in range(oldest, oldest + 3) if n % 3 != 2)
    second = {
        "other content": comment(first, "Called the hospital."),
        "another kind": action("confirm_completeness", CASE_MANAGER, NOW, action_id=f"call-{first}"),
        "another actor": comment(first).model_copy(update={"actor": OTHER_CASE_MANAGER}),
    }[reuse]

    after_reuse = act(case, second, LATER)

    assert (after_reuse.receipts, after_reuse.older_receipts) == (case.receipts, case.older_receipts)
    assert after_reuse.refusals[-1].fields[0].field == "action_id"
    assert after_reuse.stage is case.stage


@pytest.mark.parametrize(
    ("case", "kept"), [(SIX_HUNDRED, range(600)), (ELEVEN_THOUSAND, range(OLDEST_KEPT, 11_000))], ids=["600", "11,000"]
)
def test_every_id_that_is_kept_has_its_answer(case, kept):
    for number in kept[::97]:
        known = case.receipt(f"call-{number}")
        assert known is not None
        assert known.accepted is (number % 3 != 2)


@LIVES
def test_something_unreadable_under_an_old_id_leaves_its_answer_alone(case, oldest):
    after_it = refuse_unreadable(case, "add_comment", "does not fit", LATER, action_id=f"call-{oldest}", digest="ab")

    assert (after_it.receipts, after_it.older_receipts) == (case.receipts, case.older_receipts)
    assert after_it.refused_count == case.refused_count + 1


def test_the_latest_are_kept_whole_and_older_ones_in_short():
    assert (len(SIX_HUNDRED.receipts), len(SIX_HUNDRED.older_receipts)) == (KEPT_WHOLE, 100)
    assert (len(ELEVEN_THOUSAND.receipts), len(ELEVEN_THOUSAND.older_receipts)) == (KEPT_WHOLE, KEPT_SHORT)
    assert [r.action_id for r in SIX_HUNDRED.receipts] == [f"call-{n}" for n in range(100, 600)]


@pytest.mark.parametrize(("count", "short"), [(KEPT_WHOLE, 0), (KEPT_WHOLE + 1, 1)])
def test_the_first_goes_into_the_short_form_when_one_more_comes_than_is_kept_whole(count, short):
    case = after(count)

    assert (len(case.receipts), len(case.older_receipts)) == (KEPT_WHOLE, short)


def test_what_a_case_remembers_stays_within_a_third_of_what_the_server_takes():
    size = len(ELEVEN_THOUSAND.model_dump_json(include={"receipts", "older_receipts"}))

    assert size < 640_000
    assert max(len(short) for short in ELEVEN_THOUSAND.older_receipts) <= 45


def test_beyond_that_the_case_knows_an_action_no_more():
    assert ELEVEN_THOUSAND.receipt(f"call-{OLDEST_KEPT - 1}") is None
    assert ELEVEN_THOUSAND.receipt("call-11000") is None


def test_what_is_kept_in_short_survives_json():
    again = Case.model_validate_json(SIX_HUNDRED.model_dump_json())

    assert again == SIX_HUNDRED
    assert again.receipt("call-0") == SIX_HUNDRED.receipt("call-0")


@pytest.mark.parametrize("digest", ["", "ab", "ab" * 32])
def test_an_answer_to_something_unreadable_is_kept_in_short_too(digest):
    case = refuse_unreadable(opened(), "add_comment", "does not fit", NOW, action_id="unreadable", digest=digest)
    for number in range(KEPT_WHOLE):
        case = case.remember(Receipt(action_id=f"call-{number}", action="add_comment", accepted=True, at=NOW))

    known = case.receipt("unreadable")

    assert known is not None
    assert (known.accepted, known.at) == (False, NOW)
    resent = comment(0).model_copy(update={"action_id": "unreadable"})
    assert act(case, resent, LATER).refusals[-1].fields[0].field == "action_id"


@pytest.mark.parametrize(("accepted", "signed"), [*MARKS.values()], ids=[*MARKS])
def test_an_answer_that_is_kept_in_short_says_whether_its_action_was_applied_and_whether_it_was_signed(
    accepted, signed
):
    first = Receipt(action_id="first", action="add_comment", accepted=accepted, signed=signed, at=NOW)
    case = opened().remember(first)
    for number in range(KEPT_WHOLE):
        case = case.remember(Receipt(action_id=f"call-{number}", action="add_comment", accepted=True, at=NOW))

    known = case.receipt("first")

    assert len(case.older_receipts) == 1
    assert known is not None
    assert (known.accepted, known.signed, known.reason) == (accepted, signed, LONG_AGO)


def test_each_kind_of_answer_has_a_mark_of_its_own_and_unsigned_ones_keep_theirs():
    assert sorted(MARKS.values()) == [(False, False), (False, True), (True, False), (True, True)]
    assert (MARKS["+"], MARKS["-"]) == ((True, False), (False, False))


def test_the_time_of_an_old_answer_is_kept_to_the_second():
    at = NOW + timedelta(seconds=7, microseconds=250_000)
    case = opened().remember(Receipt(action_id="first", action="add_comment", accepted=True, at=at))
    for number in range(KEPT_WHOLE):
        case = case.remember(Receipt(action_id=f"call-{number}", action="add_comment", accepted=True, at=NOW))

    known = case.receipt("first")

    assert known is not None
    assert known.at == NOW + timedelta(seconds=7)
