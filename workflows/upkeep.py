"""What is done about all cases at night, begun by a schedule: the records are held against Temporal, and mended."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from activities.upkeep import Tally, UpkeepSteps

WITHIN = timedelta(hours=6)  # 20,000 cases take minutes
SILENT_FOR = timedelta(minutes=1)
AGAIN = RetryPolicy(initial_interval=timedelta(seconds=30), maximum_interval=timedelta(minutes=10), maximum_attempts=12)


@workflow.defn
class ReconciliationWorkflow:
    """One reconciliation of all cases. What it leaves is before the supervisor; its result says how many."""

    @workflow.run
    async def run(self) -> Tally:
        """Reconcile; with the records or a worker away, again after a while."""
        return await workflow.execute_activity_method(
            UpkeepSteps.reconcile,
            summary="Hold the records against Temporal",
            start_to_close_timeout=WITHIN,
            heartbeat_timeout=SILENT_FOR,
            retry_policy=AGAIN,
        )
