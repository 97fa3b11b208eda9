"""A report before the committees that was terminated, reset or deleted goes on from where it stood. Procedure 12."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from activities.upkeep import Tally
from policy.committee.file import CommitteeFile, Making, ReportState
from records.troubles import TroubleKind
from tests.committees import CHAIR, UM
from tests.fakes import FakeReportRenderer
from tests.wiring.interventions import a_theatre
from tests.wiring.sittings import NUMBER, Sitting
from wiring.committees import report_steps
from wiring.comparing import Kind
from wiring.schedules import Upkeep
from wiring.sending import ActionError
from wiring.temporal import running_workers

pytestmark = pytest.mark.server


@pytest.fixture
async def sitting(tmp_path: Path) -> AsyncIterator[Sitting]:
    async with a_theatre(tmp_path / "var", is_worked=False) as theatre:
        sitting = Sitting(theatre)
        reports = report_steps(theatre.world, sitting.source, FakeReportRenderer(), sitting.shelf)
        async with running_workers(theatre.client, replace(theatre.world.steps, reports=reports)):
            yield sitting


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("terminate",), Kind.ENDED),
        (("reset", "--type", "FirstWorkflowTask", "--reason", "try"), Kind.ENDED),  # it finds it made, and ends
        (("delete", "--yes"), Kind.GONE),
    ],
    ids=["terminate", "reset", "delete"],
)
async def test_it_goes_on_after_an_intervention_whole_and_its_letter_leaves_once(sitting: Sitting, words, kind):
    before = await sitting.presented_with_a_letter_that_has_left()
    stood = await sitting.desk.file(NUMBER)
    letters = sitting.letters()
    await sitting.operator(*words)

    dry = await sitting.theatre.reconcile(dry_run=True)
    found = await sitting.theatre.reconcile()
    again = await sitting.theatre.reconcile()
    goes_on = await sitting.desk.file(NUMBER)
    after = await sitting.goes_on_to_its_end()

    assert [(one.number, one.kind) for one in dry.settled] == [(NUMBER, kind)]
    assert (found.mended, found.left, again.settled) == (1, 0, ())
    assert what_stands(goes_on) == what_stands(stood)
    assert goes_on.story[-1].event == "report:set-going"
    assert [line.seq for line in after.ledger] == list(range(1, len(after.ledger) + 1))
    assert after.ledger[: len(before.ledger)] == before.ledger
    assert sitting.letters() == letters
    assert (len(letters), sitting.source.gathered) == (1, 1)
    assert (await sitting.theatre.reconcile()).settled == ()
    assert sitting.theatre.troubles(TroubleKind.DIFFERS) == sitting.theatre.troubles(TroubleKind.LOST) == {}


def what_stands(file: CommitteeFile) -> dict[str, Any]:
    """All that a file knows, but for its story and its answers."""
    return file.model_dump(exclude={"story", "seq", "receipts", "older_receipts"})


async def test_one_that_was_ended_while_it_was_made_is_made_from_there_and_no_step_is_told_twice(sitting: Sitting):
    sitting.shelf.failures = 10_000
    await sitting.begin()
    await sitting.until(lambda found: found.report.making is Making.RENDERING)
    await sitting.operator("terminate")

    found = await sitting.theatre.reconcile(NUMBER)
    sitting.shelf.failures = 0
    ready = await sitting.until(lambda kept: kept.report.ready_at is not None)

    assert (found.cases, found.mended, found.left) == (1, 1, 0)
    events = [line.event for line in ready.ledger]
    assert events == [
        "report:asked-for",
        "report:gathered",
        "report:reconciled",
        "report:set-going",
        "report:ready",
    ]
    assert (sitting.source.gathered, len(sitting.shelf.reports)) == (1, 1)


async def test_who_cancels_it_is_refused_and_it_goes_on_where_it_was(sitting: Sitting):
    sitting.shelf.failures = 10_000
    await sitting.begin()
    await sitting.until(lambda found: found.report.making is Making.RENDERING)

    await sitting.operator("cancel")
    refused = await sitting.until(lambda found: found.report.refused_count == 1)
    sitting.shelf.failures = 0
    ready = await sitting.until(lambda found: found.report.ready_at is not None)

    assert "it goes on" in refused.ledger[-1].text
    assert [line.event for line in ready.ledger].count("report:gathered") == 1
    assert (await sitting.theatre.reconcile()).settled == ()


async def test_the_nightly_reconciliation_sets_it_going_too(sitting: Sitting):
    await sitting.begin()
    await sitting.until(lambda found: found.report.ready_at is not None)
    await sitting.operator("terminate")

    with pytest.raises(ActionError, match="set it going with: second-opinion reconcile 2026-Q3"):
        await sitting.does(CHAIR, "discuss_report", committee=UM, notes="Seen.")
    tally = await Upkeep(sitting.theatre.client, sitting.theatre.world).reconcile()

    assert tally == Tally(cases=1, mended=1, left=0)
    assert (await sitting.desk.file(NUMBER)).state is ReportState.READY
