"""Everything that must agree about Temporal: the connection, the data converter, the workers, the replayer.

Nothing else builds a client or a worker.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine
from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError
from temporalio.worker import Interceptor, Replayer, UnsandboxedWorkflowRunner, Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.delegation import DelegationSteps
from activities.filing import FilingSteps
from activities.ledger import LedgerSteps
from activities.letters import LetterSteps
from activities.reports import ReportSteps
from activities.upkeep import UpkeepSteps
from records import database
from records.errors import RecordsError
from wiring.casekeys import open_case_keys, see_to_a_plan_key
from wiring.correlation import Correlated
from wiring.encryption import HEADERS, PLAIN, encrypting
from wiring.errors import TemporalError
from wiring.lateresults import InHistoryOrder
from wiring.settings import Settings
from workflows import CASES, LETTERS, QUEUES
from workflows.delegated import DelegatedDecisionWorkflow
from workflows.guard import GuardSignals
from workflows.quarterly_report import QuarterlyReportWorkflow, ReportDayWorkflow
from workflows.second_opinion import SecondOpinionWorkflow
from workflows.third_opinion import ThirdOpinionWorkflow
from workflows.upkeep import ReconciliationWorkflow

__all__ = ["Steps", "TemporalError", "build_replayer", "connect", "named_cluster", "running_workers", "sandboxed"]

WORKFLOWS = [
    SecondOpinionWorkflow,
    ThirdOpinionWorkflow,
    DelegatedDecisionWorkflow,
    ReconciliationWorkflow,
    QuarterlyReportWorkflow,
    ReportDayWorkflow,
]
THREADS = 4  # two cores typeset and write; more threads only queue at the database and the interpreter


@dataclass(frozen=True)
class Steps:
    """The activities, with the world behind their ports."""

    ledger: LedgerSteps
    letters: LetterSteps
    filing: FilingSteps
    delegation: DelegationSteps | None = None  # None: a stage that plays no delegated decisions
    upkeep: UpkeepSteps | None = None  # it needs a client, which the world has not: who runs a worker adds it
    reports: ReportSteps | None = None  # None: a stage that makes no reports


def named_cluster() -> str | None:
    """The address in Temporal's own environment configuration (variables or file), if it names one.

    Raises TemporalError for a configuration that cannot be read.
    """
    try:
        return ClientConfig.load_client_connect_config().get("target_host") or None
    except OSError as trouble:
        what = f"{trouble.filename}: {trouble.strerror}"
        raise TemporalError(f"A key or certificate of Temporal's environment cannot be read: {what}.") from trouble
    except (RuntimeError, ValueError) as trouble:
        raise TemporalError(f"Temporal's environment configuration cannot be read: {trouble}.") from trouble


async def connect(settings: Settings, address: str | None = None, *, records: Engine | None = None) -> Client:
    """A client of the named cluster, else of the embedded server; what it sends is encrypted.

    ``records`` hold the keys of cases; those of the settings are opened where none are given. Raises TemporalError when
    there is no answer, and KeyRingError, which is one, without the plan's key.
    """
    cluster = named_cluster()
    if cluster:
        config = ClientConfig.load_client_connect_config()
    else:
        config = {"target_host": address or f"127.0.0.1:{settings.grpc_port}"}
    try:
        if records is None:
            records = await asyncio.to_thread(database.open_records, settings.records_url)
        converter = encrypting(open_case_keys(settings, records))
        client = await Client.connect(
            **config, data_converter=converter, header_codec_behavior=HEADERS, interceptors=[Correlated()]
        )
        await asyncio.to_thread(see_to_a_plan_key, settings, records, may_make=cluster is None)
    except RecordsError as trouble:
        raise TemporalError(f"The keys of cases cannot be read. {trouble}") from trouble
    except (RPCError, RuntimeError, OSError) as trouble:
        where = config.get("target_host", "")
        mend = "check TEMPORAL_ADDRESS and its TLS and API key" if cluster else "start it with: second-opinion server"
        raise TemporalError(f"No Temporal server answers at {where}; {mend}.") from trouble
    return client


def sandboxed() -> WorkflowRunner:
    """The SDK's sandbox, with the rules and the steps passed through. Tests run in it."""
    passed = ("policy", "activities", "pydantic", "joserfc", "cryptography")
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*passed)
    return SandboxedWorkflowRunner(restrictions=restrictions)


