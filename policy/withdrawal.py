"""The requester withdraws, or asks for more speed. Policy 90.2.17, Policy (POL-1, POL-4)."""

from datetime import datetime

from policy.actions import ExpediteRequest, WithdrawRequest
from policy.case import Case
from policy.clauses import Clause
from policy.edition import Anchor, Obligation
from policy.lifecycle import Outcome, Stage
from policy.particulars import NoticeKind, Recipient
from policy.people import Role
from policy.request import Priority
from policy.timeframes import DECISION_LIMITS
from policy.verdict import Refused

MAY_TAKE_WITHDRAWALS = (Role.INTAKE, Role.CASE_MANAGER, Role.SUPERVISOR, Role.CMO, Role.PHYSICIAN_DESIGNEE)


def withdraw(case: Case, action: WithdrawRequest, now: datetime) -> Case | Refused:
    """The request ends without a determination; all clocks fall away, and both parties are told."""
    if not action.actor.has(*MAY_TAKE_WITHDRAWALS):
        return Refused(reason="this role cannot record a withdrawal", clause=Clause.POL_1, field="actor.roles")
    if not case.is_before_determination:
        return Refused(reason="a determination has been made; it cannot be withdrawn", clause=Clause.POL_1)
    case = case.exit_tasks(now).waive_clocks(now, "withdrawn").but(outcome=Outcome.WITHDRAWN)
    case = case.tell(now, "request:withdrawn", "Withdrawn by the requester", actor=action.actor.id, clause=Clause.POL_1)
    case = case.plan_notice(NoticeKind.WITHDRAWAL, now, Recipient.PROVIDER, Recipient.MEMBER)
    return case.move(Stage.FILING)


def expedite(case: Case, action: ExpediteRequest, now: datetime) -> Case | Refused:
    """A physician upgrades the request. The decision clocks are counted anew from the same anchors (POL-4)."""
    if not action.actor.licence.strip():
        return Refused(reason="a physician upgrades a request", clause=Clause.POL_4, field="actor.licence")
    if not case.is_before_determination or case.priority is not Priority.STANDARD:
        return Refused(reason="only a standard request that is not yet decided can be expedited", clause=Clause.POL_4)
    anchors = {c.anchor: c.anchored_at for c in case.clocks if c.obligation in DECISION_LIMITS}
    anchors.setdefault(Anchor.RECEIVED, case.received_at)
    case = case.waive_clocks(now, "counted anew: expedited", *DECISION_LIMITS, Obligation.PEND_NOTICE)
    case = case.but(priority=Priority.EXPEDITED)
    case = case.tell(
        now, "request:expedited", "Upgraded to expedited; the anchor stays", actor=action.actor.id, clause=Clause.POL_4
    )
    running = {c.obligation for c in case.open_clocks}
    for anchor, at in anchors.items():
        case = case.start_clocks(anchor, at, without=tuple(running))
    return case
