"""The mailroom with the channels that the settings set up: print always, e-mail and fax where they are named."""

from collections.abc import Iterator
from datetime import UTC, datetime

from adapters.batches import PrintBatches
from adapters.channels import BlindNames, Carrier
from adapters.dispatch import SENDING, Mailroom
from adapters.emailing import Mailer, MailServer
from adapters.faxing import FaxSpool
from adapters.mailroom import Outbox
from adapters.printing import PrintQueue
from adapters.shelf import Shelf
from policy.plan import PLAN
from wiring.settings import PREFIX, Settings, SettingsError
from wiring.storage import Kept, shelf_for


def open_mailroom(settings: Settings, outbox: Outbox) -> Mailroom:
    """The mailroom. Raises SettingsError for a channel that is set up by half."""
    notes = Shelf(settings.mail_folder / SENDING)
    return Mailroom(outbox, notes, _carriers(settings, notes), _now)


def open_batches(settings: Settings) -> PrintBatches:
    """The print batches, which need neither records nor channels."""
    return PrintBatches(Shelf(settings.mail_folder), Outbox(shelf_for(settings, Kept.OUTBOX)), _now)


def _carriers(settings: Settings, own: Shelf) -> Iterator[Carrier]:
    names = BlindNames(own)
    yield PrintQueue(Shelf(settings.mail_folder), _now)
    if settings.smtp_url.get_secret_value():
        server = _mail_server(settings)
        sender = _needed(settings.mail_from, "MAIL_FROM", "SMTP_URL")
        yield Mailer(server, sender, PLAN.telephone, names, _now)
    if settings.fax_spool:
        yield FaxSpool(Shelf(settings.fax_spool), own, PLAN.provider_telephone, names, _now)


def _mail_server(settings: Settings) -> MailServer:
    try:
        return MailServer.at(settings.smtp_url.get_secret_value())
    except ValueError as trouble:
        raise SettingsError(f"A setting cannot be used. {PREFIX}SMTP_URL: {trouble}.") from None


def _needed(value: str, name: str, by: str) -> str:
    if not value:
        raise SettingsError(f"A setting is missing. {PREFIX}{name}: {PREFIX}{by} needs it.")
    return value


def _now() -> datetime:
    return datetime.now(UTC)
