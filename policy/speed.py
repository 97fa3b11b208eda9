"""How fast a request must be decided: upgraded, refused the upgrade, or extended. Policy 90.2.17, Policy (POL-4).

The anchor of the clocks never moves. Only a physician does any of this; software never delays (H&S 1367.01(k)).
"""

from datetime import date, datetime

from policy.actions import ExpediteRequest, ExtendDecision, RefuseExpedite
from policy.calendar import local_day
from policy.case import FIRST_GENERATION, Case
from policy.clauses import Clause
from policy.determination import may_determine
from policy.duties import may_decide
from policy.extension import NO_EXTENSION, may_extend
from policy.particulars import NoticeKind, Recipient
from policy.people import Actor, Role
from policy.request import Priority
from policy.rule import Anchor, Obligation
from policy.timeframes import DECISION_LIMITS, longer
from policy.verdict import Allowed, Refused, Verdict, first_refusal


def may_set_speed(actor: Actor, case: Case, on: date) -> Verdict:
    """Whether the actor may expedite, refuse to, or extend: a CMO or designee, licensed on a day and not involved."""
    if not actor.has(Role.CMO, Role.PHYSICIAN_DESIGNEE):
        return Refused(reason="this is for a cmo or physician designee", clause=Clause.POL_4, field="actor.roles")
    decide = may_determine(actor, case) if case.generation == FIRST_GENERATION else may_decide(case, actor, on)
    return first_refusal(_is_undecided(case), decide)


def _is_undecided(case: Case) -> Verdict:
    if case.is_before_determination:
        return Allowed()
    return Refused(reason="a determination has been made", clause=Clause.POL_4)


def expedite(case: Case, action: ExpediteRequest, now: datetime) -> Case | Refused:
    """A physician upgrades the request. The decision clocks are counted anew from the same anchors (POL-4)."""
    verdict = may_set_speed(action.actor, case, local_day(action.at))
    if isinstance(verdict, Refused):
        return verdict
    if not case.is_before_determination or case.priority is not Priority.STANDARD:
        return Refused(reason="only a standard request that is not yet decided can be expedited", clause=Clause.POL_4)
    anchors = {c.anchor: c.anchored_at for c in case.clocks if c.obligation in DECISION_LIMITS}
    anchors.setdefault(Anchor.RECEIVED, case.received_at)
    owed = any(c.obligation is Obligation.PEND_NOTICE for c in case.open_clocks)
    case = case.waive_clocks(now, "counted anew: expedited", *DECISION_LIMITS, Obligation.PEND_NOTICE)
    case = case.but(priority=Priority.EXPEDITED)
    case = case.tell(
        now, "request:expedited", "Upgraded to expedited; the anchor stays", actor=action.actor.id, clause=Clause.POL_4
    )
    running = {c.obligation for c in case.open_clocks} | (set() if owed else {Obligation.PEND_NOTICE})
    for anchor, at in anchors.items():
        case = case.start_clocks(anchor, at, without=tuple(running))
    return case


def refuse_expedite(case: Case, action: RefuseExpedite, now: datetime) -> Case | Refused:
    """The standard limit holds, from the same receipt; the member is told why and what to do (42 CFR 422.570(d))."""
    verdict = may_set_speed(action.actor, case, local_day(action.at))
    if isinstance(verdict, Refused):
        return verdict
    if case.priority is not Priority.STANDARD:
        return Refused(reason="only a standard request can be refused an upgrade", clause=Clause.POL_4)
    case = case.tell(now, "request:expedite-refused", "Not expedited", actor=action.actor.id, clause=Clause.POL_4)
    case = case.start_clocks(Anchor.EXPEDITE_REFUSED, action.at)
    return case.plan_notice(NoticeKind.EXPEDITE_REFUSED, now, Recipient.MEMBER, Recipient.PROVIDER)


def extend(case: Case, action: ExtendDecision, now: datetime) -> Case | Refused:
    """More time, once, for a lawful reason, while the limit still runs (42 CFR 422.568(b)(1)(i); 438.210(d))."""
    verdict = may_set_speed(action.actor, case, local_day(action.at))
    if isinstance(verdict, Refused):
        return verdict
    row = case.edition.extension_for(case.request.line, case.priority, local_day(case.received_at))
    if row is None:
        return NO_EXTENSION
    limits = tuple(c for c in case.open_clocks if c.obligation in DECISION_LIMITS)
    if any(c.extended_by for c in limits):
        return Refused(reason="the decision was extended before; it can be extended once", clause=row.citation)
    lawful = may_extend(row, action.reason, action.at, min((c.due_at for c in limits), default=None))
    if isinstance(lawful, Refused):
        return lawful
    counts_from_receipt = case.edition.extension_counts_from_receipt(case.request.line)
    for clock in longer(limits, row, case.received_at if counts_from_receipt else None):
        case = case.change_clock(clock.model_copy(update={"warnings": 0}))
        case = case.tell(now, "clock:extended", f"{clock.obligation}: {clock.explanation}", clause=row.id)
    case = case.tell(now, "decision:extended", action.explanation, actor=action.actor.id, clause=row.citation)
    case = case.waive_clocks(now, "extended", Obligation.PEND_NOTICE)
    return case.plan_notice(NoticeKind.EXTENSION, now, Recipient.PROVIDER, Recipient.MEMBER)
