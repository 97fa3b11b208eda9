"""What people send does to a report's file: it is applied, or becomes a refusal with its reasons. Policy 90.2.17, P12.

The same pure functions serve the workflow, the doors (to ask beforehand) and the tests.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from policy.acting import REUSED_ID
from policy.answering import receipt_of, refusal_of
from policy.calendar import local_day
from policy.clauses import Clause
from policy.committee.actions import (
    AcceptReport,
    ActionStep,
    CommitteeStep,
    CompleteAction,
    DiscussReport,
    HandOverAction,
    NoteFollowUp,
    PostponeAction,
    PresentReport,
    WithdrawAction,
)
from policy.committee.actions import DecideAction as Decide
from policy.committee.decided import DecidedAction, FollowUp
from policy.committee.deciding import bad_day, decide
from policy.committee.file import CommitteeFile, Hearing
from policy.contents import Committee
from policy.edition import edition_on
from policy.tasks import IN_CHARGE, TaskState
from policy.trust import UNSIGNED, Proof, is_superseded, is_to_be_marked, may_be_believed
from policy.verdict import Allowed, Refused, Verdict, first_refusal

Done = CommitteeFile | Refused


def act(file: CommitteeFile, action: CommitteeStep, now: datetime, proof: Proof = UNSIGNED) -> CommitteeFile:
    """The file after an action: applied, with a receipt, or refused, with the reasons.

    The same action twice is applied once; another one under a used id is refused.
    """
    digest, earlier = action.digest("at"), file.receipt(action.action_id)
    if earlier is not None and (earlier.accepted or not is_superseded(file.trust, proof, earlier.signed)):
        if digest.startswith(earlier.digest or "-"):
            return file
        return file.keep_refusal(refusal_of(action, Refused(reason=REUSED_ID, field="action_id"), now, digest))
    verdict = first_refusal(may_be_believed(file.trust, proof), may_act(file, action, now))
    at = min(action.at, now)
    result = verdict if isinstance(verdict, Refused) else HANDLERS[type(action)](file, action, at)
    if isinstance(result, Refused):
        refused = file.keep_refusal(refusal_of(action, result, now, digest))
        return refused.remember(receipt_of(action, now, digest, proof, result))
    if is_to_be_marked(file.trust, proof):
        told = (e.model_copy(update={"unsigned": True}) if e.seq > file.seq and e.actor else e for e in result.story)
        result = result.but(story=tuple(told))
    return result.remember(receipt_of(action, now, digest, proof))


def may_act(file: CommitteeFile, action: CommitteeStep, now: datetime) -> Verdict:
    """Whether this person may do this now, and on this report."""
    if action.case_number not in ("", file.number):
        return Refused(reason="meant for another report", field="case_number")
    if not action.actor.has(*action.ROLES):
        roles = ", ".join(role.replace("_", " ") for role in action.ROLES)
        return Refused(reason=f"only for: {roles}", clause=Clause.P12, field="actor.roles")
    if (action.at - now).total_seconds() > 60 * edition_on(local_day(now)).parameters.clock_skew_minutes:
        return Refused(reason="lies in the future; give the time at which a door received it", field="at")
    if file.closed_at:
        return Refused(
            reason="the report is closed: everything that was decided has come to its end", clause=Clause.P12
        )
    if file.ready_at is None:
        return Refused(reason="the report is still being made; it can be presented when it is ready", clause=Clause.P12)
    return Allowed()


def present(file: CommitteeFile, action: PresentReport, at: datetime) -> Done:
    """Before a committee, once; with counts that do not agree only for a reason."""
    if file.hearing(action.committee):
        return _no("it was presented to this committee before", "committee")
    ready = file.ready_at or at
    if action.met_on < local_day(ready):
        return _no(f"lies before the day on which the report was ready ({local_day(ready)})", "met_on")
    if file.made and file.made.agrees is False and not action.despite.strip():
        why = f"the second count differs {file.made.differences} times; say why it is presented all the same"
        return _no(why, "despite")
    hearing = Hearing(committee=action.committee, met_on=action.met_on, presented_at=at, presented_by=action.actor.id)
    text = f"To the {_words(action.committee)}, meeting of {action.met_on}"
    text += f"; though the second count differs: {action.despite}" if action.despite.strip() else ""
    return file.change_hearing(hearing).tell(at, "report:presented", text, actor=action.actor.id)


def discuss(file: CommitteeFile, action: DiscussReport, at: datetime) -> Done:
    """What was said, kept word by word."""
    hearing = _hearing(file, action.committee)
    if isinstance(hearing, Refused):
        return hearing
    if hearing.accepted_at:
        return _no("this committee has accepted the report", "committee")
    said = FollowUp(at=at, by=action.actor.id, text=action.notes)
    file = file.change_hearing(hearing.model_copy(update={"notes": (*hearing.notes, said)}))
    text = f"{_words(action.committee)}: {action.notes}"
    return file.tell(at, "report:discussed", text, actor=action.actor.id)


def accept(file: CommitteeFile, action: AcceptReport, at: datetime) -> Done:
    """Accepted once it was discussed; by the last committee once every flag has its answer."""
    hearing = _hearing(file, action.committee)
    if isinstance(hearing, Refused):
        return hearing
    if hearing.accepted_at:
        return _no("this committee has accepted the report before", "committee")
    if not hearing.notes:
        return _no("is accepted once it was discussed; keep what the committee said first", "committee")
    accepted = hearing.model_copy(update={"accepted_at": at, "accepted_by": action.actor.id})
    after = file.change_hearing(accepted)
    if after.is_heard and (left := after.unanswered_flags):
        some = ", ".join(f.label for f in left[:5])
        return _no(f"decide first what is done about what the report flags, or that nothing is: {some}", "committee")
    text = f"By the {_words(action.committee)}" + (f": {action.remarks}" if action.remarks.strip() else "")
    return after.tell(at, "report:accepted", text, actor=action.actor.id)


def note(file: CommitteeFile, action: NoteFollowUp, at: datetime) -> Done:
    """What came of it so far."""
    found = _mine(file, action)
    if isinstance(found, Refused):
        return found
    noted = FollowUp(at=at, by=action.actor.id, text=action.text)
    file = file.change_actions([found.but(follow_ups=(*found.follow_ups, noted))])
    return file.tell(at, "action:followed-up", f"{found.id}: {action.text}", actor=action.actor.id)


def complete(file: CommitteeFile, action: CompleteAction, at: datetime) -> Done:
    """Done, with its outcome; not by whom it is about, and not before its letter has left."""
    found = _mine(file, action)
    if isinstance(found, Refused):
        return found
    if found.concerns(action.actor):
        return _no("it is about you; somebody else says that it is done", "actor.id")
    if found.owes_letter:
        return _no("its letter has not left yet; it is sent by itself", "action")
    file = file.change_actions([found.ended(TaskState.COMPLETED, at, action.actor.id, action.outcome)])
    return file.tell(at, "action:completed", f"{found.id}: {action.outcome}", actor=action.actor.id)


def hand_over(file: CommitteeFile, action: HandOverAction, at: datetime) -> Done:
    """Another owner, whom it is not about."""
    found = _open_action(file, action)
    if isinstance(found, Refused):
        return found
    if found.owner and found.owner.id == action.to.id:
        return _no(f"{action.to.id} has it already", "to")
    if found.concerns(action.to):
        return _no("it is about this person; give it to somebody else", "to")
    if not action.to.has(*ActionStep.ROLES):
        return _no("has no role in which an action can be owned", "to")
    file = file.change_actions([found.but(owner=action.to)])
    text = f"{found.id}: to {action.to.id}. {action.reason}"
    return file.tell(at, "action:handed-over", text, actor=action.actor.id)


def postpone(file: CommitteeFile, action: PostponeAction, at: datetime) -> Done:
    """More time; reminders begin anew. Not for whom it is about."""
    found = _open_action(file, action)
    if isinstance(found, Refused):
        return found
    if found.concerns(action.actor):
        return _no("it is about you; somebody else gives it more time", "actor.id")
    if wrong := bad_day(action.due, at, found.due):
        return _no(wrong, "due")
    file = file.change_actions([found.but(due=action.due, reminded=False, escalated=False)])
    text = f"{found.id}: until {action.due}. {action.reason}"
    return file.tell(at, "action:postponed", text, actor=action.actor.id)


def withdraw(file: CommitteeFile, action: WithdrawAction, at: datetime) -> Done:
    """No longer wanted; a letter that has not left stays here only when nobody has begun to send it."""
    found = _open_action(file, action)
    if isinstance(found, Refused):
        return found
    if found.concerns(action.actor):
        return _no("it is about you; somebody else withdraws it", "actor.id")
    if found.owes_letter:
        return _no("its letter is on its way; withdraw it when that has left", "action")
    file = file.change_actions([found.ended(TaskState.OBSOLETE, at, action.actor.id, action.reason)])
    return file.tell(at, "action:withdrawn", f"{found.id}: {action.reason}", actor=action.actor.id)


def _hearing(file: CommitteeFile, committee: Committee) -> Hearing | Refused:
    return file.hearing(committee) or _no(f"present it to the {_words(committee)} first", "committee")


def _open_action(file: CommitteeFile, action: ActionStep) -> DecidedAction | Refused:
    found = file.action(action.action)
    if found and found.is_open:
        return found
    still = ", ".join(a.id for a in file.open_actions) or "none"
    return _no(f"is no open action of this report; open are: {still}", "action")


def _mine(file: CommitteeFile, action: ActionStep) -> DecidedAction | Refused:
    """An open action that this person works on: its owner, or who is in charge."""
    found = _open_action(file, action)
    if isinstance(found, Refused) or action.actor.has(*IN_CHARGE):
        return found
    if found.owner and found.owner.id == action.actor.id:
        return found
    return _no("only its owner or a supervisor can do this", "actor.id")


def _no(reason: str, field: str) -> Refused:
    return Refused(reason=reason, clause=Clause.P12, field=field)


def _words(committee: Committee) -> str:
    return f"{committee.replace('_', ' ')} committee"


HANDLERS: dict[type[CommitteeStep], Callable[[CommitteeFile, Any, datetime], Done]] = {
    PresentReport: present,
    DiscussReport: discuss,
    AcceptReport: accept,
    Decide: decide,
    NoteFollowUp: note,
    CompleteAction: complete,
    HandOverAction: hand_over,
    PostponeAction: postpone,
    WithdrawAction: withdraw,
}
