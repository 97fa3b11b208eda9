"""The door's id in the story: steps, children and new runs take it along, and a recorded history replays with it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, Interceptor, OutboundInterceptor, SignalWorkflowInput
from temporalio.converter import PayloadConverter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from tests.histories.replaying import recorded_history
from tests.workflows.conftest import server_program
from wiring.correlation import Correlated, at_a_door, bound, current
from wiring.temporal import build_replayer
from workflows.correlation import HEADER

ONE, TWO = "1b3d5f7a9c1b3d5f7a9c1b3d5f7a9c1b", "0af7651916cd43dd8448eb211c80319c"
HISTORIES = Path(__file__).parents[1] / "histories"
SECONDS = timedelta(seconds=10)


@activity.defn
def says() -> str:
    return current()


@workflow.defn
class Third:
    @workflow.run
    async def run(self) -> str:
        return await workflow.execute_activity(says, start_to_close_timeout=SECONDS)


@workflow.defn
class Story:
    """Says under which id each of its parts worked: at its start, after a signal, locally, in a child, in a new run."""

    def __init__(self) -> None:
        self.goes_on = False

    @workflow.run
    async def run(self, said: list[str]) -> list[str]:
        if said:
            return [*said, await workflow.execute_activity(says, start_to_close_timeout=SECONDS)]
        said = [await workflow.execute_activity(says, start_to_close_timeout=SECONDS)]
        await workflow.wait_condition(lambda: self.goes_on)
        said.append(await workflow.execute_local_activity(says, start_to_close_timeout=SECONDS))
        said.append(await workflow.execute_child_workflow(Third.run))
        return workflow.continue_as_new(said)

    @workflow.signal
    def go_on(self) -> None:
        self.goes_on = True


class Forged(Interceptor):
    """A program of somebody else's that puts what it likes into the header."""

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002
        class Sends(OutboundInterceptor):
            async def signal_workflow(self, input: SignalWorkflowInput) -> None:  # noqa: A002
                input.headers = {HEADER: PayloadConverter.default.to_payload("Ana María Núñez")}
                await super().signal_workflow(input)

        return Sends(next)


async def told(*interceptors: Interceptor) -> list[str]:
    """What the parts of the story said; it was begun under ONE, and went on under TWO."""
    async with await WorkflowEnvironment.start_time_skipping(test_server_existing_path=server_program()) as env:
        config = env.client.config()
        config["interceptors"] = interceptors
        client = Client(**config)
        with ThreadPoolExecutor(2) as threads:
            async with Worker(
                client,
                task_queue="story",
                workflows=[Story, Third],
                activities=[says],
                activity_executor=threads,
                workflow_runner=UnsandboxedWorkflowRunner(),
                max_cached_workflows=0,
            ):
                with bound(ONE):
                    handle = await client.start_workflow(Story.run, [], id="so-SO-2026-000001", task_queue="story")
                while len((await handle.fetch_history()).events) < 10:  # its first step has worked
                    await env.sleep(timedelta(milliseconds=50))
                with bound(TWO):
                    await handle.signal(Story.go_on)
                return await handle.result()


async def test_each_part_of_the_story_works_under_the_id_of_the_message_before_it():
    assert await told(Correlated()) == [ONE, TWO, TWO, TWO]


async def test_what_anybody_puts_into_the_header_is_no_id_and_harms_nothing():
    assert await told(Correlated(), Forged()) == [ONE, "", "", ""]


@pytest.mark.parametrize("name", ["example-01", "example-15"])
async def test_a_history_that_was_recorded_without_the_header_replays(name):
    history = recorded_history(HISTORIES / "2026-11" / f"{name}.json")

    result = await build_replayer(Correlated()).replay_workflow(history, raise_on_replay_failure=False)

    assert result.replay_failure is None


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({"x-request-id": ONE}, ONE),
        ({"x-request-id": "3F2504E0-4F89-41D3-9A0C-0305E82C3301"}, "3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
        ({"traceparent": f"00-{TWO}-00f067aa0ba902b7-01"}, TWO),
        ({"x-request-id": "Nunez", "traceparent": f"00-{TWO}-00f067aa0ba902b7-01"}, TWO),
        ({"x-request-id": "91234567"}, None),
        ({"x-request-id": f"{ONE}\n"}, None),
        ({"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"}, None),
        ({}, None),
    ],
)
def test_a_door_takes_only_what_can_be_nothing_but_an_id_and_else_makes_one(headers, taken):
    found = at_a_door(headers)

    assert found == taken if taken else found not in headers.values()
    assert len(found) in (32, 36)


def test_outside_of_a_door_s_work_there_is_no_id():
    assert current() == ""
    with bound(ONE):
        assert current() == ONE
    assert current() == ""
