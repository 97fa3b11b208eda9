"""Who is asked for a task, in which order, and how long each has to answer. WS-HumanTask's nominate; POL-3.

The order is made outside the story, from the panel, the load and who had the last turn (``propose``); the story keeps
it, reminds the one whose turn it is, and asks the next when there is no answer. Nothing here reads a clock.
"""

from datetime import datetime, timedelta

from pydantic import AwareDatetime, Field

from policy.calendar import local_day
from policy.case import Case
from policy.clauses import Clause
from policy.duties import may_own
from policy.people import Actor
from policy.tasks import HumanTask, Nominee, TaskKind, TaskState
from policy.verdict import Refused, Value, Verdict

NAMED = 5  # of those who cannot be asked, in the story; the panel's page names all
MOST_ASKED = 20  # for one task; as many as a nomination by hand may name


class Absence(Value):
    """Out of office, both times included, and who stands in meanwhile (a staff id; empty: nobody)."""

    since: AwareDatetime
    until: AwareDatetime
    substitute: str = ""

    def holds(self, at: datetime) -> bool:
        """Whether the person is away."""
        return self.since <= at <= self.until


class StaffMember(Value):
    """A person of the staff as the one who hands out work sees them.

    ``load`` is how many open tasks the person has, ``last_turn`` when one was last given, ``capacity`` how many at most
    (0: no limit).
    """

    actor: Actor
    load: int = Field(0, ge=0)
    capacity: int = Field(0, ge=0)
    last_turn: AwareDatetime | None = None
    absences: tuple[Absence, ...] = ()

    def absence(self, at: datetime) -> Absence | None:
        """The absence that holds at a time."""
        return next((a for a in self.absences if a.holds(at)), None)


class PassedOver(Value):
    """A person who is not asked, and why."""

    person: str
    reason: str


class Proposal(Value):
    """Who is to be asked, in order, each with the reason; and who is not, each with the reason."""

    nominees: tuple[Nominee, ...]
    passed_over: tuple[PassedOver, ...] = ()


def propose(case: Case, task: HumanTask, staff: tuple[StaffMember, ...], now: datetime) -> Proposal:
    """Those who may own the task: the fewest open tasks first, then who had a turn longest ago, then by id.

    Who is away is replaced by the substitute, when that person may own the task too. Who has no role for the task is
    not mentioned.
    """
    known = {member.actor.id: member for member in staff}
    nominees: dict[str, tuple[StaffMember, str]] = {}
    passed: list[PassedOver] = []
    for member in staff:
        if not task.is_for(member.actor):
            continue
        stands_in, why = _present(member, known, now)
        verdict = _may_be_asked(case, task, stands_in, now)
        if isinstance(verdict, Refused):
            stood_in = f"out of office, and {stands_in.actor.id} cannot stand in: " if stands_in is not member else why
            passed.append(PassedOver(person=member.actor.id, reason=f"{stood_in}{verdict.reason}"))
        else:
            nominees.setdefault(stands_in.actor.id, (stands_in, why))
    ordered = sorted(nominees.values(), key=lambda found: _turn(found[0]))
    return Proposal(
        nominees=tuple(Nominee(person=m.actor, reason=f"{why}{_because(m)}") for m, why in ordered),
        passed_over=tuple(passed),
    )


def nominated(
    case: Case, task: HumanTask, nominees: tuple[Nominee, ...], now: datetime, *, by: str = "", reason: str = ""
) -> Case:
    """The people are asked in order, from ``now``."""
    return _ask(case, task.changed(nominees=nominees), now, by=by, reason=reason)


def ask_in_turn(case: Case, kind: TaskKind, staff: tuple[StaffMember, ...], now: datetime) -> Case:
    """The right people are asked for the open task of a kind, unless somebody has it or is asked already.

    With nobody to ask the task comes before the supervisor; it stays open to its group.
    """
    task = case.task(kind)
    if task is None or task.owner or task.nominees:
        return case
    proposal = propose(case, task, staff, now)
    if proposal.nominees:
        return nominated(case, task, proposal.nominees[:MOST_ASKED], now)
    passed = "; ".join(f"{p.person}: {p.reason}" for p in proposal.passed_over[:NAMED])
    if len(proposal.passed_over) > NAMED:
        passed += f"; and {len(proposal.passed_over) - NAMED} more"
    text = f"{task.id}: nobody on the panel can be asked{f' ({passed})' if passed else ''}, to the supervisor"
    return case.change_task(task.changed(escalated=True)).tell(now, "task:escalated", text)


