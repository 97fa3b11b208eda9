"""Hand-written stand-ins for the world behind the ports: they remember what they were asked."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from policy.channels import Attempt, Channel, Result, StillTrying
from policy.coding import MhcRow
from policy.committee.file import Stored
from policy.committee.order import ReportOrder
from policy.committee.transition import CommitteeTransition
from policy.delegatetransition import DelegatedTransition
from policy.dispatch import Delivery
from policy.filing import Packet
from policy.letter import Letter
from policy.nomination import StaffMember
from policy.particulars import Filing
from policy.report.period import Period
from policy.report.shape import CommitteeReport, EarlierAction, Reconciliation
from policy.request import Request
from policy.tasks import HumanTask
from policy.transition import GivenUp, Transition
from tests.builders import MONDAY
from tests.committees import a_report


class FakeLedger:
    """Remembers every transition, and fails as often as it is told to."""

    def __init__(self) -> None:
        self.transitions: list[Transition] = []
        self.given_up: dict[str, GivenUp] = {}
        self.failures = 0

    def give_up(self, given_up: GivenUp) -> None:
        self.given_up.setdefault(given_up.case_number, given_up)

    def record(self, transition: Transition) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("the records are away")
        self.transitions.append(transition)

    def lines(self, case_number: str) -> list[int]:
        """The numbers of the ledger's lines, each once, in order."""
        return sorted({e.seq for t in self.transitions if t.case_number == case_number for e in t.entries})

    def events(self, case_number: str) -> list[str]:
        """What the ledger says happened, each line once, in order."""
        lines = {e.seq: e.event for t in self.transitions if t.case_number == case_number for e in t.entries}
        return [lines[seq] for seq in sorted(lines)]

    def open_task(self, case_number: str) -> HumanTask | None:
        """The open task that was put on a work list last."""
        tasks = {k.id: k for t in self.transitions if t.case_number == case_number for k in t.tasks}
        return next((k for k in reversed(tasks.values()) if k.is_open), None)


class FakePanel:
    """Says who is on the panel: whoever a test puts there."""

    def __init__(self, *staff: StaffMember) -> None:
        self.staff = staff

    def candidates(self, task: HumanTask) -> tuple[StaffMember, ...]:
        return tuple(member for member in self.staff if task.is_for(member.actor))


class FakeMailroom:
    """Remembers letters by key; one that is posted twice has left once. Channels that are ``down`` take nothing."""

    def __init__(self) -> None:
        self.letters: dict[str, Letter] = {}
        self.failures = 0
        self.down: set[Channel] = set()
        self.missing: set[Channel] = set()

    def post(self, letter: Letter) -> Delivery:
        if self.failures:
            self.failures -= 1
            raise OSError("no paper")
        letter = letter.model_copy(update={"routes": tuple(r for r in letter.routes if r.channel not in self.missing)})
        if letter.routes and letter.routes[0].channel in self.down:
            raise StillTrying
        self.letters.setdefault(letter.key, letter)
        digest = hashlib.sha256(letter.key.encode()).hexdigest()
        first = letter.routes[:1]
        left = tuple(Attempt(channel=r.channel, at=MONDAY, result=Result.LEFT, proof="fake") for r in first)
        return Delivery(key=letter.key, document=f"{letter.file_name}.pdf", sha256=digest, attempts=left)

    def sent(self) -> list[str]:
        """``kind to recipient`` of each letter, in order."""
        return [" to ".join(key.split("/")[1::2]) for key in self.letters]


class FakeCabinet:
    """Remembers packets by case."""

    def __init__(self) -> None:
        self.packets: dict[str, Packet] = {}

    def file(self, packet: Packet) -> Filing:
        self.packets.setdefault(packet.case_number, packet)
        path = f"{packet.folder}/{packet.file_name}"
        return Filing(path=path, sha256="0" * 64, pages=1, filed_at=packet.filed_at)


class FakeMhcFeed:
    """Remembers rows by id."""

    def __init__(self) -> None:
        self.rows: dict[str, MhcRow] = {}

    def append(self, row: MhcRow) -> None:
        self.rows.setdefault(row.row_id, row)


