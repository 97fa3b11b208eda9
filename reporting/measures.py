"""What is watched for trends: which event, of which cases, by which unit, adjusted for what. Policy 90.2.17, P12.

Each is defined in docs/report-definitions.md under its id. All look one way only: more denials, more delay, more
disagreement.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from policy.clauses import Clause
from policy.delegatefindings import Part
from policy.lifecycle import Outcome
from policy.particulars import Agreement
from policy.report.delegates import DelegatedFact
from policy.report.facts import CaseFact, WatchedCase
from policy.report.shape import Basis

F = TypeVar("F")
AnyCase = CaseFact | WatchedCase


class Event(NamedTuple, Generic[F]):
    """Something that happens to some cases: when the case counts (None: not at all), and whether it happened.

    ``basis`` and ``where`` say the same of those to which it happened, for whoever wants to see the cases.
    """

    id: str
    section: str
    title: str
    clause: str
    upward: str
    verb: str
    counts_at: Callable[[F], datetime | None]
    happened: Callable[[F], bool]
    basis: Basis
    where: tuple[tuple[str, str], ...]


class Unit(NamedTuple, Generic[F]):
    """By what an event is compared, and what else about the case is to be equal."""

    event: str
    by: str
    unit: str
    label: str
    field: str
    of: Callable[[F], str]
    stratum: Callable[[F], tuple[str, ...]]
    adjusted_for: str


def _decided(fact: AnyCase) -> datetime | None:
    return fact.decided_at if fact.is_request else None


def _compared(fact: AnyCase) -> datetime | None:
    compared = fact.is_request and fact.agreement not in (None, Agreement.NOT_COMPARABLE)
    return fact.reported_at if compared else None


CASE_EVENTS: tuple[Event[AnyCase], ...] = (
    Event(
        "denials",
        "Trends",
        "Denials",
        Clause.P12,
        "Denied, of those decided",
        "denied {share} decisions",
        _decided,
        lambda f: f.outcome is Outcome.DENIED,
        Basis.DECIDED,
        (("outcome", "denied"),),
    ),
    Event(
        "late-decisions",
        "Trends",
        "Late decisions",
        Clause.POL_4,
        "Decided too late, of those decided",
        "was late with {share} decisions",
        _decided,
        lambda f: f.decided_late,
        Basis.DECIDED,
        (("decided_late", "True"),),
    ),
    Event(
        "disagreement",
        "Trends",
        "Opinions that disagree",
        Clause.T1,
        "First and second opinion differ, of those compared",
        "has {share} opinions that disagree",
        _compared,
        lambda f: f.opinions_differ,
        Basis.COMPARED,
        (("opinions_differ", "True"),),
    ),
)
DELEGATED_EVENTS: tuple[Event[DelegatedFact], ...] = (
    Event(
        "delegated-denials",
        "Trends",
        "Delegates' denials",
        Clause.P10,
        "Denied or modified, of those decided",
        "denied or modified {share} delegated decisions",
        lambda f: f.decided_at,
        lambda f: f.is_adverse,
        Basis.DELEGATED,
        (("is_adverse", "True"),),
    ),
    Event(
        "late-copies",
        "Trends",
        "Delegates' late copies",
        Clause.P10,
        "Copy came too late, of those checked",
        "sent {share} copies too late",
        lambda f: f.decided_at if Part.COPY in f.parts else None,
        lambda f: Part.COPY in f.faults,
        Basis.DELEGATED,
        (("faults", "copy"),),
    ),
    Event(
        "late-delegates",
        "Trends",
        "Delegates' late decisions",
        Clause.P10,
        "Decided too late, of those checked",
        "was late with {share} delegated decisions",
        lambda f: f.decided_at if Part.DECISION in f.parts else None,
        lambda f: Part.DECISION in f.faults,
        Basis.DELEGATED,
        (("faults", "decision"),),
    ),
)


def _line_and_specialty(fact: AnyCase) -> tuple[str, ...]:
    return fact.line, fact.specialty


def _line_and_priority(fact: AnyCase) -> tuple[str, ...]:
    return fact.line, fact.priority


def _specialty(fact: AnyCase) -> tuple[str, ...]:
    return (fact.specialty,)


def _delegated_specialty(fact: DelegatedFact) -> tuple[str, ...]:
    return fact.line, fact.specialty


def _nothing(_fact: object) -> tuple[str, ...]:
    return ()


LINE_AND_SPECIALTY, LINE_AND_PRIORITY = "line and specialty", "line and priority"
CASE_UNITS: tuple[Unit[AnyCase], ...] = (
    Unit(
        "denials",
        "physician",
        "physician who decided",
        "NPI {}",
        "physician",
        lambda f: f.physician,
        _line_and_specialty,
        LINE_AND_SPECIALTY,
    ),
    Unit(
        "denials", "ppg", "PPG", "{}", "organization", lambda f: f.organization, _line_and_specialty, LINE_AND_SPECIALTY
    ),
    Unit(
        "late-decisions",
        "physician",
        "physician who decided",
        "NPI {}",
        "physician",
        lambda f: f.physician,
        _line_and_priority,
        LINE_AND_PRIORITY,
    ),
    Unit(
        "late-decisions",
        "ppg",
        "PPG",
        "{}",
        "organization",
        lambda f: f.organization,
        _line_and_priority,
        LINE_AND_PRIORITY,
    ),
    Unit("disagreement", "specialty", "specialty", "{}", "specialty", lambda f: f.specialty, _nothing, ""),
    Unit(
        "disagreement",
        "physician",
        "physician whose opinion was questioned",
        "NPI {}",
        "questioned",
        lambda f: f.questioned,
        _specialty,
        "specialty",
    ),
    Unit("disagreement", "ppg", "PPG", "{}", "organization", lambda f: f.organization, _specialty, "specialty"),
)
DELEGATED_UNITS: tuple[Unit[DelegatedFact], ...] = (
    Unit(
        "delegated-denials",
        "delegate",
        "delegate",
        "{}",
        "delegate",
        lambda f: f.delegate,
        _delegated_specialty,
        LINE_AND_SPECIALTY,
    ),
    Unit("late-copies", "delegate", "delegate", "{}", "delegate", lambda f: f.delegate, _nothing, ""),
    Unit("late-delegates", "delegate", "delegate", "{}", "delegate", lambda f: f.delegate, _nothing, ""),
)
