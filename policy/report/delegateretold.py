"""A delegated decision as its own lines tell it, held against what the report counts of it. Procedure 10 and 12."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from policy.delegated import DelegateOutcome
from policy.delegatefindings import PARTS, Part
from policy.report.delegates import DelegatedFact
from policy.report.retold import Told
from policy.report.shape import Difference
from policy.timeframes import spoken

LINES = "its lines"
RECEIVED = re.compile(
    r"(\w+), (\w+): (\w+) by (.+) (\w{3} (\d{4}-\d{2}-\d{2}) \d{2}:\d{2} \w+); the copy came (.+)", re.DOTALL
)
EVENTS = ("delegated:received", "delegated:found", "delegated:waived", "delegated:supplemented", "delegated:coded")
ALWAYS_LOOKED = (Part.DECISION, Part.COPY, Part.RECORD, Part.AUTHORITY)
CHECKS = {str(check): part for check, (part, _) in PARTS.items()}


class RetoldDelegated(NamedTuple):
    """What the lines say. ``decided`` and ``copied`` are times to the minute, in the words of the lines.

    ``faults`` are the parts of the score with a failed check that was not waived. ``supplemented``: pieces came later,
    and what only they brought to light stands in no line.
    """

    number: str
    delegate: str = ""
    line: str = ""
    priority: str = ""
    outcome: str = ""
    decided: str = ""
    decided_on: date | None = None
    copied: str = ""
    category: str = ""
    faults: frozenset[Part] = frozenset()
    supplemented: bool = False

    @property
    def is_adverse(self) -> bool:
        """Whether it counts as a denial: denied or modified."""
        return self.outcome not in ("", DelegateOutcome.APPROVED)

    @property
    def looked(self) -> frozenset[Part]:
        """The parts that are looked at in every packet; reasons and letter in every denial.

        Whether a notice was owed at all follows from the rules of the day, and stands in no line.
        """
        return frozenset((*ALWAYS_LOOKED, Part.LETTER) if self.is_adverse else ALWAYS_LOOKED)


def retold_delegated(number: str, lines: Iterable[Told]) -> RetoldDelegated:
    """The decision as its lines tell it, in their order."""
    told, failed = RetoldDelegated(number), set[str]()
    for line in lines:
        what, _, _ = line.text.partition(":")
        if line.event == "delegated:received" and (found := RECEIVED.fullmatch(line.text)):
            of, priority, outcome, delegate, decided, day, copied = found.groups()
            told = told._replace(line=of, priority=priority, outcome=outcome, delegate=delegate)
            told = told._replace(decided=decided, decided_on=date.fromisoformat(day), copied=copied)
        elif line.event == "delegated:found":
            failed.add(what)
        elif line.event == "delegated:waived":
            failed.discard(what)
        elif line.event == "delegated:supplemented":
            told = told._replace(supplemented=True)
        elif line.event == "delegated:coded":
            told = told._replace(category=what)
    return told._replace(faults=frozenset(CHECKS[check] for check in failed if check in CHECKS))


def delegated_differences(fact: DelegatedFact | None, told: RetoldDelegated | None) -> Iterator[Difference]:
    """What a packet's rows and its lines say otherwise."""
    if fact is None or told is None:
        number = fact.number if fact else told.number if told else ""
        here, there = ("counted" if one else "missing" for one in (fact, told))
        yield _difference(number, "packet", here, there)
        return
    same = ("delegate", "line", "priority", "outcome", "category")
    said = {name: (str(getattr(fact, name)), getattr(told, name)) for name in same}
    said["decided"] = (spoken(fact.decided_at), told.decided)
    said["copy came"] = (spoken(fact.copied_at), told.copied)
    said["faults"] = (_named(fact.faults), _named(told.faults | unheard_of(fact, told)))
    for name, (here, there) in said.items():
        if here != there:
            yield _difference(fact.number, name, here, there)
    if lacking := told.looked - frozenset(fact.parts):
        yield _difference(fact.number, "looked at", _named(fact.parts), f"{_named(lacking)}, too,")


def unheard_of(fact: DelegatedFact, told: RetoldDelegated) -> frozenset[Part]:
    """The faults that only a later supplement brought to light: the lines say that it came, and not what it showed."""
    return frozenset(fact.faults) - told.faults if told.supplemented else frozenset()


def _named(parts: Iterable[Part]) -> str:
    return ", ".join(sorted(parts))


def _difference(number: str, field: str, here: str, there: str) -> Difference:
    return Difference(case_number=number, field=field, report_says=here, source=LINES, source_says=there)
