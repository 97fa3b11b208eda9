"""Who may decide what: approve, deny, refer to consultation, sign. Policy 90.2.17, Policy and Procedure 4 to 6.

Only a licensed physician determines (H&S 1367.01(e)); software never denies, delays or modifies (H&S 1367.01(k)).
"""

from datetime import datetime

from policy.actions import Determine, ReferToConsultation, SignExpiredDetermination, SubmitConsultation
from policy.calendar import local_day
from policy.case import FIRST_GENERATION, WITH_CHANNELS, Case
from policy.clauses import Clause
from policy.dispatch import ASKING, moot
from policy.duties import DETERMINING
from policy.eligibility import reviewer_eligibility
from policy.lifecycle import Outcome, Stage
from policy.particulars import Basis, Consultation, Determination, NoticeKind, Recipient
from policy.people import Actor
from policy.rule import Anchor, Obligation
from policy.staffaction import StaffAction
from policy.tasks import HumanTask, TaskKind
from policy.timeframes import DECISION_LIMITS
from policy.verdict import Allowed, Refused, Verdict, first_refusal


def may_determine(actor: Actor, case: Case) -> Verdict:
    """Whether the actor may sign a determination: licensed, not involved, not the case's consultant (four eyes)."""
    return first_refusal(_is_licensed(actor), _is_not_involved(actor, case), _is_not_the_consultant(actor, case))


def may_consult(actor: Actor, case: Case) -> Verdict:
    """Whether the actor may consult: licensed, same specialty, board-certified, not involved (P5, POL-3)."""
    referred_by = frozenset(c.referred_by for c in case.consultations)
    return reviewer_eligibility(actor, case.request, referred_by).verdict


def determine(case: Case, action: Determine, now: datetime) -> Case | Refused:
    """Approve or deny. After a consultation the determination follows the recommendation (P5, P6)."""
    outcome = Outcome(action.outcome)
    verdict = first_refusal(
        may_determine(action.actor, case),
        _a_denial_names_its_criteria(action),
        _follows_the_recommendation(outcome, case),
    )
    if isinstance(verdict, Refused):
        return verdict
    basis = Basis.CONSULTATION if case.consultations else Basis.PHYSICIAN_REVIEW
    return _decided(case, action, now, outcome, basis, action.rationale, action.criteria)


def sign_expired(case: Case, action: SignExpiredDetermination, now: datetime) -> Case | Refused:
    """A physician signs, on the day, the denial that the law makes of an expired request (POL-4)."""
    verdict = may_determine(action.actor, case)
    if isinstance(verdict, Refused):
        return verdict
    citation = case.edition.deemed_denial.citation
    return _decided(case, action, now, Outcome.DENIED, Basis.EXPIRED, action.statement, citation)


def refer(case: Case, action: ReferToConsultation, now: datetime) -> Case | Refused:
    """To a consultative review by a physician of the requested specialty (P5); once."""
    verdict = may_determine(action.actor, case)
    if isinstance(verdict, Refused):
        return verdict
    if case.consultations:
        return Refused(reason="a consultation has already been given; determine now", clause=Clause.P6)
    actor = action.actor
    asked = Consultation(question=action.question, referred_by=actor.id, referred_by_npi=actor.npi, referred_at=now)
    case = case.but(consultations=(asked,)).end_task(TaskKind.PHYSICIAN_REVIEW, now, action.actor.id)
    case = case.tell(
        now, "consultation:referred", "Referred to consultative review", actor=action.actor.id, clause=Clause.P5
    )
    note = case.request.specialty
    return case.move(Stage.CONSULTATIVE_REVIEW).open_task(TaskKind.CONSULTATIVE_REVIEW, now, note=note)


def consult(case: Case, action: SubmitConsultation, now: datetime) -> Case | Refused:
    """The consultant's findings and recommendation go onto the form, and back to the physician (P5, P6)."""
    referred_by = frozenset(c.referred_by for c in case.consultations)
    eligibility = reviewer_eligibility(
        action.actor,
        case.request,
        referred_by,
        attests_no_conflict=action.attests_no_conflict,
        on=local_day(action.at),
    )
    if isinstance(eligibility.verdict, Refused):
        return eligibility.verdict
    given = case.consultations[-1].model_copy(
        update={
            "findings": action.findings,
            "recommends": action.recommends_second_opinion,
            "rationale": action.rationale,
            "reviewer": action.actor,
            "eligibility": eligibility,
            "reviewed_at": action.at,
        }
    )
    advice = "recommends" if action.recommends_second_opinion else "does not recommend"
    case = case.but(consultations=(given,)).end_task(TaskKind.CONSULTATIVE_REVIEW, now, action.actor.id)
    case = case.tell(
        now, "consultation:given", f"The consultant {advice} the opinion", actor=action.actor.id, clause=Clause.P5
    )
    note = "after consultation"
    return case.move(Stage.PHYSICIAN_REVIEW).open_task(TaskKind.PHYSICIAN_REVIEW, now, note=note)


