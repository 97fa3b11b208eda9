"""What becomes of a letter once it is owed: it leaves, comes back, is told by telephone, is voided. Procedure 3, 5, 7.

A notice clock ends with the proof of the channel, and stands again when the letter comes back or is voided: the
obligation is that somebody knows, not that something was printed.
"""

from datetime import datetime

from policy.case import WITH_CHANNELS, Case
from policy.channels import Attempt, Channel, Result
from policy.clauses import Clause
from policy.letteractions import RecordCall, ReissueLetter, ReportReturnedLetter
from policy.lifecycle import Stage
from policy.particulars import Notice, NoticeEnd, NoticeKind, Recipient
from policy.people import Address, Role
from policy.reaching import DETERMINATIONS, needs_a_call, opinion_ordinal, telephone_of
from policy.request import Information, Item
from policy.rule import Obligation
from policy.tasks import HumanTask, TaskKind, TaskState
from policy.timeframes import ClockState
from policy.verdict import Refused, Value


class Delivery(Value):
    """What became of a letter: where it lies, the digest of its bytes, and every attempt to get it to its reader.

    The last attempt is the proof that it left. With no attempt at all it lies in the outbox, ready to print; with
    none that worked (``is_undeliverable``) somebody has to reach its reader by other means.
    """

    key: str
    document: str
    sha256: str
    attempts: tuple[Attempt, ...] = ()
    is_undeliverable: bool = False


MAY_HANDLE_MAIL = (Role.CASE_MANAGER, Role.INTAKE, Role.SUPERVISOR, Role.ADMINISTRATOR)
MAY_VOID = (Role.CASE_MANAGER, Role.SUPERVISOR, Role.ADMINISTRATOR)
ASKING = (NoticeKind.ACKNOWLEDGEMENT, NoticeKind.INFORMATION_REQUEST, NoticeKind.INFORMATION_REMINDER, NoticeKind.PEND)


def sent(case: Case, deliveries: tuple[Delivery, ...], now: datetime) -> Case:
    """The case after letters left, or could not; the notice clocks that they meet end."""
    proofs = {d.key: d for d in deliveries}
    for notice in case.notices:
        if notice.key in proofs and notice.sent_at is None and notice.ended_as is not NoticeEnd.UNDELIVERABLE:
            case = _after(case, notice, proofs[notice.key], now)
    return case


def _after(case: Case, notice: Notice, delivery: Delivery, now: datetime) -> Case:
    kept = {"document": delivery.document, "sha256": delivery.sha256, "attempts": delivery.attempts}
    if case.generation < WITH_CHANNELS:
        case = case.change_notice(notice.model_copy(update=kept | {"sent_at": now}))
        case = case.tell(now, "notice:sent", f"{notice.kind} to the {notice.recipient}", clause=Clause.P5)
        return case.end_clocks(now, *_obligations(notice))
    left = delivery.attempts[-1] if delivery.attempts and not delivery.is_undeliverable else None
    if left is None or left.result is not Result.LEFT:
        return undeliverable(case, notice.model_copy(update=kept), _why_not(notice, delivery), now)
    at = max(notice.planned_at, min(left.at, now))
    notice = notice.model_copy(update=kept | {"sent_at": at})
    case = case.change_notice(notice)
    how = f"{notice.kind} to the {notice.recipient}, by {left.channel}"
    case = case.tell(now, "notice:sent", how, clause=Clause.P5)
    if notice.ended_as is not None:  # it was on its way when it became void: nothing hangs on it
        return case
    if needs_a_call(case, notice) and left.channel is not Channel.FAX:
        return _call(case, notice, now, "the law asks for telephone or fax")
    return case.end_clocks(at, *_met_by(case, notice))


def undeliverable(case: Case, notice: Notice, why: str, now: datetime) -> Case:
    """A letter that no channel takes, or that cannot be made: a person has to reach its reader."""
    ended = {"ended_as": notice.ended_as or NoticeEnd.UNDELIVERABLE, "ended_at": now, "ended_why": why}
    is_needed = notice.ended_as is None
    case = case.change_notice(notice.model_copy(update=ended))
    case = case.tell(now, "notice:undeliverable", f"{notice.kind} to the {notice.recipient}: {why}", clause=Clause.P5)
    return _call(case, notice, now, why) if is_needed else case


