"""What each letter says and to whom; not how it looks. Policy 90.2.17, Procedure 3, 5, 7 and 8; Third Opinion 2.

A letter is composed from the case when it is sent, so it can never differ from the determination that it announces.
"""

from collections.abc import Callable
from datetime import date, datetime

from policy.calendar import LOS_ANGELES, local_day
from policy.case import Case
from policy.clauses import Clause
from policy.completeness import outstanding
from policy.edition import Obligation
from policy.particulars import Notice, NoticeKind, Opinion, Recipient
from policy.people import Address
from policy.placement import ORDINALS
from policy.timeframes import DECISION_LIMITS
from policy.verdict import Value


class Section(Value):
    """A part of a letter: an optional heading, paragraphs, then a list."""

    heading: str = ""
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


class Letter(Value):
    """A letter's content. ``key`` is the idempotency key: case, kind, ordinal and recipient, never a run's id."""

    key: str
    kind: NoticeKind
    case_number: str
    written_on: date
    addressee: str
    address_lines: tuple[str, ...]
    subject: str
    salutation: str
    sections: tuple[Section, ...]
    signed_by: str
    language: str = "en"

    @property
    def file_name(self) -> str:
        """The letter's name in the outbox, without its ending: the key with dashes, free of any person's name."""
        return self.key.replace("/", "-")


class Delivery(Value):
    """The proof that a letter left: which, where it lies, and the digest of its bytes."""

    key: str
    document: str
    sha256: str


PLAN = "Utilization Management Department"


def compose(case: Case, notice: Notice, now: datetime) -> Letter:
    """The letter that a notice owes."""
    name, address = addressee(case, notice.recipient)
    subject, sections = CONTENTS[notice.kind](case, notice)
    member = case.request.member
    about = Section(
        paragraphs=(f"Member: {member.name.full}. Case: {case.number}. Received {_day(case.received_at)}.",)
    )
    return Letter(
        key=notice.key,
        kind=notice.kind,
        case_number=case.number,
        written_on=local_day(now),
        addressee=name,
        address_lines=address.lines if address else ("Address not on file: deliver by hand or by telephone",),
        subject=subject,
        salutation=f"Dear {name}:",
        sections=(about, *sections),
        signed_by=_signature(case, notice),
        language=member.language if notice.recipient is Recipient.MEMBER else "en",
    )


def addressee(case: Case, recipient: Recipient) -> tuple[str, Address | None]:
    """Name and address of a recipient."""
    request = case.request
    match recipient:
        case Recipient.MEMBER:
            later = next((i.address for i in reversed(case.information) if i.address), None)
            return request.member.name.full, later or request.member.address
        case Recipient.PCP:
            return request.pcp.name, request.pcp.address
        case Recipient.PROVIDER:
            return request.treating_provider.name, request.treating_provider.address
        case Recipient.OPINION_PHYSICIAN:
            opinion = case.current_opinion
            chosen = opinion.candidate.professional if opinion else request.treating_provider
            return chosen.name, chosen.address


def sent(case: Case, deliveries: tuple[Delivery, ...], now: datetime) -> Case:
    """The case after letters left; the notice clocks that they meet end."""
    proofs = {d.key: d for d in deliveries}
    notices = tuple(
        n.model_copy(update={"sent_at": now, "document": proofs[n.key].document, "sha256": proofs[n.key].sha256})
        if n.key in proofs and n.sent_at is None
        else n
        for n in case.notices
    )
    left = tuple(n for n in case.planned_notices if n.key in proofs)
    case = case.but(notices=notices)
    for notice in left:
        case = case.tell(now, "notice:sent", f"{notice.kind} to the {notice.recipient}", clause=Clause.P5)
        case = case.end_clocks(now, *_meets(notice))
    return case


def _meets(notice: Notice) -> tuple[Obligation, ...]:
    match notice.kind, notice.recipient:
        case NoticeKind.PEND, Recipient.MEMBER:
            return (Obligation.PEND_NOTICE,)
        case ((NoticeKind.APPROVAL | NoticeKind.DENIAL), Recipient.PROVIDER):
            return (Obligation.PROVIDER_NOTICE,)
        case ((NoticeKind.APPROVAL | NoticeKind.DENIAL), Recipient.MEMBER):
            return (Obligation.MEMBER_NOTICE,)
        case _:
            return ()


def _day(instant: datetime) -> str:
    return f"{instant.astimezone(LOS_ANGELES):%A, %B} {instant.astimezone(LOS_ANGELES).day}, {local_day(instant).year}"


def _signature(case: Case, notice: Notice) -> str:
    made = case.determination
    if made and notice.kind in (NoticeKind.APPROVAL, NoticeKind.DENIAL):
        return f"{made.physician.signature}\n{PLAN}"
    return PLAN


def _cost(case: Case) -> Section:
    return Section(heading="What it costs", paragraphs=(case.edition.cost[case.request.line],))


Content = tuple[str, tuple[Section, ...]]


def _missing_items(case: Case, notice: Notice) -> tuple[str, ...]:
    ordinal = notice.ordinal // 10 if notice.kind is NoticeKind.INFORMATION_REMINDER else notice.ordinal
    asked = case.information_requests[ordinal - 1].items
    left = outstanding(case) if ordinal == len(case.information_requests) else ()
    return tuple(case.edition.label(item) for item in (left or asked))


