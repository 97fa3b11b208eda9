"""What a case owes is carried out: lines in the ledger, letters, what the UI shows, the one timer. For every story."""

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.exceptions import is_cancelled_exception

from activities.ledger import LedgerSteps
from activities.letters import LetterSteps
from policy.alarms import next_alarm, ring
from policy.case import WITH_CHANNELS, Case
from policy.dispatch import sent, undeliverable
from policy.letter import Letter
from policy.nomination import StaffMember, ask_in_turn
from policy.notices import compose
from policy.particulars import Notice, NoticeKind
from policy.tasks import TaskKind
from policy.transition import Transition, between, newly_opened
from policy.verdict import Refused, Value
from workflows import LETTERS
from workflows.casefile import details
from workflows.deadline import Deadline
from workflows.inspection import attributes, changes
from workflows.naming import mailed, recorded
from workflows.staff import StaffDoors

# Records answer in milliseconds. When they are away the story waits, and tries again for as long as it takes.
RECORDING: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=40),
    "retry_policy": RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=30)),
}
# What leaves the house may take days of trying: a full disk, a printer, a folder that is away.
EFFECT: dict[str, Any] = {
    "task_queue": LETTERS,
    "start_to_close_timeout": timedelta(minutes=2),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
}

# The server ends a workflow at 51,200 events; it suggests a new run at some 4,000.
LONGEST_HISTORY = 30_000

PRESENTATION: dict[TaskKind, Callable[[LedgerSteps, Transition], tuple[StaffMember, ...] | None]] = {
    TaskKind.COMPLETENESS_REVIEW: LedgerSteps.present_to_case_manager,
    TaskKind.OBTAIN_INFORMATION: LedgerSteps.present_to_case_manager,
    TaskKind.PLACEMENT: LedgerSteps.present_to_case_manager,
    TaskKind.OBTAIN_REPORT: LedgerSteps.present_to_case_manager,
    TaskKind.TELEPHONE_NOTICE: LedgerSteps.present_to_case_manager,
    TaskKind.PHYSICIAN_REVIEW: LedgerSteps.present_to_physician,
    TaskKind.EXPIRED_DETERMINATION: LedgerSteps.present_to_physician,
    TaskKind.CONSULTATIVE_REVIEW: LedgerSteps.present_to_consultant,
    TaskKind.THIRD_OPINION_LOST: LedgerSteps.record,
}

OCCASION = {
    NoticeKind.INFORMATION_REQUEST: LetterSteps.ask_for_information,
    NoticeKind.INFORMATION_REMINDER: LetterSteps.ask_for_information,
    NoticeKind.PEND: LetterSteps.ask_for_information,
    NoticeKind.AUTHORIZATION: LetterSteps.refer_to_opinion_physician,
    NoticeKind.REPORT_REMINDER: LetterSteps.refer_to_opinion_physician,
    NoticeKind.REPORT_COPY: LetterSteps.share_report,
}


class Cancellation:
    """Whether an operator has cancelled the workflow.

    A run is cancelled once, and keeps the reason: whatever looks like it later is a worker that lets go of the case.
    """

    def __init__(self) -> None:
        self._is_known = False

    def came_by(self, trouble: BaseException) -> bool:
        """Whether this is how it comes to be known; true once."""
        is_it = is_cancelled_exception(trouble) and workflow.cancellation_reason() is not None
        is_new, self._is_known = is_it and not self._is_known, self._is_known or is_it
        return is_new