def next_asked(case: Case, task: HumanTask, now: datetime, why: str, *, by: str = "") -> Case:
    """The one whose turn it was is passed over; the next who may still have it is asked, or the supervisor."""
    text = f"{task.id}: {task.asked} {why}"
    case = case.tell(now, "task:passed-over", text, actor=by, clause=task.definition.clause)
    left = tuple(n for n in task.nominees[1:] if may_own(case, task, n.person, local_day(now)))
    if left:
        return _ask(case, task.changed(nominees=left), now)
    free = task.released().model_copy(
        update={"nominees": (), "answer_by": None, "nominated_at": None, "reminded": False, "escalated": True}
    )
    return case.change_task(free).tell(
        now, "task:escalated", f"{task.id}: nobody who was asked has taken it, to the supervisor"
    )


def asked_anew(case: Case, now: datetime) -> Case:
    """Who is asked for a task and can no longer have it (a consultant who has since reviewed, say) is passed over."""
    for task in case.open_tasks:
        asked = task.nominees[0].person if task.asked else None
        if asked and not may_own(case, task, asked, local_day(now)):
            case = next_asked(case, task, now, "can no longer have it")
    return case


def reminder_at(task: HumanTask) -> datetime | None:
    """When the person whose turn it is is reminded: halfway to the time by which an answer is wanted."""
    if not task.asked or task.reminded or task.nominated_at is None or task.answer_by is None:
        return None
    return task.nominated_at + (task.answer_by - task.nominated_at) / 2


def _ask(case: Case, task: HumanTask, now: datetime, *, by: str = "", reason: str = "") -> Case:
    answer_by = now + _patience(case, task, now)
    waiting = task.model_copy(
        update={
            "state": TaskState.READY,
            "suspended_until": None,
            "nominated_at": now,
            "answer_by": answer_by,
            "reminded": False,
        }
    )
    first = waiting.nominees[0]
    said = "; ".join(filter(None, (first.reason, reason)))
    why = f" ({said})" if said else ""
    return case.change_task(waiting).tell(
        now, "task:nominated", f"{task.id}: {first.person.id} is asked{why}", actor=by, clause=task.definition.clause
    )


def _patience(case: Case, task: HumanTask, now: datetime) -> timedelta:
    """A quarter of the time that is left, at most two days and at least an hour: figures of the edition."""
    rules = case.edition.parameters
    longest = timedelta(hours=rules.nominee_answers_within_hours)
    left = (task.due_at - now) * rules.nominee_answers_within_part if task.due_at else longest
    return max(timedelta(hours=1), min(longest, left))


def _present(member: StaffMember, known: dict[str, StaffMember], now: datetime) -> tuple[StaffMember, str]:
    """The person, or who stands in; and the words that say so."""
    away = member.absence(now)
    if away is None:
        return member, ""
    substitute = known.get(away.substitute)
    if substitute is None or substitute.absence(now):
        return member, "out of office: "
    return substitute, f"stands in for {member.actor.id}, "


def _may_be_asked(case: Case, task: HumanTask, member: StaffMember, now: datetime) -> Verdict:
    if member.absence(now):
        return Refused(reason="nobody stands in", clause=Clause.P1)
    if member.capacity and member.load >= member.capacity:
        return Refused(reason=f"has {member.load} open tasks, as many as can be taken", clause=Clause.POL_3)
    return may_own(case, task, member.actor, local_day(now))


def _turn(member: StaffMember) -> tuple[int, float, str]:
    last = member.last_turn.timestamp() if member.last_turn else 0.0
    return member.load, last, member.actor.id


def _because(member: StaffMember) -> str:
    """Why this one stands at this place, in words."""
    specialty = f"{member.actor.specialty}, " if member.actor.specialty else ""
    load = f"{member.load} open task{'' if member.load == 1 else 's'}"
    last = f"last turn {local_day(member.last_turn)}" if member.last_turn else "no turn yet"
    return f"{specialty}{load}, {last}"
