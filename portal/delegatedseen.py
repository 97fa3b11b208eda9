"""What the pages show of a delegated decision: the records, and the live case where its workflow answers. P10."""

import asyncio
import logging
from typing import Any

from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError

from policy.acceptance import may_be_opened
from policy.delegateactions import NoteCorrectiveAction, PullUpCase, SupplementCopy, WaiveFinding
from policy.delegatecase import Compliance, DelegatedCase, DelegatedState
from policy.delegated import DelegatedPacket
from policy.delegatefindings import Check, Finding, Result, Settled
from policy.particulars import StoryEntry
from policy.people import Actor
from policy.verdict import Value
from portal.access import may_do_delegated
from portal.house import House
from portal.pages import now
from portal.session import NotFound, Visit
from records import delegated
from records.delegated import DelegatedFile, FindingRow
from records.readings import READ
from records.rows import LedgerRow
from records.statements import FIRST_LATE
from wiring.delegated import DelegationDesk
from wiring.temporal import TemporalError
from workflows.inspection import words

log = logging.getLogger(__name__)

CODED = ("clock:", "notice:", "delegated:received")  # lines that the machine tells, in its own codes
ANSWER_WITHIN = 3.0  # seconds; then the page is shown without what only the workflow knows


class Seen(Value):
    """A delegated decision as it can be seen now; ``case`` is None while its workflow does not answer."""

    file: DelegatedFile
    packet: DelegatedPacket
    case: DelegatedCase | None

    @property
    def number(self) -> str:
        """Its number."""
        return self.file.case.number

    @property
    def state(self) -> DelegatedState:
        """Where it stands."""
        return self.case.state if self.case else self.file.case.state

    @property
    def compliance(self) -> Compliance | None:
        """How it ended; None while something is open."""
        return self.case.compliance if self.case else self.file.case.compliance

    @property
    def escalated(self) -> bool:
        """Whether it stands before the supervisor."""
        return self.case.escalated if self.case else self.file.case.escalated

    @property
    def pulled_up_as(self) -> str:
        """The number of the plan's own case; empty while there is none."""
        live = self.case.pulled_up.case_number if self.case and self.case.pulled_up else ""
        return live or self.file.case.pulled_up_as

    @property
    def is_pulled_up(self) -> bool:
        """Whether the plan reviews the request itself, or is about to."""
        return bool(self.pulled_up_as or (self.case and self.case.pulled_up))

    @property
    def findings(self) -> tuple[FindingRow, ...]:
        """Every check, in the order in which they are made."""
        return tuple(_row(f) for f in self.case.findings) if self.case else self.file.findings

    @property
    def failed(self) -> tuple[FindingRow, ...]:
        """What was found wrong, what is still open first."""
        found = [f for f in self.findings if f.result is Result.FAILED]
        return tuple(sorted(found, key=lambda f: f.settled is not Settled.OPEN))

    @property
    def others(self) -> tuple[FindingRow, ...]:
        """The checks that were passed, or not asked for."""
        return tuple(f for f in self.findings if f.result is not Result.FAILED)

    @property
    def open_checks(self) -> tuple[Check, ...]:
        """What waits for an answer."""
        return tuple(f.code for f in self.findings if f.settled is Settled.OPEN)

    @property
    def story(self) -> tuple[LedgerRow | StoryEntry, ...]:
        """The ledger, and the lines that have not reached it yet; the newest first."""
        last = max((line.seq for line in self.file.ledger if line.seq < FIRST_LATE), default=0)
        late = [line for line in self.file.ledger if line.seq >= FIRST_LATE and line.event != READ]
        fresh = [e for e in (self.case.story if self.case else ()) if e.seq > last]
        return (*reversed(late), *reversed(fresh), *reversed([x for x in self.file.ledger if x.seq < FIRST_LATE]))


async def seen(visit: Visit, number: str, *, with_names: bool = False) -> Seen:
    """A delegated decision, by its number or the delegate's reference. Raises NotFound. That it is read is noted."""
    records = visit.house.world.records
    meant = await asyncio.to_thread(delegated.find_number, records, number)
    file = await asyncio.to_thread(delegated.one, records, meant, with_names=with_names) if meant else None
    packet = await asyncio.to_thread(delegated.packet_of, records, meant) if meant else None
    if file is None or packet is None:
        raise NotFound
    log.info("delegated.read", extra={"staff": visit.actor.id, "case": file.case.number})
    case = await live(visit.house, file.case.number)
    return Seen(file=file, packet=case.packet if case else packet, case=case)


async def desk_of(house: House) -> DelegationDesk:
    """The desk for delegated decisions. Raises TemporalError when no server answers."""
    await house.desk()
    if house.client is None:
        raise TemporalError("The Temporal server does not answer; try again.")
    return DelegationDesk(house.client, house.world)


async def live(house: House, number: str) -> DelegatedCase | None:
    """The case, when its workflow answers soon; None otherwise."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            return await (await desk_of(house)).case(number)
    except (TemporalError, RPCError, WorkflowQueryFailedError, TimeoutError):
        return None


def offers(actor: Actor, found: Seen) -> tuple[str, ...]:
    """The actions that are this person's and fit now; the decision itself decides again."""
    closed = found.state is DelegatedState.CLOSED
    fits = {
        SupplementCopy.SIGNAL: found.state is DelegatedState.DEFICIENT,
        NoteCorrectiveAction.SIGNAL: True,
        WaiveFinding.SIGNAL: bool(found.open_checks) and not closed,
        PullUpCase.SIGNAL: not found.is_pulled_up and bool(may_be_opened(found.packet, now())),
    }
    return tuple(signal for signal, now_ in fits.items() if now_ and may_do_delegated(actor, signal))


def told(line: LedgerRow | StoryEntry) -> str:
    """A line of the story to read: codes as words; what a person wrote stays as it is."""
    head, colon, rest = line.text.partition(": ")
    if colon and head in tuple(Check):
        return f"{words(head).capitalize()}: {rest}"
    return words(line.text) if line.event.startswith(CODED) and not line.actor else line.text


def _row(finding: Finding) -> FindingRow:
    given: dict[str, Any] = {**finding.model_dump(exclude={"check"}), "code": finding.check}
    return FindingRow(**given, part=finding.part, severity=finding.severity, counts=finding.counts_against)
