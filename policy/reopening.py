"""A determination is changed after it was made. Policy 90.2.17, Procedure 5, 9 and 11.

By grievance or appeal, because it was wrong, or by an outside body: the Independent Medical Review, a state hearing.
The new determination stands beside the one that it replaces; letters, clocks, codes and packet follow anew, and nothing
that was is overwritten. A closed case is so reopened; a letter that comes back after closing reopens it, too.
"""

from datetime import datetime

from policy.calendar import local_day
from policy.case import WITH_REOPENING, Case
from policy.clauses import Clause
from policy.determination import may_determine
from policy.dispatch import moot
from policy.duties import may_decide
from policy.lateractions import ChangeDetermination
from policy.letteractions import ReportReturnedLetter
from policy.lifecycle import Outcome, Stage
from policy.particulars import Basis, ChangedBecause, Determination, NoticeKind, Recipient
from policy.people import Actor
from policy.reaching import DETERMINATIONS
from policy.rule import Anchor
from policy.staffaction import StaffAction
from policy.tasks import IN_CHARGE, PHYSICIANS, TaskKind
from policy.verdict import Allowed, Refused, Verdict, first_refusal

REOPENING: tuple[type[StaffAction], ...] = (ChangeDetermination, ReportReturnedLetter)  # what a closed case still takes
OUTSIDE = {
    ChangedBecause.IMR: "the Independent Medical Review of the Department of Managed Health Care",
    ChangedBecause.STATE_HEARING: "the judge of the State Hearing",
}
BASIS = {
    ChangedBecause.GRIEVANCE: Basis.GRIEVANCE,
    ChangedBecause.APPEAL: Basis.APPEAL,
    ChangedBecause.IMR: Basis.IMR,
    ChangedBecause.STATE_HEARING: Basis.STATE_HEARING,
}
DECIDED_ANEW = "decided anew"


def reopens(case: Case, action: StaffAction) -> bool:
    """Whether the action is one that a closed case still takes."""
    return isinstance(action, REOPENING) and case.generation >= WITH_REOPENING and not case.third_opinion_of


def change(case: Case, action: ChangeDetermination, now: datetime) -> Case | Refused:
    """A denial is replaced by another determination. An approval stands."""
    outcome, earlier = Outcome(action.outcome), case.determination
    verdict = first_refusal(_can_be_changed(case), _is_a_change(action, outcome), _may_change(case, action))
    if isinstance(verdict, Refused) or earlier is None:
        return verdict if isinstance(verdict, Refused) else Refused(reason="there is no determination")
    made = Determination(
        outcome=outcome,
        basis=BASIS.get(action.because, earlier.basis),
        rationale=action.rationale,
        criteria=action.criteria,
        physician=action.actor,
        at=action.at,
        replaces=len(case.determinations),
        changed_because=action.because,
        decided_by=OUTSIDE.get(action.because, ""),
        reference=action.reference,
    )
    return _decided_anew(case, earlier, made, now)


def _decided_anew(case: Case, earlier: Determination, made: Determination, now: datetime) -> Case:
    case = moot(case, now, DECIDED_ANEW, *DETERMINATIONS).exit_tasks(now).waive_clocks(now, DECIDED_ANEW)
    case = case.but(
        earlier_determinations=(*case.earlier_determinations, earlier),
        determination=made,
        outcome=made.outcome,
        closed_at=None,
    )
    why = made.changed_because.replace("_", " ") if made.changed_because else ""
    text = f"Decided anew ({why}): {earlier.outcome}, now {made.outcome}"
    case = case.tell(now, "determination:changed", text, actor=made.physician.id, clause=Clause.P5)
    case = case.start_clocks(Anchor.DECIDED, made.at)
    kind = NoticeKind.APPROVAL if made.outcome is Outcome.APPROVED else NoticeKind.DENIAL
    case = case.plan_notice(kind, now, Recipient.PROVIDER, Recipient.MEMBER, ordinal=len(case.determinations))
    if made.outcome is Outcome.DENIED:
        return case if case.stage is Stage.FILING else case.move(Stage.FILING)
    case = case.start_clocks(Anchor.APPROVED, made.at)
    return case.move(Stage.PLACEMENT).open_task(TaskKind.PLACEMENT, now, note="second opinion")


def _can_be_changed(case: Case) -> Verdict:
    if case.generation < WITH_REOPENING:
        return Refused(reason="a case of this age cannot be reopened; open a new request that names it")
    if case.third_opinion_of:
        return Refused(
            reason=f"the determination belongs to {case.third_opinion_of}; change it there", clause=Clause.P5
        )
    if case.determination is None:
        return Refused(reason="no determination was made that could be changed", clause=Clause.P5)
    if case.determination.outcome is Outcome.APPROVED:
        return Refused(reason="an approval stands; it is not taken back", clause=Clause.P5, field="outcome")
    return Allowed()


def _is_a_change(action: ChangeDetermination, outcome: Outcome) -> Verdict:
    if outcome is Outcome.DENIED and action.because is not ChangedBecause.CORRECTION:
        reason = "a denial that was upheld is not changed; only a correction can leave it a denial"
        return Refused(reason=reason, clause=Clause.P5, field="outcome")
    if outcome is Outcome.DENIED and not action.criteria.strip():
        reason = "a denial names the criteria it rests on"
        return Refused(reason=reason, clause="H&S 1367.01(h)(4)", field="criteria")
    if action.because in OUTSIDE and not action.reference.strip():
        return Refused(reason="give the number of the outside body's decision", clause=Clause.P5, field="reference")
    return Allowed()


def _may_change(case: Case, action: ChangeDetermination) -> Verdict:
    """A physician who did not decide before (four eyes); what an outside body decided, who is in charge records."""
    actor = action.actor
    if action.because in OUTSIDE:
        if actor.has(*IN_CHARGE):
            return Allowed()
        reason = "a supervisor or an administrator records what an outside body decided"
        return Refused(reason=reason, clause=Clause.P5, field="actor.roles")
    return first_refusal(
        _is_a_physician(actor),
        may_decide(case, actor, local_day(action.at)),
        may_determine(actor, case),
        _did_not_decide_before(case, actor),
    )


def _is_a_physician(actor: Actor) -> Verdict:
    if actor.has(*PHYSICIANS):
        return Allowed()
    return Refused(reason="only the CMO or a designee may decide anew", clause=Clause.POL_2, field="actor.roles")


def _did_not_decide_before(case: Case, actor: Actor) -> Verdict:
    decided = {who for made in case.determinations for who in (made.physician.id, made.physician.npi) if who}
    if decided.isdisjoint({actor.id, actor.npi}):
        return Allowed()
    reason = "who decided before cannot decide anew (four eyes)"
    return Refused(reason=reason, clause=Clause.POL_2, field="actor.id")