def without_consultation(case: Case, _task: HumanTask, now: datetime) -> Case:
    """The question is withdrawn: the physician decides without it (P5 lets the physician refer, and so recall)."""
    answered = tuple(c for c in case.consultations if c.reviewer)
    case = case.but(consultations=answered).move(Stage.PHYSICIAN_REVIEW)
    return case.open_task(TaskKind.PHYSICIAN_REVIEW, now, note="consultation withdrawn")


def _decided(
    case: Case, action: StaffAction, now: datetime, outcome: Outcome, basis: Basis, rationale: str, criteria: str
) -> Case:
    made = Determination(
        outcome=outcome, basis=basis, rationale=rationale, criteria=criteria, physician=action.actor, at=action.at
    )
    for task in case.open_tasks:
        if task.kind is action.TASK or (task.kind in DETERMINING and case.generation == FIRST_GENERATION):
            case = case.end_task(task.kind, now, action.actor.id)
    case = case.exit_tasks(now).but(determination=made, outcome=outcome)
    case = case.tell(now, f"determination:{outcome}", f"Decided: {outcome}", actor=action.actor.id, clause=Clause.P5)
    case = case.end_clocks(action.at, *DECISION_LIMITS)
    case = case.waive_clocks(now, "decided", Obligation.PEND_NOTICE, Obligation.INFORMATION_REPLY)
    case = case.start_clocks(Anchor.DECIDED, action.at)
    case = moot(case, now, "decided", *ASKING)
    case = case.plan_notice(_announcement(case, made), now, Recipient.PROVIDER, Recipient.MEMBER)
    if outcome is Outcome.DENIED:
        return case.waive_clocks(now, "denied", Obligation.OPINION_RENDERED).move(Stage.FILING)
    case = case.start_clocks(Anchor.APPROVED, action.at)
    return case.move(Stage.PLACEMENT).open_task(TaskKind.PLACEMENT, now, note="second opinion")


def _announcement(case: Case, made: Determination) -> NoticeKind:
    if made.outcome is Outcome.APPROVED:
        return NoticeKind.APPROVAL
    by_law = made.basis is Basis.EXPIRED and case.generation >= WITH_CHANNELS
    return NoticeKind.EXPIRED_DETERMINATION if by_law else NoticeKind.DENIAL


def _is_licensed(actor: Actor) -> Verdict:
    if actor.licence.strip():
        return Allowed()
    return Refused(reason="only a licensed physician may do this", clause="H&S 1367.01(e)", field="actor.licence")


def _is_not_involved(actor: Actor, case: Case) -> Verdict:
    if not actor.npi:
        reason = "without an NPI nobody can tell whether the physician was involved"
        return Refused(reason=reason, clause=Clause.PUR, field="actor.npi")
    if actor.npi in case.request.involved | {case.request.pcp.npi}:
        return Refused(
            reason="a professional involved in the case cannot review it", clause=Clause.PUR, field="actor.npi"
        )
    return Allowed()


def _is_not_the_consultant(actor: Actor, case: Case) -> Verdict:
    if any(c.reviewer and c.reviewer.id == actor.id for c in case.consultations):
        return Refused(reason="the consultant cannot also determine", clause=Clause.P5, field="actor.id")
    return Allowed()


def _a_denial_names_its_criteria(action: Determine) -> Verdict:
    if action.outcome == Outcome.APPROVED or action.criteria.strip():
        return Allowed()
    return Refused(reason="a denial names the criteria it rests on", clause="H&S 1367.01(h)(4)", field="criteria")


def _follows_the_recommendation(outcome: Outcome, case: Case) -> Verdict:
    if not case.consultations or not case.edition.parameters.follow_recommendation:
        return Allowed()
    advised = Outcome.APPROVED if case.consultations[-1].recommends else Outcome.DENIED
    if outcome is advised:
        return Allowed()
    return Refused(
        reason=f"the determination follows the consultant's recommendation: {advised}",
        clause=Clause.P6,
        field="outcome",
    )
