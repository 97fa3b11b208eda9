"""What a committee decides becomes an action: with an owner and a day, a letter where its kind asks for one. P12."""

from datetime import date, datetime

from policy.calendar import LAST_YEAR, CalendarEndError, CalendarName, add_business_days, local_day
from policy.clauses import Clause
from policy.committee.actions import ActionStep
from policy.committee.actions import DecideAction as Decide
from policy.committee.decided import WRITTEN_TO, ActionKind, DecidedAction
from policy.committee.file import CommitteeFile, Hearing
from policy.particulars import Notice, NoticeKind, Recipient
from policy.tasks import TaskState
from policy.verdict import Refused

Done = CommitteeFile | Refused
TOO_FAR = "lies beyond the table of closed days; give an earlier day"


def decide(file: CommitteeFile, action: Decide, at: datetime) -> Done:
    """An action is decided; that nothing is done is decided, too, and ends at once with its reason."""
    hearing = file.hearing(action.committee)
    if hearing is None:
        return _no("present the report to this committee first", "committee")
    concerned = _concerned(file, action)
    if isinstance(concerned, Refused):
        return concerned
    if not {action.actor.id, action.actor.npi}.isdisjoint(concerned):
        return _no("it is about you; somebody else of the committee decides it", "actor.id")
    name = f"A{len(file.actions) + 1}"
    if action.kind is ActionKind.NO_ACTION:
        return _nothing(file, action, hearing, name, concerned, at)
    due = _due(action, at)
    if isinstance(due, Refused):
        return due
    refused = _lacking(action, due, concerned)
    if refused is not None:  # a refusal is falsy
        return refused
    to = WRITTEN_TO.get(action.kind)
    decided = _decided(action, hearing, name, concerned, at).but(
        owner=action.owner,
        due=due,
        reply_by=_reply_by(action, due),
        notice=_notice(file.number, name, to, at) if to else None,
    )
    owner = action.owner.id if action.owner else ""
    text = f"{name}: {_plain(action.kind)}, by {owner} until {due}: {action.concern}"
    return _with(file, decided, at, text, action.actor.id)


def _nothing(
    file: CommitteeFile, action: Decide, hearing: Hearing, name: str, concerned: tuple[str, ...], at: datetime
) -> Done:
    if not action.reason.strip():
        return _no("say why nothing is done", "reason")
    decided = _decided(action, hearing, name, concerned, at)
    decided = decided.ended(TaskState.COMPLETED, at, action.actor.id, action.reason)
    return _with(file, decided, at, f"{name}: nothing is done: {action.reason}", action.actor.id)


def _with(file: CommitteeFile, decided: DecidedAction, at: datetime, text: str, by: str) -> CommitteeFile:
    return file.but(actions=(*file.actions, decided)).tell(at, "action:decided", text, actor=by)


def _decided(action: Decide, hearing: Hearing, name: str, concerned: tuple[str, ...], at: datetime) -> DecidedAction:
    return DecidedAction(
        id=name,
        kind=action.kind,
        committee=action.committee,
        met_on=hearing.met_on,
        flag=action.flag,
        about_case=action.about_case,
        correspondent=action.correspondent,
        concern=action.concern,
        tells=tuple(line.strip() for line in action.tells.splitlines() if line.strip()),
        concerned=concerned,
        decided_at=at,
        decided_by=action.actor.id,
    )


def _concerned(file: CommitteeFile, action: Decide) -> tuple[str, ...] | Refused:
    """Those whom it is about: of the flag, of the letter, and whom the door found around the case."""
    flags = {f.id: f for f in (file.made.flags if file.made else ())}
    if action.flag and action.flag not in flags:
        some = ", ".join(sorted(flags)) or "none"
        return _no(f"is no flag of this report; there are: {some[:500]}", "flag")
    of_flag = flags[action.flag].concerned if action.flag else ""
    of_letter = action.correspondent.npi if action.correspondent else ""
    return tuple(sorted({who for who in (of_flag, of_letter, *action.concerned) if who}))


def _due(action: Decide, at: datetime) -> date | Refused:
    """The day, or so many business days from the decision by the state's calendar."""
    if action.due and action.due_in_business_days:
        return _no("give a day or a number of business days, not both", "due")
    if action.due_in_business_days:
        try:
            return add_business_days(local_day(at), action.due_in_business_days, CalendarName.STATE)
        except CalendarEndError:
            return _no(TOO_FAR, "due_in_business_days")
    if action.due is None:
        return _no("give the last day, or the number of business days", "due")
    wrong = bad_day(action.due, at)
    return _no(wrong, "due") if wrong else action.due


def bad_day(due: date, at: datetime, before: date | None = None) -> str:
    """What is wrong with a last day; empty when nothing is. It lies within the table of closed days."""
    if due < local_day(at):
        return f"lies in the past; give {local_day(at)} or a later day"
    if before and due <= before:
        return f"is no later than the day that stands ({before})"
    return TOO_FAR if due.year > LAST_YEAR else ""


def _lacking(action: Decide, due: date, concerned: tuple[str, ...]) -> Refused | None:
    """What is missing for it to be carried out."""
    owner, to = action.owner, WRITTEN_TO.get(action.kind)
    if owner is None:
        return _no("say who does it", "owner")
    if not owner.has(*ActionStep.ROLES):
        return _no("has no role in which an action can be owned", "owner")
    if not {owner.id, owner.npi}.isdisjoint(concerned):
        return _no("it is about this person; give it to somebody else", "owner")
    if not action.concern.strip():
        return _no("say what the committee looked at", "concern")
    if to is not None:
        return _unwritable(action, due, to)
    return _no("nobody is written to, so that nobody can answer", "reply_by") if action.reply_by else None


def _unwritable(action: Decide, due: date, to: Recipient) -> Refused | None:
    """What is missing for its letter."""
    if not action.tells.strip():
        return _no("say what the letter tells its reader", "tells")
    if to is Recipient.MEMBER and not action.about_case:
        return _no("name the case: its member is written to", "about_case")
    if to is Recipient.PROVIDER and not action.about_case and action.correspondent is None:
        return _no("name the case whose treating provider is written to, or the correspondent", "correspondent")
    if action.reply_by and not due >= action.reply_by:
        return _no(f"lies after the action's own last day ({due})", "reply_by")
    return None


def _reply_by(action: Decide, due: date) -> date | None:
    """A plan is asked for until the action's own day, unless another one is given."""
    return action.reply_by or (due if action.kind is ActionKind.CORRECTIVE_ACTION_PLAN else None)


def _notice(number: str, name: str, to: Recipient, at: datetime) -> Notice:
    kind, ordinal = NoticeKind.COMMITTEE_ACTION, int(name[1:])
    return Notice(
        key=f"{letter_reference(number)}/{kind}/{ordinal}/{to}", kind=kind, recipient=to, ordinal=ordinal, planned_at=at
    )


def letter_reference(number: str) -> str:
    """How letters of a report's actions name it: it tells nobody what was reported."""
    return f"CA-{number}"


def _no(reason: str, field: str) -> Refused:
    return Refused(reason=reason, clause=Clause.P12, field=field)


def _plain(code: str) -> str:
    return code.replace("_", " ")
