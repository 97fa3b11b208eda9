"""The kinds of story that a workflow can tell, as whoever sets one going anew must know them."""

import asyncio
from datetime import datetime
from typing import Protocol, TypeVar

from temporalio.client import Client, WorkflowHandle
from temporalio.common import Priority as TaskPriority
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from policy.case import GENERATION, Case, open_case
from policy.committee.file import CommitteeFile
from policy.committee.intervening import report_set_going
from policy.committee.order import is_report_number
from policy.delegatecase import DelegatedCase, receive_packet
from policy.intervening import delegated_set_going, set_going
from policy.request import Priority
from policy.third_opinion import ThirdGiven
from records.committees import file_of
from records.delegated import one, packet_of
from wiring.delegated import BEHIND
from wiring.desk import ORDINARY, URGENT
from wiring.world import World
from workflows import CASES, workflow_id
from workflows.delegated import DelegatedClosing, DelegatedDecisionWorkflow, DelegatedOpening
from workflows.delegatedview import at_start as delegated_at_start
from workflows.inspection import at_start, words
from workflows.messages import Closing, Opening
from workflows.quarterly_report import QuarterlyReportWorkflow, ReportClosing, ReportOpening, report_workflow_id
from workflows.second_opinion import SecondOpinionWorkflow

OneCase = TypeVar("OneCase", Case, DelegatedCase, CommitteeFile)
LONGEST_SUMMARY = 190


class Story(Protocol[OneCase]):
    """How a kind of case is asked, set going, and begun anew."""

    async def of_run(self, client: Client, number: str, run_id: str) -> OneCase:
        """The case as a run has it, or left it. Raises what a query raises."""

    async def from_the_register(self, number: str) -> OneCase | None:
        """The case as its request or packet begins it; None where that was never registered. Raises RecordsError.

        A report is kept whole: it comes as it was told last.
        """

    def going_on(self, case: OneCase, recorded: int, why: str, now: datetime, third: ThirdGiven | None) -> OneCase:
        """The case as a new run goes on with it."""

    async def start(self, client: Client, case: OneCase) -> None:
        """A new run. Raises WorkflowAlreadyStartedError where one runs."""


class CaseStory:
    """Of a request."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def of_run(self, client: Client, number: str, run_id: str) -> Case:
        """The case as a run has it, or left it."""
        handle: WorkflowHandle[SecondOpinionWorkflow, Closing] = client.get_workflow_handle_for(
            SecondOpinionWorkflow.run, workflow_id(number), run_id=run_id
        )
        return await handle.query(SecondOpinionWorkflow.whole_case)

    async def from_the_register(self, number: str) -> Case | None:
        """The case as its request begins it."""
        found = await asyncio.to_thread(self._world.register.registered, number)
        if found is None:
            return None
        request, received_at = found
        return open_case(number, request, received_at, generation=GENERATION, trust=self._world.trust)

    def going_on(self, case: Case, recorded: int, why: str, now: datetime, third: ThirdGiven | None) -> Case:
        """The case as a new run goes on with it."""
        return set_going(case, recorded, why, now, third)

    async def start(self, client: Client, case: Case) -> None:
        """A new run."""
        urgent = case.priority is not Priority.STANDARD or case.request.imminent_threat
        opening = Opening(
            case_number=case.number,
            request=case.request,
            received_at=case.received_at,
            generation=case.generation,
            trust=case.trust,
            resumed=case,
            is_set_going=True,
        )
        about = f"{case.number}: set going anew, {words(case.request.line)}, {case.request.specialty}"
        await client.start_workflow(
            SecondOpinionWorkflow.run,
            opening,
            id=workflow_id(case.number),
            task_queue=CASES,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            search_attributes=at_start(case),
            priority=TaskPriority(priority_key=URGENT if urgent else ORDINARY),
            static_summary=about[:LONGEST_SUMMARY],
        )


class DelegatedStory:
    """Of a delegate's decision."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def of_run(self, client: Client, number: str, run_id: str) -> DelegatedCase:
        """The case as a run has it, or left it."""
        handle: WorkflowHandle[DelegatedDecisionWorkflow, DelegatedClosing] = client.get_workflow_handle_for(
            DelegatedDecisionWorkflow.run, workflow_id(number), run_id=run_id
        )
        return await handle.query(DelegatedDecisionWorkflow.whole_case)

    async def from_the_register(self, number: str) -> DelegatedCase | None:
        """The case as its packet begins it."""
        packet = await asyncio.to_thread(packet_of, self._world.records, number)
        found = await asyncio.to_thread(one, self._world.records, number)
        if packet is None or found is None:
            return None
        row = found.case
        return receive_packet(number, packet, row.received_at, match=row.match, trust=self._world.trust)

    def going_on(
        self, case: DelegatedCase, recorded: int, why: str, now: datetime, third: ThirdGiven | None
    ) -> DelegatedCase:
        """The case as a new run goes on with it; it never has a third opinion."""
        del third
        return delegated_set_going(case, recorded, why, now)

    async def start(self, client: Client, case: DelegatedCase) -> None:
        """A new run."""
        packet = case.packet
        opening = DelegatedOpening(
            number=case.number,
            packet=packet,
            received_at=case.received_at,
            match=case.match,
            trust=case.trust,
            resumed=case,
            is_set_going=True,
        )
        about = f"{case.number}: set going anew, {packet.outcome} by {packet.delegate.organization}"
        await client.start_workflow(
            DelegatedDecisionWorkflow.run,
            opening,
            id=workflow_id(case.number),
            task_queue=CASES,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            search_attributes=delegated_at_start(case),
            priority=TaskPriority(priority_key=BEHIND),
            static_summary=about[:LONGEST_SUMMARY],
        )


class ReportStory:
    """Of a report before the committees."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def of_run(self, client: Client, number: str, run_id: str) -> CommitteeFile:
        """The file as a run has it, or left it."""
        handle: WorkflowHandle[QuarterlyReportWorkflow, ReportClosing] = client.get_workflow_handle_for(
            QuarterlyReportWorkflow.run, report_workflow_id(number), run_id=run_id
        )
        return await handle.query(QuarterlyReportWorkflow.whole_file)

    async def from_the_register(self, number: str) -> CommitteeFile | None:
        """The file as the records hold it."""
        return await asyncio.to_thread(file_of, self._world.records, number)

    def going_on(
        self, case: CommitteeFile, recorded: int, why: str, now: datetime, third: ThirdGiven | None
    ) -> CommitteeFile:
        """The file as a new run goes on with it; it never has a third opinion."""
        del third
        return report_set_going(case, recorded, why, now)

    async def start(self, client: Client, case: CommitteeFile) -> None:
        """A new run."""
        await client.start_workflow(
            QuarterlyReportWorkflow.run,
            ReportOpening(order=case.order, trust=case.trust, resumed=case, is_set_going=True),
            id=report_workflow_id(case.number),
            task_queue=CASES,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            static_summary=f"The committees' report of {case.number}: set going anew"[:LONGEST_SUMMARY],
        )


def story_of(world: World, number: str) -> CaseStory | DelegatedStory | ReportStory:
    """The kind that a number belongs to."""
    if is_report_number(number):
        return ReportStory(world)
    return DelegatedStory(world) if number.startswith("DD-") else CaseStory(world)
