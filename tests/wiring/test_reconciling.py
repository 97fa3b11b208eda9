"""Cases that were terminated, reset and deleted with the ``temporal`` command: no difference after reconciling."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from policy.lifecycle import Outcome, Stage
from records.troubles import TroubleKind
from tests.builders import CASE_MANAGER, CMO, a_report, an_incomplete_request, plan_physician
from tests.wiring.interventions import Theatre, a_theatre
from wiring.comparing import Kind

pytestmark = pytest.mark.server

DENIAL = {"outcome": "denied", "rationale": "No reason applies.", "criteria": "Plan guideline 12"}


@pytest.fixture
async def theatre(tmp_path: Path) -> AsyncIterator[Theatre]:
    async with a_theatre(tmp_path / "var") as played:
        yield played


async def nothing_differs(theatre: Theatre) -> None:
    again = await theatre.reconcile()
    assert again.settled == ()


async def to_placement(theatre: Theatre, number: str) -> None:
    await theatre.does(number, CASE_MANAGER, "confirm_completeness")
    await theatre.does(number, CMO, "determine", outcome="approved", rationale="Reason R1 applies.")
    await theatre.until(number, lambda f: f.case.stage is Stage.PLACEMENT and all(n.sent_at for n in f.notices))
    await theatre.until(number, lambda f: any(t.kind == "telephone_notice" for t in f.tasks))


async def goes_on_to_its_end(theatre: Theatre, number: str) -> None:
    """By whatever is left to do, from the placement on."""
    await theatre.does(number, CASE_MANAGER, "place_opinion", **plan_physician())
    await theatre.does(number, CASE_MANAGER, "receive_report", **a_report())
    await calls(theatre, number)
    await theatre.until(number, lambda file: file.case.stage is Stage.CLOSED)


async def calls(theatre: Theatre, number: str) -> None:
    found = await theatre.until(number, lambda f: any(t.kind == "telephone_notice" and not t.ended_at for t in f.tasks))
    for task in found.tasks:
        if task.kind == "telephone_notice" and not task.ended_at:
            said = {"reached": True, "spoke_with": "the clinic's nurse", "said": "Decided; the letter is in the post."}
            await theatre.does(number, CASE_MANAGER, "record_call", task_id=task.task_id, **said)


async def test_a_terminated_case_goes_on_from_where_it_stood_and_every_letter_leaves_once(theatre):
    first, second = await theatre.open("T-1"), await theatre.open("T-2", an_incomplete_request())
    await to_placement(theatre, first)
    before = await theatre.case(first)
    letters = theatre.letters()
    for number in (first, second):
        await theatre.temporal("workflow", "terminate", "--reason", "Jane Doe", number=number)

    dry = await theatre.reconcile(dry_run=True)
    found = await theatre.reconcile()
    after = await theatre.case(first)

    assert {(one.number, one.kind) for one in dry.settled} == {(first, Kind.ENDED), (second, Kind.ENDED)}
    assert dry.left == 2
    assert (found.mended, found.left) == (2, 0)
    assert "terminated" in found.settled[0].sentence
    assert (after.stage, after.tasks, after.clocks) == (before.stage, before.tasks, before.clocks)
    assert after.seq == before.seq + 1
    assert theatre.letters() == letters
    assert theatre.troubles(TroubleKind.DIFFERS) == {}
    await nothing_differs(theatre)
    await goes_on_to_its_end(theatre, first)
    assert len(theatre.letters()) == len(set(theatre.letters()))
    assert [line.seq for line in theatre.file(first).ledger] == list(range(1, len(theatre.file(first).ledger) + 1))
    await nothing_differs(theatre)


async def test_a_case_that_was_reset_to_its_beginning_is_put_back_where_the_records_have_it(theatre):
    number = await theatre.open("R-1")
    await to_placement(theatre, number)
    before, letters = await theatre.case(number), theatre.letters()
    lines = theatre.file(number).ledger

    await theatre.temporal("workflow", "reset", "--type", "FirstWorkflowTask", "--reason", "try", number=number)
    found = await theatre.reconcile()
    after = await theatre.case(number)

    assert [(one.kind, one.is_left) for one in found.settled] == [(Kind.SET_BACK, False)]
    assert after.stage is Stage.PLACEMENT
    assert after.determination == before.determination
    assert theatre.file(number).ledger[: len(lines)] == lines
    assert theatre.letters() == letters
    await nothing_differs(theatre)
    await goes_on_to_its_end(theatre, number)
    await nothing_differs(theatre)


async def test_a_decision_that_a_reset_left_out_is_not_lost_and_one_made_meanwhile_is_taken_over(theatre):
    number = await theatre.open("R-2")
    await to_placement(theatre, number)
    words = ("--type", "FirstWorkflowTask", "--reapply-exclude", "All", "--reason", "try")
    await theatre.temporal("workflow", "reset", *words, number=number)
    await theatre.does(number, CASE_MANAGER, "add_comment", text="Said while it was set back.")

    found = await theatre.reconcile()
    after = await theatre.case(number)

    assert [(one.kind, one.is_left) for one in found.settled] == [(Kind.SET_BACK, False)]
    assert "1 that it had not answered was sent again" in found.settled[0].done
    assert (after.stage, after.outcome) == (Stage.PLACEMENT, Outcome.APPROVED)
    events = [line.event for line in theatre.file(number).ledger]
    assert events.count("determination:approved") <= 1
    commented = await theatre.until(number, lambda f: any("while it was set back" in line.text for line in f.ledger))
    assert commented.case.stage is Stage.PLACEMENT
    await nothing_differs(theatre)
    await goes_on_to_its_end(theatre, number)


async def test_a_closed_case_that_was_reset_is_closed_again_as_it_ended(theatre):
    number = await theatre.open("R-3")
    await theatre.does(number, CASE_MANAGER, "withdraw_request", reason="The member has decided.")
    closed = await theatre.until(number, lambda file: file.case.stage is Stage.CLOSED)
    letters = theatre.letters()

    await theatre.temporal("workflow", "reset", "--type", "FirstWorkflowTask", "--reason", "try", number=number)
    found = await theatre.reconcile()

    assert all(not one.is_left for one in found.settled)
    now = theatre.file(number)
    assert (now.case.stage, now.case.outcome) == (Stage.CLOSED, closed.case.outcome)
    assert theatre.letters() == letters
    await nothing_differs(theatre)


async def test_a_deleted_case_begins_anew_from_its_request_and_a_supervisor_is_told_what_is_lost(theatre):
    number = await theatre.open("D-1")
    await to_placement(theatre, number)
    letters = theatre.letters()
    await theatre.temporal("workflow", "delete", "--yes", number=number)

    found = await theatre.reconcile()
    after = await theatre.case(number)

    assert [(one.is_left, one.is_lost) for one in found.settled] == [(False, True)]
    assert after.stage in (Stage.COMPLETENESS_REVIEW, Stage.PHYSICIAN_REVIEW)
    assert "placement" in theatre.troubles(TroubleKind.LOST)[number].text
    row = theatre.file(number)
    assert {t.task_id for t in row.tasks if t.ended_at is None} == {t.id for t in after.open_tasks}
    assert {c.clock_id for c in row.clocks if c.ended_at is None} == {c.id for c in after.open_clocks}
    await nothing_differs(theatre)
    assert number in theatre.troubles(TroubleKind.LOST)
    await to_placement(theatre, number)
    assert set(letters) <= set(theatre.letters())
    await goes_on_to_its_end(theatre, number)


async def test_two_who_reconcile_at_once_set_a_case_going_once(theatre):
    number = await theatre.open("T-3")
    await theatre.temporal("workflow", "terminate", number=number)

    both = await asyncio.gather(theatre.reconcile(), theatre.reconcile())

    assert [found.left for found in both] == [0, 0]
    events = [line.event for line in theatre.file(number).ledger]
    assert events.count("case:set-going") == 1
    await nothing_differs(theatre)
