"""What a supervisor sees of a delegated decision in the Temporal UI. The search attributes are those of every case."""

from datetime import datetime
from typing import Any

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from policy.delegatecase import DelegatedCase
from policy.people import Role
from policy.timeframes import spoken
from workflows.inspection import LINE, NEXT_DUE, OUTCOME, PRIORITY, STAGE, WAITING_FOR, words


def attributes(case: DelegatedCase) -> dict[SearchAttributeKey[Any], Any]:
    """Codes and times only: no health information, no name."""
    clock = case.open_clock
    waiting = [Role.SUPERVISOR.value if case.escalated else "delegate"] if case.open_findings else []
    return {
        STAGE: f"delegated_{case.state}",
        OUTCOME: case.packet.outcome.value,
        LINE: case.packet.line.value,
        PRIORITY: case.packet.priority.value,
        WAITING_FOR: waiting,
        NEXT_DUE: clock.due_at if clock else None,
    }


def at_start(case: DelegatedCase) -> TypedSearchAttributes:
    """The search attributes that a case is started with; they cost no event of their own."""
    given = ((key, value) for key, value in attributes(case).items() if value is not None)
    return TypedSearchAttributes([SearchAttributePair(key, value) for key, value in given])


def details(case: DelegatedCase, now: datetime) -> str:
    """The current details in Markdown: what was found, what is open, until when."""
    packet = case.packet
    lines = [
        f"**{case.number}**: {words(case.state)}, {words(packet.outcome)} by {packet.delegate.organization}, "
        f"{words(packet.line)}, {words(packet.priority)}",
        "",
    ]
    lines += [f"- {words(f.check)} ({f.severity}, {f.settled}): {f.sentence}" for f in case.failed]
    if clock := case.open_clock:
        lines += ["", f"The delegate's answer: {clock.explanation} ({clock.rule})"]
    if case.refused_count:
        lines += ["", f"{case.refused_count} refused."]
    return "\n".join([*lines, "", f"As of {spoken(now)}."])
