"""What always holds, whatever happens to a case: asked after every step of a life or of a walk.

A witness sees every step and tells for itself who prepared the case, who was its consultant and what was lifted: so the
authority to decide is told a second time, and otherwise than the rules tell it.
"""

from collections.abc import Iterator
from datetime import datetime

from policy.alarms import next_alarm
from policy.calendar import local_day
from policy.case import STORY_SIZE, Case
from policy.duties import may_own
from policy.lifecycle import BEFORE_DETERMINATION, MOVES, Outcome, Stage
from policy.people import Actor, Role
from policy.receipts import KEPT_SHORT, KEPT_WHOLE
from policy.staffaction import StaffAction
from policy.storied import STORY_KEPT
from policy.tasks import COMMENTS_KEPT, HumanTask, TaskKind, TaskState
from policy.timeframes import DECISION_LIMITS
from tests.policy.doings import PCP, PEOPLE, TREATING

PREPARE = ("confirm_completeness", "request_information", "receive_information")
DECIDING = (TaskKind.PHYSICIAN_REVIEW, TaskKind.EXPIRED_DETERMINATION)


class Witness:
    """Sees every step of one case."""

    def __init__(self, case: Case) -> None:
        self.before = self.after = case
        self.open_before = self.open = case.open_tasks
        self.now: datetime = case.received_at
        self.sent: StaffAction | None = None
        self.prepared: set[str] = set()
        self.consultants: set[str] = set()
        self.lifted: set[tuple[str, str]] = set()

    def sees(self, after: Case, now: datetime, sent: StaffAction | None = None) -> None:
        """One more step, by an action or (None) by time or post: what always holds is asked, what was done is noted."""
        self.before, self.after, self.now, self.sent = self.after, after, now, sent
        self.open_before, self.open = self.open, after.open_tasks
        for holds in ALWAYS:
            holds(self)
        if sent is not None and self.was_applied:
            self._notes(sent)

    def sees_it_trimmed(self, trimmed: Case) -> None:
        """The same case with the latest lines of its story only, as all are recorded."""
        assert len(trimmed.story) <= STORY_KEPT
        assert sum(len(e.text) for e in trimmed.story) <= STORY_SIZE
        assert trimmed.story == self.after.story[len(self.after.story) - len(trimmed.story) :]
        assert trimmed.but(story=()) == self.after.but(story=())
        self.after = trimmed

    def _notes(self, sent: StaffAction) -> None:
        who = sent.actor
        if sent.SIGNAL in PREPARE and any(t.kind is sent.TASK for t in self.just_ended()):
            self.prepared |= {who.id, who.npi} - {""}
        if sent.SIGNAL == "submit_consultation":
            self.consultants |= {who.id, who.npi}
        if sent.SIGNAL == "lift_exclusion":
            self.lifted.add((sent.task_id, sent.person))  # type: ignore[attr-defined]

    @property
    def was_applied(self) -> bool:
        """Whether the step was an action that was applied, for the first time."""
        latest = self.after.receipts[-1] if self.after.receipts else None
        return (
            self.sent is not None
            and self.after is not self.before
            and latest is not None
            and (latest.action_id, latest.accepted) == (self.sent.action_id, True)
        )

    @property
    def at(self) -> datetime:
        """The time that counts for the step."""
        return min(self.sent.at, self.now) if self.sent else self.now

    def just_ended(self) -> Iterator[HumanTask]:
        """The tasks that the step ended, as they were before."""
        still_open = {t.id for t in self.open}
        return (t for t in self.open_before if t.id not in still_open)

    def may_decide(self, actor: Actor, task: HumanTask) -> bool:
        """Whether the actor has the authority to decide, by what the witness has seen."""
        prepared = not self.prepared.isdisjoint({actor.id, actor.npi})
        return self.may_sign(actor) and (not prepared or (task.id, actor.id) in self.lifted)

    def may_decide_anew(self, actor: Actor) -> bool:
        """Whether the actor has it a second time: not one who has decided before."""
        deciders = {who for d in self.before.determinations for who in (d.physician.id, d.physician.npi)}
        return self.may_sign(actor) and deciders.isdisjoint({actor.id, actor.npi})

    def may_sign(self, actor: Actor) -> bool:
        """Whether the actor may sign a determination at all."""
        day = local_day(self.at)
        return (
            bool({Role.CMO, Role.PHYSICIAN_DESIGNEE} & set(actor.roles))
            and actor.licence.strip() != ""
            and (actor.licence_expires is None or actor.licence_expires >= day)
            and actor.npi not in {"", TREATING, PCP}
            and {actor.id, actor.npi}.isdisjoint(self.consultants)
        )


# -- tasks


