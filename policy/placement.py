"""The opinion is placed with a physician, and the report comes. Policy 90.2.17, Procedure 6.a, 6.b, 7 and 8."""

from datetime import datetime

from policy.actions import PlaceOpinion, ReceiveReport
from policy.case import Case
from policy.clauses import Clause
from policy.edition import Anchor, Obligation
from policy.lifecycle import Stage
from policy.particulars import NoticeKind, Opinion, Recipient, Report
from policy.request import Care
from policy.routing import Candidate, ladder_was_kept, may_give_opinion
from policy.tasks import TaskKind
from policy.third_opinion import opens_third_opinion
from policy.verdict import Refused, first_refusal

SECOND, THIRD = 2, 3
ORDINALS = {SECOND: "second", THIRD: "third"}


def place(case: Case, action: PlaceOpinion, now: datetime) -> Case | Refused:
    """The physician is chosen, on the nearest tier that has one; physician and member are told (P6a, P6b, P8)."""
    candidate = Candidate(
        professional=action.professional,
        tier=action.tier,
        board_certified=action.board_certified,
        licence=action.licence,
    )
    earlier = frozenset(o.candidate.professional.npi for o in case.opinions)
    verdict = first_refusal(
        ladder_was_kept(action.tier, action.passed_over, case.request),
        may_give_opinion(candidate, case.request, earlier),
    )
    if isinstance(verdict, Refused):
        return verdict
    opinion = Opinion(
        ordinal=SECOND + len(case.opinions),
        candidate=candidate,
        fee=action.fee,
        passed_over=action.passed_over,
        placed_at=now,
        placed_by=action.actor.id,
    )
    ordinal = ORDINALS[opinion.ordinal]
    case = case.but(opinions=(*case.opinions, opinion)).end_task(TaskKind.PLACEMENT, now, action.actor.id)
    clause = Clause.P6A if case.request.care is Care.PRIMARY_CARE else Clause.P6B
    case = case.tell(
        now, "opinion:placed", f"The {ordinal} opinion is placed: {action.tier}", actor=action.actor.id, clause=clause
    )
    case = case.end_clocks(action.at, Obligation.PLACEMENT).start_clocks(Anchor.PLACED, action.at)
    to = (Recipient.OPINION_PHYSICIAN, Recipient.MEMBER)
    case = case.plan_notice(NoticeKind.AUTHORIZATION, now, *to, ordinal=opinion.ordinal)
    return case.move(Stage.CONSULTATION_REPORT).open_task(TaskKind.OBTAIN_REPORT, now, note=f"{ordinal} opinion")


def receive_report(case: Case, action: ReceiveReport, now: datetime) -> Case | Refused:
    """The report is here, and is shared with PCP, member and treating provider (P7; H&S 1383.15(h)).

    When two recommendations differ, a third opinion may open (T1); else the case is ready to be filed.
    """
    report = Report(
        findings=action.findings,
        recommendations=action.recommendations,
        recommendation=action.recommendation,
        attachments=action.attachments,
        received_at=action.at,
    )
    given = case.opinions[-1].model_copy(update={"report": report})
    ordinal = ORDINALS[given.ordinal]
    case = case.but(opinions=(*case.opinions[:-1], given)).end_task(TaskKind.OBTAIN_REPORT, now, action.actor.id)
    case = case.tell(
        now, "report:received", f"The report of the {ordinal} opinion", actor=action.actor.id, clause=Clause.P7
    )
    case = case.end_clocks(action.at, Obligation.CONSULTATION_REPORT, Obligation.OPINION_RENDERED)
    readers = (Recipient.PCP, Recipient.MEMBER, Recipient.PROVIDER)
    case = case.plan_notice(NoticeKind.REPORT_COPY, now, *readers, ordinal=given.ordinal)
    third = opens_third_opinion(case)
    if not third:
        return case.tell(now, "third-opinion:not-opened", third.reason, clause=third.clause).move(Stage.FILING)
    case = case.tell(now, "third-opinion:opened", "The recommendations differ: a third opinion", clause=Clause.T1)
    case = case.plan_notice(NoticeKind.THIRD_OPINION, now, Recipient.MEMBER)
    case = case.start_clocks(Anchor.APPROVED, action.at)
    return case.move(Stage.PLACEMENT).open_task(TaskKind.PLACEMENT, now, note="third opinion")