def _call(case: Case, notice: Notice, now: datetime, why: str) -> Case:
    number = telephone_of(case, notice)
    known = "" if number else "; no number on file"
    note = f"{_words(notice.kind)} to the {_words(notice.recipient)}: {why}{known}"
    return case.open_task(TaskKind.TELEPHONE_NOTICE, now, note=note, letter=notice.key)


def _why_not(notice: Notice, delivery: Delivery) -> str:
    if not delivery.attempts:
        return "no other way is left" if notice.avoids else "no address on file"
    tried = (f"{a.channel}: {a.reason}" for a in delivery.attempts)
    return "; ".join(dict.fromkeys(tried))


# -- what people report of letters


def call(case: Case, action: RecordCall, now: datetime) -> Case | Refused:
    """A call about a letter: who was reached and what was said. The task ends when somebody was (P5)."""
    task = case.task_with(action.task_id) if action.task_id else case.task(TaskKind.TELEPHONE_NOTICE)
    notice = case.notice(task.letter) if task else None
    if task is None or notice is None or task.kind is not TaskKind.TELEPHONE_NOTICE:
        return Refused(reason="no call is waiting under this task", clause=Clause.P5, field="task_id")
    wrong = _address_is_the_members(notice, action.address)
    if isinstance(wrong, Refused):
        return wrong
    if action.reached and not (action.spoke_with.strip() and action.said.strip()):
        field = "said" if action.spoke_with.strip() else "spoke_with"
        return Refused(reason="say with whom you spoke and what was said", clause=Clause.P5, field=field)
    said = "; ".join(filter(None, (action.spoke_with, action.said)))
    result = Result.REACHED if action.reached else Result.NOT_REACHED
    tried = Attempt(channel=Channel.TELEPHONE, at=action.at, result=result, reason=said, by=action.actor.id)
    notice = notice.model_copy(update={"attempts": (*notice.attempts, tried)})
    case = case.change_notice(notice)
    outcome = "reached" if action.reached else "not reached"
    text = f"{_words(notice.recipient).capitalize()} {outcome} by telephone about the {_words(notice.kind)}"
    case = case.tell(now, "notice:called", text, actor=action.actor.id, clause=Clause.P5)
    if not action.reached:
        return case
    case = case.change_task(task.ended(TaskState.COMPLETED, now, action.actor.id))
    if action.address:
        return _once_more(_moved(case, action.address, now), notice, now, avoids=_failed_but_post(notice))
    if needs_a_call(case, notice):
        return case.end_clocks(action.at, *_obligations(notice))
    return _waived(case, notice, now, "told by telephone: no letter reaches them")


def without_a_call(case: Case, task: HumanTask, now: datetime) -> Case:
    """Nobody can be reached, says who is in charge: the obligation that the call would have met falls away."""
    notice = case.notice(task.letter)
    return case if notice is None else _waived(case, notice, now, "nobody could be reached")


def returned(case: Case, action: ReportReturnedLetter, now: datetime) -> Case | Refused:
    """A letter came back: its clock stands again, and it goes out on the next way, or to the new address."""
    notice = _named(case, action.letter_key)
    if isinstance(notice, Refused):
        return notice
    if not action.actor.has(*MAY_HANDLE_MAIL):
        return Refused(reason="this role cannot report mail", clause=Clause.P5, field="actor.roles")
    if notice.sent_at is None or notice.ended_as is not None:
        return Refused(reason="this letter has not left, or counts no more", clause=Clause.P5, field="letter_key")
    wrong = _address_is_the_members(notice, action.address)
    if isinstance(wrong, Refused):
        return wrong
    if case.stage is Stage.CLOSED:
        case = case.but(closed_at=None).move(Stage.FILING)
        case = case.tell(now, "case:reopened", "Reopened: a letter came back", actor=action.actor.id, clause=Clause.P5)
    channel = notice.attempts[-1].channel if notice.attempts else Channel.PRINT
    back = Attempt(channel=channel, at=action.at, result=Result.RETURNED, reason=action.reason, by=action.actor.id)
    ended = notice.model_copy(update={"attempts": (*notice.attempts, back)})
    case = _ended(case, ended, NoticeEnd.RETURNED, action.reason, now, action.actor.id)
    if action.address:
        return _once_more(_moved(case, action.address, now), notice, now, avoids=notice.avoids)
    return _once_more(case, notice, now, avoids=(*notice.avoids, channel))


