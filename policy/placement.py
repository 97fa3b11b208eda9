"""The opinion is placed with a physician, and the report comes. Policy 90.2.17, Procedure 6.a, 6.b, 7 and 8."""

from datetime import datetime, timedelta

from policy.actions import PlaceOpinion, ReceiveReport
from policy.calendar import local_day
from policy.case import WITH_CHANNELS, WITH_REOPENING, Case
from policy.clauses import Clause
from policy.dispatch import moot, plan_anew, recall
from policy.eligibility import opinion_eligibility
from policy.lifecycle import Stage
from policy.opinion import Authorization, OpinionEnd
from policy.particulars import NoticeKind, Opinion, Recipient
from policy.placementactions import ChangePhysician, DeclinePlacement
from policy.reporting import kept_as_part, not_whole, whole, with_part
from policy.request import Care
from policy.routing import Candidate, Tier, ladder_was_kept
from policy.rule import Anchor, Obligation
from policy.staffaction import StaffAction
from policy.tasks import TaskKind
from policy.third_opinion import compared, opens_third_opinion, sent_out
from policy.timeframes import ClockState
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
        languages=action.languages,
        distance_miles=action.distance_miles,
        attests_no_conflict=action.attests_no_conflict,
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
        _was_not_declined(case, action),
        _departs_with_a_reason(action),
    )
    if isinstance(verdict, Refused):
        return verdict
    ordinal = SECOND + len(case.standing_opinions)
    opinion = Opinion(
        ordinal=ordinal,
        candidate=candidate,
        fee=action.fee,
        passed_over=action.passed_over,
        placed_at=now,
        placed_by=action.actor.id,
        eligibility=eligibility,
        authorization=authorized(case, ordinal, action.at),
        directory_version=action.directory_version,
        proposed_npi=action.proposed_npi,
        departure_reason=action.departure_reason if _departs(action) else "",
        wish=action.wish,
        considered=action.considered,
    )
    which = ORDINALS[opinion.ordinal]
    case = case.but(opinions=(*case.opinions, opinion)).end_task(TaskKind.PLACEMENT, now, action.actor.id)
    clause = Clause.P6A if case.request.care is Care.PRIMARY_CARE else Clause.P6B
    case = case.tell(
        now, "opinion:placed", f"The {which} opinion is placed: {action.tier}", actor=action.actor.id, clause=clause
    )
    if opinion.departure_reason:
        text = f"Not whom the proposal led to: {opinion.departure_reason}"
        case = case.tell(now, "opinion:departed", text, actor=action.actor.id, clause=clause)
    case = case.end_clocks(action.at, Obligation.PLACEMENT).start_clocks(Anchor.PLACED, action.at)
    case = authorize(case, opinion.ordinal, now)
    return case.move(Stage.CONSULTATION_REPORT).open_task(TaskKind.OBTAIN_REPORT, now, note=f"{which} opinion")


def authorized(case: Case, ordinal: int, at: datetime) -> Authorization | None:
    """The authorization of a placement: its number tells case, opinion and, from the second one on, which placement.

    Valid from the day of placing (Los Angeles) for as many calendar days as the edition says. Cases of older
    generations have none: their letters had no number.
    """
    if case.generation < WITH_CHANNELS:
        return None
    earlier = sum(1 for o in case.opinions if o.ordinal == ordinal)
    day = local_day(at)
    return Authorization(
        number=f"AUTH-{case.number}-{ordinal}" + (f"-{earlier + 1}" if earlier else ""),
        valid_from=day,
        valid_until=day + timedelta(days=case.edition.parameters.authorization_valid_days),
    )


def authorize(case: Case, ordinal: int, now: datetime) -> Case:
    """Physician and member are owed the authorization; after an earlier one that is void, under keys of its own."""
    to = (Recipient.OPINION_PHYSICIAN, Recipient.MEMBER)
    return plan_anew(case, NoticeKind.AUTHORIZATION, now, *to, ordinal=ordinal)


def end_placement(case: Case, how: OpinionEnd, action: StaffAction, why: str, now: datetime) -> Case | Refused:
    """The opinion is not given by this physician: it stays on record, its authorization is void, and it is placed anew.

    The reason for which the physician was passed over is then this one (P6a, P6b).
    """
    opinion = case.current_opinion
    if opinion is None:
        return Refused(reason="no opinion is placed", clause=Clause.P6B)
    ended = {"ended_as": how, "ended_at": action.at, "ended_by": action.actor.id, "ended_why": why}
    case = case.but(opinions=(*case.opinions[:-1], opinion.model_copy(update=ended)))
    case = case.end_task(TaskKind.OBTAIN_REPORT, now, action.actor.id)
    which = ORDINALS[opinion.ordinal]
    text = f"The {which} opinion is placed anew: {how.replace('_', ' ')}"
    case = case.tell(now, f"opinion:{how}", text, actor=action.actor.id, clause=action.CLAUSE)
    case = recall(case, opinion.ordinal, f"the placement ended: {how.replace('_', ' ')}", now)
    case = case.waive_clocks(action.at, how.replace("_", " "), Obligation.CONSULTATION_REPORT)
    if how.is_the_physicians and opinion.appointment:
        case = _appointment_fell_away(case, action.at)
    case = case.start_clocks(Anchor.PLACEMENT_ENDED, action.at)
    return case.move(Stage.PLACEMENT).open_task(TaskKind.PLACEMENT, now, note=f"{which} opinion, placed anew")


