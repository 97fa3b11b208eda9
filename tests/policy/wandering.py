"""A walk through cases, step after step, by a seed: what staff, time and the post do, sensible or not."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from policy.acting import act
from policy.actions import ACTIONS
from policy.alarms import ring
from policy.calendar import local_day
from policy.case import Case, open_case
from policy.coding import code
from policy.completeness import missing, outstanding
from policy.dispatch import sent
from policy.filing import closed, filed, may_file
from policy.lifecycle import Stage
from policy.particulars import ChangedBecause
from policy.people import Actor, Role
from policy.request import Care, Item, LineOfBusiness, Priority, Request
from policy.staffaction import StaffAction
from policy.tasks import HumanTask
from policy.third_opinion import lost, taken_in
from tests.builders import CMO, MONDAY, action
from tests.policy.always import Witness
from tests.policy.doings import (
    A_PART,
    ASKED,
    CAST,
    PEOPLE,
    RIGHT,
    SIGNALS,
    a_fitting_placement,
    a_request_for,
    a_third,
    changed,
    decided,
    handlings,
    information,
    next_free,
    right_people,
    said,
    signals,
)
from tests.policy.steps import (
    ADMINISTRATOR,
    DESIGNEE,
    HOW,
    NUMBER,
    SUPERVISOR,
    a_filing,
    consultation,
    delivery,
    no_delivery,
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LINES = tuple(line for line in LineOfBusiness if line is not LineOfBusiness.CMC)  # which ended before 2026
SOON_OR_LATE = (HOUR, 9 * HOUR, 900 * HOUR)
ROUND_IN_CIRCLES = (
    *["claim_task", "add_comment"] * 6,
    *["release_task", "save_draft", "record_contact_attempt"] * 4,
    *["request_information", "receive_information", "delegate_task", "return_task", "assign_task"] * 2,
    *["skip_task", "escalate_task", "suspend_task"],
)


class Walk:
    """One case after the other, and what always holds asked after each step. Counts what was sent, and what ended."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.actions = self.closed = 0
        self.begins(self.a_request())

    def begins(self, request: Request) -> None:
        """A new case; what was answered is noted anew."""
        self.now: datetime = MONDAY
        self.case = open_case(NUMBER, request, self.now)
        self.witness = Witness(self.case)
        self.answered: dict[str, tuple[StaffAction, bool]] = {}

    def a_request(self) -> Request:
        pick = self.random.choice
        priority = pick((Priority.STANDARD, Priority.STANDARD, Priority.EXPEDITED))
        lacking = self.random.sample(ASKED, 2) if pick((True, False)) else None
        return a_request_for(
            pick(LINES), priority, pick(tuple(Care)), lacking, pick((None, True, False)), pick((True, False))
        )

    def becomes(self, after: Case, by: StaffAction | None = None) -> None:
        self.case = after
        self.witness.sees(after, self.now, by)
        self.case = after.trimmed(after.seq)
        self.witness.sees_it_trimmed(self.case)

    def sends(self, actor: Actor, signal: str, at: datetime | None = None, **fields: Any) -> bool:
        """Somebody does something; the case answers. Whether it was applied."""
        self.actions += 1
        done = action(signal, actor, at or self.now, **fields)
        self.becomes(act(self.case, done, self.now), by=done)
        receipt = self.case.receipts[-1]
        assert receipt.action_id == done.action_id
        self.answered[done.action_id] = (done, receipt.accepted)
        return receipt.accepted

    # -- what may happen next

    def time_passes(self) -> None:
        self.now += self.random.choice((MINUTE, 20 * MINUTE, HOUR, 5 * HOUR, 90 * HOUR))
        self.becomes(ring(self.case, self.now))

    def letters_leave(self) -> None:
        owed = self.case.planned_notices
        leaving = self.random.sample(owed, self.random.randint(0, len(owed)))
        self.becomes(sent(self.case, tuple(delivery(n, by=self.random.choice(HOW)) for n in leaving), self.now))
        if owed and self.random.random() < 0.1:
            self.becomes(sent(self.case, (no_delivery(self.random.choice(owed)),), self.now))

    def the_case_is_filed(self) -> None:
        if may_file(self.case):
            self.becomes(code(self.case, self.now))
            self.becomes(filed(self.case, a_filing(self.now), self.now))
            self.becomes(closed(self.case, self.now))
            self.closed += 1
            if self.random.random() < 0.3:
                self.is_decided_anew()
            if self.case.stage is Stage.CLOSED:
                self.begins(self.a_request())

    def is_decided_anew(self) -> None:
        """Somebody reopens the closed case, or tries to."""
        because = self.random.choice(tuple(ChangedBecause))
        self.sends(self.random.choice((DESIGNEE, CMO, SUPERVISOR)), "change_determination", **changed(because))

    def its_third_opinion_comes_home_or_is_lost(self) -> None:
        if self.case.stage is Stage.THIRD_OPINION and not self.witness.open:
            comes = self.random.random() < 0.5
            self.becomes(
                taken_in(self.case, a_third(self.case), self.now) if comes else lost(self.case, "terminated", self.now)
            )

    def somebody_works(self) -> None:
        if self.witness.open:
            task, actor, signal = self.a_piece_of_work()
            waited = self.random.choice((0 * HOUR, 0 * HOUR, 20 * MINUTE, 9 * HOUR))  # for a worker
            self.sends(actor, signal, at=max(task.opened_at, self.now - waited), **self.fields(signal))

    def a_task_is_handled(self) -> None:
        if self.witness.open:
            task = self.random.choice(self.witness.open)
            signal = self.random.choice(handlings(task))
            right = right_people(task, self.case, local_day(self.now))
            concerned = tuple(PEOPLE[who] for who in (task.owner, task.asked) if who)
            in_charge = {"lift_exclusion": ADMINISTRATOR} | dict.fromkeys(("assign_task", "skip_task"), SUPERVISOR)
            actor = in_charge.get(signal) or self.random.choice(concerned or (*right, SUPERVISOR))
            self.sends(actor, signal, **{**self.fields(signal, task), "task_id": task.id})

    def anybody_does_anything(self) -> None:
        signal = self.random.choice(sorted(ACTIONS))
        self.sends(self.random.choice(CAST), signal, **self.fields(signal))

    def somebody_else_does_it(self) -> None:
        """What is to be done, by whoever comes along."""
        if self.witness.open:
            _, _, signal = self.a_piece_of_work()
            self.sends(self.random.choice(CAST), signal, **self.fields(signal))

    def an_old_action_comes_again(self) -> None:
        """As a door repeats it, which changes nothing; or with other content, which is refused."""
        if not self.answered:
            return
        self.actions += 1
        first, accepted = self.answered[self.random.choice(tuple(self.answered))]
        after = act(self.case, first.model_copy(update={"at": self.now}), self.now)
        known = after.receipt(first.action_id)
        assert after is self.case
        assert known is not None
        assert known.accepted is accepted
        other = first.model_copy(update={"case_number": "another"})
        refused = act(self.case, other, self.now)
        assert refused.receipts == self.case.receipts
        assert refused.refused_count == self.case.refused_count + 1
        self.becomes(refused)

    def somebody_saw_another_version(self) -> None:
        if self.witness.open:
            task, actor, signal = self.a_piece_of_work()
            seen = task.revision + self.random.choice((-1, 1, 40)) or 40
            applied = self.sends(actor, signal, revision=seen, **self.fields(signal))
            assert not applied

    def a_time_is_wrong(self) -> None:
        if self.witness.open:
            task, actor, signal = self.a_piece_of_work()
            at = self.random.choice((self.now + 6 * MINUTE, self.now + 900 * HOUR, task.opened_at - 6 * MINUTE))
            signal = self.random.choice((signal, *handlings(task), "add_comment"))
            fields = self.fields(signal, task)
            if signal not in SIGNALS[task.kind]:
                fields["task_id"] = task.id
            applied = self.sends(actor, signal, at=at, **fields)
            assert not applied
            assert self.case.receipts[-1].fields[0].field == "at"

    def a_case_manager_goes_round_in_circles(self) -> None:
        """Asks for what never comes, gives up, asks again; has the task, hands it on, talks about it."""
        self.now += MINUTE
        task = self.random.choice(
            [t for t in self.witness.open if t.definition.potential_owners == (Role.CASE_MANAGER,)]
        )
        actor = self.random.choice(right_people(task, self.case, local_day(self.now)))
        signal = self.random.choice(ROUND_IN_CIRCLES)
        fields = self.fields(signal, task)
        if "task_id" in fields or signal == "add_comment":
            fields["task_id"] = task.id
        if signal == "receive_information":
            fields = information([Item.DIAGNOSIS])
        self.sends(SUPERVISOR if signal in ("assign_task", "skip_task") else actor, signal, **fields)

    # -- by whom, and with what

    def a_piece_of_work(self) -> tuple[HumanTask, Actor, str]:
        """What one who could do it would do about an open task."""
        task = self.random.choice(self.witness.open)
        actor = self.random.choice(right_people(task, self.case, local_day(self.now)))
        return task, actor, self.random.choice(signals(task, self.case))

    def fields(self, signal: str, task: HumanTask | None = None) -> dict[str, Any]:
        """What somebody who knows the case would send, or the example of the book with other people and tasks."""
        pick, case = self.random.choice, self.case
        match signal:
            case "request_information":
                return {"items": missing(case) or [pick(ASKED)]}
            case "receive_information":
                return information([*outstanding(case)][: pick((1, 9))] or [pick(ASKED)])
            case "submit_consultation":
                return consultation(recommends=pick((True, False)))
            case "determine":
                advised = case.consultations[-1].recommends if case.consultations else pick((True, False))
                return decided("approved" if advised else "denied")
            case "place_opinion":
                return a_fitting_placement(case, next_free(case))
            case "receive_report":
                return pick((*[said(pick((None, True, False)))] * 4, A_PART))
        given = {
            "letter_key": pick([n.key for n in case.notices] or ["none"]),
            "reached": pick((True, False)),
            "kept": pick((True, False)),
            "when": self.now + pick((-HOUR, HOUR, 90 * HOUR, 900 * HOUR)),
            "task_id": pick(case.tasks).id,
            "to": pick(RIGHT[task.kind] if task else CAST),
            "nominees": [{"person": p} for p in self.random.sample(RIGHT[task.kind] if task else CAST, 2)],
            "person": pick(sorted(self.witness.prepared or PEOPLE)),
            "until": local_day(self.now + 5000 * HOUR)
            if signal == "extend_authorization"
            else self.now + pick(SOON_OR_LATE),
            "text": pick(("Called the clinic.", "They call back. " * 300)),
            "draft": pick(("", "{}", '{"note": "half of it"}', "half of it")),
        }
        example = ACTIONS[signal].EXAMPLE
        return {name: given.get(name, example[name]) for name in example}
