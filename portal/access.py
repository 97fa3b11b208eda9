"""Who may see which page and do which action. What one may not see is not found; what one may not do is not offered.

The case itself decides again: this table only keeps people from what is not theirs.
"""

from enum import StrEnum

from policy.actions import ACTIONS
from policy.committee.actions import COMMITTEE_ACTIONS, KEEPERS
from policy.committee.actions import WORKERS as COMMITTEE_WORKERS
from policy.delegateactions import CLERKS, DELEGATED_ACTIONS
from policy.dispatch import MAY_HANDLE_MAIL, MAY_VOID
from policy.lateractions import ChangeDetermination
from policy.letteractions import ReissueLetter, ReportReturnedLetter
from policy.people import Actor, Role
from policy.taskactions import AssignTask, EscalateTask, LiftExclusion, NominateTask, SkipTask, TaskAction
from policy.tasks import DEFINITIONS, IN_CHARGE, PHYSICIANS
from policy.withdrawal import MAY_TAKE_WITHDRAWALS


class Room(StrEnum):
    """A part of the portal."""

    HOME = "home"
    WORK = "work"
    ALL_WORK = "all_work"
    CASES = "cases"
    INTAKE = "intake"
    SUPERVISION = "supervision"
    PANEL = "panel"
    STAFFING = "staffing"
    AUDIT = "audit"
    TEMPORAL = "temporal"
    DIRECTORY = "directory"
    IMPORTING = "importing"
    DELEGATED = "delegated"
    DELEGATED_INTAKE = "delegated_intake"
    REPORTS = "reports"
    REPORTED_CASES = "reported_cases"
    COMMITTEE = "committee"


EVERYBODY = tuple(Role)
WORKERS = (Role.CASE_MANAGER, *PHYSICIANS, Role.CONSULTANT)

ROOMS: dict[Room, tuple[Role, ...]] = {
    Room.HOME: EVERYBODY,
    Room.WORK: (*WORKERS, *IN_CHARGE),
    Room.ALL_WORK: IN_CHARGE,
    # A consultant sees only the cases that wait for his or her review (``cases.may_see``).
    Room.CASES: (Role.INTAKE, *WORKERS, *IN_CHARGE, Role.AUDITOR),
    Room.INTAKE: (Role.INTAKE, Role.CASE_MANAGER, *IN_CHARGE),
    Room.SUPERVISION: IN_CHARGE,
    Room.PANEL: (*IN_CHARGE, Role.CMO),
    Room.STAFFING: IN_CHARGE,  # who changes what the panel shows
    Room.AUDIT: (Role.AUDITOR, *IN_CHARGE),
    Room.TEMPORAL: (Role.AUDITOR, *IN_CHARGE),  # who sees what Temporal keeps, in clear
    Room.DIRECTORY: (Role.INTAKE, Role.CASE_MANAGER, *PHYSICIANS, *IN_CHARGE, Role.AUDITOR),
    Room.IMPORTING: IN_CHARGE,  # who makes a new version of the directory
    Room.DELEGATED: (Role.INTAKE, Role.CASE_MANAGER, *PHYSICIANS, *IN_CHARGE, Role.AUDITOR),
    Room.DELEGATED_INTAKE: CLERKS,  # who takes delegates' packets in
    Room.REPORTS: (Role.COMMITTEE, *PHYSICIANS, *IN_CHARGE, Role.AUDITOR),
    Room.REPORTED_CASES: (*PHYSICIANS, *IN_CHARGE, Role.AUDITOR),  # committees read figures, and no case
    Room.COMMITTEE: (*COMMITTEE_WORKERS, Role.AUDITOR),
}

# The actions that are not the owner's of a task; every other follows from the task that it completes.
OTHERS: dict[str, tuple[Role, ...]] = {
    AssignTask.SIGNAL: IN_CHARGE,
    NominateTask.SIGNAL: (*IN_CHARGE, *PHYSICIANS, Role.CASE_MANAGER),
    EscalateTask.SIGNAL: (*WORKERS, *IN_CHARGE),
    SkipTask.SIGNAL: (*WORKERS, *IN_CHARGE),
    LiftExclusion.SIGNAL: (Role.ADMINISTRATOR,),
    "add_comment": (Role.INTAKE, *WORKERS, *IN_CHARGE),
    "withdraw_request": MAY_TAKE_WITHDRAWALS,
    "expedite_request": PHYSICIANS,
    "refuse_expedite": PHYSICIANS,
    "extend_decision": PHYSICIANS,
    ReportReturnedLetter.SIGNAL: MAY_HANDLE_MAIL,
    ReissueLetter.SIGNAL: MAY_VOID,
    ChangeDetermination.SIGNAL: (*PHYSICIANS, *IN_CHARGE),
}


def may_enter(actor: Actor, room: Room) -> bool:
    """Whether the actor may see a part of the portal."""
    return actor.has(*ROOMS[room])


def may_do(actor: Actor, signal: str) -> bool:
    """Whether an action is ever the actor's to do, by role; the case says whether it is now."""
    return signal in ACTIONS and actor.has(*roles_for(signal))


def may_do_delegated(actor: Actor, signal: str) -> bool:
    """Whether an action on a delegated decision is ever the actor's to do; the decision says whether it is now."""
    return signal in DELEGATED_ACTIONS and actor.has(*DELEGATED_ACTIONS[signal].ROLES)


def may_do_committee(actor: Actor, signal: str) -> bool:
    """Whether an action on a report is ever the actor's to do; the report says whether it is now."""
    return signal in COMMITTEE_ACTIONS and actor.has(*COMMITTEE_ACTIONS[signal].ROLES)


def may_order_reports(actor: Actor) -> bool:
    """Whether the actor may ask for a report, and for a new edition of one."""
    return actor.has(*KEEPERS)


def roles_for(signal: str) -> tuple[Role, ...]:
    """The roles whose action it is."""
    action = ACTIONS[signal]
    if signal in OTHERS:
        return OTHERS[signal]
    if action.TASK is not None:
        return DEFINITIONS[action.TASK].potential_owners
    return (*WORKERS, *IN_CHARGE) if issubclass(action, TaskAction) else ()
