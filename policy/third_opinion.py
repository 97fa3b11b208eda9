"""When the first and the second physician differ: a third opinion, with a case of its own. Third Opinion 1, 2 (T1, T2).

Medicare Benefit Policy Manual, chapter 15 §30: covered even when the procedure itself is not. The third opinion's case
has its own number, tasks, clocks and letters, and holds the earlier reports and tests; its report comes back into the
case that it belongs to, which files all of them in one packet.
"""

from datetime import datetime

from policy.case import WITH_REOPENING, Case
from policy.clauses import Clause
from policy.lateractions import TakeUpThirdOpinion
from policy.lifecycle import Stage
from policy.particulars import Agreement, Comparison, Notice, NoticeKind, Opinion, Recipient
from policy.people import Contact
from policy.request import Information, Recommendation
from policy.rule import Anchor
from policy.tasks import TaskKind
from policy.verdict import Allowed, Refused, Value

OPINIONS_BEFORE_A_THIRD = 1  # in this case; the opinion that is questioned is the first
SUFFIX = "-3"
NOT_IN_STRUCTURE = "No third opinion: the recommendations are not on record in structure"


class ThirdGiven(Value):
    """What the third opinion's own case brings home: the opinion, its letters, what was learned of the member.

    ``opinions`` are its placements in their order: those that their physician or the member ended, then the one that
    was given.
    """

    opinions: tuple[Opinion, ...]
    letters: tuple[Notice, ...] = ()
    information: tuple[Information, ...] = ()
    contact: Contact | None = None


def number_of_third(number: str) -> str:
    """The number of the third opinion's own case: ``SO-2026-000001-3``."""
    return f"{number}{SUFFIX}"


def belongs_to(number: str) -> str:
    """The number of the case that a third opinion's own case belongs to; empty for any other case."""
    return number.removesuffix(SUFFIX) if number.count("-") > number.removesuffix(SUFFIX).count("-") >= 2 else ""


def compare(first: Recommendation | None, second: Recommendation | None) -> Comparison:
    """How two recommendations stand to each other (T1), and why.

    About one procedure they agree or differ. Where each speaks of another procedure, they still differ on surgery when
    one wants surgery (or another major procedure) and the other does not; else they cannot be compared.
    """
    if first is None or second is None:
        lacks = " and ".join(n for n, said in (("first", first), ("second", second)) if said is None)
        return Comparison(result=Agreement.NOT_COMPARABLE, why=f"of the {lacks} opinion no recommendation is on record")
    if _same(first.procedure, second.procedure):
        if first.recommends_procedure == second.recommends_procedure:
            return Comparison(result=Agreement.AGREE, why="the two recommendations agree")
        if first.is_surgery_or_major or second.is_surgery_or_major:
            why = "one recommends the surgery or other major procedure, the other does not"
            return Comparison(result=Agreement.DIFFER_ON_SURGERY, why=why)
        return Comparison(result=Agreement.DIFFER_OTHERWISE, why="neither surgery nor another major procedure")
    if _wants_surgery(first) != _wants_surgery(second):
        why = "one recommends surgery or another major procedure, the other something else"
        return Comparison(result=Agreement.DIFFER_ON_SURGERY, why=why)
    return Comparison(result=Agreement.NOT_COMPARABLE, why="they speak of different procedures")


def _same(one: str, other: str) -> bool:
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


def _wants_surgery(said: Recommendation) -> bool:
    return said.recommends_procedure and said.is_surgery_or_major


def _recommendations(case: Case) -> tuple[Recommendation | None, Recommendation | None]:
    first = case.first_opinion.recommendation if case.first_opinion else None
    report = case.standing_opinions[0].report if case.standing_opinions else None
    return first, report.recommendation if report else None


def compared(case: Case, now: datetime) -> Case:
    """The case with its two recommendations compared, once, when the second report is here."""
    if case.generation < WITH_REOPENING or case.comparison or len(case.standing_opinions) != OPINIONS_BEFORE_A_THIRD:
        return case
    found = compare(*_recommendations(case))
    text = f"The first and the second opinion: {found.why}"
    return case.but(comparison=found).tell(now, "opinions:compared", text, clause=Clause.T1)


def opens_third_opinion(case: Case) -> Allowed | Refused:
    """Whether a third opinion opens, now that a report is here; if not, why."""
    first, second = _recommendations(case)
    rule, line = case.edition.third_opinion, case.request.line
    if case.third_opinion_of or len(case.standing_opinions) != OPINIONS_BEFORE_A_THIRD:
        return Refused(reason="The third opinion has been given", clause=Clause.T1)
    if case.generation < WITH_REOPENING:
        return _opens_as_before(case, first, second)
    found = compare(first, second)
    if found.result is Agreement.NOT_COMPARABLE:
        known = first is not None and second is not None
        return Refused(reason=f"No third opinion: {found.why}" if known else NOT_IN_STRUCTURE, clause=Clause.T1)
    if found.result is Agreement.AGREE and line in rule.confirmatory and _is_about_surgery(first, second):
        return Allowed()
    if found.result is not Agreement.DIFFER_ON_SURGERY:
        return Refused(reason=f"No third opinion: {found.why}", clause=Clause.T1)
    if line not in rule.lines:
        return Refused(reason=f"No third opinion: {rule.citation} does not cover this line", clause=Clause.T1)
    return Allowed()