def each_kind_of_task_but_calls_is_open_at_most_once_and_somebody_always_has_one(step: Witness) -> None:
    kinds = [t.kind for t in step.open if t.kind is not TaskKind.TELEPHONE_NOTICE]
    assert len(kinds) == len(set(kinds))
    if (
        step.after.stage is not Stage.THIRD_OPINION
    ):  # nobody, while it has a case of its own; somebody, once that is lost
        assert bool(kinds) is (step.after.stage not in (Stage.FILING, Stage.CLOSED))


def a_task_is_with_one_owner_or_open_to_its_group_and_wakes_when_it_sleeps(step: Witness) -> None:
    for task in step.open:
        assert (task.state is TaskState.RESERVED) <= bool(task.owner)
        assert (task.state is TaskState.READY) <= (not task.owner)
        assert (task.state is TaskState.SUSPENDED) is (task.suspended_until is not None)
        if task.suspended_until and task.due_at:
            assert task.suspended_until <= task.due_at


def a_task_ends_after_it_was_opened_and_is_completed_only_by_the_action_that_it_waits_for(step: Witness) -> None:
    for task in step.just_ended():
        ended = next(t for t in step.after.tasks if t.id == task.id)
        assert ended.ended_at is not None
        assert ended.ended_at >= ended.opened_at
        assert (ended.comments, ended.draft, ended.nominees) == ((), "", ())
        done = step.sent is not None and task.kind is step.sent.TASK
        assert (ended.state is TaskState.COMPLETED) is done
        assert (ended.ended_by != "") is (ended.state is not TaskState.EXITED)


def comments_of_a_task_are_the_latest_and_stay_bounded(step: Witness) -> None:
    had = {t.id: t.comments for t in step.open_before}
    for task in step.open:
        before = had.get(task.id, ())
        if task.comments == before:
            continue
        *kept, newest = task.comments
        assert step.sent is not None
        assert (newest.actor, newest.at) == (step.sent.actor.id, step.at)
        assert tuple(kept) == before[len(before) - len(kept) :]
        assert sum(len(c.text) for c in kept) <= COMMENTS_KEPT - len(newest.text)


def whoever_is_given_a_task_may_own_it(step: Witness) -> None:
    had = {t.id: t.owner for t in step.open_before}
    for task in step.open:
        if task.owner and task.owner != had.get(task.id, ""):
            assert may_own(step.after, task, PEOPLE[task.owner], local_day(step.at)), (task.owner, task.id)


def whoever_is_asked_for_a_task_may_own_it(step: Witness) -> None:
    for task in step.open:
        if task.asked:
            assert may_own(step.after, task, task.nominees[0].person, local_day(step.at)), (task.asked, task.id)


def whoever_completes_a_task_is_not_excluded_from_it_unless_that_was_lifted(step: Witness) -> None:
    for task in step.just_ended():
        ended = next(t for t in step.after.tasks if t.id == task.id)
        if step.sent is None or ended.state is not TaskState.COMPLETED:
            continue
        actor = step.sent.actor
        bars = [e for e in task.excluded if e.who in (actor.id, actor.npi)]
        assert all(not e.by_law and (task.id, actor.id) in step.lifted for e in bars), (actor.id, bars)
        assert ended.ended_by == actor.id
        assert task.owner in ("", actor.id)


def every_open_task_is_due_with_the_first_of_its_clocks(step: Witness) -> None:
    standing = [c for c in step.after.clocks if c.ended_at is None]
    for task in step.open:
        due = min((c.due_at for c in standing if c.obligation in task.definition.serves), default=None)
        assert task.due_at == due, task.id


# -- the decision


def an_outcome_stands_and_was_signed_by_one_who_had_the_authority(step: Witness) -> None:
    before, after = step.before, step.after
    made = after.determination
    if step.was_applied and step.sent is not None and step.sent.SIGNAL == "change_determination":
        assert after.determinations[:-1] == before.determinations
        assert before.outcome is Outcome.DENIED
        assert made is not None
        assert (made.outcome, made.physician) == (after.outcome, step.sent.actor)
        assert made.decided_by or step.may_decide_anew(made.physician)
        return
    assert before.outcome in (None, after.outcome)
    assert before.determination in (None, made)
    assert before.earlier_determinations == after.earlier_determinations
    assert (after.outcome is None) is (after.stage in BEFORE_DETERMINATION)
    assert (made is None) is (after.outcome in (None, Outcome.WITHDRAWN))
    if made is not None and before.determination is None:
        assert step.sent is not None
        (task,) = (t for t in step.just_ended() if t.kind is step.sent.TASK)
        assert task.kind in DECIDING
        assert (made.outcome, made.physician) == (after.outcome, step.sent.actor)
        assert step.may_decide(made.physician, task), made.physician.id


