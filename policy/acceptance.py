"""Whether a request can become a case at all: its line takes requests, and a rule says when it is due (POL-4)."""

from datetime import datetime

from policy.calendar import CalendarEndError, local_day
from policy.case import open_case
from policy.clauses import Clause
from policy.edition import edition_on
from policy.request import Request
from policy.rule import Obligation
from policy.verdict import Allowed, Refused, Verdict, first_refusal


def may_be_opened(request: Request, received_at: datetime) -> Verdict:
    """Whether a request received now can be opened; a refusal names the field and how to mend it."""
    return first_refusal(
        _member_is_born(request, received_at),
        _delegate_received_before_us(request, received_at),
        _line_takes_requests(request, received_at),
        _has_a_time_frame(request, received_at),
    )


def _member_is_born(request: Request, received_at: datetime) -> Verdict:
    if request.member.birth_date <= local_day(received_at):
        return Allowed()
    return Refused(
        reason="lies in the future; give the date of birth as YYYY-MM-DD", clause=Clause.P2, field="member.birth_date"
    )


def _delegate_received_before_us(request: Request, received_at: datetime) -> Verdict:
    delegate = request.received_by_delegate_at
    if delegate is None or delegate <= received_at:
        return Allowed()
    return Refused(
        reason="lies in the future; give the time at which the delegate received the request, or leave it out",
        clause=Clause.P10,
        field="received_by_delegate_at",
    )


def _line_takes_requests(request: Request, received_at: datetime) -> Verdict:
    day = local_day(request.anchor(received_at))
    ended = edition_on(day).lines_ended.get(request.line)
    if ended is None or day <= ended:
        return Allowed()
    return Refused(
        reason=f"took its last requests on {ended}; give the line that the member has now",
        clause=Clause.POL_4,
        field="line",
    )


def _has_a_time_frame(request: Request, received_at: datetime) -> Verdict:
    day = local_day(request.anchor(received_at))
    rows = edition_on(day).timeframes(request, request.priority, day)
    if not any(row.obligation is Obligation.DECISION for row in rows):
        return Refused(
            reason=f"{request.line} has no time limit for {request.priority} requests; give another priority or line",
            clause=Clause.POL_4,
            field="priority",
        )
    try:
        open_case("", request, received_at)
    except CalendarEndError as end:
        return Refused(reason=str(end), clause=Clause.POL_4, field="line")
    return Allowed()
