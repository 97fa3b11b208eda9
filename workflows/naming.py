"""What the steps and timers of a case are called in the Temporal UI: plain words, kinds and rules, and no person."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from policy.alarms import Alarm
from policy.letter import Letter
from policy.particulars import StoryEntry
from workflows.inspection import shortened, words

LONGEST = 190  # bytes of a summary; the server takes 400 of the encrypted form
FOR_REVIEW = "Open the plan's own case: the delegated decision was pulled up"


class HasLines(Protocol):
    """Something that tells the records new lines of a story."""

    @property
    def entries(self) -> tuple[StoryEntry, ...]:
        """The new lines."""
        ...


def recorded(transition: HasLines) -> str:
    """A line for the ledger's step: ``Record: task opened, clock started (3 lines)``."""
    events = _once(entry.event.replace(":", " ").replace("-", " ") for entry in transition.entries)
    count = len(transition.entries)
    lines = f" ({count} lines)" if count > len(events) else ""
    return shortened(f"Record: {', '.join(events)}{lines}", LONGEST)


def mailed(letters: Sequence[Letter]) -> str:
    """Which kinds of letters leave: ``Send letters: authorization, denial``."""
    return shortened(f"Send letters: {', '.join(sorted(_once(words(letter.kind) for letter in letters)))}", LONGEST)


def given_up(number: str) -> str:
    """A case whose story ended before its time is taken off the work lists."""
    return f"Record: the third opinion {number} has ended before its time"


def awaited(alarm: Alarm) -> str:
    """What a timer waits for, with the clock's rule: ``The determination falls due (MCAL-STD-B, H&S 1367.01)``."""
    return shortened(f"{alarm.label} ({alarm.rule})" if alarm.rule else alarm.label, LONGEST)


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
