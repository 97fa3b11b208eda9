"""The case as a frozen value: everything that happened to one request, and the small steps that make the next value.

What staff actions do to it is in ``acting``, what time does to it in ``alarms``. Nothing here knows a clock.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from pydantic import AwareDatetime

from policy.calendar import local_day
from policy.clauses import Clause
from policy.edition import Edition, edition_named, edition_on
from policy.lifecycle import BEFORE_DETERMINATION, Outcome, Stage, may_move
from policy.particulars import (
    Coded,
    Comparison,
    Consultation,
    Determination,
    Filing,
    InformationRequest,
    Notice,
    NoticeKind,
    Opinion,
    Recipient,
)
from policy.people import Contact
from policy.planning import PLANNED_BY, planned
from policy.request import FirstOpinion, Information, Item, Priority, Request
from policy.rule import Anchor, Decided, Obligation
from policy.storied import STORY_KEPT, Storied
from policy.tasks import HumanTask, TaskKind, TaskState
from policy.timeframes import DECISION_LIMITS, Clock, ClockState, clocks_from, governing
from policy.trust import Trust

DECIDED = (Outcome.APPROVED, Outcome.DENIED)
STORY_SIZE = 100_000  # characters of the texts of a case's story, besides

# What later code does otherwise it does to new cases only: what was recorded under an older generation keeps its
# meaning when it is replayed. 1: until 2026-11. 2: tasks are owned, ordered and escalated as WS-HumanTask has it.
# 3: a letter has left when its channel proves it; one that comes back is owed again. 4: a third opinion has a case of
# its own, and a closed case can be reopened.
FIRST_GENERATION, WITH_CHANNELS, WITH_REOPENING = 1, 3, 4
GENERATION = WITH_REOPENING


class Case(Storied):
    """One second-opinion request from receipt to filing."""

    number: str
    generation: int = FIRST_GENERATION
    trust: Trust = Trust()
    edition_id: str
    request: Request
    received_at: AwareDatetime
    priority: Priority
    stage: Stage = Stage.COMPLETENESS_REVIEW
    outcome: Outcome | None = None
    information: tuple[Information, ...] = ()
    information_requests: tuple[InformationRequest, ...] = ()
    tasks: tuple[HumanTask, ...] = ()
    clocks: tuple[Clock, ...] = ()
    consultations: tuple[Consultation, ...] = ()
    determination: Determination | None = None
    opinions: tuple[Opinion, ...] = ()
    notices: tuple[Notice, ...] = ()
    contact: Contact | None = None  # the member's confidential contact, as it was changed since
    category: str = ""
    coded_at: AwareDatetime | None = None
    filing: Filing | None = None
    earlier_determinations: tuple[Determination, ...] = ()
    earlier_filings: tuple[Filing, ...] = ()
    coded: tuple[Coded, ...] = ()
    comparison: Comparison | None = None
    third_opinion_of: str = ""  # the number of the case whose third opinion this is
    third_letters: tuple[Notice, ...] = ()  # those that left under the number of the third opinion
    closed_at: AwareDatetime | None = None

    # -- what can be read off it

    @property
    def edition(self) -> Edition:
        """The edition that the case is bound to."""
        return edition_named(self.edition_id)

    @property
    def open_tasks(self) -> tuple[HumanTask, ...]:
        """What waits for people."""
        return tuple(t for t in self.tasks if t.is_open)

    @property
    def open_clocks(self) -> tuple[Clock, ...]:
        """The obligations that still stand."""
        return tuple(c for c in self.clocks if c.is_open)

    @property
    def planned_notices(self) -> tuple[Notice, ...]:
        """Letters that are owed and have not left."""
        return tuple(n for n in self.notices if n.is_owed)

    @property
    def is_before_determination(self) -> bool:
        """Whether the request can still be withdrawn."""
        return self.stage in BEFORE_DETERMINATION

    @property
    def decision_limit(self) -> datetime | None:
        """The earliest time at which the decision is due, whether it was made or not."""
        limits = (
            c
            for c in self.clocks
            if c.obligation in DECISION_LIMITS and c.state not in (ClockState.WAIVED, ClockState.PAUSED)
        )
        return min((c.due_at for c in limits), default=None)

    @property
    def governing_clock(self) -> Clock | None:
        """The open clock that is due first."""
        return governing(self.clocks)

    @property
    def supplied(self) -> frozenset[Item]:
        """The checklist's items that the case has."""
        member = self.request.member
        hidden = member.confidential if self.generation >= WITH_CHANNELS else None
        demographic = {
            Item.MEMBER_ADDRESS: member.address or (hidden and hidden.address),
            Item.MEMBER_PHONE: member.phone.strip() or (hidden and hidden.phone.strip()),
        }
        return frozenset({i for i, has in demographic.items() if has} | {i.item for i in self.information})

    @property
    def standing_opinions(self) -> tuple[Opinion, ...]:
        """The opinions that were given or are to be given: not those that their physician or the member ended."""
        return tuple(o for o in self.opinions if o.stands)

    @property
    def current_opinion(self) -> Opinion | None:
        """The opinion that is placed last, if it still stands."""
        return self.opinions[-1] if self.opinions and self.opinions[-1].stands else None

    @property
    def first_opinion(self) -> FirstOpinion | None:
        """The opinion that is questioned."""
        return self.request.first_opinion

    @property
    def determinations(self) -> tuple[Determination, ...]:
        """All that were made, in their order; the last one stands."""
        return (*self.earlier_determinations, *((self.determination,) if self.determination else ()))

    def task(self, kind: TaskKind) -> HumanTask | None:
        """The open task of a kind."""
        return next((t for t in self.open_tasks if t.kind is kind), None)

    def tasks_about(self, letter: str) -> tuple[HumanTask, ...]:
        """The open tasks about a letter."""
        return tuple(t for t in self.open_tasks if t.letter == letter)

    def notice(self, key: str) -> Notice | None:
        """The letter of a key."""
        return next((n for n in self.notices if n.key == key), None)

    def task_with(self, task_id: str) -> HumanTask | None:
        """The open task of an id."""
        return next((t for t in self.open_tasks if t.id == task_id), None)

    # -- small steps; each gives back the next value

    def but(self, **changes: Any) -> Self:  # noqa: ANN401 - as pydantic's own model_copy
        """The case with some fields changed. What follows from them for its open tasks follows at once."""
        changed = self.model_copy(update=changes)
        return changed if PLANNED_BY.isdisjoint(changes) else changed.model_copy(update={"tasks": planned(changed)})

    def move(self, stage: Stage) -> Self:
        """Into another stage. Raises ValueError for a move that the table of the life cycle lacks."""
        verdict = may_move(self.stage, stage)
        if not verdict:
            raise ValueError(verdict)
        return self.but(stage=stage)

    def open_task(self, kind: TaskKind, at: datetime, note: str = "", *, letter: str = "") -> Self:
        """One more task for people; ``letter`` is the key of the letter that it is about."""
        task = HumanTask(id=f"T{len(self.tasks) + 1}", kind=kind, note=note, letter=letter, opened_at=at)
        case = self.but(tasks=(*self.tasks, task))
        return case.tell(at, "task:opened", f"{task.id}: {task.title}", clause=task.definition.clause)

    def change_task(self, changed: HumanTask) -> Self:
        """One task replaced by its next value."""
        return self.but(tasks=tuple(changed if t.id == changed.id else t for t in self.tasks))

    def end_task(self, kind: TaskKind, at: datetime, by: str) -> Self:
        """The open task of a kind is done, by ``by``."""
        task = self.task(kind)
        return self.change_task(task.ended(TaskState.COMPLETED, at, by)) if task else self

    def exit_tasks(self, at: datetime) -> Self:
        """No task is needed any more."""
        return self.but(tasks=tuple(t.ended(TaskState.EXITED, at) if t.is_open else t for t in self.tasks))

    def start_clocks(
        self, anchor: Anchor, at: datetime, *, without: Iterable[Obligation] = (), told_at: datetime | None = None
    ) -> Self:
        """The clocks that an event starts. None is ever dropped: one that falls away is waived before.

        ``told_at`` is when the case heard of the event, where that is another time.
        """
        due = clocks_from(
            anchor,
            at,
            request=self.request,
            priority=self.priority,
            received_at=self.received_at,
            edition=self.edition,
            decision_limit=self.decision_limit,
            outcome=Decided(self.outcome) if self.outcome in DECIDED else None,
            generation=self.generation,
        )
        fresh = tuple(self._with_an_id_of_its_own(c) for c in due if c.obligation not in without)
        case = self.but(clocks=(*self.clocks, *fresh))
        for clock in fresh:
            case = case.tell(
                told_at or at, "clock:started", f"{clock.obligation}: {clock.explanation}", clause=clock.rule
            )
        return case

    def _with_an_id_of_its_own(self, clock: Clock) -> Clock:
        """The same rule can run twice in a case (a second request for information): ``…#2``."""
        before = sum(1 for c in self.clocks if c.id.partition("#")[0] == clock.id)
        return clock.model_copy(update={"id": f"{clock.id}#{before + 1}"}) if before else clock

    def end_clocks(self, at: datetime, *obligations: Obligation) -> Self:
        """The obligations were carried out at ``at``; each is met, or breached when it was due before."""
        case = self
        for clock in self.open_clocks:
            if clock.obligation in obligations:
                ended = clock.end(at)
                case = case.change_clock(ended)
                how = "in time" if ended.state is ClockState.MET else "too late"
                case = case.tell(at, f"clock:{ended.state}", f"{clock.obligation}: {how}", clause=clock.rule)
        return case

    def waive_clocks(self, at: datetime, cause: str, *obligations: Obligation) -> Self:
        """What still runs falls away: the given obligations, or all."""
        falls = tuple(c for c in self.open_clocks if not obligations or c.obligation in obligations)
        return self.but(clocks=tuple(c.waive(at, cause) if c in falls else c for c in self.clocks))

    def change_clock(self, changed: Clock) -> Self:
        """One clock replaced by its next value."""
        return self.but(clocks=tuple(changed if c.id == changed.id else c for c in self.clocks))

    def plan_notice(self, kind: NoticeKind, at: datetime, *recipients: Recipient, ordinal: int = 1) -> Self:
        """Letters are owed; the story sends them."""
        owed = tuple(
            Notice(
                key=f"{self.number}/{kind}/{ordinal}/{recipient}",
                kind=kind,
                recipient=recipient,
                ordinal=ordinal,
                planned_at=at,
            )
            for recipient in recipients
        )
        known = {n.key for n in self.notices}
        return self.but(notices=(*self.notices, *(n for n in owed if n.key not in known)))

    def change_notice(self, changed: Notice) -> Self:
        """One letter replaced by its next value."""
        return self.but(notices=tuple(changed if n.key == changed.key else n for n in self.notices))

    def trimmed(self, recorded_seq: int) -> Self:
        """With only the latest lines of the story, of those that are already in the ledger."""
        kept = size = 0
        for entry in reversed(self.story):
            size += len(entry.text)
            if entry.seq <= recorded_seq and (kept >= STORY_KEPT or size > STORY_SIZE):
                break
            kept += 1
        return self if kept == len(self.story) else self.but(story=self.story[-kept:])


