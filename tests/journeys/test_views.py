"""The saved views on the real server, over the whole demonstration: Temporal's list and ours have the same cases.

And each case of it tells, in the Temporal UI alone, whose turn it is, until when, why, and what happened.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

from cli import demo
from policy.attention import Attention
from policy.calendar import LOS_ANGELES
from policy.clauses import Clause
from policy.request import LineOfBusiness, Priority
from policy.timeframes import spoken
from records import queries, worklists
from records.rows import CaseFile, TaskRow
from records.troubles import Found, TroubleKind, Troubles
from records.worklists import CaseFilter
from tests.builders import a_professional, a_request
from tests.ports import free_port
from wiring.desk import FrontDesk, register
from wiring.devserver import embedded_server
from wiring.settings import Settings
from wiring.temporal import connect, running_workers
from wiring.views import BY_NAME, VIEWS, ppg_query, tomorrow
from wiring.world import World, open_world
from workflows import workflow_id
from workflows.casefile import LONGEST
from workflows.inspection import SEARCH_ATTRIBUTES

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("views")]
ODD = 'O\'Brien & "Sons" IPA, 50% \\'  # a name may hold what a query, or an address, means something by


@dataclass
class Played:
    """The demonstration as it stands, and the cases made beside it."""

    client: Client
    world: World
    made: dict[str, str]

    async def in_temporal(self, query: str) -> set[str]:
        """The numbers of a query's cases; as a list, so that one listed twice is found out."""
        found = [workflow.id async for workflow in self.client.list_workflows(query)]
        assert len(found) == len(set(found)), found
        return {id_.removeprefix(workflow_id("")) for id_ in found}

    def in_records(self, chosen: CaseFilter) -> set[str]:
        return {row.number for row in worklists.cases(self.world.records, chosen, limit=500).rows}

    async def agree(self, query: str, chosen: CaseFilter) -> set[str]:
        """The numbers that both find, once Temporal's list has caught up."""
        for _ in range(50):
            there, here = await self.in_temporal(query), self.in_records(chosen)
            if there == here:
                return here
            await asyncio.sleep(0.2)
        raise AssertionError(f"{query}: Temporal has {sorted(there - here)} too many, and lacks {sorted(here - there)}")


def received_when(now: datetime) -> dict[str, tuple[datetime, dict[str, Any]]]:
    """Requests by what they will be found as; a standard Medicare decision is due 7 calendar days after receipt."""
    today = now.astimezone(LOS_ANGELES).replace(hour=0, minute=1)
    medicare: dict[str, Any] = {"line": LineOfBusiness.MEDICARE_ADVANTAGE}
    return {
        "due today": (today - timedelta(days=7), medicare),
        "at risk, due tomorrow": (today - timedelta(days=6), medicare),
        "overdue": (today - timedelta(days=8), medicare),
        "new": (now - timedelta(minutes=1), medicare),
        "expedited": (now - timedelta(minutes=1), {"priority": Priority.EXPEDITED}),
        "threat": (now - timedelta(minutes=1), {"imminent_threat": True}),
        "odd": (
            now - timedelta(minutes=1),
            {"treating_provider": a_professional(organization=ODD)},
        ),
    }


async def make(desk: FrontDesk, world: World, now: datetime) -> dict[str, str]:
    """The numbers of the cases made, once all is recorded that time has done to them."""
    made = {}
    for name, (received_at, changes) in received_when(now).items():
        request = a_request(**{"external_reference": f"MADE-{name}", **changes})
        made[name] = register(world, request, received_at.astimezone(UTC)).case_number
    await desk.open_unstarted()
    for name, reason in {
        "due today": Attention.AT_RISK,
        "at risk, due tomorrow": Attention.AT_RISK,
        "overdue": Attention.BREACHED,
        "expedited": Attention.URGENT,
        "threat": Attention.URGENT,
        "new": None,
        "odd": None,
    }.items():
        for _ in range(150):
            rows = worklists.cases(world.records, CaseFilter(attention=reason), limit=500).rows
            if made[name] in {row.number for row in rows}:
                break
            await asyncio.sleep(0.1)
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Played]:
    """The demonstration is played once for all tests here: none of them changes a case."""
    home = tmp_path_factory.mktemp("demonstration")
    settings = Settings(home=home, grpc_port=free_port(), ui_port=free_port(), synchronous="normal")
    assert await demo.play(settings, once=True, examples=None) == 0
    world = open_world(settings)
    async with embedded_server(settings, SEARCH_ATTRIBUTES, ui=False) as server:
        client = await connect(settings, server.address.grpc, records=world.records)
        async with running_workers(client, world.steps):
            made = await make(FrontDesk(client, world), world, datetime.now(UTC))
            yield Played(client, world, made)


async def test_every_view_has_the_same_cases_in_temporal_and_in_the_records(played: Played):
    now, made = datetime.now(UTC), played.made

    found = {view.name: await played.agree(view.query(now), view.chosen(now)) for view in VIEWS}

    assert {"due today", "overdue"} == {name for name in made if made[name] in found["due-today"]}
    assert {"overdue"} == {name for name in made if made[name] in found["overdue"]}
    assert {"due today", "at risk, due tomorrow"} == {name for name in made if made[name] in found["at-risk"]}
    assert {"overdue"} == {name for name in made if made[name] in found["breached"]}
    assert {"expedited", "threat"} == {name for name in made if made[name] in found["urgent"]}
    assert found["waiting-for-provider"]
    assert found["waiting-for-report"]
    assert found["stuck"] == set()


