"""The committees' reports as the quarterly workflow makes them: figures, their second derivation, files, shelf. P12."""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import Engine

from activities.reports import ReportSteps
from adapters.committee.rendering import files_of
from adapters.committee.reportshelf import ReportShelf
from policy.committee.file import Stored
from policy.committee.order import ReportOrder
from policy.report.shape import CommitteeReport
from records.panel import StaffPanel
from wiring.committees import report_steps
from wiring.reports import compiled
from wiring.reportverify import reconciled
from wiring.world import World


class FromRecords:
    """The figures, counted from the records and derived a second time from the ledger. Raises RecordsError."""

    def __init__(self, records: Engine, panel: StaffPanel) -> None:
        """``panel`` says whose account has which NPI: the ledger knows physicians by account."""
        self._records, self._panel = records, panel

    def gather(self, order: ReportOrder, as_of: datetime) -> CommitteeReport:
        """The figures of the order's period."""
        return compiled(self._records, order.period, as_of, order.lines)

    def reconcile(self, report: CommitteeReport) -> CommitteeReport:
        """With what the ledger says of the same counts."""
        staff = {one.actor.id: one.actor.npi or one.actor.id for one in self._panel.members()}
        return reconciled(self._records, report, datetime.now(UTC), staff=staff)


class Rendering:
    """Page, paper, spreadsheet and charts. Raises AdapterError."""

    def files(self, report: CommitteeReport) -> Mapping[str, bytes]:
        """By their names."""
        return files_of(report)


class FinishedReports:
    """The shelf, as the workflow sees it. Raises AdapterError."""

    def __init__(self, shelf: ReportShelf) -> None:
        self._shelf = shelf

    def put(self, report: CommitteeReport, files: Mapping[str, bytes]) -> Stored:
        """Kept for good; the same report again changes nothing."""
        stored = self._shelf.put(report, files)
        return Stored(digest=stored.digest, files=tuple(name for name, _ in stored.files))


def report_making(world: World) -> ReportSteps:
    """The steps of reports, of real parts."""
    return report_steps(world, FromRecords(world.records, world.panel), Rendering(), FinishedReports(world.reports))
