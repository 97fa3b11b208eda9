"""What a supervisor sees of a delegated decision in the Temporal UI. The search attributes are those of every case.

As in ``casefile``, what people typed is left out.
"""

from collections.abc import Iterator
from datetime import datetime

from temporalio.common import TypedSearchAttributes

from policy.attention import left
from policy.clauses import Clause
from policy.delegateactions import DELEGATED_ACTIONS
from policy.delegatecase import DelegatedCase
from policy.people import Role
from policy.timeframes import spoken
from workflows.casefile import as_of, bullets, plain, refused, story, whole
from workflows.inspection import (
    LINE,
    LONGEST_TITLE,
    NEXT_DUE,
    OUTCOME,
    PPG,
    PRIORITY,
    STAGE,
    WAITING_FOR,
    Shown,
    as_pairs,
    keyword,
    one_line,
    shortened,
    words,
)


def attributes(case: DelegatedCase) -> Shown:
    """Codes, times and the delegate's name only: no health information, no member's name."""
    clock = case.open_clock
    waiting = [Role.SUPERVISOR.value if case.escalated else "delegate"] if case.open_findings else []
    return {
        STAGE: f"delegated_{case.state}",
        OUTCOME: case.packet.outcome.value,
        LINE: case.packet.line.value,
        PRIORITY: case.packet.priority.value,
        PPG: keyword(case.packet.delegate.organization) or None,
        WAITING_FOR: waiting,
        NEXT_DUE: clock.due_at if clock else None,
    }


def at_start(case: DelegatedCase) -> TypedSearchAttributes:
    """The search attributes that a case is started with; they cost no event of their own."""
    return as_pairs(attributes(case))


def title(case: DelegatedCase) -> str:
    """The title of a delegated decision in the Temporal UI: number, what was decided and by which delegate, line."""
    packet = case.packet
    text = f"{case.number}: {packet.outcome} by {one_line(packet.delegate.organization)}, {words(packet.line)}"
    return shortened(text, LONGEST_TITLE)


def details(case: DelegatedCase, now: datetime) -> str:
    """The current details in Markdown: whose turn it is, until when and why, what was found, what happened."""
    packet = case.packet
    stands = f"{words(case.state)}, {words(packet.outcome)} by {plain(packet.delegate.organization)}"
    found = [
        f"{words(f.check)}, {words(f.severity)}, {words(f.settled or '')}: {plain(f.sentence)}" for f in case.failed
    ]
    refusals = tuple(refused(case.refusals, case.refused_count))
    parts = (
        f"**{case.number}**: a delegated decision, {stands}, {words(packet.line)}, {words(packet.priority)}",
        "### Whose turn, until when, and why",
        *_turn(case, now),
        *(("### What was found in the copy", bullets(found)) if found else ()),
        "### What happened",
        *story(case.story),
        *(("### What was refused", *refusals) if refusals else ()),
        "### How to act",
        *_how_to_act(case),
        as_of(now),
    )
    return whole(parts)


def _turn(case: DelegatedCase, now: datetime) -> Iterator[str]:
    why = f"Why: {Clause.P10} of the policy, {Clause.P10.text}."
    delegate = plain(case.packet.delegate.organization)
    if case.closed_at:
        how = f": {words(case.compliance)}" if case.compliance else ""
        yield f"**Waits for nobody**: closed on {spoken(case.closed_at)}{how}. {why}"
    elif case.open_findings:
        who = "a supervisor" if case.escalated else f"the delegate, {delegate}"
        clock = case.open_clock
        until = f", until {spoken(clock.due_at)}, {left(clock.due_at, now)}, under {clock.rule}" if clock else ""
        counted = f" Counted: {plain(clock.explanation)}." if clock else ""
        yield f"**Waits for {who}**{until}: {len(case.open_findings)} of the findings are open.{counted} {why}"
    else:
        owed = [f"letter: {words(n.kind)} to the {words(n.recipient)} has not left" for n in case.planned_notices]
        if case.owes_review:
            owed.append("the plan's own case is being opened")
        yield f"**Waits for no person**: it is coded and filed by itself. {why}"
        if owed:
            yield bullets(owed)


def _how_to_act(case: DelegatedCase) -> Iterator[str]:
    number = case.number
    yield f"In the portal, at `/delegated/{number}`; or at a terminal: `second-opinion delegated show {number}`."
    if not case.closed_at:
        signals = ", ".join(f"`{signal}`" for signal in DELEGATED_ACTIONS)
        yield f"Or here, by *Send a Signal*, each with an example of its body: {signals}."