async def test_due_today_of_tomorrow_holds_what_is_due_tomorrow(played: Played):
    at = tomorrow(datetime.now(UTC)) + timedelta(hours=1)
    view = BY_NAME["due-today"]

    found = await played.agree(view.query(at), view.chosen(at))

    assert played.made["at risk, due tomorrow"] in found
    assert played.made["new"] not in found


async def test_the_cases_of_a_physician_organization_are_found_whatever_its_name(played: Played):
    known = {row.organization for row in worklists.cases(played.world.records, CaseFilter(), limit=500).rows}

    found = {ppg: await played.agree(ppg_query(ppg), CaseFilter(is_open=True, ppg=ppg)) for ppg in known if ppg}

    assert found[ODD] == {played.made["odd"]}
    assert sum(map(len, found.values())) > 10


async def test_each_case_answers_in_the_temporal_ui_alone(played: Played):
    rows = worklists.cases(played.world.records, CaseFilter(), limit=500).rows
    assert len(rows) >= 20 + len(played.made)

    for row in rows:
        file = queries.case(played.world.records, row.number)
        assert file is not None
        handle = played.client.get_workflow_handle(workflow_id(row.number))
        text = await details(handle)
        described = await handle.describe()

        assert unanswered(file, text) == [], f"{row.number}\n{text}"
        # As a codec server reads it, which is told no workflow: a child's title is encrypted by its parent's key.
        metadata = described.raw_description.execution_config.user_metadata
        (named,) = await played.client.data_converter.decode([metadata.summary])
        assert named.startswith(f"{row.number}: ")
        for name in (row.external_reference, *names_of(played.world, row.number)):
            assert name not in text, f"{row.number} names {name}"


async def details(handle: WorkflowHandle[Any, Any]) -> str:
    """What the Temporal UI shows of a case. On a loaded machine a query may find its worker busy: it is asked again."""
    for _ in range(5):
        with suppress(RPCError):
            asked: WorkflowMetadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
            return asked.current_details
        await asyncio.sleep(1)
    raise AssertionError(f"{handle.id} does not answer")


async def test_timers_and_steps_have_names(played: Played):
    handle = played.client.get_workflow_handle(workflow_id(played.made["new"]))
    history = await handle.fetch_history()
    decoder = played.client.data_converter

    named = []
    for event in history.events:
        if event.HasField("timer_started_event_attributes") or event.HasField("marker_recorded_event_attributes"):
            named += await decoder.decode([event.user_metadata.summary])

    assert "Record: request received, clock started, task opened" in str(named)
    assert "Warning before: The determination" in str(named)
    assert "MA-STD" in str(named)


async def test_a_trouble_makes_a_case_stuck_in_the_records_until_it_ends(played: Played):
    world, now = played.world, datetime.now(UTC)
    number = worklists.cases(world.records, CaseFilter(is_open=True)).rows[0].number
    chosen = BY_NAME["stuck"].chosen(now)

    Troubles(world.records).observe(TroubleKind.STUCK, {number: Found(code="X", text="It fails.")}, now)
    stuck = [row.number for row in worklists.cases(world.records, chosen).rows]
    Troubles(world.records).observe(TroubleKind.STUCK, {}, now + timedelta(minutes=1))

    assert stuck == [number]
    assert worklists.cases(world.records, chosen).rows == ()


def unanswered(file: CaseFile, text: str) -> list[str]:
    """Which of the four questions, and what else a supervisor asks, the page does not answer as the records do."""
    open_tasks = [task for task in file.tasks if task.ended_at is None]
    answers = {
        "stage": f"**: {file.case.stage.replace('_', ' ')}" in text,
        "what happened": f"| {spoken(file.ledger[-1].at)} |" in text.partition("### What happened")[2],
        "by which clause": any(f"| {clause} |" in text for clause in Clause),
        "size": len(text.encode()) <= LONGEST,
        "how to act": f"second-opinion show {file.case.number}" in text,
    }
    for task in open_tasks:
        answers[f"whose turn: {task.task_id}"] = _whose(task) in text
        answers[f"what: {task.task_id}"] = f"{task.task_id}: " in text
        answers[f"why: {task.task_id}"] = f"Why: {task.clause} of the policy" in text
        if task.next_due:
            answers[f"until when: {task.task_id}"] = f"until {spoken(task.next_due)}" in text
            answers[f"under which rule: {task.task_id}"] = f"under {task.next_due_rule} (" in text
    if not open_tasks:
        answers["whose turn"] = (
            "**Waits for nobody**: closed on" in text if file.case.closed_at else "Waits for" in text
        )
    return [question for question, is_answered in answers.items() if not is_answered]


def _whose(task: TaskRow) -> str:
    who = task.owner or task.asked
    return f"**Waits for {who} (" if who else "**Waits for a "


def names_of(world: World, number: str) -> tuple[str, ...]:
    """What names the member of a case."""
    request = world.register.request_of(number)
    if request is None:
        return ()
    member = request.member
    return (member.name.family, member.member_id, member.phone) if member.phone else (member.name.family,)
