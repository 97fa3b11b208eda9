"""The bare workflow: what a plain author would write for the same procedure, with nothing behind it.

The same four human actions; eight trivial activities (put before the case manager, the physician, and for placement;
notify; refer; share the report; code; file); a timer for each of the four waits; three search-attribute upserts.
No rules, no records, no letters, no files.
"""

from collections.abc import Callable
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import SearchAttributeKey

STAGE = SearchAttributeKey.for_keyword("CaseStage")
QUEUE = "bare"
ACTIONS = ("confirm", "determine", "place", "report")


class BareSteps:
    """Activities that do nothing."""

    @activity.defn
    async def bare_step(self, name: str) -> None:
        """One trivial step."""


# Called when a case begins to wait for an action, so that the benchmark's people act when they are waited for, as they
# do on ours. No workflow may do such a thing; this one runs without the sandbox, in the benchmark only.
on_wait: list[Callable[[str, str], None]] = []


@workflow.defn
class BareWorkflow:
    """Four waits and eight steps."""

    def __init__(self) -> None:
        self._done: set[str] = set()

    @workflow.run
    async def run(self) -> str:
        """The shape of the straightforward approval."""
        await self._step("case manager")
        await self._wait("confirm")
        self._show("physician_review")
        await self._step("physician")
        await self._wait("determine")
        self._show("placement")
        await self._step("notify")
        await self._step("placement")
        await self._wait("place")
        self._show("consultation_report")
        await self._step("refer")
        await self._wait("report")
        await self._step("share")
        await self._step("code")
        await self._step("file")
        return "approved"

    @workflow.signal
    def act(self, action: str) -> None:
        """A human action."""
        self._done.add(action)

    async def _step(self, name: str) -> None:
        await workflow.execute_activity_method(BareSteps.bare_step, name, start_to_close_timeout=timedelta(minutes=2))

    async def _wait(self, action: str) -> None:
        if not workflow.unsafe.is_replaying():
            for tell in on_wait:
                tell(workflow.info().workflow_id, action)
        try:
            await workflow.wait_condition(lambda: action in self._done, timeout=timedelta(days=5))
        except TimeoutError:
            await workflow.wait_condition(lambda: action in self._done)

    def _show(self, stage: str) -> None:
        workflow.upsert_search_attributes([STAGE.value_set(stage)])
