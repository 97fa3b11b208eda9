"""Whole lives: whatever staff, time and the post do to a case, in whatever order, it stays whole."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from policy.acceptance import may_be_opened
from policy.acting import act
from policy.actions import ACTIONS
from policy.alarms import next_alarm, ring
from policy.calendar import local_day
from policy.case import Case, open_case
from policy.coding import code
from policy.dispatch import sent
from policy.filing import closed, filed, may_file, packet
from policy.lifecycle import Outcome, Stage
from policy.particulars import ChangedBecause
from policy.people import Actor
from policy.request import LineOfBusiness
from policy.staffaction import StaffAction
from policy.tasks import TaskKind
from policy.third_opinion import lost, taken_in
from policy.transition import between
from tests.builders import CASE_MANAGER, CMO, a_report, action
from tests.policy.always import Witness
from tests.policy.doings import (
    ANYTHING,
    CALL,
    CAST,
    OPERATIONS,
    PEOPLE,
    RECEIVED,
    RIGHT,
    a_fitting_placement,
    a_letter_back,
    a_third,
    changed,
    handlings,
    requests,
    right_people,
    sensible,
    signals,
    yes_or_no,
)
from tests.policy.letters import composed
from tests.policy.steps import (
    ADMINISTRATOR,
    DESIGNEE,
    HOW,
    NUMBER,
    SUPERVISOR,
    a_filing,
    delivery,
    letters_left,
    no_delivery,
)

hours = st.sampled_from((1, 2, 5, 12, 24, 60, 200, 1000))


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
        self.rows: dict[object, object] = {}
        self.case = open_case(NUMBER, request, received)
        self.witness = Witness(self.case)
        self.told(None, self.case)
        self.becomes(self.case)
        self.goes_on(data, 1, steps)  # so that whatever may happen meets it anywhere in its life

    @precondition(lambda self: self.case.stage is Stage.CLOSED)
    @rule(data=st.data(), request=requests, received=st.sampled_from(RECEIVED))
    def another_begins(self, data, request, received):
        self.begins(data, request, received, 5)

    def becomes(self, after: Case, by: StaffAction | None = None) -> None:
        self.before, self.case = self.case, after
        self.told(self.before, after)
        self.witness.sees(after, self.now, by)
        self.the_case_survives_json_and_its_transitions_rebuild_it()
        self.an_approved_case_can_always_be_brought_to_the_file()

    def told(self, before: Case | None, after: Case) -> None:
        told = between(before, after, self.now)
        self.rows.update({t.id: t for t in told.tasks})
        self.rows.update({c.id: c for c in told.clocks})
        self.rows.update({n.key: n for n in told.notices})

    def does(self, signal: str, actor: Actor, later: int, early: int, fields: dict[str, Any]) -> None:
        self.now += timedelta(hours=later)
        self.last = action(signal, actor, self.now - timedelta(minutes=early), **fields)
        self.becomes(act(self.case, self.last, self.now), by=self.last)

    # -- what may happen

    @precondition(lambda self: self.case.open_tasks)
    @rule(data=st.data(), later=hours, steps=st.integers(1, 5))
    def goes_on(self, data, later, steps):
        while steps and self.case.open_tasks:
            steps -= 1
            task = data.draw(st.sampled_from(self.case.open_tasks))
            signal = data.draw(st.sampled_from(signals(task, self.case)))
            actor = data.draw(st.sampled_from(right_people(task, self.case, local_day(self.now))))
            self.does(signal, actor, later, 0, data.draw(sensible(signal, self.case)))

    @precondition(lambda self: self.case.open_tasks)
    @rule(data=st.data(), later=st.integers(1, 30), steps=st.integers(1, 6))
    def is_handled(self, data, later, steps):
        """Tasks are claimed, handed on, asked for, put aside, by people who are likely to be heard."""
        while steps and self.case.open_tasks:
            steps -= 1
            task = data.draw(st.sampled_from(self.case.open_tasks))
            signal = data.draw(st.sampled_from(handlings(task)))
            right = right_people(task, self.case, local_day(self.now))
            concerned = tuple(PEOPLE[who] for who in (task.owner, task.asked) if who)
            in_charge = {"lift_exclusion": ADMINISTRATOR} | dict.fromkeys(("assign_task", "skip_task"), SUPERVISOR)
            actor = in_charge.get(signal) or data.draw(st.sampled_from(concerned or (*right, SUPERVISOR)))
            likely: dict[str, st.SearchStrategy[Any]] = {
                "to": st.sampled_from(RIGHT[task.kind]),
                "nominees": st.permutations(right).map(lambda people: [{"person": p} for p in people[:3]]),
                "until": st.integers(1, 40).map(lambda more: self.now + timedelta(hours=later + more)),
                "person": st.sampled_from(sorted(self.witness.prepared or PEOPLE)),
            }
            fields = data.draw(OPERATIONS[signal])
            given = {field: data.draw(likely[field]) for field in likely if field in fields}
            self.does(signal, actor, later, 0, {**fields, **given, "task_id": task.id})

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

    @precondition(lambda self: self.case.is_before_determination)
    @rule(data=st.data(), signal=st.sampled_from(("expedite_request", "refuse_expedite", "extend_decision")))
    def is_hurried_or_extended(self, data, signal):
        self.does(signal, data.draw(st.sampled_from((CMO, DESIGNEE))), 1, 0, data.draw(ANYTHING[signal]))

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
    @rule(data=st.data(), how=st.sampled_from(HOW))
    def letters_leave(self, data, how):
        leaving = data.draw(st.lists(st.sampled_from(self.case.planned_notices), min_size=1, unique=True))
        assert all(composed(self.case, n, self.now).sections for n in leaving)
        self.becomes(sent(self.case, tuple(delivery(n, by=how) for n in leaving), self.now))

    @precondition(lambda self: self.case.planned_notices)
    @rule(data=st.data())
    def a_letter_reaches_nobody(self, data):
        self.becomes(sent(self.case, (no_delivery(data.draw(st.sampled_from(self.case.planned_notices))),), self.now))

    @precondition(lambda self: self.case.stage is not Stage.CLOSED and any(n.sent_at for n in self.case.notices))
    @rule(data=st.data(), signal=st.sampled_from(("report_returned_letter", "reissue_letter")), moved=yes_or_no)
    def a_letter_counts_no_more(self, data, signal, moved):
        notice = data.draw(st.sampled_from([n for n in self.case.notices if n.sent_at]))
        fields = a_letter_back(notice.key, moved and signal == "report_returned_letter")
        self.does(signal, CASE_MANAGER, 1, 0, {k: v for k, v in fields.items() if v is not None})

    @precondition(lambda self: self.case.stage is Stage.FILING and bool(may_file(self.case)))
    @rule()
    def is_filed_and_closed(self):
        assert packet(self.case, self.now).folder.startswith("Prior Authorizations/")
        assert packet(self.case, self.now).number == 1 + len(self.case.earlier_filings) + bool(self.case.filing)
        self.becomes(code(self.case, self.now))
        self.becomes(filed(self.case, a_filing(self.now), self.now))
        self.becomes(closed(self.case, self.now))

    @precondition(lambda self: self.case.stage is Stage.THIRD_OPINION and not self.case.open_tasks)
    @rule(comes=yes_or_no)
    def its_third_opinion_comes_home_or_is_lost(self, comes):
        self.becomes(
            taken_in(self.case, a_third(self.case), self.now) if comes else lost(self.case, "terminated", self.now)
        )

    @precondition(lambda self: self.case.stage is Stage.CLOSED)
    @rule(data=st.data(), because=st.sampled_from(ChangedBecause))
    def is_reopened(self, data, because):
        self.does(
            "change_determination", data.draw(st.sampled_from((DESIGNEE, CMO, SUPERVISOR))), 1, 0, changed(because)
        )

    # -- what always holds, beside what ``always`` asks of every step

    def the_case_survives_json_and_its_transitions_rebuild_it(self):
        case = self.case
        assert Case.model_validate_json(case.model_dump_json()) == case
        assert set(self.rows.values()) == {*case.tasks, *case.clocks, *case.notices}

    def an_approved_case_can_always_be_brought_to_the_file(self):
        case, now = self.case, self.now
        if case.outcome is not Outcome.APPROVED or case.stage is self.before.stage:
            return
        for call in case.open_tasks:
            if call.kind is TaskKind.TELEPHONE_NOTICE:
                now += timedelta(hours=1)
                owner = next(a for a in CAST if call.may_be_worked_by(a))
                case = act(case, action("record_call", owner, now, task_id=call.id, **CALL), now)
        for npi in ("1992999940", "1992999957"):
            for signal, fields in (("place_opinion", a_fitting_placement(case, npi)), ("receive_report", a_report())):
                task = case.task(ACTIONS[signal].TASK or TaskKind.PLACEMENT)
                if task:
                    owner = next(a for a in CAST if task.may_be_worked_by(a))
                    now += timedelta(hours=1)
                    case = act(case, action(signal, owner, now, **fields), now)
        if case.stage is Stage.THIRD_OPINION and not case.open_tasks:
            case = taken_in(case, a_third(case), now)
        assert may_file(letters_left(case, at=now))


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=300, stateful_step_count=25, deadline=None, derandomize=True)
