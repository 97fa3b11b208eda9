"""The words of each kind of letter. Policy 90.2.17, Procedure 3, 5, 7 and 8; Third Opinion 2."""

from collections.abc import Callable
from datetime import datetime

from policy.calendar import LOS_ANGELES, local_day
from policy.case import Case
from policy.completeness import outstanding
from policy.letter import Section
from policy.particulars import Notice, NoticeKind, Opinion, Recipient
from policy.placement import ORDINALS
from policy.rule import Anchor
from policy.timeframes import DECISION_LIMITS


def day(instant: datetime) -> str:
    return f"{instant.astimezone(LOS_ANGELES):%A, %B} {instant.astimezone(LOS_ANGELES).day}, {local_day(instant).year}"


def _cost(case: Case) -> Section:
    return Section(heading="What it costs", paragraphs=(case.edition.cost[case.request.line],))


Content = tuple[str, tuple[Section, ...]]


def _missing_items(case: Case, notice: Notice) -> tuple[str, ...]:
    ordinal = notice.ordinal // 10 if notice.kind is NoticeKind.INFORMATION_REMINDER else notice.ordinal
    asked = case.information_requests[ordinal - 1].items
    left = outstanding(case) if ordinal == len(case.information_requests) else ()
    return tuple(case.edition.label(item) for item in (left or asked))


def _anticipated(case: Case, now: datetime) -> str:
    """The anticipated decision date (H&S 1367.01(h)(5)); with no limit that still lies ahead, how long after what."""
    limits = [c.due_at for c in case.open_clocks if c.obligation in DECISION_LIMITS and c.due_at > now]
    if limits:
        return f"We expect to decide by {day(min(limits))}."
    rows = case.edition.timeframes(case.request, case.priority, local_day(case.received_at))
    row = next((r for r in rows if r.anchor is Anchor.INFORMATION_COMPLETE), None)
    if row is None:
        return "We will decide as soon as the information has come."
    return f"We will decide within {row.amount} {row.unit.replace('_', ' ')} after the information has come."


def _information_request(case: Case, notice: Notice, now: datetime) -> Content:
    ask = Section(
        paragraphs=("We cannot complete our review of the request for a second opinion without these items:",),
        items=_missing_items(case, notice),
    )
    until = Section(
        paragraphs=("Please send them as soon as you can, by fax, portal or letter.", _anticipated(case, now))
    )
    return "Information needed for a second opinion", (ask, until)


def _information_reminder(case: Case, notice: Notice, now: datetime) -> Content:
    _, sections = _information_request(case, notice, now)
    return "Reminder: information needed for a second opinion", sections


def _pend(case: Case, notice: Notice, now: datetime) -> Content:
    why = Section(
        heading="Why it takes longer",
        paragraphs=("We have asked your provider for information that we need to decide:",),
        items=_missing_items(case, notice),
    )
    when = Section(heading="When we expect to decide", paragraphs=(_anticipated(case, now),))
    rights = Section(
        heading="Your rights",
        paragraphs=("You may file a grievance about this delay, and ask for a fast one if waiting could harm you.",),
    )
    return "Your request for a second opinion is delayed", (why, when, rights)


def _approval(case: Case, notice: Notice, _now: datetime) -> Content:
    what = Section(
        heading="Decision: approved",
        paragraphs=(
            f"A second opinion in {case.request.specialty} is approved.",
            "This authorization is for a second opinion only. A further letter will name the physician.",
        ),
    )
    report = Section(paragraphs=("The physician sends the consultation report to the PCP; the member gets a copy.",))
    if notice.recipient is Recipient.PROVIDER:
        free = f"What the member is told about cost: {case.edition.cost[case.request.line]}"
        return "Second opinion: approved", (what, report, Section(paragraphs=(free,)))
    return "Your second opinion is approved", (what, report, _cost(case))


def _denial(case: Case, notice: Notice, _now: datetime) -> Content:
    made = case.determination
    reasons = (made.rationale, f"Criteria used: {made.criteria}") if made else ()
    decision = Section(
        heading="Decision: denied", paragraphs=(f"A second opinion in {case.request.specialty} is denied.",)
    )
    why = Section(heading="Reasons", paragraphs=reasons)
    if notice.recipient is Recipient.PROVIDER and made:
        contact = f"Decided by {made.physician.signature}. You may speak with the physician who decided."
        return "Second opinion: denied", (decision, why, Section(paragraphs=(contact,)))
    rights = Section(heading="Your rights", paragraphs=(case.edition.rights[case.request.line],))
    return "Your request for a second opinion is denied", (decision, why, rights)