def _anticipated(case: Case) -> str:
    limits = [c for c in case.open_clocks if c.obligation in DECISION_LIMITS]
    if limits:
        return f"We expect to decide by {_day(min(c.due_at for c in limits))}."
    days = next((t.amount for t in case.edition.timeframe if t.anchor == "information_complete"), 5)
    return f"We will decide within {days} business days after the information has come."


def _information_request(case: Case, notice: Notice) -> Content:
    ask = Section(
        paragraphs=("We cannot complete our review of the request for a second opinion without these items:",),
        items=_missing_items(case, notice),
    )
    until = Section(paragraphs=("Please send them as soon as you can, by fax, portal or letter.", _anticipated(case)))
    return "Information needed for a second opinion", (ask, until)


def _information_reminder(case: Case, notice: Notice) -> Content:
    _, sections = _information_request(case, notice)
    return "Reminder: information needed for a second opinion", sections


def _pend(case: Case, notice: Notice) -> Content:
    why = Section(
        heading="Why it takes longer",
        paragraphs=("We have asked your provider for information that we need to decide:",),
        items=_missing_items(case, notice),
    )
    when = Section(heading="When we expect to decide", paragraphs=(_anticipated(case),))
    rights = Section(
        heading="Your rights",
        paragraphs=("You may file a grievance about this delay, and ask for a fast one if waiting could harm you.",),
    )
    return "Your request for a second opinion is delayed", (why, when, rights)


def _approval(case: Case, notice: Notice) -> Content:
    what = Section(
        heading="Decision: approved",
        paragraphs=(
            f"A second opinion in {case.request.specialty} is approved.",
            "This authorization is for a second opinion only. A further letter will name the physician.",
        ),
    )
    report = Section(paragraphs=("The physician sends the consultation report to the PCP; the member gets a copy.",))
    if notice.recipient is Recipient.PROVIDER:
        free = "The member does not pay for an authorized second opinion, beyond any copayment of the plan."
        return "Second opinion: approved", (what, report, Section(paragraphs=(free,)))
    return "Your second opinion is approved", (what, report, _cost(case))


def _denial(case: Case, notice: Notice) -> Content:
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


def _authorization(case: Case, notice: Notice) -> Content:
    opinion = _opinion(case, notice.ordinal)
    who = opinion.candidate.professional
    ordinal = ORDINALS[opinion.ordinal]
    if notice.recipient is Recipient.OPINION_PHYSICIAN:
        duty = Section(
            paragraphs=(
                f"You are authorized to give a {ordinal} opinion in {case.request.specialty}; nothing else is.",
                "Please send your consultation report, with findings, recommendations and any test results, to the "
                f"member's primary care physician, {case.request.pcp.name}, to the member, and to us.",
                "Do not bill the member beyond any copayment of the plan.",
            )
        )
        return f"Authorization for a {ordinal} opinion", (duty,)
    where = (who.name, who.specialty, *(who.address.lines if who.address else ()), *filter(None, (who.phone,)))
    what = Section(heading="Who gives the opinion", items=where)
    return f"The physician for your {ordinal} opinion", (what, _cost(case))


def _report_reminder(_case: Case, _: Notice) -> Content:
    ask = "We have not received your consultation report. Please send it to the PCP, the member and us."
    return "Reminder: consultation report", (Section(paragraphs=(ask,)),)


def _report_copy(case: Case, notice: Notice) -> Content:
    opinion = _opinion(case, notice.ordinal)
    report = opinion.report
    parts = (report.findings, report.recommendations) if report else ("", "")
    return f"Report of the {ORDINALS[opinion.ordinal]} opinion", (
        Section(paragraphs=(f"Given by {opinion.candidate.professional.name}.",)),
        Section(heading="Findings", paragraphs=(parts[0],)),
        Section(heading="Recommendations", paragraphs=(parts[1],)),
    )


def _third_opinion(case: Case, _: Notice) -> Content:
    why = "The first and the second physician do not agree about the procedure, so a third opinion is covered too."
    covered = "Second and third opinions are covered even if the procedure itself is later determined not covered."
    tests = "The results of tests already done will be made available, so that they need not be repeated."
    return "A third opinion is covered", (Section(paragraphs=(why, covered, tests)), _cost(case))


def _withdrawal(_: Case, notice: Notice) -> Content:
    whose = "Your request" if notice.recipient is Recipient.MEMBER else "The request"
    text = f"{whose} for a second opinion was withdrawn. No decision was made. A new request can be made at any time."
    return "The request for a second opinion was withdrawn", (Section(paragraphs=(text,)),)


def _opinion(case: Case, ordinal: int) -> Opinion:
    return next(o for o in case.opinions if o.ordinal == ordinal)


CONTENTS: dict[NoticeKind, Callable[[Case, Notice], Content]] = {
    NoticeKind.INFORMATION_REQUEST: _information_request,
    NoticeKind.INFORMATION_REMINDER: _information_reminder,
    NoticeKind.PEND: _pend,
    NoticeKind.APPROVAL: _approval,
    NoticeKind.DENIAL: _denial,
    NoticeKind.AUTHORIZATION: _authorization,
    NoticeKind.REPORT_REMINDER: _report_reminder,
    NoticeKind.REPORT_COPY: _report_copy,
    NoticeKind.THIRD_OPINION: _third_opinion,
    NoticeKind.WITHDRAWAL: _withdrawal,
}
