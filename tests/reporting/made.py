"""A report of made-up cases, without records."""

from datetime import UTC, datetime

from policy.report.figures import Figures
from policy.report.period import parsed
from policy.report.shape import CommitteeReport
from reporting.synthetic import Made, cases, delegated
from reporting.tale import clocks_of
from reporting.trends import Trends
from wiring.reports import assembled

AS_OF = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)  # Monday 2026-11-23 10:00 PST


def compiled_of(made: Made) -> CommitteeReport:
    """The report of the last quarter that is made."""
    period = parsed(made.last)
    figures, trends = Figures(period, AS_OF), Trends(period)
    facts, packets = list(cases(made)), list(delegated(made))
    figures.see(facts)
    figures.see_clocks(clock for fact in facts for clock in clocks_of(fact))
    figures.see_delegated(packets)
    trends.see(facts)
    trends.see_delegated(packets)
    return assembled(figures.tables(), trends, AS_OF, synthetic=True)
