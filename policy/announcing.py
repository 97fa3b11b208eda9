"""What a notice of a case has to say: the content of each letter, read off the case. Policy 90.2.17, Procedure 3 to 8.

A content that the case does not bear out (a denial that was never made, an opinion that was never placed, a reason that
is blank) is refused, with the fact as its field; nothing here raises for what people have sent.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from policy.calendar import local_day
from policy.case import Case
from policy.checklist import CHECKLISTS
from policy.completeness import outstanding
from policy.contents import (
    Acknowledgement,
    Approval,
    Authorization,
    Content,
    Denial,
    ExpediteRefused,
    ExpiredDetermination,
    Extension,
    InformationReminder,
    InformationRequest,
    Pend,
    Practice,
    ReportCopy,
    ReportReminder,
    Span,
    ThirdOpinion,
    Withdrawal,
)
from policy.particulars import Agreement, Basis, Determination, Notice, NoticeKind, Opinion
from policy.people import Professional
from policy.placement import ORDINALS, SECOND
from policy.plan import PLAN
from policy.reaching import opinion_ordinal
from policy.request import Item
from policy.rule import Anchor
from policy.third_opinion import line_has_no_third
from policy.timeframes import DECISION_LIMITS
from policy.verdict import Refused

Facts = dict[str, Any]


def content_of(case: Case, notice: Notice, now: datetime) -> Content | Refused:
    """What a notice of the case has to say at ``now`` (aware UTC), or why it cannot be said."""
    found = ANNOUNCED.get(notice.kind)
    if found is None:
        kind = notice.kind.replace("_", " ")
        return Refused(reason=f"a {kind} is about no case: it is made from its own content", field="kind")
    model, facts = found
    try:
        return model(**_whose(case), **facts(case, notice, now))
    except ValidationError as trouble:
        first = trouble.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        reason = f"the case does not bear out what a {notice.kind.replace('_', ' ')} says ({field}: {first['msg']})"
        return Refused(reason=reason, field=field)


def _whose(case: Case) -> Facts:
    request = case.request
    return {
        "line": request.line,
        "case_number": case.number,
        "member": request.member.name.full,
        "received_on": local_day(case.received_at),
        "specialty": request.specialty,
        "provider_is_pcp": request.treating_provider.npi == request.pcp.npi,
    }


# -- before the decision


def _awaited(case: Case, _notice: Notice, now: datetime) -> Facts:
    """When the decision is expected (H&S 1367.01(h)(5)): by the limit ahead, or so long after the information."""
    limits = [c.due_at for c in case.open_clocks if c.obligation in DECISION_LIMITS and c.due_at > now]
    if limits:
        return {"decision_by": local_day(min(limits))}
    rows = case.edition.timeframes(case.request, case.priority, local_day(case.received_at))
    row = next((r for r in rows if r.anchor is Anchor.INFORMATION_COMPLETE and r.amount), None)
    return {"decides_within": Span(amount=row.amount, unit=row.unit)} if row else {}


def _responsible() -> Facts:
    return {"responsible": PLAN.director, "responsible_telephone": PLAN.peer_telephone}


def _asked(case: Case, notice: Notice, now: datetime) -> Facts:
    """The items that have not come; of a request that is over, all that it asked for."""
    ordinal = notice.ordinal // 10 if notice.kind is NoticeKind.INFORMATION_REMINDER else notice.ordinal
    asked = next((r.items for r in case.information_requests if r.ordinal == ordinal), ())
    left = outstanding(case) if ordinal == len(case.information_requests) else ()
    return {"items": left or asked} | _responsible() | _awaited(case, notice, now)


def _pended(case: Case, notice: Notice, now: datetime) -> Facts:
    windows = {"appeal_days": _window("appeal", case, now), "hearing_days": _window("hearing", case, now)}
    return _asked(case, notice, now) | windows


def _extended(case: Case, notice: Notice, now: datetime) -> Facts:
    days = next((c.extended_by for c in case.clocks if c.extended_by), None)
    why = next((e.text for e in reversed(case.story) if e.event == "decision:extended"), "")
    return {"more_days": days, "reason": why.strip()} | _responsible() | _awaited(case, notice, now)


def _not_expedited(case: Case, notice: Notice, now: datetime) -> Facts:
    return _responsible() | _awaited(case, notice, now)


# -- the determination


def announced(case: Case, notice: Notice) -> Determination | None:
    """The determination that a letter announces: the first, or one that took its place; the letter's ordinal says."""
    made = case.determinations
    return made[notice.ordinal - 1] if 0 < notice.ordinal <= len(made) else case.determination


def _decided(case: Case, notice: Notice) -> Facts:
    made = announced(case, notice)
    if made is None:
        return {}
    replaced = case.determinations[made.replaces - 1] if made.replaces else None
    return {
        "replaced_on": local_day(replaced.at) if replaced else None,
        "outcome": made.outcome,
        "decided_on": local_day(made.at),
        "physician": made.decided_by or made.physician.name or made.physician.id,
        "physician_telephone": PLAN.peer_telephone,
        "rationale": made.rationale,
        "criteria": made.criteria,
    }