def _appointment_fell_away(case: Case, at: datetime) -> Case:
    """The visit that met the limit will not be: the limit stands again, until the same time as before."""
    met = [c for c in case.clocks if c.obligation is Obligation.APPOINTMENT and c.state is ClockState.MET]
    for clock in met[-1:]:
        again = clock.reopen(at, "the appointment fell away")
        case = case.change_clock(again)
        case = case.tell(at, "clock:reopened", f"{again.obligation}: {again.explanation}", clause=again.rule)
    return case


def decline(case: Case, action: DeclinePlacement, now: datetime) -> Case | Refused:
    """The physician declines, or cannot see the member in time: next on the ladder (P6a, P6b)."""
    return end_placement(case, OpinionEnd(action.how), action, action.reason, now)


def change(case: Case, action: ChangePhysician, now: datetime) -> Case | Refused:
    """The member wants another physician, before the report has come (P6a, P6b; H&S 1383.15(f))."""
    return end_placement(case, OpinionEnd.CHANGED_BY_MEMBER, action, action.reason, now)


def declined(case: Case) -> frozenset[str]:
    """NPIs of those who declined the opinion that is to be placed, or could not give it in time."""
    ordinal = SECOND + len(case.standing_opinions)
    return frozenset(
        o.candidate.professional.npi
        for o in case.opinions
        if o.ordinal == ordinal and o.ended_as and o.ended_as.is_the_physicians
    )


def took_part(case: Case) -> frozenset[str]:
    """NPIs of those who gave an earlier opinion in the case, reviewed it or decided it: independence goes both ways."""
    gave = {o.candidate.professional.npi for o in case.standing_opinions}
    reviewed = {c.reviewer.npi for c in case.consultations if c.reviewer}
    decided = {case.determination.physician.npi} if case.determination else set()
    return frozenset((gave | reviewed | decided | {case.request.pcp.npi}) - {""})


def _readers(case: Case) -> tuple[Recipient, ...]:
    """Who gets the report: PCP, member and treating provider; one who is PCP and treating provider gets it once."""
    same = case.request.pcp.npi == case.request.treating_provider.npi and case.generation >= WITH_CHANNELS
    return (Recipient.PCP, Recipient.MEMBER, *(() if same else (Recipient.PROVIDER,)))


def without_appointment(case: Case, at: datetime) -> Case:
    """The report is here, so the visit has been: a limit that nobody met on record falls away."""
    return case.waive_clocks(at, "the report has come; no appointment was recorded", Obligation.APPOINTMENT)


def _was_not_declined(case: Case, action: PlaceOpinion) -> Verdict:
    if action.professional.npi not in declined(case):
        return Allowed()
    reason = "this physician declined this opinion, or cannot see the member in time; choose the next on the ladder"
    return Refused(reason=reason, clause=Clause.P6B, field="professional.npi")


def _departs(action: PlaceOpinion) -> bool:
    return action.proposed_npi not in ("", action.professional.npi)


def _departs_with_a_reason(action: PlaceOpinion) -> Verdict:
    if not _departs(action) or action.departure_reason.strip():
        return Allowed()
    reason = "another physician is proposed; say why this one is chosen"
    return Refused(reason=reason, clause=Clause.P6B, field="departure_reason")


def _network_is_open(tier: Tier, *, open_: bool) -> Verdict:
    """Whether primary care may leave the physician organization at all: the policy says so, H&S 1383.15(e) does not."""
    if tier is not Tier.NETWORK or open_:
        return Allowed()
    return Refused(reason="primary care stays in the physician organization", clause="H&S 1383.15(e)", field="tier")


def receive_report(case: Case, action: ReceiveReport, now: datetime) -> Case | Refused:
    """The report is here, and is shared with PCP, member and treating provider (P7; H&S 1383.15(h)).

    A part of it is kept, and the rest is waited for; what is shared is whole. When two recommendations differ, a third
    opinion may open (T1); else the case is ready to be filed.
    """
    given = with_part(case.opinions[-1], action)
    ordinal = ORDINALS[given.ordinal]
    if isinstance(lacking := not_whole(given, action), Refused):
        return lacking
    if lacking:
        return kept_as_part(case, given, lacking, action, now)
    given = given.model_copy(
        update={"report": whole(given.parts), "parts": given.parts if len(given.parts) > 1 else ()}
    )
    case = case.but(opinions=(*case.opinions[:-1], given)).end_task(TaskKind.OBTAIN_REPORT, now, action.actor.id)
    case = case.tell(
        now, "report:received", f"The report of the {ordinal} opinion", actor=action.actor.id, clause=Clause.P7
    )
    case = case.end_clocks(action.at, Obligation.CONSULTATION_REPORT, Obligation.OPINION_RENDERED)
    case = without_appointment(case, action.at)
    case = moot(case, now, "the report has come", NoticeKind.REPORT_REMINDER)
    case = case.plan_notice(NoticeKind.REPORT_COPY, now, *_readers(case), ordinal=given.ordinal)
    if case.third_opinion_of:
        return case.move(Stage.FILING)
    case = compared(case, now)
    third = opens_third_opinion(case)
    if not third:
        return case.tell(now, "third-opinion:not-opened", third.reason, clause=third.clause).move(Stage.FILING)
    if case.generation >= WITH_REOPENING:
        return sent_out(case, now)
    case = case.tell(now, "third-opinion:opened", "The recommendations differ: a third opinion", clause=Clause.T1)
    case = case.plan_notice(NoticeKind.THIRD_OPINION, now, Recipient.MEMBER)
    case = case.start_clocks(Anchor.APPROVED, action.at)
    return case.move(Stage.PLACEMENT).open_task(TaskKind.PLACEMENT, now, note="third opinion")
