"""What the hunt must find: marks in clear at every kind of place, put there by people who pass our doors by."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import activity, workflow
from temporalio.api.namespace.v1 import UpdateNamespaceInfo
from temporalio.api.workflowservice.v1 import UpdateNamespaceRequest
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy, SearchAttributePair, TypedSearchAttributes
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from tests.hunt.marks import Marks, Whose
from tests.hunt.places import plainly
from workflows import workflow_id
from workflows.inspection import STAGE

ONCE = RetryPolicy(maximum_attempts=1)


@activity.defn
async def fails(text: str) -> None:
    raise RuntimeError(f"could not send {text}")


@workflow.defn
class Bait:
    """A workflow that keeps everything in clear, as a careless one would."""

    @workflow.run
    async def run(self, text: str) -> None:
        workflow.set_current_details(text)
        if text.startswith("wait"):
            await workflow.wait_condition(lambda: False)
        await workflow.execute_activity(
            fails, text, summary=text, start_to_close_timeout=timedelta(seconds=5), retry_policy=ONCE
        )


class Planter:
    """Plants marks; ``word`` gives the next one."""

    def __init__(self, marks: Marks, address: str, home: Path) -> None:
        self._marks = marks
        self._address = address
        self._home = home

    def word(self, about: str) -> str:
        return self._marks.word(about, Whose.PLANTED)

    @asynccontextmanager
    async def planted(self) -> AsyncIterator[None]:
        """While the block lasts the careless workflows run, and somebody polls their queue."""
        client = await Client.connect(self._address, identity=self.word("an identity"))
        queue = self.word("a task queue")
        async with Worker(
            client, task_queue=queue, workflows=[Bait], activities=[fails], workflow_runner=UnsandboxedWorkflowRunner()
        ):
            await self._fails(client, queue)
            await self._waits(client, queue)
            await self._is_terminated(client, queue)
            info = UpdateNamespaceInfo(data={"owner": self.word("a namespace")})
            of = UpdateNamespaceRequest(namespace=client.namespace, update_info=info)
            await client.workflow_service.update_namespace(of)
            await asyncio.to_thread(self._files)
            yield

    async def _fails(self, client: Client, queue: str) -> None:
        handle = await client.start_workflow(
            Bait.run, self.word("an argument"), id=f"so-{self.word('a workflow id')}", task_queue=queue
        )
        try:
            await handle.result()
        except WorkflowFailureError:
            return
        raise AssertionError("it did not fail")

    async def _waits(self, client: Client, queue: str) -> None:
        handle = await client.start_workflow(
            Bait.run,
            f"wait {self.word('current details')}",
            id="so-bait",
            task_queue=queue,
            memo={self.word("a memo's key"): self.word("a memo")},
            static_summary=self.word("a summary"),
            search_attributes=TypedSearchAttributes([SearchAttributePair(STAGE, self.word("a search attribute"))]),
        )
        await handle.signal(self.word("a signal's name"), self.word("a signal"))

    async def _is_terminated(self, client: Client, queue: str) -> None:
        cancelled = await client.start_workflow(Bait.run, "wait", id="so-bait-3", task_queue=queue)
        await cancelled.cancel()
        handle = await client.start_workflow(Bait.run, "wait", id="so-bait-2", task_queue=queue)
        await handle.terminate(reason=self.word("a reason"))

    def _files(self) -> None:
        (self._home / f"{self.word('the name of a file')}.txt").write_text(self.word("a file"), encoding="utf-16")
        with (self._home / "temporal.log").open("a", encoding="utf-8") as log:
            log.write(json.dumps({"msg": self.word("the server's log")}) + "\n")
        logging.getLogger("wiring.hunt").info("hunt.planted", extra={"letter": self.word("our log")})


def past_our_doors(marks: Marks, address: str, number: str) -> None:
    """The plain command sends a case JSON that nobody encrypted: what was typed stands in its history, as typed."""

    def word(about: str) -> str:
        return marks.word(about, Whose.TYPED)

    case = ("-w", workflow_id(number))
    body: dict[str, Any] = {"action_id": word("an action's id"), word("a field"): word("its value")}
    plainly(address, "workflow", "signal", *case, "--name", "determine", "--input", json.dumps(body))
    plainly(address, "workflow", "signal", *case, "--name", word("a signal"), "--input", json.dumps(body))
    plainly(address, "workflow", "update", "execute", *case, "--name", "act", "--input", json.dumps(body))
    plainly(address, "workflow", "query", *case, "--name", "receipt", "--input", json.dumps(word("a query")))
