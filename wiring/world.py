"""The world behind the ports: real records, letters, cabinet and feed, as the settings say; mypy checks the fit."""

from dataclasses import dataclass

from sqlalchemy import Engine

from activities.filing import FilingSteps
from activities.ledger import LedgerSteps
from activities.letters import LetterSteps
from adapters.cabinet import FilingCabinet
from adapters.documents import DocumentStore
from adapters.mailroom import Outbox
from adapters.mhc import MhcFolder
from records.database import open_records
from records.intake import IntakeRegister
from records.ledger import CaseLedger
from wiring.settings import Settings
from wiring.temporal import Steps


@dataclass(frozen=True)
class World:
    """Everything outside the story, opened once per process."""

    records: Engine
    register: IntakeRegister
    documents: DocumentStore
    outbox: Outbox
    cabinet: FilingCabinet
    mhc: MhcFolder

    @property
    def steps(self) -> Steps:
        """The activities, with this world behind their ports."""
        return Steps(
            ledger=LedgerSteps(CaseLedger(self.records)),
            letters=LetterSteps(self.outbox),
            filing=FilingSteps(self.cabinet, self.mhc),
        )


def open_world(settings: Settings) -> World:
    """The world as the settings say; tables are made or upgraded. Raises RecordsError or AdapterError."""
    records = open_records(settings.records_url)
    documents = DocumentStore(settings.documents_folder)
    outbox = Outbox(settings.outbox_folder)
    return World(
        records=records,
        register=IntakeRegister(records),
        documents=documents,
        outbox=outbox,
        cabinet=FilingCabinet(settings.cabinet_folder, outbox, documents),
        mhc=MhcFolder(settings.mhc_folder),
    )
