"""People talk about a task: what they say stands with it while it is open, and in the story."""

import pytest

from policy.case import Case
from policy.lifecycle import Stage
from policy.tasks import COMMENTS_KEPT, Comment, HumanTask
from tests.builders import CASE_MANAGER, INTAKE, MONDAY, OTHER_CASE_MANAGER
from tests.policy.steps import attempts, does, in_review, opened, operates, the_task

CLAIMED = operates(opened(), CASE_MANAGER, "claim_task")
WITHDRAWN = "The member has decided."


def commented(case: Case, actor=CASE_MANAGER, text: str = "Called the clinic.") -> Case:
    return does(case, actor, "add_comment", text=text, task_id=the_task(case).id)


def said(task: HumanTask) -> list[tuple[str, str]]:
    return [(c.actor, c.text) for c in task.comments]


def test_what_is_said_about_a_task_stands_with_the_task_and_in_the_story():
    case = commented(commented(opened()), INTAKE, "The member called.")

    assert said(the_task(case)) == [(CASE_MANAGER.id, "Called the clinic."), (INTAKE.id, "The member called.")]
    assert [(e.event, e.text) for e in case.story[-2:]] == [
        ("case:commented", "Called the clinic."),
        ("case:commented", "The member called."),
    ]


def test_a_comment_raises_no_revision_and_the_owner_need_not_look_again():
    case = commented(CLAIMED, OTHER_CASE_MANAGER)

    done = does(case, CASE_MANAGER, "confirm_completeness", revision=the_task(CLAIMED).revision)

    assert done.stage is Stage.PHYSICIAN_REVIEW


def test_a_comment_about_no_task_stands_in_the_story_only():
    case = does(opened(), CASE_MANAGER, "add_comment", text="Called the clinic.")

    assert the_task(case).comments == ()
    assert case.story[-1].text == "Called the clinic."


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda c: does(c, CASE_MANAGER, "confirm_completeness"), id="done"),
        pytest.param(lambda c: does(c, CASE_MANAGER, "withdraw_request", reason=WITHDRAWN), id="not needed"),
    ],
)
def test_what_was_said_stays_in_the_story_when_the_task_has_ended_and_with_the_task_no_longer(end):
    ended = end(commented(CLAIMED))

    assert said(ended.tasks[0]) == []
    assert [e.text for e in ended.story if e.event == "case:commented"] == ["Called the clinic."]


LONG = 5_000  # characters, as many as one comment may have


def test_a_task_keeps_the_latest_comments_up_to_a_size_and_the_story_all():
    case = opened()
    for number in range(COMMENTS_KEPT // LONG + 3):
        case = commented(case, text=f"{number}" * LONG)

    kept = [text[0] for _, text in said(the_task(case))]
    assert kept == ["3", "4", "5", "6"]
    assert len(kept) * LONG == COMMENTS_KEPT
    assert [e.text[0] for e in case.story if e.event == "case:commented"] == ["0", "1", "2", "3", "4", "5", "6"]


def test_a_comment_that_fits_no_more_is_left_out_with_all_before_it():
    case = commented(commented(opened(), text="Short."), text="A" * LONG)
    for _ in range(3):
        case = commented(case, text="B" * LONG)
    assert {text[0] for _, text in said(the_task(case))} == {"A", "B"}

    case = commented(case, text="New.")

    assert [text[0] for _, text in said(the_task(case))] == ["B", "B", "B", "N"]


def test_the_newest_comment_is_kept_whatever_its_size():
    newest = Comment(at=MONDAY, actor=CASE_MANAGER.id, text="x" * (COMMENTS_KEPT + 1))

    task = the_task(commented(opened())).commented(newest)

    assert task.comments == (newest,)


@pytest.mark.parametrize("which", ["done", "unknown"])
def test_a_comment_about_a_task_that_is_not_open_is_refused(which):
    case = in_review()
    task_id = {"done": case.tasks[0].id, "unknown": "none"}[which]

    after = attempts(case, CASE_MANAGER, "add_comment", text="Called the clinic.", task_id=task_id)

    assert after.refusals[-1].reason == "no open task of this id"
