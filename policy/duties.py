"""Segregation of duties: who is kept from a task, and whether a person may own it. PUR, P5, POL-2, POL-3.

Asked when a task is claimed, assigned, delegated or nominated, and again when it is completed. What the law or the
policy's own text demands binds everybody; what the plan demands of itself an administrator can lift, with a reason.
"""

from datetime import date
from typing import TYPE_CHECKING

from policy.clauses import Clause
from policy.eligibility import reviewer_eligibility
from policy.people import Actor
from policy.tasks import Exclusion, HumanTask, TaskKind, TaskState
from policy.verdict import Allowed, Refused, Verdict, first_refusal

if TYPE_CHECKING:
    from policy.case import Case  # a case keeps its tasks' exclusions through this module

PREPARING = (TaskKind.COMPLETENESS_REVIEW, TaskKind.OBTAIN_INFORMATION)
DETERMINING = (TaskKind.PHYSICIAN_REVIEW, TaskKind.EXPIRED_DETERMINATION)

INVOLVED = "a professional involved in the case cannot review it"
CONSULTED = "the consultant cannot also determine"
REFERRED = "who refers a case cannot be its consultant"
PREPARED = "who prepared the case as case manager cannot review or decide it (four eyes)"


def exclusions(case: "Case", kind: TaskKind) -> tuple[Exclusion, ...]:
    """Who must not do a task of this kind in this case, and why. Work of a case manager excludes nobody."""
    if kind in DETERMINING:
        return (*_involved(case), *_consultants(case), *_preparers(case))
    if kind is TaskKind.CONSULTATIVE_REVIEW:
        return (*_involved(case), *_referrers(case), *_preparers(case))
    return ()


def may_own(case: "Case", task: HumanTask, actor: Actor, on: date) -> Verdict:
    """Whether a person may have a task: role, credentials in force on a day (Los Angeles), not excluded."""
    return first_refusal(task.is_for(actor), _is_qualified(case, task.kind, actor, on), _is_not_excluded(task, actor))


def may_decide(case: "Case", actor: Actor, on: date) -> Verdict:
    """Whether a physician may act on the decision as such (its speed, a recall): what no one can lift."""
    barred = (e for e in exclusions(case, TaskKind.PHYSICIAN_REVIEW) if e.by_law and e.keeps_out(actor))
    bar = next(barred, None)
    return first_refusal(_is_qualified(case, TaskKind.PHYSICIAN_REVIEW, actor, on), _refusal(actor, bar))


def holds_a_licence(actor: Actor, on: date) -> Verdict:
    """Whether the actor is licensed to practise on a day, as far as the credentials say (H&S 1367.01(e))."""
    if not actor.licence.strip():
        return Refused(reason="only a licensed physician may do this", clause="H&S 1367.01(e)", field="actor.licence")
    if actor.licence_expires and actor.licence_expires < on:
        reason = f"the licence ended on {actor.licence_expires}; renew it in the staff file"
        return Refused(reason=reason, clause="H&S 1367.01(e)", field="actor.licence_expires")
    return Allowed()


def is_certified(actor: Actor, on: date) -> Verdict:
    """Whether the board certification, where its end is known, holds on a day (POL-3)."""
    if actor.certified_until and actor.certified_until < on:
        reason = f"the board certification ended on {actor.certified_until}"
        return Refused(reason=reason, clause=Clause.POL_3, field="actor.certified_until")
    return Allowed()


def _is_not_excluded(task: HumanTask, actor: Actor) -> Verdict:
    return _refusal(actor, task.bars(actor))


def _refusal(actor: Actor, bar: Exclusion | None) -> Verdict:
    if bar is None:
        return Allowed()
    field = "actor.npi" if bar.who == actor.npi else "actor.id"
    mend = "" if bar.by_law else "; an administrator can lift this"
    return Refused(reason=f"{bar.reason}{mend}", clause=bar.clause, field=field)


def _is_qualified(case: "Case", kind: TaskKind, actor: Actor, on: date) -> Verdict:
    if kind in DETERMINING:
        return first_refusal(holds_a_licence(actor, on), _can_be_told_apart(actor))
    if kind is TaskKind.CONSULTATIVE_REVIEW:
        tests = reviewer_eligibility(actor, case.request, on=on)
        return first_refusal(tests.verdict, holds_a_licence(actor, on), is_certified(actor, on))
    return Allowed()


def _can_be_told_apart(actor: Actor) -> Verdict:
    if actor.npi:
        return Allowed()
    reason = "without an NPI nobody can tell whether the physician was involved"
    return Refused(reason=reason, clause=Clause.PUR, field="actor.npi")


def _involved(case: "Case") -> tuple[Exclusion, ...]:
    npis = sorted(case.request.involved | {case.request.pcp.npi})
    return tuple(Exclusion(who=npi, reason=INVOLVED, clause=Clause.PUR) for npi in npis)


def _consultants(case: "Case") -> tuple[Exclusion, ...]:
    reviewers = (c.reviewer for c in case.consultations if c.reviewer)
    known = (who for r in reviewers for who in (r.id, r.npi) if who)
    return tuple(Exclusion(who=who, reason=CONSULTED, clause=Clause.P5) for who in known)


def _referrers(case: "Case") -> tuple[Exclusion, ...]:
    known = (who for c in case.consultations for who in (c.referred_by, c.referred_by_npi) if who)
    return tuple(Exclusion(who=who, reason=REFERRED, clause=Clause.P5) for who in known)


def _preparers(case: "Case") -> tuple[Exclusion, ...]:
    """The plan's own rule: the policy only asks that another than the case manager determines."""
    ended = (t for t in case.tasks if t.kind in PREPARING and t.state is TaskState.COMPLETED)
    people = dict.fromkeys(who for t in ended for who in (t.ended_by, t.ended_by_npi) if who)
    return tuple(Exclusion(who=who, reason=PREPARED, clause=Clause.P4, by_law=False) for who in people)