def reissue(case: Case, action: ReissueLetter, now: datetime) -> Case | Refused:
    """A letter is void, with a reason, and made anew from the case as it stands. The void one stays in the file."""
    notice = _named(case, action.letter_key)
    if isinstance(notice, Refused):
        return notice
    if not action.actor.has(*MAY_VOID):
        return Refused(reason="this role cannot void a letter", clause=Clause.P5, field="actor.roles")
    if notice.ended_as is not None:
        return Refused(reason="this letter counts no more already", clause=Clause.P5, field="letter_key")
    case = _ended(case, notice, NoticeEnd.VOID, action.reason, now, action.actor.id)
    return _once_more(case, notice, now, avoids=notice.avoids)


def moot(case: Case, now: datetime, why: str, *kinds: NoticeKind) -> Case:
    """Letters that are owed and have not left are not needed any more: those of the given kinds, or all."""
    for notice in case.planned_notices:
        if case.generation >= WITH_CHANNELS and (not kinds or notice.kind in kinds):
            case = _ended(case, notice, NoticeEnd.MOOT, why, now)
    return case


def recall(case: Case, ordinal: int, why: str, now: datetime) -> Case:
    """The authorization of an opinion, and the reminders of its report, count no more: sent or not, they are void."""
    about = (NoticeKind.AUTHORIZATION, NoticeKind.REPORT_REMINDER)
    for notice in case.notices:
        if notice.kind in about and notice.ended_as is None and opinion_ordinal(notice) == ordinal:
            case = _ended(case, notice, NoticeEnd.VOID, why, now)
    return case


def plan_anew(case: Case, kind: NoticeKind, at: datetime, *recipients: Recipient, ordinal: int) -> Case:
    """Letters are owed; where earlier ones of the same name have ended, under keys of their own."""
    for recipient in recipients:
        alike = [n for n in case.notices if _identity(n) == (kind, recipient, ordinal)]
        if alike and all(n.ended_as is not None for n in alike):
            case = _once_more(case, alike[-1], at, avoids=())
        else:
            case = case.plan_notice(kind, at, recipient, ordinal=ordinal)
    return case


def _ended(case: Case, notice: Notice, how: NoticeEnd, why: str, now: datetime, by: str = "") -> Case:
    case = case.change_notice(notice.model_copy(update={"ended_as": how, "ended_at": now, "ended_why": why}))
    for task in case.tasks_about(notice.key):
        case = case.change_task(task.ended(TaskState.EXITED, now))
    text = f"{_words(notice.kind).capitalize()} to the {_words(notice.recipient)}: {how}"
    case = case.tell(now, f"notice:{how}", text, actor=by, clause=Clause.P5)
    return case if how is NoticeEnd.MOOT else _reopened(case, notice, now, how)


def _reopened(case: Case, notice: Notice, now: datetime, how: NoticeEnd) -> Case:
    """The clocks that the letter had met stand again, unless a call or a later request met them."""
    alike = [n for n in case.notices if (n.kind, n.recipient) == (notice.kind, notice.recipient)]
    told = any(a.result is Result.REACHED for n in alike for a in n.attempts)
    if told or _has_passed(case, notice) or notice.ordinal < max(n.ordinal for n in alike):
        return case
    for clock in case.clocks:
        was_met = clock.state in (ClockState.MET, ClockState.BREACHED) and clock.ended_at is not None
        if was_met and clock.obligation in _obligations(notice):
            again = clock.reopen(now, f"the letter was {how}")
            case = case.change_clock(again)
            case = case.tell(now, "clock:reopened", f"{again.obligation}: {again.explanation}", clause=again.rule)
    return case


