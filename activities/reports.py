"""Make a committees' report, and carry out what the committees decide on it. Policy 90.2.17, P12.

Each step is safe to repeat: figures that were gathered are not gathered again, a finished report is never changed.
"""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from temporalio import activity

from activities.letters import sent_by
from activities.ports import CommitteeRecords, Mailroom, ReportRenderer, ReportShelf, ReportSource, Requests
from policy.committee.file import FlagSeen, Made, Stored
from policy.committee.letters import OwedLetter, compose
from policy.committee.order import ReportOrder
from policy.committee.transition import CommitteeTransition
from policy.dispatch import Delivery
from policy.letter import Letter
from policy.report.difference import difference_in_words
from policy.report.shape import CommitteeReport
from policy.trust import Trust
from policy.verdict import Value

Worked = TypeVar("Worked")
NPI = re.compile(r"\d{10}")
BEATS = 10.0  # seconds between two signs of life; the story gives a step up after a minute without


class Written(Value):
    """What became of letters: those that went their way, and why others cannot be made, by action."""

    deliveries: tuple[Delivery, ...] = ()
    unmade: dict[str, str] = {}


class ReportSteps:
    """The steps of a report."""

    def __init__(
        self,
        source: ReportSource,
        renderer: ReportRenderer,
        shelf: ReportShelf,
        records: CommitteeRecords,
        requests: Requests,
        mailroom: Mailroom,
        terms: Callable[[], Trust],
        clock: Callable[[], datetime],
    ) -> None:
        """``terms`` says on which terms a report's file believes who acts; ``clock`` gives aware times."""
        self._source, self._renderer, self._shelf = source, renderer, shelf
        self._records, self._requests, self._mailroom = records, requests, mailroom
        self._terms, self._clock = terms, clock

    @activity.defn
    def report_terms(self) -> Trust:
        """The terms for a report that the schedule begins: no door is there to say them."""
        return self._terms()

    @activity.defn
    def report_is_finished(self, number: str) -> bool:
        """Whether it was made before, and is asked for again."""
        return self._records.is_finished(number)

    @activity.defn
    async def gather_report(self, order: ReportOrder) -> Made:
        """Gather the figures, once: a repetition finds them."""
        return await _beating(lambda: made_of(self._gathered(order)))

    @activity.defn
    async def reconcile_report(self, order: ReportOrder) -> Made:
        """Derive its counts a second time, and keep what that says."""
        return await _beating(lambda: made_of(self._reconciled(order)))

    @activity.defn
    async def render_report(self, order: ReportOrder) -> Made:
        """Set its files and store them with it; what lies on the shelf stays as it is."""
        return await _beating(lambda: self._rendered(order))

    @activity.defn
    def record_committee(self, transition: CommitteeTransition) -> None:
        """Append the lines and update the rows."""
        self._records.record(transition)

    @activity.defn
    def write_for_committee(self, owed: tuple[OwedLetter, ...]) -> Written:
        """Write what was decided to whom it concerns; whose letter cannot be made is said, with the reason."""
        letters: list[Letter] = []
        unmade: dict[str, str] = {}
        for one in owed:
            case = one.action.about_case
            letter = compose(one, self._requests.request_now(case) if case else None, self._clock())
            if isinstance(letter, Letter):
                letters.append(letter)
            else:
                unmade[one.action.id] = letter.reason
        try:
            return Written(deliveries=sent_by(self._mailroom, tuple(letters)), unmade=unmade)
        except Exception:
            if unmade:  # these are told at once; the others are asked for again
                return Written(unmade=unmade)
            raise

    def _gathered(self, order: ReportOrder) -> CommitteeReport:
        kept = self._records.report(order.number)
        if kept is None:
            report = self._source.gather(order, self._clock())
            kept = self._records.keep(order.number, self._placed(report, order))
        return kept

    def _reconciled(self, order: ReportOrder) -> CommitteeReport:
        report = self._gathered(order)
        if report.reconciliation is None and not self._records.is_finished(order.number):
            report = self._records.keep(order.number, self._source.reconcile(report))
        return report

    def _rendered(self, order: ReportOrder) -> Made:
        report = self._gathered(order)
        return made_of(report, self._shelf.put(report, self._renderer.files(report)))

    def _placed(self, report: CommitteeReport, order: ReportOrder) -> CommitteeReport:
        """With its edition, what it says otherwise than the one before, and what was decided before."""
        earlier = self._records.earlier(order.number, order.period)
        report = report.model_copy(update={"lines": order.lines, "edition": order.edition, "earlier_actions": earlier})
        if not order.corrects:
            return report
        before = self._records.report(order.corrects)
        said = difference_in_words(before, report) if before else f"{order.corrects} is not on record."
        return report.model_copy(update={"corrects": order.corrects, "difference": f"{order.why} {said}"})


def made_of(report: CommitteeReport, stored: Stored | None = None) -> Made:
    """What the story needs of a report: counts, flags, whether it agrees, where it lies."""
    second = report.reconciliation
    return Made(
        as_of=report.as_of,
        cases=report.cases,
        delegated=report.delegated,
        flags=tuple(
            FlagSeen(id=f.id, label=f.label, sentence=f.sentence, concerned=f.unit if NPI.fullmatch(f.unit) else "")
            for f in report.flags
        ),
        agrees=second.agrees if second else None,
        differences=second.difference_count if second else 0,
        difference=report.difference,
        digest=stored.digest if stored else "",
        files=stored.files if stored else (),
    )


async def _beating(work: Callable[[], Worked]) -> Worked:
    """Does the work beside the loop, and says every while that the step is at it."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(BEATS)

    beating = asyncio.create_task(beat())
    try:
        return await asyncio.to_thread(work)
    finally:
        beating.cancel()
