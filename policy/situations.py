"""Which clocks run in a situation: line, priority and a list of events, without a case. Policy 90.2.17, POL-4.

This is the rules read by themselves, for compliance officers and ``second-opinion clocks``. A case counts by the same
rows and the same functions.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any

from pydantic import Field, ValidationError

from policy.calendar import LOS_ANGELES, CalendarEndError, local_day
from policy.complaints import FieldError, field_errors
from policy.edition import Edition, edition_on
from policy.extension import NO_EXTENSION, extension_reason, may_extend
from policy.request import EARLIEST, Care, LineOfBusiness, Priority
from policy.rule import Anchor, Decided, Extension, ExtensionReason, Obligation
from policy.timeframes import DECISION_LIMITS, Clock, clocks_from, longer, spoken
from policy.verdict import Moment, Refused, Value

LATEST = datetime(2100, 1, 1, tzinfo=UTC)


class EventKind(StrEnum):
    """What can happen to a request, as far as a clock asks."""

    RECEIVED = "received"
    RECEIVED_BY_DELEGATE = "received_by_delegate"
    INFORMATION_REQUESTED = "information_requested"
    INFORMATION_RECEIVED = "information_received"
    EXPEDITE_REQUESTED = "expedite_requested"
    EXPEDITE_REFUSED = "expedite_refused"
    EXTENDED = "extended"
    DECIDED = "decided"
    ORAL_NOTICE = "oral_notice"


class Event(Value):
    """Something that happened, and when. ``reason`` is an extension's, ``outcome`` a decision's."""

    kind: EventKind
    at: Moment = Field(ge=EARLIEST, lt=LATEST)
    reason: str = Field("", max_length=200)
    outcome: Decided | None = None


class Situation(Value):
    """What chooses the rules, and what happened."""

    id: str = Field(min_length=1, max_length=200)
    line: LineOfBusiness
    priority: Priority = Priority.STANDARD
    requires_prior_authorization: bool = True
    imminent_threat: bool = False
    care: Care = Care.SPECIALTY
    events: tuple[Event, ...] = Field(min_length=1)

    def first(self, *kinds: EventKind) -> datetime | None:
        """When the first event of some kinds happened."""
        return min((e.at for e in self.events if e.kind in kinds), default=None)

    def last(self, *kinds: EventKind) -> datetime | None:
        """When the last event of some kinds happened."""
        return max((e.at for e in self.events if e.kind in kinds), default=None)


class Answer(Value):
    """The clocks of a situation, the one that governs the decision first; or what is wrong with it, by field."""

    id: str
    clocks: tuple[Clock, ...] = ()
    errors: tuple[FieldError, ...] = ()

    @property
    def governing(self) -> Clock | None:
        """The limit that governs the decision: the earliest; of two that end together, the narrower kind."""
        limits = (c for c in self.clocks if c.obligation in DECISION_LIMITS)
        return min(limits, key=lambda c: (c.due_at, c.obligation), default=None)


def read_situation(raw: Any) -> Situation | Answer:  # noqa: ANN401 - JSON
    """A situation from JSON, or its errors by field."""
    try:
        return Situation.model_validate(raw)
    except ValidationError as error:
        name = raw.get("id") if isinstance(raw, dict) else None
        return Answer(id=name if isinstance(name, str) and name else "(no id)", errors=field_errors(error))


def clocks_of(situation: Situation) -> Answer:
    """Every clock of a situation, by the rules in force on the day of receipt; a delegate's receipt is receipt."""
    received = situation.first(EventKind.RECEIVED, EventKind.RECEIVED_BY_DELEGATE)
    if received is None:
        return _wrong(situation, "events", "no 'received' and no 'received_by_delegate': add when the request came")
    early = [n for n, e in enumerate(situation.events) if e.at < received]
    if early:
        return _wrong(situation, f"events.{early[0]}.at", f"lies before receipt on {spoken(received)}; mend the time")
    count = _Count(situation, received)
    if not count.has_rule:
        return _wrong(situation, "line" if count.line_has_ended else "priority", count.no_rule)
    try:
        clocks = count.decision_clocks()
        extended = _extend(clocks, count)
        if isinstance(extended, FieldError):
            return Answer(id=situation.id, errors=(extended,))
        return Answer(id=situation.id, clocks=(*extended, *count.other_clocks(extended)))
    except CalendarEndError as end:
        return _wrong(situation, "events", str(end))


