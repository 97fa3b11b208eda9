"""The opinion is placed with a physician, and the report comes. Policy 90.2.17, Procedure 6.a, 6.b, 7 and 8."""

from datetime import datetime

from policy.actions import PlaceOpinion, ReceiveReport
from policy.calendar import local_day
from policy.case import WITH_CHANNELS, Case
from policy.clauses import Clause
from policy.dispatch import moot
from policy.eligibility import opinion_eligibility
from policy.lifecycle import Stage
from policy.particulars import NoticeKind, Opinion, Recipient, Report
from policy.request import Care
from policy.routing import Candidate, Tier, ladder_was_kept
from policy.rule import Anchor, Obligation
from policy.tasks import TaskKind
from policy.third_opinion import opens_third_opinion
from policy.verdict import Allowed, Refused, Verdict, first_refusal

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
    parameters = case.edition.parameters
    eligibility = opinion_eligibility(
        candidate,
        case.request,
        took_part(case),
        equivalent_specialty_allowed=parameters.equivalent_specialty_for_opinions,
        on=local_day(action.at),
    )
    verdict = first_refusal(
        _network_is_open(action.tier, open_=parameters.primary_care_network_designation),
        ladder_was_kept(action.tier, action.passed_over, case.request),
        eligibility.verdict,
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
        eligibility=eligibility,
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


def took_part(case: Case) -> frozenset[str]:
    """NPIs of those who gave an earlier opinion in the case, reviewed it or decided it: independence goes both ways."""
    gave = {o.candidate.professional.npi for o in case.opinions}
    reviewed = {c.reviewer.npi for c in case.consultations if c.reviewer}
    decided = {case.determination.physician.npi} if case.determination else set()
    return frozenset((gave | reviewed | decided | {case.request.pcp.npi}) - {""})


def _readers(case: Case) -> tuple[Recipient, ...]:
    """Who gets the report: PCP, member and treating provider; one who is PCP and treating provider gets it once."""
    same = case.request.pcp.npi == case.request.treating_provider.npi and case.generation >= WITH_CHANNELS
    return (Recipient.PCP, Recipient.MEMBER, *(() if same else (Recipient.PROVIDER,)))


def _network_is_open(tier: Tier, *, open_: bool) -> Verdict:
    """Whether primary care may leave the physician organization at all: the policy says so, H&S 1383.15(e) does not."""
    if tier is not Tier.NETWORK or open_:
        return Allowed()
    return Refused(reason="primary care stays in the physician organization", clause="H&S 1383.15(e)", field="tier")


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
    case = moot(case, now, "the report has come", NoticeKind.REPORT_REMINDER)
    case = case.plan_notice(NoticeKind.REPORT_COPY, now, *_readers(case), ordinal=given.ordinal)
    third = opens_third_opinion(case)
    if not third:
        return case.tell(now, "third-opinion:not-opened", third.reason, clause=third.clause).move(Stage.FILING)
    case = case.tell(now, "third-opinion:opened", "The recommendations differ: a third opinion", clause=Clause.T1)
    case = case.plan_notice(NoticeKind.THIRD_OPINION, now, Recipient.MEMBER)
    case = case.start_clocks(Anchor.APPROVED, action.at)
    return case.move(Stage.PLACEMENT).open_task(TaskKind.PLACEMENT, now, note="third opinion")
