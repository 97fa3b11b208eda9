"""What the records and Temporal say of one case, held against each other: pure, one sentence for each difference."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from policy.particulars import StoryEntry
from policy.third_opinion import belongs_to
from policy.verdict import Value
from records.standings import Standing, Told


class RunStatus(StrEnum):
    """How a run of a workflow stands: Temporal's words, and one for a status that this version does not know."""

    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TERMINATED = "terminated"
    CONTINUED = "continued as new"
    TIMED_OUT = "timed out"
    UNKNOWN = "in a status that this version does not know"

    @property
    def is_open(self) -> bool:
        """Whether the run has not ended; what is not known is not taken for ended."""
        return self in (RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.UNKNOWN)


class Run(Value):
    """One run of a case's workflow. ``was_reset``: it was begun by a reset of an earlier one."""

    number: str
    run_id: str
    status: RunStatus
    was_reset: bool = False


class Kind(StrEnum):
    """What a difference is."""

    ENDED = "ended"  # the records have the case open, and its workflow has ended
    GONE = "gone"  # the records have the case open, and Temporal has nothing of it
    PAUSED = "paused"
    SET_BACK = "set_back"  # its workflow was reset, and has not come to where the records are
    OPEN = "open"  # the records have the case closed, and a workflow of it runs
    STRANGER = "stranger"  # a workflow runs for a case that the records do not know
    UNSTARTED = "unstarted"  # a request that was registered, and whose workflow was never started
    KEPT = "kept"  # an action that no case has answered
    UNANSWERED = "unanswered"  # the case runs, and could not be asked where it stands


class Difference(Value):
    """What the records and Temporal do not agree about. The sentence names no person."""

    number: str
    kind: Kind
    sentence: str


def compare(number: str, standing: Standing | None, run: Run | None) -> Difference | None:
    """What differs at a glance between a case's record and the newest run of its workflow; None where nothing does."""
    if run is not None and run.status is RunStatus.PAUSED:
        return _of(number, Kind.PAUSED, "its workflow is paused, so nothing done to it is carried out")
    if standing is None:
        runs = run is not None and run.status.is_open
        return _of(number, Kind.STRANGER, "a workflow runs for it, and the records do not know it") if runs else None
    if run is None:
        return _of(number, Kind.GONE, _gone(standing)) if standing.is_open else None
    if standing.is_open and not run.status.is_open and run.status is not RunStatus.CONTINUED:
        return _of(number, Kind.ENDED, f"the records have it open, and its workflow is {run.status}")
    if not standing.is_open and run.status.is_open:
        return _of(number, Kind.OPEN, "the records have it closed, and a workflow of it runs")
    return None


def compare_stories(
    standing: Standing, seq: int, story: Iterable[StoryEntry], ledger: Mapping[int, Told]
) -> Difference | None:
    """What differs between the ledger and the story that a running case tells, whose last line is ``seq``."""
    if other := [line.seq for line in story if contradicts(line, ledger)]:
        what = f"its workflow was reset, and tells line {min(other)} of its story otherwise than the ledger"
        return _of(standing.number, Kind.SET_BACK, what)
    if seq < standing.revision:
        what = f"its workflow has come to line {seq} of its story, and the ledger to line {standing.revision}"
        return _of(standing.number, Kind.SET_BACK, what)
    return None


def contradicts(line: StoryEntry, ledger: Mapping[int, Told]) -> bool:
    """Whether the ledger has another line of that number."""
    stands = ledger.get(line.seq)
    return stands is not None and (stands.at, stands.event) != (line.at, line.event)


def is_third(number: str) -> bool:
    """Whether it is the number of a third opinion's own case."""
    return bool(belongs_to(number))


def _gone(standing: Standing) -> str:
    if not standing.revision:
        return "its workflow was started, and Temporal has nothing of it"
    return "the records have it open, and Temporal has nothing of it: its history was deleted"


def _of(number: str, kind: Kind, what: str) -> Difference:
    return Difference(number=number, kind=kind, sentence=f"{number}: {what}.")
