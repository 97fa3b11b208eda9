"""What changed between two values of a delegated decision: what the records are told, once per transition. P10."""

from datetime import datetime

from pydantic import AwareDatetime

from policy.delegatecase import Compliance, DelegatedCase, DelegatedState
from policy.delegated import DelegatedPacket, MemberMatch
from policy.delegatefindings import Finding
from policy.particulars import Filing, StoryEntry
from policy.verdict import Value


class DelegatedTransition(Value):
    """New lines of the story, the findings that changed, where the case stands. Idempotent on (number, revision).

    ``packet`` is given only in the first transition and when it was supplemented.
    """

    number: str
    revision: int
    at: AwareDatetime
    received_at: AwareDatetime
    match: MemberMatch
    state: DelegatedState
    compliance: Compliance | None
    faults: int
    open_findings: int
    escalated: bool
    next_due: AwareDatetime | None
    category: str
    pulled_up_as: str
    filing: Filing | None
    closed_at: AwareDatetime | None
    refused_count: int
    findings: tuple[Finding, ...]
    entries: tuple[StoryEntry, ...]
    packet: DelegatedPacket | None = None


def between(before: DelegatedCase | None, after: DelegatedCase, at: datetime) -> DelegatedTransition:
    """The transition from the value that was recorded last (None: nothing yet) to the present one."""
    seq = before.seq if before else 0
    known = before.findings if before else ()
    clock = after.open_clock
    return DelegatedTransition(
        number=after.number,
        revision=after.seq,
        at=at,
        received_at=after.received_at,
        match=after.match,
        state=after.state,
        compliance=after.compliance,
        faults=sum(f.counts_against for f in after.findings),
        open_findings=len(after.open_findings),
        escalated=after.escalated,
        next_due=clock.due_at if clock else None,
        category=after.category,
        pulled_up_as=after.pulled_up.case_number if after.pulled_up else "",
        filing=after.filing,
        closed_at=after.closed_at,
        refused_count=after.refused_count,
        findings=tuple(f for f in after.findings if f not in known),
        entries=tuple(e for e in after.story if e.seq > seq),
        packet=None if before and before.packet == after.packet else after.packet,
    )
