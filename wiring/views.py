"""The saved views of cases: one list, as queries of the Temporal UI and as filters of the records.

A view is asked at a moment: "due today" is another query tomorrow. The portal shows the links on the supervision page,
``second-opinion list --views`` prints them, ``second-opinion list --view NAME`` lists the same cases from the records.
Temporal lists them with a little delay; the records are what counts.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from policy.attention import Attention
from policy.calendar import end_of_day, local_day
from policy.lifecycle import Stage
from policy.verdict import Value
from records.worklists import CaseFilter
from wiring.devserver import running_server
from wiring.serverprocess import NAMESPACE
from wiring.settings import Settings
from wiring.temporal import named_cluster
from workflows.inspection import ATTENTION, NEXT_DUE, PPG, STAGE, keyword

CASES = "WorkflowType IN ('SecondOpinionWorkflow', 'ThirdOpinionWorkflow')"
OPEN = "ExecutionStatus = 'Running'"
EVERY_RUN = "ExecutionStatus != 'ContinuedAsNew'"  # a case that went on in a new run is listed once


@dataclass(frozen=True)
class View:
    """A view: its name at a terminal, its title, what it shows, and how Temporal and the records are asked for it.

    ``chosen`` is the filter of the records at a moment, ``condition`` the same of Temporal's visibility.
    """

    name: str
    title: str
    meaning: str
    chosen: Callable[[datetime], CaseFilter]
    condition: Callable[[datetime], str]
    runs: str = OPEN

    @property
    def in_words(self) -> str:
        """The condition with words in the place of its time."""
        return TIME.sub(lambda found: TIMES[found.group()], self.condition(AT))

    def query(self, at: datetime) -> str:
        """The view as Temporal's visibility takes it, at a moment."""
        return " AND ".join((CASES, self.runs, self.condition(at)))


class Link(Value):
    """A view as it is shown: its query and, where the UI is known, its address there."""

    name: str
    title: str
    meaning: str
    query: str
    address: str = ""


def _by_attention(reason: Attention) -> Callable[[datetime], str]:
    return lambda _: f"{ATTENTION.name} = '{reason}'"


def _in_stage(stage: Stage) -> Callable[[datetime], str]:
    return lambda _: f"{STAGE.name} = '{stage}'"


VIEWS = (
    View(
        "due-today",
        "Due today",
        "open cases whose next obligation is due before the end of today in Los Angeles, overdue ones included",
        lambda at: CaseFilter(is_open=True, due_before=tomorrow(at)),
        lambda at: f"{NEXT_DUE.name} < '{_as_text(tomorrow(at))}'",
    ),
    View(
        "overdue",
        "Overdue",
        "open cases with an obligation whose time has gone and that still stands",
        lambda at: CaseFilter(overdue_at=at),
        lambda at: f"{NEXT_DUE.name} < '{_as_text(at)}'",
    ),
    View(
        "at-risk",
        "At risk",
        "open cases with a clock that has given its last warning (80 percent of its time has gone) and still runs",
        lambda _: CaseFilter(is_open=True, attention=Attention.AT_RISK),
        _by_attention(Attention.AT_RISK),
    ),
    View(
        "breached",
        "Breached",
        "cases, closed ones too, in which an obligation was not kept in time, whether it was carried out since or not",
        lambda _: CaseFilter(attention=Attention.BREACHED),
        _by_attention(Attention.BREACHED),
        runs=EVERY_RUN,
    ),
    View(
        "waiting-for-provider",
        "Waiting for the provider",
        "open cases in which the treating provider was asked for information that has not come (P3)",
        lambda _: CaseFilter(is_open=True, stage=Stage.INFORMATION_REQUESTED),
        _in_stage(Stage.INFORMATION_REQUESTED),
    ),
    View(
        "waiting-for-report",
        "Waiting for the report",
        "open cases in which the opinion physician has not reported yet (P7)",
        lambda _: CaseFilter(is_open=True, stage=Stage.CONSULTATION_REPORT),
        _in_stage(Stage.CONSULTATION_REPORT),
    ),
    View(
        "stuck",
        "Stuck",
        "open cases whose workflow fails, so that nothing done to them is carried out",
        lambda _: CaseFilter(is_open=True, stuck=True),
        lambda _: "TemporalReportedProblems IS NOT NULL",
    ),
    View(
        "urgent",
        "Urgent",
        "open cases that are decided in hours: expedited, urgent concurrent, or an imminent threat",
        lambda _: CaseFilter(is_open=True, attention=Attention.URGENT),
        _by_attention(Attention.URGENT),
    ),
)
BY_NAME = {view.name: view for view in VIEWS}


def of_ppg(ppg: str) -> str:
    """The condition that keeps the cases of one physician organization, by its name as requests have it."""
    doubled = keyword(ppg).replace("'", "''")
    return f"{PPG.name} = '{doubled}'"


def ppg_query(ppg: str) -> str:
    """All open cases of one physician organization."""
    return " AND ".join((CASES, OPEN, of_ppg(ppg)))


def links(ui: str, at: datetime) -> tuple[Link, ...]:
    """All views, as they are at a moment; ``ui`` is the Temporal UI's address, empty where nobody knows it."""
    return tuple(
        Link(
            name=view.name,
            title=view.title,
            meaning=view.meaning,
            query=view.query(at),
            address=address(ui, view.query(at)),
        )
        for view in VIEWS
    )


def address(ui: str, query: str) -> str:
    """The Temporal UI's list of a query; empty where nobody knows the UI's address."""
    return f"{ui}/namespaces/{NAMESPACE}/workflows?query={quote(query, safe='')}" if ui else ""


def temporal_ui(settings: Settings) -> str:
    """Where Temporal's own UI is; empty when nobody says."""
    running = None if named_cluster() else running_server(settings)
    return settings.temporal_ui or (running.ui if running and running.ui else "")


def tomorrow(at: datetime) -> datetime:
    """The first moment of the next day in Los Angeles: what is due today is due before it."""
    return end_of_day(local_day(at)) + timedelta(seconds=1)


def _as_text(at: datetime) -> str:
    """A time as visibility queries take it, with whole seconds up to microseconds, in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


# One moment, and what stands for it and for the beginning of its next day in a condition to read.
AT = datetime(2026, 11, 2, 18, tzinfo=UTC)
TIMES = {_as_text(AT): "NOW", _as_text(tomorrow(AT)): "THE BEGINNING OF TOMORROW, IN UTC"}
TIME = re.compile("|".join(map(re.escape, TIMES)))
