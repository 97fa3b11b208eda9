"""What the records and Temporal say of a case, held against each other."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.particulars import StoryEntry
from records.standings import Standing, Told
from wiring.comparing import Kind, Run, RunStatus, compare, compare_stories

NUMBER = "SO-2026-000001"
MONDAY = datetime(2026, 11, 2, 17, tzinfo=UTC)
OPEN = Standing(number=NUMBER, is_open=True, revision=7, stage="placement")
CLOSED = OPEN.model_copy(update={"is_open": False, "stage": "closed"})
NEVER = Standing(number=NUMBER, is_open=True, revision=0)


def run(status: RunStatus) -> Run:
    return Run(number=NUMBER, run_id="r", status=status)


@pytest.mark.parametrize(
    ("standing", "status", "kind"),
    [
        (OPEN, RunStatus.RUNNING, None),
        (OPEN, RunStatus.CONTINUED, None),
        (OPEN, RunStatus.UNKNOWN, None),
        (OPEN, RunStatus.TERMINATED, Kind.ENDED),
        (OPEN, RunStatus.CANCELLED, Kind.ENDED),
        (OPEN, RunStatus.FAILED, Kind.ENDED),
        (OPEN, RunStatus.TIMED_OUT, Kind.ENDED),
        (OPEN, RunStatus.COMPLETED, Kind.ENDED),
        (OPEN, RunStatus.PAUSED, Kind.PAUSED),
        (OPEN, None, Kind.GONE),
        (NEVER, None, Kind.GONE),
        (CLOSED, RunStatus.COMPLETED, None),
        (CLOSED, RunStatus.TERMINATED, None),
        (CLOSED, None, None),
        (CLOSED, RunStatus.RUNNING, Kind.OPEN),
        (CLOSED, RunStatus.PAUSED, Kind.PAUSED),
        (None, RunStatus.RUNNING, Kind.STRANGER),
        (None, RunStatus.COMPLETED, None),
        (None, None, None),
    ],
)
def test_each_way_in_which_they_differ_has_one_name_and_a_sentence_with_the_case(standing, status, kind):
    found = compare(NUMBER, standing, run(status) if status else None)

    assert (found.kind if found else None) is kind
    assert found is None or (found.sentence.startswith(f"{NUMBER}: ") and found.sentence.endswith("."))


def lines(count: int, minute: int = 0) -> tuple[StoryEntry, ...]:
    return tuple(
        StoryEntry(seq=n, at=MONDAY + timedelta(hours=n, minutes=minute), event="clock:warned", text="")
        for n in range(1, count + 1)
    )


def ledger(count: int) -> dict[int, Told]:
    return {line.seq: Told(at=line.at, event=line.event) for line in lines(count)}


@given(story=st.integers(0, 30), recorded=st.integers(0, 30))
def test_a_story_that_is_the_ledgers_differs_only_where_it_is_behind(story, recorded):
    standing = OPEN.model_copy(update={"revision": recorded})

    found = compare_stories(standing, story, lines(story), ledger(recorded))

    assert (found is not None) is (story < recorded)
    assert found is None or found.kind is Kind.SET_BACK


@given(before=st.integers(0, 10), after=st.integers(1, 10), recorded=st.integers(1, 30))
def test_a_story_that_went_another_way_is_found_however_far_it_has_come(before, after, recorded):
    other = (*lines(before), *lines(before + after, minute=1)[before:])
    standing = OPEN.model_copy(update={"revision": recorded})

    found = compare_stories(standing, before + after, other, ledger(recorded))

    assert (found is not None) is (recorded > before)


def test_lines_that_the_case_no_longer_keeps_are_not_missed():
    standing = OPEN.model_copy(update={"revision": 9})

    assert compare_stories(standing, 9, lines(9)[6:], ledger(9)) is None
