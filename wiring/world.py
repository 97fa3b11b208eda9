"""The world behind the ports: real records, letters, cabinet and feed, as the settings say; mypy checks the fit."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from activities.delegation import DelegationSteps
from activities.filing import FilingSteps
from activities.ledger import LedgerSteps
from activities.letters import LetterSteps
from adapters.cabinet import FilingCabinet
from adapters.committee.reportshelf import ReportShelf
from adapters.dispatch import Mailroom
from adapters.documents import DocumentStore
from adapters.mailroom import Outbox
from adapters.mhc import MhcFolder
from policy.people import Actor
from policy.trust import Trust, TrustMode
from records.casekeys import CaseKeyRecords
from records.database import open_records
from records.delegatedledger import DelegatedRecords, DelegatedRegister, ReviewIntake
from records.directory import DirectoryRecords
from records.intake import IntakeRegister
from records.kept import KeptActions
from records.ledger import CaseLedger
from records.panel import StaffPanel
from wiring.anchoring import Anchorage, open_anchors
from wiring.keys import Vault, VaultError, open_vault
from wiring.mailroom import open_mailroom
from wiring.settings import Settings, SettingsError
from wiring.staff import read_staff, staff_path
from wiring.storage import Kept, documents_of, reports_of, shelf_for
from wiring.temporal import Steps

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class World:
    """Everything outside the story, opened once per process."""

    records: Engine
    register: IntakeRegister
    ledger: CaseLedger
    kept: KeptActions
    panel: StaffPanel
    directory: DirectoryRecords
    vault: Vault
    trust_mode: TrustMode
    statement_hours: int
    documents: DocumentStore
    outbox: Outbox
    mailroom: Mailroom
    cabinet: FilingCabinet
    mhc: MhcFolder
    anchorage: Anchorage
    reports: ReportShelf

    @property
    def trust(self) -> Trust:
        """The terms on which a new case believes who acts. Raises VaultError when there is no root to believe."""
        if self.trust_mode is TrustMode.OPEN:
            return Trust()
        roots = self.vault.roots
        if not roots:
            raise VaultError(
                f"No root key lies in {self.vault.folder}: a case opened now would believe nobody. Put root.pem there."
            )
        return Trust(mode=self.trust_mode, roots=roots)

    @property
    def steps(self) -> Steps:
        """The activities, with this world behind their ports."""
        return Steps(
            ledger=LedgerSteps(self.ledger, self.panel),
            letters=LetterSteps(self.mailroom),
            filing=FilingSteps(self.cabinet, self.mhc),
            delegation=DelegationSteps(self.delegated, self.reviews),
        )

    @property
    def case_keys(self) -> CaseKeyRecords:
        """The keys of cases, wrapped."""
        return CaseKeyRecords(self.records)

    @property
    def packets(self) -> DelegatedRegister:
        """The register of delegates' packets."""
        return DelegatedRegister(self.records)

    @property
    def delegated(self) -> DelegatedRecords:
        """The ledger of delegated decisions."""
        return DelegatedRecords(self.records, self.anchorage.hear)

    @property
    def reviews(self) -> ReviewIntake:
        """Where a delegated decision that is pulled up becomes a case."""
        return ReviewIntake(self.records, lambda: datetime.now(UTC))


def open_world(settings: Settings) -> World:
    """The world as the settings say; tables are made or upgraded.

    Raises RecordsError, AdapterError or SettingsError.
    """
    documents = documents_of(settings)
    outbox = Outbox(shelf_for(settings, Kept.OUTBOX))
    mailroom = open_mailroom(settings, outbox)
    records = open_records(settings.records_url)
    anchorage = Anchorage(open_anchors(settings))
    return World(
        records=records,
        register=IntakeRegister(records),
        ledger=CaseLedger(records, anchorage.hear),
        kept=KeptActions(records),
        panel=_panel(settings, records),
        directory=DirectoryRecords(records),
        vault=open_vault(settings),
        trust_mode=settings.trust,
        statement_hours=settings.statement_hours,
        documents=documents,
        outbox=outbox,
        mailroom=mailroom,
        cabinet=FilingCabinet(shelf_for(settings, Kept.CABINET), outbox, documents),
        mhc=MhcFolder(settings.mhc_folder),
        anchorage=anchorage,
        reports=reports_of(settings),
    )


def _panel(settings: Settings, records: Engine) -> StaffPanel:
    """With a staff file that cannot be used there is nobody on it: cases go on, and come before the supervisor."""

    def staff() -> tuple[tuple[Actor, int], ...]:
        try:
            found = read_staff(staff_path(settings))
        except SettingsError as trouble:
            log.warning("panel.nobody", extra={"told": trouble})
            return ()
        return tuple((entry.actor, entry.capacity) for entry in found.values())

    return StaffPanel(records, staff, lambda: datetime.now(UTC))
