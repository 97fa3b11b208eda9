"""What is asked of Temporal about a report's cases: compared where both stand still, counted where they cannot be."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, update
from temporalio.client import WorkflowQueryFailedError

from policy.case import Case
from policy.lifecycle import Outcome
from records.database import open_records, writing
from records.intake import IntakeRegister
from records.ledger import CaseLedger
from records.tables import CASE_FACTS
from tests.builders import MONDAY
from tests.records.lives import Life, a_long_life, a_short_life
from wiring import reporttemporal
from wiring.desk import CaseForgottenError, CasePausedError, NobodyAnswersError
from wiring.errors import CaseShreddedError, KeyRingError, TemporalError
from wiring.reporttemporal import AskedOfTemporal, ask_temporal

ONE, OTHER = "SO-2026-000001", "SO-2026-000002"


class Desk:
    """A front desk whose cases answer as they are told to: with a case, or with an error; the last answer stays."""

    def __init__(self, **answers: list[Case | Exception]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    async def case(self, number: str) -> Case:
        self.asked.append(number)
        left = self._answers[number.replace("-", "_")]
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_records(f"sqlite:///{tmp_path / 'records.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def lives(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> tuple[Life, Life]:
    """A long case and a short one, as the records have them."""
    monkeypatch.setattr(reporttemporal, "BETWEEN", 0.0)
    found = a_long_life(ONE), a_short_life(OTHER)
    register, ledger = IntakeRegister(engine), CaseLedger(engine)
    for life in found:
        register.reserve(life.case.request, MONDAY)
        for transition in life.transitions:
            ledger.record(transition)
    return found


async def asked(engine: Engine, one: list[Case | Exception], other: list[Case | Exception]) -> AskedOfTemporal:
    return await ask_temporal(Desk(SO_2026_000001=one, SO_2026_000002=other), engine, (ONE, OTHER))


async def test_cases_that_say_the_same_are_counted_and_progress_is_told(engine: Engine, lives: tuple[Life, Life]):
    long, short = lives
    seen: list[int] = []
    desk = Desk(SO_2026_000001=[long.case], SO_2026_000002=[short.case])

    found = await ask_temporal(desk, engine, (ONE, OTHER), seen.append)

    assert found == AskedOfTemporal(cases=2, compared=2, gone=0, not_at_rest=0, differences=())
    assert seen == [1, 2]


async def test_what_a_history_tells_otherwise_is_named(engine: Engine, lives: tuple[Life, Life]):
    long, short = lives
    with writing(engine) as connection:
        connection.execute(update(CASE_FACTS).where(CASE_FACTS.c.number == OTHER).values(outcome=Outcome.APPROVED))

    found = await asked(engine, [long.case], [short.case])

    assert [d.sentence for d in found.differences] == [f"{OTHER}: outcome is approved here, and denied in Temporal"]


@pytest.mark.parametrize("gone", [CaseForgottenError("forgotten"), CaseShreddedError("shredded")])
async def test_what_temporal_retains_no_longer_is_counted_as_gone(
    engine: Engine, lives: tuple[Life, Life], gone: Exception
):
    found = await asked(engine, [gone], [lives[1].case])

    assert (found.compared, found.gone, found.not_at_rest, found.differences) == (1, 1, 0, ())


async def test_a_case_that_goes_on_meanwhile_is_looked_at_again(engine: Engine, lives: tuple[Life, Life]):
    long, short = lives

    found = await asked(engine, [long.cases[-5], long.case], [short.case])

    assert (found.compared, found.not_at_rest, found.differences) == (2, 0, ())


async def test_a_case_that_never_stands_still_or_is_paused_is_not_compared(engine: Engine, lives: tuple[Life, Life]):
    found = await asked(engine, [lives[0].cases[-5]], [CasePausedError("paused")])

    assert (found.compared, found.gone, found.not_at_rest, found.differences) == (0, 0, 2, ())


async def test_a_history_that_cannot_be_told_again_is_a_difference(engine: Engine, lives: tuple[Life, Life]):
    untold = NobodyAnswersError("No worker answered")
    untold.__cause__ = WorkflowQueryFailedError("nondeterministic")

    found = await asked(engine, [untold], [lives[1].case])

    assert [d.source_says for d in found.differences] == ["a history that cannot be told again"]


async def test_when_nobody_answers_it_is_said_how_far_one_came(engine: Engine, lives: tuple[Life, Life]):
    nobody = NobodyAnswersError("No worker answered for it; start one with: second-opinion worker")

    with pytest.raises(TemporalError, match=r"of 2 cases were checked .* then nobody answered\. No worker"):
        await asked(engine, [lives[0].case], [nobody])


async def test_a_key_that_is_away_is_said_in_its_own_words(engine: Engine, lives: tuple[Life, Life]):
    with pytest.raises(TemporalError, match="The plan's key is missing"):
        await asked(engine, [lives[0].case], [KeyRingError("The plan's key is missing.")])
