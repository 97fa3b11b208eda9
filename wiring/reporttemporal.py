"""What Temporal still retains of a report's cases, held against what the report counts of them. P12.

A case is asked for by its query: a worker tells it again from its history, and what it answers is encrypted, as all of
a history is, and opened by the client's own data converter. Nothing of the records goes into what it says.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from sqlalchemy import Engine
from temporalio.client import WorkflowQueryFailedError

from policy.case import Case
from policy.report.facts import CaseFact, fact_of
from policy.report.shape import Difference
from records import casefacts
from wiring.desk import CaseForgottenError, CasePausedError, NobodyAnswersError
from wiring.errors import CaseShreddedError, TemporalError

AT_ONCE = 8  # cases that are asked of Temporal at the same time
TRIES, BETWEEN = 4, 0.25  # how often one that goes on meanwhile is looked at again, and after how many seconds
Seen = Callable[[int], None]


class Asks(Protocol):
    """Who asks a case's workflow for the whole case: the front desk."""

    async def case(self, number: str) -> Case:
        """The case as its history tells it."""


class AskedOfTemporal(NamedTuple):
    """What came of asking for so many ``cases``.

    Of those that were not ``compared`` the history is ``gone``, or they went on while they were looked at or are paused
    (``not_at_rest``).
    """

    cases: int
    compared: int
    gone: int
    not_at_rest: int
    differences: tuple[Difference, ...]


class _Answer(NamedTuple):
    """What was found of one case."""

    compared: bool = False
    gone: bool = False
    differences: tuple[Difference, ...] = ()


async def ask_temporal(
    desk: Asks, engine: Engine, numbers: Sequence[str], seen: Seen = lambda _: None
) -> AskedOfTemporal:
    """Asks Temporal for each case; ``seen`` is told how many have been looked at.

    Raises TemporalError, with how far it came, when no server or no worker answers, or a key is away; RecordsError.
    """
    waiting, answers = iter(numbers), list[_Answer]()

    async def look(which: Iterator[str]) -> None:
        for number in which:
            answers.append(await _looked_at(desk, engine, number))
            seen(len(answers))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(look(waiting))
    except* NobodyAnswersError as nobody:
        raise TemporalError(
            f"{len(answers):,} of {len(numbers):,} cases were checked against Temporal; then nobody answered. "
            f"{str(nobody.exceptions[0]).rstrip('.')}, and verify again."
        ) from None
    except* TemporalError as locked:
        raise TemporalError(str(locked.exceptions[0])) from None
    gone = sum(one.gone for one in answers)
    compared = sum(one.compared for one in answers)
    found = sorted((d for one in answers for d in one.differences), key=lambda d: (d.case_number, d.field))
    return AskedOfTemporal(len(numbers), compared, gone, len(numbers) - compared - gone, tuple(found))


async def _looked_at(desk: Asks, engine: Engine, number: str) -> _Answer:
    """One case. One that went on between the two looks is looked at again: only what stands still can be compared."""
    for _ in range(TRIES):
        try:
            case = await desk.case(number)
        except (CaseForgottenError, CaseShreddedError):
            return _Answer(gone=True)
        except CasePausedError:
            return _Answer()
        except NobodyAnswersError as nobody:
            if isinstance(nobody.__cause__, WorkflowQueryFailedError):  # a worker answered, and could not tell it
                return _Answer(compared=True, differences=(_whole(number, "a history that cannot be told again"),))
            raise
        recorded = await asyncio.to_thread(casefacts.recorded, engine, number)
        if recorded is None:
            return _Answer(compared=True, differences=(_whole(number, "a case of its own"),))
        fact, revision = recorded
        if case.seq == revision or (case.closed_at and fact.closed_at):
            return _Answer(compared=True, differences=tuple(told_by_temporal(fact, case)))
        await asyncio.sleep(BETWEEN)
    return _Answer()


def told_by_temporal(fact: CaseFact, case: Case) -> list[Difference]:
    """What a case in Temporal says otherwise than its fact in the records."""
    there = fact_of(case)
    return [
        Difference(
            case_number=fact.number,
            field=name,
            report_says=str(getattr(fact, name)),
            source="Temporal",
            source_says=str(getattr(there, name)),
        )
        for name in CaseFact.model_fields
        if getattr(fact, name) != getattr(there, name)
    ]


def _whole(number: str, there: str) -> Difference:
    return Difference(case_number=number, field="case", report_says="", source="Temporal", source_says=there)