def build_replayer(*onlookers: Interceptor, converter: DataConverter = PLAIN) -> Replayer:
    """Replays recorded histories against the present story. Tests bring onlookers.

    ``converter`` reads them: what is encrypted needs its keys, what was recorded plain needs none.
    """
    return Replayer(
        workflows=WORKFLOWS,
        data_converter=converter,
        header_codec_behavior=HEADERS,
        interceptors=[GuardSignals(), *onlookers],
        workflow_runner=sandboxed(),
    )


@asynccontextmanager
async def running_workers(
    client: Client,
    steps: Steps,
    queues: Sequence[str] = tuple(QUEUES.values()),
    *,
    runner: WorkflowRunner | None = None,
    max_cached_cases: int = 1000,
) -> AsyncIterator[list[Worker]]:
    """Workers for the given task queues, polling until the block ends; what is under way is finished first.

    Without the sandbox unless a ``runner`` is given: the import contracts prove that the story touches nothing, and a
    case that has slept for days wakes in half the time (docs/adr/0003).
    """
    with ThreadPoolExecutor(THREADS, thread_name_prefix="steps") as threads:
        async with AsyncExitStack() as stack:
            workers = [_build_worker(client, steps, queue, threads, runner, max_cached_cases) for queue in queues]
            for worker in workers:
                await stack.enter_async_context(worker)
            yield workers


def _build_worker(
    client: Client,
    steps: Steps,
    queue: str,
    threads: ThreadPoolExecutor,
    runner: WorkflowRunner | None,
    max_cached_cases: int,
) -> Worker:
    if queue == CASES:
        ledger = steps.ledger
        return Worker(
            client,
            task_queue=CASES,
            workflows=WORKFLOWS,
            activities=[
                ledger.record,
                ledger.give_up,
                ledger.present_to_case_manager,
                ledger.present_to_physician,
                ledger.present_to_consultant,
                *_delegation(steps.delegation),
                *([steps.upkeep.reconcile] if steps.upkeep else []),
                *_recording_reports(steps.reports),
            ],
            activity_executor=threads,
            interceptors=[GuardSignals()],
            workflow_runner=InHistoryOrder(runner or UnsandboxedWorkflowRunner()),
            max_cached_workflows=max_cached_cases,
        )
    letters, filing = steps.letters, steps.filing
    return Worker(
        client,
        task_queue=LETTERS,
        activities=[
            letters.ask_for_information,
            letters.notify_parties,
            letters.refer_to_opinion_physician,
            letters.share_report,
            filing.file_packet,
            filing.send_to_mhc,
            *_making_reports(steps.reports),
        ],
        activity_executor=threads,
        # No more than there are threads: a burst of packets to file must not stand before the ledger in the queue, or
        # workflow tasks that wait for their line take longer than they may.
        max_concurrent_activities=THREADS,
    )


def _delegation(steps: DelegationSteps | None) -> list[Callable[..., Any]]:
    return [steps.record_delegated, steps.open_for_review] if steps else []


def _recording_reports(steps: ReportSteps | None) -> list[Callable[..., Any]]:
    return [steps.record_committee, steps.report_is_finished, steps.report_terms] if steps else []


def _making_reports(steps: ReportSteps | None) -> list[Callable[..., Any]]:
    if steps is None:
        return []
    return [steps.gather_report, steps.reconcile_report, steps.render_report, steps.write_for_committee]