def open_case(
    number: str,
    request: Request,
    received_at: datetime,
    *,
    generation: int = GENERATION,
    trust: Trust = Trust(),  # noqa: B008 - a frozen value
) -> Case:
    """A new case: the clocks run from receipt, and the case manager has a task (P1).

    When the checklist is already satisfied, the information counts as complete at receipt.
    """
    anchored_at = request.anchor(received_at)
    edition = edition_on(local_day(anchored_at))
    case = Case(
        number=number,
        generation=generation,
        trust=trust,
        edition_id=edition.id,
        request=request,
        received_at=anchored_at,
        priority=request.priority,
        information=request.information,
    )
    case = case.tell(
        received_at,
        "request:received",
        f"{request.line} request, {request.priority}, for {request.specialty}, from the {request.requester.kind}",
        clause=Clause.P1,
    )
    if {c.item for c in edition.checklist} <= case.supplied:
        case = case.start_clocks(Anchor.RECEIVED, anchored_at, without=(Obligation.PEND_NOTICE,))
        case = case.start_clocks(Anchor.INFORMATION_COMPLETE, anchored_at)
    else:
        case = case.start_clocks(Anchor.RECEIVED, anchored_at)
    if generation >= WITH_CHANNELS and request.requester.kind in edition.parameters.acknowledges:
        case = case.plan_notice(NoticeKind.ACKNOWLEDGEMENT, received_at, Recipient.MEMBER, Recipient.PROVIDER)
    return case.open_task(TaskKind.COMPLETENESS_REVIEW, received_at)
