"""Who may be asked, in order, each with the reason, and who is passed over: for a case's tasks, or for a specialty."""

import asyncio
from datetime import date, datetime

from policy.calendar import local_day
from policy.duties import exclusions, holds_a_licence, is_certified
from policy.eligibility import TO_A_REVIEWER, WITHOUT_NPI, EligibilityTest, likeness
from policy.eligibility import SpecialtyLikeness as Likeness
from policy.nomination import PassedOver, Proposal, StaffMember, propose
from policy.people import Actor, Role
from policy.tasks import HumanTask, Nominee, TaskKind
from policy.verdict import Allowed, Refused, Value, Verdict, first_refusal
from portal.house import House
from portal.pages import now
from records import queries
from wiring.sending import ActionError

SOON = 60  # days: a licence that ends so soon is pointed out


class Standing(Value):
    """Something that holds until a day, in words, and how good that is (a class of style)."""

    text: str
    style: str = "calm"


class Asked(Value):
    """For what people could be asked: a task of a case, or a specialty; and the answer."""

    title: str
    proposal: Proposal


def licence(actor: Actor, on: date) -> Standing:
    """How it stands with the licence, in words."""
    if not actor.licence:
        return Standing(text="none on record" if actor.npi or actor.specialty else "")
    return _until(actor.licence_expires, on, "in force")


def certification(actor: Actor, on: date) -> Standing:
    """How it stands with the board certification, in words."""
    if not actor.board_certified:
        return Standing(text="no" if actor.specialty else "")
    return _until(actor.certified_until, on, "yes")


def _until(end: date | None, on: date, holds: str) -> Standing:
    if end is None:
        return Standing(text=holds)
    if end < on:
        return Standing(text=f"ended {end}", style="overdue")
    days = (end - on).days
    return Standing(text=f"{holds}, until {end}") if days > SOON else Standing(text=f"ends {end}", style="soon")


async def for_case(house: House, text: str, everybody: tuple[StaffMember, ...]) -> tuple[Asked, ...]:
    """Who may be asked for a case's open tasks and for a consultative review of it. Raises TemporalError, ActionError.

    The review is shown also before it is opened: a physician who refers wants to know who could do it.
    """
    number = await asyncio.to_thread(queries.find_number, house.world.records, text)
    if number is None:
        raise ActionError("There is no case with that number or reference.")
    case, kind = await (await house.desk()).case(number), TaskKind.CONSULTATIVE_REVIEW
    tasks = list(case.open_tasks)
    if case.task(kind) is None:
        excluded = exclusions(case, kind)
        note = case.request.specialty
        tasks.append(HumanTask(id="not open yet", kind=kind, note=note, opened_at=now(), excluded=excluded))
    return tuple(
        Asked(title=f"{number}, {t.id}: {t.title}", proposal=propose(case, t, everybody, now())) for t in tasks
    )


def for_specialty(specialty: str, everybody: tuple[StaffMember, ...], at: datetime) -> Proposal:
    """The consultants of a specialty in turn, as far as that can be said without a case."""
    nominees: dict[str, tuple[tuple[int, float, str], Nominee]] = {}
    passed: list[PassedOver] = []
    known = {member.actor.id: member for member in everybody}
    for member in (m for m in everybody if m.actor.has(Role.CONSULTANT)):
        gone = member.absence(at)
        asked = known.get(gone.substitute, member) if gone else member
        why = f"stands in for {member.actor.id}, " if asked is not member else ""
        verdict = _can_review(asked, specialty, at)
        if isinstance(verdict, Refused):
            passed.append(PassedOver(person=member.actor.id, reason=f"{why}{verdict.reason}"))
        else:
            turn = (asked.load, asked.last_turn.timestamp() if asked.last_turn else 0.0, asked.actor.id)
            last = f"last turn {local_day(asked.last_turn)}" if asked.last_turn else "no turn yet"
            tasks = f"{asked.load} open task{'' if asked.load == 1 else 's'}"
            reason = f"{why}{asked.actor.specialty}, {tasks}, {last}"
            nominees.setdefault(asked.actor.id, (turn, Nominee(person=asked.actor, reason=reason)))
    ordered = sorted(nominees.values(), key=lambda found: found[0])
    return Proposal(nominees=tuple(nominee for _, nominee in ordered), passed_over=tuple(passed))


def _can_review(member: StaffMember, specialty: str, at: datetime) -> Verdict:
    actor, near = member.actor, likeness(member.actor.specialty, specialty)
    own = actor.specialty or "none"
    other = f"the specialty is {own}" + (", equivalent, but not the same" if near is Likeness.EQUIVALENT else "")
    tests = (
        (actor.has(Role.CONSULTANT), Refused(reason="is no consultant")),
        (near is Likeness.SAME, Refused(reason=other)),
        (actor.board_certified, TO_A_REVIEWER[EligibilityTest.BOARD_CERTIFIED]),
        (bool(actor.npi), WITHOUT_NPI),
        (member.absence(at) is None, Refused(reason="out of office, and nobody stands in")),
        (
            not member.capacity or member.load < member.capacity,
            Refused(reason=f"has {member.load} open tasks, as many as can be taken"),
        ),
    )
    on = local_day(at)
    return first_refusal(
        *(Allowed() if passed else no for passed, no in tests), holds_a_licence(actor, on), is_certified(actor, on)
    )
