"""Whole lives: whatever staff, time and the post do to a case, in whatever order, it stays whole."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from policy.acceptance import may_be_opened
from policy.acting import act
from policy.actions import ACTIONS, StaffAction
from policy.alarms import next_alarm, ring
from policy.case import Case, open_case
from policy.coding import code
from policy.filing import closed, filed, may_file, packet
from policy.lifecycle import BEFORE_DETERMINATION, MOVES, Outcome, Stage
from policy.notices import compose, sent
from policy.people import Actor, Role
from policy.request import Care, Item, LineOfBusiness, Priority, Request
from policy.tasks import TaskKind
from policy.timeframes import Clock
from policy.transition import between
from tests.builders import MONDAY, a_first_opinion, a_report, a_request, action, an_incomplete_request
from tests.policy.doings import (
    ANYTHING,
    CAST,
    PCP,
    SPECIALTY,
    TREATING,
    a_fitting_placement,
    items,
    right_people,
    sensible,
    signals,
    yes_or_no,
)
from tests.policy.steps import NUMBER, SUPERVISOR, a_filing, delivery, letters_left

RECEIVED = (
    MONDAY,
    datetime.fromisoformat("2022-12-28T15:00-08:00"),  # Wednesday
    datetime.fromisoformat("2025-12-30T16:00-08:00"),  # Tuesday
    datetime.fromisoformat("2026-03-06T17:05-08:00"),  # Friday; summer time begins on Sunday
    datetime.fromisoformat("2026-11-25T23:59-08:00"),  # Wednesday, the eve of Thanksgiving
)
hours = st.sampled_from((1, 2, 5, 12, 24, 60, 200, 1000))


def a_request_for(
    line: LineOfBusiness, priority: Priority, care: Care, lacking: list[Item] | None, first: bool | None, threat: bool
) -> Request:
    given: dict[str, Any] = {"line": line, "priority": priority, "care": care, "imminent_threat": threat}
    given["specialty"] = SPECIALTY[care]
    if first is not None:
        given["first_opinion"] = a_first_opinion(recommends=first)
    return an_incomplete_request(*lacking, **given) if lacking else a_request(**given)


requests = st.builds(
    a_request_for,
    line=st.sampled_from(LineOfBusiness),
    priority=st.sampled_from((Priority.STANDARD, Priority.STANDARD, *Priority)),
    care=st.sampled_from(Care),
    lacking=st.none() | items,
    first=st.none() | yes_or_no,
    threat=yes_or_no,
)


def is_eligible(actor: Actor, case: Case) -> bool:
    """The authority to determine, told a second time and otherwise than the rules tell it."""
    consultants = {c.reviewer.id for c in case.consultations if c.reviewer}
    return (
        bool(set(actor.roles) & {Role.CMO, Role.PHYSICIAN_DESIGNEE})
        and actor.licence != ""
        and actor.npi not in {TREATING, PCP}
        and actor.id not in consultants
    )


class Life(RuleBasedStateMachine):
    """One case, to which anything may happen next."""

    case: Case
    before: Case
    now: datetime
    last: StaffAction | None

    @initialize(data=st.data(), request=requests, received=st.sampled_from(RECEIVED), steps=st.integers(0, 9))
    def begins(self, data, request, received, steps):
        if not may_be_opened(request, received):
            request = request.model_copy(update={"line": LineOfBusiness.MEDI_CAL})
        self.now, self.last = received, None
        self.ended: dict[str, Clock] = {}
        self.rows: dict[object, object] = {}
        self.case = open_case(NUMBER, request, received)
        self.told(None, self.case)
        self.becomes(self.case)
        self.goes_on(data, 1, steps)  # so that whatever may happen meets it anywhere in its life

    @precondition(lambda self: self.case.stage is Stage.CLOSED)
    @rule(data=st.data(), request=requests, received=st.sampled_from(RECEIVED))
    def another_begins(self, data, request, received):
        self.begins(data, request, received, 5)

    def becomes(self, after: Case) -> None:
        self.before, self.case = self.case, after
        self.told(self.before, after)
        for holds in ALWAYS:
            holds(self)

    def told(self, before: Case | None, after: Case) -> None:
        told = between(before, after, self.now)
        self.rows.update({t.id: t for t in told.tasks})
        self.rows.update({c.id: c for c in told.clocks})
        self.rows.update({n.key: n for n in told.notices})

    def does(self, signal: str, actor: Actor, later: int, early: int, fields: dict[str, Any]) -> None:
        self.now += timedelta(hours=later)
        self.last = action(signal, actor, self.now - timedelta(minutes=early), **fields)
        self.becomes(act(self.case, self.last, self.now))

    # -- what may happen

    @precondition(lambda self: self.case.open_tasks)
    @rule(data=st.data(), later=hours, steps=st.integers(1, 5))
    def goes_on(self, data, later, steps):
        while steps and self.case.open_tasks:
            steps -= 1
            task = data.draw(st.sampled_from(self.case.open_tasks))
            signal = data.draw(st.sampled_from(signals(task, self.case)))
            actor = data.draw(st.sampled_from(right_people(task, self.case)))
            self.does(signal, actor, later, 0, data.draw(sensible(signal, self.case)))

    @precondition(lambda self: self.case.open_tasks)
    @rule(data=st.data())
    def stumbles(self, data):
        task = data.draw(st.sampled_from(self.case.open_tasks))
        signal = data.draw(st.sampled_from(signals(task, self.case)))
        self.does(signal, data.draw(st.sampled_from(CAST)), 1, 0, data.draw(ANYTHING[signal]))

    @precondition(lambda self: self.case.stage is not Stage.CLOSED or self.last.SIGNAL != "add_comment")
    @rule(data=st.data(), signal=st.sampled_from(sorted(ACTIONS)), minutes_early=st.integers(-9, 9))
    def does_anything(self, data, signal, minutes_early):
        self.does(signal, data.draw(st.sampled_from(CAST)), 1, minutes_early, data.draw(ANYTHING[signal]))

    @precondition(lambda self: self.last)
    @rule(reuse=yes_or_no)
    def repeats_itself(self, reuse):
        assert self.last is not None
        again = self.last.model_copy(update={"actor": SUPERVISOR} if reuse else {"at": self.now})
        after = act(self.case, again, self.now)
        assert after.receipts == self.case.receipts
        assert (after == self.case) or (reuse and after.refused_count == self.case.refused_count + 1)
        self.becomes(after)

    @rule(later=hours)
    def time_passes(self, later):
        self.now += timedelta(hours=later)
        self.becomes(ring(self.case, self.now))

    @precondition(lambda self: next_alarm(self.case) is not None)
    @rule()
    def an_alarm_rings(self):
        alarm = next_alarm(self.case)
        assert alarm is not None
        self.now = max(self.now, alarm.at)
        after = ring(self.case, self.now)
        assert after != self.case
        self.becomes(after)

    @precondition(lambda self: self.case.planned_notices)
    @rule(data=st.data())
    def letters_leave(self, data):
        leaving = data.draw(st.lists(st.sampled_from(self.case.planned_notices), min_size=1, unique=True))
        assert all(compose(self.case, n, self.now).sections for n in leaving)
        self.becomes(sent(self.case, tuple(delivery(n) for n in leaving), self.now))

    @precondition(lambda self: self.case.stage is Stage.FILING and bool(may_file(self.case)))
    @rule()
    def is_filed_and_closed(self):
        assert packet(self.case, self.now).folder.startswith("Prior Authorizations/")
        self.becomes(code(self.case, self.now))
        self.becomes(filed(self.case, a_filing(self.now), self.now))
        self.becomes(closed(self.case, self.now))

    # -- what always holds

    def each_kind_of_task_is_open_at_most_once_and_somebody_always_has_one(self):
        kinds = [t.kind for t in self.case.open_tasks]
        assert len(kinds) == len(set(kinds))
        assert bool(kinds) is (self.case.stage not in (Stage.FILING, Stage.CLOSED))

    def an_outcome_stands_and_was_signed_by_an_eligible_physician(self):
        made = self.case.determination
        assert self.before.outcome in (None, self.case.outcome)
        assert self.before.determination in (None, made)
        assert (self.case.outcome is None) is (self.case.stage in BEFORE_DETERMINATION)
        assert (made is None) is (self.case.outcome in (None, Outcome.WITHDRAWN))
        assert made is None or (made.outcome is self.case.outcome and is_eligible(made.physician, self.case))

    def the_story_has_no_gap_and_every_change_its_line(self):
        assert [e.seq for e in self.case.story] == list(range(1, self.case.seq + 1))
        assert self.case.story[: self.before.seq] == self.before.story
        assert self.case == self.before or self.case.seq > self.before.seq

    def each_move_stands_in_the_table(self):
        here, there = self.before.stage, self.case.stage
        assert here is there or there in MOVES[here]

    def every_clock_ends_at_most_once(self):
        ended = {c.id: c for c in self.case.clocks if not c.is_open}
        assert {key: ended.get(key) for key in self.ended} == self.ended
        self.ended = ended

    def a_refusal_changes_nothing_else(self):
        if self.case.refused_count > self.before.refused_count:
            kept = ("receipts", "refusals", "refused_count", "story", "seq")
            assert self.case.but(**{field: getattr(self.before, field) for field in kept}) == self.before

    def the_case_survives_json_and_its_transitions_rebuild_it(self):
        case = self.case
        assert Case.model_validate_json(case.model_dump_json()) == case
        assert set(self.rows.values()) == {*case.tasks, *case.clocks, *case.notices}

    def a_closed_case_waits_for_nothing(self):
        if self.case.stage is Stage.CLOSED:
            assert (self.case.open_tasks, self.case.open_clocks, next_alarm(self.case)) == ((), (), None)
            assert bool(self.case.category) is (self.case.outcome is not Outcome.WITHDRAWN)

    def an_approved_case_can_always_be_brought_to_the_file(self):
        case, now = self.case, self.now
        if case.outcome is not Outcome.APPROVED or case.stage is self.before.stage:
            return
        for npi in ("1992999940", "1992999957"):
            for signal, fields in (("place_opinion", a_fitting_placement(case, npi)), ("receive_report", a_report())):
                task = case.task(ACTIONS[signal].TASK or TaskKind.PLACEMENT)
                if task:
                    owner = next(a for a in CAST if task.may_be_worked_by(a))
                    now += timedelta(hours=1)
                    case = act(case, action(signal, owner, now, **fields), now)
        assert may_file(letters_left(case, at=now))


ALWAYS = (
    Life.each_kind_of_task_is_open_at_most_once_and_somebody_always_has_one,
    Life.an_outcome_stands_and_was_signed_by_an_eligible_physician,
    Life.the_story_has_no_gap_and_every_change_its_line,
    Life.each_move_stands_in_the_table,
    Life.every_clock_ends_at_most_once,
    Life.a_refusal_changes_nothing_else,
    Life.the_case_survives_json_and_its_transitions_rebuild_it,
    Life.a_closed_case_waits_for_nothing,
    Life.an_approved_case_can_always_be_brought_to_the_file,
)

TestLife = Life.TestCase
TestLife.settings = settings(max_examples=100, stateful_step_count=25, deadline=None, derandomize=True)