def the_time_for_the_decision_counts_while_a_physician_has_the_case(step: Witness) -> None:
    if step.after.stage in (Stage.PHYSICIAN_REVIEW, Stage.CONSULTATIVE_REVIEW):
        assert any(c.obligation in DECISION_LIMITS for c in step.after.open_clocks)


# -- the case


def the_story_has_no_gap_and_every_change_has_its_line_but_a_draft(step: Witness) -> None:
    before, after = step.before, step.after
    told = after.seq - before.seq
    assert [e.seq for e in after.story[len(after.story) - told :]] == list(range(before.seq + 1, after.seq + 1))
    assert after.story[: len(before.story)] == before.story
    if told == 0 and after is not before and after != before:
        assert step.sent is not None
        assert step.sent.SIGNAL == "save_draft"
        undone = {"receipts": before.receipts, "older_receipts": before.older_receipts, "tasks": before.tasks}
        assert after.but(**undone) == before
        assert [t.model_copy(update={"draft": ""}) for t in after.tasks] == [
            t.model_copy(update={"draft": ""}) for t in before.tasks
        ]


def each_move_stands_in_the_table(step: Witness) -> None:
    here, there = step.before.stage, step.after.stage
    assert here is there or there in MOVES[here]


def every_clock_ends_at_most_once_unless_what_met_it_counts_no_more(step: Witness) -> None:
    recalled = step.sent is not None and step.sent.SIGNAL in (
        "report_returned_letter",
        "reissue_letter",
        "decline_placement",
    )
    for before, after in zip(step.before.clocks, step.after.clocks, strict=False):
        assert after is before or before.is_open or after == before or (recalled and after.is_open)
    assert len(step.before.clocks) <= len(step.after.clocks)


def each_letter_is_owed_once_and_a_call_is_about_one_that_is_not(step: Witness) -> None:
    notices = step.after.notices
    assert len({n.key for n in notices}) == len(notices)
    stand = [(n.kind, n.recipient, n.ordinal) for n in notices if n.ended_as is None]
    assert len(set(stand)) == len(stand)
    calls = [t.letter for t in step.open if t.kind is TaskKind.TELEPHONE_NOTICE]
    assert len(set(calls)) == len(calls)
    assert all(not n.is_owed for n in notices if n.key in calls)


def a_refusal_changes_nothing_else(step: Witness) -> None:
    if step.after.refused_count > step.before.refused_count:
        kept = ("receipts", "older_receipts", "refusals", "refused_count", "story", "seq")
        assert step.after.but(**{field: getattr(step.before, field) for field in kept}) == step.before


def every_new_action_has_its_answer_and_the_answers_stay_bounded(step: Witness) -> None:
    if step.sent is not None:
        assert step.after.receipts[-1].action_id == step.sent.action_id
    assert len(step.after.receipts) <= KEPT_WHOLE
    assert len(step.after.older_receipts) <= KEPT_SHORT


def a_case_is_closed_only_when_it_waits_for_nothing(step: Witness) -> None:
    if step.after.stage is Stage.CLOSED:
        assert step.before.stage is Stage.CLOSED or step.before.open_clocks == ()
        assert len(step.after.coded) <= len(step.after.determinations)
        assert (step.open, step.after.open_clocks, next_alarm(step.after)) == ((), (), None)
        assert (step.after.category != "") is (step.after.outcome is not Outcome.WITHDRAWN)


ALWAYS = (
    each_kind_of_task_but_calls_is_open_at_most_once_and_somebody_always_has_one,
    a_task_is_with_one_owner_or_open_to_its_group_and_wakes_when_it_sleeps,
    a_task_ends_after_it_was_opened_and_is_completed_only_by_the_action_that_it_waits_for,
    comments_of_a_task_are_the_latest_and_stay_bounded,
    whoever_is_given_a_task_may_own_it,
    whoever_is_asked_for_a_task_may_own_it,
    whoever_completes_a_task_is_not_excluded_from_it_unless_that_was_lifted,
    every_open_task_is_due_with_the_first_of_its_clocks,
    an_outcome_stands_and_was_signed_by_one_who_had_the_authority,
    the_time_for_the_decision_counts_while_a_physician_has_the_case,
    the_story_has_no_gap_and_every_change_has_its_line_but_a_draft,
    each_move_stands_in_the_table,
    every_clock_ends_at_most_once_unless_what_met_it_counts_no_more,
    each_letter_is_owed_once_and_a_call_is_about_one_that_is_not,
    a_refusal_changes_nothing_else,
    every_new_action_has_its_answer_and_the_answers_stay_bounded,
    a_case_is_closed_only_when_it_waits_for_nothing,
)
