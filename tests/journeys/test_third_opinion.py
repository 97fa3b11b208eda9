"""A third opinion's own case on the real server: ended from outside, by itself or with the case that it belongs to."""

import asyncio
import json
from typing import Any

import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from policy.third_opinion import number_of_third
from tests.journeys.conftest import EXAMPLES, House
from workflows import workflow_id

pytestmark = pytest.mark.server

EXAMPLE = EXAMPLES / "08-third-opinion.json"
ACTS = json.loads(EXAMPLE.read_text())["demonstration"]["acts"]


def acts(house: House, case: str, act: dict[str, Any], **others: str) -> None:
    fields = {name: value for name, value in act.get("fields", {}).items() if name != "attachments"}
    done = house.act(case, others.get("signal", act["signal"]), others.get("actor", act["actor"]), **fields)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def differing(house: House) -> str:
    """The number of a case whose third opinion has begun."""
    house.start_server()
    house.start_worker()
    started = house.door("starter.py", str(EXAMPLE), "--json")
    assert started.returncode == 0, started.stderr
    number: str = json.loads(started.stdout)["opened"][0]["case_number"]
    house.until_there(number)
    second = [act for act in ACTS if not act.get("in_third_opinion")]
    for act in second:
        acts(house, number, act)
    house.until(number, stage="third_opinion")
    house.until_there(number_of_third(number))
    return number


def open_tasks(house: House, case: str) -> list[str]:
    return [task["kind"] for task in house.answer("show", case)["tasks"] if task["ended_at"] is None]


def on_server(house: House, case: str, does: str) -> None:
    """Terminates or cancels a case's workflow, as an operator does in the Temporal UI."""

    async def done() -> None:
        client = await Client.connect(f"127.0.0.1:{house.environment['SECOND_OPINION_GRPC_PORT']}")
        await getattr(client.get_workflow_handle(workflow_id(case)), does)()

    asyncio.run(done())


def ended_as(house: House, case: str) -> WorkflowExecutionStatus | None:
    """How a case's workflow ended; None while it has not, in ten seconds."""

    async def found() -> WorkflowExecutionStatus | None:
        client = await Client.connect(f"127.0.0.1:{house.environment['SECOND_OPINION_GRPC_PORT']}")
        for _ in range(100):
            status = (await client.get_workflow_handle(workflow_id(case)).describe()).status
            if status is not WorkflowExecutionStatus.RUNNING:
                return status
            await asyncio.sleep(0.1)
        return None

    return asyncio.run(found())


def test_a_third_opinion_that_is_terminated_leaves_the_lists_and_is_given_in_the_case_itself(house, differing):
    third = number_of_third(differing)
    before = open_tasks(house, third)

    on_server(house, third, "terminate")
    lost = house.until_task(differing, "third_opinion_lost")
    after = house.answer("show", third)
    acts(house, differing, {"signal": "take_up_third_opinion", "actor": "sv.okafor"})
    for act in (act for act in ACTS if act.get("in_third_opinion")):
        acts(house, differing, act)
    closed = house.until(differing, stage="closed")

    assert before == ["placement"]
    assert lost["escalated"]
    assert open_tasks(house, third) == []
    assert after["case"]["stage"] == "closed"
    assert closed["case"]["outcome"] == "approved"


def test_to_cancel_a_case_that_is_decided_is_refused_and_its_third_opinion_goes_on(house, differing):
    third = number_of_third(differing)

    on_server(house, differing, "cancel")
    for act in (act for act in ACTS if act.get("in_third_opinion")):
        acts(house, third, act)
    closed = house.until(differing, stage="closed")

    assert closed["refusals"]
    assert closed["case"]["outcome"] == "approved"
    assert ended_as(house, third) is WorkflowExecutionStatus.COMPLETED