def _has_passed(case: Case, notice: Notice) -> bool:
    """Whether what a letter asks for or announces is over: by the determination, or by one that replaced it."""
    if notice.kind in DETERMINATIONS:
        return notice.ordinal <= len(case.earlier_determinations)
    return notice.kind in ASKING and not case.is_before_determination


def _once_more(case: Case, notice: Notice, now: datetime, *, avoids: tuple[Channel, ...]) -> Case:
    """The same letter is owed again, under a key of its own; unless what it is about is over."""
    if _has_passed(case, notice):
        return case
    alike = [n for n in case.notices if (n.kind, n.recipient, n.ordinal) == _identity(notice)]
    number = max(n.copy_number for n in alike) + 1
    again = Notice(
        key=f"{case.number}/{notice.kind}/{notice.ordinal}/{notice.recipient}/{number}",
        kind=notice.kind,
        recipient=notice.recipient,
        ordinal=notice.ordinal,
        planned_at=now,
        copy_number=number,
        avoids=tuple(dict.fromkeys(avoids)),
    )
    return case.but(notices=(*case.notices, again))


def _address_is_the_members(notice: Notice, address: Address | None) -> Refused | None:
    if address is None or notice.recipient is Recipient.MEMBER:
        return None
    reason = "only a member's address can be changed here; a professional's comes with the request or the directory"
    return Refused(reason=reason, clause=Clause.P5, field="address")


def _moved(case: Case, address: Address, now: datetime) -> Case:
    """A member's new address is information like any other; a confidential one stays the only one."""
    member = case.request.member
    if member.confidential is not None:
        case = case.but(contact=(case.contact or member.confidential).model_copy(update={"address": address}))
    else:
        case = case.but(information=(*case.information, Information(item=Item.MEMBER_ADDRESS, address=address)))
    return case.tell(now, "information:received", f"Received {Item.MEMBER_ADDRESS}", clause=Clause.P3)


def _waived(case: Case, notice: Notice, now: datetime, why: str) -> Case:
    owed = _obligations(notice)
    return case.waive_clocks(now, why, *owed) if owed else case


def _failed_but_post(notice: Notice) -> tuple[Channel, ...]:
    """The channels that have failed; a new address makes the post worth another try."""
    failed = (a.channel for a in notice.attempts if a.result in (Result.FAILED, Result.RETURNED))
    return tuple(c for c in dict.fromkeys((*notice.avoids, *failed)) if c is not Channel.PRINT)


def _named(case: Case, key: str) -> Notice | Refused:
    return case.notice(key) or Refused(
        reason="the case has no letter of this key", clause=Clause.P5, field="letter_key"
    )


def _identity(notice: Notice) -> tuple[NoticeKind, Recipient, int]:
    return notice.kind, notice.recipient, notice.ordinal


def _met_by(case: Case, notice: Notice) -> tuple[Obligation, ...]:
    """What a letter meets by leaving: the pend notice only when provider and member both have theirs."""
    if notice.kind not in (NoticeKind.PEND, NoticeKind.INFORMATION_REQUEST):
        return _obligations(notice)
    owed = [n for n in case.notices if n.kind in (NoticeKind.PEND, NoticeKind.INFORMATION_REQUEST)]
    waits = any(n.ordinal == notice.ordinal and n.is_owed for n in owed)
    return () if waits else (Obligation.PEND_NOTICE,)


def _obligations(notice: Notice) -> tuple[Obligation, ...]:
    match notice.kind, notice.recipient:
        case NoticeKind.EXPEDITE_REFUSED, Recipient.MEMBER:
            return (Obligation.ORAL_CONFIRMATION,)
        case NoticeKind.PEND, Recipient.MEMBER:
            return (Obligation.PEND_NOTICE,)
        case kind, Recipient.PROVIDER if kind in DETERMINATIONS:
            return (Obligation.PROVIDER_NOTICE,)
        case kind, Recipient.MEMBER if kind in DETERMINATIONS:
            return (Obligation.MEMBER_NOTICE,)
        case _:
            return ()


def _words(code: str) -> str:
    return code.replace("_", " ")
