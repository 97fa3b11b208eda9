"""What steps and timers are called in the Temporal UI: plain words, within the server's limit."""

from policy.alarms import Alarm, next_alarm
from policy.lifecycle import Stage
from policy.particulars import StoryEntry
from policy.transition import Transition, between
from tests.builders import MONDAY
from tests.policy.steps import opened
from workflows.deadline import _is_same
from workflows.naming import LONGEST, awaited, recorded


def test_a_timer_says_what_falls_due_under_which_rule():
    alarm = next_alarm(opened())

    assert alarm is not None
    assert awaited(alarm).startswith("Warning before: The determination")
    assert awaited(alarm).endswith(f"({alarm.rule})")
    assert alarm.rule


def test_a_step_of_the_ledger_says_what_is_recorded():
    transition = between(None, opened(), MONDAY)

    assert recorded(transition) == "Record: request received, clock started, task opened" + (
        f" ({len(transition.entries)} lines)" if len(transition.entries) > 3 else ""
    )


def test_many_lines_still_fit():
    entries = tuple(StoryEntry(seq=n, at=MONDAY, event=f"kind:{n}-of-many", text="") for n in range(1, 99))
    transition: Transition = between(None, opened(), MONDAY).model_copy(update={"entries": entries})

    assert len(recorded(transition).encode()) <= LONGEST
    assert transition.stage is Stage.COMPLETENESS_REVIEW


def test_another_rule_behind_the_same_alarm_moves_no_timer():
    one, other = (Alarm(at=MONDAY, label="The determination falls due", rule=rule) for rule in ("A", "B"))

    assert _is_same(one, other)
    assert not _is_same(one, None)
    assert not _is_same(one, one.model_copy(update={"label": "Warning"}))