class FakeDelegatedLedger:
    """Remembers every transition of delegated decisions, and fails as often as it is told to."""

    def __init__(self) -> None:
        self.transitions: list[DelegatedTransition] = []
        self.failures = 0

    def record(self, transition: DelegatedTransition) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("the records are away")
        self.transitions.append(transition)

    def events(self, number: str) -> list[str]:
        """What the ledger says happened, each line once, in order."""
        lines = {e.seq: e.event for t in self.transitions if t.number == number for e in t.entries}
        return [lines[seq] for seq in sorted(lines)]


class FakeIntake:
    """Remembers the requests that became cases, by reference."""

    def __init__(self) -> None:
        self.requests: dict[str, Request] = {}

    def enter(self, request: Request) -> str:
        self.requests.setdefault(request.external_reference, request)
        return f"SO-2026-{list(self.requests).index(request.external_reference) + 1:06}"


class FakeReportSource:
    """Gives the report that it has, for any period, and counts how often it was asked; fails as often as it is told."""

    def __init__(self) -> None:
        self.report = a_report()
        self.differences = 0
        self.gathered = self.failures = 0

    def gather(self, order: ReportOrder, as_of: datetime) -> CommitteeReport:
        if self.failures:
            self.failures -= 1
            raise OSError("the records are away")
        self.gathered += 1
        return self.report.model_copy(update={"period": order.period, "lines": order.lines, "as_of": as_of})

    def reconcile(self, report: CommitteeReport) -> CommitteeReport:
        said = Reconciliation(
            done_at=report.as_of, cases=report.cases, counts_compared=1, difference_count=self.differences
        )
        return report.model_copy(update={"reconciliation": said})


class FakeReportRenderer:
    """Sets a report as one file of its JSON."""

    def files(self, report: CommitteeReport) -> Mapping[str, bytes]:
        return {"report.json": report.model_dump_json().encode()}


class FakeReportShelf:
    """Remembers reports by id; one that lies there stays as it is. Fails as often as it is told to."""

    def __init__(self) -> None:
        self.reports: dict[str, tuple[CommitteeReport, Stored]] = {}
        self.failures = 0

    def put(self, report: CommitteeReport, files: Mapping[str, bytes]) -> Stored:
        if self.failures:
            self.failures -= 1
            raise OSError("the disk is full")
        digest = hashlib.sha256(b"".join(files[name] for name in sorted(files))).hexdigest()
        self.reports.setdefault(report.id, (report, Stored(digest=digest, files=tuple(files))))
        return self.reports[report.id][1]


class FakeCommitteeRecords:
    """Remembers transitions and figures, by number."""

    def __init__(self) -> None:
        self.transitions: list[CommitteeTransition] = []
        self.kept: dict[str, CommitteeReport] = {}
        self.decided: tuple[EarlierAction, ...] = ()
        self.failures = 0

    def record(self, transition: CommitteeTransition) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("the records are away")
        self.transitions.append(transition)

    def report(self, number: str) -> CommitteeReport | None:
        return self.kept.get(number)

    def keep(self, number: str, report: CommitteeReport) -> CommitteeReport:
        if not self.is_finished(number):
            self.kept[number] = report
        return self.kept[number]

    def is_finished(self, number: str) -> bool:
        return any(t.number == number and t.ready_at for t in self.transitions)

    def earlier(self, number: str, period: Period) -> tuple[EarlierAction, ...]:  # noqa: ARG002 - one answer for all
        return self.decided

    def events(self, number: str) -> list[str]:
        """What the lines say happened, each once, in order."""
        lines = {e.seq: e.event for t in self.transitions if t.number == number for e in t.entries}
        return [lines[seq] for seq in sorted(lines)]


class FakeRequests:
    """The requests of cases, by number."""

    def __init__(self, **requests: Request) -> None:
        self.requests = dict(requests)

    def request_now(self, case_number: str) -> Request | None:
        return self.requests.get(case_number)
