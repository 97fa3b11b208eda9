"""What time does to what the committees decided: a reminder, then the supervisor. And what became of letters. P12."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum

from policy.alarms import Alarm
from policy.calendar import CalendarName, end_of_day, last_business_day_by, local_day
from policy.committee.decided import DecidedAction
from policy.committee.file import CommitteeFile
from policy.dispatch import Delivery
from policy.particulars import NoticeEnd
from policy.tasks import TaskState

REMINDED_BEFORE = 2  # business days before the last one; ours, no rule names a number
STORY = "the story"  # who ends an action whose letter has left and which asks for no answer


class Lateness(StrEnum):
    """How an open action stands to its last day, in the words that every list has for it; empty: there is time."""

    OVERDUE = "overdue"
    SOON = "due soon"
    IN_TIME = ""


def lateness(due: date | None, now: datetime) -> Lateness:
    """Overdue from the end of its last day in Los Angeles on; due soon from when its owner is reminded on.

    It follows the clock alone, so that a list is right also while the report's workflow is away.
    """
    if due is None:
        return Lateness.IN_TIME
    today = local_day(now)
    if today > due:
        return Lateness.OVERDUE
    return Lateness.SOON if today > _reminding_day(due) else Lateness.IN_TIME


def _reminding_day(due: date) -> date:
    """Two business days before the last one."""
    for _ in range(REMINDED_BEFORE):
        due = last_business_day_by(due - timedelta(days=1), CalendarName.STATE)
    return due


def reminds_at(action: DecidedAction) -> datetime | None:
    """The end of the business day on which its owner is reminded: two before its last one, once."""
    if not action.is_open or action.due is None or action.reminded or action.escalated:
        return None
    return max(end_of_day(_reminding_day(action.due)), action.decided_at)


def overdue_at(action: DecidedAction) -> datetime | None:
    """The end of its last day, while it is open and no supervisor was told."""
    if not action.is_open or action.due is None or action.escalated:
        return None
    return end_of_day(action.due)


def next_alarm(file: CommitteeFile) -> Alarm | None:
    """When the next action wants attention."""
    rings = sorted(_alarms(file), key=lambda alarm: alarm.at)
    return rings[0] if rings else None


def _alarms(file: CommitteeFile) -> Iterator[Alarm]:
    for action in file.open_actions:
        if at := reminds_at(action):
            yield Alarm(at=at, label=f"Remind the owner of {action.id}")
        if at := overdue_at(action):
            yield Alarm(at=at, label=f"{action.id} falls due")


def ring(file: CommitteeFile, now: datetime) -> CommitteeFile:
    """All alarms up to ``now`` have rung: owners reminded, what is overdue before the supervisor."""
    for action in file.open_actions:
        owner = action.owner.id if action.owner else "nobody"
        due, remind = overdue_at(action), reminds_at(action)
        if due and due <= now:
            file = file.change_actions([action.but(escalated=True)])
            text = f"{action.id}: its last day, {action.due}, has passed; {owner} has it. To the supervisor"
            file = file.tell(now, "action:overdue", text)
        elif remind and remind <= now:
            file = file.change_actions([action.but(reminded=True)])
            file = file.tell(now, "action:reminded", f"{action.id}: {owner} is reminded; its last day is {action.due}")
    return file


def sent(file: CommitteeFile, deliveries: tuple[Delivery, ...], now: datetime) -> CommitteeFile:
    """The file after letters left. What only had to be told has then come to its end."""
    proofs = {d.key: d for d in deliveries}
    for action in file.owed:
        if action.notice is None or (proof := proofs.get(action.notice.key)) is None:
            continue
        if proof.is_undeliverable:
            file = undeliverable(file, action.id, "no channel took it", now)
            continue
        lies = {"document": proof.document, "sha256": proof.sha256, "attempts": proof.attempts, "sent_at": now}
        told = action.but(notice=action.notice.model_copy(update=lies))
        file = file.tell(now, "notice:sent", f"{action.id}: {action.notice.kind} to the {action.notice.recipient}")
        if told.is_open and told.ends_with_its_letter:
            told = told.ended(TaskState.COMPLETED, now, STORY, f"the {action.notice.recipient} was told by letter")
            file = file.tell(now, "action:completed", f"{action.id}: {told.outcome}")
        file = file.change_actions([told])
    return file


def undeliverable(file: CommitteeFile, name: str, why: str, now: datetime) -> CommitteeFile:
    """A letter that cannot be made or sent: its action stays with its owner, who reaches the reader otherwise."""
    action = file.action(name)
    if action is None or action.notice is None or not action.notice.is_owed:
        return file
    ended = {"ended_as": NoticeEnd.UNDELIVERABLE, "ended_at": now, "ended_why": why}
    file = file.change_actions([action.but(notice=action.notice.model_copy(update=ended))])
    return file.tell(now, "notice:undeliverable", f"{name}: to the {action.notice.recipient}: {why}")
