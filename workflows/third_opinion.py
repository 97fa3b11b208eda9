"""A third opinion, in a case of its own. Policy 90.2.17, Third Opinion 1 and 2; Procedure 6.a to 8.

Staff act on it through the same doors as on any case. It is opened by the case that it belongs to, and gives it the
report.
"""

from temporalio import workflow
from temporalio.exceptions import is_cancelled_exception

from policy import filing
from policy.lifecycle import Stage
from policy.third_opinion import ThirdGiven, brought_home, called_off
from workflows.carrying import CarriesOut
from workflows.messages import ThirdOpening


@workflow.defn
class ThirdOpinionWorkflow(CarriesOut):
    """The life of one third opinion: placed with a physician, reported, shared, and brought home."""

    @workflow.init
    def __init__(self, opening: ThirdOpening) -> None:
        super().__init__(opening.case, opening.case if opening.is_resumed else None)

    @workflow.run
    async def run(self, opening: ThirdOpening) -> ThirdGiven:  # noqa: ARG002 - consumed by __init__
        """Placement, report, letters; then it is closed, and filed with the case that it belongs to."""
        try:
            await self._until(lambda case: case.stage is Stage.FILING and bool(filing.may_file(case)))
        except BaseException as trouble:
            if is_cancelled_exception(trouble):
                await self._is_called_off()
            raise
        self.case = filing.joined(self.case, workflow.now())
        await self._ends()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return brought_home(self.case)

    async def _is_called_off(self) -> None:
        """Nobody has to do anything for it any more, and the work lists say so."""
        self.case = called_off(self.case, workflow.now())
        await self._ends()

    async def _ends(self) -> None:
        await self._record()
        self._show()
        self._deadline.move(None)

    def _opening_anew(self) -> ThirdOpening:
        return ThirdOpening(case=self.case, is_resumed=True)
