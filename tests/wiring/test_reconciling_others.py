"""What else differs: delegates' decisions, third opinions, what was under way, what software cannot mend."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from policy.lifecycle import Stage
from policy.request import LineOfBusiness
from policy.third_opinion import number_of_third
from records.delegated import DelegatedFile, one
from records.troubles import TroubleKind
from tests.builders import CASE_MANAGER, CMO, a_first_opinion, a_report, a_request, plan_physician
from tests.policy.steps import SUPERVISOR
from tests.portal.decisions import fresh
from tests.wiring.interventions import Theatre, a_theatre
from wiring.comparing import Kind
from wiring.delegated import DelegationDesk
from wiring.temporal import running_workers
from workflows import workflow_id

pytestmark = pytest.mark.server

BARE: dict[str, Any] = {"record_attachment": None, "letter_attachment": None}


@pytest.fixture
async def theatre(tmp_path: Path) -> AsyncIterator[Theatre]:
    async with a_theatre(tmp_path / "var") as played:
        yield played


async def delegated(theatre: Theatre) -> str:
    """A delegate's decision that lacks its documents, once its list has been written."""
    packet = fresh(**{**BARE, "external_reference": "ALDER-7"})
    (entered,) = theatre.world.packets.enter([packet], datetime.now(UTC))
    await DelegationDesk(theatre.client, theatre.world).open_unstarted()
    for _ in range(100):
        found = one(theatre.world.records, entered.number)
        if found and any(line.event == "notice:sent" for line in found.ledger):
            return entered.number
        await asyncio.sleep(0.1)
    raise AssertionError("never written to the delegate")


def kept(theatre: Theatre, number: str) -> DelegatedFile:
    found = one(theatre.world.records, number)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "words",
    [("terminate",), ("reset", "--type", "FirstWorkflowTask", "--reason", "try"), ("delete", "--yes")],
    ids=lambda words: words[0],
)
async def test_a_delegates_decision_goes_on_after_an_intervention_and_its_letter_leaves_once(theatre, words):
    number = await delegated(theatre)
    letters = theatre.letters()
    before = kept(theatre, number)

    await theatre.temporal("workflow", *words, number=number)
    found = await theatre.reconcile()

    again = await theatre.reconcile()
    after = kept(theatre, number)
    assert [s.is_left for s in found.settled] == [False]
    assert again.settled == ()
    assert theatre.letters() == letters
    assert after.ledger[: len(before.ledger)] == before.ledger
    assert [(f.code, f.result) for f in after.findings] == [(f.code, f.result) for f in before.findings]
    handle = theatre.client.get_workflow_handle(workflow_id(number))
    assert (await handle.query("case"))["state"] == before.case.state


async def differing(theatre: Theatre) -> str:
    """A Medicare case whose third opinion has begun."""
    asked = a_request(line=LineOfBusiness.MEDICARE_ADVANTAGE, first_opinion=a_first_opinion(recommends=True))
    number = await theatre.open("T3-1", asked)
    await theatre.does(number, CASE_MANAGER, "confirm_completeness")
    await theatre.does(number, CMO, "determine", outcome="approved", rationale="Reason R1 applies.")
    await theatre.does(number, CASE_MANAGER, "place_opinion", **plan_physician("1992999882"))
    await theatre.does(number, CASE_MANAGER, "receive_report", **a_report(recommends=False))
    await theatre.until(number, lambda file: file.case.stage is Stage.THIRD_OPINION)
    await theatre.until(number_of_third(number), lambda file: file.case.revision > 0)
    return number


async def test_when_both_a_case_and_its_third_opinion_were_ended_a_supervisor_takes_that_up(theatre):
    number = await differing(theatre)
    third = number_of_third(number)
    await theatre.temporal("workflow", "terminate", number=number)

    found = await theatre.reconcile()

    assert found.left == 0
    assert (await theatre.reconcile()).settled == ()
    lost = await theatre.until(number, lambda f: any(t.kind == "third_opinion_lost" for t in f.tasks))
    assert [t.kind for t in lost.tasks if t.ended_at is None and t.kind != "telephone_notice"] == ["third_opinion_lost"]
    assert theatre.file(third).case.stage is Stage.CLOSED
    await theatre.does(number, SUPERVISOR, "take_up_third_opinion")
    await theatre.until(number, lambda file: file.case.stage is Stage.PLACEMENT)