class _Count:
    """The counting of one situation: its edition, its priority after all events, and its anchors."""

    def __init__(self, situation: Situation, received: datetime) -> None:
        self.situation = situation
        self.received = received
        self.day = local_day(received)
        self.edition: Edition = edition_on(self.day)
        self.priority = _priority(situation)

    @property
    def line_has_ended(self) -> bool:
        """Whether the line took no requests any more on the day of receipt."""
        ended = self.edition.lines_ended.get(self.situation.line)
        return ended is not None and self.day > ended

    @property
    def has_rule(self) -> bool:
        """Whether the tables say when such a request must be decided."""
        rows = self.edition.timeframes(self.situation, self.priority, self.day)
        return not self.line_has_ended and any(row.obligation is Obligation.DECISION for row in rows)

    @property
    def no_rule(self) -> str:
        """Why there is none, and how to mend it."""
        line, ended = self.situation.line, self.edition.lines_ended.get(self.situation.line)
        if self.line_has_ended:
            return f"{line} took its last requests on {ended}; give the line that the member has now"
        return f"{line} has no limit for {self.priority} requests received on {self.day}; give another priority or line"

    def start(
        self, anchor: Anchor, at: datetime, *, limit: datetime | None = None, outcome: Decided | None = None
    ) -> tuple[Clock, ...]:
        """The clocks that an event starts, the plan's own targets left out."""
        started = clocks_from(
            anchor,
            at,
            request=self.situation,
            priority=self.priority,
            received_at=self.received,
            edition=self.edition,
            decision_limit=limit,
            outcome=outcome,
        )
        return tuple(c for c in started if not c.rule.startswith("PLAN-"))

    @cached_property
    def from_receipt(self) -> tuple[Clock, ...]:
        """What receipt starts."""
        return self.start(Anchor.RECEIVED, self.received)

    def decision_clocks(self) -> tuple[Clock, ...]:
        """The limits of the decision: from receipt, and from complete information once it is complete."""
        complete = _information_complete_at(self.situation, self.received)
        started = self.from_receipt
        if complete is not None:
            started += self.start(Anchor.INFORMATION_COMPLETE, complete)
        limits = (c for c in started if c.obligation in DECISION_LIMITS)
        return tuple(sorted(limits, key=lambda c: c.obligation))

    def other_clocks(self, limits: Iterable[Clock]) -> tuple[Clock, ...]:
        """The notices and what else runs, given the limits of the decision as they stand."""
        limit = min((c.due_at for c in limits), default=None)
        asked = self.situation.first(EventKind.INFORMATION_REQUESTED) is not None
        clocks = [
            c
            for c in self.from_receipt
            if c.obligation not in DECISION_LIMITS and (asked or c.obligation is not Obligation.PEND_NOTICE)
        ]
        clocks += self._notices(limit)
        clocks += [c for c in self._extension_notice() if limit]
        oral, refused = self.situation.last(EventKind.ORAL_NOTICE), self.situation.last(EventKind.EXPEDITE_REFUSED)
        if refused is not None and self.priority is not Priority.EXPEDITED:
            clocks += self.start(Anchor.EXPEDITE_REFUSED, max(refused, oral or refused))
        elif oral is not None:
            clocks += self.start(Anchor.ORAL_NOTICE, oral)
        return tuple(clocks)

    def _notices(self, limit: datetime | None) -> tuple[Clock, ...]:
        """From the decision; before there is one, those that must lie inside the decision limit whenever it comes."""
        decided = [e for e in self.situation.events if e.kind is EventKind.DECIDED]
        if decided:
            last = max(decided, key=lambda e: e.at)
            return self.start(Anchor.DECIDED, last.at, limit=limit, outcome=last.outcome or Decided.DENIED)
        if limit is None:
            return ()
        before = self.start(Anchor.DECIDED, self.received, limit=limit)
        rows = {row.id for row in self.edition.timeframe if row.inside_decision_limit}
        return tuple(c.model_copy(update={"due_at": limit}) for c in before if c.rule in rows)

    def _extension_notice(self) -> tuple[Clock, ...]:
        """The notice of an extension goes out inside the limit that is extended."""
        if self.situation.first(EventKind.EXTENDED) is None:
            return ()
        first = min(self.decision_clocks(), key=lambda c: c.due_at)
        row = self.extension
        citation = row.citation if row else first.citation
        update = {"id": "extension", "obligation": Obligation.EXTENSION, "citation": citation}
        return (first.model_copy(update={**update, "rule": row.id if row else first.rule}),)

    @property
    def extension(self) -> Extension | None:
        """The extension that the line has for this priority."""
        return self.edition.extension_for(self.situation.line, self.priority, self.day)