def _approved(case: Case, notice: Notice, _now: datetime) -> Facts:
    return _decided(case, notice) | _cost(case)


def _denied(case: Case, notice: Notice, now: datetime) -> Facts:
    made = announced(case, notice)
    windows = {
        "appeal_days": _window("appeal", case, now),
        "hearing_days": _window("hearing", case, now),
        "continue_days": _window("continue", case, now),
        "review_months": _window("review_months", case, now),
    }
    return _decided(case, notice) | windows | {"is_expired": made is not None and made.basis is Basis.EXPIRED}


def _window(name: str, case: Case, now: datetime) -> int | None:
    return CHECKLISTS.window_of(name, case.request.line, local_day(now))


def _cost(case: Case) -> Facts:
    return {"cost": case.edition.cost[case.request.line]}


# -- the opinion


def _treating(case: Case) -> Facts:
    return {"pcp": case.request.pcp.name, "provider": case.request.treating_provider.name}


def _placed(case: Case, notice: Notice) -> Opinion | None:
    ordinal = opinion_ordinal(notice)
    return next((o for o in case.standing_opinions if o.ordinal == ordinal), None)


def _authorized(case: Case, notice: Notice, _now: datetime) -> Facts:
    opinion = _placed(case, notice)
    if opinion is None:
        return {}
    who = opinion.candidate.professional
    held = opinion.authorization
    given = {"ordinal": opinion.ordinal, "physician": who.name, "physician_block": _practice(who)}
    given["earlier_results"] = _earlier_results(case, opinion)
    if held:
        given |= {"authorization_number": held.number, "valid_from": held.valid_from, "valid_until": held.valid_until}
    return given | {"physician_phone": who.phone} | _treating(case) | _cost(case)


def _earlier_results(case: Case, opinion: Opinion) -> tuple[str, ...]:
    """What the third physician is given of those before (T2): each item on record, each report with its day."""
    if opinion.ordinal <= SECOND:
        return ()
    reaching = (Item.MEMBER_ADDRESS, Item.MEMBER_PHONE)
    on_record = [case.edition.label(i.item) for i in case.information if i.item not in reaching]
    reports = [
        f"Report of the {ORDINALS[o.ordinal]} opinion, {o.candidate.professional.name}, {_day(o.report.received_at)}"
        for o in case.opinions
        if o.report and o.ordinal < opinion.ordinal
    ]
    return tuple(dict.fromkeys((*on_record, *reports)))


def _day(at: datetime) -> str:
    day = local_day(at)
    return f"{day:%B} {day.day}, {day.year}"


def _practice(who: Professional) -> Practice:
    address = who.address.lines if who.address else ()
    lines = (*filter(None, (who.organization,)), *address)
    return Practice(physician=who.name, specialty=who.specialty, lines=lines)


def _reminded(case: Case, notice: Notice, _now: datetime) -> Facts:
    opinion = _placed(case, notice)
    if opinion is None:
        return {}
    return {"ordinal": opinion.ordinal, "placed_on": local_day(opinion.placed_at)} | _treating(case)


def _reported(case: Case, notice: Notice, _now: datetime) -> Facts:
    opinion = _placed(case, notice)
    if opinion is None or opinion.report is None:
        return {}
    return {
        "ordinal": opinion.ordinal,
        "physician": opinion.candidate.professional.name,
        "report_on": local_day(opinion.report.received_at),
        "findings": opinion.report.findings,
        "recommendations": opinion.report.recommendations,
        "line_has_no_third": line_has_no_third(case),
    }


def _third(case: Case, _notice: Notice, _now: datetime) -> Facts:
    agree = case.comparison is not None and case.comparison.result is Agreement.AGREE
    return _cost(case) | {"is_confirmatory": agree}


def _nothing_more(_case: Case, _notice: Notice, _now: datetime) -> Facts:
    return {}


ANNOUNCED: dict[NoticeKind, tuple[type[Content], Callable[[Case, Notice, datetime], Facts]]] = {
    NoticeKind.ACKNOWLEDGEMENT: (Acknowledgement, _awaited),
    NoticeKind.INFORMATION_REQUEST: (InformationRequest, _asked),
    NoticeKind.INFORMATION_REMINDER: (InformationReminder, _asked),
    NoticeKind.PEND: (Pend, _pended),
    NoticeKind.EXTENSION: (Extension, _extended),
    NoticeKind.EXPEDITE_REFUSED: (ExpediteRefused, _not_expedited),
    NoticeKind.APPROVAL: (Approval, _approved),
    NoticeKind.DENIAL: (Denial, _denied),
    NoticeKind.EXPIRED_DETERMINATION: (ExpiredDetermination, _denied),
    NoticeKind.AUTHORIZATION: (Authorization, _authorized),
    NoticeKind.REPORT_REMINDER: (ReportReminder, _reminded),
    NoticeKind.REPORT_COPY: (ReportCopy, _reported),
    NoticeKind.THIRD_OPINION: (ThirdOpinion, _third),
    NoticeKind.WITHDRAWAL: (Withdrawal, _nothing_more),
}