async def test_a_third_opinion_that_was_reset_ends_in_no_difference_and_is_in_somebodys_hands(theatre):
    number = await differing(theatre)
    third = number_of_third(number)
    await theatre.does(third, CASE_MANAGER, "place_opinion", **plan_physician("1992999890"))

    await theatre.temporal("workflow", "reset", "--type", "FirstWorkflowTask", "--reason", "try", number=third)
    await theatre.reconcile()
    await theatre.reconcile()

    assert (await theatre.reconcile()).settled == ()
    in_hand = [t for n in (number, third) for t in theatre.file(n).tasks if t.ended_at is None]
    assert in_hand
    assert theatre.file(number).case.stage is Stage.THIRD_OPINION


async def test_a_workflow_that_the_records_do_not_know_is_left_to_a_supervisor_until_it_has_ended(theatre):
    stranger = await theatre.client.start_workflow(
        "DelegatedDecisionWorkflow", {}, id=workflow_id("SO-2026-999999"), task_queue="nobody-works-here"
    )

    found = await theatre.reconcile()
    told = theatre.troubles(TroubleKind.DIFFERS)
    await stranger.terminate()

    assert [(s.number, s.kind, s.is_left) for s in found.settled] == [("SO-2026-999999", Kind.STRANGER, True)]
    assert set(told) == {"SO-2026-999999"}
    assert (await theatre.reconcile()).settled == ()
    assert theatre.troubles(TroubleKind.DIFFERS) == {}


async def test_what_was_signalled_past_our_doors_and_never_read_is_not_lost_with_a_terminated_run(tmp_path: Path):
    async with a_theatre(tmp_path / "var", is_worked=False) as theatre:
        async with running_workers(theatre.client, theatre.world.steps):
            number = await theatre.open("S-1")
        body = {"action_id": "past-our-doors", "actor": CASE_MANAGER.model_dump(mode="json"), "at": _now()}
        handle = theatre.client.get_workflow_handle(workflow_id(number))
        await handle.signal("confirm_completeness", body)  # nobody works
        await handle.terminate()

        async with running_workers(theatre.client, theatre.world.steps):
            found = await theatre.reconcile()
            await theatre.until(number, lambda file: file.case.stage is Stage.PHYSICIAN_REVIEW)

        assert (found.mended, found.left) == (1, 0)


async def test_without_a_worker_what_differs_is_left_and_the_trouble_ends_when_one_is_back(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("wiring.mending.ANSWER_WITHIN", 2.0)
    async with a_theatre(tmp_path / "var", is_worked=False) as theatre:
        async with running_workers(theatre.client, theatre.world.steps):
            number = await theatre.open("W-1")
        await theatre.temporal("workflow", "terminate", number=number)

        found = await theatre.reconcile()
        told = theatre.troubles(TroubleKind.DIFFERS)
        async with running_workers(theatre.client, theatre.world.steps):
            again = await theatre.reconcile()

        assert [(s.is_left, "no worker answers" in s.done) for s in found.settled] == [(True, True)]
        assert set(told) == {number}
        assert (again.mended, again.left) == (1, 0)
        assert theatre.troubles(TroubleKind.DIFFERS) == {}


async def test_what_waits_at_the_doors_is_delivered(theatre, monkeypatch):
    monkeypatch.setattr("wiring.reconciling.UNDER_WAY", timedelta(0))
    request = a_request().model_copy(update={"external_reference": "U-1"})
    number = theatre.world.register.reserve(request, datetime.now(UTC)).case_number

    dry = await theatre.reconcile(dry_run=True)
    found = await theatre.reconcile()

    assert [(s.number, s.kind, s.is_left) for s in dry.settled] == [(number, Kind.UNSTARTED, True)]
    assert [(s.number, s.kind, s.is_left) for s in found.settled] == [(number, Kind.UNSTARTED, False)]
    await theatre.until(number, lambda file: file.case.revision > 0)


async def test_only_the_cases_that_are_named_are_looked_at(theatre):
    named, other = await theatre.open("N-1"), await theatre.open("N-2")
    for number in (named, other):
        await theatre.temporal("workflow", "terminate", number=number)

    found = await theatre.reconcile(named)

    assert (found.cases, [s.number for s in found.settled], found.left) == (1, [named], 0)
    assert (await theatre.reconcile(named)).settled == ()
    assert [s.number for s in (await theatre.reconcile(dry_run=True)).settled] == [other]
    assert (await theatre.until(other, lambda file: file.case.closed_at is None)).tasks


def _now() -> str:
    return datetime.now(UTC).isoformat()