def _authorization(case: Case, notice: Notice, _now: datetime) -> Content:
    opinion = _opinion(case, notice.ordinal)
    who = opinion.candidate.professional
    ordinal = ORDINALS[opinion.ordinal]
    if notice.recipient is Recipient.OPINION_PHYSICIAN:
        duty = Section(
            paragraphs=(
                f"You are authorized to give a {ordinal} opinion in {case.request.specialty}; nothing else is.",
                "Please send your consultation report, with findings, recommendations and any test results, to the "
                f"member's primary care physician, {case.request.pcp.name}, to the member, and to us.",
                f"What the member is told about cost: {case.edition.cost[case.request.line]}",
            )
        )
        return f"Authorization for a {ordinal} opinion", (duty,)
    where = (who.name, who.specialty, *(who.address.lines if who.address else ()), *filter(None, (who.phone,)))
    what = Section(heading="Who gives the opinion", items=where)
    return f"The physician for your {ordinal} opinion", (what, _cost(case))


def _report_reminder(_case: Case, _: Notice, _now: datetime) -> Content:
    ask = "We have not received your consultation report. Please send it to the PCP, the member and us."
    return "Reminder: consultation report", (Section(paragraphs=(ask,)),)


def _report_copy(case: Case, notice: Notice, _now: datetime) -> Content:
    opinion = _opinion(case, notice.ordinal)
    report = opinion.report
    parts = (report.findings, report.recommendations) if report else ("", "")
    return f"Report of the {ORDINALS[opinion.ordinal]} opinion", (
        Section(paragraphs=(f"Given by {opinion.candidate.professional.name}.",)),
        Section(heading="Findings", paragraphs=(parts[0],)),
        Section(heading="Recommendations", paragraphs=(parts[1],)),
    )


def _third_opinion(case: Case, _: Notice, _now: datetime) -> Content:
    why = "The first and the second physician do not agree about the procedure, so a third opinion is covered too."
    covered = "Second and third opinions are covered even if the procedure itself is later determined not covered."
    tests = "The results of tests already done will be made available, so that they need not be repeated."
    return "A third opinion is covered", (Section(paragraphs=(why, covered, tests)), _cost(case))


def _withdrawal(_: Case, notice: Notice, _now: datetime) -> Content:
    whose = "Your request" if notice.recipient is Recipient.MEMBER else "The request"
    text = f"{whose} for a second opinion was withdrawn. No decision was made. A new request can be made at any time."
    return "The request for a second opinion was withdrawn", (Section(paragraphs=(text,)),)


def _extension(case: Case, _notice: Notice, now: datetime) -> Content:
    extended = next((c for c in case.clocks if c.extended_by), None)
    more = f"We need up to {extended.extended_by} calendar days more to decide." if extended else "We need more time."
    why = next((e.text for e in reversed(case.story) if e.event == "decision:extended"), "")
    rights = "If you disagree, you may file an expedited grievance; we answer it within 24 hours."
    return "We need more time to decide", (
        Section(paragraphs=(more, why, _anticipated(case, now))),
        Section(heading="Your rights", paragraphs=(rights,)),
    )


def _expedite_refused(case: Case, _notice: Notice, now: datetime) -> Content:
    what = "We decide your request in the standard time, not faster. The time counts from the day we received it."
    rights = (
        "If you disagree, you may file an expedited grievance; we answer it within 24 hours.",
        "If a physician supports your request for a faster decision, we will decide it within 72 hours.",
    )
    return "Your request is decided in the standard time", (
        Section(paragraphs=(what, _anticipated(case, now))),
        Section(heading="Your rights", paragraphs=rights),
    )


def _opinion(case: Case, ordinal: int) -> Opinion:
    return next(o for o in case.opinions if o.ordinal == ordinal)


CONTENTS: dict[NoticeKind, Callable[[Case, Notice, datetime], Content]] = {
    NoticeKind.INFORMATION_REQUEST: _information_request,
    NoticeKind.INFORMATION_REMINDER: _information_reminder,
    NoticeKind.PEND: _pend,
    NoticeKind.APPROVAL: _approval,
    NoticeKind.DENIAL: _denial,
    NoticeKind.EXPIRED_DETERMINATION: _denial,
    NoticeKind.AUTHORIZATION: _authorization,
    NoticeKind.REPORT_REMINDER: _report_reminder,
    NoticeKind.REPORT_COPY: _report_copy,
    NoticeKind.THIRD_OPINION: _third_opinion,
    NoticeKind.WITHDRAWAL: _withdrawal,
    NoticeKind.EXTENSION: _extension,
    NoticeKind.EXPEDITE_REFUSED: _expedite_refused,
}
