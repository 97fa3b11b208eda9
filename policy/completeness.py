"""What a referral must carry before it goes to the CMO or designee. Policy 90.2.17, Procedure 2 and 3 (P2, P3)."""

from datetime import datetime

from policy.actions import ConfirmCompleteness, ReceiveInformation, RecordContactAttempt, RequestInformation
from policy.case import FIRST_GENERATION, Case
from policy.clauses import Clause
from policy.lifecycle import Stage
from policy.particulars import InformationRequest, NoticeKind, Recipient
from policy.request import Item
from policy.rule import Anchor, Obligation
from policy.tasks import HumanTask, TaskKind
from policy.timeframes import ClockState
from policy.verdict import Refused


def missing(case: Case) -> tuple[Item, ...]:
    """The checklist's items that the case lacks, in the checklist's order."""
    return tuple(c.item for c in case.edition.checklist if c.item not in case.supplied)


def outstanding(case: Case) -> tuple[Item, ...]:
    """The items that were asked for and have not come."""
    asked = case.information_requests[-1].items if case.information_requests else ()
    return tuple(item for item in asked if item not in case.supplied)


def confirm(case: Case, action: ConfirmCompleteness, now: datetime) -> Case | Refused:
    """The case manager finds the referral complete; the physician's turn (P2, P4). Refused while an item is missing."""
    lacking = missing(case)
    if lacking:
        return Refused(reason=f"still missing: {', '.join(lacking)}", clause=Clause.P2, field="information")
    case = case.end_task(TaskKind.COMPLETENESS_REVIEW, now, action.actor.id)
    text = f"The referral is complete{_noted(case, action.note)}"
    case = case.tell(now, "information:complete", text, actor=action.actor.id, clause=Clause.P2)
    case = _information_is_complete(case, action.at)
    return case.move(Stage.PHYSICIAN_REVIEW).open_task(TaskKind.PHYSICIAN_REVIEW, now)


def request(case: Case, action: RequestInformation, now: datetime) -> Case | Refused:
    """The provider is asked; provider and member are told why, what, and until when (P3; H&S 1367.01(h)(5))."""
    if len(set(action.items)) < len(action.items):
        return Refused(reason="an item is named twice", clause=Clause.P3, field="items")
    here = [item for item in action.items if item in case.supplied]
    if here:
        return Refused(reason=f"already on file: {', '.join(here)}", clause=Clause.P3, field="items")
    ordinal = len(case.information_requests) + 1
    asked = InformationRequest(ordinal=ordinal, items=action.items, requested_at=now, note=action.note)
    case = case.but(information_requests=(*case.information_requests, asked))
    case = case.end_task(TaskKind.COMPLETENESS_REVIEW, now, action.actor.id).move(Stage.INFORMATION_REQUESTED)
    items = ", ".join(action.items)
    case = case.tell(
        now, "information:requested", f"Asked the provider for {items}", actor=action.actor.id, clause=Clause.P3
    )
    case = _hold(case, now).start_clocks(Anchor.INFORMATION_REQUESTED, now)
    case = case.plan_notice(NoticeKind.INFORMATION_REQUEST, now, Recipient.PROVIDER, ordinal=ordinal)
    case = case.plan_notice(NoticeKind.PEND, now, Recipient.MEMBER, ordinal=ordinal)
    return case.open_task(TaskKind.OBTAIN_INFORMATION, now, note=items)


def attempt(case: Case, action: RecordContactAttempt, now: datetime) -> Case | Refused:
    """An attempt to reach the provider is on record (P3)."""
    last = case.information_requests[-1]
    last = last.model_copy(update={"attempts": last.attempts + 1})
    reached = "reached" if action.reached else "not reached"
    text = f"Provider {reached} by {action.channel}{_noted(case, action.note)}"
    case = case.but(information_requests=(*case.information_requests[:-1], last))
    return case.tell(now, "information:attempted", text, actor=action.actor.id, clause=Clause.P3)


def _noted(case: Case, note: str) -> str:
    """A note as the end of a line of the story; cases of the first generation did not tell it."""
    return f": {note}" if note and case.generation != FIRST_GENERATION else ""


def receive(case: Case, action: ReceiveInformation, now: datetime) -> Case | Refused:
    """Items came. All of them: back to the case manager's review. Some: the request stays open (P3)."""
    came = ", ".join(i.item for i in action.information)
    case = case.but(information=(*case.information, *action.information))
    case = case.tell(now, "information:received", f"Received {came}", actor=action.actor.id, clause=Clause.P3)
    left = outstanding(case)
    if left:
        return case.tell(now, "information:partial", f"Still outstanding: {', '.join(left)}", clause=Clause.P3)
    last = case.information_requests[-1].model_copy(update={"completed_at": action.at})
    case = case.but(information_requests=(*case.information_requests[:-1], last))
    case = case.end_clocks(action.at, Obligation.INFORMATION_REPLY)
    case = case.end_task(TaskKind.OBTAIN_INFORMATION, now, action.actor.id).move(Stage.COMPLETENESS_REVIEW)
    if not missing(case):
        case = _information_is_complete(case, action.at)
    return case.open_task(TaskKind.COMPLETENESS_REVIEW, now)


def without_information(case: Case, _task: HumanTask, now: datetime) -> Case:
    """Nobody waits for the information any longer: back to the case manager's review (P2, P3).

    A limit that was held while information was outstanding runs afresh: what is no longer awaited holds nothing.
    """
    last = case.information_requests[-1].model_copy(update={"completed_at": now})
    case = case.but(information_requests=(*case.information_requests[:-1], last))
    case = case.waive_clocks(now, "no longer asked for", Obligation.INFORMATION_REPLY).move(Stage.COMPLETENESS_REVIEW)
    return _information_is_complete(case, now).open_task(TaskKind.COMPLETENESS_REVIEW, now)


def _hold(case: Case, now: datetime) -> Case:
    """A limit that counts from complete information is held while information is outstanding (H&S 1367.01(h)(5)).

    The limit that counts from the request is never held.
    """
    for clock in case.open_clocks:
        if clock.anchor is Anchor.INFORMATION_COMPLETE and clock.state is ClockState.RUNNING:
            case = case.change_clock(clock.pause(now, "information is outstanding"))
            case = case.tell(
                now, "clock:paused", f"{clock.obligation}: held, information is outstanding", clause="H&S 1367.01(h)(5)"
            )
    return case


def _information_is_complete(case: Case, at: datetime) -> Case:
    """The clocks that wait for complete information start, or start afresh after they were held."""
    if any(c.anchor is Anchor.INFORMATION_COMPLETE and c.is_open for c in case.clocks):
        return case
    case = case.waive_clocks(at, "information is complete", Obligation.PEND_NOTICE)
    return case.start_clocks(Anchor.INFORMATION_COMPLETE, at)
