"""Cases brought to each stage of their life, one hour between two steps: arrangements for the tests of the rules."""

from datetime import UTC, datetime, timedelta
from typing import Any

from policy.acting import act
from policy.case import Case, open_case
from policy.channels import Attempt, Channel, Result
from policy.coding import code
from policy.dispatch import Delivery, sent
from policy.filing import closed, filed
from policy.particulars import Filing, Notice, NoticeKind, Recipient, RefusedAction
from policy.people import Actor, Role
from policy.request import Item, LineOfBusiness, Request
from policy.tasks import HumanTask
from policy.third_opinion import own_case
from tests.builders import (
    CASE_MANAGER,
    CMO,
    CONSULTANT,
    MONDAY,
    a_first_opinion,
    a_report,
    a_request,
    action,
    an_incomplete_request,
    plan_physician,
)

LATER = datetime(2036, 1, 1, tzinfo=UTC)  # what a channel says of a time to come counts as now
HOW = (
    None,
    None,
    Channel.PRINT,
    Channel.FAX,
    Channel.EMAIL,
)  # how a letter leaves: as usual, or otherwise
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NUMBER = "SO-2026-000001"

DESIGNEE = Actor(
    id="md.lind", name="Dr. Eva Lind", roles=(Role.PHYSICIAN_DESIGNEE,), licence="A55503", npi="1992999841"
)
SUPERVISOR = Actor(id="su.kane", name="Ida Kane", roles=(Role.SUPERVISOR,))
ADMINISTRATOR = Actor(id="ad.lund", name="Per Lund", roles=(Role.ADMINISTRATOR,))
SECOND_CONSULTANT = CONSULTANT.model_copy(update={"id": "md.pires", "name": "Dr. Rui Pires", "npi": "1992999007"})
THIRD_CONSULTANT = CONSULTANT.model_copy(update={"id": "md.quist", "name": "Dr. Ida Quist", "npi": "1992999015"})
CASE_MANAGER_AND_CMO = Actor(  # a licensed physician who also works as a case manager
    id="md.adeyemi",
    name="Dr. Ola Adeyemi",
    roles=(Role.CASE_MANAGER, Role.CMO),
    licence="A55504",
    npi="1992999023",
)


def consultation(*, recommends: bool = True, **changes: Any) -> dict[str, Any]:
    """The consultant's part of the form."""
    given = {
        "findings": "Imaging and examination disagree.",
        "recommends_second_opinion": recommends,
        "rationale": "Conservative care was not exhausted.",
        "attests_no_conflict": True,
    }
    return {**given, **changes}


DENIAL: dict[str, Any] = {"outcome": "denied", "rationale": "Two opinions are on record.", "criteria": "MCG 4.2"}
APPROVAL: dict[str, Any] = {"outcome": "approved", "rationale": "Reason R1 applies."}


def opened(request: Request | None = None, at: datetime = MONDAY, **changes: Any) -> Case:
    """A case whose request has just been received; complete unless told otherwise."""
    return open_case(NUMBER, request or a_request(**changes), at)


def next_hour(case: Case) -> datetime:
    """One hour after the latest line of the story."""
    return max(entry.at for entry in case.story) + HOUR


def attempts(case: Case, actor: Actor, signal: str, at: datetime | None = None, **fields: Any) -> Case:
    """The case after an action, applied or refused."""
    now = at or next_hour(case)
    return act(case, action(signal, actor, now, **fields), now)


def does(case: Case, actor: Actor, signal: str, at: datetime | None = None, **fields: Any) -> Case:
    """The case after an action that must be applied."""
    after = attempts(case, actor, signal, at, **fields)
    assert after.refused_count == case.refused_count, after.refusals[-1]
    return after


def refusal(case: Case, actor: Actor, signal: str, at: datetime | None = None, **fields: Any) -> RefusedAction:
    """The refusal of an action that must be refused, and must leave everything else as it was."""
    after = attempts(case, actor, signal, at, **fields)
    assert after.refused_count == case.refused_count + 1, "the action was applied"
    told = {
        "receipts": case.receipts,
        "refusals": case.refusals,
        "refused_count": case.refused_count,
        "story": case.story,
        "seq": case.seq,
    }
    assert after.but(**told) == case
    return after.refusals[-1]


def the_task(case: Case) -> HumanTask:
    """The one task that is open."""
    (task,) = case.open_tasks
    return task


