"""What an operator's intervention in Temporal means for a case. Policy 90.2.17, Policy (POL-1).

Cancelling the workflow of a request that is not decided withdraws it, for cause and with the letters. Of a decided one
it is a recorded refusal, and the case goes on. A workflow that was terminated, reset or deleted ends no case: the case
goes on in a new run, from where it stood. What was typed as a reason may hold health information, and is not read.
"""

from datetime import datetime

from policy.answering import refuse_unreadable
from policy.case import Case
from policy.clauses import Clause
from policy.delegatecase import DelegatedCase
from policy.lifecycle import Stage
from policy.tasks import TaskKind
from policy.third_opinion import ThirdGiven, lost, taken_in
from policy.withdrawal import ended_undecided

CANCEL = "cancel"
CAUSE = "Withdrawn for cause: cancelled in Temporal by an operator"
TOO_LATE = "a determination has been made, so cancelling its workflow does not end the case; it goes on"
DELEGATED = "what a delegate decided cannot be cancelled at the plan; it is checked, coded and filed"
CHILD_ENDED = "it ended with the run that had begun it"


def cancelled(case: Case, now: datetime) -> Case:
    """The case after its workflow was cancelled: withdrawn before the determination, told of the refusal after it."""
    if case.is_before_determination:
        return ended_undecided(case, now, CAUSE)
    return refuse_unreadable(case, CANCEL, TOO_LATE, now)


def delegated_cancelled(case: DelegatedCase, now: datetime) -> DelegatedCase:
    """A delegate's decision goes on: the plan only checks it, and who asks for it to be cancelled is told why not."""
    return refuse_unreadable(case, CANCEL, DELEGATED, now)


def set_going(case: Case, recorded: int, why: str, now: datetime, third: ThirdGiven | None = None) -> Case:
    """The case as a new run of its workflow goes on with it; ``recorded`` is the last line that the ledger has of it.

    Its story goes on after whatever was told before, so that no two lines have one number. A third opinion that was
    under way has ended with the old run: ``third`` is what it gave by then; else a supervisor takes it up.
    """
    case = case.but(seq=max(case.seq, recorded)).tell(now, "case:set-going", why, clause=Clause.P9)
    if case.stage is not Stage.THIRD_OPINION or case.task(TaskKind.THIRD_OPINION_LOST):
        return case
    return taken_in(case, third, now) if third else lost(case, CHILD_ENDED, now)


def delegated_set_going(case: DelegatedCase, recorded: int, why: str, now: datetime) -> DelegatedCase:
    """The same of a delegate's decision."""
    return case.but(seq=max(case.seq, recorded)).tell(now, "delegated:set-going", why)