def line_has_no_third(case: Case) -> bool:
    """Whether the opinions differ on surgery, and only the line, without the rule, keeps a third from opening (T1)."""
    differ = case.comparison is not None and case.comparison.result is Agreement.DIFFER_ON_SURGERY
    return differ and case.request.line not in case.edition.third_opinion.lines


def _is_about_surgery(*said: Recommendation | None) -> bool:
    return any(one is not None and one.is_surgery_or_major for one in said)


def _opens_as_before(case: Case, first: Recommendation | None, second: Recommendation | None) -> Allowed | Refused:
    """The same in cases of earlier generations, which compared without looking at the procedure's name."""
    rule = case.edition.third_opinion
    if first is None or second is None:
        return Refused(reason=NOT_IN_STRUCTURE, clause=Clause.T1)
    if first.recommends_procedure == second.recommends_procedure:
        return Refused(reason="No third opinion: the two recommendations agree", clause=Clause.T1)
    if not (first.is_surgery_or_major or second.is_surgery_or_major):
        return Refused(reason="No third opinion: neither surgery nor another major procedure", clause=Clause.T1)
    if case.request.line not in rule.lines:
        return Refused(reason=f"No third opinion: {rule.citation} does not cover this line", clause=Clause.T1)
    return Allowed()


# -- the third opinion's own case


def sent_out(case: Case, now: datetime) -> Case:
    """The case after its third opinion has got a case of its own; here nothing is to be done until it comes home."""
    text = f"{_why(case)}: a third opinion, as {number_of_third(case.number)}"
    return case.tell(now, "third-opinion:opened", text, clause=Clause.T1).move(Stage.THIRD_OPINION)


def own_case(case: Case) -> Case:
    """The third opinion's own case, which begins when the last report came: a placement, and what is known so far (T2).

    It is approved with the case that it belongs to, and keeps its edition, its generation and its time of receipt.
    """
    last = case.opinions[-1]
    now = last.report.received_at if last.report else last.placed_at
    kept = ("generation", "trust", "edition_id", "request", "received_at", "priority", "outcome", "information")
    also = ("consultations", "determination", "opinions", "contact", "comparison")
    third = Case(
        number=number_of_third(case.number),
        stage=Stage.PLACEMENT,
        third_opinion_of=case.number,
        **{name: getattr(case, name) for name in (*kept, *also)},
    )
    text = f"{_why(case)}: the third opinion of {case.number}"
    third = third.tell(now, "third-opinion:opened", text, clause=Clause.T1).start_clocks(Anchor.APPROVED, now)
    third = third.plan_notice(NoticeKind.THIRD_OPINION, now, Recipient.MEMBER)
    return third.open_task(TaskKind.PLACEMENT, now, note="third opinion")


def _why(case: Case) -> str:
    agree = case.comparison is not None and case.comparison.result is Agreement.AGREE
    return "The recommendations agree, and are to be confirmed" if agree else "The recommendations differ"


def brought_home(third: Case) -> ThirdGiven:
    """What the third opinion's own case gives back. Raises ValueError while it has no report."""
    given = third.current_opinion
    is_third = third.third_opinion_of and len(third.standing_opinions) > OPINIONS_BEFORE_A_THIRD
    if given is None or given.report is None or not is_third:
        raise ValueError("only a third opinion with its report comes home")
    placed = tuple(o for o in third.opinions if o.ordinal == given.ordinal)
    letters = tuple(n for n in third.notices if n.document)
    return ThirdGiven(opinions=placed, letters=letters, information=third.information, contact=third.contact)


def taken_in(case: Case, given: ThirdGiven, now: datetime) -> Case:
    """The case with its third opinion, ready to be filed with all reports (T1, P9)."""
    learned = tuple(i for i in given.information if i not in case.information)
    case = case.but(
        opinions=(*case.opinions, *given.opinions),
        third_letters=given.letters,
        information=(*case.information, *learned),
        contact=given.contact or case.contact,
    )
    text = f"The third opinion has come, from {number_of_third(case.number)}"
    return case.tell(now, "third-opinion:given", text, clause=Clause.T1).move(Stage.FILING)


def lost(case: Case, why: str, now: datetime) -> Case:
    """The third opinion's own case ended before its time: a supervisor has to take it up. ``why`` names no person."""
    case = case.tell(now, "third-opinion:lost", f"{number_of_third(case.number)} ended: {why}", clause=Clause.T1)
    case = case.open_task(TaskKind.THIRD_OPINION_LOST, now, note=why)
    task = case.task(TaskKind.THIRD_OPINION_LOST)
    return case.change_task(task.model_copy(update={"escalated": True})) if task else case


def take_up(case: Case, action: TakeUpThirdOpinion, now: datetime) -> Case:
    """The third opinion is placed anew, in the case that it belongs to; its clocks start again."""
    case = case.end_task(TaskKind.THIRD_OPINION_LOST, now, action.actor.id)
    text = "The third opinion goes on here" + (f": {action.note}" if action.note.strip() else "")
    case = case.tell(now, "third-opinion:taken-up", text, actor=action.actor.id, clause=Clause.T1)
    case = case.start_clocks(Anchor.APPROVED, action.at)
    return case.move(Stage.PLACEMENT).open_task(TaskKind.PLACEMENT, now, note="third opinion")


def called_off(third: Case, now: datetime) -> Case:
    """The third opinion's own case, when the case that it belongs to was ended: nobody has to do anything for it."""
    third = third.exit_tasks(now).waive_clocks(now, f"{third.third_opinion_of} was ended")
    return third.tell(now, "third-opinion:called-off", f"Called off: it was cancelled, or {third.third_opinion_of} was")