def _priority(situation: Situation) -> Priority:
    """Upgraded by a request to expedite that was not refused. The anchor never moves."""
    asked, refused = situation.last(EventKind.EXPEDITE_REQUESTED), situation.last(EventKind.EXPEDITE_REFUSED)
    if refused is not None and (asked is None or refused >= asked):
        return Priority.STANDARD if situation.priority is Priority.EXPEDITED else situation.priority
    upgrades = asked is not None and situation.priority is Priority.STANDARD
    return Priority.EXPEDITED if upgrades else situation.priority


def _information_complete_at(situation: Situation, received: datetime) -> datetime | None:
    """When the information was complete: at receipt, when nothing was asked for; else when the last of it came."""
    came = situation.last(EventKind.INFORMATION_RECEIVED)
    asked = situation.last(EventKind.INFORMATION_REQUESTED)
    if asked is not None and (came is None or came < asked):
        return None
    return came or received


def _extend(clocks: tuple[Clock, ...], count: _Count) -> tuple[Clock, ...] | FieldError:
    """The limits after an extension that is lawful, in time, and the only one; or why it may not be used."""
    extensions = [(n, e) for n, e in enumerate(count.situation.events) if e.kind is EventKind.EXTENDED]
    if not extensions:
        return clocks
    (number, event), row = extensions[0], count.extension
    if row is None:
        return FieldError(field=f"events.{number}.kind", problem=NO_EXTENSION.reason)
    if len(extensions) > 1:
        problem = "a decision can be extended once; take this event out"
        return FieldError(field=f"events.{extensions[1][0]}.kind", problem=problem)
    reason = extension_reason(event.reason)
    if reason is None:
        problem = f"is not one that is known; give one of: {', '.join(ExtensionReason)}"
        return FieldError(field=f"events.{number}.reason", problem=problem)
    verdict = may_extend(row, reason, event.at, min((c.due_at for c in clocks), default=None))
    if isinstance(verdict, Refused):
        return FieldError(field=f"events.{number}.{verdict.field}", problem=verdict.reason)
    counts_from_receipt = count.edition.extension_counts_from_receipt(count.situation.line)
    return longer(clocks, row, count.received if counts_from_receipt else None)


def _wrong(situation: Situation, field: str, problem: str) -> Answer:
    return Answer(id=situation.id, errors=(FieldError(field=field, problem=problem),))


def _others(answer: Answer) -> str:
    """What the limit that does not govern would have been."""
    rest = (c for c in answer.clocks if c.obligation in DECISION_LIMITS and c is not answer.governing)
    return "".join(f"; the {c.span} limit would be {spoken(c.due_at)}" for c in rest)


@lru_cache(maxsize=4096)
def _local(instant: datetime) -> str:
    return instant.astimezone(LOS_ANGELES).isoformat()


def as_json(answer: Answer) -> dict[str, Any]:
    """An answer as ``second-opinion clocks --json`` gives it; times in Los Angeles, with their offset."""
    governing = answer.governing
    return {
        "id": answer.id,
        "clocks": [
            {
                "obligation": clock.obligation.value,
                "rule": clock.rule,
                "anchor": clock.anchor.value,
                "anchored_at": _local(clock.anchored_at),
                "amount": clock.amount,
                "unit": clock.unit.value,
                "calendar": clock.calendar.value if clock.calendar else None,
                "due_at": _local(clock.due_at),
                "act_by": _local(clock.act_by),
                "governs": clock is governing,
                "explanation": clock.explanation + (_others(answer) if clock is governing else ""),
                "citations": [part.strip() for part in clock.citation.split(";")]
                + [part.strip() for part in clock.extension_citation.split(";") if part.strip()],
            }
            for clock in answer.clocks
        ],
        "errors": [{"field": e.field, "problem": e.problem} for e in answer.errors],
    }
