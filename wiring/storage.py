"""Where letters, documents, packets, reports lie: folders, or a bucket by setting (``SECOND_OPINION_STORAGE``)."""

from enum import StrEnum
from pathlib import Path

from adapters.bucket import Access, Address, Bucket, address_of
from adapters.committee.reportshelf import ReportShelf
from adapters.documents import DocumentStore
from adapters.shelf import Shelf, WriteOnce
from wiring.settings import PREFIX, Settings, SettingsError


class Kept(StrEnum):
    """What is kept; its value is the folder's name, or the last part of the prefix in the bucket."""

    OUTBOX = "outbox"
    CABINET = "cabinet"
    DOCUMENTS = "documents"
    REPORTS = "reports"


def shelf_for(settings: Settings, kept: Kept) -> WriteOnce:
    """The shelf of one kind: a folder that is named for it, else the bucket if there is one, else a folder of home.

    Raises SettingsError for an address of a bucket that is none.
    """
    named: Path | None = getattr(settings, kept)
    if named or not settings.storage:
        return Shelf(named or settings.home / kept)
    address = address_of(settings.storage)
    if address is None:
        raise SettingsError(f"A setting cannot be used. {PREFIX}STORAGE: give s3://bucket or s3://bucket/prefix.")
    below = Address(address.bucket, f"{address.prefix}/{kept}".lstrip("/"))
    return Bucket(below, _access(settings))


def documents_of(settings: Settings) -> DocumentStore:
    """The document store alone, for who reads an intake file and opens no records."""
    return DocumentStore(shelf_for(settings, Kept.DOCUMENTS))


def reports_of(settings: Settings) -> ReportShelf:
    """The finished reports of the committees alone. Raises SettingsError as ``shelf_for`` does."""
    return ReportShelf(shelf_for(settings, Kept.REPORTS))


def _access(settings: Settings) -> Access:
    return Access(
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        access_key=settings.s3_access_key.get_secret_value(),
        secret_key=settings.s3_secret_key.get_secret_value(),
    )
