"""All figures of a period, counted in one pass over the cases, their clocks and the delegates' decisions. P12.

Each table is defined in docs/report-definitions.md under its id; a test holds the two together.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from policy.edition import Edition, edition_on
from policy.report.clocks import ClockFact
from policy.report.course import Consultations, Information, Opinions, Placements
from policy.report.delegates import DelegatedFact
from policy.report.delegation import Delegates
from policy.report.facts import CaseFact
from policy.report.period import Period
from policy.report.public import PublicMetrics
from policy.report.requests import Categories, Outcomes, Requests
from policy.report.shape import Table
from policy.report.timing import Clocks, DecisionTimes


class Figure(Protocol):
    """What counts cases."""

    def see(self, fact: CaseFact) -> None:
        """One case."""


class Figures:
    """Counts what it sees; ``tables`` are the figures of all of it. In which order it is seen does not matter."""

    def __init__(self, period: Period, as_of: datetime, edition: Edition | None = None) -> None:
        """``as_of`` is when the records are read: what is overdue then counts. ``edition`` names the categories."""
        categories = (edition or edition_on(period.last)).category
        self._requests, self._outcomes = Requests(period), Outcomes(period)
        self._categories = Categories(period, {c.code: c.label for c in categories})
        self._times, self._clocks = DecisionTimes(period), Clocks(period, as_of)
        self._consultations, self._placements = Consultations(period), Placements(period)
        self._information, self._opinions = Information(period), Opinions(period)
        self._delegates, self._public = Delegates(period), PublicMetrics(period)
        self._of_cases: tuple[Figure, ...] = (
            self._requests,
            self._outcomes,
            self._categories,
            self._times,
            self._consultations,
            self._placements,
            self._information,
            self._opinions,
            self._public,
        )

    def see(self, facts: Iterable[CaseFact]) -> int:
        """The cases that anything of the period may concern; gives back how many."""
        count = 0
        for count, fact in enumerate(facts, 1):  # noqa: B007 - the last number is how many
            for figure in self._of_cases:
                figure.see(fact)
        return count

    def see_clocks(self, clocks: Iterable[ClockFact]) -> None:
        """The clocks that ended in the period, fell due in it, or stand overdue."""
        for clock in clocks:
            self._clocks.see(clock)

    def see_delegated(self, facts: Iterable[DelegatedFact]) -> int:
        """The delegated decisions of the period; gives back how many."""
        count = 0
        for count, fact in enumerate(facts, 1):  # noqa: B007 - the last number is how many
            self._delegates.see(fact)
            self._public.see_delegated(fact)
        return count

    def tables(self) -> tuple[Table, ...]:
        """The figures, section by section."""
        return (
            *self._requests.tables(),
            self._categories.table(),
            *self._outcomes.tables(),
            self._times.table(),
            *self._clocks.tables(),
            self._consultations.table(),
            *self._information.tables(),
            *self._placements.tables(),
            *self._opinions.tables(),
            *self._delegates.tables(),
            self._public.table(),
        )