class CarriesOut(StaffDoors):
    """A case with its doors, and what is done about it while people, letters and time bring it further."""

    def __init__(self, case: Case, recorded: Case | None) -> None:
        self.case = case
        self._recorded = recorded
        self._shown: dict[SearchAttributeKey[Any], Any] = attributes(case)
        self._deadline = Deadline()
        self._mail: set[asyncio.Task[None]] = set()
        self._in_the_mail: set[str] = set()

    async def _until(self, reached: Callable[[Case], bool]) -> None:
        """Wait until people, letters and time have brought the case this far. Waiting costs nothing."""
        while True:
            await self._record()
            self._attend()
            self._send_what_is_owed()
            self._show()
            self._deadline.move(next_alarm(self.case))
            if reached(self.case):
                return
            await self._begin_afresh_when_the_history_is_long()
            await workflow.wait_condition(lambda: self._has_news or self._deadline.has_rung)
            if self._deadline.has_rung:
                self.case = ring(self.case, workflow.now())

    async def _begin_afresh_when_the_history_is_long(self) -> None:
        """The case goes on in a new run, whole: tasks, clocks, receipts. What was sent meanwhile is taken in first.

        Letters under way are waited for, unless the history nears the length at which the server ends a workflow; then
        they are asked for again, and each still leaves once.
        """
        info = workflow.info()
        is_urgent = info.get_current_history_length() > LONGEST_HISTORY
        if not (is_urgent or (info.is_continue_as_new_suggested() and not self._in_the_mail)):
            return
        if self._is_awaited:
            return
        if not workflow.patched("continue-as-new"):
            return  # a history that was recorded before there were new runs
        await workflow.wait_condition(workflow.all_handlers_finished)
        if not self._has_news:
            workflow.continue_as_new(self._opening_anew())

    @abstractmethod
    def _opening_anew(self) -> Value:
        """What a new run is started with: the case as it stands."""

    def _attend(self) -> None:
        """What else a case of the kind has to begin, beside what it records and sends."""

    @property
    def _is_awaited(self) -> bool:
        """Whether this very run waits for something that a new one could not take over."""
        return False

    @property
    def _has_news(self) -> bool:
        return self._recorded is None or self.case.seq != self._recorded.seq

    async def _record(self) -> None:
        """One line in the ledger for each thing that happened, and the work lists brought up to date."""
        while self._has_news:
            now = self.case
            transition = between(self._recorded, now, workflow.now())
            opened = newly_opened(self._recorded, now)
            step = PRESENTATION[opened[-1].kind] if opened else LedgerSteps.record
            panel = await workflow.execute_local_activity_method(
                step, transition, summary=recorded(transition), **RECORDING
            )
            self._recorded = now
            self.case = self.case.trimmed(now.seq)
            if panel is not None:
                self.case = ask_in_turn(self.case, TaskKind.CONSULTATIVE_REVIEW, panel, workflow.now())

    def _send_what_is_owed(self) -> None:
        """Letters go out beside the story: a printer that is away for a day holds nobody up, nor another letter."""
        owed = tuple(n for n in self.case.planned_notices if n.key not in self._in_the_mail)
        one_by_one = self.case.generation < WITH_CHANNELS
        if not owed or (one_by_one and self._in_the_mail):
            return
        self._in_the_mail |= {notice.key for notice in owed}
        posting = asyncio.create_task(self._send(owed))
        self._mail.add(posting)
        posting.add_done_callback(self._mail.discard)

    async def _send(self, owed: tuple[Notice, ...]) -> None:
        letters = self._composed(owed)
        if letters:
            step = OCCASION.get(letters[0].kind, LetterSteps.notify_parties)
            deliveries = await workflow.execute_activity_method(step, letters, summary=mailed(letters), **EFFECT)
            self.case = sent(self.case, deliveries, workflow.now())
        self._in_the_mail -= {notice.key for notice in owed}

    def _composed(self, owed: tuple[Notice, ...]) -> tuple[Letter, ...]:
        """The letters that can be written; about one that cannot say what it must, somebody has to call."""
        letters = []
        for notice in owed:
            letter = compose(self.case, notice, workflow.now())
            if isinstance(letter, Refused):
                self.case = undeliverable(self.case, notice, letter.reason, workflow.now())
            else:
                letters.append(letter)
        return tuple(letters)

    def _show(self) -> None:
        """What the Temporal UI shows, when it has changed."""
        current = attributes(self.case)
        updates = changes(self._shown, current)
        if updates:
            workflow.upsert_search_attributes(updates)
            self._shown = current
        workflow.set_current_details(details(self.case, workflow.now()))