def operates(case: Case, actor: Actor, signal: str, at: datetime | None = None, **fields: Any) -> Case:
    """The case after something was done to its one open task, which must be applied."""
    return does(case, actor, signal, at, task_id=the_task(case).id, **fields)


def objection(case: Case, actor: Actor, signal: str, at: datetime | None = None, **fields: Any) -> RefusedAction:
    """The refusal of something that must not be done to the one open task."""
    return refusal(case, actor, signal, at, task_id=the_task(case).id, **fields)


def pending(*lacking: Item, received: datetime = MONDAY, **changes: Any) -> Case:
    """The provider has been asked for items."""
    lacking = lacking or (Item.TEST_RESULTS,)
    case = opened(an_incomplete_request(*lacking, **changes), received)
    return does(case, CASE_MANAGER, "request_information", items=lacking)


def in_review(*, received: datetime = MONDAY, **changes: Any) -> Case:
    """The complete referral is with the physician."""
    return does(opened(at=received, **changes), CASE_MANAGER, "confirm_completeness")


def referred(**changes: Any) -> Case:
    """The referral is with the consultant."""
    return does(in_review(**changes), CMO, "refer_to_consultation", question="Is the fusion reasonable?")


def consulted(*, recommends: bool = True, **changes: Any) -> Case:
    """The consultant's advice is with the physician."""
    return does(referred(**changes), CONSULTANT, "submit_consultation", **consultation(recommends=recommends))


def denied(**changes: Any) -> Case:
    """Denied by the CMO."""
    return does(in_review(**changes), CMO, "determine", **DENIAL)


def approved(**changes: Any) -> Case:
    """Approved by the CMO, to be placed."""
    return does(in_review(**changes), CMO, "determine", **APPROVAL)


def placed(**changes: Any) -> Case:
    """The second opinion is placed with a physician of the plan."""
    return does(approved(**changes), CASE_MANAGER, "place_opinion", **plan_physician())


def reported(**changes: Any) -> Case:
    """The report has come; nothing is left to do but letters and filing."""
    return does(placed(**changes), CASE_MANAGER, "receive_report", **a_report())


def differing(**changes: Any) -> Case:
    """A Medicare case in which the second physician advises against the surgery: a third opinion opens."""
    given = {"line": LineOfBusiness.MEDICARE_ADVANTAGE, "first_opinion": a_first_opinion(recommends=True)}
    return does(placed(**{**given, **changes}), CASE_MANAGER, "receive_report", **a_report(recommends=False))


def third(**changes: Any) -> Case:
    """The third opinion's own case, to be placed."""
    return own_case(differing(**changes))


def withdrawn(**changes: Any) -> Case:
    """Withdrawn while the referral is reviewed."""
    return does(opened(**changes), CASE_MANAGER, "withdraw_request", reason="The member has decided.")


def delivery(notice: Notice, *, by: Channel | None = None, at: datetime | None = None) -> Delivery:
    """The proof that a letter left: to a professional by fax, to the member by post, unless told otherwise."""
    channel = by or (Channel.PRINT if notice.recipient is Recipient.MEMBER else Channel.FAX)
    left = Attempt(channel=channel, at=at or LATER, result=Result.LEFT, proof="proof")
    document = f"{notice.key.replace('/', '-')}.pdf"
    return Delivery(key=notice.key, document=document, sha256="ab" * 32, attempts=(left,))


def no_delivery(notice: Notice) -> Delivery:
    """No channel takes the letter."""
    failed = Attempt(channel=Channel.FAX, at=LATER, result=Result.FAILED, reason="no answer")
    return delivery(notice).model_copy(update={"attempts": (failed,), "is_undeliverable": True})


def letters_left(case: Case, *kinds: NoticeKind, at: datetime | None = None) -> Case:
    """The letters that are owed left: those of the given kinds, or all."""
    owed = tuple(delivery(n) for n in case.planned_notices if not kinds or n.kind in kinds)
    return sent(case, owed, at or next_hour(case))


def a_filing(at: datetime) -> Filing:
    """Where the packet lies."""
    return Filing(path="Prior Authorizations/2026/11/2026-11-02/x.pdf", sha256="cd" * 32, pages=7, filed_at=at)


def finished(case: Case) -> Case:
    """Letters left, coded, filed, closed."""
    case = letters_left(case)
    now = next_hour(case)
    return closed(filed(code(case, now), a_filing(now), now), now)
