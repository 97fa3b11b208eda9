"""The requester withdraws, at any stage before the determination. Policy 90.2.17, Policy (POL-1)."""

from datetime import datetime

from policy.actions import WithdrawRequest
from policy.case import Case
from policy.clauses import Clause
from policy.dispatch import moot
from policy.lifecycle import Outcome, Stage
from policy.particulars import NoticeKind, Recipient
from policy.people import Role
from policy.verdict import Refused

MAY_TAKE_WITHDRAWALS = (Role.INTAKE, Role.CASE_MANAGER, Role.SUPERVISOR, Role.CMO, Role.PHYSICIAN_DESIGNEE)


def withdraw(case: Case, action: WithdrawRequest, now: datetime) -> Case | Refused:
    """The request ends without a determination; all clocks fall away, and both parties are told."""
    if not action.actor.has(*MAY_TAKE_WITHDRAWALS):
        return Refused(reason="this role cannot record a withdrawal", clause=Clause.POL_1, field="actor.roles")
    if not case.is_before_determination:
        return Refused(reason="a determination has been made; it cannot be withdrawn", clause=Clause.POL_1)
    return ended_undecided(case, now, "Withdrawn by the requester", actor=action.actor.id)


def ended_undecided(case: Case, now: datetime, text: str, *, actor: str = "") -> Case:
    """The request has ended before its determination; ``text`` says how. Letters, filing and closing follow."""
    case = case.exit_tasks(now).waive_clocks(now, "withdrawn").but(outcome=Outcome.WITHDRAWN)
    case = case.tell(now, "request:withdrawn", text, actor=actor, clause=Clause.POL_1)
    case = moot(case, now, "the request was withdrawn")
    case = case.plan_notice(NoticeKind.WITHDRAWAL, now, Recipient.PROVIDER, Recipient.MEMBER)
    return case.move(Stage.FILING)
