"""A query while a local activity runs: what the SDK makes of it, and that no case is harmed by it."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from temporalio import activity, workflow
from temporalio.bridge.proto.workflow_activation import ResolveActivity, WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import Client, WorkflowHistory
from temporalio.worker import (
    Replayer,
    UnsandboxedWorkflowRunner,
    Worker,
    WorkflowInstance,
    WorkflowInstanceDetails,
    WorkflowRunner,
)

from tests.failedtasks import TAKEN_AGAIN, reasons
from tests.ports import free_port
from wiring.devserver import embedded_server
from wiring.lateresults import InHistoryOrder, LateResultError
from wiring.settings import Settings

pytestmark = pytest.mark.server

QUEUE = "kept-in-order"
STEP = timedelta(seconds=20)
ATTEMPTS = 5  # on a machine that is busy the moment may be missed


class Moments:
    """What diary, steps and test wait for: a query that begins while an entry is written, and ends after it."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.looked_at, self.written, self.more = (threading.Event() for _ in range(3))


moments = Moments()


@activity.defn
def write_down(entry: int) -> None:
    if entry == 1:
        time.sleep(1)  # meanwhile the next thing happens, and somebody wants to look: both wait for the next task
    elif entry == 2:
        moments.looked_at.wait(5)
        moments.written.set()


@activity.defn
def post() -> None:
    """A letter."""


@workflow.defn
class Diary:
    """Writes down what is new, as a case does its story; then posts a letter beside it."""

    def __init__(self) -> None:
        self.news = self.written = 0
        self.post: list[asyncio.Task[None]] = []

    @workflow.run
    async def run(self, entries: int) -> int:
        while self.written < entries:
            await workflow.wait_condition(lambda: self.news > self.written)
            while self.news > self.written:
                now = self.news
                await workflow.execute_local_activity(write_down, now, start_to_close_timeout=STEP)
                self.written = now
            self.post.append(asyncio.create_task(workflow.execute_activity(post, start_to_close_timeout=STEP)))
        await asyncio.gather(*self.post)
        return self.written

    @workflow.signal
    def happens(self) -> None:
        self.news += 1

    @workflow.query
    def looked_at(self) -> int:
        if self.news == 2:
            moments.looked_at.set()
            moments.written.wait(0.5)
            moments.more.wait(0.5)
            time.sleep(0.3)  # the SDK calls what takes two seconds a deadlock
        return self.written


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    settings = Settings(home=tmp_path, grpc_port=free_port(), ui_port=free_port(), synchronous="normal")
    async with embedded_server(settings, {}, ui=False) as server:
        yield await Client.connect(server.address.grpc)


async def looked_at_while_it_writes(client: Client, runner: WorkflowRunner) -> list[WorkflowHistory]:
    """The histories of diaries at which somebody looked in the middle of an entry, while another thing happened."""
    histories = []
    with ThreadPoolExecutor(4) as threads:
        worker = Worker(
            client,
            task_queue=QUEUE,
            workflows=[Diary],
            activities=[write_down, post],
            activity_executor=threads,
            workflow_runner=runner,
        )
        async with worker:
            for attempt in range(ATTEMPTS):
                moments.begin()
                handle = await client.start_workflow(Diary.run, 3, id=f"diary-{attempt}", task_queue=QUEUE)
                await handle.query("looked_at")  # it has begun, and is idle
                await handle.signal("happens")
                await asyncio.sleep(0.2)
                looking = asyncio.create_task(handle.query("looked_at"))
                await handle.signal("happens")
                await asyncio.to_thread(moments.looked_at.wait, 5)
                await handle.signal("happens")
                moments.more.set()
                await looking
                assert await handle.result() == 3
                histories.append(await handle.fetch_history())
                if await trouble_in_replay(histories[-1]) or tasks_taken_again(histories[-1]):
                    break
    return histories


async def trouble_in_replay(history: WorkflowHistory) -> str:
    replayer = Replayer(workflows=[Diary], workflow_runner=UnsandboxedWorkflowRunner())
    return str((await replayer.replay_workflow(history, raise_on_replay_failure=False)).replay_failure or "")


def tasks_taken_again(history: WorkflowHistory) -> int:
    return reasons(history.events).count(TAKEN_AGAIN)


async def test_the_sdk_makes_a_history_that_cannot_be_replayed(client: Client) -> None:
    """The defect itself: when this fails, the SDK is mended."""
    *_, last = await looked_at_while_it_writes(client, UnsandboxedWorkflowRunner())

    assert "Nondeterminism" in await trouble_in_replay(last)


async def test_in_our_workers_a_task_with_a_late_result_is_taken_again_and_the_history_can_be_replayed(
    client: Client,
) -> None:
    *before, last = await looked_at_while_it_writes(client, InHistoryOrder(UnsandboxedWorkflowRunner()))

    assert [await trouble_in_replay(history) for history in (*before, last)] == [""] * (len(before) + 1)
    assert tasks_taken_again(last) >= 1


def handed_out(*, late: bool, with_news: bool, in_replay: bool) -> bool:
    """Whether the story is told of a local activity's result, which began when the history had ten events."""
    told: list[WorkflowActivation] = []

    def activate(activation: WorkflowActivation) -> WorkflowActivationCompletion:
        told.append(activation)
        completion = WorkflowActivationCompletion()
        completion.successful.commands.add().schedule_local_activity.seq = 1
        return completion

    class Told(UnsandboxedWorkflowRunner):
        def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:  # noqa: ARG002
            instance: WorkflowInstance = SimpleNamespace(activate=activate)  # type: ignore[assignment]
            return instance

    details: WorkflowInstanceDetails = None  # type: ignore[assignment]
    looking = InHistoryOrder(Told()).create_instance(details)
    looking.activate(WorkflowActivation(history_length=10))
    second = WorkflowActivation(history_length=20 if late else 10, is_replaying=in_replay)
    second.jobs.add().resolve_activity.MergeFrom(ResolveActivity(seq=1, is_local=True))
    second.jobs.add().query_workflow.query_id = "q"
    if with_news:
        second.jobs.add().signal_workflow.signal_name = "add_comment"
    with suppress(LateResultError):
        looking.activate(second)
    return len(told) == 2


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("with_news", [False, True])
@pytest.mark.parametrize("in_replay", [False, True])
def test_only_a_late_result_with_other_news_that_is_no_replay_is_not_handed_out(late, with_news, in_replay):
    is_told = handed_out(late=late, with_news=with_news, in_replay=in_replay)

    assert is_told is not (late and with_news and not in_replay)
